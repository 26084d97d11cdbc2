"""Scores of a forecast against what came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from averted._errors import InputError
from averted._frames import frame_out
from averted.forecast.answer import Forecast
from averted.forecast.rules import dawid_sebastiani, wis
from averted.timeseries._series import vector

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Rules of the core's scores, in its order; then those made of the paths' quantiles and moments.
_CORE = ("wis", "crps", "absolute_error", "coverage")
_RULES = (*_CORE, "wis_parts", "dawid_sebastiani")
#: Levels of the eleven intervals that, with the median, make the 23 quantiles of the forecast hubs.
_HUB = (98, 95, 90, 80, 70, 60, 50, 40, 30, 20, 10)


def score(
    observed: Any, forecast: Forecast, rules: Sequence[str] = ("wis", "crps", "coverage"), scenario: str | None = None
) -> Any:
    """Score a forecast against what came, period by period; periods with nothing observed are NaN.

    Parameters
    ----------
    observed
        One value a period of the forecast, NaN where nothing is known yet.
    forecast
        The forecast.
    rules
        Among ``"wis"`` (Bracher et al. 2021, 23 quantiles), ``"wis_parts"`` (``dispersion, underprediction,
        overprediction``, its sum), ``"crps"`` (of the paths), ``"absolute_error"`` (of the median),
        ``"dawid_sebastiani"`` (of the paths' mean and variance) and ``"coverage"`` (of the 50, 80 and 95 % intervals,
        1 or 0).
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
        elif rule == "wis_parts":
            columns |= _parts(values, forecast, scenario)
        elif rule == "dawid_sebastiani":
            paths = forecast._core.paths(forecast._scenario(scenario))
            columns[rule] = dawid_sebastiani(values, "normal", mean=paths.mean(axis=0), sd=paths.std(axis=0))
        else:
            at = _CORE.index(rule)
            columns[rule] = [np.nan if s is None else s[at] for s in scores]
    return frame_out(columns, forecast._kind)


def _parts(values: NDArray[np.float64], forecast: Forecast, scenario: str | None) -> dict[str, Any]:
    at = forecast._scenario(scenario)
    ends: dict[float, Any] = {level: forecast._core.interval(at, level / 100) for level in _HUB}
    parts = wis(values, forecast._core.quantile(at, 0.5), ends)
    known = ~np.isnan(values)
    return {name: np.where(known, parts[name], np.nan) for name in ("dispersion", "underprediction", "overprediction")}
