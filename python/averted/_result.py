"""What every fit and every answer can do: print, render in Jupyter, and turn into frames, JSON and LaTeX."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from averted import _core
from averted._frames import Kind, frame_out

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Columns of a table that hold probabilities.
_PROBABILITIES = frozenset({"p_value"})


class Result:
    """A fit or an answer. Subclasses give :meth:`summary`, :meth:`_tidy` and :meth:`_glance`."""

    _kind: Kind = "dict"

    def summary(self) -> Table:
        """Return the table that prints the result and renders as HTML in Jupyter."""
        raise TypeError(f"{type(self).__name__} has no summary")  # pragma: no cover

    def _tidy(self) -> Mapping[str, Sequence[Any]]:
        """Columns of :meth:`tidy`."""
        return self.summary().columns

    def _glance(self) -> dict[str, Any]:
        """One value a column of :meth:`glance`."""
        return {}

    def tidy(self) -> Any:
        """One row a term, step or event time, as a frame of the kind that came in."""
        return frame_out(self._tidy(), self._kind)

    def glance(self) -> Any:
        """One row of statistics about the whole result, as a frame of the kind that came in."""
        return frame_out({name: [value] for name, value in self._glance().items()}, self._kind)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain Python values."""
        tidy = {name: [plain(v) for v in values] for name, values in self._tidy().items()}
        return {**{name: plain(v) for name, v in self._glance().items()}, "table": tidy, "notes": self.summary().notes}

    def to_json(self, indent: int | None = None) -> str:
        """:meth:`to_dict` as JSON; NaN and infinities become null."""
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False, allow_nan=False)

    def to_latex(self) -> str:
        """The summary as a LaTeX tabular (booktabs)."""
        return self.summary().to_latex()

    def __repr__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()


class Answer(Result):
    """An answer that is a dataclass, whose field ``kind`` is the kind of frame that came in."""

    kind: Kind

    @property
    def _kind(self) -> Kind:  # type: ignore[override]
        return self.kind


class Table:
    """A titled table with notes: prints as text, renders as HTML, converts to Markdown and LaTeX."""

    def __init__(self, core: _core.Table) -> None:
        self._core = core

    @classmethod
    def build(
        cls,
        columns: dict[str, Sequence[Any]],
        *,
        kinds: dict[str, str] | None = None,
        title: str = "",
        notes: Sequence[str] = (),
    ) -> Table:
        """From columns of values.

        Parameters
        ----------
        columns
            Name to values, all of one length.
        kinds
            Column name to ``"text"``, ``"right"`` (text set right), ``"number"``, ``"count"`` or ``"probability"``;
            guessed where left out.
        """
        kinds = kinds or {}
        names = list(columns)
        kind = [kinds.get(n) or ("probability" if n in _PROBABILITIES else "number") for n in names]
        rows = [[_cell(v) for v in row] for row in zip(*columns.values(), strict=True)]
        return cls(_core.Table(names, kind, rows, title, list(notes)))

    @property
    def columns(self) -> dict[str, list[Any]]:
        """Column name to values."""
        rows = self._core.rows
        return {name: [row[j] for row in rows] for j, name in enumerate(self._core.columns)}

    @property
    def title(self) -> str:
        """The title."""
        return self._core.title

    @property
    def notes(self) -> list[str]:
        """The notes under the table."""
        return list(self._core.notes)

    def to_markdown(self) -> str:
        """As a Markdown table."""
        return self._core.markdown()

    def to_latex(self) -> str:
        """As a LaTeX tabular (booktabs)."""
        return self._core.latex()

    def to_html(self) -> str:
        """As an HTML table."""
        return self._core.html()

    def __str__(self) -> str:
        return str(self._core)

    def __repr__(self) -> str:
        return str(self._core)

    def _repr_html_(self) -> str:
        return self._core.html()


def plain(value: Any) -> Any:
    """Plain Python, with None for NaN and infinities, so that it is valid JSON."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value


def _cell(value: Any) -> float | str | None:
    if value is None or isinstance(value, str):
        return value
    return float(value)
