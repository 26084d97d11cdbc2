"""The response, the audit and the claim from Python, on made-up panels and on the bundled ones."""

from __future__ import annotations

import json
import pickle
from typing import Any

import averted as av
import numpy as np
import pytest


def made(slope: float = -0.1, units: int = 40, years: int = 12, seed: int = 1) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(units), years)
    year = np.tile(2001 + np.arange(years), units)
    spend = 3 + rng.random(units * years)
    people = np.repeat(1e6 * (1 + rng.random(units)), years)
    rate = np.repeat(1e-4 * (1 + rng.random(units)), years)
    deaths = rng.poisson(people * rate * np.exp(slope * spend))
    states = np.array([f"u{u:02d}" for u in unit])
    return {"state": states, "year": year, "deaths": deaths, "people": people, "spend": spend}


def panel(data: Any) -> av.Panel:
    return av.Panel(data, unit="state", time="year", events="deaths", population="people")


def test_the_response_is_the_regression_by_hand() -> None:
    mine = panel(made(units=20))
    response = av.respond(mine, lags=2, spend="spend", errors="cluster")
    fit = av.Poisson(exposure="people", cluster="state").fit("deaths ~ lag(spend, 0:2) | state + year", mine)
    coefficients = np.array(list(fit.coefficients.values()))
    np.testing.assert_array_equal(response.lag_coefficients, coefficients)
    np.testing.assert_array_equal(response.lag_covariance, fit.covariance)
    assert response.cumulative.estimate == pytest.approx(coefficients.sum(), rel=1e-12)
    assert response.cumulative.std_error == pytest.approx(np.sqrt(fit.covariance.sum()), rel=1e-12)
    # The quantiles of t with 19 degrees at 0.975 and 0.8.
    mde = (2.093024054408263 + 0.8609505519) * np.sqrt(fit.covariance.sum())
    assert response.mde == pytest.approx(mde, rel=1e-9)
    assert response.spend == "spend"
    assert response.degrees_of_freedom == 19


def test_averted_is_linear_and_its_cost_only_where_the_sign_is_resolved() -> None:
    data = made()
    response = av.respond(panel(data), lags=0, spend="spend")
    averted = response.averted(per=1_000_000)
    fit = av.Poisson(exposure="people", cluster="state").fit("deaths ~ spend | state + year", panel(data))
    moved = (fit.fitted * data["spend"]).sum() / (data["spend"] * data["people"]).sum()
    assert averted.estimate == pytest.approx(-1e6 * response.lag_coefficients[0] * moved, rel=1e-10)
    lower, upper = averted.interval
    assert lower > 0
    assert averted.cost_per_death_averted == pytest.approx(1e6 / averted.estimate)
    assert averted.cost_interval == (pytest.approx(1e6 / upper), pytest.approx(1e6 / lower))
    assert averted.estimate == pytest.approx(sum(row.estimate for row in averted.by_lag))
    assert averted.mde > 0
    assert "neither shown nor excluded" in averted.reading
    null = av.respond(panel(made(slope=0.0)), lags=0, spend="spend").averted()
    assert null.cost_per_death_averted is None
    assert null.cost.startswith("unbounded")
    harm = av.respond(panel(made(slope=0.3)), lags=0, spend="spend").averted()
    assert harm.cost_interval == (None, None)
    assert harm.cost.startswith("none exists")


def test_results_keep_the_contract() -> None:
    pandas = pytest.importorskip("pandas")
    mine = panel(pandas.DataFrame(made()))
    response = av.SpendingResponse(lags=1, leads=1, spend="spend").fit(mine)
    for result in (response, response.averted(), response.lead_test(), av.audit(mine, spend="spend")):
        assert isinstance(result.tidy(), pandas.DataFrame)
        assert len(result.glance()) == 1
        assert json.loads(result.to_json())["table"]
        assert "<table" in result._repr_html_()
        assert "tabular" in result.to_latex()
    terms = list(response.tidy()["term"])
    assert terms == ["lag(spend, 0)", "lag(spend, 1)", "long run", "lead(spend, 1)"]
    specification = av.SpendingResponse(lags=1, spend="spend", cluster="state")
    assert pickle.loads(pickle.dumps(specification)) == specification


def test_the_audit_refuses_and_accepts_with_a_reason() -> None:
    data = made(units=40)
    data["spend"] = np.where(np.arange(data["spend"].size) < 36, data["spend"], 2.0)
    mine = panel(data)
    with pytest.raises(av.RefusedError, match=r"AV18.*accept="):
        av.respond(mine, lags=1, spend="spend")
    reason = {"AV18": "three pilots, by design"}
    assert av.respond(mine, lags=1, spend="spend", accept=reason)
    audit = av.audit(mine, reason, spend="spend")
    assert audit.refused == []
    assert audit["AV18"].accepted == "three pilots, by design"
    assert "AV18 accepted: three pilots, by design" in str(audit)
    assert av.audit(mine, spend="spend").refused == ["AV18"]
    with pytest.raises(av.InputError, match="did you mean"):
        av.audit(mine, {"AV19": "why not"})
    with pytest.raises(av.InputError, match="reason"):
        av.audit(mine, {"AV18": " "})


def test_the_claim_is_a_string_with_a_level() -> None:
    response = av.respond(panel(made()), lags=1, spend="spend")
    claim = response.claim()
    assert claim.level == "L2"
    assert claim == claim.sentence
    assert "was associated with" in claim
    assert "se asoció con" in response.claim("es")
    assert response.claim(design="lottery", checks={"balance": True}).level == "L3"
    assert response.claim(design="lottery", randomised=True).level == "L4"
    assert pickle.loads(pickle.dumps(claim)).limits == claim.limits
    with pytest.raises(av.InputError, match="lang"):
        response.claim("fr")


def test_bad_input_ends_in_typed_errors() -> None:
    mine = panel(made())
    for arguments in ({"lags": 12}, {"lags": -1}, {"lags": 1.5}, {"scale": 0}, {"spend": "spnd"}, {"controls": "x +"}):
        with pytest.raises(av.InputError):
            av.respond(mine, **{"spend": "spend", **arguments})
    with pytest.raises(av.InputError, match="spend"):
        av.respond(mine)
    with pytest.raises(av.InputError, match="Panel"):
        av.respond(made())
    data = made()
    data["deaths"] = np.zeros_like(data["deaths"])
    with pytest.raises(av.InputError):
        av.respond(panel(data), spend="spend")
    response = av.respond(mine, lags=1, spend="spend")
    for bad in (0, -1, float("nan"), float("inf")):
        with pytest.raises(av.InputError):
            response.averted(per=bad)
    with pytest.raises(av.InputError, match="spread"):
        response.averted(spread="evenly")


def hemisphere(column: str = "aid_disbursed_usd", stage: str | None = "disbursed", **more: Any) -> av.Panel:
    money = av.Money(column, stage=stage, **{"fiscal_year_start": 10, "real": 2020, **more})
    data = av.datasets.load("western_hemisphere", kind="dict")
    return av.Panel(data, unit="country", time="year", events="homicides", population="population", money=money)


def test_the_hemisphere_says_what_it_is() -> None:
    panel = hemisphere()
    audit = panel.audit()
    assert audit.refused == []
    found = {finding.code for finding in audit.findings}
    assert found == {"AV02", "AV03", "AV08", "AV13", "AV15", "AV18"}
    assert {"AV01", "AV05", "AV12", "AV14", "AV16"} <= set(audit.clear)
    jump = next(f for f in audit.findings if f.code == "AV15" and f.severity == "warn")
    assert "2024" in jump.evidence  # the last year of aid is partial
    negative = next(f for f in audit.findings if f.code == "AV15" and f.measured[0][0] == "negative cells")
    assert negative.value == 3
    assert "Haiti alone carries 42 %" in audit["AV18"].evidence
    response = panel.respond(lags=3)
    by_hand = av.Poisson(exposure="population", cluster="country").fit(
        "homicides ~ lag(spend, 0:3) | country + year", panel
    )
    np.testing.assert_array_equal(response.lag_coefficients, np.array(list(by_hand.coefficients.values())))
    assert response.clustered_error == pytest.approx(np.sqrt(by_hand.covariance.sum()), rel=1e-12)
    # No finding, said as none: the jackknife's interval is half as wide again as the clustered one.
    assert 1.3 < response.cumulative.std_error / response.clustered_error < 1.8
    claim = response.claim()
    assert claim.level == "L2"
    assert "no association was found" in claim
    assert "(2020 US dollars, disbursed, calendar years)" in claim
    assert "dólares de EE. UU., desembolsados" in response.claim("es")
    assert response.averted().cost.startswith("unbounded")
    again = pickle.loads(pickle.dumps(response))
    assert again.claim() == claim


def test_money_that_is_not_what_it_seems() -> None:
    voted = hemisphere("aid_appropriated_usd", "appropriated", fiscal_year_start=None, real=None).audit()
    assert {"AV12", "AV13", "AV14"} <= {f.code for f in voted.findings if f.severity == "warn"}
    assert any("Department of Defense" in f.evidence for f in voted.findings if f.code == "AV15")
    lumps = hemisphere("counternarcotics_usd", "obligated").audit()
    assert next(f for f in lumps.findings if f.measured[0][0] == "negative cells").value == 9
    assert "not stated" in hemisphere(stage=None).audit()["AV14"].evidence


@pytest.mark.slow
def test_shuffled_spending_finds_nothing_with_the_jackknife() -> None:
    """The figures of docs/spending.md: spending shuffled between countries, tests at 5 %."""
    table = hemisphere().frame()
    countries = np.unique(table["country"])
    place = {country: i for i, country in enumerate(countries)}
    years = np.unique(table["year"])
    unit = np.array([place[c] for c in table["country"]])
    time = np.searchsorted(years, table["year"])
    grid = np.full((len(countries), len(years)), np.nan)
    grid[unit, time] = table["spend"]
    rng = np.random.default_rng(1)
    draws, found = 400, {errors: np.zeros(3) for errors in ("jackknife", "cluster")}
    for _ in range(draws):
        data = {name: table[name] for name in ("country", "year", "homicides", "population")}
        data["fake"] = grid[rng.permutation(len(countries))][unit, time]
        shuffled = av.Panel(data, unit="country", time="year", events="homicides", population="population")
        for errors, count in found.items():
            response = av.respond(shuffled, spend="fake", errors=errors)
            test = response.lead_test()
            count += [response.cumulative.p_value < 0.05, test.failed, test.follows]
    print({errors: count / draws for errors, count in found.items()})
    assert found["jackknife"][0] / draws < 0.08
    assert found["cluster"][0] / draws > 0.15


def test_the_states_say_what_they_are() -> None:
    data = av.datasets.load("us_states", kind="dict")
    states = av.Panel(data, unit="state", time="year", events="heroin_deaths", population="population")
    audit = av.audit(states, spend="police_usd_per_person")
    hidden = audit["AV05"]
    marked = [s is not None and "heroin_deaths" in s.replace(",", " ").split() for s in data["suppressed"]]
    blank = np.isnan(data["heroin_deaths"])
    assert hidden.value == pytest.approx(100 * np.mean(np.array(marked) & blank))
    assert "2000" in audit["AV16"].evidence  # the census of 2000 enters the FBI's populations
    assert "AV02" in audit


@pytest.mark.parametrize("leads", [0, 2])
def test_the_picture(leads: int) -> None:
    pytest.importorskip("matplotlib")
    ax = av.respond(panel(made()), lags=3, leads=leads, spend="spend").plot()
    assert len(ax.get_xticks()) == 4 + leads
