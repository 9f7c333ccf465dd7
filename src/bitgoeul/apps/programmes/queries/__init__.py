"""What can be seen of calls and applications, and by whom."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import BigIntegerField, Count, DateTimeField, Min, Q, QuerySet, SlugField

from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.people.queries import organisations_of
from bitgoeul.apps.programmes import policies
from bitgoeul.apps.programmes.models import Application, Call
from bitgoeul.kit import clock
from bitgoeul.kit.actor import ANONYMOUS, Actor
from bitgoeul.kit.doors import find, found
from bitgoeul.kit.standing import StandingQuery

State = Application.State
WEEK = dt.timedelta(days=7)


def calls_visible_to(actor: Actor) -> QuerySet[Call]:
    """Every call that has been opened; drafts only to the desk."""
    calls = Call.objects.select_related("programme")
    return calls if policies.may_see_all(actor) else calls.exclude(state=Call.State.DRAFT)


def calls_citing(reference: str, actor: Actor) -> list[Call]:
    """The calls that carry out what this reference names, the newest first."""
    near = calls_visible_to(actor).filter(decisions__icontains=reference).order_by("-opens_at")
    return [call for call in near if reference in {row["reference"] for row in call.decisions}]


def taking_applications(calls: QuerySet[Call]) -> QuerySet[Call]:
    moment = clock.now()
    return calls.filter(state=Call.State.OPEN, opens_at__lte=moment, closes_at__gt=moment)


def announced(calls: QuerySet[Call]) -> QuerySet[Call]:
    """Opened by the desk, with their first day still ahead."""
    return calls.filter(state=Call.State.OPEN, opens_at__gt=clock.now())


def past(calls: QuerySet[Call], moment: Any = None) -> QuerySet[Call]:
    ended = Q(state=Call.State.CLOSED) | Q(state=Call.State.OPEN, closes_at__lte=moment or clock.now())
    return calls.filter(ended).order_by("-closes_at")


PAGE = 25
_not_ended: StandingQuery[Call] = StandingQuery(
    lambda moment: (
        calls_visible_to(ANONYMOUS)
        .select_related(None)
        .defer("clauses", "form", "terms", "procedure")
        .filter(state=Call.State.OPEN, closes_at__gt=moment)
    ),
    moment=DateTimeField(),
)
_ended: StandingQuery[Call] = StandingQuery(
    lambda moment: (
        past(calls_visible_to(ANONYMOUS), moment)
        .select_related(None)
        .defer("clauses", "form", "terms", "procedure")[: PAGE + 1]
    ),
    moment=DateTimeField(),
)
_opened: StandingQuery[Call] = StandingQuery(
    lambda slug: calls_visible_to(ANONYMOUS).filter(slug=slug), slug=SlugField()
)


def present(moment: dt.datetime) -> tuple[list[Call], list[Call]]:
    """The calls that take applications, and those that are announced: the same for everybody."""
    rows = _not_ended(moment=moment)
    return [row for row in rows if row.opens_at <= moment], [row for row in rows if row.opens_at > moment]


def first_past(moment: dt.datetime) -> list[Call]:
    """The beginning of ``past``: one page, and one row more if there is one."""
    return _ended(moment=moment)


def call_of(actor: Actor, slug: str) -> Call:
    """The call with this address.  Raises: NotFound."""
    if policies.may_see_all(actor):
        return find(calls_visible_to(actor), slug=slug)
    return found(_opened.first(slug=slug))


def applications_visible_to(actor: Actor) -> QuerySet[Application]:
    """Those of one's own organisations; all that were handed in, to the desk and to auditors."""
    rows = Application.objects.select_related("call", "organisation", "decision", "grant", "case")
    rows = rows.prefetch_related("grant__parts")
    mine = Q(organisation__in=list(actor.memberships))
    if policies.may_see_all(actor):
        return rows.filter(mine | ~Q(state=State.DRAFT))
    return rows.filter(mine)


def funnel() -> list[tuple[str, int]]:
    """How many applications stand in each state on their way, from draft to accepted."""
    way = (State.DRAFT, State.RETURNED, State.WAITING, State.IN_REVIEW, State.OFFERED, State.ACCEPTED)
    counted = dict(Application.objects.order_by().values_list("state").annotate(Count("pk")))
    return [(str(state.label), counted.get(state.value, 0)) for state in way]


def clocks(moment: dt.datetime) -> dict[str, Any]:
    """What runs out next on the desk: the longest wait, and the deadlines of the coming week."""
    week = moment + WEEK
    soon = {"offer_ends_at__range": (moment, week), "state": State.OFFERED}
    back = {"completion_due_at__range": (moment, week), "state": State.RETURNED}
    return {
        "longest": waiting_for_a_person().aggregate(Min("submitted_at"))["submitted_at__min"],
        "offers": Application.objects.filter(**soon).count(),
        "completions": Application.objects.filter(**back).count(),
        "closing": Call.objects.filter(state=Call.State.OPEN, closes_at__range=(moment, week)).count(),
    }


def waiting_for_a_person() -> QuerySet[Application]:
    rows = Application.objects.select_related("call", "organisation")
    return rows.filter(state=State.WAITING).order_by("submitted_at")


def may_apply_for(actor: Actor) -> list[Organisation]:
    """The organisations in whose name the actor may apply."""
    return [row for row in organisations_of(actor).order_by("name") if policies.may_apply(actor, row.pk)]


def current_application(call: Call, organisation: Organisation) -> Application | None:
    """The application that stands, if any: drafts included, withdrawn ones not."""
    rows = Application.objects.filter(call=call, organisation=organisation).exclude(state=State.WITHDRAWN)
    return rows.order_by("-created_at").first()


def credits_of(call: Call) -> int:
    """The milli-credits that the largest grant of a call gives; 0 if it gives none."""
    given = next((part for part in call.gives if part["part"] == "credits"), None)
    return given.get("quantity", call.share_most) if given else 0


def calls_that_open(dataset: str) -> list[Call]:
    """The calls that take applications now and whose grants give access to this dataset, if asked for it."""
    rows = taking_applications(calls_visible_to(ANONYMOUS)).defer("clauses", "terms", "procedure")
    return [call for call in rows if any(_opens(call, part, dataset) for part in call.gives)]


def _opens(call: Call, part: dict[str, Any], dataset: str) -> bool:
    if part["part"] != "dataset":
        return False
    question = call.form["properties"][part["dataset"].partition(".")[2]]
    return dataset in question.get("enum", [dataset])


@dataclass(frozen=True)
class Statistics:
    """What the public sees of a call; money and credits in the unit of its budget."""

    applications: int
    waiting: int
    returned: int
    in_review: int
    offered: int
    reserve: int
    accepted: int
    rejected: int
    declined: int
    lapsed: int
    withdrawn: int
    reserved: int
    granted: int
    budget: int

    @property
    def left(self) -> int:
        return self.budget - self.granted - self.reserved


_COUNTED = ("waiting", "returned", "in_review", "offered", "reserve", "accepted", "rejected", "declined",
            "lapsed", "withdrawn")  # fmt: skip
_counts: StandingQuery[dict[str, int]] = StandingQuery(
    lambda call: (
        Application.objects.filter(call=call, submitted_at__isnull=False)
        .order_by()
        .values("call")
        .annotate(
            applications=Count("id"),
            **{state: Count("id", filter=Q(state=state)) for state in _COUNTED},
        )
        .values("applications", *_COUNTED)
    ),
    call=BigIntegerField(),
)


def statistics(call: Call) -> Statistics:
    """Counts of what was handed in; a draft is nobody's business."""
    counts = _counts.first(call=call.pk) or dict.fromkeys(("applications", *_COUNTED), 0)
    return Statistics(**counts, reserved=call.reserved, granted=call.granted, budget=call.budget)
