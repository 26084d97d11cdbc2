"""Wald tests of linear hypotheses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from averted._result import Result, Table

if TYPE_CHECKING:
    from averted import _core
    from averted._frames import Kind


class Wald(Result):
    """The answer of a Wald test."""

    def __init__(
        self,
        hypothesis: str,
        statistic: float,
        restrictions: int,
        degrees: float,
        p_value: float,
        table: _core.Table,
        *,
        kind: Kind,
    ) -> None:
        #: What was tested.
        self.hypothesis = hypothesis
        #: F, or χ² where the reference is the normal.
        self.statistic = statistic
        #: Restrictions tested.
        self.restrictions = restrictions
        #: The denominator's degrees of freedom; infinite for χ².
        self.degrees_of_freedom = degrees
        #: The p-value.
        self.p_value = p_value
        self._table = Table(table)
        self._kind = kind

    def summary(self) -> Table:
        """Return a table with a row a restriction and the joint test in the note."""
        return self._table

    def _glance(self) -> dict[str, Any]:
        return {
            "hypothesis": self.hypothesis,
            "statistic": self.statistic,
            "restrictions": self.restrictions,
            "degrees_of_freedom": self.degrees_of_freedom,
            "p_value": self.p_value,
        }
