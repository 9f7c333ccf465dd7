"""Conditions, changes, suspension, the end, reports and pledges, by the frozen clock."""

from __future__ import annotations

import datetime as dt

import pytest

from bitgoeul.apps.capacity.commands import claim
from bitgoeul.apps.capacity.errors import PoolFull
from bitgoeul.apps.capacity.models import Claim
from bitgoeul.apps.capacity.queries import discrepancies, usage
from bitgoeul.apps.credits.commands import spend_credits
from bitgoeul.apps.credits.models import Benefit, Tranche
from bitgoeul.apps.credits.queries import balance
from bitgoeul.apps.notices.models import Notice
from bitgoeul.apps.people.tests.factories import actor, make_person
from bitgoeul.apps.programmes.commands import (
    add_evidence,
    ask_change,
    close_condition,
    decide_change,
    end_grant,
    hand_in_report,
    make_pledge,
    report_pledge,
    resume_grant,
    return_report,
    set_condition,
    suspend_grant,
    verify_pledge,
    verify_report,
    withdraw_change,
)
from bitgoeul.apps.programmes.errors import (
    BudgetSpent,
    ChangePending,
    CreditsStay,
    FileNotAllowed,
    FileTooLarge,
    TermsStay,
    TooManyFiles,
)
from bitgoeul.apps.programmes.models import Agreement, Call, Change, Report
from bitgoeul.apps.programmes.queries.grants import waiting_at_the_desk
from bitgoeul.apps.programmes.queries.reports import LARGEST_MIB, MOST_FILES
from bitgoeul.apps.programmes.tasks import look_after_grants
from bitgoeul.apps.programmes.tests.granted import REASON, START, make_granted
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.refusals import Forbidden, Invalid, NotFound, StateChanged
from bitgoeul.kit.testing import deliver_everything

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
PDF = b"%PDF-1.7 evidence"


@pytest.fixture(autouse=True)
def frozen():
    with clock.frozen(START):
        yield


@pytest.fixture
def granted():
    return make_granted()


def ask(granted, kind, **asked):
    return ask_change(by=granted.by, grant=granted.number, kind=kind, words="학습이 늦어졌습니다.", **asked)


def agree(granted, number=1):
    return decide_change(by=granted.officer, grant=granted.number, number=number, agree=True, reason=REASON)


# Changes


def test_an_extension_moves_the_end_of_everything_and_is_a_numbered_addendum(granted):
    was = granted.grant.ends_at
    ask(granted, "extension", ends_at=was + 30 * DAY)
    agree(granted)

    grant = granted.now()
    assert grant.ends_at == was + 30 * DAY
    assert Claim.objects.get(organisation=granted.organisation).until == grant.ends_at
    assert Tranche.objects.get(wallet__organisation=granted.organisation).ends_at == grant.ends_at
    addendum = Agreement.objects.get(grant=grant).addenda.get()
    assert addendum.number == 1
    assert addendum.text["en"] == "Addendum 1: the grant ends on 30 Jun 2026 instead of 31 May 2026."
    assert "2026-06-30" in addendum.text["ko"]
    due = {report.title["en"]: report.due_at for report in grant.reports.all()}
    assert (due["Final report"] - START).days == 120
    assert due["What has become of it after 1 year"].date() == dt.date(2027, 6, 30)
    assert Fact.objects.get(name="programmes.ChangeDecided").data["fingerprint"] == addendum.fingerprint


def test_more_is_taken_from_the_budget_the_pool_and_the_price_list(granted):
    ask(granted, "amount", amount=10)
    agree(granted)

    assert usage(granted.pool).claimed == 10
    assert granted.now().amount == 10
    assert Call.objects.get(pk=granted.grant.application.call_id).granted == 10
    parts = granted.grant.parts.filter(part="capacity").order_by("number")
    assert [(part.quantity, part.state) for part in parts] == [(8, "active"), (2, "active")]
    lines = Benefit.objects.filter(organisation=granted.organisation)
    assert sum(line.list_won for line in lines) == 90_000_000
    assert sum(line.in_kind_won for line in lines) == 88_500_000


def test_less_goes_back_to_the_budget_and_the_pool(granted):
    ask(granted, "amount", amount=3)
    agree(granted)

    assert (usage(granted.pool).claimed, granted.part("capacity").quantity) == (3, 3)
    assert Call.objects.get(pk=granted.grant.application.call_id).granted == 3
    assert discrepancies() == []


def test_a_change_beyond_the_budget_or_the_pool_leaves_everything(granted):
    ask(granted, "amount", amount=16)
    Call.objects.filter(pk=granted.grant.application.call_id).update(budget=15)
    with pytest.raises(BudgetSpent):
        agree(granted)
    assert Change.objects.get().state == "asked"
    Call.objects.filter(pk=granted.grant.application.call_id).update(budget=64)
    claim(by=SYSTEM, pool=granted.pool, quantity=2, key="other", holder="other")
    with pytest.raises(PoolFull):
        agree(granted)
    assert (granted.now().amount, Change.objects.get().state) == (8, "asked")


def test_credits_once_given_are_neither_shortened_nor_lowered():
    by_credits = {
        "gives": [{"part": "capacity", "pool": "x", "quantity": 1}, {"part": "credits", "quantity": 5}]
    }
    granted = make_granted(**by_credits)
    ask(granted, "dates", starts_at=START, ends_at=START + 10 * DAY)
    with pytest.raises(TermsStay):
        agree(granted)
    assert granted.now().ends_at == granted.grant.ends_at


def test_a_grant_counted_in_credits_is_never_lowered():
    from bitgoeul.apps.programmes.tests.factories import FORM, make_call
    from bitgoeul.apps.programmes.tests.granted import DURING, Granted, hand_in

    form = FORM | {"required": ["purpose", "students"]}
    call = make_call(form=form, ask="students", share_least=1_000, **DURING)
    owner, row = hand_in(call, 50)
    granted = Granted(row.grant, owner, actor(owner), actor(make_person(roles=["operator"])), None)
    ask(granted, "amount", amount=40_000)
    with pytest.raises(CreditsStay):
        agree(granted)
    decide_change(by=granted.officer, grant=granted.number, number=1, agree=False, reason=REASON)
    ask(granted, "amount", amount=60_000)
    agree(granted, 2)
    assert balance(granted.organisation).left == 60_000


def test_one_change_at_a_time_and_only_what_makes_sense(granted):
    with pytest.raises(Invalid):
        ask(granted, "extension", ends_at=granted.grant.ends_at)
    with pytest.raises(Invalid):
        ask(granted, "amount", amount=17)
    with pytest.raises(Invalid):
        ask(granted, "more")
    with pytest.raises(Invalid):
        ask(granted, "dates", starts_at=START + 5 * DAY, ends_at=START + 4 * DAY)
    ask(granted, "extension", ends_at=granted.grant.ends_at + DAY)
    with pytest.raises(ChangePending):
        ask(granted, "amount", amount=9)
    withdraw_change(by=granted.by, grant=granted.number, number=1)
    ask(granted, "amount", amount=9)
    assert [change.state for change in Change.objects.order_by("number")] == ["withdrawn", "asked"]


def test_a_change_is_asked_by_the_organisation_and_decided_by_the_desk(granted):
    ask(granted, "amount", amount=9)
    with pytest.raises(Forbidden):
        agree(granted._replace(officer=granted.by))
    with pytest.raises(Forbidden):
        ask(granted._replace(by=granted.officer), "amount", amount=9)
    decide_change(by=granted.officer, grant=granted.number, number=1, agree=False, reason=REASON)
    with pytest.raises(StateChanged):
        agree(granted)
    deliver_everything()
    assert Notice.objects.get(kind="programmes.ChangeDecided", person=granted.owner).text["en"] == "Checked."
    assert granted.now().amount == 8


# Conditions, suspension, the end


def test_conditions_are_numbered_and_closed(granted):
    for _each in range(2):
        set_condition(by=granted.officer, grant=granted.number, text=REASON, due_at=START + DAY)
    close_condition(by=granted.officer, grant=granted.number, number=1, met=True)
    close_condition(by=granted.officer, grant=granted.number, number=2, met=False)
    rows = granted.grant.conditions.all()
    assert [(row.number, row.state) for row in rows] == [(1, "met"), (2, "waived")]
    with pytest.raises(Forbidden):
        set_condition(by=granted.by, grant=granted.number, text=REASON)


def test_a_grant_is_suspended_and_goes_on(granted):
    suspend_grant(by=granted.officer, grant=granted.number, reason=REASON)
    with pytest.raises(StateChanged):
        ask(granted, "amount", amount=9)
    with pytest.raises(StateChanged):
        suspend_grant(by=granted.officer, grant=granted.number, reason=REASON)
    resume_grant(by=granted.officer, grant=granted.number)
    assert granted.now().state == "active"


def test_an_owner_gives_a_grant_back_early(granted):
    end_grant(by=granted.by, grant=granted.number, reason=REASON)

    assert granted.now().state == "returned"
    assert {part.state for part in granted.grant.parts.all()} == {"returned"}
    assert (usage(granted.pool).claimed, balance(granted.organisation).left) == (0, 0)
    assert Agreement.objects.get(grant=granted.grant).state == "ended"


def test_credits_that_were_used_stay_after_an_early_end(granted):
    spend_credits(by=SYSTEM, organisation=granted.organisation, amount=1, reference="job:1", purpose="예시")
    end_grant(by=granted.officer, grant=granted.number, reason=REASON)
    assert balance(granted.organisation).left == 99_999
    assert usage(granted.pool).claimed == 0


def test_a_grant_ends_by_itself_on_its_day(granted):
    with clock.frozen(granted.grant.ends_at - DAY):
        look_after_grants()
        assert granted.now().state == "active"
    with clock.frozen(granted.grant.ends_at):
        look_after_grants()
        look_after_grants()
    assert granted.now().state == "ended"
    assert {part.state for part in granted.grant.parts.all()} == {"ended"}
    assert usage(granted.pool).claimed == 0


# Reports


def test_reports_are_due_as_the_call_says_and_outcomes_after_one_and_three_years(granted):
    due = [(row.kind, row.due_at.astimezone(dt.UTC).isoformat()) for row in granted.grant.reports.all()]
    assert due == [
        ("progress", "2026-04-01T09:00:00+00:00"),
        ("final", "2026-05-31T09:00:00+00:00"),
        ("outcome", "2027-05-31T09:00:00+00:00"),
        ("outcome", "2029-05-31T09:00:00+00:00"),
    ]


def test_each_reminder_is_given_once_and_the_desk_sees_what_is_late(granted):
    for day in range(70):
        with clock.frozen(START + day * DAY + dt.timedelta(hours=9)):
            look_after_grants()
    given = [
        (fact.data["report"], fact.data["days"])
        for fact in Fact.objects.filter(name="programmes.ReportReminded").order_by("id")
    ]
    of_first = [days for report, days in given if report == 1]
    assert of_first == [-30, -7, -1, 1, 7, 30]
    with clock.frozen(START + 70 * DAY):
        assert [row.number for row in waiting_at_the_desk().overdue] == [1]
        deliver_everything()
    titles = Notice.objects.filter(kind="programmes.ReportReminded", person=granted.owner).order_by("id")
    assert "is due on" in titles.first().title["en"]


def test_what_is_handed_in_is_verified_or_returned_by_a_person(granted):
    evidence = {"grant": granted.number, "report": 1, "name": "증빙.pdf", "content": PDF}
    first = add_evidence(by=granted.by, **evidence)
    assert add_evidence(by=granted.by, **evidence).pk == first.pk
    hand_in_report(by=granted.by, grant=granted.number, report=1, words="모델을 학습했습니다.")
    with pytest.raises(StateChanged):
        add_evidence(by=granted.by, **evidence)
    with pytest.raises(Forbidden):
        verify_report(by=SYSTEM, grant=granted.number, report=1)
    with pytest.raises(Forbidden):
        verify_report(by=granted.by, grant=granted.number, report=1)

    return_report(by=granted.officer, grant=granted.number, report=1, remark=REASON)
    hand_in_report(by=granted.by, grant=granted.number, report=1, words="정확도를 더했습니다.")
    verify_report(by=granted.officer, grant=granted.number, report=1)

    report = Report.objects.get(grant=granted.grant, number=1)
    assert (report.state, report.files.count()) == ("verified", 1)
    fact = Fact.objects.filter(name="programmes.ReportHandedIn").latest("id")
    assert fact.data["files"] == {first.sha256: len(PDF)}
    assert (first.kind, first.size) == ("application/pdf", len(PDF))


@pytest.mark.parametrize(
    ("name", "content", "refusal"),
    [
        ("a.exe", b"MZ", FileNotAllowed),
        ("a.pdf", b"<html>", FileNotAllowed),
        ("pdf", PDF, FileNotAllowed),
        ("a.pdf", PDF + bytes(LARGEST_MIB << 20), FileTooLarge),
    ],
)
def test_files_of_the_wrong_kind_or_size_are_refused(granted, name, content, refusal):
    with pytest.raises(refusal):
        add_evidence(by=granted.by, grant=granted.number, report=1, name=name, content=content)


def test_files_have_a_number_and_belong_to_one_thing(granted):
    for number in range(MOST_FILES):
        add_evidence(
            by=granted.by, grant=granted.number, report=1, name="a.pdf", content=PDF + bytes([number])
        )
    with pytest.raises(TooManyFiles):
        add_evidence(by=granted.by, grant=granted.number, report=1, name="a.pdf", content=PDF)
    with pytest.raises(Invalid):
        add_evidence(by=granted.by, grant=granted.number, name="a.pdf", content=PDF)
    with pytest.raises(NotFound):
        add_evidence(by=actor(make_person()), grant=granted.number, report=1, name="a.pdf", content=PDF)


# Pledges


def test_a_pledge_is_verified_to_its_part(granted):
    make_pledge(by=granted.by, grant=granted.number, kind="jobs", target=10, due_at=START + 30 * DAY)
    add_evidence(by=granted.by, grant=granted.number, pledge=1, name="a.pdf", content=PDF)
    report_pledge(by=granted.by, grant=granted.number, pledge=1, reported=6, words="여섯 명을 채용했습니다.")
    promise = verify_pledge(by=granted.officer, grant=granted.number, pledge=1, verified=5)
    assert (promise.state, promise.percent) == ("partly", 50)
    report_pledge(by=granted.by, grant=granted.number, pledge=1, reported=10, words="열 명을 채웠습니다.")
    promise = verify_pledge(by=granted.officer, grant=granted.number, pledge=1, verified=10)
    assert (promise.state, promise.percent) == ("fulfilled", 100)
    with pytest.raises(StateChanged):
        report_pledge(by=granted.by, grant=granted.number, pledge=1, reported=11, words="더")


def test_a_pledge_that_is_late_lies_on_the_desk(granted):
    make_pledge(by=granted.officer, grant=granted.number, kind="office", target=1, due_at=START + DAY)
    with clock.frozen(START + 2 * DAY):
        assert [row.kind for row in waiting_at_the_desk().missed] == ["office"]
    for wrong in ({"kind": "luck"}, {"target": 0}, {"due_at": START}):
        with pytest.raises(Invalid):
            make_pledge(
                by=granted.by,
                grant=granted.number,
                **{"kind": "jobs", "target": 1, "due_at": START + DAY} | wrong,
            )
