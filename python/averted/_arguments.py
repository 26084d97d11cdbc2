"""Arguments that are checked in the same way wherever they come in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from averted._errors import InputError


def whole(name: str, value: Any, least: int) -> int:
    """A whole number of at least `least`, or an error that names the argument."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise InputError(f"{name} = {value!r}: must be a whole number, at least {least}")
    return int(value)


def columns_in(name: str, columns: str | Sequence[str] | None) -> list[str]:
    """Names of columns: of one, of several, or of none."""
    if columns is None:
        return []
    listed = [columns] if isinstance(columns, str) else list(columns)
    if not listed or not all(isinstance(column, str) for column in listed):
        raise InputError(f"{name} = {columns!r}: must be one column or a list of columns")
    return listed
