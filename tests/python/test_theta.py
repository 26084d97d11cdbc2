"""Baselines, Theta and intermittent demand from Python: frames in and out, printing, pickling, pictures, errors."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import averted as av
import numpy as np
import pytest

REFERENCE = Path(__file__).parents[1] / "reference" / "ets_theta_benchmarks.json"

SPECIFICATIONS = (
    av.Naive(),
    av.Naive("mean"),
    av.Naive("drift"),
    av.Naive("seasonal", season=12),
    av.Theta(),
    av.Theta("standard", season=12),
    av.Theta("optimised", season=12),
    av.Theta("dynamic_standard", season=12, seasonal="additive"),
    av.Intermittent(),
    av.Intermittent("croston", alpha=0.2, start="first"),
    av.Intermittent("sba"),
)


def series(name: str) -> np.ndarray:
    sets = json.loads(REFERENCE.read_text(encoding="utf-8"))["datasets"]
    return np.array(sets[name]["values"], dtype=float)


def gold(case: str) -> dict:
    cases = json.loads(REFERENCE.read_text(encoding="utf-8"))["cases"]
    return next(c["values"] for c in cases if c["id"] == case)


def test_values_are_those_of_r() -> None:
    fit = av.Theta("standard", season=12).fit(series("usaccdeaths"))
    theirs = gold("theta_usaccdeaths")
    mean, _, _ = fit.predict(12)
    np.testing.assert_allclose(mean, theirs["forecast_mean"], rtol=1e-3)
    assert fit.alpha == pytest.approx(theirs["alpha"], rel=1e-3)
    drift = av.Naive("drift").fit(series("nile"))
    mean, _, degrees = drift.predict(12)
    np.testing.assert_allclose(mean, gold("benchmarks_nile")["rwf_drift"]["mean"])
    assert degrees == 98


@pytest.mark.parametrize("specification", SPECIFICATIONS, ids=repr)
def test_every_fit_keeps_the_contract(specification: Any) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("matplotlib")
    y = series("usaccdeaths")
    y[[5, 17]] = np.nan
    index = pandas.period_range("1973-01", periods=len(y), freq="M")
    fit = specification.fit(pandas.Series(y, index=index, name="deaths"))
    assert "deaths" in str(fit)
    assert fit.glance()["n_used"][0] in (67, 70)
    assert list(fit.tidy())[:2] == ["term", "estimate"]
    rows = fit.augment()
    assert isinstance(rows, pandas.DataFrame)
    assert np.isnan(rows["residual"][[5, 17]]).all()
    ahead = fit.forecast(6, draws=200, seed=4)
    assert ahead.frame().shape[0] == 6
    back = pickle.loads(pickle.dumps(fit))
    np.testing.assert_array_equal(back.forecast(6, draws=200, seed=4).paths(), ahead.paths())
    assert fit.plot().get_title(loc="left") == repr(specification)
    json.loads(fit.to_json())
    import matplotlib.pyplot as plt

    plt.close("all")


def test_counts_have_whole_quantiles() -> None:
    y = [0, 2, 0, 0, 1, 0, 3, 0, 0, 0, 2, 0]
    ahead = av.Intermittent("tsb").fit(y).forecast(4, draws=2000, seed=2)
    paths = ahead.paths()
    assert (paths >= 0).all()
    np.testing.assert_array_equal(paths, np.round(paths))
    lower, upper = ahead.interval(95)
    assert (lower == 0).all()
    np.testing.assert_array_equal(upper, np.round(upper))
    assert av.Intermittent("sba").fit([0.0, 1.5, 0, 2.25]).forecast(2, seed=1).paths().max() % 1 != 0


def test_refusals_name_their_cause() -> None:
    with pytest.raises(av.InputError, match="season"):
        av.Naive("seasonal")
    with pytest.raises(av.InputError, match="season"):
        av.Naive("last", season=12)
    with pytest.raises(av.InputError, match="rule"):
        av.Naive("median")
    with pytest.raises(av.InputError, match="method"):
        av.Theta("best")
    with pytest.raises(av.InputError, match="seasonal"):
        av.Theta(seasonal="maybe")
    with pytest.raises(av.InputError, match="at least 6"):
        av.Theta().fit([1.0, 2.0, 3.0])
    with pytest.raises(av.InputError, match="zero or more"):
        av.Intermittent().fit([0, -1])
    with pytest.raises(av.InputError, match="start"):
        av.Intermittent(start="last")
    with pytest.raises(av.InputError, match="horizon"):
        av.Naive().fit([1.0, 2.0]).forecast(0)
