"""Fits of smooth trends: of one series, and of several by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from averted import _core
from averted._frames import Kind, frame_out
from averted._result import Result, Table
from averted.timeseries._named import NamedFits
from averted.timeseries._rates import Raw

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from averted.timeseries.smooth_trend import SmoothTrend

_WORDS = {1: "rising", 0: "neither", -1: "falling"}
#: Columns of the points after the time.
_POINTS = ("trend", "lower", "upper", "slope", "slope_error", "slope_lower", "slope_upper", "sign")


def _refitted(specification: SmoothTrend, raw: Raw, kind: Kind, per: float) -> SmoothTrendFit:
    return SmoothTrendFit(specification._inner.fit_many([raw])[0], specification, raw, kind, per=per)


class SmoothTrendFit(Result):
    """A fitted smooth trend. Intervals are at 90 % unless another level is asked for."""

    def __init__(
        self, core: _core.SmoothTrendFit, specification: SmoothTrend, raw: Raw, kind: Kind, *, per: float
    ) -> None:
        self._core = core
        #: The specification that was fitted.
        self.specification = specification
        self._raw = raw
        self._kind = kind
        self._per = per

    def __reduce__(self) -> Any:
        return _refitted, (self.specification, self._raw, self._kind, self._per)

    @property
    def degrees_of_freedom(self) -> float:
        """Effective degrees of freedom of the trend, its level counted: 2 is a line."""
        return self._core.degrees_of_freedom[0]

    @property
    def dispersion(self) -> float:
        """α of the negative binomial: variance ``μ + αμ²``; zero of a Poisson."""
        return self._core.dispersion

    @property
    def log_likelihood(self) -> float:
        """The log-likelihood, without penalties."""
        return self._core.log_likelihood

    @property
    def penalties(self) -> dict[str, float]:
        """λ of the trend, and of the season if there is one."""
        return dict(zip(("trend", "season"), self._core.penalties, strict=False))

    @property
    def notes(self) -> list[str]:
        """What the caller should know."""
        return self._core.notes

    def signs(self, level: float = 0.9, *, together: bool = False, seed: int | None = None) -> NDArray[np.int8]:
        """Of every period: 1 where the trend rises, −1 where it falls, 0 where neither can be told.

        Parameters
        ----------
        level
            Of the intervals of the slope.
        together
            Whether the level is of all periods together (sup-t), in the place of each alone.
        seed
            Of the draws behind that.
        """
        return np.array([row[-1] for row in self._rows(level, together, seed)], dtype=np.int8)

    def now(self, level: float = 0.9) -> int:
        """The sign at the last period."""
        return self._rows(level)[-1][-1]

    def _rows(
        self, level: float, together: bool = False, seed: int | None = None
    ) -> list[tuple[float, float, float, float, float, float, float, float, int]]:
        return self._core.points(level, together, seed)[0]

    def points(self, level: float = 0.9, *, together: bool = False, seed: int | None = None) -> Any:
        """The trend of every period, season left out, its slope and its sign, as a frame of the kind that came in.

        Parameters
        ----------
        level, together, seed
            As for :meth:`signs`; the trend's own interval is of each period alone.

        Returns
        -------
        frame
            ``time, trend, lower, upper, slope, slope_error, slope_lower, slope_upper, sign``; slopes are changes of the
            log rate a year.
        """
        return frame_out(self._point_columns(level, together, seed), self._kind)

    def _point_columns(self, level: float, together: bool = False, seed: int | None = None) -> dict[str, Any]:
        rows = self._rows(level, together, seed)
        scale = {"trend": self._per, "lower": self._per, "upper": self._per}
        columns: dict[str, Any] = {"time": [row[0] for row in rows]}
        for j, name in enumerate(_POINTS):
            columns[name] = [row[j + 1] * scale.get(name, 1) for row in rows]
        return columns

    def runs(self, level: float = 0.9, *, together: bool = False, seed: int | None = None) -> Any:
        """Stretches of one sign, as a frame: ``start, end, direction, change``, the change in per cent a year.

        Parameters
        ----------
        level, together, seed
            As for :meth:`signs`.
        """
        return frame_out(self._run_columns(self._rows(level, together, seed)), self._kind)

    def _run_columns(self, rows: Sequence[Sequence[Any]]) -> dict[str, list[Any]]:
        first = [j for j in range(len(rows)) if j == 0 or rows[j][-1] != rows[j - 1][-1]]
        last = [j - 1 for j in first[1:]] + [len(rows) - 1]

        def change(a: int, b: int) -> float:
            if a == b:
                return float(100 * np.expm1(rows[a][4]))
            return float(100 * np.expm1(np.log(rows[b][1] / rows[a][1]) / (rows[b][0] - rows[a][0])))

        return {
            "start": [rows[a][0] for a in first],
            "end": [rows[b][0] for b in last],
            "direction": [_WORDS[rows[a][-1]] for a in first],
            "change": [change(a, b) for a, b in zip(first, last, strict=True)],
        }

    def season(self) -> Any:
        """Relative effects of the parts of the year, as a frame: ``part, effect, lower, upper`` (95 %)."""
        found = np.array(self._core.season).reshape(-1, 2)
        effect, error = found[:, 0], found[:, 1]
        columns = {"part": np.arange(1, len(effect) + 1), "effect": np.exp(effect)}
        reach = 1.959963984540054 * error
        return frame_out({**columns, "lower": np.exp(effect - reach), "upper": np.exp(effect + reach)}, self._kind)

    def augment(self) -> Any:
        """One row a period: time, observed and fitted count, season included; NaN where a count is suppressed."""
        low, high = np.array(self._core.counts).reshape(-1, 2).T
        columns: dict[str, Any] = {"time": self._core.times, "observed": np.where(low == high, low, np.nan)}
        return frame_out({**columns, "fitted": np.asarray(self._core.fitted)}, self._kind)

    def _tidy(self) -> Mapping[str, Sequence[Any]]:
        return self._point_columns(0.9)

    def _glance(self) -> dict[str, Any]:
        of_trend, of_season = self._core.degrees_of_freedom
        return {
            "n": len(self._core.times),
            "trend_degrees": of_trend,
            "season_degrees": of_season,
            "dispersion": self.dispersion,
            "log_likelihood": self.log_likelihood,
            "now": _WORDS[self.now()],
        }

    def summary(self, level: float = 0.9) -> Table:
        """Return a row a stretch in which the trend rises, falls, or neither can be told."""
        rows = self._rows(level)
        columns = self._run_columns(rows)
        end = rows[-1]
        names = _names(self._core.times)
        notes = [
            f"At {names[end[0]]} {_WORDS[end[-1]]}: {100 * np.expm1(end[4]):+.1f} % a year "
            f"({100 * level:g}% interval {100 * np.expm1(end[6]):+.1f} to {100 * np.expm1(end[7]):+.1f}).",
            f"{len(rows)} periods, {self.degrees_of_freedom:.1f} degrees of freedom of the trend"
            + (f", dispersion {self.dispersion:.3g}." if self.dispersion else "."),
            "Stretches are of periods each by itself: that a whole stretch has this sign is said by together=True.",
        ]
        shown: dict[str, Sequence[Any]] = {
            "from": [names[t] for t in columns["start"]],
            "to": [names[t] for t in columns["end"]],
            "direction": columns["direction"],
            "% a year": columns["change"],
        }
        kinds = {"from": "text", "to": "text", "direction": "text"}
        title = f"{self._raw[0]}: {self.specification!r}"
        return Table.build(shown, kinds=kinds, title=title, notes=[*notes, *self.notes])

    def plot(self, ax: Axes | None = None, *, level: float = 0.9) -> Axes:
        """Draw observed rates and the trend: red where it rises, green and dashed where it falls, grey where neither.

        Parameters
        ----------
        ax
            Axes to draw on; ``None`` makes a figure.
        level
            Of the band, and of the slopes that colour the trend.
        """
        from averted import _plot

        columns = {name: np.asarray(values) for name, values in self._point_columns(level).items()}
        times, signs = columns["time"], columns["sign"]
        low, high = np.array(self._core.counts).reshape(-1, 2).T * self._per / np.asarray(self._core.exposure)
        exact = low == high
        looks = {1: (_plot.VERMILLION, "-"), -1: (_plot.GREEN, _plot.DASHES[1]), 0: (_plot.GREY, "-")}
        with _plot.style():
            ax = _plot.axes(ax)
            ax.plot(times[exact], low[exact], "o", color=_plot.GREY, markersize=2.5, alpha=0.7)
            for row in np.flatnonzero(~exact):
                ax.plot([times[row]] * 2, [low[row], high[row]], color=_plot.GREY, linewidth=2, alpha=0.4)
            _plot.band(ax, times, columns["lower"], columns["upper"], color=_plot.GREY)
            seen: set[int] = set()
            first = [j for j in range(len(times)) if j == 0 or signs[j] != signs[j - 1]]
            for a, b in zip(first, [*first[1:], len(times) - 1], strict=True):
                sign = int(signs[a])
                colour, dash = looks[sign]
                named = None if sign in seen else _WORDS[sign]
                seen.add(sign)
                stretch = slice(a, b + 1)
                ax.plot(
                    times[stretch], columns["trend"][stretch], color=colour, linestyle=dash, linewidth=2.2, label=named
                )
            ax.set_ylim(bottom=0)
            _plot.whole(ax)
            unit = f"rate per {self._per:,.0f}" if self._per != 1 else "count"
            name = self._raw[0] if self._raw[0] not in ("y", "all") else "Smooth trend"
            _plot.label(ax, title=f"{name}, {100 * level:g}% intervals", y=unit)
            ax.legend()
        return ax


class SmoothTrendFits(NamedFits[SmoothTrendFit]):
    """Smooth trends by name."""

    def signs(self, level: float = 0.9) -> dict[str, int]:
        """Name -> sign at the last period.

        Parameters
        ----------
        level
            Of the intervals of the slopes.
        """
        return {name: fit.now(level) for name, fit in self._fits.items()}

    def _tidy(self) -> Mapping[str, Sequence[Any]]:
        return self._under(("time", *_POINTS))

    def _glance(self) -> dict[str, Any]:
        signs = list(self.signs().values())
        return {"fits": len(self), **{word: signs.count(sign) for sign, word in _WORDS.items()}}

    def summary(self, level: float = 0.9) -> Table:
        """Return a row a series: the trend at the last period, fastest rise first."""
        ends = {name: fit._rows(level)[-1] for name, fit in self._fits.items()}
        names = sorted(ends, key=lambda name: -ends[name][4])
        columns: dict[str, Sequence[Any]] = {
            self._by: names,
            "at": [_names(self._fits[name]._core.times)[ends[name][0]] for name in names],
            "direction": [_WORDS[ends[name][-1]] for name in names],
            "% a year": [float(100 * np.expm1(ends[name][4])) for name in names],
            "lower": [float(100 * np.expm1(ends[name][6])) for name in names],
            "upper": [float(100 * np.expm1(ends[name][7])) for name in names],
        }
        first = next(iter(self._fits.values()), None)
        title = "Smooth trends" if first is None else f"{first.specification!r}"
        kinds = {self._by: "text", "at": "text", "direction": "text"}
        notes = [f"{100 * level:g}% intervals, each series by itself."]
        return Table.build(columns, kinds=kinds, title=title, notes=notes)


def _names(times: Sequence[float]) -> dict[float, str]:
    """Years; with months where there are any."""
    years = all(abs(time - round(time)) < 1e-9 for time in times)

    def one(time: float) -> str:
        if years:
            return f"{time:.0f}"
        month = (time - np.floor(time)) * 12
        whole = abs(month - round(month)) < 1e-6
        return f"{np.floor(time):.0f}-{round(month) + 1:02d}" if whole else f"{time:.2f}"

    return {time: one(time) for time in times}
