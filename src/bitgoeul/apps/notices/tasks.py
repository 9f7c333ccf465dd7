"""What the worker does about notices: mail out, erased inboxes emptied."""

from __future__ import annotations

from email.utils import formataddr
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bitgoeul.apps.notices.commands import forget_inbox, notify
from bitgoeul.apps.notices.models import Notice
from bitgoeul.apps.people import queries as people
from bitgoeul.apps.people.models import Invitation
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.text import translated

log = structlog.get_logger(__name__)


INVITED = gettext_lazy("“%(organisation)s” invites you to take part")


class MailNotSent(Exception):
    """Some mail could not leave; the delivery is tried again for what is still waiting."""


def send_mail(fact: Fact) -> None:
    """Mail the notices that a ``NoticeSent`` announced and that nobody has mailed yet.

    One address that fails does not hold up the others.  A crash between sending and noting it can
    send a mail twice; both carry the same Message-ID, so that a mail program shows one.
    """
    waiting = Notice.objects.filter(key=fact.data["key"], mail=Notice.Mail.WAITING, person__is_active=True)
    failed = 0
    with get_connection() as connection:
        for notice in waiting.select_related("person"):
            try:
                connection.send_messages([mail_for(notice)])
            except OSError as error:  # smtplib's errors are OSErrors
                failed += 1
                log.warning("mail not sent", notice=notice.pk, error=repr(error))
            else:
                Notice.objects.filter(pk=notice.pk).update(mail=Notice.Mail.SENT, mailed_at=clock.now())
    if failed:
        raise MailNotSent(failed)


def mail_for(notice: Notice) -> EmailMessage:
    """The mail, in the language of the person who gets it."""
    person = notice.person
    with translation.override(person.language):
        link = f"{settings.URL}{notice.url or '/notices/'}"
        parts = [str(notice.text), link, _("You get this mail because you have an account at this hub.")]
        return EmailMessage(
            subject=" ".join(str(notice.title).split()),
            body="\n\n".join(part for part in parts if part),
            to=[formataddr((person.name, person.email))],
            headers={
                "Message-ID": f"<notice-{notice.pk}@{urlsplit(settings.URL).hostname}>",
                "Auto-Submitted": "auto-generated",
            },
        )


def empty_erased_inbox(fact: Fact) -> None:
    forget_inbox(by=SYSTEM, person=fact.data["person"])


def tell_invited(fact: Fact) -> None:
    """Put an invitation into the inbox of somebody who has an account; the mail is sent by people itself."""
    waiting = Invitation.objects.filter(public_id=fact.data["invitation"], state=Invitation.State.PENDING)
    invitation = waiting.select_related("organisation").first()
    person = people.person_by_address(invitation.email) if invitation is not None else None
    if invitation is None or person is None:
        return
    notify(
        by=SYSTEM,
        key=f"fact:{fact.pk}",
        kind=fact.name,
        tone="wait",
        title=translated(INVITED, organisation=invitation.organisation.name),
        url=urlsplit(people.invitation_link(invitation)).path,
        people=[person],
        mail=False,
    )
