"""What the Python tests share."""

from __future__ import annotations

import os
from pathlib import Path

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


@pytest.fixture
def root() -> Path:
    """The project's folder."""
    return ROOT
