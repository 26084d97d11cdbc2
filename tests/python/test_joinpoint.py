"""Joinpoints: every way in gives one answer, and what is missing, hidden or wrong is said."""

from __future__ import annotations

import json
import pickle
from typing import Any

import averted as av
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

YEARS = np.arange(2000, 2018)
RATES = np.exp(0.1 * np.minimum(YEARS - 2000, 9) + 0.02 * np.sin((YEARS - 2000.0) ** 2))
FAST: dict[str, Any] = {"selection": "wbic"}


def test_every_kind_of_frame_and_a_series_give_one_answer() -> None:
    plain = av.Joinpoint(**FAST).fit(RATES, time=YEARS)
    assert plain.joinpoints == [2009.0]
    columns = {"year": YEARS, "rate": RATES}
    for frame, kind in (
        (pd.DataFrame(columns), pd.DataFrame),
        (pl.DataFrame(columns), pl.DataFrame),
        (pa.table(columns), pa.Table),
        (columns, dict),
    ):
        fit = av.joinpoint(frame, rate="rate", time="year", **FAST)
        assert fit.apc == plain.apc
        assert isinstance(fit.tidy(), kind)
    assert av.joinpoint(pd.Series(RATES, index=YEARS), **FAST).apc == plain.apc


def test_counts_hidden_and_missing_and_the_panel() -> None:
    people = np.full(18, 1e5)
    counts = np.round(RATES * 5)
    hidden = np.where(counts < 10, np.nan, counts)
    spec = av.Joinpoint(mode="poisson", selection="bic")
    bounds = (np.zeros(18), np.full(18, 9.0))
    fit = spec.fit(hidden, time=YEARS, population=people, bounds=bounds)
    assert "suppressed" in " ".join(fit.summary().notes)
    text = ["Suppressed" if np.isnan(c) else f"{c:.0f}" for c in hidden]
    columns = {"state": ["A"] * 18, "year": YEARS, "deaths": text, "people": people}
    panel = av.Panel(columns, unit="state", time="year", events="deaths", population="people")
    fits = panel.trend(mode="poisson", selection="bic")
    assert list(fits) == ["A"]
    assert fits["A"].apc == fit.apc
    assert set(fits.joinpoints()) == {"state", "time", "std_error", "lower", "upper"}
    with pytest.raises(av.InputError, match="suppressed"):
        panel.trend()
    with pytest.raises(av.InputError, match="suppressed"):
        panel.breaks()


def test_months_stay_annual() -> None:
    months = [f"{2010 + m // 12}-{m % 12 + 1:02d}" for m in range(60)]
    fit = av.Joinpoint(max_joinpoints=0).fit(np.exp(0.2 * np.arange(60) / 12), time=months)
    assert fit.apc[0] == pytest.approx(100 * np.expm1(0.2))


def test_result_contract() -> None:
    fit = av.Joinpoint(permutations=199, seed=3).fit(RATES, time=YEARS)
    assert {"term", "estimate", "std_error", "statistic", "p_value", "lower", "upper"} <= set(fit.tidy())
    assert json.loads(fit.to_json())["joinpoints"] == len(fit.joinpoints)
    assert "AAPC" in str(fit)
    assert "toprule" in fit.to_latex()
    again = pickle.loads(pickle.dumps(fit))
    assert again.apc == fit.apc
    assert again.seed == fit.seed == 3
    assert list(again.tests()["p_value"]) == list(fit.tests()["p_value"])
    assert len(fit.candidates()["bic"]) == 4
    one = fit.with_joinpoints(0)
    assert one.joinpoints == []
    assert np.allclose(fit.augment()["observed"], RATES)
    average = fit.aapc(draws=99)
    assert average.lower < average.aapc < average.upper


def test_two_trends_are_compared() -> None:
    spec = av.Joinpoint(max_joinpoints=1, selection="given", permutations=199, seed=1)
    left, right = spec.fit(RATES, time=YEARS), spec.fit(2 * RATES * np.exp(0.01 * np.cos(YEARS)), time=YEARS)
    found = spec.compare(left, right)
    assert found.parallel > 0.05 > found.coincident


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: av.Joinpoint(mode="cubic"), "mode"),
        (lambda: av.Joinpoint(max_joinpoints=-1), "max_joinpoints"),
        (lambda: av.Joinpoint().fit([1.0, 0.0] * 6), "row 1"),
        (lambda: av.Joinpoint().fit([1.0] * 4), "observations"),
        (lambda: av.Joinpoint().fit([1.0] * 12, time=["x"] * 12), "row 0"),
        (lambda: av.joinpoint({"year": [1, 2], "rate": [1.0, 2.0]}, rate="rate"), "time"),
        (lambda: av.joinpoint({"year": [1, 2]}, time="year"), "rate"),
    ],
)
def test_what_is_wrong_is_said(call: Any, message: str) -> None:
    with pytest.raises(av.InputError, match=message):
        call()


def test_pictures() -> None:
    pytest.importorskip("matplotlib")
    fit = av.Joinpoint(**FAST).fit(RATES, time=YEARS)
    assert len(fit.plot().lines) >= 2
