"""Noisy measures from Python: the numbers of the core, whichever frame, and errors of the right class."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import averted as av
import pytest

GOLD = json.loads((Path(__file__).parents[1] / "reference" / "noisy_measures.json").read_text())


def _case(name):
    return next(case["values"] for case in GOLD["cases"] if case["id"] == name)


@pytest.fixture
def data():
    return dict(GOLD["datasets"]["noisy"]["columns"])


def test_stacked_as_linearmodels_has_it(data):
    values = _case("a_b_effects_weighted_by_unit")
    fit = av.NoisyMeasures(measures=("a", "b"), weights="w", cluster="unit", ssc="none").fit(
        "y ~ x | unit + year", data
    )
    assert [fit.signal, fit.std_error] == pytest.approx(values["signal"], rel=1e-8)
    assert list(fit.reliability.values()) == pytest.approx([row[0] for row in values["reliability"]], rel=1e-8)
    assert list(fit.least_squares.values()) == pytest.approx([row[0] for row in values["least_squares"]], rel=1e-8)
    assert list(fit.instrumented.values()) == pytest.approx([row[0] for row in values["instrumented"]], rel=1e-8)
    test = fit.agreement
    assert test.statistic * test.restrictions == pytest.approx(values["wald"], rel=1e-8)
    low, high = fit.interval(0.9)
    assert low < fit.signal < high
    assert fit.stacked.coefficients["signal"] == fit.signal
    assert fit.observations == 210
    assert fit.glance()["observations"] == [210]


def test_table_plot_and_pickle(data):
    spec = av.NoisyMeasures(measures=["a", "b", "c"])
    assert "a, b, c" in repr(spec)
    assert spec == pickle.loads(pickle.dumps(spec))
    fit = spec.fit("y ~ x | unit + year", data)
    assert fit.tidy()["term"][0] == "signal"
    assert len(fit.tidy()["term"]) == 10
    by = fit.with_covariance(cluster="unit")
    assert by.std_error != fit.std_error
    assert pickle.loads(pickle.dumps(by)).std_error == by.std_error
    assert by.with_covariance().std_error == fit.std_error
    assert len(fit.plot().get_yticks()) == 7


def test_refusals(data):
    with pytest.raises(av.InputError, match="two measures"):
        av.NoisyMeasures(measures=("a",)).fit("y ~ x", data)
    with pytest.raises(av.InputError, match="columns or expressions"):
        av.NoisyMeasures(measures="a")
    with pytest.raises(av.InputError, match="by observation"):
        av.NoisyMeasures(measures=("a", "b"), covariance="classical").fit("y ~ x", data)
    with pytest.raises(av.InputError, match="without instruments"):
        av.NoisyMeasures(measures=("a", "b")).fit("y ~ 1 | x ~ c", data)
    with pytest.raises(av.InputError, match="nothing"):
        av.NoisyMeasures(measures=("a", "nothing")).fit("y ~ x", data)
