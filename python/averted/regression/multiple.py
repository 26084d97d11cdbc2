"""Several hypotheses at once: p-values that keep the share, or the chance, of false findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from averted import _core
from averted._errors import InputError
from averted._result import Result, Table
from averted.regression.resampling import Bootstrapped, BootstrapTest, Columns

if TYPE_CHECKING:
    from averted._frames import Kind
    from averted.regression.fit import OlsFit, PoissonFit


class RomanoWolf(Result):
    """One hypothesis about several outcomes, tested together."""

    def __init__(
        self, answer: tuple[list[str], list[_core.BootstrapTest], list[float], _core.Table], kind: Kind
    ) -> None:
        names, tests, p_values, table = answer
        self._kind = kind
        self._table = table
        #: Outcome -> its bootstrap, all with the same multipliers.
        self.tests = {name: BootstrapTest(core, kind) for name, core in zip(names, tests, strict=True)}
        #: Outcome -> its p-value, the others considered.
        self.p_values = dict(zip(names, p_values, strict=True))

    @property
    def seed(self) -> int:
        """The seed."""
        return next(iter(self.tests.values())).seed

    def summary(self) -> Table:
        """Return a table with a row an outcome."""
        return Table(self._table)

    def _glance(self) -> dict[str, Any]:
        return {"outcomes": len(self.tests), "smallest": min(self.p_values.values()), "seed": self.seed}


def romano_wolf(
    fits: Sequence[OlsFit | PoissonFit] | Mapping[str, OlsFit | PoissonFit],
    hypothesis: str,
    *,
    cluster: Columns = None,
    draws: int = 9_999,
    weights: str = "rademacher",
    impose_null: bool = True,
    bootstrap_cluster: Columns = None,
    seed: int | None = None,
) -> RomanoWolf:
    """Test one restriction in several fits, with p-values that keep the chance of any false finding.

    Every fit is bootstrapped with the same multipliers, those of a cluster in all outcomes at once, so that the draws
    depend on each other as the outcomes do; p-values step down from the largest absolute t (Romano & Wolf 2005).

    Parameters
    ----------
    fits
        Least squares and Poisson fits, in a list or by name.
    hypothesis
        One restriction, such as ``"x = 0"``.
    cluster, draws, weights, impose_null, bootstrap_cluster, seed
        As for :meth:`OlsFit.wild_bootstrap`.

    Raises
    ------
    InputError
        As for :meth:`OlsFit.wild_bootstrap`; also without fits, for fits that have no bootstrap, for several
        restrictions, and when multipliers would belong to different columns.

    Examples
    --------
    >>> import averted as av
    >>> data = av.datasets.load("us_states")
    >>> spec = av.Ols(cluster="state")
    >>> right = "unemployment_rate | state + year"
    >>> fits = {name: spec.fit(f"{name} ~ {right}", data) for name in ("homicides", "population")}
    >>> both = av.romano_wolf(fits, "unemployment_rate = 0", draws=99, seed=1)
    >>> all(both.p_values[name] >= test.p_value for name, test in both.tests.items())
    True
    """
    named = isinstance(fits, Mapping)
    listed: list[Any] = list(fits.values()) if isinstance(fits, Mapping) else list(fits)
    for fit in listed:
        if not isinstance(fit, Bootstrapped):
            raise InputError(f"fits: {type(fit).__name__} has no bootstrap here; give fits of least squares or Poisson")
    told = (hypothesis, cluster, bootstrap_cluster, draws, weights, impose_null, seed, None)
    names: list[str] | None = [str(name) for name in fits] if named else None
    answer = _core.romano_wolf([(fit._core, fit._told(*told)) for fit in listed], names)
    unique = answer[0]
    if len(set(unique)) < len(unique):
        unique = [f"{name} ({i + 1})" for i, name in enumerate(unique)]
    return RomanoWolf((unique, *answer[1:]), listed[0]._kind)


def adjust(p_values: Any, method: str = "benjamini_hochberg") -> Any:
    """Adjust p-values for there being several.

    Parameters
    ----------
    p_values
        A list or array, or a mapping of names to them. NaN stays so and is no hypothesis.
    method
        ``"benjamini_hochberg"`` or ``"benjamini_yekutieli"`` for the share of false findings, ``"holm"`` or
        ``"bonferroni"`` for any false finding.

    Returns
    -------
    array or dict
        Adjusted p-values, in the order or under the names given.

    Examples
    --------
    >>> import averted as av
    >>> av.adjust({"homicides": 0.01, "overdoses": 0.04, "kidnappings": 0.03}, method="holm")
    {'homicides': 0.03, 'overdoses': 0.06, 'kidnappings': 0.06}
    """
    if isinstance(p_values, Mapping):
        return dict(zip(p_values, _core.adjust([float(p) for p in p_values.values()], method), strict=True))
    array = np.asarray(p_values, dtype=np.float64)
    if array.ndim != 1:
        raise InputError(f"p_values: expected one dimension, found {array.ndim}")
    return np.array(_core.adjust(array.tolist(), method))
