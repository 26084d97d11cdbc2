"""One number with everything that is known of it."""

from __future__ import annotations

from typing import NamedTuple

#: Names of the fields, as columns of a table.
ROW = ("term", "estimate", "std_error", "statistic", "p_value", "lower", "upper")


class Estimate(NamedTuple):
    """A number with its standard error, test of zero, and interval."""

    term: str
    estimate: float
    std_error: float
    statistic: float
    p_value: float
    lower: float
    upper: float
