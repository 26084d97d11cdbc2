"""Specifications: what is to be fitted, told once, and fitted to a formula and data or to arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from averted import _core
from averted._errors import InputError
from averted._frames import Kind, frame_in, labels_in, snapshot
from averted.regression.covariance import Covariance, accepted, chosen
from averted.regression.fit import OlsFit, PoissonFit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    OnNonconvergence = Literal["raise", "note"]
    Arrays = ArrayLike | Mapping[str, ArrayLike]


@dataclass(frozen=True, kw_only=True, repr=False)
class _Specification:
    """What the specifications share."""

    weights: str | None = None
    frequency_weights: str | None = None
    cluster: str | Sequence[str] | None = None
    covariance: Covariance | None = None
    ssc: str = "fixest"
    panel: tuple[str, str] | None = None
    keep_singletons: bool = False

    _model: ClassVar[str]
    #: The covariance where neither it nor clusters are given.
    _usual: ClassVar[Covariance] = "classical"
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
        if self.covariance is None and self.cluster is None:
            object.__setattr__(self, "covariance", self._usual)
        object.__setattr__(self, "_inner", self._build(*chosen(self.covariance, self.cluster)))

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
            method=getattr(self, "_method", None),
            suppressed=getattr(self, "suppressed", None),
            bounds=getattr(self, "bounds", None),
            choices=self._choices(),
            accept=accepted(self.covariance),
            rho=getattr(self, "rho", None),
        )

    def _choices(self) -> list[str]:
        """What else was chosen, by name."""
        return []

    def __repr__(self) -> str:
        return str(self._inner)

    def __reduce__(self) -> Any:
        return _remade, (type(self), {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.init})

    def _columns(self, formula: str, data: Any) -> set[str]:
        """The columns that a fit reads."""
        expressions = [getattr(self, name, None) for name in ("exposure", "offset", "weights", "frequency_weights")]
        needed = {*_core.formula_columns(formula), *(self.panel or ()), *chosen(self.covariance, self.cluster)[1]}
        needed.update(getattr(self, "bounds", None) or ())
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
        instrumented: Sequence[tuple[list[str], NDArray[np.float64]]] = (),
        bounds: tuple[ArrayLike, ArrayLike] | None = None,
        /,
        **columns: ArrayLike | None,
    ) -> _core.RegressionFit:
        y = _numbers("y", outcome)
        regressors = np.empty((len(y), 0)) if x is None else _matrix(x)
        names = [f"x{j + 1}" for j in range(regressors.shape[1])] if names is None else [str(n) for n in names]
        clusters = _labelled("cluster", cluster)
        kind, known = chosen(self.covariance, self.cluster)
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
            endogenous=instrumented[0] if instrumented else None,
            instruments=instrumented[1] if instrumented else None,
            bounds=None if bounds is None else (_numbers("bounds", bounds[0]), _numbers("bounds", bounds[1])),
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
        ``"classical"``, ``"HC0"`` to ``"HC4"``, ``Cluster("state")``, which has kinds for few clusters, or, for errors
        related in time and space, ``NeweyWest()``, ``DriscollKraay()`` or ``Conley("lat", "lon", 100)``.
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
class _Counts(_Specification):
    """What specifications of counts share."""

    exposure: str | None = None
    offset: str | None = None
    suppressed: tuple[float, float] | None = None
    bounds: tuple[str, str] | None = None
    tolerance: float = 1e-8
    max_iterations: int = 100

    def __post_init__(self) -> None:
        for name, kind, what in (("suppressed", (int, float), "two counts, (1, 9)"), ("bounds", str, "two columns")):
            value = getattr(self, name)
            if value is None:
                continue
            if isinstance(value, str) or len(tuple(value)) != 2 or not all(isinstance(v, kind) for v in value):
                raise InputError(f"{name} = {value!r}: must be {what}, the least and the most")
            object.__setattr__(self, name, tuple(value))
        super().__post_init__()


@dataclass(frozen=True, kw_only=True, repr=False)
class Poisson(_Counts):
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
        ``"classical"``, ``"HC0"`` to ``"HC4"``, ``Cluster("state")``, which has kinds for few clusters, or, for errors
        related in time and space, ``NeweyWest()``, ``DriscollKraay()`` or ``Conley("lat", "lon", 100)``.
    ssc
        Small-sample convention: ``"fixest"``, ``"statsmodels"``, ``"linearmodels"``, ``"stata"`` or ``"none"``.
    quasi
        Quasi-Poisson: classical standard errors take a variance ``φμ``, with φ from the Pearson residuals.
    suppressed
        What the word ``Suppressed`` stands for in the outcome's column: ``(1, 9)`` enters the likelihood as a count
        from 1 to 9. Counts of a panel that are declared as intervals do so in any case.
    bounds
        Two columns, the least and the most of a count where the outcome is blank.
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

    A count that is known to lie from 1 to 9 enters as that:

    >>> data["deaths"] = ["12", "Suppressed", "14", "Suppressed"]
    >>> fit = av.Poisson(suppressed=(1, 9)).fit("deaths ~ after", data)
    >>> fit.notes
    ['2 of 4 counts are known only as intervals (from 1 to 9): the likelihood takes them as such']
    """

    quasi: bool = False

    _model: ClassVar[str] = "poisson"

    def _choices(self) -> list[str]:
        return ["quasi"] if self.quasi else []

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
        bounds: tuple[ArrayLike, ArrayLike] | None = None,
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
        bounds
            The least and the most of every count that is NaN in ``y``.
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
        core = self._fit_arrays(y, X, absorb, cluster, names, on_nonconvergence, (), bounds, **given)
        return PoissonFit(core, "dict", self, None)


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


def _remade(kind: type[_Specification], settings: dict[str, Any]) -> _Specification:
    return kind(**settings)
