"""Covariances of coefficients under errors that are related in time and space."""

from __future__ import annotations

import dataclasses
from typing import Literal, NamedTuple

from averted import _core
from averted._errors import InputError
from averted.regression.covariance import Related

Kernel = Literal["bartlett", "parzen", "quadratic_spectral", "tukey_hanning", "uniform"]
Rule = Literal["newey_west", "andrews", "fourth_root", "rule_of_thumb"]
_RULES = ("newey_west", "andrews", "fourth_root", "rule_of_thumb")


class Reach(NamedTuple):
    """How far in time related errors were taken to reach."""

    #: The kernel's argument is the distance divided by this.
    bandwidth: float
    #: The same in lags, where it is a whole number of them.
    lags: int | None
    #: What an automatic choice came to before it was rounded.
    chosen: float | None
    #: Distinct periods.
    periods: int


def _reach(lags: int | str | None, bandwidth: float | None) -> list[str]:
    """The reach as the core reads it."""
    if lags is not None and bandwidth is not None:
        raise InputError("lags and bandwidth are both given: give one")
    if bandwidth is not None:
        return ["reach=bandwidth", f"bandwidth={float(bandwidth)!r}"]
    if lags is None:
        return []
    if isinstance(lags, str):
        if lags not in _RULES:
            raise InputError(f"lags = {lags!r}: must be a number or one of {', '.join(_RULES)}")
        return [f"reach={lags}"]
    return ["reach=lags", f"lags={_whole('lags', lags)}"]


def _whole(name: str, value: int) -> int:
    if isinstance(value, bool) or int(value) != value or value < 0:
        raise InputError(f"{name} = {value!r}: must be a whole number of at least 0")
    return int(value)


def _one_of(name: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise InputError(f"{name} = {value!r}: must be {' or '.join(map(repr, known))}")
    return value


class _Wired(Related):
    """What the classes share: checked by the core when made, and its sentence as their text."""

    def __post_init__(self) -> None:
        self._text()

    def _text(self) -> str:
        return _core.covariance_text(*self._wire())

    def __repr__(self) -> str:
        return self._text()


def _roles(**columns: str | None) -> tuple[str, list[str]]:
    known = {role: column for role, column in columns.items() if column is not None}
    return f"roles={','.join(known)}", list(known.values())


@dataclasses.dataclass(frozen=True, repr=False)
class NeweyWest(_Wired):
    """Standard errors under errors related over time, within each unit (Newey & West 1987).

    Distance is counted on the calendar: a missing period keeps its place. The periods are those of the panel, or of a
    column of years, months, quarters, dates or whole numbers. Dates of which several lie in a month are days.

    Parameters
    ----------
    lags
        How many lags, a bandwidth of one more; or a rule: ``"newey_west"`` (1994; with Bartlett's kernel rounded down
        to lags), ``"andrews"`` (1991), ``"fourth_root"``, fixest's ⌊T^¼⌋, or ``"rule_of_thumb"``, ⌊4 (T/100)^(2/9)⌋.
        Unless given, ``"newey_west"`` for one series and ``"fourth_root"`` for a panel.
    bandwidth
        In the place of lags: what the kernel's argument is divided by.
    kernel
        ``"bartlett"``, ``"parzen"``, ``"quadratic_spectral"``, ``"tukey_hanning"`` or ``"uniform"`` (truncated).
    unit, time
        Columns; those of the panel unless given. Without units the data are one series.
    gaps
        ``"collapse"`` closes up periods that no row has, as fixest does.
    prewhiten
        Take a first-order vector autoregression out of the scores first (Andrews & Monahan 1992), as R's sandwich does.

    Raises
    ------
    InputError
        For what is no choice; by the fit, for a unit that has a period twice, and for lags that reach past the data.

    Examples
    --------
    >>> import averted as av
    >>> data = {"y": [1.0, 3.0, 2.0, 5.0, 4.0, 6.5], "x": [0.0, 1.0, 0.0, 2.0, 1.5, 3.0], "year": range(2001, 2007)}
    >>> fit = av.Ols(covariance=av.NeweyWest(lags=1, time="year")).fit("y ~ x", data)
    >>> fit.reach
    Reach(bandwidth=2.0, lags=1, chosen=None, periods=6)
    """

    lags: int | Rule | None = None
    _: dataclasses.KW_ONLY
    bandwidth: float | None = None
    kernel: Kernel = "bartlett"
    unit: str | None = None
    time: str | None = None
    gaps: Literal["calendar", "collapse"] = "calendar"
    prewhiten: bool = False

    def _wire(self) -> tuple[str, list[str]]:
        roles, columns = _roles(unit=self.unit, time=self.time)
        gaps = _one_of("gaps", self.gaps, ("calendar", "collapse"))
        words = [f"kernel={self.kernel}", f"gaps={gaps}", f"prewhiten={bool(self.prewhiten)}", roles]
        return " ".join(["newey_west", *_reach(self.lags, self.bandwidth), *words]), columns


@dataclasses.dataclass(frozen=True, repr=False)
class DriscollKraay(_Wired):
    """Standard errors under errors related over time and across units (Driscoll & Kraay 1998).

    The scores of a period are summed over all units first, so that the number of periods must be large; the units may
    be few or many.

    Parameters
    ----------
    lags, bandwidth, kernel, time, gaps, prewhiten
        As for :class:`NeweyWest`; unless given, fixest's ⌊T^¼⌋ lags.

    Examples
    --------
    >>> import averted as av
    >>> av.DriscollKraay(2)
    Driscoll–Kraay (Bartlett kernel, 2 lags)
    """

    lags: int | Rule | None = None
    _: dataclasses.KW_ONLY
    bandwidth: float | None = None
    kernel: Kernel = "bartlett"
    time: str | None = None
    gaps: Literal["calendar", "collapse"] = "calendar"
    prewhiten: bool = False

    def _wire(self) -> tuple[str, list[str]]:
        roles, columns = _roles(time=self.time)
        gaps = _one_of("gaps", self.gaps, ("calendar", "collapse"))
        words = [f"kernel={self.kernel}", f"gaps={gaps}", f"prewhiten={bool(self.prewhiten)}", roles]
        return " ".join(["driscoll_kraay", *_reach(self.lags, self.bandwidth), *words]), columns


@dataclasses.dataclass(frozen=True, repr=False)
class Conley(_Wired):
    """Standard errors under errors related in space (Conley 1999), and over time besides (Hsiang 2010).

    Rows of one period are neighbours when they are not further apart than the cutoff.

    Parameters
    ----------
    latitude, longitude
        Columns, in degrees north and east.
    cutoff_km
        The distance beyond which errors are unrelated.
    kernel
        ``"uniform"``, as in fixest; ``"bartlett"`` falls to nothing at the cutoff.
    lags
        Errors of one unit are related over so many lags too, by Bartlett's weights.
    unit, time
        Columns; those of the panel unless given. Without time all rows are of one period.
    periods
        ``"across"`` makes neighbours of rows of different periods too, however far apart in time, as fixest does.
    distance
        ``"great_circle"``, or ``"planar"``, fixest's ``triangular``.
    radius_km
        Of the earth; fixest takes 6376.

    Examples
    --------
    >>> import averted as av
    >>> av.Conley("lat", "lon", 200, kernel="bartlett", lags=2)
    Conley (Bartlett kernel within 200 km, 2 lags within units)
    """

    latitude: str
    longitude: str
    cutoff_km: float
    _: dataclasses.KW_ONLY
    kernel: Kernel = "uniform"
    lags: int = 0
    unit: str | None = None
    time: str | None = None
    periods: Literal["within", "across"] = "within"
    distance: Literal["great_circle", "planar"] = "great_circle"
    radius_km: float = 6371.0088

    def _wire(self) -> tuple[str, list[str]]:
        roles, columns = _roles(latitude=self.latitude, longitude=self.longitude, unit=self.unit, time=self.time)
        words = [
            f"cutoff_km={float(self.cutoff_km)!r}",
            f"kernel={self.kernel}",
            f"lags={_whole('lags', self.lags)}",
            f"periods={_one_of('periods', self.periods, ('within', 'across'))}",
            f"distance={_one_of('distance', self.distance, ('great_circle', 'planar'))}",
            f"radius_km={float(self.radius_km)!r}",
            roles,
        ]
        return " ".join(["conley", *words]), columns


@dataclasses.dataclass(frozen=True, repr=False)
class BeckKatz(_Wired):
    """Panel-corrected standard errors (Beck & Katz 1995), of ``Ols`` and transformed regressions without weights.

    Errors of one period are related between units, in the same way in every period, which takes many periods; or, with
    ``related="over_time"``, errors of one unit are related over time, in the same way in every unit.

    Parameters
    ----------
    related
        ``"between_units"`` or ``"over_time"``.
    unit, time
        Columns; those of the panel unless given.

    Examples
    --------
    >>> import averted as av
    >>> av.BeckKatz()
    panel-corrected (Beck–Katz)
    """

    related: Literal["between_units", "over_time"] = "between_units"
    _: dataclasses.KW_ONLY
    unit: str | None = None
    time: str | None = None

    def _wire(self) -> tuple[str, list[str]]:
        roles, columns = _roles(unit=self.unit, time=self.time)
        related = _one_of("related", self.related, ("between_units", "over_time"))
        return f"beck_katz related={related} {roles}", columns
