"""Regressions of counts and rates on covariates, with any number of absorbed effects.

A specification (:class:`Ols`, :class:`Poisson`) is cheap and prints as a sentence; ``fit`` takes a formula and data and
returns an immutable fit. The covariance is a second step: :meth:`RegressionFit.with_covariance` refits nothing.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np

from averted import _core
from averted._errors import AvertedWarning, InputError
from averted._frames import Kind, frame_in, frame_out, labels_in, snapshot
from averted._result import Result, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

    OnNonconvergence = Literal["raise", "note"]
    Arrays = ArrayLike | Mapping[str, ArrayLike]


class Cluster:
    """Standard errors that allow for errors related within the levels of columns.

    Parameters
    ----------
    *columns
        One column, or several for clustering several ways (Cameron, Gelbach & Miller 2011).

    Examples
    --------
    >>> import averted as av
    >>> av.Cluster("state", "year")
    clustered by state and year
    """

    __slots__ = ("columns",)
    #: The columns.
    columns: tuple[str, ...]

    def __init__(self, *columns: str) -> None:
        if not columns or not all(isinstance(column, str) for column in columns):
            raise InputError(f"Cluster{columns!r}: give the names of one or more columns")
        object.__setattr__(self, "columns", columns)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Cluster cannot be changed ({name})")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cluster) and self.columns == other.columns

    def __hash__(self) -> int:
        return hash(self.columns)

    def __reduce__(self) -> Any:
        return Cluster, self.columns

    def __repr__(self) -> str:
        return f"clustered by {' and '.join(self.columns)}"


@dataclass(frozen=True, kw_only=True, repr=False)
class _Specification:
    """What the specifications share."""

    weights: str | None = None
    frequency_weights: str | None = None
    cluster: str | Sequence[str] | None = None
    covariance: str | Cluster = "classical"
    ssc: str = "fixest"
    panel: tuple[str, str] | None = None
    keep_singletons: bool = False

    _model: ClassVar[str]
    _inner: _core.Regression = dataclasses.field(init=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("exposure", "offset", "weights", "frequency_weights"):
            value = getattr(self, name, None)
            if value is not None and not isinstance(value, str):
                raise InputError(f"{name} = {type(value).__name__}: must be the name of a column or an expression")
        if self.weights is not None and self.frequency_weights is not None:
            raise InputError("weights and frequency_weights are both given: rows have one kind of weight")
        panel = None if self.panel is None or isinstance(self.panel, str) else tuple(self.panel)
        if self.panel is not None and (
            panel is None or len(panel) != 2 or not all(isinstance(name, str) for name in panel)
        ):
            raise InputError(f'panel = {self.panel!r}: must be two columns, such as ("state", "year")')
        object.__setattr__(self, "panel", panel)
        if isinstance(self.cluster, list):
            object.__setattr__(self, "cluster", tuple(self.cluster))
        object.__setattr__(self, "_inner", self._build(*_covariance(self.covariance, self.cluster)))

    def _build(self, kind: str, cluster: list[str]) -> _core.Regression:
        return _core.Regression(
            self._model,
            exposure=getattr(self, "exposure", None),
            offset=getattr(self, "offset", None),
            weights=self.weights,
            frequency_weights=self.frequency_weights,
            covariance=kind,
            cluster=cluster,
            ssc=self.ssc,
            panel=self.panel,
            keep_singletons=self.keep_singletons,
            tolerance=getattr(self, "tolerance", 1e-8),
            max_iterations=getattr(self, "max_iterations", 100),
        )

    def __repr__(self) -> str:
        return str(self._inner)

    def __reduce__(self) -> Any:
        return _remade, (type(self), {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.init})

    def _columns(self, formula: str, data: Any) -> set[str]:
        """The columns that a fit reads."""
        expressions = [getattr(self, name, None) for name in ("exposure", "offset", "weights", "frequency_weights")]
        needed = {*_core.formula_columns(formula), *(self.panel or ()), *_covariance(self.covariance, self.cluster)[1]}
        known = set(_names(data))
        for text in filter(None, expressions):
            needed.update([text] if text in known else _expression_columns(text))
        return needed

    def _fit(self, formula: str, data: Any, on_nonconvergence: str) -> tuple[_core.RegressionFit, Kind]:
        raises = _raises(on_nonconvergence)
        core = getattr(data, "_core", data)
        if isinstance(core, _core.Panel):
            return self._inner.fit(formula, core, raises), getattr(data, "_kind", "dict")
        frame, kind = frame_in(data, self._columns(formula, data))
        return self._inner.fit(formula, frame, raises), kind

    def _fit_arrays(
        self,
        outcome: ArrayLike,
        x: ArrayLike | None,
        absorb: Arrays | Sequence[ArrayLike] | None,
        cluster: Arrays | None,
        names: Sequence[str] | None,
        on_nonconvergence: str,
        **columns: ArrayLike | None,
    ) -> _core.RegressionFit:
        y = _numbers("y", outcome)
        regressors = np.empty((len(y), 0)) if x is None else _matrix(x)
        names = [f"x{j + 1}" for j in range(regressors.shape[1])] if names is None else [str(n) for n in names]
        clusters = _labelled("cluster", cluster)
        kind, known = _covariance(self.covariance, self.cluster)
        core = self._inner if known or not clusters else self._build(kind, [name for name, _ in clusters])
        given = {name: (name, _numbers(name, v)) for name, v in columns.items() if v is not None}
        if "weights" in given and "frequency_weights" in given:
            raise InputError("weights and frequency_weights are both given: rows have one kind of weight")
        return core.fit_arrays(
            ("y", y),
            regressors,
            names,
            _labelled("effect", absorb),
            clusters,
            _raises(on_nonconvergence),
            exposure=given.get("exposure"),
            offset=given.get("offset"),
            weights=given.get("weights") or given.get("frequency_weights"),
            frequency="frequency_weights" in given,
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class Ols(_Specification):
    """Ordinary and weighted least squares.

    Parameters
    ----------
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
    >>> av.Ols(cluster="state")
    Least squares, standard errors clustered by state, small sample fixest
    >>> fit = av.Ols().fit("y ~ x", {"y": [1, 2, 2, 4], "x": [0, 1, 2, 3]})
    >>> round(fit.coefficients["x"], 12)
    0.9
    """

    _model: ClassVar[str] = "ols"

    def fit(self, formula: str, data: Any) -> OlsFit:
        """Fit a formula to data.

        Parameters
        ----------
        formula
            ``outcome ~ terms | absorbed effects``; the grammar stands in the documentation (docs/formula.md).
        data
            A :class:`averted.Panel`, or any frame or mapping of names to arrays.

        Raises
        ------
        InputError
            For a formula that cannot be read, unknown columns, values that are not finite, weights that are not
            positive, fewer observations than parameters, fewer than two clusters, and when nothing is left to estimate.
        """
        core, kind = self._fit(formula, data, "raise")
        return OlsFit(core, kind, self, (formula, snapshot(data)))

    def fit_arrays(
        self,
        y: ArrayLike,
        X: ArrayLike | None = None,
        *,
        absorb: Arrays | Sequence[ArrayLike] | None = None,
        cluster: Arrays | None = None,
        weights: ArrayLike | None = None,
        frequency_weights: ArrayLike | None = None,
        names: Sequence[str] | None = None,
    ) -> OlsFit:
        """Fit arrays: the quick way in. No intercept is added.

        Parameters
        ----------
        y, X
            The outcome, and the regressors, one column each.
        absorb
            Labels of absorbed effects: a list of arrays, or a mapping of names to arrays.
        cluster
            Labels of clusters: an array, or a mapping of names to arrays.
        weights, frequency_weights
            As in the specification.
        names
            Names of the regressors.

        Raises
        ------
        InputError
            As for :meth:`fit`; also for missing values, which a formula would leave out.
        """
        given = {"weights": weights, "frequency_weights": frequency_weights}
        core = self._fit_arrays(y, X, absorb, cluster, names, "raise", **given)
        return OlsFit(core, "dict", self, None)


@dataclass(frozen=True, kw_only=True, repr=False)
class Poisson(_Specification):
    """Poisson regression of counts and rates.

    The estimates are consistent whenever the mean is right, whatever the distribution of the outcome; cluster the
    standard errors, or take ``covariance="HC1"``, unless its variance equals its mean.

    Parameters
    ----------
    exposure
        Column or expression that the mean is proportional to: people, person-years. Of a panel it is the population
        unless said otherwise.
    offset
        Column or expression added to the linear predictor, such as ``"log(population)"``.
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
    tolerance
        The root mean square of the last step in the linear predictor.
    max_iterations
        Newton steps before giving up.
    keep_singletons
        Keep rows alone in a level of an absorbed effect.

    Examples
    --------
    >>> import averted as av
    >>> av.Poisson(exposure="people", cluster="state")
    Poisson regression, exposure people, standard errors clustered by state, small sample fixest
    >>> data = {"deaths": [3, 6, 4, 10], "people": [1e5, 1e5, 2e5, 2e5], "after": [0, 1, 0, 1], "state": list("aabb")}
    >>> fit = av.Poisson(exposure="people").fit("deaths ~ after | state", data)
    >>> round(fit.coefficients["after"], 6)
    0.826679
    """

    exposure: str | None = None
    offset: str | None = None
    tolerance: float = 1e-8
    max_iterations: int = 100

    _model: ClassVar[str] = "poisson"

    def fit(self, formula: str, data: Any, *, on_nonconvergence: OnNonconvergence = "raise") -> PoissonFit:
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
        InputError
            For a formula that cannot be read, unknown columns, negative or infinite outcomes, weights or exposures that
            are not positive, fewer observations than parameters, fewer than two clusters, and when nothing is left to
            estimate.
        ConvergenceError
            When the fit did not converge.
        """
        core, kind = self._fit(formula, data, on_nonconvergence)
        return PoissonFit(core, kind, self, (formula, snapshot(data), on_nonconvergence))

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
        names: Sequence[str] | None = None,
        on_nonconvergence: OnNonconvergence = "raise",
    ) -> PoissonFit:
        """Fit arrays: the quick way in. No intercept is added.

        Parameters
        ----------
        y, X
            The outcome, and the regressors, one column each.
        absorb
            Labels of absorbed effects: a list of arrays, or a mapping of names to arrays.
        cluster
            Labels of clusters: an array, or a mapping of names to arrays.
        exposure, offset, weights, frequency_weights
            As in the specification.
        names
            Names of the regressors.
        on_nonconvergence
            As for :meth:`fit`.

        Raises
        ------
        InputError, ConvergenceError
            As for :meth:`fit`; InputError also for missing values, which a formula would leave out.
        """
        given = {"exposure": exposure, "offset": offset, "weights": weights, "frequency_weights": frequency_weights}
        core = self._fit_arrays(y, X, absorb, cluster, names, on_nonconvergence, **given)
        return PoissonFit(core, "dict", self, None)


class RegressionFit(Result):
    """A fitted regression: immutable, and safe to share between threads."""

    def __init__(
        self, core: _core.RegressionFit, kind: Kind, specification: _Specification, source: tuple[Any, ...] | None
    ) -> None:
        self._core = core
        self._kind = kind
        #: The specification that was fitted.
        self.specification = specification
        # What `fit` was called with, for cluster variables that it had no need of, and to pickle.
        self._source = source
        # What `with_covariance` was last called with.
        self._second: tuple[str, list[str], str | None] | None = None

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
        """Degrees of freedom of the t that tests read; infinite for the normal."""
        return self._core.degrees_of_freedom

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
        covariance: str | Cluster | None = None,
        *,
        cluster: str | Sequence[str] | None = None,
        ssc: str | None = None,
    ) -> Self:
        """Return the same fit with another covariance; nothing is fitted again.

        Parameters
        ----------
        covariance
            ``"classical"``, ``"HC1"``, ``"HC0"`` or ``Cluster("state")``; as it was unless given.
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
            kind, columns = self._chosen()
        else:
            kind, columns = _covariance("classical" if covariance is None else covariance, cluster)
        more = None
        if (
            columns
            and self._source is not None
            and not isinstance(getattr(self._source[1], "_core", None), _core.Panel)
        ):
            more = frame_in(self._source[1], columns)[0]
        made = type(self)(
            self._core.with_covariance(kind, columns, ssc, more), self._kind, self.specification, self._source
        )
        made._second = (kind, columns, ssc if ssc is not None else self._core.inference[1])
        return made

    def _chosen(self) -> tuple[str, list[str]]:
        if self._second is not None:
            return self._second[0], self._second[1]
        return _covariance(self.specification.covariance, self.specification.cluster)

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
            Of the interval: 0.95 for 95 %.

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

    def fixed_effects(self) -> Any:
        """The absorbed effects as a frame: ``effect, level, intercept``, and ``slope1, …`` where slopes vary.

        Effects are known up to constants: those after the first are zero at their first level.
        """
        found = self._core.fixed_effects()
        most = max((len(slopes) for *_, slopes in found), default=0)
        columns: dict[str, Any] = {
            "effect": [name for name, labels, *_ in found for _ in labels],
            "level": [label for _, labels, *_ in found for label in labels],
            "intercept": _stack([intercepts for _, _, intercepts, _ in found]),
        }
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
        return _refitted, (self.specification, self._source, self._second)


class OlsFit(RegressionFit):
    """A fitted linear regression."""

    @property
    def r_squared(self) -> float:
        """R²."""
        return dict(self._core.statistics)["r_squared"]

    @property
    def sigma(self) -> float:
        """The residual standard error."""
        return dict(self._core.statistics)["sigma"]


class PoissonFit(RegressionFit):
    """A fitted Poisson regression."""

    @property
    def deviance(self) -> float:
        """Twice the distance of the log-likelihood from that of a perfect fit."""
        return dict(self._core.statistics)["deviance"]

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


def _covariance(covariance: str | Cluster, cluster: str | Sequence[str] | None) -> tuple[str, list[str]]:
    """Kind and cluster columns."""
    if isinstance(covariance, Cluster):
        if cluster is not None:
            raise InputError("cluster and covariance=Cluster(…) are both given: give one")
        return "classical", list(covariance.columns)
    if not isinstance(covariance, str):
        raise InputError(f"covariance = {covariance!r}: must be 'classical', 'HC1', 'HC0' or Cluster(…)")
    if cluster is None:
        return covariance, []
    if covariance != "classical":
        raise InputError(f"cluster and covariance = {covariance!r} are both given: give one")
    columns = [cluster] if isinstance(cluster, str) else list(cluster)
    if not columns or not all(isinstance(column, str) for column in columns):
        raise InputError(f"cluster = {cluster!r}: must be one column or a list of columns")
    return "classical", columns


def _raises(on_nonconvergence: str) -> bool:
    if on_nonconvergence not in ("raise", "note"):
        raise InputError(f"on_nonconvergence = {on_nonconvergence!r}: must be 'raise' or 'note'")
    return on_nonconvergence == "raise"


def _names(data: Any) -> list[str]:
    """Names of the columns of whatever came in."""
    if isinstance(data, (Mapping, _core.Frame)):
        return [str(name) for name in (data if isinstance(data, Mapping) else data.names)]
    names = getattr(data, "column_names", getattr(data, "columns", []))
    return [str(name) for name in names]


def _expression_columns(text: str) -> list[str]:
    try:
        return _core.formula_columns(f"{text} ~ 1")
    except InputError:
        # The fit will say what is wrong with it, and where.
        return [text]


def _numbers(name: str, values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values)
    if array.ndim != 1 or array.dtype.kind not in "biuf":
        raise InputError(f"{name}: expected one dimension of numbers, found {array.ndim} of {array.dtype}")
    return array.astype(np.float64, copy=False)


def _matrix(values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values)
    if array.ndim == 1:
        array = array.reshape(-1, 1)
    if array.ndim != 2 or array.dtype.kind not in "biuf":
        raise InputError(f"X: expected two dimensions of numbers, found {array.ndim} of {array.dtype}")
    return array.astype(np.float64, copy=False)


def _labelled(stem: str, arrays: Any) -> list[tuple[str, Any]]:
    """Labels by name: of a mapping, a list of arrays, or one array."""
    if arrays is None:
        return []
    if isinstance(arrays, Mapping):
        return [(str(name), labels_in(str(name), values)) for name, values in arrays.items()]
    several = isinstance(arrays, (list, tuple)) and len(arrays) > 0 and np.ndim(arrays[0]) == 1
    listed = list(arrays) if several else [arrays]
    names = [stem] if len(listed) == 1 else [f"{stem}{j + 1}" for j in range(len(listed))]
    return [(name, labels_in(name, values)) for name, values in zip(names, listed, strict=True)]


def _stack(parts: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.concatenate(parts) if parts else np.empty(0)


def _remade(kind: type[_Specification], settings: dict[str, Any]) -> _Specification:
    return kind(**settings)


def _refitted(
    specification: Any, source: tuple[Any, ...], second: tuple[str, list[str], str | None] | None
) -> RegressionFit:
    formula, data, *rest = source
    fit: RegressionFit = specification.fit(formula, data, **({"on_nonconvergence": rest[0]} if rest else {}))
    if second is None:
        return fit
    kind, columns, ssc = second
    return fit.with_covariance(Cluster(*columns) if columns else kind, ssc=ssc)
