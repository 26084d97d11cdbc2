"""A fit and the data behind it: what answers after the fit are made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from averted import _core
from averted._frames import Kind, frame_in
from averted._result import Result

if TYPE_CHECKING:
    from averted._core import Frame, RegressionFit


class Fitted(Result):
    """A regression in the core, with what `fit` was called with."""

    _core: RegressionFit
    _kind: Kind
    # Formula, data and options: for columns that the fit had no need of, and to pickle. None for arrays.
    _source: tuple[Any, ...] | None

    def _more(self, columns: list[str]) -> Frame | None:
        """Columns of the data that the fit may not have seen."""
        if not columns or self._source is None or isinstance(getattr(self._source[1], "_core", None), _core.Panel):
            return None
        return frame_in(self._source[1], columns)[0]
