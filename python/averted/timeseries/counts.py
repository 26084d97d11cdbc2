"""Counts that remember: INGARCH and GLARMA models, Poisson and negative binomial, by likelihood.

A count may be exact, missing, or suppressed into an interval; the past of the series, regressors and an exposure such
as population move its mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from averted import _core
from averted._arguments import whole
from averted._errors import InputError
from averted._frames import Kind
from averted._result import Table
from averted.timeseries._fit import ExposedFit
from averted.timeseries._series import kind_of, labels_of, matrix_in, vector

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from averted._core import CountFit as CoreFit


class _CountModel:
    """What both models share."""

    _inner: _core.CountModel

    def fit(
        self,
        y: Any,
        x: Any = None,
        exposure: Any = None,
        *,
        bounds: tuple[Any, Any] | None = None,
        covariance: str | None = None,
        index: Sequence[Any] | None = None,
    ) -> CountFit:
        """Maximise the likelihood.

        Parameters
        ----------
        y
            The counts, in order of time and one a period; NaN or None where they are not known.
        x
            Regressors: a frame, a dict of arrays, or an array of time by columns; known in every period.
        exposure
            People at risk or the like; the model is then of the rate.
        bounds
            Two series, the least and the most that a count not known can be; NaN where nothing is known.
        covariance
            ``"information"`` (of maximum likelihood), ``"sandwich"`` or ``"model"`` (of ``method="qml"``); that of the
            method if not given.
        index
            Names of the periods; those of a pandas series are taken by themselves.

        Raises
        ------
        InputError
            Naming the row or the column: no count, counts all zero or constant, too few, a regressor missing.
        ConvergenceError
            When no start leads to a maximum.
        """
        values = vector("y", y)
        matrix, names, kind = matrix_in(x)
        source = (
            str(getattr(y, "name", None) or "y"),
            values,
            None if bounds is None else (vector("bounds", bounds[0]), vector("bounds", bounds[1])),
            matrix,
            names,
            None if exposure is None else vector("exposure", exposure),
            labels_of(y, index, len(values)),
            covariance,
            kind or kind_of(y),
        )
        return self._fitted(source)

    def _fitted(self, source: tuple[Any, ...]) -> CountFit:
        name, y, bounds, x, names, exposure, labels, covariance, _ = source
        if bounds is not None and (len(bounds[0]) != len(y) or len(bounds[1]) != len(y)):
            raise InputError(f"bounds: expected two series of {len(y)} periods")
        core = self._inner.fit(
            name, y, bounds=bounds, x=x, names=names, exposure=exposure, labels=labels, covariance=covariance
        )
        return CountFit(core, self, source)

    def __repr__(self) -> str:
        return str(self._inner)


@dataclass(frozen=True, kw_only=True, repr=False)
class Ingarch(_CountModel):
    """An INGARCH model of counts, or its log-linear form.

    Parameters
    ----------
    past_obs
        Lags of the counts.
    past_mean
        Lags of the means.
    family
        ``"negative_binomial"`` (variance μ + aμ²) or ``"poisson"``.
    link
        ``"log"``, on which coefficients have either sign, or ``"identity"``, on which none is below zero.
    method
        ``"ml"``, all parameters together; ``"qml"``, the mean by the Poisson likelihood, the dispersion by moments.
    initial
        What stands before the first period: ``"marginal"`` mean, ``"independent"``, ``"first"`` count or ``"zero"``.
    external
        Regressors and interventions act on their own period only.
    interventions
        Pairs of a period (counted from 0) and a decay: 0 a spike, 1 a shift for good, between a shock that dies away.

    Examples
    --------
    >>> import averted as av
    >>> av.Ingarch(past_obs=(1,), past_mean=(13,))
    negative binomial log-linear INGARCH(past counts 1; past means 13)
    >>> deaths = [14, 11, 13, 17, 12, None, 9, 12, 16, 15, 11, 8, 10, 14, 19, 17, 13, 12, 15, 11]
    >>> fit = av.Ingarch(family="poisson").fit(deaths)
    >>> fit.n_informative
    19
    >>> float(fit.forecast(2, seed=1).interval(95)[0].min()) >= 0
    True
    """

    past_obs: Sequence[int] = (1,)
    past_mean: Sequence[int] = ()
    family: str = "negative_binomial"
    link: str = "log"
    method: str = "ml"
    initial: str = "marginal"
    external: bool = False
    interventions: Sequence[tuple[int, float]] = ()

    _inner: _core.CountModel = field(init=False, compare=False)

    def __post_init__(self) -> None:
        inner = _core.CountModel.ingarch(
            past_obs=[whole("past_obs", lag, 1) for lag in self.past_obs],
            past_mean=[whole("past_mean", lag, 1) for lag in self.past_mean],
            link=self.link,
            family=self.family,
            method=self.method,
            initial=self.initial,
            external=self.external,
            interventions=[(whole("interventions", at, 1), float(decay)) for at, decay in self.interventions],
        )
        object.__setattr__(self, "_inner", inner)

    def __reduce__(self) -> Any:
        names = ("past_obs", "past_mean", "family", "link", "method", "initial", "external", "interventions")
        return _remade, (Ingarch, {name: getattr(self, name) for name in names})


@dataclass(frozen=True, kw_only=True, repr=False)
class Glarma(_CountModel):
    """A GLARMA model of counts: regression on the log scale, with an ARMA process of its own residuals.

    Parameters
    ----------
    ar
        Lags of the process.
    ma
        Lags of the residuals; a lag stands in one of the two.
    family
        ``"negative_binomial"`` or ``"poisson"``.
    residuals
        Divided by the standard deviation (``"pearson"``) or by the variance (``"score"``).

    Examples
    --------
    >>> import averted as av
    >>> av.Glarma(ma=(1, 2, 5), family="poisson")
    Poisson GLARMA(ar none; ma 1, 2, 5) of Pearson residuals
    """

    ar: Sequence[int] = ()
    ma: Sequence[int] = (1,)
    family: str = "negative_binomial"
    residuals: str = "pearson"

    _inner: _core.CountModel = field(init=False, compare=False)

    def __post_init__(self) -> None:
        inner = _core.CountModel.glarma(
            ar=[whole("ar", lag, 1) for lag in self.ar],
            ma=[whole("ma", lag, 1) for lag in self.ma],
            family=self.family,
            residuals=self.residuals,
        )
        object.__setattr__(self, "_inner", inner)

    def __reduce__(self) -> Any:
        return _remade, (Glarma, {name: getattr(self, name) for name in ("ar", "ma", "family", "residuals")})


def _remade(kind: type[_CountModel], options: dict[str, Any]) -> Any:
    return kind(**options)


def _refitted(specification: _CountModel, source: tuple[Any, ...], covariance: str | None) -> CountFit:
    fit = specification._fitted(source)
    return fit if covariance is None else fit.with_covariance(covariance)


class CountFit(ExposedFit):
    """A fitted model of counts. Its forecasts draw parameters, hidden cells and counts."""

    _core: CoreFit

    def __init__(
        self,
        core: CoreFit,
        specification: _CountModel,
        source: tuple[Any, ...],
        covariance: str | None = None,
    ) -> None:
        self._core = core
        self.specification = specification
        # What it was fitted to: a pickle fits it again, to the same bits.
        self._source = source
        self._covariance = covariance
        self._y: NDArray[np.float64] = source[1]
        self._labels: list[str] = source[6]
        self._names: list[str] = source[4]
        self._kind: Kind = source[8]

    def __reduce__(self) -> Any:
        return _refitted, (self.specification, self._source, self._covariance)

    @property
    def log_likelihood(self) -> float:
        """Sum of the log-probabilities of all cells."""
        return self._core.log_likelihood

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return self._core.aic

    @property
    def bic(self) -> float:
        """The Bayesian criterion."""
        return self._core.bic

    @property
    def qic(self) -> float | None:
        """The quasi-likelihood criterion, where the mean was fitted by the Poisson."""
        return self._core.qic

    @property
    def dispersion(self) -> float:
        """The a of the variance μ + aμ²; zero for the Poisson."""
        return self._core.dispersion

    @property
    def n_informative(self) -> int:
        """Periods with a count or an interval."""
        return self._core.n_informative

    @property
    def n_parameters(self) -> int:
        """Estimated numbers, the dispersion among them."""
        return self._core.n_parameters

    @property
    def coefficients(self) -> dict[str, float]:
        """Coefficients by name."""
        return dict(zip(self._core.names, self._core.coefficients.tolist(), strict=True))

    @property
    def covariance(self) -> NDArray[np.float64]:
        """Their covariance; NaN for those at the end of what is allowed."""
        return self._core.covariance

    @property
    def fitted(self) -> NDArray[np.float64]:
        """Means given the past, period by period."""
        return self._core.fitted

    def with_covariance(self, kind: str) -> CountFit:
        """The same fit with ``"information"``, ``"sandwich"`` or ``"model"`` covariance."""
        return CountFit(self._core.with_covariance(kind), self.specification, self._source, kind)

    def residuals(self, kind: str = "pearson") -> NDArray[np.float64]:
        """``"pearson"`` or ``"response"`` residuals; NaN where the count is not exact."""
        if kind not in ("pearson", "response"):
            raise InputError(f"kind = {kind!r}: must be 'pearson' or 'response'")
        return self._core.residuals(kind == "pearson")

    def pit(self, bins: int = 10) -> NDArray[np.float64]:
        """Shares of the probability integral transform in equal bins: near ``1 / bins`` where the model is right."""
        return self._core.pit(whole("bins", bins, 2))

    def scores(self) -> dict[str, float]:
        """Mean scores of the one-step predictions by name; less is better."""
        return dict(self._core.scores())

    def summary(self) -> Table:
        """The coefficients."""
        columns = Table(self._core.table(0.95)).columns
        size = f"{self.n_informative} of {len(self._y)} periods with a count or an interval"
        notes = [
            f"log-likelihood {self.log_likelihood:.4f}; AIC {self.aic:.2f}; dispersion {self.dispersion:.4g}; {size}"
        ]
        return Table.build(dict(columns), title=f"{self.specification!r}", notes=[*notes, *self.notes])

    def _glance(self) -> dict[str, Any]:
        names = ("log_likelihood", "aic", "bic", "dispersion", "n_informative", "n_parameters")
        return {name: getattr(self, name) for name in names}

    def predict(self, horizon: int, x: Any = None, exposure: Any = None) -> NDArray[np.float64]:
        """Means ahead at the estimates, every unknown count replaced by its mean."""
        people = None if exposure is None else vector("exposure", exposure)
        return self._core.predict(whole("horizon", horizon, 1), matrix_in(x)[0], people)

    def plot(self, ax: Axes | None = None) -> Axes:
        """The exact counts and their means given the past."""
        return self._drawn(ax, self.fitted, "count", "counts", "mean given the past")
