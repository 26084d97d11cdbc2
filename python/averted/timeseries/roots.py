"""Does a series wander, or does it come back? Tests of unit roots and of stationarity.

Each test returns a :class:`UnitRootTest`, which prints as a table and says in words what its null is;
:func:`unit_root` runs several side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from averted import _core
from averted._arguments import whole
from averted._errors import InputError
from averted._frames import Kind
from averted._result import Answer, Result, Table
from averted.timeseries._series import kind_of, vector


@dataclass(frozen=True, repr=False, kw_only=True)
class UnitRootTest(Answer):
    """What a test of one series said.

    Attributes
    ----------
    statistic, p_value
        The statistic and its p-value; NaN where only critical values are known.
    critical
        Critical values by level: ``{0.05: -2.89}``.
    null, alternative
        The hypotheses, in words.
    lags, n
        Lags used, and rows of the test's regression.
    further
        Statistics that come with the test, by name.
    """

    method: str
    series: str
    deterministic: str
    null: str
    alternative: str
    statistic: float
    p_value: float
    critical: dict[float, float]
    rejects_below: bool
    lags: int
    n: int
    further: dict[str, float]
    notes: list[str]
    kind: Kind = "dict"

    @classmethod
    def _of(cls, core: _core.UnitRootTest, series: str, deterministic: str, kind: Kind) -> UnitRootTest:
        method, null, alternative = core.words
        statistic, p_value, below, used, n = core.numbers
        return cls(
            method=method,
            series=series,
            deterministic=deterministic,
            null=null,
            alternative=alternative,
            statistic=statistic,
            p_value=p_value,
            critical=dict(core.critical),
            rejects_below=below,
            lags=used,
            n=n,
            further=dict(core.further),
            notes=core.notes,
            kind=kind,
        )

    def rejects(self, level: float = 0.05) -> bool | None:
        """Whether the null is rejected: by the critical value of that level, else by the p-value; else ``None``."""
        if level in self.critical:
            value = self.critical[level]
            return self.statistic < value if self.rejects_below else self.statistic > value
        return None if self.p_value != self.p_value else self.p_value < level

    def _columns(self) -> dict[str, Sequence[Any]]:
        critical = {f"{100 * level:g} %": [value] for level, value in self.critical.items()}
        return {
            "statistic": [self.statistic],
            "p_value": [self.p_value],
            **critical,
            "lags": [self.lags],
            "n": [self.n],
        }

    def summary(self) -> Table:
        """Statistic, p-value and critical values, with the null and what else there is in the notes."""
        further = [f"{name}: {value:.5g}" for name, value in self.further.items()]
        notes = [f"null: {self.null}", f"alternative: {self.alternative}", *further, *self.notes]
        title = f"{self.method} test of {self.series}, deterministic part: {self.deterministic}"
        return Table.build(self._columns(), kinds={"lags": "count", "n": "count"}, title=title, notes=notes)

    def _tidy(self) -> dict[str, Sequence[Any]]:
        return {"term": [self.method], **self._columns()}

    def _glance(self) -> dict[str, Any]:
        names = ("method", "statistic", "p_value", "lags", "n", "null")
        return {**{name: getattr(self, name) for name in names}, **self.further}


@dataclass(frozen=True, repr=False)
class UnitRootTests(Result):
    """Several tests of one series."""

    tests: tuple[UnitRootTest, ...]

    @property
    def _kind(self) -> Kind:  # type: ignore[override]
        return self.tests[0].kind

    def __getitem__(self, at: int) -> UnitRootTest:
        return self.tests[at]

    def __len__(self) -> int:
        return len(self.tests)

    def _tidy(self) -> dict[str, Sequence[Any]]:
        return {
            "test": [t.method for t in self.tests],
            "statistic": [t.statistic for t in self.tests],
            "p_value": [t.p_value for t in self.tests],
            "5 %": [t.critical.get(0.05, float("nan")) for t in self.tests],
            "lags": [t.lags for t in self.tests],
            "n": [t.n for t in self.tests],
            "null": [t.null for t in self.tests],
        }

    def summary(self) -> Table:
        """One row a test."""
        columns = self._tidy()
        kinds = {"test": "text", "lags": "count", "n": "count", "null": "text"}
        reject = [t.method for t in self.tests if t.rejects(0.05)]
        said = f"rejected at 5 %: {', '.join(reject) or 'none'}"
        title = f"Unit roots of {self.tests[0].series}, deterministic part: {self.tests[0].deterministic}"
        return Table.build(columns, kinds=kinds, title=title, notes=[said])


def _run(
    test: str,
    y: Any,
    *,
    deterministic: str = "level",
    lags: int | str | None = None,
    select: str = "",
    most: int | None = None,
    option: str = "",
    trim: float = 0.15,
) -> UnitRootTest:
    name = str(getattr(y, "name", None) or "y")
    values = vector(name, y)
    count = None
    if isinstance(lags, str):
        select = lags
    elif lags is not None:
        count = whole("lags", lags, 0)
    core = _core.unit_root_test(
        test,
        name,
        values,
        deterministic=deterministic,
        lags=count,
        select=select,
        most=None if most is None else whole("most", most, 0),
        option=option,
        trim=float(trim),
    )
    return UnitRootTest._of(core, name, deterministic, kind_of(y))


def kpss(y: Any, deterministic: str = "level", lags: int | str = "short") -> UnitRootTest:
    """Kwiatkowski, Phillips, Schmidt and Shin (1992): the null is stationarity.

    Parameters
    ----------
    y
        The series, none missing.
    deterministic
        Around a ``"level"`` or a ``"trend"``.
    lags
        Of the long-run variance: a number, ``"short"`` (trunc(3 √n / 13)), ``"schwert4"``, ``"schwert12"`` or
        ``"auto"`` (Hobijn, Franses & Ooms 1998).

    Examples
    --------
    >>> from averted.timeseries import kpss
    >>> walk = [1, 2, 4, 5, 7, 9, 10, 12, 13, 15, 16, 18]
    >>> kpss(walk, lags=1).rejects(0.05)
    True
    """
    return _run("kpss", y, deterministic=deterministic, lags=lags)


def adf(y: Any, deterministic: str = "level", lags: int | str = "aic", most: int | None = None) -> UnitRootTest:
    """Dickey and Fuller, augmented: the null is a unit root.

    Parameters
    ----------
    y
        The series, none missing.
    deterministic
        ``"none"``, ``"level"``, ``"trend"`` or ``"quadratic"``.
    lags
        Of the differences: a number, or chosen by ``"aic"``, ``"bic"`` or ``"t"``.
    most
        Lags to choose among; ⌈12 (n/100)^¼⌉ if not given.

    Examples
    --------
    >>> from averted.timeseries import adf
    >>> test = adf([(t * t * 7) % 11 for t in range(40)], lags=0)
    >>> test.null, test.rejects(0.05)
    ('the series has a unit root', True)
    """
    return _run("adf", y, deterministic=deterministic, lags=lags, most=most)


def phillips_perron(
    y: Any, deterministic: str = "level", lags: int | None = None, statistic: str = "tau"
) -> UnitRootTest:
    """Phillips and Perron (1988): the null is a unit root; dependent errors are corrected for.

    Parameters
    ----------
    y
        The series, none missing.
    deterministic
        ``"none"``, ``"level"`` or ``"trend"``.
    lags
        Of the long-run variance; ⌈12 (n/100)^¼⌉ if not given.
    statistic
        ``"tau"`` or ``"rho"``.
    """
    if statistic not in ("tau", "rho"):
        raise InputError(f"statistic = {statistic!r}: must be 'tau' or 'rho'")
    return _run("phillips_perron", y, deterministic=deterministic, lags=lags, option=statistic)


def df_gls(y: Any, deterministic: str = "level", lags: int | str = "aic", most: int | None = None) -> UnitRootTest:
    """Elliott, Rothenberg and Stock (1996): the null is a unit root; more power than :func:`adf`.

    Parameters
    ----------
    y
        The series, none missing.
    deterministic
        ``"level"`` or ``"trend"``.
    lags, most
        As of :func:`adf`.
    """
    return _run("df_gls", y, deterministic=deterministic, lags=lags, most=most)


def zivot_andrews(y: Any, breaks: str = "level", lags: int | str = "aic", trim: float = 0.15) -> UnitRootTest:
    """Zivot and Andrews (1992): the null is a unit root, against one break at an unknown time.

    Parameters
    ----------
    y
        The series, none missing.
    breaks
        What breaks: ``"level"``, ``"slope"`` or ``"both"``.
    lags
        As of :func:`adf`.
    trim
        The share of the rows at either end where no break is looked for.
    """
    return _run("zivot_andrews", y, deterministic="trend", lags=lags, option=breaks, trim=trim)


def ocsb(y: Any, season: int, lags: int | str = 0, most: int | None = 3) -> UnitRootTest:
    """Osborn, Chui, Smith and Birchenhall (1988): the null is a seasonal unit root.

    Parameters
    ----------
    y
        The series, none missing.
    season
        Periods of a season.
    lags
        A number, or chosen by ``"aic"`` or ``"bic"``.
    most
        Lags to choose among.
    """
    return _run("ocsb", y, deterministic="none", lags=lags, most=most, option=str(whole("season", season, 2)))


def variance_ratio(y: Any, periods: int = 2) -> UnitRootTest:
    """Lo and MacKinlay (1988): the null is a random walk with drift, its steps perhaps heteroskedastic.

    Parameters
    ----------
    y
        The series, none missing.
    periods
        Of the longer steps.
    """
    return _run("variance_ratio", y, lags=0, option=str(whole("periods", periods, 2)))


def differences(y: Any, alpha: float = 0.05, most: int = 2, deterministic: str = "level") -> int:
    """How often to difference until KPSS does not reject, as automatic ARIMA models do (R's ``ndiffs``).

    Parameters
    ----------
    y
        The series; missing values are left out.
    alpha
        Level of the tests, between 0.01 and 0.1.
    most
        No more than this.
    deterministic
        Stationary around a ``"level"`` or a ``"trend"``.

    Examples
    --------
    >>> from averted.timeseries import differences
    >>> differences([float(3 * t + (7 * t) % 5) for t in range(40)])
    1
    """
    name = str(getattr(y, "name", None) or "y")
    most = whole("most", most, 0)
    return _core.differences(name, vector(name, y), alpha=float(alpha), most=most, deterministic=deterministic)


_BATTERY: dict[str, Callable[..., UnitRootTest]] = {
    "adf": adf,
    "phillips_perron": phillips_perron,
    "df_gls": df_gls,
    "kpss": kpss,
}


def unit_root(y: Any, tests: Sequence[str] = tuple(_BATTERY), deterministic: str = "level") -> UnitRootTests:
    """Several tests of one series side by side, each with its usual lags.

    Parameters
    ----------
    y
        The series, none missing.
    tests
        Among ``"adf"``, ``"phillips_perron"``, ``"df_gls"`` and ``"kpss"``. The first three take the unit root as the
        null, the last stationarity: where both nulls are
        rejected, or neither, the series is too short to say, or breaks.
    deterministic
        ``"level"`` or ``"trend"``.

    Examples
    --------
    >>> import averted as av
    >>> tests = av.unit_root([(t * t * 7) % 11 for t in range(60)], tests=("phillips_perron", "kpss"))
    >>> [test.rejects() for test in tests.tests]
    [True, False]
    """
    if isinstance(tests, str):
        tests = [tests]
    unknown = [t for t in tests if t not in _BATTERY]
    if unknown or not tests:
        listed = ", ".join(map(str, unknown)) or "none"
        raise InputError(f"tests: {listed}: must be among {', '.join(_BATTERY)}")
    return UnitRootTests(tuple(_BATTERY[test](y, deterministic=deterministic) for test in tests))
