"""What shows announce."""

from __future__ import annotations

from dataclasses import dataclass

from bitgoeul.kit.facts import Event, personal


@dataclass(frozen=True)
class ShowCreated(Event):
    show: str
    drones: int


@dataclass(frozen=True)
class ShowDescribed(Event):
    show: str
    changed: list[str]


@dataclass(frozen=True)
class AssetAdded(Event):
    show: str
    asset: str
    kind: str
    size: int
    sha256: str


@dataclass(frozen=True)
class AssetRemoved(Event):
    show: str
    asset: str


@dataclass(frozen=True)
class VersionSubmitted(Event):
    """A storyboard, or a show made elsewhere, was handed to the studio."""

    show: str
    version: int
    origin: str
    plan_sha256: str


@dataclass(frozen=True)
class MakingBegun(Event):
    show: str
    version: int


@dataclass(frozen=True)
class MakingInterrupted(Event):
    """The process that made a version died; the version waits again."""

    show: str
    version: int


@dataclass(frozen=True)
class MakingRetried(Event):
    show: str
    version: int


@dataclass(frozen=True)
class ShowCertified(Event):
    """A version was made and every bound of its certificate holds."""

    show: str
    version: int
    drones: int
    duration_ms: int
    digest: str
    certificate_sha256: str


@dataclass(frozen=True)
class ShowNotCertified(Event):
    """A version was made, but something in it breaks its limits."""

    show: str
    version: int
    digest: str
    broken: list[str]


@dataclass(frozen=True)
class MakingFailed(Event):
    show: str
    version: int
    reason: str


@dataclass(frozen=True)
class FilmAsked(Event):
    """A designer asked for a film of a version."""

    show: str
    version: int


@dataclass(frozen=True)
class FilmFailed(Event):
    show: str
    version: int
    reason: str


@dataclass(frozen=True)
class ShowFilmed(Event):
    """A film of a version was recorded."""

    show: str
    version: int
    sha256: str
    size: int


@dataclass(frozen=True)
class ShowPublished(Event):
    show: str
    version: int


@dataclass(frozen=True)
class ShowUnpublished(Event):
    show: str


@dataclass(frozen=True)
class FlightPlanned(Event):
    flight: str
    show: str
    version: int
    starts_at: str
    rules: str


@dataclass(frozen=True)
class FlightChanged(Event):
    flight: str
    changed: list[str]


@dataclass(frozen=True)
class CrewNamed(Event):
    """Who flies: roles are public, names and licences personal."""

    flight: str
    roles: list[str]
    people: list[dict[str, str]] = personal()


@dataclass(frozen=True)
class RulesChosen(Event):
    """Another set of rules holds for a flight."""

    flight: str
    rules: str
    before: str


@dataclass(frozen=True)
class GateRead(Event):
    """Somebody pressed a gate of the go/no-go board."""

    flight: str
    gate: str
    value: str
    state: str


@dataclass(frozen=True)
class FlightCleared(Event):
    """Go: every gate was passed at this moment."""

    flight: str
    rules: str
    gates: dict[str, str]


@dataclass(frozen=True)
class FlightCalledOff(Event):
    flight: str
    reason: str
    gates: dict[str, str]


@dataclass(frozen=True)
class FlightReplanned(Event):
    flight: str
    starts_at: str


@dataclass(frozen=True)
class FlightFlown(Event):
    flight: str


@dataclass(frozen=True)
class DocumentAttached(Event):
    flight: str
    document: str
    sha256: str
    size: int


@dataclass(frozen=True)
class DocumentTakenAway(Event):
    flight: str
    document: str
    sha256: str


@dataclass(frozen=True)
class PermitMoved(Event):
    """The permit file was handed in, approved or refused."""

    flight: str
    state: str
    number: str


@dataclass(frozen=True)
class LogAdded(Event):
    flight: str
    log: int
    sha256: str


@dataclass(frozen=True)
class LogCompared(Event):
    """Flown against planned; lengths are in millimetres."""

    flight: str
    log: int
    drones: int
    moments: int
    largest_mm: int
    mean_mm: int


@dataclass(frozen=True)
class LogUnreadable(Event):
    flight: str
    log: int
    reason: str


@dataclass(frozen=True)
class CrewForgotten(Event):
    """The names of a crew were forgotten: nobody needs them any more."""

    flight: str
