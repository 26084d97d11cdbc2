"""Regressions beside pyfixest, on the same data in one run: accuracy first, then CPU, wall and memory.

    make bench                                            # prints, and writes its section of docs/benchmarks.md
    .venv-bench/bin/python benches/versus/regression.py --quick

Every engine runs in a process of its own, warmed up on small data, with the machine's own linear algebra (settings of
OpenBLAS are taken out of its environment). Standard errors are clustered. CPU is user and system time of all its
threads, the best of several runs; memory is what the process grew by at its highest. A time counts only if the
coefficients equal those of the reference to 1e-8 (relative); the reference is pyfixest's LSMR at 1e-13 with IRLS at
1e-12. Standard errors are shown, not held against anyone: a Poisson fit that takes them from the weights of the step
before its last is 1e-7 off.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import _page
import numpy as np

HEADING = "## Regression"
RIGHT = 1e-8


#  ── data


def simple(rows: int, seed: int = 1) -> dict[str, Any]:
    """People over ten years, each in a firm drawn anew every year, 23 people a firm."""
    rng = np.random.default_rng(seed)
    return _careers(rng, rows, rng.integers(0, _firms(rows), rows))


def difficult(rows: int, seed: int = 1) -> dict[str, Any]:
    """The same people, who walk through the firms in one and the same order: a ring, slow to mix."""
    return _careers(np.random.default_rng(seed), rows, np.arange(rows) % _firms(rows))


def _firms(rows: int) -> int:
    return max(round(rows / 230), 1)


def _careers(rng: Any, rows: int, firm: Any) -> dict[str, Any]:
    """The design of a public benchmark: one regressor with a weak square, and counts of negative binomials."""
    people = rows // 10
    person, year = np.repeat(np.arange(people), 10), np.tile(np.arange(10), people)
    x = rng.normal(size=rows)
    effects = rng.normal(size=people)[person] + rng.normal(size=10)[year] + rng.normal(size=_firms(rows))[firm]
    eta = x + 0.05 * x**2 + effects
    return {
        "y": eta + rng.normal(size=rows),
        "count": rng.negative_binomial(0.5, 0.5 / (0.5 + np.exp(eta))).astype(float),
        "log_exposure": np.zeros(rows),
        "x1": x,
        "a": person,
        "b": year,
        "c": firm,
        "g": person,
    }


def workers(rows: int, seed: int = 2) -> dict[str, Any]:
    """Workers in firms of power-law size, sorted by quality and seldom moving: a thin graph, slow to mix."""
    rng = np.random.default_rng(seed)
    people, firms = rows // 10, max(rows // 250, 20)
    size = np.arange(1, firms + 1) ** -0.8
    # A worker's rank picks the firm; one in twelve years brings a move to a firm near by in rank.
    start = np.searchsorted(np.cumsum(size) / size.sum(), np.sort(rng.random(people)))
    moves = np.cumsum(rng.random((people, 10)) < 1 / 12, axis=1)
    step = moves * rng.integers(-5, 6, size=(people, 1))
    firm = np.clip(start[:, None] + step, 0, firms - 1).ravel()
    return _outcomes(rng, np.repeat(np.arange(people), 10), firm, firm)


def counties(rows: int, seed: int = 3) -> dict[str, Any]:
    """Counties by 250 months with a tenth of the cells missing, clustered by state: 3,100 of them in 775,000 cells."""
    rng = np.random.default_rng(seed)
    units = max(rows // 250, 50)
    u, t = np.repeat(np.arange(units), 250), np.tile(np.arange(250), units)
    keep = rng.random(len(u)) < 0.9
    return _outcomes(rng, u[keep], t[keep], u[keep] * 50 // units)


def states(rows: int, seed: int = 4) -> dict[str, Any]:
    """Fifty-one states by forty years."""
    rng = np.random.default_rng(seed)
    u, t = np.repeat(np.arange(51), 40), np.tile(np.arange(40), 51)
    return _outcomes(rng, u, t, u)


def _outcomes(rng: Any, a: Any, b: Any, cluster: Any) -> dict[str, Any]:
    effects = rng.normal(0, 0.5, a.max() + 1)[a] + rng.normal(0, 0.3, b.max() + 1)[b]
    x1 = rng.normal(size=len(a)) + 0.5 * effects
    x2 = rng.normal(size=len(a)) - 0.2 * effects
    eta = 0.5 + effects + 0.1 * x1 - 0.05 * x2
    exposure = np.exp(rng.normal(0, 0.5, a.max() + 1))[a]
    return {
        "y": eta + rng.normal(size=len(a)),
        "count": rng.poisson(exposure * np.exp(eta)).astype(float),
        "log_exposure": np.log(exposure),
        "x1": x1,
        "x2": x2,
        "a": a,
        "b": b,
        "g": cluster,
    }


MAKERS = {"simple": simple, "difficult": difficult, "workers": workers, "counties": counties, "states": states}


#  ── engines: each returns coefficients and standard errors


def _regressors(data: Any) -> list[str]:
    return [name for name in ("x1", "x2") if name in data]


def _right_hand_side(data: Any, effects: int) -> str:
    return f"{' + '.join(_regressors(data))} | {' + '.join('abc'[:effects])}"


def ours(model: str, data: Any, effects: int) -> tuple[Any, Any]:
    import averted as av

    if model == "poisson":
        spec = av.Poisson(offset="log_exposure", cluster="g", ssc="none")
        fit: Any = spec.fit(f"count ~ {_right_hand_side(data, effects)}", data)
    else:
        fit = av.Ols(cluster="g", ssc="none").fit(f"y ~ {_right_hand_side(data, effects)}", data)
    return list(fit.coefficients.values()), list(fit.std_errors.values())


def ours_arrays(model: str, data: Any, effects: int) -> tuple[Any, Any]:
    import averted as av

    spec: Any = av.Poisson(ssc="none") if model == "poisson" else av.Ols(ssc="none")
    y, offset = (data["count"], {"offset": data["log_exposure"]}) if model == "poisson" else (data["y"], {})
    X = np.column_stack([data[name] for name in _regressors(data)])
    fit = spec.fit_arrays(y, X, absorb=[data[e] for e in "abc"[:effects]], cluster=data["g"], **offset)
    return list(fit.coefficients.values()), list(fit.std_errors.values())


def pyfixest(demeaner: Any, irls: float = 1e-8) -> Any:
    def run(model: str, data: Any, effects: int) -> tuple[Any, Any]:
        import pyfixest as pf

        options: dict[str, Any] = {
            "vcov": {"CRV1": "g"},
            "ssc": pf.ssc(k_adj=False, G_adj=False),
            "demeaner": demeaner(pf),
            "copy_data": False,
            "store_data": False,
        }
        formula = _right_hand_side(data, effects)
        if model == "poisson":
            options |= {"offset": "log_exposure", "iwls_tol": irls, "separation_check": ["fe"]}
            fit: Any = pf.fepois(f"count ~ {formula}", data, **options)
        else:
            fit = pf.feols(f"y ~ {formula}", data, **options)
        return fit.coef().tolist(), fit.se().tolist()

    return run


def lsmr(tolerance: float, preconditioner: str = "additive") -> Any:
    return lambda pf: pf.LsmrDemeaner(
        fixef_atol=tolerance, fixef_btol=tolerance, preconditioner=preconditioner, fixef_maxiter=10_000
    )


def alternating(tolerance: float) -> Any:
    return lambda pf: pf.MapDemeaner(fixef_tol=tolerance)


ENGINES = {
    "averted": ours,
    "averted, arrays": ours_arrays,
    "pyfixest, alternating projections": pyfixest(alternating(1e-6)),
    "pyfixest, LSMR additive": pyfixest(lsmr(1e-8)),
    "pyfixest, LSMR diagonal": pyfixest(lsmr(1e-8, "diagonal")),
    "reference": pyfixest(lsmr(1e-13), irls=1e-12),
}
#: Tried where an engine was not right at its own tolerance.
TIGHTER = {
    "pyfixest, alternating projections": pyfixest(alternating(1e-10), irls=1e-10),
    "pyfixest, LSMR additive": pyfixest(lsmr(1e-10), irls=1e-10),
    "pyfixest, LSMR diagonal": pyfixest(lsmr(1e-10, "diagonal"), irls=1e-10),
}

#  ── one engine in a process of its own


def child(engine: str, tight: bool, cell: Cell, runs: int) -> None:
    """Prints what one engine answers and what it took."""
    import warnings

    warnings.filterwarnings("ignore")
    import pandas as pd

    run = (TIGHTER if tight else ENGINES)[engine]
    wrap = (lambda d: d) if engine == "averted, arrays" else pd.DataFrame
    data = wrap(MAKERS[cell.maker](cell.rows))
    run(cell.model, wrap(MAKERS[cell.maker](min(cell.rows, 3_000))), cell.effects)
    Path("/proc/self/clear_refs").write_text("5")
    before = _memory("VmRSS")
    best: dict[str, float] = {"cpu": np.inf, "wall": np.inf}
    for _ in range(runs):
        cpu, wall = time.process_time(), time.perf_counter()
        coefficients, errors = run(cell.model, data, cell.effects)
        best["wall"] = min(best["wall"], time.perf_counter() - wall)
        best["cpu"] = min(best["cpu"], time.process_time() - cpu)
    answer = {"coefficients": list(coefficients), "errors": list(errors), "peak": _memory("VmHWM") - before}
    print(json.dumps({**answer, **best}))


def _memory(what: str) -> float:
    """MB of this process."""
    found = re.search(rf"{what}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found.group(1)) / 1024 if found else float("nan")


def measured(engine: str, cell: Cell, runs: int, limit: float, *, tight: bool = False) -> dict[str, Any] | str:
    """The answer, or why there is none."""
    settings = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    call = [sys.executable, __file__, "--child", engine, str(int(tight)), *map(str, cell), str(runs)]
    try:
        done = subprocess.run(
            call, env={**settings, "PYTHONHASHSEED": "0"}, capture_output=True, text=True, timeout=limit, check=False
        )
    except subprocess.TimeoutExpired:
        return f"not done in {limit:.0f} s"
    if done.returncode:
        return done.stderr.strip().splitlines()[-1][:90]
    return dict(json.loads(done.stdout.splitlines()[-1]))


#  ── the comparison


class Cell(NamedTuple):
    """A model, data and their rows, and how many effects are absorbed."""

    model: str
    maker: str
    rows: int
    effects: int

    def title(self) -> str:
        """The heading."""
        model = "Poisson" if self.model == "poisson" else "OLS"
        return f"{model}, {self.maker}, {self.rows:,} rows, {self.effects} effects"


def off(answer: dict[str, Any], truth: dict[str, Any], what: str) -> float:
    """The largest relative difference."""
    return max(float(abs(mine / theirs - 1)) for mine, theirs in zip(answer[what], truth[what], strict=True))


def compare(cell: Cell, runs: int, limit: float) -> tuple[list[str], str]:
    """Lines of a section, and its line of the overview."""
    truth = measured("reference", cell, 1, 4 * limit)
    lines = [f"### {cell.title()}", "", MAKERS[cell.maker].__doc__ or "", ""]
    if isinstance(truth, str):
        return [*lines, f"No reference: {truth}.", ""], f"| {cell.title()} | | {truth} | | |"
    found: dict[str, Any] = {}
    for engine in ENGINES:
        if engine == "reference" or (engine == "averted, arrays" and cell.maker != "states"):
            continue
        print(f"  {cell.title()}: {engine}", file=sys.stderr, flush=True)
        answer = found[engine] = measured(engine, cell, runs, limit)
        if engine in TIGHTER and isinstance(answer, dict) and off(answer, truth, "coefficients") > RIGHT:
            found[f"{engine} at 1e-10"] = measured(engine, cell, runs, limit, tight=True)
    base = found["averted"]
    if isinstance(base, str):
        raise RuntimeError(f"{cell.title()}: {base}")
    lines += [
        "| engine | off, coefficients | off, errors | CPU s | wall s | memory MB | CPU, averted = 1 |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    peers = {}
    for engine, answer in found.items():
        if isinstance(answer, str):
            lines.append(f"| {engine} | {answer} | | | | | |")
            continue
        wrong = off(answer, truth, "coefficients")
        if wrong <= RIGHT and engine.startswith("pyfixest"):
            peers[engine] = answer["cpu"]
        counts = "does not count" if wrong > RIGHT else f"{answer['cpu'] / base['cpu']:.2f}"
        digits = 5 if answer["wall"] < 0.1 else 2
        lines.append(
            f"| {engine} | {wrong:.0e} | {off(answer, truth, 'errors'):.0e} | {answer['cpu']:.{digits}f} "
            f"| {answer['wall']:.{digits}f} | {answer['peak']:.0f} | {counts} |"
        )
    digits = 5 if base["wall"] < 0.1 else 2
    if not peers:
        return [*lines, ""], f"| {cell.title()} | {base['cpu']:.{digits}f} | no peer is right | | |"
    best = min(peers, key=lambda name: peers[name])
    row = f"| {cell.title()} | {base['cpu']:.{digits}f} | {best} | {peers[best]:.{digits}f} "
    return [*lines, ""], row + f"| {peers[best] / base['cpu']:.1f} |"


def by_rows(share: int) -> list[str]:
    """CPU and memory of ours as the rows grow: a table."""
    sizes = [100_000, 1_000_000, 5_000_000]
    head = " | ".join(f"{rows:,} rows: CPU s | µs a row | memory, bytes a row" for rows in sizes)
    lines = [
        "### Cost by rows",
        "",
        f"The engine `averted` alone on the data named simple. {MAKERS['simple'].__doc__}",
        "",
        f"| | {head} |",
        "| --- |" + " ---: |" * (3 * len(sizes)),
    ]
    for model in ("ols", "poisson"):
        for effects in (2, 3):
            row = f"| {'OLS' if model == 'ols' else 'Poisson'}, {effects} effects "
            for rows in sizes:
                cell = Cell(model, "simple", rows // share, effects)
                print(f"  by rows: {cell.title()}", file=sys.stderr, flush=True)
                answer = measured("averted", cell, 5 if rows <= 1_000_000 else 2, 600.0)
                if isinstance(answer, str):
                    raise RuntimeError(f"{cell.title()}: {answer}")
                cpu = answer["cpu"]
                row += f"| {cpu:.3f} | {1e6 * cpu / cell.rows:.2f} | {answer['peak'] * 2**20 / cell.rows:.0f} "
            lines.append(row + "|")
    return [*lines, ""]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows, and nothing written")
    parser.add_argument("--child", nargs=7)
    asked = parser.parse_args()
    if asked.child:
        engine, tight, model, maker, rows, effects, runs = asked.child
        child(engine, tight == "1", Cell(model, maker, int(rows), int(effects)), int(runs))
        return
    share = 10 if asked.quick else 1
    cells = [
        (Cell("ols", "simple", 1_000_000 // share, 2), 5),
        (Cell("ols", "simple", 1_000_000 // share, 3), 3),
        (Cell("ols", "difficult", 100_000, 3), 3),
        (Cell("ols", "difficult", 1_000_000 // share, 3), 2),
        (Cell("ols", "workers", 1_000_000 // share, 2), 2),
        (Cell("ols", "states", 2_040, 2), 50),
        (Cell("poisson", "simple", 1_000_000 // share, 2), 2),
        (Cell("poisson", "simple", 1_000_000 // share, 3), 1),
        (Cell("poisson", "difficult", 100_000, 3), 2),
        (Cell("poisson", "difficult", 1_000_000 // share, 3), 1),
        (Cell("poisson", "workers", 1_000_000 // share, 2), 1),
        (Cell("poisson", "counties", 775_000 // share, 2), 3),
        (Cell("poisson", "states", 2_040, 2), 50),
    ]
    overview = [
        "| | CPU s, averted | the fastest peer that is right | its CPU s | theirs over ours |",
        "| --- | ---: | --- | ---: | ---: |",
    ]
    sections: list[str] = []
    for cell, runs in cells:
        section, row = compare(cell, runs, 60.0)
        overview.append(row)
        sections += section
        print("\n".join(section), row, sep="\n", flush=True)
    growth = by_rows(share)
    print("\n".join(growth), flush=True)
    about = (__doc__ or "").split("\n\n", 2)[2].strip()
    lines = [
        HEADING,
        "",
        *about.splitlines(),
        "",
        _page.machine("pyfixest", "pandas"),
        "",
        *overview,
        "",
        *growth,
        *sections,
    ]
    if not asked.quick:
        _page.write(HEADING, lines)


if __name__ == "__main__":
    main()
