"""Vector error correction: several wandering series that come back to relations between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from averted import _core
from averted._arguments import columns_in, whole
from averted._errors import InputError
from averted._frames import frame_out
from averted._result import Table
from averted.timeseries._system import System, system
from averted.timeseries._system_fit import SystemFit, by_equation
from averted.timeseries.responses import ImpulseResponses, SystemForecast, SystemTest, VarianceShares

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from averted._core import VecmFit as CoreFit


@dataclass(frozen=True, repr=False)
class Vecm:
    """A vector error correction model, by maximum likelihood (Johansen 1991).

    Parameters
    ----------
    rank
        Relations that hold the series together; :func:`averted.johansen` counts them.
    lags
        Lagged differences: one fewer than the lags of the vector autoregression in levels.
    deterministic
        ``"none"``; ``"constant_within"`` the relations (series without drift); ``"constant"`` outside (series that
        drift); ``"trend_within"`` the relations, with a constant outside; ``"trend"``, constant and trend outside.
    season
        Periods of a season, for centred dummies.

    Examples
    --------
    >>> import averted as av
    >>> import numpy as np
    >>> steps = np.random.default_rng(1).normal(size=(100, 2))
    >>> aid = steps[:, 0].cumsum()
    >>> fit = av.Vecm(rank=1).fit({"deaths": 2 * aid + steps[:, 1], "aid": aid})
    >>> float(round(fit.beta[1, 0], 1))
    -2.0
    >>> fit.weak_exogeneity("aid").rejects()
    False
    """

    rank: int
    lags: int = 1
    deterministic: str = "constant"
    season: int | None = None

    _inner: _core.Vecm = field(init=False, compare=False)

    def __post_init__(self) -> None:
        season = 1 if self.season is None else whole("season", self.season, 2)
        inner = _core.Vecm(whole("lags", self.lags, 0), whole("rank", self.rank, 1), self.deterministic, season)
        object.__setattr__(self, "_inner", inner)

    def fit(self, data: Any, columns: Sequence[str] | None = None, index: Any = None) -> VecmFit:
        """Maximise the likelihood.

        Parameters
        ----------
        data
            The series, none missing, in order of time: a frame, a dict of arrays, or an array of time by columns. The
            first `rank` of them are those that the relations are normed by; the order is that of the orthogonal shocks.
        columns
            The series that are meant, in this order; all columns of numbers if not given.
        index
            Names of the periods, or the column that has them; the index of a pandas frame is taken by itself.

        Raises
        ------
        InputError
            Naming series and row: missing values, series too short, constant, or held together without error.
        """
        return self._fitted(system(data, columns, index))

    def _fitted(self, given: System) -> VecmFit:
        return VecmFit(self._inner.fit(given.names, given.values), self, given)

    def __repr__(self) -> str:
        return str(self._inner)

    def __reduce__(self) -> Any:
        return Vecm, (self.rank, self.lags, self.deterministic, self.season)


def _refitted(specification: Vecm, given: System) -> VecmFit:
    return specification._fitted(given)


class VecmFit(SystemFit):
    """A fitted vector error correction model."""

    _core: CoreFit

    def __init__(self, core: CoreFit, specification: Vecm, given: System) -> None:
        super().__init__(given)
        self._core = core
        self.specification = specification

    def __reduce__(self) -> Any:
        # A pickle fits it again, to the same bits.
        return _refitted, (self.specification, self._given)

    @property
    def beta(self) -> NDArray[np.float64]:
        """Relations, a column each; the first `rank` rows are the identity, the last a constant or trend within."""
        return self._core.beta[0]

    @property
    def alpha(self) -> NDArray[np.float64]:
        """How every series (row) gives way to every relation (column)."""
        return self._core.alpha

    def gamma(self, lag: int = 1) -> NDArray[np.float64]:
        """Coefficients of a lagged difference, equations × series."""
        return self._core.gamma(whole("lag", lag, 1))

    @property
    def sigma(self) -> NDArray[np.float64]:
        """Covariance of the errors, over the periods explained."""
        return self._core.sigma

    @property
    def eigenvalues(self) -> list[float]:
        """Squared canonical correlations, the largest first."""
        return self._core.eigenvalues

    @property
    def roots(self) -> list[float]:
        """Moduli of the companion matrix of levels; one for every series without a relation of its own."""
        return self._core.roots

    @property
    def lag_matrices(self) -> NDArray[np.float64]:
        """The vector autoregression in levels that the model is: lags × equations × series."""
        return self._core.lag_matrices

    @property
    def notes(self) -> list[str]:
        """True things about the fit."""
        rest = self.roots[len(self.names) - self.specification.rank :]
        if rest and rest[0] >= 1:
            return [f"a root of {rest[0]:.4f} beside those of the walks: the relations are not come back to"]
        return []

    def relations(self, level: float = 95) -> Any:
        """The relations with standard errors, what they are normed by left out, as a frame of the kind that came in."""
        return frame_out(self._split(True, level), self._kind)

    def _split(self, relations: bool, level: float) -> dict[str, list[Any]]:
        return by_equation(self._core.table(relations, level / 100))

    def _tidy(self) -> Mapping[str, Sequence[Any]]:
        first, second = self._split(True, 95), self._split(False, 95)
        return {name: [*first[name], *second[name]] for name in first}

    def summary(self) -> Table:
        """The relations, then the equations: loadings, what stands outside, lagged differences."""
        relations, lags = self.specification.rank, self.specification.lags
        title = f"Error correction of {', '.join(self.names)}: {relations} relations, {lags} lagged differences"
        normed = f"relations are normed by {', '.join(self.names[:relations])}"
        size = f"log-likelihood {self.log_likelihood:.4f}; {self.n_observed} periods explained"
        kinds = {"equation": "text", "term": "text"}
        return Table.build(dict(self._tidy()), kinds=kinds, title=title, notes=[size, normed, *self.notes])

    def _glance(self) -> dict[str, Any]:
        return {
            "rank": self.specification.rank,
            "lags": self.specification.lags,
            "log_likelihood": self.log_likelihood,
            "n_observed": self.n_observed,
        }

    def deviations(self) -> Any:
        """What every relation came to in every period, as a frame of the kind that came in."""
        values = self._core.deviations
        columns = {f"relation {j + 1}": values[:, j] for j in range(values.shape[1])}
        return frame_out({"ds": self._given.periods(), **columns}, self._kind)

    def weak_exogeneity(self, series: str | Sequence[str]) -> SystemTest:
        """The likelihood ratio test that series do not give way to any relation: χ²."""
        listed = columns_in("series", series)
        null = f"{', '.join(listed)} do not give way to the relations: weakly exogenous"
        return SystemTest._of(self._core.restriction("weak_exogeneity", listed), null, self._kind)

    def excluded(self, series: str | Sequence[str]) -> SystemTest:
        """The likelihood ratio test that series have no part in any relation: χ²."""
        listed = columns_in("series", series)
        null = f"{', '.join(listed)} have no part in the relations"
        return SystemTest._of(self._core.restriction("excluded", listed), null, self._kind)

    def relations_within(self, within: Any) -> SystemTest:
        """The likelihood ratio test that every relation is a combination of columns: χ².

        Parameters
        ----------
        within
            A row for every row of :attr:`beta`: ``[[1, 0], [-1, 0], [0, 1]]`` of three series says that the first two
            enter as their difference.
        """
        array = np.asarray(within, dtype=np.float64)
        array = array.reshape(-1, 1) if array.ndim == 1 else array
        if array.ndim != 2:
            raise InputError(f"within: expected rows by columns, found {array.ndim} dimensions")
        parts = self._core.relations_within(np.ascontiguousarray(array))
        return SystemTest._of(parts, "every relation is a combination of the given columns", self._kind)

    def impulse(
        self,
        horizon: int = 20,
        *,
        orthogonal: bool = True,
        level: float = 95,
        bands: str = "bootstrap",
        draws: int = 500,
        seed: int | None = None,
    ) -> ImpulseResponses:
        """How a shock to one series moves the levels of the others, for good too.

        Parameters
        ----------
        horizon
            Steps after the shock.
        orthogonal
            To one standard deviation of the orthogonal shocks (the Cholesky root, in the order of the series), or to
            one unit of each error.
        level
            Of the intervals, in per cent.
        bands
            ``"bootstrap"`` of whole rows of residuals, which fits every rebuilt sample again, relations included; or
            ``"asymptotic"``, the relations taken as known (Lütkepohl 2005, §7.2).
        draws, seed
            Of the bootstrap; a seed is drawn and recorded if not given.
        """
        return self._responses(horizon, orthogonal, level, bands, draws, seed)

    def variance_shares(self, horizon: int = 20) -> VarianceShares:
        """Which orthogonal shocks the errors of forecasts 1 … horizon steps ahead come from."""
        return self._shares(horizon)

    def predict(self, horizon: int, level: float = 95) -> Any:
        """Means with intervals of normal errors, the coefficients taken as known: a row a series and period."""
        from averted.forecast import checked_levels

        (level,) = checked_levels([level])
        ends = self._core.predict(whole("horizon", horizon, 1), level / 100)
        return self._predicted(horizon, level, ends)

    def forecast(
        self,
        horizon: int,
        levels: Sequence[float] = (80, 95),
        draws: int = 1000,
        seed: int | None = None,
        index: Sequence[Any] | None = None,
    ) -> SystemForecast:
        """Simulate the future of all series at once, the uncertainty of the coefficients (given the relations) in it.

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
        cores = self._core.forecast(
            whole("horizon", horizon, 1),
            draws=whole("draws", draws, 1),
            seed=seed,
            labels=self._ahead(horizon, index),
            cutoff=self._given.periods()[-1],
        )
        return self._joined(cores, levels)

    def plot(self, ax: Axes | None = None) -> Axes:
        """How far the series were from every relation over time, about its mean and in standard deviations."""
        from averted import _plot

        values = self._core.deviations
        with _plot.style():
            ax = _plot.axes(ax)
            at = np.arange(len(values))
            for j in range(values.shape[1]):
                own = values[:, j] - values[:, j].mean()
                dash, color = _plot.DASHES[j % len(_plot.DASHES)], _plot.SERIES[j % len(_plot.SERIES)]
                ax.plot(at, own / own.std(), color=color, linestyle=dash, label=f"relation {j + 1}")
            _plot.zero_line(ax)
            _plot.periods(ax, self._given.periods())
            _plot.label(ax, title="Deviations from the relations", y="standard deviations about the mean")
            ax.legend()
        return ax
