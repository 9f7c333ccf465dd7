"""What the worker does about programmes: tell people, close calls whose deadline has passed."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from bitgoeul.apps.notices.commands import notify
from bitgoeul.apps.notices.queries import operators
from bitgoeul.apps.programmes.commands import close_call
from bitgoeul.apps.programmes.models import Application, Call
from bitgoeul.engines.credits import written
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.text import translated

ACCEPTED = _("“%(call)s”: accepted, %(credits)s credits granted")
REJECTED = _("“%(call)s”: rejected")
REFERRED = _("“%(call)s”: a person will look at your application")
REFERRED_TEXT = _("Some conditions could not be confirmed automatically. You need not do anything now.")
DESK = _("An application to “%(call)s” waits for a decision")


def tell_applicant(fact: Fact) -> None:
    """Put the outcome into the inbox of everybody in the organisation."""
    application = Application.objects.select_related("call", "organisation", "decision", "grant").get(
        public_id=fact.data["application"]
    )
    call = application.call
    if fact.name == "programmes.ApplicationAccepted":
        tone, text = "ok", application.decision.reason
        title = translated(ACCEPTED, call=call, credits=written(application.grant.amount))
    elif fact.name == "programmes.ApplicationRejected":
        tone, text = "stop", application.decision.reason
        title = translated(REJECTED, call=call)
    else:
        tone, text = "info", translated(REFERRED_TEXT)
        title = translated(REFERRED, call=call)
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


def close_due_calls() -> None:
    """Close every call whose deadline has passed.  Late applications are refused before this runs too."""
    due = Call.objects.filter(state=Call.State.OPEN, closes_at__lte=clock.now())
    for slug in list(due.values_list("slug", flat=True)):
        close_call(by=SYSTEM, slug=slug)
