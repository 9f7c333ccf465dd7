"""Reports, their reminders, and pledges."""

from __future__ import annotations

from dataclasses import dataclass

from bitgoeul.kit.facts import Event, personal


@dataclass(frozen=True)
class ReportReminded(Event):
    """``days`` after the due day; before it, less than zero."""

    grant: str
    report: int
    days: int


@dataclass(frozen=True)
class ReportHandedIn(Event):
    """``files`` maps the SHA-256 of each file to its size."""

    grant: str
    report: int
    kind: str
    files: dict[str, int]
    words: str = personal()


@dataclass(frozen=True)
class ReportVerified(Event):
    grant: str
    report: int
    kind: str


@dataclass(frozen=True)
class ReportReturned(Event):
    grant: str
    report: int
    kind: str
    remark: dict[str, str] = personal()


@dataclass(frozen=True)
class EvidenceAdded(Event):
    """One file for a report or a pledge."""

    grant: str
    about: str
    sha256: str
    size: int
    file_name: str = personal()


@dataclass(frozen=True)
class PledgeMade(Event):
    grant: str
    pledge: int
    kind: str
    target: int
    due_at: str


@dataclass(frozen=True)
class PledgeReported(Event):
    grant: str
    pledge: int
    reported: int
    words: str = personal()


@dataclass(frozen=True)
class PledgeVerified(Event):
    grant: str
    pledge: int
    kind: str
    target: int
    verified: int
    state: str
