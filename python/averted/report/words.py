"""What the brief says in words, apart from the claim: what the numbers cannot carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from averted._plot import money, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from averted.report.contents import Contents

#: What each level of the claim ladder allows.
LEVELS = {
    "L0": "described: what was counted, no comparison",
    "L1": "associated: the two move together, nothing else held fixed",
    "L2": "adjusted association: units and periods held fixed, no design that would make it an effect",
    "L3": "quasi-experimental: a named design whose checks passed",
    "L4": "randomised",
}


def limits(page: Contents) -> Iterator[str]:
    """Yield what the page cannot say, most important first."""
    leads, averted, spend = page.leads, page.averted, page.response.spend
    yield (
        f"That the money caused it. Nobody drew lots over who got {spend}: money goes where violence is or is feared, "
        "and the comparison within units and periods does not undo that."
    )
    tests = f"(lead test p = {number(leads.p_value, 3)}; deaths before money p = {number(leads.reverse_p_value, 3)})"
    if leads.p_value < 0.05:
        yield f"That it runs from money to deaths: spending of later years “explains” deaths already counted {tests}."
    elif leads.reverse_p_value < 0.05:
        yield f"That money does not follow deaths: it does, though the lead test does not reject {tests}."
    else:
        yield (
            f"That money does not follow deaths: neither test shows that it does {tests}, but on a panel of this size "
            "that is weak evidence."
        )
    yield (
        f"Anything about effects smaller than {number(averted.mde, 1)} deaths per {money(averted.per)} in either "
        "direction: this design would miss them more often than one time in five. No association found is not proof of "
        "no effect."
    )
    yield (
        f"What other money did. Only {page.money} is in the panel; what governments spent themselves, and aid by other "
        "routes, is not."
    )
    if page.forecast is not None:
        yield (
            "That the scenarios are promises. They take the fitted association, with all its uncertainty, as if it "
            "were the response to money, and carry past trends forward; a turn in the trend is outside them."
        )
    yield "Anything about persons, places within a unit, or kinds of deaths that the counts do not tell apart."
