"""What must not matter, to the last bit: the hash seed, threads, the kind of labels, and the order of rows."""

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
    frame |= {"stage": np.round(x), "kind": unit // 3}
    taken = {name: values[order] for name, values in frame.items()}
    return {**taken, "unit": labels(unit[order]), "kind": labels(taken["kind"])}


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
        boot = (
            fit.wild_bootstrap("x", draws=499, seed=3)
            if name == "ols"
            else fit.score_bootstrap("x = 0", draws=499, seed=3)
        )
        found[f"{name} bootstrap"] = [boot.p_value]
    # Cells of several rows, and rows that are equal in all that enters the fit.
    for name, model in {
        "pooled": av.Ols(covariance=av.Cluster("unit", kind="CR3")),
        "leverage": av.Ols(covariance="HC3"),
        "small clusters": av.Poisson(covariance=av.Cluster("unit", kind="CR2")),
        "negative binomial": av.NegativeBinomial(exposure="population", cluster="unit"),
    }.items():
        formula = "y ~ stage + i(kind)" if name == "pooled" else "y ~ stage | kind"
        fit = model.fit(formula, frame)
        found[name] = [*fit.coefficients.values(), *fit.covariance.ravel().tolist(), fit.log_likelihood]
    return found


@pytest.mark.parametrize(
    "environment", [{"PYTHONHASHSEED": "0"}, {"PYTHONHASHSEED": "42"}, *({"AVERTED_THREADS": n} for n in "128")]
)
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
        lambda unit: unit.astype(str),
        lambda unit: np.array([f"state {u}" for u in unit]),
        lambda unit: pd.Categorical(unit, categories=list(reversed(range(UNITS)))),
        lambda unit: pd.Categorical([f"state {u}" for u in unit]),
    ],
    ids=["number", "digits", "text", "categories of numbers", "categories of text"],
)
def test_no_bit_changes_with_the_kind_of_labels(labels):
    frame = data(labels=labels)
    if isinstance(frame["unit"], pd.Categorical):
        frame = pd.DataFrame(frame)
    assert answers(frame) == answers(data())


@pytest.mark.parametrize("seed", range(5))
def test_no_bit_changes_with_the_order_of_rows(seed):
    order = np.random.default_rng(seed).permutation(UNITS * YEARS)
    labels = [lambda unit: unit, lambda unit: unit.astype(str), lambda unit: np.array([f"state {u}" for u in unit])]
    assert answers(data(order, labels[seed % 3])) == answers(data())
