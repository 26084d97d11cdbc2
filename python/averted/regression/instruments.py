"""Regressions with instruments: linear, and of counts and rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from averted import _core
from averted._errors import InputError
from averted._frames import Kind, snapshot
from averted._result import Result, Table
from averted.regression.fit import RegressionFit
from averted.regression.resampling import Bootstrapped, BootstrapTest, Columns
from averted.regression.specification import _matrix, _Specification

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from averted.regression.covariance import Covariance
    from averted.regression.specification import Arrays


class IvFit(RegressionFit, Bootstrapped):
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

    def first_stage(self) -> FirstStage:
        """How much the instruments say, under the covariance of the fit."""
        return FirstStage(self._core, self._kind)

    def anderson_rubin(self, null: float | Sequence[float] | None = None, level: float = 0.95) -> AndersonRubin:
        """Test the coefficients of the endogenous regressors, and invert the test: right however weak the instruments.

        Parameters
        ----------
        null
            The value tested, or one for each endogenous regressor; zero unless given.
        level
            Of the confidence set, which is worked out for one endogenous regressor.

        Raises
        ------
        InputError
            For another number of values, a level outside 0 to 1, and fewer clusters than instruments.
        """
        values = None if null is None else [float(b) for b in (null if isinstance(null, Sequence) else [null])]
        return AndersonRubin(self._core, values, level, self._kind)

    def wild_bootstrap(
        self,
        hypothesis: str,
        *,
        statistic: str = "t",
        cluster: Columns = None,
        draws: int = 9_999,
        weights: str = "rademacher",
        impose_null: bool = True,
        bootstrap_cluster: Columns = None,
        seed: int | None = None,
        level: float | None = 0.95,
    ) -> BootstrapTest:
        """Test linear restrictions by the wild cluster bootstrap: few clusters, and instruments that may be weak.

        Draws obey the null, and their first stages are as strong as the sample's, estimated together with the equation
        (Davidson & MacKinnon 2010: restricted and efficient). Both residuals of a cluster are multiplied by one number.

        Parameters
        ----------
        hypothesis
            ``"x = 0"``, ``"x = z"``, ``"2*x + z = 1"``; several, separated by commas, are tested jointly.
        statistic
            ``"t"`` of two-stage least squares; or ``"anderson_rubin"``, right however weak the instruments, for
            hypotheses that give every endogenous regressor a value and say nothing else.
        cluster, draws, weights, bootstrap_cluster, seed
            As for :meth:`OlsFit.wild_bootstrap`.
        impose_null
            Whether draws obey the null, or are made from the estimates (for ``"t"`` only).
        level
            Of the set of values that are not rejected, for one restriction: ``set``, and ``interval`` where it is one.

        Raises
        ------
        InputError
            As for :meth:`OlsFit.wild_bootstrap`; also for the t of other methods than two-stage least squares, and for
            hypotheses that are not Anderson and Rubin's.

        Examples
        --------
        >>> import averted as av
        >>> data = {
        ...     "rate": [3.1, 2.9, 4.2, 3.8, 5.3, 4.9, 2.2, 2.8],
        ...     "spend": [1, 2, 1, 2.5, 1, 3, 1.5, 1],
        ...     "grant": [0, 1, 0, 1, 0, 2, 1, 0],
        ...     "state": list("aabbccdd"),
        ... }
        >>> fit = av.Iv(cluster="state").fit("rate ~ 1 | state | spend ~ grant", data)
        >>> test = fit.wild_bootstrap("spend = 0")
        >>> test.enumerated, test.draws.size
        (True, 16)
        """
        if statistic not in ("t", "anderson_rubin"):
            raise InputError(f"statistic = {statistic!r}: must be 't' or 'anderson_rubin'")
        told = self._told(hypothesis, cluster, bootstrap_cluster, draws, weights, impose_null, seed, level)
        run = _core.bootstrap_test if statistic == "t" else _core.anderson_rubin_bootstrap
        return BootstrapTest(run(self._core, told), self._kind)


class Test(NamedTuple):
    """The answer of a test; an infinite `denominator` means χ²."""

    name: str
    statistic: float
    restrictions: int
    denominator: float
    p_value: float


class FirstStage(Result):
    """How much the instruments say."""

    def __init__(self, core: _core.RegressionFit, kind: Kind) -> None:
        stages, effective, (cragg_donald, kleibergen_paap), tests, weak, table = _core.first_stage(core)
        #: F of the excluded instruments, by endogenous regressor.
        self.f = {stage[0]: stage[1] for stage in stages}
        #: F of what the other endogenous regressors leave (Sanderson & Windmeijer 2016).
        self.conditional_f = {stage[0]: stage[6] for stage in stages}
        #: The share of each that the instruments explain.
        self.partial_r_squared = {stage[0]: stage[4] for stage in stages}
        #: The same net of the other endogenous regressors (Shea 1997).
        self.shea_r_squared = {stage[0]: stage[5] for stage in stages}
        #: The effective F (Montiel Olea & Pflueger 2013); ``None`` with several endogenous regressors.
        self.effective_f = None if effective is None else effective[0]
        #: Below this, the bias of two-stage least squares may exceed a tenth of the worst case.
        self.critical_f = None if effective is None else effective[1]
        #: The Cragg–Donald F.
        self.cragg_donald = cragg_donald
        #: The Kleibergen–Paap F.
        self.kleibergen_paap = kleibergen_paap
        #: Kleibergen and Paap's score test of under-identification.
        self.underidentification = Test(*tests[0])
        #: Wu and Hausman's test; ``None`` where the instruments explain the regressors whole.
        self.endogeneity = None if tests[1] is None else Test(*tests[1])
        #: Sargan's or Hansen's test of the moments in excess; ``None`` without any.
        self.overidentification = None if tests[2] is None else Test(*tests[2])
        #: Whether the effective F is below its critical value, or a conditional F below 10.
        self.weak = weak
        self._table = Table(table)
        self._kind = kind

    def summary(self) -> Table:
        """Return a table with a row an endogenous regressor, and what concerns all of them in the notes."""
        return self._table

    def _glance(self) -> dict[str, Any]:
        return {
            "effective_f": self.effective_f,
            "critical_f": self.critical_f,
            "cragg_donald": self.cragg_donald,
            "kleibergen_paap": self.kleibergen_paap,
            "weak": self.weak,
        }


class AndersonRubin(Result):
    """The test of Anderson and Rubin, and the confidence set that it gives."""

    def __init__(self, core: _core.RegressionFit, null: list[float] | None, level: float, kind: Kind) -> None:
        test, pieces, shape, table = _core.anderson_rubin(core, null, level)
        #: F.
        self.statistic = test[0]
        #: Excluded instruments.
        self.restrictions = test[1]
        #: The denominator's degrees of freedom.
        self.denominator = test[2]
        #: The p-value.
        self.p_value = test[3]
        #: The pieces of the confidence set, infinite where it has no end; ``None`` with several endogenous regressors.
        self.set = pieces
        #: ``"interval"``, ``"two rays"``, ``"whole line"``, ``"empty"``, ``"ray"`` or ``"several pieces"``.
        self.shape = shape
        self._table = Table(table)
        self._kind = kind

    def summary(self) -> Table:
        """Return a table with a row a piece of the set, and the test in the note."""
        return self._table

    def _glance(self) -> dict[str, Any]:
        return {
            "statistic": self.statistic,
            "restrictions": self.restrictions,
            "denominator": self.denominator,
            "p_value": self.p_value,
            "shape": self.shape,
        }


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
        ``"classical"``, ``"HC1"``, ``"HC0"`` or ``Cluster("state")``; those by leverage are not defined here.
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


class IvPoissonFit(RegressionFit):
    """A fitted Poisson regression with instruments."""

    @property
    def j_statistic(self) -> float | None:
        """GMM's test of the moments in excess; ``None`` by control function, or without any in excess."""
        return dict(self._core.statistics).get("j_statistic")

    @property
    def log_likelihood(self) -> float:
        """The log-likelihood of the second step; NaN for GMM, which has none."""
        return self._core.log_likelihood


@dataclass(frozen=True, kw_only=True, repr=False)
class IvPoisson(_Specification):
    """Poisson regression with instruments.

    The formula is that of :class:`Iv`. By control function the residuals of the first stages are regressors of the
    second: their coefficients, ``residual(x)``, test whether ``x`` is exogenous. The standard errors are those of both
    steps together.

    Parameters
    ----------
    method
        ``"control_function"`` (Wooldridge 1997), for which effects are absorbed in both steps, or ``"gmm"`` with
        multiplicative errors (Mullahy 1997), which takes no absorbed effects: they would bias the other estimates.
    exposure
        Column or expression that the mean is proportional to. Of a panel it is the population unless said otherwise.
    offset
        Column or expression added to the linear predictor, such as ``"log(population)"``.
    weights
        Column of analytic weights: the inverse of each row's variance, up to a constant.
    frequency_weights
        Column of frequency weights: how many equal observations each row stands for.
    cluster
        Column, or several, by which standard errors are clustered; GMM's weight follows.
    covariance
        ``"HC1"`` unless given, ``"HC0"`` or ``Cluster("state")``: there is no classical one, nor any by leverage.
    ssc
        Small-sample convention: ``"fixest"``, ``"statsmodels"``, ``"linearmodels"``, ``"stata"`` or ``"none"``.
    panel
        The columns of unit and time, for lags in a plain frame.
    keep_singletons
        Keep rows alone in a level of an absorbed effect.

    Examples
    --------
    >>> import averted as av
    >>> data = {
    ...     "deaths": [2, 3, 5, 4, 7, 9, 4, 6],
    ...     "spend": [1, 2, 3, 3, 5, 6, 2, 3],
    ...     "grant": [0, 1, 1, 2, 2, 3, 1, 0],
    ... }
    >>> fit = av.IvPoisson().fit("deaths ~ 1 | spend ~ grant", data)
    >>> list(fit.coefficients)
    ['(Intercept)', 'spend', 'residual(spend)']
    """

    method: str = "control_function"
    exposure: str | None = None
    offset: str | None = None

    _model: ClassVar[str] = "iv_poisson"
    _usual: ClassVar[Covariance] = "HC1"

    @property
    def _method(self) -> tuple[str, float]:
        return self.method, 0.0

    def fit(self, formula: str, data: Any) -> IvPoissonFit:
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
            As for :meth:`Iv.fit` and :meth:`Poisson.fit`; also for the classical covariance, and for effects absorbed
            in GMM.
        ConvergenceError
            When the fit did not converge.
        """
        core, kind = self._fit(formula, data, "raise")
        return IvPoissonFit(core, kind, self, (formula, snapshot(data)))

    def fit_arrays(
        self,
        y: ArrayLike,
        X: ArrayLike | None = None,
        *,
        endogenous: ArrayLike,
        instruments: ArrayLike,
        absorb: Arrays | Sequence[ArrayLike] | None = None,
        cluster: Arrays | None = None,
        exposure: ArrayLike | None = None,
        offset: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        frequency_weights: ArrayLike | None = None,
        names: Sequence[str] | None = None,
    ) -> IvPoissonFit:
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
        exposure, offset, weights, frequency_weights
            As in the specification.
        names
            Names of the exogenous regressors.

        Raises
        ------
        InputError, ConvergenceError
            As for :meth:`fit`; InputError also for missing values, which a formula would leave out.
        """
        given = {"exposure": exposure, "offset": offset, "weights": weights, "frequency_weights": frequency_weights}
        instrumented = [_block("endogenous", endogenous), _block("instrument", instruments)]
        core = self._fit_arrays(y, X, absorb, cluster, names, "raise", instrumented, **given)
        return IvPoissonFit(core, "dict", self, None)


def _block(stem: str, values: ArrayLike) -> tuple[list[str], NDArray[np.float64]]:
    columns = _matrix(values)
    if columns.shape[1] == 0:
        raise InputError(f"{stem}: no columns")
    names = [stem] if columns.shape[1] == 1 else [f"{stem}{j + 1}" for j in range(columns.shape[1])]
    return names, columns
