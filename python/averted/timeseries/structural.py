"""Structural models of one series: level, trend, season, regressors and noise, by exact likelihood.

A specification (:class:`Structural`) is cheap and prints as a sentence; ``fit`` takes a series and returns an immutable
fit, whose ``forecast`` simulates the future as joint paths.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from averted import _core
from averted._arguments import whole
from averted._errors import InputError
from averted._frames import Kind, frame_out
from averted._result import Result, Table
from averted.timeseries._series import following, futures, kind_of, labels_of, matrix_in, vector

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from averted.forecast import Forecast

_COMPONENTS = ("irregular", "level", "slope", "seasonal")


@dataclass(frozen=True, kw_only=True, repr=False)
class Structural:
    """A structural time-series model.

    Parameters
    ----------
    level
        The level, which every such model has.
    trend
        ``None``, ``"local"`` (a slope that walks) or ``"damped"`` (a slope that dies away).
    season
        Periods of a season, such as 12; ``None`` for none.
    family
        ``"gaussian"``, on the scale below.
    scale
        ``"identity"``, or ``"log"`` of the outcome, or of the rate where there is an exposure.
    sampling_variance
        On the log scale of a count y, add its sampling variance 1/y to the irregular variance.
    variances
        Variances that are given and not estimated: ``{"level": 0.0}``.
    damping
        The damping, if it is given.
    prior
        Mean and variance of every regressor's coefficient beforehand; nothing is known of them otherwise.

    Examples
    --------
    >>> import averted as av
    >>> av.Structural(trend="damped", season=12, scale="log")
    damped local trend + season of 12 on the log scale
    >>> fit = av.Structural().fit([1120, 1160, 963, 1210, None, 1160, 813, 1230])
    >>> fit.n_diffuse, fit.n_observed
    (1, 7)
    """

    level: bool = True
    trend: str | None = None
    season: int | None = None
    family: str = "gaussian"
    scale: str = "identity"
    sampling_variance: bool = False
    variances: Mapping[str, float] = field(default_factory=dict)
    damping: float | None = None
    prior: Sequence[tuple[float, float]] = ()

    _inner: _core.Structural = field(init=False, compare=False)

    def __post_init__(self) -> None:
        if not self.level:
            raise InputError("level = False: must be True; every structural model has a level")
        if self.family != "gaussian":
            raise InputError(
                f"family = {self.family!r}: must be 'gaussian'; for counts use scale='log' with an exposure"
            )
        if unknown := set(self.variances) - set(_COMPONENTS):
            raise InputError(f"variances: {', '.join(sorted(unknown))}: must be among {', '.join(_COMPONENTS)}")
        inner = _core.Structural(
            trend=self.trend or "none",
            season=whole("season", self.season, 2) if self.season is not None else 1,
            scale=self.scale,
            sampling=self.sampling_variance,
            variances=[_optional(self.variances.get(name)) for name in _COMPONENTS],
            damping=self.damping,
        )
        object.__setattr__(self, "_inner", inner)

    def fit(self, y: Any, x: Any = None, exposure: Any = None, index: Sequence[Any] | None = None) -> StructuralFit:
        """Maximise the likelihood.

        Parameters
        ----------
        y
            The series, in order of time and one value a period; missing ones NaN or None.
        x
            Regressors: a frame, a dict of arrays, or an array of time by columns.
        exposure
            People at risk or the like; the model is then of the rate.
        index
            Names of the periods; those of a pandas series are taken by themselves.

        Raises
        ------
        InputError
            Naming the row: a log of zero, regressors missing where the outcome is not, a series too short or constant.
        ConvergenceError
            When no start leads to a maximum.
        """
        name = str(getattr(y, "name", None) or "y")
        values = vector(name, y)
        matrix, names, kind = matrix_in(x)
        labels = labels_of(y, index, len(values))
        people = None if exposure is None else vector("exposure", exposure)
        return self._maximised(name, values, matrix, names, people, labels, kind or kind_of(y))

    def _maximised(
        self,
        name: str,
        y: NDArray[np.float64],
        x: NDArray[np.float64] | None,
        names: list[str],
        exposure: NDArray[np.float64] | None,
        labels: list[str],
        kind: Kind,
    ) -> StructuralFit:
        prior = [(float(m), float(v)) for m, v in self.prior]
        core = self._inner.fit(name, y, x=x, names=names, exposure=exposure, labels=labels, prior=prior)
        fit = StructuralFit(core, self, y, labels, names, kind)
        fit._source = (name, y, x, names, exposure, labels, kind)
        return fit

    def __repr__(self) -> str:
        return str(self._inner)

    def __reduce__(self) -> Any:
        names = ("trend", "season", "scale", "sampling_variance", "variances", "damping", "prior")
        return _remade, ({name: getattr(self, name) for name in names},)


def _remade(options: dict[str, Any]) -> Structural:
    return Structural(**options)


def _refitted(specification: Structural, source: tuple[Any, ...]) -> StructuralFit:
    return specification._maximised(*source)


class StructuralFit(Result):
    """A fitted structural model."""

    def __init__(
        self,
        core: _core.StructuralFit,
        specification: Structural,
        y: NDArray[np.float64],
        labels: list[str],
        names: list[str],
        kind: Kind,
    ) -> None:
        self._core = core
        self.specification = specification
        self._y = y
        self._labels = labels
        self._names = names
        self._kind = kind
        # What it was fitted to: a pickle fits it again, to the same bits.
        self._source: tuple[Any, ...] = ()

    def __reduce__(self) -> Any:
        return _refitted, (self.specification, self._source)

    @property
    def log_likelihood(self) -> float:
        """Of the outcome on the model's scale; the constant of the diffuse observations is left out."""
        return self._core.log_likelihood

    @property
    def n_diffuse(self) -> int:
        """Observations that the diffuse start used up."""
        return self._core.n_diffuse

    @property
    def n_observed(self) -> int:
        """Observations that were there."""
        return self._core.n_observed

    @property
    def aic(self) -> float:
        """Akaike's criterion; comparable between models with different numbers of diffuse states."""
        return self._core.aic

    @property
    def aicc(self) -> float:
        """The same, corrected for short series."""
        return self._core.aicc

    @property
    def parameters(self) -> dict[str, float]:
        """Variances and damping by name."""
        return {name: estimate for name, estimate, _ in self._core.parameters}

    @property
    def notes(self) -> list[str]:
        """True things about the fit."""
        return self._core.notes

    def summary(self) -> Table:
        """Variances and damping, then the coefficients of the regressors."""
        columns = Table(self._core.coefficients(0.95)).columns
        rows = self._core.parameters
        empty = [float("nan")] * len(rows)
        columns["term"] = [r[0] for r in rows] + columns["term"]
        columns["estimate"] = [r[1] for r in rows] + columns["estimate"]
        columns["std_error"] = [r[2] for r in rows] + columns["std_error"]
        for name in ("statistic", "p_value", "lower", "upper"):
            columns[name] = empty + columns[name]
        size = f"{self.n_observed} observations, {self.n_diffuse} of them diffuse"
        notes = [f"log-likelihood {self.log_likelihood:.4f}; AICc {self.aicc:.2f}; {size}", *self.notes]
        return Table.build(dict(columns), title=f"{self.specification!r}", notes=notes)

    def _glance(self) -> dict[str, Any]:
        names = ("log_likelihood", "aic", "aicc", "n_observed", "n_diffuse")
        return {name: getattr(self, name) for name in names}

    def components(self) -> Any:
        """The smoothed parts on the model's scale, one row a period, as a frame of the kind that came in."""
        return frame_out({"ds": self._periods(), **self._core.parts()}, self._kind)

    def _periods(self) -> list[str]:
        return self._labels or [str(t) for t in range(len(self._y))]

    def predict(self, horizon: int, x: Any = None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Means and variances on the model's scale, the parameters taken as known."""
        return self._core.predict(whole("horizon", horizon, 1), matrix_in(x)[0])

    def forecast(
        self,
        horizon: int,
        x: Any = None,
        exposure: Any = None,
        levels: Sequence[float] = (80, 95),
        draws: int = 1000,
        seed: int | None = None,
        index: Sequence[Any] | None = None,
    ) -> Forecast:
        """Simulate the future.

        Parameters
        ----------
        horizon
            How many periods.
        x
            Future regressors, one row a period; or a mapping of scenario names to such.
        exposure
            Future exposure, if the fit has one.
        levels
            Of the intervals in the frame, in per cent.
        draws
            Paths.
        seed
            Of the draws; one is drawn and recorded if not given.
        index
            Names of the future periods.
        """
        from averted.forecast import Forecast, checked_levels

        levels = checked_levels(levels)
        scenarios, matrices = futures(x, self._names)
        core = self._core.forecast(
            whole("horizon", horizon, 1),
            scenarios,
            matrices,
            exposure=None if exposure is None else vector("exposure", exposure),
            draws=whole("draws", draws, 1),
            seed=seed,
            labels=following(self._labels, horizon) if index is None else [str(label) for label in index],
        )
        return Forecast(core, unit="y", history=(self._periods(), self._y), levels=levels, kind=self._kind)

    def plot(self, ax: Axes | None = None) -> Axes:
        """The series and its smoothed level with a 95 % band."""
        from averted import _plot

        parts = self._core.parts()
        with _plot.style():
            ax = _plot.axes(ax)
            at = np.arange(len(self._y))
            level, reach = parts["level"], 1.96 * parts["level_std_error"]
            _plot.band(ax, at, level - reach, level + reach)
            ax.plot(at, parts["observed"], "o", color=_plot.GREY, markersize=2.8, label="observed")
            ax.plot(at, level, color=_plot.BLUE, label="level, 95 % band")
            _plot.periods(ax, self._periods())
            scale = "log scale" if self.specification.scale == "log" else "as given"
            _plot.label(ax, title=f"{self.specification!r}", y=f"outcome, {scale}")
            ax.legend()
        return ax


def _optional(value: float | None) -> float | None:
    return None if value is None else float(value)
