"""Fits of regressions: coefficients, covariances, tests, predictions."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from averted import _core
from averted._errors import AvertedWarning, InputError
from averted._frames import Kind, frame_in, frame_out
from averted._result import Result, Table
from averted.regression.clusters import ClusterDiagnostics
from averted.regression.covariance import Covariance, accepted, chosen
from averted.regression.diagnostics import Tested
from averted.regression.margins import AfterFit
from averted.regression.related import Reach
from averted.regression.resampling import ScoreBootstrap, WildBootstrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from averted.regression.specification import _Specification


class RegressionFit(AfterFit):
    """A fitted regression: immutable, and safe to share between threads."""

    def __init__(
        self, core: _core.RegressionFit, kind: Kind, specification: _Specification, source: tuple[Any, ...] | None
    ) -> None:
        self._core = core
        self._kind = kind
        #: The specification that was fitted.
        self.specification = specification
        self._source = source
        # What `with_covariance` was last called with.
        self._second: tuple[Covariance, str | Sequence[str] | None, str | None] | None = None
        # The answer that it stands behind, through which it is pickled.
        self._behind: Any = None

    #  ── estimates

    @property
    def terms(self) -> list[str]:
        """Names of the coefficients."""
        return self._core.names

    @property
    def coefficients(self) -> dict[str, float]:
        """Term -> estimate."""
        return dict(zip(self._core.names, self._core.coefficients.tolist(), strict=True))

    @property
    def std_errors(self) -> dict[str, float]:
        """Term -> standard error."""
        return dict(zip(self._core.names, self._core.std_errors.tolist(), strict=True))

    @property
    def covariance(self) -> NDArray[np.float64]:
        """The covariance of the coefficients, in the order of :attr:`terms`."""
        return self._core.covariance

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

    @property
    def log_likelihood(self) -> float:
        """The log-likelihood at its maximum."""
        return self._core.log_likelihood

    #  ── rows

    @property
    def rows(self) -> NDArray[np.uint64]:
        """The rows of the data that were used, from 0."""
        return self._core.rows

    @property
    def dropped(self) -> dict[str, int]:
        """How many rows were not used, by reason."""
        return {cause: count for cause, count, _ in self._core.dropped}

    @property
    def outcome(self) -> NDArray[np.float64]:
        """The outcome of every used row."""
        return self._core.outcome

    @property
    def fitted(self) -> NDArray[np.float64]:
        """The fitted mean of every used row."""
        return self._core.fitted

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
    def notes(self) -> list[str]:
        """What the caller should know: what was dropped, repaired or assumed."""
        return self._core.notes

    @property
    def effects(self) -> dict[str, int]:
        """The absorbed effects and how many levels each has."""
        return dict(self._core.effects)

    @property
    def clusters(self) -> list[int]:
        """How many clusters each cluster variable has."""
        return self._core.inference[2]

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

    #  ── second steps

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
            ``"classical"``, ``"HC0"`` to ``"HC4"``, ``Cluster("state")``, which has kinds for few clusters,
            ``NeweyWest()``, ``DriscollKraay()`` or ``Conley("lat", "lon", 100)``; as it was unless given.
        cluster
            Columns to cluster by, for short.
        ssc
            Small-sample convention; as it was unless given.

        Raises
        ------
        InputError
            For cluster variables that are not there, have gaps, or have fewer than two clusters.
        """
        if covariance is None and cluster is None:
            covariance, cluster = self._chosen()
        which: Covariance = "classical" if covariance is None else covariance
        kind, columns = chosen(which, cluster)
        core = self._core.with_covariance(kind, columns, ssc, self._more(columns))
        if (accept := accepted(which)) is not None:
            core = core.accept(*accept)
        made = type(self)(core, self._kind, self.specification, self._source)
        made._second = (which, cluster, ssc if ssc is not None else self._core.inference[1])
        made._behind = self._behind
        return made

    def _chosen(self) -> tuple[Covariance | None, str | Sequence[str] | None]:
        if self._second is not None:
            return self._second[0], self._second[1]
        return self.specification.covariance, self.specification.cluster

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

    def wald(self, hypotheses: str) -> Wald:
        """Test linear hypotheses jointly.

        Parameters
        ----------
        hypotheses
            ``"x = 0"``, ``"x = z"``, ``"2*x + z = 1"``; several separated by commas.
        """
        return Wald(hypotheses, *self._core.wald(hypotheses), kind=self._kind)

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

    def summary(self, level: float = 0.95) -> Table:
        """Return the coefficient table, with intervals at `level`, and everything that was decided on the way."""
        return Table(self._core.table(level))

    def tidy(self, level: float = 0.95) -> Any:
        """One row a term, with intervals at `level`, as a frame of the kind that came in."""
        return frame_out(self._tidy(level), self._kind)

    def _tidy(self, level: float = 0.95) -> Mapping[str, Sequence[Any]]:
        names = ("term", "estimate", "std_error", "statistic", "p_value", "lower", "upper")
        rows = self._core.rows_at(level)
        return {name: [row[j] for row in rows] for j, name in enumerate(names)}

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

    def plot(self, ax: Axes | None = None, *, terms: Sequence[str] | None = None, level: float = 0.95) -> Axes:
        """Draw the coefficients with their intervals.

        Parameters
        ----------
        ax
            Axes to draw on; ``None`` makes a figure.
        terms
            Which, and in which order; all but the intercept unless given.
        level
            Of the intervals.
        """
        from averted import _plot

        rows = {row[0]: row for row in self._core.rows_at(level)}
        chosen = [name for name in rows if name != "(Intercept)"] if terms is None else list(terms)
        for name in chosen:
            if name not in rows:
                raise InputError(f"no coefficient `{name}`; there are {', '.join(rows)}")
        ax = _plot.axes(ax, height=0.9 + 0.32 * max(len(chosen), 2))
        places = np.arange(len(chosen))[::-1]
        with _plot.style():
            for place, name in zip(places, chosen, strict=True):
                _, estimate, _, _, _, lower, upper = rows[name]
                ax.plot([lower, upper], [place, place], color=_plot.BLUE, linewidth=1.6)
                ax.plot([estimate], [place], "o", color=_plot.BLUE, markersize=5)
        ax.axvline(0.0, color=_plot.INK, linewidth=0.8, zorder=1)
        ax.set_yticks(places, chosen)
        ax.set_ylim(-0.6, len(chosen) - 0.4)
        _plot.label(ax, title=self._core.sentence, x=f"coefficient, {100 * level:g}% interval")
        return ax

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: Any) -> Self:
        return self

    def __reduce__(self) -> Any:
        if self._source is None:
            raise TypeError("a fit to arrays cannot be pickled: it does not keep them")
        if self._behind is not None:
            return _behind, (self._behind, self._second)
        return _refitted, (self.specification, self._source, self._second)


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


class Wald(Result):
    """The answer of a Wald test."""

    def __init__(
        self,
        hypothesis: str,
        statistic: float,
        restrictions: int,
        degrees: float,
        p_value: float,
        table: _core.Table,
        *,
        kind: Kind,
    ) -> None:
        #: What was tested.
        self.hypothesis = hypothesis
        #: F, or χ² where the reference is the normal.
        self.statistic = statistic
        #: Restrictions tested.
        self.restrictions = restrictions
        #: The denominator's degrees of freedom; infinite for χ².
        self.degrees_of_freedom = degrees
        #: The p-value.
        self.p_value = p_value
        self._table = Table(table)
        self._kind = kind

    def summary(self) -> Table:
        """Return a table with a row a restriction and the joint test in the note."""
        return self._table

    def _glance(self) -> dict[str, Any]:
        return {
            "hypothesis": self.hypothesis,
            "statistic": self.statistic,
            "restrictions": self.restrictions,
            "degrees_of_freedom": self.degrees_of_freedom,
            "p_value": self.p_value,
        }


def _stack(parts: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.concatenate(parts) if parts else np.empty(0)


def _behind(answer: Any, second: tuple[Covariance, str | Sequence[str] | None, str | None] | None) -> RegressionFit:
    return _looked_at(answer.regression, second)


def _refitted(
    specification: Any,
    source: tuple[Any, ...],
    second: tuple[Covariance, str | Sequence[str] | None, str | None] | None,
) -> RegressionFit:
    formula, data, *rest = source
    fit: RegressionFit = specification.fit(formula, data, **({"on_nonconvergence": rest[0]} if rest else {}))
    return _looked_at(fit, second)


def _looked_at(
    fit: RegressionFit, second: tuple[Covariance, str | Sequence[str] | None, str | None] | None
) -> RegressionFit:
    if second is None:
        return fit
    covariance, cluster, ssc = second
    return fit.with_covariance(covariance, cluster=cluster, ssc=ssc)
