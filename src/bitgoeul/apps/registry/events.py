"""What the registry announces."""

from __future__ import annotations

from dataclasses import dataclass

from bitgoeul.kit.facts import Event


@dataclass(frozen=True)
class ModelRegistered(Event):
    model: str
    version: int
    sha256: str
    size: int
    job: str
    datasets: list[str]
    code: str


@dataclass(frozen=True)
class RegistrationRefused(Event):
    reference: str
    reason: str


@dataclass(frozen=True)
class VersionWithdrawn(Event):
    model: str
    version: int
    reason: str


@dataclass(frozen=True)
class VersionReinstated(Event):
    model: str
    version: int


@dataclass(frozen=True)
class ModelShared(Event):
    model: str


@dataclass(frozen=True)
class ModelUnshared(Event):
    model: str
