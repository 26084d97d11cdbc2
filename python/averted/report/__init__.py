"""The brief: one self-contained page, from the panel to the sentence that may be published."""

from __future__ import annotations

from averted.report.brief import Brief, brief

__all__ = ["Brief", "brief"]
