"""One valid, boring row of each kind; variety is asked for by name."""

from __future__ import annotations

import itertools
from typing import Any

from allauth.account.models import EmailAddress

from bitgoeul.apps.people.models import Membership, Organisation, Person
from bitgoeul.apps.people.queries import actor_for
from bitgoeul.engines.identity import check_digit
from bitgoeul.kit.actor import Actor

_number = itertools.count(1)


def business_number(serial: int) -> str:
    """A number with a right check digit."""
    return f"{serial:09d}{check_digit(f'{serial:09d}')}"


PASSWORD = "bright-village-9"


def make_person(**fields: Any) -> Person:
    """Somebody with a confirmed address."""
    serial = next(_number)
    person = Person.objects.create_user(
        **{"email": f"person{serial}@example.org", "password": PASSWORD, "name": f"사람 {serial}"} | fields
    )
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return person


def make_organisation(owner: Person | None = None, **fields: Any) -> Organisation:
    serial = next(_number)
    defaults = {
        "slug": f"org-{serial}",
        "name": f"예시 기관 {serial}",
        "business_number": business_number(100_000_000 + serial),
        "region": "광주광역시",
        "founded_on": "2024-03-02",
        "stage": Organisation.Stage.STARTUP,
        "sector": Organisation.Sector.MOBILITY,
    }
    organisation = Organisation.objects.create(**defaults | fields)
    if owner is not None:
        Membership.objects.create(person=owner, organisation=organisation, role=Membership.Role.OWNER)
    return organisation


def make_member(organisation: Organisation, role: str = Membership.Role.MEMBER, **fields: Any) -> Person:
    """A new person with a part in ``organisation``."""
    person = make_person(**fields)
    Membership.objects.create(person=person, organisation=organisation, role=role)
    return person


def actor(person: Person) -> Actor:
    return actor_for(person)
