"""Estimates along lags or horizons, with intervals at each and a band for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from averted._frames import Kind
from averted._result import Result, Table

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from averted import _core


class Curve(Result):
    """Estimates along lags or horizons, with their joint covariance.

    ``lower`` and ``upper`` hold at each place; ``band_lower`` and ``band_upper`` hold for the whole curve (sup-t,
    Montiel Olea & Plagborg-Møller 2019).
    """

    def __init__(self, core: _core.Curve, kind: Kind, seed: int) -> None:
        self._core = core
        self._kind = kind
        #: The seed of the draws behind the band.
        self.seed = seed

    @property
    def at(self) -> list[int]:
        """The places."""
        return self._core.at

    @property
    def estimates(self) -> NDArray[np.float64]:
        """The estimates."""
        return self._core.estimates

    @property
    def std_errors(self) -> NDArray[np.float64]:
        """Their standard errors."""
        return self._core.std_errors

    @property
    def covariance(self) -> NDArray[np.float64]:
        """Their joint covariance."""
        return self._core.covariance

    @property
    def degrees_of_freedom(self) -> float:
        """Degrees of freedom of the t that tests read; infinite for the normal."""
        return self._core.degrees_of_freedom

    def cumulative(self) -> Curve:
        """Running sums, with their joint covariance."""
        return Curve(self._core.cumulative(), self._kind, self.seed)

    def sup_t(self, level: float = 0.95) -> float:
        """How many standard errors the band reaches to either side."""
        return self._core.sup_t(level, self.seed)

    def summary(self, level: float = 0.95) -> Table:
        """Return a table with a row a place."""
        return Table(self._core.table(level, self.seed))

    def _tidy(self, level: float = 0.95) -> Mapping[str, Sequence[Any]]:
        names = (self._core.axis, "estimate", "std_error", "statistic", "p_value", "lower", "upper")
        points = self._core.points(level, self.seed)
        return {name: [p[j] for p in points] for j, name in enumerate((*names, "band_lower", "band_upper"))}

    def _glance(self) -> dict[str, Any]:
        return {
            "title": self._core.title,
            "degrees_of_freedom": self.degrees_of_freedom,
            "sup_t": self.sup_t(),
            "seed": self.seed,
        }

    def plot(self, ax: Axes | None = None, *, level: float = 0.95, title: str | None = None) -> Axes:
        """Draw the curve: the interval at each place dark, the band for the whole curve light.

        Parameters
        ----------
        ax
            Axes to draw on; ``None`` makes a figure.
        level
            Of intervals and band.
        title
            Above the picture; what the curve is of unless given.
        """
        from averted import _plot

        ax = _plot.axes(ax)
        points = self._core.points(level, self.seed)
        at, estimate, _, _, _, lower, upper, band_lower, band_upper = zip(*points, strict=True)
        with _plot.style():
            _plot.band(ax, at, band_lower, band_upper, alpha=0.13)
            _plot.band(ax, at, lower, upper, alpha=0.22)
            ax.plot(at, estimate, "o-", color=_plot.BLUE, markersize=3.5, linewidth=1.6)
        _plot.zero_line(ax)
        _plot.whole(ax)
        x = f"{self._core.axis}; dark: {100 * level:g}% at each, light: {100 * level:g}% for the whole curve"
        _plot.label(ax, title=self._core.title if title is None else title, x=x)
        return ax
