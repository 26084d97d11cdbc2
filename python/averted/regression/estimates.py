"""What every fit of coefficients does: estimates, covariances, tests, tables, pickles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from averted._errors import InputError
from averted._frames import Kind, frame_out
from averted._result import Table
from averted.regression._fitted import Fitted
from averted.regression.covariance import Covariance, accepted, chosen
from averted.regression.wald import Wald

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray


class Estimated(Fitted):
    """Coefficients with a covariance that can be chosen again: immutable, and safe to share between threads."""

    def __init__(self, core: Any, kind: Kind, specification: Any, source: tuple[Any, ...] | None) -> None:
        self._core = core
        self._kind = kind
        #: The specification that was fitted.
        self.specification = specification
        self._source = source
        # What `with_covariance` was last called with.
        self._second: tuple[Covariance, str | Sequence[str] | None, str | None] | None = None
        # The answer that it stands behind, through which it is pickled.
        self._behind: Any = None

    #  ── estimates

    @property
    def terms(self) -> list[str]:
        """Names of the coefficients."""
        return self._core.names

    @property
    def coefficients(self) -> dict[str, float]:
        """Term -> estimate."""
        return dict(zip(self._core.names, self._core.coefficients.tolist(), strict=True))

    @property
    def std_errors(self) -> dict[str, float]:
        """Term -> standard error."""
        return dict(zip(self._core.names, self._core.std_errors.tolist(), strict=True))

    @property
    def covariance(self) -> NDArray[np.float64]:
        """The covariance of the coefficients, in the order of :attr:`terms`."""
        return self._core.covariance

    @property
    def log_likelihood(self) -> float:
        """The log-likelihood at its maximum."""
        return self._core.log_likelihood

    #  ── rows

    @property
    def rows(self) -> NDArray[np.uint64]:
        """The rows of the data that were used, from 0."""
        return self._core.rows

    @property
    def dropped(self) -> dict[str, int]:
        """How many rows were not used, by reason."""
        return {cause: count for cause, count, _ in self._core.dropped}

    @property
    def outcome(self) -> NDArray[np.float64]:
        """The outcome of every used row."""
        return self._core.outcome

    @property
    def fitted(self) -> NDArray[np.float64]:
        """The fitted mean of every used row."""
        return self._core.fitted

    #  ── what was decided on the way

    @property
    def notes(self) -> list[str]:
        """What the caller should know: what was dropped, repaired or assumed."""
        return self._core.notes

    @property
    def clusters(self) -> list[int]:
        """How many clusters each cluster variable has."""
        return self._core.inference[2]

    #  ── second steps

    def with_covariance(
        self,
        covariance: Covariance | None = None,
        *,
        cluster: str | Sequence[str] | None = None,
        ssc: str | None = None,
    ) -> Self:
        """Return the same fit with another covariance; nothing is fitted again.

        Parameters
        ----------
        covariance
            ``"classical"``, ``"HC0"`` to ``"HC4"``, ``Cluster("state")``, which has kinds for few clusters,
            ``NeweyWest()``, ``DriscollKraay()`` or ``Conley("lat", "lon", 100)``; as it was unless given.
        cluster
            Columns to cluster by, for short.
        ssc
            Small-sample convention; as it was unless given.

        Raises
        ------
        InputError
            For cluster variables that are not there, have gaps, or have fewer than two clusters.
        """
        if covariance is None and cluster is None:
            covariance, cluster = self._chosen()
        which: Covariance = "classical" if covariance is None else covariance
        kind, columns = chosen(which, cluster)
        core = self._core.with_covariance(kind, columns, ssc, self._more(columns))
        if (accept := accepted(which)) is not None:
            core = core.accept(*accept)
        made = type(self)(core, self._kind, self.specification, self._source)
        made._second = (which, cluster, ssc if ssc is not None else self._core.inference[1])
        made._behind = self._behind
        return made

    def _chosen(self) -> tuple[Covariance | None, str | Sequence[str] | None]:
        if self._second is not None:
            return self._second[0], self._second[1]
        return self.specification.covariance, self.specification.cluster

    def wald(self, hypotheses: str) -> Wald:
        """Test linear hypotheses jointly.

        Parameters
        ----------
        hypotheses
            ``"x = 0"``, ``"x = z"``, ``"2*x + z = 1"``; several separated by commas.
        """
        return Wald(hypotheses, *self._core.wald(hypotheses), kind=self._kind)

    #  ── the result contract

    def summary(self, level: float = 0.95) -> Table:
        """Return the coefficient table, with intervals at `level`, and everything that was decided on the way."""
        return Table(self._core.table(level))

    def tidy(self, level: float = 0.95) -> Any:
        """One row a term, with intervals at `level`, as a frame of the kind that came in."""
        return frame_out(self._tidy(level), self._kind)

    def _tidy(self, level: float = 0.95) -> Mapping[str, Sequence[Any]]:
        names = ("term", "estimate", "std_error", "statistic", "p_value", "lower", "upper")
        rows = self._core.rows_at(level)
        return {name: [row[j] for row in rows] for j, name in enumerate(names)}

    def plot(self, ax: Axes | None = None, *, terms: Sequence[str] | None = None, level: float = 0.95) -> Axes:
        """Draw the coefficients with their intervals.

        Parameters
        ----------
        ax
            Axes to draw on; ``None`` makes a figure.
        terms
            Which, and in which order; all but the intercepts unless given.
        level
            Of the intervals.
        """
        from averted import _plot

        rows = {row[0]: row for row in self._core.rows_at(level)}
        shown = [name for name in rows if not name.endswith("(Intercept)")] if terms is None else list(terms)
        for name in shown:
            if name not in rows:
                raise InputError(f"no coefficient `{name}`; there are {', '.join(rows)}")
        ax = _plot.axes(ax, height=0.9 + 0.32 * max(len(shown), 2))
        places = np.arange(len(shown))[::-1]
        with _plot.style():
            for place, name in zip(places, shown, strict=True):
                _, estimate, _, _, _, lower, upper = rows[name]
                ax.plot([lower, upper], [place, place], color=_plot.BLUE, linewidth=1.6)
                ax.plot([estimate], [place], "o", color=_plot.BLUE, markersize=5)
        ax.axvline(0.0, color=_plot.INK, linewidth=0.8, zorder=1)
        ax.set_yticks(places, shown)
        ax.set_ylim(-0.6, len(shown) - 0.4)
        _plot.label(ax, title=self._core.sentence, x=f"coefficient, {100 * level:g}% interval")
        return ax

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: Any) -> Self:
        return self

    def __reduce__(self) -> Any:
        if self._source is None:
            raise TypeError("a fit to arrays cannot be pickled: it does not keep them")
        if self._behind is not None:
            return _behind, (self._behind, self._second)
        return _refitted, (self.specification, self._source, self._second)


def _behind(answer: Any, second: tuple[Covariance, str | Sequence[str] | None, str | None] | None) -> Estimated:
    return _looked_at(answer.regression, second)


def _refitted(
    specification: Any,
    source: tuple[Any, ...],
    second: tuple[Covariance, str | Sequence[str] | None, str | None] | None,
) -> Estimated:
    formula, data, *rest = source
    fit: Estimated = specification.fit(formula, data, **({"on_nonconvergence": rest[0]} if rest else {}))
    return _looked_at(fit, second)


def _looked_at(fit: Estimated, second: tuple[Covariance, str | Sequence[str] | None, str | None] | None) -> Estimated:
    if second is None:
        return fit
    covariance, cluster, ssc = second
    return fit.with_covariance(covariance, cluster=cluster, ssc=ssc)
