"""Decomposition from Python: the parts, strengths, gaps, frames in and out, pictures, errors."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import averted as av
import numpy as np
import pytest

REFERENCE = Path(__file__).parents[1] / "reference" / "ets_theta_benchmarks.json"


def gold() -> dict:
    return json.loads(REFERENCE.read_text(encoding="utf-8"))


def accidents() -> np.ndarray:
    return np.array(gold()["datasets"]["usaccdeaths"]["values"], dtype=float)


def test_parts_are_those_of_r() -> None:
    theirs = next(c["values"] for c in gold()["cases"] if c["id"] == "stl_usaccdeaths")
    parts = av.stl(accidents(), 12)
    np.testing.assert_allclose(parts.seasonal[:12], theirs["stl_periodic"]["seasonal_first12"], rtol=1e-8)
    np.testing.assert_allclose(parts.trend[:5], theirs["stl_periodic"]["trend_first5"], rtol=1e-8)
    robust = av.stl(accidents(), 12, seasonal_window=7, robust=True)
    np.testing.assert_allclose(robust.weights[:10], theirs["stl7robust"]["weights_first10"], rtol=1e-8, atol=1e-8)
    classical = av.decompose(accidents(), 12)
    np.testing.assert_allclose(classical.seasonal[:12], theirs["decompose_figure"], rtol=1e-8)


def test_strengths_are_shares_of_variance() -> None:
    parts = av.stl(accidents(), 12)
    rest = parts.remainder
    assert parts.seasonal_strength == pytest.approx(1 - rest.var() / (parts.seasonal + rest).var(), rel=1e-10)
    assert parts.trend_strength == pytest.approx(1 - rest.var() / (parts.trend + rest).var(), rel=1e-10)
    both = av.mstl(accidents(), [12, 6], windows=[None, 11])
    assert list(both.seasons) == [6, 12]
    assert list(both.glance()) == [
        "method",
        "trend_strength",
        "seasonal_strength_6",
        "seasonal_strength_12",
        "n_used",
    ]


def test_frames_and_gaps() -> None:
    pandas = pytest.importorskip("pandas")
    y = accidents()
    y[[3, 30]] = np.nan
    index = pandas.period_range("1973-01", periods=len(y), freq="M")
    parts = av.stl(pandas.Series(y, index=index, name="deaths"), 12)
    rows = parts.augment()
    assert isinstance(rows, pandas.DataFrame)
    assert rows["ds"][0] == "1973-01"
    assert np.isnan(rows["remainder"][[3, 30]]).all()
    assert rows["trend"].notna().all()
    whole = rows["trend"] + rows["seasonal"] + rows["remainder"]
    np.testing.assert_allclose(whole[rows["observed"].notna()], y[~np.isnan(y)])
    assert isinstance(parts.tidy(), pandas.DataFrame)
    assert "deaths" in str(parts)
    assert parts.to_dict()["parts"]["remainder"][3] is None
    json.loads(parts.to_json())
    polars = pytest.importorskip("polars")
    assert isinstance(av.decompose(polars.Series("deaths", y.tolist()), 12).augment(), polars.DataFrame)
    back = pickle.loads(pickle.dumps(parts))
    np.testing.assert_array_equal(back.trend, parts.trend)


def test_a_multiplicative_season_is_a_factor() -> None:
    y = [80 * (0.5, 1.25, 1.25, 1.0)[t % 4] for t in range(40)]
    parts = av.decompose(y, 4, model="multiplicative")
    np.testing.assert_allclose(parts.seasonal[:4], [0.5, 1.25, 1.25, 1.0])
    np.testing.assert_allclose(parts.adjusted, 80)
    assert parts.multiplicative
    assert "multiply" in str(parts)


def test_a_panel_for_every_part() -> None:
    pytest.importorskip("matplotlib")
    import matplotlib.pyplot as plt

    panels = av.stl(accidents(), 12, index=range(1973, 2045)).plot()
    assert [panel.texts[0].get_text() for panel in panels] == ["observed", "trend", "seasonal", "remainder"]
    figure, given = plt.subplots(5, 1)
    assert av.mstl(accidents(), [6, 12]).plot(given) == list(given)
    with pytest.raises(av.InputError, match="expected 4 axes"):
        av.stl(accidents(), 12).plot(given)
    plt.close("all")
    del figure


def test_refusals_name_their_cause() -> None:
    with pytest.raises(av.InputError, match="at least 9"):
        av.stl([1.0] * 8, 4)
    with pytest.raises(av.InputError, match="odd"):
        av.stl(accidents(), 12, seasonal_window=8)
    with pytest.raises(av.InputError, match="never observed"):
        av.stl([None if t % 4 == 2 else 1.0 for t in range(20)], 4)
    with pytest.raises(av.InputError, match="above zero"):
        av.decompose(np.zeros(24), 12, model="multiplicative")
    with pytest.raises(av.InputError, match="model"):
        av.decompose(accidents(), 12, model="log")
    with pytest.raises(av.InputError, match="season"):
        av.stl(accidents(), 1)
