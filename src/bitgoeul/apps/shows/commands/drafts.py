"""The storyboard while it is drawn.  A saved state is no news: the version made from it will be."""

from __future__ import annotations

from typing import Any

from bitgoeul.apps.shows import policies, queries, story
from bitgoeul.apps.shows.errors import DraftMoved, NothingToUndo, StoryFlawed
from bitgoeul.apps.shows.models import Draft, Show
from bitgoeul.apps.shows.problems import sentence
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.refusals import require

KEPT = 300


def _mine(by: Actor, show: str) -> Show:
    row = find(queries.of_own(by), slug=show)
    require(policies.may_design(by, row.organisation_id))
    return row


@command
def save_draft(*, by: Actor, show: str, story_data: dict[str, Any], after: int) -> Draft:
    """Keep a new state of the storyboard, which was drawn ``after`` the state of that number.

    What could be redone before is gone then.
    """
    row = _mine(by, show)
    unchanged()
    if found := story.flaws(story_data):
        raise StoryFlawed(first=sentence(found[0]), problems=found)
    last = queries.draft_of(row)
    if last.story == story_data:
        return last
    _move(row, after, to=after + 1)
    Draft.objects.filter(show=row, number__gt=after).delete()
    Draft.objects.filter(show=row, number__lte=after + 1 - KEPT).delete()
    return Draft.objects.create(show=row, number=after + 1, story=story_data)


def _move(show: Show, after: int, *, to: int) -> None:
    """Make ``to`` the present state, unless somebody moved on from ``after`` first."""
    moved = Show.objects.filter(pk=show.pk, draft=after).update(draft=to, updated_at=clock.now())
    if not moved:
        raise DraftMoved
    show.draft = to


@command
def undo(*, by: Actor, show: str, after: int) -> Draft:
    """Go back to the state before."""
    return _go(_mine(by, show), after, after - 1)


@command
def redo(*, by: Actor, show: str, after: int) -> Draft:
    """Go forward to the state that was undone."""
    return _go(_mine(by, show), after, after + 1)


def _go(show: Show, after: int, to: int) -> Draft:
    unchanged()
    draft = Draft.objects.filter(show=show, number=to).first()
    if draft is None:
        raise NothingToUndo
    _move(show, after, to=to)
    return draft
