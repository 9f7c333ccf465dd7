from __future__ import annotations

import json
import smtplib
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from bitgoeul.apps.notices import queries
from bitgoeul.apps.notices.commands import forget_inbox, notify, read_everything, read_notice
from bitgoeul.apps.notices.models import Notice
from bitgoeul.apps.notices.tests.factories import make_notice
from bitgoeul.apps.people.commands import invite_member
from bitgoeul.apps.people.models import Membership
from bitgoeul.apps.people.tests.factories import actor, make_organisation, make_person
from bitgoeul.kit.actor import ANONYMOUS, SYSTEM
from bitgoeul.kit.models import Delivery, Fact
from bitgoeul.kit.refusals import Forbidden, NotFound, NotSignedIn, StateChanged
from bitgoeul.kit.testing import api_for, deliver_everything, facts_recorded
from bitgoeul.kit.text import Localised, translated

pytestmark = pytest.mark.django_db

LIT = {"kind": "lamp.lit", "title": Localised(ko="켜짐", en="Lit")}


def test_an_organisation_is_told_by_one_row_for_each_member():
    owner, member, stranger = make_person(), make_person(), make_person()
    organisation = make_organisation(owner)
    Membership.objects.create(person=member, organisation=organisation, role="member")

    assert notify(by=SYSTEM, key="fact:1", organisation=organisation, **LIT) == 2

    assert [queries.unread_count(actor(p)) for p in (owner, member, stranger)] == [1, 1, 0]
    assert Fact.objects.get().data == {"key": "fact:1", "kind": "lamp.lit", "people": 2}


def test_only_the_roles_that_are_named_are_told():
    owner, member = make_person(), make_person()
    organisation = make_organisation(owner)
    Membership.objects.create(person=member, organisation=organisation, role="member")

    notify(by=SYSTEM, key="fact:1", organisation=organisation, roles=frozenset({"owner"}), **LIT)

    assert [notice.person for notice in Notice.objects.all()] == [owner]


def test_the_same_news_is_told_once_to_each_person():
    first, second = make_person(), make_person()

    notify(by=SYSTEM, key="fact:1", people=[first], **LIT)
    notify(by=SYSTEM, key="fact:1", people=[first, second], **LIT)
    told_now = notify(by=SYSTEM, key="fact:1", people=[first, second], **LIT)

    assert told_now == 0
    assert Notice.objects.count() == 2
    assert facts_recorded() == ["notices.NoticeSent", "notices.NoticeSent"]


def test_a_member_cannot_write_into_inboxes():
    person = make_person()

    with pytest.raises(Forbidden):
        notify(by=actor(person), key="x", people=[person], **LIT)


def test_mail_leaves_in_the_language_of_each_person_and_once_each():
    korean, english = make_person(language="ko"), make_person(language="en")
    notify(by=SYSTEM, key="fact:1", people=[korean, english], url="/lamps/1/", **LIT)

    deliver_everything()
    Delivery.objects.update(state=Delivery.State.WAITING)
    deliver_everything()

    assert {(m.to[0].split("<")[-1].rstrip(">"), m.subject) for m in mail.outbox} == {
        (korean.email, "켜짐"),
        (english.email, "Lit"),
    }
    assert len(mail.outbox) == 2
    assert f"{settings.URL}/lamps/1/" in mail.outbox[0].body


def test_one_address_that_fails_does_not_hold_up_the_others(monkeypatch):
    broken, fine = make_person(), make_person()
    notify(by=SYSTEM, key="fact:1", people=[broken, fine], **LIT)
    send = EmailBackend.send_messages

    def refuse_one(self, messages):
        if any(broken.email in message.to[0] for message in messages):
            raise smtplib.SMTPRecipientsRefused({})
        return send(self, messages)

    with monkeypatch.context() as patched:
        patched.setattr(EmailBackend, "send_messages", refuse_one)
        deliver_everything()
    assert [message.to[0].split("<")[-1].rstrip(">") for message in mail.outbox] == [fine.email]

    Delivery.objects.filter(state=Delivery.State.WAITING).update(due_at=Fact.objects.get().at)
    deliver_everything()

    assert len(mail.outbox) == 2
    assert set(Notice.objects.values_list("mail", flat=True)) == {"sent"}


def test_a_title_with_a_line_break_cannot_smuggle_a_header_into_mail():
    person = make_person()
    notify(by=SYSTEM, key="x", people=[person], kind="a", title=Localised(ko="켜짐\nBcc: a@b.c", en="a"))

    deliver_everything()

    assert mail.outbox[0].subject == "켜짐 Bcc: a@b.c"


def test_a_repeated_message_id_lets_mail_programs_drop_a_second_copy():
    person = make_person()
    notice = make_notice(person)

    deliver_everything()

    assert (
        mail.outbox[0].extra_headers["Message-ID"]
        == f"<notice-{notice.pk}@{urlsplit(settings.URL).hostname}>"
    )


def test_reading_marks_once_and_only_ones_own():
    person, stranger = make_person(), make_person()
    notice = make_notice(person)

    with pytest.raises(NotFound):
        read_notice(by=actor(stranger), notice_id=notice.pk)
    first = read_notice(by=actor(person), notice_id=notice.pk).read_at
    again = read_notice(by=actor(person), notice_id=notice.pk).read_at

    assert first == again
    assert facts_recorded() == ["notices.NoticeSent", "notices.NoticesRead"]


def test_everything_is_read_at_once():
    person, other = make_person(), make_person()
    for reader in (person, person, other):
        make_notice(reader)

    assert read_everything(by=actor(person)) == 2
    assert read_everything(by=actor(person)) == 0
    assert queries.unread_count(actor(other)) == 1
    with pytest.raises(NotSignedIn):
        read_everything(by=ANONYMOUS)


def test_an_erased_account_keeps_no_inbox():
    person = make_person()
    make_notice(person)

    assert forget_inbox(by=SYSTEM, person=person.public_id) == 1
    assert forget_inbox(by=SYSTEM, person=person.public_id) == 0
    assert Notice.objects.count() == 0


def test_an_invitation_is_in_the_inbox_of_somebody_who_has_an_account():
    owner, invited = make_person(), make_person(language="en")
    organisation = make_organisation(owner)
    invite_member(by=actor(owner), slug=organisation.slug, email=invited.email, role="member")
    invite_member(by=actor(owner), slug=organisation.slug, email="nobody@example.org", role="member")

    deliver_everything()

    notice = Notice.objects.get()
    assert (notice.person, notice.tone) == (invited, "wait")
    assert notice.title["en"] == f"“{organisation.name}” invites you to take part"
    assert notice.url.startswith("/people/invitations/")


def test_a_notice_never_leads_out_of_the_hub():
    from django.db import IntegrityError

    with pytest.raises(IntegrityError):
        make_notice(make_person(), url="//evil.example")


def test_kept_text_is_written_in_both_languages():
    assert translated(StateChanged.title, now="x")["en"].startswith("Its state is now “x”")


def test_the_api_gives_the_inbox_and_marks_it_read():
    person = make_person()
    notice = make_notice(person)
    make_notice(person)
    api = api_for(person)

    assert api.get("/api/notices/count").json() == {"unread": 2}
    assert api.post(f"/api/notices/{notice.pk}/read").json()["read"] is True
    listed = api.get("/api/notices/?unread=true").json()
    assert (listed["unread"], len(listed["items"])) == (1, 1)
    assert listed["items"][0]["title"] == {"ko": "등불을 켰습니다", "en": "The lamp is lit"}
    assert api.post("/api/notices/read").json() == {"read": 1}


def test_the_api_tells_a_visitor_to_sign_in_and_a_stranger_nothing():
    notice = make_notice(make_person())

    assert api_for().get("/api/notices/").status_code == 401
    assert api_for(make_person()).post(f"/api/notices/{notice.pk}/read").status_code == 404


@pytest.mark.parametrize("rows", [1, 3])
def test_the_inbox_costs_the_same_queries_for_one_and_for_three(rows, django_assert_num_queries):
    person = make_person()
    organisation = make_organisation(person)
    for _row in range(rows):
        make_notice(person, organisation=organisation)
    api = api_for(person)

    with django_assert_num_queries(5):
        api.get("/api/notices/")


def test_the_command_line_shows_an_inbox():
    from typer.testing import CliRunner

    from bitgoeul.apps.notices.cli import app

    person = make_person()
    make_notice(person)

    shown = CliRunner().invoke(app, ["list", "--as", person.email, "--json"])

    assert json.loads(shown.output)["items"][0]["title"]["en"] == "The lamp is lit"
