from __future__ import annotations

from dataclasses import dataclass, field

from bitgoeul.kit.facts import Event, personal


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
    """There is a grant now: its amount in the unit of the call's budget (credits: milli-credits), its parts.

    Credits follow in the ledger under ``reference``.  ``double_funding`` names the other supports that
    were seen before the decision, ``despite`` is why both are right.
    """

    call: str
    application: str
    automatic: bool
    amount: int
    unit: str
    starts_at: str
    ends_at: str
    reference: str
    parts: list[dict[str, object]]
    reason: dict[str, str] = personal()
    double_funding: list[str] = field(default_factory=list)
    despite: dict[str, str] = personal(default_factory=dict)


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


@dataclass(frozen=True)
class ApplicationAdmitted(Event):
    """The panel of the call looks at it now."""

    call: str
    application: str


@dataclass(frozen=True)
class ApplicationReturned(Event):
    """The applicant completes it until ``due_at``."""

    call: str
    application: str
    due_at: str
    asks: dict[str, str] = personal()


@dataclass(frozen=True)
class ApplicationOffered(Event):
    """So much is reserved until the winner answers; ``was`` is "reserve" for the next in order."""

    call: str
    application: str
    amount: int
    unit: str
    ends_at: str
    was: str
    reason: dict[str, str] = personal()
    double_funding: list[str] = field(default_factory=list)
    despite: dict[str, str] = personal(default_factory=dict)


@dataclass(frozen=True)
class ApplicationReserved(Event):
    call: str
    application: str
    order: int
    double_funding: list[str] = field(default_factory=list)
    despite: dict[str, str] = personal(default_factory=dict)


@dataclass(frozen=True)
class OfferDeclined(Event):
    """What was reserved is given back; ``words`` is why, if the winner said so."""

    call: str
    application: str
    amount: int
    words: str = personal()


@dataclass(frozen=True)
class OfferLapsed(Event):
    call: str
    application: str
    amount: int
