"""Several fits side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from averted._errors import InputError
from averted._result import Table

#: Statistic -> how it is called in the table, and whether it is a count.
_STATISTICS = {
    "observations": ("observations", True),
    "log_likelihood": ("log-likelihood", False),
    "r_squared": ("R²", False),
    "within_r_squared": ("within R²", False),
    "pseudo_r_squared": ("pseudo R²", False),
    "aic": ("AIC", False),
    "bic": ("BIC", False),
    "sigma": ("sigma", False),
    "deviance": ("deviance", False),
}


def compare(
    *fits: Any,
    names: Sequence[str] | None = None,
    stats: Sequence[str] = ("observations", "effects", "clusters", "log_likelihood"),
    terms: Sequence[str] | None = None,
    interval: bool = False,
    level: float = 0.95,
) -> Table:
    """Set fits side by side: a column each, the estimate of every term with its standard error beneath.

    The table prints as text, renders as HTML, and converts: ``to_markdown()``, ``to_latex()``, ``to_html()``.

    Parameters
    ----------
    *fits
        Any that have ``tidy``: regressions of every kind, distributed lags, local projections.
    names
        Of the columns; ``(1)``, ``(2)``, … unless given.
    stats
        Lines under the terms: ``"observations"``, ``"effects"``, ``"clusters"``, ``"log_likelihood"``, ``"r_squared"``,
        ``"aic"``, ``"bic"``, or anything else in a fit's ``glance``. Lines that no fit has are left out.
    terms
        Which, and in which order; all unless given, in the order of their first appearance.
    interval
        Whether the interval stands beneath, in place of the standard error.
    level
        Of the interval.

    Raises
    ------
    InputError
        Without fits, for names that are not one for each fit, and for terms that no fit has.

    Examples
    --------
    >>> import averted as av
    >>> data = {"y": [1, 2, 2, 4], "x": [0, 1, 2, 3], "z": [1, 0, 0, 1]}
    >>> print(av.compare(av.Ols().fit("y ~ x", data), av.Ols().fit("y ~ x + z", data)).to_markdown())
    | term | (1) | (2) |
    | --- | ---: | ---: |
    | (Intercept) | 0.90000 | 0.65000 |
    |  | (0.49497) | (0.65383) |
    | x | 0.90000 | 0.90000 |
    |  | (0.26458) | (0.30000) |
    | z |  | 0.50000 |
    |  |  | (0.67082) |
    | observations | 4 | 4 |
    | log-likelihood | -2.1898 | -1.3062 |
    <BLANKLINE>
    (1) OLS: y ~ x. Standard errors classical
    <BLANKLINE>
    (2) OLS: y ~ x + z. Standard errors classical
    <BLANKLINE>
    """
    if not fits:
        raise InputError("compare: give at least one fit")
    heads = [f"({j + 1})" for j in range(len(fits))] if names is None else [str(n) for n in names]
    if len(heads) != len(fits) or len(set(heads)) != len(heads) or "term" in heads:
        raise InputError(
            f"names = {names!r}: must be {len(fits)} different names, one for each fit, none of them 'term'"
        )
    rows = [_rows(fit, level) for fit in fits]
    known = list(dict.fromkeys(term for found in rows for term in found))
    chosen = known if terms is None else list(terms)
    for term in chosen:
        if term not in known:
            raise InputError(f"no term `{term}` in any of the fits; there are {', '.join(known)}")
    columns: dict[str, list[Any]] = {name: [] for name in ("term", *heads)}
    for term in chosen:
        columns["term"] += [term, ""]
        for head, found in zip(heads, rows, strict=True):
            columns[head] += _pair(found.get(term), interval)
    for stat in stats:
        label, values = _line(stat, fits)
        if any(values):
            columns["term"].append(label)
            for head, value in zip(heads, values, strict=True):
                columns[head].append(value)
    kinds = {"term": "text", **dict.fromkeys(heads, "right")}
    notes = [f"{head} {_described(fit)}" for head, fit in zip(heads, fits, strict=True)]
    if interval:
        notes.append(f"Beneath each estimate: its {100 * level:g}% interval")
    return Table.build(dict(columns), kinds=kinds, notes=notes)


def _rows(fit: Any, level: float) -> dict[str, tuple[float, float, float, float]]:
    """Term -> estimate, standard error, lower and upper end."""
    if not hasattr(fit, "_tidy"):
        raise InputError(f"compare: {type(fit).__name__} is not a fit")
    try:
        tidy: Mapping[str, Sequence[Any]] = fit._tidy(level)
    except TypeError:
        tidy = fit._tidy()
    if "estimate" not in tidy or "std_error" not in tidy:
        raise InputError(f"compare: {type(fit).__name__} has no estimates with standard errors")
    if "term" in tidy:
        named = [str(term) for term in tidy["term"]]
    else:
        axis = next(name for name in tidy if name not in ("series", "estimate"))
        series = tidy.get("series", [""] * len(tidy[axis]))
        named = [f"{s}, {axis} {at}" if s else f"{axis} {at}" for s, at in zip(series, tidy[axis], strict=True)]
    values = zip(tidy["estimate"], tidy["std_error"], tidy["lower"], tidy["upper"], strict=True)
    return dict(zip(named, values, strict=True))


def _pair(found: tuple[float, float, float, float] | None, interval: bool) -> list[str]:
    if found is None:
        return ["", ""]
    estimate, error, lower, upper = (_digits(value) for value in found)
    return [estimate, f"[{lower}, {upper}]" if interval else f"({error})"]


def _digits(value: Any) -> str:
    """As every table of the library prints a number."""
    printed = Table.build({"x": [None if value is None else float(value)]}, kinds={"x": "number"}).to_markdown()
    return printed.splitlines()[2].strip("| ")


def _line(stat: str, fits: Sequence[Any]) -> tuple[str, list[str]]:
    if stat == "effects":
        effects = [getattr(_regression(fit), "effects", None) for fit in fits]
        return "absorbed", [" + ".join(f or {}) for f in effects]
    if stat == "clusters":
        clusters = [getattr(_regression(fit), "clusters", None) for fit in fits]
        return "clusters", [" and ".join(f"{g:,}" for g in c or []) for c in clusters]
    label, count = _STATISTICS.get(stat, (stat.replace("_", " "), False))
    values = []
    for fit in fits:
        value = fit._glance().get(stat)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            values.append(f"{value:,.0f}" if count else _digits(value))
        else:
            values.append("" if value is None else str(value))
    return label, values


def _regression(fit: Any) -> Any:
    return getattr(fit, "regression", fit)


def _described(fit: Any) -> str:
    glance = fit._glance()
    what = glance.get("specification") or glance.get("model") or type(fit).__name__
    covariance = glance.get("covariance")
    return f"{what}. Standard errors {covariance}" if covariance else str(what)
