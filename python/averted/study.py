"""The referee and the answer sheet: what is wrong with the data, and what may be said.

:func:`audit` looks for the traps of the field, each with a stable code, a severity, a measured number, what was done by
default, and how to accept it with a reason. :class:`Claim` is the one sentence that a result permits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from averted import _core
from averted._frames import Kind, panel_in
from averted._result import Result, Table

if TYPE_CHECKING:
    from averted.spending import Response, SpendingResponse


@dataclass(frozen=True)
class Finding:
    """One finding of the audit."""

    #: The stable code.
    code: str
    #: The pitfall.
    title: str
    #: ``"note"``, ``"warn"`` or ``"refuse"``.
    severity: str
    #: What was measured: name to number; :attr:`numbers` has the units.
    measured: tuple[tuple[str, float, str], ...]
    #: The numbers in one line.
    numbers: str
    #: What was seen.
    evidence: str
    #: What was done about it by default.
    action: str
    #: What can be done.
    remedy: str
    #: The reason for which it is accepted.
    accepted: str | None = None

    @property
    def value(self) -> float:
        """The main number."""
        return self.measured[0][1]

    def __str__(self) -> str:
        accepted = f" Accepted: {self.accepted}" if self.accepted else ""
        return f"{self.code} {self.severity}: {self.title} ({self.numbers}). {self.evidence}{accepted}"


class Audit(Result):
    """All findings of one audit, gravest first."""

    def __init__(self, core: _core.Audit, *, kind: Kind) -> None:
        self._core = core
        self._kind = kind

    @property
    def findings(self) -> list[Finding]:
        """The findings, gravest first."""
        found = []
        for code, title, severity, measured, numbers, evidence, action, remedy, accepted in self._core.findings:
            words = (numbers, evidence, action, remedy)
            found.append(Finding(code, title, severity, tuple(measured), *words, accepted))
        return found

    @property
    def refused(self) -> list[str]:
        """Codes that forbid the number and are not accepted."""
        return self._core.refused

    @property
    def clear(self) -> list[str]:
        """Codes that were looked for and not found."""
        return self._core.clear

    @property
    def skipped(self) -> dict[str, str]:
        """Codes that could not be looked for, and why."""
        return dict(self._core.skipped)

    def __getitem__(self, code: str) -> Finding:
        for finding in self.findings:
            if finding.code == code:
                return finding
        raise KeyError(code)

    def __contains__(self, code: object) -> bool:
        return any(finding.code == code for finding in self.findings)

    def __len__(self) -> int:
        return len(self._core.findings)

    def summary(self) -> Table:
        """Return the table of findings; the words stand under it."""
        return Table(self._core.table)

    def _tidy(self) -> Mapping[str, Sequence[Any]]:
        columns = ("code", "severity", "title", "numbers", "evidence", "action", "remedy", "accepted")
        return {name: [getattr(finding, name) for finding in self.findings] for name in columns}

    def _glance(self) -> dict[str, Any]:
        severities = [finding.severity for finding in self.findings]
        counts = {name: severities.count(name) for name in ("refuse", "warn", "note")}
        return {**counts, "refused": ", ".join(self.refused)}


def audit(
    panel: Any,
    accept: Mapping[str, str] | None = None,
    *,
    spend: str | None = None,
    formula: str | None = None,
    response: SpendingResponse | None = None,
) -> Audit:
    """Look for the traps of the field in a panel.

    Parameters
    ----------
    panel
        A :class:`averted.Panel`.
    accept
        Code of a finding to the reason for which it is accepted; every report prints the reason.
    spend
        The column of spending, where the panel knows of no money, or of several.
    formula
        Look at the logarithms of this formula too (AV17).
    response
        The response that the lead test is about (AV03); lags 0 to 3 with unit and time effects unless given.

    Raises
    ------
    InputError
        For a code that there is not, and a reason that is empty.
    """
    core, kind = panel_in(panel)
    inner = None if response is None else response._inner
    made = _core.audit(core, accept=list((accept or {}).items()), spend=spend, formula=formula, response=inner)
    return Audit(made, kind=kind)


class Claim(str):
    """The sentence that may be published; a string that knows its level."""

    #: ``"L0"`` (described) to ``"L4"`` (randomised).
    level: str
    #: The level in words.
    level_name: str
    #: The language of the sentence.
    lang: str
    #: Why it stands no higher.
    limits: tuple[str, ...]

    def __new__(cls, sentence: str, level: str, level_name: str, lang: str, limits: Sequence[str]) -> Claim:
        """Make the sentence with its level."""
        made = super().__new__(cls, sentence)
        made.level, made.level_name, made.lang, made.limits = level, level_name, lang, tuple(limits)
        return made

    @property
    def sentence(self) -> str:
        """The sentence as a plain string."""
        return str.__str__(self)

    def __repr__(self) -> str:
        return f"[{self.level}: {self.level_name}] {self.sentence}"

    def __getnewargs__(self) -> tuple[Any, ...]:
        return self.sentence, self.level, self.level_name, self.lang, self.limits


def claim(
    response: Response,
    lang: str = "en",
    *,
    per: float = 1_000_000,
    leads: int = 2,
    design: str | None = None,
    checks: Mapping[str, bool] | None = None,
    randomised: bool = False,
) -> Claim:
    """The sentence that a response permits; see :meth:`averted.spending.Response.claim`."""
    core = response._core
    averted = core.averted(float(per), "money", 0.95)
    test = core.lead_test(leads) if leads else None
    named = None
    if design is not None or randomised:
        named = (design or "randomised", [(str(k), bool(v)) for k, v in (checks or {}).items()], randomised)
    level, name, sentence, limits = _core.claim(core, averted, test, named, lang)
    return Claim(sentence, level, name, lang, limits)


def codes() -> dict[str, str]:
    """Every code of the audit and its title."""
    return dict(_core.audit_codes())


__all__ = ["Audit", "Claim", "Finding", "audit", "claim", "codes"]
