"""Formulas and delimited files through the Python face."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import averted as av
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from averted import _core, _read
from hypothesis import given
from hypothesis import strategies as st


def design_of(formula: str, **columns: Any) -> av.Design:
    return av.Design(formula, columns)


#  ── formulas


def test_a_design_comes_back_in_the_kind_that_went_in() -> None:
    columns = {"y": [1.0, 2.0, np.nan], "x": [1, 2, 3], "r": ["a", "b", "a"]}
    for data, kind in [
        (pd.DataFrame(columns), pd.DataFrame),
        (pl.DataFrame(columns), pl.DataFrame),
        (pa.table(columns), pa.Table),
        (columns, dict),
    ]:
        design = av.Design("y ~ x + r", data)
        frame = design.frame()
        assert isinstance(frame, kind)
        assert design.names == ["(Intercept)", "x", "r[b]"]
        assert design.x.tolist() == [[1, 1, 0], [1, 2, 1]]
        assert design.references == {"r": "a"}
        assert design.dropped == {"missing outcome y": 1}
        assert design.rows.tolist() == [0, 1]


def test_columns_are_listed_before_anything_is_converted() -> None:
    assert _core.formula_columns("y ~ lag(log(x), 0:2) + i(f, z) | a^b[t]") == ["y", "x", "f", "z", "a", "b", "t"]


def test_lags_join_by_date_within_the_unit() -> None:
    frame = pd.DataFrame({"s": ["a", "a", "b", "a"], "t": [2001, 2003, 2001, 2002], "y": 1.0, "x": [1, 3, 9, 2]})
    panel = _core.Panel(av._frames.frame_in(frame)[0], "s", "t")
    design = av.Design("y ~ lag(x, 1) | s", panel)
    assert design.rows.tolist() == [1, 3]
    assert design.x.ravel().tolist() == [2, 1]
    assert design.absorbed == {"s": 1}
    assert "dropped 2: lag of x reaches before the first period (first in row 0)" in repr(design)


@pytest.mark.parametrize(
    ("formula", "says"),
    [
        ("y ~ lgo(x)", "no function lgo; did you mean `log`?\n  y ~ lgo(x)\n      ^"),
        ("y ~ z", "no column z"),
        ("y ~ xx", "did you mean x?"),
        ("y ~ lag(x, 1)", "give a Panel"),
        ("y ~ log(x)", "`x`, row 1: 0 must be above 0"),
        ("y ~ x +", "expected a term, found the end"),
        ("y ~ (", "expected a term"),
        ("", "empty formula"),
    ],
)
def test_what_is_wrong_is_said_where_it_is(formula: str, says: str) -> None:
    with pytest.raises(av.InputError) as caught:
        design_of(formula, y=[1.0, 2.0], x=[1.0, 0.0])
    assert says in str(caught.value)
    assert isinstance(caught.value, ValueError)


@given(st.text(max_size=40))
def test_any_text_is_a_formula_or_an_error(text: str) -> None:
    with contextlib.suppress(av.InputError):
        _core.formula_columns(text)


#  ── files


def test_a_file_is_read_in_every_kind(tmp_path: Path) -> None:
    path = tmp_path / "deaths.csv"
    path.write_bytes("Año;muertes;nota\n2020;1,5;a\n2021;;\n".encode("latin-1"))
    assert isinstance(av.read(path), pd.DataFrame)
    assert av.read(path)["muertes"].isna().tolist() == [False, True]
    assert isinstance(av.read(str(path), kind="polars"), pl.DataFrame)
    assert isinstance(av.read(path, kind="pyarrow"), pa.Table)
    columns = av.read(path, kind="dict")
    assert columns["Año"].tolist() == [2020.0, 2021.0]
    assert columns["nota"].tolist() == ["a", None]
    found = _read.reading(path)
    assert (found.encoding, found.delimiter, found.decimal, found.footer) == ("windows-1252", ";", ",", [])


@pytest.mark.parametrize(("ending", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)])
def test_compressed_files_are_unpacked(tmp_path: Path, ending: str, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / f"deaths.csv{ending}"
    path.write_bytes(pack(b"year,deaths\n2020,3\n"))
    assert av.read(path)["deaths"].tolist() == [3.0]
    path.write_bytes(b"year,deaths\n2020,3\n")
    with pytest.raises(av.InputError, match="cannot unpack"):
        av.read(path)


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        (b"", {}, "empty"),
        (b"a,b\n", {}, "a header and no rows"),
        (b"a,a\n1,2\n", {}, "columns 1 and 2 share it"),
        (b"a,b\n1\n", {}, "line 2: `1` is not a row of the 2 columns"),
        (b"a;b\n1.234;1\n", {}, "can be read both ways"),
        (b"a,b\n1,2\n", {"decimal": "x"}, "decimal"),
        (b"a,b\n1,2\n", {"delimiter": ";;"}, "one character"),
        (b"a,b\n1,2\n", {"skip": -1}, "skip = -1"),
        (b"PK\x03\x04", {}, "Excel"),
    ],
)
def test_what_cannot_be_read_is_refused(text: bytes, options: dict[str, Any], says: str) -> None:
    with pytest.raises(av.InputError, match=says.replace("(", r"\(")):
        av.read(text, **options)


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(av.InputError, match=r"cannot read no/such\.csv: No such file"):
        av.read("no/such.csv")


@given(st.binary(max_size=60))
def test_any_bytes_are_a_table_or_an_error(text: bytes) -> None:
    with contextlib.suppress(av.InputError):
        av.read(text, kind="dict")


def test_numbers_agree_with_pandas_on_every_shared_file(shared: Callable[[str], Path]) -> None:
    files = sorted(shared("data").rglob("*.csv"))
    compared = 0
    for path in files:
        try:
            ours = av.read(path)
            theirs = pd.read_csv(path, sep=_read.reading(path).delimiter, encoding=_read.reading(path).encoding)
        except av.InputError:
            continue
        assert len(ours) == len(theirs), path
        for name in ours.columns.intersection(theirs.columns):
            if ours[name].dtype == np.float64 and pd.api.types.is_numeric_dtype(theirs[name]):
                np.testing.assert_array_equal(ours[name], theirs[name].astype(float), err_msg=f"{path.name}: {name}")
                compared += 1
    assert compared > 500
