"""What comes next: forecasts of panels under scenarios of spending, backtests, and scores.

A forecast is a set of joint paths: sums over the horizon and differences between scenarios are distributions too.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from averted.forecast import either
from averted.forecast.ahead import forecast
from averted.forecast.answer import Difference, Forecast, Forecasts, checked_levels
from averted.forecast.calibration import Conformal, adaptive_intervals, conformal
from averted.forecast.combination import combine, criterion_weights
from averted.forecast.many import Combination, CrossValidation, ManyForecasts, cross_validation, forecast_frame
from averted.forecast.past import Backtest, Backtests, backtest
from averted.forecast.reconciliation import reconcile
from averted.forecast.rules import (
    DieboldMariano,
    Murphy,
    best_possible_reach,
    coverage,
    crps,
    dawid_sebastiani,
    diebold_mariano,
    energy,
    errors,
    evaluate,
    log_score,
    murphy,
    pit,
    relative_skill,
    variogram,
    wis,
)
from averted.forecast.scores import score

__all__ = [
    "Backtest",
    "Backtests",
    "Combination",
    "Conformal",
    "CrossValidation",
    "DieboldMariano",
    "Difference",
    "Forecast",
    "Forecasts",
    "ManyForecasts",
    "Murphy",
    "adaptive_intervals",
    "backtest",
    "best_possible_reach",
    "checked_levels",
    "combine",
    "conformal",
    "coverage",
    "criterion_weights",
    "cross_validation",
    "crps",
    "dawid_sebastiani",
    "diebold_mariano",
    "energy",
    "errors",
    "evaluate",
    "forecast",
    "forecast_frame",
    "log_score",
    "murphy",
    "pit",
    "reconcile",
    "relative_skill",
    "score",
    "variogram",
    "wis",
]


class _Room(ModuleType):
    """The room answers to its name: ``averted.forecast(…)`` takes a panel or a long frame."""

    def __call__(self, data: Any, horizon: int, **options: Any) -> Any:
        return either.forecast(data, horizon, **options)


sys.modules[__name__].__class__ = _Room
