"""`import averted` stays light."""

from __future__ import annotations

import subprocess
import sys

import averted
import pytest

HEAVY = ("pandas", "polars", "pyarrow", "matplotlib", "jinja2", "typer", "rich", "narwhals")


def fresh(code: str) -> str:
    """What a new interpreter prints."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_importing_loads_nothing_heavy() -> None:
    loaded = fresh("import sys, averted; print(*sys.modules)").split()
    assert not set(HEAVY) & set(loaded)


def test_every_public_name_loads() -> None:
    assert fresh("import averted as av; print(all(hasattr(av, name) for name in av.__all__))") == "True\n"


def test_a_bundled_table_needs_no_frame_library() -> None:
    code = "import sys, averted as av; av.datasets.load('facts', 'dict'); print(*sys.modules)"
    assert not set(HEAVY) & set(fresh(code).split())


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'averted' has no attribute 'nothing'"):
        averted.nothing  # noqa: B018
