"""Theta: simple exponential smoothing with a part of a straight line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from averted import _core
from averted._arguments import whole
from averted._result import Table
from averted.timeseries._univariate import Source, UnivariateFit, source_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from averted._core import ThetaFit as CoreFit


@dataclass(frozen=True, repr=False)
class Theta:
    """A Theta method.

    Parameters
    ----------
    method
        ``"dynamic"``: θ is estimated, and the line of every period is that of the periods before (Fiorucci et al.
        2016); ``"optimised"``: θ is estimated, the line is that of the whole series; ``"standard"``: θ = 2
        (Assimakopoulos & Nikolopoulos 2000; Hyndman & Billah 2003); ``"dynamic_standard"``: θ = 2, running line.
    season
        Periods in a season, if there is one.
    seasonal
        ``"tested"``: the season is taken out if its autocorrelation passes a 90 % test, as factors unless a value is
        not above zero; ``"multiplicative"`` or ``"additive"``, without a test; ``"none"``.
    alpha, theta
        Given and not estimated.

    Examples
    --------
    >>> import averted as av
    >>> y = [1120, 1160, 963, 1210, None, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020]
    >>> fit = av.Theta("dynamic").fit(y)
    >>> fit.n_used, 0 < fit.alpha < 1, fit.theta >= 1
    (11, True, True)
    >>> ahead = fit.forecast(3, seed=1)
    >>> len(ahead.mean)
    3
    """

    method: str = "dynamic"
    season: int | None = None
    seasonal: str = "tested"
    alpha: float | None = None
    theta: float | None = None

    _inner: _core.Theta = field(init=False, compare=False)

    def __post_init__(self) -> None:
        season = 1 if self.season is None else whole("season", self.season, 1)
        given = {"alpha": self.alpha, "theta": self.theta}
        inner = _core.Theta(self.method, season=season, seasonal=self.seasonal, **given)
        object.__setattr__(self, "_inner", inner)

    def fit(self, y: Any, index: Sequence[Any] | None = None) -> ThetaFit:
        """Fit it.

        Parameters
        ----------
        y
            The series, in order of time and one value a period; missing ones NaN or None, anywhere.
        index
            Names of the periods; those of a pandas series are taken by themselves.

        Raises
        ------
        InputError
            For a series too short (4 to 6 observations are needed), and parameters outside their range.
        """
        return self._fitted(source_of(y, index))

    def _fitted(self, source: Source) -> ThetaFit:
        name, y, labels, _ = source
        return ThetaFit(self._inner.fit(name, y, labels), self, source)

    def __repr__(self) -> str:
        return str(self._inner)

    def __reduce__(self) -> Any:
        return Theta, (self.method, self.season, self.seasonal, self.alpha, self.theta)


class ThetaFit(UnivariateFit):
    """A fitted Theta method."""

    _core: CoreFit

    def __init__(self, core: CoreFit, specification: Theta, source: Source) -> None:
        super().__init__(specification, source)
        self._core = core

    @property
    def alpha(self) -> float:
        """How much of an error the level takes in."""
        return self._core.numbers[0]

    @property
    def theta(self) -> float:
        """θ; infinite where the whole line is in the mean."""
        return self._core.numbers[1]

    @property
    def initial_level(self) -> float:
        """The level before the first observation, without the season."""
        return self._core.numbers[2]

    @property
    def drift(self) -> float:
        """What the mean gains a period at the end, without the season."""
        return self._core.numbers[3]

    @property
    def sigma(self) -> float:
        """Of the errors without the season."""
        return self._core.sigma

    @property
    def log_likelihood(self) -> float:
        """Of the series without its season; of a dynamic method given the first observation."""
        return self._core.log_likelihood

    @property
    def seasonal(self) -> NDArray[np.float64] | None:
        """Seasonal factors or amounts by place, from the first period; None where no season was taken out."""
        found = self._core.season
        return None if found is None else found[0]

    def predict(self, horizon: int) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
        """Means, standard errors and degrees of freedom, the parameters taken as known."""
        return self._core.predict(whole("horizon", horizon, 1))

    def _tidy(self) -> dict[str, Sequence[Any]]:
        terms = ("alpha", "theta", "initial_level", "drift", "sigma")
        return {"term": list(terms), "estimate": [getattr(self, term) for term in terms]}

    def _glance(self) -> dict[str, Any]:
        names = ("alpha", "theta", "sigma", "log_likelihood", "n_used")
        return {name: getattr(self, name) for name in names}

    def summary(self) -> Table:
        """What was estimated."""
        notes = [f"log-likelihood {self.log_likelihood:.4f}; {self.n_used} observations used", *self.notes]
        title = f"{self.specification!r}: {self._unit}"
        return Table.build(dict(self._tidy()), kinds={"term": "text"}, title=title, notes=notes)
