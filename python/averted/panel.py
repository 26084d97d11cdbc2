"""The panel: units by periods, with events, people and money declared once."""

from __future__ import annotations

import html
import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from averted import _core
from averted._errors import InputError
from averted._frames import Kind, columns_out, frame_in, frame_out
from averted._result import Table
from averted.money import Money

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Events:
    """How a column of counts is to be read: exact, suppressed and missing are three different things.

    Parameters
    ----------
    column
        The column of counts: numbers, or text with marks of suppression (``Suppressed``, ``<10``, ``1-9``).
    suppressed
        The least and the most that the word ``Suppressed`` stands for.
    blanks_suppressed
        Blank cells are suppressed too, not missing.
    bounds
        Two columns that bound the count where it is blank.
    fractional
        Fractions are wanted: interpolated, averaged or shared-out counts.

    Examples
    --------
    >>> import averted as av
    >>> deaths = av.Events("deaths", suppressed=(1, 9))
    >>> panel = av.Panel({"state": ["A", "B"], "year": [2019, 2019], "deaths": ["Suppressed", "0"]},
    ...                  unit="state", time="year", events=deaths)
    >>> panel.events_suppressed, panel.events_missing
    (1, 0)
    """

    column: str
    suppressed: tuple[float, float] = (0, 9)
    blanks_suppressed: bool = False
    bounds: tuple[str, str] | None = None
    fractional: bool = False

    def __post_init__(self) -> None:
        for name, pair in (("suppressed", self.suppressed), ("bounds", self.bounds or ("", ""))):
            if not isinstance(pair, (tuple, list)) or len(pair) != 2:
                raise InputError(f"{name} = {pair!r}: must be a pair, the least and the most")

    def _in_core(self) -> _core.Events:
        lo, hi = self.suppressed
        return _core.Events(self.column, (float(lo), float(hi)), self.blanks_suppressed, self.bounds, self.fractional)


class Panel:
    """Units by periods. The rows keep the caller's order, and the caller's data are never changed.

    Parameters
    ----------
    data
        A pandas or polars data frame, a pyarrow table, or a mapping of names to arrays.
    unit, time
        The columns that name the unit and the period of every row.
    events
        The column of counts, or :class:`Events` where it needs telling how to read it.
    population
        The column of people at risk.
    money
        One :class:`Money` or several. Each adds two columns, its ``name`` and ``<name>_total``.
    frequency
        ``"month"``, ``"quarter"``, ``"year"``, or ``"fiscal-10"`` for years that begin in October; read off the periods
        where left out.
    implicit_zeros
        Your word that a cell without a row had no events: such rows are added, with zero events and everything else
        missing, for every period that some unit has.

    Raises
    ------
    InputError
        Naming column and row: unknown columns, periods that cannot be read, a unit and period twice, counts that are
        none, a population that is not positive, money that cannot be converted as asked.

    Examples
    --------
    >>> import averted as av
    >>> panel = av.Panel(av.datasets.load("western_hemisphere", "dict"), unit="country", time="year",
    ...                  events="homicides", population="population",
    ...                  money=av.Money("aid_disbursed_usd", stage="disbursed", fiscal_year_start=10, real=2020))
    >>> panel.spending.columns["is"]
    ['2020 US dollars a head, disbursed, calendar years']
    """

    def __init__(
        self,
        data: Any,
        *,
        unit: str,
        time: str,
        events: str | Events | None = None,
        population: str | None = None,
        money: Money | Sequence[Money] | None = None,
        frequency: str | None = None,
        implicit_zeros: bool = False,
    ) -> None:
        several = [money] if isinstance(money, Money) else list(money or ())
        for each in several:
            if not isinstance(each, Money):
                raise InputError(f"money = {each!r}: must be av.Money(column, …), or several")
        if not isinstance(events, (str, Events, type(None))):
            raise InputError(f"events = {events!r}: must be the name of a column, or av.Events(column, …)")
        self._kind: Kind
        frame, self._kind = frame_in(data)
        self._core = _core.Panel(
            frame,
            unit,
            time,
            frequency=frequency,
            events=events._in_core() if isinstance(events, Events) else events,
            population=population,
            money=[each._in_core() for each in several],
            implicit_zeros=implicit_zeros,
        )
        declared = {"unit": unit, "time": time, "events": events, "population": population, "money": several}
        self._declared = {**declared, "frequency": frequency, "implicit_zeros": implicit_zeros}
        self._frame = frame
        self._sums: list[tuple[list[str], str]] = []

    def __reduce__(self) -> Any:
        return _rebuilt, (_raw(self._frame), self._kind, self._declared, self._sums)

    def add_money(self, names: Sequence[str], name: str) -> Panel:
        """Return the panel with the sum of spendings of one kind, under a new name.

        Raises
        ------
        InputError
            Where they differ in stage, currency, price base or measure, with how to convert.
        """
        panel = object.__new__(Panel)
        panel.__dict__.update(self.__dict__)
        panel._core = self._core.add_money(list(names), name)
        panel._sums = [*self._sums, (list(names), name)]
        return panel

    def frame(self) -> Any:
        """The rows as a frame of the kind that came in: events as numbers (NaN where suppressed), and money."""
        return frame_out(columns_out(self._core.frame, (self.unit, self.time)), self._kind)

    @property
    def unit(self) -> str:
        """The column of units."""
        return self._core.unit

    @property
    def time(self) -> str:
        """The column of periods."""
        return self._core.time

    @property
    def events(self) -> str | None:
        """The column of events."""
        return self._core.events

    @property
    def population(self) -> str | None:
        """The column of population."""
        return self._core.population

    @property
    def frequency(self) -> str:
        """The length of a period, in words."""
        return self._core.frequency

    @property
    def events_suppressed(self) -> int:
        """How many rows have a count that is hidden in an interval."""
        return self._core.tally[2] if self._core.tally else 0

    @property
    def events_missing(self) -> int:
        """How many rows have no count at all."""
        return self._core.tally[3] if self._core.tally else 0

    @property
    def notes(self) -> list[str]:
        """True things about how the data were read."""
        return self._core.notes

    @property
    def spending(self) -> Table:
        """The money of the panel: a row a series, what it was and what it is, with notes."""
        rows = self._core.spending
        columns: dict[str, Sequence[Any]] = {
            "name": [row[0] for row in rows],
            "total": [row[1] for row in rows],
            "column": [row[2] for row in rows],
            "was": [row[3] for row in rows],
            "is": [row[4] for row in rows],
        }
        notes = [f"{row[0]}: {note}" for row in rows for note in row[6]]
        return Table.build(columns, kinds=dict.fromkeys(columns, "text"), title="Money", notes=notes)

    def gaps(self) -> Any:
        """Cells of the grid without a row, run by run, as a frame: ``unit, from, to, periods, inside``."""
        names = ("unit", "from", "to", "periods", "inside")
        rows = self._core.gaps()
        return frame_out({name: [row[j] for row in rows] for j, name in enumerate(names)}, self._kind)

    def summary(self) -> Table:
        """What the panel is, as a table."""
        core = self._core
        facts: dict[str, str] = {"units": f"{core.units:,} ({core.unit})"}
        if core.span:
            facts["periods"] = f"{core.span[0]} to {core.span[1]}, {core.frequency} ({core.time})"
        facts["rows"] = f"{core.frame.rows:,}"
        facts["cells without a row"] = f"{sum(row[3] for row in core.gaps()):,}"
        if core.tally:
            events, exact, suppressed, missing = core.tally
            facts[f"events ({core.events})"] = f"{events:,.0f} in {exact:,} rows"
            facts["  suppressed"] = f"{suppressed:,} rows"
            facts["  missing"] = f"{missing:,} rows"
        if core.population:
            facts["population"] = core.population
        for name, _, column, _, kind, _, _ in core.spending:
            facts[f"money ({name})"] = f"{column}: {kind}"
        notes = [*core.notes, *self.spending.notes]
        columns: dict[str, Sequence[Any]] = {"what": list(facts), "value": list(facts.values())}
        return Table.build(columns, kinds=dict.fromkeys(columns, "text"), title="Panel", notes=notes)

    def __len__(self) -> int:
        return self._core.frame.rows

    def __repr__(self) -> str:
        return str(self._core)

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(str(self._core))}</p>{self.summary()._repr_html_()}"

    def audit(self, **options: Any) -> Any:
        """What a referee would find: see :func:`averted.study.audit`."""
        return _verb("study", "audit")(self, **options)

    def respond(self, **options: Any) -> Any:
        """How deaths respond to spending: see :func:`averted.spending.respond`."""
        return _verb("spending", "respond")(self, **options)

    def forecast(self, horizon: int, **options: Any) -> Any:
        """What comes next: see :func:`averted.forecast.forecast`."""
        return _verb("forecast", "forecast")(self, horizon, **options)

    def trend(self, **options: Any) -> Any:
        """Joinpoints of the death rate, unit by unit: see :func:`averted.joinpoint`."""
        return _verb("timeseries", "joinpoint")(self, **options)

    def smooth_trend(self, **options: Any) -> Any:
        """Where the death rate rises and falls, unit by unit: see :func:`averted.smooth_trend`."""
        return _verb("timeseries", "smooth_trend")(self, **options)

    def breaks(self, **options: Any) -> Any:
        """Changes of level of the death rate, unit by unit: see :func:`averted.timeseries.panel_breaks`."""
        return _verb("timeseries", "panel_breaks")(self, **options)

    def brief(self, path: str | Path, **options: Any) -> Any:
        """Write the brief, a page of HTML: see :func:`averted.report.brief`."""
        return _verb("report", "brief")(self, path, **options)


def _verb(room: str, name: str) -> Any:
    """A function of a room that is loaded when it is first asked for."""
    return getattr(importlib.import_module(f"averted.{room}"), name)


def _raw(frame: _core.Frame) -> list[tuple[str, Any]]:
    """The columns as the core takes them."""
    return [(name, frame.factor(name) if frame.is_text(name) else frame.number(name)) for name in frame.names]


def _rebuilt(
    columns: list[tuple[str, Any]], kind: Kind, declared: dict[str, Any], sums: list[tuple[list[str], str]]
) -> Panel:
    """A panel out of what it was declared with, for pickle."""
    panel = Panel(_core.Frame(columns), **declared)
    panel._kind = kind
    for names, name in sums:
        panel = panel.add_money(names, name)
    return panel
