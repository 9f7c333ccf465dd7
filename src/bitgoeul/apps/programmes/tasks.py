"""What the worker does about programmes: tell people, close calls whose deadline has passed."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bitgoeul.apps.notices.commands import notify
from bitgoeul.apps.notices.queries import operators
from bitgoeul.apps.programmes.commands import close_call, lapse_offer, reject_application
from bitgoeul.apps.programmes.commands.draws import publish_entries, void_draw
from bitgoeul.apps.programmes.models import Application, Call, Draw, Review
from bitgoeul.apps.programmes.queries.amounts import in_words
from bitgoeul.apps.programmes.queries.deadlines import written_moment
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.text import Localised, translated

ACCEPTED = _("“%(call)s”: accepted, %(amount)s granted")
REJECTED = _("“%(call)s”: rejected")
REFERRED = _("“%(call)s”: a person will look at your application")
REFERRED_TEXT = _("You need not do anything now. You are told here when it is decided.")
OFFERED = _("“%(call)s”: you are offered %(amount)s")
OFFERED_TEXT = _("Take it or decline it until %(ends)s. Without an answer it goes to the next in order.")
RETURNED = _("“%(call)s”: please complete your application")
RESERVED = _("“%(call)s”: you are number %(order)s on the reserve list")
RESERVED_TEXT = _("If a winner does not take it, the next in order is asked. You need not do anything now.")
LAPSED = _("“%(call)s”: the offer lapsed")
LAPSED_TEXT = _("Nobody answered it in time, so it went to the next in order.")
ADMITTED = _("“%(call)s”: the panel looks at your application")
ADMITTED_TEXT = _("You are told here when it is decided.")
NOT_COMPLETED = _("The application was not completed in time.")
APPEAL_ANSWERED = _("“%(call)s”: your appeal is answered")
APPEAL_ANSWERED_TEXT = _("The answer with its reasons is on the page of your application.")
TO_READ = _("“%(call)s”: a file to review")
TO_READ_TEXT = _("Say until %(due)s whether you take it, and write your review by then.")
DESK = _("An application to “%(call)s” waits for a decision")


# Event -> tone, title and text; without a text the reason that was written for the applicant.
TOLD: dict[str, tuple[str, Promise, Promise | None]] = {
    "programmes.ApplicationAccepted": ("ok", ACCEPTED, None),
    "programmes.ApplicationRejected": ("stop", REJECTED, None),
    "programmes.ApplicationReferred": ("info", REFERRED, REFERRED_TEXT),
    "programmes.ApplicationAdmitted": ("info", ADMITTED, ADMITTED_TEXT),
    "programmes.ApplicationReturned": ("wait", RETURNED, None),
    "programmes.ApplicationOffered": ("ok", OFFERED, OFFERED_TEXT),
    "programmes.ApplicationReserved": ("wait", RESERVED, RESERVED_TEXT),
    "programmes.OfferLapsed": ("stop", LAPSED, LAPSED_TEXT),
    "programmes.AppealAnswered": ("info", APPEAL_ANSWERED, APPEAL_ANSWERED_TEXT),
}


def tell_applicant(fact: Fact) -> None:
    """Put the outcome into the inbox of everybody in the organisation."""
    application = Application.objects.select_related("call", "organisation", "decision", "grant").get(
        public_id=fact.data["application"]
    )
    tone, title, text = _told(fact.name, application)
    notify(
        by=SYSTEM,
        key=f"fact:{fact.pk}",
        kind=fact.name,
        tone=tone,
        title=title,
        text=text,
        url=f"/programmes/applications/{application.public_id}/",
        organisation=application.organisation,
    )


def _told(name: str, application: Application) -> tuple[str, Localised, Localised]:
    """Tone, title and text of the notice about what happened."""
    facts = {"call": application.call, "order": application.order or 0}
    if application.amount is not None:
        facts["amount"] = in_words(application.call, application.amount)
    if application.offer_ends_at is not None:
        facts["ends"] = written_moment(application.offer_ends_at)
    tone, title, text = TOLD[name]
    words: Localised | None = None
    if text is None and name == "programmes.ApplicationReturned":
        words = application.completion_asks
    elif text is None:
        words = application.decision.reason
    return tone, translated(title, **facts), words or translated(text, **facts)


def tell_desk(fact: Fact) -> None:
    """Tell the operators that somebody waits for them; no mail, the desk shows it."""
    application = Application.objects.select_related("call").get(public_id=fact.data["application"])
    notify(
        by=SYSTEM,
        key=f"fact:{fact.pk}:desk",
        kind=fact.name,
        tone="wait",
        title=translated(DESK, call=application.call),
        url=f"/programmes/applications/{application.public_id}/",
        people=operators(),
        mail=False,
    )


def tell_reviewers(fact: Fact) -> None:
    """Tell everybody who was given files; a retry tells nobody twice."""
    rows = Review.objects.filter(
        application__public_id__in=[application for application, _reviewer in fact.personal.get("pairs", [])],
        state=Review.State.ASSIGNED,
    )
    for row in rows.select_related("application__call", "reviewer__person"):
        notify(
            by=SYSTEM,
            key=f"review:{row.public_id}",
            kind=fact.name,
            tone="wait",
            title=translated(TO_READ, call=row.application.call),
            text=translated(TO_READ_TEXT, due=written_moment(row.due_at)),
            url=f"/programmes/reviews/{row.public_id}/",
            people=[row.reviewer.person],
        )


def end_due_answers() -> None:
    """Lapse offers nobody answered in time, reject what was not completed in time."""
    moment = clock.now()
    offers = Application.objects.filter(state=Application.State.OFFERED, offer_ends_at__lte=moment)
    for number in list(offers.values_list("public_id", flat=True)):
        lapse_offer(by=SYSTEM, application=number)
    late = Application.objects.filter(state=Application.State.RETURNED, completion_due_at__lte=moment)
    for number in list(late.values_list("public_id", flat=True)):
        reject_application(by=SYSTEM, application=number, reason=translated(NOT_COMPLETED))


def settle_due_draws() -> None:
    """Publish who takes part once the deadline has passed; void what nobody held in time."""
    moment = clock.now()
    due = Draw.objects.filter(closes_at__lte=moment, state=Draw.State.COMMITTED)
    for slug in list(due.values_list("call__slug", flat=True)):
        publish_entries(by=SYSTEM, call=slug)
    late = Draw.objects.filter(reveal_by__lt=moment, state=Draw.State.CLOSED)
    for slug in list(late.values_list("call__slug", flat=True)):
        void_draw(by=SYSTEM, call=slug)


def close_due_calls() -> None:
    """Close every call whose deadline has passed.  Late applications are refused before this runs too."""
    due = Call.objects.filter(state=Call.State.OPEN, closes_at__lte=clock.now())
    for slug in list(due.values_list("slug", flat=True)):
        close_call(by=SYSTEM, slug=slug)
