"""What services announce.  Amounts are milli-credits."""

from __future__ import annotations

from dataclasses import dataclass

from bitgoeul.kit.facts import Event


@dataclass(frozen=True)
class ServiceDeployed(Event):
    service: str
    model: str
    version: int
    sector: str
    public: bool


@dataclass(frozen=True)
class ServiceRedeployed(Event):
    service: str
    model: str
    version: int


@dataclass(frozen=True)
class ReplacementBegun(Event):
    """Another version is being made ready while the present one goes on answering."""

    service: str
    model: str
    version: int
    generation: int


@dataclass(frozen=True)
class ReplacementGivenUp(Event):
    """The other version never answered; the present one stays."""

    service: str
    model: str
    version: int
    detail: str


@dataclass(frozen=True)
class ServiceStarted(Event):
    service: str


@dataclass(frozen=True)
class ServiceLive(Event):
    service: str
    generation: int


@dataclass(frozen=True)
class ServiceStopped(Event):
    service: str


@dataclass(frozen=True)
class ServiceSuspended(Event):
    service: str
    reason: str
    owed: int


@dataclass(frozen=True)
class ServiceResumed(Event):
    service: str
    paid: int


@dataclass(frozen=True)
class ServiceFailed(Event):
    service: str
    reason: str


@dataclass(frozen=True)
class PredictorCrashed(Event):
    service: str
    exit_status: int | None
    detail: str


@dataclass(frozen=True)
class PredictionsMetered(Event):
    service: str
    predictions: int
    cost: int
    spent: int
    owed: int
    reference: str


@dataclass(frozen=True)
class PriceSet(Event):
    per_thousand: int
