"""How a series hangs together over time: autocorrelations, partial ones, and whether they are more than chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from averted import _core
from averted._arguments import whole
from averted._frames import Kind
from averted._result import Answer, Table
from averted.timeseries._series import kind_of, vector

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray


@dataclass(frozen=True, repr=False, kw_only=True)
class Correlogram(Answer):
    """Autocorrelations of a series, a row a lag.

    Attributes
    ----------
    acf, pacf
        Autocorrelations and partial ones, 1, 2, … periods apart.
    limit
        What both stay within by chance, at `level` per cent.
    bartlett
        What every autocorrelation stays within by chance when those before it are real (Bartlett 1946).
    ljung_box, p_values
        Ljung and Box's statistic of all lags up to this one, and its p-value; NaN for a series with gaps, and at lags
        that are no more than the parameters estimated.
    n
        Observations.
    """

    name: str
    acf: NDArray[np.float64]
    pacf: NDArray[np.float64]
    limit: float
    bartlett: NDArray[np.float64]
    ljung_box: NDArray[np.float64]
    p_values: NDArray[np.float64]
    n: int
    level: float
    gaps: int
    kind: Kind = "dict"

    def _tidy(self) -> dict[str, Sequence[Any]]:
        return {
            "lag": list(range(1, len(self.acf) + 1)),
            "acf": self.acf.tolist(),
            "bartlett": self.bartlett.tolist(),
            "pacf": self.pacf.tolist(),
            "ljung_box": self.ljung_box.tolist(),
            "p_value": self.p_values.tolist(),
        }

    def _glance(self) -> dict[str, Any]:
        return {"n": self.n, "lags": len(self.acf), "limit": self.limit, "p_value": float(self.p_values[-1])}

    def summary(self) -> Table:
        """A row a lag."""
        kinds = {"lag": "count"}
        notes = [f"{self.n} observations; by chance within ±{self.limit:.3g} at {self.level:g} %"]
        if self.gaps:
            notes.append(f"{self.gaps} periods are missing: no joint test")
        return Table.build(self._tidy(), kinds=kinds, title=f"Autocorrelations of {self.name}", notes=notes)

    def plot(self, ax: Sequence[Axes] | None = None) -> list[Axes]:
        """Draw autocorrelations above partial ones, with what chance stays within.

        Parameters
        ----------
        ax
            Two axes; a new figure if not given.
        """
        from averted import _plot

        with _plot.style():
            panels = list(_plot.figure(6.4, 4.2, rows=2, sharex=True)[1]) if ax is None else list(ax)
            lags = np.arange(1, len(self.acf) + 1)
            limits = (self.bartlett, np.full(len(lags), self.limit))
            names = ("autocorrelation", "partial")
            for axes, values, limit, name in zip(panels, (self.acf, self.pacf), limits, names, strict=True):
                _plot.band(axes, lags, -limit, limit, color=_plot.GREY)
                _plot.zero_line(axes)
                axes.vlines(lags, 0, values, color=_plot.BLUE, linewidth=1.6)
                axes.plot(lags, values, "o", color=_plot.BLUE, markersize=3)
                title = f"{self.name}; grey: {self.level:g} % by chance" if axes is panels[0] else None
                _plot.label(axes, title=title, x="periods apart" if axes is panels[-1] else None, y=name)
            _plot.whole(panels[-1])
        return panels


def correlogram(y: Any, lags: int | None = None, *, level: float = 95, estimated: int = 0) -> Correlogram:
    """Autocorrelations and partial ones, with Ljung and Box's tests.

    Parameters
    ----------
    y
        The series, in order of time and one value a period; missing ones NaN or None.
    lags
        The most periods apart; 10 log10(n) if not given.
    level
        Of the limits, in per cent.
    estimated
        Parameters of the model whose errors these are: they take degrees of freedom from the tests.

    Raises
    ------
    InputError
        For a constant, fewer than two observations, or as many lags as periods.

    Examples
    --------
    >>> import averted as av
    >>> found = av.correlogram([t % 4 + t * 7 % 5 for t in range(60)], 8)
    >>> [round(float(r), 2) for r in found.acf[:4]], bool(found.p_values[-1] < 0.001)
    ([-0.34, -0.23, -0.08, 0.05], True)
    """
    from averted.forecast import checked_levels

    (level,) = checked_levels([level])
    name = str(getattr(y, "name", None) or "y")
    values = vector(name, y)
    most = max(len(values) - 1, 1)
    usual = min(int(10 * np.log10(max(len(values), 2))), most)
    lags = usual if lags is None else whole("lags", lags, 1)
    estimated = whole("estimated", estimated, 0)
    core = _core.Correlogram(name, values, lags)
    gaps = len(values) - core.n_observed
    tests = [
        core.portmanteau(lag, estimated, True) if lag > estimated and not gaps else (np.nan, 0, np.nan)
        for lag in range(1, lags + 1)
    ]
    return Correlogram(
        name=name,
        acf=core.acf,
        pacf=core.pacf,
        limit=core.limit(level / 100),
        bartlett=core.bartlett(level / 100),
        ljung_box=np.array([test[0] for test in tests]),
        p_values=np.array([test[2] for test in tests]),
        n=core.n_observed,
        level=level,
        gaps=gaps,
        kind=kind_of(y),
    )
