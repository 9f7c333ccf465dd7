"""What the public may know of a call, and what an applicant may prove: numbers, regions, proofs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from bitgoeul.apps.programmes.models import Application, Call
from bitgoeul.apps.programmes.queries import draws
from bitgoeul.apps.record.queries import bundle
from bitgoeul.kit.models import Fact

State = Application.State
WON = (State.OFFERED, State.ACCEPTED)
FEW = 3  # fewer applicants of one region are told together: nobody is to be guessed
OTHERS = ""


@dataclass(frozen=True)
class Region:
    """How many applied from a region and how many have or were offered a grant; "" is all small ones."""

    name: str
    applied: int
    won: int


def regions(call: Call) -> list[Region]:
    """Applications and winners by region, largest first."""
    handed_in = call.applications.filter(submitted_at__isnull=False)
    counted = (
        handed_in.values("organisation__region")
        .annotate(applied=Count("id"), won=Count("id", filter=Q(state__in=WON)))
        .order_by("-applied", "organisation__region")
    )
    rows = [Region(row["organisation__region"], row["applied"], row["won"]) for row in counted]
    small = [row for row in rows if row.applied < FEW]
    shown = [row for row in rows if row.applied >= FEW]
    if small:
        total = Region(OTHERS, sum(row.applied for row in small), sum(row.won for row in small))
        shown.append(total)
    return shown


def facts_about(call: Call) -> QuerySet[Fact]:
    """Everything in the record about a call and the applications to it."""
    numbers = call.applications.filter(submitted_at__isnull=False).values_list("public_id", flat=True)
    return Fact.objects.filter(
        Q(subject=call.subject) | Q(subject__in=[f"application:{number}" for number in numbers])
    )


def bundle_of(call: Call) -> Iterator[bytes]:
    """Facts with their proofs and the draw sheet, as JSON lines; of personal values there are only hashes."""
    draw = draws.draw_of(call)
    also: list[dict[str, Any]] = []
    if draw is not None and draw.sheet is not None:
        also = [{"type": "draw", "sheet": draw.sheet}]
    return bundle(call.subject, facts_about(call), also=also)


def receipt_of(application: Application) -> Iterator[bytes]:
    """Every sealed fact about one application, with its own values and their salts: the applicant's proof."""
    rows = Fact.objects.filter(subject=application.subject)
    return bundle(application.subject, rows, with_personal=True)
