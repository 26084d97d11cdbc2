"""Deaths in one file and money in another: one table, joined on unit and time."""

from __future__ import annotations

from typing import Any

import numpy as np

from averted._errors import InputError


def join(deaths: dict[str, Any], money: dict[str, Any], on: tuple[str, str]) -> dict[str, Any]:
    """Every row of either table, one row a unit and period; what one of them lacks is missing.

    Rows of money without deaths are kept: a fiscal year that ends after the last deaths still pays for their months.

    Parameters
    ----------
    deaths, money
        Columns of one length each; both hold the two columns of `on`.
    on
        The columns of units and of periods.

    Raises
    ------
    InputError
        When a column is in neither or in both, or a unit and period comes twice.

    Examples
    --------
    >>> join({"u": ["a"], "t": [1], "y": [3]}, {"u": ["a", "a"], "t": [1, 2], "m": [7.0, 8.0]}, ("u", "t"))["m"]
    array([7., 8.])
    """
    for name, table in (("deaths", deaths), ("money", money)):
        if gone := [column for column in on if column not in table]:
            raise InputError(f"the file of {name} has no column `{gone[0]}`; both need `{on[0]}` and `{on[1]}`")
    if both := [column for column in deaths if column in money and column not in on]:
        raise InputError(f"column `{both[0]}` is in both files: take it out of one of them")
    here, there = _rows("deaths", deaths, on), _rows("money", money, on)
    keys = [*here, *(key for key in there if key not in here)]
    joined: dict[str, Any] = {column: _of_kind([key[i] for key in keys], deaths[column]) for i, column in enumerate(on)}
    for table, rows in ((deaths, here), (money, there)):
        found = [rows.get(key) for key in keys]
        for column, values in table.items():
            if column not in on:
                joined[column] = _taken(np.asarray(values), found)
    return joined


def _rows(name: str, table: dict[str, Any], on: tuple[str, str]) -> dict[tuple[Any, Any], int]:
    rows: dict[tuple[Any, Any], int] = {}
    for row, key in enumerate(zip(*(_plain(table[column]) for column in on), strict=True)):
        if key in rows:
            raise InputError(f"the file of {name} has {key[0]}, {key[1]} twice: rows {rows[key]} and {row}")
        rows[key] = row
    return rows


def _plain(values: Any) -> list[Any]:
    """As Python values, whole numbers whole, so that 2010 and 2010.0 are one period."""
    whole = (int(v) if isinstance(v, float) and v.is_integer() else v for v in np.asarray(values).tolist())
    return [v.strip() if isinstance(v, str) else v for v in whole]


def _of_kind(values: list[Any], like: Any) -> Any:
    kind = np.asarray(like).dtype
    return np.array(values, dtype=kind if kind.kind in "if" else object)


def _taken(values: Any, rows: list[int | None]) -> Any:
    """The values of these rows, missing where there is none."""
    if values.dtype.kind in "biuf":
        return np.array([np.nan if row is None else float(values[row]) for row in rows])
    return np.array([None if row is None else values[row] for row in rows], dtype=object)
