"""Specification tests of a fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from averted import _core
from averted._result import Result, Table
from averted.regression._fitted import Fitted

if TYPE_CHECKING:
    from averted._frames import Kind

_Answer = tuple[str, str, float, str, float, list[tuple[str, float]]]


class SpecificationTest(Result):
    """The answer of a specification test."""

    def __init__(self, answer: _Answer, table: Table, kind: Kind) -> None:
        #: Which test.
        self.name = answer[0]
        #: What it supposes.
        self.null = answer[1]
        #: The statistic.
        self.statistic = answer[2]
        #: What it is compared with, such as ``"χ²(2)"``.
        self.against = answer[3]
        #: The p-value.
        self.p_value = answer[4]
        #: The quantities behind it, such as an autocorrelation or a dispersion.
        self.estimates = dict(answer[5])
        self._table = table
        self._kind = kind

    def summary(self) -> Table:
        """Return a table of one row."""
        return self._table

    def _glance(self) -> dict[str, Any]:
        return {
            "test": self.name,
            "statistic": self.statistic,
            "against": self.against,
            "p_value": self.p_value,
            **self.estimates,
        }


class Diagnostics(Result):
    """The specification tests that a model has, as far as they are defined for the fit."""

    def __init__(self, core: _core.RegressionFit, kind: Kind) -> None:
        answers, undefined, condition_number, table = _core.specification_tests(core)
        self._answers = answers
        #: Tests that are not defined for the fit, and why.
        self.undefined = dict(undefined)
        #: The largest over the smallest singular value of the regressors, weighted and off the effects.
        self.condition_number = condition_number
        self._table = Table(table)
        self._kind = kind

    @property
    def p_values(self) -> dict[str, float]:
        """Test -> p-value."""
        return {answer[0]: answer[4] for answer in self._answers}

    @property
    def statistics(self) -> dict[str, float]:
        """Test -> statistic."""
        return {answer[0]: answer[2] for answer in self._answers}

    def summary(self) -> Table:
        """Return a table with a row a test."""
        return self._table

    def _glance(self) -> dict[str, Any]:
        return {"tests": len(self._answers), "condition_number": self.condition_number}


class Tested(Fitted):
    """What a fit answers about its own specification."""

    def specification_test(self, name: str, *, power: int = 3, lags: int = 1) -> SpecificationTest:
        """Run a specification test.

        Parameters
        ----------
        name
            ``"breusch_pagan"`` (Koenker's form) and ``"white"``: does the variance depend on the regressors;
            ``"reset"``: do powers of the fitted index belong to the model, under the covariance of the fit;
            ``"durbin_watson"`` (exact), ``"breusch_godfrey"``, ``"wooldridge"``: are errors related over time;
            ``"cross_section"`` (Pesaran's CD): across units; ``"cusum"``: do coefficients drift; ``"jarque_bera"``;
            ``"effects"``: F of the absorbed effects; ``"random_effects"``: LM of a variance between units. Of
            ``RandomEffects`` ``"hausman"`` and ``"mundlak"``: are regressors related to the effects of units. For
            counts ``"overdispersion"`` and ``"quadratic_overdispersion"`` (Cameron & Trivedi 1990), ``"pearson"``,
            ``"deviance"``, ``"reset"`` and ``"cross_section"``.
        power
            The highest power of ``"reset"``.
        lags
            How many lags ``"breusch_godfrey"`` takes.

        Raises
        ------
        InputError
            For tests that are not defined for the model, its weights or its effects, and for tests of panels where
            neither a panel nor ``panel=`` names unit and time.

        Examples
        --------
        >>> import averted as av
        >>> data = {"y": [1.0, 3, 2, 6, 4, 9, 5], "x": [1.0, 2, 3, 4, 5, 6, 7]}
        >>> fit = av.Ols().fit("y ~ x", data)
        >>> test = fit.specification_test("breusch_pagan")
        >>> test.against, round(test.statistic, 4)
        ('χ²(1)', 4.0633)
        """
        answer, table = _core.specification_test(self._core, name, power, lags)
        return SpecificationTest(answer, Table(table), self._kind)

    def diagnostics(self) -> Diagnostics:
        """Run the specification tests that the model has; those of time and units where the data know both.

        Returns
        -------
        Diagnostics
            A row a test; those that are not defined for the fit are in the notes, with the reason.

        Examples
        --------
        >>> import averted as av
        >>> data = {"y": [1.0, 3, 2, 6, 4, 9, 5], "x": [1.0, 2, 3, 4, 5, 6, 7]}
        >>> sorted(av.Ols().fit("y ~ x", data).diagnostics().p_values)
        ['breusch_pagan', 'jarque_bera', 'reset', 'white']
        """
        return Diagnostics(self._core, self._kind)
