"""Regressions of counts and rates on covariates, with any number of absorbed effects.

A specification (:class:`Ols`, :class:`Poisson`) is cheap and prints as a sentence; ``fit`` takes a formula and data and
returns an immutable fit. The covariance is a second step: :meth:`RegressionFit.with_covariance` refits nothing.
"""

from __future__ import annotations

from averted.regression.clusters import ClusterDiagnostics
from averted.regression.comparison import compare
from averted.regression.covariance import Cluster
from averted.regression.curve import Curve
from averted.regression.diagnostics import Diagnostics, SpecificationTest
from averted.regression.distributed_lag import DistributedLag, DistributedLagFit
from averted.regression.fit import CountFit, OlsFit, PoissonFit, RegressionFit
from averted.regression.instruments import Iv, IvFit, IvPoisson, IvPoissonFit
from averted.regression.local_projection import LocalProjection, LocalProjectionFit
from averted.regression.logit import Logit, LogitFit
from averted.regression.margins import AvertedByPath, Margins
from averted.regression.multiple import RomanoWolf, adjust, romano_wolf
from averted.regression.negative_binomial import Dispersion, NegativeBinomial, NegativeBinomialFit
from averted.regression.noisy_measures import NoisyMeasures, NoisyMeasuresFit
from averted.regression.panel_estimators import (
    Ar1,
    Between,
    FamaMacBeth,
    FamaMacBethFit,
    FirstDifferences,
    RandomEffects,
    TransformedFit,
)
from averted.regression.related import BeckKatz, Conley, DriscollKraay, NeweyWest, Reach
from averted.regression.resampling import BootstrapTest, RandomizationTest
from averted.regression.specification import Ols, Poisson
from averted.regression.wald import Wald
from averted.regression.zeros import CountDispersion, Hurdle, TwoPartFit, ZeroInflated

__all__ = [
    "Ar1",
    "AvertedByPath",
    "BeckKatz",
    "Between",
    "BootstrapTest",
    "Cluster",
    "ClusterDiagnostics",
    "Conley",
    "CountDispersion",
    "CountFit",
    "Curve",
    "Diagnostics",
    "Dispersion",
    "DistributedLag",
    "DistributedLagFit",
    "DriscollKraay",
    "FamaMacBeth",
    "FamaMacBethFit",
    "FirstDifferences",
    "Hurdle",
    "Iv",
    "IvFit",
    "IvPoisson",
    "IvPoissonFit",
    "LocalProjection",
    "LocalProjectionFit",
    "Logit",
    "LogitFit",
    "Margins",
    "NegativeBinomial",
    "NegativeBinomialFit",
    "NeweyWest",
    "NoisyMeasures",
    "NoisyMeasuresFit",
    "Ols",
    "OlsFit",
    "Poisson",
    "PoissonFit",
    "RandomEffects",
    "RandomizationTest",
    "Reach",
    "RegressionFit",
    "RomanoWolf",
    "SpecificationTest",
    "TransformedFit",
    "TwoPartFit",
    "Wald",
    "ZeroInflated",
    "adjust",
    "compare",
    "romano_wolf",
]
