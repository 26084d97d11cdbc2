"""Errors related over time and in space."""

import pickle

import averted as av
import numpy as np
import pytest


def table(rows: int = 60) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    unit, year = np.divmod(np.arange(rows), 12)
    x = rng.normal(size=rows)
    return {
        "y": x + rng.normal(size=rows) + np.sin(year),
        "x": x,
        "unit": np.array([f"u{u}" for u in unit]),
        "year": 2000 + year,
        "lat": 20.0 + unit * 0.5,
        "lon": -100.0 + unit * 0.25,
    }


def by_hand(data: dict[str, np.ndarray], weight: np.ndarray) -> np.ndarray:
    x = np.column_stack([np.ones(len(data["x"])), data["x"]])
    bread = np.linalg.inv(x.T @ x)
    scores = x * (data["y"] - x @ (bread @ x.T @ data["y"]))[:, None]
    return bread @ scores.T @ weight @ scores @ bread


def test_newey_west_and_driscoll_kraay_are_the_sums_of_their_definition() -> None:
    data = table()
    # Year 2004 is gone, and a year more for one unit.
    kept = (data["year"] != 2004) & ~((data["unit"] == "u1") & (data["year"] == 2008))
    data = {name: values[kept] for name, values in data.items()}
    gap = np.abs(data["year"][:, None] - data["year"])
    bartlett = np.maximum(1 - gap / 3, 0)
    same = data["unit"][:, None] == data["unit"]
    fit = av.Ols(ssc="none").fit("y ~ x", data)
    within = fit.with_covariance(av.NeweyWest(2, unit="unit", time="year"))
    across = fit.with_covariance(av.DriscollKraay(2, time="year"))
    np.testing.assert_allclose(within.covariance, by_hand(data, bartlett * same), rtol=1e-10)
    np.testing.assert_allclose(across.covariance, by_hand(data, bartlett), rtol=1e-10)
    assert within.reach == (3.0, 2, None, 11)
    assert fit.reach is None
    closed = fit.with_covariance(av.NeweyWest(2, unit="unit", time="year", gaps="collapse"))
    assert not np.allclose(closed.covariance, within.covariance)
    assert "Newey–West (Bartlett kernel, 2 lags) (T = 11, 2 lags)" in str(within.summary())


def test_conley_is_the_sum_over_neighbours_of_a_period() -> None:
    data = table()
    lat, lon = np.radians(data["lat"]), np.radians(data["lon"])
    half = (
        np.sin((lat[:, None] - lat) / 2) ** 2
        + np.cos(lat[:, None]) * np.cos(lat) * np.sin((lon[:, None] - lon) / 2) ** 2
    )
    distance = 2 * 6371.0088 * np.arcsin(np.sqrt(half))
    gap = np.abs(data["year"][:, None] - data["year"])
    same = data["unit"][:, None] == data["unit"]
    space = np.maximum(1 - distance / 90, 0) * (gap == 0)
    serial = np.maximum(1 - gap / 2, 0) * same * (gap > 0)
    fit = av.Ols(ssc="none").fit("y ~ x", data)
    near = av.Conley("lat", "lon", 90, kernel="bartlett", lags=1, unit="unit", time="year")
    np.testing.assert_allclose(fit.with_covariance(near).covariance, by_hand(data, space + serial), rtol=1e-9)


def test_a_panel_knows_its_unit_and_time() -> None:
    data = table()
    panel = av.Panel(data, unit="unit", time="year")
    spec = av.Ols(covariance=av.NeweyWest())
    ours = spec.fit("y ~ x | unit", panel)
    named = av.Ols(covariance=av.NeweyWest("fourth_root", unit="unit", time="year")).fit("y ~ x | unit", data)
    np.testing.assert_array_equal(ours.covariance, named.covariance)
    assert ours.reach is not None
    assert ours.reach.lags == 1
    again = pickle.loads(pickle.dumps(ours))
    np.testing.assert_array_equal(again.covariance, ours.covariance)


def test_projections_and_lags_take_them() -> None:
    panel = av.Panel(table(), unit="unit", time="year")
    regression = av.Ols(covariance=av.DriscollKraay(2))
    projection = av.LocalProjection("y", "x", horizons=2, model=regression).fit(panel)
    curve = projection.with_covariance(av.NeweyWest(2)).curve()
    assert np.all(np.isfinite(curve.std_errors))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: av.NeweyWest(-1), "lags"),
        (lambda: av.NeweyWest(1, bandwidth=2.0), "both"),
        (lambda: av.NeweyWest("newy_west"), "rule_of_thumb"),  # type: ignore[arg-type]
        (lambda: av.NeweyWest(kernel="bartlet"), "did you mean bartlett"),  # type: ignore[arg-type]
        (lambda: av.Conley("lat", "lon", 0), "cutoff_km"),
        (lambda: av.Conley("lat", "lon", 10, periods="all"), "periods"),  # type: ignore[arg-type]
        (lambda: av.Ols(covariance=av.NeweyWest(1), cluster="unit"), "both given"),
    ],
)
def test_choices_that_are_none_are_refused(make, says: str) -> None:
    with pytest.raises(av.InputError, match=says):
        make()


def test_the_data_are_refused_where_they_do_not_fit() -> None:
    data = table()
    fit = av.Ols().fit("y ~ x", data)
    with pytest.raises(av.InputError, match="time = nothing"):
        fit.with_covariance(av.DriscollKraay(1))
    with pytest.raises(av.InputError, match="more than once"):
        fit.with_covariance(av.NeweyWest(1, time="year"))
    with pytest.raises(av.InputError, match="fewer than the 12 periods"):
        fit.with_covariance(av.DriscollKraay(12, time="year"))
    data["lat"] = data["lat"].copy()
    data["lat"][3] = 95.0
    with pytest.raises(av.InputError, match="row 3: 95 must be in degrees"):
        av.Ols(covariance=av.Conley("lat", "lon", 10)).fit("y ~ x", data)
