"""Intermittent demand: many zeros, and now and then something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from averted import _core
from averted._result import Table
from averted.timeseries._univariate import Source, UnivariateFit, source_of

if TYPE_CHECKING:
    from averted._core import IntermittentFit as CoreFit


@dataclass(frozen=True, repr=False)
class Intermittent:
    """A rule for series of many zeros: what comes and how often it comes, smoothed apart.

    Parameters
    ----------
    rule
        ``"tsb"`` (Teunter, Syntetos & Babai 2011), whose forecast falls while nothing comes; ``"sba"`` (Syntetos &
        Boylan 2005); ``"croston"`` (Croston 1972).
    alpha
        How quickly the size of what comes is forgotten.
    beta
        How quickly the intervals, or for TSB the probability, are forgotten.
    start
        What is smoothed starts from the ``"mean"`` of the series, or from its ``"first"`` value.

    Examples
    --------
    >>> import averted as av
    >>> fit = av.Intermittent("tsb").fit([0, 2, 0, 0, 1, 0, 3, 0, 0, 0, 2, 0])
    >>> round(fit.rate, 3), round(fit.probability, 3)
    (0.655, 0.326)
    >>> fit.forecast(3, seed=1).quantile(0.05).tolist()
    [0.0, 0.0, 0.0]
    """

    rule: str = "tsb"
    alpha: float = 0.1
    beta: float = 0.1
    start: str = "mean"

    _inner: _core.Intermittent = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_inner", _core.Intermittent(self.rule, self.alpha, self.beta, self.start))

    def fit(self, y: Any, index: Sequence[Any] | None = None) -> IntermittentFit:
        """Smooth a series.

        Parameters
        ----------
        y
            The series, in order of time and one value a period, zero or more; missing ones NaN or None.
        index
            Names of the periods; those of a pandas series are taken by themselves.

        Raises
        ------
        InputError
            For a negative value, α or β outside 0 to 1, and a series without an observation.
        """
        return self._fitted(source_of(y, index))

    def _fitted(self, source: Source) -> IntermittentFit:
        name, y, labels, _ = source
        return IntermittentFit(self._inner.fit(name, y, labels), self, source)

    def __repr__(self) -> str:
        return str(self._inner)

    def __reduce__(self) -> Any:
        return Intermittent, (self.rule, self.alpha, self.beta, self.start)


class IntermittentFit(UnivariateFit):
    """A rule for intermittent demand, fitted. Its forecasts are whole numbers where the series has no others."""

    _core: CoreFit

    def __init__(self, core: CoreFit, specification: Intermittent, source: Source) -> None:
        super().__init__(specification, source)
        self._core = core

    @property
    def rate(self) -> float:
        """The mean of every future period."""
        return self._core.numbers[0]

    @property
    def size(self) -> float:
        """The smoothed size of what comes."""
        return self._core.numbers[1]

    @property
    def interval(self) -> float:
        """The smoothed number of periods from one to the next."""
        return self._core.numbers[2]

    @property
    def probability(self) -> float:
        """That something comes in a period."""
        return self._core.numbers[3]

    @property
    def demands(self) -> int:
        """Periods in which something came."""
        return self._core.demands

    def _tidy(self) -> dict[str, Sequence[Any]]:
        terms = ("rate", "size", "interval", "probability")
        return {"term": list(terms), "estimate": [getattr(self, term) for term in terms]}

    def _glance(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("rate", "demands", "n_used")}

    def summary(self) -> Table:
        """What is smoothed, at the end of the series."""
        notes = [f"{self.demands} of {self.n_used} periods with demand", *self.notes]
        title = f"{self.specification!r}: {self._unit}"
        return Table.build(dict(self._tidy()), kinds={"term": "text"}, title=title, notes=notes)
