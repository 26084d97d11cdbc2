"""Zero inflation and hurdles: values of the reference, the contract, and what is refused."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path

import averted as av
import numpy as np
import pytest

GOLD = json.loads((Path(__file__).parents[1] / "reference" / "count_glm_rates.json").read_text())
CASES = {case["id"]: case["values"] for case in GOLD["cases"]}
DATA = GOLD["datasets"]["biochemists"]["columns"]
FORMULA = "art ~ fem + i(mar, ref = Single) + kid5 + phd + ment"


@pytest.mark.parametrize(("spec", "key"), [(av.ZeroInflated, "zeroinfl"), (av.Hurdle, "hurdle")])
@pytest.mark.parametrize(
    ("count", "case"), [("poisson", "biochem.zi_poisson"), ("negative_binomial", "biochem.zi_negbin")]
)
def test_the_reference(spec, key: str, count, case: str) -> None:
    gold = CASES[case][key]
    fit = spec(count=count, ssc="none").fit(FORMULA, DATA)
    assert fit.converged
    assert fit.log_likelihood == pytest.approx(gold["loglik"], rel=1e-9)
    for part in ("count", "zero"):
        assert fit.coefficients[f"{part}: ment"] == pytest.approx(gold["coef"][f"{part}_ment"], rel=1e-4)
        assert fit.std_errors[f"{part}: ment"] == pytest.approx(gold["se"][f"{part}_ment"], rel=5e-4)
    if count == "negative_binomial":
        theta = gold["theta"][0] if isinstance(gold["theta"], list) else gold["theta"]["count"]
        assert 1 / fit.dispersion().alpha == pytest.approx(theta, rel=1e-4)
    else:
        assert fit.dispersion().alpha == 0.0


def test_the_contract() -> None:
    spec = av.ZeroInflated(count="negative_binomial", zeros="~ ment + phd", cluster="fem")
    fit = spec.fit("art ~ ment", DATA)
    assert fit.terms == ["count: (Intercept)", "count: ment", "zero: (Intercept)", "zero: ment", "zero: phd"]
    assert "zeros by ment + phd" in str(fit)
    tidy, glance = fit.tidy(), fit.glance()
    assert list(tidy) == ["term", "estimate", "std_error", "statistic", "p_value", "lower", "upper"]
    assert glance["aic"][0] == pytest.approx(fit.aic)
    assert fit.aic == pytest.approx(2 * 6 - 2 * fit.log_likelihood)
    assert fit.joint_covariance.shape == (6, 6)
    np.testing.assert_array_equal(fit.joint_covariance[:5, :5], fit.covariance)
    assert json.loads(fit.to_json())["converged"] is True
    assert copy.copy(fit) is fit
    again = pickle.loads(pickle.dumps(fit.with_covariance("HC0")))
    assert again.std_errors == fit.with_covariance("HC0").std_errors
    assert pickle.loads(pickle.dumps(spec)) == spec
    ax = fit.plot()
    assert len(ax.get_yticks()) == 3


def test_predictions_are_the_fit() -> None:
    fit = av.Hurdle(count="negative_binomial").fit("art ~ ment", DATA)
    new = fit.predict(DATA)
    np.testing.assert_allclose(new["estimate"], fit.fitted, rtol=1e-12)
    np.testing.assert_allclose(new["zero_probability"], fit.zero_probabilities, rtol=1e-12)
    assert np.all(new["lower"] < new["estimate"])
    assert np.all(new["estimate"] < new["upper"])
    assert sum(fit.zero_probabilities) == pytest.approx(sum(np.asarray(DATA["art"]) == 0), rel=1e-10)
    augmented = fit.augment()
    assert list(augmented) == ["row", "outcome", "fitted", "zero_probability"]


def test_other_covariances_need_columns_the_fit_has_not_seen() -> None:
    fit = av.ZeroInflated().fit("art ~ ment", DATA)
    clustered = fit.with_covariance(cluster="phd")
    assert clustered.clusters == [len(set(DATA["phd"]))]
    assert clustered.std_errors != fit.std_errors
    assert clustered.coefficients == fit.coefficients
    one = clustered.wald("zero: ment = 0")
    row = clustered.tidy()
    assert one.statistic == pytest.approx(row["statistic"][3] ** 2)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: av.Hurdle().fit("art ~ ment | fem", DATA), av.InputError, "Mundlak"),
        (lambda: av.Hurdle(count="geometric"), av.InputError, "negative_binomial"),
        (lambda: av.Hurdle(zeros=["ment"]), av.InputError, "zeros"),
        (lambda: av.Hurdle(keep_singletons=True), av.InputError, "keep_singletons"),
        (lambda: av.ZeroInflated(covariance="HC3").fit("art ~ ment", DATA), av.InputError, "HC0, HC1 or clusters"),
        (lambda: av.Hurdle(covariance=av.Cluster("fem", accept={"AV18": "two"})), av.InputError, "not diagnosed"),
        (lambda: av.ZeroInflated(zeros="metn").fit("art ~ ment", DATA), av.InputError, "did you mean ment"),
        (lambda: av.ZeroInflated().fit("y ~ 1", {"y": [1, 2, 3, 2, 4]}), av.InputError, "nowhere zero"),
        (
            lambda: av.ZeroInflated().fit("y ~ 1", {"y": [0, *[1] * 20, *[2] * 20]}),
            av.ConvergenceError,
            "no more zeros than the counts explain",
        ),
    ],
)
def test_what_is_refused(call, error, says: str) -> None:
    with pytest.raises(error, match=says):
        call()
