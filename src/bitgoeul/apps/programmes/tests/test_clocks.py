"""The clocks of a grant: its end, what is due before it, and who is told when.

The case is an exemption of the sandbox: granted on 2 March 2026 for two years it ends on 1 March 2028, and a
change of law is asked for sixty days before, by 1 January 2028.
"""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from django.utils.translation import override

from bitgoeul.apps.notices.models import Notice
from bitgoeul.apps.people.models import Person
from bitgoeul.apps.people.tests.factories import actor, make_organisation, make_person
from bitgoeul.apps.programmes.commands import apply, ask_change, decide, decide_change, hand_in_report, seed
from bitgoeul.apps.programmes.models import Grant
from bitgoeul.apps.programmes.queries.grants import deadlines
from bitgoeul.apps.programmes.queries.procedures import completed, procedure_problems
from bitgoeul.apps.programmes.tasks import look_after_grants
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.testing import api_for, client_for, deliver_everything

pytestmark = pytest.mark.django_db

GRANTED = dt.datetime(2026, 3, 2, 1, tzinfo=dt.UTC)  # ten in the morning in Seoul
REASON = {"ko": "적합합니다.", "en": "It fits."}
ANSWERS = {
    "contact_name": "김예시",
    "contact_email": "contact@example.com",
    "summary": "자율주행 배송 로봇이 보도로 다니는 서비스를 두 해 동안 실증합니다.",
    "law": "도로교통법",
    "route": "demo_exemption",
}


class Case:
    def __init__(self) -> None:
        with clock.frozen(GRANTED):
            call = seed(by=SYSTEM, name="sandbox-case")
            owner = make_person()
            firm = make_organisation(owner, stage="startup")
            self.by, self.officer = actor(owner), actor(make_person(roles=["operator"]))
            row = apply(
                by=self.by, call=call.slug, organisation=firm.slug, answers=ANSWERS, accept_terms=True
            )
            decide(by=self.officer, application=row.public_id, accept=True, reason=REASON)
        self.number = row.public_id
        self.person = Person.objects.get(pk=self.by.person_id)

    @property
    def grant(self) -> Grant:
        return Grant.objects.get(application__public_id=self.number)

    def days(self, moment: dt.datetime) -> dict[str, tuple[str, int]]:
        """Each clock that runs at a moment: its day in Seoul and the days that are left."""
        with clock.frozen(moment), override("en"):
            return {
                str(row.title): (timezone.localdate(row.at).isoformat(), row.days_left)
                for row in deadlines(self.grant)
            }


LAW = "Request for a change of law (60 days before the end)"


@pytest.fixture
def case():
    return Case()


def seoul(*day: int) -> dt.datetime:
    return timezone.make_aware(dt.datetime(*day, 19))


def test_an_exemption_of_2_march_2026_ends_on_1_march_2028_and_the_law_is_asked_for_by_1_january(case):
    assert timezone.localdate(case.grant.ends_at) == dt.date(2028, 3, 1)
    clocks = case.days(GRANTED)
    assert clocks[LAW] == ("2028-01-01", 670)
    assert clocks["End of the grant"] == ("2028-03-01", 730)
    assert clocks["Report on the demonstration"] == ("2027-03-02", 365)


@pytest.mark.parametrize(
    ("language", "end", "law", "left"),
    [("en", "1 Mar 2028", "1 Jan 2028", "670 days left"), ("ko", "2028-03-01", "2028-01-01", "670일 남음")],
)
def test_the_page_of_the_grant_shows_its_clocks(case, language, end, law, left):
    with clock.frozen(GRANTED):
        page = client_for(case.person, language).get(f"/programmes/grants/{case.number}/").content.decode()
    card = page.partition('id="deadlines"')[2].partition("</section>")[0]
    assert end in card
    assert law in card
    assert left in card
    with clock.frozen(seoul(2028, 1, 2)):
        page = client_for(case.person, "en").get(f"/programmes/grants/{case.number}/").content.decode()
    assert "overdue" in page.partition('id="deadlines"')[2]


def test_programs_read_the_same_clocks(case):
    with clock.frozen(GRANTED):
        found = api_for(case.person).get(f"/api/programmes/grants/{case.number}").json()["deadlines"]
    assert [(row["title"], row["days_left"]) for row in found][1:3] == [
        (LAW, 670),
        ("End of the grant", 730),
    ]


def told(kind: str) -> list[tuple[str, str]]:
    rows = Notice.objects.filter(kind=f"programmes.{kind}").order_by("id")
    return [(timezone.localdate(row.created_at).isoformat(), row.title["en"]) for row in rows]


def live_through(first: dt.date, last: dt.date) -> None:
    day = first
    while day <= last:
        with clock.frozen(seoul(day.year, day.month, day.day)):
            look_after_grants()
            look_after_grants()
            deliver_everything()
        day += dt.timedelta(days=1)


@pytest.mark.slow
def test_the_organisation_is_reminded_of_the_change_of_law_and_of_the_end(case):
    report = case.grant.reports.get(number=1)
    with clock.frozen(seoul(2027, 2, 1)):
        hand_in_report(by=case.by, grant=case.number, report=report.number, words="실증 결과입니다.")

    live_through(dt.date(2027, 11, 25), dt.date(2028, 1, 3))
    law = [day for day, title in told("ReportReminded") if LAW in title]
    assert law == ["2027-12-02", "2027-12-25", "2027-12-31", "2028-01-02"]
    assert [day for day, _title in told("GrantEndsSoon")] == ["2028-01-01"]  # sixty days before

    live_through(dt.date(2028, 1, 29), dt.date(2028, 3, 1))
    assert [day for day, _title in told("GrantEndsSoon")] == [
        "2028-01-01", "2028-01-31", "2028-02-23", "2028-02-29",
    ]  # fmt: skip
    assert case.grant.state == "ended"


def test_extended_by_two_years_the_law_is_asked_for_sixty_days_before_the_new_end(case):
    later = case.grant.ends_at.replace(year=2030)
    with clock.frozen(seoul(2027, 12, 1)):
        ask_change(
            by=case.by, grant=case.number, kind="extension", words="두 해 더 실증합니다.", ends_at=later
        )
        decide_change(by=case.officer, grant=case.number, number=1, agree=True, reason=REASON)

    clocks = case.days(seoul(2027, 12, 2))
    assert clocks["End of the grant"][0] == "2030-03-01"
    assert clocks[LAW][0] == "2029-12-31"


@pytest.mark.parametrize(
    "report",
    [
        {"after_days": 3, "before_end_days": 3},
        {},
        {"before_end_days": -1},
        {"before_end_days": "60"},
    ],
)
def test_a_report_is_due_by_one_clock(report):
    row = {"kind": "final", "title": REASON} | report
    problems = procedure_problems(completed({"decision": "officer", "reports": [row]}), {})
    assert len(problems) == 1
    good = {"kind": "final", "title": REASON, "before_end_days": 60}
    assert procedure_problems(completed({"decision": "officer", "reports": [good]}), {}) == []
