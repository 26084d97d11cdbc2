"""Ctrl-C ends long loops at once: each of these would run for minutes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

HEAD = """
import averted as av
import numpy as np

rng = np.random.default_rng(1)
data = {
    "y": rng.normal(size=1000),
    "deaths": rng.poisson(3.0, 1000).astype(float),
    "x": rng.normal(size=1000),
    "state": np.repeat(np.arange(50), 20),
    "year": np.tile(np.arange(20), 50),
}
linear = av.Ols(cluster="state").fit("y ~ x | state + year", data)
counts = av.Poisson(cluster="state").fit("deaths ~ x | state + year", data)
print("ready", flush=True)
"""

LOOPS = {
    "wild bootstrap": "linear.wild_bootstrap('x = 0', draws=50_000_000, seed=1, level=None)",
    "score bootstrap": "counts.score_bootstrap('x = 0', draws=50_000_000, seed=1, level=None)",
    "randomisation": "linear.randomization_test('x', time='year', draws=50_000_000, seed=1)",
    "Romano-Wolf": "av.romano_wolf({'a': linear, 'b': counts}, 'x = 0', draws=50_000_000, seed=1)",
    "many series": "av.cross_validation({'unique_id': np.repeat(np.arange(999), 60), 'ds': np.tile(np.arange(60), 999),"
    " 'y': rng.normal(size=59940)}, 3, windows=4, seed=1)",
    "one ARIMA model": "av.AutoArima().fit(rng.normal(size=1_000_000))",
    "one model of counts": "av.Glarma(ma=(1,)).fit(rng.poisson(3.0, 1_000_000))",
    "changes of level": "av.pelt(rng.normal(size=1_000_000))",
    "backtest": "av.backtest(av.Structural(), rng.normal(size=2000).cumsum(), horizon=5, windows=1500, seed=1)",
}


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("loop", LOOPS)
def test_a_long_loop_ends_when_interrupted(loop: str) -> None:
    code = f"{HEAD}{LOOPS[loop]}\nprint('finished')\n"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.7)  # into the loop
        asked = time.monotonic()
        process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=30)
        finally:
            process.kill()
    # A tenth of a second on a quiet machine; the rest is for one that is not, and for the interpreter to end.
    assert time.monotonic() - asked < 2
    assert err.rstrip().endswith("KeyboardInterrupt"), err
    assert "finished" not in out
