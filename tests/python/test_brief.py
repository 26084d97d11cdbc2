"""The brief: one page, self-contained, the same for the same data, and honest about a null."""

from __future__ import annotations

import datetime
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import averted as av
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from averted.report import Brief

DATE = datetime.date(2026, 11, 24)
VOID = {"meta", "br", "path", "use", "rect", "col"}


@pytest.fixture(scope="module")
def brief(western_hemisphere: av.Panel) -> Brief:
    return western_hemisphere.brief(None, unit="Mexico", seed=1, date=DATE)


class Balanced(HTMLParser):
    """Every element is closed in its turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_no_network(brief: Brief) -> None:
    reader = Balanced()
    reader.feed(brief.html)
    assert not reader.open
    assert brief.html.count("<svg") == 3
    outside = re.findall(r"""(?:src|href)=["'](?!#)([^"']+)""", brief.html)
    assert not outside
    assert not re.search(r"<script|@import|url\((?!#)", brief.html)
    ids = re.findall(r'\bid="([^"]+)"', brief.html)
    assert len(ids) == len(set(ids))


def test_a_null_is_said_as_a_null(brief: Brief) -> None:
    claim = brief.contents.claims["en"]
    assert claim.level == "L2"
    assert "no association was found" in brief.sentence
    low, high = brief.contents.averted.interval
    assert low < 0 < high
    assert brief.contents.averted.cost_per_death_averted is None
    assert "unbounded" in brief.html
    assert "Smallest effect this design could have detected" in brief.html
    assert "naive association" in brief.html
    assert not re.search(r"\b(saved|reduced deaths|prevented)\b", brief.html)


def test_both_scenarios_and_the_limits_are_there(brief: Brief) -> None:
    assert brief.contents.forecast is not None
    assert brief.contents.forecast.scenarios == ["flat", "+20%"]
    assert len(brief.contents.forecast.periods) == 5
    assert "What this cannot say" in brief.html
    assert all(finding.code in brief.html for finding in brief.contents.audit.findings)
    assert brief.fingerprint in brief.html


def test_same_data_and_seed_same_page(western_hemisphere: av.Panel, brief: Brief, tmp_path: Path) -> None:
    again = western_hemisphere.brief(tmp_path / "brief.html", unit="Mexico", seed=1, date=DATE)
    assert (tmp_path / "brief.html").read_text(encoding="utf-8") == brief.html
    assert again.fingerprint == brief.fingerprint
    assert western_hemisphere.brief(None, unit="Mexico", seed=2, date=DATE).fingerprint != brief.fingerprint


def test_small_counts_are_neither_printed_nor_drawn(western_hemisphere: av.Panel) -> None:
    """Dominica has years of 1 to 9 homicides: the observed line must leave them out."""
    made = western_hemisphere.brief(None, unit="Dominica", seed=1, date=DATE)
    observed = made.contents.without.observed
    hidden = int(((observed > 0) & (observed < 10)).sum())
    assert hidden > 0
    assert f"{hidden} observed counts from 1 to 9 are not drawn" in made.html


def test_the_largest_unit_is_the_focus_and_spanish_stands_first(western_hemisphere: av.Panel) -> None:
    made = western_hemisphere.brief(None, lang="es", seed=1, date=DATE)
    assert made.contents.focus == "Brazil"
    assert made.sentence.startswith("En 34 unidades")


def test_what_is_refused(western_hemisphere: av.Panel) -> None:
    with pytest.raises(av.InputError, match="did you mean `Mexico`"):
        western_hemisphere.brief(None, unit="Mexco")
    with pytest.raises(av.InputError, match="lang = 'fr'"):
        western_hemisphere.brief(None, lang="fr")
    data = av.datasets.load("western_hemisphere", "dict")
    with pytest.raises(av.InputError, match="events"):
        av.Panel(data, unit="country", time="year").brief(None)
