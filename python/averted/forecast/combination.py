"""Several forecasts of one outcome made into one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from averted import _core
from averted._errors import InputError
from averted.forecast.answer import Forecast


def combine(
    forecasts: Sequence[Forecast], weights: str | Sequence[float] = "mean", *, pooling: str = "quantiles"
) -> Forecast:
    """Combine forecasts of one series into one, as joint paths.

    Parameters
    ----------
    forecasts
        Of the same periods, scenarios and cutoff.
    weights
        ``"mean"``, ``"median"`` (quantile by quantile), or a number a forecast, as of :func:`criterion_weights`.
    pooling
        ``"quantiles"`` averages quantiles (Vincentisation), and puts them in the order of the heaviest forecast's
        paths; ``"mixture"`` averages distribution functions: paths of each in proportion to its weight.

    Examples
    --------
    >>> import averted as av
    >>> flow = [1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020]
    >>> fits = [av.Structural().fit(flow), av.Arima(order=(0, 1, 1)).fit(flow)]
    >>> both = av.combine([fit.forecast(2, seed=1) for fit in fits], "median")
    >>> both.paths().shape
    (1000, 2)
    """
    members = list(forecasts)
    if not members or not all(isinstance(one, Forecast) for one in members):
        found = ", ".join(sorted({type(one).__name__ for one in members})) or "none"
        raise InputError(f"forecasts: expected forecasts of one series, found {found}")
    rule: Any = weights if isinstance(weights, str) else [float(w) for w in weights]
    first = members[0]
    made = _core.combine([one._core for one in members], rule, pooling)
    return Forecast(
        made, unit=first.unit, history=first._history, levels=first._levels, kind=first._kind, outcome=first.outcome
    )


def criterion_weights(criteria: Sequence[float]) -> list[float]:
    """Weights of models by AICc or another criterion, ``exp(−½ (c − min c))`` made to sum to one.

    The criteria must be of one outcome on one scale at the same differences. NaN gets no weight.

    Examples
    --------
    >>> from averted.forecast import criterion_weights
    >>> [round(w, 3) for w in criterion_weights([100.0, 102.0])]
    [0.731, 0.269]
    """
    return _core.criterion_weights([float(c) for c in criteria])
