"""Models of one series.

A specification is cheap and prints as a sentence; ``fit`` takes a series and returns an immutable fit, whose
``forecast`` simulates the future as joint paths.
"""

from averted.timeseries.counts import CountFit, Glarma, Ingarch
from averted.timeseries.structural import Structural, StructuralFit

__all__ = ["CountFit", "Glarma", "Ingarch", "Structural", "StructuralFit"]
