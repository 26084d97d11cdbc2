"""ARIMA models from Python: frames in and out, scenarios, printing, pickling, errors."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import averted as av
import numpy as np
import pytest

REFERENCE = Path(__file__).parents[1] / "reference" / "arima.json"


def gold(case: str) -> dict:
    cases = json.loads(REFERENCE.read_text(encoding="utf-8"))["cases"]
    return next(c["values"] for c in cases if c["id"] == case)


def series(name: str) -> np.ndarray:
    sets = json.loads(REFERENCE.read_text(encoding="utf-8"))["datasets"]
    return np.array(sets[name]["values"], dtype=float)


def test_the_airline_model_is_that_of_r() -> None:
    fit = av.Arima(order=(0, 1, 1), seasonal=(0, 1, 1, 12)).fit(series("log_airpassengers"))
    theirs = gold("airline")
    for name, value in theirs["coef"].items():
        # R's large starting variance moves its maximum by a few units of the fifth digit.
        assert fit.coefficients[name] == pytest.approx(value, abs=1e-4)
    mean, variance = fit.predict(24)
    np.testing.assert_allclose(mean, theirs["forecast_mean"], atol=1e-5)
    np.testing.assert_allclose(np.sqrt(variance), theirs["forecast_se"], rtol=1e-3)
    # Without R's start, statsmodels has the likelihood of the differenced series.
    assert fit.log_likelihood == pytest.approx(244.69648683, abs=1e-6)


def test_gaps_and_frames() -> None:
    pandas = pytest.importorskip("pandas")
    y = series("presidents")
    index = pandas.period_range("1945Q1", periods=len(y), freq="Q")
    fit = av.Arima(order=(3, 0, 0)).fit(pandas.Series(y, index=index, name="approval"))
    assert fit.n_used == 114
    assert fit.log_likelihood >= gold("presidents_300_missing")["loglik"] - 1e-6
    rows = fit.augment()
    assert isinstance(rows, pandas.DataFrame)
    assert np.isnan(rows["residual"][np.isnan(y)]).all()
    assert list(fit.tidy()["term"]) == ["ar1", "ar2", "ar3", "mean"]
    assert "ARIMA(3,0,0) with mean" in str(fit)
    assert fit.glance()["n_used"][0] == 114
    assert json.loads(fit.to_json())["n_used"] == 114


def test_scenarios_share_their_draws() -> None:
    columns = json.loads(REFERENCE.read_text(encoding="utf-8"))["datasets"]["seatbelts"]["columns"]
    fit = av.Arima(order=(1, 0, 0), seasonal=(1, 0, 0, 12)).fit(columns["y"], x={"law": columns["law"]})
    future = {"with": {"law": np.ones(6)}, "without": {"law": np.zeros(6)}}
    ahead = fit.forecast(6, x=future, draws=500, seed=1)
    apart = ahead.paths(scenario="with") - ahead.paths(scenario="without")
    # Every path has one coefficient of the law: the difference is the same in every period.
    assert np.ptp(apart, axis=1).max() < 1e-9
    assert np.mean(apart) == pytest.approx(fit.coefficients["law"], abs=3 * np.sqrt(fit.covariance[3, 3] / 200))
    with pytest.raises(av.InputError, match="law"):
        fit.forecast(6)


def test_orders_are_chosen_and_the_search_is_recorded() -> None:
    y = series("log10_lynx")
    fit = av.AutoArima().fit(y)
    theirs = gold("auto_log10_lynx")["exhaustive_exact"]
    assert fit.aicc <= theirs["aicc"]
    tried = fit.trials()
    assert len(tried["model"]) >= 42
    assert repr(fit.specification) in tried["model"]
    assert np.nanmin(tried["value"]) == pytest.approx(fit.aicc, abs=1e-3)
    assert "models" in str(fit.summary())
    path = av.AutoArima(compat="r").fit(y)
    assert path.specification.order == (2, 0, 4)
    back = pickle.loads(pickle.dumps(fit))
    assert back.log_likelihood == fit.log_likelihood
    assert back.specification == fit.specification
    assert fit.specification.fit(y).trials()["model"].size == 0


def test_the_choice_takes_frames_gaps_regressors_and_scenarios() -> None:
    pandas = pytest.importorskip("pandas")
    y = np.array(series("log_airpassengers"))
    y[[19, 60]] = np.nan
    fit = av.AutoArima(season=12).fit(pandas.Series(y, name="passengers"))
    assert fit.specification.seasonal[1] == 1
    assert isinstance(fit.trials(), pandas.DataFrame)
    assert np.isfinite(fit.forecast(12, seed=1, draws=200).mean).all()
    rng = np.random.default_rng(1)
    step = (np.arange(60) >= 30).astype(float)
    fit = av.AutoArima(d=0, max_order=(1, 1)).fit(5 * step + rng.normal(size=60), x={"law": step})
    future = {"with": {"law": np.ones(3)}, "without": {"law": np.zeros(3)}}
    ahead = fit.forecast(3, x=future, draws=300, seed=2)
    apart = ahead.paths(scenario="with") - ahead.paths(scenario="without")
    assert np.mean(apart) == pytest.approx(5, abs=1)
    for wrong in ({"criterion": "hqic"}, {"compat": "stata"}, {"season": 0}, {"max_order": (1,)}, {"d": -1}):
        with pytest.raises(av.InputError):
            av.AutoArima(**wrong)  # type: ignore[arg-type]
    with pytest.raises(av.InputError, match="exactly"):
        av.AutoArima().fit(np.arange(30.0))


def test_a_fit_comes_back_from_a_pickle_to_the_bit() -> None:
    fit = av.Arima(order=(1, 0, 1), fixed={"ma1": -0.5}).fit(series("nile"))
    back = pickle.loads(pickle.dumps(fit))
    assert back.log_likelihood == fit.log_likelihood
    assert repr(back.specification) == "ARIMA(1,0,1) with mean"
    assert back.coefficients["ma1"] == -0.5


def test_plot_and_bad_input() -> None:
    pytest.importorskip("matplotlib")
    fit = av.Arima(order=(0, 1, 1)).fit(series("nile"))
    assert fit.plot().get_title(loc="left") == "ARIMA(0,1,1)"
    with pytest.raises(av.InputError, match="method"):
        av.Arima(method="ols")
    with pytest.raises(av.InputError, match="3 whole"):
        av.Arima(order=(1, 0))  # type: ignore[arg-type]
