"""Regression through the Python face."""

from __future__ import annotations

import copy
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import averted as av
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def panel(units: int = 12, periods: int = 9) -> dict[str, Any]:
    """A panel with structure, deterministic, rows in no order."""
    n = units * periods
    place = (np.arange(n) * 7_919 + 13) % n
    u, t = place // periods, place % periods
    x = np.sin(u * 1.3 + t * 0.7) + 0.1 * t
    z = np.cos(u * 0.9 - t * 1.7)
    mean = np.exp(1 + 0.3 * x - 0.2 * z + np.sin(u * 2.1) + 0.05 * t)
    return {
        "unit": u,
        "name": np.array([f"unit {i:02}" for i in u]),
        "time": t,
        "region": u // 3,
        "x": x,
        "z": z,
        "people": 1_000.0 + 37 * u + 5 * t,
        "repeats": 1 + (u + 2 * t) % 3,
        "deaths": np.round(mean * (1 + 0.5 * np.sin(u * 5 + t * 3))),
        "rate": np.log(mean) + 0.3 * np.sin(u * 11 + t * 7),
    }


#  ── castle doctrine: one model, many conventions


def test_castle_doctrine_has_the_published_standard_errors(shared: Any) -> None:
    data = pd.read_csv(shared("data/policy_panels/castle_mixtape.csv"), low_memory=False)
    fit = av.Ols(cluster="sid").fit("l_homicide ~ cdl | sid + year", data)
    assert fit.coefficients["cdl"] == pytest.approx(0.0877013849, abs=5e-11)
    for ssc, theirs in {
        "none": 0.0625031248,
        "fixest": 0.0637798842,
        "statsmodels": 0.0668991246,
        "linearmodels": 0.0662870429,
    }.items():
        assert fit.with_covariance(ssc=ssc).std_errors["cdl"] == pytest.approx(theirs, abs=5e-11), ssc
    poisson = av.Poisson(offset="log(population)", cluster="sid").fit("homicide_c ~ cdl | sid + year", data)
    assert poisson.coefficients["cdl"] == pytest.approx(0.0834635048494, abs=5e-14)
    assert poisson.with_covariance(ssc="none").std_errors["cdl"] == pytest.approx(0.0317767596, abs=5e-11)
    assert poisson.std_errors["cdl"] == pytest.approx(0.0324259, abs=5e-8)


#  ── one answer, whatever came in


@pytest.mark.filterwarnings("ignore:standard errors hold effects nested:averted.AvertedWarning")
def test_every_kind_of_frame_gives_the_same_bits_and_its_own_kind_back() -> None:
    columns = panel()
    spec = av.Poisson(exposure="people", cluster=["region", "time"])
    fits = {}
    for kind, data in {
        pd.DataFrame: pd.DataFrame(columns),
        pl.DataFrame: pl.DataFrame(columns),
        pa.Table: pa.table(columns),
        dict: columns,
    }.items():
        fit = spec.fit("deaths ~ x + z | unit + time", data)
        for frame in (fit.tidy(), fit.glance(), fit.augment(), fit.fixed_effects(), fit.predict(data)):
            assert isinstance(frame, kind)
        fits[kind] = (list(fit.coefficients.values()), fit.covariance.tobytes())
    assert all(bits == fits[dict] for bits in fits.values())


def test_labels_of_any_kind_are_the_same_effects() -> None:
    columns = panel()
    frame = pd.DataFrame(columns)
    frame["category"] = frame["name"].astype("category")
    coefficients = {
        column: av.Ols(cluster=column).fit(f"rate ~ x + z | {column} + time", frame).covariance.tobytes()
        for column in ("unit", "name", "category")
    }
    assert len(set(coefficients.values())) == 1


def test_a_specification_is_a_sentence_and_a_value() -> None:
    spec = av.Poisson(exposure="people", cluster=["state", "year"], ssc="stata", panel=("state", "year"))
    assert repr(spec) == (
        "Poisson regression, exposure people, panel of state by year, "
        "standard errors clustered by state and year, small sample stata"
    )
    assert spec == pickle.loads(pickle.dumps(spec)) == copy.deepcopy(spec)
    with pytest.raises(AttributeError):
        spec.exposure = "population"  # type: ignore[misc]


def test_a_fit_survives_pickling_with_its_covariance() -> None:
    fit = av.Poisson(exposure="people").fit("deaths ~ x | unit", pd.DataFrame(panel()))
    fit = fit.with_covariance(cluster="region")
    again = pickle.loads(pickle.dumps(fit))
    assert again.covariance.tobytes() == fit.covariance.tobytes()
    assert repr(again) == repr(fit)
    assert copy.deepcopy(fit) is fit


def test_arrays_and_formula_agree() -> None:
    data = panel()
    formula = av.Poisson(exposure="people", cluster="region").fit("deaths ~ x + z | unit + time", data)
    X = np.column_stack([data["x"], data["z"]])
    arrays = av.Poisson().fit_arrays(
        data["deaths"], X, absorb=[data["name"], data["time"]], cluster=data["region"], exposure=data["people"]
    )
    assert list(arrays.coefficients.values()) == list(formula.coefficients.values())
    assert arrays.covariance.tobytes() == formula.covariance.tobytes()
    with pytest.raises(av.InputError, match="formula"):
        arrays.predict(data)


#  ── input that cannot be used


def _without(**changes: Any) -> dict[str, Any]:
    return {**panel(), **changes}


def _set(name: str, row: int, value: float) -> dict[str, Any]:
    data = panel()
    column = np.array(data[name], dtype=float)
    column[row] = value
    return {**data, name: column}


FORMULA = "deaths ~ x + z | unit + time"

#: What goes in, how it is fitted, and what the error says.
REFUSED: dict[str, tuple[Any, Any, str, str]] = {
    "no columns": ({}, av.Ols(), "y ~ x", "no column y"),
    "header only": (pd.DataFrame({"y": [], "x": []}), av.Ols(), "y ~ x", "no rows|nothing to estimate"),
    "unknown column": (panel(), av.Ols(), "rate ~ xx", "no column xx"),
    "unknown cluster": (panel(), av.Ols(cluster="regio"), "rate ~ x", "did you mean `region`"),
    "unknown exposure": (panel(), av.Poisson(exposure="peopl"), FORMULA, "did you mean `people`"),
    "text as outcome": (panel(), av.Ols(), "name ~ x", "text"),
    "text as exposure": (panel(), av.Poisson(exposure="name"), FORMULA, "text"),
    "infinite outcome": (_set("rate", 3, np.inf), av.Ols(), "rate ~ x", "`rate`, row 3"),
    "infinite regressor": (_set("x", 4, -np.inf), av.Poisson(), FORMULA, "`x`, row 4"),
    "infinite weight": (_set("people", 5, np.inf), av.Ols(weights="people"), "rate ~ x", "`people`, row 5"),
    "negative count": (_set("deaths", 6, -1), av.Poisson(), FORMULA, "`deaths`, row 6: -1 must be"),
    "zero exposure": (_set("people", 7, 0), av.Poisson(exposure="people"), FORMULA, "`people`, row 7: 0 must be"),
    "negative exposure": (_set("people", 7, -2), av.Poisson(exposure="people"), FORMULA, "`people`, row 7: -2 must"),
    "zero weight": (_set("people", 8, 0), av.Ols(weights="people"), "rate ~ x", "`people`, row 8: 0 must be"),
    "broken frequency": (_set("repeats", 9, 1.5), av.Ols(frequency_weights="repeats"), "rate ~ x", "whole number"),
    "all zeros": (_without(deaths=np.zeros(108)), av.Poisson(), FORMULA, "zero in every row"),
    "constant outcome": (_without(rate=np.full(108, 2.5)), av.Ols(), "rate ~ x", "2.5 in every row"),
    "constant column": (_without(x=np.ones(108)), av.Ols(), "rate ~ x | unit", "x left out"),
    "nothing but missing": (_without(x=np.full(108, np.nan)), av.Ols(), "rate ~ x", "missing x"),
    "one unit": (
        {k: v[panel()["unit"] == 0] for k, v in panel().items()},
        av.Ols(cluster="unit"),
        "rate ~ x",
        "cluster",
    ),
    "one period": (
        {k: v[panel()["time"] == 0] for k, v in panel().items()},
        av.Poisson(),
        FORMULA,
        "taken up by an absorbed effect",
    ),
    "more parameters than rows": (
        {"y": [1.0, 2.0, 4.0], "x": [1.0, 2.0, 0.0], "z": [0.0, 1.0, 5.0]},
        av.Ols(),
        "y ~ x + z",
        "at least 4",
    ),
    "lags of a plain frame": (panel(), av.Ols(), "rate ~ lag(x, 1)", "anel"),
    "instruments": (panel(), av.Ols(), "rate ~ x | unit | z ~ people", "instruments"),
    "no tilde": (panel(), av.Ols(), "rate", "\\^"),
    "lengths that differ": ({"y": [1.0, 2.0], "x": [1.0]}, av.Ols(), "y ~ x", "expected 2 rows"),
    "no frame": (3, av.Ols(), "y ~ x", "cannot read a int"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_refused_with_its_place(case: str) -> None:
    data, spec, formula, message = REFUSED[case]
    with pytest.raises(av.InputError, match=message) as error:
        spec.fit(formula, data)
    assert "panicked" not in str(error.value)
    assert "src/" not in str(error.value)


def test_duplicate_cells_are_refused_where_lags_need_them_single() -> None:
    data = {name: np.concatenate([values, values[:1]]) for name, values in panel().items()}
    spec = av.Ols(panel=("unit", "time"))
    with pytest.raises(av.InputError, match="more than once"):
        spec.fit("rate ~ lag(x, 1) | unit", data)
    assert av.Ols().fit("rate ~ x | unit", data).rows.size == 109


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"covariance": "HC5"}, "classical or HC0 to HC4"),
        ({"ssc": "fixset"}, "did you mean fixest"),
        ({"cluster": []}, "one column or a list"),
        ({"cluster": "a", "covariance": "HC1"}, "both given"),
        ({"covariance": av.Cluster("a"), "cluster": "b"}, "both given"),
        ({"covariance": 3}, "must be"),
        ({"weights": np.ones(3)}, "name of a column"),
        ({"weights": "a", "frequency_weights": "b"}, "one kind of weight"),
        ({"panel": ("unit",)}, "two columns"),
        ({"panel": "ab"}, "two columns"),
    ],
)
def test_settings_that_make_no_sense_are_refused_at_once(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(av.InputError, match=message):
        av.Ols(**settings)


def test_missing_values_are_left_out_and_counted() -> None:
    data = _set("x", 3, np.nan)
    data["people"] = np.where(np.arange(108) == 5, np.nan, data["people"])
    fit = av.Poisson(exposure="people").fit(FORMULA, data)
    assert fit.dropped == {"missing x": 1, "missing people": 1}
    assert 3 not in fit.rows
    assert len(fit.augment()["row"]) == 106


def test_counts_that_are_not_whole_are_a_quasi_likelihood() -> None:
    fit = av.Poisson().fit(FORMULA, _set("deaths", 2, 3.5))
    assert any("quasi-likelihood" in note for note in fit.notes)


def test_a_collinear_column_is_left_out_with_a_note() -> None:
    fit = av.Ols().fit("rate ~ x + both + z | unit", _without(both=2 * panel()["x"]))
    assert fit.terms == ["x", "z"]
    assert "both left out: collinear with x" in fit.notes


def test_separated_rows_are_listed() -> None:
    data = panel()
    apart = (data["unit"] < 3) & (data["time"] == 0)
    data["deaths"] = np.where(apart, 0, data["deaths"] + 1)
    data["apart"] = apart.astype(float)
    fit = av.Poisson().fit("deaths ~ x + apart", data)
    assert sorted(fit.separated) == np.flatnonzero(apart).tolist()
    assert fit.dropped == {"separated": 3}
    assert "apart" not in fit.terms


def test_a_million_units_are_absorbed() -> None:
    n = 1_000_000
    unit = np.repeat(np.arange(n), 2)
    x = np.sin(np.arange(2 * n) * 0.7)
    y = 0.25 * x + unit
    fit = av.Ols().fit("y ~ x | unit", {"y": y + np.cos(np.arange(2 * n) * 1.3), "x": x, "unit": unit})
    assert fit.effects == {"unit": n}
    dx, dy = np.diff(x.reshape(n, 2)).ravel(), np.diff((y + np.cos(np.arange(2 * n) * 1.3)).reshape(n, 2)).ravel()
    assert fit.coefficients["x"] == pytest.approx(dx @ dy / (dx @ dx), rel=1e-9)


def test_a_fit_that_does_not_converge_raises_or_says_so() -> None:
    spec = av.Poisson(max_iterations=2)
    with pytest.raises(av.ConvergenceError, match="2 iterations"):
        spec.fit(FORMULA, panel())
    fit = spec.fit(FORMULA, panel(), on_nonconvergence="note")
    assert not fit.converged
    assert "did not converge" in repr(fit)
    with pytest.raises(av.InputError, match="raise"):
        spec.fit(FORMULA, panel(), on_nonconvergence="ignore")  # type: ignore[arg-type]


def test_arrays_refuse_what_they_cannot_use() -> None:
    y, X = np.arange(4.0), np.arange(8.0).reshape(4, 2) ** 2
    fit = av.Ols().fit_arrays
    for call, message in [
        (lambda: fit(np.array([1.0, np.nan, 2.0, 3.0]), X), "`y`, row 1"),
        (lambda: fit(y, X[:3]), "expected 4 rows"),
        (lambda: fit(X, X), "one dimension"),
        (lambda: fit(np.array(["a", "b", "c", "d"]), X), "numbers"),
        (lambda: fit(y, X, names=["one"]), "names of regressors"),
        (lambda: fit(y, X, absorb=[[0, 1]]), "rows"),
        (lambda: fit(y, X, weights=[1.0, 1.0, 0.0, 1.0]), "`weights`, row 2"),
        (lambda: fit(y, X, absorb=[np.array([1.0, np.nan, 1.0, 1.0])]), "missing"),
    ]:
        with pytest.raises(av.InputError, match=message):
            call()


#  ── what must not matter


def test_the_callers_frame_is_left_as_it_was() -> None:
    frame = pd.DataFrame(panel())
    before = frame.copy()
    fit = av.Poisson(exposure="people", cluster="region").fit(FORMULA, frame)
    fit.with_covariance(cluster="name").augment()
    pd.testing.assert_frame_equal(frame, before)


def test_changing_the_frame_later_does_not_change_the_fit() -> None:
    frame = pd.DataFrame(panel())
    fit = av.Ols().fit("rate ~ x | unit", frame)
    clustered = fit.with_covariance(cluster="region").std_errors
    frame["region"] = 0
    assert fit.with_covariance(cluster="region").std_errors == clustered


@given(st.floats(1e-6, 1e6))
@settings(max_examples=25, deadline=None)
def test_scaling_the_exposure_shifts_only_the_intercept(factor: float) -> None:
    data = panel()
    spec = av.Poisson(exposure="people", cluster="region")
    one = spec.fit("deaths ~ x + z", data)
    other = spec.fit("deaths ~ x + z", {**data, "people": data["people"] * factor})
    shift = one.coefficients["(Intercept)"] - other.coefficients["(Intercept)"]
    assert shift == pytest.approx(np.log(factor), abs=1e-9)
    for term in ("x", "z"):
        assert one.coefficients[term] == pytest.approx(other.coefficients[term], abs=1e-10)
        assert one.std_errors[term] == pytest.approx(other.std_errors[term], rel=1e-9)


@given(st.permutations(range(108)))
@settings(max_examples=15, deadline=None)
def test_the_order_of_rows_changes_nothing(order: list[int]) -> None:
    data = panel()
    spec = av.Poisson(exposure="people", cluster=["region", "time"])
    one = spec.fit(FORMULA, data)
    other = spec.fit(FORMULA, {name: values[order] for name, values in data.items()})
    assert list(one.coefficients.values()) == pytest.approx(list(other.coefficients.values()), rel=1e-10)
    assert list(one.std_errors.values()) == pytest.approx(list(other.std_errors.values()), rel=1e-9)
    assert one.fitted[order] == pytest.approx(other.fitted, rel=1e-10)


BITS = """
import sys; sys.path.insert(0, {here!r})
import averted as av
from test_regression import panel
fit = av.Poisson(exposure="people", cluster=["region", "time"]).fit("deaths ~ x + z | unit + time", panel(40, 30))
print(fit.covariance.tobytes().hex(), list(fit.coefficients.values()))
"""


def test_one_and_two_threads_give_the_same_bits(root: Path) -> None:
    code = BITS.format(here=str(root / "tests" / "python"))
    bits = [
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "AVERTED_THREADS": n}, capture_output=True, check=True
        ).stdout
        for n in ("1", "2")
    ]
    assert bits[0] == bits[1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_fits() -> None:
    spec = av.Poisson(exposure="people")
    parent = spec.fit(FORMULA, panel())
    child = os.fork()
    if child == 0:
        same = spec.fit(FORMULA, panel()).coefficients == parent.coefficients
        os._exit(0 if same else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


#  ── values of other software


def test_fatalities_as_in_fixest(root: Path) -> None:
    gold = json.loads((root / "tests/reference/fixest_panel.json").read_text())
    data = gold["datasets"]["fatalities"]["columns"]
    case = next(c for c in gold["cases"] if c["id"] == "fat_fepois_offset")["values"]
    formula = "fatal ~ beertax + unemp + lincome + drinkage | state + year"
    fit = av.Poisson(offset="log(pop)", cluster="state").fit(formula, pl.DataFrame(data, strict=False))
    for term, theirs in case["coef"].items():
        assert fit.coefficients[term] == pytest.approx(theirs, rel=1e-8), term
    theirs = np.array(case["vcovs"]["cluster_unit__default_nonnested"]["vcov"])
    np.testing.assert_allclose(fit.covariance, theirs, rtol=1e-7)
    two = np.array(case["vcovs"]["twoway__default_nonnested"]["vcov"])
    np.testing.assert_allclose(fit.with_covariance(cluster=["state", "year"]).covariance, two, rtol=1e-7)
    assert fit.log_likelihood == pytest.approx(case["loglik"], rel=1e-8)


def test_lags_as_in_fixest(root: Path) -> None:
    gold = json.loads((root / "tests/reference/fixest_panel.json").read_text())
    data = gold["datasets"]["grunfeld10"]["columns"]
    case = next(c for c in gold["cases"] if c["id"] == "grun_lags")["values"]
    fit = av.Ols(panel=("firm", "year")).fit("inv ~ lag(value, 0:2) + capital | firm", pa.table(data))
    assert list(fit.coefficients.values()) == pytest.approx(list(case["coef"].values()), rel=1e-8)


#  ── the result contract


def test_results_print_plot_and_convert() -> None:
    fit = av.Poisson(exposure="people", cluster="region").fit("deaths ~ x + z | unit", pd.DataFrame(panel()))
    assert "clustered by region (G = 4)" in repr(fit)
    assert "<table" in fit._repr_html_()
    assert "\\begin{tabular}" in fit.to_latex()
    known = json.loads(fit.to_json())
    assert known["table"]["term"] == ["x", "z"]
    assert known["degrees_of_freedom"] is None
    # Four clusters are too few for an interval.
    assert fit.tidy()["lower"].isna().all()
    robust = fit.with_covariance("HC1")
    narrow, wide = robust.tidy(0.5), robust.tidy(0.99)
    assert (wide["lower"] < narrow["lower"]).all()
    axes = fit.plot()
    assert [label.get_text() for label in axes.get_yticklabels()] == ["x", "z"]
    with pytest.raises(av.InputError, match="no coefficient"):
        fit.plot(terms=["w"])
    test = robust.wald("x = z")
    assert test.restrictions == 1
    assert test.glance()["p_value"][0] == test.p_value


def test_predictions_of_new_rows() -> None:
    data = panel()
    fit = av.Poisson(exposure="people").fit(FORMULA, data)
    new = {name: values[:5] for name, values in data.items()}
    found = fit.predict(new, level=0.9)
    assert found["estimate"] == pytest.approx(fit.fitted[:5], rel=1e-11)
    assert (found["lower"] < found["estimate"]).all()
    with pytest.raises(av.InputError, match="unit"):
        fit.predict({**new, "unit": np.full(5, 99)})
    # Of a row with something missing, the level does not matter.
    unseen = {**new, "unit": np.array([99, *new["unit"][1:]]), "x": np.array([np.nan, *new["x"][1:]])}
    assert np.isnan(fit.predict(unseen)["estimate"]).tolist() == [True, False, False, False, False]
    with pytest.raises(av.InputError, match="level"):
        fit.predict(new, level=90)


#  ── few clusters


def few_clusters() -> dict[str, Any]:
    rng = np.random.default_rng(5)
    unit, time = np.repeat(np.arange(9), 8), np.tile(np.arange(8), 9)
    x = rng.normal(size=72) + 0.3 * unit
    return {"unit": unit, "time": time, "x": x, "y": 0.4 * x + rng.normal(size=9)[unit] + rng.normal(size=72)}


def test_leaving_out_a_cluster_at_a_time_is_what_the_jackknife_does() -> None:
    data = few_clusters()
    spec = av.Ols(covariance=av.Cluster("unit", kind="jackknife"))
    fit = spec.fit("y ~ x | unit + time", data)
    without = [
        av.Ols().fit("y ~ x | unit + time", {k: v[data["unit"] != u] for k, v in data.items()}).coefficients["x"]
        for u in range(9)
    ]
    by_hand = np.sqrt(8 / 9 * np.sum((np.array(without) - fit.coefficients["x"]) ** 2))
    assert fit.std_errors["x"] == pytest.approx(by_hand, rel=1e-9)
    # For least squares CR3 is the same thing in closed form.
    assert fit.with_covariance(av.Cluster("unit", kind="CR3")).std_errors["x"] == pytest.approx(by_hand, rel=1e-9)


def test_bias_reduced_errors_bring_degrees_of_freedom_of_their_own() -> None:
    plain = av.Ols(cluster="unit").fit("y ~ x | unit + time", few_clusters())
    fit = plain.with_covariance(av.Cluster("unit", kind="CR2"))
    degrees = fit.coefficient_degrees["x"]
    assert 1 < degrees < 8
    (p_value,) = fit.tidy()["p_value"]
    (statistic,) = fit.tidy()["statistic"]
    assert p_value == pytest.approx(2 * upper_tail(abs(statistic), degrees), rel=1e-9)
    again = pickle.loads(pickle.dumps(fit))
    assert again.std_errors == fit.std_errors
    assert again.coefficient_degrees == fit.coefficient_degrees


def upper_tail(statistic: float, degrees: float) -> float:
    """The upper tail of the t by a sum over its density, in the place of a library that the tests do not have."""
    angle = np.arctan2(statistic, np.sqrt(degrees))
    theta = np.linspace(angle, np.pi / 2, 2_000_001)
    density = np.cos(theta) ** (degrees - 1)
    whole = np.cos(np.linspace(0, np.pi / 2, 2_000_001)) ** (degrees - 1)
    step, all_steps = theta[1] - theta[0], np.pi / 2 / 2_000_000
    part = step * (density.sum() - 0.5 * (density[0] + density[-1]))
    return float(0.5 * part / (all_steps * (whole.sum() - 0.5 * (whole[0] + whole[-1]))))


def test_leverages_add_up_to_the_parameters() -> None:
    fit = av.Ols().fit("y ~ x | unit + time", few_clusters())
    assert fit.leverage().sum() == pytest.approx(1 + 9 + 8 - 1)
    assert fit.with_covariance("HC3").std_errors["x"] > fit.with_covariance("HC2").std_errors["x"]


@pytest.mark.parametrize(
    ("columns", "settings", "message"),
    [
        (("a", "b"), {"kind": "CR2"}, "one column"),
        (("a",), {"kind": "CR4"}, "one of CR1"),
        (("a",), {"scale": "G"}, "scale"),
    ],
)
def test_clusters_refuse_what_they_cannot_do(columns: tuple[str, ...], settings: dict[str, Any], message: str) -> None:
    with pytest.raises(av.InputError, match=message):
        av.Cluster(*columns, **settings)
