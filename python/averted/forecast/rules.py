"""Proper scores and measures of forecasts, on plain arrays and on frames of forecasts.

Less is better everywhere. :func:`evaluate` takes a frame in the columns that forecasting packages share:
``unique_id, ds, cutoff, y``, a column a model, and its intervals ``model-lo-80, model-hi-80``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from averted import _core
from averted._arguments import whole
from averted._errors import InputError
from averted._frames import Kind, frame_in, frame_out
from averted._result import Answer, Result, Table
from averted.timeseries._series import kind_of, vector

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

_FAMILIES = {
    "normal": ("mean", "sd"),
    "student": ("location", "scale", "degrees"),
    "logistic": ("location", "scale"),
    "laplace": ("location", "scale"),
    "log_normal": ("mean_log", "sd_log"),
    "gamma": ("shape", "rate"),
    "exponential": ("rate",),
    "uniform": ("lower", "upper"),
    "poisson": ("mean",),
    "negative_binomial": ("mean", "size"),
}
_MEASURES = ("n", "me", "mae", "rmse", "mpe", "mape", "smape", "wape", "mase", "rmsse")


def _distribution(
    rule: str, y: Any, family: str, parameters: Mapping[str, Any], upper: Any = None
) -> NDArray[np.float64]:
    if family not in _FAMILIES:
        raise InputError(f"family = {family!r}: must be among {', '.join(_FAMILIES)}")
    names = _FAMILIES[family]
    if set(parameters) != set(names):
        raise InputError(
            f"{family}: expected the parameters {', '.join(names)}, found {', '.join(parameters) or 'none'}"
        )
    values = vector("y", np.atleast_1d(np.asarray(y, dtype=np.float64)))
    try:
        columns = [np.broadcast_to(np.asarray(parameters[name], dtype=np.float64), values.shape) for name in names]
    except ValueError:
        raise InputError(f"{family}: parameters must be numbers, or one for each of {len(values)} outcomes") from None
    highs = None if upper is None else vector("upper", np.broadcast_to(np.asarray(upper, np.float64), values.shape))
    return _core.distribution_scores(rule, family, values, np.ascontiguousarray(np.column_stack(columns)), upper=highs)


def _matrix(draws: Any, n: int) -> NDArray[np.float64]:
    array = np.ascontiguousarray(np.asarray(draws, dtype=np.float64))
    if array.ndim != 2 or array.shape[0] != n or not array.shape[1]:
        raise InputError(f"draws: expected {n} rows of draws, found shape {array.shape}")
    return array


def crps(
    y: Any, family: str = "", *, draws: Any = None, fair: bool = False, between: Any = None, **parameters: Any
) -> NDArray[np.float64]:
    """Continuous ranked probability score of every outcome, in the outcome's units.

    Parameters
    ----------
    y
        Outcomes; NaN scores NaN.
    family
        ``"normal"`` (mean, sd), ``"student"`` (location, scale, degrees), ``"logistic"`` and ``"laplace"`` (location,
        scale), ``"log_normal"`` (mean_log, sd_log), ``"gamma"`` (shape, rate), ``"exponential"`` (rate), ``"uniform"``
        (lower, upper), ``"poisson"`` (mean) or ``"negative_binomial"`` (mean, size), the parameters by name.
    draws
        Instead of a family: draws, a row an outcome.
    fair
        Score the distribution that the draws come from, not the draws (Ferro 2014).
    between
        Upper ends of counts known only to lie between ``y`` and these: the threshold-weighted score outside.

    Examples
    --------
    >>> from averted.forecast import crps
    >>> float(crps(12, "negative_binomial", mean=15, size=10)[0])
    1.7680231215670...
    """
    if draws is not None:
        if family or parameters or between is not None:
            raise InputError("crps: give draws, or a family with its parameters")
        values = vector("y", np.atleast_1d(np.asarray(y, dtype=np.float64)))
        return _core.draws_scores(values, _matrix(draws, len(values)), fair)
    return _distribution("crps", y, family, parameters, between)


def log_score(y: Any, family: str, *, between: Any = None, **parameters: Any) -> NDArray[np.float64]:
    """Minus the log density or log probability of every outcome.

    Parameters
    ----------
    y
        Outcomes.
    family, parameters
        As of :func:`crps`.
    between
        Upper ends of outcomes known only to lie between ``y`` and these, both included.

    Examples
    --------
    >>> from averted.forecast import log_score
    >>> log_score(1, "poisson", mean=4, between=9).round(4).tolist()
    [0.0268]
    """
    return _distribution("log_score", y, family, parameters, between)


def dawid_sebastiani(y: Any, family: str, **parameters: Any) -> NDArray[np.float64]:
    """(y − mean)²/variance + log variance of every outcome; arguments as of :func:`crps`."""
    return _distribution("dawid_sebastiani", y, family, parameters)


def energy(y: Any, draws: Any, fair: bool = False) -> float:
    """Energy score of joint paths, draws by periods (Gneiting et al. 2008)."""
    values = vector("y", y)
    return _core.joint_score(values, np.ascontiguousarray(draws, dtype=np.float64), None, fair)


def variogram(y: Any, draws: Any, order: float = 0.5) -> float:
    """Variogram score of joint paths, draws by periods (Scheuerer & Hamill 2015)."""
    return _core.joint_score(vector("y", y), np.ascontiguousarray(draws, dtype=np.float64), float(order), False)


def wis(y: Any, median: Any, intervals: Mapping[float, tuple[Any, Any]]) -> dict[str, NDArray[np.float64]]:
    """Weighted interval score of every outcome, and what it consists of (Bracher et al. 2021).

    Parameters
    ----------
    y, median
        Outcomes and medians.
    intervals
        Level in per cent to lower and upper ends: ``{80: (lower, upper), 95: (lower, upper)}``.

    Returns
    -------
    dict
        ``wis, dispersion, underprediction, overprediction``.

    Examples
    --------
    >>> from averted.forecast import wis
    >>> parts = wis([45], [20], {95: ([10], [40]), 80: ([14], [30]), 50: ([16], [26])})
    >>> {name: round(float(v[0]), 3) for name, v in parts.items()}
    {'wis': 16.1, 'dispersion': 1.386, 'underprediction': 14.714, 'overprediction': 0.0}
    """
    values, middle = vector("y", y), vector("median", median)
    ends = {level: (vector("lower", low), vector("upper", high)) for level, (low, high) in intervals.items()}
    if any(len(side) != len(values) for pair in [(middle,), *ends.values()] for side in pair):
        raise InputError(f"wis: expected {len(values)} medians and ends of every interval")
    alphas = [_alpha(level) for level in ends]
    empty = np.empty((len(values), 0))
    low = np.column_stack([pair[0] for pair in ends.values()]) if ends else empty
    high = np.column_stack([pair[1] for pair in ends.values()]) if ends else empty
    parts = _core.interval_scores(values, middle, alphas, np.ascontiguousarray(low), np.ascontiguousarray(high))
    return dict(zip(("wis", "dispersion", "underprediction", "overprediction"), parts.T, strict=True))


def _alpha(level: float) -> float:
    if not 0 < level < 100:
        raise InputError(f"level = {level!r}: must be between 0 and 100 per cent")
    return round(1 - float(level) / 100, 12)


def errors(y: Any, forecast: Any, training: Any = (), season: int = 1) -> dict[str, float]:
    """Measures of point forecasts: ``n, me, mae, rmse, mpe, mape, smape, wape, mase, rmsse``.

    Parameters
    ----------
    y, forecast
        Outcomes and forecasts; pairs with a missing value are left out.
    training
        What the model was fitted to, for MASE and RMSSE.
    season
        Periods of the naive forecast that these compare with.

    Examples
    --------
    >>> from averted.forecast import errors
    >>> errors([3, 5], [2, 7], training=[1, 2, 4])["mase"]
    1.0
    """
    found = _core.point_errors(
        vector("y", y), vector("forecast", forecast), vector("training", training), whole("season", season, 1)
    )
    return dict(zip(_MEASURES, found, strict=True))


def coverage(y: Any, lower: Any, upper: Any, level: float = 95) -> dict[str, float]:
    """How many intervals held their outcome: ``held, n, share, lower, upper``, the last two of the share, exact."""
    _alpha(level)
    found = _core.interval_coverage(vector("y", y), vector("lower", lower), vector("upper", upper), level / 100)
    return dict(zip(("held", "n", "share", "lower", "upper"), found, strict=True))


def pit(y: Any, family: str, bins: int = 10, **parameters: Any) -> list[float]:
    """Heights of the histogram of probability integral transforms, 1 where forecasts are calibrated.

    Counts are spread between P(Y < y) and P(Y ≤ y) and not drawn (Czado, Gneiting & Held 2009). Arguments as of
    :func:`crps`.
    """
    lower = _distribution("pit_lower", y, family, parameters)
    upper = _distribution("pit_upper", y, family, parameters)
    return _core.pit_heights(lower, upper, whole("bins", bins, 1))


def relative_skill(scores: Any, baseline: str) -> Any:
    """Skill of forecasters relative to a baseline: geometric means of pairwise ratios (Cramer et al. 2022).

    Parameters
    ----------
    scores
        A frame with a column a forecaster and a row a task, missing where one did not take part.
    baseline
        The forecaster that gets 1.

    Returns
    -------
    frame
        ``model, relative_skill``, of the kind that came in.
    """
    frame, kind = frame_in(scores)
    names = list(frame.names)
    if baseline not in names:
        raise InputError(f"baseline = {baseline!r}: must be among {', '.join(names)}")
    table = np.ascontiguousarray(np.column_stack([frame.number(name) for name in names]))
    return frame_out({"model": names, "relative_skill": _core.relative_skill(table, names.index(baseline))}, kind)


def best_possible_reach(y: Any, forecast: Any, top: int) -> float:
    """Outcomes in the ``top`` places by forecast over those in the ``top`` places by outcome.

    Examples
    --------
    >>> from averted.forecast import best_possible_reach
    >>> best_possible_reach([10, 0, 30, 5], [1, 9, 9, 2], top=2)
    0.75
    """
    return _core.best_possible_reach(vector("y", y), vector("forecast", forecast), whole("top", top, 1))


@dataclass(frozen=True, repr=False)
class DieboldMariano(Result):
    """What a test of equal expected loss said."""

    difference: float
    statistic: float
    p_value: float
    n: int
    h: int
    names: tuple[str, str]

    def summary(self) -> Table:
        """Difference of the mean losses, statistic and p-value."""
        columns: dict[str, Sequence[Any]] = {
            name: [getattr(self, name)] for name in ("difference", "statistic", "p_value", "n")
        }
        notes = [
            f"null: {self.names[0]} and {self.names[1]} lose the same on average",
            f"difference: mean loss of {self.names[0]} minus that of {self.names[1]}",
            f"Harvey, Leybourne and Newbold's correction, {self.h} steps ahead; t of {self.n - 1} degrees of freedom",
        ]
        return Table.build(columns, kinds={"n": "count"}, title="Diebold–Mariano test", notes=notes)

    def _glance(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("difference", "statistic", "p_value", "n", "h")}


def diebold_mariano(
    first: Any, second: Any, h: int = 1, bartlett: bool = False, names: tuple[str, str] = ("the first", "the second")
) -> DieboldMariano:
    """Diebold and Mariano's test that two forecasters lose the same, corrected for small samples.

    Parameters
    ----------
    first, second
        Losses of the same outcomes in order of time: squared errors, or any score.
    h
        Steps ahead.
    bartlett
        Bartlett's weights, for a variance that is never below zero.
    names
        Of the forecasters.

    Examples
    --------
    >>> from averted.forecast import diebold_mariano
    >>> test = diebold_mariano([1, 2, 1.5, 0.5, 1, 2], [2, 2.5, 3, 1, 2.5, 2])
    >>> test.difference < 0, round(test.p_value, 3)
    (True, 0.02)
    """
    found = _core.diebold_mariano(vector("first", first), vector("second", second), whole("h", h, 1), bool(bartlett))
    return DieboldMariano(*found, h, names)


@dataclass(frozen=True, repr=False)
class Murphy(Answer):
    """Mean elementary scores by threshold: the Murphy diagram (Ehm et al. 2016)."""

    thresholds: list[float]
    curves: dict[str, list[float]]
    level: float | None
    kind: Kind = "dict"

    def _tidy(self) -> dict[str, Sequence[Any]]:
        return {"threshold": self.thresholds, **self.curves}

    def summary(self) -> Table:
        """A row a threshold."""
        of = "means" if self.level is None else f"quantiles of level {self.level}"
        note = "the lower curve is better; one below another everywhere is better under every loss that fits"
        return Table.build(dict(self._tidy()), title=f"Murphy diagram of {of}", notes=[note])

    def plot(self, ax: Axes | None = None) -> Axes:
        """Mean elementary score against the threshold."""
        from averted import _plot

        with _plot.style():
            ax = _plot.axes(ax)
            for i, (name, curve) in enumerate(self.curves.items()):
                color, dash = _plot.SERIES[i % len(_plot.SERIES)], _plot.DASHES[i % len(_plot.DASHES)]
                ax.plot(self.thresholds, curve, color=color, linestyle=dash, label=name)
            _plot.label(ax, title="Murphy diagram", x="threshold", y="mean elementary score")
            ax.legend()
        return ax


def murphy(y: Any, forecasts: Mapping[str, Any], level: float | None = None, points: int = 200) -> Murphy:
    """Murphy diagram of several forecasters of means, or of quantiles of a level.

    Parameters
    ----------
    y
        Outcomes.
    forecasts
        Name to forecasts.
    level
        Between 0 and 1 for quantiles; ``None`` for means.
    points
        Thresholds, evenly from the least to the greatest value.
    """
    values = vector("y", y)
    told = {str(name): vector(str(name), forecast) for name, forecast in forecasts.items()}
    for name, forecast in told.items():
        if len(forecast) != len(values):
            raise InputError(f"{name}: expected {len(values)} forecasts, found {len(forecast)}")
    everything = np.concatenate([values, *told.values()])
    if not told or not np.isfinite(everything).all():
        raise InputError("murphy: outcomes and forecasts must be there and finite")
    if level is not None and not 0 < level < 1:
        raise InputError(f"level = {level!r}: must be between 0 and 1, or None for means")
    at = np.linspace(everything.min(), everything.max(), whole("points", points, 2))
    curves = {name: _core.murphy(values, forecast, at, level).tolist() for name, forecast in told.items()}
    return Murphy(at.tolist(), curves, level, kind_of(y))


def evaluate(forecasts: Any, training: Any = None, season: int = 1, by: str | None = None) -> Any:
    """Measures and scores of every model in a frame of forecasts with their outcomes.

    Parameters
    ----------
    forecasts
        Columns ``unique_id, ds, y``, perhaps ``cutoff``, a column a model, and where there are intervals
        ``model-lo-80, model-hi-80`` and the like. :meth:`averted.forecast.Backtest.frame` makes one; others do too.
    training
        Columns ``unique_id, ds, y`` of what the models were fitted to, for MASE and RMSSE; periods at or after a
        series' first forecast are left out.
    season
        Periods of the naive forecast that MASE compares with.
    by
        A column to group by as well, such as ``"cutoff"``.

    Returns
    -------
    frame
        A row a model (and group): ``model, n, mae, rmse, smape, wape, mase, rmsse``, then per level
        ``coverage-80, interval-80`` and the WIS over all levels, with the point forecast as the median.
        MASE and RMSSE are means over the series that have one.

    Examples
    --------
    >>> import averted as av
    >>> frame = {"unique_id": ["a", "a"], "ds": ["1", "2"], "y": [3.0, 5.0], "theta": [2.0, 7.0],
    ...          "theta-lo-80": [1.0, 6.0], "theta-hi-80": [4.0, 9.0]}
    >>> found = av.evaluate(frame)
    >>> found["mae"].tolist(), found["coverage-80"].tolist()
    ([1.5], [0.5])
    """
    frame, kind = frame_in(forecasts)
    names = list(frame.names)
    fixed = ["unique_id", "ds", "cutoff", "y", *([by] if by else [])]
    for needed in ("unique_id", "y", *([by] if by else [])):
        if needed not in names:
            raise InputError(f"no column `{needed}`; there are {', '.join(names)}")
    models = [n for n in names if n not in fixed and "-lo-" not in n and "-hi-" not in n]
    if not models:
        raise InputError("no column of forecasts beside unique_id, ds, cutoff and y")
    units = _labels(frame, "unique_id")
    groups = _labels(frame, by) if by else np.zeros(len(units), dtype=np.int64)
    y = frame.number("y")
    past = _training(training, units, frame) if training is not None else {}
    rows: list[dict[str, Any]] = []
    for group in dict.fromkeys(groups.tolist()):
        inside = groups == group
        for model in models:
            row: dict[str, Any] = {by: group} if by else {}
            rows.append({**row, "model": model, **_measured(frame, model, y, units, inside, past, season)})
    columns = dict.fromkeys(name for row in rows for name in row)
    return frame_out({name: [row.get(name, np.nan) for row in rows] for name in columns}, kind)


def _labels(frame: _core.Frame, name: str) -> NDArray[Any]:
    if frame.is_text(name):
        codes, labels = frame.factor(name)
        return np.asarray([labels[c] if c < len(labels) else "" for c in codes], dtype=object)
    return frame.number(name)


def _training(training: Any, units: NDArray[Any], forecasts: _core.Frame) -> dict[Any, NDArray[np.float64]]:
    frame, _ = frame_in(training)
    for needed in ("unique_id", "ds", "y"):
        if needed not in frame.names:
            raise InputError(f"training: no column `{needed}`; there are {', '.join(frame.names)}")
    if "ds" not in forecasts.names:
        raise InputError("no column `ds`; it says where the training of a series ends")
    of, ds, y, ahead = _labels(frame, "unique_id"), _labels(frame, "ds"), frame.number("y"), _labels(forecasts, "ds")
    out = {}
    for unit in dict.fromkeys(units.tolist()):
        mine = of == unit
        if not mine.any():
            raise InputError(f"training: no rows of {unit!r}")
        before = mine & (ds < min(ahead[units == unit].tolist()))
        out[unit] = y[before][np.argsort(ds[before], kind="stable")]
    return out


def _measured(
    frame: _core.Frame,
    model: str,
    y: NDArray[np.float64],
    units: NDArray[Any],
    inside: NDArray[Any],
    past: Mapping[Any, NDArray[np.float64]],
    season: int,
) -> dict[str, Any]:
    forecast = frame.number(model)
    known = inside & ~np.isnan(y) & ~np.isnan(forecast)
    if not known.any():
        return {"n": 0}
    found = errors(y[known], forecast[known], season=season)
    out: dict[str, Any] = {name: found[name] for name in ("n", "mae", "rmse", "smape", "wape")}
    scaled = [
        errors(y[mine], forecast[mine], past[unit], season) for unit in past if (mine := known & (units == unit)).any()
    ]
    for name in ("mase", "rmsse"):
        values = [each[name] for each in scaled if each[name] == each[name]]
        out[name] = float(np.mean(values)) if values else np.nan
    levels = [n.removeprefix(f"{model}-lo-") for n in frame.names if n.startswith(f"{model}-lo-")]
    ends = {}
    for text in levels:
        if f"{model}-hi-{text}" not in frame.names:
            raise InputError(f"no column `{model}-hi-{text}` beside `{model}-lo-{text}`")
        ends[float(text)] = (frame.number(f"{model}-lo-{text}")[known], frame.number(f"{model}-hi-{text}")[known])
    for level, (low, high) in sorted(ends.items()):
        out[f"coverage-{level:g}"] = coverage(y[known], low, high)["share"]
        parts = wis(y[known], y[known], {level: (low, high)})
        # One interval with a median that is right: (α/2 · IS) / 1.5.
        out[f"interval-{level:g}"] = float(np.mean(parts["wis"])) * 3 / _alpha(level)
    if ends:
        parts = wis(y[known], forecast[known], ends)
        out |= {name: float(np.mean(values)) for name, values in parts.items()}
    return out
