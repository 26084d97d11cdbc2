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


def test_a_projection_is_a_regression_at_each_horizon():
    data, x, y = _data()
    panel = av.Panel(data, unit="unit", time="t")
    fit = av.LocalProjection("y", "x", horizons=4, model=av.Ols(covariance="HC0"), controls="1 | unit").fit(panel)
    # By hand: means of units taken off, and every horizon's scores on the rows of the shock.
    estimates, influence = [], np.zeros((8, 30, 5))
    for h in range(5):
        shock = x[:, : 30 - h] - x[:, : 30 - h].mean(axis=1, keepdims=True)
        outcome = y[:, h:] - y[:, h:].mean(axis=1, keepdims=True)
        square = (shock**2).sum()
        b = (shock * outcome).sum() / square
        influence[:, : 30 - h, h] = shock * (outcome - b * shock) / square
        estimates.append(b)
    flat = influence.reshape(-1, 5)
    np.testing.assert_allclose(fit.curve().estimates, estimates, rtol=1e-8)
    np.testing.assert_allclose(fit.curve().covariance, flat.T @ flat, rtol=1e-7, atol=1e-14)
    clustered = fit.with_covariance(cluster="unit")
    sums = influence.sum(axis=1)
    joint = sums.T @ sums
    errors = np.sqrt(np.diag(joint))
    found = clustered.curve()
    np.testing.assert_allclose(
        found.covariance / np.outer(found.std_errors, found.std_errors), joint / np.outer(errors, errors), rtol=1e-7
    )
    assert fit.observations == [240, 232, 224, 216, 208]
    assert list(fit.tidy()["horizon"]) == [0, 1, 2, 3, 4]
    for value in (fit, clustered):
        assert str(pickle.loads(pickle.dumps(value))) == str(value)


def test_projections_take_frames_instruments_and_counts():
    data, *_ = _data()
    rng = np.random.default_rng(0)
    data["z"] = data["x"] + rng.normal(size=240)
    panel = ("unit", "t")
    iv = av.Iv(panel=panel, cluster="unit")
    fit = av.LocalProjection("y", "x", horizons=2, instrument="z", controls="1 | unit", model=iv).fit(data)
    by_hand = iv.fit("lead(y, 2) ~ 1 | unit | x ~ z", data)
    assert fit.curve().estimates[2] == pytest.approx(by_hand.coefficients["x"], rel=1e-9)
    counts = av.LocalProjection("deaths", "x", horizons=2, lags=1, augmented=True, model=av.Poisson(panel=panel))
    assert "2 lags of both" in repr(counts)
    assert "robust" in str(counts.fit(data))
    with pytest.raises(av.InputError, match="horizon 3"):
        av.LocalProjection("y", "x", horizons=9).fit(
            av.Panel(
                {"u": ["a"] * 5, "t": range(5), "x": [1.0, 3, 2, 5, 4], "y": [2.0, 1, 3, 3, 1]}, unit="u", time="t"
            )
        )
    with pytest.raises(av.InputError, match="Iv"):
        av.LocalProjection("y", "x", horizons=1, instrument="z", model=av.Ols(panel=panel)).fit(data)
    with pytest.raises(av.InputError):
        av.LocalProjection("y", "x", horizons=-1)


def test_the_response_is_drawn():
    pytest.importorskip("matplotlib")
    data, *_ = _data()
    fit = av.LocalProjection("y", "x", horizons=4, lags=1).fit(av.Panel(data, unit="unit", time="t"))
    assert fit.plot().get_title() == "y after a unit of x"


def test_fits_of_any_kind_side_by_side():
    data, *_ = _data()
    data["state"] = data["unit"]
    panel = av.Panel(data, unit="unit", time="t")
    one = av.Ols(cluster="unit").fit("y ~ x | unit", panel)
    two = av.Poisson(covariance="HC1").fit("deaths ~ x + lag(x, 1)", panel)
    three = av.DistributedLag("x", lags=2).fit("y ~ 1 | unit + t", panel)
    table = av.compare(
        one, two, three, names=["rate", "deaths", "lags"], stats=("observations", "effects", "clusters", "aic")
    )
    columns = table.columns
    assert columns["term"][:2] == ["x", ""]
    assert columns["rate"][0].startswith(f"{one.coefficients['x']:.5f}"[:6])
    assert columns["rate"][1].strip("()").startswith(f"{one.std_errors['x']:.8f}"[:6])
    lines = dict(
        zip(columns["term"], zip(columns["rate"], columns["deaths"], columns["lags"], strict=True), strict=True)
    )
    assert lines["observations"] == ("240", "232", "224")
    assert lines["absorbed"] == ("unit", "", "unit + t")
    assert lines["clusters"] == ("8", "", "")
    assert lines["x, lag 2"][2] != ""
    assert "\\toprule" in table.to_latex()
    assert "<td" in table.to_html()
    assert "| ---: |" in table.to_markdown()
    brackets = av.compare(one, interval=True, terms=["x"]).columns["(1)"][1]
    low, high = one.tidy()["lower"][0], one.tidy()["upper"][0]
    assert [float(v) for v in brackets.strip("[]").split(",")] == pytest.approx([low, high], rel=1e-4)
    for wrong in ({"names": ["a"]}, {"names": ["a", "a"]}, {"terms": ["nobody"]}):
        with pytest.raises(av.InputError):
            av.compare(one, two, **wrong)
    with pytest.raises(av.InputError):
        av.compare()
    with pytest.raises(av.InputError):
        av.compare(one, 3)


def _bsplines(lags, pieces):
    """Cubic B-splines on equal pieces at whole lags, from their closed form."""
    at = np.arange(lags + 1)[:, None] * pieces / lags - np.arange(-3, pieces)[None, :]
    parts = [at**3, -3 * at**3 + 12 * at**2 - 12 * at + 4, 3 * at**3 - 24 * at**2 + 60 * at - 44, (4 - at) ** 3]
    inside = [(at >= k) & (at < k + 1) if k < 3 else (at >= k) & (at <= k + 1) for k in range(4)]
    return np.select(inside, [part / 6 for part in parts], 0.0)


def test_p_splines_are_mixed_models_by_reml():
    data, x, y = _data(units=5)
    model = av.Ols(ssc="none", covariance="HC0")
    lag = av.DistributedLag("x", lags=10, basis="pspline", knots=6, model=model)
    panel = av.Panel(data, unit="unit", time="t")
    fit = lag.fit("y ~ 1 | unit", panel)
    # By hand: straight lines and D'(DD')⁻¹u with u random, the full covariance of the outcome, restricted likelihood.
    basis = _bsplines(10, 6)
    np.testing.assert_allclose(basis.sum(axis=1), 1.0, rtol=1e-12)
    lagged = np.stack([x[:, 10 - k : 30 - k] for k in range(11)], axis=-1).reshape(-1, 11)
    outcome = y[:, 10:].ravel()
    difference = np.diff(np.eye(9), n=2, axis=0)
    random = difference.T @ np.linalg.inv(difference @ difference.T)
    line = np.stack([np.ones(9), np.arange(9)], axis=1)
    dummies = np.kron(np.eye(5), np.ones((20, 1)))
    fixed = np.hstack([lagged @ basis @ line, dummies])
    z = lagged @ basis @ random
    n, p = fixed.shape

    def solve(log_lambda):
        v = np.eye(n) + z @ z.T / np.exp(log_lambda)
        inverse = np.linalg.inv(v)
        information = fixed.T @ inverse @ fixed
        beta = np.linalg.solve(information, fixed.T @ inverse @ outcome)
        rest = inverse @ (outcome - fixed @ beta)
        criterion = (n - p) * np.log(outcome @ rest) + np.linalg.slogdet(v)[1] + np.linalg.slogdet(information)[1]
        return criterion, basis @ (line @ beta[:2] + random @ (z.T @ rest) / np.exp(log_lambda))

    low, high = -8.0, 12.0
    for _ in range(3):
        grid = np.linspace(low, high, 60)
        best = grid[np.argmin([solve(at)[0] for at in grid])]
        low, high = best - (high - low) / 50, best + (high - low) / 50
    # The parabola through the last three points has its bottom at the minimum.
    step = 0.01
    below, middle, above = (solve(best + d)[0] for d in (-step, 0.0, step))
    best += 0.5 * step * (below - above) / (below - 2 * middle + above)
    # An interior minimum, known to about 1e-6 in log λ.
    assert -7 < best < 11
    np.testing.assert_allclose(fit.curve().estimates, solve(best)[1], rtol=1e-5, atol=1e-7)
    assert "effective degrees of freedom" in str(fit)
    # A given number of degrees of freedom: ridge regression by hand, with its sandwich.
    fit = av.DistributedLag("x", lags=10, basis="pspline", knots=6, df=4, model=model).fit("y ~ 1 | unit", panel)
    regressors = np.hstack([lagged @ basis, dummies])
    penalty = np.zeros((14, 14))
    penalty[:9, :9] = difference.T @ difference
    cross = regressors.T @ regressors
    low, high = 1e-6, 1e8
    for _ in range(200):
        weight = np.sqrt(low * high)
        shrink = np.linalg.solve(cross + weight * penalty, cross)
        low, high = (weight, high) if np.trace(shrink[:9, :9]) > 4 else (low, weight)
    theta = np.linalg.solve(cross + weight * penalty, regressors.T @ outcome)
    np.testing.assert_allclose(fit.curve().estimates, basis @ theta[:9], rtol=1e-8)
    free = av.DistributedLag("x", lags=10, basis="pspline", knots=6, df=8.999999, model=model).fit(
        "y ~ 1 | unit", panel
    )
    assert fit.curve().std_errors.mean() < free.curve().std_errors.mean()


def test_p_splines_of_counts_and_what_they_refuse():
    data, *_ = _data()
    panel = av.Panel(data, unit="unit", time="t")
    model = av.Poisson(cluster="unit")
    fit = av.DistributedLag("x", lags=8, leads=1, basis="pspline", model=model).fit("deaths ~ 1 | unit", panel)
    free = av.DistributedLag("x", lags=8, leads=1, model=model).fit("deaths ~ 1 | unit", panel)
    # Smoother than the free curve, and like it in sum.
    rough = [np.square(np.diff(f.curve().estimates, n=2)).sum() for f in (fit, free)]
    assert rough[0] < rough[1]
    assert abs(fit.total()["estimate"] - free.total()["estimate"]) < free.total()["std_error"]
    with pytest.raises(av.InputError, match="degrees"):
        av.DistributedLag("x", lags=8, basis="pspline", df=1.5).fit("y ~ 1", panel)
    with pytest.raises(av.InputError, match="penalty"):
        av.DistributedLag("x", lags=8, basis="pspline").lengths("y ~ 1", panel, [4, 8])
    with pytest.raises(av.InputError, match="P-spline"):
        av.DistributedLag("x", lags=2, basis="pspline")
    with pytest.raises(av.InputError, match="df"):
        av.DistributedLag("x", lags=8, df=3)
    with pytest.raises(av.InputError, match="no more than 9 parameters"):
        av.DistributedLag("x", lags=8, basis="pspline", knots=7).fit("y ~ 1", panel)
