"""What comes next: forecasts of panels under scenarios of spending, backtests, and scores.

A forecast is a set of joint paths: sums over the horizon and differences between scenarios are distributions too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from averted import _core
from averted._errors import InputError
from averted._frames import Kind, frame_out, source_in
from averted._result import Result, Table
from averted.timeseries import Structural, _whole, labels_of, matrix_in, vector

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

_RULES = ("wis", "crps", "coverage")


class Difference(NamedTuple):
    """A sum over the horizon under one scenario minus that under another."""

    scenario: str
    reference: str
    estimate: float
    lower: float
    upper: float
    #: The share of paths on which it is below zero.
    below_zero: float


class Forecast(Result):
    """The future of one series as joint paths, under one or several scenarios."""

    def __init__(
        self,
        core: _core.Forecast,
        *,
        unit: str,
        history: tuple[list[str], NDArray[np.float64]],
        levels: Sequence[float],
        kind: Kind,
        outcome: str = "",
        fit: _core.StructuralFit | None = None,
    ) -> None:
        self._core = core
        self.unit = unit
        self.outcome = outcome
        self._history = history
        self._levels = tuple(levels)
        self._kind = kind
        self._fit = fit

    @property
    def scenarios(self) -> list[str]:
        """Names of the scenarios."""
        return self._core.scenarios

    @property
    def periods(self) -> list[str]:
        """The periods, in the calendar of the data."""
        return self._core.labels

    @property
    def cutoff(self) -> str:
        """The last period that was known."""
        return self._core.cutoff

    @property
    def seed(self) -> int:
        """The seed of the draws."""
        return self._core.seed

    @property
    def notes(self) -> list[str]:
        """What the caller should know."""
        return self._core.notes

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean of the paths by period, under the first scenario."""
        return self._core.mean(0)

    def _scenario(self, scenario: str | None) -> int:
        return 0 if scenario is None else self._core.scenario(scenario)

    def quantile(self, p: float, scenario: str | None = None) -> NDArray[np.float64]:
        """A quantile by period; of counts always a whole number."""
        return self._core.quantile(self._scenario(scenario), float(p))

    def interval(
        self, level: float = 95, scenario: str | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lower and upper ends by period of the central interval at a level in per cent."""
        (level,) = checked_levels([level])
        return self._core.interval(self._scenario(scenario), level / 100)

    def paths(self, n: int | None = None, scenario: str | None = None) -> NDArray[np.float64]:
        """The first `n` paths, a row each; all of them if not given."""
        return self._core.paths(self._scenario(scenario))[:n]

    def difference(self, scenario: str, reference: str, periods: int | None = None, level: float = 95) -> Difference:
        """The sum over the first `periods` under one scenario minus that under another, path by path."""
        (level,) = checked_levels([level])
        least = len(self.periods) if periods is None else _whole("periods", periods, 1)
        found = self._core.difference(self._core.scenario(scenario), self._core.scenario(reference), least, level / 100)
        return Difference(scenario, reference, *found)

    def frame(self) -> Any:
        """One row a period and scenario: ``unique_id, ds, cutoff, mean, lo-95, hi-95, …``."""
        return frame_out(self._columns(), self._kind)

    def _columns(self) -> dict[str, list[Any]]:
        several = len(self.scenarios) > 1
        columns: dict[str, list[Any]] = {"unique_id": [], "ds": [], "cutoff": []}
        if several:
            columns["scenario"] = []
        columns["mean"] = []
        for level in self._levels:
            columns[f"lo-{level:g}"], columns[f"hi-{level:g}"] = [], []
        for s, name in enumerate(self.scenarios):
            n = len(self.periods)
            columns["unique_id"] += [self.unit] * n
            columns["ds"] += self.periods
            columns["cutoff"] += [self.cutoff] * n
            if several:
                columns["scenario"] += [name] * n
            columns["mean"] += self._core.mean(s).tolist()
            for level in self._levels:
                lower, upper = self._core.interval(s, level / 100)
                columns[f"lo-{level:g}"] += lower.tolist()
                columns[f"hi-{level:g}"] += upper.tolist()
        return columns

    def summary(self) -> Table:
        """Mean, median and 95 % interval by period and scenario."""
        return Table(self._core.table(0.95))

    def _tidy(self) -> Mapping[str, Sequence[Any]]:
        return self._columns()

    def _glance(self) -> dict[str, Any]:
        return {"unit": self.unit, "cutoff": self.cutoff, "horizon": len(self.periods), "seed": self.seed}

    def plot(self, ax: Axes | None = None, *, past: int = 25) -> Axes:
        """The fan: the past, then 50, 80 and 95 % bands of the first scenario and the median of each.

        Parameters
        ----------
        ax
            Axes to draw on.
        past
            Periods of the past to show.
        """
        from averted import _plot

        with _plot.style():
            ax = _plot.axes(ax)
            labels, y = self._history
            labels, y = labels[-past:], y[-past:]
            n, horizon = len(y), len(self.periods)
            at = np.arange(n - 1, n + horizon)
            known = np.flatnonzero(~np.isnan(y))
            last = y[known[-1]] if len(known) else np.nan
            for level, alpha in ((95, 0.14), (80, 0.18), (50, 0.25)):
                lower, upper = self._core.interval(0, level / 100)
                _plot.band(ax, at, np.r_[last, lower], np.r_[last, upper], alpha=alpha)
            ax.plot(np.arange(n), y, color=_plot.INK, marker="o", markersize=2.5, linewidth=1.2, label="observed")
            for s, name in enumerate(self.scenarios):
                color, dash = _plot.SERIES[s % len(_plot.SERIES)], _plot.DASHES[s % len(_plot.DASHES)]
                middle = np.r_[last, self._core.quantile(s, 0.5)]
                text = "median; bands 50, 80, 95 %" if len(self.scenarios) == 1 else f"{name}, median"
                ax.plot(at, middle, color=color, linestyle=dash, label=text)
            ax.axvline(n - 0.5, color=_plot.GREY, linewidth=0.7, linestyle=":")
            _plot.periods(ax, [*labels, *self.periods])
            ax.set_ylim(bottom=min(0.0, float(np.nanmin(y))))
            _plot.thousands(ax)
            what = self.outcome or "outcome"
            each = "a year" if self.cutoff.isdigit() else "a period"
            bands = "" if len(self.scenarios) == 1 else f"; bands 50, 80, 95 % of {self.scenarios[0]}"
            _plot.label(ax, title=self.unit if self.unit != "y" else "Forecast", y=f"{what} {each}{bands}")
            ax.legend(loc="upper left")
        return ax


class Forecasts(Result):
    """Forecasts of several units, and the units that could not be forecast, with the reason."""

    def __init__(self, forecasts: dict[str, Forecast], failed: dict[str, str], kind: Kind) -> None:
        self.forecasts = forecasts
        #: Unit to the reason why it has no forecast.
        self.failed = failed
        self._kind = kind

    def __getitem__(self, unit: str) -> Forecast:
        if unit in self.failed:
            raise InputError(f"{unit} has no forecast: {self.failed[unit]}")
        if unit not in self.forecasts:
            raise InputError(f"no unit `{unit}`")
        return self.forecasts[unit]

    def __len__(self) -> int:
        return len(self.forecasts)

    @property
    def units(self) -> list[str]:
        """Units with a forecast."""
        return list(self.forecasts)

    def _columns(self) -> dict[str, list[Any]]:
        parts = [forecast._columns() for forecast in self.forecasts.values()]
        return {name: [v for part in parts for v in part[name]] for name in (parts[0] if parts else {})}

    def frame(self) -> Any:
        """The frames of all units, one under the other."""
        return frame_out(self._columns(), self._kind)

    def _tidy(self) -> Mapping[str, Sequence[Any]]:
        return self._columns()

    def summary(self) -> Table:
        """A row a unit: mean and 95 % interval of the last period under the first scenario."""
        rows = [
            (f.unit, f.periods[-1], f.mean[-1], *(end[-1] for end in f.interval(95))) for f in self.forecasts.values()
        ]
        names = ("unit", "period", "mean", "lo-95", "hi-95")
        columns: dict[str, Sequence[Any]] = {name: [row[j] for row in rows] for j, name in enumerate(names)}
        notes = [f"no forecast for {unit}: {reason}" for unit, reason in self.failed.items()]
        kinds = {"mean": "count", "lo-95": "count", "hi-95": "count"}
        return Table.build(columns, kinds=kinds, title="Forecasts", notes=notes)


def forecast(
    panel: Any,
    horizon: int,
    *,
    unit: str | Sequence[str] | None = None,
    scenarios: Mapping[str, Mapping[str, Any]] | None = None,
    response: Any = None,
    levels: Sequence[float] = (80, 95),
    draws: int = 2000,
    seed: int | None = None,
    trend: str | None = "damped",
    season: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Any:
    """Forecast the events of a panel, unit by unit, from a structural model of the log of their rate.

    Parameters
    ----------
    panel
        An :class:`averted.Panel` with events.
    horizon
        How many periods.
    unit
        One unit, several, or all if not given.
    scenarios
        Name to what each column of spending does: a multiple of its last observed value (``{"spend": 1.2}``), or a
        path, one value a period. A column that a scenario leaves out stays where it was. Without a response, spending
        enters as a regressor of the unit's own past: an association.
    response
        What spending does, from elsewhere: an object with ``lag_coefficients``, ``lag_covariance`` and ``spend``, as
        :meth:`averted.Panel.respond` gives.
    levels
        Of the intervals in the frame, in per cent.
    draws, seed
        Paths and their seed; one is drawn and recorded if not given.
    trend, season
        As in :class:`averted.Structural`; the season is a year of the panel's calendar if not given, 1 for none.
    progress
        Called as ``progress(started, all)``.

    Returns
    -------
    Forecast or Forecasts
        One :class:`Forecast` for one unit by name, else :class:`Forecasts`; a unit that cannot be forecast is in
        ``failed`` with the reason.

    Raises
    ------
    InputError
        For arguments that do not fit, and for a single unit that cannot be forecast.
    """
    core, kind = _panel(panel)
    levels = checked_levels(levels)
    several = None if unit is None else [unit] if isinstance(unit, str) else [str(u) for u in unit]
    plans = []
    for name, changes in (scenarios or {}).items():
        if not isinstance(changes, Mapping):
            raise InputError(f"scenarios[{name!r}]: must be a mapping of columns to multiples or paths")
        plans.append((str(name), [(str(column), _path(column, value)) for column, value in changes.items()]))
    told = None
    if response is not None:
        missing = [n for n in ("lag_coefficients", "lag_covariance", "spend") if not hasattr(response, n)]
        if missing:
            raise InputError(f"response: a {type(response).__name__} has no {', '.join(missing)}")
        covariance = np.ascontiguousarray(response.lag_covariance, dtype=np.float64)
        told = (str(response.spend), vector("lag_coefficients", response.lag_coefficients), covariance)
    found = _core.forecast_panel(
        core,
        _whole("horizon", horizon, 1),
        units=several,
        scenarios=plans,
        response=told,
        draws=_whole("draws", draws, 1),
        seed=seed,
        trend=trend or "none",
        season=season,
        progress=progress,
    )
    outcome = str(getattr(panel, "events", "") or "events")
    made: dict[str, Forecast] = {}
    failed: dict[str, str] = {}
    for name, answer, reason in found:
        if answer is None:
            failed[name] = reason
            continue
        told_forecast, fit, labels, history = answer
        past = (labels, np.asarray(history))
        made[name] = Forecast(
            told_forecast, unit=name, history=past, levels=levels, kind=kind, outcome=outcome, fit=fit
        )
    answers = Forecasts(made, failed, kind)
    return answers[unit] if isinstance(unit, str) else answers


class Backtest(Result):
    """A specification sent through its past beside a naive forecast."""

    def __init__(self, core: _core.Backtest, *, unit: str, kind: Kind) -> None:
        self._core = core
        self.unit = unit
        self._kind = kind

    @property
    def seed(self) -> int:
        """The seed of the draws."""
        return self._core.seed

    def summary(self) -> Table:
        """By model: WIS, CRPS, coverage of the 50, 80 and 95 % intervals, MASE, skill against the naive forecast."""
        return Table(self._core.table())

    def frame(self) -> Any:
        """A row a cutoff and period: ``unique_id, ds, cutoff, y, model, model-lo-95, …, naive, naive-lo-95, …``."""
        rows = self._core.rows
        columns: dict[str, list[Any]] = {
            "unique_id": [self.unit] * len(rows),
            "ds": [row[1] for row in rows],
            "cutoff": [row[0] for row in rows],
            "y": [row[3] for row in rows],
        }
        for m, model in enumerate(("model", "naive")):
            columns[model] = [row[4][m][0] for row in rows]
            for i, level in enumerate((50, 80, 95)):
                columns[f"{model}-lo-{level}"] = [row[4][m][1][i][0] for row in rows]
                columns[f"{model}-hi-{level}"] = [row[4][m][1][i][1] for row in rows]
        return frame_out(columns, self._kind)


class Backtests(Result):
    """Backtests of several units, and the units without one, with the reason."""

    def __init__(self, backtests: dict[str, Backtest], failed: dict[str, str], kind: Kind) -> None:
        self.backtests = backtests
        #: Unit to the reason why it has none.
        self.failed = failed
        self._kind = kind

    def __getitem__(self, unit: str) -> Backtest:
        if unit in self.failed:
            raise InputError(f"{unit} has no backtest: {self.failed[unit]}")
        if unit not in self.backtests:
            raise InputError(f"no unit `{unit}`")
        return self.backtests[unit]

    def summary(self) -> Table:
        """The model's line of every unit."""
        columns: dict[str, list[Any]] = {"unit": []}
        for unit, backtest in self.backtests.items():
            columns["unit"].append(unit)
            for name, values in backtest.summary().columns.items():
                if name != "model":
                    columns.setdefault(name, []).append(values[0])
        notes = [f"no backtest for {unit}: {reason}" for unit, reason in self.failed.items()]
        return Table.build(dict(columns), title="Backtests", notes=notes)


def backtest(
    model: Any,
    y: Any = None,
    *,
    horizon: int,
    windows: int = 8,
    step: int = 1,
    gap: int = 0,
    x: Any = None,
    exposure: Any = None,
    index: Sequence[Any] | None = None,
    unit: str | Sequence[str] | None = None,
    draws: int = 1000,
    seed: int | None = None,
    trend: str | None = "damped",
    season: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Any:
    """Send a model through its past: fitted anew at each of the latest cutoffs, scored on what came after.

    Parameters
    ----------
    model
        A specification such as :class:`averted.Structural`, with `y`; or an :class:`averted.Panel`, whose units are
        forecast as :func:`forecast` does without spending.
    y, x, exposure, index
        The series and what belongs to it. Exposure and regressors of the test periods are taken as known.
    horizon, windows, step, gap
        Periods ahead; cutoffs; periods between them; periods left out after each.
    unit, trend, season
        Of a panel, as in :func:`forecast`.
    draws, seed
        Paths a window, and their seed.

    Returns
    -------
    Backtest or Backtests
        :class:`Backtests` for several units of a panel.
    """
    least = {"horizon": horizon, "windows": windows, "step": step, "draws": draws}
    sizes = {name: _whole(name, value, 1) for name, value in least.items()}
    settings = (sizes["horizon"], sizes["windows"], sizes["step"], _whole("gap", gap, 0), sizes["draws"])
    if isinstance(model, Structural):
        if y is None:
            raise InputError("y: a specification needs a series")
        values = vector("y", y)
        core = _core.backtest_series(
            model._inner,
            "y",
            values,
            settings,
            x=matrix_in(x)[0],
            exposure=None if exposure is None else vector("exposure", exposure),
            labels=labels_of(y, index, len(values)),
            seed=seed,
            progress=progress,
        )
        from averted.timeseries import kind_of

        return Backtest(core, unit="y", kind=kind_of(y))
    panel, kind = _panel(model)
    several = None if unit is None else [unit] if isinstance(unit, str) else [str(u) for u in unit]
    found = _core.backtest_panel(
        panel, settings, units=several, seed=seed, trend=trend or "none", season=season, progress=progress
    )
    made = {name: Backtest(core, unit=name, kind=kind) for name, core, _ in found if core is not None}
    answers = Backtests(made, {name: reason for name, core, reason in found if core is None}, kind)
    return answers[unit] if isinstance(unit, str) else answers


def score(observed: Any, forecast: Forecast, rules: Sequence[str] = _RULES, scenario: str | None = None) -> Any:
    """Score a forecast against what came, period by period; periods with nothing observed are NaN.

    Parameters
    ----------
    observed
        One value a period of the forecast, NaN where nothing is known yet.
    forecast
        The forecast.
    rules
        Among ``"wis"`` (Bracher et al. 2021, 23 quantiles), ``"crps"`` (of the paths) and ``"coverage"`` (of the 50, 80
        and 95 % intervals, 1 or 0).
    scenario
        Which; the first if not given.

    Returns
    -------
    frame
        ``ds, y`` and a column a rule, of the forecast's kind.
    """
    if unknown := [rule for rule in rules if rule not in _RULES]:
        raise InputError(f"rules: {', '.join(map(str, unknown))}: must be among {', '.join(_RULES)}")
    values = vector("observed", observed)
    scores = forecast._core.score(values, forecast._scenario(scenario))
    columns: dict[str, Any] = {"ds": forecast.periods, "y": values}
    for rule in rules:
        if rule == "coverage":
            for i, level in enumerate((50, 80, 95)):
                columns[f"coverage-{level}"] = [np.nan if s is None else float(s[3][i]) for s in scores]
        else:
            at = _RULES.index(rule)
            columns[rule] = [np.nan if s is None else s[at] for s in scores]
    return frame_out(columns, forecast._kind)


def checked_levels(levels: Sequence[float]) -> list[float]:
    """Levels in per cent that are levels."""
    given = [float(level) for level in levels]
    for level in given:
        if not 0 < level < 100:
            raise InputError(f"level = {level:g}: must be between 0 and 100, such as 95")
    return given


def _path(column: str, value: Any) -> Any:
    if isinstance(value, (int, float, np.number)):
        return float(value)
    return vector(f"scenario of {column}", value)


def _panel(panel: Any) -> tuple[_core.Panel, Kind]:
    core, kind = source_in(panel)
    if not isinstance(core, _core.Panel):
        raise InputError("expected an av.Panel with events; make one with av.Panel(data, unit=…, time=…, events=…)")
    return core, kind
