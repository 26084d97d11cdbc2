"""What the deaths averted by a path of spending cost, for any regression of counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from averted import _core
from averted._errors import InputError
from averted._result import Result, Table
from averted.spending.estimate import Estimate

if TYPE_CHECKING:
    from averted._frames import Kind

#: What the path taken cost more than the other: a sum, or one for each group.
Money = float | Sequence[float] | Mapping[str, float]


class CostByPath(Result):
    """Deaths averted by a path beside the money that it took, and what one of them cost where the sign is resolved."""

    def __init__(self, margins: _core.Margins, money: Money, per: float, level: float, kind: Kind) -> None:
        rows, table = _core.cost_by_path(margins, _sums(money, margins.groups), float(per), level)
        self._rows = rows
        self._table = Table(table)
        self._kind = kind
        #: The sum that deaths averted are also counted by.
        self.per = float(per)
        #: The level of the intervals.
        self.level = level

    @property
    def averted(self) -> list[Estimate]:
        """Deaths averted, one a group."""
        return [Estimate(*row[2]) for row in self._rows]

    @property
    def cost_per_death_averted(self) -> list[float | None]:
        """Money over deaths averted where the interval of deaths averted lies above zero, else ``None``."""
        return [row[5][0] for row in self._rows]

    @property
    def cost_interval(self) -> list[tuple[float | None, float | None]]:
        """Its interval. ``(x, None)``: at least `x`, no upper limit. ``(None, None)``: there is no such cost."""
        return [row[5][1:] for row in self._rows]

    @property
    def cost(self) -> list[str]:
        """The cost in words: a number with its interval, ``unbounded…`` or ``none exists…``."""
        return [row[4] for row in self._rows]

    def summary(self) -> Table:
        """Return the table: a row a group, the cost in words below."""
        return self._table

    def _tidy(self) -> dict[str, list[Any]]:
        groups = {"group": [row[0] for row in self._rows]} if any(row[0] for row in self._rows) else {}
        return {
            **groups,
            "money": [row[1] for row in self._rows],
            "estimate": [row.estimate for row in self.averted],
            "std_error": [row.std_error for row in self.averted],
            "lower": [row.lower for row in self.averted],
            "upper": [row.upper for row in self.averted],
            "averted_per": [row[2][1] * self.per / row[1] for row in self._rows],
            "cost": [row[3] for row in self._rows],
            "cost_per_death_averted": self.cost_per_death_averted,
            "cost_lower": [ends[0] for ends in self.cost_interval],
            "cost_upper": [ends[1] for ends in self.cost_interval],
        }

    def _glance(self) -> dict[str, Any]:
        return {"what": self._table.title, "groups": len(self._rows), "per": self.per, "level": self.level}


def _sums(money: Money, groups: list[str]) -> list[float]:
    if not isinstance(money, Mapping):
        return [float(m) for m in np.atleast_1d(np.asarray(money, dtype=np.float64))]
    known = {str(group): float(value) for group, value in money.items()}
    missing = [group for group in groups if group not in known]
    if missing or not groups:
        raise InputError(f"money: no sum for {', '.join(missing) or 'a fit without groups'}; the groups are {groups}")
    return [known[group] for group in groups]
