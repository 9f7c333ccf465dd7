"""The numbered things of a pool.

How many may be given out is decided by the counters; which ones, by a row for each.  Whoever the counters let
in finds enough free rows: rows that others have locked are theirs already, and never more than they took.
"""

from __future__ import annotations

from collections.abc import Sequence

from bitgoeul.apps.capacity.errors import UnitTaken
from bitgoeul.apps.capacity.models import Claim, Pool, Unit


def add(pool: Pool, labels: Sequence[str]) -> None:
    """Put numbered things behind those that are there."""
    last = Unit.objects.filter(pool=pool).order_by("-position").values_list("position", flat=True).first()
    start = 0 if last is None else last + 1
    Unit.objects.bulk_create(
        [Unit(pool=pool, label=label, position=position) for position, label in enumerate(labels, start)]
    )


def assign(pool: Pool, claim: Claim, labels: Sequence[str] = ()) -> list[str]:
    """Give free units to a claim: those that are named, else the first free ones."""
    chosen = _named(pool, labels) if labels else _first_free(pool, claim.quantity)
    Unit.objects.filter(pk__in=[unit.pk for unit in chosen]).update(claim=claim)
    return [unit.label for unit in chosen]


def _first_free(pool: Pool, quantity: int) -> list[Unit]:
    free = Unit.objects.filter(pool=pool, claim=None, in_service=True).order_by("position")
    return list(free.select_for_update(skip_locked=True)[:quantity])


def _named(pool: Pool, labels: Sequence[str]) -> list[Unit]:
    # In the order of their rows, so that two claims never wait for each other.
    asked = Unit.objects.filter(pool=pool, label__in=labels).order_by("pk").select_for_update()
    rows = {unit.label: unit for unit in asked}
    for label in labels:
        unit = rows.get(label)
        if unit is None or not unit.in_service or unit.claim_id is not None:
            raise UnitTaken(pool=str(pool), unit=label)
    return sorted(rows.values(), key=lambda unit: unit.position)


def give_back(claim: Claim, quantity: int) -> list[str]:
    """Take the last ``quantity`` units from a claim."""
    rows = list(Unit.objects.filter(claim=claim).order_by("-position")[:quantity])
    Unit.objects.filter(pk__in=[unit.pk for unit in rows]).update(claim=None)
    return [unit.label for unit in rows]
