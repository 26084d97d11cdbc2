"""Specification tests from Python: the same numbers, a table, and what is not defined."""

from __future__ import annotations

import json
from pathlib import Path

import averted as av
import pytest

REFERENCE = Path(__file__).parents[1] / "reference"


def _reference(name, case, dataset):
    gold = json.loads((REFERENCE / f"{name}.json").read_text())
    values = next(c["values"] for c in gold["cases"] if c["id"] == case)
    return gold["datasets"][dataset]["columns"], values


def test_one_by_one_as_lmtest_has_them():
    data, values = _reference("regression_linear", "investment.ols", "investment")
    fit = av.Ols().fit("RealInv ~ RealGNP + RealInt", data)
    for name, key in [
        ("breusch_pagan", "bp_test_studentized"),
        ("breusch_godfrey", "bg_order1_chisq"),
        ("reset", "reset_power2_3"),
    ]:
        test = fit.specification_test(name)
        assert test.statistic == pytest.approx(values[key]["stat"], rel=1e-8)
        assert test.p_value == pytest.approx(values[key]["p"], rel=1e-8)
        assert json.loads(test.to_json())["test"] == name
    watson = fit.specification_test("durbin_watson")
    assert watson.p_value == pytest.approx(values["dw"]["p_greater"], rel=1e-8)
    assert watson.estimates["autocorrelation"] == pytest.approx(1 - watson.statistic / 2)
    assert fit.specification_test("reset", power=2).against.startswith("F(1, ")
    assert fit.specification_test("breusch_godfrey", lags=3).against == "χ²(3)"


def test_all_of_a_panel_and_why_some_are_not_defined():
    data, values = _reference("regression_linear", "grunfeld10.plm", "grunfeld10")
    fit = av.Ols(panel=("firm", "year"), weights="capital").fit("inv ~ value | firm", data)
    found = fit.diagnostics()
    assert set(found.undefined) == {"wooldridge"}
    assert "weights" in found.undefined["wooldridge"]
    assert {"cross_section", "effects", "white"} <= set(found.p_values)
    assert found.condition_number > 0
    assert "wooldridge is not defined here" in str(found)
    assert len(found.tidy()["test"]) == len(found.statistics)
    plain = av.Ols(panel=("firm", "year")).fit("inv ~ value + capital | firm", data)
    assert plain.diagnostics().statistics["cross_section"] == pytest.approx(values["pesaran_cd"]["stat"], rel=1e-8)


def test_counts():
    data, values = _reference("count_glm_rates", "quine.poisson", "quine")
    fit = av.Poisson().fit("Days ~ Eth + Sex + Age + Lrn", data)
    test = fit.specification_test("overdispersion")
    assert test.statistic == pytest.approx(values["dispersiontest_nb1"]["z"], rel=1e-8)
    assert set(fit.diagnostics().p_values) == {
        "overdispersion",
        "quadratic_overdispersion",
        "pearson",
        "deviance",
        "reset",
    }
    with pytest.raises(av.InputError, match="did you mean reset"):
        fit.specification_test("rest")
    with pytest.raises(av.InputError, match="least squares"):
        fit.specification_test("white")
