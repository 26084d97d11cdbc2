"""Many series: forecasts, rolling origins, vintages, combinations, conformal intervals, reconciliation."""

from __future__ import annotations

from typing import Any

import averted as av
import numpy as np
import pytest

EXPECTED = ["unique_id", "ds", "cutoff", "structural", "structural-lo-80", "structural-hi-80"]


def series(n: int, length: int, seed: int = 1) -> dict[str, Any]:
    """Random walks, in a frame whose rows are mixed."""
    rng = np.random.default_rng(seed)
    y = 100 + rng.normal(size=(n, length)).cumsum(axis=1)
    frame = {
        "unique_id": np.repeat([f"s{i:03d}" for i in range(n)], length),
        "ds": np.tile(np.arange(1990, 1990 + length), n),
        "y": y.ravel(),
    }
    order = rng.permutation(n * length)
    return {name: values[order] for name, values in frame.items()}


def test_every_series_is_forecast_whatever_else_is_in_the_frame() -> None:
    data = series(4, 30)
    ahead = av.forecast(data, 3, model="structural", level=[80], seed=1, draws=200)
    frame = ahead.frame()
    assert list(frame) == EXPECTED
    assert frame["ds"].tolist() == [2020, 2021, 2022] * 4
    assert set(frame["cutoff"].tolist()) == {2019}
    one = data["unique_id"] == "s002"
    alone = av.forecast({k: v[one] for k, v in data.items()}, 3, model="structural", level=[80], seed=1, draws=200)
    mine = frame["unique_id"] == "s002"
    for name in EXPECTED[3:]:
        np.testing.assert_array_equal(alone.frame()[name], frame[name][mine])


def test_models_by_name() -> None:
    data = series(1, 30)
    names = ["arima", "auto", "drift", "ets", "mean", "naive", "seasonal_naive", "structural", "theta"]
    frame = av.forecast(data, 2, model=names, season=4, level=[80], seed=1, draws=100).frame()
    assert all(np.isfinite(frame[name]).all() for name in names)
    y = data["y"][np.argsort(data["ds"])]
    np.testing.assert_allclose(frame["naive"], y[-1])
    np.testing.assert_allclose(frame["mean"], y.mean())
    np.testing.assert_allclose(frame["seasonal_naive"], y[-4:-2])
    np.testing.assert_allclose(frame["drift"], y[-1] + (y[-1] - y[0]) / 29 * np.array([1, 2]))
    middle = np.mean([frame["ets"], frame["structural"], frame["theta"]], axis=0)
    np.testing.assert_allclose(frame["auto"], middle)


def test_the_mean_is_that_of_the_fit() -> None:
    data = series(1, 40)
    order = np.argsort(data["ds"])
    fit = av.Arima(order=(0, 1, 1)).fit(data["y"][order])
    ahead = av.forecast(data, 4, model=av.Arima(order=(0, 1, 1)), seed=1)
    assert ahead.models == ["Arima"]
    np.testing.assert_allclose(ahead.frame()["Arima"], fit.forecast(4, seed=1, draws=20_000).mean, atol=0.1)


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_dates_come_back_as_they_came(kind: str) -> None:
    library = pytest.importorskip(kind)
    pandas = pytest.importorskip("pandas")
    ends = pandas.date_range("2015-01-31", periods=48, freq="ME")
    y = 50 + np.random.default_rng(1).normal(size=48).cumsum()
    frame = {"unique_id": ["a"] * 48, "ds": list(ends.to_pydatetime()), "y": y}
    data = library.DataFrame(frame)
    found = av.forecast(data, 2, model="structural", season=1, seed=1, draws=50).frame()
    assert type(found).__module__.startswith(kind)
    assert [str(day)[:10] for day in found["ds"].to_list()] == ["2019-01-31", "2019-02-28"]
    assert [str(day)[:10] for day in found["cutoff"].to_list()] == ["2018-12-31"] * 2


@pytest.mark.parametrize(
    ("times", "ahead"),
    [
        (["2019Q3", "2019Q4", "2020Q1", "2020Q2", "2020Q3", "2020Q4", "2021Q1"], ["2021Q2", "2021Q3"]),
        (list(range(1, 8)), [8, 9]),
        (
            [np.datetime64("2020-01-06") + 7 * i for i in range(7)],
            [np.datetime64("2020-02-24"), np.datetime64("2020-03-02")],
        ),
    ],
)
def test_calendars(times: list[Any], ahead: list[Any]) -> None:
    data = {"unique_id": ["a"] * 7, "ds": times, "y": [3.0, 5.0, 4.0, 6.0, 5.0, 7.0, 6.0]}
    found = av.forecast(data, 2, model="structural", season=1, seed=1, draws=50).frame()
    assert list(found["ds"]) == ahead


def test_a_series_that_fails_is_named_and_the_others_go_on() -> None:
    data = series(3, 20)
    data["y"][data["unique_id"] == "s001"] = 7.0
    ahead = av.forecast(data, 2, model=["structural", "arima"], seed=1, draws=50)
    failed = ahead.failed
    assert set(failed["unique_id"].tolist()) == {"s001"}
    assert all("constant" in reason or "exactly" in reason for reason in failed["reason"].tolist())
    assert set(ahead.frame()["unique_id"].tolist()) == {"s000", "s002"}
    assert "s001" in str(ahead)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": "arimma"}, "`arima`"),
        ({"model": 3}, "no model"),
        ({"model": ["arima", "arima"]}, "two are called"),
        ({"intervals": "wide"}, "intervals"),
        ({"level": [101]}, "between 0 and 100"),
        ({"h": 0}, "h"),
        ({"y": "deaths"}, "deaths"),
    ],
)
def test_what_makes_no_sense_is_said(change: dict[str, Any], message: str) -> None:
    options = {"h": 2, "model": "structural", "draws": 20} | change
    h = options.pop("h")
    with pytest.raises(av.InputError, match=message):
        av.forecast(series(1, 12), h, **options)


def test_a_period_twice_is_named() -> None:
    data = {"unique_id": ["a", "a", "b"], "ds": [2000, 2000, 2000], "y": [1.0, 2.0, 3.0]}
    with pytest.raises(av.InputError, match="rows 0 and 1"):
        av.forecast(data, 1)


def test_origins_are_in_columns_that_others_know() -> None:
    data = series(3, 40)
    past = av.cross_validation(data, 2, model=["structural", "arima"], windows=4, step=2, gap=1, seed=1, draws=200)
    frame = past.frame()
    assert list(frame)[:4] == ["unique_id", "ds", "cutoff", "y"]
    assert {"arima", "arima-lo-95", "structural-hi-80"} <= set(frame)
    first = frame["unique_id"] == "s000"
    assert frame["cutoff"][first].tolist() == [2020, 2020, 2022, 2022, 2024, 2024, 2026, 2026]
    assert frame["ds"][first].tolist() == [2022, 2023, 2024, 2025, 2026, 2027, 2028, 2029]
    for row in range(len(frame["y"])):
        there = (data["unique_id"] == frame["unique_id"][row]) & (data["ds"] == frame["ds"][row])
        assert data["y"][there] == frame["y"][row]
    scores = past.evaluate()
    assert scores["model"].tolist() == ["structural", "arima"]
    mae = np.abs(frame["y"] - frame["arima"]).mean()
    assert scores["mae"][1] == pytest.approx(mae, rel=1e-12)
    assert past.summary().columns["mae"][1] == pytest.approx(mae, rel=1e-12)


def test_no_origin_sees_what_came_after_it() -> None:
    data = series(2, 40)
    changed = {**data, "y": np.where(data["ds"] >= 2026, data["y"] + 50, data["y"])}
    a, b = (av.cross_validation(d, 2, model="arima", windows=4, seed=1, draws=50).frame() for d in (data, changed))
    before = a["cutoff"] < 2026
    assert before.any()
    np.testing.assert_array_equal(a["arima"][before], b["arima"][before])
    assert not np.array_equal(a["arima"][~before], b["arima"][~before])


def test_parameters_may_be_held() -> None:
    data = series(1, 60)
    model = {"arima": av.Arima(order=(0, 1, 1))}
    fresh, held, some = (
        av.cross_validation(data, 1, model=model, windows=6, refit=refit, seed=1, draws=50).frame()
        for refit in (True, False, 3)
    )
    assert held["arima"][0] == pytest.approx(fresh["arima"][0], rel=1e-9)
    assert held["arima"][5] != fresh["arima"][5]
    np.testing.assert_allclose(some["arima"][[0, 3]], fresh["arima"][[0, 3]], rtol=1e-9)
    np.testing.assert_allclose(held["arima"], fresh["arima"], rtol=0.05)
    chosen = av.cross_validation(data, 1, model=av.AutoArima(), windows=2, refit=False, seed=1, draws=50).frame()
    anew = av.cross_validation(data, 1, model=av.AutoArima(), windows=2, seed=1, draws=50).frame()
    assert chosen["AutoArima"][0] == pytest.approx(anew["AutoArima"][0], rel=1e-9)
    failed = av.cross_validation(data, 1, model="ingarch", windows=2, refit=False, seed=1, draws=50)
    assert len(failed.failed["reason"]) > 0


def test_vintages_train_on_what_was_known_and_score_on_the_last() -> None:
    rng = np.random.default_rng(3)
    truth = 100 + rng.normal(size=40).cumsum()
    rows = []
    for t in range(40):
        rows.append((1980 + t, 1980 + t, truth[t] - 20))  # a first count, too low
        rows.append((1980 + t, 1981 + t, truth[t]))  # complete a year later
    ds, published, y = (np.array(column) for column in zip(*rows, strict=True))
    data = {"unique_id": np.repeat("a", 80), "ds": ds, "y": y, "as_of": published}
    past = av.cross_validation(data, 1, model="arima", windows=5, as_of="as_of", seed=1, draws=50).frame()
    np.testing.assert_allclose(past["y"], truth[-5:])
    known = np.r_[truth[:34], truth[34] - 20]
    then = {"unique_id": ["a"] * 35, "ds": np.arange(1980, 2015), "y": known}
    ahead = av.forecast(then, 1, model="arima", seed=1, draws=50).frame()
    assert past["arima"][0] == pytest.approx(ahead["arima"][0], rel=1e-9)


def test_conformal_intervals_of_a_panel_cover() -> None:
    data = series(60, 24, seed=7)
    ahead = av.forecast(data, 2, model="structural", level=[80, 95], windows=3, seed=1, draws=200)
    assert any("60 series" in note for note in ahead.notes)
    plain = av.forecast(data, 2, model="structural", level=[80, 95], intervals="model", seed=1, draws=200)
    np.testing.assert_array_equal(ahead.frame()["structural"], plain.frame()["structural"])
    assert not np.array_equal(ahead.frame()["structural-lo-95"], plain.frame()["structural-lo-95"])
    few = av.forecast(series(5, 24), 1, model="structural", intervals="conformal", level=[95], seed=1, draws=50)
    assert all("at least 19" in reason for reason in few.failed["reason"].tolist())


def test_conformal_intervals_of_a_frame() -> None:
    data = series(50, 30, seed=2)
    past = av.cross_validation(data, 2, model="structural", windows=3, level=[80], seed=1, draws=100).frame()
    conformal = av.Conformal(past)
    assert conformal.n == [150, 150]
    one = past["cutoff"] == past["cutoff"].max()
    ahead = {name: values[one] for name, values in past.items()}
    wide = conformal.intervals(ahead, level=[90])
    first = [ahead["ds"] == ahead["ds"].min()][0]
    low = ahead["structural"] - ahead["structural-lo-80"]
    expected = ahead["structural"] - conformal.radius(1, 90) * low / 1.2815515655446004
    np.testing.assert_allclose(wide["structural-lo-90"][first], expected[first], rtol=1e-9)
    with pytest.raises(av.InputError, match="at least 199"):
        conformal.intervals(ahead, level=[99.5])
    counts = conformal.intervals(ahead, level=[90], counts=True)["structural-lo-90"]
    assert np.all((np.asarray(counts) == np.floor(counts)) & (np.asarray(counts) >= 0))


def test_combinations(nile: Any) -> None:
    members = [av.Structural().fit(nile).forecast(3, seed=1), av.Arima(order=(1, 0, 0)).fit(nile).forecast(3, seed=1)]
    mean = av.combine(members)
    np.testing.assert_allclose(mean.mean, (members[0].mean + members[1].mean) / 2, rtol=1e-12)
    low, high = (members[i].quantile(0.9) for i in (0, 1))
    np.testing.assert_allclose(av.combine(members, [0.25, 0.75]).quantile(0.9), 0.25 * low + 0.75 * high, rtol=1e-12)
    mixture = av.combine(members, [1.0, 1.0], pooling="mixture")
    assert mixture.paths().shape == (1000, 3)
    with pytest.raises(av.InputError, match="pooling"):
        av.combine(members, pooling="geometric")
    with pytest.raises(av.InputError, match="expected forecasts"):
        av.combine([1, 2])  # type: ignore[list-item]
    data = series(2, 30)
    both = av.Combination(models=["arima", "structural"], weights="mean")
    found = av.forecast(data, 2, model={"a": "arima", "s": "structural", "both": both}, seed=1, draws=50).frame()
    np.testing.assert_allclose(found["both"], (found["a"] + found["s"]) / 2, rtol=1e-12)


@pytest.fixture(name="nile")
def _nile(root: Any) -> Any:
    import json

    text = (root / "tests" / "reference" / "state_space.json").read_text(encoding="utf-8")
    return np.array(json.loads(text)["datasets"]["nile"]["values"], dtype=float)


SUMS = {"all": ["north", "south"], "north": ["a", "b"]}


def test_frames_are_reconciled_period_by_period() -> None:
    names = ["all", "north", "south", "a", "b"]
    rng = np.random.default_rng(1)
    base = {
        "unique_id": np.tile(names, 3),
        "ds": np.repeat([2024, 2025, 2026], 5),
        "m": 10 + rng.normal(size=15),
    }
    order = rng.permutation(15)
    mixed = {name: values[order] for name, values in base.items()}
    made = av.reconcile(mixed, SUMS, "ols")
    at = {(i, d): v for i, d, v in zip(made["unique_id"], made["ds"], made["m"], strict=True)}
    for year in (2024, 2025, 2026):
        assert at["all", year] == pytest.approx(at["north", year] + at["south", year])
        assert at["north", year] == pytest.approx(at["a", year] + at["b", year])
    errors = {
        "unique_id": np.tile(names, 20),
        "ds": np.repeat(np.arange(20), 5),
        "error": rng.normal(size=100),
    }
    for method in ("wls_var", "shrink"):
        assert np.isfinite(av.reconcile(mixed, SUMS, method, errors=errors)["m"]).all()
    whole = av.reconcile(mixed, SUMS, counts=True)["m"]
    assert np.all(whole == np.floor(whole))
    with pytest.raises(av.InputError, match="in-sample errors"):
        av.reconcile(mixed, SUMS, "shrink")
    with pytest.raises(av.InputError, match="no forecast of b"):
        av.reconcile({k: v[base["unique_id"] != "b"] for k, v in base.items()}, SUMS)
    with pytest.raises(av.InputError, match="row each"):
        av.reconcile({k: v[1:] for k, v in base.items()}, SUMS)
    with pytest.raises(av.InputError, match="shares"):
        av.reconcile(mixed, SUMS, "top_down")
    top = av.reconcile(mixed, SUMS, "top_down", shares={"south": 0.5, "a": 0.25, "b": 0.25})
    np.testing.assert_allclose(top["m"][made["unique_id"] == "all"], mixed["m"][made["unique_id"] == "all"])


def test_joint_paths_are_reconciled(nile: Any) -> None:
    rng = np.random.default_rng(1)
    sizes = {"all": 4, "north": 2, "south": 2, "a": 1, "b": 1}
    fits = {name: av.Structural().fit(nile * size + rng.normal(size=100)) for name, size in sizes.items()}
    base = {name: fit.forecast(2, seed=i, draws=200) for i, (name, fit) in enumerate(fits.items())}
    made = av.reconcile(base, SUMS)
    np.testing.assert_allclose(made["all"].paths(), sum(made[n].paths() for n in ("south", "a", "b")))
    counts = av.reconcile(base, SUMS, counts=True)
    np.testing.assert_array_equal(counts["north"].paths(), counts["a"].paths() + counts["b"].paths())


def test_any_specification_can_be_sent_through_its_past(nile: Any) -> None:
    for model in (av.Arima(order=(1, 0, 0)), "structural", "auto"):
        backtest = av.backtest(model, nile, horizon=2, windows=3, seed=1, draws=100)
        assert backtest.summary().columns["periods"][0] == 6


def test_plot_and_progress() -> None:
    pytest.importorskip("matplotlib")
    told: list[tuple[int, int]] = []
    ahead = av.forecast(
        series(2, 30), 4, model=["arima", "structural"], seed=1, draws=50, progress=lambda *now: told.append(now)
    )
    assert told[-1] == (4, 4)
    ax = ahead.plot("s001")
    assert ax.get_title(loc="left") == "s001"
    with pytest.raises(av.InputError, match="no forecast"):
        ahead.plot("nobody")
