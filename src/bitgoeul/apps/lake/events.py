from __future__ import annotations

from dataclasses import dataclass

from bitgoeul.kit.facts import Event, personal


@dataclass(frozen=True)
class DatasetCreated(Event):
    dataset: str
    sector: str
    licence: str
    visibility: str


@dataclass(frozen=True)
class DatasetEdited(Event):
    dataset: str
    changed: list[str]
    visibility: str


@dataclass(frozen=True)
class UploadBegun(Event):
    upload: str
    size: int


@dataclass(frozen=True)
class UploadFinished(Event):
    upload: str
    size: int
    sha256: str


@dataclass(frozen=True)
class UploadAbandoned(Event):
    upload: str


@dataclass(frozen=True)
class UploadsSwept(Event):
    uploads: list[str]


@dataclass(frozen=True)
class VersionSubmitted(Event):
    """Files were handed in as a new version; the worker publishes it."""

    dataset: str
    version: int
    files: list[dict[str, str]]


@dataclass(frozen=True)
class QuerySaved(Event):
    """The result of a query was asked for as a new version; the worker publishes it."""

    dataset: str
    version: int
    sql_sha256: str
    sources: list[str]


@dataclass(frozen=True)
class PublicationRetried(Event):
    dataset: str
    version: int


@dataclass(frozen=True)
class PublicationBegun(Event):
    dataset: str
    version: int


@dataclass(frozen=True)
class PublicationFailed(Event):
    dataset: str
    version: int
    reason: str


@dataclass(frozen=True)
class VersionPublished(Event):
    dataset: str
    version: int
    tables: list[str]
    rows: int
    bytes: int
    sources: list[str]


@dataclass(frozen=True)
class VersionWithdrawn(Event):
    dataset: str
    version: int
    reason: str


@dataclass(frozen=True)
class DatasetDownloaded(Event):
    dataset: str
    version: int
    table: str
    format: str
    bytes: int


@dataclass(frozen=True)
class AccessGiven(Event):
    """An organisation may read the rows of a dataset; ``grant`` is "" where it was given by hand."""

    access: str
    dataset: str
    starts_at: str
    ends_at: str
    grant: str
    purpose: str = personal()


@dataclass(frozen=True)
class AccessChanged(Event):
    """It lasts until another moment."""

    access: str
    dataset: str
    starts_at: str
    ends_at: str


@dataclass(frozen=True)
class AccessEnded(Event):
    """``early``: taken back or given back before its time."""

    access: str
    dataset: str
    starts_at: str
    ends_at: str
    early: bool
    reason: str = personal()
