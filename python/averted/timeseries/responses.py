"""What models of several series answer: impulse responses, shares of variance, tests, joint forecasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from averted._errors import InputError
from averted._frames import Kind, frame_out
from averted._result import Answer, Result, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from averted.forecast import Forecast


def _place(names: Sequence[str], name: str, what: str) -> int:
    if name not in names:
        raise InputError(f"{what} = {name!r}: must be among {', '.join(names)}")
    return list(names).index(name)


@dataclass(frozen=True, repr=False, kw_only=True, eq=False)
class ImpulseResponses(Answer):
    """How a shock to one series moves the others: arrays of steps × responses × shocks.

    Attributes
    ----------
    estimate, lower, upper
        The responses and the ends of their intervals.
    orthogonal
        Whether a shock is one standard deviation of the Cholesky root, or one unit of one error.
    cumulative
        Whether responses are added up from step 0.
    level
        Of the intervals, in per cent.
    seed
        Of a bootstrap; none of asymptotic bands.
    """

    names: list[str]
    estimate: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    orthogonal: bool
    cumulative: bool
    level: float
    seed: int | None = None
    kind: Kind = "dict"

    def of(self, response: str, shock: str) -> NDArray[np.float64]:
        """One response by step."""
        return self.estimate[:, _place(self.names, response, "response"), _place(self.names, shock, "shock")]

    def _tidy(self) -> Mapping[str, Sequence[Any]]:
        steps, k, _ = self.estimate.shape
        return {
            "step": [h for _ in range(k * k) for h in range(steps)],
            "shock": [s for s in self.names for _ in range(k * steps)],
            "response": [r for _ in self.names for r in self.names for _ in range(steps)],
            "estimate": self.estimate.transpose(2, 1, 0).ravel().tolist(),
            "lower": self.lower.transpose(2, 1, 0).ravel().tolist(),
            "upper": self.upper.transpose(2, 1, 0).ravel().tolist(),
        }

    def _words(self) -> str:
        shock = "one standard deviation of an orthogonal shock" if self.orthogonal else "one unit of one error"
        return f"{'cumulative responses' if self.cumulative else 'responses'} to {shock}"

    def summary(self) -> Table:
        """Every response at the first step, the last, and halfway."""
        last = len(self.estimate) - 1
        columns = dict(self._tidy())
        kept = [i for i, h in enumerate(columns["step"]) if h in {0, last // 2, last}]
        some: dict[str, Sequence[Any]] = {name: [values[i] for i in kept] for name, values in columns.items()}
        drawn = "" if self.seed is None else f" of a bootstrap, seed {self.seed}"
        kinds = {"step": "count", "shock": "text", "response": "text"}
        notes = [f"{self.level:g} % intervals{drawn}; all {last + 1} steps: tidy()"]
        return Table.build(some, kinds=kinds, title=f"Impulse responses: {self._words()}", notes=notes)

    def _glance(self) -> dict[str, Any]:
        names = ("orthogonal", "cumulative", "level", "seed")
        return {"horizon": len(self.estimate) - 1, **{name: getattr(self, name) for name in names}}

    def plot(self, ax: Axes | None = None, *, response: str | None = None, shock: str | None = None) -> Any:
        """Responses with their bands: one panel for a response and a shock, else a grid, shocks by columns.

        Parameters
        ----------
        ax
            Axes to draw one panel on.
        response, shock
            The series that moves, and the one that is shocked; needed with `ax`.

        Returns
        -------
        Axes or Figure
            The axes of one panel, or the figure of a grid.
        """
        from averted import _plot

        if ax is not None or (response is not None and shock is not None):
            if response is None or shock is None:
                raise InputError("plot: name a response and a shock for one panel")
            with _plot.style():
                ax = _plot.axes(ax)
                self._panel(ax, response, shock)
                words = f"{response} after a shock to {shock}"
                _plot.label(ax, title=words, x="periods later", y=f"{self.level:g} % band")
            return ax
        responses = self.names if response is None else [self.names[_place(self.names, response, "response")]]
        shocks = self.names if shock is None else [self.names[_place(self.names, shock, "shock")]]
        rows, columns = len(responses), len(shocks)
        with _plot.style():
            size = (max(6.4, 2.2 * columns), 0.6 + 1.6 * rows)
            figure, grid = _plot.figure(*size, rows, columns, squeeze=False, sharex=True)
            for i, row in enumerate(responses):
                for j, column in enumerate(shocks):
                    self._panel(grid[i, j], row, column)
                    grid[i, j].set_title(f"{column} → {row}", fontsize=8)
                    if i == rows - 1:
                        grid[i, j].set_xlabel("periods later")
            words = self._words()
            figure.suptitle(f"{words[0].upper()}{words[1:]}; {self.level:g} % bands", fontsize=9.5, weight="bold")
        return figure

    def _panel(self, ax: Axes, response: str, shock: str) -> None:
        from averted import _plot

        i, j = _place(self.names, response, "response"), _place(self.names, shock, "shock")
        at = np.arange(len(self.estimate))
        _plot.band(ax, at, self.lower[:, i, j], self.upper[:, i, j])
        ax.plot(at, self.estimate[:, i, j], color=_plot.BLUE)
        _plot.zero_line(ax)
        _plot.whole(ax, most=5)


@dataclass(frozen=True, repr=False, kw_only=True, eq=False)
class VarianceShares(Answer):
    """Which orthogonal shocks the errors of forecasts come from: steps × series × shocks, from one step ahead."""

    names: list[str]
    shares: NDArray[np.float64]
    kind: Kind = "dict"

    def of(self, series: str) -> NDArray[np.float64]:
        """Shares of one series' variance, steps × shocks."""
        return self.shares[:, _place(self.names, series, "series"), :]

    def _tidy(self) -> Mapping[str, Sequence[Any]]:
        steps, k, _ = self.shares.shape
        shocks = {name: self.shares[:, :, j].T.ravel().tolist() for j, name in enumerate(self.names)}
        return {
            "series": [name for name in self.names for _ in range(steps)],
            "step": [h for _ in range(k) for h in range(1, steps + 1)],
            **{f"from {name}": values for name, values in shocks.items()},
        }

    def summary(self) -> Table:
        """The shares one step ahead and at the last, a row a series."""
        last = len(self.shares)
        columns = dict(self._tidy())
        kept = [i for i, h in enumerate(columns["step"]) if h in {1, last}]
        some: dict[str, Sequence[Any]] = {name: [values[i] for i in kept] for name, values in columns.items()}
        notes = [f"shocks in the order {', '.join(self.names)}; all {last} steps: tidy()"]
        kinds = {"series": "text", "step": "count"}
        return Table.build(some, kinds=kinds, title="Shares of the variance of forecast errors", notes=notes)

    def _glance(self) -> dict[str, Any]:
        return {"horizon": len(self.shares), "series": len(self.names)}

    def plot(self, ax: Axes | None = None, *, series: str | None = None) -> Any:
        """Shares by step, stacked: one panel for a series, else one for each.

        Returns
        -------
        Axes or Figure
            The axes of one panel, or the figure of all.
        """
        from averted import _plot

        if ax is not None or series is not None:
            name = self.names[0] if series is None else series
            with _plot.style():
                ax = _plot.axes(ax)
                self._panel(ax, name)
                _plot.label(ax, title=f"Where errors of forecasts of {name} come from", x="periods ahead", y="share")
                ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
            return ax
        with _plot.style():
            rows = len(self.names)
            figure, grid = _plot.figure(6.4, 0.8 + 1.5 * rows, rows, 1, squeeze=False, sharex=True)
            for i, name in enumerate(self.names):
                self._panel(grid[i, 0], name)
                grid[i, 0].set_title(name, fontsize=8)
            grid[-1, 0].set_xlabel("periods ahead")
            handles, labels = grid[0, 0].get_legend_handles_labels()
            figure.legend(handles, labels, loc="outside right upper", title="shock to")
            figure.suptitle("Shares of the variance of forecast errors", fontsize=9.5, weight="bold")
        return figure

    def _panel(self, ax: Axes, name: str) -> None:
        from averted import _plot

        shares = self.of(name)
        at, floor = np.arange(1, len(shares) + 1), np.zeros(len(shares))
        hatches = ("", "///", "...", "\\\\\\", "xxx", "---")
        for j, shock in enumerate(self.names):
            color, hatch = _plot.SERIES[j % len(_plot.SERIES)], hatches[j % len(hatches)]
            ax.bar(at, shares[:, j], bottom=floor, color=color, hatch=hatch, edgecolor="white", width=0.8, label=shock)
            floor = floor + shares[:, j]
        ax.set_ylim(0, 1)
        _plot.whole(ax)


@dataclass(frozen=True, repr=False, kw_only=True)
class SystemTest(Answer):
    """A test of a system: F where `denominator` is finite, else χ².

    Attributes
    ----------
    statistic, p_value
        The statistic and its p-value.
    degrees, denominator
        Degrees of freedom.
    null
        The null hypothesis, in words.
    """

    name: str
    null: str
    statistic: float
    degrees: float
    denominator: float
    p_value: float
    kind: Kind = "dict"

    @classmethod
    def _of(cls, parts: tuple[str, float, float, float, float], null: str, kind: Kind) -> SystemTest:
        name, statistic, degrees, denominator, p_value = parts
        values = {"statistic": statistic, "degrees": degrees, "denominator": denominator, "p_value": p_value}
        return cls(name=name, null=null, kind=kind, **values)

    def rejects(self, level: float = 0.05) -> bool:
        """Whether the null is rejected."""
        return self.p_value < level

    def _tidy(self) -> Mapping[str, Sequence[Any]]:
        names = ("statistic", "degrees", "denominator", "p_value")
        return {"term": [self.name], **{name: [getattr(self, name)] for name in names}}

    def summary(self) -> Table:
        """Statistic, degrees of freedom and p-value, with the null in words."""
        which = "F" if np.isfinite(self.denominator) else "χ²"
        columns = {"statistic": [self.statistic], "degrees": [self.degrees]}
        if np.isfinite(self.denominator):
            columns["denominator"] = [self.denominator]
        columns["p_value"] = [self.p_value]
        kinds = {"degrees": "count", "denominator": "count"}
        notes = [f"null: {self.null}"]
        return Table.build(dict(columns), kinds=kinds, title=f"{self.name} test, {which}", notes=notes)

    def _glance(self) -> dict[str, Any]:
        names = ("name", "statistic", "degrees", "denominator", "p_value", "null")
        return {name: getattr(self, name) for name in names}


class SystemForecast(Result):
    """The future of all series as joint paths: path i of every series is of the same draw."""

    def __init__(self, forecasts: dict[str, Forecast], kind: Kind) -> None:
        #: Series to its own forecast.
        self.forecasts = forecasts
        self._kind = kind

    def __getitem__(self, series: str) -> Forecast:
        return self.forecasts[self.names[_place(self.names, series, "series")]]

    def __len__(self) -> int:
        return len(self.forecasts)

    @property
    def names(self) -> list[str]:
        """The series."""
        return list(self.forecasts)

    @property
    def seed(self) -> int:
        """Of the draws."""
        return next(iter(self.forecasts.values())).seed

    def frame(self) -> Any:
        """The frames of all series, one under the other: ``unique_id, ds, cutoff, mean, lo-95, hi-95, …``."""
        return frame_out(self._tidy(), self._kind)

    def _tidy(self) -> Mapping[str, Sequence[Any]]:
        parts = [forecast._columns() for forecast in self.forecasts.values()]
        return {name: [v for part in parts for v in part[name]] for name in parts[0]}

    def _glance(self) -> dict[str, Any]:
        first = next(iter(self.forecasts.values()))
        return {"series": len(self), "cutoff": first.cutoff, "horizon": len(first.periods), "seed": self.seed}

    def paths(self, n: int | None = None, scenario: str | None = None) -> NDArray[np.float64]:
        """The first `n` joint paths: paths × periods × series."""
        return np.stack([forecast.paths(n, scenario) for forecast in self.forecasts.values()], axis=2)

    def combined(self, weights: Mapping[str, float], scenario: str | None = None) -> NDArray[np.float64]:
        """Paths of a weighted sum of series, a row a path: ``{"deaths": 1, "injuries": 1}``.

        The uncertainty of the sum is that of the joint paths, not that of the series one by one.
        """
        if not weights:
            raise InputError("weights: must name at least one series")
        parts = [float(w) * self[name].paths(None, scenario) for name, w in weights.items()]
        total: NDArray[np.float64] = np.sum(parts, axis=0)
        return total

    def summary(self) -> Table:
        """A row a series: mean and 95 % interval of the last period under the first scenario."""
        rows = [
            (f.unit, f.periods[-1], f.mean[-1], *(end[-1] for end in f.interval(95))) for f in self.forecasts.values()
        ]
        names = ("series", "period", "mean", "lo-95", "hi-95")
        columns: dict[str, Sequence[Any]] = {name: [row[j] for row in rows] for j, name in enumerate(names)}
        first = next(iter(self.forecasts.values()))
        notes = [*first.notes, f"joint paths, seed {self.seed}"]
        return Table.build(columns, kinds={"series": "text", "period": "text"}, title="Joint forecasts", notes=notes)

    def plot(self, ax: Axes | None = None, *, series: str | None = None, past: int = 25) -> Any:
        """The fan of one series, or of each in a panel of its own.

        Returns
        -------
        Axes or Figure
            The axes of one panel, or the figure of all.
        """
        from averted import _plot

        if ax is not None or series is not None:
            return self[self.names[0] if series is None else series].plot(ax, past=past)
        with _plot.style():
            rows = len(self)
            figure, grid = _plot.figure(6.4, 0.4 + 2.0 * rows, rows, 1, squeeze=False)
            for i, name in enumerate(self.names):
                _fan(grid[i, 0], self[name], past)
        return figure


def _fan(ax: Axes, forecast: Forecast, past: int) -> None:
    """A fan whose scale is the series' own, which may be of logs and far from zero."""
    from averted import _plot

    labels, y = forecast._history
    labels, y = labels[-past:], y[-past:]
    n, horizon = len(y), len(forecast.periods)
    at = np.arange(n - 1, n + horizon)
    for level, alpha in ((95, 0.14), (80, 0.18), (50, 0.25)):
        lower, upper = forecast.interval(level)
        _plot.band(ax, at, np.r_[y[-1], lower], np.r_[y[-1], upper], alpha=alpha)
    ax.plot(np.arange(n), y, color=_plot.INK, linewidth=1.2)
    ax.plot(at, np.r_[y[-1], forecast.quantile(0.5)], color=_plot.BLUE)
    ax.axvline(n - 0.5, color=_plot.GREY, linewidth=0.7, linestyle=":")
    _plot.periods(ax, [*labels, *forecast.periods])
    _plot.label(ax, title=forecast.unit, y="median; bands 50, 80, 95 %")
