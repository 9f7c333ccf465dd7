"""What the worker does for the lake."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import secrets
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.utils.functional import Promise, lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from bitgoeul.apps.lake import commands, errors, queries
from bitgoeul.apps.lake.models import Access, DatasetVersion
from bitgoeul.apps.lake.queries.access import over, unopened_parts
from bitgoeul.apps.lake.warehouse import publishing, sandbox
from bitgoeul.apps.notices.commands import notify
from bitgoeul.apps.notices.queries import operators
from bitgoeul.apps.programmes.models import GrantPart
from bitgoeul.engines import lake
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.refusals import NotFound, StateChanged
from bitgoeul.kit.store import store
from bitgoeul.kit.text import LANGUAGES, Localised, translated
from bitgoeul.kit.ui import wording

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


# ── access ────────────────────────────────────────────────────────────────────────────────────────────────


def open_promised(fact: Fact) -> None:
    """A grant has begun: give the access that it promises."""
    _open(unopened_parts().filter(grant__application__public_id=fact.data["grant"]))


def look_after_access() -> None:
    """Open what became possible since, as a dataset that was published later; end what is over."""
    _open(unopened_parts())
    for access in list(over().values_list("public_id", flat=True)):
        commands.end_access(by=SYSTEM, access=access)


def _open(parts: Iterable[GrantPart]) -> None:
    for part in list(parts):
        try:
            commands.open_part(by=SYSTEM, part_id=part.pk)
        except NotFound:
            _tell_desk_of_missing(part)
        except StateChanged:
            log.info("the grant ended meanwhile", part=part.reference)


def close_ended(fact: Fact) -> None:
    """A grant has ended, or a part of it was given back: so has the access that it gave."""
    held = Access.objects.filter(part__grant__application__public_id=fact.data["grant"])
    for access in list(over().filter(pk__in=held.values("pk")).values_list("public_id", flat=True)):
        commands.end_access(by=SYSTEM, access=access)


def follow_grant(fact: Fact) -> None:
    """The dates of a grant were changed: the access that it gave lasts as long."""
    held = Access.objects.filter(
        part__grant__application__public_id=fact.data["grant"], state=Access.State.GIVEN
    ).select_related("part__grant")
    for row in held:
        grant = row.part.grant  # type: ignore[union-attr]
        if grant.ends_at > clock.now():
            commands.change_access(
                by=SYSTEM, access=row.public_id, starts_at=grant.starts_at, ends_at=grant.ends_at
            )


GIVEN = _("“%(title)s”: you may read it until %(ends)s")
GIVEN_TEXT = _("Query it, download it, or give it to a job as input. Access ends by itself on that day.")
GIVEN_AWAY = _("“%(title)s”: %(organisation)s may read it until %(ends)s")
OVER = _("“%(title)s”: your access has ended")
OVER_TEXT = _("You still see its description. Apply again if you need its rows.")
TAKEN_BACK = _("“%(title)s”: your access was taken back")
MISSING = _("“%(call)s”: access to the dataset “%(name)s” cannot be given")
MISSING_TEXT = _(
    "There is no published dataset of this name that is read on request or by everybody. "
    "The part stays planned and is given as soon as there is one."
)


def tell_of_access(fact: Fact) -> None:
    """Tell who got or lost access, and whose data it is."""
    row = Access.objects.select_related("dataset__organisation", "organisation").get(
        public_id=fact.data["access"]
    )
    ends = lazy(lambda: wording.day(row.ends_at), str)()
    facts = {"title": row.dataset.title, "ends": ends, "organisation": row.organisation.name}
    url = f"/lake/{row.dataset.slug}/"
    tone, title, text = _told_of_access(fact, row)
    notify(
        by=SYSTEM, key=f"fact:{fact.pk}", kind=fact.name, tone=tone, title=translated(title, **facts),
        text=text, url=url, organisation=row.organisation,
    )  # fmt: skip
    if fact.name == "lake.AccessGiven":
        notify(
            by=SYSTEM, key=f"fact:{fact.pk}:publisher", kind=fact.name, tone="info",
            title=translated(GIVEN_AWAY, **facts), text=Localised.of(row.purpose), url=f"{url}access/",
            organisation=row.dataset.organisation, mail=False,
        )  # fmt: skip


def _told_of_access(fact: Fact, row: Access) -> tuple[str, Promise, Localised]:
    if fact.name == "lake.AccessGiven":
        return "ok", GIVEN, translated(GIVEN_TEXT)
    if fact.data["early"]:
        return "stop", TAKEN_BACK, Localised.of(fact.personal.get("reason", ""))
    return "info", OVER, translated(OVER_TEXT)


def _tell_desk_of_missing(part: GrantPart) -> None:
    """Once for each part: the desk asks the applicant, or waits for the publisher."""
    application = part.grant.application
    notify(
        by=SYSTEM, key=f"part:{part.pk}:dataset", kind="lake.AccessMissing", tone="wait",
        title=translated(MISSING, call=application.call, name=part.about), text=translated(MISSING_TEXT),
        url=f"/programmes/grants/{application.public_id}/", people=operators(), mail=False,
    )  # fmt: skip


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
