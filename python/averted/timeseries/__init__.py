"""Models of one series.

A specification is cheap and prints as a sentence; ``fit`` takes a series and returns an immutable fit, whose
``forecast`` simulates the future as joint paths.
"""

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
from averted.timeseries.counts import CountFit, Glarma, Ingarch
from averted.timeseries.decompose import Decomposition, decompose, mstl, stl
from averted.timeseries.ets import AutoEts, AutoEtsFit, Ets, EtsFit
from averted.timeseries.intermittent import Intermittent, IntermittentFit
from averted.timeseries.joinpoint import Joinpoint, joinpoint
from averted.timeseries.joinpoint_fit import AverageChange, Comparability, JoinpointFit, JoinpointFits
from averted.timeseries.naive import Naive, NaiveFit
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

__all__ = [
    "Arima",
    "ArimaFit",
    "AutoArima",
    "AutoEts",
    "AutoEtsFit",
    "AverageChange",
    "BaiPerron",
    "BreaksFit",
    "Comparability",
    "CountFit",
    "CountStructuralFit",
    "Decomposition",
    "Ets",
    "EtsFit",
    "Glarma",
    "Ingarch",
    "Intermittent",
    "IntermittentFit",
    "Joinpoint",
    "JoinpointFit",
    "JoinpointFits",
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
    "Theta",
    "ThetaFit",
    "UnitRootTest",
    "UnitRootTests",
    "adf",
    "breaks",
    "decompose",
    "df_gls",
    "differences",
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
