"""Theta beside statsforecast's, on series of the M1 and M3 competitions in one run: accuracy first, then CPU.

    .venv-bench/bin/python benches/versus/theta.py

Ours is the dynamic optimised method, forecast by 1,000 paths; theirs is `DynamicOptimizedTheta` with its levels. Both
see the same series, all of M1 and 300 of M3, and forecast their official horizons. MASE and sMAPE are of the means, as
the competitions define them, a series that never moves left out; coverage and the scaled interval score (MSIS) are of
the 95 % intervals. CPU is that of the process, one series at a time: the fit with its point forecasts, and for ours the
paths beside it.
"""

from __future__ import annotations

import time
import warnings
from typing import Any

import _page
import averted as av
import numpy as np
from _competition import groups, score

HEADING = "## Theta"


def ours(y: Any, season: int, horizon: int) -> tuple[Any, Any, Any, float, float]:
    """Means, ends, and the CPU of the fit and of the paths."""
    start = time.process_time()
    fit = av.Theta("dynamic", season=season).fit(y)
    fit.predict(horizon)
    middle = time.process_time()
    ahead = fit.forecast(horizon, draws=1000, seed=1)
    done = time.process_time()
    lower, upper = ahead.interval(95)
    return ahead.mean, lower, upper, middle - start, done - middle


def theirs(y: Any, season: int, horizon: int) -> tuple[Any, Any, Any, float, float]:
    """The same of statsforecast."""
    from statsforecast.models import DynamicOptimizedTheta

    start = time.process_time()
    DynamicOptimizedTheta(season_length=season).forecast(y, h=horizon)
    middle = time.process_time()
    found = DynamicOptimizedTheta(season_length=season).forecast(y, h=horizon, level=[95])
    return found["mean"], found["lo-95"], found["hi-95"], middle - start, time.process_time() - middle


def main() -> None:
    """Prints the tables, and writes them to the page."""
    about = (__doc__ or "").split("\n\n", 2)[2].strip()
    lines = [HEADING, "", *about.splitlines(), "", _page.machine("statsforecast"), ""]
    lines += [
        "| series | of | MASE, ours | theirs | sMAPE | theirs | MSIS | theirs | covered, % | theirs | "
        "CPU ms, fit | theirs | ratio | ours with 1,000 paths |",
        "| --- | ---: " + "| ---: " * 12 + "|",
    ]
    reach = [
        "| series | | " + " | ".join(f"+{h}" for h in (1, 2, 3, 4, 5, 6, 8, 12, 18)) + " |",
        "| --- | --- " + "| ---: " * 9 + "|",
    ]
    warnings.simplefilter("ignore")
    for group, (season, cases) in groups().items():
        # What is loaded at the first call is not the time of a fit.
        for run in (ours, theirs):
            run(cases[0].past, season, 3)
        found: dict[str, list[Any]] = {"ours": [], "theirs": []}
        for case in cases:
            for name, run in (("ours", ours), ("theirs", theirs)):
                mean, lower, upper, fit, more = run(case.past, season, len(case.future))
                found[name].append((*score(case, mean, lower, upper), fit, more))
        a, b = ([[row[k] for row in found[name]] for k in range(6)] for name in ("ours", "theirs"))
        percent = [100 * np.mean(np.concatenate(x[3])) for x in (a, b)]
        times = [1e3 * float(np.mean(v)) for v in (a[4], b[4], a[5])]
        pairs = [(a[0], b[0], 3), (a[1], b[1], 2), (a[2], b[2], 2)]
        accuracy = " | ".join(f"{np.mean(v):.{digits}f}" for x, y, digits in pairs for v in (x, y))
        speed = f"{times[0]:.3f} | {times[1]:.2f} | {times[0] / times[1]:.3f} | {times[0] + times[2]:.2f}"
        lines.append(f"| {group} | {len(cases)} | {accuracy} | {percent[0]:.1f} | {percent[1]:.1f} | {speed} |")
        horizon = len(cases[0].future)
        for who, x in (("ours", a), ("theirs", b)):
            table = np.array([row[:horizon] for row in x[3]])
            cells = [
                f"{100 * table[:, h - 1].mean():.1f}" if h <= horizon else "" for h in (1, 2, 3, 4, 5, 6, 8, 12, 18)
            ]
            reach.append(f"| {group} | {who} | " + " | ".join(cells) + " |")
    lines += ["", "Coverage by horizon, %:", "", *reach]
    print("\n".join(lines), flush=True)
    _page.write(HEADING, lines)


if __name__ == "__main__":
    main()
