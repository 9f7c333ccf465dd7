"""The lake for programs."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema

from bitgoeul.apps.lake import commands, dcat, downloads, errors, queries
from bitgoeul.apps.lake.commands.uploads import PIECE
from bitgoeul.apps.lake.downloads import actor_of
from bitgoeul.apps.lake.models import Access, Dataset, DatasetVersion, Upload
from bitgoeul.apps.lake.queries.access import accesses_visible_to
from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.people.queries import organisations_of
from bitgoeul.engines import lake
from bitgoeul.kit.api import signed_in, write_once
from bitgoeul.kit.doors import find
from bitgoeul.kit.paging import page_of
from bitgoeul.kit.refusals import Invalid

router = Router(tags=["lake"])

Sector = Literal["mobility", "health", "energy", "culture", "public"]
Slug = Field(max_length=60, pattern=r"^[a-z0-9-]*$")


class Text(Schema):
    ko: str = ""
    en: str = ""


class ColumnOut(Schema):
    name: str
    type: str


class TableOut(Schema):
    name: str
    rows: int
    bytes: int
    columns: list[ColumnOut]
    notes: list[str] = []
    kept_from: int | None = None


class VersionOut(Schema):
    dataset: str
    number: int
    reference: str
    state: str
    note: str
    rows: int
    bytes: int
    tables: list[TableOut]
    lineage: dict[str, Any]
    problem: str
    problem_code: str
    created_at: dt.datetime
    published_at: dt.datetime | None
    url: str


class DatasetOut(Schema):
    slug: str
    title: Text
    description: Text
    organisation: str
    organisation_name: str
    sector: str
    licence: str
    keywords: list[str]
    visibility: str
    access_rights: str = Field(description="PUBLIC, RESTRICTED or NON_PUBLIC, as in DCAT.")
    readable: bool = Field(description="Whether its rows exist for you.")
    source: str
    downloads: int
    updated_at: dt.datetime
    latest: int | None
    url: str


class DatasetList(Schema):
    items: list[DatasetOut]
    count: int
    page: int
    pages: int
    nearest: bool


class DatasetIn(Schema):
    organisation: str = Field(max_length=60, description="The short name of your organisation.")
    title: Text
    description: Text = Text()
    sector: Sector
    licence: str = Field(max_length=40, description="An id from /api/lake/licences.")
    keywords: list[str] = []
    visibility: Literal["public", "restricted", "organisation"] = "public"
    source: str = Field("", max_length=300)
    slug: str = Field("", max_length=60, description="The address; made from the English title when empty.")


class DatasetChange(Schema):
    title: Text | None = None
    description: Text | None = None
    sector: Sector | None = None
    licence: str | None = None
    keywords: list[str] | None = None
    visibility: Literal["public", "restricted", "organisation"] | None = None
    source: str | None = None


class UploadIn(Schema):
    organisation: str = Field(max_length=60)
    file_name: str = Field(max_length=200)
    size: int = Field(ge=0, le=2**62, description="Bytes.  Refused here if over the limit.")
    sha256: str = ""


class UploadOut(Schema):
    id: str
    file_name: str
    size: int
    received: int
    state: str
    sha256: str
    piece: int = Field(description="A good size for one piece, in bytes.")


class FileIn(Schema):
    upload: str = Field(max_length=16)
    table: str = Field("", max_length=60)


class PublishIn(Schema):
    files: list[FileIn] = Field(max_length=50)
    note: str = Field("", max_length=300)
    keep: bool = Field(True, description="Keep the tables of the latest version that are not replaced.")
    missing: list[str] | None = Field(None, description="Cells of a CSV that count as missing.")


class QueryIn(Schema):
    sql: str = Field(max_length=20_000)
    rows: int = Field(
        1_000, ge=1, le=1_000_000, description="The most rows of the answer; the hub has a limit too."
    )


class ResultOut(Schema):
    columns: list[ColumnOut]
    rows: list[list[Any]]
    cut: str = Field(description='Which limit ended the rows: "", "rows" or "bytes".')
    seconds: float
    sources: list[dict[str, Any]]


class ExportIn(Schema):
    sql: str = Field(max_length=20_000)
    format: Literal["csv", "parquet"] = "csv"


class SaveIn(Schema):
    sql: str = Field(max_length=20_000)
    dataset: str = Field(max_length=60, description="An existing dataset of your organisation.")
    table: str = Field(max_length=60)
    note: str = Field("", max_length=300)
    keep: bool = True


class WithdrawIn(Schema):
    reason: str = Field("", max_length=300)


class AccessOut(Schema):
    id: str
    dataset: str
    organisation: str
    state: str
    purpose: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    grant: str = Field(description="The grant whose part it is, or empty.")


class AccessIn(Schema):
    organisation: str = Field(max_length=60)
    purpose: str = Field(max_length=300)
    ends_at: dt.datetime
    starts_at: dt.datetime | None = None


class AccessChangeIn(Schema):
    ends_at: dt.datetime
    starts_at: dt.datetime | None = None


class EndIn(Schema):
    reason: str = Field("", max_length=300)


class LicenceOut(Schema):
    id: str
    title: Text
    url: str


def _organisation(request: HttpRequest, slug: str) -> Organisation:
    rows = organisations_of(signed_in(request))
    row = rows.filter(slug=lake.storable(slug)).first()
    if row is None:
        raise Invalid({"organisation": [_("You have no part in an organisation of this name.")]})
    return row


def _dataset(request: HttpRequest, row: Dataset, readable: bool | None = None) -> dict[str, Any]:
    latest = getattr(row, "latest", None)
    if not hasattr(row, "latest"):
        version = row.versions.filter(state=queries.PUBLISHED).order_by("-number").only("number").first()
        latest = version.number if version else None
    return {
        "slug": row.slug,
        "title": dict(row.title),
        "description": dict(row.description),
        "organisation": row.organisation.slug,
        "organisation_name": row.organisation.name,
        "sector": row.sector,
        "licence": row.licence,
        "keywords": row.keywords,
        "visibility": row.visibility,
        "access_rights": row.access_rights,
        "readable": queries.may_read(actor_of(request), row) if readable is None else readable,
        "source": row.source,
        "downloads": row.downloads,
        "updated_at": row.updated_at,
        "latest": latest,
        "url": f"{settings.URL}/lake/{row.slug}/",
    }


def _version(row: DatasetVersion, *, readable: bool = True) -> dict[str, Any]:
    """A version; without the query that made it where its rows do not exist for the reader."""
    tables = [
        {
            "name": table["name"],
            "rows": table["rows"],
            "bytes": table["bytes"],
            "columns": table["columns"],
            "notes": [errors.tell(note) for note in table.get("notes", [])],
            "kept_from": table.get("kept_from"),
        }
        for table in row.tables
    ]
    return {
        "dataset": row.dataset.slug,
        "number": row.number,
        "reference": str(row),
        "state": row.state,
        "note": row.note,
        "rows": row.rows,
        "bytes": row.bytes,
        "tables": tables,
        "lineage": row.lineage if readable else {k: v for k, v in row.lineage.items() if k != "sql"},
        "problem": errors.explain(row.problem) if row.problem else "",
        "problem_code": row.problem.get("code", ""),
        "created_at": row.created_at,
        "published_at": row.published_at,
        "url": f"{settings.URL}/lake/{row.dataset.slug}/{row.number}/",
    }


def _upload(row: Upload) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "file_name": row.file_name,
        "size": row.size,
        "received": row.received,
        "state": row.state,
        "sha256": row.sha256,
        "piece": PIECE,
    }


@router.get("/licences", response=list[LicenceOut])
def licences(request: HttpRequest) -> Any:
    """The licences that a dataset may carry."""
    return list(queries.licences().values())


@router.get("/datasets", response=DatasetList)
def datasets(
    request: HttpRequest,
    q: str = Query("", max_length=200),
    sector: str = "",
    licence: str = "",
    organisation: str = "",
    page: int = Query(1, ge=1, le=10**6),
) -> Any:
    """The catalogue; with ``q``, best match first."""
    found = queries.search(actor_of(request), q, sector=sector, licence=licence, organisation=organisation)
    shown = page_of(found.datasets, request)
    rows = list(shown.object_list)
    mine = queries.readable_by(actor_of(request)).filter(pk__in=[row.pk for row in rows])
    readable = set(mine.order_by().values_list("pk", flat=True))
    return {
        "items": [_dataset(request, row, row.pk in readable) for row in rows],
        "count": shown.paginator.count,
        "page": shown.number,
        "pages": shown.paginator.num_pages,
        "nearest": found.nearest,
    }


@router.post("/datasets", response={200: DatasetOut})
def create_dataset(request: HttpRequest, payload: DatasetIn) -> Any:
    """Describe a new dataset of your organisation."""
    organisation = _organisation(request, payload.organisation)
    values = payload.dict(exclude={"organisation"})
    return write_once(
        request,
        lambda: _dataset(
            request, commands.create_dataset(by=actor_of(request), organisation=organisation, **values)
        ),
    )


@router.get("/datasets/{slug}", response=DatasetOut)
def dataset(request: HttpRequest, slug: str) -> Any:
    """One dataset with its newest version."""
    return _dataset(request, find(queries.visible_to(actor_of(request)), slug=slug))


@router.patch("/datasets/{slug}", response=DatasetOut)
def edit_dataset(request: HttpRequest, slug: str, payload: DatasetChange) -> Any:
    """Change how a dataset is described."""
    actor = signed_in(request)
    values = {k: v for k, v in payload.dict(exclude_unset=True).items() if v is not None}
    return _dataset(request, commands.edit_dataset(by=actor, dataset=slug, **values))


def _access(row: Access) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "dataset": row.dataset.slug,
        "organisation": row.organisation.slug,
        "grant": row.part.grant.application.public_id if row.part else "",
    } | {name: getattr(row, name) for name in ("state", "purpose", "starts_at", "ends_at")}


@router.get("/access", response=list[AccessOut])
def accesses(request: HttpRequest, dataset: str = Query("", max_length=60)) -> Any:
    """What your organisations may read of others, and who may read what is theirs; the latest 200."""
    rows = accesses_visible_to(signed_in(request))
    rows = rows.filter(dataset__slug=lake.storable(dataset)) if dataset else rows
    return [_access(row) for row in rows[:200]]


@router.post("/datasets/{slug}/access", response={200: AccessOut})
def give_access(request: HttpRequest, slug: str, payload: AccessIn) -> Any:
    """Let an organisation read the rows of a dataset on request until a moment."""
    actor = signed_in(request)
    values = payload.dict()
    return write_once(request, lambda: _access(commands.give_access(by=actor, dataset=slug, **values)))


@router.patch("/access/{access}", response=AccessOut)
def change_access(request: HttpRequest, access: str, payload: AccessChangeIn) -> Any:
    """Let an access last until another moment."""
    return _access(commands.change_access(by=signed_in(request), access=access, **payload.dict()))


@router.post("/access/{access}/end", response=AccessOut)
def end_access(request: HttpRequest, access: str, payload: EndIn) -> Any:
    """Take an access back, or give your own back."""
    return _access(commands.end_access(by=signed_in(request), access=access, reason=payload.reason))


@router.get("/datasets/{slug}/dcat", response=dict[str, Any])
def dataset_dcat(request: HttpRequest, slug: str) -> Any:
    """The dataset as DCAT in JSON-LD."""
    row = find(queries.visible_to(actor_of(request)), slug=slug)
    version = row.versions.filter(state=queries.PUBLISHED).order_by("-number").first()
    return JsonResponse(
        dcat.dataset_ld(row, version),
        content_type="application/ld+json",
        json_dumps_params={"ensure_ascii": False},
    )


@router.get("/datasets/{slug}/versions", response=list[VersionOut])
def versions(request: HttpRequest, slug: str) -> Any:
    """The versions of a dataset that you may see, newest first."""
    row = find(queries.visible_to(actor_of(request)), slug=slug)
    rows = queries.versions_visible_to(actor_of(request)).filter(dataset=row)[:200]
    readable = queries.may_read(actor_of(request), row)
    return [_version(version, readable=readable) for version in rows]


@router.get("/datasets/{slug}/versions/{number}", response=VersionOut)
def version(request: HttpRequest, slug: str, number: int) -> Any:
    """One version: its state, tables, lineage and, if it failed, why."""
    row = find(queries.versions_visible_to(actor_of(request)), dataset__slug=slug, number=number)
    return _version(row, readable=queries.may_read(actor_of(request), row.dataset))


@router.get("/datasets/{slug}/versions/{number}/profile", response=dict[str, Any])
def profile(request: HttpRequest, slug: str, number: int) -> Any:
    """What each column holds, and the first rows of each table."""
    row = find(queries.versions_readable_by(actor_of(request)), dataset__slug=slug, number=number)
    return row.profiles


@router.post("/datasets/{slug}/versions", response={200: VersionOut})
def publish_version(request: HttpRequest, slug: str, payload: PublishIn) -> Any:
    """Hand in finished uploads as the next version; the worker publishes it.  Ask for its state."""
    actor = signed_in(request)
    values = payload.dict()
    return write_once(request, lambda: _version(commands.publish_version(by=actor, dataset=slug, **values)))


@router.post("/datasets/{slug}/versions/{number}/retry", response=VersionOut)
def retry(request: HttpRequest, slug: str, number: int) -> Any:
    """Try a failed publication again."""
    return _version(commands.retry_publication(by=signed_in(request), dataset=slug, number=number))


@router.post("/datasets/{slug}/versions/{number}/withdraw", response=VersionOut)
def withdraw(request: HttpRequest, slug: str, number: int, payload: WithdrawIn) -> Any:
    """Take a version out of use, with the reason."""
    return _version(
        commands.withdraw_version(by=signed_in(request), dataset=slug, number=number, reason=payload.reason)
    )


_FILE = {200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}}


@router.get("/datasets/{slug}/versions/{number}/tables/{table}.{format}", openapi_extra={"responses": _FILE})
def download(request: HttpRequest, slug: str, number: int, table: str, format: str) -> HttpResponseBase:
    """A table as CSV or Parquet, whole or in ranges."""
    row = find(
        queries.versions_readable_by(actor_of(request)).filter(state=queries.PUBLISHED),
        dataset__slug=slug,
        number=number,
    )
    return downloads.table_answer(request, row, table, format)


# ── uploads ───────────────────────────────────────────────────────────────────────────────────────────────


@router.post("/uploads", response={200: UploadOut})
def begin_upload(request: HttpRequest, payload: UploadIn) -> Any:
    """Declare a file before sending it."""
    organisation = _organisation(request, payload.organisation)
    values = payload.dict(exclude={"organisation"})
    return write_once(
        request,
        lambda: _upload(commands.begin_upload(by=actor_of(request), organisation=organisation, **values)),
    )


@router.get("/uploads/{upload}", response=UploadOut)
def upload(request: HttpRequest, upload: str) -> Any:
    """How far an upload is; go on from ``received``."""
    return _upload(find(queries.uploads_visible_to(signed_in(request)), public_id=upload))


@router.patch(
    "/uploads/{upload}",
    response=UploadOut,
    openapi_extra={
        "requestBody": {
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
        }
    },
)
def send_piece(request: HttpRequest, upload: str, offset: int = Query(ge=0, le=2**62)) -> Any:
    """Send bytes from ``offset`` on, any number of them; the body is streamed."""
    length = int(request.headers.get("Content-Length") or 0) or None
    return _upload(
        commands.receive_piece(
            by=signed_in(request),
            upload=upload,
            offset=offset,
            stream=request,  # type: ignore[arg-type]
            length=length,
        )
    )


@router.post("/uploads/{upload}/finish", response=UploadOut)
def finish_upload(request: HttpRequest, upload: str) -> Any:
    """Say that every byte was sent."""
    return _upload(commands.finish_upload(by=signed_in(request), upload=upload))


@router.delete("/uploads/{upload}", response=UploadOut)
def abandon_upload(request: HttpRequest, upload: str) -> Any:
    """Give an upload up and delete what arrived of it."""
    return _upload(commands.abandon_upload(by=signed_in(request), upload=upload))


# ── queries ───────────────────────────────────────────────────────────────────────────────────────────────


@router.post("/query", response=ResultOut)
def query(request: HttpRequest, payload: QueryIn) -> Any:
    """Run one SELECT over what you may read."""
    return vars(queries.run(actor_of(request), payload.sql, payload.rows))


@router.post("/query/export", openapi_extra={"responses": _FILE})
def export(request: HttpRequest, payload: ExportIn) -> HttpResponseBase:
    """The whole result of a query as a file."""
    return downloads.query_answer(request, payload.sql, payload.format)


@router.post("/save", response={200: VersionOut})
def save(request: HttpRequest, payload: SaveIn) -> Any:
    """Save the result of a query as a table of the next version of a dataset; the worker makes it."""
    actor = signed_in(request)
    values = payload.dict()
    return write_once(request, lambda: _version(commands.save_query(by=actor, **values)))
