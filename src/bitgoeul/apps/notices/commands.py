"""Everything that changes an inbox."""

from __future__ import annotations

from collections.abc import Iterable

from bitgoeul.apps.notices import queries
from bitgoeul.apps.notices.events import NoticeSent, NoticesForgotten, NoticesRead
from bitgoeul.apps.notices.models import Notice
from bitgoeul.apps.people.models import Organisation, Person
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import NotSignedIn, require
from bitgoeul.kit.text import Localised


@command
def notify(
    *,
    by: Actor,
    key: str,
    kind: str,
    title: Localised,
    text: Localised | None = None,
    url: str = "",
    tone: str = Notice.Tone.INFO,
    people: Iterable[Person] = (),
    organisation: Organisation | None = None,
    roles: frozenset[str] = frozenset(),
    mail: bool = True,
) -> int:
    """Put a message into the inboxes of ``people`` and of an organisation, once per key and person.

    ``key`` says what is told (``fact:17``), so a handler that runs twice tells it once.  Mail leaves
    later, in the worker.  Returns how many people were told now.
    """
    require(by.is_system or by.is_operator)
    told = {person.pk: person for person in people}
    if organisation is not None:
        told |= {person.pk: person for person in queries.members_of(organisation, roles)}
    already = set(Notice.objects.filter(key=key, person__in=told).values_list("person_id", flat=True))
    rows = [
        Notice(
            key=key,
            person=person,
            organisation=organisation,
            kind=kind,
            tone=tone,
            title=title,
            text=text or Localised(),
            url=url,
            mail=Notice.Mail.WAITING if mail else Notice.Mail.NONE,
        )
        for person_id, person in told.items()
        if person_id not in already
    ]
    if not rows:
        unchanged()
        return 0
    Notice.objects.bulk_create(rows)
    record(
        NoticeSent(key=key, kind=kind, people=len(rows)),
        by=by,
        subject=f"notice:{key}",
        organisation=organisation,
    )
    return len(rows)


@command
def read_notice(*, by: Actor, notice_id: int) -> Notice:
    """Mark one notice as read; reading again changes nothing."""
    notice = find(queries.inbox_of(by), pk=notice_id)
    if not _mark(by, [notice.pk]):
        unchanged()
    notice.refresh_from_db(fields=["read_at"])
    return notice


@command
def read_everything(*, by: Actor) -> int:
    """Mark every notice in one's inbox as read; return how many were not."""
    if not by.is_signed_in:
        raise NotSignedIn
    read = _mark(by, list(queries.inbox_of(by).filter(read_at=None).values_list("pk", flat=True)))
    if not read:
        unchanged()
    return read


@command
def forget_inbox(*, by: Actor, person: str) -> int:
    """Empty the inbox of a person whose account was erased."""
    require(by.is_system)
    forgotten, _rows = Notice.objects.filter(person__public_id=person).delete()
    if not forgotten:
        unchanged()
        return 0
    record(NoticesForgotten(notices=forgotten), by=by, subject=f"inbox:{person}")
    return forgotten


def _mark(by: Actor, notice_ids: list[int]) -> int:
    read = Notice.objects.filter(pk__in=notice_ids, read_at=None).update(read_at=clock.now())
    if read:
        record(NoticesRead(notices=read), by=by, subject=f"inbox:{by.id.removeprefix('person:')}")
    return read
