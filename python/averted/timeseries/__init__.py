"""Models of one series, and of several together.

A specification is cheap and prints as a sentence; ``fit`` takes a series and returns an immutable fit, whose
``forecast`` simulates the future as joint paths.
"""

from averted.timeseries.ardl import Ardl, ArdlFit, BoundsTest
from averted.timeseries.arima import Arima, ArimaFit, AutoArima
from averted.timeseries.breaks import (
    BaiPerron,
    BreaksFit,
    PanelBreaks,
    PeltFit,
    StructuralChangeTest,
    breaks,
    panel_breaks,
    pelt,
    structural_change_test,
)
from averted.timeseries.cointegration import JohansenTest, ardl_bounds, engle_granger, johansen
from averted.timeseries.correlogram import Correlogram, correlogram
from averted.timeseries.counts import CountFit, Glarma, Ingarch
from averted.timeseries.decompose import Decomposition, decompose, mstl, stl
from averted.timeseries.ets import AutoEts, AutoEtsFit, Ets, EtsFit
from averted.timeseries.intermittent import Intermittent, IntermittentFit
from averted.timeseries.joinpoint import Joinpoint, joinpoint
from averted.timeseries.joinpoint_fit import AverageChange, Comparability, JoinpointFit, JoinpointFits
from averted.timeseries.naive import Naive, NaiveFit
from averted.timeseries.responses import ImpulseResponses, SystemForecast, SystemTest, VarianceShares
from averted.timeseries.roots import (
    UnitRootTest,
    UnitRootTests,
    adf,
    df_gls,
    differences,
    kpss,
    ocsb,
    phillips_perron,
    unit_root,
    variance_ratio,
    zivot_andrews,
)
from averted.timeseries.smooth_trend import SmoothTrend, smooth_trend
from averted.timeseries.smooth_trend_fit import SmoothTrendFit, SmoothTrendFits
from averted.timeseries.structural import CountStructuralFit, Structural, StructuralFit
from averted.timeseries.theta import Theta, ThetaFit
from averted.timeseries.var import LagChoice, Var, VarFit
from averted.timeseries.vecm import Vecm, VecmFit

__all__ = [
    "Ardl",
    "ArdlFit",
    "Arima",
    "ArimaFit",
    "AutoArima",
    "AutoEts",
    "AutoEtsFit",
    "AverageChange",
    "BaiPerron",
    "BoundsTest",
    "BreaksFit",
    "Comparability",
    "Correlogram",
    "CountFit",
    "CountStructuralFit",
    "Decomposition",
    "Ets",
    "EtsFit",
    "Glarma",
    "ImpulseResponses",
    "Ingarch",
    "Intermittent",
    "IntermittentFit",
    "JohansenTest",
    "Joinpoint",
    "JoinpointFit",
    "JoinpointFits",
    "LagChoice",
    "Naive",
    "NaiveFit",
    "PanelBreaks",
    "PeltFit",
    "SmoothTrend",
    "SmoothTrendFit",
    "SmoothTrendFits",
    "Structural",
    "StructuralChangeTest",
    "StructuralFit",
    "SystemForecast",
    "SystemTest",
    "Theta",
    "ThetaFit",
    "UnitRootTest",
    "UnitRootTests",
    "Var",
    "VarFit",
    "VarianceShares",
    "Vecm",
    "VecmFit",
    "adf",
    "ardl_bounds",
    "breaks",
    "correlogram",
    "decompose",
    "df_gls",
    "differences",
    "engle_granger",
    "johansen",
    "joinpoint",
    "kpss",
    "mstl",
    "ocsb",
    "panel_breaks",
    "pelt",
    "phillips_perron",
    "smooth_trend",
    "stl",
    "structural_change_test",
    "unit_root",
    "variance_ratio",
    "zivot_andrews",
]
