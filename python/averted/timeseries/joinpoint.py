"""Joinpoint regression: a log rate that is a line, bent at a few points.

Annual per cent changes between the bends, and their average, in the way of the NCI's Joinpoint program, or from the
likelihood of counts, where zeros are zeros and a suppressed count is the interval it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from averted import _core
from averted._arguments import whole
from averted._errors import InputError
from averted.timeseries._rates import is_one_series, one_series, several_series
from averted.timeseries._series import kind_of
from averted.timeseries.joinpoint_fit import Comparability, JoinpointFit, JoinpointFits


@dataclass(frozen=True, kw_only=True, repr=False)
class Joinpoint:
    """A joinpoint regression.

    Parameters
    ----------
    mode
        ``"nci"``: least squares of log rates weighted by (rate/SE)², with the conventions of the NCI's program;
        ``"poisson"`` or ``"negative_binomial"``: the likelihood of counts with a population.
    max_joinpoints
        How many at most.
    selection
        ``"permutation"`` (of a likelihood: parametric bootstrap), ``"bic"``, ``"bic3"``, ``"wbic"``, or ``"given"``
        for as many as allowed. Left out: permutation tests of ``"nci"``, BIC3 of a likelihood.
    permutations
        Permutations or draws of a test.
    level
        Of the sequence of tests; intervals are at 1 − level.
    min_end, min_between
        Observations strictly outside the first and last joinpoint, and strictly between two.
    step
        Only every so-manieth observation is a candidate, for long monthly series.
    continuous
        Joinpoints may lie between observations.
    seed
        Of permutations and draws; one is drawn and recorded if not given.

    Examples
    --------
    >>> import averted as av
    >>> import numpy as np
    >>> years = np.arange(1999, 2017)
    >>> rates = np.exp(0.1 * np.minimum(years - 1999, 8) + 0.01 * np.sin((years - 1999.0) ** 2))
    >>> fit = av.Joinpoint(selection="wbic").fit(rates, time=years)
    >>> fit.joinpoints
    [2007.0]
    >>> round(fit.aapc().aapc, 1)
    4.8
    """

    mode: str = "nci"
    max_joinpoints: int = 3
    selection: str | None = None
    permutations: int = 4499
    level: float = 0.05
    min_end: int = 2
    min_between: int = 2
    step: int = 1
    continuous: bool = False
    seed: int | None = None

    _inner: _core.Joinpoint = field(init=False, compare=False)

    def __post_init__(self) -> None:
        inner = _core.Joinpoint(
            mode=self.mode,
            max_joinpoints=whole("max_joinpoints", self.max_joinpoints, 0),
            selection=self.selection or ("permutation" if self.mode == "nci" else "bic3"),
            permutations=whole("permutations", self.permutations, 1),
            level=float(self.level),
            spacing=(whole("min_end", self.min_end, 1), whole("min_between", self.min_between, 1)),
            step=whole("step", self.step, 1),
            continuous=bool(self.continuous),
            seed=self.seed,
        )
        object.__setattr__(self, "_inner", inner)

    def fit(
        self,
        y: Any,
        *,
        time: Sequence[Any] | None = None,
        std_error: Any = None,
        population: Any = None,
        bounds: tuple[Any, Any] | None = None,
    ) -> JoinpointFit:
        """Fit one series.

        Parameters
        ----------
        y
            Rates; or counts, where there is a population or the mode is a likelihood. Missing ones NaN or None.
        time
            Years, or periods such as ``"2019-03"`` or ``"2019-Q2"``; those of a pandas series are its index; else
            0, 1, ….
        std_error
            Of the rates.
        population
            That the counts came from.
        bounds
            The least and the most that a count can be where ``y`` is missing: suppressed counts.

        Raises
        ------
        InputError
            Naming the row: a rate that is not positive, a suppressed count in mode ``"nci"``, times out of order.
        ConvergenceError
            When a stretch of zeros has no finite trend.
        """
        counts = population is not None or bounds is not None or self.mode != "nci"
        raw = one_series(y, time=time, counts=counts, std_error=std_error, population=population, bounds=bounds)
        return JoinpointFit(self._inner.fit_many([raw])[0], self, raw, kind_of(y), per=1.0)

    def compare(self, left: JoinpointFit, right: JoinpointFit) -> Comparability:
        """Test whether two series have parallel trends, and whether one (Kim et al. 2004), by permutations."""
        return Comparability(*self._inner.compare(left._raw, right._raw))

    def _options(self) -> dict[str, Any]:
        return {each.name: getattr(self, each.name) for each in fields(self) if each.init}

    def _with(self, **changes: Any) -> Joinpoint:
        return Joinpoint(**{**self._options(), **changes})

    def __repr__(self) -> str:
        return str(self._inner)

    def __reduce__(self) -> Any:
        return _remade, (self._options(),)


def _remade(options: dict[str, Any]) -> Joinpoint:
    return Joinpoint(**options)


def joinpoint(
    data: Any,
    *,
    rate: str | None = None,
    std_error: str | None = None,
    events: str | None = None,
    population: str | None = None,
    time: Any = None,
    by: str | None = None,
    per: float = 100_000,
    **options: Any,
) -> Any:
    """Joinpoint regression of a panel, a frame or a series.

    Parameters
    ----------
    data
        A :class:`averted.Panel` with events and population, fitted unit by unit; a frame, whose columns are named
        below; or one series of rates.
    rate, std_error
        Columns of rates and their errors.
    events, population
        Columns of counts and people, in the place of rates.
    time
        The column of periods; of a series, the periods themselves.
    by
        A column; each of its values is fitted on its own.
    per
        Rates of counts are shown for so many people.
    options
        Of :class:`Joinpoint`: ``max_joinpoints=3, mode="nci", …``.

    Returns
    -------
    JoinpointFit or JoinpointFits
        One fit; or, of a panel or with ``by``, a mapping of names to fits.

    Examples
    --------
    >>> import averted as av
    >>> facts = av.datasets.load("western_hemisphere", "dict")
    >>> here = (facts["country"] == "Mexico") & (facts["year"] >= 1995)
    >>> mexico = {name: facts[name][here] for name in ("year", "homicides", "population")}
    >>> fit = av.joinpoint(mexico, events="homicides", population="population", time="year", selection="bic3")
    >>> fit.joinpoints
    [2006.0, 2010.0]
    """
    spec = Joinpoint(**options)
    if is_one_series(data):
        return spec.fit(data, time=time)
    if not isinstance(getattr(data, "_core", None), _core.Panel) and (rate is None) == (events is None):
        raise InputError("joinpoint: name a column of rates (rate=…) or of counts (events=…)")
    found = several_series(data, rate=rate, std_error=std_error, events=events, population=population, time=time, by=by)
    cores = spec._inner.fit_many(found.raws)
    fits = {
        name: JoinpointFit(core, spec, raw, found.kind, per=per if found.scaled else 1.0)
        for name, core, raw in zip(found.names, cores, found.raws, strict=True)
    }
    return JoinpointFits(fits, found.by, found.kind) if found.by is not None else fits["all"]
