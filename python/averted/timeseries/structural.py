"""Structural models of one series: level, trend, season, cycle, regressors and noise.

A Gaussian outcome is fitted by its exact likelihood, counts by Laplace's around the mode of the states. A specification
(:class:`Structural`) is cheap and prints as a sentence; ``fit`` takes a series and returns an immutable fit, whose
``forecast`` simulates the future as joint paths.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from averted import _core
from averted._arguments import whole
from averted._errors import InputError
from averted._frames import Kind, frame_out
from averted._result import Table
from averted.timeseries._fit import ExposedFit
from averted.timeseries._series import kind_of, labels_of, matrix_in, vector

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from averted._core import CountStructuralFit as CountCore
    from averted._core import StructuralFit as Core

_COMPONENTS = ("irregular", "dispersion", "level", "slope", "seasonal", "cycle")


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
    seasonal
        The season's form: ``"dummy"`` effects that sum to noise over a year, or ``"trigonometric"`` harmonics.
    cycle
        Shortest and longest period of a cycle, such as ``(4, 12)``, or its period; ``None`` for none.
    cycle_damping
        The damping of the cycle, if it is given; at 1 it never dies.
    walking
        Regressors whose coefficient is a random walk: names, or places counted from 0.
    family
        ``"gaussian"``, or for counts ``"poisson"`` or ``"negative_binomial"``, on the log scale.
    scale
        Of a Gaussian outcome: ``"identity"``, or ``"log"`` of the outcome, or of the rate where there is an exposure.
    sampling_variance
        On the log scale of a Gaussian outcome y, add the sampling variance of a count, 1/y, to the irregular variance.
    variances
        Variances that are given and not estimated: ``{"level": 0.0}``; also ``"dispersion"``, and names of walking
        regressors.
    damping
        The damping of the slope, if it is given.
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
    >>> deaths = [14, 11, 13, 17, 12, None, 9, 12, 16, 15, 11, 8, 10, 14, 19, 17, 13, 12, 15, 11]
    >>> counts = av.Structural(family="poisson").fit(deaths)
    >>> counts.n_informative
    19
    """

    level: bool = True
    trend: str | None = None
    season: int | None = None
    seasonal: str = "dummy"
    cycle: float | tuple[float, float] | None = None
    cycle_damping: float | None = None
    walking: Sequence[str | int] = ()
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
        if self.seasonal not in ("dummy", "trigonometric"):
            raise InputError(f"seasonal = {self.seasonal!r}: must be 'dummy' or 'trigonometric'")
        if self.family not in ("gaussian", "poisson", "negative_binomial"):
            raise InputError(f"family = {self.family!r}: must be 'gaussian', 'poisson' or 'negative_binomial'")
        if self.cycle is None and self.cycle_damping is not None:
            raise InputError(f"cycle_damping = {self.cycle_damping!r}: must come with a cycle")
        if unknown := {str(name) for name in self.variances} - set(_COMPONENTS) - set(map(str, self.walking)):
            among = ", ".join((*_COMPONENTS, *map(str, self.walking)))
            raise InputError(f"variances: {', '.join(sorted(unknown))}: must be among {among}")
        object.__setattr__(self, "_inner", self._made([], {}))

    def _made(self, walking: list[int], of_walking: dict[int, float]) -> _core.Structural:
        cycle = None
        if self.cycle is not None:
            ends = self.cycle if isinstance(self.cycle, tuple) else (self.cycle, self.cycle)
            cycle = (float(ends[0]), float(ends[1]), _optional(self.cycle_damping))
        return _core.Structural(
            trend=self.trend or "none",
            season=whole("season", self.season, 2) if self.season is not None else 1,
            trigonometric=self.seasonal == "trigonometric",
            cycle=cycle,
            family=self.family,
            scale=self.scale,
            sampling=self.sampling_variance,
            variances=[(name, float(v)) for name, v in self.variances.items() if name in _COMPONENTS],
            damping=self.damping,
            prior=[(float(m), float(v)) for m, v in self.prior],
            walking=walking,
            of_walking=list(of_walking.items()),
        )

    def _among(self, names: list[str]) -> _core.Structural:
        """The model for regressors of these names."""
        if not self.walking:
            return self._inner
        places: list[int] = []
        given: dict[int, float] = {}
        for each in self.walking:
            if isinstance(each, str) and each not in names:
                raise InputError(f"walking: {each!r}: must be among the regressors {', '.join(names) or '(none)'}")
            places.append(names.index(each) if isinstance(each, str) else whole("walking", each, 0))
            if str(each) in self.variances:
                given[places[-1]] = float(self.variances[str(each)])
        return self._made(places, given)

    def fit(
        self,
        y: Any,
        x: Any = None,
        exposure: Any = None,
        index: Sequence[Any] | None = None,
        *,
        bounds: tuple[Any, Any] | None = None,
        reporting: Any = None,
    ) -> StructuralFit | CountStructuralFit:
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
        bounds
            Of counts: two series, the least and the most that a count not known can be; NaN where nothing is known.
        reporting
            Of counts: the fraction of each that is reported so far, 1 where all is.

        Returns
        -------
        StructuralFit or CountStructuralFit
            By the family.

        Raises
        ------
        InputError
            Naming the row: a log of zero, regressors missing where the outcome is not, a series too short or constant,
            counts of which none is surely above zero.
        ConvergenceError
            When no start leads to a maximum.
        """
        name = str(getattr(y, "name", None) or "y")
        values = vector(name, y)
        matrix, names, kind = matrix_in(x)
        labels = labels_of(y, index, len(values))
        people = None if exposure is None else vector("exposure", exposure)
        limits = None if bounds is None else (vector("bounds", bounds[0]), vector("bounds", bounds[1]))
        if limits is not None and any(len(each) != len(values) for each in limits):
            raise InputError(f"bounds: expected two series of {len(values)} periods")
        shares = None if reporting is None else vector("reporting", reporting)
        source = (name, values, matrix, names, people, labels, limits, shares, kind or kind_of(y))
        return self._maximised(source)

    def _maximised(self, source: tuple[Any, ...]) -> StructuralFit | CountStructuralFit:
        name, y, x, names, exposure, labels, bounds, reporting, _ = source
        inner = self._among(names)
        if self.family != "gaussian":
            counts = inner.fit_counts(
                name, y, bounds=bounds, x=x, names=names, exposure=exposure, reporting=reporting, labels=labels
            )
            return CountStructuralFit(counts, self, source)
        if bounds is not None or reporting is not None:
            raise InputError("bounds or reporting: must come with a family of counts")
        return StructuralFit(inner.fit(name, y, x=x, names=names, exposure=exposure, labels=labels), self, source)

    def __repr__(self) -> str:
        walking = "".join(f" + {each}" for each in self.walking)
        return f"{self._inner}{walking and ' + walking coefficient of' + walking[2:]}"

    def __reduce__(self) -> Any:
        names = [name for name in self.__dataclass_fields__ if name not in ("_inner", "level")]
        return _remade, ({name: getattr(self, name) for name in names},)


def _remade(options: dict[str, Any]) -> Structural:
    return Structural(**options)


def _refitted(specification: Structural, source: tuple[Any, ...]) -> StructuralFit | CountStructuralFit:
    return specification._maximised(source)


class _Fitted(ExposedFit, ABC):
    """What a fit of either family has."""

    _core: Core | CountCore

    def __init__(self, specification: Structural, source: tuple[Any, ...]) -> None:
        self.specification = specification
        # What it was fitted to: a pickle fits it again, to the same bits.
        self._source = source
        self._y: NDArray[np.float64] = source[1]
        self._names: list[str] = source[3]
        self._labels: list[str] = source[5]
        self._kind: Kind = source[8]

    def __reduce__(self) -> Any:
        return _refitted, (self.specification, self._source)

    @property
    def log_likelihood(self) -> float:
        """Of the outcome on the model's scale; the constant of the diffuse states is left out."""
        return self._core.log_likelihood

    @property
    def n_diffuse(self) -> int:
        """States that nothing was known of at the start."""
        return self._core.n_diffuse

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
        """Variances, damping and the like by name."""
        return {name: estimate for name, estimate, _ in self._core.parameters}

    @abstractmethod
    def _size(self) -> str:
        """How much the fit rests on, for the foot of the summary."""

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
        notes = [f"log-likelihood {self.log_likelihood:.4f}; AICc {self.aicc:.2f}; {self._size()}", *self.notes]
        return Table.build(dict(columns), title=f"{self.specification!r}", notes=notes)

    def components(self) -> Any:
        """The smoothed parts on the model's scale, one row a period, as a frame of the kind that came in."""
        return frame_out({"ds": self._periods(), **self._core.parts()}, self._kind)


class StructuralFit(_Fitted):
    """A fitted structural model of a Gaussian outcome."""

    _core: Core

    def __init__(self, core: Core, specification: Structural, source: tuple[Any, ...]) -> None:
        super().__init__(specification, source)
        self._core = core

    @property
    def n_observed(self) -> int:
        """Observations that were there."""
        return self._core.n_observed

    def _size(self) -> str:
        return f"{self.n_observed} observations, {self.n_diffuse} of them diffuse"

    def _glance(self) -> dict[str, Any]:
        names = ("log_likelihood", "aic", "aicc", "n_observed", "n_diffuse")
        return {name: getattr(self, name) for name in names}

    def predict(self, horizon: int, x: Any = None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Means and variances on the model's scale, the parameters taken as known."""
        return self._core.predict(whole("horizon", horizon, 1), matrix_in(x)[0])

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


class CountStructuralFit(_Fitted):
    """A fitted structural model of counts."""

    _core: CountCore

    def __init__(self, core: CountCore, specification: Structural, source: tuple[Any, ...]) -> None:
        super().__init__(specification, source)
        self._core = core

    @property
    def n_informative(self) -> int:
        """Periods with a count or an interval."""
        return self._core.n_informative

    @property
    def dispersion(self) -> float:
        """The a of the variance μ + aμ²; zero for the Poisson."""
        return self._core.dispersion

    @property
    def fitted(self) -> NDArray[np.float64]:
        """Means of the counts, as far as they are reported, at the mode of the states given the whole series."""
        return self._core.fitted

    @property
    def residuals(self) -> NDArray[np.float64]:
        """Counts less their fitted means, in standard deviations; NaN where the count is not exact."""
        return self._core.residuals

    def importance_sampling(self, pairs: int = 1000, seed: int = 1) -> tuple[float, float]:
        """The log-likelihood at the estimates by importance sampling, and its simulation error.

        Parameters
        ----------
        pairs
            Pairs of antithetic draws of all states.
        seed
            Of the draws.
        """
        return self._core.importance_sampling(whole("pairs", pairs, 2), seed)

    def _size(self) -> str:
        return f"{self.n_informative} of {len(self._y)} periods with a count or an interval"

    def _glance(self) -> dict[str, Any]:
        names = ("log_likelihood", "aic", "aicc", "dispersion", "n_informative", "n_diffuse")
        return {name: getattr(self, name) for name in names}

    def predict(
        self, horizon: int, x: Any = None, exposure: Any = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Means and variances of future counts, the parameters taken as known."""
        people = None if exposure is None else vector("exposure", exposure)
        return self._core.predict(whole("horizon", horizon, 1), matrix_in(x)[0], people)

    def plot(self, ax: Axes | None = None) -> Axes:
        """The exact counts, the periods whose count is hidden, and the fitted means."""
        from averted import _plot

        with _plot.style():
            ax = _plot.axes(ax)
            at = np.arange(len(self._y))
            bounds = self._source[6]
            if bounds is not None:
                hidden = np.isnan(self._y) & ~np.isnan(bounds[0]) & ~np.isnan(bounds[1])
                ax.vlines(
                    at[hidden], bounds[0][hidden], bounds[1][hidden], color=_plot.GREY, lw=1.2, label="suppressed"
                )
            ax.plot(at, self._y, "o", color=_plot.GREY, markersize=2.8, label="counts")
            ax.plot(at, self.fitted, color=_plot.BLUE, label="fitted mean")
            _plot.periods(ax, self._periods())
            _plot.label(ax, title=f"{self.specification!r}", y="count")
            ax.legend()
        return ax


def _optional(value: float | None) -> float | None:
    return None if value is None else float(value)
