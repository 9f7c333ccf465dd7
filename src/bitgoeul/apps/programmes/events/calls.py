from __future__ import annotations

from dataclasses import dataclass, field

from bitgoeul.kit.facts import Event


@dataclass(frozen=True)
class ProgrammeSaved(Event):
    programme: str
    title: dict[str, str]
    example: bool


@dataclass(frozen=True)
class CallSaved(Event):
    """A draft was written or changed; amounts are in its unit (credits: milli-credits)."""

    call: str
    programme: str
    kind: str
    budget_unit: str
    budget: int
    share_most: int
    gives_days: int
    rules_version: int
    rules_fingerprint: str
    procedure_fingerprint: str
    blueprint: str
    decisions: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class CallOpened(Event):
    """From now on everybody is measured by the rules and the procedure with these fingerprints.

    ``decisions`` names the decisions of committees that the call carries out.
    """

    call: str
    opens_at: str
    closes_at: str
    budget: int
    budget_unit: str
    rules_version: int
    rules_fingerprint: str
    procedure: dict[str, object]
    procedure_fingerprint: str
    decisions: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class CallClosed(Event):
    call: str
    granted: int
    budget: int
