"""Deaths with the money there was, and those that a response implies without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from averted import _core, _plot
from averted._result import Result, Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from averted._frames import Kind


class WithoutSpending(Result):
    """Observed deaths, and those that the response implies without the spending, summed over cells by period.

    ``without = observed * exp(-sum_l b_l s_{t-l})`` cell by cell (Gasparrini and Leone 2014): anchored at the deaths
    that happened. It is what the fit implies, no more causal than the fit.
    """

    def __init__(self, core: _core.WithoutSpending, *, unit: str | None, level: float, kind: Kind) -> None:
        self._core, self._kind = core, kind
        #: The unit, or None for all of them.
        self.unit = unit
        #: Level of the intervals.
        self.level = level

    @property
    def labels(self) -> list[str]:
        """The periods in writing."""
        return self._core.labels

    @property
    def observed(self) -> NDArray[np.float64]:
        """Deaths observed, in cells whose count and spending at every lag are known."""
        return self._core.columns[0]

    @property
    def without(self) -> NDArray[np.float64]:
        """Deaths implied without the spending."""
        return self._core.columns[1]

    @property
    def lower(self) -> NDArray[np.float64]:
        """Lower end of the interval of `without`."""
        return self._core.columns[2]

    @property
    def upper(self) -> NDArray[np.float64]:
        """Upper end of the interval of `without`."""
        return self._core.columns[3]

    @property
    def averted(self) -> tuple[float, float, float]:
        """Deaths averted over all periods: estimate, lower and upper end; negative: more deaths."""
        return self._core.averted

    @property
    def seed(self) -> int:
        """The seed of the draws."""
        return self._core.seed

    def summary(self) -> Table:
        """Return the table, period by period."""
        estimate, lower, upper = (_plot.number(v, 0) for v in self.averted)
        notes = [
            f"deaths averted over all periods: {estimate} ({lower} to {upper}); implied by the fit, not causal",
            f"{self.level:.0%} intervals; seed {self.seed}",
        ]
        if self._core.left_out:
            notes.append(f"{self._core.left_out} cells left out: count or spending not known")
        columns = dict(self._tidy())
        kinds = {"period": "text", **{name: "count" for name in columns if name != "period"}}
        title = f"Deaths with and without the spending: {self.unit or 'all units'}"
        return Table.build(columns, kinds=kinds, title=title, notes=notes)

    def _tidy(self) -> Mapping[str, Sequence[Any]]:
        observed, without, lower, upper = (column.tolist() for column in self._core.columns)
        return {
            "period": self.labels,
            "cells": self._core.cells,
            "observed": observed,
            "without": without,
            "lower": lower,
            "upper": upper,
        }

    def _glance(self) -> dict[str, Any]:
        estimate, lower, upper = self.averted
        return {"averted": estimate, "lower": lower, "upper": upper, "level": self.level, "seed": self.seed}

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw observed deaths and those implied without the spending; counts from 1 to 9 are left out."""
        drawn_on = _plot.axes(ax)
        x = np.arange(len(self.labels))
        _plot.band(drawn_on, x, self.lower, self.upper, _plot.VERMILLION)
        style = {"color": _plot.VERMILLION, "linestyle": _plot.DASHES[1]}
        drawn_on.plot(x, self.without, label="implied without the money", **style)
        seen = np.where((self.observed > 0) & (self.observed < 10), np.nan, self.observed)
        drawn_on.plot(x, seen, color=_plot.INK, marker="o", markersize=3, label="observed")
        drawn_on.legend(loc="best")
        _plot.periods(drawn_on, self.labels)
        _plot.thousands(drawn_on)
        _plot.label(drawn_on, title=f"{self.unit or 'All units'}: deaths with and without", y="deaths a period")
        return drawn_on
