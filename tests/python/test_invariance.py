"""What must not matter: the hash seed, threads, the kind of labels (no bit), and the order of rows (no digit shown)."""

from __future__ import annotations

import os
import subprocess
import sys

import averted as av
import numpy as np
import pandas as pd
import pytest

UNITS, YEARS = 30, 11

SCRIPT = """
import sys
sys.path.insert(0, {folder!r})
from test_invariance import answers, data
print([value.hex() for values in answers(data()).values() for value in values])
"""


def data(order=None, labels=lambda unit: unit):
    """A panel of counts, in an order of rows, with labels of a kind."""
    rng = np.random.default_rng(11)
    unit, year = np.repeat(np.arange(UNITS), YEARS), np.tile(np.arange(YEARS), UNITS)
    x, population = rng.normal(size=unit.size), rng.uniform(50, 200, unit.size)
    y = rng.poisson(0.05 * population * np.exp(0.3 * x + 0.02 * unit)).astype(float)
    order = np.arange(unit.size) if order is None else order
    frame = {"y": y, "x": x, "population": population, "year": year, "place": np.arange(unit.size)}
    taken = {name: values[order] for name, values in frame.items()}
    return {**taken, "unit": labels(unit[order])}


def answers(frame):
    """Everything that is printed, in an order that is that of the labels and of no row."""
    found = {}
    place = np.asarray(frame["place"])
    for name, model in {
        "poisson": av.Poisson(exposure="population", cluster="unit"),
        "ols": av.Ols(cluster=("unit", "year")),
    }.items():
        fit = model.fit("y ~ x + I(x^2) + lag(x, 1) | unit + year", av.Panel(frame, unit="unit", time="year"))
        tidy = fit.tidy()
        for column in ("estimate", "std_error", "p_value"):
            found[f"{name} {column}"] = list(map(float, tidy[column]))
        found[f"{name} effects"] = [float(v) for v in fit.fixed_effects()["intercept"]]
        back = np.argsort(place[np.asarray(fit.rows, dtype=int)])
        found[f"{name} fitted"] = fit.fitted[back].tolist()
        margins = fit.marginal_effects("x", by="year").tidy()
        found[f"{name} margins"] = [float(v) for v in (*margins["estimate"], *margins["std_error"])]
    return found


@pytest.mark.parametrize("environment", [{"PYTHONHASHSEED": "0"}, {"PYTHONHASHSEED": "42"}, {"AVERTED_THREADS": "1"}])
def test_no_bit_changes_with_the_environment(environment):
    script = SCRIPT.format(folder=os.path.dirname(__file__))
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str([value.hex() for values in answers(data()).values() for value in values])


@pytest.mark.parametrize(
    "labels",
    [
        lambda unit: unit.astype(float),
        lambda unit: np.array([f"state {u:02d}" for u in unit]),
        lambda unit: pd.Categorical([f"state {u:02d}" for u in unit]),
    ],
    ids=["number", "text", "categorical"],
)
def test_no_bit_changes_with_the_kind_of_labels(labels):
    frame = data(labels=labels)
    if isinstance(frame["unit"], pd.Categorical):
        frame = pd.DataFrame(frame)
    assert answers(frame) == answers(data())


@pytest.mark.parametrize("seed", range(5))
def test_no_digit_changes_with_the_order_of_rows(seed):
    # Sums run in the order of rows, so the last bits may change: digits past the twelfth, and those of what is near 0.
    order = np.random.default_rng(seed).permutation(UNITS * YEARS)
    shuffled, plain = answers(data(order)), answers(data())
    for name, values in plain.items():
        assert shuffled[name] == pytest.approx(values, rel=1e-10, abs=1e-13), name
