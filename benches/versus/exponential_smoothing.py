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

import csv
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import _page
import averted as av
import numpy as np

ROOT = Path(__file__).parents[2]
HEADING = "## Exponential smoothing"
PERIOD = {"YEARLY": 1, "QUARTERLY": 4, "MONTHLY": 12, "OTHER": 1}
FILES = {"M1": "m1_all.csv", "M3": "m3_sample_dev.csv"}


def folder() -> Path | None:
    """The competitions' data, which are no part of the project."""
    places = [ROOT.parent / "shared", ROOT.parent.parent / "shared"]
    found = [place / "data" / "ts_m_competitions" for place in places]
    return next((place for place in found if place.exists()), None)


def series(path: Path) -> dict[str, list[tuple[np.ndarray, np.ndarray]]]:
    """Training and held-out values by frequency."""
    out: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            train, test = (np.array(row[part].split(";"), dtype=float) for part in ("train", "test"))
            if scale(train, PERIOD[row["period"]]) > 0:
                out.setdefault(row["period"], []).append((train, test))
    return out


def scale(y: np.ndarray, season: int) -> float:
    """The in-sample mean absolute error of the seasonal naive forecast."""
    return float(np.mean(np.abs(y[season:] - y[:-season]))) if len(y) > season else 0.0


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


def scores(found: np.ndarray, test: np.ndarray, unit: float) -> tuple[float, float, float, np.ndarray]:
    """MASE, sMAPE, MSIS, and which values were covered."""
    mean, lower, upper = found
    error = np.abs(mean - test)
    miss = np.maximum(lower - test, 0) + np.maximum(test - upper, 0)
    inside = (lower <= test) & (test <= upper)
    smape = np.mean(200 * error / (np.abs(mean) + np.abs(test)))
    return np.mean(error) / unit, smape, np.mean(upper - lower + 40 * miss) / unit, inside


def run(method: Any, cases: list[tuple[np.ndarray, np.ndarray]], season: int) -> list[float]:
    """Means over the series: MASE, sMAPE, MSIS, coverage, its least and most by horizon, CPU in ms."""
    method(cases[0][0], season, 3)
    rows, covered = [], np.zeros((0, len(cases[0][1])))
    start = time.process_time()
    found = [method(y, season, len(test)) for y, test in cases]
    cpu = 1e3 * (time.process_time() - start) / len(cases)
    for (y, test), each in zip(cases, found, strict=True):
        *numbers, inside = scores(each, test, scale(y, season))
        rows.append(numbers)
        covered = np.vstack([covered, inside])
    by_horizon = 100 * covered.mean(axis=0)
    return [*np.mean(rows, axis=0), 100 * covered.mean(), by_horizon.min(), by_horizon.max(), cpu]


def main() -> None:
    """Prints the table, and writes it to the page."""
    data = folder()
    if data is None:
        print("skipped: the M competitions' data are not here")
        return
    about = (__doc__ or "").split("\n\n", 2)[2].strip()
    lines = [HEADING, "", *about.splitlines(), "", _page.machine("statsforecast", "scipy"), ""]
    lines += [
        "| series | method | MASE | sMAPE | MSIS | coverage % | least and most by horizon | CPU ms | ratio of CPU |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, file in FILES.items():
        for frequency, cases in series(data / file).items():
            season = PERIOD[frequency]
            mine, other = (run(method, cases, season) for method in (ours, theirs))
            where = f"{name} {frequency.lower()}, {len(cases)}"
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
