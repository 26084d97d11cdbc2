"""After the fit: the same numbers as the delta method on a fit with a dummy for every level."""

from __future__ import annotations

import json
from pathlib import Path

import averted as av
import numpy as np
import pytest

GOLD = json.loads((Path(__file__).parents[1] / "reference" / "margins.json").read_text())
DATA = {name: np.array(values) for name, values in GOLD["columns"].items()}
CLUSTERS = {"cluster": "unit", "cluster_year": "year"}


def _fit(case):
    covariance = av.Cluster(CLUSTERS[case["covariance"]]) if case["covariance"] in CLUSTERS else case["covariance"]
    if case["model"] == "poisson":
        return av.Poisson(exposure="pop", covariance=covariance, ssc="none").fit(GOLD["formula"], DATA)
    ssc = "fixest" if case["covariance"] == "HC1" else "none"
    ssc = "statsmodels" if case["covariance"] == "classical" else ssc
    return av.Ols(weights=case["weights"], covariance=covariance, ssc=ssc).fit(GOLD["formula"], DATA)


def _ours(fit, name):
    """The answer to a case by its name, and where in the answer it stands."""
    name, _, group = name.partition(" | ")
    by = "region" if group else None
    half = {"x": lambda x: 0.5 * x}
    found = {
        "prediction": lambda: fit.average_prediction(by=by),
        "prediction x=2": lambda: fit.average_prediction({"x": 2.0}),
        "averted half": lambda: fit.averted(half, by=by),
        "dydx x at x=2": lambda: fit.marginal_effects("x", at={"x": 2.0}),
        "dydx x mean": lambda: fit.marginal_effects("x", at="mean"),
        "dydx f1": lambda: fit.marginal_effects("f"),
        "dydx f2": lambda: fit.marginal_effects("f"),
    }
    if name not in found:
        slope, variable = name.split()
        answer = fit.marginal_effects(variable, slope=slope, by=by)
    else:
        answer = found[name]()
    tidy = answer.tidy()
    at = int(group) if group else int(name == "dydx f2")
    return tidy["estimate"][at], tidy["std_error"][at]


@pytest.mark.parametrize("case", GOLD["cases"], ids=lambda c: f"{c['model']}-{c['covariance']}-{c['weights']}")
def test_as_the_delta_method_with_dummies(case):
    fit = _fit(case)
    for name, (estimate, std_error) in case["values"].items():
        if name == "effects":
            continue
        ours = _ours(fit, name)
        assert ours[0] == pytest.approx(estimate, rel=1e-8), name
        # Clusters that hold their effects leave averages of predictions no variance but rounding.
        none = abs(estimate) * (1e-6 if std_error < 1e-6 * abs(estimate) else 0.0)
        assert ours[1] == pytest.approx(std_error, rel=1e-8, abs=none), name


@pytest.mark.parametrize("case", GOLD["cases"], ids=lambda c: f"{c['model']}-{c['covariance']}-{c['weights']}")
def test_effects_as_coefficients_of_dummies(case):
    found = _fit(case).fixed_effects(std_errors=True)
    estimates, errors = (np.delete(found[name], 8) for name in ("intercept", "std_error"))
    assert (found["level"][8], found["std_error"][8]) == ("0", 0.0)
    theirs = case["values"]["effects"]
    assert estimates == pytest.approx(np.array(theirs[0]), rel=1e-8, abs=1e-10)
    assert errors == pytest.approx(np.array(theirs[1]), rel=1e-8, abs=1e-9)


def test_effects_without_a_connection_have_no_standard_error():
    rng = np.random.default_rng(2)
    levels = {"a": list("aabbccdd") * 3, "b": list("uvuvwzwz") * 3}
    data = {"y": rng.normal(size=24), "x": rng.normal(size=24), **levels}
    found = av.Ols().fit("y ~ x | a + b", data).fixed_effects(std_errors=True)
    known = dict(zip(found["level"], np.isfinite(found["std_error"]), strict=True))
    assert known == {"a": True, "b": True, "c": False, "d": False, "u": True, "v": True, "w": False, "z": False}


@pytest.mark.parametrize("slope", ["dydx", "eyex", "eydx", "dyex"])
def test_as_get_margeff(slope):
    fit = av.Poisson(ssc="none").fit("y ~ x + z + d | unit + year", DATA)
    found = fit.marginal_effects(slope=slope, discrete=False)
    for name, (estimate, std_error) in GOLD["get_margeff"][slope].items():
        assert found.estimates[name] == pytest.approx(estimate, rel=1e-8)
        assert found.std_errors[name] == pytest.approx(std_error, rel=1e-8)
    if slope == "dydx":
        estimate, std_error = GOLD["get_margeff"]["dummy"]["d"]
        found = fit.marginal_effects("d")
        assert found.estimates["d"] == pytest.approx(estimate, rel=1e-8)
        assert found.std_errors["d"] == pytest.approx(std_error, rel=1e-8)


def test_derivatives_through_functions_and_lags():
    panel = av.Panel(DATA, unit="unit", time="year")
    formula = "y ~ log(x) + sqrt(z) + exp(0.1 * x) + lag(z, 1) + I(x / z) | unit"
    fit = av.Poisson(exposure="pop").fit(formula, panel)
    b = fit.coefficients
    used = np.asarray(fit.rows, dtype=int)
    x, z, mu = DATA["x"][used], DATA["z"][used], fit.fitted
    names = list(b)
    along_x = b[names[0]] / x + b[names[2]] * 0.1 * np.exp(0.1 * x) + b[names[4]] / z
    along_z = b[names[1]] * 0.5 / np.sqrt(z) + b[names[3]] - b[names[4]] * x / z**2
    found = fit.marginal_effects().estimates
    assert found["x"] == pytest.approx(np.mean(mu * along_x), rel=1e-12)
    assert found["z"] == pytest.approx(np.mean(mu * along_z), rel=1e-12)


def test_averted_adds_up_and_follows_lags():
    panel = av.Panel(DATA, unit="unit", time="year")
    fit = av.Poisson(exposure="pop", cluster="unit").fit("y ~ lag(x, 0:1) | unit + year", panel)
    total = fit.averted({"x": 0})
    b, used = list(fit.coefficients.values()), np.asarray(fit.rows, dtype=int)
    x = DATA["x"]
    other = fit.fitted * np.exp(-b[0] * x[used] - b[1] * x[used - 1])
    assert total.estimates["averted"] == pytest.approx(np.sum(other - fit.fitted), rel=1e-12)
    assert sum(fit.averted({"x": 0}, by="year").counterfactual) == pytest.approx(np.sum(other), rel=1e-12)
    assert np.sum(fit.averted({"x": 0}, by="unit").covariance) == pytest.approx(total.covariance[0, 0], rel=1e-9)
    same = fit.averted({"x": DATA["x"]}).tidy()
    assert (same["estimate"][0], same["std_error"][0]) == pytest.approx((0.0, 0.0), abs=1e-12)


def test_refusals_name_the_trouble():
    fit = av.Poisson(exposure="pop").fit("y ~ x + pop + i(f) | unit", DATA)
    for ask, says in [
        (lambda: fit.marginal_effects("pop"), "exposure"),
        (lambda: fit.marginal_effects("w"), "w"),
        (lambda: fit.marginal_effects("f", slope="eyex"), "differences"),
        (lambda: fit.marginal_effects("x", slope="slope"), "dydx"),
        (lambda: fit.marginal_effects("x", at="median"), "mean"),
        (lambda: fit.averted({}), "other path"),
        (lambda: fit.averted({"x": [1.0, 2.0]}), "rows"),
        (lambda: av.Ols().fit("y ~ x", DATA).averted({"x": 0}), "counts"),
    ]:
        with pytest.raises(av.InputError, match=says):
            ask()


def test_result_contract():
    fit = av.Poisson(exposure="pop", cluster="unit").fit("y ~ x + z | unit", DATA)
    found = fit.marginal_effects(by="region")
    assert list(found.tidy()) == [
        "term", "group", "estimate", "std_error", "statistic", "p_value", "lower", "upper"
    ]  # fmt: skip
    assert found.to_dict()["table"]["group"] == ["0", "1", "0", "1"]
    assert "Marginal effects" in str(found)
    assert len(found.plot().lines) == 2 * 4 + 1


def test_cost_is_the_interval_of_deaths_averted_turned_upside_down():
    data = {"deaths": [90, 81, 74, 66, 60, 55] * 2, "millions": [0, 1, 2, 3, 4, 5] * 2, "half": ["a"] * 6 + ["b"] * 6}
    fit = av.Poisson().fit("deaths ~ millions", data)
    averted = fit.averted({"millions": 0}, by="half")
    found = averted.cost({"b": 15e6, "a": 30e6}, per=2e6, level=0.9)
    for row, money, cost, (low, high) in zip(
        averted._core.rows_at(0.9), (30e6, 15e6), found.cost_per_death_averted, found.cost_interval, strict=True
    ):
        assert [cost, low, high] == pytest.approx([money / row[1], money / row[6], money / row[5]], rel=1e-12)
    tidy = found.tidy()
    assert tidy["averted_per"][0] == pytest.approx(averted.tidy()["estimate"][0] * 2e6 / 30e6, rel=1e-12)
    assert list(tidy["group"]) == ["a", "b"]
    # Nothing resolved: no upper end; the wrong sign: no cost.
    noise = av.Poisson().fit("deaths ~ millions", {"deaths": [5, 7, 4, 6, 6, 5], "millions": [0, 1, 2, 3, 4, 5]})
    unresolved = noise.averted({"millions": 0}).cost(15e6)
    assert unresolved.cost_per_death_averted == [None]
    assert unresolved.cost_interval[0][0] > 0
    assert "unbounded" in str(unresolved)
    more = fit.averted({"millions": 9}).cost(1e6)
    assert more.cost_interval == [(None, None)]
    assert "none exists" in more.cost[0]
    for money in (0, [1.0, 2.0, 3.0], {"a": 1.0}, -5.0):
        with pytest.raises(av.InputError):
            averted.cost(money)
