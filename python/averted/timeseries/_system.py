"""What every model of several series takes in: the series as columns, their names, and the names of their periods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from averted._arguments import columns_in
from averted._errors import InputError
from averted._frames import Kind, frame_in

if TYPE_CHECKING:
    from numpy.typing import NDArray


class System(NamedTuple):
    """Series, time by columns."""

    values: NDArray[np.float64]
    names: list[str]
    labels: list[str]
    kind: Kind

    def periods(self) -> list[str]:
        """Names of the periods, or their numbers."""
        return self.labels or [str(t) for t in range(len(self.values))]


def system(data: Any, columns: str | Sequence[str] | None = None, index: Any = None, what: str = "y") -> System:
    """Read the series: a frame, a dict of arrays, or an array of time by columns.

    Parameters
    ----------
    data
        The series.
    columns
        Those that are meant, in this order; all columns of numbers if not given.
    index
        Names of the periods, or the column that has them; the index of a pandas frame is taken by itself.
    what
        How columns without a name are called: ``y1``, ``y2`` …
    """
    if data is None:
        raise InputError(f"{what} = None: must be a frame, a dict of arrays, or an array of time by columns")
    chosen = columns_in("columns", columns)
    if isinstance(data, Mapping) or hasattr(data, "columns") or hasattr(data, "column_names"):
        frame, kind = frame_in(data)
        if isinstance(index, str):
            at = frame.factor(index) if frame.is_text(index) else None
            plain = [_whole(v) for v in frame.number(index)] if at is None else [at[1][code] for code in at[0]]
            labels = [label[:10] for label in plain]
        else:
            labels = _labels(data, index, frame.rows)
        names = chosen or [n for n in frame.names if n != index and not frame.is_text(n)]
        values = [frame.number(name) for name in names]
        if not values:
            raise InputError(f"{what}: no columns of numbers")
        return System(np.ascontiguousarray(np.column_stack(values)), names, labels, kind)
    try:
        array = np.asarray(data, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{what}: must be a frame, a dict of arrays, or an array of time by columns") from None
    array = array.reshape(-1, 1) if array.ndim == 1 else array
    if array.ndim != 2:
        raise InputError(f"{what}: expected time by columns, found {array.ndim} dimensions")
    names = [f"{what}{j + 1}" for j in range(array.shape[1])]
    if chosen:
        unknown = [name for name in chosen if name not in names]
        if unknown:
            raise InputError(f"columns: {', '.join(unknown)}: the columns of an array are {', '.join(names)}")
        array, names = array[:, [names.index(name) for name in chosen]], chosen
    return System(np.ascontiguousarray(array), names, _labels(None, index, len(array)), "dict")


def _labels(data: Any, index: Any, rows: int) -> list[str]:
    """Names of periods: those given, or the index of a pandas frame unless it merely counts."""
    if index is None:
        index = getattr(data, "index", None)
        if index is None or callable(index) or type(index).__name__ == "RangeIndex":
            return []
    labels = [str(label)[:10] for label in index]
    if len(labels) != rows:
        raise InputError(f"index: expected {rows} periods, found {len(labels)}")
    return labels


def _whole(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)
