"""Delimited files as statistical offices publish them, read into a frame."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from averted import _core
from averted._errors import InputError
from averted._frames import MISSING, Kind, frame_out

#: How a compressed file is opened, by its ending.
_PACKED = {".gz": gzip.decompress, ".bz2": bz2.decompress, ".xz": lzma.decompress}


@dataclass(frozen=True)
class Reading:
    """What was read, and how."""

    #: The columns, in the kind asked for.
    frame: Any
    encoding: str
    delimiter: str
    #: What stood before the decimals.
    decimal: str
    #: The lines below the rows.
    footer: list[str]
    #: What a careful reader should know.
    notes: list[str]


def read(
    path: str | os.PathLike[str] | bytes,
    *,
    kind: Kind | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    skip: int = 0,
) -> Any:
    r"""Read a delimited file: any delimiter, encoding and way to write numbers.

    Parameters
    ----------
    path
        The file, or its bytes. Files that end in ``.gz``, ``.bz2`` or ``.xz`` are unpacked.
    kind
        ``"pandas"``, ``"polars"``, ``"pyarrow"`` or ``"dict"`` (of arrays). pandas where it is installed, else a dict.
    delimiter, decimal
        What stands between cells and before decimals, where they should not be found out.
    skip
        Lines to leave out above the header.

    Returns
    -------
    frame
        Numbers as float64 with NaN where missing, text with None where missing. A column with a mark of suppression
        (``Suppressed``, ``*``, ``<10``) stays text as it stood, for :class:`averted.Panel` to read as counts; so do
        codes with leading zeros.

    Raises
    ------
    InputError
        For what is no text, an empty file, a header without rows or with a name twice, a row of the wrong length (with
        its line), and numbers whose thousands and decimals cannot be told apart.

    Examples
    --------
    >>> import averted as av
    >>> av.read(b"state;rate\n01;1,5\n02;2,5\n", kind="dict")["rate"]
    array([1.5, 2.5])
    """
    return reading(path, kind=kind, delimiter=delimiter, decimal=decimal, skip=skip).frame


def reading(
    path: str | os.PathLike[str] | bytes,
    *,
    kind: Kind | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    skip: int = 0,
) -> Reading:
    """As :func:`read`, with what was found out about the file, its footer, and notes."""
    if skip < 0:
        raise InputError(f"skip = {skip}: must be 0 or more")
    name, text = ("bytes", path) if isinstance(path, bytes) else (os.fspath(path), _bytes(Path(path)))
    core = _core.read_delimited(text, name, _one("delimiter", delimiter), _one("decimal", decimal), skip)
    if kind is None:
        kind = "pandas" if find_spec("pandas") else "dict"
    frame = frame_out(columns(core.frame), kind)
    return Reading(frame, core.encoding, core.delimiter, core.decimal, core.footer, core.notes)


def columns(frame: _core.Frame) -> dict[str, Any]:
    """The columns of one of our frames: numbers as they are, text with None where missing."""
    found: dict[str, Any] = {}
    for name in frame.names:
        if not frame.is_text(name):
            found[name] = frame.number(name)
            continue
        codes, labels = frame.factor(name)
        # The label past the last is that of missing codes.
        found[name] = np.array([*labels, None], dtype=object)[np.where(codes == MISSING, len(labels), codes)]
    return found


def _bytes(path: Path) -> bytes:
    try:
        packed = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from None
    try:
        return _PACKED.get(path.suffix, bytes)(packed)
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise InputError(f"cannot unpack {path}: {error}") from None


def _one(argument: str, value: str | None) -> str | None:
    if value is not None and len(value) != 1:
        raise InputError(f"{argument} = {value!r}: must be one character")
    return value
