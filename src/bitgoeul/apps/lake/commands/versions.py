"""Publications: asked for by a member, done by the worker in claim > work > apply."""

from __future__ import annotations

import hashlib
from typing import Any

from django.db.models import Max

from bitgoeul.apps.lake import policies, queries
from bitgoeul.apps.lake.commands.access import refuse_more_open_than
from bitgoeul.apps.lake.commands.datasets import index
from bitgoeul.apps.lake.errors import NothingToPublish, SameTableTwice
from bitgoeul.apps.lake.events import (
    PublicationBegun,
    PublicationFailed,
    PublicationRetried,
    QuerySaved,
    VersionPublished,
    VersionSubmitted,
    VersionWithdrawn,
)
from bitgoeul.apps.lake.models import Dataset, DatasetVersion, Upload
from bitgoeul.apps.lake.warehouse.publishing import MISSING
from bitgoeul.engines import lake
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import StateChanged, require
from bitgoeul.kit.store import store

State = DatasetVersion.State


def _next_version(dataset: Dataset, **fields: Any) -> DatasetVersion:
    """The next number.

    Two at once: the unique constraint lets one through, and the row lock orders them first.
    """
    Dataset.objects.select_for_update().get(pk=dataset.pk)
    last = dataset.versions.aggregate(last=Max("number"))["last"] or 0
    return DatasetVersion.objects.create(dataset=dataset, number=last + 1, **fields)


def _subject(version: DatasetVersion) -> str:
    return f"dataset:{version.dataset.slug}"


@command
def publish_version(
    *,
    by: Actor,
    dataset: str,
    files: list[dict[str, str]],
    note: str = "",
    keep: bool = True,
    missing: list[str] | None = None,
) -> DatasetVersion:
    """Hand in finished uploads as the next version.

    Args:
        files: ``[{"upload": id, "table": name or ""}]``; the table is named after the file if it has no name.
        keep: carry over the tables of the latest version that are not replaced.
        missing: which cells of a CSV count as missing; the usual words by default.
    """
    row = find(queries.visible_to(by), slug=dataset)
    require(policies.may_edit(by, row))
    if not files:
        raise NothingToPublish
    parts: list[dict[str, str]] = []
    for file in files:
        upload = find(
            queries.uploads_visible_to(by), public_id=file.get("upload", ""), organisation=row.organisation
        )
        Upload.FLOW.move(upload, Upload.State.USED)
        table = lake.table_name(file.get("table") or upload.file_name)
        if any(part["table"] == table for part in parts):
            raise SameTableTwice(name=table)
        parts.append(
            {"upload": upload.public_id, "file": upload.file_name, "sha256": upload.sha256, "table": table}
        )
    plan = {
        "kind": "files",
        "files": parts,
        "keep": keep,
        "missing": MISSING if missing is None else [lake.storable(word)[:40] for word in missing][:20],
    }
    lineage = {"files": [{k: part[k] for k in ("file", "sha256", "table")} for part in parts]}
    version = _next_version(row, note=lake.storable(note)[:300], plan=plan, lineage=lineage)
    record(
        VersionSubmitted(
            dataset=row.slug,
            version=version.number,
            files=[{"table": part["table"], "sha256": part["sha256"]} for part in parts],
        ),
        by=by,
        subject=_subject(version),
        organisation=row.organisation,
    )
    return version


@command
def save_query(
    *, by: Actor, dataset: str, sql: str, table: str, note: str = "", keep: bool = True
) -> DatasetVersion:
    """Ask for the result of a query as a table of the next version.  It reads exactly today's versions."""
    row = find(queries.visible_to(by), slug=dataset)
    require(policies.may_edit(by, row))
    prepared = queries.prepare(by, sql)
    sources = prepared.sources
    refuse_more_open_than(row, row.visibility, [source["dataset"] for source in sources])
    name = lake.table_name(table)
    version = _next_version(
        row,
        note=lake.storable(note)[:300],
        plan={"kind": "query", "sql": sql, "table": name, "keep": keep, "sources": sources},
        lineage={"sql": sql, "sources": sources, "table": name},
    )
    record(
        QuerySaved(
            dataset=row.slug,
            version=version.number,
            sql_sha256=hashlib.sha256(sql.encode()).hexdigest(),
            sources=sorted({f"{s['dataset']}@{s['version']}" for s in sources}),
        ),
        by=by,
        subject=_subject(version),
        organisation=row.organisation,
    )
    return version


@command
def retry_publication(*, by: Actor, dataset: str, number: int) -> DatasetVersion:
    """Try a failed publication again with the same files or query."""
    version = find(queries.versions_visible_to(by), dataset__slug=dataset, number=number)
    require(policies.may_edit(by, version.dataset))
    DatasetVersion.FLOW.move(version, State.DRAFT, problem={}, claim="")
    record(
        PublicationRetried(dataset=dataset, version=number),
        by=by,
        subject=_subject(version),
        organisation=version.dataset.organisation,
    )
    return version


@command
def withdraw_version(*, by: Actor, dataset: str, number: int, reason: str = "") -> DatasetVersion:
    """Take a version out of use.  Its number, lineage and facts stay; its files can no longer be read."""
    version = find(queries.versions_visible_to(by), dataset__slug=dataset, number=number)
    require(policies.may_withdraw(by, version.dataset))
    if version.state == State.WITHDRAWN:
        unchanged()
        return version
    DatasetVersion.FLOW.move(version, State.WITHDRAWN)
    index(version.dataset)
    record(
        VersionWithdrawn(dataset=dataset, version=number, reason=lake.storable(reason)[:300]),
        by=by,
        subject=_subject(version),
        organisation=version.dataset.organisation,
    )
    return version


# ── the worker's part ─────────────────────────────────────────────────────────────────────────────────────


def _held(version_id: int, claim: str) -> DatasetVersion:
    """The version, if ``claim`` still holds it."""
    version = DatasetVersion.objects.select_related("dataset__organisation").get(pk=version_id)
    if version.state != State.PUBLISHING or version.claim != claim:
        raise StateChanged(now=str(version.get_state_display()))
    return version


@command
def begin_publication(*, by: Actor, version_id: int, claim: str) -> DatasetVersion:
    """Take a waiting publication; nobody else will do it while the claim lives."""
    version = DatasetVersion.objects.select_related("dataset__organisation").get(pk=version_id)
    DatasetVersion.FLOW.move(version, State.PUBLISHING, claim=claim, claimed_at=clock.now())
    record(
        PublicationBegun(dataset=version.dataset.slug, version=version.number),
        by=by,
        subject=_subject(version),
        organisation=version.dataset.organisation,
    )
    return version


@command
def complete_publication(
    *,
    by: Actor,
    version_id: int,
    claim: str,
    tables: list[dict[str, Any]],
    profiles: dict[str, Any],
) -> DatasetVersion:
    """Show the new tables to readers, all at once."""
    version = _held(version_id, claim)
    dataset = version.dataset
    if version.plan.get("keep"):
        tables, profiles = _with_kept(version, tables, profiles)
    moment = clock.now()
    DatasetVersion.FLOW.move(
        version,
        State.PUBLISHED,
        tables=tables,
        profiles=profiles,
        rows=sum(table["rows"] for table in tables),
        bytes=sum(table["bytes"] for table in tables),
        published_at=moment,
        problem={},
        claim="",
    )
    Dataset.objects.filter(pk=dataset.pk).update(updated_at=moment)
    index(dataset)
    uploads = [file["upload"] for file in version.plan.get("files", [])]
    _forget_uploads(uploads)
    record(
        VersionPublished(
            dataset=dataset.slug,
            version=version.number,
            tables=[table["name"] for table in tables],
            rows=version.rows,
            bytes=version.bytes,
            sources=sorted({f"{s['dataset']}@{s['version']}" for s in version.lineage.get("sources", [])}),
        ),
        by=by,
        subject=_subject(version),
        organisation=dataset.organisation,
    )
    return version


def _with_kept(
    version: DatasetVersion, tables: list[dict[str, Any]], profiles: dict[str, Any]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The new tables and those of the latest version that they do not replace."""
    latest = version.dataset.versions.filter(state=State.PUBLISHED).order_by("-number").first()
    if latest is None:
        return tables, profiles
    new = {table["name"] for table in tables}
    kept = [
        table | {"kept_from": table.get("kept_from", latest.number)}
        for table in latest.tables
        if table["name"] not in new
    ]
    kept_profiles = {table["name"]: latest.profiles.get(table["name"]) for table in kept}
    return [*tables, *kept], kept_profiles | profiles


def _forget_uploads(uploads: list[str]) -> None:
    """The table is the content now, and the lineage keeps the checksum: the uploaded file may go."""
    from django.db import transaction

    def delete() -> None:
        for name in uploads:
            store().delete(f"lake/uploads/{name}/file")

    transaction.on_commit(delete)


@command
def fail_publication(
    *, by: Actor, version_id: int, claim: str, code: str, facts: dict[str, Any]
) -> DatasetVersion:
    """Say why a publication cannot be done.  Nothing of it is visible to anybody else."""
    version = _held(version_id, claim)
    DatasetVersion.FLOW.move(version, State.FAILED, problem={"code": code, "facts": facts}, claim="")
    record(
        PublicationFailed(dataset=version.dataset.slug, version=version.number, reason=code),
        by=by,
        subject=_subject(version),
        organisation=version.dataset.organisation,
    )
    return version


@command
def requeue_publication(*, by: Actor, version_id: int, claim: str) -> DatasetVersion:
    """Give a publication whose worker died back to the line."""
    version = _held(version_id, claim)
    DatasetVersion.FLOW.move(version, State.DRAFT, claim="")
    record(
        PublicationRetried(dataset=version.dataset.slug, version=version.number),
        by=by,
        subject=_subject(version),
        organisation=version.dataset.organisation,
    )
    return version
