"""Linear regression with instruments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from averted._errors import InputError
from averted._frames import snapshot
from averted.regression.fit import RegressionFit
from averted.regression.specification import _matrix, _Specification

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from averted.regression.specification import Arrays


class IvFit(RegressionFit):
    """A fitted linear regression with instruments."""

    @property
    def r_squared(self) -> float:
        """R² of the residuals; it may be negative, because instruments are not there to fit."""
        return dict(self._core.statistics)["r_squared"]

    @property
    def sigma(self) -> float:
        """The residual standard error."""
        return dict(self._core.statistics)["sigma"]

    @property
    def kappa(self) -> float | None:
        """The constant of LIML and Fuller; ``None`` for other methods."""
        return dict(self._core.statistics).get("kappa")

    @property
    def j_statistic(self) -> float | None:
        """GMM's test of the instruments in excess; ``None`` for other methods, or without any in excess."""
        return dict(self._core.statistics).get("j_statistic")


@dataclass(frozen=True, kw_only=True, repr=False)
class Iv(_Specification):
    """Linear regression with instruments, and with any number of absorbed effects.

    The formula has one more part: ``outcome ~ regressors | absorbed effects | endogenous ~ instruments``.

    Parameters
    ----------
    method
        ``"2sls"``; ``"liml"`` or ``"fuller"``, which are less biased with weak or many instruments; ``"gmm"`` or
        ``"iterated_gmm"``, whose weight follows `covariance`: clustered where that is, else robust.
    alpha
        Fuller's constant.
    weights
        Column of analytic weights: the inverse of each row's variance, up to a constant.
    frequency_weights
        Column of frequency weights: how many equal observations each row stands for.
    cluster
        Column, or several, by which standard errors are clustered.
    covariance
        ``"classical"``, ``"HC1"``, ``"HC0"`` or ``Cluster("state")``.
    ssc
        Small-sample convention: ``"fixest"``, ``"statsmodels"``, ``"linearmodels"``, ``"stata"`` or ``"none"``.
    panel
        The columns of unit and time, for lags in a plain frame.
    keep_singletons
        Keep rows alone in a level of an absorbed effect.

    Examples
    --------
    >>> import averted as av
    >>> av.Iv(method="liml", cluster="state")
    Linear regression with instruments, LIML, standard errors clustered by state, small sample fixest
    >>> data = {"deaths": [2, 3, 5, 4, 7, 9], "spend": [1, 2, 3, 3, 5, 6], "grant": [0, 1, 1, 2, 2, 3]}
    >>> fit = av.Iv().fit("deaths ~ 1 | spend ~ grant", data)
    >>> round(fit.coefficients["spend"], 6)
    1.333333
    """

    method: str = "2sls"
    alpha: float = 1.0

    _model: ClassVar[str] = "iv"

    @property
    def _method(self) -> tuple[str, float]:
        return self.method, float(self.alpha)

    def fit(self, formula: str, data: Any) -> IvFit:
        """Fit a formula to data.

        Parameters
        ----------
        formula
            ``outcome ~ terms | absorbed effects | endogenous ~ instruments``.
        data
            A :class:`averted.Panel`, or any frame or mapping of names to arrays.

        Raises
        ------
        InputError
            For a formula without instruments, fewer instruments than endogenous regressors, instruments unrelated to
            them; for unknown columns, values that are not finite, weights that are not positive, fewer observations
            than parameters, fewer than two clusters (for GMM: fewer than moments).
        ConvergenceError
            When iterated GMM did not converge.
        """
        core, kind = self._fit(formula, data, "raise")
        return IvFit(core, kind, self, (formula, snapshot(data)))

    def fit_arrays(
        self,
        y: ArrayLike,
        X: ArrayLike | None = None,
        *,
        endogenous: ArrayLike,
        instruments: ArrayLike,
        absorb: Arrays | Sequence[ArrayLike] | None = None,
        cluster: Arrays | None = None,
        weights: ArrayLike | None = None,
        frequency_weights: ArrayLike | None = None,
        names: Sequence[str] | None = None,
    ) -> IvFit:
        """Fit arrays: the quick way in. No intercept is added.

        Parameters
        ----------
        y, X
            The outcome, and the exogenous regressors, one column each.
        endogenous, instruments
            The endogenous regressors and their instruments, one column each.
        absorb
            Labels of absorbed effects: a list of arrays, or a mapping of names to arrays.
        cluster
            Labels of clusters: an array, or a mapping of names to arrays.
        weights, frequency_weights
            As in the specification.
        names
            Names of the exogenous regressors.

        Raises
        ------
        InputError, ConvergenceError
            As for :meth:`fit`; InputError also for missing values, which a formula would leave out.
        """
        given = {"weights": weights, "frequency_weights": frequency_weights}
        instrumented = [_block("endogenous", endogenous), _block("instrument", instruments)]
        core = self._fit_arrays(y, X, absorb, cluster, names, "raise", instrumented, **given)
        return IvFit(core, "dict", self, None)


def _block(stem: str, values: ArrayLike) -> tuple[list[str], NDArray[np.float64]]:
    columns = _matrix(values)
    if columns.shape[1] == 0:
        raise InputError(f"{stem}: no columns")
    names = [stem] if columns.shape[1] == 1 else [f"{stem}{j + 1}" for j in range(columns.shape[1])]
    return names, columns
