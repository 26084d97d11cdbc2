"""The forecasts that every other has to beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from averted import _core
from averted._arguments import whole
from averted._errors import InputError
from averted._result import Table
from averted.timeseries._univariate import Source, UnivariateFit, source_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from averted._core import NaiveFit as CoreFit


@dataclass(frozen=True, repr=False)
class Naive:
    """A baseline: a rule for the future that every model has to beat.

    Parameters
    ----------
    rule
        ``"last"``, the last value; ``"mean"``, the mean of all; ``"seasonal"``, the value of one season before;
        ``"drift"``, the last value and the mean step.
    season
        Periods in a season, for ``"seasonal"`` only.

    Examples
    --------
    >>> import averted as av
    >>> fit = av.Naive("drift").fit([3, 5, None, 4, 7])
    >>> mean, std_error, degrees = fit.predict(2)
    >>> mean.tolist(), degrees
    ([8.0, 9.0], 2.0)
    """

    rule: str = "last"
    season: int | None = None

    _inner: _core.Naive = field(init=False, compare=False)

    def __post_init__(self) -> None:
        if (self.rule == "seasonal") != (self.season is not None):
            must = (
                "given for the rule 'seasonal'" if self.rule == "seasonal" else "left out unless the rule is 'seasonal'"
            )
            raise InputError(f"season = {self.season!r}: must be {must}")
        season = 1 if self.season is None else whole("season", self.season, 2)
        object.__setattr__(self, "_inner", _core.Naive(self.rule, season))

    def fit(self, y: Any, index: Sequence[Any] | None = None) -> NaiveFit:
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
            For fewer than two observations, three with drift, or two in no place of the season.
        """
        return self._fitted(source_of(y, index))

    def _fitted(self, source: Source) -> NaiveFit:
        name, y, labels, _ = source
        return NaiveFit(self._inner.fit(name, y, labels), self, source)

    def __repr__(self) -> str:
        return str(self._inner)

    def __reduce__(self) -> Any:
        return Naive, (self.rule, self.season)


class NaiveFit(UnivariateFit):
    """A fitted baseline."""

    _core: CoreFit

    def __init__(self, core: CoreFit, specification: Naive, source: Source) -> None:
        super().__init__(specification, source)
        self._core = core

    @property
    def sigma(self) -> float:
        """Standard deviation of a step, or of a value about the mean."""
        return self._core.sigma

    @property
    def degrees(self) -> float:
        """Degrees of freedom of the intervals."""
        return self._core.degrees

    def predict(self, horizon: int) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
        """Means, standard errors and the degrees of freedom of their t distribution, in closed form."""
        return self._core.predict(whole("horizon", horizon, 1))

    def _tidy(self) -> dict[str, Sequence[Any]]:
        found = self._core.constant
        if found is None:
            return {"term": ["sigma"], "estimate": [self.sigma], "std_error": [float("nan")]}
        term = "mean" if self.specification.rule == "mean" else "drift"
        return {"term": [term, "sigma"], "estimate": [found[0], self.sigma], "std_error": [found[1], float("nan")]}

    def _glance(self) -> dict[str, Any]:
        return {"sigma": self.sigma, "degrees": self.degrees, "n_used": self.n_used}

    def summary(self) -> Table:
        """What was estimated."""
        notes = [f"{self.n_used} observations, {self.degrees:g} degrees of freedom", *self.notes]
        title = f"{self.specification!r}: {self._unit}"
        return Table.build(dict(self._tidy()), kinds={"term": "text"}, title=title, notes=notes)
