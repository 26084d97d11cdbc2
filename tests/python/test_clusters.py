"""What a regression's clusters are like, and what is refused where few tell about a coefficient."""

from __future__ import annotations

import copy
import json
import math
import pickle

import averted as av
import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")

STATES, YEARS = 20, 6


@pytest.fixture(scope="module")
def panel() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    state, year = np.repeat(np.arange(STATES), YEARS), np.tile(np.arange(YEARS), STATES)
    names = np.array([f"S{s:02d}" for s in range(STATES)])[state]
    policy = ((state < 3) & (year >= 3)).astype(float)
    x = rng.normal(size=STATES * YEARS)
    rate = rng.normal(size=STATES)[state] + 0.2 * year + 0.3 * x + rng.normal(size=STATES * YEARS)
    deaths = rng.poisson(np.exp(2 + 0.1 * x)).astype(float)
    return {
        "state": names,
        "region": state // 4,
        "year": year,
        "policy": policy,
        "x": x,
        "rate": rate,
        "deaths": deaths,
    }


def test_diagnostics_keep_the_contract(panel: dict[str, np.ndarray]) -> None:
    fit = av.Ols(cluster="state").fit("rate ~ policy + x | state + year", panel)
    found = fit.cluster_diagnostics()
    assert found.column == "state"
    assert found.clusters == sorted(set(panel["state"]))
    assert found.treated["policy"] == ["S00", "S01", "S02"]
    assert len(found.treated["x"]) == STATES
    assert (found.nonzero["policy"], found.varying["x"]) == (3, STATES)
    pi = 3 / STATES
    exact = STATES * pi * (1 - pi) / ((1 - pi) ** 3 + pi**3)
    # x is not quite unrelated to the policy.
    assert found.effective["policy"] == pytest.approx(exact, rel=0.1)
    assert math.isnan(found.effective_related["policy"])
    assert found.size_variation == 0
    leverage = found.leverage
    assert leverage is not None
    assert sum(leverage.values()) == pytest.approx(STATES + YEARS - 1 + 2, rel=1e-10)
    shares = found.partial_leverage("policy")
    assert sum(shares.values()) == pytest.approx(1, rel=1e-12)
    without = found.without("policy")
    assert without is not None
    rows = panel["state"] != "S07"
    rest = av.Ols().fit("rate ~ policy + x | state + year", {name: values[rows] for name, values in panel.items()})
    assert without["S07"] == pytest.approx(rest.coefficients["policy"], rel=1e-9)
    few = fit.with_covariance(av.Cluster("state", kind="CR2"))
    assert found.degrees == pytest.approx(few.coefficient_degrees, rel=1e-12)
    tidy = found.tidy()
    assert list(tidy) == ["term", "cluster", "observations", "treated", "leverage", "partial_leverage", "without"]
    assert len(tidy["term"]) == 2 * STATES
    assert sum(tidy["treated"][:STATES]) == 3
    assert found.glance()["fewest_treated"] == [3]
    assert json.loads(found.to_json())["clusters"] == STATES
    assert "20 clusters of 6 to 6 observations" in str(found)
    assert "S01" in found.by_cluster("policy").to_markdown()
    assert len(found.plot(term="policy").patches) == STATES
    with pytest.raises(av.InputError, match="must be one of policy, x"):
        found.partial_leverage("polcy")


def test_clusters_the_fit_has_not_seen_and_counts(panel: dict[str, np.ndarray]) -> None:
    fit = av.Poisson().fit("deaths ~ policy + x | state + year", panel)
    with pytest.raises(av.InputError, match="not clustered"):
        fit.cluster_diagnostics()
    found = fit.cluster_diagnostics("region")
    assert len(found.clusters) == 5
    assert found.treated["policy"] == ["0"]
    again = fit.with_covariance(av.Cluster("region")).cluster_diagnostics()
    assert again.to_json() == found.to_json()
    assert "one Newton step" in str(found)
    with pytest.raises(av.InputError, match="no column"):
        fit.cluster_diagnostics("county")


def test_clustered_tests_of_few_treated_are_refused(panel: dict[str, np.ndarray]) -> None:
    formula = "rate ~ policy + x | state + year"
    fit = av.Ols(cluster="state").fit(formula, panel)
    tidy = fit.tidy()
    assert np.isnan([tidy["p_value"][0], tidy["lower"][0], tidy["upper"][0]]).all()
    assert tidy["std_error"][0] > 0
    assert 0 < tidy["p_value"][1] < 1
    assert json.loads(fit.to_json())["table"]["p_value"][0] is None
    assert any("No p-value and no interval for policy" in note for note in fit.notes)
    with pytest.raises(av.RefusedError, match="`policy` rests on 3 of 20 clusters of state"):
        fit.wald("policy = 0")
    assert fit.wald("x = 0").p_value == pytest.approx(tidy["p_value"][1], rel=1e-9)
    for kind in ("CR2", "CR3", "jackknife"):
        assert 0 < fit.with_covariance(av.Cluster("state", kind=kind)).tidy()["p_value"][0] < 1
    assert fit.wild_bootstrap("policy = 0", draws=99, seed=1).p_value > 0
    effects = fit.marginal_effects("policy").tidy()
    assert np.isnan(effects["p_value"]).all()


def _same(one: av.regression.RegressionFit, other: av.regression.RegressionFit) -> bool:
    return one.to_json() == other.to_json()


def test_a_refusal_is_accepted_with_a_reason(panel: dict[str, np.ndarray]) -> None:
    formula = "rate ~ policy + x | state + year"
    cluster = av.Cluster("state", accept={"AV18": "to compare"})
    spec = av.Ols(covariance=cluster)
    assert "AV18 accepted: to compare" in str(spec)
    fit = spec.fit(formula, panel)
    second = av.Ols(cluster="state").fit(formula, panel).with_covariance(cluster)
    assert _same(fit, second)
    assert fit.tidy()["p_value"][0] < 1
    assert "AV18 accepted: to compare (policy)" in fit.notes
    assert fit.wald("policy = 0").p_value < 1
    assert copy.deepcopy(cluster) == cluster == pickle.loads(pickle.dumps(cluster))
    assert _same(pickle.loads(pickle.dumps(fit)), fit)
    assert cluster != av.Cluster("state")
    assert not np.isnan(fit.with_covariance(ssc="stata").tidy()["p_value"][0])
    for wrong in ({"AV17": "why"}, {"AV18": " "}, {}, {"AV18": "a", "AV05": "b"}, "AV18"):
        with pytest.raises(av.InputError, match="AV18"):
            av.Cluster("state", accept=wrong)  # type: ignore[arg-type]


def test_lags_and_projections_of_few_treated(panel: dict[str, np.ndarray]) -> None:
    for cluster, refused in (
        (av.Cluster("state"), True),
        (av.Cluster("state", accept={"AV18": "to compare"}), False),
    ):
        spec = av.Ols(covariance=cluster, panel=("state", "year"))
        lags = av.DistributedLag("policy", lags=1, model=spec).fit("rate ~ x | state + year", panel)
        assert np.isnan(lags.curve().tidy()["p_value"]).all() == refused
        steps = av.LocalProjection("rate", "policy", horizons=1, controls="x | state + year", model=spec).fit(panel)
        assert np.isnan(steps.curve().tidy()["p_value"]).all() == refused
        look = steps.with_covariance("HC1").with_covariance(cluster)
        assert np.isnan(look.curve().tidy()["p_value"]).all() == refused
