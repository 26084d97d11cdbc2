"""What a covariance of coefficients can be told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from averted._errors import InputError


class Cluster:
    """Standard errors that allow for errors related within the levels of columns.

    Parameters
    ----------
    *columns
        One column, or several for clustering several ways (Cameron, Gelbach & Miller 2011).

    Examples
    --------
    >>> import averted as av
    >>> av.Cluster("state", "year")
    clustered by state and year
    """

    __slots__ = ("columns",)
    #: The columns.
    columns: tuple[str, ...]

    def __init__(self, *columns: str) -> None:
        if not columns or not all(isinstance(column, str) for column in columns):
            raise InputError(f"Cluster{columns!r}: give the names of one or more columns")
        object.__setattr__(self, "columns", columns)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Cluster cannot be changed ({name})")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cluster) and self.columns == other.columns

    def __hash__(self) -> int:
        return hash(self.columns)

    def __reduce__(self) -> Any:
        return Cluster, self.columns

    def __repr__(self) -> str:
        return f"clustered by {' and '.join(self.columns)}"


def chosen(covariance: str | Cluster, cluster: str | Sequence[str] | None) -> tuple[str, list[str]]:
    """Kind and cluster columns."""
    if isinstance(covariance, Cluster):
        if cluster is not None:
            raise InputError("cluster and covariance=Cluster(…) are both given: give one")
        return "classical", list(covariance.columns)
    if not isinstance(covariance, str):
        raise InputError(f"covariance = {covariance!r}: must be 'classical', 'HC1', 'HC0' or Cluster(…)")
    if cluster is None:
        return covariance, []
    if covariance != "classical":
        raise InputError(f"cluster and covariance = {covariance!r} are both given: give one")
    columns = [cluster] if isinstance(cluster, str) else list(cluster)
    if not columns or not all(isinstance(column, str) for column in columns):
        raise InputError(f"cluster = {cluster!r}: must be one column or a list of columns")
    return "classical", columns
