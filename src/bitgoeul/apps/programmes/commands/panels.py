"""The decision of a panel about all applications at once, and appeals against it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bitgoeul.apps.programmes import policies, queries
from bitgoeul.apps.programmes.commands.beside import checked_beside
from bitgoeul.apps.programmes.commands.decisions import (
    accept_application,
    reject_application,
    reserve_application,
)
from bitgoeul.apps.programmes.commands.offers import offer_next
from bitgoeul.apps.programmes.errors import (
    AppealClosed,
    ApplicationsOpen,
    BudgetSpent,
    CallStillOpen,
    ConflictsFound,
    DrawPending,
    NothingToReview,
    ReviewsMissing,
)
from bitgoeul.apps.programmes.errors import PanelDecided as AlreadyDecided
from bitgoeul.apps.programmes.events.panels import AppealAnswered, AppealFiled, PanelDecided
from bitgoeul.apps.programmes.models import Appeal, Application, Call, Panel, Review, Reviewer
from bitgoeul.apps.programmes.queries import panels as judging
from bitgoeul.apps.programmes.queries import reviews as reading
from bitgoeul.apps.programmes.queries.answers import is_storable
from bitgoeul.apps.programmes.queries.deadlines import written_moment
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import Invalid, StateChanged, require
from bitgoeul.kit.text import LANGUAGES, Localised, translated

State = Application.State
LONGEST_WORDS = 4_000
WON = gettext_lazy("Score %(score)s, place %(place)s of %(count)s.")
BELOW_CUT = gettext_lazy("Score %(score)s, below the cut of %(cut)s.")
BELOW_FLOOR = gettext_lazy("Score %(score)s. Below the least that the call asks for in: %(criteria)s.")


@command
def decide_panel(*, by: Actor, call: str, despite: Mapping[str, dict[str, str]] | None = None) -> Panel:
    """Decide about every application in review, by the published procedure and nothing else.

    Winners are offered, those who could have won are put on the reserve list in their order, the others are
    rejected with the reason. It is one transaction: all of it or nothing. Whoever comes second, even in the
    same moment, is refused. ``despite`` says for an application why it has both where another programme
    supports the same already; a call may ask for it, or refuse both.
    """
    offer = find(queries.calls_visible_to(by), slug=call)
    require(policies.may_run_calls(by))
    panel = _taken(by, offer)
    found = _ready(offer)
    ranking = judging.ranking(found, judging.settings_of(offer, found.budget), judging.lot_of(found))
    decision = ranking.outcome.decision
    if decision.to_draw:
        raise DrawPending(call=str(offer), count=sum(map(len, decision.to_draw)))
    if decision.waiting and not decision.awards:
        raise BudgetSpent(call=str(offer))
    lines = {line.application: line for line in ranking.lines}
    rows = _rows(by, offer)
    may_win = [award.application for award in decision.awards] + list(decision.waiting)
    beside = checked_beside(offer, [rows[name] for name in may_win], despite or {})
    count = len(ranking.lines)
    for award in decision.awards:
        line = lines[award.application]
        reason = translated(WON, score=line.score, place=line.place, count=count)
        accept_application(by=by, application=rows[award.application], reason=reason,
                           beside=beside.get(award.application, {}))  # fmt: skip
    for order, name in enumerate(decision.waiting, 1):
        reserve_application(by=by, application=rows[name], order=order, beside=beside.get(name))
    scored = {row.application: row for row in ranking.outcome.scored}
    for name in decision.refused:
        reason = _why_not(offer, lines[name], scored[name].below_floor)
        reject_application(by=by, application=rows[name], reason=reason)
    asked = sum(lines[award.application].amount for award in decision.awards)
    summary: dict[str, Any] = {
        "applications": count,
        "offered": len(decision.awards),
        "reserve": len(decision.waiting),
        "rejected": len(decision.refused),
        "budget": found.budget,
        "asked": asked,
        "cut": str(offer.procedure["cut"] or ""),
        "line": str(decision.line) if decision.line is not None else "",
        "band": len(ranking.outcome.band),
        "draw": judging.draw_digest(offer),
    }
    panel.result = summary | {"ranked": [line.application for line in ranking.lines]}
    panel.save(update_fields=["result"])
    record(
        PanelDecided(
            call=call,
            procedure_fingerprint=offer.procedure_fingerprint,
            **summary,
            ranking=[
                {"application": line.application, "score": str(line.score), "outcome": line.standing}
                for line in ranking.lines
            ],
        ),
        by=by,
        subject=offer.subject,
    )
    return panel


def _taken(by: Actor, call: Call) -> Panel:
    """The panel, marked as decided first: of two officers at once, one takes it and one is refused."""
    if not call.is_for_a_panel:
        raise NothingToReview(call=str(call))
    if not call.is_past_at(clock.now()):
        raise CallStillOpen(call=str(call), closes=written_moment(call.closes_at))
    panel, _new = Panel.objects.get_or_create(call=call)
    try:
        Panel.FLOW.move(panel, Panel.State.DECIDED, decided_at=clock.now(), decided_by=by.id)
    except StateChanged:
        panel.refresh_from_db()
        when = written_moment(panel.decided_at or clock.now())
        raise AlreadyDecided(call=str(call), when=when) from None
    return panel


def _ready(call: Call) -> judging.Board:
    """What is judged, if everything is there: all reviews, no conflict, nobody waiting for the desk."""
    unsettled = call.applications.filter(state__in=(State.SUBMITTED, State.WAITING, State.RETURNED)).count()
    if unsettled:
        raise ApplicationsOpen(call=str(call), count=unsettled)
    far = judging.progress(call)
    if far.missing:
        raise ReviewsMissing(call=str(call), missing=far.missing)
    if near := conflicted_reviews(call):
        raise ConflictsFound(call=str(call), count=len(near))
    found = judging.board(call)
    if found is None:
        raise NothingToReview(call=str(call))
    return found


def _rows(by: Actor, call: Call) -> dict[str, Application]:
    """The applications of a call by their numbers, found at once: there may be thousands to decide about."""
    rows = queries.applications_visible_to(by).filter(call=call)
    rows = rows.select_related(None).select_related("organisation").prefetch_related(None)
    found = {row.public_id: row for row in rows}
    for row in found.values():
        row.call = call
    return found


def conflicted_reviews(call: Call) -> list[Review]:
    """Submitted reviews of somebody who is near to the applicant, as far as is known now."""
    reviews = Review.objects.filter(
        application__call=call, application__state=State.IN_REVIEW, state=Review.State.SUBMITTED
    )
    reviewers = Reviewer.objects.filter(pk__in=reviews.values("reviewer"))
    applications = Application.objects.filter(pk__in=reviews.values("application"))
    fields = ("public_id", "person", *(f"organisation__{name}" for name in reading.NAMED_BY))
    applications = applications.select_related("organisation").only(*fields)
    near = reading.conflicts_between(list(reviewers), list(applications))
    of_those = reviews.filter(application__public_id__in={application for _reviewer, application in near})
    rows = of_those.select_related("application__organisation", "reviewer__person")
    return [row for row in rows if (row.reviewer.public_id, row.application.public_id) in near]


def _why_not(call: Call, line: judging.Line, below_floor: tuple[str, ...]) -> Localised:
    if not below_floor:
        return translated(BELOW_CUT, score=line.score, cut=call.procedure["cut"])
    titles = {row["name"]: Localised.of(row["title"]) for row in call.procedure["rubric"]["criteria"]}
    return Localised(
        {
            language: text
            % {
                "score": line.score,
                "criteria": ", ".join(titles[name].in_language(language) for name in below_floor),
            }
            for language, text in _in_both(BELOW_FLOOR).items()
        }
    )


def _in_both(message: Promise) -> dict[str, str]:
    return dict(translated(message))


@command
def file_appeal(*, by: Actor, application: str, words: str) -> Appeal:
    """Object to the panel's decision, once, within the days that the call names."""
    row = find(queries.applications_visible_to(by), public_id=application)
    require(policies.may_apply(by, row.organisation_id))
    words = words.strip()
    if not 0 < len(words) <= LONGEST_WORDS or not is_storable(words):
        raise Invalid({"words": [_("Say what is wrong with the decision.")]})
    if (earlier := Appeal.objects.filter(application=row).first()) is not None:
        if earlier.words != words:
            raise AppealClosed(call=str(row.call))
        unchanged()
        return earlier
    if not judging.may_appeal(row):
        raise AppealClosed(call=str(row.call))
    try:
        with transaction.atomic():
            appeal = Appeal.objects.create(
                application=row, person_id=by.person_id, words=words, filed_at=clock.now()
            )
    except IntegrityError:  # a colleague was first
        raise AppealClosed(call=str(row.call)) from None
    record(
        AppealFiled(call=row.call.slug, application=row.public_id, words=words),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )
    return appeal


@command
def answer_appeal(*, by: Actor, application: str, upheld: bool, answer: dict[str, str]) -> Appeal:
    """Uphold an appeal, and the application is next in order; or dismiss it. Either way with the reason."""
    row = find(queries.applications_visible_to(by), public_id=application)
    require(policies.may_decide(by, row))
    appeal = find(Appeal.objects.all(), application=row)
    texts = [str(answer.get(language, "")).strip() for language in LANGUAGES]
    if not any(texts) or max(map(len, texts)) > LONGEST_WORDS or not is_storable(texts):
        raise Invalid({"answer": [_("Write the answer that the applicant will read.")]})
    to = Appeal.State.UPHELD if upheld else Appeal.State.DISMISSED
    words = Localised.of(answer)
    Appeal.FLOW.move(appeal, to, answer=words, answered_by=by.id, answered_at=clock.now())
    if upheld:
        _put_first(row)
    record(
        AppealAnswered(call=row.call.slug, application=row.public_id, upheld=upheld, answer=dict(words)),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )
    if upheld:
        offer_next(row.call)
    return appeal


def _put_first(row: Application) -> None:
    """First on the reserve list: the others move down, from the end, so that no place is held twice."""
    reserve = row.call.applications.filter(state=State.RESERVE).order_by("-order")
    for other in reserve:
        Application.objects.filter(pk=other.pk).update(order=(other.order or 0) + 1)
    row.decision.delete()  # the record keeps it; an application has the decision that stands
    fresh = Application.objects.get(pk=row.pk)
    Application.FLOW.move(fresh, State.RESERVE, order=1)
