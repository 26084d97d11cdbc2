"""ARIMA models of one series, seasonal ones and regressions with ARIMA errors too, by exact likelihood.

A specification (:class:`Arima`, or :class:`AutoArima`, which chooses the orders) is cheap and prints as a sentence;
``fit`` takes a series and returns an immutable fit, whose ``forecast`` simulates the future as joint paths.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from averted import _core
from averted._arguments import whole
from averted._errors import InputError
from averted._frames import frame_out
from averted._result import Table
from averted.timeseries._fit import SeriesFit
from averted.timeseries._series import futures, kind_of, labels_of, matrix_in, vector

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from averted._core import ArimaFit as CoreFit
    from averted.forecast import Forecast


@dataclass(frozen=True, kw_only=True, repr=False)
class Arima:
    """An ARIMA model, or a regression whose errors are one.

    Parameters
    ----------
    order
        Autoregressive order p, differences d, moving average order q.
    seasonal
        Seasonal orders P, D, Q and the periods of a season.
    mean
        With a mean; by default where nothing is differenced.
    drift
        With a slope, which a difference turns into a constant.
    method
        ``"exact"`` likelihood, or ``"css"``: least conditional sum of squares, of a series without gaps.
    fixed
        Parameters that are given and not estimated: ``{"ma1": -0.4}``; ``ar1``, ``ma1``, ``sar1``, ``sma1``, ``mean``,
        ``drift``, a regressor, or ``variance``.

    Examples
    --------
    >>> import averted as av
    >>> av.Arima(order=(0, 1, 1), seasonal=(0, 1, 1, 12))
    ARIMA(0,1,1)(0,1,1)[12]
    >>> y = [1120, 1160, 963, 1210, None, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020]
    >>> fit = av.Arima(order=(1, 0, 0)).fit(y)
    >>> list(fit.coefficients), fit.n_used
    (['ar1', 'mean'], 14)
    """

    order: tuple[int, int, int] = (0, 0, 0)
    seasonal: tuple[int, int, int, int] = (0, 0, 0, 1)
    mean: bool | None = None
    drift: bool = False
    method: str = "exact"
    fixed: Mapping[str, float] = field(default_factory=dict)

    _inner: _core.Arima = field(init=False, compare=False)

    def __post_init__(self) -> None:
        if self.method not in ("exact", "css"):
            raise InputError(f"method = {self.method!r}: must be 'exact' or 'css'")
        orders = _orders("order", self.order, 3)
        seasonal = _orders("seasonal", self.seasonal, 4)
        inner = _core.Arima(
            (orders[0], orders[1], orders[2]),
            (seasonal[0], seasonal[1], seasonal[2], seasonal[3]),
            mean=self.mean,
            drift=self.drift,
            conditional=self.method == "css",
            fixed=[(str(name), float(value)) for name, value in self.fixed.items()],
        )
        object.__setattr__(self, "_inner", inner)

    def fit(self, y: Any, x: Any = None, index: Sequence[Any] | None = None) -> ArimaFit:
        """Maximise the likelihood.

        Parameters
        ----------
        y
            The series, in order of time and one value a period; missing ones NaN or None, anywhere.
        x
            Regressors: a frame, a dict of arrays, or an array of time by columns.
        index
            Names of the periods; those of a pandas series are taken by themselves.

        Raises
        ------
        InputError
            Naming the row or the column: regressors missing where the outcome is not, a series too short or constant.
        ConvergenceError
            When no start leads to a maximum.
        """
        return _fitted(self, _source(y, x, index))

    def __repr__(self) -> str:
        return str(self._inner)

    def __reduce__(self) -> Any:
        names = ("order", "seasonal", "mean", "drift", "method", "fixed")
        return _remade, (Arima, {name: getattr(self, name) for name in names})


@dataclass(frozen=True, kw_only=True, repr=False)
class AutoArima:
    """The automatic choice of an ARIMA model: the least AICc among models fitted by exact likelihood.

    Parameters
    ----------
    season
        Periods of a season; None without one.
    d
        Differences; None chooses them by KPSS tests.
    seasonal_d
        Seasonal differences; None chooses none or one by the strength of the season.
    max_order
        The largest p and q.
    max_seasonal
        The largest P and Q.
    criterion
        ``"aicc"``, ``"aic"`` or ``"bic"``.
    compat
        ``"r"`` follows the path of R's ``forecast::auto.arima``, which looks at fewer models.

    Examples
    --------
    >>> import averted as av
    >>> y = [1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020, 960, 1180, 799]
    >>> fit = av.AutoArima().fit(y)
    >>> fit.specification.order[1]
    0
    >>> bool(min(fit.trials()["value"]) > fit.aicc - 1e-6)
    True
    """

    season: int | None = None
    d: int | None = None
    seasonal_d: int | None = None
    max_order: tuple[int, int] = (5, 5)
    max_seasonal: tuple[int, int] = (2, 2)
    criterion: str = "aicc"
    compat: str | None = None

    _inner: _core.AutoArima = field(init=False, compare=False)

    def __post_init__(self) -> None:
        if self.criterion not in ("aicc", "aic", "bic"):
            raise InputError(f"criterion = {self.criterion!r}: must be 'aicc', 'aic' or 'bic'")
        if self.compat not in (None, "r"):
            raise InputError(f"compat = {self.compat!r}: must be None or 'r'")
        own, seasonal = _orders("max_order", self.max_order, 2), _orders("max_seasonal", self.max_seasonal, 2)
        inner = _core.AutoArima(
            1 if self.season is None else whole("season", self.season, 1),
            (own[0], own[1], seasonal[0], seasonal[1]),
            differences=None if self.d is None else whole("d", self.d, 0),
            seasonal_differences=None if self.seasonal_d is None else whole("seasonal_d", self.seasonal_d, 0),
            criterion=self.criterion,
            as_r=self.compat == "r",
        )
        object.__setattr__(self, "_inner", inner)

    def fit(self, y: Any, x: Any = None, index: Sequence[Any] | None = None) -> ArimaFit:
        """Choose the orders and maximise the likelihood; arguments as of :meth:`Arima.fit`.

        Raises
        ------
        InputError
            As :meth:`Arima.fit`; also for a straight line and a season that repeats exactly, which have no variance.
        """
        return _fitted(self, _source(y, x, index))

    def __repr__(self) -> str:
        return str(self._inner)

    def __reduce__(self) -> Any:
        names = ("season", "d", "seasonal_d", "max_order", "max_seasonal", "criterion", "compat")
        return _remade, (AutoArima, {name: getattr(self, name) for name in names})


def _source(y: Any, x: Any, index: Sequence[Any] | None) -> tuple[Any, ...]:
    """What a model is fitted to: name, series, regressors and their names, periods, kind of frame."""
    name = str(getattr(y, "name", None) or "y")
    values = vector(name, y)
    matrix, names, kind = matrix_in(x)
    return name, values, matrix, names, labels_of(y, index, len(values)), kind or kind_of(y)


def _orders(name: str, orders: Sequence[int], length: int) -> list[int]:
    if len(orders) != length:
        raise InputError(f"{name} = {orders}: must be {length} whole numbers")
    return [whole(name, order, 0) for order in orders]


def _remade(kind: type[Arima] | type[AutoArima], options: dict[str, Any]) -> Arima | AutoArima:
    return kind(**options)


def _fitted(maker: Arima | AutoArima, source: tuple[Any, ...]) -> ArimaFit:
    name, y, x, names, labels, _ = source
    core = maker._inner.fit(name, y, x=x, names=names, labels=labels)
    if isinstance(maker, Arima):
        return ArimaFit(core, maker, maker, source)
    order, seasonal, (mean, drift) = core.orders
    undifferenced = order[1] + seasonal[1] == 0
    chosen = Arima(order=order, seasonal=seasonal, mean=mean if undifferenced else None, drift=drift)
    return ArimaFit(core, chosen, maker, source)


class ArimaFit(SeriesFit):
    """A fitted ARIMA model."""

    _core: CoreFit

    def __init__(self, core: CoreFit, specification: Arima, maker: Arima | AutoArima, source: tuple[Any, ...]) -> None:
        self._core = core
        self.specification = specification
        # What made it and of what: a pickle fits it again, to the same bits.
        self._maker = maker
        self._source = source
        self._y: NDArray[np.float64] = source[1]
        _, _, _, self._names, self._labels, self._kind = source

    def __reduce__(self) -> Any:
        return _fitted, (self._maker, self._source)

    @property
    def log_likelihood(self) -> float:
        """Of the differenced series."""
        return self._core.log_likelihood

    @property
    def variance(self) -> float:
        """Of the shocks; the maximum likelihood estimate."""
        return self._core.variance

    @property
    def n_used(self) -> int:
        """Observations that were there, less those that differencing uses up."""
        return self._core.n_used

    @property
    def aic(self) -> float:
        """Akaike's criterion; compares models of the same differences."""
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
    def coefficients(self) -> dict[str, float]:
        """Estimates by name."""
        return dict(zip(self._core.names, self._core.estimates.tolist(), strict=True))

    @property
    def covariance(self) -> NDArray[np.float64]:
        """Of the coefficients, from the observed information; NaN for what was given."""
        return self._core.covariance

    @property
    def residuals(self) -> NDArray[np.float64]:
        """One-step prediction errors; NaN where missing, and in the periods that differencing uses up."""
        return self._core.residuals()[0]

    @property
    def fitted(self) -> NDArray[np.float64]:
        """One-step predictions."""
        return self._y - self.residuals

    def summary(self) -> Table:
        """The coefficients."""
        columns = Table(self._core.coefficients(0.95)).columns
        criteria = f"log-likelihood {self.log_likelihood:.4f}; AICc {self.aicc:.2f}"
        notes = [f"{criteria}; σ² {self.variance:.6g}; {self.n_used} observations used", *self.notes]
        if self._core.trials:
            notes.append(f"chosen from {len(self._core.trials)} models")
        return Table.build(dict(columns), title=f"{self.specification!r}", notes=notes)

    def _glance(self) -> dict[str, Any]:
        names = ("log_likelihood", "aic", "aicc", "bic", "variance", "n_used")
        return {name: getattr(self, name) for name in names}

    def augment(self) -> Any:
        """Outcome, one-step predictions and residuals, one row a period, as a frame of the kind that came in."""
        plain, standard = self._core.residuals()
        columns: dict[str, Any] = {"ds": self._periods(), "y": self._y, "fitted": self._y - plain}
        return frame_out({**columns, "residual": plain, "std_residual": standard}, self._kind)

    def trials(self) -> Any:
        """What the automatic choice tried, in its order: model, criterion, and why there is none.

        A frame of the kind that came in; without rows where nothing was chosen.
        """
        trials = self._core.trials
        columns: dict[str, Any] = {"model": [model for model, _, _ in trials]}
        columns["value"] = np.array([np.nan if value is None else value for _, value, _ in trials])
        return frame_out({**columns, "note": [note or "" for _, _, note in trials]}, self._kind)

    def predict(self, horizon: int, x: Any = None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Means and variances, the parameters taken as known."""
        return self._core.predict(whole("horizon", horizon, 1), matrix_in(x)[0])

    def forecast(
        self,
        horizon: int,
        x: Any = None,
        levels: Sequence[float] = (80, 95),
        draws: int = 1000,
        seed: int | None = None,
        index: Sequence[Any] | None = None,
    ) -> Forecast:
        """Simulate the future, the uncertainty of the parameters in it.

        Parameters
        ----------
        horizon
            How many periods.
        x
            Future regressors, one row a period; or a mapping of scenario names to such.
        levels
            Of the intervals in the frame, in per cent.
        draws
            Paths.
        seed
            Of the draws; one is drawn and recorded if not given.
        index
            Names of the future periods.
        """
        return self._simulated(horizon, levels, draws, seed, index, *futures(x, self._names))

    def plot(self, ax: Axes | None = None) -> Axes:
        """The series and its one-step predictions."""
        return self._drawn(ax, self.fitted, self._source[0])
