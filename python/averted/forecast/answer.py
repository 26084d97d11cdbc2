"""Forecasts of one series and of several, as joint paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from averted import _core
from averted._arguments import whole
from averted._errors import InputError
from averted._frames import Kind, frame_out
from averted._result import Result, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray


class Difference(NamedTuple):
    """A sum over the horizon under one scenario minus that under another."""

    scenario: str
    reference: str
    estimate: float
    lower: float
    upper: float
    #: The share of paths on which it is below zero.
    below_zero: float


class Forecast(Result):
    """The future of one series as joint paths, under one or several scenarios."""

    def __init__(
        self,
        core: _core.Forecast,
        *,
        unit: str,
        history: tuple[list[str], NDArray[np.float64]],
        levels: Sequence[float],
        kind: Kind,
        outcome: str = "",
        fit: _core.StructuralFit | None = None,
    ) -> None:
        self._core = core
        self.unit = unit
        self.outcome = outcome
        self._history = history
        self._levels = tuple(levels)
        self._kind = kind
        self._fit = fit

    def __getstate__(self) -> dict[str, Any]:
        # The fit behind it is not asked for anything, and would have to be fitted again.
        return {**self.__dict__, "_fit": None}

    @property
    def scenarios(self) -> list[str]:
        """Names of the scenarios."""
        return self._core.scenarios

    @property
    def periods(self) -> list[str]:
        """The periods, in the calendar of the data."""
        return self._core.labels

    @property
    def cutoff(self) -> str:
        """The last period that was known."""
        return self._core.cutoff

    @property
    def seed(self) -> int:
        """The seed of the draws."""
        return self._core.seed

    @property
    def notes(self) -> list[str]:
        """What the caller should know."""
        return self._core.notes

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean of the paths by period, under the first scenario."""
        return self._core.mean(0)

    def _scenario(self, scenario: str | None) -> int:
        return 0 if scenario is None else self._core.scenario(scenario)

    def quantile(self, p: float, scenario: str | None = None) -> NDArray[np.float64]:
        """A quantile by period; of counts always a whole number."""
        return self._core.quantile(self._scenario(scenario), float(p))

    def interval(
        self, level: float = 95, scenario: str | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lower and upper ends by period of the central interval at a level in per cent."""
        (level,) = checked_levels([level])
        return self._core.interval(self._scenario(scenario), level / 100)

    def paths(self, n: int | None = None, scenario: str | None = None) -> NDArray[np.float64]:
        """The first `n` paths, a row each; all of them if not given."""
        return self._core.paths(self._scenario(scenario))[:n]

    def difference(self, scenario: str, reference: str, periods: int | None = None, level: float = 95) -> Difference:
        """The sum over the first `periods` under one scenario minus that under another, path by path."""
        (level,) = checked_levels([level])
        least = len(self.periods) if periods is None else whole("periods", periods, 1)
        found = self._core.difference(self._core.scenario(scenario), self._core.scenario(reference), least, level / 100)
        return Difference(scenario, reference, *found)

    def frame(self) -> Any:
        """One row a period and scenario: ``unique_id, ds, cutoff, mean, lo-95, hi-95, …``."""
        return frame_out(self._columns(), self._kind)

    def _columns(self) -> dict[str, list[Any]]:
        several = len(self.scenarios) > 1
        columns: dict[str, list[Any]] = {"unique_id": [], "ds": [], "cutoff": []}
        if several:
            columns["scenario"] = []
        columns["mean"] = []
        for level in self._levels:
            columns[f"lo-{level:g}"], columns[f"hi-{level:g}"] = [], []
        for s, name in enumerate(self.scenarios):
            n = len(self.periods)
            columns["unique_id"] += [self.unit] * n
            columns["ds"] += self.periods
            columns["cutoff"] += [self.cutoff] * n
            if several:
                columns["scenario"] += [name] * n
            columns["mean"] += self._core.mean(s).tolist()
            for level in self._levels:
                lower, upper = self._core.interval(s, level / 100)
                columns[f"lo-{level:g}"] += lower.tolist()
                columns[f"hi-{level:g}"] += upper.tolist()
        return columns

    def summary(self) -> Table:
        """Mean, median and 95 % interval by period and scenario."""
        return Table(self._core.table(0.95))

    def _tidy(self) -> Mapping[str, Sequence[Any]]:
        return self._columns()

    def _glance(self) -> dict[str, Any]:
        return {"unit": self.unit, "cutoff": self.cutoff, "horizon": len(self.periods), "seed": self.seed}

    def plot(self, ax: Axes | None = None, *, past: int = 25) -> Axes:
        """The fan: the past, then 50, 80 and 95 % bands of the first scenario and the median of each.

        Parameters
        ----------
        ax
            Axes to draw on.
        past
            Periods of the past to show.
        """
        from averted import _plot

        with _plot.style():
            ax = _plot.axes(ax)
            labels, y = self._history
            labels, y = labels[-past:], y[-past:]
            n, horizon = len(y), len(self.periods)
            at = np.arange(n - 1, n + horizon)
            known = np.flatnonzero(~np.isnan(y))
            last = y[known[-1]] if len(known) else np.nan
            for level, alpha in ((95, 0.14), (80, 0.18), (50, 0.25)):
                lower, upper = self._core.interval(0, level / 100)
                _plot.band(ax, at, np.r_[last, lower], np.r_[last, upper], alpha=alpha)
            ax.plot(np.arange(n), y, color=_plot.INK, marker="o", markersize=2.5, linewidth=1.2, label="observed")
            for s, name in enumerate(self.scenarios):
                color, dash = _plot.SERIES[s % len(_plot.SERIES)], _plot.DASHES[s % len(_plot.DASHES)]
                middle = np.r_[last, self._core.quantile(s, 0.5)]
                text = "median; bands 50, 80, 95 %" if len(self.scenarios) == 1 else f"{name}, median"
                ax.plot(at, middle, color=color, linestyle=dash, label=text)
            ax.axvline(n - 0.5, color=_plot.GREY, linewidth=0.7, linestyle=":")
            _plot.periods(ax, [*labels, *self.periods])
            ax.set_ylim(bottom=min(0.0, float(np.nanmin(y))))
            _plot.thousands(ax)
            what = self.outcome or "outcome"
            each = "a year" if self.cutoff.isdigit() else "a period"
            bands = "" if len(self.scenarios) == 1 else f"; bands 50, 80, 95 % of {self.scenarios[0]}"
            _plot.label(ax, title=self.unit if self.unit != "y" else "Forecast", y=f"{what} {each}{bands}")
            ax.legend(loc="upper left")
        return ax


class Forecasts(Result):
    """Forecasts of several units, and the units that could not be forecast, with the reason."""

    def __init__(self, forecasts: dict[str, Forecast], failed: dict[str, str], kind: Kind) -> None:
        self.forecasts = forecasts
        #: Unit to the reason why it has no forecast.
        self.failed = failed
        self._kind = kind

    def __getitem__(self, unit: str) -> Forecast:
        if unit in self.failed:
            raise InputError(f"{unit} has no forecast: {self.failed[unit]}")
        if unit not in self.forecasts:
            raise InputError(f"no unit `{unit}`")
        return self.forecasts[unit]

    def __len__(self) -> int:
        return len(self.forecasts)

    @property
    def units(self) -> list[str]:
        """Units with a forecast."""
        return list(self.forecasts)

    def _columns(self) -> dict[str, list[Any]]:
        parts = [forecast._columns() for forecast in self.forecasts.values()]
        return {name: [v for part in parts for v in part[name]] for name in (parts[0] if parts else {})}

    def frame(self) -> Any:
        """The frames of all units, one under the other."""
        return frame_out(self._columns(), self._kind)

    def _tidy(self) -> Mapping[str, Sequence[Any]]:
        return self._columns()

    def summary(self) -> Table:
        """A row a unit: mean and 95 % interval of the last period under the first scenario."""
        rows = [
            (f.unit, f.periods[-1], f.mean[-1], *(end[-1] for end in f.interval(95))) for f in self.forecasts.values()
        ]
        names = ("unit", "period", "mean", "lo-95", "hi-95")
        columns: dict[str, Sequence[Any]] = {name: [row[j] for row in rows] for j, name in enumerate(names)}
        notes = [f"no forecast for {unit}: {reason}" for unit, reason in self.failed.items()]
        kinds = {"mean": "count", "lo-95": "count", "hi-95": "count"}
        return Table.build(columns, kinds=kinds, title="Forecasts", notes=notes)


def checked_levels(levels: Sequence[float]) -> list[float]:
    """Levels in per cent that are levels."""
    given = [float(level) for level in levels]
    for level in given:
        if not 0 < level < 100:
            raise InputError(f"level = {level:g}: must be between 0 and 100, such as 95")
    return given
