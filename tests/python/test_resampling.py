"""Bootstraps and permutations across the border."""

from __future__ import annotations

import json
from pathlib import Path

import averted as av
import numpy as np
import pytest

REFERENCE = Path(__file__).parent.parent / "reference"


@pytest.fixture(scope="module")
def grunfeld() -> dict[str, list[float]]:
    text = (REFERENCE / "regression_linear.json").read_text()
    columns: dict[str, list[float]] = json.loads(text)["datasets"]["grunfeld10"]["columns"]
    return columns


def test_all_sign_vectors(grunfeld: dict[str, list[float]]) -> None:
    gold = json.loads((REFERENCE / "wild_bootstrap.json").read_text())["cases"][0]["values"]
    fit = av.Ols(cluster="firm", ssc="stata").fit("inv ~ value + capital", grunfeld)
    for term, theirs in gold.items():
        test = fit.wild_bootstrap(f"{term} = 0")
        assert test.enumerated
        assert len(test.draws) == theirs["n_draws"]
        assert test.statistic == pytest.approx(theirs["t"], rel=1e-10)
        assert test.std_error == pytest.approx(theirs["se_cr1"], rel=1e-10)
        assert test.p_value == theirs["p_two_sided_abs_ge"]
        assert test.exceeding[1] / 1024 == theirs["p_two_sided_abs_gt_strict"]


def test_result_contract(grunfeld: dict[str, list[float]]) -> None:
    fit = av.Ols().fit("inv ~ value + capital | firm + year", grunfeld)
    test = fit.wild_bootstrap("capital = 0", cluster="firm", weights="webb", draws=499, seed=3, level=0.9)
    assert test.interval is not None
    lower, upper = test.interval
    assert lower < fit.coefficients["capital"] < upper
    tidy = test.tidy()
    assert list(tidy) == ["term", "estimate", "std_error", "statistic", "p_value", "lower", "upper"]
    assert tidy["lower"] == [lower]
    assert test.glance()["weights"] == ["webb"]
    assert "499 draws, webb, seed 3" in str(test)
    assert json.loads(test.to_json())["p_value"] == test.p_value
    assert "G = 10" in test.to_latex() or "capital" in test.to_latex()
    again = fit.wild_bootstrap("capital = 0", cluster="firm", weights="webb", draws=499, seed=3, level=None)
    assert again.interval is None
    assert np.array_equal(test.draws, again.draws)
    joint = fit.wild_bootstrap("capital = 0, value = 0", cluster=["firm", "year"], draws=99, seed=3)
    assert joint.restrictions == 2
    assert len(joint.clusters) == 2
    fresh = fit.wild_bootstrap("capital = 0", cluster="firm", weights="normal", draws=9)
    assert np.array_equal(
        fresh.draws, fit.wild_bootstrap("capital = 0", cluster="firm", weights="normal", draws=9, seed=fresh.seed).draws
    )


def test_a_cluster_that_the_fit_has_not_seen(grunfeld: dict[str, list[float]]) -> None:
    pairs = {**grunfeld, "pair": [f"p{int(firm) % 7}" for firm in grunfeld["firm"]]}
    fit = av.Ols().fit("inv ~ value + capital | firm", pairs)
    assert fit.wild_bootstrap("value = 0", cluster="pair", draws=99, seed=1).clusters == [7]


def test_what_cannot_be_drawn(grunfeld: dict[str, list[float]]) -> None:
    fit = av.Ols(cluster="firm").fit("inv ~ value + capital", grunfeld)
    for told, message in [
        ({"weights": "weeb"}, "did you mean webb"),
        ({"draws": 0}, "at least 1"),
        ({"draws": 2.5}, "whole number"),
        ({"level": 95}, "level"),
        ({"cluster": []}, "one column"),
        ({"cluster": "frim"}, "firm"),
    ]:
        with pytest.raises(av.InputError, match=message):
            fit.wild_bootstrap("value = 0", **told)
    with pytest.raises(av.InputError, match="value"):
        fit.wild_bootstrap("valu = 0")


def test_scores_of_counts() -> None:
    rng = np.random.default_rng(4)
    state, year = np.repeat(np.arange(12), 10), np.tile(np.arange(10), 12)
    x = rng.normal(size=120)
    data = {"deaths": rng.poisson(np.exp(2 + 0.2 * x)), "x": x, "state": state, "year": year}
    fit = av.Poisson(cluster="state").fit("deaths ~ x | state + year", data)
    test = fit.score_bootstrap("x = 0", seed=1)
    assert test.enumerated
    assert len(test.draws) == 2**12
    assert test.interval is not None
    assert test.interval[0] < fit.coefficients["x"] < test.interval[1]
    assert test.std_error == pytest.approx(fit.std_errors["x"], rel=1e-12)
    assert "Score bootstrap under the null" in str(test)
    here = fit.score_bootstrap(f"x = {fit.coefficients['x']!r}", level=None)
    assert here.p_value > 0.99
    with pytest.raises(av.AvertedError, match="not positive definite"):
        fit.score_bootstrap("x = 0, 2*x = 0")


def test_plot(grunfeld: dict[str, list[float]]) -> None:
    pytest.importorskip("matplotlib")
    fit = av.Ols(cluster="firm").fit("inv ~ value + capital", grunfeld)
    assert fit.wild_bootstrap("value = 0", draws=99, seed=1).plot().get_title() == "value = 0"
