"""What does a dollar buy? The response of deaths to spending, the deaths that a sum averted, and at what cost.

``deaths = people · exp(Σ b · spending + controls + effects)``: real dollars a head of this and earlier periods, and
effects of units and periods. Beside every estimate stands the smallest effect that the design could have detected.
"""

from __future__ import annotations

from averted.spending.averted import Averted
from averted.spending.by_path import CostByPath
from averted.spending.estimate import Estimate
from averted.spending.leads import LeadTest
from averted.spending.response import Response, SpendingResponse, respond
from averted.spending.without import WithoutSpending

__all__ = [
    "Averted",
    "CostByPath",
    "Estimate",
    "LeadTest",
    "Response",
    "SpendingResponse",
    "WithoutSpending",
    "respond",
]
