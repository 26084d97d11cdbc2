"""Instruments from Python: the same numbers, frames in and out, errors of the right class."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import averted as av
import numpy as np
import pytest

REFERENCE = Path(__file__).parents[1] / "reference"


def _mroz():
    gold = json.loads((REFERENCE / "python_regression_iv_unitroot.json").read_text())
    case = next(c for c in gold["cases"] if c["id"] == "iv_mroz")
    return gold["datasets"]["mroz"]["columns"], case["values"]


FORMULA = "lwage ~ exper + expersq | educ ~ fatheduc + motheduc"


@pytest.mark.parametrize(
    ("method", "part"), [("2sls", "tsls"), ("liml", "liml"), ("fuller", "fuller1"), ("gmm", "gmm_robust_2step")]
)
def test_mroz_as_linearmodels_has_it(method, part):
    data, values = _mroz()
    fit = av.Iv(method=method, covariance="HC1", ssc="linearmodels").fit(FORMULA, data)
    for name, value in values[part]["coef"].items():
        term = "(Intercept)" if name == "const" else name
        assert fit.coefficients[term] == pytest.approx(value, rel=1e-8)
        error = values[part]["se_robust_debiasedTrue"][name]
        assert fit.std_errors[term] == pytest.approx(error, rel=1e-8)
    if method == "gmm":
        assert fit.j_statistic == pytest.approx(values[part]["j"][0], rel=1e-8)
    if method == "liml":
        assert fit.kappa == pytest.approx(values[part]["kappa"], rel=1e-10)


def test_arrays_and_pickles():
    data, _ = _mroz()
    rows = np.isfinite(np.asarray(data["lwage"], dtype=float))
    column = {name: np.asarray(values, dtype=float)[rows] for name, values in data.items()}
    fit = av.Iv(method="liml").fit(FORMULA, data)
    arrays = av.Iv(method="liml").fit_arrays(
        column["lwage"],
        np.column_stack([np.ones(rows.sum()), column["exper"], column["expersq"]]),
        endogenous=column["educ"],
        instruments=np.column_stack([column["fatheduc"], column["motheduc"]]),
    )
    assert arrays.coefficients["endogenous"] == pytest.approx(fit.coefficients["educ"], rel=1e-12)
    again = pickle.loads(pickle.dumps(fit.with_covariance("HC1")))
    assert again.std_errors == fit.with_covariance("HC1").std_errors
    assert "LIML" in str(fit)
    assert fit.glance()["model"][0].startswith("LIML: lwage")


def test_refusals_name_the_variables():
    data, _ = _mroz()
    with pytest.raises(av.InputError, match=r"educ, exper instrumented by fatheduc"):
        av.Iv().fit("lwage ~ 1 | educ + exper ~ fatheduc", data)
    with pytest.raises(av.InputError, match="with instruments"):
        av.Iv().fit("lwage ~ educ", data)
    with pytest.raises(av.InputError, match="method"):
        av.Iv(method="3sls")
    with pytest.raises(av.InputError, match="without instruments"):
        av.Ols().fit(FORMULA, data)


def test_first_stage_and_anderson_rubin():
    data, values = _mroz()
    fit = av.Iv().fit(FORMULA, data)
    stage = fit.first_stage()
    theirs = values["tsls"]["first_stage"]["educ"]
    assert stage.partial_r_squared["educ"] == pytest.approx(theirs["partial.rsquared"], rel=1e-9)
    assert stage.f["educ"] * 428 / 423 == pytest.approx(theirs["f.stat"], rel=1e-9)
    assert stage.overidentification.statistic == pytest.approx(values["tsls"]["sargan"][0], rel=1e-8)
    assert stage.endogeneity.statistic == pytest.approx(values["tsls"]["wu_hausman"][0], rel=1e-8)
    assert stage.effective_f > stage.critical_f
    assert not stage.weak
    assert "effective F = 55.4" in str(stage)
    assert stage.tidy()["endogenous"] == ["educ"]
    test = fit.anderson_rubin(0.05)
    [(low, high)] = test.set
    assert test.shape == "interval"
    assert low < fit.coefficients["educ"] < high
    for end in (low, high):
        assert fit.anderson_rubin(end).p_value == pytest.approx(0.05, abs=1e-9)
        assert fit.with_covariance("HC1").anderson_rubin([end]).p_value != pytest.approx(0.05, abs=1e-4)
    assert test.to_dict()["shape"] == "interval"
    with pytest.raises(av.InputError, match="one number for each of educ"):
        fit.anderson_rubin([0, 1])


def test_wild_bootstraps():
    data = _panel()
    few = {**data, "state": data["unit"] % 10}
    fit = av.Iv(cluster="state").fit("deaths / people ~ 1 | unit + year | spend ~ grant", few)
    test = fit.wild_bootstrap("spend = 0", draws=1_023)
    assert test.enumerated
    assert test.draws.size == 1_024
    assert test.statistic == pytest.approx(fit.coefficients["spend"] / fit.std_errors["spend"], rel=1e-9)
    [(low, high)] = test.set
    assert test.interval == (low, high)
    assert low < fit.coefficients["spend"] < high
    at_end = fit.wild_bootstrap(f"spend = {high + 1e-4 * fit.std_errors['spend']}", draws=1_023, level=None)
    assert at_end.p_value <= 0.05
    assert at_end.set is None
    robust = fit.wild_bootstrap("spend = 0", statistic="anderson_rubin", draws=199, weights="webb", seed=2)
    again = fit.wild_bootstrap("spend = 0", statistic="anderson_rubin", draws=199, weights="webb", seed=2)
    assert robust.p_value == again.p_value
    assert robust.draws.min() >= 0
    assert "Anderson" in str(robust)
    plain = av.Ols(cluster="state").fit("deaths ~ spend | unit + year", few)
    both = av.romano_wolf({"iv": fit, "ols": plain}, "spend = 0")
    assert both.tests["iv"].draws.size == 1_024
    with pytest.raises(av.InputError, match="statistic"):
        fit.wild_bootstrap("spend = 0", statistic="F")
    fuller = av.Iv(method="fuller", cluster="state").fit("deaths ~ 1 | unit | spend ~ grant", few)
    with pytest.raises(av.InputError, match="2sls"):
        fuller.wild_bootstrap("spend = 0")


#  ── counts


def _panel():
    rng = np.random.default_rng(3)
    unit, year = np.repeat(np.arange(25), 8), np.tile(np.arange(8), 25)
    grant, hidden = rng.normal(size=200), rng.normal(size=200)
    spend = grant + hidden + 0.3 * rng.normal(size=200)
    people = 1e4 * (1 + unit % 4)
    deaths = rng.poisson(people * np.exp(-6 + 0.2 * spend + 0.3 * hidden))
    return {"unit": unit, "year": year, "spend": spend, "grant": grant, "people": people, "deaths": deaths}


def test_counts_by_control_function_are_a_poisson_regression_with_the_residual():
    data = _panel()
    spec = av.IvPoisson(exposure="people", cluster="unit")
    fit = spec.fit("deaths ~ 1 | unit + year | spend ~ grant", data)
    first = av.Ols().fit("spend ~ grant | unit + year", data)
    second = av.Poisson(exposure="people").fit("deaths ~ spend + v | unit + year", {**data, "v": first.residuals()})
    assert fit.coefficients["spend"] == pytest.approx(second.coefficients["spend"], rel=1e-9)
    assert fit.coefficients["residual(spend)"] == pytest.approx(second.coefficients["v"], rel=1e-9)
    assert fit.log_likelihood == pytest.approx(second.log_likelihood, rel=1e-12)
    again = pickle.loads(pickle.dumps(fit))
    assert again.std_errors == fit.std_errors
    arrays = spec.fit_arrays(
        data["deaths"],
        endogenous=data["spend"],
        instruments=data["grant"],
        absorb={"unit": data["unit"], "year": data["year"]},
        cluster={"unit": data["unit"]},
        exposure=data["people"],
    )
    assert list(arrays.std_errors.values()) == pytest.approx(list(fit.std_errors.values()), rel=1e-12)
    assert arrays.j_statistic is None


def test_counts_refuse_what_is_not_defined():
    data = _panel()
    assert av.IvPoisson().covariance == "HC1"
    assert "HC1" not in repr(av.IvPoisson(cluster="unit"))
    formula = "deaths ~ 1 | spend ~ grant"
    fit = av.IvPoisson(exposure="people").fit(formula, data)
    for call in (
        lambda: fit.predict(data),
        lambda: fit.marginal_effects("spend"),
        lambda: fit.averted({"spend": 0}),
        lambda: fit.with_covariance("classical"),
        lambda: fit.with_covariance("HC3"),
        lambda: av.IvPoisson(method="2sls"),
        lambda: av.IvPoisson(method="gmm").fit("deaths ~ 1 | unit | spend ~ grant", data),
        lambda: av.romano_wolf([fit, fit], "spend = 0"),
    ):
        with pytest.raises(av.InputError):
            call()
    gmm = av.IvPoisson(method="gmm", exposure="people").fit(formula, data)
    # Without effects the average of the means is exp of a linear predictor: the delta method by hand.
    average = gmm.average_prediction({"spend": 0.0})
    weights = data["people"] * np.exp(gmm.coefficients["(Intercept)"])
    assert average.tidy()["estimate"][0] == pytest.approx(weights.mean(), rel=1e-10)
    assert average.tidy()["std_error"][0] == pytest.approx(weights.mean() * gmm.std_errors["(Intercept)"], rel=1e-9)


@pytest.mark.parametrize("covariance", ["classical", "HC0", av.Cluster("unit")])
def test_averages_after_absorbed_effects_have_the_errors_that_dummies_give(covariance):
    data = _panel()
    spec = av.Iv(covariance=covariance, ssc="none")
    absorbed = spec.fit("deaths ~ 1 | year | spend ~ grant", data)
    dummies = spec.fit("deaths ~ i(year) | spend ~ grant", data)
    for setting in ({}, {"spend": 0.5}):
        ours, theirs = (fit.average_prediction(setting).tidy() for fit in (absorbed, dummies))
        assert ours["estimate"] == pytest.approx(theirs["estimate"], rel=1e-9)
        assert ours["std_error"] == pytest.approx(theirs["std_error"], rel=1e-7)
