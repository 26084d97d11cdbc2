"""The right answers that the packages are asked for, by hand: dense algebra, with a column for every level."""

from __future__ import annotations

import averted as av
import numpy as np
import pandas as pd


def states() -> pd.DataFrame:
    """The bundled panel of states, rows with everything: 2004 to 2017."""
    columns = ["state", "year", "homicides", "population", "unemployment_rate", "police_usd_per_person"]
    data = av.datasets.load("us_states")[columns].dropna().reset_index(drop=True)
    data["rate"] = data.homicides / data.population * 1e5
    data["log_population"] = np.log(data.population)
    return data


def dummies(data: pd.DataFrame, *effects: str) -> np.ndarray:
    """A column for every level, but the first of every effect after the first."""
    levels = [pd.get_dummies(data[each], drop_first=bool(i)).to_numpy(float) for i, each in enumerate(effects)]
    return np.column_stack(levels)


def least_squares(data: pd.DataFrame, x: list[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Design with the dummies of state and year, the inverse of its cross-product, estimates and residuals."""
    design = np.column_stack([data[x].to_numpy(float), dummies(data, "state", "year")])
    bread = np.linalg.inv(design.T @ design)
    estimates = bread @ design.T @ data.rate.to_numpy()
    return design, bread, estimates, data.rate.to_numpy() - design @ estimates


def clustered(data: pd.DataFrame, x: list[str]) -> float:
    """CR1, where effects nested in the clusters count as one parameter (Gormley & Matsa 2014; reghdfe, fixest)."""
    design, bread, _, residuals = least_squares(data, x)
    group = data.state.factorize()[0]
    scores = np.array([design[group == g].T @ residuals[group == g] for g in range(group.max() + 1)])
    n, clusters = len(data), len(scores)
    counted = len(x) + data.year.nunique()  # the levels of year and one for state, less one that they share
    scale = (n - 1) / (n - counted) * clusters / (clusters - 1)
    return float(np.sqrt(scale * (bread @ scores.T @ scores @ bread)[0, 0]))


def bell_mccaffrey(data: pd.DataFrame, x: list[str]) -> float:
    """CR2: the residuals of each cluster times the symmetric inverse root of 1 − H."""
    design, bread, _, residuals = least_squares(data, x)
    meat = np.zeros_like(bread)
    for rows in data.groupby("state").indices.values():
        values, vectors = np.linalg.eigh(np.eye(len(rows)) - design[rows] @ bread @ design[rows].T)
        root = np.where(values > 1e-8, 1 / np.sqrt(np.maximum(values, 1e-8)), 0.0)  # 0: the cluster's own effect
        score = design[rows].T @ (vectors * root @ (vectors.T @ residuals[rows]))
        meat += np.outer(score, score)
    return float(np.sqrt((bread @ meat @ bread)[0, 0]))


def leverage(data: pd.DataFrame, x: list[str]) -> float:
    """HC3: residuals over 1 − h."""
    design, bread, _, residuals = least_squares(data, x)
    inflated = design * (residuals / (1 - np.einsum("ij,jk,ik->i", design, bread, design)))[:, None]
    return float(np.sqrt((bread @ inflated.T @ inflated @ bread)[0, 0]))


def newey_west(data: pd.DataFrame, lags: int) -> float:
    """Bartlett's weights by years between two rows of a state, with no small-sample factor."""
    design, bread, _, residuals = least_squares(data, ["unemployment_rate"])
    scores = design * residuals[:, None]
    years = data.year.to_numpy()
    weight = np.maximum(1 - np.abs(years[:, None] - years) / (lags + 1), 0)
    same = data.state.to_numpy()[:, None] == data.state.to_numpy()
    return float(np.sqrt((bread @ scores.T @ (weight * same) @ scores @ bread)[0, 0]))


def prediction(data: pd.DataFrame) -> float:
    """The classical standard error of a fitted mean: s · √(z'(Z'Z)⁻¹z)."""
    design, bread, _, residuals = least_squares(data, ["unemployment_rate"])
    variance = residuals @ residuals / (len(data) - design.shape[1])
    return float(np.sqrt(variance * design[0] @ bread @ design[0]))


def poisson(y: np.ndarray, design: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Poisson estimates by Newton's method, to machine precision."""
    beta = np.linalg.lstsq(design, np.log(y + 0.5) - offset, rcond=None)[0]
    for _ in range(50):
        mean = np.exp(design @ beta + offset)
        step = np.linalg.solve(design.T @ (design * mean[:, None]), design.T @ (y - mean))
        beta += step
        if np.abs(step).max() < 1e-12:
            break
    return beta


def left_out(data: pd.DataFrame) -> float:
    """The cluster jackknife of the Poisson model, every state left out in turn: Σ (b_g − b)² · (G − 1)/G."""

    def slope(rows: pd.DataFrame) -> float:
        design = np.column_stack([rows.unemployment_rate, dummies(rows, "state", "year")])
        return float(poisson(rows.homicides.to_numpy(float), design, rows.log_population.to_numpy())[0])

    names = data.state.unique()
    all_of_it = slope(data)
    without = np.array([slope(data[data.state != name]) for name in names])
    return float(np.sqrt(((without - all_of_it) ** 2).sum() * (len(names) - 1) / len(names)))


def wild(data: pd.DataFrame, draws: int = 4_000) -> float:
    """The restricted wild cluster bootstrap, Rademacher, every draw fitted: its p-value of no effect."""
    weight = data.population.to_numpy(float) / data.population.mean()
    effects = dummies(data, "state", "year")
    group = pd.get_dummies(data.state).to_numpy(float)
    solved = np.linalg.solve(effects.T @ (effects * weight[:, None]), (effects * weight[:, None]).T)
    x = data.unemployment_rate.to_numpy()
    x = x - effects @ (solved @ x)

    def statistic(outcomes: np.ndarray) -> np.ndarray:
        within = outcomes - effects @ (solved @ outcomes)
        slope = (x * weight) @ within / (x * weight @ x)
        scores = group.T @ ((x * weight)[:, None] * (within - np.outer(x, slope)))
        return np.abs(slope) / np.sqrt((scores**2).sum(axis=0))

    y = data.rate.to_numpy()
    null = y - effects @ (solved @ y)
    signs = group @ np.random.default_rng(5).choice([-1.0, 1.0], size=(group.shape[1], draws))
    return float(np.mean(statistic(null[:, None] * signs) >= statistic(y[:, None])[0]))


def newton_nb(data: pd.DataFrame) -> float:
    """NB2 with a dummy for every level: its mean by scoring, its dispersion by search, in turn until neither moves."""
    from scipy.optimize import minimize_scalar
    from scipy.special import gammaln

    design = np.column_stack([data.unemployment_rate, dummies(data, "state", "year")])
    y, offset = data.homicides.to_numpy(float), data.log_population.to_numpy()
    beta, alpha = poisson(y, design, offset), 0.01

    def loss(log_alpha: float, mean: np.ndarray) -> float:
        size = np.exp(-log_alpha)
        terms = gammaln(y + size) - gammaln(size) - (y + size) * np.log1p(mean / size) + y * np.log(mean / size)
        return -float(terms.sum())

    for _ in range(100):
        mean = np.exp(design @ beta + offset)
        for _ in range(50):
            weight = 1 / (1 + alpha * mean)
            step = np.linalg.solve(design.T @ (design * (mean * weight)[:, None]), design.T @ ((y - mean) * weight))
            beta = beta + step
            mean = np.exp(design @ beta + offset)
            if np.abs(step).max() < 1e-13:
                break
        found = minimize_scalar(loss, (np.log(alpha) - 0.1, np.log(alpha) + 0.1), args=(mean,), tol=1e-12)
        moved, alpha = abs(np.exp(found.x) - alpha), float(np.exp(found.x))
        if moved < 1e-12:
            break
    return float(beta[0])
