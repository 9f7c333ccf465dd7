"""Who is told what about credits and jobs."""

from __future__ import annotations

import pytest
from django.core import mail

from bitgoeul.apps.compute import queries
from bitgoeul.apps.compute.tests.factories import Hub
from bitgoeul.apps.credits.commands import spend_credits
from bitgoeul.apps.notices.models import Notice
from bitgoeul.apps.people.models import Membership
from bitgoeul.apps.people.tests.factories import make_person
from bitgoeul.apps.services.tests.factories import make_service
from bitgoeul.kit import clock
from bitgoeul.kit.models import Fact
from bitgoeul.kit.testing import deliver_everything
from bitgoeul.site.notices import tell_service_crashed, tell_service_failed, tell_service_suspended

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def hub(settings, tmp_path):
    settings.HOME = tmp_path / "home"
    settings.HOME.mkdir()
    settings.COMPUTE_CPUS, settings.COMPUTE_MEMORY_MIB, settings.COMPUTE_GPUS = 2, 4096, 0
    hub = Hub()
    yield hub
    hub.stop_everything()


def told(person):
    return [
        (notice.tone, notice.title["en"]) for notice in Notice.objects.filter(person=person).order_by("id")
    ]


def test_those_who_look_after_the_money_are_told_at_eighty_percent_and_at_the_end(hub):
    finance, member = make_person(), make_person()
    for person, role in ((finance, "finance"), (member, "member")):
        Membership.objects.create(person=person, organisation=hub.organisation, role=role)
    name = hub.organisation.name

    for amount, reference in ((80_000, "a"), (5_000, "b"), (15_000, "c")):
        spend_credits(
            by=hub.member, organisation=hub.organisation, amount=amount, reference=reference, purpose="예시"
        )
    deliver_everything()

    expected = [("wait", f"Credits of “{name}” run low"), ("stop", f"Credits of “{name}” are used up")]
    assert sorted(told(finance)) == sorted(told(hub.person)) == sorted(expected)
    assert told(member) == []
    assert len(mail.outbox) == 4


@pytest.mark.parametrize(
    ("program", "title", "mails"),
    [("print('done')", "Job “작업” is done", 0), ("raise SystemExit(3)", "Job “작업” failed", 1)],
)
def test_whoever_submitted_a_job_is_told_how_it_ended(hub, program, title, mails):
    probe = queries.executor().probe()
    if not probe.ok:
        pytest.skip(f"no sandbox on this machine: {probe.detail}")
    hub.until_ended(hub.submit(program))

    deliver_everything()

    assert [words for _tone, words in told(hub.person)] == [title]
    assert Notice.objects.get().url.startswith("/compute/jobs/")
    assert len(mail.outbox) == mails


def test_an_organisation_is_told_when_its_service_crashes_or_is_suspended(hub, tmp_path):
    service = make_service(tmp_path, hub.organisation)
    for number, tell in enumerate((tell_service_crashed, tell_service_suspended, tell_service_failed)):
        fact = Fact.objects.create(
            name="services.Happened", at=clock.now(), actor="system", subject=service.subject,
            organisation=hub.organisation.public_id, data={"service": service.slug, "number": number},
        )  # fmt: skip
        tell(fact)
        tell(fact)

    assert told(hub.person) == [
        ("stop", "Service “Late buses” has ended unexpectedly"),
        ("stop", "Service “Late buses” is suspended"),
        ("stop", "Service “Late buses” could not be kept running"),
    ]
