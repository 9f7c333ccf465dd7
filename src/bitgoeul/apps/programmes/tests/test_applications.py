"""From a draft to its decision, and from the decision to the credits."""

from __future__ import annotations

import datetime as dt

import pytest

from bitgoeul.apps.credits.queries import balance
from bitgoeul.apps.people.models import Membership
from bitgoeul.apps.people.tests.factories import actor, make_organisation, make_person
from bitgoeul.apps.programmes.commands import (
    accept_application,
    apply,
    close_call,
    reject_application,
    save_answers,
    start_application,
    submit_application,
    withdraw_application,
)
from bitgoeul.apps.programmes.errors import AlreadyApplied, BudgetSpent, CallNotOpen
from bitgoeul.apps.programmes.models import Application, Call, Decision, Grant
from bitgoeul.apps.programmes.queries import applications_visible_to, statistics
from bitgoeul.apps.programmes.tests.factories import clause, make_call
from bitgoeul.kit import clock
from bitgoeul.kit.actor import ANONYMOUS, SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.refusals import Forbidden, Invalid, NotFound, StateChanged
from bitgoeul.kit.testing import facts_recorded

pytestmark = pytest.mark.django_db

GOOD = {"purpose": "버스 도착을 예측합니다"}
REASON = {"ko": "확인했습니다.", "en": "Checked."}


def last_fact():
    return Fact.objects.latest("id").pk


def applicant(**fields):
    person = make_person()
    return person, make_organisation(person, **fields)


def hand_in(call, person, organisation, answers=GOOD):
    return apply(
        by=actor(person), call=call.slug, organisation=organisation.slug, answers=answers, accept_terms=True
    )


def test_an_applicant_who_meets_every_clause_has_the_credits_at_once():
    call = make_call()
    person, organisation = applicant()

    application = hand_in(call, person, organisation)

    assert application.state == "accepted"
    assert (application.grant.amount, balance(organisation).left) == (100_000, 100_000)
    assert application.grant.ends_at - application.grant.starts_at == dt.timedelta(days=30)
    assert Call.objects.get(pk=call.pk).granted == 100_000
    assert application.decision.reason["en"] == "Every condition of the call is met."


def test_each_step_is_one_fact():
    call = make_call()
    before = last_fact()

    hand_in(call, *applicant())

    assert facts_recorded(before) == [
        "programmes.ApplicationStarted",
        "programmes.AnswersSaved",
        "programmes.ApplicationSubmitted",
        "credits.CreditsGranted",
        "programmes.GrantActivated",
        "programmes.ApplicationAccepted",
    ]


def test_a_clause_that_fails_rejects_with_its_reason():
    person, organisation = applicant(founded_on="2001-01-01")

    with clock.frozen(dt.datetime(2026, 1, 1, 3, tzinfo=dt.UTC)):
        application = hand_in(make_call(), person, organisation)

    assert application.state == "rejected"
    assert application.decision.clauses == ["young"]
    assert application.decision.reason == {"ko": "창업한 지 300개월입니다.", "en": "Founded 300 months ago."}
    assert balance(organisation).granted == 0


def test_a_missing_fact_waits_for_a_person_and_is_never_passed_in_silence():
    person, organisation = applicant(founded_on=None)

    application = hand_in(make_call(), person, organisation)

    assert (application.state, application.verdict) == ("waiting", "unknown")
    assert application.outcomes[0]["missing"] == ["organisation.age_months"]
    assert balance(organisation).granted == 0


def test_what_was_decided_on_is_frozen_when_file_and_rules_change_later():
    call = make_call()
    person, organisation = applicant()
    application = hand_in(call, person, organisation)

    type(organisation).objects.update(founded_on="1990-01-01", region="서울특별시")

    frozen = Application.objects.get(pk=application.pk)
    assert frozen.facts["organisation"]["region"] == "광주광역시"
    assert frozen.outcomes[0]["result"] == "pass"
    assert (frozen.rules_version, frozen.rules_fingerprint) == (1, call.rules_fingerprint)


def test_the_desk_accepts_or_rejects_what_waits():
    call = make_call()
    officer = actor(make_person(roles=["operator"]))
    yes, no = (hand_in(call, *applicant(founded_on=None)) for _each in range(2))

    accept_application(by=officer, application=yes.public_id, reason=REASON)
    reject_application(by=officer, application=no.public_id, reason=REASON)

    assert list(Decision.objects.values_list("accepted", "automatic", "by")) == [
        (True, False, officer.id),
        (False, False, officer.id),
    ]
    assert balance(yes.organisation).left == 100_000
    assert balance(no.organisation).left == 0


def test_two_officers_do_not_decide_the_same_application():
    application = hand_in(make_call(), *applicant(founded_on=None))
    first, second = (actor(make_person(roles=["operator"])) for _each in range(2))
    accept_application(by=first, application=application.public_id, reason=REASON)

    for decide in (accept_application, reject_application):
        with pytest.raises(StateChanged):
            decide(by=second, application=application.public_id, reason=REASON)

    assert balance(application.organisation).granted == 100_000


def test_an_officer_does_not_decide_about_an_organisation_of_their_own():
    person = make_person(roles=["operator"])
    application = hand_in(make_call(), person, make_organisation(person, founded_on=None))

    with pytest.raises(Forbidden):
        accept_application(by=actor(person), application=application.public_id, reason=REASON)


def test_a_decision_needs_a_reason_and_an_officer():
    person, organisation = applicant(founded_on=None)
    application = hand_in(make_call(), person, organisation)

    with pytest.raises(Invalid):
        accept_application(by=SYSTEM, application=application.public_id, reason={"ko": " "})
    with pytest.raises(Forbidden):
        accept_application(by=actor(person), application=application.public_id, reason=REASON)
    with pytest.raises(NotFound):
        accept_application(by=actor(make_person()), application=application.public_id, reason=REASON)


def test_handing_in_the_same_draft_twice_decides_once():
    person, organisation = applicant()
    application = hand_in(make_call(), person, organisation)
    before = last_fact()

    again = submit_application(by=actor(person), application=application.public_id, accept_terms=True)

    assert again.state == "accepted"
    assert facts_recorded(before) == []
    assert balance(organisation).granted == 100_000


def test_a_second_application_of_the_same_organisation_is_refused_with_the_first_named():
    call = make_call()
    person, organisation = applicant()
    colleague = make_person()
    Membership.objects.create(person=colleague, organisation=organisation, role="member")
    first = hand_in(call, person, organisation)

    with pytest.raises(AlreadyApplied) as refused:
        hand_in(call, colleague, organisation)

    assert refused.value.facts["application"] == first.public_id
    assert refused.value.status == 409


def test_a_call_may_allow_more_than_one():
    call = make_call(repeatable=True)
    person, organisation = applicant()

    first, second = (hand_in(call, person, organisation) for _each in range(2))

    assert first.public_id != second.public_id
    assert balance(organisation).granted == 200_000


def test_after_withdrawing_one_may_apply_anew():
    call = make_call()
    person, organisation = applicant(founded_on=None)
    waiting = hand_in(call, person, organisation)

    withdraw_application(by=actor(person), application=waiting.public_id)
    withdraw_application(by=actor(person), application=waiting.public_id)
    type(organisation).objects.update(founded_on="2025-01-01")

    assert hand_in(call, person, organisation).state == "accepted"


def test_what_is_decided_cannot_be_withdrawn():
    person, organisation = applicant()
    application = hand_in(make_call(), person, organisation)

    with pytest.raises(StateChanged):
        withdraw_application(by=actor(person), application=application.public_id)


def test_an_open_draft_is_taken_up_again_with_its_answers():
    call = make_call()
    person, organisation = applicant()
    by = actor(person)
    draft = start_application(by=by, call=call.slug, organisation=organisation.slug)
    save_answers(by=by, application=draft.public_id, answers={"purpose": "버스"})

    again = start_application(by=by, call=call.slug, organisation=organisation.slug)

    assert (again.pk, again.answers) == (draft.pk, {"purpose": "버스"})


def test_a_draft_is_filled_in_from_the_company_file_and_earlier_answers():
    person, organisation = applicant()
    hand_in(make_call(), person, organisation)

    second = start_application(by=actor(person), call=make_call().slug, organisation=organisation.slug)

    assert second.answers == {"sector": "mobility", "purpose": GOOD["purpose"]}


@pytest.mark.parametrize(
    ("answers", "wrong"),
    [
        ({}, ["purpose"]),
        ({"purpose": ""}, ["purpose"]),
        ({"purpose": "가나"}, ["purpose"]),
        (GOOD | {"sector": "space"}, ["sector"]),
        (GOOD | {"students": "3"}, ["students"]),
        (GOOD | {"students": 0}, ["students"]),
        (GOOD | {"salary": 1}, ["salary"]),
        (GOOD | {"purpose": "가" * 401}, ["purpose"]),
        ({"purpose": "가나다\x00"}, ["answers"]),
        ({"purpose": "가나다\ud800"}, ["answers"]),
        (GOOD | {"students": float("nan")}, ["answers"]),
        ([], ["answers"]),
    ],
)
def test_answers_that_do_not_fit_are_named_and_nothing_is_kept(answers, wrong):
    with pytest.raises(Invalid) as refused:
        hand_in(make_call(), *applicant(), answers)

    assert sorted(refused.value.errors) == wrong
    assert Application.objects.count() == 0


def test_the_terms_must_be_agreed_to():
    call = make_call()
    person, organisation = applicant()

    with pytest.raises(Invalid) as refused:
        apply(
            by=actor(person), call=call.slug, organisation=organisation.slug, answers=GOOD, accept_terms=False
        )

    assert list(refused.value.errors) == ["accept_terms"]


@pytest.mark.parametrize("moment", ["before", "after", "closed"])
def test_a_call_takes_nothing_outside_its_time(moment):
    call = make_call()
    person, organisation = applicant()
    when = {"before": call.opens_at - dt.timedelta(seconds=1), "after": call.closes_at}.get(
        moment, clock.now()
    )
    if moment == "closed":
        close_call(by=SYSTEM, slug=call.slug)

    with clock.frozen(when), pytest.raises(CallNotOpen):
        hand_in(call, person, organisation)


def test_a_draft_that_was_begun_in_time_cannot_be_handed_in_late():
    call = make_call()
    person, organisation = applicant()
    draft = start_application(by=actor(person), call=call.slug, organisation=organisation.slug)
    save_answers(by=actor(person), application=draft.public_id, answers=GOOD)

    with clock.frozen(call.closes_at), pytest.raises(CallNotOpen):
        submit_application(by=actor(person), application=draft.public_id, accept_terms=True)

    assert Application.objects.get().state == "draft"


def test_the_last_grant_is_given_and_the_next_applicant_is_told_with_nothing_half_done():
    call = make_call(budget=250_000)
    for _each in range(2):
        hand_in(call, *applicant())
    person, organisation = applicant()
    draft = start_application(by=actor(person), call=call.slug, organisation=organisation.slug)
    save_answers(by=actor(person), application=draft.public_id, answers=GOOD)

    with pytest.raises(BudgetSpent):
        submit_application(by=actor(person), application=draft.public_id, accept_terms=True)

    assert Application.objects.get(pk=draft.pk).state == "draft"
    assert Call.objects.get(pk=call.pk).granted == 200_000
    assert Grant.objects.count() == 2
    assert balance(organisation).granted == 0


def test_a_person_cannot_accept_after_the_budget_is_gone():
    call = make_call(budget=100_000)
    waiting = hand_in(call, *applicant(founded_on=None))
    hand_in(call, *applicant())

    with pytest.raises(BudgetSpent):
        accept_application(by=SYSTEM, application=waiting.public_id, reason=REASON)

    assert Application.objects.get(pk=waiting.pk).state == "waiting"


@pytest.mark.parametrize(("role", "allowed"), [("owner", True), ("member", True), ("finance", False)])
def test_who_may_apply(role, allowed):
    call = make_call()
    person, organisation = make_person(), make_organisation()
    Membership.objects.create(person=person, organisation=organisation, role=role)

    if allowed:
        assert hand_in(call, person, organisation).state == "accepted"
    else:
        with pytest.raises(Forbidden):
            hand_in(call, person, organisation)


def test_nobody_applies_for_an_organisation_of_others():
    with pytest.raises(NotFound):
        hand_in(make_call(), make_person(), make_organisation())


def test_applications_are_seen_by_their_organisation_and_what_is_handed_in_by_the_desk():
    call = make_call()
    person, organisation = applicant()
    draft = start_application(by=actor(person), call=call.slug, organisation=organisation.slug)
    officer, auditor = make_person(roles=["operator"]), make_person(roles=["auditor"])

    def seen_by(who):
        return applications_visible_to(who).filter(pk=draft.pk).exists()

    assert [seen_by(actor(p)) for p in (person, officer, auditor, make_person())] == [
        True,
        False,
        False,
        False,
    ]
    save_answers(by=actor(person), application=draft.public_id, answers=GOOD)
    submit_application(by=actor(person), application=draft.public_id, accept_terms=True)
    assert [seen_by(actor(p)) for p in (person, officer, auditor, make_person())] == [True, True, True, False]
    assert not seen_by(ANONYMOUS)


def test_the_public_figures_of_a_call_are_those_of_the_facts():
    call = make_call(clauses=[clause("local", 'organisation.region == "광주광역시"')])
    hand_in(call, *applicant())
    hand_in(call, *applicant(region="서울특별시"))
    hand_in(call, *applicant(region=""))
    hand_in(make_call(), *applicant())

    def told(name):
        return [
            fact for fact in Fact.objects.filter(name=f"programmes.{name}") if fact.data["call"] == call.slug
        ]

    shown = statistics(Call.objects.get(pk=call.pk))
    assert shown.applications == len(told("ApplicationSubmitted")) == 3
    assert shown.accepted == len(told("ApplicationAccepted")) == 1
    assert shown.rejected == len(told("ApplicationRejected")) == 1
    assert shown.waiting == len(told("ApplicationReferred")) == 1
    assert shown.granted == sum(fact.data["amount"] for fact in told("ApplicationAccepted")) == 100_000
