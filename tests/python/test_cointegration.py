"""Cointegration, distributed lags, vector autoregressions and error correction: values through the border, refusals."""

import json
import pickle
from pathlib import Path

import averted as av
import numpy as np
import pytest

_FILES = Path(__file__).parent.parent / "reference"
COLUMNS = json.loads((_FILES / "unitroot_cointegration_breaks.json").read_text())["datasets"]["denmark"]["columns"]
NAMES = ["LRM", "LRY", "IBO", "IDE"]
DENMARK = {name: COLUMNS[name] for name in NAMES}
GOLD = {c["id"]: c["values"] for c in json.loads((_FILES / "cointegration.json").read_text())["cases"]}
VARS = json.loads((_FILES / "var_counts_dlnm_its.json").read_text())
CANADA = {name: VARS["datasets"]["canada"]["columns"][name] for name in ("e", "prod", "rw", "U")}


def of_r(case, key):
    return next(c for c in VARS["cases"] if c["id"] == case)["values"][key]


def johansen_of_urca(key):
    file = json.loads((_FILES / "unitroot_cointegration_breaks.json").read_text())
    return next(c for c in file["cases"] if c["id"] == "johansen_denmark")["values"][key]


@pytest.mark.parametrize(
    ("deterministic", "key"),
    [("constant", "none_K2"), ("constant_within", "const_K2"), ("trend_within", "trend_K2")],
)
@pytest.mark.parametrize("form", ["transitory", "long_run"])
def test_johansen_is_that_of_urca(deterministic, key, form):
    gold = johansen_of_urca(f"{key}_{form.replace('_', '')}")
    test = av.johansen(DENMARK, 1, deterministic, form=form)
    assert test.trace[::-1] == pytest.approx(gold["trace"], rel=1e-7)
    assert test.largest[::-1] == pytest.approx(gold["maxeig"], rel=1e-7)
    assert np.asarray(test.beta)[:, 0] == pytest.approx([row[0] for row in gold["beta"]], rel=1e-6)
    assert "no more than so many relations" in str(test)
    assert len(test.critical_trace) == 4


def test_the_relations_come_as_a_frame():
    test = av.johansen(DENMARK, 1, "constant_within", season=4)
    assert list(test.relations(2)) == ["term", "relation 1", "relation 2"]
    assert list(test.relations(2)["term"]) == [*NAMES, "constant"]
    assert test.glance()["n"][0] == 53
    assert json.loads(test.to_json())["table"]["relations"] == [0, 1, 2, 3]


def test_engle_granger_is_that_of_statsmodels():
    gold = GOLD["engle_granger_3_ct_lag2"]
    test = av.engle_granger(DENMARK, "trend", lags=2, columns=NAMES[:3])
    assert test.statistic == pytest.approx(gold["stat"], rel=1e-8)
    assert test.p_value == pytest.approx(gold["p"], rel=1e-7)
    assert list(test.critical.values()) == pytest.approx(gold["crit"], rel=1e-8)
    assert set(test.further) == {"LRY", "IBO"}
    assert pickle.loads(pickle.dumps(test)) == test


def test_distributed_lags_are_those_of_r():
    fit = av.Ardl((3, 1, 3, 2)).fit(DENMARK["LRM"], {n: DENMARK[n] for n in NAMES[1:]})
    long = of_r("ardl_3132", "longrun")
    assert fit.long_run()["estimate"] == pytest.approx(long["Estimate"], rel=1e-7)
    assert fit.long_run()["std_error"] == pytest.approx(long["Std. Error"], rel=1e-7)
    assert fit.aic == pytest.approx(of_r("ardl_3132", "aic"), rel=1e-7)
    test = fit.bounds()
    assert test.f == pytest.approx(of_r("ardl_3132", "bounds_F"), rel=1e-7)
    assert test.upper_p == pytest.approx(GOLD["ardl_case3"]["p_upper"], rel=1e-6)
    assert test.related() is True
    assert av.ardl_bounds(DENMARK, lags=(3, 1, 3, 2)).f == pytest.approx(test.f, rel=1e-12)
    assert av.ardl_bounds(DENMARK, most=3).lags == tuple(GOLD["ardl_select_aic"]["order"])
    assert av.Ardl("bic", most=3).fit(DENMARK["LRM"], {n: DENMARK[n] for n in NAMES[1:]}).lags == (3, 1, 0, 0)
    again = pickle.loads(pickle.dumps(fit))
    assert again.coefficients == fit.coefficients
    rows = fit.multipliers("LRY", 200)
    assert rows["estimate"][-1] == pytest.approx(long["Estimate"][1], rel=1e-6)
    assert len(fit.augment()["residual"]) == fit.n_observed == 52
    assert len(fit.error_correction()["term"]) == 13
    with pytest.raises(av.InputError, match="case"):
        fit.bounds(5)
    with pytest.raises(av.InputError, match="no column `LPY`"):
        fit.multipliers("LPY")


def test_autoregressions_are_those_of_vars():
    fit = av.Var(2).fit(CANADA)
    gold = of_r("canada_var2_const", "coef")
    assert fit.log_likelihood == pytest.approx(of_r("canada_var2_const", "loglik"), rel=1e-8)
    for equation, theirs in gold.items():
        ours = list(fit.coefficients[equation].values())
        assert ours == pytest.approx([theirs[t] for t in theirs], rel=1e-6)
    responses = fit.impulse(5, bands="bootstrap", draws=40, seed=1)
    again = fit.impulse(5, bands="bootstrap", draws=40, seed=1)
    assert (responses.lower == again.lower).all()
    assert responses.seed == 1
    assert (fit.impulse(5).estimate == responses.estimate).all()
    assert len(responses.tidy()["step"]) == 4 * 4 * 6
    assert fit.impulse(5, cumulative=True).of("U", "e")[-1] == pytest.approx(responses.of("U", "e").sum())
    shares = fit.variance_shares(6)
    assert shares.shares.sum(axis=2) == pytest.approx(np.ones((6, 4)))
    assert shares.tidy()["from e"][0] == pytest.approx(1.0)
    test = fit.granger("e")
    assert test.statistic == pytest.approx(of_r("canada_var2_const", "granger")["F"], rel=1e-8)
    assert "the past of e does not help to predict prod, rw, U" in str(test)
    assert test.denominator == 4 * (fit.n_observed - 9)
    assert fit.instantaneous(["e", "U"]).denominator == np.inf
    assert fit.toda_yamamoto("e").p_value <= 1
    for name in ("portmanteau", "portmanteau_adjusted", "breusch_godfrey", "normality", "arch"):
        assert 0 <= fit.residual_test(name).p_value <= 1
    assert len(fit.tidy()["term"]) == 4 * 9
    assert pickle.loads(pickle.dumps(fit)).coefficients == fit.coefficients
    assert fit.is_stable == (fit.roots[0] < 1)


def test_lags_are_chosen_as_vars_chooses_them():
    choice = av.Var(most=6).lag_choice(CANADA)
    table = of_r("canada_var2_const", "select")["criteria"]["values"]
    for name, values in zip(("aic", "hq", "sc", "fpe"), table, strict=True):
        assert choice.criteria[name] == pytest.approx(values, rel=1e-8)
        assert av.Var(name, most=6).fit(CANADA).lags == choice.best[name] == 1 + int(np.argmin(values))
    # As many as the series are long enough for.
    short = {name: values[:25] for name, values in CANADA.items()}
    assert len(av.Var(most=8).lag_choice(short).criteria["aic"]) == 3


def test_forecasts_are_joint():
    fit = av.Var(2).fit(CANADA)
    forecast = fit.forecast(4, draws=500, seed=2)
    paths = forecast.paths()
    assert paths.shape == (500, 4, 4)
    assert (fit.forecast(4, draws=500, seed=2).paths() == paths).all()
    both = forecast.combined({"e": 1, "U": -2})
    assert both == pytest.approx(paths[:, :, 0] - 2 * paths[:, :, 3])
    assert set(forecast.frame()["unique_id"]) == set(CANADA)
    means = np.asarray(fit.predict(4)["mean"]).reshape(4, 4)
    assert forecast["U"].mean == pytest.approx(means[3], abs=0.2)
    assert "seed 2" in str(forecast)


def test_regressors_have_scenarios():
    dose = np.sin(np.arange(84) * 1.7)
    fit = av.Var(1).fit(CANADA, x={"dose": dose})
    none, more = {"dose": [0.0] * 3}, {"dose": [1.0] * 3}
    forecast = fit.forecast(3, x={"none": none, "more": more}, draws=50, seed=1)
    assert forecast["e"].scenarios == ["none", "more"]
    # The same draws under both: the first step differs by the coefficient of every draw.
    step = forecast["e"].paths(None, "more")[:, 0] - forecast["e"].paths(None, "none")[:, 0]
    assert step.mean() == pytest.approx(fit.coefficients["e"]["dose"], abs=0.2)
    with pytest.raises(av.InputError, match="future"):
        fit.forecast(3)


def test_error_correction_is_that_of_statsmodels():
    gold = GOLD["vecm_constant_within_lags1_rank1"]
    fit = av.Vecm(1, deterministic="constant_within").fit(DENMARK)
    assert fit.alpha == pytest.approx(np.array(gold["alpha"]), rel=1e-7)
    assert fit.beta[:4] == pytest.approx(np.array(gold["beta"]), rel=1e-7)
    assert fit.beta[4] == pytest.approx(np.array(gold["det_coef_coint"])[0], rel=1e-7)
    assert fit.gamma(1) == pytest.approx(np.array(gold["gamma"]), rel=1e-7)
    assert fit.lag_matrices == pytest.approx(np.array(gold["var_rep"]), rel=1e-7)
    assert fit.log_likelihood == pytest.approx(gold["llf"], rel=1e-9)
    ahead = np.asarray(fit.predict(5)["mean"]).reshape(4, 5).T
    assert ahead == pytest.approx(np.array(gold["forecast"]), rel=1e-7)
    weak = fit.weak_exogeneity("LRY")
    assert weak.statistic == pytest.approx(gold["weak_exogeneity_lr"]["LRY"], rel=1e-6)
    assert fit.excluded(["IBO", "IDE"]).statistic == pytest.approx(gold["exclusion_lr"]["IBO,IDE"], rel=1e-6)
    # Money and income enter as their difference.
    velocity = [[1, 0, 0, 0], [-1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    assert fit.relations_within(velocity).degrees == 1
    responses = fit.impulse(6, draws=40, seed=3)
    limit = fit.impulse(6, bands="asymptotic")
    assert limit.seed is None
    assert (limit.estimate == responses.estimate).all()
    assert (limit.lower <= limit.estimate).all()
    with pytest.raises(av.InputError, match="bands = 'exact'"):
        fit.impulse(6, bands="exact")
    assert responses.of("LRM", "LRM")[0] > 0
    assert fit.variance_shares(3).shares[0, 0] == pytest.approx([1, 0, 0, 0])
    forecast = fit.forecast(3, draws=100, seed=1)
    assert (forecast.paths() == fit.forecast(3, draws=100, seed=1).paths()).all()
    assert pickle.loads(pickle.dumps(fit)).log_likelihood == fit.log_likelihood
    assert len(fit.deviations()["relation 1"]) == 55
    assert len(fit.tidy()["term"]) == 4 + 4 * 5
    assert "relations are normed by LRM" in str(fit)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_come_back_as_they_came(library):
    module = pytest.importorskip(library)
    frame = module.DataFrame({"year": list(range(1950, 2005)), **DENMARK})
    columns = {"columns": NAMES}
    assert isinstance(av.johansen(frame, **columns).tidy(), module.DataFrame)
    assert isinstance(av.ardl_bounds(frame, **columns).tidy(), module.DataFrame)
    fit = av.Var(1).fit(frame, columns=NAMES, index="year")
    assert isinstance(fit.tidy(), module.DataFrame)
    assert isinstance(fit.impulse(2).tidy(), module.DataFrame)
    forecast = fit.forecast(2, draws=20, seed=1)
    assert isinstance(forecast.frame(), module.DataFrame)
    assert forecast["LRM"].periods == ["2005", "2006"]
    assert forecast["LRM"].cutoff == "2004"
    fit = av.Vecm(1).fit(frame, columns=NAMES, index="year")
    assert isinstance(fit.relations(), module.DataFrame)
    assert list(fit.forecast(2, draws=20, seed=1).frame()["ds"])[:2] == ["2005", "2006"]


def test_arrays_get_names():
    fit = av.Var(1).fit(np.column_stack([DENMARK[n] for n in NAMES]))
    assert fit.names == ["y1", "y2", "y3", "y4"]
    assert av.Var(1).fit(np.column_stack([DENMARK[n] for n in NAMES]), columns=["y2", "y1"]).names == ["y2", "y1"]


def test_pictures():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    fit = av.Var(1).fit(CANADA)
    assert len(fit.plot(4).axes) == 16
    assert len(fit.impulse(4).plot(response="U").axes) == 4
    ax = fit.impulse(4).plot(response="U", shock="e")
    assert ax.get_title(loc="left").startswith("U after a shock to e")
    assert len(fit.variance_shares(4).plot().axes) == 4
    assert fit.variance_shares(4).plot(series="U").get_ylim() == (0, 1)
    assert len(fit.forecast(3, draws=20, seed=1).plot().axes) == 4
    assert av.Vecm(2).fit(DENMARK).plot().lines
    assert av.Ardl((1, 1)).fit(DENMARK["LRM"], {"LRY": DENMARK["LRY"]}).plot().lines
    with pytest.raises(av.InputError, match="name a response and a shock"):
        fit.impulse(4).plot(ax)
    plt.close("all")


def test_bad_input_is_refused_by_name():
    broken = {**DENMARK, "LRY": [*DENMARK["LRY"][:9], None, *DENMARK["LRY"][10:]]}
    for call in (av.johansen, av.engle_granger, av.ardl_bounds, av.Var(1).fit, av.Vecm(1).fit):
        with pytest.raises(av.InputError, match="`LRY` is missing in 1 rows, first in row 9"):
            call(broken)
        with pytest.raises(av.InputError, match="constant"):
            call({**DENMARK, "IBO": [4.0] * 55})
        with pytest.raises(av.InputError, match="at least"):
            call({name: values[:6] for name, values in DENMARK.items()})
    with pytest.raises(av.InputError, match="deterministic"):
        av.johansen(DENMARK, deterministic="ctt")
    with pytest.raises(av.InputError, match="form"):
        av.johansen(DENMARK, form="short")
    with pytest.raises(av.InputError, match="rank"):
        av.Vecm(4).fit(DENMARK)
    with pytest.raises(av.InputError, match="lags"):
        av.Var("hqic")
    with pytest.raises(av.InputError, match="terms"):
        av.Var(1, terms="drift")
    with pytest.raises(av.InputError, match="lags"):
        av.Ardl((2,))
    with pytest.raises(av.InputError, match="lags"):
        av.Ardl("hq").fit(DENMARK["LRM"], {"LRY": DENMARK["LRY"]})
    with pytest.raises(av.InputError, match="no column `LRX`"):
        av.johansen(DENMARK, columns=["LRM", "LRX"])
    fit = av.Var(1).fit(DENMARK)
    with pytest.raises(av.InputError, match="no column"):
        fit.granger("GDP")
    with pytest.raises(av.InputError, match="bands"):
        fit.impulse(3, bands="exact")
    with pytest.raises(av.InputError, match="test"):
        fit.residual_test("ljung")
