"""The default forecast of many series beside statsforecast's models, in one run: accuracy first, then CPU.

    .venv-bench/bin/python benches/versus/forecast.py

Series of the M1 and M3 competitions, a frame a frequency, the official horizons held out. Ours is `av.forecast` as it
comes: the mean of three models, conformal intervals from 40 series on. Theirs are six models one at a time, and every
pair of them averaged, of which the best is shown: chosen after the fact, as ours was not. MASE and the interval score
(MSIS) are in units of the in-sample mean absolute difference from the year before (from the period before where there
is no season); a series that never moves has no unit and is left out. CPU is that of the process, the mean over series,
with intervals.

Then 9,300 monthly series of counts over 10 years (3,100 counties by three outcomes), made up, 24 months ahead with
intervals: wall time, CPU and the peak of memory, a process each.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
import warnings
from typing import Any

import _page
import averted as av
import numpy as np
from _competition import Case, Score, groups, score

HEADING = "## Forecasts of many series"
MANY, MONTHS, AHEAD = 9_300, 120, 24


def frame(cases: list[Case]) -> dict[str, Any]:
    """The pasts as a long frame."""
    return {
        "unique_id": np.concatenate([[case.name] * len(case.past) for case in cases]),
        "ds": np.concatenate([np.arange(len(case.past)) for case in cases]),
        "y": np.concatenate([case.past for case in cases]),
    }


def ours(cases: list[Case], season: int) -> tuple[list[Score], float]:
    """Scores of the default forecast, and CPU milliseconds a series."""
    start = time.process_time()
    found = av.forecast(frame(cases), len(cases[0].future), season=season, freq=1, level=[95], seed=1).frame()
    cpu = time.process_time() - start
    columns = [np.array(found[name]) for name in ("auto", "auto-lo-95", "auto-hi-95")]
    names = np.array(found["unique_id"])
    return [score(case, *(c[names == case.name] for c in columns)) for case in cases], 1e3 * cpu / len(cases)


def theirs(season: int) -> dict[str, Any]:
    """Their models."""
    from statsforecast import models

    made = {
        "AutoARIMA": models.AutoARIMA(season_length=season),
        "AutoETS": models.AutoETS(season_length=season),
        "AutoCES": models.AutoCES(season_length=season),
        "AutoTheta": models.AutoTheta(season_length=season),
        "DynamicOptimizedTheta": models.DynamicOptimizedTheta(season_length=season),
    }
    return made | {"SeasonalNaive": models.SeasonalNaive(season_length=season) if season > 1 else models.Naive()}


def peers(cases: list[Case], season: int) -> tuple[dict[str, list[Score]], dict[str, float]]:
    """Scores of every model and pair, and CPU milliseconds a series of the models."""
    points: dict[str, list[Any]] = {}
    scores: dict[str, list[Score]] = {}
    cpu = {}
    for name, model in theirs(season).items():
        model.forecast(y=cases[0].past, h=3, level=[95])
        start = time.process_time()
        found = [model.forecast(y=case.past, h=len(case.future), level=[95]) for case in cases]
        cpu[name] = 1e3 * (time.process_time() - start) / len(cases)
        points[name] = [each["mean"] for each in found]
        ends = [(each["mean"], each["lo-95"], each["hi-95"]) for each in found]
        scores[name] = [score(case, *each) for case, each in zip(cases, ends, strict=True)]
    for one, other in itertools.combinations(points, 2):
        # Points alone are averaged: a pair has no interval.
        middle = [(a + b) / 2 for a, b in zip(points[one], points[other], strict=True)]
        scores[f"{one} + {other}"] = [score(case, m, m, m) for case, m in zip(cases, middle, strict=True)]
    return scores, cpu


def line(where: str, who: str, scores: list[Score], cpu: float | None) -> str:
    """A row of the table."""
    pair = " + " in who
    horizon = max(len(s.covered) for s in scores)
    at = [100 * np.mean([s.covered[h] for s in scores if len(s.covered) > h]) for h in range(horizon)]
    every = 100 * np.mean(np.concatenate([s.covered for s in scores]))
    covered = "" if pair else f"{np.mean([s.msis for s in scores]):.2f} | {every:.1f} | {min(at):.1f}–{max(at):.1f}"
    numbers = f"{np.mean([s.mase for s in scores]):.3f} | {np.mean([s.smape for s in scores]):.2f}"
    return f"| {where} | {who} | {numbers} | {covered or ' | | '} | {'' if cpu is None else f'{cpu:.1f}'} |"


def many(model: str, intervals: str) -> None:
    """In a process of its own: the 9,300 series; prints what it took."""
    import resource

    generator = np.random.default_rng(1)
    # Deaths a month: a level that wanders, a season, counts about them.
    level = np.exp(generator.normal(2.5, 1.0, (MANY, 1)) + generator.normal(0, 0.05, (MANY, MONTHS)).cumsum(axis=1))
    season = 1 + 0.1 * np.sin(np.arange(MONTHS) * np.pi / 6)
    data = {
        "unique_id": np.repeat([f"{i:05d}" for i in range(MANY)], MONTHS),
        "ds": np.tile(np.arange(MONTHS), MANY),
        "y": generator.poisson(level * season).astype(float).ravel(),
    }
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, cpu = time.perf_counter(), time.process_time()
    found = av.forecast(data, AHEAD, model=model, season=12, freq=1, intervals=intervals, seed=1)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    failed = len(found.failed["unique_id"])
    print(json.dumps([wall, cpu, peak / 1024, (peak - before) / 1024, failed]))


def main() -> None:
    """Prints the tables, and writes them to the page."""
    warnings.simplefilter("ignore")
    about = (__doc__ or "").split("\n\n", 2)[2].strip()
    lines = [HEADING, "", *about.splitlines(), "", _page.machine("statsforecast"), ""]
    lines += [
        "| series | forecast | MASE | sMAPE | MSIS | coverage, % | least and most by horizon | CPU ms |",
        "| --- | --- | ---: | ---: | ---: | ---: | --- | ---: |",
    ]
    all_ours: list[Score] = []
    all_theirs: dict[str, list[Score]] = {}

    def rows(where: str, mine: list[Score], scores: dict[str, list[Score]], cpu: dict[str, float]) -> None:
        mase = {name: float(np.mean([s.mase for s in of])) for name, of in scores.items()}
        pair = min((name for name in mase if " + " in name), key=lambda name: mase[name])
        lines.append(line(where, "averted, auto", mine, cpu.get("ours")))
        for name in [*(n for n in sorted(mase, key=lambda n: mase[n]) if " + " not in n), pair]:
            lines.append(line(where, name, scores[name], cpu.get(name)))

    for group, (season, cases) in groups().items():
        mine, ms = ours(cases, season)
        scores, cpu = peers(cases, season)
        rows(f"{group}, {len(cases)}", mine, scores, cpu | {"ours": ms})
        all_ours += mine
        for name, of in scores.items():
            all_theirs.setdefault(name, []).extend(of)
        print("\n".join(lines[-8:]), file=sys.stderr, flush=True)
    rows(f"all, {len(all_ours)}", all_ours, all_theirs, {})
    lines += [
        "",
        f"{MANY:,} monthly series, {AHEAD} months ahead, 1,000 paths each:",
        "",
        "| model | intervals | wall, s | CPU, s | peak memory, MB | of which the forecast, MB | without a forecast |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for model, intervals in (("auto", "auto"), ("auto", "model"), ("ets", "model"), ("arima", "model")):
        done = subprocess.run([sys.executable, __file__, model, intervals], check=True, capture_output=True, text=True)
        wall, cpu_s, peak, more, failed = json.loads(done.stdout)
        lines.append(f"| {model} | {intervals} | {wall:.1f} | {cpu_s:.1f} | {peak:.0f} | {more:.0f} | {failed} |")
    print("\n".join(lines), flush=True)
    _page.write(HEADING, lines)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        many(sys.argv[1], sys.argv[2])
    else:
        main()
