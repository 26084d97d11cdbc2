"""Panels and money from Python: every kind of frame, refusals by name, and figures worked out here."""

from __future__ import annotations

import gzip
import pickle
from pathlib import Path
from typing import Any

import averted as av
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

COLUMNS = {
    "country": ["Mexico", "Mexico", "Mexico", "Peru"],
    "year": [2018, 2019, 2020, 2018],
    "deaths": ["12", "Suppressed", None, "<5"],
    "people": [100.0, 100.0, 200.0, 50.0],
    "aid": [100.0, 200.0, -40.0, 10.0],
}
MAKERS = {"dict": dict, "pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.table}
AID = av.Money("aid", stage="disbursed", fiscal_year_start=10, real=2020)


def panel(data: Any = None, **options: Any) -> av.Panel:
    roles: dict[str, Any] = {"unit": "country", "time": "year", "events": "deaths", "population": "people"}
    return av.Panel(COLUMNS if data is None else data, **(roles | options))


def series(name: str) -> dict[str, float]:
    """A bundled series by month."""
    table = av.datasets.load(name, "dict")
    return dict(zip(table["month"], table[list(table)[1]], strict=True))


def months(first: str) -> list[str]:
    """The twelve months from one."""
    return [str(m) for m in np.arange(first, np.datetime64(first) + 12, dtype="datetime64[M]")]


@pytest.mark.parametrize("kind", MAKERS)
def test_every_kind_of_frame_comes_in_and_goes_out(kind: str) -> None:
    data = MAKERS[kind](COLUMNS)
    built = panel(data, money=AID)
    frame = built.frame()
    assert isinstance(frame, type(data))
    spend = np.asarray(frame["spend_total"], dtype=float)
    cpi = series("cpi_u")
    real = [
        amount * np.mean([cpi[m] for m in months("2020-01")]) / np.mean([cpi[m] for m in months(f"{year}-10")])
        for amount, year in zip(COLUMNS["aid"], [2017, 2018, 2019, 2017], strict=True)
    ]
    expected = [0.75 * real[0] + 0.25 * real[1], 0.75 * real[1] + 0.25 * real[2], np.nan, np.nan]
    np.testing.assert_allclose(spend, expected, rtol=1e-12)
    heads = np.asarray(frame["spend"], dtype=float)
    np.testing.assert_allclose(heads, spend / COLUMNS["people"], rtol=1e-12)
    assert next(iter(frame["country"])) in ("Mexico", pa.scalar("Mexico"))
    assert (built.events_suppressed, built.events_missing) == (2, 1)
    assert isinstance(built.gaps(), type(data))


def test_the_caller_s_data_do_not_change() -> None:
    data = pd.DataFrame(COLUMNS)
    before = data.copy(deep=True)
    built = panel(data, money=AID)
    pd.testing.assert_frame_equal(data, before)
    data["aid"] = 0.0
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(built)).frame(), built.frame())


def test_the_core_and_the_bundle_hold_the_same_numbers(root: Path) -> None:
    for name in ("cpi_u", "mxn_usd"):
        core = (root / "src" / "data" / "money" / f"{name}.csv").read_bytes()
        assert core == gzip.decompress((root / "python" / "averted" / "data" / f"{name}.csv.gz").read_bytes())


def test_it_says_what_it_is() -> None:
    built = panel(money=[AID, av.Money("aid", name="cash", per=None)])
    assert str(built).startswith(
        "Panel of 2 units by `country` and `year`, calendar years 2018 to 2020: 4 rows, 2 cells"
    )
    assert "Money `spend`: 2020 US dollars a head, disbursed, calendar years" in str(built)
    assert built.spending.columns["was"][0] == "nominal US dollars, disbursed, fiscal years from October"
    notes = built.spending.notes
    assert any("negative in 1 row (first in row 2)" in note for note in notes)
    assert "spend: 2020 is missing: FY2021 is not in the data (1 row)" in notes
    assert "<table" in built._repr_html_()
    assert len(built) == 4
    assert list(built.gaps()["unit"]) == ["Peru"]
    assert list(built.gaps()["from"]) == ["2019"]


def test_pesos_become_dollars_before_they_are_deflated() -> None:
    money = av.Money("aid", currency="MXN", to="USD", real=2020, per=None)
    spend = panel(money=money).frame()["spend"]
    rate, cpi = series("mxn_usd"), series("cpi_u")
    base = np.mean([cpi[m] for m in months("2020-01")])
    own = [np.mean([s[m] for m in months("2018-01")]) for s in (rate, cpi)]
    assert spend[0] == pytest.approx(100 / own[0] * base / own[1], rel=1e-12)
    with pytest.raises(av.InputError, match="convert to dollars first"):
        panel(money=av.Money("aid", currency="MXN", real=2020))


def test_kinds_of_money_do_not_mix() -> None:
    built = panel(money=[AID, av.Money("aid", name="other", stage="disbursed", fiscal_year_start=10, real=2020)])
    both = built.add_money(["spend", "other"], "both")
    np.testing.assert_allclose(both.frame()["both"], 2 * built.frame()["spend"])
    assert "both" not in built.frame()
    assert "both" in pickle.loads(pickle.dumps(both)).frame()
    for options, differ in [
        ({"stage": "obligated", "real": 2020}, "stage"),
        ({"stage": "disbursed"}, "price base"),
        ({"stage": "disbursed", "to": "MXN"}, "currency"),
        ({"stage": "disbursed", "real": 2020, "per": None}, "measure"),
    ]:
        mixed = panel(money=[AID, av.Money("aid", name="other", **options)])
        with pytest.raises(av.InputError, match=f"differ in {differ}; "):
            mixed.add_money(["spend", "other"], "both")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stage": "spent"}, "stage = `spent`: must be `requested`"),
        ({"currency": "EUR"}, "currency = `EUR`: must be `USD` or `MXN`"),
        ({"to": "peso"}, "must be `USD` or `MXN`"),
        ({"fiscal_year_start": 13}, "a month from 1"),
        ({"fiscal_year_start": -1}, "a month from 1"),
        ({"real": "2020"}, "real = '2020': must be a whole number"),
        ({"real": 2020.5}, "must be a whole number"),
        ({"prices": "real"}, 'prices = .real.: must be a whole number or "nominal"'),
        ({"name": 3}, "name = 3: must be text"),
        ({"stage": 3}, "stage = 3: must be text"),
        ({"per": "head"}, 'per = .head.: must be "person"'),
    ],
)
def test_money_that_makes_no_sense_is_refused_at_once(options: dict[str, Any], message: str) -> None:
    with pytest.raises(av.InputError, match=message):
        av.Money("aid", **options)


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({}, {"unit": "contry"}, "no column `contry`; did you mean `country`"),
        ({}, {"events": "death"}, "did you mean `deaths`"),
        ({}, {"money": av.Money("aids")}, "did you mean `aid`"),
        ({}, {"money": av.Money("aid", real=1900)}, "a year that CPI-U covers"),
        ({}, {"money": "aid"}, "must be av.Money"),
        ({}, {"events": 5}, "events = 5: must be the name of a column"),
        ({}, {"money": AID, "population": None}, "population before its money"),
        ({}, {"frequency": "fortnight"}, "frequency = `fortnight`"),
        ({"year": [2018, 2018, 2020, 2018]}, {}, "Mexico, 2018 in rows 0 and 1"),
        ({"year": ["2018", "soon", "2020", "2018"]}, {}, "`year`, row 1: `soon`"),
        ({"deaths": [1, -2, 3, 4]}, {}, "`deaths`, row 1: -2 must be a count"),
        ({"deaths": [1, 2.5, 3, 4]}, {}, "row 1: 2.5 must be a whole number"),
        ({"deaths": [1, np.inf, 3, 4]}, {}, "row 1: inf must be finite"),
        ({"people": [1.0, 0.0, 1.0, 1.0]}, {}, "`people`, row 1: 0 must be a population"),
        ({"aid": [1.0, np.inf, 1.0, 1.0]}, {"money": AID}, "`aid`, row 1: inf must be finite"),
    ],
)
def test_bad_input_is_named(change: dict[str, Any], options: dict[str, Any], message: str) -> None:
    with pytest.raises(av.InputError, match=message):
        panel(COLUMNS | change, **options)


def test_an_empty_frame_is_refused() -> None:
    with pytest.raises(av.InputError, match="at least 1"):
        panel(pd.DataFrame(COLUMNS).iloc[:0])


def test_zeros_are_filled_in_only_when_asked() -> None:
    assert len(panel()) == 4
    full = panel(implicit_zeros=True, money=AID)
    assert len(full) == 6
    frame = full.frame()
    assert list(frame["deaths"][4:]) == [0, 0]
    assert np.isnan(frame["people"][4:]).all()
    assert frame["year"].dtype == np.int64
    assert len(full.gaps()["unit"]) == 0


def test_events_say_how_they_are_read() -> None:
    blanks = av.Events("deaths", suppressed=(1, 4), blanks_suppressed=True)
    built = panel(events=blanks)
    assert (built.events_suppressed, built.events_missing) == (3, 0)
    bounds = {"deaths": [None] * 4, "lo": [1.0] * 4, "hi": [9.0, 9.0, 9.0, np.nan]}
    built = panel(COLUMNS | bounds, events=av.Events("deaths", bounds=("lo", "hi")))
    assert (built.events_suppressed, built.events_missing) == (3, 1)
    fractions = panel(COLUMNS | {"deaths": [1.5, 2, 3, 4]}, events=av.Events("deaths", fractional=True))
    assert fractions.frame()["deaths"][0] == 1.5


def test_a_pair_that_is_none_is_refused() -> None:
    for options in ({"suppressed": 3}, {"bounds": ("lo",)}):
        with pytest.raises(av.InputError, match="must be a pair"):
            av.Events("deaths", **options)  # type: ignore[arg-type]


def test_a_panel_goes_where_a_frame_goes() -> None:
    data = av.datasets.load("western_hemisphere")
    money = av.Money("aid_disbursed_usd", stage="disbursed", fiscal_year_start=10, real=2020)
    built = av.Panel(data, unit="country", time="year", events="homicides", population="population", money=money)
    fit = av.Poisson(exposure="population", cluster="country").fit(
        "homicides ~ lag(spend, 0:1) | country + year", built
    )
    assert isinstance(fit.tidy(), pd.DataFrame)
    assert av._frames.source_in(built) == (built._core, "pandas")
    assert av._frames.source_in(data)[1] == "pandas"
