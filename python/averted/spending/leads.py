"""Which moves first: future spending in deaths, and past deaths in spending."""

from __future__ import annotations

from typing import Any

from averted import _core
from averted._frames import Kind
from averted._result import Result, Table
from averted.spending.estimate import Estimate


class LeadTest(Result):
    """Whether future spending "explains" past deaths, and whether spending follows deaths."""

    def __init__(self, core: _core.LeadTest, *, kind: Kind) -> None:
        self._core = core
        self._kind = kind

    @property
    def p_value(self) -> float:
        """Of the test that future spending does not move deaths."""
        return self._core.leads[4]

    @property
    def statistic(self) -> float:
        """Its F."""
        return self._core.leads[1]

    @property
    def leads(self) -> list[Estimate]:
        """The coefficients of future spending in the response of deaths."""
        return [Estimate(*row) for row in self._core.leads[0]]

    @property
    def reverse_p_value(self) -> float:
        """Of the test that past deaths do not move spending."""
        return self._core.reverse[4]

    @property
    def reverse_statistic(self) -> float:
        """Its F."""
        return self._core.reverse[1]

    @property
    def reverse(self) -> list[Estimate]:
        """The coefficients of past deaths per 100,000 in a regression of spending on them and on its own past."""
        return [Estimate(*row) for row in self._core.reverse[0]]

    @property
    def cumulative(self) -> Estimate:
        """The long-run effect with future spending in the model."""
        return Estimate(*self._core.cumulative)

    @property
    def failed(self) -> bool:
        """Whether future spending is significant at 5 %: the lags are then no effect of spending."""
        return self._core.failed

    @property
    def follows(self) -> bool:
        """Whether spending follows deaths, at 5 %."""
        return self._core.follows

    def summary(self) -> Table:
        """Return both directions in one table."""
        return Table(self._core.table)

    def _glance(self) -> dict[str, Any]:
        _, statistic, restrictions, degrees, p_value = self._core.leads
        return {
            "statistic": statistic,
            "restrictions": restrictions,
            "degrees_of_freedom": degrees,
            "p_value": p_value,
            "failed": self.failed,
            "reverse_statistic": self.reverse_statistic,
            "reverse_p_value": self.reverse_p_value,
            "follows": self.follows,
        }
