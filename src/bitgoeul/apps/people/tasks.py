"""What happens after a fact is safe, and by the clock."""

from __future__ import annotations

from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation

from bitgoeul.apps.people import commands, queries
from bitgoeul.apps.people.models import Invitation
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact, OnceKey

ANSWERS_KEPT = timedelta(days=7)  # answers under idempotency keys may hold personal values


def send_invitation(fact: Fact) -> None:
    """Mail the link, in the reader's language if we know it, else in the inviter's.

    A repeat sends the same mail again, which harms nobody; an answered invitation sends none.
    """
    invitation = (
        Invitation.objects.select_related("organisation", "invited_by")
        .filter(public_id=fact.data["invitation"], state=Invitation.State.PENDING)
        .first()
    )
    if invitation is None or invitation.has_expired:
        return
    reader = queries.person_by_address(invitation.email) or invitation.invited_by
    with translation.override(reader.language if reader is not None else settings.LANGUAGE_CODE):
        context = {"invitation": invitation, "link": queries.invitation_link(invitation)}
        subject = render_to_string("people/email/invitation_subject.txt", context)
        body = render_to_string("people/email/invitation_message.txt", context)
    EmailMessage(" ".join(subject.split()), body, settings.DEFAULT_FROM_EMAIL, [invitation.email]).send()


def remove_leftovers() -> None:
    """Once a day: what the privacy page promises to forget."""
    commands.remove_leftovers(by=SYSTEM)
    Session.objects.filter(expire_date__lt=clock.now()).delete()
    OnceKey.objects.filter(created_at__lt=clock.now() - ANSWERS_KEPT).delete()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
