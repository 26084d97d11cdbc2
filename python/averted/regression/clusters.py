"""What a regression's clusters are like: sizes, treated clusters, leverage and influence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from averted._errors import InputError
from averted._result import Result, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from averted import _core
    from averted._frames import Kind

#: How many clusters a picture has room for.
_SHOWN = 40


class ClusterDiagnostics(Result):
    """Whether clustered standard errors have enough to go on.

    The summary has a row a coefficient, :meth:`tidy` one a cluster and coefficient.
    """

    def __init__(self, core: _core.ClusterDiagnostics, kind: Kind) -> None:
        self._core = core
        self._kind = kind

    @property
    def column(self) -> str:
        """The cluster variable."""
        return self._core.column

    @property
    def clusters(self) -> list[str]:
        """Its clusters, in the order of everything that has one value a cluster."""
        return self._core.clusters

    @property
    def terms(self) -> list[str]:
        """The coefficients."""
        return [term for term, *_ in self._core.terms]

    @property
    def sizes(self) -> dict[str, float]:
        """Cluster -> observations: rows, or the sum of their frequency weights."""
        return dict(zip(self.clusters, self._core.sizes.tolist(), strict=True))

    @property
    def size_variation(self) -> float:
        """The coefficient of variation of the sizes."""
        return self._core.size[2]

    @property
    def treated(self) -> dict[str, list[str]]:
        """Term -> clusters whose regressor departs from the path that the others share.

        Those are the treated, or those that were not, where these are fewer; all, where each has a path of its own.
        """
        names = self.clusters
        return {term: [names[g] for g in places] for term, places, *_ in self._core.terms}

    @property
    def nonzero(self) -> dict[str, int]:
        """Term -> in how many clusters its regressor is not always zero."""
        return {term: nonzero for term, _, nonzero, *_ in self._core.terms}

    @property
    def varying(self) -> dict[str, int]:
        """Term -> in how many clusters its regressor varies."""
        return {term: varying for term, _, _, varying, *_ in self._core.terms}

    @property
    def effective(self) -> dict[str, float]:
        """Term -> the effective number of clusters, for errors unrelated within them."""
        return {row[0]: row[4] for row in self._core.terms}

    @property
    def effective_related(self) -> dict[str, float]:
        """Term -> the same for errors that are all alike within a cluster; NaN where absorbed effects take those up."""
        return {row[0]: row[5] for row in self._core.terms}

    @property
    def degrees(self) -> dict[str, float]:
        """Term -> Satterthwaite's degrees of freedom of CR2."""
        return {row[0]: row[6] for row in self._core.terms}

    @property
    def leverage(self) -> dict[str, float] | None:
        """Cluster -> leverage, absorbed effects included; none for models without leverages."""
        found = self._core.leverage
        return None if found is None else dict(zip(self.clusters, found.tolist(), strict=True))

    def partial_leverage(self, term: str) -> dict[str, float]:
        """Cluster -> its share in what tells about a coefficient.

        Parameters
        ----------
        term
            The coefficient.
        """
        return self._by_cluster(self._core.partial_leverage, term)

    def without(self, term: str) -> dict[str, float] | None:
        """Cluster -> the estimate of a coefficient without it, for counts by one Newton step; NaN where there is none.

        Parameters
        ----------
        term
            The coefficient.
        """
        found = self._core.without
        return None if found is None else self._by_cluster(found, term)

    def _by_cluster(self, matrix: NDArray[np.float64], term: str) -> dict[str, float]:
        return dict(zip(self.clusters, matrix[:, self._place(term)].tolist(), strict=True))

    def _place(self, term: str) -> int:
        if term not in self.terms:
            raise InputError(f"term = {term!r}: must be one of {', '.join(self.terms)}")
        return self.terms.index(term)

    def summary(self) -> Table:
        """Return a row a coefficient: how many clusters tell about it, and how evenly."""
        return Table(self._core.table)

    def by_cluster(self, term: str) -> Table:
        """Return a row a cluster, as they bear on a coefficient.

        Parameters
        ----------
        term
            The coefficient.
        """
        return Table(self._core.cluster_table(term))

    def _tidy(self) -> Mapping[str, Sequence[Any]]:
        names, terms = self.clusters, self.terms
        lost = np.full(len(names), np.nan)
        leverage, without = self._core.leverage, self._core.without
        sizes, partial = self._core.sizes, self._core.partial_leverage
        treated = self.treated
        pairs = [(g, j) for j in range(len(terms)) for g in range(len(names))]
        return {
            "term": [terms[j] for _, j in pairs],
            "cluster": [names[g] for g, _ in pairs],
            "observations": [sizes[g] for g, _ in pairs],
            "treated": [names[g] in treated[terms[j]] for g, j in pairs],
            "leverage": [(lost if leverage is None else leverage)[g] for g, _ in pairs],
            "partial_leverage": [partial[g, j] for g, j in pairs],
            "without": [np.nan if without is None else without[g, j] for g, j in pairs],
        }

    def _glance(self) -> dict[str, Any]:
        least, most, variation = self._core.size
        effective = {k: v for k, v in self.effective.items() if np.isfinite(v)}
        return {
            "cluster": self.column,
            "clusters": len(self.clusters),
            "smallest": least,
            "largest": most,
            "size_variation": variation,
            "least_effective": min(effective.values(), default=float("nan")),
            "fewest_treated": min((len(t) for t in self.treated.values()), default=0),
        }

    def plot(self, ax: Axes | None = None, *, term: str | None = None) -> Axes:
        """Draw the clusters' shares in what tells about a coefficient, the largest on top, forty at most.

        Parameters
        ----------
        ax
            Axes to draw on; ``None`` makes a figure.
        term
            The coefficient; the first but the intercept unless given.
        """
        from averted import _plot

        if term is None:
            term = next((t for t in self.terms if t != "(Intercept)"), self.terms[0])
        shares = self.partial_leverage(term)
        shown = sorted(shares.items(), key=lambda pair: pair[1], reverse=True)[:_SHOWN]
        treated = set(self.treated[term])
        ax = _plot.axes(ax, height=0.9 + 0.16 * max(len(shown), 6))
        places = np.arange(len(shown))[::-1]
        everyone = len(treated) == len(shares)
        colours = [_plot.BLUE if everyone or name not in treated else _plot.VERMILLION for name, _ in shown]
        with _plot.style():
            ax.barh(places, [100 * share for _, share in shown], color=colours, height=0.7)
        ax.axvline(100 / len(shares), color=_plot.INK, linewidth=0.8)
        ax.set_yticks(places, [name for name, _ in shown])
        told = f"share in the variation of {term}, %; line: if all were alike"
        title = f"{self.effective[term]:.1f} effective clusters of {len(shares)}"
        if len(shares) > len(shown):
            title += f", the largest {len(shown)}"
        _plot.label(ax, title=title, x=told)
        return ax
