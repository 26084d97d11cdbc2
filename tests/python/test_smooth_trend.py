"""Smooth trends: the way in, the contract of a result, and pictures."""

from __future__ import annotations

import pickle

import averted as av
import numpy as np
import pandas as pd
import polars as pl
import pytest

MONTHS = pd.period_range("2010-01", periods=96, freq="M").astype(str)


@pytest.fixture(scope="module")
def deaths() -> pd.Series:
    rng = np.random.default_rng(7)
    t = np.arange(96)
    mean = 90 * np.exp(0.5 * np.sin(0.8 * t / 12) + 0.1 * np.cos(2 * np.pi * t / 12))
    return pd.Series(rng.poisson(mean).astype(float), index=MONTHS, name="deaths")


def test_a_series_of_months_has_a_season_and_turns(deaths: pd.Series) -> None:
    fit = av.SmoothTrend().fit(deaths)
    assert list(fit.signs()[[6, 48, 90]]) == [1, -1, 1]
    assert fit.now() == 1
    season = fit.season()
    assert isinstance(season, pd.DataFrame)
    np.testing.assert_allclose(np.log(season["effect"]).sum(), 0.0, atol=1e-9)
    assert season["effect"].idxmax() in (0, 1, 11)
    points = fit.points()
    assert list(points["time"])[:2] == [2010.0, 2010 + 1 / 12]
    assert ((points["lower"] < points["trend"]) & (points["trend"] < points["upper"])).all()
    together = fit.points(together=True, seed=1)
    assert (together["slope_upper"] >= points["slope_upper"]).all()
    pd.testing.assert_frame_equal(together, fit.points(together=True, seed=1))


def test_stretches_follow_the_signs(deaths: pd.Series) -> None:
    fit = av.SmoothTrend().fit(deaths)
    runs = fit.runs()
    assert list(runs["direction"][runs["direction"] != "neither"]) == ["rising", "falling", "rising"]
    rising = runs.iloc[0]
    assert rising["start"] == 2010.0
    assert rising["change"] > 0
    text = str(fit)
    assert "2010-01" in text
    assert "rising" in text


def test_the_contract_of_a_result_holds(deaths: pd.Series) -> None:
    fit = av.SmoothTrend(season=1, pieces=8).fit(deaths, population=np.full(96, 1e5), per=1e5)
    assert repr(fit.specification) == "Smooth trend, negative binomial counts, 8 pieces, no season"
    assert len(fit.tidy()) == len(fit.augment()) == 96
    assert fit.glance().loc[0, "n"] == 96
    assert fit.to_dict()["table"]["sign"]
    assert fit._repr_html_()
    np.testing.assert_allclose(fit.points()["trend"].mean(), deaths.mean(), rtol=0.05)
    again = pickle.loads(pickle.dumps(fit))
    assert again.to_dict() == fit.to_dict()
    assert "rate per 100,000" in [text.get_text() for text in fit.plot().texts]


def test_suppressed_counts_come_as_bounds(deaths: pd.Series) -> None:
    few = np.round(deaths / 12)
    gone = few.where(few > 9)
    fit = av.SmoothTrend(family="poisson").fit(gone, bounds=(np.ones(96), np.full(96, 9.0)))
    assert any("suppressed" in note for note in fit.notes)
    assert fit.plot() is not None
    assert fit.augment()["observed"].isna().sum() == gone.isna().sum()


def test_frames_and_panels_give_a_fit_a_unit() -> None:
    states = av.datasets.load("mx_states", "polars")
    fits = av.smooth_trend(states, events="homicides", population="population", time="year", by="state")
    assert len(fits) == 32
    assert isinstance(fits.tidy(), pl.DataFrame)
    assert fits.signs()["Guanajuato"] == 1
    assert fits.signs()["Ciudad de México"] == -1
    panel = av.Panel(states, unit="state", time="year", events="homicides", population="population")
    again = panel.smooth_trend()
    assert again.signs() == fits.signs()
    assert "Chihuahua" in str(fits)
    one = states.filter(pl.col("state") == "Chihuahua")
    alone = av.smooth_trend(one, events="homicides", population="population", time="year")
    np.testing.assert_array_equal(alone.signs(), fits["Chihuahua"].signs())


def test_bad_input_is_refused_with_its_row(deaths: pd.Series) -> None:
    bad = deaths.copy()
    bad.iloc[5] = 2.5
    with pytest.raises(av.InputError, match="row 5"):
        av.SmoothTrend().fit(bad)
    with pytest.raises(av.InputError, match="family"):
        av.SmoothTrend(family="normal")
    with pytest.raises(av.InputError, match="zero"):
        av.SmoothTrend().fit(np.zeros(20))
    with pytest.raises(av.InputError, match="6"):
        av.SmoothTrend().fit([1.0, 2.0, 3.0])
    with pytest.raises(av.InputError, match="level"):
        av.SmoothTrend().fit(deaths).signs(1.5)
