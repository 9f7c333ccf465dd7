"""Offers, the reserve and completion, by the frozen clock."""

from __future__ import annotations

import datetime as dt

import pytest

from bitgoeul.apps.credits.queries import balance
from bitgoeul.apps.notices.models import Notice
from bitgoeul.apps.people.tests.factories import actor, make_organisation, make_person
from bitgoeul.apps.programmes.commands import (
    accept_application,
    admit_application,
    apply,
    decide,
    decline_offer,
    lapse_offer,
    reserve_application,
    return_application,
    save_answers,
    submit_application,
    take_offer,
    withdraw_application,
)
from bitgoeul.apps.programmes.errors import BudgetSpent, CallNotOpen, CompletionLate, OfferOver, PanelDecides
from bitgoeul.apps.programmes.models import Application, Call
from bitgoeul.apps.programmes.queries import statistics
from bitgoeul.apps.programmes.tasks import end_due_answers, tell_applicant
from bitgoeul.apps.programmes.tests.factories import FORM, PANEL, make_call
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.refusals import Forbidden, Invalid, NotFound, StateChanged
from bitgoeul.kit.testing import api_for, client_for, facts_recorded

pytestmark = pytest.mark.django_db

START = dt.datetime(2026, 3, 2, 1, tzinfo=dt.UTC)  # a Monday, ten in the morning in Seoul
GOOD = {"purpose": "버스 도착을 예측합니다"}
REASON = {"ko": "확인했습니다.", "en": "Checked."}
OFFICER_OFFERS = {"decision": "officer", "offer_days": 7}
DURING = {"opens_at": START - dt.timedelta(days=1), "closes_at": START + dt.timedelta(days=30)}


@pytest.fixture(autouse=True)
def frozen():
    with clock.frozen(START):
        yield


@pytest.fixture
def officer():
    return actor(make_person(roles=["operator"]))


def hand_in(call, **fields):
    person = make_person()
    organisation = make_organisation(person, **fields)
    row = apply(by=actor(person), call=call.slug, organisation=organisation.slug, answers=GOOD,
                accept_terms=True)  # fmt: skip
    return actor(person), row


def offered_with_reserve(reserve=2, budget=100_000):
    """A panel's call with one winner who has not answered, and a reserve in order."""
    call = make_call(procedure=PANEL, budget=budget, **DURING)
    people = [hand_in(call) for _each in range(1 + reserve)]
    accept_application(by=SYSTEM, application=people[0][1].public_id, reason=REASON)
    for order, (_by, row) in enumerate(people[1:], 1):
        reserve_application(by=SYSTEM, application=row.public_id, order=order)
    return call, people


def states(people):
    return [Application.objects.get(pk=row.pk).state for _by, row in people]


def figures(call):
    found = statistics(Call.objects.get(pk=call.pk))
    return found.reserved, found.granted, found.left


def test_an_offer_reserves_and_taking_it_grants(officer):
    call = make_call(procedure=OFFICER_OFFERS, **DURING)
    by, row = hand_in(call)
    assert row.state == "waiting"

    decide(by=officer, application=row.public_id, accept=True, reason=REASON)

    offered = Application.objects.get(pk=row.pk)
    assert (offered.state, offered.amount) == ("offered", 100_000)
    assert offered.offer_ends_at == dt.datetime(2026, 3, 9, 9, tzinfo=dt.UTC)  # 18:00 in the hub's zone
    assert figures(call) == (100_000, 0, 900_000)
    assert balance(row.organisation).granted == 0

    taken = take_offer(by=by, application=row.public_id)
    take_offer(by=by, application=row.public_id)

    assert (taken.state, figures(call)) == ("accepted", (0, 100_000, 900_000))
    assert balance(row.organisation).left == 100_000
    assert [(p.part, p.quantity, p.state) for p in taken.grant.parts.all()] == [
        ("credits", 100_000, "active")
    ]


def test_declining_gives_back_and_the_next_in_order_is_offered():
    call, people = offered_with_reserve()
    before = Fact.objects.latest("id").pk

    decline_offer(by=people[0][0], application=people[0][1].public_id, words="다른 장비를 구했습니다.")

    assert states(people) == ["declined", "offered", "reserve"]
    assert figures(call) == (100_000, 0, 0)
    assert facts_recorded(before) == ["programmes.OfferDeclined", "programmes.ApplicationOffered"]
    fact = Fact.objects.get(name="programmes.OfferDeclined")
    assert (fact.data["amount"], fact.personal) == (100_000, {"words": "다른 장비를 구했습니다."})
    assert Fact.objects.filter(name="programmes.ApplicationOffered").latest("id").data["was"] == "reserve"


def test_an_offer_lapses_on_its_day_and_goes_down_the_whole_reserve():
    _call, people = offered_with_reserve()
    ends_at = Application.objects.get(pk=people[0][1].pk).offer_ends_at

    with clock.frozen(ends_at - dt.timedelta(seconds=1)):
        end_due_answers()
        assert states(people) == ["offered", "reserve", "reserve"]
        with pytest.raises(StateChanged):
            lapse_offer(by=SYSTEM, application=people[0][1].public_id)
    with clock.frozen(ends_at):
        with pytest.raises(OfferOver):
            take_offer(by=people[0][0], application=people[0][1].public_id)
        end_due_answers()
        end_due_answers()
        assert states(people) == ["lapsed", "offered", "reserve"]
    with clock.frozen(ends_at + dt.timedelta(days=8)):
        end_due_answers()
        assert states(people) == ["lapsed", "lapsed", "offered"]


def test_nobody_on_the_reserve_is_skipped():
    form = FORM | {"required": ["purpose", "students"]}
    call = make_call(form=form, ask="students", budget=100_000, share_most=100_000, share_least=1_000,
                     procedure=PANEL, **DURING)  # fmt: skip
    people = []
    for asked in (30, 70, 60, 10):
        person = make_person()
        organisation = make_organisation(person)
        answers = GOOD | {"students": asked}
        row = apply(by=actor(person), call=call.slug, organisation=organisation.slug, answers=answers,
                    accept_terms=True)  # fmt: skip
        people.append((actor(person), row))
    for _by, row in people[:2]:
        accept_application(by=SYSTEM, application=row.public_id, reason=REASON)
    for order, (_by, row) in enumerate(people[2:], 1):
        reserve_application(by=SYSTEM, application=row.public_id, order=order)

    decline_offer(by=people[0][0], application=people[0][1].public_id)
    assert states(people) == ["declined", "offered", "reserve", "reserve"]

    decline_offer(by=people[1][0], application=people[1][1].public_id)
    assert states(people) == ["declined", "declined", "offered", "offered"]
    assert figures(call) == (70_000, 0, 30_000)


def test_an_offer_beyond_the_budget_leaves_everything_as_it_was():
    call, people = offered_with_reserve()

    with pytest.raises(BudgetSpent):
        accept_application(by=SYSTEM, application=people[1][1].public_id, reason=REASON)

    assert states(people) == ["offered", "reserve", "reserve"]
    assert figures(call) == (100_000, 0, 0)


def test_an_order_on_the_reserve_belongs_to_one():
    call = make_call(procedure=PANEL, **DURING)
    first, second = hand_in(call)[1], hand_in(call)[1]
    reserve_application(by=SYSTEM, application=first.public_id, order=1)

    for order in (0, 1):
        with pytest.raises(Invalid):
            reserve_application(by=SYSTEM, application=second.public_id, order=order)


def test_only_the_winner_answers_an_offer():
    _call, people = offered_with_reserve()
    number = people[0][1].public_id

    for answer in (take_offer, decline_offer):
        with pytest.raises(NotFound):
            answer(by=people[1][0], application=number)
        with pytest.raises(Forbidden):
            answer(by=actor(make_person(roles=["operator"])), application=number)


def test_an_application_is_returned_completed_and_decided(officer):
    call = make_call(procedure={"decision": "officer", "completion_days": 5}, **DURING)
    by, row = hand_in(call)

    return_application(by=officer, application=row.public_id, asks=REASON)
    returned = Application.objects.get(pk=row.pk)
    assert returned.completion_due_at == dt.datetime(2026, 3, 7, 9, tzinfo=dt.UTC)
    save_answers(by=by, application=row.public_id, answers=GOOD | {"students": 3})
    again = submit_application(by=by, application=row.public_id, accept_terms=True)
    assert (again.state, again.submitted_at) == ("waiting", row.submitted_at)
    decide(by=officer, application=row.public_id, accept=True, reason=REASON)

    assert Application.objects.get(pk=row.pk).state == "accepted"


def test_completion_may_come_after_the_call_closed_but_not_after_its_own_day(officer):
    soon = {"closes_at": START + dt.timedelta(days=1)}
    call = make_call(procedure={"decision": "officer"}, **DURING | soon)
    early, late, forgotten = (hand_in(call) for _each in range(3))
    for _by, row in (early, late, forgotten):
        return_application(by=officer, application=row.public_id, asks=REASON)
    due_at = Application.objects.get(pk=late[1].pk).completion_due_at

    with clock.frozen(START + dt.timedelta(days=2)):
        assert submit_application(
            by=early[0], application=early[1].public_id, accept_terms=True
        ).state == "waiting"  # fmt: skip
        with pytest.raises(CallNotOpen):
            hand_in(call)
    with clock.frozen(due_at):
        with pytest.raises(CompletionLate):
            submit_application(by=late[0], application=late[1].public_id, accept_terms=True)
        end_due_answers()

    assert states([early, late, forgotten]) == ["waiting", "rejected", "rejected"]
    assert Application.objects.get(pk=late[1].pk).decision.automatic is True


def test_a_returned_or_reserved_application_can_be_withdrawn(officer):
    call = make_call(procedure={"decision": "officer"}, **DURING)
    by, row = hand_in(call)
    return_application(by=officer, application=row.public_id, asks=REASON)
    _call, people = offered_with_reserve()

    withdraw_application(by=by, application=row.public_id)
    withdraw_application(by=people[1][0], application=people[1][1].public_id)
    decline_offer(by=people[0][0], application=people[0][1].public_id)

    assert states([(by, row)]) == ["withdrawn"]
    assert states(people) == ["declined", "withdrawn", "offered"]
    with pytest.raises(StateChanged):
        withdraw_application(by=people[2][0], application=people[2][1].public_id)


def test_a_panel_looks_at_what_an_officer_passes_on_and_nobody_accepts_in_its_place(officer):
    call = make_call(procedure=PANEL, **DURING)
    _by, row = hand_in(call, founded_on=None)
    assert row.state == "waiting"

    with pytest.raises(PanelDecides):
        decide(by=officer, application=row.public_id, accept=True, reason=REASON)
    admit_application(by=officer, application=row.public_id)
    with pytest.raises(StateChanged):
        decide(by=officer, application=row.public_id, accept=True, reason=REASON)

    assert states([(None, row)]) == ["in_review"]


def test_an_officer_gives_less_than_was_asked_but_never_more(officer):
    form = FORM | {"required": ["purpose", "students"]}
    call = make_call(form=form, ask="students", share_most=90_000, share_least=10_000,
                     procedure={"decision": "officer"}, **DURING)  # fmt: skip
    person = make_person()
    organisation = make_organisation(person)
    by = actor(person)
    with pytest.raises(Invalid) as refused:
        apply(by=by, call=call.slug, organisation=organisation.slug, answers=GOOD | {"students": 91},
              accept_terms=True)  # fmt: skip
    assert list(refused.value.errors) == ["students"]
    row = apply(by=by, call=call.slug, organisation=organisation.slug, answers=GOOD | {"students": 50},
                accept_terms=True)  # fmt: skip

    for amount in (9_999, 50_001):
        with pytest.raises(Invalid):
            decide(by=officer, application=row.public_id, accept=True, reason=REASON, amount=amount)
    decide(by=officer, application=row.public_id, accept=True, reason=REASON, amount=40_000)

    assert balance(organisation).left == 40_000
    assert figures(call) == (0, 40_000, 960_000)


def test_the_inbox_tells_each_turn():
    _call, people = offered_with_reserve(reserve=1)
    decline_offer(by=people[0][0], application=people[0][1].public_id)
    names = ("ApplicationAdmitted", "ApplicationOffered", "ApplicationReserved")

    for fact in Fact.objects.filter(name__in=[f"programmes.{name}" for name in names]):
        tell_applicant(fact)

    titles = {notice.title["en"] for notice in Notice.objects.filter(person_id=people[1][0].person_id)}
    assert titles == {
        "“Example call”: the panel looks at your application",
        "“Example call”: you are number 1 on the reserve list",
        "“Example call”: you are offered 100 credits",
    }


def test_the_pages_take_decline_return_and_admit():
    call = make_call(procedure=OFFICER_OFFERS, **DURING)
    desk = client_for(make_person(roles=["operator"]))
    rows = []
    for _each in range(3):
        person = make_person()
        organisation = make_organisation(person)
        row = apply(by=actor(person), call=call.slug, organisation=organisation.slug, answers=GOOD,
                    accept_terms=True)  # fmt: skip
        rows.append((client_for(person), f"/programmes/applications/{row.public_id}/", row))
    (taker, one, _a), (decliner, two, _b), (completer, three, _c) = rows

    for address in (one, two):
        desk.post(f"{address}decide/", {"accept": "yes", "reason_ko": "적합합니다."})
    assert desk.post(f"{three}return/", {}).status_code == 422
    desk.post(f"{three}return/", {"asks_ko": "계획을 더 적어 주십시오."})

    assert "제안" in taker.get(one).content.decode()
    taker.post(f"{one}take/")
    decliner.post(f"{two}decline/", {"words": "필요 없어졌습니다."})
    assert "계획을 더 적어 주십시오." in completer.get(three).content.decode()
    assert completer.get(f"{three}answers/").status_code == 200
    assert states([(None, row) for _client, _address, row in rows]) == ["accepted", "declined", "returned"]


def test_the_api_takes_declines_and_returns():
    call = make_call(procedure=OFFICER_OFFERS, **DURING)
    desk = api_for(make_person(roles=["operator"]))
    person = make_person()
    organisation = make_organisation(person)
    row = apply(by=actor(person), call=call.slug, organisation=organisation.slug, answers=GOOD,
                accept_terms=True)  # fmt: skip
    address = f"/api/programmes/applications/{row.public_id}"

    def post(api, word, body=None):
        return api.post(f"{address}/{word}", body or {}, content_type="application/json").json()

    returned = post(desk, "return", {"asks": REASON})
    assert returned["completion"]["asks"] == REASON
    submit_application(by=actor(person), application=row.public_id, accept_terms=True)
    offered = post(desk, "decide", {"accept": True, "reason": REASON})
    assert (offered["state"], offered["offer"]["amount"]) == ("offered", 100_000)
    assert post(api_for(person), "take")["grant"]["parts"][0]["state"] == "active"
    assert post(api_for(person), "decline", {"words": "no"})["code"] == "kit.StateChanged"
