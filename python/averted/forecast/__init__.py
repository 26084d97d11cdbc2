"""What comes next: forecasts of panels under scenarios of spending, backtests, and scores.

A forecast is a set of joint paths: sums over the horizon and differences between scenarios are distributions too.
"""

from __future__ import annotations

from averted.forecast.ahead import forecast
from averted.forecast.answer import Difference, Forecast, Forecasts, checked_levels
from averted.forecast.past import Backtest, Backtests, backtest
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
    "DieboldMariano",
    "Difference",
    "Forecast",
    "Forecasts",
    "Murphy",
    "backtest",
    "best_possible_reach",
    "checked_levels",
    "coverage",
    "crps",
    "dawid_sebastiani",
    "diebold_mariano",
    "energy",
    "errors",
    "evaluate",
    "forecast",
    "log_score",
    "murphy",
    "pit",
    "relative_skill",
    "score",
    "variogram",
    "wis",
]
