"""Negative binomials, quasi-Poisson and hidden counts, from Python."""

from __future__ import annotations

import pickle

import averted as av
import numpy as np
import pytest
from averted.regression import NegativeBinomialFit

STATES = [f"s{i:02d}" for i in range(20)]


def counts(seed: int = 1) -> dict[str, list]:
    rng = np.random.default_rng(seed)
    state = np.repeat(STATES, 10)
    year = np.tile(np.arange(2010, 2020), 20)
    spend = rng.normal(size=200)
    people = rng.uniform(1e5, 1e6, 200)
    mean = people * np.exp(-10.6 - 0.2 * spend + 0.3 * np.repeat(rng.normal(size=20), 10))
    deaths = rng.negative_binomial(4, 4 / (4 + mean))
    columns = {"state": state, "year": year, "spend": spend, "people": people, "deaths": deaths.astype(float)}
    return {name: values.tolist() for name, values in columns.items()}


@pytest.mark.parametrize("variance", ["quadratic", "linear"])
def test_formula_and_arrays_agree(variance: str) -> None:
    data = counts()
    fit = av.NegativeBinomial(variance=variance, exposure="people", cluster="state").fit(
        "deaths ~ spend | state + year", data
    )
    again = av.NegativeBinomial(variance=variance).fit_arrays(
        data["deaths"],
        np.array(data["spend"]),
        absorb={"state": data["state"], "year": data["year"]},
        cluster={"state": data["state"]},
        exposure=data["people"],
        names=["spend"],
    )
    assert again.coefficients == fit.coefficients
    assert again.std_errors == fit.std_errors
    assert isinstance(fit, NegativeBinomialFit)
    found = fit.dispersion()
    assert found.alpha > 0
    assert found.lower < found.alpha < found.upper
    assert found.theta == 1 / found.alpha
    assert found.p_value < 1e-6
    assert fit.glance()["converged"]
    assert "NB" in str(fit.summary())


def test_a_fit_is_pickled_and_looked_at_again() -> None:
    fit = av.NegativeBinomial(exposure="people").fit("deaths ~ spend | state", counts())
    again = pickle.loads(pickle.dumps(fit.with_covariance(cluster="state")))
    assert again.std_errors == fit.with_covariance(cluster="state").std_errors
    assert again.dispersion() == fit.with_covariance(cluster="state").dispersion()


def test_hidden_counts_of_a_panel_enter_as_intervals() -> None:
    data = counts()
    hidden = [y if y == 0 or y > 9 else np.nan for y in data["deaths"]]
    words = ["Suppressed" if np.isnan(y) else f"{y:.0f}" for y in hidden]
    shown = {**data, "deaths": words}
    spec = av.NegativeBinomial(exposure="people", suppressed=(1, 9))
    fit = spec.fit("deaths ~ spend | state", shown)
    n = sum(word == "Suppressed" for word in words)
    assert f"{n} of 200 counts are known only as intervals (from 1 to 9)" in fit.notes[0]
    # The same by two columns, by arrays, and of a panel that declares them.
    bounds = {
        "lo": [1.0 if np.isnan(y) else np.nan for y in hidden],
        "hi": [9.0 if np.isnan(y) else np.nan for y in hidden],
    }
    by_columns = av.NegativeBinomial(exposure="people", bounds=("lo", "hi")).fit(
        "deaths ~ spend | state", {**data, **bounds, "deaths": hidden}
    )
    by_arrays = av.NegativeBinomial().fit_arrays(
        hidden,
        np.array(data["spend"]),
        absorb={"state": data["state"]},
        exposure=data["people"],
        bounds=(bounds["lo"], bounds["hi"]),
        names=["spend"],
    )
    panel = av.Panel(
        shown, unit="state", time="year", events=av.Events("deaths", suppressed=(1, 9)), population="people"
    )
    of_panel = av.NegativeBinomial().fit("deaths ~ spend | state", panel)
    for other in (by_columns, by_arrays, of_panel):
        assert other.coefficients == fit.coefficients
        assert other.std_errors == fit.std_errors
    assert np.isnan(fit.outcome).sum() == n
    assert np.isnan(fit.deviance)


def test_poisson_takes_hidden_counts_and_quasi_scales() -> None:
    data = counts()
    plain = av.Poisson(exposure="people").fit("deaths ~ spend | state", data)
    quasi = av.Poisson(exposure="people", quasi=True).fit("deaths ~ spend | state", data)
    assert quasi.coefficients == plain.coefficients
    scale = quasi.glance()["dispersion"]
    ratio = quasi.std_errors["spend"] / plain.std_errors["spend"]
    pearson = np.sum(plain.residuals("pearson") ** 2)
    assert ratio**2 == pytest.approx(pearson / quasi.degrees_of_freedom, rel=1e-9)
    assert scale == pytest.approx(ratio**2, rel=1e-9)
    robust = quasi.with_covariance(cluster="state")
    assert robust.std_errors == plain.with_covariance(cluster="state").std_errors


def test_bad_choices_are_refused() -> None:
    with pytest.raises(av.InputError, match="variance"):
        av.NegativeBinomial(variance="cubic")
    with pytest.raises(av.InputError, match="suppressed"):
        av.Poisson(suppressed=(1, 2, 3))
    with pytest.raises(av.InputError, match="bounds"):
        av.Poisson(bounds="lo")
    data = counts()
    with pytest.raises(av.InputError, match="closed form"):
        av.NegativeBinomial(variance="linear", information="expected").fit("deaths ~ spend", data)
    with pytest.raises(av.InputError, match="jackknife"):
        av.NegativeBinomial(covariance="HC3").fit("deaths ~ spend", data)
    with pytest.raises(av.InputError, match="interval"):
        av.Poisson(bounds=("lo", "hi")).fit(
            "deaths ~ 1", {"deaths": [3.0, np.nan], "lo": [np.nan, 1.5], "hi": [np.nan, 9.0]}
        )


def test_margins_and_averted_work_on_the_count_scale() -> None:
    fit = av.NegativeBinomial(exposure="people", cluster="state").fit("deaths ~ spend | state + year", counts())
    slopes = fit.marginal_effects()
    assert len(slopes.tidy()["estimate"]) == 1
    # An average slope of a count is its coefficient times the mean of the fitted counts.
    estimate = float(np.asarray(slopes.tidy()["estimate"])[0])
    assert estimate == pytest.approx(fit.coefficients["spend"] * fit.fitted.mean(), rel=1e-9)


def test_bootstraps_take_negative_binomials_and_hidden_counts() -> None:
    data = counts()
    spec = av.NegativeBinomial(exposure="people", cluster="state")
    fit = spec.fit("deaths ~ spend | state", data)
    test = fit.score_bootstrap("spend = 0", draws=999, seed=1, level=None)
    assert test.p_value < 0.05
    assert fit.score_bootstrap("spend = -0.2", draws=999, seed=1, level=None).p_value > 0.05
    with pytest.raises(av.InputError, match="quadratic"):
        av.NegativeBinomial(exposure="people", cluster="state", variance="linear").fit(
            "deaths ~ spend | state", data
        ).score_bootstrap("spend = 0", draws=99)
    shown = {**data, "deaths": [f"{y:.0f}" if y == 0 or y > 9 else "Suppressed" for y in data["deaths"]]}
    hidden = av.Poisson(exposure="people", cluster="state", suppressed=(1, 9)).fit("deaths ~ spend | state", shown)
    assert hidden.score_bootstrap("spend = 0", draws=999, seed=1, level=None).p_value < 0.05
