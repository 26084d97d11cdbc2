"""What a formula makes of data, to look at before anything is fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from averted import _core
from averted._frames import Kind, frame_in, frame_out

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Design:
    """The columns and rows that a formula makes of data.

    Parameters
    ----------
    formula
        ``outcome ~ terms | absorbed effects``; the grammar stands in the documentation (docs/formula.md).
    data
        A :class:`averted.Panel` (needed for lags), or any frame or mapping of names to arrays.

    Raises
    ------
    InputError
        For a formula that cannot be read, with a caret under the place; an unknown column, with the nearest; and
        values that a function does not take, with column and row.

    Examples
    --------
    >>> import averted as av
    >>> design = av.Design("deaths ~ log(spend)", {"deaths": [3, 5, None], "spend": [1, 2, 4]})
    >>> design.names
    ['(Intercept)', 'log(spend)']
    >>> design
    deaths ~ log(spend)
      2 rows, 2 columns
      dropped 1: missing outcome deaths (first in row 2)
    """

    def __init__(self, formula: str, data: Any) -> None:
        core = getattr(data, "_core", data)
        self._kind: Kind
        if isinstance(core, _core.Panel):
            self._kind = getattr(data, "_kind", "dict")
            self._core = _core.Design(formula, core)
        else:
            frame, self._kind = frame_in(data)
            self._core = _core.Design(formula, frame)

    @property
    def formula(self) -> str:
        """The formula, written out."""
        return self._core.formula

    @property
    def outcome(self) -> NDArray[np.float64]:
        """The outcome of every used row."""
        return self._core.outcome

    @property
    def x(self) -> NDArray[np.float64]:
        """The regressors, one row for each used row."""
        return self._core.x

    @property
    def names(self) -> list[str]:
        """The names of the columns of :attr:`x`."""
        return self._core.names

    @property
    def absorbed(self) -> dict[str, int]:
        """The absorbed effects and how many levels each has."""
        return dict(self._core.absorbed)

    @property
    def references(self) -> dict[str, str]:
        """The level of every factor that its indicators compare with."""
        return dict(self._core.references)

    @property
    def rows(self) -> NDArray[np.uint64]:
        """The rows of the data that are used, from 0."""
        return self._core.rows

    @property
    def dropped(self) -> dict[str, int]:
        """How many rows are not used, by reason."""
        return {cause: count for cause, count, _ in self._core.dropped}

    def frame(self) -> Any:
        """The outcome and the regressors as a frame of the kind that came in."""
        regressors = zip(self.names, self.x.T, strict=True)
        return frame_out({self._core.outcome_name: self.outcome, **dict(regressors)}, self._kind)

    def __repr__(self) -> str:
        lines = [self.formula, f"  {len(self.outcome):,} rows, {len(self.names)} columns"]
        lines += [f"  absorbed {name}: {levels:,} levels" for name, levels in self.absorbed.items()]
        lines += [f"  {column} compares with {level}" for column, level in self.references.items()]
        lines += [f"  dropped {count:,}: {cause} (first in row {row})" for cause, count, row in self._core.dropped]
        return "\n".join(lines)
