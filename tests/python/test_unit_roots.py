"""Tests of unit roots: values through the border, words, refusals."""

import json
import pickle
from pathlib import Path

import averted as av
import pytest
from averted.timeseries import adf, df_gls, differences, kpss, ocsb, phillips_perron, variance_ratio, zivot_andrews

_FILES = Path(__file__).parent.parent / "reference"
GOLD = json.loads((_FILES / "python_regression_iv_unitroot.json").read_text())["cases"]
NILE = json.loads((_FILES / "unitroot_cointegration_breaks.json").read_text())["datasets"]["nile"]["values"]
VALUES = next(case["values"] for case in GOLD if case["id"] == "py_unitroot_nile")


@pytest.mark.parametrize(
    ("test", "key"),
    [
        (adf(NILE, "trend", lags=4), "adf_ct_lag4"),
        (adf(NILE, "quadratic", lags="t"), "adf_ctt_tstat"),
        (kpss(NILE, lags="auto"), "kpss_c_auto"),
        (phillips_perron(NILE, "trend", lags=3, statistic="rho"), "pp_ct_rho_lag3"),
        (df_gls(NILE, lags=3), "dfgls_c_lag3"),
        (zivot_andrews(NILE, "both", lags=2), "za_ct_lag2"),
        (variance_ratio(NILE, 5), "variance_ratio_5"),
    ],
)
def test_values_are_those_of_statsmodels_and_arch(test, key):
    assert test.statistic == pytest.approx(VALUES[key]["stat"], rel=1e-8)
    assert test.p_value == pytest.approx(VALUES[key]["p"], rel=1e-7)


def test_the_null_is_told_in_words():
    test = adf(NILE)
    assert "null: the series has a unit root" in str(test)
    assert "null: the series is stationary around a level" in str(kpss(NILE))
    assert test.tidy()["term"] == ["augmented Dickey–Fuller"]
    assert test.glance()["lags"] == [test.lags]
    assert pickle.loads(pickle.dumps(test)) == test
    assert test.to_dict()["p_value"] == test.p_value
    assert ocsb(NILE, 4).p_value != ocsb(NILE, 4).p_value  # only a critical value is known
    assert isinstance(ocsb(NILE, 4).rejects(), bool)


def test_several_side_by_side():
    tests = av.unit_root(NILE)
    assert [test.rejects() for test in tests.tests] == [True] * 4
    assert len(tests) == 4
    assert tests[3].method == "KPSS"
    assert "rejected at 5 %" in str(tests)
    with pytest.raises(av.InputError, match="tests: hegy: must be among"):
        av.unit_root(NILE, tests=["hegy"])


def test_pandas_in_pandas_out():
    pandas = pytest.importorskip("pandas")
    test = kpss(pandas.Series(NILE, name="flow"))
    assert test.series == "flow"
    assert isinstance(test.tidy(), pandas.DataFrame)


def test_differences_follow_r():
    assert differences(NILE) == 1
    assert differences([5.0] * 30) == 0
    assert differences([None, *NILE, float("nan")]) == 1


def test_bad_input_is_refused_with_the_row():
    broken = [*NILE[:9], None, *NILE[10:]]
    with pytest.raises(av.InputError, match="`y` is missing in 1 rows, first in row 9"):
        adf(broken)
    with pytest.raises(av.InputError, match="constant"):
        kpss([3.0] * 20)
    with pytest.raises(av.InputError, match="at least"):
        adf([1.0, 2.0])
    with pytest.raises(av.InputError, match="lags"):
        adf(NILE, lags="hqic")
    with pytest.raises(av.InputError, match="deterministic"):
        kpss(NILE, deterministic="none")
    with pytest.raises(av.InputError, match="breaks"):
        zivot_andrews(NILE, breaks="variance")
