"""Can the counts be compared? Rates with exact intervals, and rates as if all places had one age structure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from averted import _core
from averted._errors import InputError
from averted._result import Result, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

#: The least and the most that every count can be.
Bounds = tuple[list[float], list[float]]


class Rates(Result):
    """Crude rates with their exact intervals."""

    def __init__(
        self, events: Bounds, population: list[float], found: list[tuple[float, float, float]], level: float, per: float
    ) -> None:
        rate, lower, upper = np.array(found, dtype=np.float64).reshape(-1, 3).T
        #: Events over people; NaN where a count is known only as an interval.
        self.rate = rate
        #: Lower ends.
        self.lower = lower
        #: Upper ends.
        self.upper = upper
        #: The level of the intervals.
        self.level = level
        #: What the rates are for each of.
        self.per = per
        self._events, self._population = events, population

    def summary(self) -> Table:
        """Return a table with a row a count."""
        counts = [f"{lo:g}" if lo == hi else f"{lo:g} to {hi:g}" for lo, hi in zip(*self._events, strict=True)]
        columns: dict[str, Sequence[Any]] = {"events": counts, "population": self._population, **self._columns()}
        kinds = {"events": "right", "population": "count"}
        title = f"Rates per {self.per:,g}, exact {100 * self.level:g} % intervals"
        return Table.build(columns, kinds=kinds, title=title)

    def _columns(self) -> dict[str, list[float]]:
        return {"rate": self.rate.tolist(), "lower": self.lower.tolist(), "upper": self.upper.tolist()}

    def _tidy(self) -> dict[str, Any]:
        known = [lo if lo == hi else float("nan") for lo, hi in zip(*self._events, strict=True)]
        return {"events": known, "population": self._population, **self._columns()}

    def _glance(self) -> dict[str, Any]:
        return {"rates": len(self.rate), "level": self.level, "per": self.per}


class RateRatio(Result):
    """Two rates compared."""

    def __init__(self, found: tuple[float, float, float, float], level: float) -> None:
        #: The first rate over the second, the ends of its interval, and the p-value of rates that are equal.
        self.ratio, self.lower, self.upper, self.p_value = found
        #: The level of the interval.
        self.level = level

    def summary(self) -> Table:
        """Return a table of one row."""
        title = f"Ratio of two rates, exact {100 * self.level:g} % interval"
        return Table.build({name: [value] for name, value in self._glance().items() if name != "level"}, title=title)

    def _glance(self) -> dict[str, Any]:
        return {
            "ratio": self.ratio,
            "lower": self.lower,
            "upper": self.upper,
            "p_value": self.p_value,
            "level": self.level,
        }


class StandardisedRate(Result):
    """A rate as if the people were spread over groups as in a standard population."""

    def __init__(self, found: tuple[Any, ...], limits: str, level: float, per: float) -> None:
        #: The rate and its standard error; NaN where counts are hidden.
        self.rate: float
        self.std_error: float
        #: The interval; where counts are hidden, one that holds whatever they are.
        self.lower: float
        self.upper: float
        #: The least and the most that the rate can be, which differ where counts are hidden.
        self.range: tuple[float, float]
        #: All events over all people, and the ends of the exact interval.
        self.crude: tuple[float, float, float]
        #: How many counts are known only as intervals.
        self.hidden: int
        *numbers, table = found
        self.rate, self.std_error, self.lower, self.upper, self.range, self.crude, self.hidden = numbers
        #: How the interval was made.
        self.limits = limits
        #: The level of both intervals.
        self.level = level
        #: What the rates are for each of.
        self.per = per
        self._table = Table(table)

    def summary(self) -> Table:
        """Return a table with the crude rate and the standardised one."""
        return self._table

    def _glance(self) -> dict[str, Any]:
        return {
            "rate": self.rate,
            "std_error": self.std_error,
            "lower": self.lower,
            "upper": self.upper,
            "crude": self.crude[0],
            "hidden": self.hidden,
            "limits": self.limits,
            "level": self.level,
            "per": self.per,
        }

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the crude rate and the standardised one, with their intervals.

        Parameters
        ----------
        ax
            Axes to draw on; ``None`` makes a figure.
        """
        from averted import _plot

        ax = _plot.axes(ax, height=1.6)
        rows = [("standardised", (self.rate, self.lower, self.upper)), ("crude", self.crude)]
        with _plot.style():
            for place, (_, (estimate, lower, upper)) in enumerate(rows):
                ax.plot([lower, upper], [place, place], color=_plot.BLUE, linewidth=1.6)
                ax.plot([estimate], [place], "o", color=_plot.BLUE, markersize=5)
        ax.set_yticks(range(len(rows)), [name for name, _ in rows])
        ax.set_ylim(-0.6, len(rows) - 0.4)
        _plot.label(ax, title="Rates", x=f"per {self.per:,g}, {100 * self.level:g}% interval")
        return ax


def rate_interval(
    events: ArrayLike,
    population: ArrayLike,
    *,
    bounds: tuple[ArrayLike, ArrayLike] | None = None,
    level: float = 0.95,
    per: float = 1.0,
) -> Rates:
    """Rates of counts, with the exact intervals of Poisson counts (Garwood 1936).

    Parameters
    ----------
    events
        Counts, one or many.
    population
        People or person-years of each.
    bounds
        The least and the most that counts can be that are missing from `events`: the intervals then hold whatever
        these are.
    level
        Of the intervals: 0.95 for 95 %.
    per
        What the rates are for each of, such as 100,000.

    Raises
    ------
    InputError
        For counts below zero or missing, people that are not positive, and lengths that differ.

    Examples
    --------
    >>> import averted as av
    >>> five = av.rate_interval(5, 1000, per=1000)
    >>> [round(float(x[0]), 4) for x in (five.rate, five.lower, five.upper)]
    [5.0, 1.6235, 11.6683]
    """
    both, people = _counts(events, bounds), _column("population", population)
    _one_length("population", len(both[0]), people)
    return Rates(both, people, _core.rate_interval(*both, people, level, _per(per)), level, per)


def rate_ratio(
    events: tuple[float, float], population: tuple[float, float] = (1.0, 1.0), *, level: float = 0.95
) -> RateRatio:
    """Compare two rates exactly: given their sum, the first count is binomial.

    Parameters
    ----------
    events
        Two counts.
    population
        People or person-years of each.
    level
        Of the interval: 0.95 for 95 %.

    Raises
    ------
    InputError
        For counts that are not whole or below zero, people that are not positive, and counts that are both zero.

    Examples
    --------
    >>> import averted as av
    >>> ratio = av.rate_ratio((20, 10), (1000, 900))
    >>> round(ratio.ratio, 9), round(ratio.lower, 4), round(ratio.upper, 4), round(ratio.p_value, 4)
    (1.8, 0.8042, 4.3061, 0.1447)
    """
    pairs = [_column(name, values) for name, values in (("events", events), ("population", population))]
    for name, pair in zip(("events", "population"), pairs, strict=True):
        if len(pair) != 2:
            raise InputError(f"{name}: expected 2 values, found {len(pair)}")
    (a, b), (m, n) = pairs
    return RateRatio(_core.rate_ratio((a, b), (m, n), level), level)


def standardised_rate(
    events: ArrayLike,
    population: ArrayLike,
    standard: ArrayLike | str = "us2000",
    *,
    bounds: tuple[ArrayLike, ArrayLike] | None = None,
    limits: str = "gamma",
    level: float = 0.95,
    per: float = 1.0,
) -> StandardisedRate:
    """Standardise a rate directly: rates by age, weighted by a standard population.

    Parameters
    ----------
    events, population
        Counts and people, group by group.
    standard
        The people of the standard population, in the order of the groups, or ``"us2000"``: eleven groups, under 1, 1-4,
        5-14, then tens of years to 85 and over.
    bounds
        The least and the most that counts can be that are missing from `events`, such as 1 and 9 of suppressed ones:
        the interval then holds whatever these are, and the rate itself is a range.
    limits
        ``"gamma"`` (Fay & Feuer 1997), which cover at least as often as they say; ``"tiwari"`` (2006), ``"dobson"``
        (1991) or ``"log_normal"``, which are shorter and need not.
    level
        Of the interval: 0.95 for 95 %.
    per
        What the rates are for each of, such as 100,000.

    Raises
    ------
    InputError
        For counts below zero or missing, people or weights that are not positive, lengths that differ, and limits other
        than by the gamma distribution where counts are hidden or all zero.

    Examples
    --------
    >>> import averted as av
    >>> deaths, people, standard = [2, 9, 30], [50_000, 40_000, 10_000], [0.6, 0.3, 0.1]
    >>> rate = av.standardised_rate(deaths, people, standard, per=100_000)
    >>> round(rate.rate, 9), round(rate.lower, 2), round(rate.upper, 2)
    (39.15, 28.02, 53.55)
    """
    both, people = _counts(events, bounds), _column("population", population)
    if isinstance(standard, str):
        groups = _core.standard_population(standard)
        if len(groups) != len(both[0]):
            names = ", ".join(name for name, _ in groups)
            raise InputError(f"standard {standard!r} has {len(groups)} groups ({names}), events {len(both[0])}")
        weights = [people for _, people in groups]
    else:
        weights = _column("standard", standard)
    found = _core.standardised_rate(*both, people, weights, limits, level, _per(per))
    return StandardisedRate(found, limits, level, per)


def _column(name: str, values: ArrayLike) -> list[float]:
    try:
        array = np.atleast_1d(np.asarray(values, dtype=np.float64))
    except (TypeError, ValueError):
        raise InputError(f"{name}: expected numbers; counts known only as intervals go into `bounds`") from None
    if array.ndim != 1:
        raise InputError(f"{name}: expected one dimension, found {array.ndim}")
    return [float(x) for x in array]


def _counts(events: ArrayLike, bounds: tuple[ArrayLike, ArrayLike] | None) -> Bounds:
    counts = _column("events", events)
    if bounds is None:
        return counts, counts
    ends = [_column("bounds", end) for end in bounds]
    if len(ends) != 2:
        raise InputError(f"bounds: expected two arrays, the least and the most, found {len(ends)}")
    for end in ends:
        _one_length("bounds", len(counts), end)
    lo, hi = ([e if np.isnan(y) else y for y, e in zip(counts, end, strict=True)] for end in ends)
    return lo, hi


def _one_length(name: str, expected: int, found: list[float]) -> None:
    if len(found) != expected:
        raise InputError(f"{name}: expected {expected} values, as in events, found {len(found)}")


def _per(per: float) -> float:
    if not (np.isfinite(per) and per > 0):
        raise InputError(f"per = {per!r}: must be a number above 0, such as 100_000")
    return float(per)
