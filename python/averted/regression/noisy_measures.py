"""Several noisy measures of one thing, each of which instruments the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from averted import _core
from averted._errors import InputError
from averted._frames import Kind, frame_in, snapshot
from averted._result import Result, Table
from averted.regression.covariance import Covariance, chosen
from averted.regression.instruments import IvFit, Test
from averted.regression.specification import _names, _Specification

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, kw_only=True, repr=False)
class NoisyMeasures(_Specification):
    """Linear regression on something of which there are several noisy measures.

    Two sources of the same money, obligated and disbursed or two agencies' books, are each wrong in their own way, and
    least squares on either is biased towards zero. Each is an instrument for the other; the rows are stacked, once for
    each measure, with controls and effects of their own (obviously related instrumental variables: Gillen, Snowberg &
    Yariv 2019). Errors of measurement must be unrelated to the truth, to the outcome and to each other.

    Parameters
    ----------
    measures
        Two or more columns or expressions, in the same units.
    weights
        Column of analytic weights: the inverse of each row's variance, up to a constant.
    frequency_weights
        Column of frequency weights, with `cluster` only.
    cluster
        Column, or several, by which standard errors are clustered; by observation, which has a row for every measure,
        unless given.
    covariance
        ``"HC1"``, which in the stack is clustered by observation, or ``Cluster("state")``.
    ssc
        Small-sample convention: ``"fixest"``, ``"statsmodels"``, ``"linearmodels"``, ``"stata"`` or ``"none"``.
    panel
        The columns of unit and time, for lags in a plain frame.
    keep_singletons
        Keep rows alone in a level of an absorbed effect.

    Examples
    --------
    >>> import averted as av
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> money = rng.normal(size=400)
    >>> data = {
    ...     "deaths": 5 - 0.5 * money + 0.1 * rng.normal(size=400),
    ...     "obligated": money + 0.5 * rng.normal(size=400),
    ...     "disbursed": money + 0.5 * rng.normal(size=400),
    ... }
    >>> fit = av.NoisyMeasures(measures=("obligated", "disbursed")).fit("deaths ~ 1", data)
    >>> abs(fit.signal + 0.5) < 0.05, abs(fit.reliability["obligated"] - 0.8) < 0.1
    (True, True)
    """

    measures: Sequence[str]

    _model: ClassVar[str] = "iv"
    _method: ClassVar[tuple[str, float]] = ("2sls", 0.0)
    _usual: ClassVar[Covariance] = "HC1"

    def __post_init__(self) -> None:
        if isinstance(self.measures, str) or not all(isinstance(name, str) for name in self.measures):
            raise InputError(f"measures = {self.measures!r}: must be columns or expressions, two or more")
        object.__setattr__(self, "measures", tuple(self.measures))
        super().__post_init__()

    def __repr__(self) -> str:
        told = str(self._inner).partition("2SLS")[2]
        return f"Linear regression on noisy measures, {', '.join(self.measures)}{told}"

    def fit(self, formula: str, data: Any) -> NoisyMeasuresFit:
        """Fit a formula to data.

        Parameters
        ----------
        formula
            ``outcome ~ controls | absorbed effects``, without the measures.
        data
            A :class:`averted.Panel`, or any frame or mapping of names to arrays.

        Raises
        ------
        InputError
            For fewer than two measures, or one twice; for instruments; for the classical covariance; for frequency
            weights without clusters; where controls and effects take up a measure; and as for :meth:`Iv.fit`.
        """
        core: Any = getattr(data, "_core", data)
        kind: Kind = getattr(data, "_kind", "dict")
        if not isinstance(core, _core.Panel):
            needed = self._columns(formula, data)
            known = set(_names(data))
            for text in self.measures:
                needed.update([text] if text in known else _core.formula_columns(f"{text} ~ 1"))
            core, kind = frame_in(data, needed)
        fitted = _core.noisy_measures(self._inner, list(self.measures), formula, core)
        return NoisyMeasuresFit(fitted, kind, self, (formula, snapshot(data)))


class NoisyMeasuresFit(Result):
    """A fitted regression on noisy measures."""

    def __init__(
        self, core: _core.NoisyMeasuresFit, kind: Kind, specification: NoisyMeasures, source: tuple[Any, ...]
    ) -> None:
        self._core = core
        self._kind = kind
        #: The specification that was fitted.
        self.specification = specification
        self._source = source
        self._second: tuple[Covariance, str | Sequence[str] | None] | None = None

    @property
    def signal(self) -> float:
        """The coefficient of what all measures measure."""
        return self._core.signal(0.95)[0]

    @property
    def std_error(self) -> float:
        """Its standard error."""
        return self._core.signal(0.95)[1]

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return its interval.

        Parameters
        ----------
        level
            0.95 for 95 %.
        """
        return self._core.signal(level)[2:]

    @property
    def least_squares(self) -> dict[str, float]:
        """The coefficient of each measure as if there were no noise."""
        return {name: row[0] for name, row, _, _ in self._core.measures(0.95)}

    @property
    def instrumented(self) -> dict[str, float]:
        """The coefficient of each measure, instrumented by the others."""
        return {name: row[0] for name, _, row, _ in self._core.measures(0.95)}

    @property
    def reliability(self) -> dict[str, float]:
        """The share of each measure's variance, net of controls and effects, that is not noise."""
        return {name: row[0] for name, _, _, row in self._core.measures(0.95)}

    @property
    def agreement(self) -> Test:
        """Whether the estimates with each measure instrumented by the others agree."""
        return Test("agreement", *self._core.agreement)

    @property
    def stacked(self) -> IvFit:
        """The stacked regression: ``signal``, and every control once for each measure."""
        return IvFit(self._core.stacked, "dict", self.specification, None)

    @property
    def observations(self) -> float:
        """Rows of the data, not copies."""
        return self._core.observations

    @property
    def notes(self) -> list[str]:
        """What the caller should know."""
        return self._core.notes

    def with_covariance(
        self, covariance: Covariance | None = None, *, cluster: str | Sequence[str] | None = None
    ) -> Self:
        """Return the same with another covariance; nothing is fitted again.

        Parameters
        ----------
        covariance, cluster
            As for the specification; clusters are absorbed effects, or those of the fit.
        """
        which: Covariance = "HC1" if covariance is None and cluster is None else covariance or "classical"
        made = type(self)(
            self._core.with_covariance(*chosen(which, cluster)), self._kind, self.specification, self._source
        )
        made._second = (which, cluster)
        return made

    def summary(self, level: float = 0.95) -> Table:
        """Return the estimate from all measures, those from each, and the reliabilities."""
        return Table(self._core.table(level))

    def _glance(self) -> dict[str, Any]:
        test = self.agreement
        return {
            "model": self._core.sentence,
            "signal": self.signal,
            "std_error": self.std_error,
            "observations": self.observations,
            "agreement_statistic": test.statistic,
            "agreement_p_value": test.p_value,
        }

    def plot(self, ax: Axes | None = None, *, level: float = 0.95) -> Axes:
        """Draw the coefficient from all measures, and from each with and without the others as instruments.

        Parameters
        ----------
        ax
            Axes to draw on; ``None`` makes a figure.
        level
            Of the intervals.
        """
        from averted import _plot

        measures = self._core.measures(level)
        rows = [("all measures", self._core.signal(level), _plot.VERMILLION)]
        rows += [(f"{name}, instrumented", row, _plot.BLUE) for name, _, row, _ in measures]
        rows += [(f"{name}, least squares", row, _plot.GREY) for name, row, _, _ in measures]
        ax = _plot.axes(ax, height=0.9 + 0.32 * len(rows))
        places = np.arange(len(rows))[::-1]
        with _plot.style():
            for place, (_, (estimate, _, lower, upper), color) in zip(places, rows, strict=True):
                ax.plot([lower, upper], [place, place], color=color, linewidth=1.6)
                ax.plot([estimate], [place], "o", color=color, markersize=5)
        ax.axvline(0.0, color=_plot.INK, linewidth=0.8, zorder=1)
        ax.set_yticks(places, [label for label, _, _ in rows])
        ax.set_ylim(-0.6, len(rows) - 0.4)
        _plot.label(ax, title=self._core.sentence, x=f"coefficient, {100 * level:g}% interval")
        return ax

    def __reduce__(self) -> Any:
        return _refitted, (self.specification, self._source, self._second)


def _refitted(
    specification: NoisyMeasures,
    source: tuple[Any, ...],
    second: tuple[Covariance, str | Sequence[str] | None] | None,
) -> NoisyMeasuresFit:
    fit = specification.fit(*source)
    return fit if second is None else fit.with_covariance(second[0], cluster=second[1])
