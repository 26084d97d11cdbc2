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


@pytest.fixture(scope="module")
def adoption() -> dict[str, object]:
    rng = np.random.default_rng(11)
    state, year = np.repeat(np.arange(9), 6), np.tile(np.arange(2000, 2006), 9)
    treated = ((state < 3) & (year >= 2003)).astype(float)
    deaths = rng.poisson(np.exp(2 + 0.1 * state + 0.5 * treated))
    return {
        "deaths": deaths,
        "rate": deaths / 10 + rng.normal(size=54),
        "treated": treated,
        "state": [f"s{s}" for s in state],
        "year": year,
        "copy": [f"s{s}" for s in state],
    }


def test_assignments_are_regressions(adoption: dict[str, object]) -> None:
    spec = av.Ols(cluster="state")
    fit = spec.fit("rate ~ treated | state + year", adoption)
    test = fit.randomization_test("treated", time="year")
    assert test.enumerated
    assert len(test.draws) == 84
    own = fit.coefficients["treated"] / fit.std_errors["treated"]
    assert test.statistic == pytest.approx(own, rel=1e-10)
    state = np.asarray(adoption["state"])
    for places in [(0, 1, 2), (3, 4, 8), (5, 6, 7)]:
        moved = np.isin(state, [f"s{p}" for p in places]) & (np.asarray(adoption["year"]) >= 2003)
        again = spec.fit("rate ~ treated | state + year", {**adoption, "treated": moved.astype(float)})
        t = again.coefficients["treated"] / again.std_errors["treated"]
        assert np.min(np.abs(test.draws - t)) < 1e-9
    assert test.p_value == np.mean(np.abs(test.draws) >= abs(own) * (1 - 1e-9))
    assert test.tidy()["p_value"] == [test.p_value]
    assert "all 84 assignments" in str(test)
    drawn = fit.randomization_test("treated", cluster="copy", time="year", draws=50, seed=1)
    assert not drawn.enumerated
    assert drawn.glance()["seed"] == [1]
    counts = av.Poisson(cluster="state").fit("deaths ~ treated | state + year", adoption)
    assert 0 < counts.randomization_test("treated", time="year", statistic="coefficient").p_value <= 1
    with pytest.raises(av.InputError, match="'t' or 'coefficient'"):
        fit.randomization_test("treated", time="year", statistic="b")
    with pytest.raises(av.InputError, match="not constant within clusters"):
        fit.randomization_test("treated")


def test_several_outcomes(adoption: dict[str, object]) -> None:
    rate = av.Ols(cluster="state").fit("rate ~ treated | state + year", adoption)
    deaths = av.Poisson(cluster="state").fit("deaths ~ treated | state + year", adoption)
    both = av.romano_wolf({"rate": rate, "deaths": deaths, "again": rate}, "treated = 0", seed=1)
    assert list(both.p_values) == ["rate", "deaths", "again"]
    assert both.p_values["rate"] == both.p_values["again"]
    assert all(both.p_values[name] >= test.p_value for name, test in both.tests.items())
    single = rate.wild_bootstrap("treated = 0", seed=1)
    assert np.array_equal(both.tests["rate"].draws, single.draws)
    assert list(av.romano_wolf([rate, rate], "treated", draws=99).p_values) == ["rate (1)", "rate (2)"]
    assert list(both.tidy()["p_value_adjusted"]) == list(both.p_values.values())
    with pytest.raises(av.InputError, match="no bootstrap"):
        av.romano_wolf([object()], "treated = 0")  # type: ignore[list-item]
    with pytest.raises(av.InputError, match="at least one"):
        av.romano_wolf([], "treated = 0")


def test_adjusted_p_values() -> None:
    p = [0.01, 0.02, 0.03, 0.04, 0.05]
    assert np.allclose(av.adjust(p), 0.05, rtol=1e-15)
    assert np.allclose(av.adjust(np.array(p), "holm"), [0.05, 0.08, 0.09, 0.09, 0.09], rtol=1e-14)
    assert np.isnan(av.adjust([0.5, np.nan], "bonferroni")[1])
    with pytest.raises(av.InputError, match="did you mean holm"):
        av.adjust(p, "hom")
    with pytest.raises(av.InputError, match="between 0 and 1"):
        av.adjust([2.0])


def test_plot(grunfeld: dict[str, list[float]]) -> None:
    pytest.importorskip("matplotlib")
    fit = av.Ols(cluster="firm").fit("inv ~ value + capital", grunfeld)
    assert fit.wild_bootstrap("value = 0", draws=99, seed=1).plot().get_title() == "value = 0"
