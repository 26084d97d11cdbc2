"""What did counter-drug money buy in lives, what comes next, and what would the next dollar do?

A spending series and a death series in; out comes how many deaths, at what cost, compared with what, what comes next,
and how sure, with a referee's checks already run.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from averted._core import __version__
from averted._errors import AvertedError, AvertedWarning, ConvergenceError, InputError, RefusedError

if TYPE_CHECKING:
    from averted import datasets as datasets
    from averted._formula import Design as Design
    from averted._read import read as read
    from averted.regression import Cluster as Cluster
    from averted.regression import Ols as Ols
    from averted.regression import Poisson as Poisson

#: Public name -> the module that holds it. Loaded on first use, so that `import averted` stays quick.
_WHERE = {
    "Cluster": "averted.regression",
    "Design": "averted._formula",
    "Ols": "averted.regression",
    "Poisson": "averted.regression",
    "datasets": "averted.datasets",
    "read": "averted._read",
}

__all__ = [
    "AvertedError",
    "AvertedWarning",
    "ConvergenceError",
    "InputError",
    "RefusedError",
    "__version__",
    *_WHERE,
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'averted' has no attribute {name!r}")
    module = importlib.import_module(_WHERE[name])
    value = module if module.__name__ == f"averted.{name}" else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
