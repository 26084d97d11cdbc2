"""Deaths averted by a sum of money, and what one of them cost."""

from __future__ import annotations

from typing import Any

from averted import _core
from averted._frames import Kind
from averted._result import Result, Table
from averted.spending.estimate import Estimate


class Averted(Result):
    """Deaths averted by a sum of money, as far as a model implies them."""

    def __init__(self, core: _core.Averted, *, kind: Kind) -> None:
        self._core = core
        self._kind = kind

    @property
    def estimate(self) -> float:
        """Deaths averted by the sum; negative: more deaths."""
        return self._core.estimate[1]

    @property
    def std_error(self) -> float:
        """The standard error of the estimate."""
        return self._core.estimate[2]

    @property
    def p_value(self) -> float:
        """Of the test that no death was averted."""
        return self._core.estimate[4]

    @property
    def interval(self) -> tuple[float, float]:
        """Its ends."""
        return self._core.estimate[5], self._core.estimate[6]

    @property
    def per(self) -> float:
        """The sum."""
        return self._core.per

    @property
    def mde(self) -> float:
        """The smallest number, in either direction, found with a power of 80 %."""
        return self._core.detectable[0]

    @property
    def mde_percent(self) -> float:
        """The smallest share of all deaths, in per cent, that all of the money could have been seen to avert."""
        return self._core.detectable[2]

    @property
    def total(self) -> Estimate:
        """Deaths in the rows of the fit that all of the spending averted, against none."""
        return Estimate(*self._core.total)

    @property
    def by_lag(self) -> list[Estimate]:
        """The estimate by how many periods after the spending the deaths fall."""
        return [Estimate(*row) for row in self._core.by_lag]

    @property
    def cost_per_death_averted(self) -> float | None:
        """The sum over deaths averted where the interval of deaths averted lies above zero, else ``None``."""
        return self._core.cost[1]

    @property
    def cost_interval(self) -> tuple[float | None, float | None]:
        """Its interval. ``(x, None)``: at least `x`, no upper limit. ``(None, None)``: there is no such cost."""
        return self._core.cost[2], self._core.cost[3]

    @property
    def cost(self) -> str:
        """The cost in words: a number with its interval, ``unbounded…`` or ``none exists…``."""
        return self._core.cost[4]

    @property
    def reading(self) -> str:
        """What the design could see, in a sentence."""
        return self._core.reading

    def summary(self) -> Table:
        """Return the table: by lag, in all, and against no spending."""
        return Table(self._core.table)

    def _glance(self) -> dict[str, Any]:
        lower, upper = self.interval
        cheapest, dearest = self.cost_interval
        return {
            "per": self.per,
            "estimate": self.estimate,
            "std_error": self.std_error,
            "p_value": self.p_value,
            "lower": lower,
            "upper": upper,
            "mde": self.mde,
            "mde_percent": self.mde_percent,
            "cost": self._core.cost[0],
            "cost_per_death_averted": self.cost_per_death_averted,
            "cost_lower": cheapest,
            "cost_upper": dearest,
            "spread": self._core.spread,
        }
