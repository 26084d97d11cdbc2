"""Scores on arrays and on frames of forecasts."""

import json
from pathlib import Path

import averted as av
import numpy as np
import pytest
from averted import forecast as fc

_FILE = Path(__file__).parent.parent / "reference" / "scores_and_statsmodels_ts.json"
REFERENCE = json.loads(_FILE.read_text())
GOLD = next(case["values"] for case in REFERENCE["cases"] if case["id"] == "scores_a")
DATA = REFERENCE["datasets"]["scores_a"]


def test_values_are_those_of_scoringrules():
    y, mu, sigma = DATA["obs"], DATA["mu"], DATA["sigma"]
    assert fc.crps(y, "normal", mean=mu, sd=sigma) == pytest.approx(GOLD["crps_normal"], rel=1e-10)
    assert fc.crps(y, "student", location=mu, scale=sigma, degrees=5) == pytest.approx(GOLD["crps_t_df5"], rel=1e-9)
    draws = DATA["ensemble_rows_per_obs"]
    assert fc.crps(y, draws=draws) == pytest.approx(GOLD["crps_ensemble_nrg"], rel=1e-10)
    assert fc.crps(y, draws=draws, fair=True) == pytest.approx(GOLD["crps_ensemble_fair"], rel=1e-10)
    counts = GOLD["counts_used"]
    assert fc.crps(counts, "poisson", mean=DATA["poisson_mean"]) == pytest.approx(GOLD["crps_poisson"], rel=1e-10)
    assert fc.log_score(counts, "poisson", mean=DATA["poisson_mean"]) == pytest.approx(GOLD["logs_poisson"], rel=1e-10)
    joint = np.array(draws[:3]).T
    assert fc.energy(y[:3], joint) == pytest.approx(GOLD["energy_score_first2obs_joint"], rel=1e-10)
    assert fc.variogram(y[:3], joint) == pytest.approx(GOLD["variogram_p05"], rel=1e-9)


def test_a_suppressed_count_scores_its_interval():
    p = [np.exp(-fc.log_score(k, "poisson", mean=4.0)[0]) for k in range(1, 10)]
    assert fc.log_score(1, "poisson", between=9, mean=4.0)[0] == pytest.approx(-np.log(sum(p)), rel=1e-10)
    exact = fc.crps(5, "poisson", mean=4.0)[0]
    assert fc.crps(5, "poisson", between=5, mean=4.0)[0] == pytest.approx(exact, rel=1e-12)
    assert fc.crps(1, "poisson", between=9, mean=4.0)[0] < exact


def test_arguments_are_named():
    with pytest.raises(av.InputError, match="family = 'cauchy'"):
        fc.crps(1, "cauchy")
    with pytest.raises(av.InputError, match="expected the parameters mean, sd"):
        fc.crps(1, "normal", mu=0, sigma=1)
    with pytest.raises(av.InputError, match="sd = -1"):
        fc.crps(1, "normal", mean=0, sd=-1)
    with pytest.raises(av.InputError, match=r"`y`, row 1: 2\.5 must be a count"):
        fc.crps([1, 2.5], "poisson", mean=2)
    with pytest.raises(av.InputError, match="draws: expected 2 rows"):
        fc.crps([1, 2], draws=[[1, 2, 3]])
    assert np.isnan(fc.crps([np.nan], "poisson", mean=2)[0])


def frame(n=40, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.normal(100, 10, n)
    columns = {
        "unique_id": ["a"] * (n // 2) + ["b"] * (n // 2),
        "ds": [f"{2000 + t}" for t in range(n // 2)] * 2,
        "y": y,
    }
    for name, wrong in [("good", 0.0), ("bad", 12.0)]:
        columns[name] = np.full(n, 100.0 + wrong)
        for level, z in [(80, 1.2816), (95, 1.96)]:
            columns[f"{name}-lo-{level}"] = columns[name] - 10 * z
            columns[f"{name}-hi-{level}"] = columns[name] + 10 * z
    return columns


def test_frames_of_forecasts_are_evaluated():
    data = frame()
    found = av.evaluate(data)
    assert list(found["model"]) == ["good", "bad"]
    y = data["y"]
    assert found["mae"][0] == pytest.approx(np.mean(np.abs(y - 100)), rel=1e-12)
    low, high = data["good-lo-80"], data["good-hi-80"]
    assert found["coverage-80"][0] == pytest.approx(np.mean((y >= low) & (y <= high)))
    score = (high - low) + 10 * np.maximum(low - y, 0) + 10 * np.maximum(y - high, 0)
    assert found["interval-80"][0] == pytest.approx(score.mean(), rel=1e-10)
    assert found["wis"][0] < found["wis"][1]
    parts = [found[name][1] for name in ("dispersion", "underprediction", "overprediction")]
    assert sum(parts) == pytest.approx(found["wis"][1], rel=1e-12)
    past = {"unique_id": ["a"] * 4 + ["b"] * 4, "ds": ["1990", "1991", "1992", "1993"] * 2, "y": [1, 2, 4, 7] * 2}
    scaled = av.evaluate(data, training=past)
    assert scaled["mase"][0] == pytest.approx(found["mae"][0] / 2, rel=1e-12)
    by = av.evaluate(data, by="unique_id")
    assert list(by["unique_id"]) == ["a", "a", "b", "b"]
    with pytest.raises(av.InputError, match="no column `y`"):
        av.evaluate({"unique_id": ["a"], "theta": [1.0]})
    del data["bad-hi-95"]
    with pytest.raises(av.InputError, match="no column `bad-hi-95`"):
        av.evaluate(data)


def test_frames_keep_their_kind():
    for name in ("pandas", "polars"):
        module = pytest.importorskip(name)
        assert isinstance(av.evaluate(module.DataFrame(frame())), module.DataFrame)


def test_forecasts_are_scored_in_parts():
    made = av.Structural().fit([1120, 1160, 963, 1210, 1160, 1160, 813, 1230]).forecast(2, seed=1)
    found = av.score([1100, np.nan], made, rules=("wis", "wis_parts", "absolute_error", "dawid_sebastiani"))
    parts = [found[name][0] for name in ("dispersion", "underprediction", "overprediction")]
    assert sum(parts) == pytest.approx(found["wis"][0], rel=1e-12)
    assert np.isnan(found["dawid_sebastiani"][1])
    assert np.isnan(found["dispersion"][1])


def test_forecasters_are_compared():
    rng = np.random.default_rng(1)
    y = rng.normal(size=60)
    first, second = (y - 0.1) ** 2, (y - 1.0) ** 2
    test = av.diebold_mariano(first, second, names=("ours", "theirs"))
    assert test.difference < 0
    assert test.p_value < 0.01
    assert "ours and theirs lose the same" in str(test)
    skill = fc.relative_skill({"a": [1.0, 3.0], "b": [2.0, 6.0]}, baseline="b")
    assert skill["relative_skill"] == pytest.approx([0.5, 1.0])
    with pytest.raises(av.InputError, match="baseline = 'c'"):
        fc.relative_skill({"a": [1.0]}, baseline="c")
    diagram = fc.murphy(y, {"ours": np.full(60, 0.1), "theirs": np.full(60, 1.0)})
    step = diagram.thresholds[1] - diagram.thresholds[0]
    assert sum(diagram.curves["theirs"]) * step == pytest.approx(second.mean() / 4, rel=0.05)
    assert diagram.plot() is not None
    assert fc.pit([0, 1, 2, 3], "poisson", bins=4, mean=2.0) == pytest.approx(
        np.array(fc.pit([3, 2, 1, 0], "poisson", bins=4, mean=2.0))
    )
    assert fc.coverage([1, 5, 9], [0, 0, 0], [6, 6, 6])["held"] == 2
