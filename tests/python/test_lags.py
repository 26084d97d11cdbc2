"""Distributed lags from Python: least squares by hand, frames in and out, errors of the right class."""

from __future__ import annotations

import pickle

import averted as av
import numpy as np
import pytest


def _data(units=8, periods=30, seed=3):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(units, periods))
    weights = np.array([0.8, 0.5, 0.3, 0.1])
    y = rng.normal(scale=0.5, size=(units, periods)) + rng.normal(size=(units, 1))
    for lag, weight in enumerate(weights):
        y[:, lag:] += weight * x[:, : periods - lag]
    columns = {
        "unit": np.repeat([f"u{i}" for i in range(units)], periods),
        "t": np.tile(np.arange(periods), units),
        "x": x.ravel(),
        "y": y.ravel(),
        "deaths": rng.poisson(np.exp(1 + 0.2 * y)).ravel(),
    }
    return columns, x, y


def test_almon_is_least_squares_on_powers_of_the_lag():
    data, x, y = _data()
    lag = av.DistributedLag("x", lags=5, basis="almon", degree=2, model=av.Ols(cluster="unit", ssc="none"))
    fit = lag.fit("y ~ 1 | unit", av.Panel(data, unit="unit", time="t"))
    # By hand: lags, powers, dummies, clustered sandwich.
    lagged = np.stack([x[:, 5 - k : 30 - k] for k in range(6)], axis=-1).reshape(-1, 6)
    basis = np.arange(6)[:, None] ** np.arange(3)
    dummies = np.kron(np.eye(8), np.ones((25, 1)))
    regressors = np.hstack([lagged @ basis, dummies])
    outcome = y[:, 5:].ravel()
    bread = np.linalg.inv(regressors.T @ regressors)
    theta = bread @ regressors.T @ outcome
    scores = regressors * (outcome - regressors @ theta)[:, None]
    sums = scores.reshape(8, 25, -1).sum(axis=1)
    covariance = basis @ (bread @ sums.T @ sums @ bread)[:3, :3] @ basis.T
    curve = fit.curve()
    np.testing.assert_allclose(curve.estimates, basis @ theta[:3], rtol=1e-8)
    np.testing.assert_allclose(curve.covariance, covariance, rtol=1e-7, atol=1e-12)
    ones = np.ones(6)
    total = fit.total()
    assert total["estimate"] == pytest.approx(ones @ basis @ theta[:3], rel=1e-8)
    assert total["std_error"] == pytest.approx(np.sqrt(ones @ covariance @ ones), rel=1e-8)
    np.testing.assert_allclose(
        fit.cumulative().std_errors,
        [np.sqrt(covariance[: k + 1, : k + 1].sum()) for k in range(6)],
        rtol=1e-8,
    )


def test_bands_are_wider_than_intervals_and_the_same_twice():
    data, *_ = _data()
    panel = av.Panel(data, unit="unit", time="t")
    fit = av.DistributedLag("x", lags=6, basis="bspline", knots=2, leads=2).fit("y ~ 1 | unit", panel)
    tidy = fit.tidy()
    assert list(tidy["lag"]) == [-2, -1, 0, 1, 2, 3, 4, 5, 6]
    low, band = np.array(tidy["lower"]), np.array(tidy["band_lower"])
    assert (band < low).all()
    assert fit.curve().summary().columns == fit.curve().summary().columns
    assert fit.lead_test.restrictions == 2
    assert fit.lead_test.p_value == pytest.approx(
        fit.regression.wald("lead(x, 1) = 0, lead(x, 2) = 0").p_value, rel=1e-12
    )
    assert fit.curve().sup_t(0.9) < fit.curve().sup_t(0.95)


def test_poisson_second_looks_lengths_and_pickles():
    pd = pytest.importorskip("pandas")
    data, *_ = _data()
    frame = pd.DataFrame(data)
    model = av.Poisson(cluster="unit", panel=("unit", "t"))
    lag = av.DistributedLag(["x", "exp(y)"], lags=2, basis="natural", knots=[1.0], model=model)
    fit = lag.fit("deaths ~ 1 | unit", frame)
    assert isinstance(fit.tidy(), pd.DataFrame)
    assert set(fit.tidy()["series"]) == {"x", "exp(y)"}
    robust = fit.with_covariance("HC1")
    np.testing.assert_array_equal(robust.curve().estimates, fit.curve().estimates)
    assert (robust.curve().std_errors != fit.curve().std_errors).all()
    for value in (lag, fit, robust):
        again = pickle.loads(pickle.dumps(value))
        assert str(again) == str(value)
    again = pickle.loads(pickle.dumps(robust.regression))
    np.testing.assert_array_equal(again.covariance, robust.regression.covariance)
    assert again.terms == robust.regression.terms
    found = av.DistributedLag("x", lags=0, model=model).lengths("deaths ~ 1 | unit", frame, [0, 2, 5])
    assert found["observations"].nunique() == 1
    assert list(found["lags"]) == [0, 2, 5]
    assert "Poisson" in str(lag)
    assert "unit" in str(fit)


@pytest.mark.parametrize(
    "settings",
    [
        {"lags": -1},
        {"lags": 3, "basis": "almon", "knots": 2},
        {"lags": 3, "basis": "bspline"},
        {"lags": 3, "near": True},
        {"lags": 3, "basis": "steps", "knots": [1.5]},
        {"lags": 3, "model": "ols"},
        {"lags": True},
    ],
)
def test_settings_that_make_no_sense(settings):
    with pytest.raises(av.InputError):
        av.DistributedLag("x", **settings)


def test_what_cannot_be_fitted_is_named():
    data, *_ = _data()
    panel = av.Panel(data, unit="unit", time="t")
    with pytest.raises(av.InputError, match="Panel"):
        av.DistributedLag("x", lags=2).fit("y ~ 1", data)
    with pytest.raises(av.InputError, match="no more than 4 parameters"):
        av.DistributedLag("x", lags=3, basis="almon", degree=5).fit("y ~ 1", panel)
    with pytest.raises(av.InputError, match="did you mean `x`"):
        av.DistributedLag("x", lags=3).fit("y ~ 1", panel).curve("xx")
    with pytest.raises(av.InputError, match="collinear"):
        av.DistributedLag("t", lags=2).fit("y ~ 1", panel)


def test_the_curve_is_drawn():
    pytest.importorskip("matplotlib")
    data, *_ = _data()
    panel = av.Panel(data, unit="unit", time="t")
    fit = av.DistributedLag("x", lags=6, leads=2, basis="almon", degree=3).fit("y ~ 1 | unit", panel)
    ax = fit.plot()
    assert "effect by lag" in ax.get_title()
    assert fit.plot(cumulative=True).get_legend() is None
