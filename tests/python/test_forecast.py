"""Structural models, forecasts, backtests and scores in Python."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import averted as av
import numpy as np
import pytest

LOG_TWO_PI = 0.918938533204672742


@pytest.fixture(name="references")
def _references(root: Any) -> Any:
    return lambda name: json.loads((root / "tests" / "reference" / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture(name="nile")
def _nile(references: Any) -> Any:
    return np.array(references("state_space")["datasets"]["nile"]["values"], dtype=float)


@pytest.fixture(name="panel", scope="module")
def _panel() -> Any:
    data = av.datasets.load("western_hemisphere", "dict")
    money = av.Money("aid_disbursed_usd", stage="disbursed", fiscal_year_start=10, real=2020)
    columns = {"unit": "country", "time": "year", "events": "homicides", "population": "population"}
    return av.Panel(data, **columns, money=money)


def test_the_nile_is_that_of_kfas_and_statsmodels(nile: Any, references: Any) -> None:
    fit = av.Structural(variances={"irregular": 15099.0, "level": 1469.1}).fit(nile)
    assert fit.log_likelihood == pytest.approx(-632.5456251156735, rel=1e-10)
    cases = {case["id"]: case["values"] for case in references("scores_and_statsmodels_ts")["cases"]}
    assert fit.log_likelihood - LOG_TWO_PI == pytest.approx(cases["uc_nile_local_level"]["fixed_llf"], rel=1e-10)
    level = fit.components()["level"]
    np.testing.assert_allclose(level, cases["uc_nile_local_level"]["fixed_smoothed_level"], rtol=1e-8)


def test_the_maximum_is_at_least_as_high(nile: Any) -> None:
    fit = av.Structural().fit(nile)
    assert fit.log_likelihood >= -632.5456251031
    assert fit.n_diffuse == 1
    assert "variance of level" in fit.parameters
    assert fit.tidy()["term"].tolist() == ["variance of irregular", "variance of level"]


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_frames_come_back_in_the_kind_that_came_in(kind: str, nile: Any) -> None:
    library = pytest.importorskip(kind)
    fit = av.Structural().fit(library.Series(name="flow", **{"data" if kind == "pandas" else "values": nile}))
    assert type(fit.components()).__module__.startswith(kind)
    frame = fit.forecast(3, seed=1, draws=50).frame()
    assert list(frame.columns) == ["unique_id", "ds", "cutoff", "mean", "lo-80", "hi-80", "lo-95", "hi-95"]


def test_a_pandas_index_of_years_goes_on(nile: Any) -> None:
    pandas = pytest.importorskip("pandas")
    fit = av.Structural().fit(pandas.Series(nile, index=range(1871, 1971)))
    assert fit.forecast(2, seed=1, draws=10).cutoff in ("1970", "99")
    fit = av.Structural().fit(nile, index=range(1871, 1971))
    forecast = fit.forecast(2, seed=1, draws=10)
    assert (forecast.cutoff, forecast.periods) == ("1970", ["1971", "1972"])


def test_regressors_need_a_future(nile: Any) -> None:
    dam = (np.arange(100) >= 28).astype(float)
    fit = av.Structural(variances={"level": 0.0}).fit(nile, x={"dam": dam})
    # With a level that does not move this is least squares: the difference of two means.
    b = fit.tidy()["estimate"][-1]
    assert b == pytest.approx(nile[28:].mean() - nile[:28].mean(), rel=1e-9)
    with pytest.raises(av.InputError, match="future values of dam"):
        fit.forecast(2, seed=1)
    both = fit.forecast(2, x={"with": np.ones((2, 1)), "without": np.zeros((2, 1))}, seed=1, draws=400)
    assert both.scenarios == ["with", "without"]
    gap = both.difference("with", "without")
    assert gap.estimate == pytest.approx(2 * b, rel=0.1)
    assert gap.upper < 0


@pytest.mark.parametrize(
    ("options", "series", "message"),
    [
        ({}, [], "at least 3"),
        ({}, [4.0] * 9, "constant"),
        ({}, ["a", "b"], "must be numbers"),
        ({"scale": "log"}, [1.0, 2.0, 0.0, 3.0], "row 2: 0 must be above zero"),
        ({"season": 12}, list(range(9)), "at least"),
    ],
)
def test_bad_series_are_named(options: dict[str, Any], series: list[Any], message: str) -> None:
    with pytest.raises(av.InputError, match=message):
        av.Structural(**options).fit(series)


@pytest.mark.parametrize(
    "options",
    [{"trend": "up"}, {"scale": "sqrt"}, {"season": 1}, {"family": "gamma"}, {"variances": {"wave": 1.0}}],
)
def test_bad_options_are_named(options: dict[str, Any]) -> None:
    with pytest.raises(av.InputError):
        av.Structural(**options)


def test_a_panel_is_forecast_in_its_own_calendar(panel: Any) -> None:
    forecast = panel.forecast(5, unit="Mexico", seed=1)
    assert forecast.periods == ["2024", "2025", "2026", "2027", "2028"]
    assert forecast.seed == 1
    lower, upper = forecast.interval(95)
    assert np.all((lower >= 0) & (lower == np.floor(lower)) & (lower < forecast.mean) & (forecast.mean < upper))
    again = panel.forecast(5, unit=["Brazil", "Mexico"], seed=1)
    np.testing.assert_array_equal(forecast.paths(), again["Mexico"].paths())


def test_all_units_and_those_that_fail(panel: Any) -> None:
    answers = panel.forecast(2, seed=1, draws=100)
    assert len(answers) > 30
    assert set(answers.units).isdisjoint(answers.failed)
    assert all(reason for reason in answers.failed.values())
    with pytest.raises(av.InputError, match="such as Mexico"):
        panel.forecast(2, unit="Mexcio")


def test_scenarios_through_a_response(panel: Any) -> None:
    spend = "spend"
    sure = SimpleNamespace(spend=spend, lag_coefficients=[-0.05, -0.05], lag_covariance=np.zeros((2, 2)))
    plans: dict[str, dict[str, Any]] = {"flat": {}, "+20%": {spend: 1.2}, "path": {spend: [0.0] * 4}}
    forecast = panel.forecast(4, unit="Mexico", scenarios=plans, response=sure, seed=1, draws=500)
    assert forecast.scenarios == ["flat", "+20%", "path"]
    assert forecast.difference("+20%", "flat").upper < 0 < forecast.difference("path", "flat").lower
    assert len(forecast.frame()["ds"]) == 12
    with pytest.raises(av.InputError, match="no lag_covariance"):
        panel.forecast(4, response=SimpleNamespace(spend=spend, lag_coefficients=[1.0]))
    fitted = panel.respond(lags=2)
    forecast = panel.forecast(4, unit="Mexico", scenarios={"flat": {}, "+20%": {spend: 1.2}}, response=fitted, seed=1)
    gap = forecast.difference("+20%", "flat")
    assert gap.lower < 0 < gap.upper


def test_a_backtest_beside_the_naive(panel: Any) -> None:
    backtest = av.backtest(panel, horizon=3, windows=8, unit="Mexico", seed=1)
    columns = backtest.summary().columns
    assert columns["model"][1] == "naive"
    assert columns["skill"][0] == pytest.approx(1 - columns["wis"][0] / columns["wis"][1], abs=1e-12)
    frame = backtest.frame()
    assert len(frame["y"]) == 24
    assert {"unique_id", "ds", "cutoff", "y", "model", "model-lo-95", "naive-hi-50"} <= set(frame)
    several = av.backtest(panel, horizon=3, windows=3, unit=["Mexico", "Bolivia"], seed=1, draws=200)
    assert "Mexico" in several.backtests
    assert "no backtest" in str(several) or "Bolivia" in several.backtests


def test_a_backtest_of_a_series(nile: Any) -> None:
    backtest = av.backtest(av.Structural(), nile, horizon=2, windows=5, gap=1, seed=1, draws=200)
    assert backtest.frame()["ds"][0] == "94"
    assert backtest.summary().columns["periods"][0] == 10
    with pytest.raises(av.InputError, match="needs a series"):
        av.backtest(av.Structural(), horizon=2)


def test_scores(nile: Any) -> None:
    forecast = av.Structural().fit(nile[:90]).forecast(10, seed=1)
    scores = av.score(np.r_[nile[90:99], np.nan], forecast)
    assert np.isnan(scores["wis"][9])
    assert np.all(scores["crps"][:9] > 0)
    assert set(scores) == {"ds", "y", "wis", "crps", "coverage-50", "coverage-80", "coverage-95"}
    with pytest.raises(av.InputError, match="brier"):
        av.score(nile[90:], forecast, rules=("brier",))
    with pytest.raises(av.InputError, match="observed"):
        av.score(nile[95:], forecast)


def test_progress_is_told(panel: Any) -> None:
    told: list[tuple[int, int]] = []
    panel.forecast(1, unit=["Mexico"], seed=1, draws=10, progress=lambda done, every: told.append((done, every)))
    assert told[-1] == (1, 1)


def test_the_fan_is_drawn(panel: Any) -> None:
    pytest.importorskip("matplotlib")
    ax = panel.forecast(5, unit="Mexico", seed=1, draws=200).plot()
    assert ax.get_title(loc="left") == "Mexico"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["observed", "median; bands 50, 80, 95 %"]
