"""A show: begun, described, shown to the public."""

from __future__ import annotations

import secrets
from typing import Any

from django.utils.text import slugify

from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.shows import policies, queries, story
from bitgoeul.apps.shows.errors import NotCertified, StoryFlawed
from bitgoeul.apps.shows.events import ShowCreated, ShowDescribed, ShowPublished, ShowUnpublished
from bitgoeul.apps.shows.models import Draft, Show
from bitgoeul.apps.shows.problems import sentence
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import require
from bitgoeul.kit.text import Localised


@command
def create_show(
    *,
    by: Actor,
    organisation: Organisation,
    title: Localised,
    story_data: dict[str, Any],
    description: Localised | None = None,
    slug: str = "",
    is_example: bool = False,
) -> Show:
    """Begin a show with a storyboard, which may use files that are added later."""
    require(policies.may_design(by, organisation.pk))
    if found := story.flaws(story_data):
        raise StoryFlawed(first=sentence(found[0]), problems=found)
    show = Show.objects.create(
        slug=_free_slug(slug or slugify(title.in_language("en"))),
        title=title,
        description=description or Localised(),
        organisation=organisation,
        is_example=is_example,
    )
    Draft.objects.create(show=show, number=1, story=story_data)
    record(
        ShowCreated(show=show.slug, drones=story_data["fleet"]["drones"]),
        by=by,
        subject=f"show:{show.slug}",
        organisation=organisation,
    )
    return show


def _free_slug(wanted: str) -> str:
    """The wanted address, or one like it that nobody has."""
    wanted = slugify(wanted)[:50] or "show"
    taken = Show.objects.filter(slug=wanted).exists() or wanted in {"new", "flights"}
    return f"{wanted}-{secrets.token_hex(3)}" if taken else wanted


@command
def describe_show(*, by: Actor, show: str, title: Localised, description: Localised) -> Show:
    """Change what a show is called and what is said of it."""
    row = find(queries.visible_to(by), slug=show)
    require(policies.may_design(by, row.organisation_id))
    changed = [
        name
        for name, value in (("title", title), ("description", description))
        if getattr(row, name) != value
    ]
    if not changed:
        unchanged()
        return row
    row.title, row.description, row.updated_at = title, description, clock.now()
    row.save(update_fields=["title", "description", "updated_at"])
    record(
        ShowDescribed(show=row.slug, changed=changed),
        by=by,
        subject=f"show:{row.slug}",
        organisation=row.organisation,
    )
    return row


@command
def publish_show(*, by: Actor, show: str, number: int) -> Show:
    """Let everybody watch a certified version."""
    row = find(queries.visible_to(by), slug=show)
    require(policies.may_design(by, row.organisation_id))
    version = find(queries.versions_visible_to(by), show=row, number=number)
    if not version.is_certified:
        raise NotCertified(number=number)
    if row.published_id == version.pk:
        unchanged()
        return row
    row.published, row.updated_at = version, clock.now()
    row.save(update_fields=["published", "updated_at"])
    record(
        ShowPublished(show=row.slug, version=number),
        by=by,
        subject=f"show:{row.slug}",
        organisation=row.organisation,
    )
    return row


@command
def unpublish_show(*, by: Actor, show: str) -> Show:
    """Show it to its organisation only."""
    row = find(queries.visible_to(by), slug=show)
    require(policies.may_design(by, row.organisation_id) or by.is_operator)
    if row.published_id is None:
        unchanged()
        return row
    row.published = None
    row.save(update_fields=["published"])
    record(ShowUnpublished(show=row.slug), by=by, subject=f"show:{row.slug}", organisation=row.organisation)
    return row
