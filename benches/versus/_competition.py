"""Series of the M1 and M3 competitions, and the scores that forecasts of them get."""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

ROOT = Path(__file__).parents[2]
SEASONS = {"YEARLY": 1, "QUARTERLY": 4, "MONTHLY": 12, "OTHER": 1}
FILES = {"M3": "m3_sample_dev.csv", "M1": "m1_all.csv"}


class Case(NamedTuple):
    """A series up to the origin, what came after, and its in-sample mean absolute seasonal difference."""

    name: str
    past: Any
    future: Any
    unit: float


class Score(NamedTuple):
    """Mean absolute scaled error, sMAPE, scaled interval score at 95 %, and which values the interval held."""

    mase: float
    smape: float
    msis: float
    covered: Any


def groups() -> dict[str, tuple[int, list[Case]]]:
    """Season and series of every competition and frequency; a series that never moves has no scale and is left out.

    Ends the program where the data, which are no part of the project, are not there.
    """
    places = [os.environ.get("AVERTED_SHARED", ""), str(ROOT.parent / "shared"), str(ROOT.parent.parent / "shared")]
    folders = [Path(place) / "data" / "ts_m_competitions" for place in places if place]
    folder = next((folder for folder in folders if folder.exists()), None)
    if folder is None:
        print("skipped: the series of the M competitions are not here")
        sys.exit(0)
    found: dict[str, tuple[int, list[Case]]] = {}
    for competition, file in FILES.items():
        with (folder / file).open(encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                season = SEASONS[row["period"]]
                past, future = (np.array(row[part].split(";"), dtype=float) for part in ("train", "test"))
                unit = float(np.mean(np.abs(past[season:] - past[:-season])))
                cases = found.setdefault(f"{competition} {row['period'].lower()}", (season, []))[1]
                if unit > 0:
                    cases.append(Case(row["series"], past, future, unit))
    return found


def score(case: Case, point: Any, lower: Any, upper: Any) -> Score:
    """The scores of one forecast."""
    error = np.abs(case.future - point)
    missed = np.maximum(lower - case.future, 0) + np.maximum(case.future - upper, 0)
    return Score(
        float(np.mean(error)) / case.unit,
        float(np.mean(200 * error / (np.abs(case.future) + np.abs(point)))),
        float(np.mean(upper - lower + missed * 2 / 0.05)) / case.unit,
        (lower <= case.future) & (case.future <= upper),
    )
