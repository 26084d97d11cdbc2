"""What a covariance of coefficients can be told."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from averted._arguments import columns_in
from averted._errors import InputError

_KINDS = ("CR1", "CR2", "CR3", "jackknife")


class Cluster:
    """Standard errors that allow for errors related within the levels of columns.

    Parameters
    ----------
    *columns
        One column, or several for clustering several ways (Cameron, Gelbach & Miller 2011).
    kind
        ``"CR1"``, the sandwich with the factors of the small-sample convention. With few clusters, of one column:
        ``"CR2"``, bias-reduced, with Satterthwaite's degrees of freedom for every coefficient (Bell & McCaffrey 2002;
        Pustejovsky & Tipton 2018); ``"jackknife"``, leaving out one cluster at a time, counts fitted again; ``"CR3"``,
        the same for least squares, by one Newton step for counts.
    scale
        Of CR3 and the jackknife: ``"jackknife"`` for (G − 1)/G, ``"pyfixest"`` for G/(G − 1) and A.
    accept
        ``{"AV18": reason}`` for p-values and intervals by CR1 of coefficients that fewer than five clusters tell about,
        such as a treatment of three states. They are refused otherwise, because they reject far too often; the reason
        is printed.

    Examples
    --------
    >>> import averted as av
    >>> av.Cluster("state", "year")
    clustered by state and year
    >>> av.Cluster("state", kind="CR2")
    clustered by state (CR2)
    >>> av.Cluster("state", accept={"AV18": "only to compare with a published table"})
    clustered by state, AV18 accepted: only to compare with a published table
    """

    __slots__ = ("accept", "columns", "kind", "scale")
    #: The columns.
    columns: tuple[str, ...]
    #: Which estimator.
    kind: str
    #: The scale of CR3 and the jackknife.
    scale: str
    #: A refusal that is accepted, and why.
    accept: tuple[str, str] | None

    def __init__(
        self,
        *columns: str,
        kind: Literal["CR1", "CR2", "CR3", "jackknife"] = "CR1",
        scale: Literal["jackknife", "pyfixest"] = "jackknife",
        accept: Mapping[str, str] | None = None,
    ) -> None:
        if not columns or not all(isinstance(column, str) for column in columns):
            raise InputError(f"Cluster{columns!r}: give the names of one or more columns")
        if kind not in _KINDS:
            raise InputError(f"kind = {kind!r}: must be one of {', '.join(_KINDS)}")
        if scale not in ("jackknife", "pyfixest"):
            raise InputError(f"scale = {scale!r}: must be 'jackknife' or 'pyfixest'")
        if kind != "CR1" and len(columns) > 1:
            raise InputError(f"kind = {kind!r}: takes one column; for several there is CR1")
        for name, value in (("columns", columns), ("kind", kind), ("scale", scale), ("accept", _reason(accept))):
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Cluster cannot be changed ({name})")

    def _key(self) -> tuple[Any, ...]:
        return self.columns, self.kind, self.scale, self.accept

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cluster) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __reduce__(self) -> Any:
        return _cluster, self._key()

    def __repr__(self) -> str:
        text = f"clustered by {' and '.join(self.columns)}"
        if self.kind != "CR1":
            text += f" ({self.kind}{', scale of pyfixest' if self.scale == 'pyfixest' else ''})"
        return text if self.accept is None else f"{text}, {self.accept[0]} accepted: {self.accept[1]}"

    def _wire(self) -> tuple[str, list[str]]:
        """As the core reads it."""
        kind = "cluster" if self.kind == "CR1" else f"{self.kind} {self.scale}"
        return kind, list(self.columns)


def _cluster(columns: tuple[str, ...], kind: Any, scale: Any, accept: tuple[str, str] | None) -> Cluster:
    return Cluster(*columns, kind=kind, scale=scale, accept=None if accept is None else dict([accept]))


class Related(ABC):
    """Standard errors under errors related in time or space: see :mod:`averted.regression.related`."""

    @abstractmethod
    def _wire(self) -> tuple[str, list[str]]:
        """As the core reads it."""


Covariance = str | Cluster | Related


def _reason(accept: Mapping[str, str] | None) -> tuple[str, str] | None:
    if accept is None:
        return None
    if isinstance(accept, Mapping) and list(accept) == ["AV18"]:
        reason = accept["AV18"]
        if isinstance(reason, str) and reason.strip():
            return "AV18", reason.strip()
    raise InputError(f'accept = {accept!r}: must be {{"AV18": "the reason, in words"}}')


def accepted(covariance: Covariance | None) -> tuple[str, str] | None:
    """The code and the reason of a refusal that is accepted with a covariance."""
    return covariance.accept if isinstance(covariance, Cluster) else None


def chosen(covariance: Covariance | None, cluster: str | Sequence[str] | None) -> tuple[str, list[str]]:
    """The covariance as the core reads it: kind, and columns."""
    if covariance is None:
        covariance = "classical"
    if isinstance(covariance, Cluster | Related):
        if cluster is not None:
            raise InputError(f"cluster and covariance={type(covariance).__name__}(…) are both given: give one")
        return covariance._wire()
    if not isinstance(covariance, str):
        raise InputError(
            f"covariance = {covariance!r}: must be 'classical', 'HC0' to 'HC4', Cluster(…), NeweyWest(…), …"
        )
    if cluster is None:
        return covariance, []
    if covariance != "classical":
        raise InputError(f"cluster and covariance = {covariance!r} are both given: give one")
    return "cluster", columns_in("cluster", cluster)
