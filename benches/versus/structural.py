"""Structural models beside statsmodels, on the same data in one run: accuracy first, then CPU and wall.

    .venv-bench/bin/python benches/versus/structural.py

A time counts only if our log-likelihood is at least that of statsmodels' exact diffuse fit, less 1e-6. Theirs counts
½ log 2π for the diffuse observations and ours does not, so it is taken from ours here. statsmodels starts from its own
values and runs its default optimiser; CPU is that of the process, the best of several runs.
"""

from __future__ import annotations

import json
import time
import warnings
from pathlib import Path
from typing import Any

import _page
import averted as av
import numpy as np

ROOT = Path(__file__).parents[2]
HEADING = "## Structural models"
HALF_LOG_TWO_PI = 0.5 * np.log(2 * np.pi)


def data() -> dict[str, Any]:
    """The series of the reference values."""
    text = (ROOT / "tests" / "reference" / "state_space.json").read_text(encoding="utf-8")
    sets = json.loads(text)["datasets"]
    return {
        "Nile": np.array(sets["nile"]["values"], dtype=float),
        "log drivers": np.log(np.array(sets["seatbelts"]["columns"]["drivers"], dtype=float)),
        "log air passengers": np.array(sets["log_airpassengers"]["values"], dtype=float),
    }


CASES = (
    ("Nile", None, None),
    ("Nile", "local", None),
    ("log drivers", None, 12),
    ("log air passengers", "local", 12),
)


def theirs(y: Any, trend: str | None, season: int | None) -> float:
    """The log-likelihood of statsmodels."""
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    level = "local linear trend" if trend else "local level"
    model = UnobservedComponents(y, level, seasonal=season, use_exact_diffuse=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(model.fit(disp=False).llf)


def ours(y: Any, trend: str | None, season: int | None) -> float:
    """Ours, by their convention."""
    fit = av.Structural(trend=trend, season=season).fit(y)
    return fit.log_likelihood - fit.n_diffuse * HALF_LOG_TWO_PI


def best(run: Any, *arguments: Any, repeats: int = 7) -> tuple[float, float, float]:
    """Value, CPU and wall in milliseconds."""
    value = run(*arguments)
    cpu, wall = [], []
    for _ in range(repeats):
        start = time.process_time(), time.perf_counter()
        run(*arguments)
        cpu.append(time.process_time() - start[0])
        wall.append(time.perf_counter() - start[1])
    return value, 1e3 * min(cpu), 1e3 * min(wall)


def main() -> None:
    """Prints the table, and writes it to the page."""
    series = data()
    about = (__doc__ or "").split("\n\n", 2)[2].strip()
    lines = [HEADING, "", *about.splitlines(), "", _page.machine("statsmodels", "scipy"), ""]
    lines += [
        "| series | model | ours | statsmodels | CPU ms, ours | theirs | wall ms, ours | theirs | ratio of CPU |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, trend, season in CASES:
        value, cpu, wall = best(ours, series[name], trend, season)
        other, other_cpu, other_wall = best(theirs, series[name], trend, season)
        model = f"{trend or 'level'}{f' + season {season}' if season else ''}"
        ratio = f"{cpu / other_cpu:.3f}" if value >= other - 1e-6 else "not as high"
        times = f"{cpu:.2f} | {other_cpu:.1f} | {wall:.2f} | {other_wall:.1f}"
        lines.append(f"| {name} | {model} | {value:.6f} | {other:.6f} | {times} | {ratio} |")
    print("\n".join(lines), flush=True)
    _page.write(HEADING, lines)


if __name__ == "__main__":
    main()
