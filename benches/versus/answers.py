"""What packages answer to one question, on the same data in one run; writes docs/peers.md.

    .venv-bench/bin/python benches/versus/answers.py

Every peer is asked by its own public calls. The right answer comes from none of us: dense algebra with a dummy for
every level, a model fitted again without each cluster, or a simulation whose truth is known. The page is written only
if ours is right.
"""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import averted as av
import numpy as np
import pandas as pd
from _right import (
    bell_mccaffrey,
    clustered,
    dummies,
    left_out,
    leverage,
    newey_west,
    newton_nb,
    poisson,
    prediction,
    states,
    wild,
)

PAGE = Path(__file__).parents[2] / "docs" / "peers.md"
PEERS = ("pyfixest", "statsmodels", "linearmodels")
NONE = "has none"


class Question(NamedTuple):
    """What is asked, what each answers, and what is right."""

    ask: str
    right: float | None
    known: str
    ours: Any
    theirs: dict[str, Any]
    tolerance: float = 1e-6


#  ── the questions


def hash_seed(data: pd.DataFrame) -> Question:
    """The same regression in six processes that differ in PYTHONHASHSEED."""
    call = {
        "pyfixest": "import pyfixest as p; print(p.feols('rate~u|state+year', d, vcov={'CRV1': 'state'}).se()['u'])",
        "averted": "import averted as a; print(a.Ols(cluster='state').fit('rate~u|state+year', d).std_errors['u'])",
    }
    found = {}
    for name, text in call.items():
        prints = set()
        for seed in range(6):
            told = {**os.environ, "PYTHONHASHSEED": str(seed)}
            code = f"import sys, io, pandas; d = pandas.read_csv(io.StringIO(sys.stdin.read())); {text}"
            table = data.rename(columns={"unemployment_rate": "u"}).to_csv(index=False)
            done = subprocess.run([sys.executable, "-c", code], input=table, env=told, capture_output=True, text=True)
            prints.add(f"{float(done.stdout.split()[-1]):.7f}")
        found[name] = sorted(prints)
    import statsmodels.formula.api as smf
    from linearmodels import PanelOLS

    dummy = smf.ols("rate ~ unemployment_rate + C(state) + C(year)", data)
    group = {"groups": data.state.factorize()[0]}
    panel = PanelOLS.from_formula(
        "rate ~ unemployment_rate + EntityEffects + TimeEffects", data.set_index(["state", "year"])
    )
    own = "by its own convention, which counts every level"
    return Question(
        r"`rate~u\|state+year`, errors clustered by state, in six processes (PYTHONHASHSEED 0 to 5)",
        clustered(data, ["unemployment_rate"]),
        "dense algebra, a dummy for every level",
        float(found["averted"][0]) if len(found["averted"]) == 1 else np.nan,
        {
            "pyfixest": " or ".join(found["pyfixest"]),
            "statsmodels": asked(
                lambda: f"{dummy.fit(cov_type='cluster', cov_kwds=group).bse['unemployment_rate']:.7f} {own} (dummies)"
            ),
            "linearmodels": asked(
                lambda: f"{panel.fit(cov_type='clustered', cluster_entity=True).std_errors.iloc[0]:.7f} {own}"
            ),
        },
    )


def small_sample(data: pd.DataFrame) -> list[Question]:
    """CR2 and HC3 beside absorbed effects."""
    import pyfixest as pf
    import statsmodels.formula.api as smf

    fit = av.Ols(cluster="state").fit("rate ~ unemployment_rate | state + year", data)
    form = "rate ~ unemployment_rate | state + year"
    dummy = smf.ols("rate ~ unemployment_rate + C(state) + C(year)", data)
    return [
        Question(
            "CR2 by state (Bell & McCaffrey 2002), state and year effects",
            bell_mccaffrey(data, ["unemployment_rate"]),
            "dense algebra",
            fit.with_covariance(av.Cluster("state", kind="CR2")).std_errors["unemployment_rate"],
            {"pyfixest": asked(lambda: pf.feols(form, data, vcov={"CRV2": "state"}).se().iloc[0])},
        ),
        Question(
            "HC3, state and year effects",
            leverage(data, ["unemployment_rate"]),
            "dense algebra",
            fit.with_covariance("HC3").std_errors["unemployment_rate"],
            {
                "pyfixest": asked(lambda: pf.feols(form, data, vcov="HC3").se().iloc[0]),
                "statsmodels": asked(lambda: dummy.fit(cov_type="HC3").bse["unemployment_rate"]),
            },
        ),
        Question(
            "Standard error of the prediction of the first row, state and year effects",
            prediction(data),
            "dense algebra",
            float(
                av.Ols(covariance="classical").fit(form, data).predict(data.head(1), level=0.95)["std_error"].iloc[0]
            ),
            {
                "pyfixest": asked(lambda: pf.feols(form, data, vcov="iid").predict(se_fit=True).iloc[0, 1]),
                "statsmodels": asked(lambda: dummy.fit().get_prediction(data.head(1)).se_mean[0]),
            },
        ),
    ]


def gaps(data: pd.DataFrame) -> Question:
    """Newey–West where every state lacks some years, each its own."""
    import pyfixest as pf
    import statsmodels.formula.api as smf

    code = pd.Series(data.state.factorize()[0])
    rows = data.assign(code=code)[(code + data.year) % 5 != 0].reset_index(drop=True)
    form = "rate ~ unemployment_rate | state + year"
    told = {"time_id": "year", "panel_id": "code", "lag": 2}
    bare = pf.ssc(k_adj=False, G_adj=False)
    dummy = smf.ols("rate ~ unemployment_rate + C(state) + C(year)", rows)
    hac = {"groups": rows.state.factorize()[0], "maxlags": 2, "use_correction": False}
    ours = av.Ols(covariance=av.NeweyWest(2, unit="state", time="year"), ssc="none").fit(form, rows)
    return Question(
        "Newey–West with two lags, a fifth of the years missing, each state its own; no small-sample factors",
        newey_west(rows, 2),
        "dense algebra, distance on the calendar",
        ours.std_errors["unemployment_rate"],
        {
            "pyfixest": asked(
                lambda: (
                    pf.feols(form.replace("state", "code"), rows, vcov="NW", vcov_kwargs=told, ssc=bare).se().iloc[0]
                )
            ),
            "statsmodels": asked(lambda: dummy.fit(cov_type="hac-panel", cov_kwds=hac).bse["unemployment_rate"]),
        },
    )


def counts(data: pd.DataFrame) -> list[Question]:
    """Poisson with an offset: the jackknife, the bootstrap, margins."""
    import pyfixest as pf
    import statsmodels.api as sm
    import statsmodels.formula.api as smf

    form = "homicides ~ unemployment_rate | state + year"
    fit = av.Poisson(exposure="population", cluster="state").fit(form, data)
    dummy = "homicides ~ unemployment_rate + C(state) + C(year)"
    group = data.state.factorize()[0]
    glm = smf.glm(dummy, data, family=sm.families.Poisson(), offset=data.log_population)
    theirs = pf.fepois(form, data, offset="log_population", vcov={"CRV1": "state"})
    test = fit.score_bootstrap("unemployment_rate = 0", draws=9_999, seed=1, level=None)
    return [
        Question(
            "Cluster jackknife of a Poisson regression with an offset",
            left_out(data),
            "every state left out in turn, by Newton's method on dummies, scale (G − 1)/G; pyfixest's scale is 3 % up",
            fit.with_covariance(av.Cluster("state", kind="jackknife")).std_errors["unemployment_rate"],
            {
                "linearmodels": "has no counts",
                "pyfixest": asked(
                    lambda: pf.fepois(form, data, offset="log_population", vcov={"CRV3": "state"}).se().iloc[0]
                ),
                "statsmodels": asked(
                    lambda: glm.fit(cov_type="cluster-jk", cov_kwds={"groups": group}).bse["unemployment_rate"]
                ),
            },
        ),
        Question(
            "Bootstrap p-value of a Poisson regression, clustered",
            None,
            "its size under a true null, by simulation: [few clusters](regression.md#bootstraps-for-few-clusters)",
            f"{test.p_value:.3f}",
            {
                "linearmodels": "has no counts",
                "pyfixest": asked(lambda: theirs.wildboottest(reps=999, param="unemployment_rate")),
            },
        ),
        Question(
            "Average marginal effect of a Poisson regression with an offset",
            float(fit.coefficients["unemployment_rate"] * data.homicides.mean()),
            "closed form: β times the mean of the fitted means, which is that of the counts",
            float(fit.marginal_effects("unemployment_rate").tidy().estimate.iloc[0]),
            {
                "linearmodels": "has no counts",
                "statsmodels": asked(
                    lambda: smf.poisson(dummy, data, offset=data.log_population).fit(disp=0, maxiter=200).get_margeff()
                ),
            },
        ),
    ]


def weighted_bootstrap(data: pd.DataFrame) -> Question:
    """The wild bootstrap of weighted least squares, and with instruments."""
    import pyfixest as pf

    form = "rate ~ unemployment_rate | state + year"
    fit = av.Ols(cluster="state", weights="population").fit(form, data)
    test = fit.wild_bootstrap("unemployment_rate = 0", draws=9_999, seed=1, level=None)
    theirs = pf.feols(form, data, weights="population", vcov={"CRV1": "state"})
    return Question(
        "Wild cluster bootstrap p-value of weighted least squares",
        wild(data),
        "4,000 draws by dense algebra (known to 0.004)",
        test.p_value,
        {"pyfixest": asked(lambda: theirs.wildboottest(reps=999, param="unemployment_rate"))},
        tolerance=0.2,
    )


def instruments() -> list[Question]:
    """Two endogenous regressors with absorbed effects; a Poisson regression with an instrument."""
    import pyfixest as pf
    import statsmodels.api as sm
    from linearmodels.iv import IV2SLS

    rng = np.random.default_rng(3)
    unit = np.repeat(np.arange(40), 20)
    z = rng.normal(size=(800, 2))
    u = rng.normal(size=800)
    x = z + 0.5 * u[:, None] + rng.normal(size=(800, 2))
    y = x @ [1.0, -1.0] + u + rng.normal(size=40)[unit]
    data = pd.DataFrame({"y": y, "x1": x[:, 0], "x2": x[:, 1], "z1": z[:, 0], "z2": z[:, 1], "unit": unit})
    form = "y ~ 1 | unit | x1 + x2 ~ z1 + z2"
    within = data.groupby("unit")[["y", "x1", "x2", "z1", "z2"]].transform(lambda v: v - v.mean()).to_numpy()
    right = np.linalg.solve(within[:, 3:].T @ within[:, 1:3], within[:, 3:].T @ within[:, 0])[0]
    dummy = pd.get_dummies(data.unit, dtype=float)
    two = Question(
        "2SLS with two endogenous regressors and absorbed effects",
        float(right),
        "dense algebra on what is left within units",
        av.Iv().fit(form, data).coefficients["x1"],
        {
            "pyfixest": asked(lambda: pf.feols(form, data).coef().iloc[0]),
            "statsmodels": "has no absorbed effects",
            "linearmodels": asked(
                lambda: IV2SLS(data.y, dummy, data[["x1", "x2"]], data[["z1", "z2"]]).fit().params["x1"]
            ),
        },
    )
    estimates, naive, stacked = [], [], []
    for _ in range(400):
        z1, v = rng.normal(size=500), rng.normal(size=500)
        x1 = 0.6 * z1 + v
        count = rng.poisson(np.exp(0.5 + 0.5 * x1 + 0.7 * v)).astype(float)
        first = np.column_stack([np.ones(500), z1])
        residual = x1 - first @ np.linalg.lstsq(first, x1, rcond=None)[0]
        second = sm.GLM(count, np.column_stack([np.ones(500), x1, residual]), family=sm.families.Poisson())
        naive.append(second.fit(cov_type="HC1").bse[1])
        fit = av.IvPoisson(covariance="HC1").fit("y ~ 1 | x ~ z", {"y": count, "x": x1, "z": z1})
        estimates.append(fit.coefficients["x"])
        stacked.append(fit.std_errors["x"])
    return [
        two,
        Question(
            "Poisson regression with an instrument, control function: mean standard error over 400 samples",
            float(np.std(estimates, ddof=1)),
            "how much the 400 estimates spread (itself known to 4 %)",
            float(np.mean(stacked)),
            {
                "pyfixest": "has no instruments for counts",
                "statsmodels": f"{np.mean(naive):.5f} from its two regressions, one after the other",
                "linearmodels": "has no counts",
            },
            tolerance=0.10,
        ),
    ]


def hidden() -> Question:
    """Counts of 1 to 9 withheld; the effect is −0.20."""
    import pyfixest as pf

    rng = np.random.default_rng(11)
    unit, year = np.repeat(np.arange(600), 6), np.tile(np.arange(6), 600)
    treated = ((unit < 300) & (year >= 3)).astype(float)
    count = rng.poisson(np.exp(1.6 + 0.8 * rng.normal(size=600)[unit] - 0.2 * treated)).astype(float)
    withheld = (count >= 1) & (count <= 9)
    text = np.where(withheld, "Suppressed", count.astype(int).astype(str))
    data = pd.DataFrame({"deaths": text, "treated": treated, "unit": unit, "year": year})
    fit = av.Poisson(suppressed=(1, 9), cluster="unit").fit("deaths ~ treated | unit + year", data)

    def filled(keep: np.ndarray, values: np.ndarray) -> float:
        rows = data.assign(deaths=values)[keep]
        return float(pf.fepois("deaths ~ treated | unit + year", rows).coef().iloc[0])

    everything = np.full(3600, True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        told = (
            f"takes no intervals; {filled(~withheld, count):.3f} with hidden rows left out, "
            f"{filled(everything, np.where(withheld, 5.0, count)):.3f} with 5 and "
            f"{filled(everything, np.where(withheld, 0.0, count)):.3f} with 0 in their place"
        )
    return Question(
        f"An effect of −0.20 on counts of which {withheld.mean():.0%} are withheld for being 1 to 9",
        -0.2,
        f"the truth of the simulation; our standard error is {fit.std_errors['treated']:.3f}",
        float(fit.coefficients["treated"]),
        {"pyfixest": told, "statsmodels": "takes no intervals", "linearmodels": "has no counts"},
        tolerance=2 * fit.std_errors["treated"] / 0.2,
    )


def negative_binomial(data: pd.DataFrame) -> Question:
    """NB2 with two effects, weights and clusters; the likelihood without weights is known to statsmodels, too."""
    import pyfixest as pf
    import statsmodels.formula.api as smf

    fit = av.NegativeBinomial(exposure="population", cluster="state").fit(
        "homicides ~ unemployment_rate | state + year", data
    )
    weighted = av.NegativeBinomial(exposure="population", cluster="state", frequency_weights="many").fit(
        "homicides ~ unemployment_rate | state + year", data.assign(many=2)
    )

    def dummies_of_theirs() -> str:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            model = smf.negativebinomial(
                "homicides ~ unemployment_rate + C(state) + C(year)", data, exposure=data.population
            )
            done = model.fit(disp=0, maxiter=500)
        found = f"{done.params['unemployment_rate']:.6f}" if done.mle_retvals["converged"] else "does not converge"
        return f"{found} with dummies; takes no weights{', and warns' if told else ''}"

    assert abs(weighted.coefficients["unemployment_rate"] - fit.coefficients["unemployment_rate"]) < 1e-8
    return Question(
        "NB2 with state and year effects, exposure, frequency weights (2 for each row) and clusters",
        newton_nb(data),
        "the dense likelihood climbed by Newton's method; equal weights must not change it",
        weighted.coefficients["unemployment_rate"],
        {
            "pyfixest": "has no negative binomial" if not hasattr(pf, "fenegbin") else "not asked",
            "statsmodels": asked(dummies_of_theirs),
            "linearmodels": "has no counts",
        },
    )


def separation() -> Question:
    """Zeros in a chain: once one group is dropped, another is all zero."""
    import pyfixest as pf
    import statsmodels.formula.api as smf

    rng = np.random.default_rng(4)
    a, b = np.repeat(np.arange(8), 8), np.tile(np.arange(8), 8)
    y = rng.poisson(4.0, size=64).astype(float) + 1
    # Level 0 of a is all zero but for level 0 of b, whose other cells are all zero.
    y[(a == 0) | (b == 0)] = 0
    y[(a == 0) & (b == 0)] = 0
    data = pd.DataFrame({"y": y, "x": rng.normal(size=64) + 2.0 * (a == 0), "a": a, "b": b})
    inside = data[(a > 0) & (b > 0)].reset_index(drop=True)
    design = np.column_stack([inside.x, dummies(inside, "a", "b")])
    right = poisson(inside.y.to_numpy(), design, np.zeros(len(inside)))[0]
    return Question(
        "Levels of two effects whose counts are all zero: the slope",
        float(right),
        "the same model on the rows that tell something",
        av.Poisson(keep_singletons=True).fit("y ~ x | a + b", data).coefficients["x"],
        {
            "pyfixest": asked(lambda: pf.fepois("y ~ x | a + b", data).coef().iloc[0]),
            "statsmodels": asked(lambda: smf.poisson("y ~ x + C(a) + C(b)", data).fit(disp=0, maxiter=200).params["x"]),
            "linearmodels": "has no counts",
        },
    )


def separated() -> Question:
    """A regressor that is not zero only where counts are: its coefficient is minus infinity."""
    import pyfixest as pf
    import statsmodels.formula.api as smf

    rng = np.random.default_rng(6)
    unit = np.repeat(np.arange(20), 10)
    y = rng.poisson(1.0, size=200).astype(float)
    only = ((y == 0) & (unit % 3 == 0)).astype(float)
    data = pd.DataFrame({"y": y, "x": rng.normal(size=200), "only": only, "unit": unit})
    fit = av.Poisson().fit("y ~ x + only | unit", data)
    assert "only" not in fit.coefficients, fit.coefficients
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = pf.fepois("y ~ x + only | unit", data, separation_check=["fe", "ir"]).coef()
    checked = f"{found['only']:.7g}" if "only" in found else "left out"
    told = f"{len(fit.separated)} rows separated and left out, `only` with them, and said"
    return Question(
        f"A regressor that is 1 in {int(only.sum())} rows, all of them without deaths: its coefficient",
        None,
        "there is none: it goes to −∞ (Correia, Guimarães & Zylkin 2019)",
        told,
        {
            "pyfixest": asked(lambda: pf.fepois("y ~ x + only | unit", data).coef()["only"])
            + f"; with `separation_check=['ir']` {checked}",
            "statsmodels": asked(
                lambda: smf.poisson("y ~ x + only + C(unit)", data).fit(disp=0, maxiter=200).params["only"]
            ),
            "linearmodels": "has no counts",
        },
    )


#  ── the page


def asked(call: Callable[[], Any]) -> str:
    """What comes back: a number, words, or the refusal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            answer = call()
        except Exception as refused:  # whatever it raises is its answer
            words = str(refused).split("\n")[0].strip()
            return f"refuses: {words[:110]}"
    return answer if isinstance(answer, str) else f"{float(answer):.7g}"


def line(question: Question) -> str:
    """A row of the table; an error where ours is not right."""
    ours = question.ours
    if question.right is not None:
        gap = abs(ours - question.right) / abs(question.right)
        if not gap <= question.tolerance:
            raise SystemExit(f"{question.ask}: ours {ours}, right {question.right}")
    told = ours if isinstance(ours, str) else f"{ours:.7g}"
    right = "" if question.right is None else f"**{question.right:.7g}**: "
    cells = [question.ask, right + question.known, told, *(question.theirs.get(peer, NONE) for peer in PEERS)]
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Prints the table, and writes the page."""
    data = states()
    questions = [
        hash_seed(data),
        *small_sample(data),
        gaps(data),
        *counts(data),
        weighted_bootstrap(data),
        negative_binomial(data),
        hidden(),
        *instruments(),
        separation(),
        separated(),
    ]
    versions = [f"{name} {version(name)}" for name in PEERS]
    page = [
        "# What peers answer, what we answer",
        "",
        "Good packages, each asked the questions of this field by its own public calls, on the same data in one run of",
        "`benches/versus/answers.py` (`make bench`). They do much that is not here; these are the questions where",
        "answers differ, or where somebody has none. What is right comes from none of us. Data are the bundled",
        "`us_states`, 2004 to 2017, 51 areas, unless simulated. Other software's values, R's and Stata's among them,",
        "are on the page of [conformance](conformance.md).",
        "",
        f"| question | right, and how that is known | averted | {' | '.join(versions)} |",
        "| --- | --- | --- | --- | --- | --- |",
        *(line(each) for each in questions),
        "",
    ]
    print("\n".join(page))
    PAGE.write_text("\n".join(page), encoding="utf-8")


if __name__ == "__main__":
    main()
