"""Reviewers, their ties, who reads what, and the reviews themselves."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _

from bitgoeul.apps.people.models import Organisation, Person
from bitgoeul.apps.programmes import policies, queries
from bitgoeul.apps.programmes.errors import (
    CallStillOpen,
    NotEnoughReviewers,
    NothingToReview,
    PanelDecided,
)
from bitgoeul.apps.programmes.events.reviews import (
    ReviewAccepted,
    ReviewerRecused,
    ReviewerSaved,
    ReviewKept,
    ReviewsAssigned,
    ReviewSetAside,
    ReviewSubmitted,
    TieDeclared,
)
from bitgoeul.apps.programmes.models import Application, Call, Panel, Review, Reviewer, Tie
from bitgoeul.apps.programmes.queries import panels as judging
from bitgoeul.apps.programmes.queries import reviews as reading
from bitgoeul.apps.programmes.queries.answers import is_storable
from bitgoeul.apps.programmes.queries.deadlines import due_after, written_moment
from bitgoeul.engines import reviews as engine
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import Invalid, StateChanged, require

State = Review.State
MOST_LOAD = 200
LONGEST_WORDS = 4_000
SHOWN = 5  # names in a refusal


@command
def save_reviewer(
    *, by: Actor, person: str, sectors: list[str], kinds: list[str], load_most: int, active: bool = True
) -> Reviewer:
    """Make somebody with an account a reviewer, or change what they know and how much they read."""
    require(policies.may_run_calls(by))
    errors = _choice_errors(sectors, kinds)
    who = Person.objects.filter(email=person.strip().lower(), is_active=True).first()
    if who is None:
        errors["person"] = [_("There is no account with this address.")]
    if not 1 <= load_most <= MOST_LOAD:
        errors["load_most"] = [_("Between 1 and %(most)s files.") % {"most": MOST_LOAD}]
    if errors or who is None:
        raise Invalid(errors)
    fields = {"sectors": sectors, "kinds": kinds, "load_most": load_most, "active": active}
    row, new = Reviewer.objects.get_or_create(person=who, defaults=fields)
    if not new:
        if all(getattr(row, name) == value for name, value in fields.items()):
            unchanged()
            return row
        for name, value in fields.items():
            setattr(row, name, value)
        row.save(update_fields=list(fields))
    record(
        ReviewerSaved(
            reviewer=row.public_id,
            sectors=sectors,
            kinds=kinds,
            load_most=load_most,
            active=active,
            person=who.public_id,
        ),
        by=by,
        subject=row.subject,
    )
    return row


def _choice_errors(sectors: list[str], kinds: list[str]) -> dict[str, list[str]]:
    known = {"sectors": (sectors, Organisation.Sector.values), "kinds": (kinds, Call.Kind.values)}
    return {
        name: [_("Choose from: %(known)s.") % {"known": ", ".join(values)}]
        for name, (chosen, values) in known.items()
        if any(code not in values for code in chosen)
    }


@command
def declare_tie(
    *, by: Actor, kind: str, party: str, since: dt.date | None = None, until: dt.date | None = None
) -> Tie:
    """Say what you are to an organisation or a person who may apply; again changes the dates."""
    reviewer = find(Reviewer.objects.all(), person=by.person_id)
    party = party.strip()
    errors: dict[str, list[str]] = {}
    if kind not in Tie.Kind.values:
        errors["kind"] = [_("Choose from: %(known)s.") % {"known": ", ".join(Tie.Kind.values)}]
    if not 0 < len(party) <= 120 or not is_storable(party):
        errors["party"] = [_("Write the name of the organisation, or the person's e-mail address.")]
    if since and until and until < since:
        errors["until"] = [_("It ends before it begins.")]
    if errors:
        raise Invalid(errors)
    dates = {"since": since, "until": until}
    row, new = Tie.objects.get_or_create(reviewer=reviewer, kind=kind, party=party, defaults=dates)
    if not new:
        if row.since == since and row.until == until:
            unchanged()
            return row
        row.since, row.until = since, until
        row.save(update_fields=["since", "until"])
    record(
        TieDeclared(
            reviewer=reviewer.public_id,
            kind=kind,
            party=party,
            since=since.isoformat() if since else "",
            until=until.isoformat() if until else "",
        ),
        by=by,
        subject=reviewer.subject,
    )
    return row


@command
def assign_reviews(*, by: Actor, call: str) -> Panel:
    """Settle who reads what: as near to each reviewer's knowledge as can be, loads even, no conflicts.

    Reviews that stand are kept, those with a conflict are barred; what is missing is assigned anew. Either
    every application gets its reviews or nothing is assigned.
    """
    offer = find(queries.calls_visible_to(by), slug=call)
    require(policies.may_run_calls(by))
    panel = _open_panel(offer)
    rows = list(offer.applications.filter(state=Application.State.IN_REVIEW).select_related("organisation"))
    if not rows:
        raise NothingToReview(call=str(offer))
    pool = list(Reviewer.objects.filter(active=True).select_related("person"))
    conflicts = reading.conflicts_between(pool, rows)
    barred = _bar_standing(offer, conflicts)
    settled = list(
        Review.objects.filter(application__in=rows).values_list(
            "application__public_id", "reviewer__public_id", "state"
        )
    )
    kept = [(a, r) for a, r, state in settled if state in Review.STANDING]
    gone = {(r, a) for a, r, state in settled if state not in Review.STANDING}
    found = _assigned(offer, rows, pool, kept, set(conflicts) | gone)
    new = sorted(set(found.pairs) - set(kept))
    if not new and not barred:
        unchanged()
        return panel
    due_at = due_after(reading.review_days(offer))
    by_id = {row.public_id: row for row in rows}
    people = {row.public_id: row for row in pool}
    Review.objects.bulk_create(
        Review(application=by_id[a], reviewer=people[r], due_at=due_at, assigned_at=clock.now())
        for a, r in new
    )
    panel.affinity, panel.cost, panel.bound = found.affinity, found.cost, found.bound
    panel.assigned_at = clock.now()
    panel.bonuses = _bonuses(offer, rows)
    panel.save(update_fields=["affinity", "cost", "bound", "assigned_at", "bonuses"])
    record(
        ReviewsAssigned(
            call=call,
            reviews=len(found.pairs),
            new=len(new),
            barred=barred,
            **panel.numbers(),
            pairs=[list(pair) for pair in new],
        ),
        by=by,
        subject=offer.subject,
    )
    return panel


def _bonuses(call: Call, rows: list[Application]) -> dict[str, list[str]]:
    """What each application earns beyond its marks; its facts are frozen, so this is worked out once."""
    rules = judging.bonus_rules(call)
    return {row.public_id: rules.earned_by(row.facts, row.answers) for row in rows} if rules else {}


def _open_panel(call: Call) -> Panel:
    """The panel of a call whose deadline has passed, before it decides."""
    if not call.is_for_a_panel:
        raise NothingToReview(call=str(call))
    if not call.is_past_at(clock.now()):
        raise CallStillOpen(call=str(call), closes=written_moment(call.closes_at))
    panel, _new = Panel.objects.get_or_create(call=call)
    if panel.state == Panel.State.DECIDED:
        raise PanelDecided(call=str(call), when=written_moment(panel.decided_at or clock.now()))
    return panel


def _bar_standing(call: Call, conflicts: reading.Conflicts) -> int:
    """Bar what stands although a conflict is known by now; return how many."""
    standing = Review.objects.filter(application__call=call, state__in=Review.STANDING)
    barred = 0
    for review in standing.select_related("reviewer", "application"):
        if found := conflicts.get((review.reviewer.public_id, review.application.public_id)):
            Review.FLOW.move(review, State.BARRED, reason=found[0].kind)
            barred += 1
    return barred


def _assigned(
    call: Call,
    rows: list[Application],
    pool: list[Reviewer],
    kept: list[tuple[str, str]],
    closed: set[tuple[str, str]],
) -> engine.Assignment:
    elsewhere = reading.load_elsewhere(call, pool)
    limits = {row.public_id: max(0, row.load_most - elsewhere.get(row.pk, 0)) for row in pool}
    # Who stopped reviewing keeps what they have; nothing is added.
    limits |= {reviewer: 0 for _a, reviewer in kept if reviewer not in limits}
    wanted = int(call.procedure["rubric"]["reviews"])
    has = {row.public_id: 0 for row in rows}
    for application, _reviewer in kept:
        has[application] += 1
    try:
        return engine.assign(
            affinity={row.public_id: reading.affinities(row, call, pool) for row in rows},
            reviews={name: max(wanted, count) for name, count in has.items()},
            limits=limits,
            conflicts=closed,
            kept=kept,
        )
    except engine.Shortage as short:
        names = sorted(short.missing)
        more = " …" if len(names) > SHOWN else ""
        raise NotEnoughReviewers(
            needed=short.needed, available=short.available, applications=", ".join(names[:SHOWN]) + more
        ) from None


@command
def accept_review(*, by: Actor, review: str) -> Review:
    """Take a file that was assigned to you."""
    row = _mine(by, review)
    if row.state == State.ACCEPTED:
        unchanged()
        return row
    Review.FLOW.move(row, State.ACCEPTED)
    record(ReviewAccepted(call=row.application.call.slug, review=row.public_id), by=by, subject=row.subject)
    return row


@command
def recuse(*, by: Actor, review: str, reason: str) -> Review:
    """Give a file back before it is read to the end; another reviewer is found with the next assignment."""
    row = find(reading.reviews_visible_to(by), public_id=review)
    if row.state == State.RECUSED:
        unchanged()
        return row
    if not 0 < len(reason.strip()) <= LONGEST_WORDS or not is_storable(reason):
        raise Invalid({"reason": [_("Say why, in a few words.")]})
    Review.FLOW.move(row, State.RECUSED, reason=reason.strip())
    record(
        ReviewerRecused(call=row.application.call.slug, review=row.public_id, reason=reason.strip()),
        by=by,
        subject=row.subject,
    )
    return row


@command
def keep_review(*, by: Actor, review: str, typed: dict[str, str]) -> Review:
    """Keep a draft exactly as it is typed, finished or not."""
    row = _mine(by, review)
    known = {"to_applicant", "to_panel"} | {f"mark_{c['name']}" for c in reading.criteria(row)}
    kept = {name: value for name, value in typed.items() if name in known}
    if not is_storable(kept) or any(len(str(value)) > LONGEST_WORDS for value in kept.values()):
        raise Invalid({"to_applicant": [_("It is too long, or holds characters that cannot be kept.")]})
    if row.kept == kept and row.state == State.ACCEPTED:
        unchanged()
        return row
    mine = Review.objects.filter(pk=row.pk, state=State.ACCEPTED)
    if not mine.update(kept=kept, kept_at=clock.now()):
        row.refresh_from_db()
        raise StateChanged(now=str(row.get_state_display()))
    row.kept = kept
    record(ReviewKept(call=row.application.call.slug, review=row.public_id), by=by, subject=row.subject)
    return row


@command
def submit_review(
    *, by: Actor, review: str, marks: dict[str, Any], to_applicant: str, to_panel: str = ""
) -> Review:
    """Hand in a review: a whole mark for each criterion, and what the applicant may read."""
    row = _mine(by, review)
    to_applicant, to_panel = to_applicant.strip(), to_panel.strip()
    if row.state == State.SUBMITTED and (row.marks, row.to_applicant, row.to_panel) == (
        marks,
        to_applicant,
        to_panel,
    ):
        unchanged()
        return row
    _check_panel_open(row)
    if problems := _review_problems(row, marks, to_applicant, to_panel):
        raise Invalid(problems)
    words = {"to_applicant": to_applicant, "to_panel": to_panel}
    Review.FLOW.move(row, State.SUBMITTED, marks=marks, **words, kept={}, submitted_at=clock.now())
    record(
        ReviewSubmitted(
            call=row.application.call.slug,
            review=row.public_id,
            application=row.application.public_id,
            marks=marks,
            to_applicant=to_applicant,
        ),
        by=by,
        subject=row.subject,
    )
    return row


@command
def set_aside_review(*, by: Actor, review: str, reason: str) -> Review:
    """Take a review out because of a conflict, found or told; it does not count any more."""
    row = find(reading.reviews_for_the_desk(by), public_id=review)
    require(policies.may_run_calls(by))
    if not 0 < len(reason.strip()) <= LONGEST_WORDS or not is_storable(reason):
        raise Invalid({"reason": [_("Say why, in a few words.")]})
    _check_panel_open(row)
    found = reading.conflicts_of(row)
    Review.FLOW.move(row, State.BARRED, reason=reason.strip())
    record(
        ReviewSetAside(
            call=row.application.call.slug,
            review=row.public_id,
            application=row.application.public_id,
            conflict=found[0].kind if found else "told",
            reason=reason.strip(),
        ),
        by=by,
        subject=row.subject,
    )
    return row


def _mine(by: Actor, review: str) -> Review:
    """A review of one's own, unless a conflict is known by now."""
    row = find(reading.reviews_visible_to(by), public_id=review)
    reading.refuse_conflict(row)
    return row


def _check_panel_open(row: Review) -> None:
    panel = Panel.objects.filter(call=row.application.call, state=Panel.State.DECIDED).first()
    if panel is not None:
        when = written_moment(panel.decided_at or clock.now())
        raise PanelDecided(call=str(row.application.call), when=when)


def _review_problems(row: Review, marks: Any, to_applicant: str, to_panel: str) -> dict[str, list[str]]:
    problems: dict[str, list[str]] = {}
    known = {criterion["name"]: criterion["most"] for criterion in reading.criteria(row)}
    for name, most in known.items():
        mark = marks.get(name)
        if not isinstance(mark, int) or isinstance(mark, bool) or not 0 <= mark <= most:
            problems[f"mark_{name}"] = [_("A whole number from 0 to %(most)s.") % {"most": most}]
    for name in sorted(set(marks) - set(known)):
        problems[f"mark_{name}"] = [_("The rubric has no such criterion.")]
    if len(to_applicant) < 1:
        problems["to_applicant"] = [_("Write what the applicant will read.")]
    for name, words in (("to_applicant", to_applicant), ("to_panel", to_panel)):
        if len(words) > LONGEST_WORDS or not is_storable(words):
            problems[name] = [_("It is too long, or holds characters that cannot be kept.")]
    return problems
