"""What the Python tests share."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import averted as av
import pytest

ROOT = Path(__file__).parents[2]


def shared(path: str) -> Path:
    """A file of the shared data folder, or skip: that folder is not part of the project."""
    folders = [os.environ.get("AVERTED_SHARED"), ROOT.parent / "shared", ROOT.parent.parent / "shared"]
    for folder in filter(None, folders):
        if (Path(folder) / path).exists():
            return Path(folder) / path
    pytest.skip(f"{path} is not here")


@pytest.fixture(name="shared")
def _shared() -> object:
    """:func:`shared` for tests that ask by argument."""
    return shared


def western_hemisphere() -> av.Panel:
    """The bundled panel as the pages declare it."""
    return av.Panel(
        av.datasets.load("western_hemisphere", "dict"),
        unit="country",
        time="year",
        events="homicides",
        population="population",
        money=av.Money("aid_disbursed_usd", stage="disbursed", fiscal_year_start=10, real=2020),
    )


@pytest.fixture(scope="session", name="western_hemisphere")
def _western_hemisphere() -> av.Panel:
    """:func:`western_hemisphere` for tests that ask by argument."""
    return western_hemisphere()


@pytest.fixture
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(autouse=True)
def _closed_pictures() -> Iterator[None]:
    """No test leaves its pictures open to the next: matplotlib counts them all."""
    yield
    if (pyplot := sys.modules.get("matplotlib.pyplot")) is not None:
        pyplot.close("all")
