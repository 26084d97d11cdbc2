"""Exponential smoothing of one series: error, trend and season, each none, additive or multiplicative.

:class:`Ets` is one form, :class:`AutoEts` a choice among forms. Both print as a sentence; ``fit`` takes a series and
returns an immutable fit, whose ``forecast`` simulates the future as joint paths.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from averted import _core
from averted._arguments import whole
from averted._errors import InputError
from averted._frames import Kind, frame_out
from averted._result import Table
from averted.timeseries._fit import SeriesFit
from averted.timeseries._series import kind_of, labels_of, vector

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from averted._core import AutoEtsFit as CoreAutoFit
    from averted._core import EtsFit as CoreFit
    from averted.forecast import Forecast

#: Name, values, names of the periods, and the kind of frame to hand back.
_Source = tuple[str, "NDArray[np.float64]", list[str], Kind]


def _source(y: Any, index: Sequence[Any] | None) -> _Source:
    name = str(getattr(y, "name", None) or "y")
    values = vector(name, y)
    return name, values, labels_of(y, index, len(values)), kind_of(y)


@dataclass(frozen=True, repr=False)
class Ets:
    """Exponential smoothing of one form, by maximum likelihood.

    Parameters
    ----------
    form
        Error (``A``, ``M``), trend (``N``, ``A``, ``Ad``, ``M``, ``Md``) and season (``N``, ``A``, ``M``), such as
        ``"AAdA"``; or ``"auto"``, the best form alone by AICc (:class:`AutoEts` averages).
    season
        Periods of a season; none if not given.
    alpha, beta, gamma, phi
        Smoothing of level, trend and season, and damping, where given and not estimated.
    initial
        States before the first period, if given: level, slope or growth, and all seasons but the last.

    Examples
    --------
    >>> import averted as av
    >>> fit = av.Ets("AAN").fit([30, 32, 31, None, 36, 35, 38, 40, 39, 43, 42, 45])
    >>> list(fit.coefficients), fit.n_observed
    (['alpha', 'beta'], 11)
    >>> mean, variance = fit.predict(3)
    >>> bool(mean[2] > 45)
    True
    """

    form: str = "auto"
    season: int | None = None
    alpha: float | None = field(default=None, kw_only=True)
    beta: float | None = field(default=None, kw_only=True)
    gamma: float | None = field(default=None, kw_only=True)
    phi: float | None = field(default=None, kw_only=True)
    initial: Sequence[float] | None = field(default=None, kw_only=True)

    _inner: _core.Ets | None = field(init=False, compare=False)

    def __post_init__(self) -> None:
        season = _season(self.season)
        smoothing = (self.alpha, self.beta, self.gamma, self.phi)
        given = any(value is not None for value in (*smoothing, self.initial))
        if self.form == "auto":
            if given:
                raise InputError("form = 'auto': must be a form, such as 'AAN', where parameters are given")
            object.__setattr__(self, "_inner", None)
            return
        initial = None if self.initial is None else [float(value) for value in self.initial]
        inner = _core.Ets(self.form, season=season, smoothing=smoothing, initial=initial)
        object.__setattr__(self, "_inner", inner)

    def fit(self, y: Any, index: Sequence[Any] | None = None) -> EtsFit:
        """Maximise the likelihood.

        Parameters
        ----------
        y
            The series, in order of time and one value a period; missing ones NaN or None, anywhere.
        index
            Names of the periods; those of a pandas series are taken by themselves.

        Raises
        ------
        InputError
            Naming the row of a value that is infinite, or not above zero where the form multiplies; or for a series
            that is too short for the form.
        ConvergenceError
            When the search does not end.
        """
        return self._maximised(_source(y, index))

    def _maximised(self, source: _Source) -> EtsFit:
        name, y, labels, _ = source
        if self._inner is None:
            chosen = _core.AutoEts(
                season=_season(self.season), criterion="aicc", multiplicative_trend=False, average=False
            )
            return EtsFit(chosen.fit(name, y, labels).best, self, source)
        return EtsFit(self._inner.fit(name, y, labels), self, source)

    def __repr__(self) -> str:
        if self._inner is not None:
            return str(self._inner)
        return "ETS by AICc" + (f", season of {self.season}" if self.season else "")

    def __reduce__(self) -> Any:
        names = ("form", "season", "alpha", "beta", "gamma", "phi", "initial")
        return _remade, (Ets, {name: getattr(self, name) for name in names})


def _season(season: int | None) -> int:
    return 1 if season is None else whole("season", season, 1)


def _remade(kind: Any, options: dict[str, Any]) -> Any:
    return kind(**options)


def _refitted(specification: Any, source: _Source) -> Any:
    return specification._maximised(source)


class _Smoothed(SeriesFit):
    """What a fit of one form and of several share."""

    def __init__(self, specification: Any, source: _Source) -> None:
        self.specification = specification
        # What it was fitted to: a pickle fits it again, to the same bits.
        self._source = source
        self._name, self._y, self._labels, self._kind = source

    def __reduce__(self) -> Any:
        return _refitted, (self.specification, self._source)

    def point(self, horizon: int) -> NDArray[np.float64]:
        """Point forecasts: no shocks from here on, the parameters taken as known."""
        values: NDArray[np.float64] = self._core.point(whole("horizon", horizon, 1))
        return values

    def forecast(
        self,
        horizon: int,
        levels: Sequence[float] = (80, 95),
        draws: int = 1000,
        seed: int | None = None,
        index: Sequence[Any] | None = None,
    ) -> Forecast:
        """Simulate the future, the uncertainty of parameters and initial states in it.

        The median of the paths, ``quantile(0.5)``, is the number to give if it must be one.

        Parameters
        ----------
        horizon
            How many periods.
        levels
            Of the intervals in the frame, in per cent.
        draws
            Paths.
        seed
            Of the draws; one is drawn and recorded if not given.
        index
            Names of the future periods.
        """
        return self._simulated(horizon, levels, draws, seed, index)


class EtsFit(_Smoothed):
    """A fitted exponential smoothing model."""

    _core: CoreFit

    def __init__(self, core: CoreFit, specification: Ets, source: _Source) -> None:
        super().__init__(specification, source)
        self._core = core

    @property
    def form(self) -> str:
        """Error, trend and season, such as ``AAdA``."""
        return self._core.form

    @property
    def log_likelihood(self) -> float:
        """Without its constant, as the forecast package of R has it; infinite where the fit is exact."""
        return self._core.log_likelihood

    @property
    def variance(self) -> float:
        """Of the errors, over the degrees of freedom; relative where they multiply."""
        return self._core.variance

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return self._core.aic

    @property
    def aicc(self) -> float:
        """The same, corrected for short series."""
        return self._core.aicc

    @property
    def bic(self) -> float:
        """The Bayesian criterion."""
        return self._core.bic

    @property
    def n_observed(self) -> int:
        """Observations that were there."""
        return self._core.n_observed

    @property
    def n_parameters(self) -> int:
        """What was estimated: smoothing parameters, initial states and the variance."""
        return self._core.n_parameters

    @property
    def coefficients(self) -> dict[str, float]:
        """Smoothing parameters by name."""
        return {name: estimate for name, estimate, _ in self._core.parameters}

    @property
    def initial_states(self) -> dict[str, float]:
        """Level, slope or growth, and seasons before the first period, the first period's first."""
        return self._named(self._core.initial_states)

    @property
    def last_states(self) -> dict[str, float]:
        """The same after the last period, the next period's season first."""
        return self._named(self._core.last_states)

    def _named(self, states: NDArray[np.float64]) -> dict[str, float]:
        trend = {"N": [], "A": ["slope"], "M": ["growth"]}[self.form[1]]
        names = ["level", *trend]
        names += [f"season {j}" for j in range(1, len(states) - len(names) + 1)]
        return dict(zip(names, states.tolist(), strict=True))

    @property
    def fitted(self) -> NDArray[np.float64]:
        """One-step predictions; of the missing periods too."""
        return self._core.fitted

    @property
    def residuals(self) -> NDArray[np.float64]:
        """Outcome less one-step prediction, over the prediction where errors multiply; NaN where missing."""
        return self._core.residuals

    def summary(self) -> Table:
        """The smoothing parameters; zero lies at the edge of what they can be, so it is not tested."""
        criteria = f"log-likelihood {self.log_likelihood:.4f}; AICc {self.aicc:.2f}; BIC {self.bic:.2f}"
        states = ", ".join(f"{name} {value:.6g}" for name, value in self.initial_states.items())
        notes = [f"{criteria}; σ² {self.variance:.6g}; {self.n_observed} observations", f"before the first: {states}"]
        columns = Table(self._core.table(0.95)).columns
        return Table.build(dict(columns), title=f"ETS({self.form}) of {self._name}", notes=[*notes, *self.notes])

    def _glance(self) -> dict[str, Any]:
        names = ("form", "log_likelihood", "aic", "aicc", "bic", "variance", "n_observed", "n_parameters")
        return {name: getattr(self, name) for name in names}

    def augment(self) -> Any:
        """Outcome, one-step predictions, residuals, and level, trend part and season after each period was seen."""
        level, slope, season = self._core.components
        columns: dict[str, Any] = {"ds": self._periods(), "y": self._y, "fitted": self.fitted}
        columns |= {"residual": self.residuals, "level": level}
        if self.form[1] != "N":
            columns["growth" if self.form[1] == "M" else "slope"] = slope
        if self.form[-1] != "N":
            columns["season"] = season
        return frame_out(columns, self._kind)

    def predict(self, horizon: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Means and variances, the parameters taken as known."""
        return self._core.predict(whole("horizon", horizon, 1))

    def plot(self, ax: Axes | None = None) -> Axes:
        """The series, the level, and the one-step predictions."""
        from averted import _plot

        with _plot.style():
            ax = _plot.axes(ax)
            at = np.arange(len(self._y))
            ax.plot(at, self._y, "o", color=_plot.GREY, markersize=2.8, label="observed")
            ax.plot(at, self.fitted, color=_plot.BLUE, label="predicted one period ahead")
            ax.plot(at, self._core.components[0], color=_plot.VERMILLION, linestyle=_plot.DASHES[1], label="level")
            _plot.periods(ax, self._periods())
            _plot.label(ax, title=f"ETS({self.form})", y=self._name)
            ax.legend()
        return ax


@dataclass(frozen=True, kw_only=True, repr=False)
class AutoEts:
    """The forms of exponential smoothing that suit a series, and a forecast that averages them.

    Fifteen forms compete (nineteen with multiplicative trends), those that the series allows: no multiplicative part
    where a value is not above zero, no season unless one is given.

    Parameters
    ----------
    season
        Periods of a season.
    criterion
        ``"bic"``, ``"aic"`` or ``"aicc"``.
    multiplicative_trend
        Multiplicative trends compete, too.
    average
        Forecasts average the forms by their weights exp(−Δ/8), so that not knowing the form widens the intervals; else
        they are those of the best form alone.
    compat
        ``"r"`` decides as the forecast package of R: fifteen forms, AICc, the best alone.

    Examples
    --------
    >>> import averted as av
    >>> y = [50 + 2 * t + t * 29 % 7 for t in range(30)]
    >>> fit = av.AutoEts().fit(y)
    >>> fit.best.form[1:]
    'AN'
    >>> forecast = fit.forecast(4, seed=1)
    >>> forecast.interval(95)[0].shape
    (4,)
    """

    season: int | None = None
    criterion: str = "bic"
    multiplicative_trend: bool = False
    average: bool = True
    compat: str | None = None

    _inner: _core.AutoEts = field(init=False, compare=False)

    def __post_init__(self) -> None:
        if self.compat not in (None, "r"):
            raise InputError(f"compat = {self.compat!r}: must be 'r' or None")
        plain = self.compat is None
        inner = _core.AutoEts(
            season=_season(self.season),
            criterion=self.criterion if plain else "aicc",
            multiplicative_trend=self.multiplicative_trend and plain,
            average=self.average and plain,
        )
        object.__setattr__(self, "_inner", inner)

    def fit(self, y: Any, index: Sequence[Any] | None = None) -> AutoEtsFit:
        """Fit every form that the series allows.

        Parameters
        ----------
        y
            The series, in order of time and one value a period; missing ones NaN or None, anywhere.
        index
            Names of the periods; those of a pandas series are taken by themselves.

        Raises
        ------
        InputError
            For an infinite value, or a series that is too short for every form.
        """
        return self._maximised(_source(y, index))

    def _maximised(self, source: _Source) -> AutoEtsFit:
        name, y, labels, _ = source
        return AutoEtsFit(self._inner.fit(name, y, labels), self, source)

    def __repr__(self) -> str:
        best = not self.average or self.compat == "r"
        by = (self.criterion if self.compat is None else "aicc").upper().replace("AICC", "AICc")
        season = f", season of {self.season}" if self.season else ""
        return f"ETS, {'the best' if best else 'averaged'} by {by}{season}"

    def __reduce__(self) -> Any:
        names = ("season", "criterion", "multiplicative_trend", "average", "compat")
        return _remade, (AutoEts, {name: getattr(self, name) for name in names})


class AutoEtsFit(_Smoothed):
    """The forms that competed, the best first, and their forecast."""

    _core: CoreAutoFit

    def __init__(self, core: CoreAutoFit, specification: AutoEts, source: _Source) -> None:
        super().__init__(specification, source)
        self._core = core

    @property
    def best(self) -> EtsFit:
        """The best form's fit."""
        core = self._core.best
        return EtsFit(core, Ets(core.form, self.specification.season), self._source)

    @property
    def weights(self) -> dict[str, float]:
        """Share of every form in the forecast."""
        columns = Table(self._core.table()).columns
        return dict(zip(columns["form"], columns["weight"], strict=True))

    def summary(self) -> Table:
        """The forms: likelihood, criterion, and share in the forecast."""
        columns = Table(self._core.table()).columns
        return Table.build(dict(columns), title=f"{self.specification!r}, of {self._name}", notes=self.notes)

    def _glance(self) -> dict[str, Any]:
        return self.best._glance()

    def augment(self) -> Any:
        """:meth:`EtsFit.augment` of the best form."""
        return self.best.augment()

    def plot(self, ax: Axes | None = None) -> Axes:
        """:meth:`EtsFit.plot` of the best form."""
        return self.best.plot(ax)
