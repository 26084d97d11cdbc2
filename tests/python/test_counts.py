"""Count series in Python."""

from __future__ import annotations

import json
import pickle
from typing import Any

import averted as av
import numpy as np
import pytest


@pytest.fixture(name="campy")
def _campy(root: Any) -> Any:
    text = (root / "tests" / "reference" / "var_counts_dlnm_its.json").read_text(encoding="utf-8")
    return np.array(json.loads(text)["datasets"]["campy"]["values"], dtype=float)


def shocks() -> Any:
    return {
        "past_obs": (1,),
        "past_mean": (13,),
        "link": "identity",
        "interventions": [(83, 1.0), (99, 0.0)],
    }


def test_campy_is_near_tscount_and_higher(campy: Any) -> None:
    fit = av.Ingarch(method="qml", family="poisson", **shocks()).fit(campy)
    # tscount's maximum, which is not quite one: see docs/conformance_counts.md.
    assert -385.0009 < fit.log_likelihood < -384.98
    assert abs(fit.coefficients["past_obs_1"] - 0.369) < 0.01
    assert list(fit.coefficients)[-2:] == ["level_shift_83", "outlier_99"]
    joint = av.Ingarch(**shocks()).fit(campy)
    quasi = av.Ingarch(method="qml", **shocks()).fit(campy)
    assert joint.log_likelihood > quasi.log_likelihood > -381.09
    assert joint.n_parameters == quasi.n_parameters == 6
    assert quasi.qic is not None
    assert joint.qic is None


def test_the_contract_of_a_result(campy: Any) -> None:
    fit = av.Ingarch(past_mean=(1,)).fit(campy)
    assert {"term", "estimate", "std_error", "lower", "upper"} <= set(fit.tidy())
    assert fit.glance()["n_informative"] == [140]
    assert "log-likelihood" in str(fit)
    assert json.loads(fit.to_json())["table"]["term"][0] == "(Intercept)"
    assert len(fit.plot().lines) == 2
    assert abs(fit.pit().sum() - 1) < 1e-12
    assert fit.scores()["logarithmic"] == pytest.approx(-fit.log_likelihood / 140)
    assert np.isfinite(fit.residuals("response")).all()
    with pytest.raises(av.InputError, match="pearson"):
        fit.residuals("deviance")
    sandwich = fit.with_covariance("sandwich")
    assert not np.allclose(sandwich.covariance, fit.covariance)
    again = pickle.loads(pickle.dumps(sandwich))
    assert np.array_equal(again.covariance, sandwich.covariance)
    assert pickle.loads(pickle.dumps(fit.specification)) == fit.specification


def test_forecasts_are_whole_and_scenarios_compare(campy: Any) -> None:
    law = (np.arange(140) >= 83).astype(float)
    fit = av.Ingarch(past_mean=(1,)).fit(campy, x={"law": law})
    ahead = fit.forecast(3, x={"on": {"law": [1, 1, 1]}, "off": {"law": [0, 0, 0]}}, seed=2)
    paths = ahead.paths(200)
    assert (np.asarray(paths) % 1 == 0).all()
    assert (np.asarray(paths) >= 0).all()
    with pytest.raises(av.InputError, match="law"):
        fit.forecast(3, seed=2)
    assert len(fit.predict(3, x={"law": [1, 1, 1]})) == 3


def test_suppressed_cells(campy: Any) -> None:
    hidden = campy < 6
    shown = np.where(hidden, np.nan, campy)
    bounds = np.where(hidden, 0.0, np.nan), np.where(hidden, 5.0, np.nan)
    full, part, gone = (
        av.Ingarch().fit(campy),
        av.Ingarch().fit(shown, bounds=bounds),
        av.Ingarch().fit(shown),
    )
    assert part.n_informative == 140
    assert gone.n_informative == 140 - hidden.sum()
    near = abs(part.coefficients["past_obs_1"] - full.coefficients["past_obs_1"])
    assert near < 0.1
    assert any("suppressed" in note for note in part.notes)
    with pytest.raises(av.InputError, match="bounds"):
        av.Ingarch().fit(shown, bounds=(bounds[0][:3], bounds[1][:3]))


def test_glarma(campy: Any) -> None:
    fit = av.Glarma(ma=(1, 2), family="poisson").fit(campy)
    assert list(fit.coefficients) == ["(Intercept)", "ma_1", "ma_2"]
    score = av.Glarma(ar=(1,), ma=(), residuals="score").fit(campy)
    assert score.log_likelihood > -430


@pytest.mark.parametrize(
    ("y", "match"),
    [
        ([], "observations"),
        ([3], "observations"),
        ([0] * 20, "above zero"),
        ([4] * 20, "constant"),
        ([None] * 20, "observations"),
        ([1.5] + [2, 3] * 10, "row 0"),
        ([-1] + [2, 3] * 10, "row 0"),
        ([1e300] + [2, 3] * 10, "row 0"),
    ],
)
def test_what_cannot_be_fitted(y: Any, match: str) -> None:
    with pytest.raises(av.InputError, match=match):
        av.Ingarch().fit(y)


def test_options_are_checked() -> None:
    for options in ({"link": "probit"}, {"family": "normal"}, {"method": "map"}, {"past_obs": (0,)}):
        with pytest.raises(av.InputError):
            av.Ingarch(**options)
    with pytest.raises(av.InputError, match="identity"):
        av.Ingarch(link="identity").fit([5, 3, 6, 4, 7, 5, 6, 8], x={"x": [-1, 2, 3, 1, 2, 0, 1, 2]})
