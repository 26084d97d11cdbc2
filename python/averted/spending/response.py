"""The response of deaths to spending: its specification and its fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from averted import _core
from averted._errors import InputError
from averted._frames import Kind, panel_in
from averted._result import Result, Table
from averted.spending.averted import Averted
from averted.spending.estimate import ROW, Estimate
from averted.spending.leads import LeadTest
from averted.spending.without import WithoutSpending

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from averted.study import Claim

_PLACEBOS = 2


@dataclass(frozen=True, kw_only=True, repr=False)
class SpendingResponse:
    """A distributed-lag Poisson response of deaths to spending.

    Parameters
    ----------
    lags
        The last lag: spending of this period and of so many earlier ones.
    spend
        The column of spending; the panel's money unless given.
    per_person
        Whether a column that the panel does not know as money is in dollars a head, or in dollars in all.
    leads
        So many later periods of spending beside it, as placebos.
    controls
        More regressors, as the right side of a formula.
    effects
        The absorbed effects, as in a formula; unit and time unless given, none for an empty sequence.
    cluster
        Columns that standard errors are clustered by; the unit unless given.
    scale
        Dollars a head that the coefficients are for.
    errors
        ``"jackknife"``: leave one cluster out at a time, which holds its level where few clusters carry the answer;
        ``"cluster"``: the clustered sandwich of the regression; ``"auto"``: the first for up to 100 clusters.
    ssc
        The small-sample convention of the clustered covariance.

    Examples
    --------
    >>> import averted as av
    >>> av.SpendingResponse(lags=2, spend="police_usd_per_person")
    Poisson response of deaths to police_usd_per_person, lags 0 to 2, unit and time effects
    """

    lags: int = 3
    spend: str | None = None
    per_person: bool = True
    leads: int = 0
    controls: str = ""
    effects: Sequence[str] | None = None
    cluster: str | Sequence[str] | None = None
    scale: float = 1.0
    errors: str = "auto"
    ssc: str = "fixest"

    _inner: _core.SpendingResponse = field(init=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("lags", "leads"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise InputError(f"{name} = {value!r}: must be a whole number of at least 0")
        for name in ("effects", "cluster"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, (value,) if isinstance(value, str) else tuple(value))
        inner = _core.SpendingResponse(
            spend=self.spend,
            per_person=self.per_person,
            lags=self.lags,
            leads=self.leads,
            controls=self.controls,
            effects=None if self.effects is None else list(self.effects),
            cluster=None if self.cluster is None else list(self.cluster),
            scale=float(self.scale),
            ssc=self.ssc,
            errors=self.errors,
        )
        object.__setattr__(self, "_inner", inner)

    def fit(self, panel: Any, *, accept: Mapping[str, str] | None = None) -> Response:
        """Fit it to a panel, unless the audit refuses.

        Parameters
        ----------
        panel
            A :class:`averted.Panel` with events and population.
        accept
            Code of a finding to the reason for which it is accepted.

        Raises
        ------
        RefusedError
            When the audit refuses the panel and the finding is not accepted.
        InputError
            Without events, population or money, and for what the regression refuses.
        """
        core, kind = panel_in(panel)
        fit = _core.respond(self._inner, core, list((accept or {}).items()))
        return Response(fit, kind=kind, source=(self, panel, dict(accept or {})))

    def __repr__(self) -> str:
        return str(self._inner)

    def __reduce__(self) -> Any:
        return _remade, ({f.name: getattr(self, f.name) for f in fields(self) if f.init},)


def respond(
    panel: Any,
    lags: int = 3,
    *,
    spend: str | None = None,
    leads: int = 0,
    controls: str = "",
    effects: Sequence[str] | None = None,
    cluster: str | Sequence[str] | None = None,
    scale: float = 1.0,
    per_person: bool = True,
    errors: str = "auto",
    ssc: str = "fixest",
    accept: Mapping[str, str] | None = None,
) -> Response:
    """Fit the response of deaths to spending: :class:`SpendingResponse` and its ``fit`` in one call."""
    specification = SpendingResponse(
        lags=lags,
        spend=spend,
        per_person=per_person,
        leads=leads,
        controls=controls,
        effects=effects,
        cluster=cluster,
        scale=scale,
        errors=errors,
        ssc=ssc,
    )
    return specification.fit(panel, accept=accept)


class Response(Result):
    """A fitted response of deaths to spending."""

    def __init__(
        self, core: _core.Response, *, kind: Kind, source: tuple[SpendingResponse, Any, dict[str, str]]
    ) -> None:
        self._core = core
        self._kind = kind
        self._source = source

    @property
    def specification(self) -> SpendingResponse:
        """What was fitted."""
        return self._source[0]

    @property
    def accepted(self) -> dict[str, str]:
        """Findings of the audit that were accepted for the fit, and why."""
        return dict(self._source[2])

    @property
    def spend(self) -> str:
        """The column of spending."""
        return self._core.spend

    @property
    def money(self) -> str:
        """What a unit of spending is, in words."""
        return self._core.money

    @property
    def formula(self) -> str:
        """The regression behind it, as a formula."""
        return self._core.formula

    @property
    def lag_coefficients(self) -> NDArray[np.float64]:
        """The log rate ratios of spending 0, 1, … periods before."""
        return self._core.lag_coefficients

    @property
    def lag_covariance(self) -> NDArray[np.float64]:
        """Their covariance."""
        return self._core.lag_covariance

    @property
    def degrees_of_freedom(self) -> float:
        """Of the t that tests and intervals read: clusters less one."""
        return self._core.degrees_of_freedom

    @property
    def errors(self) -> str:
        """Where standard errors come from: ``"jackknife"`` or ``"clustered"``."""
        return self._core.errors

    @property
    def clustered_error(self) -> float:
        """The clustered standard error of the long-run effect, whatever is in use."""
        return self._core.clustered_error

    @property
    def cumulative(self) -> Estimate:
        """The long-run effect: the log rate ratio of a dollar a head more in every period, with a 95 % interval."""
        return Estimate(*self._core.cumulative_at(0.95))

    @property
    def mde(self) -> float:
        """The smallest long-run effect, in either direction, found with a power of 80 % at 5 % (Bloom 1995)."""
        return self._core.detectable_at(0.95)

    @property
    def notes(self) -> list[str]:
        """What the caller should know."""
        return self._core.notes

    def averted(self, per: float = 1_000_000, *, spread: str = "money", level: float = 0.95) -> Averted:
        """Deaths averted by a sum of money, spent once.

        Parameters
        ----------
        per
            The sum.
        spread
            How it is spread over units and periods: ``"money"``, as the money was; ``"population"``, the same for
            everyone.
        level
            Of the intervals.
        """
        return Averted(self._core.averted(float(per), spread, level), kind=self._kind)

    def against(self, factor: float = 0.0, *, level: float = 0.95) -> Estimate:
        """Deaths that the spending there was averted against `factor` times of it; 0 compares with none."""
        return Estimate(*self._core.against(float(factor), level))

    def without_spending(
        self, unit: str | None = None, *, level: float = 0.95, draws: int = 2_000, seed: int | None = None
    ) -> WithoutSpending:
        """Observed deaths beside those that the response implies without the money, period by period.

        Parameters
        ----------
        unit
            One unit; all of them if left out.
        level, draws, seed
            Of the intervals, which are quantiles over draws of the coefficients.
        """
        core = self._core.without_spending(unit, level, draws, seed)
        return WithoutSpending(core, unit=unit, level=level, kind=self._kind)

    def lead_test(self, leads: int = _PLACEBOS) -> LeadTest:
        """Test whether future spending "explains" past deaths, and whether spending follows deaths."""
        return LeadTest(self._core.lead_test(leads), kind=self._kind)

    def claim(
        self,
        lang: str = "en",
        *,
        per: float = 1_000_000,
        leads: int = _PLACEBOS,
        design: str | None = None,
        checks: Mapping[str, bool] | None = None,
        randomised: bool = False,
    ) -> Claim:
        """The sentence that may be published, with its level.

        Parameters
        ----------
        lang
            ``"en"`` or ``"es"``.
        per
            The sum that deaths averted are given for.
        leads
            Leads of the lead test; 0 leaves it out.
        design
            The name of a design in which spending moves for reasons other than deaths.
        checks
            Its checks, and whether they passed.
        randomised
            Whether spending was assigned at random.
        """
        from averted.study import claim

        return claim(
            self,
            lang,
            per=per,
            leads=leads,
            design=design,
            checks=checks,
            randomised=randomised,
        )

    def summary(self, level: float = 0.95) -> Table:
        """Return the table of lags, long run and leads, with intervals at `level`."""
        return Table(self._core.table(level))

    def _tidy(self) -> Mapping[str, Sequence[Any]]:
        rows = [*self._core.lags_at(0.95), self._core.cumulative_at(0.95), *self._core.leads_at(0.95)]
        return {name: [row[j] for row in rows] for j, name in enumerate(ROW)}

    def _glance(self) -> dict[str, Any]:
        rows, units, first, last = self._core.sample
        long_run = self.cumulative
        return {
            "formula": self.formula,
            "spend": self.spend,
            "money": self.money,
            "observations": rows,
            "units": units,
            "first": first,
            "last": last,
            "clusters": self._core.clusters,
            "errors": self.errors,
            "cumulative": long_run.estimate,
            "std_error": long_run.std_error,
            "p_value": long_run.p_value,
            "mde": self.mde,
        }

    def plot(self, ax: Axes | None = None, *, level: float = 0.95) -> Axes:
        """Draw the coefficients by lag, the leads as placebos left of zero, over the band of what no design sees.

        Parameters
        ----------
        ax
            Axes to draw on; ``None`` makes a figure.
        level
            Of the intervals.
        """
        from averted import _plot

        lags, leads = self._core.lags_at(level), self._core.leads_at(level)
        mde = self._core.detectable_each(level)
        points = [(j, row, mde[j], _plot.BLUE) for j, row in enumerate(lags)]
        points += [(-1 - j, row, mde[len(lags) + j], _plot.GREY) for j, row in enumerate(leads)]
        points.sort(key=lambda point: point[0])
        places = [place for place, *_ in points]
        ax = _plot.axes(ax)
        with _plot.style():
            edges = [places[0] - 0.5, *(place + 0.5 for place in places)]
            widths = [points[0][2], *(point[2] for point in points)]
            for sign in (-1.0, 1.0):
                reach = [sign * width for width in widths]
                ax.fill_between(edges, 0.0, reach, step="pre", color=_plot.GREY, alpha=0.13, linewidth=0)
            for place, row, _, color in points:
                ax.plot([place, place], [row[5], row[6]], color=color, linewidth=1.6)
                marker = "o" if place >= 0 else "s"
                ax.plot([place], [row[1]], marker, color=color, markersize=5)
            _plot.zero_line(ax)
            if leads:
                ax.axvline(-0.5, color=_plot.GREY, linewidth=0.8, linestyle=_plot.DASHES[2])
            ax.set_xticks(places, [f"{place:+d}".replace("-", "−") if place else "0" for place in places])
            ax.set_xlim(places[0] - 0.5, places[-1] + 0.5)
            scale = self._core.scale
            unit = "dollar" if scale == 1.0 else f"{_plot.number(scale)} dollars"
            _plot.label(
                ax,
                title=f"Response of {self.formula.split(' ~ ')[0]} to {self.spend}",
                x="periods after the spending" + ("; squares before it are placebos" if leads else ""),
                y=f"log rate ratio a {unit} a head, {100 * level:g}% interval; grey: too small to be detected",
            )
        return ax

    def __reduce__(self) -> Any:
        return _refitted, self._source


def _refitted(specification: SpendingResponse, panel: Any, accept: dict[str, str]) -> Response:
    return specification.fit(panel, accept=accept)


def _remade(settings: dict[str, Any]) -> SpendingResponse:
    return SpendingResponse(**settings)
