"""The record over HTTP: public, but for personal values, which only an operator may export."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Router, Schema

from bitgoeul.apps.record import queries
from bitgoeul.apps.record.models import Leaf
from bitgoeul.kit.doors import find
from bitgoeul.kit.models import Fact

router = Router(tags=["record"])

PAGE = 100


class HeadOut(Schema):
    """A signed tree head; the signature is Ed25519 over the canonical JSON of format, size, root and at."""

    format: str
    size: int
    root: str
    at: str
    public_key: str
    signature: str


class FactOut(Schema):
    """The public part of a fact; ``personal`` holds salted hashes."""

    id: int
    name: str
    at: str
    actor: str
    organisation: str
    subject: str
    data: dict[str, Any]
    personal: dict[str, str]


class SealedOut(Schema):
    fact: FactOut
    position: int | None
    leaf_hash: str | None


class FactsOut(Schema):
    items: list[SealedOut]
    next_before: int | None


class InclusionOut(Schema):
    type: str
    fact: FactOut
    position: int
    leaf_hash: str
    proof: list[str]
    head: HeadOut


class ConsistencyOut(Schema):
    type: str
    first: int
    second: int
    first_root: str
    second_root: str
    proof: list[str]


def sealed(fact: Fact, leaf: Leaf | None) -> dict[str, Any]:
    return {
        "fact": queries.public_fact(fact),
        "position": leaf.position if leaf else None,
        "leaf_hash": leaf.hash if leaf else None,
    }


@router.get("/head", response=HeadOut, summary="The newest signed tree head")
def head(request: HttpRequest) -> dict[str, Any]:
    return queries.head_out(queries.head())


@router.get("/heads", response=list[HeadOut], summary="Signed tree heads, oldest first")
def heads(request: HttpRequest, after: int = 0) -> list[dict[str, Any]]:
    return [queries.head_out(row) for row in queries.heads(after)[:PAGE]]


@router.get("/facts", response=FactsOut, summary="Facts, newest first")
def facts(
    request: HttpRequest,
    *,
    subject: str = "",
    organisation: str = "",
    name: str = "",
    actor: str = "",
    before: int | None = None,
) -> dict[str, Any]:
    rows = queries.facts(subject=subject, organisation=organisation, name=name, actor=actor)
    page = list((rows if before is None else rows.filter(pk__lt=before))[: PAGE + 1])
    leaves = queries.leaves_of(page)
    return {
        "items": [sealed(fact, leaves.get(fact.pk)) for fact in page[:PAGE]],
        "next_before": page[PAGE - 1].pk if len(page) > PAGE else None,
    }


@router.get("/facts/{fact_id}", response=SealedOut, summary="One fact")
def fact(request: HttpRequest, fact_id: int) -> dict[str, Any]:
    row = find(queries.facts(), pk=fact_id)
    return sealed(row, queries.leaves_of([row]).get(row.pk))


@router.get("/proof/inclusion", response=InclusionOut, summary="The proof that a fact is in the record")
def inclusion(request: HttpRequest, fact: int, size: int | None = None) -> dict[str, Any]:
    return queries.inclusion(fact, size)


@router.get("/proof/consistency", response=ConsistencyOut, summary="The proof that the record only grew")
def consistency(request: HttpRequest, first: int, second: int | None = None) -> dict[str, Any]:
    return queries.consistency(first, second)


@router.get("/export", summary="The whole record as JSON lines, for the verifier")
def export(request: HttpRequest, personal: bool = False) -> StreamingHttpResponse:
    """Every sealed fact with its hash; personal values and salts only for an operator who asks for them."""
    size = queries.head().size
    lines = queries.export(request.actor, with_personal=personal)  # type: ignore[attr-defined]
    return StreamingHttpResponse(
        lines,
        content_type="application/jsonl; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="record-{size}.jsonl"'},
    )
