"""Vector autoregressions: several series that move each other.

A specification (:class:`Var`) is cheap and prints as a sentence; ``fit`` takes the series and returns an immutable fit
that answers with impulse responses, shares of variance, tests of causality and of the errors, and joint forecasts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from averted import _core
from averted._arguments import columns_in, whole
from averted._errors import InputError
from averted._frames import Kind
from averted._result import Answer, Table
from averted.timeseries._series import futures, matrix_in
from averted.timeseries._system import System, system
from averted.timeseries._system_fit import SystemFit, by_equation
from averted.timeseries.responses import ImpulseResponses, SystemForecast, SystemTest, VarianceShares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from averted._core import VarFit as CoreFit

_CRITERIA = ("aic", "hq", "sc", "fpe")
_TERMS = {"none": 0, "constant": 1, "trend": 2}


@dataclass(frozen=True, repr=False)
class LagChoice(Answer):
    """Criteria by number of lags, all over the periods of the longest; the less the better."""

    criteria: dict[str, list[float]]
    kind: Kind = "dict"

    @property
    def best(self) -> dict[str, int]:
        """The number of lags that each criterion takes."""
        return {name: 1 + int(np.argmin(values)) for name, values in self.criteria.items()}

    def _tidy(self) -> Mapping[str, Sequence[Any]]:
        return {"lags": list(range(1, 1 + len(self.criteria["aic"]))), **self.criteria}

    def summary(self) -> Table:
        """A row a number of lags."""
        said = ", ".join(f"{name} {lags}" for name, lags in self.best.items())
        return Table.build(
            dict(self._tidy()), kinds={"lags": "count"}, title="Number of lags", notes=[f"least at: {said}"]
        )

    def _glance(self) -> dict[str, Any]:
        return dict(self.best)


@dataclass(frozen=True, repr=False)
class Var:
    """A vector autoregression.

    Parameters
    ----------
    lags
        A number; or ``"aic"``, ``"hq"``, ``"sc"`` or ``"fpe"``, which choose it.
    terms
        Beside the lags: ``"none"``, ``"constant"`` or ``"trend"``, a constant and a trend.
    most
        Lags to choose among; no more than the series are long enough for.

    Examples
    --------
    >>> import averted as av
    >>> import numpy as np
    >>> noise = np.random.default_rng(3).normal(size=(80, 2))
    >>> y = np.zeros((80, 2))
    >>> for t in range(1, 80):
    ...     y[t] = [0.5 * y[t - 1, 0], 0.4 * y[t - 1, 0] + 0.3 * y[t - 1, 1]] + noise[t]
    >>> fit = av.Var(1).fit({"money": y[:, 0], "deaths": y[:, 1]})
    >>> fit.n_observed, fit.granger("money").rejects()
    (79, True)
    >>> fit.impulse(horizon=4).of("deaths", "money").shape
    (5,)
    """

    lags: int | str = "aic"
    terms: str = "constant"
    most: int = 8

    def __post_init__(self) -> None:
        if isinstance(self.lags, str):
            if self.lags not in _CRITERIA:
                raise InputError(f"lags = {self.lags!r}: must be a number, or one of {', '.join(_CRITERIA)}")
        else:
            whole("lags", self.lags, 1)
        whole("most", self.most, 1)
        if self.terms not in _TERMS:
            raise InputError(f"terms = {self.terms!r}: must be one of {', '.join(_TERMS)}")

    def fit(self, data: Any, x: Any = None, columns: Sequence[str] | None = None, index: Any = None) -> VarFit:
        """Fit every equation by least squares.

        Parameters
        ----------
        data
            The series, none missing, in order of time: a frame, a dict of arrays, or an array of time by columns. Their
            order is that of the orthogonal shocks: the first moves all at once, the last only itself.
        x
            Regressors that nothing in the system moves.
        columns
            The series that are meant, in this order; all columns of numbers if not given.
        index
            Names of the periods, or the column that has them; the index of a pandas frame is taken by itself.

        Raises
        ------
        InputError
            Naming series and row: missing values, series too short, constant or combinations of each other.
        """
        given = system(data, columns, index)
        matrix, names, _ = matrix_in(x)
        if matrix is not None and not names:
            names = [f"x{j + 1}" for j in range(matrix.shape[1])]
        return self._fitted(given, matrix, names)

    def _fitted(self, given: System, x: NDArray[np.float64] | None, names: list[str]) -> VarFit:
        lags = self.lags
        if isinstance(lags, str):
            lags = self._choice(given, x, names).best[lags]
        inner = _core.Var(lags, self.terms)
        return VarFit(inner.fit(given.names, given.values, names, x), self, lags, (given, x, names))

    def lag_choice(self, data: Any, x: Any = None, columns: Sequence[str] | None = None) -> LagChoice:
        """AIC, Hannan–Quinn, Schwarz and final prediction error of 1 to :attr:`most` lags (Lütkepohl 2005, §4.3)."""
        matrix, names, _ = matrix_in(x)
        return self._choice(system(data, columns), matrix, names or ([] if matrix is None else ["x"] * matrix.shape[1]))

    def _choice(self, given: System, x: NDArray[np.float64] | None, names: list[str]) -> LagChoice:
        rows, k = given.values.shape
        fixed = _TERMS[self.terms] + (0 if x is None else x.shape[1])
        # The longest takes as many rows away, has that many lags of every series, and leaves one more row than series.
        room = (rows - fixed - k - 1) // (k + 1)
        found = _core.Var(1, self.terms).lag_choice(max(1, min(self.most, room)), given.names, given.values, names, x)
        return LagChoice(dict(zip(_CRITERIA, found, strict=True)), given.kind)

    def __repr__(self) -> str:
        lags = f"lags by {self.lags}" if isinstance(self.lags, str) else f"{self.lags} lags"
        beside = {"none": "nothing", "constant": "a constant", "trend": "a constant and a trend"}[self.terms]
        return f"vector autoregression, {lags}, beside {beside}"


def _refitted(specification: Var, source: tuple[Any, ...]) -> VarFit:
    return specification._fitted(*source)


class VarFit(SystemFit):
    """A fitted vector autoregression."""

    _core: CoreFit

    def __init__(self, core: CoreFit, specification: Var, lags: int, source: tuple[Any, ...]) -> None:
        super().__init__(source[0])
        self._core = core
        self.specification = specification
        #: Lags of the model.
        self.lags = lags
        # What it was fitted to: a pickle fits it again, to the same bits.
        self._source = source
        self._x_names: list[str] = source[2]

    def __reduce__(self) -> Any:
        return _refitted, (self.specification, self._source)

    @property
    def coefficients(self) -> dict[str, dict[str, float]]:
        """Estimates by equation and term."""
        values = self._core.coefficients[0]
        return {
            name: dict(zip(self._core.terms, values[:, j].tolist(), strict=True)) for j, name in enumerate(self.names)
        }

    @property
    def sigma(self) -> NDArray[np.float64]:
        """Covariance of the errors, over the periods less the coefficients of an equation."""
        return self._core.sigma

    @property
    def roots(self) -> list[float]:
        """Moduli of the companion matrix, the largest first."""
        return self._core.roots

    @property
    def is_stable(self) -> bool:
        """Whether all roots are below one."""
        return self.roots[0] < 1

    @property
    def notes(self) -> list[str]:
        """True things about the fit."""
        if self.is_stable:
            return []
        return [f"largest root {self.roots[0]:.4f}: not stable; shocks do not die out"]

    def _tidy(self) -> Mapping[str, Sequence[Any]]:
        return by_equation(self._core.table(0.95))

    def summary(self) -> Table:
        """The coefficients, equation by equation."""
        size = f"log-likelihood {self.log_likelihood:.4f}; largest root {self.roots[0]:.4f}"
        title = f"VAR({self.lags}) of {', '.join(self.names)}"
        notes = [f"{size}; {self.n_observed} periods explained", *self.notes]
        kinds = {"equation": "text", "term": "text"}
        return Table.build(dict(self._tidy()), kinds=kinds, title=title, notes=notes)

    def _glance(self) -> dict[str, Any]:
        return {
            "lags": self.lags,
            "log_likelihood": self.log_likelihood,
            "largest_root": self.roots[0],
            "n_observed": self.n_observed,
        }

    def impulse(
        self,
        horizon: int = 10,
        *,
        orthogonal: bool = True,
        cumulative: bool = False,
        level: float = 95,
        bands: str = "asymptotic",
        draws: int = 1000,
        seed: int | None = None,
    ) -> ImpulseResponses:
        """How a shock to one series moves the others.

        Parameters
        ----------
        horizon
            Steps after the shock.
        orthogonal
            To one standard deviation of the orthogonal shocks (the Cholesky root, in the order of the series), or to
            one unit of each error.
        cumulative
            Added up from step 0.
        level
            Of the intervals, in per cent.
        bands
            ``"asymptotic"`` (Lütkepohl 2005, §3.7), or ``"bootstrap"`` of whole rows of residuals.
        draws, seed
            Of the bootstrap; a seed is drawn and recorded if not given.
        """
        return self._responses(horizon, orthogonal, level, bands, draws, seed, cumulative)

    def variance_shares(self, horizon: int = 10) -> VarianceShares:
        """Which orthogonal shocks the errors of forecasts 1 … horizon steps ahead come from."""
        return self._shares(horizon)

    def _causality(self, kind: str, causes: str | Sequence[str], extra: int, null: str) -> SystemTest:
        listed = columns_in("causes", causes)
        others = ", ".join(name for name in self.names if name not in listed)
        parts = self._core.causality(kind, listed, extra)
        return SystemTest._of(parts, null.format(causes=", ".join(listed), others=others), self._kind)

    def granger(self, causes: str | Sequence[str]) -> SystemTest:
        """Granger's test that the past of the causes does not help to predict the other series: F."""
        null = "the past of {causes} does not help to predict {others}"
        return self._causality("granger", causes, 0, null)

    def instantaneous(self, causes: str | Sequence[str]) -> SystemTest:
        """The test that errors of the causes are not related to those of the other series: χ²."""
        return self._causality("instantaneous", causes, 0, "errors of {causes} are not related to those of {others}")

    def toda_yamamoto(self, causes: str | Sequence[str], extra: int = 1) -> SystemTest:
        """Granger's test that holds with unit roots too (Toda & Yamamoto 1995): χ².

        Parameters
        ----------
        causes
            The series that may help to predict the others.
        extra
            Lags more that are fitted and left out of the test: the highest order of integration.
        """
        null = "the past of {causes} does not help to predict {others}, unit roots or not"
        return self._causality("toda_yamamoto", causes, whole("extra", extra, 1), null)

    def residual_test(self, test: str = "portmanteau", lags: int | None = None) -> SystemTest:
        """A test of the errors.

        Parameters
        ----------
        test
            ``"portmanteau"`` or ``"portmanteau_adjusted"`` (for short samples) and ``"breusch_godfrey"`` of no
            autocorrelation, ``"normality"``, ``"arch"`` of constant variance.
        lags
            Ten more than the model's for the portmanteau, five for the others if not given.
        """
        nulls = {
            "portmanteau": "errors are not correlated with their past",
            "portmanteau_adjusted": "errors are not correlated with their past",
            "breusch_godfrey": "errors are not correlated with their past",
            "normality": "errors are normal",
            "arch": "variances of the errors do not depend on their past",
        }
        if lags is None:
            lags = self.lags + 10 if test.startswith("portmanteau") else 5
        return SystemTest._of(self._core.residual_test(test, whole("lags", lags, 1)), nulls.get(test, ""), self._kind)

    def predict(self, horizon: int, x: Any = None, level: float = 95) -> Any:
        """Means with intervals of normal errors, the coefficients taken as known: a row a series and period."""
        from averted.forecast import checked_levels

        (level,) = checked_levels([level])
        ends = self._core.predict(whole("horizon", horizon, 1), matrix_in(x)[0], level / 100)
        return self._predicted(horizon, level, ends)

    def forecast(
        self,
        horizon: int,
        x: Any = None,
        levels: Sequence[float] = (80, 95),
        draws: int = 1000,
        seed: int | None = None,
        index: Sequence[Any] | None = None,
    ) -> SystemForecast:
        """Simulate the future of all series at once, the uncertainty of the coefficients in it.

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
        scenarios, matrices = futures(x, self._x_names)
        cores = self._core.forecast(
            whole("horizon", horizon, 1),
            scenarios,
            matrices,
            draws=whole("draws", draws, 1),
            seed=seed,
            labels=self._ahead(horizon, index),
            cutoff=self._given.periods()[-1],
        )
        return self._joined(cores, levels)

    def plot(self, horizon: int = 10) -> Any:
        """Impulse responses with asymptotic 95 % bands, shocks by columns."""
        return self.impulse(horizon).plot()
