"""Small counts stay unseen: no count from 1 to 9 of a part of a country is printed or drawn.

CDC WONDER's terms of use forbid presenting sub-national counts of nine or fewer; other sources set other limits. A page
cannot know whether its units are parts of a country, so it withholds such counts of every unit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from averted._plot import number

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

#: The counts that are withheld, both included.
SMALL = (1, 9)


def small(count: ArrayLike) -> NDArray[np.bool_]:
    """Whether each count must not be shown.

    >>> small([0, 1, 9, 9.5, 10, np.nan]).tolist()
    [False, True, True, True, False, False]
    """
    counts = np.asarray(count, dtype=float)
    return (counts > 0) & (counts < SMALL[1] + 1)


def shown(count: float) -> str:
    """A count in writing, a small one withheld.

    >>> shown(7), shown(36661), shown(0)
    ('1–9', '36,661', '0')
    """
    return f"{SMALL[0]}–{SMALL[1]}" if small(count).item() else number(count)


def drawn(counts: ArrayLike) -> NDArray[np.float64]:
    """Counts for a picture, small ones left out (NaN).

    >>> drawn([3.0, 30.0]).tolist()
    [nan, 30.0]
    """
    values = np.array(counts, dtype=float)
    values[small(values)] = np.nan
    return values
