"""From the agreement to the end of a grant.  Dates are ISO 8601."""

from __future__ import annotations

from dataclasses import dataclass

from bitgoeul.kit.facts import Event, personal


@dataclass(frozen=True)
class AgreementOffered(Event):
    """``fingerprint`` is the SHA-256 over the text in both languages."""

    grant: str
    fingerprint: str
    expires_at: str


@dataclass(frozen=True)
class AgreementSigned(Event):
    grant: str
    fingerprint: str
    at: str
    signer: str = personal()


@dataclass(frozen=True)
class AgreementExpired(Event):
    """Nobody signed in time: the grant goes back to the budget of its call."""

    grant: str
    amount: int


@dataclass(frozen=True)
class GrantActivated(Event):
    """The parts were handed over.  Who gives something elsewhere, as access to data, does it on this."""

    grant: str
    call: str
    starts_at: str
    ends_at: str
    parts: list[dict[str, object]]


@dataclass(frozen=True)
class PartHandedOver(Event):
    """A part that waited for a full pool is claimed now."""

    grant: str
    number: int
    claim: str


@dataclass(frozen=True)
class PartConfirmed(Event):
    """What another capability gives, as access to the dataset ``about``, was given."""

    grant: str
    number: int
    about: str


@dataclass(frozen=True)
class ConditionSet(Event):
    grant: str
    number: int
    due_at: str
    text: dict[str, str]


@dataclass(frozen=True)
class ConditionClosed(Event):
    grant: str
    number: int
    state: str


@dataclass(frozen=True)
class ChangeAsked(Event):
    grant: str
    number: int
    kind: str
    starts_at: str
    ends_at: str
    amount: int | None
    words: str = personal()


@dataclass(frozen=True)
class ChangeDecided(Event):
    """``addendum`` is its number in the agreement, with its fingerprint; 0 and "" where there is none."""

    grant: str
    number: int
    kind: str
    agreed: bool
    addendum: int
    fingerprint: str
    reason: dict[str, str] = personal()


@dataclass(frozen=True)
class ChangeWithdrawn(Event):
    grant: str
    number: int


@dataclass(frozen=True)
class GrantSuspended(Event):
    grant: str
    reason: dict[str, str] = personal()


@dataclass(frozen=True)
class GrantResumed(Event):
    grant: str


@dataclass(frozen=True)
class GrantEnded(Event):
    """``early``: before its day, by the organisation or by an officer."""

    grant: str
    early: bool
    reason: dict[str, str] = personal()


@dataclass(frozen=True)
class UseRecorded(Event):
    """What a meter said: ``used`` thousandths of a unit for ``seconds`` from ``starts_at`` on."""

    grant: str
    part: int
    starts_at: str
    seconds: int
    used: int


@dataclass(frozen=True)
class IdleNoticed(Event):
    """The mean use lies below the limit of the call; dates say what follows if it stays so."""

    grant: str
    part: int
    percent: int
    below_percent: int
    shrinks_at: str
    returns_at: str


@dataclass(frozen=True)
class ClaimShrunk(Event):
    """To what 95 % of the time needed."""

    grant: str
    part: int
    percent: int
    was: int
    left: int


@dataclass(frozen=True)
class ClaimReturned(Event):
    """All of it went back to the pool and to whoever waits; ``by_rule`` is false for an officer."""

    grant: str
    part: int
    percent: int
    quantity: int
    by_rule: bool


@dataclass(frozen=True)
class ReclaimLifted(Event):
    """It is used again, or an officer agreed with the contest."""

    grant: str
    part: int
    percent: int
    by_rule: bool


@dataclass(frozen=True)
class ReclaimContested(Event):
    """The rule stands still until an officer decides."""

    grant: str
    part: int
    words: str = personal()


@dataclass(frozen=True)
class ContestDecided(Event):
    grant: str
    part: int
    agreed: bool
    reason: dict[str, str] = personal()


@dataclass(frozen=True)
class PartGivenBack(Event):
    """The holder gave a claim back, or a part of it, or its time is over."""

    grant: str
    number: int
    left: int
