"""Who may read which file, what a reviewer knows of it, and who is too near to whom."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bitgoeul.apps.people.models import Membership, Organisation, Person
from bitgoeul.apps.programmes import policies
from bitgoeul.apps.programmes.errors import ConflictOfInterest
from bitgoeul.apps.programmes.models import Application, Call, Review, Reviewer, Tie
from bitgoeul.engines import reviews as engine
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.models import Fact

Conflicts = dict[tuple[str, str], tuple[engine.Conflict, ...]]
NAMED_BY = ("slug", "name", "business_number", "public_id")  # what a declaration may call an organisation
YEARS = 3
REVIEW_DAYS = 14
KNOWS_SECTOR, KNOWS_KIND, KNOWS_NOTHING_BAD = 600, 300, 100  # of 1000
LEFT = ("people.MemberLeft", "people.MemberRemoved")
CONFLICTS = {
    "self": _("you applied yourself"),
    "same organisation": _("you and the applicant share an organisation, or did within three years"),
    "member": _("you and the applicant share an organisation, or did within three years"),
    "coauthor": _("you wrote with somebody of the applicant within three years"),
    "investor": _("there is an investment between you and the applicant"),
    "mentor": _("you mentored the applicant within three years"),
    "landlord": _("there is a lease between you and the applicant"),
    "family": _("you have family at the applicant"),
}


def reviews_visible_to(actor: Actor) -> QuerySet[Review]:
    """The files that were assigned to the actor and not given back.  Nobody else's exist for them."""
    rows = Review.objects.select_related("application__call", "application__organisation", "reviewer")
    return rows.filter(reviewer__person=actor.person_id or 0).exclude(state=Review.State.RECUSED)


def reviews_for_the_desk(actor: Actor) -> QuerySet[Review]:
    """Every review, to whoever runs calls; but nobody sees who read the file of their own organisation."""
    rows = Review.objects.select_related("application__call", "application__organisation", "reviewer__person")
    if not policies.may_see_all(actor):
        return rows.none()
    return rows.exclude(application__organisation__in=list(actor.memberships))


def reviewer_of(actor: Actor) -> Reviewer | None:
    return Reviewer.objects.filter(person=actor.person_id or 0).select_related("person").first()


def waiting_for_reviewer(actor: Actor) -> int | None:
    """How many files wait for this reader; None for whoever is no reviewer.  One question of the database."""
    unread = Q(reviews__state__in=[Review.State.ASSIGNED, Review.State.ACCEPTED])
    found = Reviewer.objects.filter(person_id=actor.person_id or 0).annotate(
        waiting=Count("reviews", filter=unread)
    )
    return found.values_list("waiting", flat=True).first()


def criteria(review: Review) -> list[dict[str, Any]]:
    return list(review.application.call.procedure["rubric"]["criteria"])


def is_blind(call: Call) -> bool:
    return bool((call.procedure.get("rubric") or {}).get("blind"))


def review_days(call: Call) -> int:
    """How long reviewers have: the stage named "review", else two weeks."""
    days = [int(stage["days"]) for stage in call.procedure["stages"] if stage["name"] == "review"]
    return days[0] if days else REVIEW_DAYS


@dataclass(frozen=True)
class Load:
    """What one reviewer has on the desk."""

    reviewer: Reviewer
    waiting: int
    writing: int
    submitted: int
    overdue: int

    @property
    def now(self) -> int:
        return self.waiting + self.writing


def loads(reviewers: QuerySet[Reviewer] | None = None) -> list[Load]:
    """Every reviewer with what they have to read, busiest first."""
    rows = Reviewer.objects.all() if reviewers is None else reviewers
    state = Review.State
    late = Q(reviews__state__in=Review.OPEN, reviews__due_at__lt=clock.now())
    counted = rows.select_related("person").annotate(
        waiting=Count("reviews", filter=Q(reviews__state=state.ASSIGNED)),
        writing=Count("reviews", filter=Q(reviews__state=state.ACCEPTED)),
        submitted=Count("reviews", filter=Q(reviews__state=state.SUBMITTED)),
        overdue=Count("reviews", filter=late),
    )
    found = [Load(row, row.waiting, row.writing, row.submitted, row.overdue) for row in counted]
    return sorted(found, key=lambda load: (not load.reviewer.active, -load.now, load.reviewer.pk))


def load_elsewhere(call: Call, reviewers: Iterable[Reviewer]) -> dict[int, int]:
    """Reviewer -> files of other calls that are still to be read."""
    rows = Review.objects.filter(reviewer__in=list(reviewers), state__in=Review.OPEN)
    counted = rows.exclude(application__call=call).values("reviewer").annotate(count=Count("id"))
    return {row["reviewer"]: row["count"] for row in counted}


def affinities(application: Application, call: Call, reviewers: Iterable[Reviewer]) -> dict[str, int]:
    """How well each reviewer knows the matter, 0 to 1000: the sector, the kind of support."""
    sector = application.organisation.sector
    return {
        row.public_id: KNOWS_NOTHING_BAD
        + KNOWS_SECTOR * (sector in row.sectors)
        + KNOWS_KIND * (call.kind in row.kinds)
        for row in reviewers
    }


# Who is too near to whom


def conflicts_between(reviewers: Collection[Reviewer], applications: Collection[Application]) -> Conflicts:
    """(reviewer, application) -> why this reviewer must not read it, from declared and known relations."""
    by_node = {f"person:{row.person_id}": row.public_id for row in reviewers}
    found = engine.find_conflicts(
        _relations(reviewers, applications),
        reviewers=list(by_node),
        parties={row.public_id: _parties(row) for row in applications},
        on=timezone.localdate(clock.now()),
    )
    return {(by_node[reviewer], application): those for (reviewer, application), those in found.items()}


def conflicts_of(review: Review) -> tuple[engine.Conflict, ...]:
    found = conflicts_between([review.reviewer], [review.application])
    return found.get((review.reviewer.public_id, review.application.public_id), ())


def refuse_conflict(review: Review) -> None:
    """Raises: ConflictOfInterest, if this reviewer must not read this file."""
    found = conflicts_of(review)
    if found or review.state == Review.State.BARRED:
        kind = found[0].kind if found else review.reason
        raise ConflictOfInterest(conflict=str(CONFLICTS.get(kind, kind)))


def _parties(application: Application) -> list[str]:
    parties = [f"organisation:{application.organisation_id}"]
    return [*parties, f"person:{application.person_id}"] if application.person_id else parties


def _relations(
    reviewers: Collection[Reviewer], applications: Collection[Application]
) -> list[engine.Relation]:
    houses = {row.organisation_id for row in applications}
    people = {row.person_id for row in reviewers} | {row.person_id for row in applications if row.person_id}
    people |= set(Membership.objects.filter(organisation__in=houses).values_list("person", flat=True))
    former = _former_memberships(people, houses)
    people |= {person for person, _house, _day in former}
    now = Membership.objects.filter(Q(person__in=people) | Q(organisation__in=houses))
    relations = {
        engine.Relation(engine.Tie.MEMBER, f"person:{person}", f"organisation:{house}")
        for person, house in now.values_list("person", "organisation")
    }
    relations |= {
        engine.Relation(engine.Tie.MEMBER, f"person:{person}", f"organisation:{house}", until=day)
        for person, house, day in former
    }
    return [*relations, *_declared(reviewers, applications)]


def _former_memberships(people: Collection[int], houses: Collection[int]) -> set[tuple[int, int, dt.date]]:
    """Who left which organisation on which day within the years that count; the record remembers."""
    since = clock.now() - dt.timedelta(days=366 * YEARS)
    facts = Fact.objects.filter(name__in=LEFT, at__gte=since).values_list("data", "organisation", "at")
    left = [(data.get("person"), house, timezone.localdate(at)) for data, house, at in facts]
    person_of = dict(
        Person.objects.filter(public_id__in={p for p, _h, _d in left}).values_list("public_id", "pk")
    )
    house_of = dict(
        Organisation.objects.filter(public_id__in={h for _p, h, _d in left}).values_list("public_id", "pk")
    )
    known = {
        (person_of[person], house_of[house], day)
        for person, house, day in left
        if person in person_of and house in house_of
    }
    return {row for row in known if row[0] in people or row[1] in houses}


def _declared(
    reviewers: Collection[Reviewer], applications: Collection[Application]
) -> list[engine.Relation]:
    ties = list(Tie.objects.filter(reviewer__in=reviewers).select_related("reviewer"))
    if not ties:
        return []
    nodes = _nodes_by_name(ties, applications)
    return [
        engine.Relation(
            engine.Tie(tie.kind), f"person:{tie.reviewer.person_id}", node, since=tie.since, until=tie.until
        )
        for tie in ties
        for node in sorted(nodes[tie.party.casefold()])
        if node != f"person:{tie.reviewer.person_id}"
        # Belonging leads from a person to an organisation.
        and (tie.kind != Tie.Kind.MEMBER or node.startswith("organisation:"))
    ]


def _nodes_by_name(ties: list[Tie], applications: Collection[Application]) -> dict[str, set[str]]:
    """A party as it was written -> the organisations and persons it can mean."""
    written = {tie.party.casefold() for tie in ties}
    nodes: dict[str, set[str]] = defaultdict(set)
    for row in {row.organisation_id: row.organisation for row in applications}.values():
        for name in (getattr(row, field) or "" for field in NAMED_BY):
            if name.casefold() in written:
                nodes[name.casefold()].add(f"organisation:{row.pk}")
    addresses = {name for name in written if "@" in name}
    for address, person in Person.objects.filter(email__in=addresses).values_list("email", "pk"):
        nodes[address.casefold()].add(f"person:{person}")
    return nodes


def comments_to_applicant(application: Application) -> list[str]:
    """What reviewers wrote to the applicant, without names, in an order that tells nothing."""
    rows = application.reviews.filter(state=Review.State.SUBMITTED).exclude(to_applicant="")
    return sorted(rows.values_list("to_applicant", flat=True))
