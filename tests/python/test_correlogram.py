"""Correlograms from Python: R's values, gaps, errors, frames, pictures."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import averted as av
import numpy as np
import pandas as pd
import pytest

REFERENCE = Path(__file__).parents[1] / "reference" / "arima.json"


def nile() -> np.ndarray:
    return np.array(json.loads(REFERENCE.read_text(encoding="utf-8"))["datasets"]["nile"]["values"], dtype=float)


def test_values_are_those_of_r() -> None:
    cases = json.loads(REFERENCE.read_text(encoding="utf-8"))["cases"]
    theirs = next(case["values"] for case in cases if case["id"] == "acf")
    found = av.correlogram(nile(), 10)
    np.testing.assert_allclose(found.acf, theirs["nile_acf"][1:], rtol=1e-9)
    np.testing.assert_allclose(found.pacf, theirs["nile_pacf"], rtol=1e-9)
    assert found.ljung_box[-1] == pytest.approx(theirs["ljung_box_10"]["stat"], rel=1e-9)
    assert found.p_values[-1] == pytest.approx(theirs["ljung_box_10"]["p"], abs=1e-15)  # R takes it from one
    assert len(av.correlogram(nile()).acf) == 20


def test_parameters_take_degrees_of_freedom() -> None:
    plain, errors = av.correlogram(nile(), 6), av.correlogram(nile(), 6, estimated=2)
    assert np.isnan(errors.p_values[:2]).all()
    assert (errors.p_values[2:] < plain.p_values[2:]).all()
    np.testing.assert_array_equal(errors.ljung_box[2:], plain.ljung_box[2:])


def test_gaps_are_left_out_and_said() -> None:
    y = nile()
    y[[3, 50, 51]] = np.nan
    found = av.correlogram(y, 5)
    assert found.n == 97
    assert np.isnan(found.p_values).all()
    assert "3 periods are missing" in str(found)
    centred = y - np.nanmean(y)
    pairs = centred[1:] * centred[:-1]
    first = np.nansum(pairs) / (np.sum(~np.isnan(pairs)) + 1) / np.nanmean(centred**2)
    assert found.acf[0] == pytest.approx(first, rel=1e-12)


def test_bad_input_is_told() -> None:
    for y, lags in (([2.0] * 9, 3), ([1.0], None), ([1.0, 2.0, 4.0], 3), ([1.0, np.inf, 2.0], 1)):
        with pytest.raises(av.InputError):
            av.correlogram(y, lags)


def test_frames_pickles_and_pictures() -> None:
    found = av.correlogram(pd.Series(nile(), name="flow"), 8)
    assert isinstance(found.tidy(), pd.DataFrame)
    assert list(found.tidy()["lag"]) == list(range(1, 9))
    again = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(again.acf, found.acf)
    panels = found.plot()
    assert panels[0].get_title(loc="left").startswith("flow")
