"""Exponential smoothing from Python: forms, choices, frames in and out, printing, pickling, errors."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import averted as av
import numpy as np
import pytest

REFERENCE = Path(__file__).parents[1] / "reference" / "ets_theta_benchmarks.json"


def series(name: str) -> np.ndarray:
    sets = json.loads(REFERENCE.read_text(encoding="utf-8"))["datasets"]
    return np.array(sets[name]["values"], dtype=float)


def gold(case: str) -> dict:
    cases = json.loads(REFERENCE.read_text(encoding="utf-8"))["cases"]
    return next(c["values"] for c in cases if c["id"] == case)


def test_given_smoothing_is_that_of_r() -> None:
    fit = av.Ets("AAN", alpha=0.5, beta=0.1).fit(series("nile"))
    theirs = gold("ets_nile_AAN_fixed_a.5_b.1")
    # Initial states by regression here, by a search in R: ours is the maximum, and the file's tolerance is 1e-3.
    assert theirs["loglik"] <= fit.log_likelihood < theirs["loglik"] + 1e-4
    np.testing.assert_allclose(fit.fitted[:5], theirs["fitted_first5"], rtol=1e-3)
    mean, variance = fit.predict(len(theirs["forecast_mean"]))
    np.testing.assert_allclose(mean, theirs["forecast_mean"], rtol=1e-3)
    # R takes the given parameters off the degrees of freedom as well.
    reach = 1.959963984540054 * np.sqrt(variance * 98 / 96)
    np.testing.assert_allclose(mean + reach, theirs["upper95"], rtol=1e-3)
    assert fit.n_parameters == 3


def test_the_choice_is_that_of_r_or_better() -> None:
    fit = av.AutoEts(season=12, compat="r").fit(series("airpassengers"))
    assert fit.best.aicc <= gold("ets_airpassengers_auto")["aicc"] + 1e-6
    assert repr(fit.specification) == "ETS, the best by AICc, season of 12"
    assert next(iter(fit.weights.values())) == 1
    alone = av.Ets(season=12).fit(series("airpassengers"))
    assert alone.form == fit.best.form
    np.testing.assert_array_equal(alone.point(12), fit.point(12))


def test_gaps_and_frames() -> None:
    pandas = pytest.importorskip("pandas")
    y = series("airpassengers")[:72].copy()
    y[[3, 30, 31, 71]] = np.nan
    index = pandas.period_range("1949-01", periods=len(y), freq="M")
    fit = av.Ets("MAdM", 12).fit(pandas.Series(y, index=index, name="passengers"))
    assert fit.n_observed == 68
    rows = fit.augment()
    assert isinstance(rows, pandas.DataFrame)
    assert list(rows.columns) == ["ds", "y", "fitted", "residual", "level", "slope", "season"]
    assert np.isnan(rows["residual"][np.isnan(y)]).all()
    assert np.isfinite(rows["fitted"]).all()
    tidy = fit.tidy()
    assert list(tidy["term"]) == ["alpha", "beta", "gamma", "phi"]
    assert tidy["p_value"].isna().all()
    assert "ETS(MAdM) of passengers" in str(fit)
    assert fit.glance()["form"][0] == "MAdM"
    assert json.loads(fit.to_json())["n_observed"] == 68
    assert len(fit.initial_states) == 14
    assert list(fit.last_states)[:3] == ["level", "slope", "season 1"]
    # The season of the period after the last stands first: the next forecast is made of it.
    last = fit.last_states
    ahead = (last["level"] + fit.coefficients["phi"] * last["slope"]) * last["season 1"]
    assert fit.point(1)[0] == pytest.approx(ahead)


def test_forecasts_are_joint_paths() -> None:
    fit = av.AutoEts().fit(series("nile"), index=range(1871, 1971))
    ahead = fit.forecast(5, seed=3, draws=500)
    assert ahead.periods == ["1971", "1972", "1973", "1974", "1975"]
    assert ahead.paths().shape == (500, 5)
    np.testing.assert_array_equal(ahead.paths(), fit.forecast(5, seed=3, draws=500).paths())
    assert list(ahead.frame()) == ["unique_id", "ds", "cutoff", "mean", "lo-80", "hi-80", "lo-95", "hi-95"]
    assert any("mixture" in note for note in ahead.notes)
    alone = av.AutoEts(average=False).fit(series("nile")).forecast(5, seed=3)
    assert not alone.notes
    weights = fit.weights
    assert sum(weights.values()) == pytest.approx(1)
    assert next(iter(weights)) == fit.best.form


def test_fits_come_back_from_a_pickle_to_the_bit() -> None:
    one = av.Ets("AAN", alpha=0.4).fit(series("nile"))
    back = pickle.loads(pickle.dumps(one))
    assert back.log_likelihood == one.log_likelihood
    assert repr(back.specification) == "ETS(AAN)"
    assert back.coefficients["alpha"] == 0.4
    several = av.AutoEts(criterion="aic").fit(series("nile"))
    back = pickle.loads(pickle.dumps(several))
    assert back.weights == several.weights
    assert repr(back.specification) == "ETS, averaged by AIC"
    np.testing.assert_array_equal(several.best.fitted, pickle.loads(pickle.dumps(several.best)).fitted)


def test_plots() -> None:
    pytest.importorskip("matplotlib")
    fit = av.Ets("ANN").fit(series("nile"))
    assert fit.plot().get_title(loc="left") == "ETS(ANN)"
    several = av.AutoEts().fit(series("nile"))
    assert several.plot().get_title(loc="left") == f"ETS({several.best.form})"


def test_bad_input() -> None:
    with pytest.raises(av.InputError, match="form"):
        av.Ets("AMN")
    with pytest.raises(av.InputError, match="auto"):
        av.Ets(alpha=0.5)
    with pytest.raises(av.InputError, match="season"):
        av.AutoEts(season=0)
    with pytest.raises(av.InputError, match="compat"):
        av.AutoEts(compat="sas")
    with pytest.raises(av.InputError, match="criterion"):
        av.AutoEts(criterion="mse")
    with pytest.raises(av.InputError, match="row 1"):
        av.Ets("MNN").fit([3.0, 0.0, 2.0, 5.0])
    with pytest.raises(av.InputError, match="at least 3"):
        av.AutoEts().fit([1.0, None, 2.0])
    with pytest.raises(av.InputError, match="horizon"):
        av.Ets("ANN").fit([1.0, 3.0, 2.0]).point(0)
