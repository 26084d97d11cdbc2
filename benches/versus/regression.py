"""Regressions beside pyfixest, on the same data in one run: accuracy first, then CPU, wall and memory.

    make bench                                            # prints, and writes its section of docs/benchmarks.md
    .venv-bench/bin/python benches/versus/regression.py --quick

Every engine runs in a process of its own, warmed up on small data, with the machine's own linear algebra (settings of
OpenBLAS are taken out of its environment). CPU is user and system time of all its threads, the best of several runs;
memory is what the process grew by at its highest. A time counts only if the coefficients equal those of the reference
to 1e-8 (relative); the reference is pyfixest's LSMR at 1e-13 with IRLS at 1e-12. Standard errors are shown, not held
against anyone: a Poisson fit that takes them from the weights of the step before its last is 1e-7 off.
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
from typing import Any

import _page
import numpy as np

HEADING = "## Regression"
RIGHT = 1e-8


#  ── data


def firms(rows: int, seed: int = 1) -> dict[str, Any]:
    """Individuals over ten years: two effects on an easy, balanced graph."""
    rng = np.random.default_rng(seed)
    units = rows // 10
    u, t = np.repeat(np.arange(units), 10), np.tile(np.arange(10), units)
    return _outcomes(rng, u, t, u)


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
    """Counties by month with a tenth of the cells missing, clustered by state."""
    rng = np.random.default_rng(seed)
    months = max(rows // 2_800, 12)
    units = int(rows / (0.9 * months))
    u, t = np.repeat(np.arange(units), months), np.tile(np.arange(months), units)
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


MAKERS = {"firms": firms, "workers": workers, "counties": counties, "states": states}


#  ── engines: each returns coefficients and standard errors


def ours(model: str, data: Any) -> tuple[Any, Any]:
    import averted as av

    if model == "poisson":
        spec = av.Poisson(offset="log_exposure", cluster="g", ssc="none")
        fit: Any = spec.fit("count ~ x1 + x2 | a + b", data)
    else:
        fit = av.Ols(cluster="g", ssc="none").fit("y ~ x1 + x2 | a + b", data)
    return list(fit.coefficients.values()), list(fit.std_errors.values())


def ours_arrays(model: str, data: Any) -> tuple[Any, Any]:
    import averted as av

    spec: Any = av.Poisson(ssc="none") if model == "poisson" else av.Ols(ssc="none")
    y, offset = (data["count"], {"offset": data["log_exposure"]}) if model == "poisson" else (data["y"], {})
    X = np.column_stack([data["x1"], data["x2"]])
    fit = spec.fit_arrays(y, X, absorb=[data["a"], data["b"]], cluster=data["g"], **offset)
    return list(fit.coefficients.values()), list(fit.std_errors.values())


def pyfixest(demeaner: Any, irls: float = 1e-8) -> Any:
    def run(model: str, data: Any) -> tuple[Any, Any]:
        import pyfixest as pf

        options: dict[str, Any] = {
            "vcov": {"CRV1": "g"},
            "ssc": pf.ssc(k_adj=False, G_adj=False),
            "demeaner": demeaner(pf),
            "copy_data": False,
            "store_data": False,
        }
        if model == "poisson":
            options |= {"offset": "log_exposure", "iwls_tol": irls, "separation_check": ["fe"]}
            fit: Any = pf.fepois("count ~ x1 + x2 | a + b", data, **options)
        else:
            fit = pf.feols("y ~ x1 + x2 | a + b", data, **options)
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
    "pyfixest, alternating projections at 1e-10": pyfixest(alternating(1e-10), irls=1e-10),
    "pyfixest, LSMR additive": pyfixest(lsmr(1e-8)),
    "pyfixest, LSMR additive at 1e-10": pyfixest(lsmr(1e-10), irls=1e-10),
    "pyfixest, LSMR diagonal": pyfixest(lsmr(1e-8, "diagonal")),
    "reference": pyfixest(lsmr(1e-13), irls=1e-12),
}

#  ── one engine in a process of its own


def child(engine: str, model: str, maker: str, rows: int, runs: int) -> None:
    import warnings

    warnings.filterwarnings("ignore")
    import pandas as pd

    run = ENGINES[engine]
    wrap = (lambda d: d) if engine == "averted, arrays" else pd.DataFrame
    data = wrap(MAKERS[maker](rows))
    run(model, wrap(MAKERS[maker](min(rows, 3_000))))
    Path("/proc/self/clear_refs").write_text("5")
    before = _memory("VmRSS")
    best: dict[str, float] = {"cpu": np.inf, "wall": np.inf}
    for _ in range(runs):
        cpu, wall = time.process_time(), time.perf_counter()
        coefficients, errors = run(model, data)
        best["wall"] = min(best["wall"], time.perf_counter() - wall)
        best["cpu"] = min(best["cpu"], time.process_time() - cpu)
    answer = {"coefficients": list(coefficients), "errors": list(errors), "peak": _memory("VmHWM") - before}
    print(json.dumps({**answer, **best}))


def _memory(what: str) -> float:
    """MB of this process."""
    found = re.search(rf"{what}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found.group(1)) / 1024 if found else float("nan")


def measured(engine: str, model: str, maker: str, rows: int, runs: int, limit: float) -> dict[str, Any] | str:
    settings = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    call = [sys.executable, __file__, "--child", engine, model, maker, str(rows), str(runs)]
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


def compare(title: str, model: str, maker: str, rows: int, runs: int, limit: float) -> tuple[list[str], float]:
    """Lines of a section, and our CPU over that of the fastest peer that is right."""
    truth = measured("reference", model, maker, rows, 1, 4 * limit)
    lines = [f"### {title}", "", MAKERS[maker].__doc__ or "", ""]
    lines += [
        "| engine | off, coefficients | off, errors | CPU s | wall s | memory MB | CPU, averted = 1 |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    found: dict[str, Any] = {}
    for engine in ENGINES:
        if engine == "reference" or (engine == "averted, arrays" and maker != "states"):
            continue
        print(f"  {title}: {engine}", file=sys.stderr, flush=True)
        found[engine] = measured(engine, model, maker, rows, runs, limit)
    base = found["averted"]
    peers = {}
    for engine, answer in found.items():
        if isinstance(answer, str) or isinstance(truth, str):
            lines.append(f"| {engine} | {answer if isinstance(answer, str) else truth} | | | | | |")
            continue
        off = [
            max(abs(mine / theirs - 1) for mine, theirs in zip(answer[what], truth[what], strict=True))
            for what in ("coefficients", "errors")
        ]
        if off[0] <= RIGHT and engine.startswith("pyfixest"):
            peers[engine] = answer["cpu"]
        ours_done = isinstance(base, dict)
        counts = "does not count" if off[0] > RIGHT else f"{answer['cpu'] / base['cpu']:.2f}" if ours_done else ""
        digits = 5 if answer["wall"] < 0.1 else 2
        lines.append(
            f"| {engine} | {off[0]:.0e} | {off[1]:.0e} | {answer['cpu']:.{digits}f} | {answer['wall']:.{digits}f} "
            f"| {answer['peak']:.0f} | {counts} |"
        )
    ratio = base["cpu"] / min(peers.values()) if peers and isinstance(base, dict) else float("nan")
    best = min(peers, key=lambda name: peers[name]) if peers else "no peer"
    lines += ["", f"Our CPU over that of the fastest peer that is right ({best}): **{ratio:.3f}**.", ""]
    return lines, ratio


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows, and nothing written")
    parser.add_argument("--child", nargs=5)
    asked = parser.parse_args()
    if asked.child:
        engine, model, maker, rows, runs = asked.child
        child(engine, model, maker, int(rows), int(runs))
        return
    rows = 100_000 if asked.quick else 1_000_000
    lines = [
        HEADING,
        "",
        *(__doc__ or "").split("\n\n", 2)[2].strip().splitlines(),
        "",
        _page.machine("pyfixest", "pandas"),
        "",
    ]
    for title, model, maker, n, runs in [
        (f"Poisson, {rows:,} rows, two effects, clustered", "poisson", "firms", rows, 3),
        (f"Poisson, {rows:,} rows, workers and firms, clustered", "poisson", "workers", rows, 1),
        (f"Poisson, {rows:,} rows, counties by month, clustered", "poisson", "counties", rows, 3),
        (f"OLS, {rows:,} rows, two effects, clustered", "ols", "firms", rows, 5),
        (f"OLS, {rows:,} rows, workers and firms, clustered", "ols", "workers", rows, 5),
        ("Poisson, 51 states by 40 years, clustered", "poisson", "states", 2_040, 50),
        ("OLS, 51 states by 40 years, clustered", "ols", "states", 2_040, 50),
    ]:
        section, _ = compare(title, model, maker, n, runs, 120.0)
        print("\n".join(section), flush=True)
        lines += section
    if not asked.quick:
        _page.write(HEADING, lines)


if __name__ == "__main__":
    main()
