"""The door: any frame in, the same kind of frame out.

pandas, polars and pyarrow tables, and dicts of arrays, become a :class:`averted._core.Frame` (numbers as float64 with
NaN for missing, text as codes and sorted labels). Nothing of the caller's is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from averted import _core
from averted._errors import InputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Kind = Literal["pandas", "polars", "pyarrow", "dict"]

#: The code of a missing label.
MISSING = np.uint32(0xFFFF_FFFF)


def frame_in(data: Any, only: Collection[str] | None = None) -> tuple[_core.Frame, Kind]:
    """Turn any frame into ours, and remember which kind it was.

    Parameters
    ----------
    data
        A pandas or polars data frame, a pyarrow table, or a mapping of names to one-dimensional arrays.
    only
        The columns that are needed; the others are left where they are. If one of these is not there, all others come
        along, so that an error can name the nearest.

    Returns
    -------
    frame, kind
        The columns, and the kind to hand back to :func:`frame_out`.

    Raises
    ------
    InputError
        When `data` is none of these, or a column is neither numbers, text, dates nor truth values.
    """
    if isinstance(data, _core.Frame):
        return data, "dict"
    if isinstance(data, Mapping):
        return _frame({str(name): values for name, values in data.items()}, _array, only), "dict"
    import narwhals as nw

    try:
        frame = nw.from_native(data, eager_only=True)
    except TypeError:
        raise InputError(
            f"cannot read a {type(data).__name__}: give a pandas or polars data frame, a pyarrow table, "
            "or a dict of arrays"
        ) from None
    kind = frame.implementation.value
    columns = {str(name): frame[name] for name in frame.columns}
    return _frame(columns, _column, only), kind if kind in ("pandas", "polars", "pyarrow") else "dict"


def _frame(columns: dict[str, Any], read: Callable[[str, Any], Any], only: Collection[str] | None) -> _core.Frame:
    """The columns read one by one, all or only some."""
    if only is None or not all(name in columns for name in only):
        wanted = columns
    else:
        wanted = {name: values for name, values in columns.items() if name in only}
    return _core.Frame([(name, read(name, values)) for name, values in wanted.items()])


def source_in(data: Any) -> tuple[_core.Panel | _core.Frame, Kind]:
    """What the core's functions read, a :class:`averted.Panel` or any frame, and the kind to hand back."""
    core = getattr(data, "_core", data)
    if isinstance(core, _core.Panel):
        return core, getattr(data, "_kind", "dict")
    return frame_in(core)


def columns_out(frame: _core.Frame, whole: Collection[str] = ()) -> dict[str, Any]:
    """The columns of our frame as arrays: text with None where missing; those of `whole` as int64 where they can."""
    columns: dict[str, Any] = {}
    for name in frame.names:
        if frame.is_text(name):
            codes, labels = frame.factor(name)
            # A code without a label, the last, is a missing cell.
            columns[name] = np.array([*labels, None], dtype=object)[np.minimum(codes, len(labels))]
        else:
            values = frame.number(name)
            integral = name in whole and bool(np.all(np.isfinite(values) & (values == np.floor(values))))
            columns[name] = values.astype(np.int64) if integral else values
    return columns


def snapshot(data: Any) -> Any:
    """The data as they are now: a copy of what the caller could change, sharing the columns themselves."""
    if isinstance(data, Mapping):
        return dict(data)
    return data.copy(deep=False) if type(data).__module__.partition(".")[0] == "pandas" else data


def panel_in(panel: Any) -> tuple[_core.Panel, Kind]:
    """The core's panel, and the kind of frame it came as."""
    core = getattr(panel, "_core", panel)
    if not isinstance(core, _core.Panel):
        raise InputError(f"expected a Panel, found {type(panel).__name__}: av.Panel(data, unit=…, time=…, events=…)")
    return core, getattr(panel, "_kind", "dict")


def frame_out(columns: Mapping[str, Sequence[Any] | NDArray[Any]], kind: Kind) -> Any:
    """Columns as a frame of the caller's own kind."""
    if kind == "pandas":
        import pandas as pd

        return pd.DataFrame(dict(columns))
    if kind == "polars":
        import polars as pl

        return pl.DataFrame(dict(columns))
    if kind == "pyarrow":
        import pyarrow as pa

        return pa.table(dict(columns))
    return {name: np.asarray(values) for name, values in columns.items()}


def _column(name: str, series: Any) -> Any:
    """One narwhals series as numbers or (codes, labels)."""
    import narwhals as nw

    dtype = series.dtype
    if dtype == nw.Date or isinstance(dtype, nw.Datetime) or dtype == nw.Datetime:
        return _text([None if v is None else str(v)[:10] for v in series.to_list()])
    if dtype.is_numeric() or dtype == nw.Boolean:
        if dtype == nw.Int64 and (whole := series.to_numpy()).dtype == np.int64:
            return np.ascontiguousarray(whole)
        values = series.cast(nw.Float64).to_numpy()
        return np.ascontiguousarray(values, dtype=np.float64)
    if dtype in (nw.String, nw.Categorical) or isinstance(dtype, nw.Enum):
        return _text(series.cast(nw.String).to_list())
    return _objects(name, series.to_list())


def _array(name: str, values: ArrayLike) -> Any:
    """One array of a mapping as numbers or (codes, labels)."""
    array = np.asarray(values)
    if array.ndim != 1:
        raise InputError(f"column `{name}`: expected one dimension, found {array.ndim}")
    if array.dtype == np.int64:
        return np.ascontiguousarray(array)
    if array.dtype.kind in "biuf":
        return np.ascontiguousarray(array, dtype=np.float64)
    if array.dtype.kind in "US":
        return _text(array.astype(str).tolist())
    if array.dtype.kind == "M":
        return _text([None if np.isnat(v) else str(v)[:10] for v in array])
    return _objects(name, array.tolist())


def labels_in(name: str, values: ArrayLike) -> Any:
    """Labels of any kind as numbers or (codes, labels)."""
    return _array(name, values)


def _objects(name: str, values: list[Any]) -> Any:
    """A column of Python objects: all numbers, or all text."""
    missing = [v is None or v != v for v in values]
    known = [v for v, gone in zip(values, missing, strict=True) if not gone]
    if all(isinstance(v, (bool, int, float, np.number)) or hasattr(v, "__float__") for v in known):
        return np.array([np.nan if m else float(v) for v, m in zip(values, missing, strict=True)], dtype=np.float64)
    if all(isinstance(v, str) or hasattr(v, "isoformat") or hasattr(v, "freqstr") for v in known):
        return _text([None if m else str(v) for v, m in zip(values, missing, strict=True)])
    first = next(v for v in known if not isinstance(v, str))
    raise InputError(f"column `{name}` mixes text and {type(first).__name__}; make it all text or all numbers")


def _text(values: list[Any]) -> tuple[NDArray[np.uint32], list[str]]:
    """Codes and sorted labels; None and NaN are missing."""
    values = [None if v is None or v != v else v for v in values]
    labels = sorted({v for v in values if v is not None})
    code = {label: i for i, label in enumerate(labels)}
    codes = np.array([MISSING if v is None else code[v] for v in values], dtype=np.uint32)
    return codes, labels
