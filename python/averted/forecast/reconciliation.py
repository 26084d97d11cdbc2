"""Forecasts of counties, states and country that add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from averted import _core
from averted._errors import InputError
from averted._frames import frame_in, frame_out
from averted.forecast.answer import Forecast, Forecasts

if TYPE_CHECKING:
    from numpy.typing import NDArray


def reconcile(
    forecasts: Any,
    sums: Mapping[str, Sequence[str]],
    method: str = "wls_struct",
    *,
    errors: Any = None,
    shares: Mapping[str, float] | None = None,
    nonnegative: bool = False,
    counts: bool = False,
) -> Any:
    """Make forecasts of a hierarchy add up.

    Parameters
    ----------
    forecasts
        A frame with ``unique_id, ds`` and a column a model, each reconciled on its own; or :class:`Forecasts`, or a
        mapping of names to :class:`Forecast`: then path by path.
    sums
        What each sum is the sum of: ``{"country": ["north", "south"], "north": ["a", "b"]}``. Sums may overlap.
    method
        ``"bottom_up"``, ``"ols"``, ``"wls_struct"``, ``"wls_var"``, ``"shrink"`` (MinT with the shrunk covariance of
        the errors), or ``"top_down"`` with `shares`.
    errors
        Columns ``unique_id, ds, error``: in-sample errors of the base forecasts, for ``wls_var`` and ``shrink``.
    shares
        Of every bottom series in the series that is the sum of all.
    nonnegative
        Forecasts below zero are put to a quadratic programme.
    counts
        Forecasts are whole, not below zero, and add up.

    Returns
    -------
    frame or dict
        The frame with the reconciled models, without intervals; or name to :class:`Forecast`.

    Examples
    --------
    >>> import averted as av
    >>> base = {"unique_id": ["all", "n", "s"], "ds": [2025] * 3, "m": [12.0, 4.0, 5.0]}
    >>> av.reconcile(base, {"all": ["n", "s"]}, "ols")["m"].round(6).tolist()
    [11.0, 5.0, 6.0]
    """
    plan = [(str(name), [str(part) for part in parts]) for name, parts in sums.items()]
    bottom = list(dict.fromkeys(part for _, parts in plan for part in parts if part not in sums))
    names = [name for name, _ in plan] + bottom
    if (method == "top_down") != (shares is not None):
        raise InputError("shares: given with the method `top_down`, and with no other")
    if shares is not None and set(shares) != set(bottom):
        raise InputError(f"shares: expected one of each of {', '.join(bottom)}")
    core = _core.Reconciliation(
        plan,
        "bottom_up" if shares is not None else method,
        errors=None if errors is None else _errors(errors, names),
        shares=None if shares is None else [float(shares[name]) for name in bottom],
        nonnegative=bool(nonnegative),
        counts=bool(counts),
    )
    if isinstance(forecasts, Forecasts):
        forecasts = forecasts.forecasts
    if isinstance(forecasts, Mapping) and all(isinstance(one, Forecast) for one in forecasts.values()):
        return _paths(core, forecasts)
    return _points(core, forecasts)


def _paths(core: _core.Reconciliation, forecasts: Mapping[str, Forecast]) -> dict[str, Forecast]:
    _complete(core.names, forecasts)
    made = core.forecasts([forecasts[name]._core for name in core.names])
    out = {}
    for name, one in zip(core.names, made, strict=True):
        old = forecasts[name]
        out[name] = Forecast(
            one, unit=name, history=old._history, levels=old._levels, kind=old._kind, outcome=old.outcome
        )
    return out


def _points(core: _core.Reconciliation, forecasts: Any) -> Any:
    frame, kind = frame_in(forecasts)
    columns = list(frame.names)
    for needed in ("unique_id", "ds"):
        if needed not in columns:
            raise InputError(f"no column `{needed}`; there are {', '.join(columns)}")
    kept = [n for n in columns if "-lo-" not in n and "-hi-" not in n]
    models = [n for n in kept if n not in ("unique_id", "ds", "cutoff", "y") and not frame.is_text(n)]
    place, times = _grid(frame, core.names)
    out: dict[str, Any] = {name: forecasts[name] for name in kept}
    for model in models:
        values = frame.number(model)
        made = np.full(len(values), np.nan)
        for rows in _periods(place, times, core.names):
            made[rows] = core.points(np.ascontiguousarray(values[rows]))
        out[model] = made
    return frame_out(out, kind)


def _complete(names: Sequence[str], found: Any) -> None:
    absent = [name for name in names if name not in found]
    if absent:
        raise InputError(f"no forecast of {', '.join(absent)}, which the sums name")


def _grid(frame: _core.Frame, names: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The place of every row's series among the names, and a number of its period and origin."""
    codes, labels = frame.factor("unique_id")
    _complete(names, labels)
    where = {name: i for i, name in enumerate(names)}
    unknown = [label for label in labels if label not in where]
    if unknown:
        raise InputError(f"{', '.join(unknown[:5])}: not among the sums and their parts")
    of_label = np.array([where[label] for label in labels])
    keys = [frame.factor(name)[0].astype(np.int64) for name in ("cutoff", "ds") if name in frame.names]
    _, times = np.unique(np.stack(keys), axis=1, return_inverse=True)
    return of_label[codes], times.reshape(-1)


def _periods(place: NDArray[np.int64], times: NDArray[np.int64], names: Sequence[str]) -> list[NDArray[np.int64]]:
    """Rows of every period, in order of the names."""
    order = np.lexsort((place, times))
    out = []
    for rows in np.split(order, np.flatnonzero(np.diff(times[order])) + 1):
        if len(rows) != len(names) or not np.array_equal(place[rows], np.arange(len(names))):
            absent = [name for i, name in enumerate(names) if (place[rows] == i).sum() != 1]
            raise InputError(f"row {rows[0]}: its period has not one row each of {', '.join(absent[:5])}")
        out.append(rows)
    return out


def _errors(errors: Any, names: Sequence[str]) -> NDArray[np.float64]:
    frame, _ = frame_in(errors)
    for needed in ("unique_id", "ds", "error"):
        if needed not in frame.names:
            raise InputError(f"errors: no column `{needed}`; there are {', '.join(frame.names)}")
    place, times = _grid(frame, names)
    table = np.full((int(times.max()) + 1, len(names)), np.nan)
    table[times, place] = frame.number("error")
    return table
