"""What every fit of a series with nothing beside it can do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from averted import _core
from averted._frames import Kind, frame_out
from averted.timeseries._fit import SeriesFit
from averted.timeseries._series import kind_of, labels_of, vector

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from averted.forecast import Forecast

#: Name of the series, its values, names of the periods, kind of frame.
Source = tuple[str, "NDArray[np.float64]", list[str], Kind]


class _Fit(Protocol):
    """What the extension's fit has."""

    @property
    def n_used(self) -> int: ...
    @property
    def notes(self) -> list[str]: ...
    @property
    def fitted(self) -> NDArray[np.float64]: ...
    def forecast(self, horizon: int, *, draws: int, seed: int | None, labels: list[str] | None) -> _core.Forecast: ...


def source_of(y: Any, index: Sequence[Any] | None) -> Source:
    """A series as it is fitted."""
    name = str(getattr(y, "name", None) or "y")
    values = vector(name, y).copy()
    return name, values, labels_of(y, index, len(values)), kind_of(y)


def fitted_again(specification: Any, source: Source) -> Any:
    """A fit out of a pickle, to the same bits."""
    return specification._fitted(source)


class UnivariateFit(SeriesFit):
    """A fit of a series with nothing beside it. Subclasses give :meth:`summary`."""

    _core: _Fit

    def __init__(self, specification: Any, source: Source) -> None:
        self.specification = specification
        # What it was fitted to: a pickle fits it again.
        self._source = source
        self._unit, self._y, self._labels, self._kind = source

    def __reduce__(self) -> Any:
        return fitted_again, (self.specification, self._source)

    @property
    def n_used(self) -> int:
        """Observations that were there."""
        return self._core.n_used

    @property
    def fitted(self) -> NDArray[np.float64]:
        """Predictions of every period from those before; NaN where there are none."""
        return self._core.fitted

    @property
    def residuals(self) -> NDArray[np.float64]:
        """The series less those; NaN where missing."""
        return self._y - self.fitted

    def augment(self) -> Any:
        """Series, predictions and residuals, one row a period, as a frame of the kind that came in."""
        fitted = self.fitted
        columns: dict[str, Any] = {"ds": self._periods(), "y": self._y, "fitted": fitted, "residual": self._y - fitted}
        return frame_out(columns, self._kind)

    def forecast(
        self,
        horizon: int,
        levels: Sequence[float] = (80, 95),
        draws: int = 1000,
        seed: int | None = None,
        index: Sequence[Any] | None = None,
    ) -> Forecast:
        """Simulate the future as joint paths, the uncertainty of what was estimated in them.

        Parameters
        ----------
        horizon
            How many periods.
        levels
            Of the intervals in the frame, in per cent.
        draws
            Paths.
        seed
            Of the draws; one is drawn and recorded if not given.
        index
            Names of the future periods.
        """
        return self._simulated(horizon, levels, draws, seed, index)

    def plot(self, ax: Axes | None = None) -> Axes:
        """The series and its one-step predictions."""
        return self._drawn(ax, self.fitted, self._unit)
