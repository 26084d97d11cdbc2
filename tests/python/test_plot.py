"""The look of pictures: numbers for people, and SVG that embeds in a page the same way twice."""

from __future__ import annotations

import math
import re
import xml.dom.minidom

import averted as av
import numpy as np
import pytest

pytest.importorskip("matplotlib")

from averted import _plot


def test_numbers_read_as_people_write_them() -> None:
    values = [0, 0.5, 0.0123, -1e-9, 12.34, 1.0, 36661, -1234.5, -0.0, math.nan, math.inf, -math.inf]
    assert [_plot.number(v) for v in values] == [
        *("0", "0.500", "0.012", "−1.0×10⁻⁹", "12.3", "1", "36,661", "−1,234", "0", "–", "∞", "−∞"),
    ]
    assert _plot.number(-0.04, decimals=1) == "0.0"


def test_money_reads_as_people_write_it() -> None:
    amounts = [0, 352, 1.5, 999_999_999, 2.6e9, -4.5e6, 1.464e12, 260_000_000, math.nan]
    expected = ["$0", "$352", "$1.50", "$1bn", "$2.6bn", "−$4.5M", "$1.5tn", "$260M", "–"]
    assert [_plot.money(a) for a in amounts] == expected


def _drawing(name: str) -> str:
    with _plot.style():
        figure, ax = _plot.figure(3, 2)
        x = np.arange(1999, 2010)
        _plot.band(ax, x, x - 5, x + 5)
        ax.plot(x, x * 100.0, label="homicides <b>")
        _plot.thousands(ax)
        _plot.whole(ax)
        _plot.zero_line(ax)
        _plot.label(ax, title="Title", x="year", y="deaths a year")
        ax.legend()
    return _plot.svg(figure, name, 'A line & a "band"')


def test_svg_embeds_and_repeats() -> None:
    text = _drawing("one")
    assert text == _drawing("one")
    xml.dom.minidom.parseString(text)
    assert text.startswith("<svg")
    assert not re.search("matplotlib.org|<style|<metadata", text), "nothing that leaks into the page"
    assert ">200,000<" in text, "text stays text"
    ids = set(re.findall(r'\bid="([^"]+)"', text))
    other = set(re.findall(r'\bid="([^"]+)"', _drawing("two")))
    assert ids.isdisjoint(other), "two figures on one page must not share ids"
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', text))
    assert used
    assert used <= ids


def test_periods_are_few_and_round() -> None:
    with _plot.style():
        _, ax = _plot.figure(3, 2)
        _plot.periods(ax, [str(year) for year in range(1991, 2024)], most=8)
        assert [t.get_text() for t in ax.get_xticklabels()] == ["1995", "2000", "2005", "2010", "2015", "2020"]
        _plot.periods(ax, [f"{2019 + m // 12}-{m % 12 + 1:02d}" for m in range(6, 42)], most=4)
        assert [t.get_text() for t in ax.get_xticklabels()] == ["2020-01", "2021-01", "2022-01"]


def test_long_titles_stay_within_the_picture() -> None:
    data = {"y": [1.0, 2.0, 4.0, 3.0], "a_column_with_a_long_name": [1.0, 0.0, 2.0, 4.0], "another_one": [0, 1, 1, 0]}
    ax = (
        av.Ols()
        .fit("y ~ a_column_with_a_long_name + another_one + a_column_with_a_long_name:another_one - 1", data)
        .plot()
    )
    ax.figure.canvas.draw()
    title, picture = ax.title.get_window_extent(), ax.figure.bbox
    assert picture.x0 <= title.x0
    assert title.x1 <= picture.x1
    assert title.y1 <= picture.y1
