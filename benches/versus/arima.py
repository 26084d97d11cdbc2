"""ARIMA beside statsforecast and statsmodels, on series of the M1 and M3 competitions in one run: accuracy, then CPU.

    .venv-bench/bin/python benches/versus/arima.py

**Optima.** Five fixed orders on the 300 series of M3 and all of M1 that move. The coefficients of every fit, mean
among them, are put into one likelihood, the exact one of the differenced series with the variance at its best, so that
approximations of a peer's own count neither for nor against it; moving averages that are not invertible are first
turned into those with the same likelihood that are. A fit is good when it lies within 1e-3 of the better of the two;
one that raises or has no likelihood has failed.

**Automatic models.** MASE and MSIS are scaled by the in-sample mean absolute difference from the season before;
coverage and MSIS are of the 95 % intervals, over all official horizons; a series that never moves has no scale and is
left out, and so are those that end in an error. Theirs, which is slow, is run on every k-th series of a group, ours on
the same and then on all. A fit and its forecast with intervals count as one; ours draws 1,000 paths.

**Airline.** ARIMA(0,1,1)(0,1,1)[12] of log values beside statsmodels' `SARIMAX`, on every tenth monthly series that is
above zero.

CPU is that of the process, means over the series, after one series to warm up.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import _page
import averted as av
import numpy as np
from _competition import Case, groups, score

HEADING = "## ARIMA"
Order = tuple[int, int, int]
ORDERS: list[tuple[str, Order, Order]] = [
    ("yearly", (1, 1, 1), (0, 0, 0)),
    ("yearly", (2, 0, 1), (0, 0, 0)),
    ("monthly", (0, 1, 1), (0, 1, 1)),
    ("monthly", (2, 1, 1), (0, 0, 0)),
    ("monthly", (1, 1, 2), (1, 0, 1)),
]
# Every so manyth series for the peer's automatic choice, and for `SARIMAX`.
EVERY = {"yearly": 4, "quarterly": 8, "monthly": 20}
EVERY_AIRLINE = 10
GOOD = 1e-3
Found = dict[str, float]


def ours(y: Any, order: Order, seasonal: Order, season: int) -> Found:
    """Coefficients of a fixed order."""
    return av.Arima(order=order, seasonal=(*seasonal, season)).fit(y).coefficients


def theirs(y: Any, order: Order, seasonal: Order, season: int) -> Found:
    """The same of statsforecast."""
    from statsforecast.models import ARIMA

    fit = ARIMA(order=order, season_length=season, seasonal_order=seasonal).fit(y).model_
    if not np.isfinite(fit["loglik"]):
        raise ValueError("no likelihood")
    return {"mean" if name == "intercept" else name: float(value) for name, value in fit["coef"].items()}


def statsmodels(y: Any, order: Order, seasonal: Order, season: int) -> Found:
    """The same of statsmodels."""
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    fit = SARIMAX(y, order=order, seasonal_order=(*seasonal, season)).fit(disp=False, maxiter=500)
    named = zip(fit.model.param_names, fit.params, strict=True)
    short = {"ma.L1": "ma1", f"ma.S.L{season}": "sma1"}
    return {short[name]: float(value) for name, value in named if name in short}


def invertible(found: Found) -> Found:
    """The same model with the roots of its moving averages outside of the unit circle."""
    out = dict(found)
    for kind in ("ma", "sma"):
        names = [name for name in found if name.rstrip("0123456789") == kind]
        roots = np.roots([*reversed([found[name] for name in names]), 1.0])
        if len(roots) == len(names) and np.any(np.abs(roots) < 1):
            turned = np.poly(np.where(np.abs(roots) < 1, 1 / roots.conj(), roots))
            out |= dict(zip(names, (turned[::-1] / turned[-1])[1:].real.tolist(), strict=True))
    return out


def likelihood(y: Any, order: Order, seasonal: Order, season: int, found: Found) -> float:
    """The exact one at these coefficients."""
    return av.Arima(order=order, seasonal=(*seasonal, season), fixed=invertible(found)).fit(y).log_likelihood


def optimum(run: Callable[..., Found], y: Any, *model: Any) -> tuple[float, float]:
    """The likelihood that a fit comes to, NaN where it fails, and its CPU."""
    start = time.process_time()
    try:
        found = run(y, *model)
    except Exception:
        return np.nan, time.process_time() - start
    cpu = time.process_time() - start
    try:
        return likelihood(y, *model, found), cpu
    except av.AvertedError:
        return np.nan, cpu


def beside(run: Callable[..., Found], cases: list[Any], *model: Any) -> tuple[Any, list[float]]:
    """Likelihoods of ours and of a peer, and the mean CPU of each in ms."""
    both = (ours, run)
    for each in both:
        optimum(each, cases[0], *model)
    rows = [[optimum(each, y, *model) for each in both] for y in cases]
    values = np.array([[value for value, _ in row] for row in rows])
    return values, [1e3 * float(np.mean([row[i][1] for row in rows])) for i in (0, 1)]


def line(values: Any, cpu: list[float]) -> str:
    """The cells of a comparison of optima."""
    failed = np.isnan(values).sum(axis=0)
    best = np.nanmax(np.where(np.isnan(values), -np.inf, values), axis=1)
    seen = np.isfinite(best)
    good = [100 * np.mean(values[seen, i] >= best[seen] - GOOD) for i in (0, 1)]
    gap = values[:, 1] - values[:, 0]
    gap = gap[np.isfinite(gap)]
    worse, better = gap[gap < -GOOD], gap[gap > GOOD]
    ahead = [f"{len(better)}, by up to {better.max():.2g}" if len(better) else "0"]
    ahead.append(f"{len(worse)}, by up to {-worse.min():.2g}" if len(worse) else "0")
    return (
        f"{len(values)} | {failed[0]} | {failed[1]} | {good[0]:.1f} | {good[1]:.1f} | {ahead[0]} | {ahead[1]} | "
        f"{cpu[0]:.2f} | {cpu[1]:.2f} | {cpu[0] / cpu[1]:.3f} |"
    )


def automatic(y: Any, season: int, horizon: int) -> tuple[Any, Any, Any]:
    """Means and ends."""
    ahead = av.AutoArima(season=season if season > 1 else None).fit(y).forecast(horizon, draws=1000, seed=1)
    return ahead.mean, *ahead.interval(95)


def peer(y: Any, season: int, horizon: int) -> tuple[Any, Any, Any]:
    """The same of statsforecast."""
    from statsforecast.models import AutoARIMA

    found = AutoARIMA(season_length=season).forecast(y, h=horizon, level=[95])
    return found["mean"], found["lo-95"], found["hi-95"]


def chosen(run: Callable[..., Any], cases: list[Case], season: int) -> tuple[int, Any, float]:
    """How many series end in an error, mean scores over the others, and CPU in ms."""
    run(cases[0].past, season, 3)
    found = []
    start = time.process_time()
    for case in cases:
        try:
            found.append(run(case.past, season, len(case.future)))
        except Exception as error:
            print(f"{run.__name__}: {error}", file=sys.stderr, flush=True)
            found.append(None)
    cpu = 1e3 * (time.process_time() - start) / len(cases)
    pairs = zip(cases, found, strict=True)
    scores = [score(case, *each) for case, each in pairs if each is not None]
    rows = [(*each[:3], 100 * each.covered.mean()) for each in scores]
    return len(cases) - len(rows), np.mean(rows, axis=0), cpu


Series = dict[str, tuple[int, list[Case]]]


def optima(series: Series) -> list[str]:
    """The table of fixed orders."""
    lines = [
        "| order | series | of | failed, ours | theirs | within 1e-3 of the better, % | theirs | theirs is better | "
        "ours is better | CPU ms | theirs | ratio |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- | --- | ---: | ---: | ---: |",
    ]
    for period, order, seasonal in ORDERS:
        for competition in ("M3", "M1"):
            season = 12 if any(seasonal) else 1
            cases = [case.past for case in series[f"{competition} {period}"][1]]
            row = line(*beside(theirs, cases, order, seasonal, season))
            tail = f"{seasonal}[12]".replace(" ", "") if any(seasonal) else ""
            lines.append(f"| {order}{tail} | {competition} {period} | {row}".replace(", ", ",", 2))
            print(lines[-1], file=sys.stderr, flush=True)
    return lines


def automatics(series: Series) -> list[str]:
    """The table of automatic models."""
    lines = [
        "| series | method | of | failed | MASE | sMAPE | MSIS | covered, % | CPU ms | ratio |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for period, every in EVERY.items():
        season = series[f"M1 {period}"][0]
        moving = [case for competition in ("M3", "M1") for case in series[f"{competition} {period}"][1]]
        some = moving[::every]
        runs = [("averted", automatic, some), ("statsforecast", peer, some), ("averted", automatic, moving)]
        rows = [(name, len(cases), *chosen(run, cases, season)) for name, run, cases in runs]
        for i, (name, of, failed, means, cpu) in enumerate(rows):
            which = f"{period}, all" if i == 2 else f"{period}, every {every}."
            cells = f"{means[0]:.3f} | {means[1]:.2f} | {means[2]:.2f} | {means[3]:.1f} | {cpu:.1f}"
            ratio = f"{cpu / rows[1][4]:.3f}" if i == 0 else ""
            lines.append(f"| {which} | {name} | {of} | {failed} | {cells} | {ratio} |")
            print(lines[-1], file=sys.stderr, flush=True)
    return lines


def main() -> None:
    """Prints the tables, and writes them to the page."""
    about = (__doc__ or "").split("\n\n", 2)[2].strip()
    series = groups()
    warnings.simplefilter("ignore")
    lines = [HEADING, "", *about.splitlines(), "", _page.machine("statsforecast", "statsmodels"), ""]
    lines += ["### Optima, beside statsforecast", "", *optima(series)]
    lines += ["", "### Automatic models, beside statsforecast", "", *automatics(series)]
    monthly = [case.past for competition in ("M3", "M1") for case in series[f"{competition} monthly"][1]]
    positive = [np.log(y) for y in monthly if y.min() > 0][::EVERY_AIRLINE]
    lines += ["", "### The airline model, beside statsmodels", ""]
    lines += [
        "| series | of | failed, ours | theirs | within 1e-3 of the better, % | theirs | theirs is better | "
        "ours is better | CPU ms | theirs | ratio |",
        "| --- | ---: | ---: | ---: | ---: | ---: | --- | --- | ---: | ---: | ---: |",
        f"| monthly, logs | {line(*beside(statsmodels, positive, (0, 1, 1), (0, 1, 1), 12))}",
    ]
    print("\n".join(lines), flush=True)
    _page.write(HEADING, lines)


if __name__ == "__main__":
    main()
