"""Shows for programs."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from ninja import Field, File, Router, Schema, Status
from ninja.files import UploadedFile

from bitgoeul.apps.shows import commands, intake, queries, views
from bitgoeul.apps.shows.models import Asset, Show, Version
from bitgoeul.kit.api import signed_in, write_once
from bitgoeul.kit.doors import find
from bitgoeul.kit.text import Localised

router = Router(tags=["shows"])
PAGE = 100


class Text(Schema):
    ko: str = Field(default="", max_length=2000)
    en: str = Field(default="", max_length=2000)


class ShowOut(Schema):
    slug: str
    title: Text
    description: Text
    organisation: str
    is_example: bool
    published: int | None
    url: str


class ShowIn(Schema):
    organisation: str
    title: Text
    description: Text = Field(default_factory=Text)
    story: dict[str, Any]
    slug: str = Field(default="", max_length=50)


class StoryOut(Schema):
    draft: int
    story: dict[str, Any]


class StoryIn(Schema):
    after: int
    story: dict[str, Any]


class AssetOut(Schema):
    name: str
    kind: str
    size: int
    sha256: str


class FileOut(Schema):
    kind: str
    name: str
    size: int
    sha256: str
    url: str


class VersionOut(Schema):
    show: str
    number: int
    state: str
    origin: str
    drones: int
    duration_ms: int
    digest: str
    certificate: dict[str, Any]
    report: dict[str, Any]
    problems: list[dict[str, Any]]
    files: list[FileOut]
    created_at: dt.datetime
    made_at: dt.datetime | None
    url: str


def show_out(show: Show) -> dict[str, Any]:
    return {
        "slug": show.slug,
        "title": show.title,
        "description": show.description,
        "organisation": show.organisation.slug,
        "is_example": show.is_example,
        "published": show.published.number if show.published else None,
        "url": show.get_absolute_url(),
    }


def asset_out(asset: Asset) -> dict[str, Any]:
    return {name: getattr(asset, name) for name in ("name", "kind", "size", "sha256")}


def version_out(version: Version) -> dict[str, Any]:
    address = f"/api/shows/{version.show.slug}/versions/{version.number}/files"
    return {
        "show": version.show.slug,
        **{
            name: getattr(version, name)
            for name in (
                "number", "state", "origin", "drones", "duration_ms", "digest", "certificate", "report",
                "created_at", "made_at",
            )
        },
        "problems": version.problem.get("problems", []),
        "files": [
            {name: file[name] for name in ("kind", "name", "size", "sha256")}
            | {"url": f"{address}/{file['name']}"}
            for file in version.files
        ],
        "url": version.get_absolute_url(),
    }  # fmt: skip


def _show(request: HttpRequest, slug: str) -> Show:
    return find(queries.visible_to(views.actor_of(request)), slug=slug)


@router.get("", response=list[ShowOut], summary="The shows I may see")
def shows(request: HttpRequest, text: str = "", after: int = 0) -> Any:
    rows = queries.listed(views.actor_of(request), text)
    start = min(max(0, after), 1_000_000)
    return [show_out(row) for row in rows[start : start + PAGE]]


@router.post("", response={201: ShowOut}, summary="Begin a show with a storyboard")
def create(request: HttpRequest, payload: ShowIn) -> Any:
    actor = signed_in(request)
    owner = find(queries.organisations_for(actor), slug=payload.organisation)
    made = write_once(
        request,
        lambda: show_out(
            commands.create_show(
                by=actor,
                organisation=owner,
                title=Localised(payload.title.dict()),
                description=Localised(payload.description.dict()),
                story_data=payload.story,
                slug=payload.slug,
            )
        ),
    )
    return Status(201, made)


@router.get("/{slug}", response=ShowOut, summary="One show")
def show(request: HttpRequest, slug: str) -> Any:
    return show_out(_show(request, slug))


@router.get("/{slug}/story", response=StoryOut, summary="The storyboard as it is now")
def read_story(request: HttpRequest, slug: str) -> Any:
    row = find(queries.of_own(signed_in(request)), slug=slug)
    draft = queries.draft_of(row)
    return {"draft": draft.number, "story": draft.story}


@router.put("/{slug}/story", response=StoryOut, summary="Save the next state of the storyboard")
def write_story(request: HttpRequest, slug: str, payload: StoryIn) -> Any:
    draft = commands.save_draft(
        by=signed_in(request), show=slug, story_data=payload.story, after=payload.after
    )
    return {"draft": draft.number, "story": draft.story}


@router.get("/{slug}/assets", response=list[AssetOut], summary="The files that the storyboard may use")
def assets(request: HttpRequest, slug: str) -> Any:
    row = find(queries.of_own(signed_in(request)), slug=slug)
    return [asset_out(asset) for asset in queries.assets_of(row)]


@router.post("/{slug}/assets", response={201: AssetOut}, summary="Add a file")
def add_asset(request: HttpRequest, slug: str, file: File[UploadedFile]) -> Any:
    asset = commands.add_asset(
        by=signed_in(request), show=slug, file_name=file.name or "", size=file.size or 0, content=file.file
    )
    return Status(201, asset_out(asset))


@router.delete("/{slug}/assets/{name}", response={204: None}, summary="Remove a file")
def remove_asset(request: HttpRequest, slug: str, name: str) -> Any:
    commands.remove_asset(by=signed_in(request), show=slug, name=name)
    return Status(204, None)


@router.get("/{slug}/versions", response=list[VersionOut], summary="The versions of a show that I may see")
def versions(request: HttpRequest, slug: str) -> Any:
    _show(request, slug)
    rows = queries.versions_visible_to(views.actor_of(request)).filter(show__slug=slug)
    return [version_out(row) for row in rows[:PAGE]]


@router.post("/{slug}/versions", response={201: VersionOut}, summary="Have the storyboard made and proved")
def submit(request: HttpRequest, slug: str) -> Any:
    actor = signed_in(request)
    made = write_once(request, lambda: version_out(commands.submit_version(by=actor, show=slug)))
    return Status(201, made)


@router.post("/{slug}/import", response={201: VersionOut}, summary="Have a show of another tool proved")
def take_in(request: HttpRequest, slug: str, file: File[UploadedFile]) -> Any:
    actor = signed_in(request)
    row = find(queries.of_own(actor), slug=slug)
    made = intake.take_in(
        by=actor, show=row, file_name=file.name or "", size=file.size or 0, content=file.file
    )
    return Status(201, version_out(made))


def _version(request: HttpRequest, slug: str, number: int) -> Version:
    return find(queries.versions_visible_to(views.actor_of(request)), show__slug=slug, number=number)


@router.get("/{slug}/versions/{int:number}", response=VersionOut, summary="One version with its certificate")
def version(request: HttpRequest, slug: str, number: int) -> Any:
    return version_out(_version(request, slug, number))


@router.post("/{slug}/versions/{int:number}/retry", response=VersionOut, summary="Try a failed version again")
def retry(request: HttpRequest, slug: str, number: int) -> Any:
    return version_out(commands.retry_making(by=signed_in(request), show=slug, number=number))


@router.get(
    "/{slug}/versions/{int:number}/files/{name}", summary="One file of a version", response={200: bytes}
)
def file(request: HttpRequest, slug: str, number: int, name: str) -> HttpResponseBase:
    return views.file_response(_version(request, slug, number), name, request)


@router.post(
    "/{slug}/versions/{int:number}/publish", response=ShowOut, summary="Let everybody watch a version"
)
def publish(request: HttpRequest, slug: str, number: int) -> Any:
    return show_out(commands.publish_show(by=signed_in(request), show=slug, number=number))


@router.post("/{slug}/unpublish", response=ShowOut, summary="Show it to my organisation only")
def unpublish(request: HttpRequest, slug: str) -> Any:
    return show_out(commands.unpublish_show(by=signed_in(request), show=slug))
