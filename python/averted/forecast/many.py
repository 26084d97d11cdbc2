"""Thousands of series at once, in the long frames that forecasting packages share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from averted import _core
from averted._arguments import whole
from averted._errors import InputError
from averted._frames import Kind, frame_in, frame_out
from averted._result import Result, Table
from averted.forecast._calendar import Calendar, column, frequency_name, labels
from averted.forecast.answer import checked_levels
from averted.timeseries._series import specification

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INTERVALS = ("auto", "model", "conformal")


@dataclass(frozen=True, kw_only=True)
class Combination:
    """Several models made into one.

    Parameters
    ----------
    models
        Names or specifications.
    weights
        ``"mean"``, ``"median"``, or a number a model.
    pooling
        ``"quantiles"`` averages quantiles (Vincentisation); ``"mixture"`` distribution functions, which is as wide as
        the models disagree.

    Examples
    --------
    >>> import averted as av
    >>> both = av.Combination(models=["arima", "structural"], weights=[0.3, 0.7], pooling="mixture")
    >>> both.models
    ['arima', 'structural']
    """

    models: Sequence[Any]
    weights: str | Sequence[float] = "mean"
    pooling: str = "quantiles"


class _Frame(Result):
    """A long frame of forecasts and what belongs to it."""

    _title = ""

    def __init__(
        self, lines: _core.Lines, calendar: Calendar, names: tuple[str, str, str], levels: Sequence[float], kind: Kind
    ) -> None:
        self._lines = lines
        self._calendar = calendar
        self._names = names
        self._levels = levels
        self._kind = kind

    @property
    def seed(self) -> int:
        """The seed of the draws."""
        return self._lines.seed

    @property
    def models(self) -> list[str]:
        """Names of the models."""
        return [model[0] for model in self._lines.models]

    @property
    def notes(self) -> list[str]:
        """What the caller should know."""
        return self._lines.notes

    @property
    def failed(self) -> Any:
        """Series without a forecast: ``unique_id, model, cutoff, reason``, as a frame."""
        rows = self._lines.failed
        origins = [None if row[2] is None else self._period(row[2]) for row in rows]
        columns: dict[str, Sequence[Any]] = {
            self._names[0]: [row[0] for row in rows],
            "model": [row[1] for row in rows],
            "cutoff": origins,
            "reason": [row[3] for row in rows],
        }
        return frame_out(columns, self._kind)

    def _period(self, number: int) -> str:
        return str(self._calendar.write(np.array([number]))[0])[:10]

    def _columns(self) -> dict[str, Any]:
        identity, time, _ = self._names
        columns: dict[str, Any] = {
            identity: self._lines.series,
            time: self._calendar.write(self._lines.periods),
        }
        self._between(columns)
        for name, mean, lower, upper in self._lines.models:
            columns[name] = mean
            for level, low, high in zip(self._levels, lower, upper, strict=True):
                columns[f"{name}-lo-{level:g}"], columns[f"{name}-hi-{level:g}"] = low, high
        return columns

    def _between(self, columns: dict[str, Any]) -> None:
        """Columns before those of the models."""

    def frame(self) -> Any:
        """A row a series and period, a column a model and one each end of its intervals."""
        return frame_out(self._columns(), self._kind)

    def _tidy(self) -> Mapping[str, Sequence[Any]]:
        return self._columns()

    def _glance(self) -> dict[str, Any]:
        return {
            "series": len(set(self._lines.series)),
            "models": len(self.models),
            "rows": len(self._lines.series),
            "failed": len(self._lines.failed),
            "seed": self.seed,
        }

    def _failures(self) -> list[str]:
        told = [f"{model} failed for {series}: {reason}" for series, model, _, reason in self._lines.failed]
        more = [f"and {len(told) - 5} more: see `.failed`"] if len(told) > 5 else []
        return told[:5] + more


class ManyForecasts(_Frame):
    """Forecasts of many series by one or several models."""

    def _between(self, columns: dict[str, Any]) -> None:
        columns["cutoff"] = self._calendar.write(self._lines.cutoffs)

    def summary(self) -> Table:
        """A row a model: how many series, and the sums of the first and last period ahead."""
        series, failed = self._lines.series, self._lines.failed
        rows = []
        for name, mean, *_ in self._lines.models:
            fine = ~np.isnan(mean)
            rows.append((name, len({s for s, f in zip(series, fine, strict=True) if f}), self._count(failed, name)))
        columns: dict[str, Sequence[Any]] = {
            "model": [row[0] for row in rows],
            "series": [row[1] for row in rows],
            "failed": [row[2] for row in rows],
        }
        kinds = {"model": "text", "series": "count", "failed": "count"}
        notes = [*self.notes, *self._failures(), f"seed {self.seed}"]
        return Table.build(columns, kinds=kinds, title="Forecasts of many series", notes=notes)

    @staticmethod
    def _count(failed: Sequence[tuple[str, str, int | None, str]], model: str) -> int:
        return sum(row[1] == model for row in failed)

    def plot(self, unique_id: str | None = None, ax: Axes | None = None, *, past: int = 40) -> Axes:
        """The past of one series, and what every model says next, with the widest interval of the first.

        Parameters
        ----------
        unique_id
            Which; the first if not given.
        ax
            Axes to draw on.
        past
            Periods of the past to show.
        """
        from averted import _plot

        histories = {name: (first, y) for name, first, y in self._lines.histories()}
        name = self._lines.series[0] if unique_id is None and self._lines.series else str(unique_id)
        rows = np.flatnonzero(np.array(self._lines.series) == name)
        if not len(rows):
            raise InputError(f"no forecast of `{name}`")
        first, y = histories[name]
        with _plot.style():
            ax = _plot.axes(ax)
            start = max(len(y) - past, 0)
            at = np.arange(first + start, first + len(y))
            ax.plot(at, y[start:], color=_plot.INK, marker="o", markersize=2.5, linewidth=1.2, label="observed")
            ahead = np.r_[at[-1], self._lines.periods[rows]]
            for m, (model, mean, lower, upper) in enumerate(self._lines.models):
                color, dash = _plot.SERIES[m % len(_plot.SERIES)], _plot.DASHES[m % len(_plot.DASHES)]
                ax.plot(ahead, np.r_[y[-1], mean[rows]], color=color, linestyle=dash, label=model)
                if m == 0 and self._levels:
                    widest = int(np.argmax(self._levels))
                    low, high = (np.r_[y[-1], side[widest][rows]] for side in (lower, upper))
                    _plot.band(ax, ahead, low, high, alpha=0.18)
            ticks = np.unique(np.linspace(at[0], ahead[-1], 6).astype(np.int64))
            ax.set_xticks(ticks, labels(self._calendar.write(ticks)))
            _plot.thousands(ax)
            band = f"; band {max(self._levels):g} % of {self.models[0]}" if self._levels else ""
            _plot.label(ax, title=name, y=f"{self._names[2]}{band}")
            ax.legend(loc="upper left")
        return ax


class CrossValidation(_Frame):
    """What models said at past origins, beside what came."""

    def _between(self, columns: dict[str, Any]) -> None:
        columns["cutoff"] = self._calendar.write(self._lines.cutoffs)
        columns[self._names[2]] = self._lines.y

    def evaluate(self, training: Any = None, season: int = 1) -> Any:
        """The scores of :func:`averted.evaluate`."""
        from averted.forecast.rules import evaluate

        identity, time, y = self._names
        columns = {
            {identity: "unique_id", time: "ds", y: "y"}.get(name, name): value
            for name, value in self._columns().items()
        }
        return evaluate(frame_out(columns, self._kind), training=training, season=season)

    def summary(self) -> Table:
        """A row a model: mean absolute and root mean squared error, and the share inside of each interval."""
        y = self._lines.y
        columns: dict[str, list[Any]] = {"model": [], "n": [], "mae": [], "rmse": []}
        for name, mean, lower, upper in self._lines.models:
            fine = ~np.isnan(y) & ~np.isnan(mean)
            gap = (y - mean)[fine]
            columns["model"].append(name)
            columns["n"].append(len(gap))
            columns["mae"].append(float(np.abs(gap).mean()) if len(gap) else np.nan)
            columns["rmse"].append(float(np.sqrt((gap**2).mean())) if len(gap) else np.nan)
            for level, low, high in zip(self._levels, lower, upper, strict=True):
                inside = ((low <= y) & (y <= high))[fine]
                share = float(inside.mean()) if len(inside) else np.nan
                columns.setdefault(f"coverage_{level:g}", []).append(share)
        kinds = {"model": "text", "n": "count"}
        notes = [*self.notes, *self._failures(), f"seed {self.seed}"]
        return Table.build(dict(columns), kinds=kinds, title="Rolling origins", notes=notes)


def _specification(model: Any) -> Any:
    """The core's specification of a model, or its name."""
    if isinstance(model, str):
        return model
    if getattr(model, "_inner", None) is None or isinstance(model, type):
        raise InputError(f"model: a {type(model).__name__} is no model of one series: give a name or a specification")
    return specification(model, [])


def _models(model: Any) -> tuple[list[tuple[str, Any]], list[tuple[str, list[Any], Any, str]]]:
    """Models by name, and combinations."""
    if isinstance(model, Mapping):
        named = {str(name): value for name, value in model.items()}
    elif isinstance(model, (list, tuple)):
        named = {}
        for one in model:
            name = _name(one)
            if name in named:
                raise InputError(f"model: two are called `{name}`: give a mapping of names to models")
            named[name] = one
    else:
        named = {_name(model): model}
    plain = [(n, _specification(m)) for n, m in named.items() if not isinstance(m, Combination)]
    several = []
    for name, made in named.items():
        if isinstance(made, Combination):
            rule = made.weights if isinstance(made.weights, str) else [float(w) for w in made.weights]
            several.append((name, [_specification(m) for m in made.models], rule, made.pooling))
    return plain, several


def _name(model: Any) -> str:
    return model if isinstance(model, str) else type(model).__name__


def _run(
    data: Any,
    h: int,
    *,
    model: Any,
    past: bool,
    freq: str | int | None,
    level: Sequence[float],
    season: int | None,
    names: tuple[str, str, str],
    as_of: str | None,
    settings: Mapping[str, int],
    intervals: str,
    seed: int | None,
    progress: Callable[[int, int], object] | None,
) -> tuple[_core.Lines, Calendar, list[float], Kind]:
    identity, time, y = names
    if intervals not in _INTERVALS:
        raise InputError(f"intervals = {intervals!r}: must be among {', '.join(_INTERVALS)}")
    levels = checked_levels(level)
    frame, kind = frame_in(data, only=[identity, time, y, *([as_of] if as_of else [])])
    plain, several = _models(model)
    lines = _core.forecast_many(
        frame,
        (identity, time, y, as_of),
        (
            whole("h", h, 1),
            settings["windows"],
            settings["step"],
            settings["gap"],
            settings["refit"],
            settings["draws"],
        ),
        models=plain,
        combinations=several,
        levels=[one / 100 for one in levels],
        seed=seed,
        season=None if season is None else whole("season", season, 1),
        frequency=frequency_name(freq),
        intervals=intervals,
        past=past,
        progress=progress,
    )
    calendar = Calendar(column(data, time), lines.frequency, lines.label, kind)
    return lines, calendar, levels, kind


def forecast_frame(
    data: Any,
    h: int,
    *,
    model: Any = "auto",
    freq: str | int | None = None,
    level: Sequence[float] = (80, 95),
    season: int | None = None,
    id: str = "unique_id",
    time: str = "ds",
    y: str = "y",
    intervals: str = "auto",
    windows: int = 2,
    gap: int = 0,
    draws: int = 1000,
    seed: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> ManyForecasts:
    """Forecast every series of a long frame.

    Parameters
    ----------
    data
        A row a series and period: any frame. Rows in any order; periods that are not there are missing.
    h
        How many periods after the last known value of each series.
    model
        A name, a specification such as :class:`averted.Arima`, a :class:`Combination`, or several of these: a list, or
        a mapping of names to them. ``"auto"`` is the mean of ``"ets"``, ``"structural"`` and
        ``"theta"``.
    freq
        ``"M"``, ``"Q"``, ``"Y"`` or as of a panel; read off the data if not given.
    level
        Of the intervals, in per cent.
    season
        Periods of a season; a year of the calendar if not given, 1 for none.
    id, time, y
        Columns.
    intervals
        ``"model"``: quantiles of the model's paths. ``"conformal"``: as wide as past errors say, of all series together
        where there are 40, else of each its own. ``"auto"``: conformal from 40 series on.
    windows
        Past origins that conformal intervals learn from; of more than 1,000 series those of 1,000.
    gap
        Periods left out after the last known one.
    draws, seed
        Paths a series, and their seed.
    progress
        Called as ``progress(started, all)``.

    Returns
    -------
    ManyForecasts
        Its ``frame()`` has ``unique_id, ds, cutoff``, and for every model ``model, model-lo-95, model-hi-95``.

    Examples
    --------
    >>> import averted as av
    >>> data = {"unique_id": ["Ohio"] * 9, "ds": list(range(2010, 2019)), "y": [3, 5, 4, 6, 7, 6, 8, 9, 8]}
    >>> ahead = av.forecast(data, 2, model="structural", level=[90], seed=1)
    >>> sorted(ahead.frame())
    ['cutoff', 'ds', 'structural', 'structural-hi-90', 'structural-lo-90', 'unique_id']
    >>> ahead.frame()["ds"].tolist()
    [2019, 2020]
    """
    settings = {
        "windows": whole("windows", windows, 1),
        "step": 1,
        "gap": whole("gap", gap, 0),
        "refit": 1,
        "draws": whole("draws", draws, 1),
    }
    names = (id, time, y)
    lines, calendar, levels, kind = _run(
        data,
        h,
        model=model,
        past=False,
        freq=freq,
        level=level,
        season=season,
        names=names,
        as_of=None,
        settings=settings,
        intervals=intervals,
        seed=seed,
        progress=progress,
    )
    return ManyForecasts(lines, calendar, names, levels, kind)


def cross_validation(
    data: Any,
    h: int,
    *,
    model: Any = "auto",
    windows: int = 8,
    step: int = 1,
    gap: int = 0,
    refit: bool | int = True,
    as_of: str | None = None,
    freq: str | int | None = None,
    level: Sequence[float] = (80, 95),
    season: int | None = None,
    id: str = "unique_id",
    time: str = "ds",
    y: str = "y",
    draws: int = 1000,
    seed: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> CrossValidation:
    """Send models through the past of every series of a long frame.

    Parameters
    ----------
    data, model, freq, level, season, id, time, y, draws, seed, progress
        As of :func:`averted.forecast`.
    h, windows, step, gap
        Periods ahead; origins; periods between them; periods left out after each.
    refit
        Whether parameters are estimated anew at every origin; a number for every so many. Between them they are held.
    as_of
        Column with the period in which a value was published, where `data` holds vintages: every origin is given what
        was known at its time, and scored on what is known last.

    Returns
    -------
    CrossValidation
        Its ``frame()`` has ``unique_id, ds, cutoff, y``, and for every model ``model, model-lo-95, model-hi-95``;
        :meth:`~CrossValidation.evaluate` scores it.

    Examples
    --------
    >>> import averted as av
    >>> data = {"unique_id": ["Ohio"] * 12, "ds": list(range(2007, 2019)), "y": [3, 5, 4, 6, 7, 6, 8, 9, 8, 9, 11, 10]}
    >>> past = av.cross_validation(data, 2, model=["arima", "structural"], windows=3, seed=1)
    >>> past.frame()["cutoff"].tolist()
    [2014, 2014, 2015, 2015, 2016, 2016]
    """
    every = int(refit) if isinstance(refit, bool) else whole("refit", refit, 1)
    settings = {
        "windows": whole("windows", windows, 1),
        "step": whole("step", step, 1),
        "gap": whole("gap", gap, 0),
        "refit": every,
        "draws": whole("draws", draws, 1),
    }
    names = (id, time, y)
    lines, calendar, levels, kind = _run(
        data,
        h,
        model=model,
        past=True,
        freq=freq,
        level=level,
        season=season,
        names=names,
        as_of=as_of,
        settings=settings,
        intervals="model",
        seed=seed,
        progress=progress,
    )
    return CrossValidation(lines, calendar, names, levels, kind)
