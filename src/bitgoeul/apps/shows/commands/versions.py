"""Versions: asked for by a designer, made by the studio in claim > work > apply."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.db.models import Max

from bitgoeul.apps.shows import policies, queries, story
from bitgoeul.apps.shows.errors import NotCertified, StoryFlawed
from bitgoeul.apps.shows.events import (
    FilmAsked,
    FilmFailed,
    MakingBegun,
    MakingFailed,
    MakingInterrupted,
    MakingRetried,
    ShowCertified,
    ShowFilmed,
    ShowNotCertified,
    VersionSubmitted,
)
from bitgoeul.apps.shows.models import Film, Show, Version
from bitgoeul.apps.shows.problems import sentence
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import StateChanged, require
from bitgoeul.kit.store import StoredFile

State = Version.State


def _next_version(show: Show, **fields: Any) -> Version:
    """The next number; the row lock orders two that come at once."""
    Show.objects.select_for_update().get(pk=show.pk)
    last = show.versions.aggregate(last=Max("number"))["last"] or 0
    return Version.objects.create(show=show, number=last + 1, **fields)


def _submitted(by: Actor, show: Show, origin: str, plan: dict[str, Any], drones: int) -> Version:
    version = _next_version(show, origin=origin, plan=plan, drones=drones)
    written = json.dumps(plan, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    record(
        VersionSubmitted(
            show=show.slug,
            version=version.number,
            origin=origin,
            plan_sha256=hashlib.sha256(written.encode()).hexdigest(),
        ),
        by=by,
        subject=f"show:{show.slug}",
        organisation=show.organisation,
    )
    return version


@command
def submit_version(*, by: Actor, show: str) -> Version:
    """Hand the storyboard as it is now to the studio."""
    row = find(queries.of_own(by), slug=show)
    require(policies.may_design(by, row.organisation_id))
    drawn = queries.draft_of(row).story
    files = {asset.name: asset for asset in queries.assets_of(row)}
    if found := story.flaws(drawn, set(files)):
        raise StoryFlawed(first=sentence(found[0]), problems=found)
    used = sorted({name for _where, name in story.assets_of(drawn)})
    plan = {"story": drawn, "assets": {name: files[name].stored for name in used}}
    return _submitted(by, row, "story", plan, drawn["fleet"]["drones"])


@command
def import_show(*, by: Actor, show: str, stored: str, file_name: str) -> Version:
    """Hand a show that was made elsewhere (.skyc, .vviz, CSV in a zip) to the studio to be proved.

    It is held to the limits and the site of the show's storyboard.
    """
    row = find(queries.of_own(by), slug=show)
    require(policies.may_design(by, row.organisation_id))
    drawn = queries.draft_of(row).story
    held_to = {name: drawn[name] for name in ("limits", "site", "energy") if name in drawn}
    plan = {"import": {"name": file_name} | held_to, "assets": {file_name: stored}}
    return _submitted(by, row, "import", plan, 0)


@command
def retry_making(*, by: Actor, show: str, number: int) -> Version:
    """Try a version that failed once more."""
    version = find(queries.versions_visible_to(by), show__slug=show, number=number)
    require(policies.may_design(by, version.show.organisation_id))
    Version.FLOW.move(version, State.WAITING, problem={}, claim="")
    _tell(by, version, MakingRetried(show=show, version=number))
    return version


def _tell(by: Actor, version: Version, event: Any) -> None:
    record(event, by=by, subject=f"show:{version.show.slug}", organisation=version.show.organisation)


@command
def ask_for_film(*, by: Actor, show: str, number: int) -> Film:
    """Let the studio record a film of a certified version; asking again while it waits changes nothing."""
    version = find(queries.versions_visible_to(by), show__slug=show, number=number)
    require(policies.may_design(by, version.show.organisation_id))
    if not version.is_certified:
        raise NotCertified(number=number)
    film, new = Film.objects.get_or_create(version=version)
    if not new and film.is_waiting:
        unchanged()
        return film
    if not new:
        Film.FLOW.move(film, Film.State.WAITING, problem={}, asked_at=clock.now())
    _tell(by, version, FilmAsked(show=show, version=number))
    return film


@command
def fail_film(*, by: Actor, film_id: int, problems: list[dict[str, Any]]) -> Film:
    """Write down why a film could not be recorded."""
    film = Film.objects.select_related("version__show__organisation").get(pk=film_id)
    Film.FLOW.move(film, Film.State.FAILED, problem={"problems": problems})
    reason = problems[0]["code"] if problems else "internal"
    event = FilmFailed(show=film.version.show.slug, version=film.version.number, reason=reason)
    _tell(by, film.version, event)
    return film


@command
def keep_film(*, by: Actor, version_id: int, stored: StoredFile) -> Version:
    """Add a recorded film to the files of a version, in the place of an earlier one."""
    version = Version.objects.select_related("show__organisation").get(pk=version_id)
    require(policies.may_design(by, version.show.organisation_id) or by.is_operator)
    film = {
        "kind": "video",
        "name": "show.webm",
        "media": "video/webm",
        "stored": stored.name,
        "size": stored.size,
        "sha256": stored.sha256,
    }
    version.files = [*(file for file in version.files if file["kind"] != "video"), film]
    version.save(update_fields=["files"])
    if asked := Film.objects.filter(version=version, state=Film.State.WAITING).first():
        Film.FLOW.move(asked, Film.State.KEPT, problem={})
    event = ShowFilmed(show=version.show.slug, version=version.number, sha256=stored.sha256, size=stored.size)
    _tell(by, version, event)
    return version


# ── the studio's part ─────────────────────────────────────────────────────────────────────────────────────


def _held(version_id: int, claim: str) -> Version:
    """The version, if ``claim`` still holds it."""
    version = Version.objects.select_related("show__organisation").get(pk=version_id)
    if version.state != State.MAKING or version.claim != claim:
        raise StateChanged(now=str(version.get_state_display()))
    return version


@command
def begin_making(*, by: Actor, version_id: int, claim: str) -> Version:
    """Take a waiting version; nobody else will make it while the claim lives."""
    version = Version.objects.select_related("show__organisation").get(pk=version_id)
    Version.FLOW.move(version, State.MAKING, claim=claim, claimed_at=clock.now())
    _tell(by, version, MakingBegun(show=version.show.slug, version=version.number))
    return version


@command
def complete_making(
    *, by: Actor, version_id: int, claim: str, made: dict[str, Any], files: list[dict[str, Any]]
) -> Version:
    """Keep what was made: certified if every bound of its certificate holds, and only then.

    ``made`` has drones, duration_ms, digest, report and certificate; ``files`` what was stored of it.
    """
    version = _held(version_id, claim)
    certificate = made["certificate"]
    kept = {
        "drones": made["drones"],
        "duration_ms": made["duration_ms"],
        "digest": made["digest"],
        "report": made["report"],
        "certificate": certificate,
        "files": files,
        "problem": {},
        "claim": "",
        "made_at": clock.now(),
    }
    place = {"show": version.show.slug, "version": version.number, "digest": made["digest"]}
    event: Any
    if certificate["holds"]:
        Version.FLOW.move(version, State.CERTIFIED, **kept)
        written = next(file["sha256"] for file in files if file["kind"] == "certificate")
        event = ShowCertified(
            **place, drones=made["drones"], duration_ms=made["duration_ms"], certificate_sha256=written
        )
    else:
        Version.FLOW.move(version, State.UNSAFE, **kept)
        broken = sorted({bound["name"] for bound in certificate["bounds"] if not bound["holds"]})
        event = ShowNotCertified(**place, broken=broken)
    _tell(by, version, event)
    return version


@command
def fail_making(*, by: Actor, version_id: int, claim: str, problems: list[dict[str, Any]]) -> Version:
    """Write down why a storyboard could not become a show."""
    version = _held(version_id, claim)
    Version.FLOW.move(version, State.FAILED, problem={"problems": problems}, claim="")
    reason = problems[0]["code"] if problems else "internal"
    _tell(by, version, MakingFailed(show=version.show.slug, version=version.number, reason=reason))
    return version


@command
def requeue_making(*, by: Actor, version_id: int, claim: str) -> Version:
    """Give back to the line what a dead studio held."""
    version = _held(version_id, claim)
    Version.FLOW.move(version, State.WAITING, claim="")
    _tell(by, version, MakingInterrupted(show=version.show.slug, version=version.number))
    return version
