"""Models of one series.

A specification is cheap and prints as a sentence; ``fit`` takes a series and returns an immutable fit, whose
``forecast`` simulates the future as joint paths.
"""

from averted.timeseries.structural import Structural, StructuralFit

__all__ = ["Structural", "StructuralFit"]
