"""What did counter-drug money buy in lives, what comes next, and what would the next dollar do?

A spending series and a death series in; out comes how many deaths, at what cost, compared with what, what comes next,
and how sure, with a referee's checks already run.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from averted._core import __version__
from averted._errors import AvertedError, AvertedWarning, ConvergenceError, InputError, RefusedError

if TYPE_CHECKING:
    from averted import datasets as datasets
    from averted._formula import Design as Design
    from averted._read import read as read
    from averted.forecast import Combination as Combination
    from averted.forecast import Conformal as Conformal
    from averted.forecast import Forecast as Forecast
    from averted.forecast import backtest as backtest
    from averted.forecast import combine as combine
    from averted.forecast import cross_validation as cross_validation
    from averted.forecast import diebold_mariano as diebold_mariano
    from averted.forecast import evaluate as evaluate
    from averted.forecast import reconcile as reconcile
    from averted.forecast import score as score
    from averted.forecast.either import forecast as forecast
    from averted.money import Money as Money
    from averted.panel import Events as Events
    from averted.panel import Panel as Panel
    from averted.regression import Ar1 as Ar1
    from averted.regression import BeckKatz as BeckKatz
    from averted.regression import Between as Between
    from averted.regression import Cluster as Cluster
    from averted.regression import Conley as Conley
    from averted.regression import DistributedLag as DistributedLag
    from averted.regression import DriscollKraay as DriscollKraay
    from averted.regression import FamaMacBeth as FamaMacBeth
    from averted.regression import FirstDifferences as FirstDifferences
    from averted.regression import Hurdle as Hurdle
    from averted.regression import Iv as Iv
    from averted.regression import IvPoisson as IvPoisson
    from averted.regression import LocalProjection as LocalProjection
    from averted.regression import Logit as Logit
    from averted.regression import NegativeBinomial as NegativeBinomial
    from averted.regression import NeweyWest as NeweyWest
    from averted.regression import NoisyMeasures as NoisyMeasures
    from averted.regression import Ols as Ols
    from averted.regression import Poisson as Poisson
    from averted.regression import RandomEffects as RandomEffects
    from averted.regression import ZeroInflated as ZeroInflated
    from averted.regression import adjust as adjust
    from averted.regression import compare as compare
    from averted.regression import romano_wolf as romano_wolf
    from averted.spending import Averted as Averted
    from averted.spending import LeadTest as LeadTest
    from averted.spending import Response as Response
    from averted.spending import SpendingResponse as SpendingResponse
    from averted.spending import respond as respond
    from averted.study import Audit as Audit
    from averted.study import Claim as Claim
    from averted.study import Finding as Finding
    from averted.study import audit as audit
    from averted.surveillance import StandardisedRate as StandardisedRate
    from averted.surveillance import rate_interval as rate_interval
    from averted.surveillance import rate_ratio as rate_ratio
    from averted.surveillance import standardised_rate as standardised_rate
    from averted.timeseries import Ardl as Ardl
    from averted.timeseries import Arima as Arima
    from averted.timeseries import AutoArima as AutoArima
    from averted.timeseries import AutoEts as AutoEts
    from averted.timeseries import Ets as Ets
    from averted.timeseries import Glarma as Glarma
    from averted.timeseries import Ingarch as Ingarch
    from averted.timeseries import Structural as Structural
    from averted.timeseries import UnitRootTest as UnitRootTest
    from averted.timeseries import Var as Var
    from averted.timeseries import Vecm as Vecm
    from averted.timeseries import ardl_bounds as ardl_bounds
    from averted.timeseries import engle_granger as engle_granger
    from averted.timeseries import johansen as johansen
    from averted.timeseries import unit_root as unit_root
    from averted.timeseries.breaks import BaiPerron as BaiPerron
    from averted.timeseries.breaks import breaks as breaks
    from averted.timeseries.breaks import pelt as pelt
    from averted.timeseries.breaks import structural_change_test as structural_change_test
    from averted.timeseries.correlogram import Correlogram as Correlogram
    from averted.timeseries.correlogram import correlogram as correlogram
    from averted.timeseries.decompose import Decomposition as Decomposition
    from averted.timeseries.decompose import decompose as decompose
    from averted.timeseries.decompose import mstl as mstl
    from averted.timeseries.decompose import stl as stl
    from averted.timeseries.intermittent import Intermittent as Intermittent
    from averted.timeseries.joinpoint import Joinpoint as Joinpoint
    from averted.timeseries.joinpoint import joinpoint as joinpoint
    from averted.timeseries.naive import Naive as Naive
    from averted.timeseries.smooth_trend import SmoothTrend as SmoothTrend
    from averted.timeseries.smooth_trend import smooth_trend as smooth_trend
    from averted.timeseries.theta import Theta as Theta

#: Public name -> the module that holds it. Loaded on first use, so that `import averted` stays quick.
_WHERE = {
    "Ar1": "averted.regression",
    "Audit": "averted.study",
    "AutoEts": "averted.timeseries",
    "Averted": "averted.spending",
    "BaiPerron": "averted.timeseries.breaks",
    "BeckKatz": "averted.regression",
    "Between": "averted.regression",
    "Claim": "averted.study",
    "Cluster": "averted.regression",
    "Combination": "averted.forecast",
    "Conformal": "averted.forecast",
    "Conley": "averted.regression",
    "Design": "averted._formula",
    "DistributedLag": "averted.regression",
    "DriscollKraay": "averted.regression",
    "Ets": "averted.timeseries",
    "Events": "averted.panel",
    "FamaMacBeth": "averted.regression",
    "Finding": "averted.study",
    "FirstDifferences": "averted.regression",
    "Forecast": "averted.forecast",
    "Glarma": "averted.timeseries",
    "Hurdle": "averted.regression",
    "Ingarch": "averted.timeseries",
    "Iv": "averted.regression",
    "IvPoisson": "averted.regression",
    "Joinpoint": "averted.timeseries.joinpoint",
    "SmoothTrend": "averted.timeseries.smooth_trend",
    "LeadTest": "averted.spending",
    "LocalProjection": "averted.regression",
    "Logit": "averted.regression",
    "Money": "averted.money",
    "NegativeBinomial": "averted.regression",
    "NeweyWest": "averted.regression",
    "NoisyMeasures": "averted.regression",
    "Ols": "averted.regression",
    "Panel": "averted.panel",
    "Poisson": "averted.regression",
    "RandomEffects": "averted.regression",
    "Response": "averted.spending",
    "SpendingResponse": "averted.spending",
    "StandardisedRate": "averted.surveillance",
    "Ardl": "averted.timeseries",
    "Arima": "averted.timeseries",
    "AutoArima": "averted.timeseries",
    "Structural": "averted.timeseries",
    "UnitRootTest": "averted.timeseries",
    "Var": "averted.timeseries",
    "Vecm": "averted.timeseries",
    "ZeroInflated": "averted.regression",
    "adjust": "averted.regression",
    "ardl_bounds": "averted.timeseries",
    "audit": "averted.study",
    "backtest": "averted.forecast",
    "combine": "averted.forecast",
    "cross_validation": "averted.forecast",
    "forecast": "averted.forecast",
    "reconcile": "averted.forecast",
    "breaks": "averted.timeseries.breaks",
    "compare": "averted.regression",
    "datasets": "averted.datasets",
    "johansen": "averted.timeseries",
    "joinpoint": "averted.timeseries.joinpoint",
    "smooth_trend": "averted.timeseries.smooth_trend",
    "pelt": "averted.timeseries.breaks",
    "diebold_mariano": "averted.forecast",
    "engle_granger": "averted.timeseries",
    "evaluate": "averted.forecast",
    "rate_interval": "averted.surveillance",
    "rate_ratio": "averted.surveillance",
    "read": "averted._read",
    "respond": "averted.spending",
    "romano_wolf": "averted.regression",
    "score": "averted.forecast",
    "standardised_rate": "averted.surveillance",
    "structural_change_test": "averted.timeseries.breaks",
    "Correlogram": "averted.timeseries.correlogram",
    "correlogram": "averted.timeseries.correlogram",
    "Decomposition": "averted.timeseries.decompose",
    "decompose": "averted.timeseries.decompose",
    "mstl": "averted.timeseries.decompose",
    "stl": "averted.timeseries.decompose",
    "Intermittent": "averted.timeseries.intermittent",
    "Naive": "averted.timeseries.naive",
    "Theta": "averted.timeseries.theta",
    "unit_root": "averted.timeseries",
}

__all__ = [
    "AvertedError",
    "AvertedWarning",
    "ConvergenceError",
    "InputError",
    "RefusedError",
    "__version__",
    *_WHERE,
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'averted' has no attribute {name!r}")
    module = importlib.import_module(_WHERE[name])
    value = module if module.__name__ == f"averted.{name}" else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
