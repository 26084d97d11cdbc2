"""The pictures of the brief, as SVG."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from averted import _plot
from averted.report.masking import drawn

if TYPE_CHECKING:
    from averted.forecast import Forecast
    from averted.spending import Response, WithoutSpending

#: Inches: what fits between the margins of an A4 page.
WIDTH = 7.3


def effect(response: Response) -> str:
    """The response lag by lag with its placebos."""
    with _plot.style():
        figure, ax = _plot.figure(WIDTH, 2.6)
        response.plot(ax=ax)
        ax.set_title("")
    return _plot.svg(figure, "effect", "Coefficients of spending by lag, with leads as placebos")


def counterfactual(without: WithoutSpending, unit: str, events: str) -> str:
    """Observed deaths and those implied without the money, and the difference."""
    labels, x = without.labels, np.arange(len(without.labels))
    with _plot.style():
        figure, (left, right) = _plot.figure(WIDTH, 2.5, 1, 2)
        _plot.band(left, x, without.lower, without.upper, _plot.VERMILLION)
        dashed = {"color": _plot.VERMILLION, "linestyle": _plot.DASHES[1]}
        left.plot(x, without.without, label="implied without the money", **dashed)
        left.plot(x, drawn(without.observed), color=_plot.INK, marker="o", markersize=2.5, label="observed")
        _plot.label(left, y=f"{events} of {unit}")
        left.legend(loc="best")
        gap = without.without - without.observed
        _plot.band(right, x, without.lower - without.observed, without.upper - without.observed)
        right.plot(x, gap, color=_plot.BLUE)
        _plot.zero_line(right)
        _plot.label(right, y="deaths averted, implied; 95 % band")
        for ax in (left, right):
            _plot.periods(ax, labels, most=6)
            _plot.thousands(ax)
    return _plot.svg(figure, "counterfactual", f"{events} of {unit}, observed and implied without the spending")


def fan(forecast: Forecast) -> str:
    """The scenario fan chart."""
    with _plot.style():
        figure, ax = _plot.figure(WIDTH, 2.8)
        forecast.plot(ax=ax)
        ax.set_title("")
        # The past is what was counted, and a count may be too small to be shown.
        past = ax.lines[0]
        past.set_ydata(drawn(past.get_ydata()))
    return _plot.svg(figure, "fan", "Observed deaths and their forecast under each scenario")
