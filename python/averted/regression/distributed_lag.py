"""Distributed lags: an effect that spreads over several periods, as a curve along the lag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from averted import _core
from averted._errors import InputError
from averted._frames import Kind, frame_in, frame_out, snapshot
from averted._result import Result, Table
from averted.regression.curve import Curve
from averted.regression.fit import OlsFit, PoissonFit, RegressionFit
from averted.regression.instruments import IvFit
from averted.regression.logit import LogitFit
from averted.regression.negative_binomial import NegativeBinomialFit
from averted.regression.specification import Ols, _raises, _Specification
from averted.regression.wald import Wald

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from averted.regression.covariance import Covariance

    Basis = Literal["unconstrained", "almon", "steps", "bspline", "natural", "pspline"]


@dataclass(frozen=True, kw_only=True, repr=False)
class DistributedLag:
    """Lags of one or more series in a regression, free or held to a smooth shape.

    Parameters
    ----------
    series
        Column or expression, or several, that all have the same lags and the same basis.
    lags
        The last lag; the first is 0.
    leads
        So many leads, with a coefficient for each: placebos, whose joint test is ``fit.lead_test``.
    basis
        ``"unconstrained"``; ``"almon"``, a polynomial of `degree`; ``"steps"``, constant between `knots`, each the
        first lag of a step; ``"bspline"`` of `degree`, or ``"natural"`` cubic spline, with `knots`; ``"pspline"``, a
        cubic spline on `knots` pieces, held near a straight line by a penalty (Eilers & Marx 1996).
    degree
        Of the polynomial (2 unless given) or the B-spline (3).
    knots
        Inner knots, as numbers between 0 and `lags`; or how many, spaced equally in the logarithm of the lag as dlnm
        has them. Steps need numbers. Of a P-spline, how many pieces: as many as the lags allow, up to 20, unless given.
    df
        Effective degrees of freedom of a P-spline, more than 2; as restricted maximum likelihood has it unless given.
        Its errors take the smoothing as known.
    near, far
        Whether an Almon polynomial is zero one period before the first lag, one period after the last.
    model
        The regression: :class:`averted.Ols` unless given, :class:`averted.Poisson`, :class:`averted.Iv`.
    seed
        Of the draws behind simultaneous bands.

    Examples
    --------
    >>> import averted as av
    >>> lag = av.DistributedLag("x", lags=3, basis="almon", degree=1)
    >>> lag
    Distributed lag of x, lags 0 to 3, almon of degree 1; Least squares, standard errors classical, small sample fixest
    >>> x = [0.3, 1.2, -0.7, 0.1, 2.2, -1.4, 0.8, 0.5, -0.2, 1.9, -1.1, 0.4]
    >>> y = [sum((4 - l) * x[t - l] for l in range(4) if t >= l) for t in range(12)]
    >>> panel = av.Panel({"u": ["a"] * 12, "t": list(range(12)), "x": x, "y": y}, unit="u", time="t")
    >>> fit = lag.fit("y ~ 1", panel)
    >>> [round(float(b), 9) for b in fit.curve().estimates]
    [4.0, 3.0, 2.0, 1.0]
    >>> round(fit.total()["estimate"], 9)
    10.0
    """

    series: str | Sequence[str] = field(kw_only=False)
    lags: int
    leads: int = 0
    basis: Basis = "unconstrained"
    degree: int | None = None
    knots: int | Sequence[float] | None = None
    df: float | None = None
    near: bool = False
    far: bool = False
    model: _Specification = field(default_factory=Ols)
    seed: int = 1

    def __post_init__(self) -> None:
        listed = [self.series] if isinstance(self.series, str) else list(self.series)
        if not listed or not all(isinstance(name, str) for name in listed):
            raise InputError(f"series = {self.series!r}: must be one column or a list of columns")
        object.__setattr__(self, "series", tuple(listed))
        for name in ("lags", "leads", "seed"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 0:
                raise InputError(f"{name} = {value!r}: must be a whole number of at least 0")
        if not isinstance(self.model, _Specification):
            raise InputError(f"model = {self.model!r}: must be a regression, such as Ols() or Poisson()")
        if self.knots is not None and not isinstance(self.knots, (int, np.integer)):
            object.__setattr__(self, "knots", tuple(float(k) for k in self.knots))
        self._shape(self.lags)

    def _shape(self, lags: int) -> tuple[str, int, list[float], bool, bool]:
        """The basis as the core reads it."""
        if (self.near or self.far) and self.basis != "almon":
            raise InputError(f"near, far: only an Almon polynomial has ends to hold, not basis {self.basis!r}")
        degree = self.degree if self.degree is not None else {"almon": 2}.get(self.basis, 3)
        if isinstance(degree, bool) or not isinstance(degree, (int, np.integer)) or degree < 0:
            raise InputError(f"degree = {degree!r}: must be a whole number of at least 0")
        if self.df is not None and (self.basis != "pspline" or isinstance(self.df, bool)):
            raise InputError(f"df = {self.df!r}: only a P-spline has effective degrees of freedom, not {self.basis!r}")
        if self.basis == "pspline":
            pieces = min(lags - 2, 20) if self.knots is None else self.knots
            if isinstance(pieces, bool) or not isinstance(pieces, (int, np.integer)) or pieces < 1:
                raise InputError(f"knots = {self.knots!r}: a P-spline has a number of pieces, and at least 3 lags")
            return self.basis, int(pieces), [] if self.df is None else [float(self.df)], self.near, self.far
        needs = self.basis in ("steps", "bspline", "natural")
        if needs and self.knots is None:
            raise InputError(f"knots: basis {self.basis!r} needs them, or how many")
        if not needs and self.knots is not None:
            raise InputError(f"knots = {self.knots!r}: basis {self.basis!r} has none")
        knots: list[float] = []
        if isinstance(self.knots, (int, np.integer)):
            if self.basis == "steps" or isinstance(self.knots, bool) or self.knots < 0 or lags < 1:
                raise InputError(f"knots = {self.knots!r}: must be numbers between 0 and the last lag")
            step = (1.0 + np.log(lags)) / (self.knots + 1.0)
            knots = [float(np.exp(step * k - 1.0)) for k in range(1, int(self.knots) + 1)]
        elif self.knots is not None:
            knots = list(self.knots)
            if self.basis == "steps" and any(k < 0 or k != int(k) for k in knots):
                raise InputError(f"knots = {self.knots!r}: steps start at whole lags")
        return self.basis, int(degree), knots, self.near, self.far

    def __repr__(self) -> str:
        text = f"Distributed lag of {' and '.join(self.series)}, lags 0 to {self.lags}"
        if self.leads:
            text += f", leads 1 to {self.leads} as placebos"
        kind, degree, knots, near, far = self._shape(self.lags)
        text += f", {kind}"
        if kind in ("almon", "bspline"):
            text += f" of degree {degree}"
        if kind == "pspline":
            text += f" of {degree} pieces, smoothed {'by REML' if not knots else f'to {knots[0]:g} degrees of freedom'}"
        elif knots:
            text += f", knots {', '.join(f'{k:.4g}' for k in knots)}"
        text += ", zero before the first lag" if near else ""
        text += ", zero after the last" if far else ""
        return f"{text}; {self.model!r}"

    def _source(self, formula: str, data: Any) -> tuple[_core.Panel | _core.Frame, Kind]:
        core = getattr(data, "_core", data)
        if isinstance(core, _core.Panel):
            return core, getattr(data, "_kind", "dict")
        needed = self.model._columns(formula, data)
        for series in self.series:
            needed.update(_core.formula_columns(f"{series} ~ 1"))
        return frame_in(data, needed)

    def fit(
        self, formula: str, data: Any, *, on_nonconvergence: Literal["raise", "note"] = "raise"
    ) -> DistributedLagFit:
        """Fit the regression that a formula says, with these lags among its regressors.

        Lags join by time value within the unit; a row needs all lags and all leads.

        Parameters
        ----------
        formula
            ``outcome ~ controls | absorbed effects``, without the lags.
        data
            A :class:`averted.Panel`; or any frame or mapping, where `model` has ``panel=(unit, time)``.
        on_nonconvergence
            ``"raise"``, or ``"note"`` to get a Poisson fit as far as it came, with a note.

        Raises
        ------
        InputError
            For a basis that does not fit the lags, lags that depend on other regressors, and what the model's own
            ``fit`` refuses.
        """
        source, kind = self._source(formula, data)
        core = _core.distributed_lag(
            self.model._inner,
            formula,
            source,
            series=list(self.series),
            lags=int(self.lags),
            leads=int(self.leads),
            basis=self._shape(self.lags),
            seed=int(self.seed),
            raises=_raises(on_nonconvergence),
        )
        return DistributedLagFit(core, kind, self, (formula, snapshot(data), on_nonconvergence))

    def lengths(self, formula: str, data: Any, lags: Sequence[int]) -> Any:
        """Compare several last lags, all on the rows that have the longest.

        Parameters
        ----------
        formula, data
            As for :meth:`fit`.
        lags
            The last lags.

        Returns
        -------
        frame
            ``lags, observations, parameters, log_likelihood, aic, bic, total, std_error``, a row each, of the kind of
            `data`; `total` is the sum over the lags of the first series.
        """
        source, kind = self._source(formula, data)
        shapes = self._shape(max([int(n) for n in lags], default=0))
        rows = _core.lag_lengths(
            self.model._inner,
            formula,
            source,
            series=list(self.series),
            lengths=[int(n) for n in lags],
            leads=int(self.leads),
            basis=shapes,
        )
        names = ("lags", "observations", "parameters", "log_likelihood", "aic", "bic", "total", "std_error")
        return frame_out({name: [row[j] for row in rows] for j, name in enumerate(names)}, kind)


class DistributedLagFit(Result):
    """A fitted distributed lag: curves, sums and placebos."""

    def __init__(
        self, core: _core.DistributedLagFit, kind: Kind, specification: DistributedLag, source: tuple[Any, ...]
    ) -> None:
        self._core = core
        self._kind = kind
        #: The specification that was fitted.
        self.specification = specification
        self._source = source
        #: The regression behind it, with everything that a regression answers.
        self.regression: RegressionFit = _regression(core.fit, kind, specification.model, source)
        self.regression._behind = self

    @property
    def series(self) -> list[str]:
        """The series, as they are written."""
        return self._core.series

    def with_covariance(
        self,
        covariance: Covariance | None = None,
        *,
        cluster: str | Sequence[str] | None = None,
        ssc: str | None = None,
    ) -> Self:
        """Return the same with another covariance; nothing is fitted again.

        Parameters
        ----------
        covariance, cluster, ssc
            As for :meth:`averted.regression.RegressionFit.with_covariance`.
        """
        regression = self.regression.with_covariance(covariance, cluster=cluster, ssc=ssc)
        made = type(self)(self._core.on(regression._core), self._kind, self.specification, self._source)
        made.regression._second = regression._second
        return made

    def _name(self, series: str | None) -> str:
        return self.series[0] if series is None else series

    def curve(self, series: str | None = None) -> Curve:
        """Return the effect at each lag, of the first series unless named."""
        return Curve(self._core.curve(self._name(series)), self._kind, self._core.seed)

    def cumulative(self, series: str | None = None) -> Curve:
        """Return the sum of the effects up to each lag."""
        return self.curve(series).cumulative()

    def placebos(self, series: str | None = None) -> Curve | None:
        """Return the effects of leads, at −1, −2, …; ``None`` without leads."""
        found = self._core.placebos(self._name(series))
        return None if found is None else Curve(found, self._kind, self._core.seed)

    @property
    def lead_test(self) -> Wald | None:
        """The joint test that no lead of any series has an effect; ``None`` without leads."""
        found = self._core.lead_test()
        return None if found is None else Wald(*found, kind=self._kind)

    def total(self, series: str | None = None, level: float = 0.95) -> dict[str, float]:
        """Return the sum over all lags: estimate, std_error, statistic, p_value, lower, upper."""
        return _named(self._core.curve(self._name(series)).total(level))

    def mean_lag(self, series: str | None = None, level: float = 0.95) -> dict[str, float]:
        """Return the mean lag, weighted by the effects, with its delta-method error; for effects of one sign."""
        return _named(self._core.curve(self._name(series)).mean_place(level))

    def summary(self, level: float = 0.95) -> Table:
        """Return total effects and mean lags, and what was decided on the way."""
        return Table(self._core.table(level))

    def _tidy(self, level: float = 0.95) -> Mapping[str, Sequence[Any]]:
        columns: dict[str, list[Any]] = {"series": []}
        for series in self.series:
            parts = [self.placebos(series), self.curve(series)]
            for part in [p for p in parts if p is not None]:
                tidy = part._tidy(level)
                columns["series"].extend([series] * len(tidy["lag"]))
                for name, values in tidy.items():
                    columns.setdefault(name, []).extend(values)
        return columns

    def _glance(self) -> dict[str, Any]:
        test = self.lead_test
        return {
            "specification": self._core.sentence,
            **self.regression._glance(),
            "lead_p_value": None if test is None else test.p_value,
            "seed": self._core.seed,
        }

    def plot(
        self, ax: Axes | None = None, *, series: str | None = None, level: float = 0.95, cumulative: bool = False
    ) -> Axes:
        """Draw the curve, with placebos to the left of zero: intervals at each lag dark, the band for all light.

        Parameters
        ----------
        ax
            Axes to draw on; ``None`` makes a figure.
        series
            Which; the first unless named.
        level
            Of intervals and band.
        cumulative
            Whether to draw sums up to each lag, without placebos.
        """
        from averted import _plot

        name = self._name(series)
        title = f"{name}: {'cumulative effect' if cumulative else 'effect'} by lag"
        curve = self.cumulative(name) if cumulative else self.curve(name)
        ax = curve.plot(ax, level=level, title=title)
        placebos = None if cumulative else self.placebos(name)
        if placebos is not None:
            tidy = placebos._tidy(level)
            with _plot.style():
                for at, low, high in zip(tidy["lag"], tidy["lower"], tidy["upper"], strict=True):
                    ax.plot([at, at], [low, high], color=_plot.GREY, linewidth=1.6)
                ax.plot(tidy["lag"], tidy["estimate"], "s", color=_plot.GREY, markersize=4, label="leads: placebos")
                ax.legend(loc="upper right")
        return ax

    def __reduce__(self) -> Any:
        return _refitted, (self.specification, self._source, self.regression._second)


def _regression(core: _core.RegressionFit, kind: Kind, model: _Specification, source: tuple[Any, ...]) -> RegressionFit:
    kinds: dict[str, type[RegressionFit]] = {
        "ols": OlsFit,
        "poisson": PoissonFit,
        "negative_binomial": NegativeBinomialFit,
        "logit": LogitFit,
        "iv": IvFit,
    }
    return kinds.get(model._model, RegressionFit)(core, kind, model, source)


def _named(row: tuple[str, float, float, float, float, float, float]) -> dict[str, float]:
    names = ("estimate", "std_error", "statistic", "p_value", "lower", "upper")
    return dict(zip(names, row[1:], strict=True))


def _refitted(
    specification: DistributedLag,
    source: tuple[Any, ...],
    second: tuple[Covariance, str | Sequence[str] | None, str | None] | None,
) -> DistributedLagFit:
    formula, data, on_nonconvergence = source
    fit = specification.fit(formula, data, on_nonconvergence=on_nonconvergence)
    if second is None:
        return fit
    covariance, cluster, ssc = second
    return fit.with_covariance(covariance, cluster=cluster, ssc=ssc)
