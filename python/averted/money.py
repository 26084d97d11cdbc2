"""Money that knows what it is: stage, currency, price base and calendar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from averted import _core
from averted._errors import InputError

Stage = Literal["requested", "appropriated", "obligated", "disbursed", "expended"]
Currency = Literal["USD", "MXN"]


@dataclass(frozen=True, repr=False)
class Money:
    """A column of money: what it is as it came, and what it is to be.

    Amounts are whole units of currency (dollars, not thousands) a period. They are converted at the mean exchange rate
    of their own period, deflated by the mean CPI-U of their own period, and then shared out in equal months to the
    panel's periods.

    Parameters
    ----------
    column
        The column of amounts.
    name
        What formulas call the series; its totals a period are ``<name>_total``.
    currency
        What the amounts came in: ``"USD"`` or ``"MXN"``.
    stage
        How far the money has come: ``"requested"``, ``"appropriated"``, ``"obligated"``, ``"disbursed"`` or
        ``"expended"``.
    fiscal_year_start
        The first month of the years of the amounts, named by the year they end in: 10 for the US federal government, 7
        for most states, 1 for calendar years. None: the panel's own periods.
    prices
        ``"nominal"``, or the year at whose prices the amounts came.
    real
        The calendar year at whose prices they are to be; None leaves the prices as they are.
    to
        The currency they are to be in; None leaves it.
    per
        ``"person"``: a head of the panel's population. None: in total.

    Raises
    ------
    InputError
        For an option that is none of these.

    Examples
    --------
    >>> import averted as av
    >>> av.Money("aid_disbursed_usd", stage="disbursed", fiscal_year_start=10, real=2020)
    aid_disbursed_usd (nominal US dollars, disbursed, fiscal years from October) as spend (2020 US dollars a head)
    """

    column: str
    name: str = "spend"
    currency: Currency = "USD"
    stage: Stage | None = None
    fiscal_year_start: int | None = None
    prices: Literal["nominal"] | int = "nominal"
    real: int | None = None
    to: Currency | None = None
    per: Literal["person"] | None = "person"

    def __post_init__(self) -> None:
        self._in_core()

    def _in_core(self) -> _core.Money:
        words = {"column": self.column, "name": self.name, "currency": self.currency}
        words |= {"stage": self.stage or "", "to": self.to or ""}
        for argument, value in words.items():
            if not isinstance(value, str):
                raise InputError(f"{argument} = {value!r}: must be text")
        if self.per not in ("person", None):
            raise InputError(f'per = {self.per!r}: must be "person", or None for totals')
        prices = None if self.prices == "nominal" else _year("prices", self.prices, ' or "nominal"')
        real = None if self.real is None else _year("real", self.real, " or None")
        months = None if self.fiscal_year_start is None else _year("fiscal_year_start", self.fiscal_year_start, "")
        return _core.Money(
            self.column, self.name, self.currency, self.stage, months, prices, real, self.to, self.per == "person"
        )

    def __repr__(self) -> str:
        return repr(self._in_core())


def _year(argument: str, value: object, other: str) -> int:
    """A whole number that can be a year or a month."""
    try:
        whole = int(value)  # type: ignore[call-overload]
    except (TypeError, ValueError):
        whole = None
    if whole is None or isinstance(value, (bool, str)) or whole != value or abs(whole) > 9999:
        raise InputError(f"{argument} = {value!r}: must be a whole number{other}")
    return int(whole)
