"""Scores of a forecast against what came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from averted._errors import InputError
from averted._frames import frame_out
from averted.forecast.answer import Forecast
from averted.timeseries._series import vector

_RULES = ("wis", "crps", "coverage")


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
