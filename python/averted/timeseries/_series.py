"""What every model of one series takes in: the series, its regressors, and the names of its periods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from averted._errors import InputError
from averted._frames import Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray


def following(labels: list[str], horizon: int) -> list[str] | None:
    """The years after the last, where the periods are years."""
    if not labels or not all(label.isdigit() for label in labels):
        return None
    return [str(int(labels[-1]) + h) for h in range(1, horizon + 1)]


def ahead(labels: list[str], horizon: int, index: Sequence[Any] | None) -> list[str] | None:
    """Names of the periods ahead: those given, or the years after the last."""
    return following(labels, horizon) if index is None else [str(label) for label in index]


def vector(name: str, values: Any) -> NDArray[np.float64]:
    """One column of numbers; None is missing."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{name}: must be numbers, None or NaN where missing") from None
    if array.ndim != 1:
        raise InputError(f"{name}: expected one dimension, found {array.ndim}")
    return np.ascontiguousarray(array)


def matrix_in(x: Any) -> tuple[NDArray[np.float64] | None, list[str], Kind | None]:
    """Regressors as time by columns, their names, and the kind of frame they came in."""
    if x is None:
        return None, [], None
    if isinstance(x, Mapping) or hasattr(x, "columns") or hasattr(x, "column_names"):
        from averted._frames import frame_in

        frame, kind = frame_in(x)
        return np.column_stack([frame.number(name) for name in frame.names]), list(frame.names), kind
    array = np.asarray(x, dtype=np.float64)
    array = array.reshape(-1, 1) if array.ndim == 1 else array
    if array.ndim != 2:
        raise InputError(f"x: expected time by columns, found {array.ndim} dimensions")
    return np.ascontiguousarray(array), [], None


def futures(x: Any, names: Sequence[str]) -> tuple[list[str], list[NDArray[np.float64] | None]]:
    """Names of scenarios and their regressors: ``x`` is one future, or a mapping of names to such."""
    if isinstance(x, Mapping) and not set(names) & set(map(str, x)):
        return [str(name) for name in x], [matrix_in(value)[0] for value in x.values()]
    return ["forecast"], [matrix_in(x)[0]]


def labels_of(y: Any, index: Sequence[Any] | None, n: int) -> list[str]:
    """Names of the periods: those given, or the index of a pandas series unless it merely counts."""
    if index is None:
        index = getattr(y, "index", None)
        if index is None or callable(index) or type(index).__name__ == "RangeIndex":
            return []
    labels = [str(label)[:10] for label in index]
    if len(labels) != n:
        raise InputError(f"index: expected {n} periods, found {len(labels)}")
    return labels


def kind_of(y: Any) -> Kind:
    """The kind of frame to hand back for a series."""
    module = type(y).__module__.partition(".")[0]
    return module if module in ("pandas", "polars", "pyarrow") else "dict"  # type: ignore[return-value]


def specification(model: Any, names: list[str]) -> Any:
    """The core's specification of a model, for regressors of these names."""
    return model._among(names) if hasattr(model, "_among") else model._inner
