"""Theta beside statsforecast's, on series of the M1 and M3 competitions in one run: accuracy first, then CPU.

    .venv-bench/bin/python benches/versus/theta.py

Ours is the dynamic optimised method, forecast by 1,000 paths; theirs is `DynamicOptimizedTheta` with its levels. Both
see the same series, all of M1 and 300 of M3, and forecast their official horizons. MASE and sMAPE are of the means, as
the competitions define them; coverage and the scaled interval score (MSIS) are of the 95 % intervals. CPU is that of
the process, one series at a time: the fit with its point forecasts, and for ours the paths beside it.
"""

from __future__ import annotations

import csv
import os
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import _page
import averted as av
import numpy as np

ROOT = Path(__file__).parents[2]
HEADING = "## Theta"
SEASONS = {"YEARLY": 1, "QUARTERLY": 4, "MONTHLY": 12, "OTHER": 1}


def data() -> list[tuple[str, str, Any, Any]]:
    """Competition, period, the series and its future."""
    places = [os.environ.get("AVERTED_SHARED", ""), str(ROOT.parent / "shared"), str(ROOT.parent.parent / "shared")]
    folder = next((Path(p) / "data" / "ts_m_competitions" for p in places if p and Path(p).exists()), None)
    if folder is None or not folder.exists():
        print("skipped: the series of the M competitions are not here")
        sys.exit(0)
    csv.field_size_limit(10**8)
    found = []
    for competition, file in (("M3", "m3_sample_dev.csv"), ("M1", "m1_all.csv")):
        with (folder / file).open(encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                past, future = (np.array([float(v) for v in row[k].split(";")]) for k in ("train", "test"))
                found.append((competition, row["period"], past, future))
    return found


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


def scores(y: Any, future: Any, season: int, mean: Any, lower: Any, upper: Any) -> tuple[float, float, Any, float]:
    """MASE, sMAPE, covered by horizon, MSIS."""
    scale = float(np.mean(np.abs(y[season:] - y[:-season])))
    mase = float(np.mean(np.abs(future - mean))) / scale
    smape = float(np.mean(200 * np.abs(future - mean) / (np.abs(future) + np.abs(mean))))
    covered = (lower <= future) & (future <= upper)
    missed = np.maximum(lower - future, 0) + np.maximum(future - upper, 0)
    return mase, smape, covered, float(np.mean(upper - lower + missed * 2 / 0.05)) / scale


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
    series = data()
    groups: dict[tuple[str, str], list[tuple[Any, Any]]] = {}
    for competition, period, past, future in series:
        groups.setdefault((competition, period), []).append((past, future))
    warnings.simplefilter("ignore")
    # What is loaded at the first call is not the time of a fit.
    for run in (ours, theirs):
        run(series[0][2], 1, len(series[0][3]))
    for (competition, period), members in groups.items():
        season = SEASONS[period]
        found: dict[str, list[Any]] = {"ours": [], "theirs": []}
        for past, future in members:
            for name, run in (("ours", ours), ("theirs", theirs)):
                mean, lower, upper, fit, more = run(past, season, len(future))
                found[name].append((*scores(past, future, season, mean, lower, upper), fit, more))
        a, b = ([[row[k] for row in found[name]] for k in range(6)] for name in ("ours", "theirs"))
        name = f"{competition} {period.lower()}"
        percent = [100 * np.mean(np.concatenate(x[2])) for x in (a, b)]
        times = [1e3 * float(np.mean(v)) for v in (a[4], b[4], a[5])]
        pairs = [(a[0], b[0], 3), (a[1], b[1], 2), (a[3], b[3], 2)]
        accuracy = " | ".join(f"{np.mean(v):.{digits}f}" for x, y, digits in pairs for v in (x, y))
        speed = f"{times[0]:.3f} | {times[1]:.2f} | {times[0] / times[1]:.3f} | {times[0] + times[2]:.2f}"
        lines.append(f"| {name} | {len(members)} | {accuracy} | {percent[0]:.1f} | {percent[1]:.1f} | {speed} |")
        horizon = len(members[0][1])
        for who, x in (("ours", a), ("theirs", b)):
            table = np.array([row[:horizon] for row in x[2]])
            cells = [
                f"{100 * table[:, h - 1].mean():.1f}" if h <= horizon else "" for h in (1, 2, 3, 4, 5, 6, 8, 12, 18)
            ]
            reach.append(f"| {name} | {who} | " + " | ".join(cells) + " |")
    lines += ["", "Coverage by horizon, %:", "", *reach]
    print("\n".join(lines), flush=True)
    _page.write(HEADING, lines)


if __name__ == "__main__":
    main()
