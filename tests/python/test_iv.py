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
