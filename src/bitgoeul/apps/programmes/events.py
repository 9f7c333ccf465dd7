from __future__ import annotations

from dataclasses import dataclass

from bitgoeul.kit.facts import Event, personal


@dataclass(frozen=True)
class ProgrammeSaved(Event):
    programme: str
    title: dict[str, str]
    example: bool


@dataclass(frozen=True)
class CallSaved(Event):
    """A draft was written or changed; amounts are milli-credits."""

    call: str
    programme: str
    budget: int
    gives_credits: int
    gives_days: int
    rules_version: int
    rules_fingerprint: str


@dataclass(frozen=True)
class CallOpened(Event):
    """From now on everybody is measured by the rules with this fingerprint."""

    call: str
    opens_at: str
    closes_at: str
    budget: int
    rules_version: int
    rules_fingerprint: str


@dataclass(frozen=True)
class CallClosed(Event):
    call: str
    granted: int
    budget: int


@dataclass(frozen=True)
class ApplicationStarted(Event):
    call: str
    application: str


@dataclass(frozen=True)
class AnswersSaved(Event):
    call: str
    application: str
    answers: dict[str, object] = personal()


@dataclass(frozen=True)
class ApplicationSubmitted(Event):
    """Handed in.  ``outcomes`` maps each clause to pass, fail or unknown."""

    call: str
    application: str
    verdict: str
    outcomes: dict[str, str]
    rules_version: int
    rules_fingerprint: str
    answers: dict[str, object] = personal()


@dataclass(frozen=True)
class ApplicationReferred(Event):
    """Some clause is unknown: a person decides."""

    call: str
    application: str
    unknown: list[str]


@dataclass(frozen=True)
class ApplicationAccepted(Event):
    """The grant follows in the ledger under ``reference``; the amount is in milli-credits."""

    call: str
    application: str
    automatic: bool
    amount: int
    starts_at: str
    ends_at: str
    reference: str
    reason: dict[str, str] = personal()


@dataclass(frozen=True)
class ApplicationRejected(Event):
    call: str
    application: str
    automatic: bool
    clauses: list[str]
    reason: dict[str, str] = personal()


@dataclass(frozen=True)
class ApplicationWithdrawn(Event):
    call: str
    application: str
    was: str
