"""Logit regression: shares, and outcomes that are all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from averted._frames import snapshot
from averted.regression.fit import ClimbedFit
from averted.regression.resampling import ScoreBootstrap
from averted.regression.specification import _Specification

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from averted.regression.covariance import Covariance
    from averted.regression.specification import Arrays, OnNonconvergence


class LogitFit(ClimbedFit, ScoreBootstrap):
    """A fitted logit regression."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Logit(_Specification):
    """Logit regression of shares from 0 to 1, and of outcomes that are 0 or 1.

    The mean is ``1 / (1 + exp(-offset - Xβ - effects))``. The estimates are consistent whenever that is right, whatever
    the distribution of the share (Papke & Wooldridge 1996), with robust standard errors, the default.

    Parameters
    ----------
    offset
        Column or expression added to the linear predictor.
    weights, frequency_weights, cluster, ssc, panel, tolerance, max_iterations, keep_singletons
        As for :class:`Poisson`.
    covariance
        ``"HC0"`` to ``"HC4"``, or ``Cluster("state")``; ``"classical"`` supposes outcomes of 0 and 1.

    Examples
    --------
    >>> import averted as av
    >>> av.Logit(cluster="state")
    Logit regression, standard errors clustered by state, small sample fixest
    >>> fit = av.Logit().fit("share ~ after", {"share": [0.25, 0.35, 0.6, 0.8], "after": [0, 0, 1, 1]})
    >>> round(fit.coefficients["after"], 9)  # the means of the groups are 0.3 and 0.7
    1.694595721
    """

    offset: str | None = None
    tolerance: float = 1e-8
    max_iterations: int = 100

    _model: ClassVar[str] = "logit"
    _usual: ClassVar[Covariance] = "HC1"

    def fit(self, formula: str, data: Any, *, on_nonconvergence: OnNonconvergence = "raise") -> LogitFit:
        """Fit a formula to data.

        Parameters
        ----------
        formula
            ``outcome ~ terms | absorbed effects``; the grammar stands in the documentation (docs/formula.md).
        data
            A :class:`averted.Panel`, or any frame or mapping of names to arrays.
        on_nonconvergence
            ``"raise"``, or ``"note"`` to get the fit as far as it came, with a note.

        Raises
        ------
        InputError, ConvergenceError
            As for :meth:`Poisson.fit`; InputError for outcomes below 0 or above 1, and when all are 0, or all 1.
        """
        core, kind = self._fit(formula, data, on_nonconvergence)
        return LogitFit(core, kind, self, (formula, snapshot(data), on_nonconvergence))

    def fit_arrays(
        self,
        y: ArrayLike,
        X: ArrayLike | None = None,
        *,
        absorb: Arrays | Sequence[ArrayLike] | None = None,
        cluster: Arrays | None = None,
        offset: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        frequency_weights: ArrayLike | None = None,
        names: Sequence[str] | None = None,
        on_nonconvergence: OnNonconvergence = "raise",
    ) -> LogitFit:
        """Fit arrays: the quick way in. No intercept is added.

        Parameters
        ----------
        y, X, absorb, cluster, offset, weights, frequency_weights, names, on_nonconvergence
            As for :meth:`Poisson.fit_arrays`.

        Raises
        ------
        InputError, ConvergenceError
            As for :meth:`fit`; InputError also for missing values, which a formula would leave out.
        """
        given = {"offset": offset, "weights": weights, "frequency_weights": frequency_weights}
        core = self._fit_arrays(y, X, absorb, cluster, names, on_nonconvergence, **given)
        return LogitFit(core, "dict", self, None)
