"""Inference by resampling: bootstraps and permutations that hold with few clusters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from averted import _core
from averted._arguments import columns_in, whole
from averted._errors import InputError
from averted._result import Result, Table
from averted.regression._fitted import Fitted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from averted._core import Bootstrap
    from averted._frames import Kind

Columns = str | Sequence[str] | None


class Bootstrapped(Fitted):
    """What every fit that has a bootstrap can."""

    def _told(
        self,
        hypothesis: str,
        cluster: Columns,
        bootstrap_cluster: Columns,
        draws: int,
        weights: str,
        impose_null: bool,
        seed: int | None,
        level: float | None,
    ) -> Bootstrap:
        clusters, groups = columns_in("cluster", cluster), columns_in("bootstrap_cluster", bootstrap_cluster)
        return _core.Bootstrap(
            hypothesis,
            cluster=clusters,
            bootstrap_cluster=groups,
            draws=whole("draws", draws, 1),
            weights=weights,
            impose_null=impose_null,
            seed=seed,
            level=level,
            more=self._more([*clusters, *groups]),
        )

    def _bootstrap(self, *told: Any) -> BootstrapTest:
        return BootstrapTest(_core.bootstrap_test(self._core, self._told(*told)), self._kind)


class Resampled(Bootstrapped):
    """What a fit whose regressors can be handed out anew can."""

    def randomization_test(
        self,
        term: str,
        *,
        cluster: str | None = None,
        time: str | None = None,
        statistic: str = "t",
        draws: int = 9_999,
        seed: int | None = None,
    ) -> RandomizationTest:
        """Test a coefficient by handing out its regressor's paths anew among the clusters.

        Under the sharp null of no effect on anybody, the outcome does not depend on who was treated: the statistic is
        one among those of all assignments. The paths of clusters over time are exchanged whole. For counts the model is
        fitted without the regressor, and every statistic is that of the Newton step from there.

        Parameters
        ----------
        term
            The coefficient.
        cluster
            The clusters that have a path each; the one cluster variable of the fit unless given.
        time
            The periods of a path; the time of the panel unless given. Without either, the regressor has to be constant
            in each cluster.
        statistic
            ``"t"``, clustered (safer where clusters differ; MacKinnon & Webb 2020), or ``"coefficient"``.
        draws
            How many random assignments; all distinct ones are taken instead where they are no more.
        seed
            One is drawn and recorded unless given.

        Raises
        ------
        InputError
            For a term that is no coefficient, unknown columns, a regressor that differs within a cluster's period,
            clusters that lack a period, and when all paths are alike.

        Examples
        --------
        >>> import averted as av
        >>> data = {
        ...     "rate": [3.1, 2.9, 4.2, 3.8, 5.3, 4.9, 2.2, 3.8],
        ...     "treated": [0, 0, 0, 0, 0, 0, 0, 1],
        ...     "year": [1, 2] * 4,
        ...     "state": list("aabbccdd"),
        ... }
        >>> fit = av.Ols(cluster="state").fit("rate ~ treated | state + year", data)
        >>> fit.randomization_test("treated", time="year", statistic="coefficient").p_value
        0.25
        """
        if statistic not in ("t", "coefficient"):
            raise InputError(f"statistic = {statistic!r}: must be 't' or 'coefficient'")
        core = _core.randomization_test(
            self._core,
            term,
            cluster=cluster,
            time=time,
            by_coefficient=statistic == "coefficient",
            draws=whole("draws", draws, 1),
            seed=seed,
            more=self._more([column for column in (cluster, time) if column is not None]),
        )
        return RandomizationTest(core, self._kind)


class WildBootstrap(Resampled):
    """What a linear fit can: the wild cluster bootstrap."""

    def wild_bootstrap(
        self,
        hypothesis: str,
        *,
        cluster: Columns = None,
        draws: int = 9_999,
        weights: str = "rademacher",
        impose_null: bool = True,
        bootstrap_cluster: Columns = None,
        seed: int | None = None,
        level: float | None = 0.95,
    ) -> BootstrapTest:
        """Test linear restrictions by the wild cluster bootstrap, which holds where few clusters make a t too sure.

        Every draw multiplies the residuals of each cluster by one random number and looks at the statistic again
        (Cameron, Gelbach & Miller 2008), without estimating again (Roodman, MacKinnon, Nielsen & Webb 2019).

        Parameters
        ----------
        hypothesis
            ``"x = 0"``, ``"x = z"``, ``"2*x + z = 1"``; several, separated by commas, are tested jointly.
        cluster
            Clusters of the statistic, one column or several; those of the fit unless given.
        draws
            How many. With Rademacher weights all vectors of signs are taken instead where they are no more.
        weights
            ``"rademacher"``, ``"webb"`` (for fewer than about a dozen clusters), ``"mammen"`` or ``"normal"``.
        impose_null
            Whether residuals come from estimates under the null, which is more reliable, or from those of the fit.
        bootstrap_cluster
            Columns whose crossings share a multiplier: finer than the clusters for few treated (subclusters); of
            several cluster variables the one with the fewest clusters unless given.
        seed
            One is drawn and recorded unless given.
        level
            Of the interval, by inversion of the symmetric test; ``None`` for none.

        Raises
        ------
        InputError
            For a hypothesis that cannot be read or repeats itself, unknown columns, fewer than two clusters or groups,
            no draws, and more clusters times groups than memory can hold.

        Examples
        --------
        >>> import averted as av
        >>> data = av.datasets.load("us_states")
        >>> fit = av.Ols(cluster="state").fit("homicides ~ unemployment_rate | state + year", data)
        >>> test = fit.wild_bootstrap("unemployment_rate = 0", draws=999, seed=1)
        >>> test.draws.shape, test.enumerated, test.seed
        ((999,), False, 1)
        """
        return self._bootstrap(hypothesis, cluster, bootstrap_cluster, draws, weights, impose_null, seed, level)


class ScoreBootstrap(Resampled):
    """What a fit of counts can: the score bootstrap."""

    def score_bootstrap(
        self,
        hypothesis: str,
        *,
        cluster: Columns = None,
        draws: int = 9_999,
        weights: str = "rademacher",
        impose_null: bool = True,
        bootstrap_cluster: Columns = None,
        seed: int | None = None,
        level: float | None = 0.95,
    ) -> BootstrapTest:
        """Test linear restrictions by the score bootstrap, the wild cluster bootstrap of models of counts.

        The model is fitted under the null once, and every draw multiplies the scores of each cluster by one random
        number (Kline & Santos 2012). No draw is a fit, but the interval fits the model under every null it tries: about
        thirty fits.

        Parameters
        ----------
        hypothesis
            ``"x = 0"``, ``"x = z"``, ``"2*x + z = 1"``; several, separated by commas, are tested jointly.
        cluster
            Clusters of the statistic, one column or several; those of the fit unless given.
        draws
            How many. With Rademacher weights all vectors of signs are taken instead where they are no more.
        weights
            ``"rademacher"``, ``"webb"`` (for fewer than about a dozen clusters), ``"mammen"`` or ``"normal"``.
        impose_null
            Whether scores are those under the null, which is more reliable, or those of the fit.
        bootstrap_cluster
            Columns whose crossings share a multiplier, as for :meth:`OlsFit.wild_bootstrap`.
        seed
            One is drawn and recorded unless given.
        level
            Of the interval, by inversion of the symmetric test, to a ten-thousandth of a standard error; ``None`` for
            none.

        Raises
        ------
        InputError
            As for :meth:`OlsFit.wild_bootstrap`; also when the model has no estimate under the null.
        ConvergenceError
            When the fit under the null does not converge.

        Examples
        --------
        >>> import averted as av
        >>> data = av.datasets.load("us_states")
        >>> spec = av.Poisson(exposure="population", cluster="state")
        >>> fit = spec.fit("homicides ~ unemployment_rate | state + year", data)
        >>> test = fit.score_bootstrap("unemployment_rate = 0", draws=999, seed=1, level=None)
        >>> 0.001 <= test.p_value <= 1
        True
        """
        return self._bootstrap(hypothesis, cluster, bootstrap_cluster, draws, weights, impose_null, seed, level)


class BootstrapTest(Result):
    """The answer of a bootstrap test."""

    def __init__(self, core: _core.BootstrapTest, kind: Kind) -> None:
        self._core = core
        self._kind = kind

    @property
    def method(self) -> str:
        """Which bootstrap, and its clusters."""
        return self._core.method

    @property
    def hypothesis(self) -> str:
        """What was tested."""
        return self._core.hypothesis

    @property
    def restrictions(self) -> int:
        """Restrictions tested."""
        return self._core.restrictions

    @property
    def estimate(self) -> float:
        """The estimate of the combination that is restricted; NaN for several."""
        return self._core.estimate

    @property
    def std_error(self) -> float:
        """Its clustered standard error; NaN for several."""
        return self._core.std_error

    @property
    def statistic(self) -> float:
        """The observed t, or F for several restrictions."""
        return self._core.statistic

    @property
    def p_value(self) -> float:
        """The share of draws at least as far from zero; unless all were taken, the sample counts as one of them."""
        return self._core.p_value

    @property
    def p_value_equal_tailed(self) -> float:
        """Twice the share of the smaller tail; NaN for several restrictions."""
        return self._core.p_value_equal_tailed

    @property
    def interval(self) -> tuple[float, float] | None:
        """The values not rejected, from the estimate outwards; infinite where nothing on that side is rejected."""
        return self._core.interval

    @property
    def set(self) -> list[tuple[float, float]] | None:
        """The pieces of what is not rejected, infinite where they have no end: with instruments it may be two rays."""
        return self._core.set

    @property
    def draws(self) -> NDArray[np.float64]:
        """The statistic of every draw; NaN where its variance was not positive."""
        return self._core.draws

    @property
    def exceeding(self) -> tuple[int, int]:
        """Draws at least as far from zero as the sample, and those farther."""
        return self._core.exceeding

    @property
    def enumerated(self) -> bool:
        """Whether the draws are all there are."""
        return self._core.enumerated

    @property
    def clusters(self) -> list[int]:
        """How many clusters each cluster variable has."""
        return self._core.clusters

    @property
    def seed(self) -> int:
        """The seed."""
        return self._core.seed

    @property
    def notes(self) -> list[str]:
        """What the caller should know."""
        return self._core.notes

    def summary(self) -> Table:
        """Return a table of one row, with what was drawn under it."""
        return Table(self._core.table)

    def _glance(self) -> dict[str, Any]:
        return {
            "method": self.method,
            "hypothesis": self.hypothesis,
            "restrictions": self.restrictions,
            "statistic": self.statistic,
            "p_value": self.p_value,
            "p_value_equal_tailed": self.p_value_equal_tailed,
            "draws": len(self.draws),
            "enumerated": self.enumerated,
            "weights": self._core.weights,
            "seed": self.seed,
        }

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the statistics of the draws, and the one observed.

        Parameters
        ----------
        ax
            Axes to draw on; ``None`` makes a figure.
        """
        name = "t" if self.restrictions == 1 else "F"
        return _histogram(ax, self.draws, self.statistic, name, self.hypothesis, "draws")


class RandomizationTest(Result):
    """The answer of a randomisation test."""

    def __init__(self, core: _core.RandomizationTest, kind: Kind) -> None:
        self._core = core
        self._kind = kind

    @property
    def term(self) -> str:
        """The coefficient whose regressor was handed out anew."""
        return self._core.term

    @property
    def estimate(self) -> float:
        """Its estimate."""
        return self._core.estimate[0]

    @property
    def std_error(self) -> float:
        """Its clustered standard error."""
        return self._core.estimate[1]

    @property
    def statistic(self) -> float:
        """The statistic of what happened."""
        return self._core.statistic

    @property
    def p_value(self) -> float:
        """The share of assignments at least as far from zero; unless all were taken, what happened counts as one."""
        return self._core.p_values[0]

    @property
    def p_value_greater(self) -> float:
        """The share of assignments at least as large."""
        return self._core.p_values[1]

    @property
    def p_value_less(self) -> float:
        """The share of assignments at least as small."""
        return self._core.p_values[2]

    @property
    def draws(self) -> NDArray[np.float64]:
        """The statistic of every assignment; NaN where the rest of the model takes it up."""
        return self._core.draws

    @property
    def enumerated(self) -> bool:
        """Whether the assignments are all there are."""
        return self._core.enumerated

    @property
    def seed(self) -> int:
        """The seed."""
        return self._core.seed

    @property
    def notes(self) -> list[str]:
        """What the caller should know."""
        return self._core.notes

    def summary(self) -> Table:
        """Return a table of one row, with what was drawn under it."""
        return Table(self._core.table)

    def _glance(self) -> dict[str, Any]:
        return {
            "term": self.term,
            "by": self._core.kind,
            "statistic": self.statistic,
            "p_value": self.p_value,
            "draws": len(self.draws),
            "enumerated": self.enumerated,
            "seed": self.seed,
        }

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the statistics of the assignments, and that of what happened.

        Parameters
        ----------
        ax
            Axes to draw on; ``None`` makes a figure.
        """
        return _histogram(ax, self.draws, self.statistic, self._core.kind, self.term, "assignments")


def _histogram(ax: Axes | None, draws: NDArray[np.float64], observed: float, name: str, title: str, unit: str) -> Axes:
    from averted import _plot

    ax = _plot.axes(ax)
    shown = draws[np.isfinite(draws)]
    with _plot.style():
        ax.hist(shown, bins=min(60, max(10, len(shown) // 20)), color=_plot.GREY, alpha=0.6)
    ax.axvline(observed, color=_plot.VERMILLION, linewidth=1.6)
    _plot.label(ax, title=title, x=f"{name} of the {unit}; observed {observed:.3g}", y=unit)
    return ax
