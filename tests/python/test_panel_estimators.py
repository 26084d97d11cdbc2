"""Random effects, between, differences, regressions by period, AR(1) errors and panel-corrected errors."""

import json
import pickle
from pathlib import Path
from typing import Any

import averted as av
import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
FORMULA = "inv ~ value + capital"


@pytest.fixture(scope="module")
def gold() -> dict[str, Any]:
    return dict(json.loads((ROOT / "tests/reference/panel_estimators.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def firms(gold: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(gold["datasets"]["grunfeld_gaps"]["columns"])


def specifications() -> dict[str, Any]:
    panel = ("firm", "year")
    return {
        "random": av.RandomEffects(panel=panel),
        "between": av.Between(panel=panel),
        "first_differences": av.FirstDifferences(panel=panel),
        "fama_macbeth": av.FamaMacBeth(panel=panel),
        "gls_ar1_0.3": av.Ar1(panel=panel, rho=0.3),
    }


@pytest.mark.parametrize("key", specifications())
def test_values_are_those_of_the_reference(key: str, firms: pd.DataFrame, gold: dict[str, Any]) -> None:
    fit = specifications()[key].fit(FORMULA, firms)
    values = gold["cases"][0]["values"]
    np.testing.assert_allclose(list(fit.coefficients.values()), values[f"{key}_coef"], rtol=1e-8)
    np.testing.assert_allclose(list(fit.std_errors.values()), values[f"{key}_se"], rtol=1e-8)


@pytest.mark.parametrize("key", specifications())
def test_the_contract_of_a_fit_holds(key: str, firms: pd.DataFrame) -> None:
    fit = specifications()[key].fit(FORMULA, firms)
    assert isinstance(fit.tidy(), pd.DataFrame)
    assert len(fit.tidy()) == len(fit.terms)
    assert fit.glance()["r_squared"].between(0.4, 1.0).all()
    assert len(fit.augment()) == len(fit.rows)
    np.testing.assert_allclose(fit.residuals(), fit.outcome - fit.fitted)
    assert str(fit)
    assert fit.to_dict()
    assert fit._repr_html_()
    again = pickle.loads(pickle.dumps(fit))
    assert again.coefficients == fit.coefficients
    assert again.std_errors == fit.std_errors
    if key == "first_differences":
        with pytest.raises(av.InputError, match="level"):
            fit.predict(firms)
    else:
        assert (fit.predict(firms)["std_error"] > 0).all()
    assert fit.plot() is not None
    with pytest.raises(av.InputError):
        fit.residuals("pearson")


def test_fama_macbeth_shows_the_regression_of_every_period(firms: pd.DataFrame) -> None:
    fit = specifications()["fama_macbeth"].fit(FORMULA, firms)
    found = fit.by_period
    np.testing.assert_allclose(found[fit.terms].mean(), list(fit.coefficients.values()), rtol=1e-12)
    for _, row in found.iterrows():
        alone = av.Ols().fit(FORMULA, firms[firms["year"] == row["period"]])
        np.testing.assert_allclose(row[fit.terms].to_list(), list(alone.coefficients.values()), rtol=1e-9)


def test_a_panel_needs_no_columns_and_a_frame_does(firms: pd.DataFrame) -> None:
    panel = av.Panel(firms, unit="firm", time="year")
    assert (
        av.RandomEffects().fit(FORMULA, panel).coefficients
        == specifications()["random"].fit(FORMULA, firms).coefficients
    )
    with pytest.raises(av.InputError, match="unit"):
        av.RandomEffects().fit(FORMULA, firms)
    with pytest.raises(av.InputError, match="weights"):
        av.Between(panel=("firm", "year"), weights="capital").fit(FORMULA, firms)
    with pytest.raises(av.ConvergenceError):
        av.Ar1(panel=("firm", "year"), max_iterations=1).fit(FORMULA, firms)
    with pytest.raises(av.InputError, match="between"):
        av.Ar1(rho=1.5).fit(FORMULA, firms)
    assert av.FirstDifferences(drift=True, panel=("firm", "year")).fit(FORMULA, firms).terms[0] == "drift"


def test_hausman_and_mundlak(firms: pd.DataFrame, gold: dict[str, Any]) -> None:
    fit = specifications()["random"].fit(FORMULA, firms)
    test = fit.specification_test("hausman")
    np.testing.assert_allclose([test.statistic, 2, test.p_value], gold["cases"][0]["values"]["hausman"], rtol=1e-8)
    assert set(fit.diagnostics().p_values) == {"hausman", "mundlak"}
    clustered = fit.with_covariance(cluster="firm").specification_test("mundlak")
    assert clustered.against == "F(2, 9)"


def test_panel_corrected_errors(firms: pd.DataFrame, gold: dict[str, Any]) -> None:
    values = gold["cases"][0]["values"]
    fit = av.Ols(ssc="none", panel=("firm", "year"), covariance=av.BeckKatz()).fit(FORMULA + " | firm", firms)
    np.testing.assert_allclose(list(fit.std_errors.values()), values["within_BK_time"], rtol=1e-8)
    other = fit.with_covariance(av.BeckKatz("over_time", unit="firm", time="year"))
    np.testing.assert_allclose(list(other.std_errors.values()), values["within_BK_group"], rtol=1e-8)
    assert "panel-corrected within units" in str(other)
    with pytest.raises(av.InputError, match="related"):
        av.BeckKatz("within")  # type: ignore[arg-type]
    with pytest.raises(av.InputError, match="residuals"):
        av.Poisson(panel=("firm", "year")).fit(FORMULA, firms).with_covariance(av.BeckKatz())
