"""Rates and counts over time as the trends of the core take them: one series, or the units of a panel or a frame."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from averted import _core
from averted._errors import InputError
from averted._frames import Kind, columns_out, frame_in
from averted.timeseries._series import labels_of, vector

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A series as the core takes it: name, times, rates, standard errors, least and most counts, population.
Raw = tuple[
    str,
    list[float],
    list[float] | None,
    list[float] | None,
    tuple[list[float], list[float]] | None,
    list[float] | None,
]


class Several(NamedTuple):
    """Series by name."""

    names: list[str]
    raws: list[Raw]
    #: The column that the names are of; None where there is one series.
    by: str | None
    kind: Kind
    #: Whether counts have a population, so that rates are for so many people.
    scaled: bool


def is_one_series(data: Any) -> bool:
    """Whether these are plain numbers, and no panel or frame."""
    if isinstance(getattr(data, "_core", None), _core.Panel) or isinstance(data, Mapping):
        return False
    return not (hasattr(data, "columns") or hasattr(data, "column_names"))


def one_series(
    y: Any,
    *,
    time: Sequence[Any] | None,
    counts: bool,
    std_error: Any = None,
    population: Any = None,
    bounds: tuple[Any, Any] | None = None,
) -> Raw:
    """Rates, or counts with the ends of the hidden ones."""
    name = str(getattr(y, "name", None) or "y")
    values = vector(name, y)
    labels = labels_of(y, time, len(values))
    times = years(labels) if labels else np.arange(len(values), dtype=np.float64)
    if counts and std_error is not None:
        raise InputError("std_error: belongs to rates; counts have a population instead")
    ends = (values, values)
    if bounds is not None:
        low, high = (vector("bounds", end) for end in bounds)
        if len(low) != len(values) or len(high) != len(values):
            raise InputError(f"bounds: expected {len(values)} values each, found {len(low)} and {len(high)}")
        gone = np.isnan(values)
        ends = (np.where(gone, low, values), np.where(gone, high, values))
    return (
        name,
        times.tolist(),
        None if counts else values.tolist(),
        None if std_error is None else vector("std_error", std_error).tolist(),
        (ends[0].tolist(), ends[1].tolist()) if counts else None,
        None if population is None else vector("population", population).tolist(),
    )


def several_series(
    data: Any,
    *,
    rate: str | None = None,
    std_error: str | None = None,
    events: str | None = None,
    population: str | None = None,
    time: Any = None,
    by: str | None = None,
) -> Several:
    """The units of a panel, or the series of a frame, in order of time."""
    core = getattr(data, "_core", None)
    if isinstance(core, _core.Panel):
        if core.events is None or core.counts is None:
            raise InputError("the panel has no events: av.Panel(…, events=…, population=…)")
        columns = columns_out(core.frame, (core.unit, core.time))
        counts = (np.asarray(core.counts[0]), np.asarray(core.counts[1]))
        people = columns[core.population] if core.population else None
        units = [str(unit) for unit in columns[core.unit]]
        labels = [str(label) for label in columns[core.time]]
        names, raws = _by_unit(units, years(labels), None, None, counts, people)
        return Several(names, raws, core.unit, data._kind, people is not None)
    if time is None:
        raise InputError("time=…: name the column of periods")
    frame, kind = frame_in(data)
    wanted = [name for name in (rate, std_error, events, population) if name is not None]
    numbers = {name: np.asarray(frame.number(name)) for name in wanted}
    periods = [str(label) for label in _plain(frame, str(time))]
    exact = None if events is None else (numbers[events], numbers[events])
    names, raws = _by_unit(
        ["all"] * frame.rows if by is None else [str(unit) for unit in _plain(frame, by)],
        years(periods),
        numbers[rate] if rate else None,
        numbers[std_error] if std_error else None,
        exact,
        numbers[population] if population else None,
    )
    return Several(names, raws, by, kind, exact is not None and population is not None)


def _plain(frame: _core.Frame, name: str) -> Any:
    """A column of text or numbers."""
    column = frame.factor(name) if frame.is_text(name) else frame.number(name)
    return columns_out(_core.Frame([(name, column)]), (name,))[name]


def _by_unit(
    units: list[str],
    times: NDArray[np.float64],
    rates: NDArray[np.float64] | None,
    errors: NDArray[np.float64] | None,
    counts: tuple[NDArray[np.float64], NDArray[np.float64]] | None,
    people: NDArray[np.float64] | None,
) -> tuple[list[str], list[Raw]]:
    names = list(dict.fromkeys(units))
    where = np.asarray(units, dtype=object)
    raws: list[Raw] = []
    for name in names:
        rows = np.flatnonzero(where == name)
        rows = rows[np.argsort(times[rows], kind="stable")]

        def take(values: NDArray[np.float64] | None, rows: NDArray[np.intp] = rows) -> list[float] | None:
            return None if values is None else [float(v) for v in values[rows]]

        both = None if counts is None else (take(counts[0]) or [], take(counts[1]) or [])
        raws.append((name, take(times) or [], take(rates), take(errors), both, take(people)))
    return names, raws


_PERIOD = re.compile(r"(-?\d{1,4})(?:[-/ ]?(?:(Q[1-4])|M?(\d{1,2})(?:-\d{1,2})?))?", re.IGNORECASE)


def years(labels: Sequence[str]) -> NDArray[np.float64]:
    """Periods as years and fractions: 2019-03 is 2019 + 2/12."""
    out = []
    for row, label in enumerate(labels):
        found = _PERIOD.fullmatch(label.strip())
        try:
            if found is None:
                out.append(float(label))
                continue
        except ValueError:
            raise InputError(
                f"time, row {row}: {label!r} must be a year, or a period such as 2019-03 or 2019-Q2"
            ) from None
        year, quarter, month = found.groups()
        if month and not 1 <= int(month) <= 12:
            raise InputError(f"time, row {row}: {label!r} must have a month from 1 to 12")
        part = (int(quarter[1]) - 1) / 4 if quarter else (int(month) - 1) / 12 if month else 0.0
        out.append(int(year) + part)
    return np.array(out, dtype=np.float64)
