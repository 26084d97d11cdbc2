"""Fits of regressions: what they add to estimates, and what each kind of model adds."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from averted import _core
from averted._errors import AvertedWarning
from averted._frames import Kind, frame_in, frame_out
from averted.regression.clusters import ClusterDiagnostics
from averted.regression.covariance import chosen
from averted.regression.diagnostics import Tested
from averted.regression.estimates import Estimated
from averted.regression.margins import AfterFit
from averted.regression.related import Reach
from averted.regression.resampling import ScoreBootstrap, WildBootstrap

if TYPE_CHECKING:
    from numpy.typing import NDArray


class RegressionFit(Estimated, AfterFit):
    """A fitted regression."""

    #  ── estimates

    @property
    def degrees_of_freedom(self) -> float:
        """Degrees of freedom of the t that tests read; infinite for the normal.

        Where every coefficient has its own (CR2), the smallest.
        """
        return self._core.degrees_of_freedom

    @property
    def coefficient_degrees(self) -> dict[str, float]:
        """Term -> degrees of freedom of its t; infinite for the normal."""
        return dict(zip(self._core.names, self._core.coefficient_degrees, strict=True))

    #  ── rows

    @property
    def linear_predictor(self) -> NDArray[np.float64]:
        """The linear predictor of every used row, offset and effects included."""
        return self._core.linear_predictor

    def residuals(self, kind: str = "response") -> NDArray[np.float64]:
        """Residuals of every used row.

        Parameters
        ----------
        kind
            ``"response"``; for counts also ``"pearson"`` and ``"deviance"``.
        """
        return self._core.residuals(kind)

    def leverage(self) -> NDArray[np.float64]:
        """Leverage of every used row: its part in its own fitted value, absorbed effects included.

        For counts, in the coordinates of the last Newton step.

        Raises
        ------
        InputError
            For instrumented regressions, and when the absorbed effects other than the largest have too many levels.
        """
        return self._core.leverage()

    def augment(self) -> Any:
        """Used rows as a frame of the kind that came in: position in the data, outcome, fitted mean, residual."""
        columns = {"row": self.rows, "outcome": self.outcome, "fitted": self.fitted, "residual": self.residuals()}
        return frame_out(columns, self._kind)

    #  ── what was decided on the way

    @property
    def effects(self) -> dict[str, int]:
        """The absorbed effects and how many levels each has."""
        return dict(self._core.effects)

    @property
    def reach(self) -> Reach | None:
        """How far in time related errors were taken to reach, under Newey–West and Driscoll–Kraay."""
        reach = self._core.reach
        return None if reach is None else Reach(*reach)

    @property
    def parameters_counted(self) -> int:
        """K, the parameters that the small-sample convention counts."""
        return self._core.inference[3]

    @property
    def small_sample_factor(self) -> float:
        """A, the factor for parameters that the small-sample convention gives."""
        return self._core.inference[4]

    def cluster_diagnostics(self, cluster: str | None = None) -> ClusterDiagnostics:
        """What the clusters are like: sizes, treated clusters, effective number, leverage, influence.

        Carter, Schnepel & Steigerwald (2017); MacKinnon, Nielsen & Webb (2023). For counts, in the coordinates of
        the last Newton step.

        Parameters
        ----------
        cluster
            The column of the clusters; that of the standard errors unless given, of several the one with the fewest.

        Raises
        ------
        InputError
            Without clusters, and where effects other than the largest have too many levels for leverages.

        Examples
        --------
        >>> import averted as av
        >>> data = av.datasets.load("us_states")
        >>> spec = av.Poisson(exposure="population", cluster="state")
        >>> fit = spec.fit("homicides ~ unemployment_rate | state + year", data)
        >>> round(fit.cluster_diagnostics().effective["unemployment_rate"], 1)  # of 51
        16.3
        """
        columns = [cluster] if cluster is not None else chosen(*self._chosen())[1]
        return ClusterDiagnostics(_core.cluster_diagnostics(self._core, cluster, self._more(columns)), self._kind)

    def predict(self, data: Any, level: float = 0.95) -> Any:
        """Predict means for new data, with their standard errors; exposure and offset are read from the new data, too.

        Parameters
        ----------
        data
            A frame, panel or mapping with the columns of the formula.
        level
            Of the interval of the mean: 0.95 for 95 %. A new count varies about its mean as well, and falls outside
            more often.

        Returns
        -------
        frame
            ``estimate, std_error, lower, upper``, a row each, of the kind of `data`; NaN where something is missing or
            the data of the fit cannot tell.

        Raises
        ------
        InputError
            For a fit to arrays, unknown columns, and levels that the fit has not seen.
        """
        core = getattr(data, "_core", data)
        if isinstance(core, _core.Panel):
            kind: Kind = getattr(data, "_kind", "dict")
        else:
            core, kind = frame_in(data)
        estimate, std_error, lower, upper, notes = self._core.predict(core, level)
        for note in notes:
            warnings.warn(note, AvertedWarning, stacklevel=2)
        columns = {"estimate": estimate, "std_error": std_error, "lower": lower, "upper": upper}
        return frame_out(columns, kind)

    def fixed_effects(self, *, std_errors: bool = False) -> Any:
        """The absorbed effects as a frame: ``effect, level, intercept``, and ``slope1, …`` where slopes vary.

        Effects are known up to constants: those after the first are zero at their first level.

        Parameters
        ----------
        std_errors
            Whether to add ``std_error``, from the fit's covariance: of a level of the first effect with the first level
            of all others, and of the distance of another effect's level from its first. It takes a solve a level. NaN
            where no chain of rows connects the levels.
        """
        found = self._core.fixed_effects()
        most = max((len(slopes) for *_, slopes in found), default=0)
        columns: dict[str, Any] = {
            "effect": [name for name, labels, *_ in found for _ in labels],
            "level": [label for _, labels, *_ in found for label in labels],
            "intercept": _stack([intercepts for _, _, intercepts, _ in found]),
        }
        if std_errors:
            columns["std_error"] = _stack([np.asarray(errors) for errors in self._core.fixed_effect_errors()])
        for j in range(most):
            parts = [slopes[j] if j < len(slopes) else np.full(len(labels), np.nan) for _, labels, _, slopes in found]
            columns[f"slope{j + 1}"] = _stack(parts)
        return frame_out(columns, self._kind)

    #  ── the result contract

    def _glance(self) -> dict[str, Any]:
        covariance, convention, _, counted, _ = self._core.inference
        return {
            "model": self._core.sentence,
            **dict(self._core.statistics),
            "parameters": self._core.parameters,
            "covariance": covariance,
            "small_sample": convention,
            "parameters_counted": counted,
            "degrees_of_freedom": self._core.degrees_of_freedom,
        }


class OlsFit(RegressionFit, Tested, WildBootstrap):
    """A fitted linear regression."""

    @property
    def r_squared(self) -> float:
        """R²."""
        return dict(self._core.statistics)["r_squared"]

    @property
    def sigma(self) -> float:
        """The residual standard error."""
        return dict(self._core.statistics)["sigma"]


class ClimbedFit(RegressionFit):
    """A fit by Newton steps."""

    @property
    def deviance(self) -> float:
        """Twice the distance of the log-likelihood from that of a perfect fit; NaN where counts are hidden."""
        return dict(self._core.statistics).get("deviance", float("nan"))

    @property
    def converged(self) -> bool:
        """Whether the fit converged; only one told to note it can say no."""
        return self._convergence[3]

    @property
    def iterations(self) -> int:
        """Newton steps."""
        return self._convergence[0]

    @property
    def score(self) -> float:
        """The largest score in units of its standard deviation: how far from the maximum the fit stopped."""
        return self._convergence[2]

    @property
    def separated(self) -> dict[int, float]:
        """Rows whose zeros a combination of regressors and effects predicts perfectly, and its value in each."""
        return dict(self._core.separated)

    @property
    def _convergence(self) -> tuple[int, int, float, bool]:
        found = self._core.convergence
        assert found is not None
        return found

    def _glance(self) -> dict[str, Any]:
        return {**super()._glance(), "iterations": self.iterations, "converged": self.converged}


class CountFit(ClimbedFit):
    """A fitted regression of counts."""


class PoissonFit(CountFit, Tested, ScoreBootstrap):
    """A fitted Poisson regression."""


def _stack(parts: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.concatenate(parts) if parts else np.empty(0)
