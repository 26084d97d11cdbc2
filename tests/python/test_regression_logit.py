"""Logit regressions, from Python."""

from __future__ import annotations

import pickle

import averted as av
import numpy as np
import pytest


def shares() -> dict[str, list]:
    rng = np.random.default_rng(3)
    state = np.repeat([f"s{i:02d}" for i in range(12)], 20)
    x = rng.normal(size=240)
    eta = -0.4 + 0.5 * x + np.repeat(rng.normal(size=12), 20)
    p = 1 / (1 + np.exp(-eta - rng.normal(size=240)))
    return {"state": state.tolist(), "x": x.tolist(), "share": p.tolist(), "yes": (rng.uniform(size=240) < p).tolist()}


def test_formula_and_arrays_agree() -> None:
    data = shares()
    fit = av.Logit(cluster="state").fit("share ~ x | state", data)
    again = av.Logit().fit_arrays(
        data["share"],
        np.array(data["x"]),
        absorb={"state": data["state"]},
        cluster={"state": data["state"]},
        names=["x"],
    )
    assert again.coefficients == fit.coefficients
    assert again.std_errors == fit.std_errors
    assert fit.glance()["converged"]
    pickled = pickle.loads(pickle.dumps(fit))
    assert pickled.std_errors == fit.std_errors


def test_the_usual_errors_are_robust_and_predictions_stay_inside() -> None:
    data = shares()
    fit = av.Logit().fit("share ~ x | state", data)
    assert fit.std_errors == fit.with_covariance("HC1").std_errors
    predicted = fit.predict(data)
    assert (np.asarray(predicted["lower"]) > 0).all()
    assert (np.asarray(predicted["upper"]) < 1).all()
    np.testing.assert_allclose(np.asarray(predicted["estimate"]), fit.fitted, rtol=1e-9)
    assert fit.with_covariance(av.Cluster("state", kind="CR2")).coefficient_degrees["x"] < 12
    slope = float(np.asarray(fit.marginal_effects().tidy()["estimate"])[0])
    assert slope == pytest.approx(fit.coefficients["x"] * np.mean(fit.fitted * (1 - fit.fitted)), rel=1e-9)


def test_what_is_no_share_is_refused() -> None:
    with pytest.raises(av.InputError, match="from 0 to 1"):
        av.Logit().fit("y ~ x", {"y": [0.2, 1.5, 0.3], "x": [1, 2, 3]})
    with pytest.raises(av.InputError, match="is 1 in every row"):
        av.Logit().fit("y ~ x", {"y": [1, 1, 1], "x": [1, 2, 3]})
    with pytest.raises(av.InputError, match="counts"):
        av.Logit().fit("share ~ x", shares()).averted({"x": 0.0})
