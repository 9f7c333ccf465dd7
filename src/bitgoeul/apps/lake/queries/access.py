"""Who may read the rows of what, and until when."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from bitgoeul.apps.lake.models import Access, Dataset
from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.programmes.models import GrantPart
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor


def running() -> QuerySet[Access]:
    """What opens a dataset at this moment."""
    moment = clock.now()
    return Access.objects.filter(state=Access.State.GIVEN, starts_at__lte=moment, ends_at__gt=moment)


def opened_to(actor: Actor) -> Q:
    """The datasets on request whose rows the actor's organisations may read now."""
    held = running().filter(dataset=OuterRef("pk"), organisation__in=list(actor.memberships))
    return Q(Exists(held), visibility=Dataset.Visibility.RESTRICTED)


def accesses_visible_to(actor: Actor) -> QuerySet[Access]:
    """What was given to one's own organisations and to others for one's own datasets; all to the steward."""
    rows = Access.objects.select_related("dataset__organisation", "organisation", "part__grant__application")
    if actor.is_operator or "steward" in actor.roles:
        return rows
    if not actor.allows("lake:read"):
        return rows.none()
    mine = list(actor.memberships)
    return rows.filter(Q(organisation__in=mine) | Q(dataset__organisation__in=mine))


def own_access(actor: Actor, dataset: Dataset) -> Access | None:
    """Through which access the actor reads a dataset of others; the one that lasts longest."""
    held = running().filter(dataset=dataset, organisation__in=list(actor.memberships))
    return held.select_related("organisation").order_by("-ends_at").first()


def on_behalf_of(organisation: Organisation, actor: Actor) -> Actor:
    """The actor with what the organisation itself may read, as work that it ordered needs it."""
    memberships = {organisation.pk: frozenset({"member"})} | dict(actor.memberships)
    return Actor(id=actor.id, person_id=actor.person_id, roles=actor.roles, memberships=memberships)


def unopened_parts() -> QuerySet[GrantPart]:
    """Parts of running grants that promise access to a dataset which nobody opened yet."""
    return GrantPart.objects.filter(
        part=GrantPart.Part.DATASET,
        state=GrantPart.State.PLANNED,
        grant__state="active",
        grant__activated_at__isnull=False,
        grant__ends_at__gt=clock.now(),
    ).select_related("grant__application__call", "grant__organisation")


def over() -> QuerySet[Access]:
    """What is over by the clock or by the end of its grant, but does not say so yet."""
    ended = Q(part__state__in=[GrantPart.State.ENDED, GrantPart.State.RETURNED])
    return Access.objects.filter(Q(ends_at__lte=clock.now()) | ended, state=Access.State.GIVEN)
