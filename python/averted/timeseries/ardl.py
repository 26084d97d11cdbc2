"""Autoregressive distributed lags: how a series answers others, at once and in the long run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from averted import _core
from averted._arguments import whole
from averted._errors import InputError
from averted._frames import Kind, frame_out
from averted._result import Answer, Result, Table
from averted.timeseries._series import kind_of, labels_of, vector
from averted.timeseries._system import system

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

#: The case of the bounds test that goes with the terms of a model.
_CASES = {"none": 1, "constant": 3, "trend": 5}


@dataclass(frozen=True, repr=False)
class Ardl:
    """An autoregressive distributed lag model.

    Parameters
    ----------
    lags
        Of the outcome, at least 1, then of every regressor (0 takes in its value of the same period only):
        ``(2, 1, 0)``; or ``"aic"`` or ``"bic"``, which choose them.
    most
        Lags to choose among: of all, or of the outcome and of the regressors.
    terms
        ``"none"``, ``"constant"`` or ``"trend"``, a constant and a trend.

    Examples
    --------
    >>> import averted as av
    >>> import numpy as np
    >>> steps = np.random.default_rng(2).normal(size=(120, 2))
    >>> aid = steps[:, 0].cumsum()
    >>> deaths = np.zeros(120)
    >>> for t in range(1, 120):
    ...     deaths[t] = 0.6 * deaths[t - 1] + 0.8 * aid[t] + 0.3 * steps[t, 1]
    >>> fit = av.Ardl((1, 0)).fit(deaths, {"aid": aid})
    >>> float(round(fit.long_run()["estimate"][1], 1))
    2.0
    >>> fit.bounds().related()
    True
    """

    lags: str | Sequence[int] = "aic"
    most: int | tuple[int, int] = 4
    terms: str = "constant"

    _inner: _core.Ardl = field(init=False, compare=False)

    def __post_init__(self) -> None:
        if isinstance(self.lags, str):
            given = None
        else:
            numbers = [whole("lags", lag, 0) for lag in self.lags]
            if len(numbers) < 2:
                raise InputError(f"lags = {self.lags}: must be a number for the outcome and one for every regressor")
            given = (numbers[0], numbers[1:])
        own, others = self.most if isinstance(self.most, tuple) else (self.most, self.most)
        inner = _core.Ardl(
            lags=given,
            select=self.lags if isinstance(self.lags, str) else "",
            most=whole("most", own, 1),
            most_others=whole("most", others, 0),
            terms=self.terms,
        )
        object.__setattr__(self, "_inner", inner)

    def fit(self, y: Any, x: Any, index: Sequence[Any] | None = None) -> ArdlFit:
        """Fit it by least squares.

        Parameters
        ----------
        y
            The outcome, in order of time, one value a period, none missing.
        x
            The regressors: a frame, a dict of arrays, or an array of time by columns.
        index
            Names of the periods; those of a pandas series are taken by themselves.

        Raises
        ------
        InputError
            Naming column and row: missing values, a series too short, regressors that are constant or combinations of
            each other.
        """
        name = str(getattr(y, "name", None) or "y")
        values = vector(name, y)
        given = system(x, what="x")
        kind = given.kind if given.kind != "dict" else kind_of(y)
        labels = labels_of(y, index, len(values)) or given.labels
        return self._fitted(name, values, given.names, given.values, labels, kind)

    def _fitted(
        self,
        name: str,
        y: NDArray[np.float64],
        names: list[str],
        x: NDArray[np.float64],
        labels: list[str],
        kind: Kind,
    ) -> ArdlFit:
        core = self._inner.fit(name, y, names, x)
        return ArdlFit(core, self, (name, y, names, x, labels, kind))

    def __repr__(self) -> str:
        return str(self._inner)

    def __reduce__(self) -> Any:
        return Ardl, (self.lags, self.most, self.terms)


def _refitted(specification: Ardl, source: tuple[Any, ...]) -> ArdlFit:
    return specification._fitted(*source)


class ArdlFit(Result):
    """A fitted autoregressive distributed lag model."""

    def __init__(self, core: _core.ArdlFit, specification: Ardl, source: tuple[Any, ...]) -> None:
        self._core = core
        self.specification = specification
        # What it was fitted to: a pickle fits it again, to the same bits.
        self._source = source
        self._name, self._y, self._names, _, self._labels, self._kind = source

    def __reduce__(self) -> Any:
        return _refitted, (self.specification, self._source)

    @property
    def lags(self) -> tuple[int, ...]:
        """Of the outcome, then of every regressor."""
        own, others = self._core.orders
        return (own, *others)

    @property
    def coefficients(self) -> dict[str, float]:
        """Estimates by name."""
        return dict(zip(self._core.names, self._core.estimates.tolist(), strict=True))

    @property
    def covariance(self) -> NDArray[np.float64]:
        """Of the coefficients."""
        return self._core.covariance

    @property
    def residuals(self) -> NDArray[np.float64]:
        """Of the periods explained, which are the last."""
        return self._core.residuals

    @property
    def n_observed(self) -> int:
        """Periods explained."""
        return self._core.n_observed

    @property
    def log_likelihood(self) -> float:
        """Gaussian."""
        return self._core.numbers[0]

    @property
    def aic(self) -> float:
        """Akaike's criterion; the variance counts as a parameter."""
        return self._core.numbers[1]

    @property
    def bic(self) -> float:
        """The Bayesian criterion."""
        return self._core.numbers[2]

    @property
    def variance(self) -> float:
        """Of the errors, over the degrees of freedom."""
        return self._core.numbers[3]

    @property
    def r_squared(self) -> float:
        """The share of the outcome's variation that is explained."""
        return self._core.numbers[4]

    @property
    def adjustment(self) -> float:
        """By how much of a deviation the outcome moves in a period; below zero where it comes back."""
        return self._core.numbers[5]

    @property
    def degrees_of_freedom(self) -> float:
        """Periods less coefficients."""
        return self._core.numbers[6]

    @property
    def notes(self) -> list[str]:
        """True things about the fit."""
        return self._core.notes

    def _table(self, form: str, level: float) -> dict[str, list[Any]]:
        return Table(self._core.table(form, level / 100)).columns

    def _tidy(self) -> Mapping[str, Sequence[Any]]:
        return self._table("", 95)

    def long_run(self, level: float = 95) -> Any:
        """Long-run multipliers, with standard errors by the delta method, as a frame of the kind that came in."""
        return frame_out(self._table("long_run", level), self._kind)

    def error_correction(self, level: float = 95) -> Any:
        """The coefficients in error-correction form: levels, then differences."""
        return frame_out(self._table("error_correction", level), self._kind)

    def multipliers(self, regressor: str, horizon: int = 20, level: float = 95) -> Any:
        """What a lasting unit more of a regressor has changed so many periods later, with an interval."""
        rows = np.array(self._core.multipliers(regressor, whole("horizon", horizon, 0), level / 100))
        names = ("estimate", "std_error", "lower", "upper")
        columns = {name: rows[:, j] for j, name in enumerate(names)}
        return frame_out({"step": np.arange(len(rows)), **columns}, self._kind)

    def bounds(self, case: int | None = None) -> BoundsTest:
        """The bounds test of Pesaran, Shin & Smith (2001).

        Parameters
        ----------
        case
            As of :func:`averted.ardl_bounds`; 1, 3 or 5 by the terms of the model if not given.
        """
        number = _CASES[self.specification.terms] if case is None else whole("case", case, 1)
        core = self._core.bounds(number)
        f, lower_p, upper_p, t = core.numbers
        regressors, restrictions, n = core.counts
        f_critical, t_critical = core.critical
        return BoundsTest(
            case=number,
            lags=self.lags,
            f=f,
            lower_p=lower_p,
            upper_p=upper_p,
            t=t,
            f_critical={level: (low, high) for level, low, high in f_critical},
            t_critical={level: (low, high) for level, low, high in t_critical},
            regressors=regressors,
            restrictions=restrictions,
            n=n,
            kind=self._kind,
        )

    def summary(self) -> Table:
        """The coefficients."""
        size = f"log-likelihood {self.log_likelihood:.4f}; AIC {self.aic:.2f}; R² {self.r_squared:.4f}"
        notes = [f"{size}; {self.n_observed} periods explained", f"adjustment {self.adjustment:.4f}", *self.notes]
        title = f"{self._name}: ARDL({', '.join(map(str, self.lags))})"
        return Table.build(dict(self._tidy()), title=title, notes=notes)

    def _glance(self) -> dict[str, Any]:
        names = ("log_likelihood", "aic", "bic", "r_squared", "variance", "adjustment", "n_observed")
        return {name: getattr(self, name) for name in names}

    def augment(self) -> Any:
        """Outcome, fitted values and residuals of the periods explained."""
        from_ = len(self._y) - self.n_observed
        labels = (self._labels or [str(t) for t in range(len(self._y))])[from_:]
        y = self._y[from_:]
        return frame_out({"ds": labels, "y": y, "fitted": y - self.residuals, "residual": self.residuals}, self._kind)

    def plot(self, ax: Axes | None = None, regressor: str | None = None, *, horizon: int = 20) -> Axes:
        """How the outcome follows a lasting unit more of a regressor, with a 95 % band, towards the long run.

        Parameters
        ----------
        ax
            Axes to draw on.
        regressor
            The regressor; the first if not given.
        horizon
            Periods to show.
        """
        from averted import _plot

        name = self._names[0] if regressor is None else regressor
        rows = np.array(self._core.multipliers(name, whole("horizon", horizon, 1), 0.95))
        long = self._table("long_run", 95)
        final = float(long["estimate"][long["term"].index(name)])
        with _plot.style():
            ax = _plot.axes(ax)
            at = np.arange(len(rows))
            _plot.band(ax, at, rows[:, 2], rows[:, 3])
            ax.plot(at, rows[:, 0], color=_plot.BLUE, label="response, 95 % band")
            if self.adjustment < 0:
                ax.axhline(final, color=_plot.VERMILLION, linestyle=_plot.DASHES[1], label="in the long run")
            _plot.zero_line(ax)
            _plot.whole(ax)
            title = f"{self._name} after a lasting unit more of {name}"
            _plot.label(ax, title=title, x="periods later", y=f"change of {self._name}")
            ax.legend()
        return ax


@dataclass(frozen=True, repr=False, kw_only=True)
class BoundsTest(Answer):
    """What the bounds tests of Pesaran, Shin & Smith said.

    Attributes
    ----------
    f, lower_p, upper_p
        F of the levels, and its p-values if all regressors are stationary, and if all are integrated.
    t
        t of the adjustment.
    f_critical, t_critical
        Lower and upper bounds by level: ``{0.05: (3.79, 4.85)}``; none of t in cases 2 and 4.
    lags
        Of the model: of the outcome, then of every regressor.
    """

    case: int
    lags: tuple[int, ...]
    f: float
    lower_p: float
    upper_p: float
    t: float
    f_critical: dict[float, tuple[float, float]]
    t_critical: dict[float, tuple[float, float]]
    regressors: int
    restrictions: int
    n: int
    kind: Kind = "dict"

    def related(self, level: float = 0.05) -> bool | None:
        """Whether F says that levels are related; ``None`` between the bounds, where it depends on unit roots."""
        if self.upper_p < level:
            return True
        return False if self.lower_p >= level else None

    def _tidy(self) -> dict[str, Sequence[Any]]:
        rows: list[tuple[Any, ...]] = [
            ("F", self.f, level, *ends, self.lower_p, self.upper_p) for level, ends in self.f_critical.items()
        ]
        nothing = (float("nan"), float("nan"))
        rows += [("t", self.t, level, *ends, *nothing) for level, ends in self.t_critical.items()]
        names = ("test", "statistic", "level", "lower", "upper", "lower_p", "upper_p")
        return {name: [row[j] for row in rows] for j, name in enumerate(names)}

    def summary(self) -> Table:
        """F and t with their bounds."""
        said = {True: "related", False: "not related", None: "undecided: between the bounds"}[self.related()]
        notes = [
            f"null: there is no relation between levels; by F at 5 %: {said}",
            "lower: all regressors stationary; upper: all integrated",
        ]
        case = ("I", "II", "III", "IV", "V")[self.case - 1]
        title = f"Bounds test, case {case}, ARDL({', '.join(map(str, self.lags))}), {self.n} periods"
        kinds = {"test": "text", "level": "right", "lower_p": "probability", "upper_p": "probability"}
        columns = dict(self._tidy())
        columns["level"] = [f"{100 * level:g} %" for level in columns["level"]]
        return Table.build(columns, kinds=kinds, title=title, notes=notes)

    def _glance(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("case", "f", "lower_p", "upper_p", "t", "regressors", "n")}
