"""Fits of several series by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from averted._frames import Kind
from averted._result import Result

Fit = TypeVar("Fit", bound=Result)


class NamedFits(Result, Mapping[str, Fit]):
    """Fits by name. Subclasses give :meth:`summary`."""

    def __init__(self, fits: dict[str, Fit], by: str, kind: Kind) -> None:
        self._fits = fits
        #: What the names are of.
        self._by = by
        self._kind = kind

    def __getitem__(self, name: str) -> Fit:
        return self._fits[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fits)

    def __len__(self) -> int:
        return len(self._fits)

    def _under(self, terms: Sequence[str]) -> Mapping[str, Sequence[Any]]:
        """These columns of the fits' own, one fit under the other."""
        parts = [(name, fit._tidy()) for name, fit in self._fits.items()]
        names = [name for name, part in parts for _ in part[terms[0]]]
        return {self._by: names, **{term: [v for _, part in parts for v in part[term]] for term in terms}}
