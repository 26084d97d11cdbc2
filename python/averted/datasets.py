"""Real data that travel with the package: small, sourced, and with their traps written down.

>>> import averted as av
>>> av.datasets.names()
['western_hemisphere', 'us_states', 'facts', 'merida', 'cpi_u', 'mxn_usd', 'mx_states']
>>> merida = av.datasets.load("merida", kind="dict")
>>> int(merida["usd"][0])
352000000
>>> print(av.datasets.describe("merida").licence)
Works of the US federal government, public domain.
"""

from __future__ import annotations

import csv
import gzip
import html
import io
import json
import textwrap
import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from averted._errors import InputError
from averted._frames import Kind, frame_out

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_DATA = files("averted") / "data"


def names() -> list[str]:
    """Names of the bundled data sets."""
    return list(_catalogue())


def load(name: str, kind: Kind | None = None) -> Any:
    """Load one data set as a plain frame.

    Parameters
    ----------
    name
        One of :func:`names`.
    kind
        ``"pandas"``, ``"polars"``, ``"pyarrow"`` or ``"dict"`` (of arrays). pandas where it is installed, else a dict.

    Returns
    -------
    frame
        Whole numbers as int64, other numbers as float64 with NaN for an empty cell, text with None for an empty cell.

    Raises
    ------
    InputError
        When there is no data set of that name.
    """
    header, *rows = csv.reader(io.StringIO(_text(_known(name))))
    if kind is None:
        kind = "pandas" if find_spec("pandas") else "dict"
    columns = zip(header, zip(*rows, strict=True), strict=True)
    return frame_out({column: _typed(cells) for column, cells in columns}, kind)


def describe(name: str) -> Description:
    """What a data set is: agency, source, licence, units, columns and traps. Prints, and renders as HTML in Jupyter."""
    entry = _catalogue()[_known(name)]
    record = json.loads((_DATA / "provenance.json").read_text(encoding="utf-8"))[name]
    return Description(name=name, rows=record["rows"], sha256=record["sha256"], inputs=record["inputs"], **entry)


@dataclass(frozen=True, repr=False)
class Description:
    """Where a data set comes from and what to beware of."""

    name: str
    title: str
    what: str
    agency: str
    source: str
    licence: str
    units: str
    columns: dict[str, str]
    traps: list[str]
    rows: int
    #: Of the table as it is bundled (the CSV, unpacked).
    sha256: str
    #: Name of each input file and its SHA-256.
    inputs: dict[str, str]

    @property
    def facts(self) -> dict[str, str]:
        """The lines above the columns."""
        size = f"{self.rows:,} rows, {len(self.columns)} columns"
        return {
            "What": self.what,
            "Agency": self.agency,
            "Source": self.source,
            "Licence": self.licence,
            "Units": self.units,
            "Size": size,
            "SHA-256": self.sha256,
        }

    def __repr__(self) -> str:
        def lines(label: str, text: str, width: int) -> str:
            head = f"{label:<{width}}"
            return textwrap.fill(text, 110, initial_indent=head, subsequent_indent=" " * width, break_long_words=False)

        wide = max(map(len, self.columns)) + 4
        parts = [f"{self.name}: {self.title}", ""]
        parts += [lines(label, text, 10) for label, text in self.facts.items()]
        parts += ["", "Columns", *(lines(f"  {column}", meaning, wide) for column, meaning in self.columns.items())]
        parts += ["", "Traps", *(lines("  -", trap, 4) for trap in self.traps)]
        return "\n".join(parts)

    def _repr_html_(self) -> str:
        def table(rows: Iterable[tuple[str, str]]) -> str:
            cells = (f"<tr><th scope='row'>{html.escape(a)}</th><td>{html.escape(b)}</td></tr>" for a, b in rows)
            style = "text-align:left;vertical-align:top"
            return f"<table class='averted' style='{style}'>{''.join(cells)}</table>"

        traps = "".join(f"<li>{html.escape(trap)}</li>" for trap in self.traps)
        title = f"<h4><code>{self.name}</code>: {html.escape(self.title)}</h4>"
        columns = f"<h5>Columns</h5>{table(self.columns.items())}"
        return f"{title}{table(self.facts.items())}{columns}<h5>Traps</h5><ul>{traps}</ul>"

    def to_markdown(self) -> str:
        """As the section of `docs/datasets.md`."""
        parts = [f"## {self.name}", f"**{self.title}.** {self.what}"]
        parts += ["\n".join(f"- **{label}**: {text}" for label, text in self.facts.items() if label != "What")]
        columns = "\n".join(f"| `{column}` | {meaning} |" for column, meaning in self.columns.items())
        parts += [f"| column | meaning |\n| --- | --- |\n{columns}"]
        parts += ["Traps:\n\n" + "\n".join(f"- {trap}" for trap in self.traps)]
        return "\n\n".join(parts) + "\n"


def _catalogue() -> dict[str, Any]:
    return tomllib.loads((_DATA / "catalogue.toml").read_text(encoding="utf-8"))


def _known(name: str) -> str:
    known = names()
    if name in known:
        return name
    near = get_close_matches(name, known, 1)
    hint = f"did you mean `{near[0]}`? " if near else ""
    raise InputError(f"no data set `{name}`; {hint}There are {', '.join(known)}")


def _text(name: str) -> str:
    """The table as CSV."""
    return gzip.decompress((_DATA / f"{name}.csv.gz").read_bytes()).decode()


def _typed(cells: tuple[str, ...]) -> NDArray[Any]:
    """Whole numbers, numbers with NaN, or text with None."""
    try:
        return np.array([int(cell) for cell in cells], dtype=np.int64)
    except ValueError:
        pass
    try:
        return np.array([float(cell) if cell else np.nan for cell in cells])
    except ValueError:
        return np.array([cell or None for cell in cells], dtype=object)
