"""What goes to another process comes back the same: fits are made again to the same bits, forecasts keep paths."""

from __future__ import annotations

import pickle

import averted as av
import numpy as np
import pytest


def through(value: object) -> object:
    return pickle.loads(pickle.dumps(value))


def test_a_structural_fit_comes_back_to_the_bit() -> None:
    rng = np.random.default_rng(1)
    y, x = rng.normal(size=60).cumsum() + 50, {"spend": rng.normal(size=60)}
    fit = av.Structural(trend="damped", scale="log").fit(y, x, exposure=np.full(60, 3.0), index=range(1950, 2010))
    again = through(fit)
    assert again.log_likelihood == fit.log_likelihood
    np.testing.assert_equal(again.parameters, fit.parameters)
    assert str(again.summary()) == str(fit.summary())
    np.testing.assert_equal(again.components(), fit.components())
    ahead = {"x": np.zeros((3, 1)), "exposure": np.full(3, 3.0), "seed": 7}
    np.testing.assert_array_equal(again.forecast(3, **ahead).paths(), fit.forecast(3, **ahead).paths())


def test_forecasts_keep_their_paths(western_hemisphere: av.Panel) -> None:
    response = western_hemisphere.respond(lags=1)
    plans = {"flat": {}, "+20%": {"spend": 1.2}}
    ahead = western_hemisphere.forecast(3, unit="Mexico", scenarios=plans, response=response, seed=1, draws=200)
    again = through(ahead)
    for scenario in ahead.scenarios:
        np.testing.assert_array_equal(again.paths(scenario=scenario), ahead.paths(scenario=scenario))
    assert repr(again.frame()) == repr(ahead.frame())
    assert (again.seed, again.cutoff, again.notes, again.unit) == (ahead.seed, ahead.cutoff, ahead.notes, ahead.unit)
    assert again.difference("+20%", "flat") == ahead.difference("+20%", "flat")
    assert str(again) == str(ahead)


def test_forecasts_of_several_units_keep_those_that_failed(western_hemisphere: av.Panel) -> None:
    several = western_hemisphere.forecast(2, unit=["Mexico", "Colombia"], seed=1, draws=50)
    again = through(several)
    assert again.units == several.units
    assert again.failed == several.failed
    assert repr(again["Colombia"].frame()) == repr(several["Colombia"].frame())


def test_paths_that_are_not_of_the_periods_are_refused() -> None:
    from averted import _core

    with pytest.raises(av.InputError, match="paths"):
        _core.Forecast(["a"], [np.zeros((4, 2))], ["2001"], "2000", 1, False, [])
