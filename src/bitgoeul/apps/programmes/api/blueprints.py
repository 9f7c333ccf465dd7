from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from ninja import Schema

from bitgoeul.apps.programmes import commands, policies
from bitgoeul.apps.programmes.api.calls import CallDetailOut
from bitgoeul.apps.programmes.api.routes import router
from bitgoeul.apps.programmes.queries import blueprints as blueprint_queries
from bitgoeul.kit.api import signed_in
from bitgoeul.kit.refusals import require


class BlueprintNameOut(Schema):
    name: str
    version: int
    copy_of: str


class BlueprintOut(Schema):
    """``content`` is what ``bitgoeul programmes blueprint`` prints and a copy is made of."""

    name: str
    version: int
    content: dict[str, Any]


class CopyIn(Schema):
    name: str


class ContentIn(Schema):
    content: dict[str, Any]


class FromBlueprintIn(Schema):
    """``slug`` empty: the name that the blueprint proposes."""

    slug: str = ""
    opens_at: dt.datetime
    closes_at: dt.datetime


@router.get("/blueprints", response=list[BlueprintNameOut])
def blueprints(request: HttpRequest) -> list[dict[str, Any]]:
    """The shipped blueprints and the desk's copies (operators)."""
    require(policies.may_run_calls(signed_in(request)))
    shipped = [
        {"name": name, "version": blueprint_queries.newest(name)[1], "copy_of": ""}
        for name in blueprint_queries.names()
    ]
    return shipped + [
        {"name": row.slug, "version": row.version, "copy_of": row.based_on}
        for row in blueprint_queries.copies()
    ]


@router.get("/blueprints/{name}", response=BlueprintOut)
def blueprint(request: HttpRequest, name: str) -> dict[str, Any]:
    """One blueprint in its newest version (operators)."""
    require(policies.may_run_calls(signed_in(request)))
    content, version = blueprint_queries.newest(name)
    return {"name": name, "version": version, "content": content}


@router.post("/blueprints/{name}/copies", response=BlueprintOut)
def copy_blueprint(request: HttpRequest, name: str, body: CopyIn) -> dict[str, Any]:
    """Copy a blueprint under a name of its own (operators)."""
    row = commands.copy_blueprint(by=signed_in(request), name=name, slug=body.name)
    return {"name": row.slug, "version": row.version, "content": row.content}


@router.put("/blueprints/{name}", response=BlueprintOut)
def save_blueprint(request: HttpRequest, name: str, body: ContentIn) -> dict[str, Any]:
    """Write the next version of a copy (operators)."""
    row = commands.save_blueprint(by=signed_in(request), slug=name, content=body.content)
    return {"name": row.slug, "version": row.version, "content": row.content}


@router.post("/blueprints/{name}/calls", response=CallDetailOut)
def draft_from_blueprint(request: HttpRequest, name: str, body: FromBlueprintIn) -> Any:
    """Write a draft of a call as a blueprint proposes it (operators)."""
    return commands.draft_from_blueprint(by=signed_in(request), name=name, **body.dict())
