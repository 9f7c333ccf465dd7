"""What moves credits, what refuses to, and what is announced."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from bitgoeul.apps.credits import queries
from bitgoeul.apps.credits.commands import (
    expire_tranche,
    grant_credits,
    hold_credits,
    release_hold,
    reverse_transfer,
    settle_hold,
    spend_credits,
)
from bitgoeul.apps.credits.errors import (
    InsufficientCredits,
    MoreThanHeld,
    NotReversible,
    ReferenceReused,
)
from bitgoeul.apps.credits.models import Account, Posting, Transfer
from bitgoeul.apps.credits.queries import Balance, balance, discrepancies
from bitgoeul.apps.credits.tests.factories import make_tranche
from bitgoeul.apps.people.models import Membership
from bitgoeul.apps.people.tests.factories import actor, make_organisation, make_person
from bitgoeul.kit import clock
from bitgoeul.kit.actor import ANONYMOUS, SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.refusals import Forbidden, Invalid, NotFound, StateChanged
from bitgoeul.kit.testing import facts_recorded

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _noon():
    with clock.frozen(NOON):
        yield


@pytest.fixture
def mina():
    return make_person()


@pytest.fixture
def team(mina):
    return make_organisation(owner=mina)


def hold(team, amount=300, reference="job:1", by=SYSTEM):
    return hold_credits(by=by, organisation=team, amount=amount, reference=reference, purpose="작업 1")


def spend(team, amount=300, reference="use:1", by=SYSTEM):
    return spend_credits(by=by, organisation=team, amount=amount, reference=reference, purpose="호출")


def figures(team):
    assert balance(team).holds_together
    assert discrepancies() == []
    return balance(team)


def test_an_organisation_without_a_grant_has_nothing_and_holds_nothing(team):
    assert figures(team) == Balance()

    with pytest.raises(InsufficientCredits) as refused:
        hold(team)

    assert refused.value.facts == {"account": team.name, "needed": "0.3", "left": "0"}
    assert (refused.value.status, refused.value.code) == (402, "credits.InsufficientCredits")


def test_a_grant_is_held_settled_and_the_rest_returns(team, mina):
    make_tranche(team, 1_000)
    hold(team, 300, by=actor(mina))
    assert figures(team) == Balance(granted=1_000, held=300, left=700)

    settled = settle_hold(by=SYSTEM, reference="job:1", amount=120)

    assert figures(team) == Balance(granted=1_000, spent=120, left=880)
    assert (settled.state, settled.settled) == ("settled", 120)
    assert facts_recorded() == ["credits.CreditsGranted", "credits.CreditsHeld", "credits.HoldSettled"]


def test_a_released_hold_returns_whole(team):
    make_tranche(team, 1_000)
    hold(team, 300)

    release_hold(by=SYSTEM, reference="job:1")

    assert figures(team) == Balance(granted=1_000, left=1_000)


def test_every_command_repeated_changes_nothing(team):
    times = {"starts_at": NOON, "ends_at": NOON + DAY}

    def everything():
        grant_credits(by=SYSTEM, organisation=team, amount=1_000, reference="g", source="공고", **times)
        hold(team, 100, "job:1")
        settle_hold(by=SYSTEM, reference="job:1", amount=40)
        hold(team, 100, "job:2")
        release_hold(by=SYSTEM, reference="job:2")
        spend(team, 10)
        reverse_transfer(by=SYSTEM, reference="use:1", reason="잘못 셈")

    everything()
    before = (figures(team), facts_recorded(), Posting.objects.count())

    everything()

    assert (figures(team), facts_recorded(), Posting.objects.count()) == before
    assert before[0] == Balance(granted=1_000, spent=40, left=960)


def test_a_reference_never_means_two_things(team):
    make_tranche(team, 1_000, reference="g")
    hold(team, 100, "job:1")
    spend(team, 10, "use:1")
    other = make_organisation()
    make_tranche(other, 1_000)

    for again in (
        lambda: make_tranche(team, 2_000, reference="g"),
        lambda: make_tranche(other, 1_000, reference="g"),
        lambda: hold(team, 101, "job:1"),
        lambda: hold(other, 100, "job:1"),
        lambda: spend(team, 11, "use:1"),
        lambda: spend(other, 10, "use:1"),
        lambda: spend(team, 10, "job:1:held"),
    ):
        with pytest.raises(ReferenceReused):
            again()

    assert figures(team) == Balance(granted=1_000, held=100, spent=10, left=890)


def test_stacked_grants_add_up_and_the_first_to_end_pays_first(team):
    year = make_tranche(team, 1_000, ends_at=NOON + 365 * DAY, reference="year")
    month = make_tranche(team, 300, ends_at=NOON + 30 * DAY, reference="month")
    make_tranche(team, 5_000, starts_at=NOON + DAY, reference="tomorrow")

    hold(team, 500)
    settle_hold(by=SYSTEM, reference="job:1", amount=400)

    for tranche, free in ((year, 900), (month, 0)):
        tranche.free.refresh_from_db()
        assert tranche.free.balance == free
    assert figures(team) == Balance(granted=6_300, spent=400, left=5_900)
    with pytest.raises(InsufficientCredits):
        hold(team, 901, "job:2")


def test_ended_credits_cannot_be_spent_and_are_expired_before_and_after_the_sweep(team):
    make_tranche(team, 1_000, ends_at=NOON + DAY)
    hold(team, 300)

    with clock.frozen(NOON + DAY):
        assert figures(team) == Balance(granted=1_000, held=300, expired=700)
        with pytest.raises(InsufficientCredits):
            spend(team, 1)
        lines = [(line.reference, line.change) for line in queries.statement(team).lines]
        (tranche,) = queries.tranches_to_expire()
        expire_tranche(by=SYSTEM, tranche_id=tranche.pk)
        assert figures(team) == Balance(granted=1_000, held=300, expired=700)
        assert [(line.reference, line.change) for line in queries.statement(team).lines] == lines

        settle_hold(by=SYSTEM, reference="job:1", amount=100)
        assert figures(team) == Balance(granted=1_000, spent=100, expired=900)
        expire_tranche(by=SYSTEM, tranche_id=tranche.pk)
        expire_tranche(by=SYSTEM, tranche_id=tranche.pk)

        assert figures(team) == Balance(granted=1_000, spent=100, expired=900)
        assert list(queries.tranches_to_expire()) == []


def test_a_running_tranche_is_not_expired(team):
    tranche = make_tranche(team, 1_000)

    assert expire_tranche(by=SYSTEM, tranche_id=tranche.pk) is None

    assert figures(team) == Balance(granted=1_000, left=1_000)


def test_a_settlement_takes_no_more_than_was_held(team):
    make_tranche(team, 1_000)
    hold(team, 300)

    with pytest.raises(MoreThanHeld):
        settle_hold(by=SYSTEM, reference="job:1", amount=301)
    with pytest.raises(Invalid):
        settle_hold(by=SYSTEM, reference="job:1", amount=-1)

    assert figures(team) == Balance(granted=1_000, held=300, left=700)


def test_a_closed_hold_stays_closed(team):
    make_tranche(team, 1_000)
    hold(team, 100, "job:1")
    hold(team, 100, "job:2")
    settle_hold(by=SYSTEM, reference="job:1", amount=0)
    release_hold(by=SYSTEM, reference="job:2")

    for again in (
        lambda: settle_hold(by=SYSTEM, reference="job:1", amount=1),
        lambda: release_hold(by=SYSTEM, reference="job:1"),
        lambda: settle_hold(by=SYSTEM, reference="job:2", amount=0),
    ):
        with pytest.raises(StateChanged):
            again()

    assert figures(team) == Balance(granted=1_000, left=1_000)


def test_a_reversed_spending_or_settlement_gives_back_what_was_spent(team):
    make_tranche(team, 1_000)
    hold(team, 300)
    settle_hold(by=SYSTEM, reference="job:1", amount=200)
    spend(team, 50)

    reverse_transfer(by=SYSTEM, reference="job:1:settled", reason="장비 고장")
    reverse_transfer(by=SYSTEM, reference="use:1", reason="장비 고장")

    assert figures(team) == Balance(granted=1_000, left=1_000)


def test_a_grant_is_taken_back_only_while_it_is_whole(team):
    make_tranche(team, 1_000, reference="wrong")
    spend(team, 1)

    with pytest.raises(InsufficientCredits):
        reverse_transfer(by=SYSTEM, reference="wrong", reason="다른 기관의 몫")
    reverse_transfer(by=SYSTEM, reference="use:1", reason="다른 기관의 몫")
    reverse_transfer(by=SYSTEM, reference="wrong", reason="다른 기관의 몫")

    assert figures(team) == Balance()
    assert list(queries.tranches(team)) == []


def test_holds_releases_and_reversals_are_not_reversed(team):
    make_tranche(team, 1_000)
    hold(team, 100, "job:1")
    hold(team, 100, "job:2")
    release_hold(by=SYSTEM, reference="job:2")
    hold(team, 100, "job:3")
    settle_hold(by=SYSTEM, reference="job:3", amount=0)
    spend(team, 10)
    reverse_transfer(by=SYSTEM, reference="use:1", reason="잘못 셈")

    for reference in ("job:1:held", "job:2:released", "job:3:settled", "use:1:reversed"):
        with pytest.raises(NotReversible):
            reverse_transfer(by=SYSTEM, reference=reference, reason="시험")
    with pytest.raises(Invalid):
        reverse_transfer(by=SYSTEM, reference="use:1", reason="  ")


def levels():
    return [
        name for name in facts_recorded() if name in {"credits.CreditsRunningLow", "credits.CreditsExhausted"}
    ]


def test_eighty_percent_warns_and_a_hundred_stops_once_for_each_crossing(team):
    make_tranche(team, 1_000)
    spend(team, 799, "use:1")
    assert levels() == []

    spend(team, 1, "use:2")
    spend(team, 100, "use:3")
    assert levels() == ["credits.CreditsRunningLow"]

    hold(team, 100, "job:1")
    assert levels() == ["credits.CreditsRunningLow", "credits.CreditsExhausted"]
    assert Fact.objects.filter(name="credits.CreditsRunningLow").get().data == {
        "organisation": team.slug,
        "granted": 1_000,
        "left": 200,
    }

    make_tranche(team, 9_000)
    spend(team, 7_200, "use:4")
    assert levels()[2:] == ["credits.CreditsRunningLow"]


def test_credits_that_begin_later_are_not_exhausted(team):
    make_tranche(team, 1_000, starts_at=NOON + DAY)

    assert levels() == []
    assert figures(team) == Balance(granted=1_000, left=1_000)


def test_expired_credits_are_announced_as_exhausted(team):
    tranche = make_tranche(team, 1_000, ends_at=NOON + DAY)

    with clock.frozen(NOON + DAY):
        expire_tranche(by=SYSTEM, tranche_id=tranche.pk)

    assert levels() == ["credits.CreditsExhausted"]


def test_who_may_do_what(team, mina):
    make_tranche(team, 1_000)
    spend(team, 1)
    hold(team, 1, "job:9")
    member, finance, stranger, operator = (make_person() for _ in range(4))
    operator.roles = ["operator"]
    Membership.objects.create(person=member, organisation=team, role="member")
    Membership.objects.create(person=finance, organisation=team, role="finance")

    def attempts(person):
        who = actor(person) if person else ANONYMOUS
        times = {"starts_at": NOON, "ends_at": NOON + DAY}
        calls = {
            "grant": lambda: grant_credits(
                by=who, organisation=team, amount=1, reference=f"g:{who.id}", source="공고", **times
            ),
            "hold": lambda: hold(team, 1, f"job:{who.id}", by=who),
            "spend": lambda: spend(team, 1, f"use:{who.id}", by=who),
            "reverse": lambda: reverse_transfer(by=who, reference="use:1", reason="시험"),
            "settle": lambda: settle_hold(by=who, reference="job:9", amount=0),
        }
        answers = {}
        for name, call in calls.items():
            try:
                with transaction.atomic():
                    call()
                    answers[name] = "yes"
                    transaction.set_rollback(True)
            except (Forbidden, NotFound) as refused:
                answers[name] = int(refused.status)
        return answers

    yes = {"hold": "yes", "spend": "yes", "settle": "yes"}
    assert attempts(mina) == {"grant": 403, "reverse": 403} | yes
    assert attempts(member) == {"grant": 403, "reverse": 403} | yes
    assert attempts(finance) == {"grant": 403, "hold": 403, "spend": 403, "reverse": 403, "settle": 403}
    assert attempts(stranger) == {"grant": 403, "hold": 403, "spend": 403, "reverse": 404, "settle": 404}
    assert attempts(None) == {"grant": 403, "hold": 403, "spend": 403, "reverse": 404, "settle": 404}
    assert attempts(operator) == {"grant": "yes", "reverse": "yes"} | yes
    with pytest.raises(Forbidden):
        expire_tranche(by=actor(operator), tranche_id=1)


@pytest.mark.parametrize("amount", [0, -5, 1.5, True, 10**15 + 1])
def test_an_amount_is_a_positive_whole_number(team, amount):
    make_tranche(team, 1_000)

    for call in (hold, spend):
        with pytest.raises(Invalid):
            call(team, amount, "x")
    with pytest.raises(Invalid):
        make_tranche(team, amount)


def test_a_grant_that_ends_before_it_begins_or_has_no_reference_is_refused(team):
    for wrong in (
        {"starts_at": NOON, "ends_at": NOON},
        {"reference": ""},
        {"reference": "x" * 121},
        {"reference": "\n"},
    ):
        with pytest.raises(Invalid):
            make_tranche(team, 1_000, **wrong)


def test_the_database_refuses_what_no_command_may_do(team):
    tranche = make_tranche(team, 1_000)

    for change in (
        lambda: Account.objects.filter(pk=tranche.free_id).update(balance=-1),
        lambda: Posting.objects.update(amount=0),
        lambda: Transfer.objects.create(
            reference=tranche.grant.reference, wallet=tranche.wallet, kind="spending", at=NOON
        ),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def test_books_that_were_tampered_with_are_found(team):
    tranche = make_tranche(team, 1_000)
    hold(team, 100)
    Account.objects.filter(pk=tranche.free_id).update(balance=5_000)
    Posting.objects.filter(account=tranche.held_id).update(amount=99)

    assert [(d.what, d.expected, d.found) for d in discrepancies()] == [
        ("balance differs from its postings", 900, 5_000),
        ("balance differs from its postings", 99, 100),
        ("postings do not add up to zero", 0, -1),
    ]
