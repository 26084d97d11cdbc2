"""Local projections: the response of an outcome to a shock, horizon by horizon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from averted import _core
from averted._errors import InputError
from averted._frames import Kind, frame_in, snapshot
from averted._result import Result, Table
from averted.regression.covariance import Covariance, accepted, chosen
from averted.regression.curve import Curve
from averted.regression.instruments import Iv
from averted.regression.specification import Ols, _raises, _Specification

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, kw_only=True, repr=False)
class LocalProjection:
    """The response of an outcome to a unit of a shock at horizons 0, 1, … (Jordà 2005).

    Parameters
    ----------
    outcome, shock
        Columns or expressions.
    horizons
        The last horizon.
    response
        ``"level"``, the outcome h periods on; ``"change"``, less the outcome one period before; ``"sum"``, the outcome
        added up from the shock on.
    lags
        So many lags of outcome and shock as controls.
    augmented
        One lag more, and errors robust to heteroskedasticity where they are classical: right at all horizons, however
        persistent the data (Montiel Olea & Plagborg-Møller 2021).
    balanced
        Whether all horizons have the rows of the longest; unless set each has all its rows.
    controls
        The rest of the formula: ``"controls | absorbed effects"``.
    instrument
        Column that instruments the shock; needs ``model=Iv()``, which is taken where no model is given.
    multiplier
        The sum of the outcome for a unit of the sum of the shock: the cumulative multiplier (Ramey & Zubairy 2018).
    model
        :class:`averted.Ols` unless given, :class:`averted.Poisson`, :class:`averted.Iv`.
    seed
        Of the draws behind the simultaneous band.

    Examples
    --------
    >>> import averted as av
    >>> x = [0.3, 1.2, -0.7, 0.1, 2.2, -1.4, 0.8, 0.5, -0.2, 1.9, -1.1, 0.4]
    >>> y = [x[0]]
    >>> for t in range(1, 12):
    ...     y.append(0.5 * y[t - 1] + x[t])
    >>> panel = av.Panel({"u": ["a"] * 12, "t": list(range(12)), "x": x, "y": y}, unit="u", time="t")
    >>> response = av.LocalProjection("y", "x", horizons=2, lags=1).fit(panel)
    >>> round(float(response.curve().estimates[0]), 9)
    1.0
    """

    outcome: str = field(kw_only=False)
    shock: str = field(kw_only=False)
    horizons: int
    response: Literal["level", "change", "sum"] = "level"
    lags: int = 0
    augmented: bool = False
    balanced: bool = False
    controls: str = "1"
    instrument: str | None = None
    multiplier: bool = False
    model: _Specification | None = None
    seed: int = 1

    def __post_init__(self) -> None:
        for name in ("outcome", "shock", "controls"):
            if not isinstance(getattr(self, name), str):
                raise InputError(f"{name} = {getattr(self, name)!r}: must be text")
        for name in ("horizons", "lags", "seed"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 0:
                raise InputError(f"{name} = {value!r}: must be a whole number of at least 0")
        if self.model is None:
            object.__setattr__(self, "model", Iv() if self.instrument is not None or self.multiplier else Ols())
        if not isinstance(self.model, _Specification):
            raise InputError(f"model = {self.model!r}: must be a regression, such as Ols() or Poisson()")

    def __repr__(self) -> str:
        what = "Cumulative multiplier" if self.multiplier else f"Response ({self.response})"
        text = f"{what} of {self.outcome} to {self.shock}, horizons 0 to {self.horizons}"
        if self.lags or self.augmented:
            text += f", {self.lags + self.augmented} lags of both{' (one of them added)' if self.augmented else ''}"
        text += f", instrumented by {self.instrument}" if self.instrument else ""
        text += f", net of {self.controls}" if self.controls != "1" else ""
        text += ", the same rows at all horizons" if self.balanced else ""
        return f"{text}; {self.model!r}"

    def fit(self, data: Any, *, on_nonconvergence: Literal["raise", "note"] = "raise") -> LocalProjectionFit:
        """Fit every horizon.

        Leads and lags join by time value within the unit. Exposure and offset are those of the period of the outcome
        (for sums those of the shock's), weights those of the shock's.

        Parameters
        ----------
        data
            A :class:`averted.Panel`; or any frame or mapping, where `model` has ``panel=(unit, time)``.
        on_nonconvergence
            ``"raise"``, or ``"note"`` to get Poisson fits as far as they came.

        Raises
        ------
        InputError
            For too few rows at a horizon, which it names; for changes of counts, an instrument without ``Iv`` or the
            reverse, and what the model's own ``fit`` refuses.
        """
        assert self.model is not None
        core: Any = getattr(data, "_core", data)
        kind: Kind = getattr(data, "_kind", "dict")
        if not isinstance(core, _core.Panel):
            needed = self.model._columns(f"{self.outcome} ~ {self.controls}", data)
            for text in filter(None, (self.shock, self.instrument)):
                needed.update(_core.formula_columns(f"{text} ~ 1"))
            core, kind = frame_in(data, needed)
        found = _core.local_projection(
            self.model._inner,
            core,
            outcome=self.outcome,
            shock=self.shock,
            horizons=int(self.horizons),
            response=self.response,
            lags=int(self.lags),
            augmented=bool(self.augmented),
            balanced=bool(self.balanced),
            instrument=self.instrument,
            multiplier=bool(self.multiplier),
            controls=self.controls,
            seed=int(self.seed),
            raises=_raises(on_nonconvergence),
        )
        return LocalProjectionFit(found, kind, self, (snapshot(data), on_nonconvergence))


class LocalProjectionFit(Result):
    """A fitted local projection: the response, with its joint covariance."""

    def __init__(
        self, core: _core.LocalProjectionFit, kind: Kind, specification: LocalProjection, source: tuple[Any, ...]
    ) -> None:
        self._core = core
        self._kind = kind
        #: The specification that was fitted.
        self.specification = specification
        self._source = source
        self._second: tuple[Covariance, str | Sequence[str] | None] | None = None

    def curve(self) -> Curve:
        """Return the response at each horizon."""
        return Curve(self._core.curve(), self._kind, self._core.seed)

    @property
    def observations(self) -> list[float]:
        """How many rows each horizon has."""
        return [dict(fit.statistics)["observations"] for fit in self._core.fits]

    @property
    def sentences(self) -> list[str]:
        """The regression of each horizon."""
        return [fit.sentence for fit in self._core.fits]

    def with_covariance(
        self, covariance: Covariance | None = None, *, cluster: str | Sequence[str] | None = None
    ) -> Self:
        """Return the same with another covariance; nothing is fitted again.

        Parameters
        ----------
        covariance, cluster
            As for :meth:`averted.regression.RegressionFit.with_covariance`. Of plain frames only columns that the fit
            has seen: those of the model, the controls and the panel.
        """
        which: Covariance = "classical" if covariance is None else covariance
        core = self._core.with_covariance(*chosen(which, cluster))
        if (accept := accepted(which)) is not None:
            core = core.accept(*accept)
        made = type(self)(core, self._kind, self.specification, self._source)
        made._second = (which, cluster)
        return made

    def summary(self, level: float = 0.95) -> Table:
        """Return the response with intervals and band, and what was decided on the way."""
        return Table(self._core.table(level))

    def _tidy(self, level: float = 0.95) -> Mapping[str, Sequence[Any]]:
        return {**self.curve()._tidy(level), "observations": self.observations}

    def _glance(self) -> dict[str, Any]:
        return {"specification": self._core.sentence, **self.curve()._glance()}

    def plot(self, ax: Axes | None = None, *, level: float = 0.95) -> Axes:
        """Draw the response: intervals at each horizon dark, the band for all of them light.

        Parameters
        ----------
        ax
            Axes to draw on; ``None`` makes a figure.
        level
            Of intervals and band.
        """
        title = f"{self.specification.outcome} after a unit of {self.specification.shock}"
        return self.curve().plot(ax, level=level, title=title)

    def __reduce__(self) -> Any:
        return _refitted, (self.specification, self._source, self._second)


def _refitted(
    specification: LocalProjection,
    source: tuple[Any, ...],
    second: tuple[Covariance, str | Sequence[str] | None] | None,
) -> LocalProjectionFit:
    data, on_nonconvergence = source
    fit = specification.fit(data, on_nonconvergence=on_nonconvergence)
    if second is None:
        return fit
    covariance, cluster = second
    return fit.with_covariance(covariance, cluster=cluster)
