"""Fits of joinpoint regressions: of one series, and of several by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from averted import _core
from averted._arguments import whole
from averted._frames import Kind, frame_out
from averted._result import Result, Table
from averted.timeseries._named import NamedFits
from averted.timeseries._rates import Raw

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from averted.timeseries.joinpoint import Joinpoint


@dataclass(frozen=True)
class AverageChange:
    """Average annual per cent change between two times."""

    start: float
    end: float
    aapc: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Comparability:
    """Tests that two series have parallel trends, and that they have one trend."""

    joinpoints: int
    parallel: float
    coincident: float
    seed: int


def _refitted(specification: Joinpoint, raw: Raw, kind: Kind, per: float) -> JoinpointFit:
    return JoinpointFit(specification._inner.fit_many([raw])[0], specification, raw, kind, per=per)


class JoinpointFit(Result):
    """A fitted joinpoint regression: segments with their annual per cent change."""

    def __init__(self, core: _core.JoinpointFit, specification: Joinpoint, raw: Raw, kind: Kind, *, per: float) -> None:
        self._core = core
        self.specification = specification
        self._raw = raw
        self._kind = kind
        self._per = per

    def __reduce__(self) -> Any:
        return _refitted, (self.specification._with(seed=self.seed), self._raw, self._kind, self._per)

    @property
    def joinpoints(self) -> list[float]:
        """Where the trend bends, in years."""
        return [row[0] for row in self._core.joinpoints]

    @property
    def joinpoint_intervals(self) -> list[tuple[float, float]]:
        """Lower and upper end of each joinpoint's place."""
        return [(row[2], row[3]) for row in self._core.joinpoints]

    @property
    def apc(self) -> list[float]:
        """Annual per cent change of each segment."""
        return [row[4] for row in self._core.segments]

    @property
    def seed(self) -> int:
        """Of permutations and draws."""
        return self._core.seed

    @property
    def log_likelihood(self) -> float:
        """Of counts; NaN under least squares."""
        return self._core.log_likelihood

    @property
    def sse(self) -> float:
        """The weighted sum of squares; NaN under a likelihood."""
        return self._core.sse

    @property
    def dispersion(self) -> float:
        """α of the negative binomial: variance μ + αμ²."""
        return self._core.dispersion

    def aapc(
        self, start: float | None = None, end: float | None = None, *, draws: int = 0, seed: int | None = None
    ) -> AverageChange:
        """Average annual per cent change between two times, the whole series where left out.

        Parameters
        ----------
        start, end
            In years.
        draws
            0 for the plain interval; else so many draws from the fit, in each of which joinpoints are chosen and placed
            anew.
        seed
            Of the draws; the fit's own if not given.
        """
        low, high = (None if value is None else float(value) for value in (start, end))
        return AverageChange(*self._core.aapc(low, high, whole("draws", draws, 0), seed))

    def with_joinpoints(self, number: int) -> JoinpointFit:
        """The fit with this many joinpoints."""
        core = self._core.with_joinpoints(whole("number", number, 0))
        given = self.specification._with(max_joinpoints=number, selection="given", seed=self.seed)
        return JoinpointFit(core, given, self._raw, self._kind, per=self._per)

    def candidates(self) -> Any:
        """The numbers of joinpoints that were compared, as a frame."""
        rows = self._core.candidates
        names = ("sse", "log_likelihood", "bic", "bic3", "wbic")
        columns: dict[str, Any] = {"joinpoints": [len(row[0]) for row in rows]}
        columns["at"] = [", ".join(f"{place:.6g}" for place in row[0]) for row in rows]
        columns |= {name: [row[j + 1] for row in rows] for j, name in enumerate(names)}
        return frame_out(columns, self._kind)

    def tests(self) -> Any:
        """The tests that chose, as a frame; without rows where a criterion chose."""
        names = ("null", "alternative", "p_value", "level")
        return frame_out({name: [row[j] for row in self._core.tests] for j, name in enumerate(names)}, self._kind)

    def augment(self) -> Any:
        """One row a period: time, observed and fitted rate."""
        columns: dict[str, Any] = {"time": self._core.times, "observed": self._scaled(self._core.observed())}
        return frame_out({**columns, "fitted": self._scaled(self._core.fitted())}, self._kind)

    def _scaled(self, rates: Sequence[float]) -> NDArray[np.float64]:
        return np.asarray(rates) * self._per

    def _tidy(self) -> Mapping[str, Sequence[Any]]:
        rows = self._core.segments
        return {
            "term": [f"{_short(row[0])} to {_short(row[1])}" for row in rows],
            "start": [row[0] for row in rows],
            "end": [row[1] for row in rows],
            "estimate": [row[4] for row in rows],
            "lower": [row[5] for row in rows],
            "upper": [row[6] for row in rows],
            "slope": [row[2] for row in rows],
            "std_error": [row[3] for row in rows],
            "statistic": [row[2] / row[3] if row[3] else float("nan") for row in rows],
            "p_value": [row[7] for row in rows],
        }

    def _glance(self) -> dict[str, Any]:
        average = self.aapc()
        return {
            "n": self._core.n_observed,
            "joinpoints": len(self.joinpoints),
            "aapc": average.aapc,
            "aapc_lower": average.lower,
            "aapc_upper": average.upper,
            "sse": self.sse,
            "log_likelihood": self.log_likelihood,
            "dispersion": self.dispersion,
            "seed": self.seed,
        }

    def summary(self) -> Table:
        """Segments with their annual per cent change."""
        tidy = self._tidy()
        columns = {
            "segment": tidy["term"],
            "APC": tidy["estimate"],
            "lower": tidy["lower"],
            "upper": tidy["upper"],
            "p_value": tidy["p_value"],
        }
        average = self.aapc()
        notes = [
            f"AAPC {average.aapc:.2f} % ({average.lower:.2f} to {average.upper:.2f}), "
            f"{_short(average.start)} to {_short(average.end)}; {self._core.n_observed} periods."
        ]
        for place, _, low, high in self._core.joinpoints:
            notes.append(f"Joinpoint {_short(place)} ({_short(low)} to {_short(high)}).")
        if self._core.tests:
            tests = "; ".join(f"{a} against {b}: {p:.4f} (level {level:.4f})" for a, b, p, level in self._core.tests)
            notes.append(f"Tests of the number of joinpoints, {tests}.")
        title = f"{self._raw[0]}: {self.specification!r}"
        return Table.build(columns, kinds={"segment": "text"}, title=title, notes=notes + self._core.notes)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Observed rates, the fitted segments, and the intervals of the joinpoints."""
        from averted import _plot

        with _plot.style():
            ax = _plot.axes(ax)
            times, segments = np.asarray(self._core.times), self._core.segments
            for place, _, low, high in self._core.joinpoints:
                ax.axvspan(low, high, color=_plot.ORANGE, alpha=0.15, linewidth=0)
                ax.axvline(place, color=_plot.ORANGE, linewidth=0.9)
            for row, low, high in self._core.hidden():
                ax.plot([times[row]] * 2, [low * self._per, high * self._per], color=_plot.GREY, linewidth=3, alpha=0.4)
            ax.plot(times, self._scaled(self._core.observed()), "o", color=_plot.GREY, markersize=3, label="observed")
            fine = np.unique(np.concatenate([np.linspace(segments[0][0], segments[-1][1], 200), self.joinpoints]))
            fitted = self._scaled(self._core.rates(fine.tolist()))
            ax.plot(fine, fitted, color=_plot.BLUE, label="joinpoint regression")
            for start, end, _, _, apc, low, high, _ in segments:
                middle = 0.5 * (start + end)
                height = self._core.rates([middle])[0] * self._per
                bold = "bold" if low > 0 or high < 0 else "normal"
                ax.annotate(
                    f"{apc:+.1f} %".replace("-", "−"),
                    (middle, height),
                    xytext=(0, 11),
                    textcoords="offset points",
                    ha="center",
                    fontsize=8,
                    fontweight=bold,
                    color=_plot.BLUE,
                )
            ax.set_ylim(bottom=0)
            ax.margins(y=0.15)
            _plot.whole(ax)
            unit = f"rate per {self._per:,.0f}" if self._per != 1 else "rate"
            _plot.label(ax, title=self._raw[0] if self._raw[0] not in ("y", "all") else "Joinpoint regression", y=unit)
            ax.legend()
        return ax


class JoinpointFits(NamedFits[JoinpointFit]):
    """Joinpoint regressions by name."""

    def _tidy(self) -> Mapping[str, Sequence[Any]]:
        first = next(iter(self._fits.values()), None)
        return self._under([] if first is None else list(first._tidy()))

    def joinpoints(self) -> Any:
        """One row a joinpoint: its place and the interval of it, as a frame."""
        rows = [(name, *place) for name, fit in self._fits.items() for place in fit._core.joinpoints]
        names = (self._by, "time", "std_error", "lower", "upper")
        return frame_out({name: [row[j] for row in rows] for j, name in enumerate(names)}, self._kind)

    def _glance(self) -> dict[str, Any]:
        return {"fits": len(self), "joinpoints": sum(len(fit.joinpoints) for fit in self._fits.values())}

    def aapc(self, start: float | None = None, end: float | None = None, **options: Any) -> Any:
        """Average annual per cent change of each, as a frame."""
        rows = [(name, fit.aapc(start, end, **options)) for name, fit in self._fits.items()]
        columns: dict[str, Any] = {self._by: [name for name, _ in rows]}
        columns |= {key: [getattr(a, key) for _, a in rows] for key in ("start", "end", "aapc", "lower", "upper")}
        return frame_out(columns, self._kind)

    def summary(self) -> Table:
        """One row a fit: joinpoints and the average change."""
        averages = [fit.aapc() for fit in self._fits.values()]
        columns: dict[str, Sequence[Any]] = {
            self._by: list(self._fits),
            "joinpoints": [", ".join(_short(t) for t in fit.joinpoints) for fit in self._fits.values()],
            "AAPC": [a.aapc for a in averages],
            "lower": [a.lower for a in averages],
            "upper": [a.upper for a in averages],
        }
        first = next(iter(self._fits.values()), None)
        title = "Joinpoint regressions" if first is None else f"{first.specification!r}"
        return Table.build(columns, kinds={self._by: "text", "joinpoints": "text"}, title=title)


def _short(time: float) -> str:
    return f"{time:.0f}" if abs(time - round(time)) < 1e-9 else f"{time:.2f}"
