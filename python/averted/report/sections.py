"""The sections of the page, in the words and numbers a reader sees."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from averted import _core
from averted._plot import money, number
from averted.report import pictures
from averted.report.masking import shown, small
from averted.report.words import LEVELS, limits

if TYPE_CHECKING:
    from averted.report.contents import Contents


def parts(page: Contents, fingerprint: str) -> dict[str, Any]:
    """Every variable of the template."""
    other = "es" if page.lang == "en" else "en"
    claim = page.claims[page.lang]
    return {
        "lang": page.lang,
        "version": _core.__version__,
        "title": page.title,
        "kicker": f"Policy brief, {page.date.day} {page.date:%B %Y}",
        "claim": {"sentence": claim.sentence, "level": claim.level, "meaning": LEVELS[claim.level]},
        "translation": {"lang": other, "sentence": page.claims[other].sentence},
        "key_figures": key_figures(page),
        "effect": effect(page),
        "counterfactual": counterfactual(page),
        "forecast": forecast(page),
        "unforeseen": page.unforeseen,
        "data": data(page),
        "findings": [finding(found) for found in page.audit.findings],
        "clear": ", ".join(page.audit.clear),
        "limits": list(limits(page)),
        "provenance": provenance(page, fingerprint),
    }


def key_figures(page: Contents) -> list[dict[str, str]]:
    """The four figures under the claim."""
    averted, leads = page.averted, page.leads
    low, high = averted.interval
    detected = f"or {number(averted.mde_percent, 0)} % of all deaths from all of the money; 80 % power at 5 %"
    return [
        {
            "label": f"Deaths averted per {money(averted.per)} more",
            "value": number(averted.estimate, 1),
            "below": f"95 % interval {number(low, 1)} to {number(high, 1)}; below zero: more deaths",
        },
        {
            "label": "Cost per death averted",
            "value": _cost(page),
            "below": averted.cost.removeprefix("unbounded: "),
        },
        {
            "label": "Smallest effect this design could have detected",
            "value": f"±{number(averted.mde, 1)}",
            "below": f"deaths per {money(averted.per)}, {detected}",
        },
        {
            "label": "Does future money “explain” past deaths?",
            "value": "yes" if leads.p_value < 0.05 else "not shown",
            "below": f"lead test p = {number(leads.p_value, 3)}; deaths before money p = "
            f"{number(leads.reverse_p_value, 3)}",
        },
    ]


def _cost(page: Contents) -> str:
    cost = page.averted.cost_per_death_averted
    if cost is not None:
        return money(cost)
    return "none" if page.averted.interval[1] < 0 else "unbounded"


def effect(page: Contents) -> dict[str, Any]:
    """The response by lag, and the same question with less held fixed."""
    ways = [
        {
            "fixed": way.fixed,
            "long_run": f"{_percent(way.response.cumulative.estimate)} "
            f"({_percent(way.response.cumulative.lower)} to {_percent(way.response.cumulative.upper)})",
            "averted": f"{number(way.averted.estimate, 1)} "
            f"({number(way.averted.interval[0], 1)} to {number(way.averted.interval[1], 1)})",
        }
        for way in page.ways
    ]
    rows, units, first, last = page.response._core.sample
    return {
        "svg": pictures.effect(page.placebo),
        "ways": ways,
        "caption": f"Poisson regression of {page.panel.events} on {page.money}: {rows:,} rows of {units} units, "
        f"{first} to {last}; standard errors {_errors(page)}, t({number(page.response.degrees_of_freedom)}). Squares "
        "are placebos: spending of later years cannot act on earlier deaths. Grey: too small to be detected.",
    }


def _errors(page: Contents) -> str:
    if page.response.errors == "jackknife":
        return "by leaving out one cluster at a time"
    return "clustered"


def _percent(log_ratio: float) -> str:
    return f"{number(100 * np.expm1(log_ratio), 1)} %"


def counterfactual(page: Contents) -> dict[str, Any]:
    """Deaths of the unit with and without the money."""
    without = page.without
    estimate, low, high = without.averted
    caption = (
        f"What the response implies for {page.focus} had it received nothing; not causal. Over {without.labels[0]} to "
        f"{without.labels[-1]} it implies {number(estimate, 0)} deaths averted (95 % interval {number(low, 0)} to "
        f"{number(high, 0)})."
    )
    if hidden := int(small(without.observed).sum()):
        caption += f" {hidden} observed counts from 1 to 9 are not drawn."
    return {
        "heading": f"{page.focus}: with and without the money",
        "svg": pictures.counterfactual(without, page.focus, page.panel.events or "deaths"),
        "caption": caption,
    }


def finding(found: Any) -> dict[str, str]:
    """One row of the audit."""
    return {
        "code": found.code,
        "severity": found.severity,
        "title": found.title,
        "measured": found.numbers,
        "evidence": found.evidence,
        "action": found.action,
        "accepted": found.accepted or "",
    }


def data(page: Contents) -> list[tuple[str, str]]:
    """The data and the money, a line each."""
    panel = page.panel
    core = panel._core
    absent = sum(row[3] for row in core.gaps())
    first, last = core.span or ("", "")
    lines = [
        (
            "Panel",
            f"{core.units:,} units ({panel.unit}), {first} to {last}, {core.frequency}; {len(panel):,} rows, "
            f"{absent:,} cells without a row",
        )
    ]
    if core.tally:
        events, exact, suppressed, missing = core.tally
        hidden = f", {suppressed:,} suppressed" if suppressed else ""
        lines.append(("Deaths", f"{panel.events}: {events:,.0f} in {exact:,} rows{hidden}, {missing:,} rows missing"))
    lines.append(("Population", panel.population or ""))
    columns = panel.spending.columns
    for name, column, was, now in zip(*(columns[c] for c in ("name", "column", "was", "is")), strict=True):
        lines.append((f"Money: {name}", f"{column}, {was}; here in {now}"))
    if notes := [*panel.notes, *panel.spending.notes]:
        lines.append(("To know", "; ".join(notes)))
    return lines


def provenance(page: Contents, fingerprint: str) -> list[tuple[str, str]]:
    """Where every number comes from."""
    accepted = [f"{f.code}: {f.accepted}" for f in page.audit.findings if f.accepted]
    return [
        ("Source", page.source),
        ("SHA-256 of the data", _digest(page)),
        ("Model", f"Poisson, {page.response.formula}; small-sample convention of fixest"),
        ("Software", f"averted {_core.__version__}; seed {page.seed}"),
        ("Accepted findings", "; ".join(accepted) or "none"),
        ("SHA-256 of the numbers", fingerprint),
    ]


def _digest(page: Contents) -> str:
    """SHA-256 over the columns as they were read: names, then values, missing as NaN."""
    frame, digest = page.panel._core.frame, hashlib.sha256()
    for name in frame.names:
        digest.update(name.encode() + b"\0")
        if frame.is_text(name):
            codes, labels = frame.factor(name)
            digest.update(codes.tobytes() + "\0".join(labels).encode())
        else:
            values = frame.number(name)
            digest.update(np.where(np.isnan(values), np.nan, values).tobytes())
    return digest.hexdigest()


def forecast(page: Contents) -> dict[str, Any] | None:
    """The forecast of the unit, its table, and how such forecasts did in the past."""
    made, past = page.forecast, page.backtest
    if made is None:
        return None
    rows = []
    for name in made.scenarios:
        middle, (low, high) = made.quantile(0.5, name), made.interval(95, name)
        rows.append([name, *(_range(*cell) for cell in zip(middle, low, high, strict=True))])
    caption = (
        f"Paths of the log of the death rate of {page.focus} by a structural model (damped local trend, exact "
        f"likelihood) from {made.cutoff}, times population; {'; '.join(made.notes)}."
    )
    if len(made.scenarios) > 1:
        reference, *others = made.scenarios
        gaps = (_difference(page, made.difference(other, reference), made.periods) for other in others)
        caption += " " + " ".join(gaps)
    return {
        "svg": pictures.fan(made),
        "periods": made.periods,
        "rows": rows,
        "caption": caption,
        "backtest": page.unforeseen if past is None else _backtest(past.summary().columns),
    }


def _range(middle: float, low: float, high: float) -> str:
    return f"{shown(middle)} ({shown(low)} to {shown(high)})"


def _difference(page: Contents, gap: Any, periods: Sequence[str]) -> str:
    interval = f"{number(gap.lower, 0)} to {number(gap.upper, 0)}"
    return (
        f"Over {periods[0]} to {periods[-1]}, {gap.scenario} against {gap.reference} goes with "
        f"{number(gap.estimate, 0)} {page.panel.events} in all (95 % interval {interval})."
    )


def _backtest(scores: dict[str, list[Any]]) -> str:
    """The backtest in a line: the model is the first row, the naive forecast the second."""
    skill, windows, periods = scores["skill"][0], int(scores["windows"][0]), int(scores["periods"][0])
    held = {level: f"{100 * scores[f'coverage_{level}'][0]:.0f} %" for level in (80, 95)}
    verdict = "better" if skill > 0 else "worse"
    return (
        f"How such forecasts did: over {windows} past cutoffs ({periods} forecasts) the 95 % intervals held {held[95]} "
        f"of the outcomes and the 80 % intervals {held[80]}; the weighted interval score was "
        f"{number(100 * abs(skill), 0)} % {verdict} than that of a naive forecast (no change)."
    )
