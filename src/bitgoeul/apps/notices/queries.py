from __future__ import annotations

from django.db.models import QuerySet

from bitgoeul.apps.notices.models import Notice
from bitgoeul.apps.people.models import Membership, Organisation, Person
from bitgoeul.kit.actor import Actor


def inbox_of(actor: Actor) -> QuerySet[Notice]:
    """A person's own notices, newest first; nobody else's, not even an operator's."""
    if not actor.is_signed_in:
        return Notice.objects.none()
    return Notice.objects.filter(person_id=actor.own_id)


def unread_count(actor: Actor) -> int:
    """The number for the header."""
    return inbox_of(actor).filter(read_at=None).count()


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
