"""One valid, boring row of each kind; variety is asked for by name."""

from __future__ import annotations

import itertools
from typing import Any

from bitgoeul.apps.people.models import Membership, Organisation, Person
from bitgoeul.apps.people.queries import actor_for
from bitgoeul.kit.actor import Actor

_number = itertools.count(1)
_WEIGHTS = (1, 3, 7, 1, 3, 7, 1, 3, 5)


def business_number(serial: int) -> str:
    """A number with a right check digit."""
    digits = [int(d) for d in f"{serial:09d}"]
    total = sum(d * w for d, w in zip(digits, _WEIGHTS, strict=True)) + digits[8] * 5 // 10
    return f"{serial:09d}{-total % 10}"


def make_person(**fields: Any) -> Person:
    serial = next(_number)
    return Person.objects.create_user(
        **{"email": f"person{serial}@example.org", "password": "bright-village-9", "name": f"사람 {serial}"}
        | fields
    )


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


def actor(person: Person) -> Actor:
    return actor_for(person)
