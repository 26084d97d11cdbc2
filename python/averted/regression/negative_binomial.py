"""Negative binomial regression: counts whose variance exceeds their mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

from averted._errors import InputError
from averted._frames import snapshot
from averted.regression.fit import CountFit
from averted.regression.resampling import ScoreBootstrap
from averted.regression.specification import _Counts

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from averted.regression.specification import Arrays, OnNonconvergence


class Dispersion(NamedTuple):
    """The dispersion of a negative binomial regression, under the covariance in use."""

    #: α.
    alpha: float
    #: Its standard error; NaN where α is zero, or where the covariance comes from refits.
    std_error: float
    #: The ends of its interval, symmetric on the log scale.
    lower: float
    upper: float
    #: The likelihood-ratio statistic against the Poisson; NaN where counts are hidden.
    likelihood_ratio: float
    #: Its p-value: half that of a χ² with one degree of freedom, because α cannot be negative.
    p_value: float

    @property
    def theta(self) -> float:
        """θ = 1/α, as others have it."""
        return 1.0 / self.alpha if self.alpha > 0.0 else float("inf")


class NegativeBinomialFit(CountFit, ScoreBootstrap):
    """A fitted negative binomial regression.

    Bootstraps and randomisation tests need the quadratic variance, under which scores of coefficients and dispersion
    are unrelated.
    """

    def dispersion(self, level: float = 0.95) -> Dispersion:
        """Return α with its standard error and interval, and its test against the Poisson.

        Parameters
        ----------
        level
            Of the interval: 0.95 for 95 %.
        """
        found = self._core.dispersion(level)
        assert found is not None
        return Dispersion(*found)


@dataclass(frozen=True, kw_only=True, repr=False)
class NegativeBinomial(_Counts):
    """Negative binomial regression of counts and rates.

    The mean is ``μ = exposure · exp(offset + Xβ + effects)``, the variance ``μ + αμ²`` (NB2) or ``(1 + α)μ`` (NB1).
    Coefficients, absorbed effects and α are estimated together, and every covariance takes in that α is estimated.

    Parameters
    ----------
    variance
        How the variance grows with the mean: ``"quadratic"`` (NB2) or ``"linear"`` (NB1).
    information
        Classical standard errors from the ``"observed"`` information, or from the ``"expected"`` one, as generalised
        linear models have them that take α as known; that is there for the quadratic variance and exact counts.
    exposure
        Column or expression that the mean is proportional to: people, person-years. Of a panel it is the population
        unless said otherwise.
    offset
        Column or expression added to the linear predictor, such as ``"log(population)"``.
    suppressed, bounds
        Counts known only as intervals, as for :class:`Poisson`.
    weights, frequency_weights, cluster, covariance, ssc, panel, tolerance, max_iterations, keep_singletons
        As for :class:`Poisson`; covariances by leverage (HC2 to HC4, CR2, CR3) are refused, the cluster jackknife is
        there.

    Examples
    --------
    >>> import averted as av
    >>> av.NegativeBinomial(exposure="people", cluster="state")
    Negative binomial regression, exposure people, standard errors clustered by state, small sample fixest
    >>> data = {"deaths": [0, 4, 1, 9, 2, 17, 0, 8], "after": [0, 1] * 4}
    >>> fit = av.NegativeBinomial().fit("deaths ~ after", data)
    >>> round(fit.coefficients["after"], 9)  # the means of the groups are 0.75 and 9.5
    2.538973871
    >>> round(fit.dispersion().alpha, 3) > 0
    True
    """

    variance: Literal["quadratic", "linear"] = "quadratic"
    information: Literal["observed", "expected"] = "observed"

    _model: ClassVar[str] = "negative_binomial"

    def __post_init__(self) -> None:
        for name, known in (("variance", ("quadratic", "linear")), ("information", ("observed", "expected"))):
            value = getattr(self, name)
            if value not in known:
                raise InputError(f"{name} = {value!r}: must be {known[0]!r} or {known[1]!r}")
        super().__post_init__()

    def _choices(self) -> list[str]:
        return [self.variance, self.information]

    def fit(self, formula: str, data: Any, *, on_nonconvergence: OnNonconvergence = "raise") -> NegativeBinomialFit:
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
            As for :meth:`Poisson.fit`; also for the expected information where it has no closed form.
        """
        core, kind = self._fit(formula, data, on_nonconvergence)
        return NegativeBinomialFit(core, kind, self, (formula, snapshot(data), on_nonconvergence))

    def fit_arrays(
        self,
        y: ArrayLike,
        X: ArrayLike | None = None,
        *,
        absorb: Arrays | Sequence[ArrayLike] | None = None,
        cluster: Arrays | None = None,
        exposure: ArrayLike | None = None,
        offset: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        frequency_weights: ArrayLike | None = None,
        bounds: tuple[ArrayLike, ArrayLike] | None = None,
        names: Sequence[str] | None = None,
        on_nonconvergence: OnNonconvergence = "raise",
    ) -> NegativeBinomialFit:
        """Fit arrays: the quick way in. No intercept is added.

        Parameters
        ----------
        y, X, absorb, cluster, exposure, offset, weights, frequency_weights, bounds, names, on_nonconvergence
            As for :meth:`Poisson.fit_arrays`.

        Raises
        ------
        InputError, ConvergenceError
            As for :meth:`fit`; InputError also for missing values, which a formula would leave out.
        """
        given = {"exposure": exposure, "offset": offset, "weights": weights, "frequency_weights": frequency_weights}
        core = self._fit_arrays(y, X, absorb, cluster, names, on_nonconvergence, (), bounds, **given)
        return NegativeBinomialFit(core, "dict", self, None)
