"""After the fit: marginal effects and elasticities, average predictions, deaths averted by a path."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from averted import _core
from averted._errors import InputError
from averted._frames import Kind, frame_out
from averted._result import Result, Table
from averted.regression._fitted import Fitted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from averted.spending.by_path import CostByPath, Money


#: What a column is set to: a number, a level, a value for every row of the data, or a function of the column.
Setting = float | str | Sequence[float] | Callable[[Any], Any]


class Margins(Result):
    """Quantities that a fit implies, with their joint covariance, absorbed effects included."""

    def __init__(self, core: _core.Margins, kind: Kind) -> None:
        self._core = core
        self._kind = kind

    @property
    def estimates(self) -> dict[str, float]:
        """Name -> estimate; with groups, names are ``"term | group"``."""
        return {row[0]: row[1] for row in self._core.rows_at(0.95)}

    @property
    def std_errors(self) -> dict[str, float]:
        """Name -> standard error."""
        return {row[0]: row[2] for row in self._core.rows_at(0.95)}

    @property
    def covariance(self) -> NDArray[np.float64]:
        """The joint covariance, in the order of the table."""
        return self._core.covariance

    @property
    def notes(self) -> list[str]:
        """What the caller should know."""
        return self._core.notes

    def summary(self, level: float = 0.95) -> Table:
        """Return the table, with intervals at `level`."""
        return Table(self._core.table(level))

    def tidy(self, level: float = 0.95) -> Any:
        """One row a quantity, with intervals at `level`, as a frame of the kind that came in."""
        return frame_out(self._tidy(level), self._kind)

    def _tidy(self, level: float = 0.95) -> Mapping[str, Sequence[Any]]:
        rows = self._core.rows_at(level)
        groups = {"group": self._core.groups} if self._core.groups else {}
        names = ("estimate", "std_error", "statistic", "p_value", "lower", "upper")
        numbers = {name: [row[j] for row in rows] for j, name in enumerate(names, start=1)}
        return {"term": self._core.terms, **groups, **numbers}

    def _glance(self) -> dict[str, Any]:
        return {
            "what": self._core.title,
            "quantities": len(self._core.names),
            "degrees_of_freedom": self._core.degrees_of_freedom,
        }

    def plot(self, ax: Axes | None = None, *, level: float = 0.95) -> Axes:
        """Draw the quantities with their intervals, one line each."""
        from averted import _plot

        rows = self._core.rows_at(level)
        ax = _plot.axes(ax, height=0.9 + 0.32 * max(len(rows), 2))
        places = np.arange(len(rows))[::-1]
        with _plot.style():
            for place, (_, estimate, _, _, _, lower, upper) in zip(places, rows, strict=True):
                ax.plot([lower, upper], [place, place], color=_plot.BLUE, linewidth=1.6)
                ax.plot([estimate], [place], "o", color=_plot.BLUE, markersize=5)
        ax.axvline(0.0, color=_plot.INK, linewidth=0.8, zorder=1)
        ax.set_yticks(places, [row[0] for row in rows])
        ax.set_ylim(-0.6, len(rows) - 0.4)
        _plot.label(ax, title=self._core.title.split(":")[0], x=f"estimate, {100 * level:g}% interval")
        return ax


class AvertedByPath(Margins):
    """Deaths averted by the path that columns took, compared with another: those under the other less those fitted."""

    def __init__(self, core: _core.Margins, fitted: list[float], counterfactual: list[float], kind: Kind) -> None:
        super().__init__(core, kind)
        #: Fitted deaths, one a group.
        self.fitted = fitted
        #: Deaths under the other path, one a group.
        self.counterfactual = counterfactual

    def cost(self, money: Money, *, per: float = 1_000_000, level: float = 0.95) -> CostByPath:
        """What the deaths averted cost: their interval turned upside down, where it does not hold zero.

        Parameters
        ----------
        money
            What the path taken cost more than the other, in the currency of the answer: a sum; with groups one for
            each, as a list or a mapping.
        per
            The sum that deaths averted are counted by as well.
        level
            Of the intervals.

        Raises
        ------
        InputError
            For sums that are not above zero, or not one for each group.

        Examples
        --------
        >>> import averted as av
        >>> data = {"deaths": [90, 81, 74, 66, 60, 55], "millions": [0, 1, 2, 3, 4, 5]}
        >>> averted = av.Poisson().fit("deaths ~ millions", data).averted({"millions": 0})
        >>> [cost] = averted.cost(15e6).cost_per_death_averted
        >>> 120_000 < cost < 140_000
        True
        """
        from averted.spending.by_path import CostByPath

        return CostByPath(self._core, money, per, level, self._kind)

    def _tidy(self, level: float = 0.95) -> Mapping[str, Sequence[Any]]:
        return {**super()._tidy(level), "fitted": self.fitted, "counterfactual": self.counterfactual}


class AfterFit(Fitted):
    """What a fit answers about averages."""

    def marginal_effects(
        self,
        variables: str | Sequence[str] | None = None,
        *,
        slope: str = "dydx",
        at: str | Mapping[str, Setting] = "overall",
        by: str | Sequence[str] | None = None,
        discrete: bool = True,
    ) -> Margins:
        """Average marginal effects on the mean outcome, with standard errors that include absorbed effects.

        A variable is followed through logs, powers, interactions and lags (which move with it); derivatives are exact.

        Parameters
        ----------
        variables
            Columns of the data; all that the regressors are made of unless given.
        slope
            ``"dydx"``; the elasticity ``"eyex"``; the semi-elasticities ``"eydx"`` and ``"dyex"``.
        at
            ``"overall"``: averaged over the rows of the fit, weighted as the fit is; ``"mean"``: at the means of all
            columns; a mapping of columns to values: averaged with these set.
        by
            Columns whose levels get an average each.
        discrete
            Whether columns of zeros and ones answer with the difference from zero to one. Levels always answer with
            differences from their reference.

        Raises
        ------
        InputError
            For a fit to arrays, columns that are no regressors or are in effects, exposure or offset as well, and
            elasticities of levels.

        Examples
        --------
        >>> import averted as av
        >>> data = {"deaths": [2, 4, 3, 9, 5, 8], "x": [1.0, 2, 3, 4, 5, 6], "state": list("aabbcc")}
        >>> fit = av.Poisson().fit("deaths ~ x | state", data)
        >>> effect = fit.marginal_effects("x", slope="eydx")
        >>> abs(effect.estimates["x"] - fit.coefficients["x"]) < 1e-12
        True
        """
        means = at == "mean"
        if isinstance(at, str) and at not in ("overall", "mean"):
            raise InputError(f'at is "{at}"; it must be "overall", "mean", or a mapping of columns to values')
        columns, groups = _names(variables), _names(by)
        set_ = self._settings({} if isinstance(at, str) else at)
        found = _core.marginal_effects(
            self._core, columns, slope, means, set_, not discrete, groups, self._more(groups)
        )
        return Margins(found, self._kind)

    def average_prediction(
        self, at: Mapping[str, Setting] | None = None, *, by: str | Sequence[str] | None = None
    ) -> Margins:
        """The average fitted mean over the rows of the fit, weighted as the fit is.

        Parameters
        ----------
        at
            Columns to set: to a number, a level, a value for every row of the data, or a function of the column.
        by
            Columns whose levels get an average each.
        """
        groups = _names(by)
        found = _core.average_prediction(self._core, self._settings(at or {}), groups, self._more(groups))
        return Margins(found, self._kind)

    def averted(self, against: Mapping[str, Setting], *, by: str | Sequence[str] | None = None) -> AvertedByPath:
        """Deaths in the rows of the fit that the path taken averted, compared with another path.

        The deaths under the other path less those fitted, added up; negative: more deaths. Effects, exposure and all
        other columns stay as they are, and lags follow the path. What a fit implies is not yet an effect.

        Parameters
        ----------
        against
            Columns and their other path: ``{"spend": 0}``, ``{"spend": lambda spend: 0.5 * spend}``, or a value for
            every row of the data.
        by
            Columns whose levels get a sum each, such as the unit or the period.

        Raises
        ------
        InputError
            For fits that are not of counts, fits to arrays, and columns that are no regressors.
        """
        groups = _names(by)
        set_ = self._settings(against)
        return AvertedByPath(*_core.averted_by_path(self._core, set_, groups, self._more(groups)), kind=self._kind)

    def _settings(self, at: Mapping[str, Setting]) -> list[tuple[str, float | str | NDArray[np.float64]]]:
        made: list[tuple[str, float | str | NDArray[np.float64]]] = []
        for name, value in at.items():
            if isinstance(value, str):
                made.append((name, value))
                continue
            given = value(_core.column_of(self._core, name)) if callable(value) else value
            path = np.asarray(given, dtype=np.float64)
            made.append((name, float(path) if path.ndim == 0 else path))
        return made


def _names(columns: str | Sequence[str] | None) -> list[str]:
    return [] if columns is None else [columns] if isinstance(columns, str) else list(columns)
