"""What capacity announces.  ``purpose`` stands in the public record: it names things, never people."""

from dataclasses import dataclass
from typing import Any

from bitgoeul.kit.facts import Event, personal


@dataclass(frozen=True)
class PoolOpened(Event):
    pool: str
    kind: str
    capacity: int
    units: list[str]
    order: str
    starts_at: str
    ends_at: str


@dataclass(frozen=True)
class PoolPaused(Event):
    pool: str
    reason: str


@dataclass(frozen=True)
class PoolResumed(Event):
    pool: str


@dataclass(frozen=True)
class PoolClosed(Event):
    """Nothing more is given out, and nobody waits any more."""

    pool: str
    reason: str
    sent_away: int


@dataclass(frozen=True)
class CapacityChanged(Event):
    pool: str
    before: int
    after: int
    reason: str


@dataclass(frozen=True)
class UnitsAdded(Event):
    pool: str
    units: list[str]


@dataclass(frozen=True)
class UnitTakenOut(Event):
    """A numbered thing is out of service."""

    pool: str
    unit: str
    reason: str


@dataclass(frozen=True)
class UnitBroughtBack(Event):
    pool: str
    unit: str


@dataclass(frozen=True)
class CapacityClaimed(Event):
    pool: str
    key: str
    quantity: int
    units: list[str]
    purpose: str
    until: str
    holder: str = personal()


@dataclass(frozen=True)
class SeveralClaimed(Event):
    """Parts of several pools, all or nothing, under one key."""

    key: str
    parts: list[dict[str, Any]]
    purpose: str
    until: str
    holder: str = personal()


@dataclass(frozen=True)
class CapacityHeld(Event):
    pool: str
    key: str
    quantity: int
    units: list[str]
    purpose: str
    expires_at: str
    holder: str = personal()


@dataclass(frozen=True)
class HoldConfirmed(Event):
    pool: str
    key: str
    quantity: int


@dataclass(frozen=True)
class ClaimReleased(Event):
    """All of a claim or a part of it was given back; ``left`` is what it keeps."""

    pool: str
    key: str
    quantity: int
    left: int


@dataclass(frozen=True)
class SeveralReleased(Event):
    key: str
    parts: list[dict[str, Any]]


@dataclass(frozen=True)
class ClaimExpired(Event):
    """A hold that nobody confirmed, or a claim whose time is over, went back."""

    pool: str
    key: str
    quantity: int
    was: str


@dataclass(frozen=True)
class WaitingJoined(Event):
    pool: str
    key: str
    quantity: int
    rank: int
    holder: str = personal()


@dataclass(frozen=True)
class WaitingLeft(Event):
    pool: str
    key: str


@dataclass(frozen=True)
class PlaceOffered(Event):
    """The next in the line may confirm the hold ``claim`` until it expires."""

    pool: str
    key: str
    claim: str
    quantity: int
    expires_at: str
    holder: str = personal()


@dataclass(frozen=True)
class ClaimProlonged(Event):
    """The claims of a key last until another moment."""

    key: str
    pools: list[str]
    until: str
