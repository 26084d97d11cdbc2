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
from averted.timeseries.joinpoint import (
    AverageChange,
    Comparability,
    Joinpoint,
    JoinpointFit,
    JoinpointFits,
    joinpoint,
)
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
from averted.timeseries.structural import Structural, StructuralFit

__all__ = [
    "Arima",
    "ArimaFit",
    "AutoArima",
    "AverageChange",
    "BaiPerron",
    "BreaksFit",
    "Comparability",
    "CountFit",
    "Glarma",
    "Ingarch",
    "Joinpoint",
    "JoinpointFit",
    "JoinpointFits",
    "PanelBreaks",
    "PeltFit",
    "Structural",
    "StructuralChangeTest",
    "StructuralFit",
    "UnitRootTest",
    "UnitRootTests",
    "adf",
    "breaks",
    "df_gls",
    "differences",
    "joinpoint",
    "kpss",
    "ocsb",
    "panel_breaks",
    "pelt",
    "phillips_perron",
    "structural_change_test",
    "unit_root",
    "variance_ratio",
    "zivot_andrews",
]
