"""What credits announce.  Amounts are whole milli-credits."""

from dataclasses import dataclass

from bitgoeul.kit.facts import Event


@dataclass(frozen=True)
class CreditsGranted(Event):
    organisation: str
    reference: str
    amount: int
    starts_at: str
    ends_at: str
    source: str


@dataclass(frozen=True)
class CreditsHeld(Event):
    organisation: str
    reference: str
    amount: int
    purpose: str


@dataclass(frozen=True)
class HoldSettled(Event):
    organisation: str
    reference: str
    held: int
    spent: int


@dataclass(frozen=True)
class HoldReleased(Event):
    organisation: str
    reference: str
    amount: int


@dataclass(frozen=True)
class CreditsSpent(Event):
    organisation: str
    reference: str
    amount: int
    purpose: str


@dataclass(frozen=True)
class TransferReversed(Event):
    organisation: str
    reference: str
    reverses: str
    reason: str


@dataclass(frozen=True)
class CreditsExpired(Event):
    organisation: str
    reference: str
    amount: int


@dataclass(frozen=True)
class CreditsRunningLow(Event):
    """At least 80 % of what was usable is spent or held."""

    organisation: str
    granted: int
    left: int


@dataclass(frozen=True)
class CreditsExhausted(Event):
    """Nothing usable is left."""

    organisation: str
    granted: int
