"""Periods of a long frame on the way out: as labels, years, or dates like those that came in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from averted._frames import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

#: Pandas' and others' names of frequencies, and ours.
_FREQUENCIES = {
    **dict.fromkeys(("M", "MS", "ME", "month", "monthly", "1mo", "m"), "month"),
    **dict.fromkeys(("Q", "QS", "QE", "quarter", "quarterly", "1q", "q"), "quarter"),
    **dict.fromkeys(("Y", "YS", "YE", "A", "AS", "year", "yearly", "annual", "1y", "y", "a"), "year"),
}


def frequency_name(freq: str | int | None) -> str | None:
    """Our name of a frequency; ``None`` where it is read off the data (days, weeks, plain numbers)."""
    if freq is None or isinstance(freq, int) or freq in ("D", "1d", "day", "W", "1w", "week"):
        return None
    text = str(freq)
    return _FREQUENCIES.get(text) or _FREQUENCIES.get(text.partition("-")[0]) or text


class Calendar:
    """How periods are written: as the time column of the data was."""

    def __init__(self, times: Any, frequency: str | None, label: Callable[[int], str], kind: Kind) -> None:
        self._frequency = frequency
        self._label = label
        self._kind = kind
        values = _values(times)
        self._number = values.dtype.kind in "iuf"
        self._dates: NDArray[np.datetime64] | None = None
        if values.dtype.kind == "M":
            self._dates = np.unique(values[~np.isnat(values)].astype("datetime64[D]"))
        # Dates at the ends of their months stay there.
        self._at_end = self._dates is not None and bool(
            np.all((self._dates + 1).astype("datetime64[M]").astype("datetime64[D]") == self._dates + 1)
        )

    def write(self, periods: NDArray[np.int64]) -> Any:
        """The periods of a column."""
        if self._dates is None:
            if self._number and (self._frequency is None or self._frequency == "calendar years"):
                return periods
            labels = {int(p): self._label(int(p)) for p in np.unique(periods)}
            return [labels[int(p)] for p in periods]
        months = {"months": 1, "quarters": 3, "calendar years": 12}.get(self._frequency or "")
        if months is None:
            steps = np.diff(self._dates).astype(np.int64)
            step = int(np.gcd.reduce(steps)) if len(steps) else 1
            dates = self._dates[0] + periods * step
        else:
            number = periods * months
            if self._at_end:
                dates = _month(number + months) - 1
            else:
                # Where in its period a date stood first: a year may be told by its July.
                first = self._dates[0].astype("datetime64[M]").astype(np.int64) + 1970 * 12
                dates = _month(number + int(first) % months)
        return dates.astype("datetime64[ns]") if self._kind in ("pandas", "dict") else dates.astype(object)


def _month(number: NDArray[np.int64]) -> NDArray[np.datetime64]:
    """The first day of month 12 · year + month − 1."""
    return (number - 1970 * 12).astype("datetime64[M]").astype("datetime64[D]")


def _values(times: Any) -> NDArray[Any]:
    if hasattr(times, "to_numpy"):
        values = times.to_numpy()
    else:
        values = np.asarray(times.to_pylist() if hasattr(times, "to_pylist") else times)
    if values.dtype.kind == "O" and len(values) and all(hasattr(v, "isoformat") for v in values):
        values = np.array([np.datetime64(str(v)[:10]) for v in values])
    return np.asarray(values)


def column(data: Any, name: str) -> Any:
    """A column of any frame, as it is."""
    return data[name]


def labels(values: Sequence[Any]) -> list[str]:
    """Periods in writing."""
    return [str(v)[:10] for v in values]
