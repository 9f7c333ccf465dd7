from __future__ import annotations

from django.db.models import BigIntegerField, Count, QuerySet

from bitgoeul.apps.notices.models import Notice
from bitgoeul.apps.people.models import Membership, Organisation, Person
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.standing import StandingQuery


def inbox_of(actor: Actor) -> QuerySet[Notice]:
    """A person's own notices, newest first; nobody else's, not even an operator's."""
    if not actor.is_signed_in:
        return Notice.objects.none()
    return Notice.objects.filter(person_id=actor.own_id)


_unread: StandingQuery[int] = StandingQuery(
    lambda person: (
        Notice.objects.filter(person=person, read_at=None)
        .order_by()
        .values("person")
        .annotate(unread=Count("pk"))
        .values_list("unread", flat=True)
    ),
    person=BigIntegerField(),
)


def unread_count(actor: Actor) -> int:
    """The number for the header."""
    return _unread.first(person=actor.own_id) or 0 if actor.is_signed_in else 0


def members_of(organisation: Organisation, roles: frozenset[str] = frozenset()) -> list[Person]:
    """The people of an organisation, or those of them who hold one of ``roles``."""
    memberships = Membership.objects.filter(organisation=organisation, person__is_active=True)
    if roles:
        memberships = memberships.filter(role__in=roles)
    return [membership.person for membership in memberships.select_related("person").order_by("id")]


def operators() -> list[Person]:
    """The people at the operator's desk."""
    return [
        person for person in Person.objects.filter(is_active=True).exclude(roles=[]) if person.is_operator
    ]
