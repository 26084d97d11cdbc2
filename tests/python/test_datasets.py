"""The bundled data: complete, sourced, and without a small count."""

from __future__ import annotations

import csv
import gzip
import hashlib
import importlib.util
import io
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import averted as av
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

NAMES = av.datasets.names()
#: The data sets whose rows are parts of a country.
SUB_NATIONAL = ["us_states", "mx_states"]


@pytest.fixture(scope="module")
def bundle() -> ModuleType:
    path = Path(__file__).parents[2] / "tools" / "bundle.py"
    spec = importlib.util.spec_from_file_location("bundle", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", NAMES)
def test_every_data_set_loads_in_every_kind(name: str) -> None:
    assert isinstance(av.datasets.load(name), pd.DataFrame)
    assert isinstance(av.datasets.load(name, "polars"), pl.DataFrame)
    assert isinstance(av.datasets.load(name, "pyarrow"), pa.Table)
    columns = av.datasets.load(name, "dict")
    about = av.datasets.describe(name)
    assert {len(values) for values in columns.values()} == {about.rows}
    assert list(columns) == list(about.columns)


@pytest.mark.parametrize("name", NAMES)
def test_every_data_set_says_where_it_comes_from(name: str) -> None:
    about = av.datasets.describe(name)
    assert all([about.title, about.what, about.agency, about.source, about.licence, about.units, about.traps])
    assert all(about.columns.values())
    assert about.title in repr(about)
    html = about._repr_html_()
    assert html.count("<tr>") == len(about.facts) + len(about.columns)
    assert len(about.sha256) == 64
    assert all(len(digest) == 64 for digest in about.inputs.values())


@pytest.mark.parametrize("name", NAMES)
def test_the_page_is_the_catalogue(name: str, root: Path) -> None:
    page = (root / "docs" / "datasets.md").read_text(encoding="utf-8")
    assert av.datasets.describe(name).to_markdown() in page


def test_keys_are_unique() -> None:
    keys = {"western_hemisphere": ["country", "year"], "us_states": ["state", "year"], "facts": ["year"]}
    keys["mx_states"] = ["state", "year"]
    for name, key in keys.items():
        assert not av.datasets.load(name, "pandas").duplicated(key).any()


def test_no_mexican_state_has_a_count_below_ten(bundle: ModuleType) -> None:
    frame = av.datasets.load("mx_states", "pandas")
    assert (frame["homicides"] >= 10).all()
    assert list(frame["state"].unique()) == list(bundle.MEXICAN_STATES)
    assert len(frame) == 32 * 20


def test_no_sub_national_count_of_deaths_from_1_to_9(bundle: ModuleType) -> None:
    frame = av.datasets.load("us_states", "pandas")
    deaths = [c for c in frame if c.endswith("deaths") or "homicides" in c]
    assert set(deaths) == set(bundle.STATE_DEATHS)
    for column in deaths:
        assert not frame[column].between(1, 9).any(), column
        # Nor a rate that would give one away.
    few = frame["overdose_rate_age_adjusted"] * frame["population"] / 1e5
    assert not (few < 10).any()
    for part, wholes in bundle.CONTAINED_IN.items():
        for whole in wholes:
            assert not (frame[whole] - frame[part]).between(1, 9).any(), (whole, part)


def test_one_state_alone_is_never_withheld(bundle: ModuleType) -> None:
    frame = av.datasets.load("us_states", "pandas")
    for column in bundle.CONTAINED_IN:
        blank = frame[column].isna().groupby(frame["year"]).sum()
        assert not (blank == 1).any(), column


def test_other_bundled_tables_are_national() -> None:
    for name in set(NAMES) - set(SUB_NATIONAL):
        columns = set(av.datasets.load(name, "dict"))
        assert not columns & {"state", "county", "municipality", "city", "cve_ent", "fips"}


def test_suppressed_cells_are_empty_and_named() -> None:
    frame = av.datasets.load("us_states", "pandas")
    named = frame["suppressed"].fillna("").str.split()
    assert named.explode().value_counts().to_dict() == {
        "psychostimulant_deaths": 399,
        "heroin_deaths": 347,
        "synthetic_opioid_deaths": 213,
        "cocaine_deaths": 168,
        "homicides": 23,
        "opioid_deaths": 16,
    }
    for row, columns in named.items():
        assert frame.loc[row, columns].isna().all()
    drugs = frame[frame["year"].between(1999, 2018)]
    empty = drugs[[c for c in frame if c.endswith("_deaths")]].isna().sum().sum()
    assert empty - named.explode().str.endswith("_deaths").sum() == 15


def test_the_whole_bundle_is_small() -> None:
    folder = Path(av.datasets.__file__).parent / "data"
    assert sum(file.stat().st_size for file in folder.iterdir()) < 1_000_000


def test_the_recorded_hash_is_that_of_the_table(root: Path) -> None:
    for file in (root / "python" / "averted" / "data").glob("*.csv.gz"):
        name = file.name.removesuffix(".csv.gz")
        table = gzip.decompress(file.read_bytes())
        assert hashlib.sha256(table).hexdigest() == av.datasets.describe(name).sha256


def test_the_bundle_is_made_from_its_inputs(shared: Any, bundle: ModuleType) -> None:
    for name, (path, make) in bundle.BUNDLE.items():
        raw = shared(f"data/{path}").read_bytes()
        assert hashlib.sha256(raw).hexdigest() == av.datasets.describe(name).inputs[Path(path).name]
        rows = make(list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig")))))
        columns = av.datasets.load(name, "dict")
        for column, values in columns.items():
            made = [row[column] for row in rows]
            if values.dtype == object:
                assert [text or None for text in made] == list(values)
            else:
                np.testing.assert_array_equal([float(text) if text else np.nan for text in made], values)


def test_published_figures() -> None:
    """Figures that stand in the sources, read back from the bundle."""
    mexico = av.datasets.load("western_hemisphere", "pandas").query("country == 'Mexico'").set_index("year")
    assert mexico.loc[2018, "homicides"] == 36_685
    assert mexico.loc[2011, "aid_disbursed_usd"] == 477_593_035
    facts = av.datasets.load("facts", "pandas").set_index("year")
    assert facts.loc[2021, "us_overdose_deaths"] == 106_699
    assert facts.loc[[2008, 2009, 2010], "merida_appropriated_usd"].tolist() == [400e6, 720e6, 386e6]
    merida = av.datasets.load("merida", "pandas")
    parts = merida[merida["account"] != "TOTAL"].groupby(["fiscal_year", "line"])["usd"].sum()
    total = merida[merida["account"] == "TOTAL"].groupby(["fiscal_year", "line"])["usd"].sum()
    both = parts.index.intersection(total.index)
    assert len(both) == 10
    assert (parts[both] == total[both]).all()


def test_an_unknown_name_suggests_one() -> None:
    with pytest.raises(av.InputError, match="did you mean `us_states`"):
        av.datasets.load("us_stats")
    with pytest.raises(av.InputError, match="There are western_hemisphere"):
        av.datasets.describe("nothing like it")


def test_provenance_lists_every_data_set(root: Path) -> None:
    record = json.loads((root / "python" / "averted" / "data" / "provenance.json").read_text())
    assert set(record) == set(NAMES)
