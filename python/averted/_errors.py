"""What averted raises. Every message names the column, the row and what would have been right."""

from __future__ import annotations


class AvertedError(Exception):
    """Anything that averted refuses."""


class InputError(AvertedError, ValueError):
    """The data or an argument cannot be used; the message says which and why."""


class ConvergenceError(AvertedError, RuntimeError):
    """A fit stopped before it converged."""


class AvertedWarning(UserWarning):
    """True but worrying, where there is no fit to carry a note."""


class RefusedError(InputError):
    """The audit refuses: the number would be meaningless. Accept the finding with a reason to go on."""
