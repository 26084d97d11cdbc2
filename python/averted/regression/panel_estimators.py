"""The other estimators of panels, and errors that follow an autoregression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from averted._frames import frame_out, snapshot
from averted.regression.diagnostics import Tested
from averted.regression.fit import RegressionFit
from averted.regression.related import DriscollKraay
from averted.regression.specification import _Specification

if TYPE_CHECKING:
    from averted.regression.covariance import Covariance


class TransformedFit(RegressionFit, Tested):
    """A fitted regression of transformed rows; predictions and residuals are of the rows as they came."""


class FamaMacBethFit(RegressionFit):
    """A fitted mean of regressions by period."""

    @property
    def by_period(self) -> Any:
        """The coefficients of every period that tells all of them, as a frame of the kind that came in.

        ``period`` is the period's number on the calendar (the year of annual data), then a column a coefficient.
        """
        found = self._core.by_period
        assert found is not None
        periods, coefficients = found
        columns = {name: coefficients[:, j] for j, name in enumerate(self.terms)}
        return frame_out({"period": periods, **columns}, self._kind)


@dataclass(frozen=True, kw_only=True, repr=False)
class _Transformed(_Specification):
    """What the specifications with one kind of fit share."""

    def fit(self, formula: str, data: Any) -> TransformedFit:
        """Fit a formula to a panel.

        Parameters
        ----------
        formula
            ``outcome ~ terms``; the grammar stands in the documentation (docs/formula.md).
        data
            A :class:`averted.Panel`, or any frame or mapping of names to arrays with ``panel=`` set.

        Raises
        ------
        InputError
            As for :meth:`Ols.fit`; without unit and time, and for weights and absorbed effects that the model does not
            take.
        ConvergenceError
            Of :class:`Ar1`.
        """
        core, kind = self._fit(formula, data, "raise")
        return TransformedFit(core, kind, self, (formula, snapshot(data)))


@dataclass(frozen=True, kw_only=True, repr=False)
class RandomEffects(_Transformed):
    """Random effects of units: least squares of ``y - θȳ`` on ``x - θx̄`` (Swamy & Arora 1972; Baltagi & Chang 1994).

    They suppose that regressors are unrelated to what a unit has for itself; ``fit.specification_test("hausman")`` and
    ``"mundlak"``, which goes by the covariance of the fit, ask whether they are.

    Parameters
    ----------
    cluster, covariance, ssc, panel
        As for :class:`Ols`. Weights and absorbed effects are refused.

    Examples
    --------
    >>> import averted as av
    >>> data = av.datasets.load("us_states")
    >>> spec = av.RandomEffects(panel=("state", "year"), cluster="state")
    >>> fit = spec.fit("log(homicides / population) ~ unemployment_rate", data)
    >>> test = fit.specification_test("mundlak")
    >>> test.against
    'F(1, 50)'
    """

    _model: ClassVar[str] = "random_effects"


@dataclass(frozen=True, kw_only=True, repr=False)
class Between(_Transformed):
    """Regression of the means of units: what differs between them.

    Parameters
    ----------
    cluster, covariance, ssc, panel
        As for :class:`Ols`. Clusters must not change within a unit; covariances over time and in space, weights and
        absorbed effects are refused.

    Examples
    --------
    >>> import averted as av
    >>> data = {"y": [1, 3, 5, 7, 3, 4], "x": [0, 2, 3, 3, 1, 3], "state": list("aabbcc"), "year": [1, 2] * 3}
    >>> fit = av.Between(panel=("state", "year")).fit("y ~ x", data)
    >>> round(fit.coefficients["x"], 12)  # the means are (1, 2), (3, 6) and (2, 3.5)
    2.0
    """

    _model: ClassVar[str] = "between"


@dataclass(frozen=True, kw_only=True, repr=False)
class FirstDifferences(_Transformed):
    """Regression of differences from the period before; across a gap there is none.

    Effects of units fall out, those of periods may be absorbed (``| year``). Predictions of levels are refused.

    Parameters
    ----------
    drift
        Add a constant to the differences: a trend that all units have in common.
    cluster, covariance, ssc, panel
        As for :class:`Ols`. Cluster by unit: differences of unrelated errors are related. Weights are refused.

    Examples
    --------
    >>> import averted as av
    >>> data = {"y": [1, 3, 9, 5, 6, 3], "x": [0, 1, 2, 0, 1, 3], "state": list("aaabbb"), "year": [1, 2, 4] * 2}
    >>> fit = av.FirstDifferences(panel=("state", "year")).fit("y ~ x", data)
    >>> fit.coefficients["x"], fit.dropped  # year 4 has no year 3
    (1.5, {'without the period before': 4})
    """

    drift: bool = False

    _model: ClassVar[str] = "first_differences"

    def _choices(self) -> list[str]:
        return ["drift"] if self.drift else []


@dataclass(frozen=True, kw_only=True, repr=False)
class Ar1(_Transformed):
    """Least squares under errors ``u_t = rho u_{t-1} + e`` (Prais & Winsten 1954; Cochrane & Orcutt 1949).

    Coefficients and rho are found in turn until rho stays. A panel has one rho, and a gap begins a series anew. Data
    without unit and time are one series in the order of the rows.

    Parameters
    ----------
    drop_first
        Leave out the first row of every series (Cochrane & Orcutt), in the place of weighing it (Prais & Winsten).
    rho
        The autocorrelation, if it is known.
    tolerance, max_iterations
        How little rho must change at last, and how often it is found anew before giving up.
    cluster, covariance, ssc, panel
        As for :class:`Ols`. Weights and absorbed effects are refused.

    Examples
    --------
    >>> import averted as av
    >>> data = {"y": [1.0, 2.2, 2.9, 4.3, 5.4, 6.1, 6.8, 8.2], "x": range(8)}
    >>> fit = av.Ar1(rho=0.5).fit("y ~ x", data)
    >>> round(fit.coefficients["x"], 3)
    1.014
    """

    drop_first: bool = False
    rho: float | None = None
    tolerance: float = 1e-10
    max_iterations: int = 200

    _model: ClassVar[str] = "ar1"

    def _choices(self) -> list[str]:
        return ["drop_first"] if self.drop_first else []


@dataclass(frozen=True, kw_only=True, repr=False)
class FamaMacBeth(_Specification):
    """A regression for every period, and the mean of their coefficients (Fama & MacBeth 1973).

    Periods that cannot tell all coefficients are left out.

    Parameters
    ----------
    covariance
        That of a mean of independent periods unless given; ``DriscollKraay(2)`` lets their coefficients be related over
        two lags.
    ssc
        ``"mean"``, ``T / (T - 1)`` and ``t(T - 1)``, unless given.
    weights, frequency_weights, cluster, panel
        As for :class:`Ols`. Absorbed effects are refused.

    Examples
    --------
    >>> import averted as av
    >>> data = {"y": [1, 1, 3, 2, 5, 3], "x": [0, 0, 1, 1, 2, 2], "state": list("aabbcc"), "year": [1, 2] * 3}
    >>> fit = av.FamaMacBeth(panel=("state", "year")).fit("y ~ x", data)
    >>> round(fit.coefficients["x"], 12), round(fit.std_errors["x"], 12)  # slopes of 2 and 1
    (1.5, 0.5)
    >>> fit.by_period["x"].round(12).tolist()
    [2.0, 1.0]
    """

    ssc: str = "mean"

    _model: ClassVar[str] = "fama_macbeth"
    _usual: ClassVar[Covariance] = DriscollKraay(0)

    def fit(self, formula: str, data: Any) -> FamaMacBethFit:
        """Fit a formula to a panel.

        Parameters
        ----------
        formula
            ``outcome ~ terms``; the grammar stands in the documentation (docs/formula.md).
        data
            A :class:`averted.Panel`, or any frame or mapping of names to arrays with ``panel=`` set.

        Raises
        ------
        InputError
            As for :meth:`Ols.fit`; without unit and time, for absorbed effects and classical standard errors, and when
            fewer than two periods tell all coefficients.
        """
        core, kind = self._fit(formula, data, "raise")
        return FamaMacBethFit(core, kind, self, (formula, snapshot(data)))
