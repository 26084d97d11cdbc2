"""Structural models in Python: counts, cycles, harmonics, coefficients that walk."""

from __future__ import annotations

import json
import pickle
from typing import Any

import averted as av
import numpy as np
import pytest
from averted.timeseries import CountStructuralFit, StructuralFit


@pytest.fixture(name="belts")
def _belts(root: Any) -> Any:
    text = (root / "tests" / "reference" / "state_space.json").read_text(encoding="utf-8")
    return {k: np.array(v, dtype=float) for k, v in json.loads(text)["datasets"]["seatbelts"]["columns"].items()}


def counted(spec: av.Structural, *args: Any, **more: Any) -> CountStructuralFit:
    fit = spec.fit(*args, **more)
    assert isinstance(fit, CountStructuralFit)
    return fit


def normal(spec: av.Structural, *args: Any, **more: Any) -> StructuralFit:
    fit = spec.fit(*args, **more)
    assert isinstance(fit, StructuralFit)
    return fit


def test_vans_are_those_of_kfas(belts: Any) -> None:
    spec = av.Structural(season=12, family="poisson", variances={"level": 6e-4, "seasonal": 0.0})
    fit = counted(spec, belts["VanKilled"], {"law": belts["law"]})
    assert fit.log_likelihood == pytest.approx(-488.87074041907795, abs=1e-7)
    row = dict(zip(fit.tidy()["term"], fit.tidy()["estimate"], strict=True))
    assert row["law"] == pytest.approx(-0.27600892048510384, rel=1e-7)
    value, error = fit.importance_sampling(4000)
    assert abs(value - -488.8646) < 0.01
    assert 0 < error < 0.005
    scenarios = {"with": {"law": [1.0] * 12}, "none": {"law": [0.0] * 12}}
    ahead = fit.forecast(12, scenarios, seed=1)
    assert ahead.difference("with", "none").estimate < 0
    assert (ahead.paths() % 1 == 0).all()


def test_the_contract_of_a_count_fit() -> None:
    rng = np.random.default_rng(4)
    y = rng.negative_binomial(6, 0.4, size=72).astype(float)
    hidden = y < 5
    low, high = np.where(hidden, 0.0, np.nan), np.where(hidden, 4.0, np.nan)
    shown = np.where(hidden, np.nan, y)
    share = np.r_[np.ones(70), 0.9, 0.4]
    spec = av.Structural(family="negative_binomial")
    people = np.full(72, 2e5)
    fit = counted(spec, shown, exposure=people, bounds=(low, high), reporting=share)
    assert fit.n_informative == 72
    assert fit.glance()["n_informative"] == [72]
    assert {"term", "estimate", "std_error", "lower", "upper"} <= set(fit.tidy())
    assert "suppressed cells enter as intervals" in str(fit)
    assert list(fit.components())[:4] == ["ds", "fitted", "level", "level_std_error"]
    assert json.loads(fit.to_json())["table"]["term"][0] == "dispersion"
    assert np.isnan(fit.residuals).sum() == hidden.sum()
    assert fit.fitted[71] < fit.fitted[69]
    assert len(fit.plot().lines) == 2
    mean, variance = fit.predict(3, exposure=[2e5] * 3)
    assert (variance > mean).all()
    with pytest.raises(av.InputError, match="exposure"):
        fit.forecast(2)
    ahead = fit.forecast(3, exposure=[2e5] * 3, seed=2)
    assert (ahead.interval(95)[0] >= 0).all()
    again = pickle.loads(pickle.dumps(fit))
    assert again.log_likelihood == fit.log_likelihood
    assert repr(spec) == "negative binomial local level"
    assert pickle.loads(pickle.dumps(spec)) == spec


def test_cycles_harmonics_and_walking_coefficients(belts: Any) -> None:
    drivers = np.log(belts["drivers"])
    fit = normal(av.Structural(season=12, seasonal="trigonometric"), drivers)
    assert fit.log_likelihood - 12 * 0.9189385332046727 >= 168.85873
    cycle = av.Structural(cycle=(3, 20), cycle_damping=0.8)
    assert repr(cycle) == "local level + cycle of 3 to 20"
    found = normal(cycle, [1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020])
    assert "cycle" in found.components()
    walking = av.Structural(walking=("petrol",), variances={"petrol": 1e-3})
    assert repr(walking) == "local level + walking coefficient of petrol"
    x = {"law": belts["law"], "petrol": np.log(belts["PetrolPrice"])}
    moved = normal(walking, drivers, x)
    assert moved.parameters["variance of coefficient of petrol"] == pytest.approx(1e-3)
    assert pickle.loads(pickle.dumps(moved)).log_likelihood == moved.log_likelihood
    with pytest.raises(av.InputError, match="petrol"):
        walking.fit(drivers)


def test_what_cannot_be_is_refused() -> None:
    y = [3.0, 5.0, 4.0, 8.0, 2.0, 6.0]
    for wrong in (
        {"family": "gamma"},
        {"seasonal": "harmonic"},
        {"variances": {"trend": 1.0}},
        {"cycle_damping": 0.5},
    ):
        with pytest.raises(av.InputError, match=next(iter(wrong))):
            av.Structural(**wrong)
    with pytest.raises(av.InputError, match="reporting"):
        av.Structural().fit(y, reporting=[1.0] * 6)
    with pytest.raises(av.InputError, match="cycle"):
        av.Structural(cycle=1.5).fit(y)
    counts = av.Structural(family="poisson")
    with pytest.raises(av.InputError, match="two series of 6"):
        counts.fit(y, bounds=([1.0], [2.0]))
    with pytest.raises(av.InputError, match="surely above zero"):
        counts.fit([0.0] * 12)
    with pytest.raises(av.InputError, match="law"):
        av.backtest(av.Structural(walking=("law",)), y * 10, horizon=2, windows=2)


def test_counts_go_through_their_past() -> None:
    y = np.random.default_rng(2).poisson(6, size=60).astype(float)
    done = av.backtest(av.Structural(family="poisson"), y, horizon=2, windows=3, draws=200, seed=1)
    assert len(done.frame()["y"]) == 6
