"""Who is who, as seen by somebody."""

from __future__ import annotations

from django.db.models import QuerySet

from bitgoeul.apps.people.models import Organisation, Person
from bitgoeul.kit.actor import Actor


def actor_for(person: Person, scopes: frozenset[str] | None = None) -> Actor:
    """The actor that ``person`` is; a token narrows it to ``scopes``."""
    memberships = {
        organisation_id: frozenset({role})
        for organisation_id, role in person.memberships.values_list("organisation_id", "role")
    }
    return Actor(
        id=f"person:{person.public_id}",
        person_id=person.pk,
        roles=frozenset(person.roles),
        memberships=memberships,
        scopes=scopes,
    )


def organisations_of(actor: Actor) -> QuerySet[Organisation]:
    """The organisations in which the actor has a part."""
    return Organisation.objects.filter(pk__in=list(actor.memberships))


def organisations_visible_to(actor: Actor) -> QuerySet[Organisation]:
    """Whose company file the actor may open."""
    if actor.is_operator or "auditor" in actor.roles:
        return Organisation.objects.all()
    return organisations_of(actor)
