"""Copies of blueprints that the desk changes; each change is a new version, and a call keeps its own."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _

from bitgoeul.apps.programmes import policies
from bitgoeul.apps.programmes.commands.calls import (
    NOT_A_NAME,
    SLUG,
    checked_call,
    save_call,
    save_programme,
    text_errors,
)
from bitgoeul.apps.programmes.errors import BlueprintTaken
from bitgoeul.apps.programmes.events.blueprints import BlueprintSaved
from bitgoeul.apps.programmes.models import Blueprint, Call
from bitgoeul.apps.programmes.queries import blueprints
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import Invalid, require
from bitgoeul.kit.schema_forms import in_order
from bitgoeul.kit.text import Localised

NEEDED = {"kind", "slug", "tier", "programme", "budget", "share_most", "gives_days", "open_days", "title",
          "summary", "terms", "form", "clauses"}  # fmt: skip
OPTIONAL = {"stages", "sectors", "budget_unit", "share_least", "ask", "gives", "procedure", "repeatable",
            "example"}  # fmt: skip


@command
def copy_blueprint(*, by: Actor, name: str, slug: str) -> Blueprint:
    """Copy a blueprint under a name of its own, as its first version."""
    require(policies.may_run_calls(by))
    content, _version = blueprints.newest(name)
    if not SLUG.fullmatch(slug) or len(slug) > 60:
        raise Invalid({"slug": [str(NOT_A_NAME)]})
    if slug in blueprints.names() or Blueprint.objects.filter(slug=slug).exists():
        raise BlueprintTaken(name=slug)
    origin = Blueprint.objects.filter(slug=name).first()
    return _write(by, slug, 1, origin.based_on if origin else name, content)


@command
def save_blueprint(*, by: Actor, slug: str, content: dict[str, Any]) -> Blueprint:
    """Write the next version of a copy; what could not be a call is refused."""
    require(policies.may_run_calls(by))
    last = find(Blueprint.objects.filter(slug=slug).order_by("-version")[:1])
    check_content(content)
    if last.content == content | {"form": in_order(content["form"])}:
        unchanged()
        return last
    return _write(by, slug, last.version + 1, last.based_on, content)


def draft_from_blueprint(
    *, by: Actor, name: str, slug: str, opens_at: dt.datetime, closes_at: dt.datetime
) -> Call:
    """Write a draft of a call as a blueprint proposes it; the draft keeps the blueprint's version."""
    require(policies.may_run_calls(by))
    content, version = blueprints.newest(name)
    parent = content.pop("programme")
    content.pop("open_days")
    save_programme(by=by, **parent)
    dates = {"slug": slug or content["slug"], "opens_at": opens_at, "closes_at": closes_at}
    return save_call(
        by=by, programme=parent["slug"], blueprint=name, blueprint_version=version, **content | dates
    )


def check_content(content: Any) -> None:
    """Refuse what could not be a call.  Raises: Invalid."""
    if not isinstance(content, dict):
        raise Invalid({"content": [_("A blueprint is an object.")]})
    if wrong := (NEEDED - content.keys()) | (content.keys() - NEEDED - OPTIONAL):
        raise Invalid(
            {"content": [_("Missing or not supported: %(keys)s.") % {"keys": ", ".join(sorted(wrong))}]}
        )
    parent, days = content["programme"], content["open_days"]
    if not isinstance(parent, dict) or parent.keys() - {"slug", "title", "summary", "example"}:
        raise Invalid({"programme": [_("A programme has a name, a title and a summary.")]})
    if not isinstance(days, int) or not 0 < days <= 730:
        raise Invalid({"open_days": [_("A number of days.")]})
    if errors := text_errors({"title": parent.get("title", {}), "summary": parent.get("summary", {})}):
        raise Invalid({"programme": [sentence for sentences in errors.values() for sentence in sentences]})
    rest = {key: value for key, value in content.items() if key not in ("programme", "open_days")}
    opens_at = clock.now()
    checked_call(**rest, opens_at=opens_at, closes_at=opens_at + dt.timedelta(days=days))


def _write(by: Actor, slug: str, version: int, based_on: str, content: dict[str, Any]) -> Blueprint:
    row = Blueprint.objects.create(
        slug=slug,
        version=version,
        based_on=based_on,
        title=Localised.of(content["title"]),
        content=content | {"form": in_order(content["form"])},
        by=by.id,
    )
    record(
        BlueprintSaved(blueprint=slug, version=version, based_on=based_on, title=dict(row.title)),
        by=by,
        subject=f"blueprint:{slug}",
    )
    return row
