"""The brief: one HTML page from a panel, and every number on it."""

from __future__ import annotations

import hashlib
import html
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from averted._errors import AvertedError, InputError
from averted._result import Result, Table, plain
from averted.report import sections
from averted.report.contents import Contents, collect

if TYPE_CHECKING:
    import datetime
    import os
    from collections.abc import Callable, Mapping, Sequence

    from averted.panel import Panel

LANGUAGES = ("en", "es")


def brief(
    panel: Panel,
    path: str | os.PathLike[str] | None = None,
    *,
    unit: str | None = None,
    lags: int = 3,
    leads: int = 2,
    horizon: int = 5,
    scenarios: Mapping[str, Mapping[str, float]] | None = None,
    accept: Mapping[str, str] | None = None,
    title: str | None = None,
    lang: str = "en",
    seed: int = 1,
    source: str | None = None,
    date: datetime.date | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Brief:
    """Write the policy brief of a panel: one HTML page that needs no network and prints to A4 or Letter.

    Parameters
    ----------
    panel
        Units by periods with events, population and money declared.
    path
        Where the page goes; ``None`` writes nothing.
    unit
        The unit whose counterfactual and forecast are drawn; the one with the most deaths if left out.
    lags, leads
        Periods of spending before deaths in the response, and after them in the lead test.
    horizon
        Periods that the forecast looks ahead.
    scenarios
        Name to multiples of the last spending; ``{"flat": {}, "+20%": {"spend": 1.2}}`` if left out.
    accept
        Code of a finding that refuses to the reason for going on all the same; it is printed.
    title
        Title of the page.
    lang
        Language of the claim that stands first, ``"en"`` or ``"es"``; the other follows it.
    seed
        Seed of every simulation; it is printed.
    source
        What the data are, for the provenance.
    date
        The date on the page; today if left out. Nothing else on it changes from one day to the next.
    progress
        Called as ``progress(done, all)`` while forecasts run.

    Returns
    -------
    Brief
        The page and every number on it.

    Raises
    ------
    InputError
        When the panel has no events, population or money, or no such unit.
    RefusedError
        When the audit refuses and the finding is not accepted.
    """
    if lang not in LANGUAGES:
        raise InputError(f"lang = {lang!r}: must be one of {', '.join(LANGUAGES)}")
    contents = collect(
        panel,
        unit=unit,
        lags=lags,
        leads=leads,
        horizon=horizon,
        scenarios=scenarios,
        accept=accept,
        title=title,
        lang=lang,
        seed=seed,
        source=source,
        date=date,
        progress=progress,
    )
    made = Brief(contents)
    if path is not None:
        made.write(path)
    return made


class Brief(Result):
    """The page, and every number on it."""

    def __init__(self, contents: Contents) -> None:
        self.contents = contents
        self._kind = contents.panel._kind
        self._page: str | None = None

    @property
    def sentence(self) -> str:
        """The claim, in the language of the page."""
        return self.contents.claims[self.contents.lang].sentence

    @property
    def html(self) -> str:
        """The page."""
        if self._page is None:
            self._page = _page(self)
        return self._page

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the page as UTF-8."""
        Path(path).write_text(self.html, encoding="utf-8")

    def summary(self) -> Table:
        """Return the key figures."""
        notes = [self.sentence, *(f"{finding}" for finding in self.contents.audit.findings)]
        columns = dict(self._tidy())
        return Table.build(columns, kinds=dict.fromkeys(columns, "text"), title=self.contents.title, notes=notes)

    def _tidy(self) -> Mapping[str, Sequence[Any]]:
        figures = sections.key_figures(self.contents)
        return {name: [figure[name] for figure in figures] for name in ("label", "value", "below")}

    def _glance(self) -> dict[str, Any]:
        return {
            "level": self.contents.claims["en"].level,
            **self.contents.response._glance(),
            **{f"averted_{name}": value for name, value in self.contents.averted._glance().items()},
            "unit": self.contents.focus,
            "seed": self.contents.seed,
        }

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain Python values."""
        page = self.contents
        parts: dict[str, Any] = {
            "title": page.title,
            "claims": {
                language: {"level": claim.level, "sentence": claim.sentence} for language, claim in page.claims.items()
            },
            "source": page.source,
            "seed": page.seed,
            "response": page.response.to_dict(),
            "averted": page.averted.to_dict(),
            "lead_test": page.leads.to_dict(),
            "without_spending": page.without.to_dict(),
            "audit": page.audit.to_dict(),
            "forecast": None if page.forecast is None else page.forecast.to_dict(),
            "backtest": None if page.backtest is None else page.backtest.to_dict(),
        }
        made: dict[str, Any] = plain(parts)
        return made

    @property
    def fingerprint(self) -> str:
        """SHA-256 of every number on the page; the same for the same data, seed and version."""
        text = json.dumps(self.to_dict(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def _repr_html_(self) -> str:
        frame = "width:100%;height:1100px;border:1px solid #d4d4d4"
        return f'<iframe srcdoc="{html.escape(self.html)}" style="{frame}" title="brief"></iframe>'


def _page(made: Brief) -> str:
    try:
        from jinja2 import Environment, StrictUndefined
    except ImportError:
        raise AvertedError("the brief needs jinja2: pip install 'averted[report]'") from None
    here = files("averted.report")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["prose"] = _prose
    template = environment.from_string((here / "page.html.j2").read_text(encoding="utf-8"))
    style = (here / "style.css").read_text(encoding="utf-8")
    parts = sections.parts(made.contents, made.fingerprint)
    return template.render(style=style, **parts) + "\n"


def _prose(text: str) -> Any:
    """Text with `names` in it as HTML."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))
