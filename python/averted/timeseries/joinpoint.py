"""Joinpoint regression: a log rate that is a line, bent at a few points.

Annual per cent changes between the bends, and their average, in the way of the NCI's Joinpoint program, or from the
likelihood of counts, where zeros are zeros and a suppressed count is the interval it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from averted import _core
from averted._arguments import whole
from averted._errors import InputError
from averted._frames import Kind, columns_out, frame_in, frame_out
from averted._result import Result, Table
from averted.timeseries._series import kind_of, labels_of, vector

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

#: A series as the core takes it: name, times, rates, standard errors, least and most counts, population.
_Raw = tuple[
    str,
    list[float],
    list[float] | None,
    list[float] | None,
    tuple[list[float], list[float]] | None,
    list[float] | None,
]


@dataclass(frozen=True)
class AverageChange:
    """Average annual per cent change between two times."""

    start: float
    end: float
    aapc: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Comparability:
    """Tests that two series have parallel trends, and that they have one trend."""

    joinpoints: int
    parallel: float
    coincident: float
    seed: int


@dataclass(frozen=True, kw_only=True, repr=False)
class Joinpoint:
    """A joinpoint regression.

    Parameters
    ----------
    mode
        ``"nci"``: least squares of log rates weighted by (rate/SE)², with the conventions of the NCI's program;
        ``"poisson"`` or ``"negative_binomial"``: the likelihood of counts with a population.
    max_joinpoints
        How many at most.
    selection
        ``"permutation"`` (of a likelihood: parametric bootstrap), ``"bic"``, ``"bic3"``, ``"wbic"``, or ``"given"``
        for as many as allowed. Left out: permutation tests of ``"nci"``, BIC3 of a likelihood.
    permutations
        Permutations or draws of a test.
    level
        Of the sequence of tests; intervals are at 1 − level.
    min_end, min_between
        Observations strictly outside the first and last joinpoint, and strictly between two.
    step
        Only every so-manieth observation is a candidate, for long monthly series.
    continuous
        Joinpoints may lie between observations.
    seed
        Of permutations and draws; one is drawn and recorded if not given.

    Examples
    --------
    >>> import averted as av
    >>> import numpy as np
    >>> years = np.arange(1999, 2017)
    >>> rates = np.exp(0.1 * np.minimum(years - 1999, 8) + 0.01 * np.sin((years - 1999.0) ** 2))
    >>> fit = av.Joinpoint(selection="wbic").fit(rates, time=years)
    >>> fit.joinpoints
    [2007.0]
    >>> round(fit.aapc().aapc, 1)
    4.8
    """

    mode: str = "nci"
    max_joinpoints: int = 3
    selection: str | None = None
    permutations: int = 4499
    level: float = 0.05
    min_end: int = 2
    min_between: int = 2
    step: int = 1
    continuous: bool = False
    seed: int | None = None

    _inner: _core.Joinpoint = field(init=False, compare=False)

    def __post_init__(self) -> None:
        inner = _core.Joinpoint(
            mode=self.mode,
            max_joinpoints=whole("max_joinpoints", self.max_joinpoints, 0),
            selection=self.selection or ("permutation" if self.mode == "nci" else "bic3"),
            permutations=whole("permutations", self.permutations, 1),
            level=float(self.level),
            spacing=(whole("min_end", self.min_end, 1), whole("min_between", self.min_between, 1)),
            step=whole("step", self.step, 1),
            continuous=bool(self.continuous),
            seed=self.seed,
        )
        object.__setattr__(self, "_inner", inner)

    def fit(
        self,
        y: Any,
        *,
        time: Sequence[Any] | None = None,
        std_error: Any = None,
        population: Any = None,
        bounds: tuple[Any, Any] | None = None,
    ) -> JoinpointFit:
        """Fit one series.

        Parameters
        ----------
        y
            Rates; or counts, where there is a population or the mode is a likelihood. Missing ones NaN or None.
        time
            Years, or periods such as ``"2019-03"`` or ``"2019-Q2"``; those of a pandas series are its index; else
            0, 1, ….
        std_error
            Of the rates.
        population
            That the counts came from.
        bounds
            The least and the most that a count can be where ``y`` is missing: suppressed counts.

        Raises
        ------
        InputError
            Naming the row: a rate that is not positive, a suppressed count in mode ``"nci"``, times out of order.
        ConvergenceError
            When a stretch of zeros has no finite trend.
        """
        name = str(getattr(y, "name", None) or "y")
        values = vector(name, y)
        labels = labels_of(y, time, len(values))
        times = _years(labels) if labels else np.arange(len(values), dtype=np.float64)
        counts = population is not None or bounds is not None or self.mode != "nci"
        if counts and std_error is not None:
            raise InputError("std_error: belongs to rates; counts have a population instead")
        ends = (values, values)
        if bounds is not None:
            low, high = (vector("bounds", end) for end in bounds)
            if len(low) != len(values) or len(high) != len(values):
                raise InputError(f"bounds: expected {len(values)} values each, found {len(low)} and {len(high)}")
            gone = np.isnan(values)
            ends = (np.where(gone, low, values), np.where(gone, high, values))
        raw: _Raw = (
            name,
            times.tolist(),
            None if counts else values.tolist(),
            None if std_error is None else vector("std_error", std_error).tolist(),
            (ends[0].tolist(), ends[1].tolist()) if counts else None,
            None if population is None else vector("population", population).tolist(),
        )
        return JoinpointFit(self._inner.fit_many([raw])[0], self, raw, kind_of(y), per=1.0)

    def compare(self, left: JoinpointFit, right: JoinpointFit) -> Comparability:
        """Test whether two series have parallel trends, and whether one (Kim et al. 2004), by permutations."""
        return Comparability(*self._inner.compare(left._raw, right._raw))

    def _options(self) -> dict[str, Any]:
        return {each.name: getattr(self, each.name) for each in fields(self) if each.init}

    def _with(self, **changes: Any) -> Joinpoint:
        return Joinpoint(**{**self._options(), **changes})

    def __repr__(self) -> str:
        return str(self._inner)

    def __reduce__(self) -> Any:
        return _remade, (self._options(),)


def _remade(options: dict[str, Any]) -> Joinpoint:
    return Joinpoint(**options)


def _refitted(specification: Joinpoint, raw: _Raw, kind: Kind, per: float) -> JoinpointFit:
    return JoinpointFit(specification._inner.fit_many([raw])[0], specification, raw, kind, per=per)


def joinpoint(
    data: Any,
    *,
    rate: str | None = None,
    std_error: str | None = None,
    events: str | None = None,
    population: str | None = None,
    time: Any = None,
    by: str | None = None,
    per: float = 100_000,
    **options: Any,
) -> Any:
    """Joinpoint regression of a panel, a frame or a series.

    Parameters
    ----------
    data
        A :class:`averted.Panel` with events and population, fitted unit by unit; a frame, whose columns are named
        below; or one series of rates.
    rate, std_error
        Columns of rates and their errors.
    events, population
        Columns of counts and people, in the place of rates.
    time
        The column of periods; of a series, the periods themselves.
    by
        A column; each of its values is fitted on its own.
    per
        Rates of counts are shown for so many people.
    options
        Of :class:`Joinpoint`: ``max_joinpoints=3, mode="nci", …``.

    Returns
    -------
    JoinpointFit or JoinpointFits
        One fit; or, of a panel or with ``by``, a mapping of names to fits.

    Examples
    --------
    >>> import averted as av
    >>> facts = av.datasets.load("western_hemisphere", "dict")
    >>> here = (facts["country"] == "Mexico") & (facts["year"] >= 1995)
    >>> mexico = {name: facts[name][here] for name in ("year", "homicides", "population")}
    >>> fit = av.joinpoint(mexico, events="homicides", population="population", time="year", selection="bic3")
    >>> fit.joinpoints
    [2006.0, 2010.0]
    """
    spec = Joinpoint(**options)
    core = getattr(data, "_core", None)
    if isinstance(core, _core.Panel):
        if core.events is None or core.counts is None:
            raise InputError("the panel has no events: av.Panel(…, events=…, population=…)")
        columns = columns_out(core.frame, (core.unit, core.time))
        return _several(
            spec,
            [str(unit) for unit in columns[core.unit]],
            _years([str(label) for label in columns[core.time]]),
            None,
            None,
            (np.asarray(core.counts[0]), np.asarray(core.counts[1])),
            columns[core.population] if core.population else None,
            data._kind,
            per,
            core.unit,
        )
    if not (isinstance(data, Mapping) or hasattr(data, "columns") or hasattr(data, "column_names")):
        return spec.fit(data, time=time)
    if (rate is None) == (events is None):
        raise InputError("joinpoint: name a column of rates (rate=…) or of counts (events=…)")
    if time is None:
        raise InputError("joinpoint: time=…: name the column of periods")
    frame, kind = frame_in(data)
    wanted = [name for name in (rate, std_error, events, population) if name is not None]
    numbers = {name: np.asarray(frame.number(name)) for name in wanted}
    columns = {str(time): frame.factor(time) if frame.is_text(time) else frame.number(time)}
    periods = columns_out(_core.Frame(list(columns.items())), (str(time),))[str(time)]
    counts = None if events is None else (numbers[events], numbers[events])
    units = ["all"] * frame.rows
    if by is not None:
        column = frame.factor(by) if frame.is_text(by) else frame.number(by)
        units = [str(unit) for unit in columns_out(_core.Frame([(by, column)]), (by,))[by]]
    found = _several(
        spec,
        units,
        _years([str(label) for label in periods]),
        numbers[rate] if rate else None,
        numbers[std_error] if std_error else None,
        counts,
        numbers[population] if population else None,
        kind,
        per,
        by or "unit",
    )
    return found if by is not None else found["all"]


def _several(
    spec: Joinpoint,
    units: list[str],
    times: NDArray[np.float64],
    rates: NDArray[np.float64] | None,
    errors: NDArray[np.float64] | None,
    counts: tuple[NDArray[np.float64], NDArray[np.float64]] | None,
    people: NDArray[np.float64] | None,
    kind: Kind,
    per: float,
    by: str,
) -> JoinpointFits:
    """Fits by unit, in order of time within each."""
    names = list(dict.fromkeys(units))
    where = np.asarray(units, dtype=object)
    raws: list[_Raw] = []
    for name in names:
        rows = np.flatnonzero(where == name)
        rows = rows[np.argsort(times[rows], kind="stable")]

        def take(values: NDArray[np.float64] | None, rows: NDArray[np.intp] = rows) -> list[float] | None:
            return None if values is None else [float(v) for v in values[rows]]

        both = None if counts is None else (take(counts[0]) or [], take(counts[1]) or [])
        raws.append((name, take(times) or [], take(rates), take(errors), both, take(people)))
    cores = spec._inner.fit_many(raws)
    scale = per if counts is not None and people is not None else 1.0
    fits = {
        name: JoinpointFit(core, spec, raw, kind, per=scale) for name, core, raw in zip(names, cores, raws, strict=True)
    }
    return JoinpointFits(fits, by, kind)


_PERIOD = re.compile(r"(-?\d{1,4})(?:[-/ ]?(?:(Q[1-4])|M?(\d{1,2})(?:-\d{1,2})?))?", re.IGNORECASE)


def _years(labels: Sequence[str]) -> NDArray[np.float64]:
    """Periods as years and fractions: 2019-03 is 2019 + 2/12."""
    out = []
    for row, label in enumerate(labels):
        found = _PERIOD.fullmatch(label.strip())
        try:
            if found is None:
                out.append(float(label))
                continue
        except ValueError:
            raise InputError(
                f"time, row {row}: {label!r} must be a year, or a period such as 2019-03 or 2019-Q2"
            ) from None
        year, quarter, month = found.groups()
        if month and not 1 <= int(month) <= 12:
            raise InputError(f"time, row {row}: {label!r} must have a month from 1 to 12")
        part = (int(quarter[1]) - 1) / 4 if quarter else (int(month) - 1) / 12 if month else 0.0
        out.append(int(year) + part)
    return np.array(out, dtype=np.float64)


class JoinpointFit(Result):
    """A fitted joinpoint regression: segments with their annual per cent change."""

    def __init__(
        self, core: _core.JoinpointFit, specification: Joinpoint, raw: _Raw, kind: Kind, *, per: float
    ) -> None:
        self._core = core
        self.specification = specification
        self._raw = raw
        self._kind = kind
        self._per = per

    def __reduce__(self) -> Any:
        options = {
            each.name: getattr(self.specification, each.name) for each in fields(self.specification) if each.init
        }
        return _refitted, (Joinpoint(**{**options, "seed": self.seed}), self._raw, self._kind, self._per)

    @property
    def joinpoints(self) -> list[float]:
        """Where the trend bends, in years."""
        return [row[0] for row in self._core.joinpoints]

    @property
    def joinpoint_intervals(self) -> list[tuple[float, float]]:
        """Lower and upper end of each joinpoint's place."""
        return [(row[2], row[3]) for row in self._core.joinpoints]

    @property
    def apc(self) -> list[float]:
        """Annual per cent change of each segment."""
        return [row[4] for row in self._core.segments]

    @property
    def seed(self) -> int:
        """Of permutations and draws."""
        return self._core.seed

    @property
    def log_likelihood(self) -> float:
        """Of counts; NaN under least squares."""
        return self._core.log_likelihood

    @property
    def sse(self) -> float:
        """The weighted sum of squares; NaN under a likelihood."""
        return self._core.sse

    @property
    def dispersion(self) -> float:
        """α of the negative binomial: variance μ + αμ²."""
        return self._core.dispersion

    def aapc(
        self, start: float | None = None, end: float | None = None, *, draws: int = 0, seed: int | None = None
    ) -> AverageChange:
        """Average annual per cent change between two times, the whole series where left out.

        Parameters
        ----------
        start, end
            In years.
        draws
            0 for the plain interval; else so many draws from the fit, in each of which joinpoints are chosen and placed
            anew.
        seed
            Of the draws; the fit's own if not given.
        """
        low, high = (None if value is None else float(value) for value in (start, end))
        return AverageChange(*self._core.aapc(low, high, whole("draws", draws, 0), seed))

    def with_joinpoints(self, number: int) -> JoinpointFit:
        """The fit with this many joinpoints."""
        core = self._core.with_joinpoints(whole("number", number, 0))
        options = {
            each.name: getattr(self.specification, each.name) for each in fields(self.specification) if each.init
        }
        options |= {"max_joinpoints": number, "selection": "given", "seed": self.seed}
        return JoinpointFit(core, Joinpoint(**options), self._raw, self._kind, per=self._per)

    def candidates(self) -> Any:
        """The numbers of joinpoints that were compared, as a frame."""
        rows = self._core.candidates
        names = ("sse", "log_likelihood", "bic", "bic3", "wbic")
        columns: dict[str, Any] = {"joinpoints": [len(row[0]) for row in rows]}
        columns["at"] = [", ".join(f"{place:.6g}" for place in row[0]) for row in rows]
        columns |= {name: [row[j + 1] for row in rows] for j, name in enumerate(names)}
        return frame_out(columns, self._kind)

    def tests(self) -> Any:
        """The tests that chose, as a frame; without rows where a criterion chose."""
        names = ("null", "alternative", "p_value", "level")
        return frame_out({name: [row[j] for row in self._core.tests] for j, name in enumerate(names)}, self._kind)

    def augment(self) -> Any:
        """One row a period: time, observed and fitted rate."""
        columns: dict[str, Any] = {"time": self._core.times, "observed": self._scaled(self._core.observed())}
        return frame_out({**columns, "fitted": self._scaled(self._core.fitted())}, self._kind)

    def _scaled(self, rates: Sequence[float]) -> NDArray[np.float64]:
        return np.asarray(rates) * self._per

    def _tidy(self) -> Mapping[str, Sequence[Any]]:
        rows = self._core.segments
        return {
            "term": [f"{_short(row[0])} to {_short(row[1])}" for row in rows],
            "start": [row[0] for row in rows],
            "end": [row[1] for row in rows],
            "estimate": [row[4] for row in rows],
            "lower": [row[5] for row in rows],
            "upper": [row[6] for row in rows],
            "slope": [row[2] for row in rows],
            "std_error": [row[3] for row in rows],
            "statistic": [row[2] / row[3] if row[3] else float("nan") for row in rows],
            "p_value": [row[7] for row in rows],
        }

    def _glance(self) -> dict[str, Any]:
        average = self.aapc()
        return {
            "n": self._core.n_observed,
            "joinpoints": len(self.joinpoints),
            "aapc": average.aapc,
            "aapc_lower": average.lower,
            "aapc_upper": average.upper,
            "sse": self.sse,
            "log_likelihood": self.log_likelihood,
            "dispersion": self.dispersion,
            "seed": self.seed,
        }

    def summary(self) -> Table:
        """Segments with their annual per cent change."""
        tidy = self._tidy()
        columns = {
            "segment": tidy["term"],
            "APC": tidy["estimate"],
            "lower": tidy["lower"],
            "upper": tidy["upper"],
            "p_value": tidy["p_value"],
        }
        average = self.aapc()
        notes = [
            f"AAPC {average.aapc:.2f} % ({average.lower:.2f} to {average.upper:.2f}), "
            f"{_short(average.start)} to {_short(average.end)}; {self._core.n_observed} periods."
        ]
        for place, _, low, high in self._core.joinpoints:
            notes.append(f"Joinpoint {_short(place)} ({_short(low)} to {_short(high)}).")
        if self._core.tests:
            tests = "; ".join(f"{a} against {b}: {p:.4f} (level {level:.4f})" for a, b, p, level in self._core.tests)
            notes.append(f"Tests of the number of joinpoints, {tests}.")
        title = f"{self._raw[0]}: {self.specification!r}"
        return Table.build(columns, kinds={"segment": "text"}, title=title, notes=notes + self._core.notes)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Observed rates, the fitted segments, and the intervals of the joinpoints."""
        from averted import _plot

        with _plot.style():
            ax = _plot.axes(ax)
            times, segments = np.asarray(self._core.times), self._core.segments
            for place, _, low, high in self._core.joinpoints:
                ax.axvspan(low, high, color=_plot.ORANGE, alpha=0.15, linewidth=0)
                ax.axvline(place, color=_plot.ORANGE, linewidth=0.9)
            for row, low, high in self._core.hidden():
                ax.plot([times[row]] * 2, [low * self._per, high * self._per], color=_plot.GREY, linewidth=3, alpha=0.4)
            ax.plot(times, self._scaled(self._core.observed()), "o", color=_plot.GREY, markersize=3, label="observed")
            fine = np.unique(np.concatenate([np.linspace(segments[0][0], segments[-1][1], 200), self.joinpoints]))
            fitted = self._scaled(self._core.rates(fine.tolist()))
            ax.plot(fine, fitted, color=_plot.BLUE, label="joinpoint regression")
            for start, end, _, _, apc, low, high, _ in segments:
                middle = 0.5 * (start + end)
                height = self._core.rates([middle])[0] * self._per
                bold = "bold" if low > 0 or high < 0 else "normal"
                ax.annotate(
                    f"{apc:+.1f} %".replace("-", "−"),
                    (middle, height),
                    xytext=(0, 11),
                    textcoords="offset points",
                    ha="center",
                    fontsize=8,
                    fontweight=bold,
                    color=_plot.BLUE,
                )
            ax.set_ylim(bottom=0)
            ax.margins(y=0.15)
            _plot.whole(ax)
            unit = f"rate per {self._per:,.0f}" if self._per != 1 else "rate"
            _plot.label(ax, title=self._raw[0] if self._raw[0] not in ("y", "all") else "Joinpoint regression", y=unit)
            ax.legend()
        return ax


class JoinpointFits(Result, Mapping[str, JoinpointFit]):
    """Joinpoint regressions by name."""

    def __init__(self, fits: dict[str, JoinpointFit], by: str, kind: Kind) -> None:
        self._fits = fits
        self._by = by
        self._kind = kind

    def __getitem__(self, name: str) -> JoinpointFit:
        return self._fits[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fits)

    def __len__(self) -> int:
        return len(self._fits)

    def _tidy(self) -> Mapping[str, Sequence[Any]]:
        parts = [(name, fit._tidy()) for name, fit in self._fits.items()]
        names = [name for name, part in parts for _ in part["term"]]
        terms = list(parts[0][1]) if parts else []
        return {self._by: names, **{term: [v for _, part in parts for v in part[term]] for term in terms}}

    def joinpoints(self) -> Any:
        """One row a joinpoint: its place and the interval of it, as a frame."""
        rows = [(name, *place) for name, fit in self._fits.items() for place in fit._core.joinpoints]
        names = (self._by, "time", "std_error", "lower", "upper")
        return frame_out({name: [row[j] for row in rows] for j, name in enumerate(names)}, self._kind)

    def _glance(self) -> dict[str, Any]:
        return {"fits": len(self), "joinpoints": sum(len(fit.joinpoints) for fit in self._fits.values())}

    def aapc(self, start: float | None = None, end: float | None = None, **options: Any) -> Any:
        """Average annual per cent change of each, as a frame."""
        rows = [(name, fit.aapc(start, end, **options)) for name, fit in self._fits.items()]
        columns: dict[str, Any] = {self._by: [name for name, _ in rows]}
        columns |= {key: [getattr(a, key) for _, a in rows] for key in ("start", "end", "aapc", "lower", "upper")}
        return frame_out(columns, self._kind)

    def summary(self) -> Table:
        """One row a fit: joinpoints and the average change."""
        averages = [fit.aapc() for fit in self._fits.values()]
        columns: dict[str, Sequence[Any]] = {
            self._by: list(self._fits),
            "joinpoints": [", ".join(_short(t) for t in fit.joinpoints) for fit in self._fits.values()],
            "AAPC": [a.aapc for a in averages],
            "lower": [a.lower for a in averages],
            "upper": [a.upper for a in averages],
        }
        first = next(iter(self._fits.values()), None)
        title = "Joinpoint regressions" if first is None else f"{first.specification!r}"
        return Table.build(columns, kinds={self._by: "text", "joinpoints": "text"}, title=title)


def _short(time: float) -> str:
    return f"{time:.0f}" if abs(time - round(time)) < 1e-9 else f"{time:.2f}"
