"""What in a series is trend, what is season, and what is left: STL, MSTL and classical decomposition.

Each function takes a series, with gaps or without, and returns a :class:`Decomposition`, which prints how strong trend
and season are, turns into a frame of the kind that came in, and draws its parts under one another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from averted import _core
from averted._arguments import whole
from averted._errors import InputError
from averted._frames import Kind, frame_out
from averted._result import Answer, Table
from averted.timeseries._series import kind_of, labels_of, vector

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray


@dataclass(frozen=True, repr=False, kw_only=True)
class Decomposition(Answer):
    """The parts of a series, period by period.

    Attributes
    ----------
    method
        How it was made, in words.
    observed, trend, remainder
        The series and its parts; the trend of a moving average is missing at both ends, the remainder where the
        observation is.
    seasons
        Every season by its length, shortest first.
    weights
        What every observation counted; one unless a robust fit was asked for.
    adjusted
        The series without its seasons.
    seasonal_strengths, trend_strength
        ``max(0, 1 - Var(R)/Var(S + R))`` of every season by its length, and the same of the trend (Wang, Smith &
        Hyndman 2006); of logs where the parts multiply.
    multiplicative
        Whether the parts multiply.
    """

    method: str
    name: str
    multiplicative: bool
    observed: NDArray[np.float64]
    trend: NDArray[np.float64]
    seasons: dict[int, NDArray[np.float64]]
    remainder: NDArray[np.float64]
    weights: NDArray[np.float64]
    adjusted: NDArray[np.float64]
    seasonal_strengths: dict[int, float]
    trend_strength: float
    labels: list[str]
    kind: Kind = "dict"

    @property
    def seasonal(self) -> NDArray[np.float64]:
        """The season; the shortest where there are several."""
        return next(iter(self.seasons.values()))

    @property
    def seasonal_strength(self) -> float:
        """How strong it is."""
        return next(iter(self.seasonal_strengths.values()))

    def _named(self) -> dict[str, NDArray[np.float64]]:
        """The parts under their names."""
        one = len(self.seasons) == 1
        seasons = {"seasonal" if one else f"seasonal_{length}": part for length, part in self.seasons.items()}
        return {"trend": self.trend, **seasons, "remainder": self.remainder}

    def _tidy(self) -> dict[str, Sequence[Any]]:
        parts = self._named()
        strengths = [self.trend_strength, *self.seasonal_strengths.values(), float("nan")]
        seen = [part[~np.isnan(part)] for part in parts.values()]
        ends = [(part.min(), part.max()) if len(part) else (np.nan, np.nan) for part in seen]
        low, high = zip(*ends, strict=True)
        return {"part": list(parts), "strength": strengths, "least": list(low), "most": list(high)}

    def _glance(self) -> dict[str, Any]:
        one = len(self.seasons) == 1
        names = {n: "seasonal_strength" if one else f"seasonal_strength_{n}" for n in self.seasons}
        strengths = {names[n]: strength for n, strength in self.seasonal_strengths.items()}
        observed = int(np.sum(~np.isnan(self.observed)))
        return {"method": self.method, "trend_strength": self.trend_strength, **strengths, "n_used": observed}

    def summary(self) -> Table:
        """The strength and the range of every part."""
        missing = int(np.sum(np.isnan(self.observed)))
        notes = [f"{len(self.observed)} periods, {missing} of them missing"]
        notes.append("the parts multiply; strengths are those of logs" if self.multiplicative else "the parts add up")
        title = f"{self.method} of {self.name}"
        return Table.build(dict(self._tidy()), kinds={"part": "text"}, title=title, notes=notes)

    def augment(self) -> Any:
        """The series and its parts, one row a period, as a frame of the kind that came in."""
        columns: dict[str, Any] = {"ds": self._periods(), "observed": self.observed, **self._named()}
        return frame_out({**columns, "weight": self.weights, "adjusted": self.adjusted}, self.kind)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain Python values, the parts too."""
        from averted._result import plain

        parts = {"observed": self.observed, **self._named()}
        return {**super().to_dict(), "ds": self._periods(), "parts": plain(parts)}

    def _periods(self) -> list[str]:
        return self.labels or [str(t) for t in range(len(self.observed))]

    def plot(self, ax: Sequence[Axes] | None = None) -> list[Axes]:
        """Draw the series and its parts under one another.

        Parameters
        ----------
        ax
            One axes a panel: the series, the trend, every season, the remainder; a new figure if not given.

        Notes
        -----
        The grey bars at the right are of one length in the units of the series: a long bar stands beside a small part.
        """
        from averted import _plot

        panels = {"observed": self.observed, **self._named()}
        with _plot.style():
            if ax is None:
                first = _plot.axes(width=6.4, height=1.25 * len(panels) + 0.5)
                figure = first.figure
                first.remove()
                shape = figure.subplots(len(panels), 1, sharex=True)
                made = list(shape)
            else:
                made = list(ax)
            if len(made) != len(panels):
                raise InputError(f"ax: expected {len(panels)} axes, one a part, found {len(made)}")
            at = np.arange(len(self.observed))
            for axes, (title, part) in zip(made, panels.items(), strict=True):
                rest = title == "remainder"
                axes.axhline(float(self.multiplicative), color=_plot.INK, linewidth=0.8) if rest else None
                if rest:
                    axes.vlines(at, float(self.multiplicative), part, color=_plot.BLUE, linewidth=1.2)
                else:
                    axes.plot(at, part, color=_plot.INK if title == "observed" else _plot.BLUE, linewidth=1.2)
                _plot.label(axes, y=title.replace("_", " "))
            if not self.multiplicative:
                _bars(made)
            _plot.periods(made[-1], self._periods())
            made[0].set_title(f"{self.method}: {self.name}", pad=17)
        return made


def _bars(panels: Sequence[Axes]) -> None:
    """A bar of one length on every panel, that of the least span."""
    from averted import _plot

    ends = [axes.get_ylim() for axes in panels]
    length = 0.8 * min(high - low for low, high in ends)
    for axes, (low, high) in zip(panels, ends, strict=True):
        middle = 0.5 * (low + high)
        bar = (middle - 0.5 * length, middle + 0.5 * length)
        axes.vlines(0.987, *bar, color=_plot.GREY, linewidth=5, transform=axes.get_yaxis_transform())
        axes.set_ylim(low, high)


def stl(
    y: Any,
    season: int,
    *,
    seasonal_window: int | None = None,
    trend_window: int | None = None,
    low_pass_window: int | None = None,
    robust: bool = False,
    index: Sequence[Any] | None = None,
) -> Decomposition:
    """Seasonal and trend decomposition by loess (Cleveland, Cleveland, McRae & Terpenning 1990).

    Parameters
    ----------
    y
        The series, in order of time and one value a period; missing ones NaN or None, anywhere.
    season
        Periods in a season.
    seasonal_window
        Years of the season's loess, odd: 7 lets it change quickly, 13 slowly; not given, it is the same every year.
    trend_window, low_pass_window
        Periods of the trend's loess, and of that which takes the trend out of the season, odd.
    robust
        Outliers count for less.
    index
        Names of the periods; those of a pandas series are taken by themselves.

    Raises
    ------
    InputError
        For two years or less, an even window, or a place in the season that is never observed.

    Examples
    --------
    >>> import averted as av
    >>> y = [t + (0, 8, 3, -11)[t % 4] for t in range(40)]
    >>> y[17] = None
    >>> parts = av.stl(y, 4)
    >>> round(parts.seasonal_strength, 3), round(float(parts.seasonal[1]), 1)
    (1.0, 7.9)
    """
    windows = {"seasonal_window": seasonal_window, "trend_window": trend_window, "low_pass_window": low_pass_window}
    checked = {name: None if window is None else whole(name, window, 3) for name, window in windows.items()}
    period = whole("season", season, 2)
    return _made(y, index, lambda values: _core.stl(values, period, **checked, robust=robust))


def mstl(
    y: Any,
    seasons: Sequence[int],
    *,
    windows: Sequence[int | None] | None = None,
    robust: bool = False,
    index: Sequence[Any] | None = None,
) -> Decomposition:
    """STL for several seasons, each with the others taken out (Bandara, Hyndman & Bergmeir 2021).

    Parameters
    ----------
    y
        The series, in order of time and one value a period; missing ones NaN or None, anywhere.
    seasons
        Periods in every season.
    windows
        Years of the loess of every season, in the order of `seasons`, None for one that stays the same; by default 11,
        15, 19, … from the shortest season on.
    robust
        Outliers count for less.
    index
        Names of the periods; those of a pandas series are taken by themselves.

    Examples
    --------
    >>> import averted as av, numpy as np
    >>> t = np.arange(140)
    >>> parts = av.mstl(5 * np.sin(2 * np.pi * t / 28) + 3 * np.sin(2 * np.pi * t / 7), [28, 7])
    >>> list(parts.seasons), all(strength > 0.9 for strength in parts.seasonal_strengths.values())
    ([7, 28], True)
    """
    periods = [whole("seasons", season, 2) for season in seasons]
    chosen = None if windows is None else [None if w is None else whole("windows", w, 3) for w in windows]
    return _made(y, index, lambda values: _core.mstl(values, periods, windows=chosen, robust=robust))


def decompose(y: Any, season: int, *, model: str = "additive", index: Sequence[Any] | None = None) -> Decomposition:
    """Classical decomposition by moving averages (Kendall & Stuart 1983).

    Parameters
    ----------
    y
        The series, in order of time and one value a period; missing ones NaN or None.
    season
        Periods in a season.
    model
        ``"additive"``, or ``"multiplicative"`` for values above zero.
    index
        Names of the periods; those of a pandas series are taken by themselves.

    Examples
    --------
    >>> import averted as av
    >>> y = [(10 + t) * (0.5, 1.5)[t % 2] for t in range(24)]
    >>> parts = av.decompose(y, 2, model="multiplicative")
    >>> [round(float(factor), 1) for factor in parts.seasonal[:2]]
    [0.5, 1.5]
    """
    if model not in ("additive", "multiplicative"):
        raise InputError(f"model = {model!r}: must be 'additive' or 'multiplicative'")
    period = whole("season", season, 2)
    return _made(y, index, lambda values: _core.classical(values, period, multiplicative=model == "multiplicative"))


def _made(
    y: Any, index: Sequence[Any] | None, run: Callable[[NDArray[np.float64]], _core.Decomposition]
) -> Decomposition:
    name = str(getattr(y, "name", None) or "y")
    values = vector(name, y)
    core = run(values)
    trend, remainder, weights, adjusted = core.parts
    return Decomposition(
        method=core.method,
        name=name,
        multiplicative=core.multiplicative,
        observed=values.copy(),
        trend=trend,
        seasons={length: part for length, part, _ in core.seasons},
        remainder=remainder,
        weights=weights,
        adjusted=adjusted,
        seasonal_strengths={length: strength for length, _, strength in core.seasons},
        trend_strength=core.trend_strength,
        labels=labels_of(y, index, len(values)),
        kind=kind_of(y),
    )
