"""A smooth trend of counts, and where it rises and falls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from averted import _core
from averted._arguments import whole
from averted.timeseries._rates import is_one_series, one_series, several_series
from averted.timeseries._series import kind_of
from averted.timeseries.smooth_trend_fit import SmoothTrendFit, SmoothTrendFits


@dataclass(frozen=True, kw_only=True, repr=False)
class SmoothTrend:
    """A smooth trend of counts with a population: ``log μ(t) = log population + f(t) + season``.

    ``f`` is a cubic P-spline (Eilers & Marx 1996), the season a circle of parts of the year; how smooth they are is
    found by restricted maximum likelihood (Wood 2011). The slope ``f'(t)`` is the change of the log rate a year.

    Parameters
    ----------
    family
        ``"negative_binomial"`` (variance ``μ + αμ²``), or ``"poisson"``, which takes all that is more than chance for
        trend.
    pieces
        Of the spline: how fast the trend can turn at most. A quarter of the periods, from 4 to 35, unless given.
    season
        Parts of a year: 12 where times are months, 4 where they are quarters, unless given; 1 for none.

    Examples
    --------
    >>> import averted as av
    >>> import numpy as np
    >>> months = np.arange(96)
    >>> deaths = np.round(200 * np.exp(0.5 * np.sin(0.8 * months / 12)))
    >>> fit = av.SmoothTrend().fit(deaths, time=2010 + months / 12)
    >>> [int(s) for s in fit.signs()[[6, 48, 90]]]  # rises, falls, rises
    [1, -1, 1]
    """

    family: str = "negative_binomial"
    pieces: int | None = None
    season: int | None = None

    _inner: _core.SmoothTrend = field(init=False, compare=False)

    def __post_init__(self) -> None:
        inner = _core.SmoothTrend(
            family=self.family,
            pieces=None if self.pieces is None else whole("pieces", self.pieces, 1),
            season=None if self.season is None else whole("season", self.season, 1),
        )
        object.__setattr__(self, "_inner", inner)

    def fit(
        self,
        y: Any,
        *,
        time: Sequence[Any] | None = None,
        population: Any = None,
        bounds: tuple[Any, Any] | None = None,
        per: float = 1.0,
    ) -> SmoothTrendFit:
        """Fit one series.

        Parameters
        ----------
        y
            Counts; missing ones NaN or None.
        time
            Years, or periods such as ``"2019-03"`` or ``"2019-Q2"``; those of a pandas series are its index; else
            0, 1, ….
        population
            That the counts came from.
        bounds
            The least and the most that a count can be where ``y`` is missing: suppressed counts.
        per
            The trend is shown for so many people.

        Raises
        ------
        InputError
            Naming the row: counts that are none, populations that are not positive, times out of order; and for fewer
            than six periods, or a series in which nothing happened.
        ConvergenceError
            When the likelihood has no finite maximum.
        """
        raw = one_series(y, time=time, counts=True, population=population, bounds=bounds)
        return SmoothTrendFit(self._inner.fit_many([raw])[0], self, raw, kind_of(y), per=float(per))

    def __repr__(self) -> str:
        return str(self._inner)

    def __reduce__(self) -> Any:
        return _remade, ({each.name: getattr(self, each.name) for each in fields(self) if each.init},)


def _remade(options: dict[str, Any]) -> SmoothTrend:
    return SmoothTrend(**options)


def smooth_trend(
    data: Any,
    *,
    events: str | None = None,
    population: str | None = None,
    time: Any = None,
    by: str | None = None,
    per: float = 100_000,
    **options: Any,
) -> Any:
    """Smooth trend of a panel, a frame or a series, and its sign.

    Parameters
    ----------
    data
        A :class:`averted.Panel` with events, fitted unit by unit; a frame, whose columns are named below; or one series
        of counts.
    events, population
        Columns of counts and people.
    time
        The column of periods; of a series, the periods themselves.
    by
        A column; each of its values is fitted on its own.
    per
        Rates are shown for so many people.
    options
        Of :class:`SmoothTrend`: ``family, pieces, season``.

    Returns
    -------
    SmoothTrendFit or SmoothTrendFits
        One fit; or, of a panel or with ``by``, a mapping of names to fits.

    Examples
    --------
    >>> import averted as av
    >>> states = av.datasets.load("mx_states")
    >>> trends = av.smooth_trend(states, events="homicides", population="population", time="year", by="state")
    >>> trends["Guanajuato"].now()  # rising at the end
    1
    """
    spec = SmoothTrend(**options)
    if is_one_series(data):
        return spec.fit(data, time=time)
    found = several_series(data, events=events, population=population, time=time, by=by)
    cores = spec._inner.fit_many(found.raws)
    fits = {
        name: SmoothTrendFit(core, spec, raw, found.kind, per=per if found.scaled else 1.0)
        for name, core, raw in zip(found.names, cores, found.raws, strict=True)
    }
    return SmoothTrendFits(fits, found.by, found.kind) if found.by is not None else fits["all"]
