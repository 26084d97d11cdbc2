"""Forecasts of a panel, unit by unit, under scenarios of spending."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from averted import _core
from averted._arguments import whole
from averted._errors import InputError
from averted._frames import panel_in
from averted.forecast.answer import Forecast, Forecasts, checked_levels
from averted.timeseries._series import vector


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
    core, kind = panel_in(panel)
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
        whole("horizon", horizon, 1),
        units=several,
        scenarios=plans,
        response=told,
        draws=whole("draws", draws, 1),
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


def _path(column: str, value: Any) -> Any:
    if isinstance(value, (int, float, np.number)):
        return float(value)
    return vector(f"scenario of {column}", value)
