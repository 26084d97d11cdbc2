"""Intervals that cover, from how far past forecasts were off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from averted import _core
from averted._arguments import whole
from averted._errors import InputError
from averted._frames import frame_in, frame_out
from averted.forecast.answer import Forecast, checked_levels
from averted.timeseries._series import vector

if TYPE_CHECKING:
    from numpy.typing import NDArray

    #: Centre, and the size of an error below and above.
    Spreads = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


class Conformal:
    """Past errors of a model by horizon, in the sizes that its own intervals told.

    A frame of past forecasts, such as :meth:`CrossValidation.frame` gives, has for every row how far the outcome was
    from the forecast, in half-widths of the interval on that side. Of n such scores at a horizon the
    ⌈(n + 1) · level⌉-th smallest says how far new intervals must reach to cover at least so often, whatever the model,
    if past and future are alike. All series of the frame count together.

    Parameters
    ----------
    past
        Columns ``unique_id, ds, cutoff, y``, the model's, and its interval ``model-lo-80, model-hi-80`` at any level.
    model
        The column of the model; the only one if not given.

    Examples
    --------
    >>> import averted as av
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> frame = {"unique_id": [f"s{i}" for i in range(60)], "cutoff": [2019] * 60, "ds": [2020] * 60,
    ...          "y": rng.normal(size=60), "m": [0.0] * 60, "m-lo-80": [-0.1] * 60, "m-hi-80": [0.1] * 60}
    >>> conformal = av.Conformal(frame)
    >>> conformal.n
    [60]
    >>> new = {"unique_id": ["s0"], "cutoff": [2020], "ds": [2021], "m": [5.0], "m-lo-80": [4.9], "m-hi-80": [5.1]}
    >>> wider = conformal.intervals(new, level=[90])
    >>> bool(wider["m-lo-90"][0] < 4)
    True
    """

    def __init__(self, past: Any, model: str | None = None) -> None:
        frame, _ = frame_in(past)
        self.model = _model(frame.names, model)
        self._level, lower, upper = _ends(frame, self.model)
        ahead = _ahead(frame)
        y, centre = frame.number("y"), frame.number(self.model)
        known = ~np.isnan(y) & ~np.isnan(centre)
        below, above = _core.interval_spreads(centre[known], lower[known], upper[known], self._level / 100)
        self._core = _core.Calibration([int(h) for h in ahead[known]], (centre[known], below, above), y[known])

    @property
    def n(self) -> list[int]:
        """Scores one, two, … periods ahead."""
        return self._core.n

    def radius(self, ahead: int, level: float = 95) -> float:
        """How many sizes an interval at a level in per cent must reach, so many periods ahead."""
        (level,) = checked_levels([level])
        return self._core.radius(whole("ahead", ahead, 1), level / 100)

    def intervals(self, frame: Any, level: Sequence[float] = (80, 95), *, counts: bool = False) -> Any:
        """The frame with intervals of the model at these levels in place of its own.

        Parameters
        ----------
        frame
            Columns ``unique_id, ds, cutoff``, the model's and its interval, as the past had them.
        level
            In per cent.
        counts
            The outcome is a count: ends are whole and not below zero.

        Raises
        ------
        InputError
            When a horizon has fewer past errors than a level needs.
        """
        core, kind = frame_in(frame)
        told, lower, upper = _ends(core, self.model, self._level)
        centre = core.number(self.model)
        below, above = _core.interval_spreads(centre, lower, upper, told / 100)
        ahead = [int(h) for h in _ahead(core)]
        names = core.names
        dropped = {n for n in names if n.startswith((f"{self.model}-lo-", f"{self.model}-hi-"))}
        columns: dict[str, Any] = {name: frame[name] for name in names if name not in dropped}
        for one in checked_levels(level):
            found = self._core.intervals(ahead, (centre, below, above), one / 100, counts)
            columns[f"{self.model}-lo-{one:g}"] = [low for low, _ in found]
            columns[f"{self.model}-hi-{one:g}"] = [high for _, high in found]
        return frame_out(columns, kind)


def _model(names: Sequence[str], model: str | None) -> str:
    found = sorted({name.rpartition("-lo-")[0] for name in names if "-lo-" in name})
    if model is None and len(found) == 1:
        return found[0]
    if model not in found:
        which = "several have intervals" if model is None else f"`{model}` has no interval"
        raise InputError(f"model: {which}; there are {', '.join(found) or 'none'}")
    return model


def _ends(
    frame: _core.Frame, model: str, level: float | None = None
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Level and ends of the interval that tells the size: the one nearest to 80 %."""
    prefix = f"{model}-lo-"
    levels = {float(n.removeprefix(prefix)): n.removeprefix(prefix) for n in frame.names if n.startswith(prefix)}
    if not levels:
        raise InputError(f"no column `{prefix}…`: an interval of the model says how large it takes its errors to be")
    if level is not None and level not in levels:
        raise InputError(f"no column `{prefix}{level:g}`, by which the past errors were measured")
    told = min(levels, key=lambda one: abs(one - 80)) if level is None else level
    return told, frame.number(f"{prefix}{levels[told]}"), frame.number(f"{model}-hi-{levels[told]}")


def _ahead(frame: _core.Frame) -> NDArray[np.int64]:
    """The place of every row among those of its series and origin, from 1, in order of time."""
    for needed in ("unique_id", "ds", "cutoff"):
        if needed not in frame.names:
            raise InputError(f"no column `{needed}`; there are {', '.join(frame.names)}")
    keys = [_codes(frame, name) for name in ("unique_id", "cutoff", "ds")]
    order = np.lexsort(keys[::-1])
    ahead = np.empty(frame.rows, dtype=np.int64)
    before: tuple[float, float] | None = None
    place = 0
    for row in order:
        key = (keys[0][row], keys[1][row])
        place = place + 1 if key == before else 1
        before = key
        ahead[row] = place
    return ahead


def _codes(frame: _core.Frame, name: str) -> NDArray[np.float64]:
    if frame.is_text(name):
        return frame.factor(name)[0].astype(np.float64)
    return frame.number(name)


def conformal(forecast: Forecast, scores: Sequence[Any], level: float = 95) -> Forecast:
    """A forecast with joint paths stretched about their median, so that intervals up to a level are conformal.

    Parameters
    ----------
    forecast
        Of one series.
    scores
        Past scores, one list a period ahead: outcomes minus medians in the sizes of past forecasts, taken without their
        sign. The size of a forecast is its 80 % interval's half-width on that side over 1.28.
    level
        The largest level, in per cent, that must hold; each period needs level/(100 − level) scores.

    Examples
    --------
    >>> import averted as av
    >>> from averted.forecast import conformal
    >>> flow = [1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020]
    >>> ahead = av.Structural().fit(flow).forecast(1, seed=1)
    >>> wide = conformal(ahead, [[0.2 * i for i in range(40)]], level=95)
    >>> bool(wide.interval(95)[1][0] > ahead.interval(95)[1][0])
    True
    """
    (level,) = checked_levels([level])
    sizes = [np.abs(vector(f"scores {h} ahead", one)) for h, one in enumerate(scores, 1)]
    flat = np.concatenate(sizes) if sizes else np.empty(0)
    ahead = [h for h, one in enumerate(sizes, 1) for _ in one]
    unit = (np.zeros(len(flat)), np.ones(len(flat)), np.ones(len(flat)))
    made = _core.Calibration(ahead, unit, flat).forecast(forecast._core, level / 100)
    return Forecast(
        made,
        unit=forecast.unit,
        history=forecast._history,
        levels=forecast._levels,
        kind=forecast._kind,
        outcome=forecast.outcome,
    )


def adaptive_intervals(
    y: Any, forecast: Any, size: Any, *, ahead: int = 1, level: float = 95, rate: float = 0.02
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Intervals of forecasts made one after the other, whose level learns from misses (Gibbs & Candès 2021).

    Parameters
    ----------
    y
        Outcomes, NaN where not known yet.
    forecast, size
        Forecasts, one an origin, and their standard errors or another size of error.
    ahead
        Periods from an origin to its outcome: outcomes are used from then on.
    level
        In per cent. After T outcomes the share outside differs from 1 − level by at most (1 + rate)/(rate · T),
        whatever comes.
    rate
        How fast the level learns; 0 never does.

    Returns
    -------
    lower, upper
        Infinite while nothing is known.

    Examples
    --------
    >>> from averted.forecast import adaptive_intervals
    >>> lower, upper = adaptive_intervals([1, -1, 2, 0, 1], [0] * 5, [1] * 5, level=50)
    >>> upper.tolist()
    [inf, 1.0, 1.0, 1.0, 1.0]
    """
    (level,) = checked_levels([level])
    centre, sizes = vector("forecast", forecast), vector("size", size)
    if len(centre) != len(sizes):
        raise InputError(f"size: expected {len(centre)}, one a forecast, found {len(sizes)}")
    found = _core.adaptive(
        (centre, sizes, sizes), vector("y", y), whole("ahead", ahead, 1), round(level / 100, 12), float(rate)
    )
    ends = np.array(found).reshape(-1, 2)
    return ends[:, 0], ends[:, 1]
