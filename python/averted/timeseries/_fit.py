"""What every fit of one series has: its past, and a future as joint paths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from averted._arguments import whole
from averted._result import Result
from averted.timeseries._series import ahead, futures, vector

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from averted.forecast import Forecast


class SeriesFit(Result):
    """A fit of one series. Subclasses give what it was fitted to, the extension's fit, and :meth:`summary`."""

    specification: Any
    _core: Any
    _y: NDArray[np.float64]
    _labels: list[str]
    #: How forecasts call the series.
    _unit = "y"

    @property
    def notes(self) -> list[str]:
        """True things about the fit."""
        notes: list[str] = self._core.notes
        return notes

    def _periods(self) -> list[str]:
        return self._labels or [str(t) for t in range(len(self._y))]

    def _simulated(
        self,
        horizon: int,
        levels: Sequence[float],
        draws: int,
        seed: int | None,
        index: Sequence[Any] | None,
        *under: Any,
        **beside: Any,
    ) -> Forecast:
        """The extension's forecast, ``under`` scenarios and with what is ``beside`` them."""
        from averted.forecast import Forecast, checked_levels

        levels = checked_levels(levels)
        horizon = whole("horizon", horizon, 1)
        labels = ahead(self._labels, horizon, index)
        core = self._core.forecast(horizon, *under, **beside, draws=whole("draws", draws, 1), seed=seed, labels=labels)
        return Forecast(core, unit=self._unit, history=(self._periods(), self._y), levels=levels, kind=self._kind)

    def _drawn(
        self,
        ax: Axes | None,
        fitted: NDArray[np.float64],
        unit: str,
        seen: str = "observed",
        said: str = "predicted one period ahead",
    ) -> Axes:
        """The series as points, and what the fit said of it as a line."""
        from averted import _plot

        with _plot.style():
            ax = _plot.axes(ax)
            at = np.arange(len(self._y))
            ax.plot(at, self._y, "o", color=_plot.GREY, markersize=2.8, label=seen)
            ax.plot(at, fitted, color=_plot.BLUE, label=said)
            _plot.periods(ax, self._periods())
            _plot.label(ax, title=f"{self.specification!r}", y=unit)
            ax.legend()
        return ax


class ExposedFit(SeriesFit):
    """A fit with regressors and an exposure."""

    #: Of the regressors.
    _names: list[str]

    def forecast(
        self,
        horizon: int,
        x: Any = None,
        exposure: Any = None,
        levels: Sequence[float] = (80, 95),
        draws: int = 1000,
        seed: int | None = None,
        index: Sequence[Any] | None = None,
    ) -> Forecast:
        """Simulate the future, with all that was estimated drawn.

        Parameters
        ----------
        horizon
            How many periods.
        x
            Future regressors, one row a period; or a mapping of scenario names to such.
        exposure
            Future exposure, if the fit has one.
        levels
            Of the intervals in the frame, in per cent.
        draws
            Paths.
        seed
            Of the draws; one is drawn and recorded if not given.
        index
            Names of the future periods.
        """
        people = None if exposure is None else vector("exposure", exposure)
        under = futures(x, self._names)
        return self._simulated(horizon, levels, draws, seed, index, *under, exposure=people)
