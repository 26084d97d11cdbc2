"""What every fit of several series can do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from averted import _core
from averted._arguments import whole
from averted._errors import InputError
from averted._frames import frame_out
from averted._result import Result, Table
from averted.timeseries._series import ahead
from averted.timeseries._system import System
from averted.timeseries.responses import ImpulseResponses, SystemForecast, VarianceShares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from averted._core import Forecast as CoreForecast


class _Fit(Protocol):
    """What the extension's fit has."""

    @property
    def n_observed(self) -> int: ...
    @property
    def residuals(self) -> NDArray[np.float64]: ...
    @property
    def log_likelihood(self) -> float: ...
    def variance_shares(self, horizon: int) -> NDArray[np.float64]: ...


#: Means, lower and upper ends, periods × series.
_Ends = tuple["NDArray[np.float64]", "NDArray[np.float64]", "NDArray[np.float64]"]


class SystemFit(Result):
    """A fit of several series. Subclasses give :meth:`summary`."""

    _core: _Fit

    def __init__(self, given: System) -> None:
        self._given = given
        self._kind = given.kind

    @property
    def names(self) -> list[str]:
        """The series, in their order."""
        return list(self._given.names)

    @property
    def n_observed(self) -> int:
        """Periods explained."""
        return self._core.n_observed

    @property
    def residuals(self) -> NDArray[np.float64]:
        """Periods explained × series."""
        return self._core.residuals

    @property
    def log_likelihood(self) -> float:
        """Gaussian."""
        return self._core.log_likelihood

    def augment(self) -> Any:
        """Every series with its fitted values and residuals, one row a period explained."""
        y, e = self._given.values[-self.n_observed :], self.residuals
        columns: dict[str, Any] = {"ds": self._given.periods()[-self.n_observed :]}
        for j, name in enumerate(self.names):
            columns |= {name: y[:, j], f"{name} fitted": y[:, j] - e[:, j], f"{name} residual": e[:, j]}
        return frame_out(columns, self._kind)

    def _responses(
        self,
        horizon: int,
        orthogonal: bool,
        level: float,
        bands: str,
        draws: int,
        seed: int | None,
        cumulative: bool | None = None,
    ) -> ImpulseResponses:
        """Impulse responses; ``cumulative`` is of models that add them up."""
        from averted.forecast import checked_levels

        if bands not in ("asymptotic", "bootstrap"):
            raise InputError(f"bands = {bands!r}: must be 'asymptotic' or 'bootstrap'")
        (level,) = checked_levels([level])
        core: Any = self._core
        estimate, lower, upper, used = core.bands(
            whole("horizon", horizon, 0),
            orthogonal=orthogonal,
            level=level / 100,
            draws=whole("draws", draws, 20) if bands == "bootstrap" else None,
            seed=seed,
            **({} if cumulative is None else {"cumulative": cumulative}),
        )
        return ImpulseResponses(
            names=self.names,
            estimate=estimate,
            lower=lower,
            upper=upper,
            orthogonal=orthogonal,
            cumulative=bool(cumulative),
            level=level,
            seed=used,
            kind=self._kind,
        )

    def _shares(self, horizon: int) -> VarianceShares:
        shares = self._core.variance_shares(whole("horizon", horizon, 1))
        return VarianceShares(names=self.names, shares=shares, kind=self._kind)

    def _ahead(self, horizon: int, index: Sequence[Any] | None) -> list[str] | None:
        return ahead(self._given.labels, horizon, index)

    def _predicted(self, horizon: int, level: float, ends: _Ends) -> Any:
        """Means and their intervals as a frame, a row a series and period."""
        labels = self._ahead(horizon, None) or [f"+{h}" for h in range(1, horizon + 1)]
        names = ("mean", f"lo-{level:g}", f"hi-{level:g}")
        columns: dict[str, Any] = {
            "unique_id": [name for name in self.names for _ in labels],
            "ds": labels * len(self.names),
            **{name: values.T.ravel() for name, values in zip(names, ends, strict=True)},
        }
        return frame_out(columns, self._kind)

    def _joined(self, cores: Sequence[CoreForecast], levels: Sequence[float]) -> SystemForecast:
        """Forecasts of the series, one a core's."""
        from averted.forecast import Forecast, checked_levels

        levels = checked_levels(levels)
        given, past = self._given, self._given.periods()
        made = {
            name: Forecast(
                core, unit=name, history=(past, given.values[:, j]), levels=levels, kind=given.kind, outcome=name
            )
            for j, (name, core) in enumerate(zip(given.names, cores, strict=True))
        }
        return SystemForecast(made, given.kind)


def by_equation(table: _core.Table) -> dict[str, list[Any]]:
    """The columns of a table of coefficients, whose terms are split from their equations."""
    columns = Table(table).columns
    split = [term.split(": ", 1) for term in columns.pop("term")]
    return {"equation": [s[0] for s in split], "term": [s[1] for s in split], **columns}
