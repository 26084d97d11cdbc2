"""What comes next: forecasts of panels under scenarios of spending, backtests, and scores.

A forecast is a set of joint paths: sums over the horizon and differences between scenarios are distributions too.
"""

from __future__ import annotations

from averted.forecast.ahead import forecast
from averted.forecast.answer import Difference, Forecast, Forecasts, checked_levels
from averted.forecast.past import Backtest, Backtests, backtest
from averted.forecast.scores import score

__all__ = [
    "Backtest",
    "Backtests",
    "Difference",
    "Forecast",
    "Forecasts",
    "backtest",
    "checked_levels",
    "forecast",
    "score",
]
