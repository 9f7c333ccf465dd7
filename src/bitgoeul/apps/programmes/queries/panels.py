"""The panel of a call: how far the reviews are."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from bitgoeul.apps.programmes.models import Application, Call, Panel, Review


def panel_of(call: Call) -> Panel | None:
    return Panel.objects.filter(call=call).first()


def calls_for_panels(calls: QuerySet[Call]) -> QuerySet[Call]:
    """Calls that a panel decides, newest deadline first, with how many are in review."""
    state = Application.State
    return (
        calls.filter(procedure__decision__in=["panel", "panel-lottery"])
        .select_related("panel")
        .annotate(in_review=Count("applications", filter=Q(applications__state=state.IN_REVIEW)))
        .order_by("-closes_at")
    )


def read_so_far(call: Call) -> QuerySet[Application]:
    """The applications in review, each with how many reviews stand and are submitted."""
    rows = call.applications.filter(state=Application.State.IN_REVIEW).select_related("organisation")
    return rows.annotate(
        assigned=Count("reviews", filter=Q(reviews__state__in=Review.STANDING)),
        submitted=Count("reviews", filter=Q(reviews__state=Review.State.SUBMITTED)),
    ).order_by("submitted_at", "id")


@dataclass(frozen=True)
class Progress:
    """How far the reviews of a call are."""

    applications: int
    wanted: int
    assigned: int
    submitted: int

    @property
    def complete(self) -> bool:
        return self.applications > 0 and self.submitted >= self.wanted


def progress(call: Call) -> Progress:
    rows = call.applications.filter(state=Application.State.IN_REVIEW)
    standing = Review.objects.filter(application__in=rows, state__in=Review.STANDING)
    counted = standing.aggregate(
        assigned=Count("id"), submitted=Count("id", filter=Q(state=Review.State.SUBMITTED))
    )
    count = rows.count()
    return Progress(count, count * int(call.procedure["rubric"]["reviews"]), **counted)
