"""Breaks: rows and names of periods, results, and errors."""

from __future__ import annotations

import json
import pickle
from typing import Any

import averted as av
import numpy as np
import pandas as pd
import pytest

RNG = np.random.default_rng(2)
STEP = np.where(np.arange(60) < 25, 1.0, 3.0) + 0.3 * RNG.standard_normal(60)
YEARS = np.arange(1960, 2020)


def test_dates_have_the_names_of_periods() -> None:
    fit = av.breaks(pd.Series(STEP, index=YEARS))
    assert fit.dates == ["1984"]
    assert fit.rows == [24]
    low, high = fit.intervals[0]
    assert low is not None
    assert high is not None
    assert low <= "1984" <= high
    assert isinstance(fit.tidy(), pd.DataFrame)
    gaps = STEP.copy()
    gaps[10] = np.nan
    assert av.breaks(gaps, index=YEARS).dates == ["1984"]


def test_result_contract() -> None:
    fit = av.BaiPerron(max_breaks=3, selection="sequential").fit(STEP, index=YEARS)
    assert json.loads(fit.to_json())["breaks"] == 1
    assert pickle.loads(pickle.dumps(fit)).dates == fit.dates
    assert list(fit.models()["breaks"]) == [0, 1, 2, 3]
    assert fit.sup_f()[1] < 1e-6
    assert fit.ud_max()[1] < 0.01
    assert len(fit.augment()["fitted"]) == 60
    assert "Break after 1984" in str(fit)


@pytest.mark.parametrize("test", ["sup_f", "ave_f", "exp_f", "cusum", "mosum", "moving_estimates"])
def test_tests_see_a_step_and_not_noise(test: str) -> None:
    assert av.structural_change_test(STEP, test=test).p_value < 0.02
    assert av.structural_change_test(RNG.standard_normal(80), test=test).p_value > 0.01


def test_chow_takes_a_name() -> None:
    named = av.structural_change_test(STEP, test="chow", at=1984, index=YEARS)
    assert named.statistic == av.structural_change_test(STEP, test="chow", at=24).statistic
    with pytest.raises(av.InputError, match="Chow"):
        av.structural_change_test(STEP, test="chow")


def test_changes_of_level() -> None:
    counts = [3, 2, 4, 3, None, 3, 30, 28, 33, 31, 29, 30]
    fit = av.pelt(counts, cost="poisson", exposure=[10.0] * 12, per=10)
    assert fit.rows == [5]
    assert fit.tidy()["level"][1] == pytest.approx(181 / 6)
    panel = av.Panel(
        {"state": ["A"] * 12, "year": range(2000, 2012), "deaths": counts, "people": [1000] * 12},
        unit="state",
        time="year",
        events="deaths",
        population="people",
    )
    found = panel.breaks()
    assert found["A"].changes == ["2005"]
    assert set(found.tidy()) == {"state", "start", "end", "level", "std_error"}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: av.breaks([1.0, 2.0]), "observations"),
        (lambda: av.breaks([1.0] * 9 + [np.inf]), "row 9"),
        (lambda: av.breaks(STEP, selection="luck"), "selection"),
        (lambda: av.breaks(STEP, trimming=0.9), "trimming"),
        (lambda: av.structural_change_test([2.0] * 40), "nothing"),
        (lambda: av.structural_change_test(STEP, test="luck"), "test"),
        (lambda: av.pelt([1.5, 2, 3, 4], cost="poisson"), "row 0"),
        (lambda: av.pelt([1.0, 2, 3, 4], cost="luck"), "cost"),
        (lambda: av.pelt([1.0, 2, 3, 4], exposure=[1.0] * 4), "exposure"),
    ],
)
def test_what_is_wrong_is_said(call: Any, message: str) -> None:
    with pytest.raises(av.InputError, match=message):
        call()


def test_pictures() -> None:
    pytest.importorskip("matplotlib")
    assert av.breaks(STEP, index=YEARS).plot().lines
    assert av.structural_change_test(STEP, test="recursive_cusum").plot().lines
    assert av.pelt(STEP).plot().lines
