"""The compiled core. Private: the public classes stand in the modules beside it."""

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

__version__: str

def debug_build() -> bool: ...

@final
class Frame:
    def __new__(
        cls, columns: list[tuple[str, NDArray[np.float64] | tuple[NDArray[np.uint32], list[str]]]]
    ) -> Frame: ...
    @property
    def rows(self) -> int: ...
    @property
    def names(self) -> list[str]: ...
    def number(self, name: str) -> NDArray[np.float64]: ...
    def factor(self, name: str) -> tuple[NDArray[np.uint32], list[str]]: ...
    def is_text(self, name: str) -> bool: ...

@final
class Table:
    def __new__(
        cls,
        columns: list[str],
        kinds: list[str],
        rows: list[list[float | str | None]],
        title: str = ...,
        notes: list[str] = ...,
    ) -> Table: ...
    @property
    def columns(self) -> list[str]: ...
    @property
    def rows(self) -> list[list[Any]]: ...
    @property
    def title(self) -> str: ...
    @property
    def notes(self) -> list[str]: ...
    def html(self) -> str: ...
    def markdown(self) -> str: ...
    def latex(self) -> str: ...

class Panel:
    def __new__(
        cls,
        frame: Frame,
        unit: str,
        time: str,
        *,
        frequency: str | None = None,
        events: str | None = None,
        population: str | None = None,
    ) -> Panel: ...
    @property
    def frame(self) -> Frame: ...
