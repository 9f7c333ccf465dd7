"""What credits announce.  Amounts are whole milli-credits, or whole won where the name says so."""

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
class TrancheProlonged(Event):
    """What is left of a tranche stays usable until ``ends_at``."""

    organisation: str
    reference: str
    ends_at: str


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


@dataclass(frozen=True)
class TariffDrafted(Event):
    number: int
    copy_of: int | None
    example: bool


@dataclass(frozen=True)
class TariffEdited(Event):
    number: int
    valid_from: str
    fingerprint: str


@dataclass(frozen=True)
class TariffPublished(Event):
    """Fixed from now on.  The fingerprint is the SHA-256 of its canonical JSON."""

    number: int
    valid_from: str
    fingerprint: str
    example: bool


@dataclass(frozen=True)
class TariffDropped(Event):
    number: int


@dataclass(frozen=True)
class PriceAgreed(Event):
    """A grant keeps this price, whatever lists come later.  Whole won."""

    organisation: str
    reference: str
    tariff: int
    machine: str
    count: int
    months: str
    discount: str
    list_won: int
    paid_won: int
    in_kind_won: int


@dataclass(frozen=True)
class BenefitPosted(Event):
    """What a support was worth, what was paid for it, what was in kind.  Whole won."""

    organisation: str
    reference: str
    programme: str
    item: str
    list_won: int
    paid_won: int
    in_kind_won: int
    legal_basis: dict[str, str]
    starts_on: str
    ends_on: str
    beside: list[str]  # supports of the same item by other programmes that stood already


@dataclass(frozen=True)
class BenefitReversed(Event):
    organisation: str
    reference: str
    reverses: str
    reason: str
