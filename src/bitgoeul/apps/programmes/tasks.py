"""What the worker does about programmes: tell people, close calls whose deadline has passed."""

from __future__ import annotations

import datetime as dt

from django.utils.functional import Promise, lazy
from django.utils.translation import gettext_lazy as _

from bitgoeul.apps.capacity.models import Waiting
from bitgoeul.apps.notices.commands import notify
from bitgoeul.apps.notices.queries import operators
from bitgoeul.apps.programmes.commands import (
    close_call,
    end_grant,
    expire_agreement,
    follow_claim,
    hand_over_part,
    lapse_offer,
    reject_application,
    remind_of_report,
)
from bitgoeul.apps.programmes.commands.draws import publish_entries, void_draw
from bitgoeul.apps.programmes.commands.reclaim import apply_rules
from bitgoeul.apps.programmes.models import Agreement, Application, Call, Draw, Grant, GrantPart, Review
from bitgoeul.apps.programmes.queries.amounts import in_words
from bitgoeul.apps.programmes.queries.deadlines import written_moment
from bitgoeul.apps.programmes.queries.grants import ALIVE, near_their_end
from bitgoeul.apps.programmes.queries.reports import to_remind
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


# Grants

SIGN = _("“%(call)s”: please sign the agreement")
SIGN_TEXT = _("An owner of your organisation signs it until %(expires)s. What you are given begins then.")
IN_FORCE = _("“%(call)s”: the grant has begun")
IN_FORCE_TEXT = _("Its page says what you have, until when, and what is due.")
UNSIGNED = _("“%(call)s”: the agreement was not signed in time")
UNSIGNED_TEXT = _("What was reserved for you went to the next in order.")
HANDED_OVER = _("“%(call)s”: what you waited for is yours now")
CONDITION = _("“%(call)s”: a condition was added")
CHANGE_AGREED = _("“%(call)s”: the change is agreed")
CHANGE_REFUSED = _("“%(call)s”: the change is refused")
SUSPENDED = _("“%(call)s”: the grant is suspended")
RESUMED = _("“%(call)s”: the grant goes on")
ENDED = _("“%(call)s”: the grant has ended")
ENDS_SOON = _("“%(call)s”: the grant ends on %(ends)s")
ENDS_SOON_TEXT = _("Its page says what is due before then. Ask for a change there if you need longer.")
IDLE = _("“%(call)s”: %(percent)s percent of what you claimed is in use")
IDLE_TEXT = _(
    "The limit is %(below)s percent. If it stays so, the claim is shrunk on %(shrinks)s and goes back to the "
    "pool on %(returns)s. Use it, give it back, or contest on the page of the grant."
)
SHRUNK = _("“%(call)s”: your claim was shrunk from %(was)s to %(left)s")
SHRUNK_TEXT = _(
    "This is what you needed for 95 percent of the time. You may contest on the page of the grant."
)
TAKEN = _("“%(call)s”: your claim went back to the pool")
TAKEN_TEXT = _("It was hardly used, and others wait. Ask for a change if you need it again.")
LIFTED = _("“%(call)s”: nothing is taken back")
LIFTED_TEXT = _("What you claimed is in use again.")
CONTEST_AGREED = _("“%(call)s”: your contest was agreed with")
CONTEST_REFUSED = _("“%(call)s”: your contest was refused")
REPORT_NEAR = _("“%(call)s”: the report “%(report)s” is due on %(due)s")
REPORT_LATE = _("“%(call)s”: the report “%(report)s” was due on %(due)s")
REPORT_TEXT = _("Hand it in on the page of the grant.")
REPORT_VERIFIED = _("“%(call)s”: a report was verified")
REPORT_RETURNED = _("“%(call)s”: a report was returned")
CHANGE_DESK = _("“%(call)s”: a change of a grant waits for a decision")
CONTEST_DESK = _("“%(call)s”: a contest waits for a decision")
REPORT_DESK = _("“%(call)s”: a report waits to be verified")
PLEDGE_DESK = _("“%(call)s”: a pledge waits to be verified")
TIME_OVER = _("Its time is over.")

# Event -> tone, title and text; where there is no text, the words that the fact keeps for the organisation.
TOLD_OF_GRANTS: dict[str, tuple[str, Promise, Promise | str]] = {
    "programmes.AgreementOffered": ("wait", SIGN, SIGN_TEXT),
    "programmes.GrantActivated": ("ok", IN_FORCE, IN_FORCE_TEXT),
    "programmes.AgreementExpired": ("stop", UNSIGNED, UNSIGNED_TEXT),
    "programmes.PartHandedOver": ("ok", HANDED_OVER, IN_FORCE_TEXT),
    "programmes.ConditionSet": ("wait", CONDITION, "text"),
    "programmes.GrantSuspended": ("stop", SUSPENDED, "reason"),
    "programmes.GrantResumed": ("ok", RESUMED, IN_FORCE_TEXT),
    "programmes.GrantEnded": ("info", ENDED, "reason"),
    "programmes.IdleNoticed": ("wait", IDLE, IDLE_TEXT),
    "programmes.ClaimShrunk": ("stop", SHRUNK, SHRUNK_TEXT),
    "programmes.ClaimReturned": ("stop", TAKEN, TAKEN_TEXT),
    "programmes.ReclaimLifted": ("ok", LIFTED, LIFTED_TEXT),
    "programmes.ReportVerified": ("ok", REPORT_VERIFIED, IN_FORCE_TEXT),
    "programmes.ReportReturned": ("stop", REPORT_RETURNED, "remark"),
}
DECIDED: dict[str, tuple[Promise, Promise]] = {
    "programmes.ChangeDecided": (CHANGE_AGREED, CHANGE_REFUSED),
    "programmes.ContestDecided": (CONTEST_AGREED, CONTEST_REFUSED),
}
FOR_THE_DESK: dict[str, Promise] = {
    "programmes.ChangeAsked": CHANGE_DESK,
    "programmes.ReclaimContested": CONTEST_DESK,
    "programmes.ReportHandedIn": REPORT_DESK,
    "programmes.PledgeReported": PLEDGE_DESK,
}
moment_written = lazy(lambda value: written_moment(dt.datetime.fromisoformat(value)), str)


def tell_grantee(fact: Fact) -> None:
    """Put what happened to a grant into the inbox of everybody in the organisation."""
    grant = _grant(fact)
    if fact.name == "programmes.GrantActivated" and not hasattr(grant, "agreement"):
        return  # it began with the decision, which was told
    tone, title, text = _told_of_grant(fact)
    _notify(fact, grant, tone, _with_facts(title, fact, grant), _text(text, fact, grant))


def remind_of_due_report(fact: Fact) -> None:
    """Say that a report is near or late."""
    grant = _grant(fact)
    report = grant.reports.get(number=fact.data["report"])
    title = REPORT_LATE if fact.data["days"] > 0 else REPORT_NEAR
    words = translated(title, call=grant.application.call, report=report.title, due=_moment_of(report.due_at))
    _notify(fact, grant, "wait", words, translated(REPORT_TEXT))


def tell_desk_of_grant(fact: Fact) -> None:
    """Tell the operators what waits for them; no mail, the desk shows it."""
    grant = _grant(fact)
    notify(
        by=SYSTEM,
        key=f"fact:{fact.pk}:desk",
        kind=fact.name,
        tone="wait",
        title=translated(FOR_THE_DESK[fact.name], call=grant.application.call),
        url=_address(grant),
        people=operators(),
        mail=False,
    )


def hand_over_waited(fact: Fact) -> None:
    """Somebody confirmed an offered place in a line: if it was for a part of a grant, the part is active."""
    place = Waiting.objects.filter(claim__key=fact.data["key"]).first()
    part = GrantPart.objects.filter(reference=place.key).first() if place is not None else None
    if part is not None and part.state == GrantPart.State.WAITING:
        hand_over_part(
            by=SYSTEM,
            grant=part.grant.application.public_id,
            number=part.number,
            claim_key=fact.data["key"],
        )


def follow_claims(fact: Fact) -> None:
    """A claim was given back, or is over: the part of the grant says so, too."""
    held = GrantPart.objects.filter(claim=fact.data["key"], state=GrantPart.State.ACTIVE)
    for part_id in list(held.values_list("pk", flat=True)):
        follow_claim(by=SYSTEM, part_id=part_id)


def look_after_grants() -> None:
    """End what is over or was not signed, remind of reports, and let the rules of use do their work."""
    moment = clock.now()
    unsigned = Agreement.objects.filter(state=Agreement.State.OFFERED, expires_at__lte=moment)
    for number in list(unsigned.values_list("grant__application__public_id", flat=True)):
        expire_agreement(by=SYSTEM, grant=number)
    over = Grant.objects.filter(state__in=ALIVE, ends_at__lte=moment, activated_at__isnull=False)
    for number in list(over.values_list("application__public_id", flat=True)):
        end_grant(by=SYSTEM, grant=number, reason=translated(TIME_OVER))
    for report, days in list(to_remind()):
        remind_of_report(by=SYSTEM, report_id=report.pk, days=days)
    for grant, days in list(near_their_end()):
        remind_of_end(grant, days)
    apply_rules()


def remind_of_end(grant: Grant, days: int) -> None:
    """Say once that a grant ends soon; a later end is told anew."""
    facts = {"call": grant.application.call, "ends": moment_written(grant.ends_at.isoformat())}
    notify(
        by=SYSTEM,
        key=f"{grant.reference}:ends:{grant.ends_at:%Y-%m-%d}:{days}",
        kind="programmes.GrantEndsSoon",
        tone="wait",
        title=translated(ENDS_SOON, **facts),
        text=translated(ENDS_SOON_TEXT),
        url=_address(grant),
        organisation=grant.organisation,
    )


def _grant(fact: Fact) -> Grant:
    rows = Grant.objects.select_related("application__call", "organisation")
    return rows.get(application__public_id=fact.data["grant"])


def _address(grant: Grant) -> str:
    return f"/programmes/grants/{grant.application.public_id}/"


def _told_of_grant(fact: Fact) -> tuple[str, Promise, Promise | str]:
    if fact.name in DECIDED:
        agreed, refused = DECIDED[fact.name]
        return ("ok", agreed, "reason") if fact.data["agreed"] else ("stop", refused, "reason")
    return TOLD_OF_GRANTS[fact.name]


def _with_facts(message: Promise, fact: Fact, grant: Grant) -> Localised:
    data = fact.data
    moments = {
        name: moment_written(data[f"{name}_at"])
        for name in ("expires", "shrinks", "returns")
        if data.get(f"{name}_at")
    }
    names = {name: data[name] for name in ("percent", "was", "left") if name in data}
    more = {"call": grant.application.call, "below": data.get("below_percent", "")}
    return translated(message, **moments, **names, **more)


def _text(text: Promise | str, fact: Fact, grant: Grant) -> Localised:
    """A sentence with its facts, or the words under this name in the fact."""
    if isinstance(text, str):
        return Localised.of(fact.data.get(text) or fact.personal.get(text) or {})
    return _with_facts(text, fact, grant)


def _moment_of(moment: dt.datetime) -> object:
    return moment_written(moment.isoformat())


def _notify(fact: Fact, grant: Grant, tone: str, title: Localised, text: Localised) -> None:
    notify(
        by=SYSTEM,
        key=f"fact:{fact.pk}",
        kind=fact.name,
        tone=tone,
        title=title,
        text=text,
        url=_address(grant),
        organisation=grant.organisation,
    )
