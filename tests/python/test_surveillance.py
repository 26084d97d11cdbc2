"""Rates: values of the reference, arguments, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import averted as av
import numpy as np
import pytest

GOLD = json.loads((Path(__file__).parents[1] / "reference" / "count_glm_rates.json").read_text())
CASES = {case["id"]: case["values"] for case in GOLD["cases"]}


def test_the_reference_of_direct_standardisation() -> None:
    data, gold = GOLD["datasets"]["selvin"], CASES["direct_standardisation"]
    ours = av.standardised_rate(data["deaths"], data["population"], np.array(data["standard"]))
    for value, key in (
        (ours.rate, "adj.rate"),
        (ours.lower, "lci"),
        (ours.upper, "uci"),
        (ours.crude[0], "crude.rate"),
    ):
        assert value == pytest.approx(gold[key], rel=1e-9)


def test_per_scales_everything() -> None:
    arguments = ([2, 9, 30], [50_000, 40_000, 10_000], [0.6, 0.3, 0.1])
    one, many = av.standardised_rate(*arguments), av.standardised_rate(*arguments, per=1e5)
    for name in ("rate", "std_error", "lower", "upper"):
        assert getattr(many, name) == pytest.approx(1e5 * getattr(one, name), rel=1e-12)
    assert many.crude == pytest.approx([1e5 * x for x in one.crude], rel=1e-12)
    assert "per 100,000" in str(many)
    assert json.loads(many.to_json())["limits"] == "gamma"


def test_hidden_counts_are_bounded() -> None:
    events, people, standard = [float("nan"), 9, 30], [50_000, 40_000, 10_000], [0.6, 0.3, 0.1]
    with pytest.raises(av.InputError, match="missing"):
        av.standardised_rate(events, people, standard)
    bounded = av.standardised_rate(events, people, standard, bounds=([1, 0, 0], [9, 0, 0]))
    assert np.isnan(bounded.rate)
    assert bounded.hidden == 1
    for count in range(1, 10):
        exact = av.standardised_rate([count, 9, 30], people, standard)
        assert bounded.lower <= exact.lower
        assert exact.upper <= bounded.upper
        assert bounded.range[0] * (1 - 1e-12) <= exact.rate <= bounded.range[1] * (1 + 1e-12)
    assert "known only as intervals" in str(bounded)


def test_a_named_standard_has_its_groups() -> None:
    people = [1e5] * 11
    one = av.standardised_rate(range(11), people, "us2000")
    assert one.crude[0] == pytest.approx(55 / 11e5)
    with pytest.raises(av.InputError, match="11 groups"):
        av.standardised_rate([1, 2], [10, 20])
    with pytest.raises(av.InputError, match="us2000"):
        av.standardised_rate([1, 2], [10, 20], "us1940")


def test_rates_come_one_or_many() -> None:
    gold = CASES["poisson_exact"]
    rates = av.rate_interval([0, 1, 5, 9, 20, 100], [1000] * 6)
    assert rates.lower == pytest.approx(gold["lower"], rel=1e-6, abs=3e-8)  # theirs by a search
    assert rates.upper == pytest.approx(gold["upper"], rel=1e-6, abs=3e-8)
    frame = rates.tidy()
    assert list(frame) == ["events", "population", "rate", "lower", "upper"]
    hidden = av.rate_interval([np.nan], [1000], bounds=([1], [9]))
    assert hidden.lower[0] == rates.lower[1]
    assert hidden.upper[0] == rates.upper[3]
    assert "1 to 9" in str(hidden)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: av.rate_interval([1, -1], [10, 10]), "row 1"),
        (lambda: av.rate_interval([1, 1], [10, 0]), "row 1"),
        (lambda: av.rate_interval([1, 1], [10]), "expected 2"),
        (lambda: av.rate_interval(["Suppressed"], [10]), "bounds"),
        (lambda: av.rate_interval(1, 10, per=0), "per"),
        (lambda: av.rate_interval(1, 10, level=95), "level"),
        (lambda: av.rate_ratio((0, 0)), "both counts are zero"),
        (lambda: av.rate_ratio((1.5, 2)), "whole"),
        (lambda: av.standardised_rate([1, 2], [10, 20], [1, 0]), "row 1"),
        (lambda: av.standardised_rate([1, 2], [10, 20], [1, 1], limits="gama"), "did you mean gamma"),
        (lambda: av.standardised_rate([0, 0], [10, 20], [1, 1], limits="dobson"), "nothing was counted"),
    ],
)
def test_what_is_refused(call, says: str) -> None:
    with pytest.raises(av.InputError, match=says):
        call()
