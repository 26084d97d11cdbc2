"""Do wandering series wander together? Tests of cointegration.

:func:`engle_granger` asks whether one relation holds the first series to the others, :func:`johansen` how many
relations there are, :func:`ardl_bounds` whether levels are related at all, whether the regressors wander or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from averted import _core
from averted._arguments import whole
from averted._errors import InputError
from averted._frames import Kind, frame_out
from averted._result import Answer, Table
from averted.timeseries._system import system
from averted.timeseries.roots import UnitRootTest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from averted.timeseries.ardl import BoundsTest


@dataclass(frozen=True, repr=False, kw_only=True, eq=False)
class JohansenTest(Answer):
    """What Johansen's tests said; element r of a list is of the null that there are no more than r relations.

    Attributes
    ----------
    eigenvalues
        Squared canonical correlations, the largest first.
    trace, trace_p
        Trace statistics and their p-values.
    largest, largest_p
        Statistics of the largest eigenvalue left, and their p-values.
    critical_trace, critical_largest
        Critical values at 10, 5 and 1 %.
    names
        The series, then the constant or trend within the relations.
    lags, n
        Lagged differences, and rows of the regressions.
    """

    names: list[str]
    deterministic: str
    eigenvalues: list[float]
    trace: list[float]
    trace_p: list[float]
    largest: list[float]
    largest_p: list[float]
    critical_trace: list[list[float]]
    critical_largest: list[list[float]]
    beta: NDArray[np.float64]
    alpha: NDArray[np.float64]
    lags: int
    n: int
    kind: Kind = "dict"

    def rank(self, level: float = 0.05) -> int:
        """How many relations: the least r whose trace test does not reject at the level."""
        kept = [r for r, p in enumerate(self.trace_p) if p >= level]
        return kept[0] if kept else len(self.trace_p)

    def relations(self, rank: int | None = None) -> Any:
        """The relations β, a column each, the first series normed to 1; those of :meth:`rank` if not given."""
        r = self.rank() if rank is None else whole("rank", rank, 0)
        columns = {f"relation {j + 1}": self.beta[:, j] for j in range(min(r, self.beta.shape[1]))}
        return frame_out({"term": self.names, **columns}, self.kind)

    def _tidy(self) -> dict[str, Sequence[Any]]:
        p = len(self.trace)
        five = [[row[1] for row in rows] for rows in (self.critical_trace, self.critical_largest)]
        return {
            "relations": list(range(p)),
            "eigenvalue": self.eigenvalues,
            "trace": self.trace,
            "trace_5": five[0],
            "trace_p": self.trace_p,
            "largest": self.largest,
            "largest_5": five[1],
            "largest_p": self.largest_p,
        }

    def summary(self) -> Table:
        """Both tests, a row an r."""
        kinds = {"relations": "count", "trace_p": "probability", "largest_p": "probability"}
        words = "null: there are no more than so many relations; by the trace at 5 %: "
        title = f"Johansen's tests, {self.lags} lagged differences, deterministic part: {self.deterministic}"
        return Table.build(dict(self._tidy()), kinds=kinds, title=title, notes=[f"{words}{self.rank()}"])

    def _glance(self) -> dict[str, Any]:
        return {"rank": self.rank(), "lags": self.lags, "n": self.n, "deterministic": self.deterministic}


def johansen(
    data: Any,
    lags: int = 1,
    deterministic: str = "constant",
    *,
    columns: Sequence[str] | None = None,
    season: int | None = None,
    form: str = "transitory",
) -> JohansenTest:
    """Johansen (1988, 1991): how many relations hold several wandering series together.

    Parameters
    ----------
    data
        Two or more series, none missing: a frame, a dict of arrays, or an array of time by columns.
    lags
        Lagged differences: one fewer than the lags of the vector autoregression in levels.
    deterministic
        ``"none"``; ``"constant_within"`` the relations (series without drift); ``"constant"`` outside (series that
        drift); ``"trend_within"`` the relations, with a constant outside; ``"trend"``, constant and trend outside.
    columns
        The series that are meant; all columns of numbers if not given.
    season
        Periods of a season, for centred dummies.
    form
        ``"transitory"``, or ``"long_run"``: the same tests, other loadings.

    Returns
    -------
    JohansenTest
        With p-values of Doornik (1998), and critical values of MacKinnon, Haug & Michelis (1999) or, with a constant or
        a trend within the relations, of Doornik.

    Examples
    --------
    >>> import averted as av
    >>> import numpy as np
    >>> steps = np.random.default_rng(1).normal(size=(100, 2))
    >>> aid = steps[:, 0].cumsum()
    >>> test = av.johansen({"aid": aid, "deaths": 2 * aid + steps[:, 1]})
    >>> test.rank()
    1
    """
    if form not in ("transitory", "long_run"):
        raise InputError(f"form = {form!r}: must be 'transitory' or 'long_run'")
    given = system(data, columns)
    core = _core.johansen(
        given.names,
        given.values,
        lags=whole("lags", lags, 0),
        deterministic=deterministic,
        season=1 if season is None else whole("season", season, 2),
        long_run=form == "long_run",
    )
    eigenvalues, trace, trace_p, largest, largest_p = core.numbers
    critical_trace, critical_largest = core.critical
    return JohansenTest(
        names=core.names,
        deterministic=deterministic,
        eigenvalues=eigenvalues,
        trace=trace,
        trace_p=trace_p,
        largest=largest,
        largest_p=largest_p,
        critical_trace=critical_trace,
        critical_largest=critical_largest,
        beta=core.beta,
        alpha=core.alpha,
        lags=int(lags),
        n=core.n,
        kind=given.kind,
    )


def engle_granger(
    data: Any,
    deterministic: str = "level",
    lags: int | str = "aic",
    most: int | None = None,
    *,
    columns: Sequence[str] | None = None,
) -> UnitRootTest:
    """Engle and Granger (1987): the null is that the first series shares no relation with the others.

    Parameters
    ----------
    data
        Two or more series, none missing: a frame, a dict of arrays, or an array of time by columns. The first is
        explained by the others, and a unit root looked for in what is left.
    deterministic
        Of the relation: ``"none"``, ``"level"``, ``"trend"`` or ``"quadratic"``.
    lags
        Of the differences: a number, or chosen by ``"aic"``, ``"bic"`` or ``"t"``.
    most
        Lags to choose among.
    columns
        The series that are meant, the one to be explained first.

    Returns
    -------
    UnitRootTest
        With p-values of MacKinnon (1994), for up to six series, and critical values of MacKinnon (2010); ``further``
        has the coefficients of the relation.

    Examples
    --------
    >>> import averted as av
    >>> import numpy as np
    >>> steps = np.random.default_rng(1).normal(size=(100, 2))
    >>> aid = steps[:, 0].cumsum()
    >>> test = av.engle_granger({"deaths": 2 * aid + steps[:, 1], "aid": aid}, lags=0)
    >>> test.rejects(), round(test.further["aid"], 1)
    (True, 2.0)
    """
    given = system(data, columns)
    core = _core.engle_granger(
        given.names,
        given.values,
        deterministic=deterministic,
        lags=None if isinstance(lags, str) else whole("lags", lags, 0),
        select=lags if isinstance(lags, str) else "",
        most=None if most is None else whole("most", most, 0),
    )
    return UnitRootTest._of(core, ", ".join(given.names), deterministic, given.kind)


def ardl_bounds(
    data: Any,
    case: int = 3,
    lags: str | Sequence[int] = "aic",
    most: int | tuple[int, int] = 4,
    *,
    columns: Sequence[str] | None = None,
) -> BoundsTest:
    """Pesaran, Shin and Smith (2001): the null is that the first series' level is not related to the others'.

    Parameters
    ----------
    data
        The outcome and its regressors, none missing: a frame, a dict of arrays, or an array of time by columns.
    case
        1 no constant; 2 a constant, in the relation; 3 a constant; 4 a constant, and a trend in the relation; 5 a
        constant and a trend.
    lags
        Of the outcome and of every regressor; or chosen by ``"aic"`` or ``"bic"``.
    most
        Lags to choose among: of all, or of the outcome and of the regressors.
    columns
        The series that are meant, the outcome first.

    Examples
    --------
    >>> import averted as av
    >>> import numpy as np
    >>> steps = np.random.default_rng(1).normal(size=(100, 2))
    >>> aid = steps[:, 0].cumsum()
    >>> test = av.ardl_bounds({"deaths": 2 * aid + steps[:, 1], "aid": aid}, lags=(1, 1))
    >>> test.related()
    True
    """
    from averted.timeseries.ardl import Ardl

    case = whole("case", case, 1)
    terms = "none" if case == 1 else "constant" if case in (2, 3) else "trend"
    given = system(data, columns)
    if len(given.names) < 2:
        raise InputError("data: must have an outcome and at least one regressor")
    fit = Ardl(lags, most=most, terms=terms)._fitted(
        given.names[0], given.values[:, 0].copy(), given.names[1:], given.values[:, 1:].copy(), given.labels, given.kind
    )
    return fit.bounds(case)
