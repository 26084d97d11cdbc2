"""Regression through the Python face."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import averted as av
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest


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
