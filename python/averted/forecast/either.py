"""One way in for panels and long frames."""

from __future__ import annotations

from typing import Any

from averted import _core
from averted.forecast import ahead
from averted.forecast.many import forecast_frame


def forecast(data: Any, horizon: int, **options: Any) -> Any:
    """Forecast a panel, as ``panel.forecast`` does, or every series of a long frame (:func:`forecast_frame`)."""
    if isinstance(getattr(data, "_core", data), _core.Panel):
        return ahead.forecast(data, horizon, **options)
    return forecast_frame(data, horizon, **options)
