"""What somebody may see of shows."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.people.queries import organisations_of
from bitgoeul.apps.shows import policies
from bitgoeul.apps.shows.models import Asset, Draft, Flight, Show, Version
from bitgoeul.kit.actor import ANONYMOUS, Actor
from bitgoeul.kit.doors import find
from bitgoeul.kit.standing import StandingQuery
from bitgoeul.kit.text import containing

LISTED = 24


def visible_to(actor: Actor) -> QuerySet[Show]:
    """Published shows, those of one's own organisations, and everything for operators and auditors."""
    rows = Show.objects.select_related("organisation", "published")
    if policies.may_see_all(actor):
        return rows
    mine = list(actor.memberships) if policies.may_read(actor) else []
    return rows.filter(Q(published__isnull=False) | Q(organisation__in=mine))


def listed(actor: Actor, text: str = "") -> QuerySet[Show]:
    """The catalogue, the newest first."""
    rows = visible_to(actor).order_by("-updated_at", "-id")
    if text := text.strip()[:100]:
        rows = rows.filter(Q(slug__icontains=text) | containing(text, "title"))
    return rows


_listed_to_all: StandingQuery[Show] = StandingQuery(lambda: listed(ANONYMOUS)[: LISTED + 1])


def first_listed(actor: Actor, text: str = "") -> list[Show]:
    """The beginning of ``listed``: one page, and one row more if there is one."""
    if actor.is_visitor and not text.strip():
        return _listed_to_all()
    return list(listed(actor, text)[: LISTED + 1])


def of_own(actor: Actor) -> QuerySet[Show]:
    """Shows of the actor's own organisations, whether published or not."""
    rows = Show.objects.select_related("organisation", "published")
    if policies.may_see_all(actor):
        return rows
    return rows.filter(organisation__in=list(actor.memberships) if policies.may_read(actor) else [])


def versions_visible_to(actor: Actor) -> QuerySet[Version]:
    """Published versions, and every version of one's own shows."""
    rows = Version.objects.select_related("show__organisation", "show__published")
    if policies.may_see_all(actor):
        return rows
    mine = list(actor.memberships) if policies.may_read(actor) else []
    # A version is public while it is the one that its show presents.
    return rows.filter(Q(pk__in=Show.objects.values("published")) | Q(show__organisation__in=mine))


def flights_visible_to(actor: Actor) -> QuerySet[Flight]:
    """Flights of one's own shows; how an evening is prepared is nobody else's business."""
    rows = Flight.objects.select_related("version__show__organisation")
    if policies.may_see_all(actor):
        return rows
    mine = list(actor.memberships) if policies.may_read(actor) else []
    return rows.filter(version__show__organisation__in=mine)


def draft_of(show: Show) -> Draft:
    """The storyboard as it is now."""
    return find(Draft.objects.filter(show=show), number=show.draft)


def assets_of(show: Show) -> list[Asset]:
    return list(Asset.objects.filter(show=show))


def organisations_for(actor: Actor) -> QuerySet[Organisation]:
    """The organisations for which the actor may draw shows."""
    rows = organisations_of(actor)
    return rows.filter(pk__in=[pk for pk in actor.memberships if policies.may_design(actor, pk)])
