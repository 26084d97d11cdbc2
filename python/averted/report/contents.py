"""What the brief is made of: every answer on the page, and nothing that is not on it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from averted._errors import AvertedError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from averted.forecast import Backtest, Forecast
    from averted.panel import Panel
    from averted.spending import Averted, LeadTest, Response, WithoutSpending
    from averted.study import Audit, Claim

#: Deaths averted and their cost are for this many dollars more.
PER = 1_000_000
#: Windows of the backtest at the most.
WINDOWS = 8


@dataclass(frozen=True)
class Way:
    """The same question with less held fixed."""

    #: What is held fixed.
    fixed: str
    response: Response
    averted: Averted


@dataclass(frozen=True)
class Contents:
    """Every answer on the page."""

    panel: Panel
    audit: Audit
    response: Response
    #: The response with leads as placebos, for the picture.
    placebo: Response
    leads: LeadTest
    averted: Averted
    #: From nothing held fixed to everything.
    ways: tuple[Way, ...]
    #: The unit of the counterfactual and the forecast.
    focus: str
    units: int
    without: WithoutSpending
    forecast: Forecast | None
    backtest: Backtest | None
    #: Why there is no forecast or backtest.
    unforeseen: str
    claims: dict[str, Claim]
    #: What the money is, in words.
    money: str
    title: str
    lang: str
    seed: int
    source: str
    date: datetime.date


def collect(
    panel: Panel,
    *,
    unit: str | None,
    lags: int,
    leads: int,
    horizon: int,
    scenarios: Mapping[str, Mapping[str, float]] | None,
    accept: Mapping[str, str] | None,
    title: str | None,
    lang: str,
    seed: int,
    source: str | None,
    date: datetime.date | None,
    progress: Callable[[int, int], None] | None,
) -> Contents:
    """Ask every question of the page; see :func:`averted.report.brief.brief`."""
    from averted.spending import SpendingResponse

    if panel.events is None or panel.population is None:
        raise InputError("a brief needs a panel with events= and population=")
    response = panel.respond(lags=lags, accept=accept)
    fixed = {"nothing": [], panel.unit: [panel.unit], f"{panel.unit} and {panel.time}": [panel.unit, panel.time]}
    ways = [_way(panel, name, effects, lags, accept) for name, effects in fixed.items()]
    totals = _deaths(panel)
    focus = unit if unit is not None else max(totals, key=lambda name: totals[name])
    forecast, backtest, unforeseen = _ahead(
        panel, focus, horizon, scenarios or {"flat": {}, "+20%": {response.spend: 1.2}}, response, seed, progress
    )
    return Contents(
        panel=panel,
        audit=panel.audit(accept=accept, response=SpendingResponse(lags=lags)),
        response=response,
        placebo=panel.respond(lags=lags, leads=leads, accept=accept),
        leads=response.lead_test(leads),
        averted=response.averted(PER),
        ways=tuple(ways),
        focus=focus,
        units=len(totals),
        without=response.without_spending(focus, seed=seed),
        forecast=forecast,
        backtest=backtest,
        unforeseen=unforeseen,
        claims={language: response.claim(language, per=PER, leads=leads) for language in ("en", "es")},
        money=response.money,
        title=title or f"What did the money buy in lives? {focus} and {len(totals) - 1} others",
        lang=lang,
        seed=seed,
        source=source or "a data frame",
        date=date or datetime.date.today(),
    )


def _way(panel: Panel, name: str, effects: Sequence[str], lags: int, accept: Mapping[str, str] | None) -> Way:
    response = panel.respond(lags=lags, effects=effects, accept=accept)
    return Way(name, response, response.averted(PER))


def _deaths(panel: Panel) -> dict[str, float]:
    """Deaths of every unit, as far as they are known."""
    core = panel._core.frame
    codes, labels = core.factor(panel.unit)
    deaths = np.nan_to_num(core.number(panel.events or ""))
    return dict(zip(labels, np.bincount(codes, weights=deaths, minlength=len(labels)).tolist(), strict=True))


def _ahead(
    panel: Panel,
    unit: str,
    horizon: int,
    scenarios: Mapping[str, Mapping[str, float]],
    response: Response,
    seed: int,
    progress: Callable[[int, int], None] | None,
) -> tuple[Any, Any, str]:
    """The forecast of the unit and its backtest, or why there is none: the rest of the brief stands without it."""
    from averted.forecast import backtest

    try:
        made = panel.forecast(horizon, unit=unit, scenarios=scenarios, response=response, seed=seed, progress=progress)
        past = backtest(panel, unit=unit, horizon=horizon, windows=WINDOWS, seed=seed)
    except AvertedError as error:
        return None, None, str(error)
    return made, past, ""
