"""Models, versions, the files themselves, and the outcome of each registration."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.http import FileResponse, HttpRequest
from ninja import File, Form, Router, Schema, Status
from ninja.files import UploadedFile

from bitgoeul.apps.registry import commands, queries
from bitgoeul.apps.registry.errors import DocumentUnreadable, reason
from bitgoeul.apps.registry.intake import take_in
from bitgoeul.apps.registry.models import Model, ModelVersion, Registration
from bitgoeul.kit.api import signed_in, write_once
from bitgoeul.kit.doors import find
from bitgoeul.kit.store import store

router = Router(tags=["registry"])
PAGE = 100


class ModelOut(Schema):
    slug: str
    title: dict[str, str]
    sector: str
    task: str
    organisation: str
    is_public: bool
    newest: int | None
    versions: int
    url: str


class VersionOut(Schema):
    model: str
    number: int
    reference: str
    state: str
    sha256: str
    size: int
    created_at: dt.datetime
    inputs: list[dict[str, Any]]
    outputs: list[dict[str, Any]]
    metrics: dict[str, Any]
    split: dict[str, Any]
    curves: dict[str, Any]
    importance: list[dict[str, Any]]
    card: dict[str, Any]
    graph: dict[str, Any]
    lineage: dict[str, Any]
    url: str
    file: str


class ModelDetailOut(ModelOut):
    items: list[VersionOut]


class RegistrationOut(Schema):
    reference: str
    organisation: str
    outcome: str
    model: str | None
    version: int | None
    code: str
    title: str
    remedy: str
    at: dt.datetime


class WithdrawIn(Schema):
    reason: str = ""


def model_out(model: Model) -> dict[str, Any]:
    return {
        "slug": model.slug,
        "title": model.title,
        "sector": model.sector,
        "task": model.task,
        "organisation": model.organisation.slug,
        "is_public": model.is_public,
        "newest": model.newest,  # type: ignore[attr-defined]
        "versions": model.version_count,  # type: ignore[attr-defined]
        "url": model.get_absolute_url(),
    }


def version_out(version: ModelVersion) -> dict[str, Any]:
    document = version.document
    slug = version.model.slug
    return {
        "model": slug,
        "number": version.number,
        "reference": f"{slug}@{version.number}",
        "state": version.state,
        "sha256": version.sha256,
        "size": version.size,
        "created_at": version.created_at,
        "inputs": document["inputs"],
        "outputs": document["outputs"],
        **{key: document.get(key, {}) for key in ("metrics", "split", "curves", "card")},
        "importance": document.get("importance", []),
        "graph": version.graph,
        "lineage": version.lineage,
        "url": version.get_absolute_url(),
        "file": f"/api/registry/models/{slug}/versions/{version.number}/model.onnx",
    }


def registration_out(row: Registration) -> dict[str, Any]:
    refusal = reason(row.code, row.facts) if row.code else None
    return {
        "reference": row.reference,
        "organisation": row.organisation.slug,
        "outcome": row.outcome,
        "model": row.version.model.slug if row.version else None,
        "version": row.version.number if row.version else None,
        "code": row.code,
        "title": str(refusal) if refusal else "",
        "remedy": refusal.what_to_do() if refusal else "",
        "at": row.at,
    }


@router.get("/models", response=list[ModelOut], summary="The models I may see")
def models(request: HttpRequest, sector: str = "", text: str = "", mine: bool = False, after: int = 0) -> Any:
    rows = queries.listed(request.actor, sector=sector, text=text, mine=mine)  # type: ignore[attr-defined]
    return [model_out(row) for row in rows[max(0, after) : max(0, after) + PAGE]]


@router.post("/models", response={201: VersionOut}, summary="Hand in a model by hand")
def upload(
    request: HttpRequest,
    organisation: Form[str],
    document: Form[str],
    model: File[UploadedFile],
) -> Any:
    actor = signed_in(request)
    owner = find(queries.organisations_for(actor), slug=organisation)
    return Status(201, version_out(_take_in_upload(actor, owner, document, model)))


def _take_in_upload(actor: Any, owner: Any, document: str, model: UploadedFile) -> ModelVersion:
    """Register an upload; its content is its key, so that a repeat is answered with the same version."""
    try:
        declared = json.loads(document)
    except (ValueError, RecursionError) as error:
        raise DocumentUnreadable(detail=str(error)[:200]) from error
    if not isinstance(declared, dict):
        raise DocumentUnreadable(detail="not an object")
    digest = hashlib.sha256(json.dumps(declared, sort_keys=True).encode())
    name = f"registry/incoming/{digest.hexdigest()[:16]}-{actor.person_id}.onnx"
    incoming = store().put(name, cast(BinaryIO, model.file))
    digest.update(incoming.sha256.encode())
    path: Path = store().path(incoming.name)
    try:
        return take_in(
            by=actor,
            organisation=owner,
            artefact=path,
            document=declared,
            # The same file with the same description is the same version.
            reference=f"upload:{owner.slug}:{digest.hexdigest()[:32]}",
            lineage={"source": "upload"},
            keep_refusal=False,
        )
    finally:
        store().delete(incoming.name)


@router.get("/models/{slug}", response=ModelDetailOut, summary="One model with its versions")
def model(request: HttpRequest, slug: str) -> Any:
    row = find(queries.listed(request.actor), slug=slug)  # type: ignore[attr-defined]
    versions = row.versions.select_related("model")
    return model_out(row) | {"items": [version_out(version) for version in versions]}


@router.get("/models/{slug}/versions/{int:number}", response=VersionOut, summary="One version")
def version(request: HttpRequest, slug: str, number: int) -> Any:
    return version_out(_version(request, slug, number))


@router.get("/models/{slug}/versions/{int:number}/model.onnx", summary="The ONNX file", response={200: bytes})
def download(request: HttpRequest, slug: str, number: int) -> FileResponse:
    return file_response(_version(request, slug, number))


def file_response(version: ModelVersion) -> FileResponse:
    return FileResponse(
        store().open(version.artefact),
        as_attachment=True,
        filename=f"{version.model.slug}-{version.number}.onnx",
        content_type="application/octet-stream",
        headers={"ETag": f'"{version.sha256}"'},
    )


def _version(request: HttpRequest, slug: str, number: int) -> ModelVersion:
    rows = queries.versions_visible_to(request.actor)  # type: ignore[attr-defined]
    return find(rows, model__slug=slug, number=number)


@router.post("/models/{slug}/versions/{int:number}/withdraw", response=VersionOut, summary="Take out of use")
def withdraw(request: HttpRequest, slug: str, number: int, payload: WithdrawIn) -> Any:
    actor = signed_in(request)
    return write_once(
        request,
        lambda: version_out(
            commands.withdraw_version(by=actor, model=slug, number=number, reason=payload.reason)
        ),
    )


@router.post("/models/{slug}/versions/{int:number}/reinstate", response=VersionOut, summary="Use again")
def reinstate(request: HttpRequest, slug: str, number: int) -> Any:
    actor = signed_in(request)
    return write_once(
        request, lambda: version_out(commands.reinstate_version(by=actor, model=slug, number=number))
    )


@router.post("/models/{slug}/share", response=ModelOut, summary="Let everybody read the model card")
def share(request: HttpRequest, slug: str) -> Any:
    actor = signed_in(request)
    commands.share_model(by=actor, model=slug)
    return model_out(find(queries.listed(actor), slug=slug))


@router.post("/models/{slug}/unshare", response=ModelOut, summary="Show the model card to us only")
def unshare(request: HttpRequest, slug: str) -> Any:
    actor = signed_in(request)
    commands.unshare_model(by=actor, model=slug)
    return model_out(find(queries.listed(actor), slug=slug))


@router.get("/registrations", response=list[RegistrationOut], summary="What became of my jobs' models")
def registrations(request: HttpRequest, job: str = "") -> Any:
    rows = queries.registrations_visible_to(signed_in(request))
    if job:
        rows = rows.filter(reference=f"job:{job}")
    return [registration_out(row) for row in rows[:PAGE]]
