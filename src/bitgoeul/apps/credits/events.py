"""What credits announce.  Amounts are whole milli-credits."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from bitgoeul.kit.facts import Event


@dataclass(frozen=True)
class CreditsGranted(Event):
    title = _("Credits were granted")
    organisation: str
    reference: str
    amount: int
    starts_at: str
    ends_at: str
    source: str


@dataclass(frozen=True)
class CreditsHeld(Event):
    title = _("Credits were held")
    organisation: str
    reference: str
    amount: int
    purpose: str


@dataclass(frozen=True)
class HoldSettled(Event):
    title = _("A hold was settled")
    organisation: str
    reference: str
    held: int
    spent: int


@dataclass(frozen=True)
class HoldReleased(Event):
    title = _("A hold was released")
    organisation: str
    reference: str
    amount: int


@dataclass(frozen=True)
class CreditsSpent(Event):
    title = _("Credits were spent")
    organisation: str
    reference: str
    amount: int
    purpose: str


@dataclass(frozen=True)
class TransferReversed(Event):
    title = _("A transfer was reversed")
    organisation: str
    reference: str
    reverses: str
    reason: str


@dataclass(frozen=True)
class CreditsExpired(Event):
    title = _("Credits expired")
    organisation: str
    reference: str
    amount: int


@dataclass(frozen=True)
class CreditsRunningLow(Event):
    """At least 80 % of what was usable is spent or held."""

    title = _("Credits are running low")
    organisation: str
    granted: int
    left: int


@dataclass(frozen=True)
class CreditsExhausted(Event):
    """Nothing usable is left."""

    title = _("Credits are exhausted")
    organisation: str
    granted: int
