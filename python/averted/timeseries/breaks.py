"""Structural breaks: when did a series change, how sure is the date, and is there a change at all?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from averted import _core
from averted._arguments import whole
from averted._errors import InputError
from averted._frames import Kind, columns_out, frame_out
from averted._result import Result, Table
from averted.timeseries._named import NamedFits
from averted.timeseries._series import kind_of, labels_of, matrix_in, vector

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, repr=False)
class BaiPerron:
    """A regression whose coefficients change at unknown dates (Bai & Perron 1998).

    Parameters
    ----------
    max_breaks
        How many at most.
    trimming
        The least share of the observations in a segment, or, from 1 on, the least number.
    selection
        ``"bic"``, ``"lwz"``, ``"sequential"`` (tests of one break more) or ``"given"`` for ``max_breaks``.
    level
        Of the tests; intervals of dates are at 1 − level.

    Examples
    --------
    >>> import averted as av
    >>> y = [1.0, 1.2, 0.9, 1.1, 1.0, 0.8, 1.1, 1.0, 3.1, 2.9, 3.0, 3.2, 2.8, 3.1, 3.0, 2.9]
    >>> fit = av.BaiPerron(max_breaks=2).fit(y, index=range(2000, 2016))
    >>> fit.dates
    ['2007']
    """

    max_breaks: int = 5
    trimming: float = 0.15
    selection: str = "bic"
    level: float = 0.05

    def fit(self, y: Any, x: Any = None, *, index: Sequence[Any] | None = None, constant: bool = True) -> BreaksFit:
        """Find the breaks of a series.

        Parameters
        ----------
        y
            The series, in order of time; missing values NaN or None.
        x
            Regressors beside the constant, whose coefficients change too: a frame, a dict of arrays, or an array.
        index
            Names of the periods; those of a pandas series are taken by themselves.
        constant
            Whether there is a constant.

        Raises
        ------
        InputError
            A series too short, an infinite value, collinear regressors.
        """
        name = str(getattr(y, "name", None) or "y")
        values = vector(name, y)
        matrix, names, kind = matrix_in(x)
        core = _core.bai_perron(
            name,
            values.tolist(),
            matrix,
            constant=constant,
            max_breaks=whole("max_breaks", self.max_breaks, 0),
            trimming=float(self.trimming),
            selection=self.selection,
            level=float(self.level),
        )
        width = 0 if matrix is None else matrix.shape[1]
        terms = ["constant"] * constant + (names or [f"x{j + 1}" for j in range(width)])
        labels = labels_of(y, index, len(values)) or [str(t) for t in range(len(values))]
        return BreaksFit(core, self, (y, x, index, constant), values, terms, labels, kind or kind_of(y))

    def __repr__(self) -> str:
        how = {"bic": "BIC", "lwz": "LWZ", "sequential": "sequential tests"}.get(self.selection, self.selection)
        return f"breaks at unknown dates: at most {self.max_breaks}, by {how}, trimming {self.trimming}"


def breaks(y: Any, x: Any = None, *, index: Sequence[Any] | None = None, **options: Any) -> BreaksFit:
    """Find the breaks of a series: :class:`BaiPerron` with its ``options``, fitted.

    Examples
    --------
    >>> import averted as av
    >>> av.breaks([1.0, 1.2, 0.9, 1.1, 1.0, 0.8, 3.1, 2.9, 3.0, 3.2, 2.8, 3.1]).dates
    ['5']
    """
    return BaiPerron(**options).fit(y, x, index=index)


def _refitted(specification: BaiPerron, source: tuple[Any, Any, Any, bool]) -> BreaksFit:
    y, x, index, constant = source
    return specification.fit(y, x, index=index, constant=constant)


class BreaksFit(Result):
    """A regression with breaks. A break is named by the last period before the change."""

    def __init__(
        self,
        core: _core.BreaksFit,
        specification: BaiPerron,
        source: tuple[Any, Any, Any, bool],
        y: NDArray[np.float64],
        terms: list[str],
        labels: list[str],
        kind: Kind,
    ) -> None:
        self._core = core
        self.specification = specification
        self._source = source
        self._y = y
        self._terms = terms
        self._labels = labels
        self._kind = kind

    def __reduce__(self) -> Any:
        return _refitted, (self.specification, self._source)

    @property
    def dates(self) -> list[str]:
        """The last period of each segment but the last."""
        return [self._labels[last] for last, _, _ in self._core.breaks]

    @property
    def rows(self) -> list[int]:
        """The same, as rows from 0."""
        return [last for last, _, _ in self._core.breaks]

    @property
    def intervals(self) -> list[tuple[str | None, str | None]]:
        """Lower and upper end of each date; None where there is no end, or it lies beyond the series."""
        return [(self._label(low), self._label(high)) for _, low, high in self._core.breaks]

    def _label(self, row: int | None) -> str | None:
        return self._labels[row] if row is not None and 0 <= row < len(self._labels) else None

    def sup_f(self, number: int = 1) -> tuple[float, float]:
        """Statistic and p-value of no break against `number`: F of one break, per break and coefficient of more."""
        return self._core.sup_f(whole("number", number, 1))

    def ud_max(self) -> tuple[float, float]:
        """Statistic and p-value of no break against an unknown number."""
        return self._core.ud_max()

    def models(self) -> Any:
        """The numbers of breaks that were compared, as a frame."""
        rows = self._core.models
        columns: dict[str, Any] = {"breaks": [len(row[0]) for row in rows]}
        columns["at"] = [", ".join(self._labels[last] for last in row[0]) for row in rows]
        columns |= {name: [row[j] for row in rows] for j, name in ((1, "sse"), (2, "bic"), (3, "lwz"))}
        return frame_out(columns, self._kind)

    def augment(self) -> Any:
        """One row a period: label, observed, fitted."""
        return frame_out({"ds": self._labels, "observed": self._y, "fitted": self._core.fitted()}, self._kind)

    def _tidy(self) -> Mapping[str, Sequence[Any]]:
        rows = [
            (self._labels[first], self._labels[last], term, float(value))
            for (first, last), line in zip(self._core.segments, self._core.coefficients, strict=True)
            for term, value in zip(self._terms, line, strict=True)
        ]
        return {name: [row[j] for row in rows] for j, name in enumerate(("start", "end", "term", "estimate"))}

    def _glance(self) -> dict[str, Any]:
        models = self._core.models
        return {"n": self._core.n_observed, "breaks": len(self.rows), "sse": models[len(self.rows)][1]}

    def summary(self) -> Table:
        """Segments with their coefficients, and the intervals of the dates."""
        notes = []
        share = 100 * (1 - self.specification.level)
        for date, (_, low, high) in zip(self.dates, self._core.breaks, strict=True):
            ends = [self._end(low, "before"), self._end(high, "after")]
            notes.append(f"Break after {date}; {share:.0f} % interval {ends[0]} to {ends[1]}.")
        for number, (statistic, p) in enumerate(self._core.tests):
            notes.append(f"{number + 1} against {number} breaks: F {statistic:.2f}, p {p:.4f}.")
        columns = dict(self._tidy())
        kinds = {"start": "text", "end": "text", "term": "text"}
        return Table.build(columns, kinds=kinds, title=repr(self.specification), notes=notes + self._core.notes)

    def _end(self, row: int | None, beyond: str) -> str:
        if row is None:
            return "without an end"
        return self._label(row) or f"{beyond} the series"

    def plot(self, ax: Axes | None = None) -> Axes:
        """The series, the fitted segments, and the intervals of the dates."""
        from averted import _plot

        with _plot.style():
            ax = _plot.axes(ax)
            at = np.arange(len(self._y))
            for last, low, high in self._core.breaks:
                ends = (max(-0.5, -0.5 if low is None else low), min(len(at) - 0.5, len(at) if high is None else high))
                ax.axvspan(*ends, color=_plot.ORANGE, alpha=0.15, linewidth=0)
                ax.axvline(last + 0.5, color=_plot.ORANGE, linewidth=0.9)
            ax.plot(at, self._y, "o-", color=_plot.GREY, markersize=2.8, linewidth=0.6, label="observed")
            fitted = self._core.fitted()
            for number, (first, last) in enumerate(self._core.segments):
                here = slice(first, last + 1)
                known = np.isfinite(fitted[here])
                label = "segments, intervals of their ends" if number == 0 else None
                ax.plot(at[here][known], fitted[here][known], color=_plot.BLUE, label=label)
            _plot.periods(ax, self._labels)
            _plot.label(ax, title=repr(self.specification).capitalize(), y="as given")
            ax.legend()
        return ax


_WORDS = {
    "sup_f": "sup-F",
    "ave_f": "ave-F",
    "exp_f": "exp-F",
    "chow": "Chow",
    "cusum": "CUSUM of residuals",
    "recursive_cusum": "CUSUM of recursive residuals",
    "mosum": "MOSUM of residuals",
    "moving_estimates": "moving estimates",
}


class StructuralChangeTest(Result):
    """A test that the coefficients of a regression do not change."""

    def __init__(self, found: tuple[Any, ...], test: str, labels: list[str], level: float, kind: Kind) -> None:
        self.statistic: float
        self.p_value: float
        self.statistic, self.p_value, self._rows, self._path, self._boundary, at = found
        self.test = test
        self.date: str | None = None if at is None else labels[at]
        self._labels = labels
        self._level = level
        self._kind = kind

    def _glance(self) -> dict[str, Any]:
        return {"test": self.test, "statistic": self.statistic, "p_value": self.p_value, "date": self.date}

    def summary(self) -> Table:
        """The statistic and its p-value."""
        columns: dict[str, Any] = {
            "test": [_WORDS[self.test]],
            "statistic": [self.statistic],
            "p_value": [self.p_value],
        }
        notes = [f"Largest after {self.date}."] if self.date and self.test != "chow" else []
        return Table.build(columns, kinds={"test": "text"}, title="No change of coefficients", notes=notes)

    def path(self) -> Any:
        """The F statistics, or the path and its boundary, by period, as a frame."""
        columns: dict[str, Any] = {"ds": [None if row is None else self._labels[row] for row in self._rows]}
        columns["value"] = self._path
        if self._boundary:
            columns["boundary"] = self._boundary
        return frame_out(columns, self._kind)

    def plot(self, ax: Axes | None = None) -> Axes:
        """The path, and the boundary that it crosses by chance with the probability of the level."""
        from averted import _plot

        if not self._path:
            raise InputError("a Chow test has no path to draw")
        with _plot.style():
            ax = _plot.axes(ax)
            first = next((row for row in self._rows if row is not None), 0)
            at = np.array([first - 1 if row is None else row for row in self._rows])
            ax.plot(at, self._path, color=_plot.BLUE, label=_WORDS[self.test])
            if self._boundary:
                edge = np.asarray(self._boundary)
                ax.plot(at, edge, color=_plot.VERMILLION, linestyle="--", label=f"boundary at {self._level:g}")
                ax.plot(at, -edge, color=_plot.VERMILLION, linestyle="--")
                _plot.zero_line(ax)
            _plot.periods(ax, self._labels)
            _plot.label(ax, title=f"{_WORDS[self.test]}: p = {self.p_value:.3g}", y="statistic")
            ax.legend()
        return ax


def structural_change_test(
    y: Any,
    x: Any = None,
    *,
    test: str = "sup_f",
    trimming: float = 0.15,
    window: float = 0.15,
    at: Any = None,
    level: float = 0.05,
    index: Sequence[Any] | None = None,
    constant: bool = True,
) -> StructuralChangeTest:
    """Test that the coefficients of a regression do not change.

    Parameters
    ----------
    y, x
        The series and its regressors, as in :meth:`BaiPerron.fit`.
    test
        ``"sup_f"`` (Andrews 1993), ``"ave_f"``, ``"exp_f"`` (Andrews & Ploberger 1994), ``"chow"`` at a known date,
        ``"cusum"``, ``"recursive_cusum"``, ``"mosum"`` or ``"moving_estimates"``.
    trimming
        The share of the sample on either side in which F statistics place no break.
    window
        The share of the sample that moving sums and estimates cover.
    at
        Of Chow's test: the last period before the break, by its name or row.
    level
        Of the boundary.
    index
        Names of the periods.
    constant
        Whether there is a constant.

    Examples
    --------
    >>> import averted as av
    >>> y = [1.0, 1.2, 0.9, 1.1, 1.0, 0.8, 1.1, 1.0, 3.1, 2.9, 3.0, 3.2, 2.8, 3.1, 3.0, 2.9]
    >>> found = av.structural_change_test(y)
    >>> found.date, found.p_value < 1e-6
    ('7', True)
    """
    name = str(getattr(y, "name", None) or "y")
    values = vector(name, y)
    matrix, _, kind = matrix_in(x)
    labels = labels_of(y, index, len(values)) or [str(t) for t in range(len(values))]
    last = None
    if test == "chow":
        if at is None:
            raise InputError("at: Chow's test needs the last period before the break")
        last = labels.index(str(at)) if str(at) in labels else at
        last = whole("at", last, 0)
    moving = test in ("mosum", "moving_estimates")
    found = _core.structural_change_test(
        test,
        name,
        values.tolist(),
        matrix,
        constant=constant,
        share=float(window if moving else trimming),
        last=last,
        level=float(level),
    )
    return StructuralChangeTest(found, test, labels, level, kind or kind_of(y))


class PeltFit(Result):
    """Stretches of one level. A change is named by the last period before it."""

    def __init__(
        self, found: tuple[Any, ...], y: NDArray[np.float64], labels: list[str], title: str, per: float, kind: Kind
    ) -> None:
        self._segments, self.total, self.penalty, self.scale, self._n, self._notes = found
        self._y = y
        self._labels = labels
        self._title = title
        self._per = per
        self._kind = kind

    @property
    def changes(self) -> list[str]:
        """The last period of each segment but the last."""
        return [self._labels[row] for row in self.rows]

    @property
    def rows(self) -> list[int]:
        """The same, as rows from 0."""
        return [last for _, last, *_ in self._segments[:-1]]

    def _tidy(self) -> Mapping[str, Sequence[Any]]:
        rows = self._segments
        return {
            "start": [self._labels[row[0]] for row in rows],
            "end": [self._labels[row[1]] for row in rows],
            "level": [row[2] * self._per for row in rows],
            "std_error": [row[3] * self._per for row in rows],
        }

    def _glance(self) -> dict[str, Any]:
        return {
            "n": self._n,
            "changes": len(self.rows),
            "total": self.total,
            "penalty": self.penalty,
            "scale": self.scale,
        }

    def summary(self) -> Table:
        """Segments with their level."""
        kinds = {"start": "text", "end": "text"}
        notes = [f"A change costs {self.penalty:.2f}; standard errors take the changes as known.", *self._notes]
        return Table.build(dict(self._tidy()), kinds=kinds, title=self._title, notes=notes)

    def plot(self, ax: Axes | None = None) -> Axes:
        """The series, and the level of each segment."""
        from averted import _plot

        with _plot.style():
            ax = _plot.axes(ax)
            at = np.arange(len(self._y))
            ax.plot(at, self._y * self._per, "o", color=_plot.GREY, markersize=2.5, label="observed")
            for number, (first, last, level, *_) in enumerate(self._segments):
                label = "level" if number == 0 else None
                ax.plot([first - 0.4, last + 0.4], [level * self._per] * 2, color=_plot.BLUE, linewidth=2, label=label)
                if number:
                    ax.axvline(first - 0.5, color=_plot.ORANGE, linewidth=0.9)
            _plot.periods(ax, self._labels)
            _plot.label(ax, title=self._title, y=f"per {self._per:,.0f}" if self._per != 1 else "as given")
            ax.legend()
        return ax


_COSTS = {
    "mean": "Changes of mean",
    "mean_variance": "Changes of mean and variance",
    "poisson": "Changes of a Poisson rate",
    "negative_binomial": "Changes of a negative binomial rate",
}


def pelt(
    y: Any,
    *,
    cost: str = "mean",
    exposure: Any = None,
    penalty: str | float = "mbic",
    min_segment: int | None = None,
    variance: float | None = None,
    dispersion: float | None = None,
    per: float = 1,
    index: Sequence[Any] | None = None,
) -> PeltFit:
    """Changes of level by exact search with pruning (Killick, Fearnhead & Eckley 2012).

    Parameters
    ----------
    y
        Numbers or counts, in order of time; missing ones NaN or None.
    cost
        ``"mean"``, ``"mean_variance"``, ``"poisson"`` or ``"negative_binomial"``.
    exposure
        People at risk or the like, of counts.
    penalty
        What a change must be worth: ``"mbic"`` (Zhang & Siegmund 2007), ``"bic"``, ``"aic"`` or a number.
    min_segment
        Least observations of a segment. If left out two, or five with a variance for each or an estimated dispersion:
        short segments and a small spread explain each other.
    variance, dispersion
        Of ``"mean"`` and ``"negative_binomial"``; estimated where left out.
    per
        Levels are shown for so much exposure.
    index
        Names of the periods; those of a pandas series are taken by themselves.

    Raises
    ------
    InputError
        Naming the row of what is no count, or of an exposure that is not positive.

    Examples
    --------
    >>> import averted as av
    >>> av.pelt([3, 2, 4, 3, 2, 3, 30, 28, 33, 31, 29, 30], cost="poisson").rows
    [5]
    """
    name = str(getattr(y, "name", None) or "y")
    values = vector(name, y)
    people = None if exposure is None else vector("exposure", exposure)
    given = {"mean": variance, "negative_binomial": dispersion}.get(cost)
    found = _core.pelt(
        name,
        values.tolist(),
        cost=cost,
        scale=None if given is None else float(given),
        penalty=(penalty, None) if isinstance(penalty, str) else ("given", float(penalty)),
        min_segment=None if min_segment is None else whole("min_segment", min_segment, 1),
        exposure=None if people is None else people.tolist(),
    )
    labels = labels_of(y, index, len(values)) or [str(t) for t in range(len(values))]
    shown = values if people is None else values / people
    return PeltFit(found, shown, labels, _COSTS[cost], float(per), kind_of(y))


class PanelBreaks(NamedFits[PeltFit]):
    """Changes of level of every unit of a panel."""

    def _tidy(self) -> Mapping[str, Sequence[Any]]:
        return self._under(("start", "end", "level", "std_error"))

    def _glance(self) -> dict[str, Any]:
        return {"units": len(self), "changes": sum(len(fit.rows) for fit in self._fits.values())}

    def summary(self) -> Table:
        """One row a unit: its changes."""
        columns: dict[str, Sequence[Any]] = {
            self._by: list(self._fits),
            "changes after": [", ".join(fit.changes) for fit in self._fits.values()],
        }
        return Table.build(columns, kinds=dict.fromkeys(columns, "text"), title="Changes of level")


def panel_breaks(panel: Any, *, cost: str = "negative_binomial", per: float = 100_000, **options: Any) -> PanelBreaks:
    """Changes of the death rate of every unit of a panel: :func:`pelt` with its ``options``.

    Raises
    ------
    InputError
        Where the panel has no events, or a count is suppressed: :meth:`averted.Panel.trend` takes those.
    """
    core = panel._core
    if core.events is None or core.counts is None:
        raise InputError("the panel has no events: av.Panel(…, events=…, population=…)")
    low, high = (np.asarray(end) for end in core.counts)
    if hidden := int(np.sum(low != high) - np.sum(np.isnan(low))):
        raise InputError(
            f"{hidden} counts are suppressed: joinpoints with mode='poisson' take them, changes of level do not"
        )
    columns = columns_out(core.frame, (core.unit, core.time))
    labels = np.array([str(label) for label in columns[core.time]], dtype=object)
    units = np.array([str(unit) for unit in columns[core.unit]], dtype=object)
    people = np.asarray(columns[core.population]) if core.population else None
    fits = {}
    for unit in dict.fromkeys(units.tolist()):
        rows = np.flatnonzero(units == unit)
        rows = rows[np.argsort(labels[rows], kind="stable")]
        exposure = None if people is None else people[rows]
        each = pelt(
            low[rows],
            cost=cost,
            exposure=exposure,
            per=per if people is not None else 1,
            index=labels[rows].tolist(),
            **options,
        )
        fits[unit] = each
    return PanelBreaks(fits, core.unit, panel._kind)
