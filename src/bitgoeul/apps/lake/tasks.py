"""What the worker does for the lake."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import secrets
import socket
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from bitgoeul.apps.lake import commands, errors, queries
from bitgoeul.apps.lake.models import DatasetVersion
from bitgoeul.apps.lake.warehouse import publishing, sandbox
from bitgoeul.apps.notices.commands import notify
from bitgoeul.engines import lake
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.refusals import NotFound, StateChanged
from bitgoeul.kit.store import store
from bitgoeul.kit.text import LANGUAGES, Localised

log = structlog.get_logger(__name__)
MARGIN = dt.timedelta(minutes=5)
EXPORTS_LIVE = dt.timedelta(days=7)
FAILURES_LIVE = dt.timedelta(days=14)


def _started(pid: int) -> str:
    """When a process began, in ticks since boot, or "" if there is none:

    a number may be used again, this pair not.
    """
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def new_claim() -> str:
    """Names the process that works, so that anybody on this machine can see whether it still lives."""
    pid = os.getpid()
    return f"{socket.gethostname()} {pid} {_started(pid)} {secrets.token_hex(4)}"


def is_dead(version: DatasetVersion) -> bool:
    """Whether nobody works on a version any more."""
    host, pid, started = version.claim.split(" ")[:3]
    if host == socket.gethostname():
        return _started(int(pid)) != started
    longest = dt.timedelta(seconds=settings.LAKE_PUBLISH_SECONDS) + MARGIN
    return version.claimed_at is None or version.claimed_at + longest < clock.now()


def publish(fact: Fact) -> None:
    """Make the version that the fact names.

    A repeat, or a version that somebody else took, is passed over.
    """
    version = DatasetVersion.objects.filter(
        dataset__slug=fact.data["dataset"], number=fact.data["version"], state=DatasetVersion.State.DRAFT
    ).first()
    if version is None:
        return
    claim = new_claim()
    try:
        version = commands.begin_publication(by=SYSTEM, version_id=version.pk, claim=claim)
    except StateChanged:
        return
    held = {"by": SYSTEM, "version_id": version.pk, "claim": claim}
    try:
        tables, profiles = _make(version)
    except publishing.Problem as problem:
        commands.fail_publication(**held, code=problem.code, facts=_plain(problem.facts))
    except Exception as error:
        # Our bug, not the member's: it is logged with its trace, and the member can try again.
        log.exception("publication failed", version=str(version), error=repr(error))
        commands.fail_publication(**held, code="internal", facts={})
    else:
        commands.complete_publication(**held, tables=tables, profiles=profiles)


def _plain(facts: dict[str, Any]) -> dict[str, Any]:
    return {k: v if isinstance(v, str | int | bool | list) else str(v) for k, v in facts.items()}


def _make(version: DatasetVersion) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Every table first, then every commit: a bad third file leaves no trace of the first two."""
    plan = version.plan
    prefix = f"lake/tables/{version.dataset.public_id}"
    with contextlib.ExitStack() as places:
        if plan["kind"] == "query":
            made = [_from_query(plan, places.enter_context(sandbox.scratch()))]
        else:
            made = [
                _from_file(file, plan["missing"], places.enter_context(sandbox.scratch()))
                for file in plan["files"]
            ]
        # Two versions of one dataset at once would meet in the same log.
        with sandbox.alone(version.dataset.public_id):
            tables = [publishing.commit(table, prefix, f"{version.number:05d}") for table in made]
    profiles = {table.name: {"columns": table.profile, "preview": table.preview} for table in made}
    return tables, profiles


def _from_file(file: dict[str, str], missing: list[str], folder: Path) -> publishing.Made:
    name = f"lake/uploads/{file['upload']}/file"
    if not store().exists(name):
        raise publishing.Problem("upload_gone", file=file["file"])
    return publishing.table_from_file(folder, store().path(name), file["file"], file["table"], missing)


def _from_query(plan: dict[str, Any], folder: Path) -> publishing.Made:
    try:
        prepared = queries.prepare_again(plan["sql"], plan["sources"])
    except (NotFound, lake.GateError):
        names = ", ".join(sorted({f"{s['dataset']}@{s['version']}" for s in plan["sources"]}))
        raise publishing.Problem("source_gone", name=names) from None
    return publishing.table_from_query(folder, prepared.gated, prepared.files, plan["table"])


PUBLISHED = _("“%(title)s”: version %(number)s is published")
FAILED = _("“%(title)s”: version %(number)s could not be published")


def tell_publisher(fact: Fact) -> None:
    """Put what became of a publication into the inboxes of its organisation, in both languages."""
    version = DatasetVersion.objects.select_related("dataset__organisation").get(
        dataset__slug=fact.data["dataset"], number=fact.data["version"]
    )
    failed = fact.name == "lake.PublicationFailed"
    titles: dict[str, str] = {}
    reasons: dict[str, str] = {}
    for language in LANGUAGES:
        with override(language):
            facts = {"title": str(version.dataset.title), "number": version.number}
            titles[language] = str(FAILED if failed else PUBLISHED) % facts
            reasons[language] = errors.explain(version.problem) if failed and version.problem else ""
    notify(
        by=SYSTEM,
        key=f"fact:{fact.id}",
        kind="lake",
        title=Localised(titles),
        text=Localised(reasons),
        tone="stop" if failed else "ok",
        url=f"/lake/{version.dataset.slug}/{version.number}/",
        organisation=version.dataset.organisation,
        mail=failed,
    )


def recover_publications() -> None:
    """Give back to the line what a dead worker held."""
    for version in DatasetVersion.objects.filter(state=DatasetVersion.State.PUBLISHING):
        if is_dead(version):
            with contextlib.suppress(StateChanged):
                commands.requeue_publication(by=SYSTEM, version_id=version.pk, claim=version.claim)


def _forget_files_of_failures() -> None:
    """Nobody tried these again for two weeks; whoever does now is asked for the file."""
    long_ago = clock.now() - FAILURES_LIVE
    failed = DatasetVersion.objects.filter(state=DatasetVersion.State.FAILED, claimed_at__lt=long_ago)
    for plan in failed.values_list("plan", flat=True):
        for file in plan.get("files", []):
            store().delete(f"lake/uploads/{file['upload']}/file")


def sweep() -> None:
    """Clear what nobody needs: abandoned uploads, scratch folders, prepared downloads."""
    commands.sweep_uploads(by=SYSTEM)
    sandbox.sweep_scratch()
    _forget_files_of_failures()
    oldest = (clock.now() - EXPORTS_LIVE).timestamp()
    for name in store().list("lake/exports"):
        if store().path(name).stat().st_mtime < oldest:
            store().delete(name)
