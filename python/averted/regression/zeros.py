"""Counts with more zeros than a count distribution has: zero inflation and hurdles."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Self, cast

from averted import _core
from averted._errors import InputError
from averted._frames import Kind, frame_in, frame_out, snapshot, source_in
from averted.regression.covariance import accepted
from averted.regression.estimates import Estimated
from averted.regression.specification import _Counts, _raises

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from averted.regression.covariance import Covariance
    from averted.regression.specification import OnNonconvergence

    CountName = Literal["poisson", "negative_binomial"]


class CountDispersion(NamedTuple):
    """The dispersion of the counts, under the covariance in use."""

    #: α; zero for a Poisson.
    alpha: float
    #: Its standard error; NaN where α is zero.
    std_error: float
    #: The ends of its interval, symmetric on the log scale.
    lower: float
    upper: float


class TwoPartFit(Estimated):
    """A fitted regression of counts in two parts: coefficients are ``count: …`` and ``zero: …``."""

    _core: Any

    @property
    def joint_covariance(self) -> NDArray[np.float64]:
        """The covariance of all parameters, that of ``log α`` last if there is one."""
        return cast("NDArray[np.float64]", self._core.joint_covariance)

    @property
    def aic(self) -> float:
        """Akaike's criterion, the dispersion counted: what to compare with other fits to the same rows."""
        return float(dict(self._core.statistics)["aic"])

    @property
    def bic(self) -> float:
        """Schwarz's criterion, the dispersion counted."""
        return float(dict(self._core.statistics)["bic"])

    def dispersion(self, level: float = 0.95) -> CountDispersion:
        """Return α with its standard error and interval.

        Parameters
        ----------
        level
            Of the interval: 0.95 for 95 %.
        """
        return CountDispersion(*self._core.dispersion(level))

    @property
    def zero_probabilities(self) -> NDArray[np.float64]:
        """The fitted probability of a zero of every used row."""
        return cast("NDArray[np.float64]", self._core.zero_probabilities)

    @property
    def iterations(self) -> int:
        """Newton steps."""
        return int(self._core.convergence[0])

    @property
    def converged(self) -> bool:
        """Whether the fit converged; only one told to note it can say no."""
        return bool(self._core.convergence[1])

    def augment(self) -> Any:
        """Used rows as a frame of the kind that came in: position, outcome, fitted mean, probability of a zero."""
        columns = {
            "row": self.rows,
            "outcome": self.outcome,
            "fitted": self.fitted,
            "zero_probability": self.zero_probabilities,
        }
        return frame_out(columns, self._kind)

    def with_covariance(
        self,
        covariance: Covariance | None = None,
        *,
        cluster: str | Sequence[str] | None = None,
        ssc: str | None = None,
    ) -> Self:
        """Return the same fit with another covariance; nothing is fitted again.

        Parameters
        ----------
        covariance
            ``"classical"``, ``"HC0"``, ``"HC1"`` or ``Cluster("state")``; as it was unless given.
        cluster
            Columns to cluster by, for short.
        ssc
            Small-sample convention; as it was unless given.

        Raises
        ------
        InputError
            For cluster variables that are not there, have gaps, or have fewer than two clusters, and for covariances by
            leverage.
        """
        _nothing_accepted(covariance)
        return super().with_covariance(covariance, cluster=cluster, ssc=ssc)

    def predict(self, data: Any, level: float = 0.95) -> Any:
        """Predict means for new data, with their standard errors, and probabilities of a zero.

        Parameters
        ----------
        data
            A frame, panel or mapping with the columns of both formulas; exposure and offset are read from it, too.
        level
            Of the interval of the mean: 0.95 for 95 %.

        Returns
        -------
        frame
            ``estimate, std_error, lower, upper, zero_probability``, a row each, of the kind of `data`; NaN where
            something is missing.

        Raises
        ------
        InputError
            For unknown columns, and levels that the fit has not seen.
        """
        source, kind = source_in(data)
        names = ("estimate", "std_error", "lower", "upper", "zero_probability")
        return frame_out(dict(zip(names, self._core.predict(source, level), strict=True)), kind)

    def _glance(self) -> dict[str, Any]:
        covariance, convention, _, counted, _ = self._core.inference
        return {
            "model": self._core.sentence,
            **dict(self._core.statistics),
            "parameters": self._core.parameters,
            "covariance": covariance,
            "small_sample": convention,
            "parameters_counted": counted,
            "iterations": self.iterations,
            "converged": self.converged,
        }


def _nothing_accepted(covariance: Covariance | None) -> None:
    if accepted(covariance) is not None:
        raise InputError("accept: clusters of a regression of two parts are not diagnosed; leave it out")


@dataclass(frozen=True, kw_only=True, repr=False)
class _TwoPart(_Counts):
    """What both share."""

    count: CountName = "poisson"
    zeros: str | None = None

    def __post_init__(self) -> None:
        if self.zeros is not None and not isinstance(self.zeros, str):
            raise InputError(f"zeros = {type(self.zeros).__name__}: must be terms, such as 'x + z'")
        if self.keep_singletons:
            raise InputError("keep_singletons = True: there are no absorbed effects here")
        _nothing_accepted(self.covariance)
        super().__post_init__()

    def _build(self, kind: str, cluster: list[str]) -> Any:
        return _core.TwoPart(
            self._model,
            count=self.count,
            zeros=self.zeros,
            exposure=self.exposure,
            offset=self.offset,
            weights=self.weights,
            frequency_weights=self.frequency_weights,
            covariance=kind,
            cluster=cluster,
            ssc=self.ssc,
            panel=self.panel,
            tolerance=self.tolerance,
            max_iterations=self.max_iterations,
            suppressed=self.suppressed,
            bounds=self.bounds,
        )

    def _columns(self, formula: str, data: Any) -> set[str]:
        needed = super()._columns(formula, data)
        if self.zeros is not None:
            needed.update(_core.formula_columns(f"{formula.split('~')[0]} ~ {self.zeros.strip().lstrip('~')}"))
        return needed

    def fit(self, formula: str, data: Any, *, on_nonconvergence: OnNonconvergence = "raise") -> TwoPartFit:
        """Fit a formula to data.

        Parameters
        ----------
        formula
            ``outcome ~ terms``, without absorbed effects; the grammar stands in the documentation (docs/formula.md).
        data
            A :class:`averted.Panel`, or any frame or mapping of names to arrays.
        on_nonconvergence
            ``"raise"``, or ``"note"`` to get the fit as far as it came, with a note.

        Raises
        ------
        InputError
            As for :meth:`Poisson.fit`; also for absorbed effects, counts that are not whole, and data without zeros.
        ConvergenceError
            When the fit does not converge, as where a coefficient runs to infinity.
        """
        raises = _raises(on_nonconvergence)
        inner = cast("_core.TwoPart", self._inner)
        core = getattr(data, "_core", data)
        if isinstance(core, _core.Panel):
            kind: Kind = getattr(data, "_kind", "dict")
        else:
            core, kind = frame_in(data, self._columns(formula, data))
        fitted = inner.fit(formula, core, raises)
        return TwoPartFit(fitted, kind, self, (formula, snapshot(data), on_nonconvergence))


@dataclass(frozen=True, kw_only=True, repr=False)
class ZeroInflated(_TwoPart):
    """Zero-inflated regression of counts: some zeros are of another kind.

    ``P(y = 0) = π + (1 − π) f(0)`` and ``P(y) = (1 − π) f(y)``, with a logit for ``π`` and ``f`` Poisson or negative
    binomial (NB2) with mean ``μ = exposure · exp(offset + Xβ)`` (Lambert 1992). The mean is ``(1 − π) μ``.

    Parameters
    ----------
    count
        ``"poisson"`` or ``"negative_binomial"``.
    zeros
        The regressors of ``π``, such as ``"x + z"``; ``"1"`` for the intercept alone. Unless given, those of the
        formula.
    exposure, offset
        As for :class:`Poisson`; they belong to the counts.
    suppressed, bounds
        Counts known only as intervals, as for :class:`Poisson`.
    weights, frequency_weights, cluster, covariance, ssc, panel, tolerance, max_iterations
        As for :class:`Poisson`; covariances by leverage (HC2 to HC4, CR2, CR3) are refused.
    keep_singletons
        Not here: there are no absorbed effects.

    Examples
    --------
    >>> import averted as av
    >>> av.ZeroInflated(count="negative_binomial", zeros="x")
    Zero-inflated regression, negative binomial counts, zeros by x, standard errors classical, small sample fixest
    >>> fit = av.ZeroInflated().fit("deaths ~ 1", {"deaths": [0, 0, 0, 0, 0, 1, 2, 3, 4]})
    >>> round(float(fit.fitted[0]), 9)  # the mean of the sample
    1.111111111
    """

    _model: ClassVar[str] = "zero_inflated"
    _inner: Any = dataclasses.field(init=False, compare=False)


@dataclass(frozen=True, kw_only=True, repr=False)
class Hurdle(_TwoPart):
    """Hurdle regression of counts: whether there is an event at all, and how many where there is.

    ``P(y = 0) = 1 − p`` and ``P(y) = p f(y) / (1 − f(0))``, with a logit for ``p`` and with ``f`` Poisson or negative
    binomial (NB2) with mean ``μ = exposure · exp(offset + Xβ)`` (Mullahy 1986). The mean is ``p μ / (1 − f(0))``.
    Coefficients of the binary part are those of any event: their signs are opposite to those of :class:`ZeroInflated`.

    Parameters
    ----------
    count
        ``"poisson"`` or ``"negative_binomial"``.
    zeros
        The regressors of ``p``, such as ``"x + z"``; ``"1"`` for the intercept alone. Unless given, those of the
        formula.
    exposure, offset
        As for :class:`Poisson`; they belong to the counts.
    suppressed, bounds
        Counts known only as intervals, as for :class:`Poisson`.
    weights, frequency_weights, cluster, covariance, ssc, panel, tolerance, max_iterations
        As for :class:`Poisson`; covariances by leverage (HC2 to HC4, CR2, CR3) are refused.
    keep_singletons
        Not here: there are no absorbed effects.

    Examples
    --------
    >>> import averted as av
    >>> fit = av.Hurdle().fit("deaths ~ 1", {"deaths": [0, 0, 0, 0, 0, 1, 2, 3, 4]})
    >>> round(fit.coefficients["zero: (Intercept)"], 9)  # four of nine are above zero
    -0.223143551
    """

    _model: ClassVar[str] = "hurdle"
    _inner: Any = dataclasses.field(init=False, compare=False)
