"""Claiming, holding, confirming and giving back."""

from __future__ import annotations

import datetime as dt

import pytest

from bitgoeul.apps.capacity import errors, tasks
from bitgoeul.apps.capacity.commands import (
    claim,
    claim_all,
    confirm_hold,
    expire_claim,
    hold,
    pause_pool,
    release_claim,
)
from bitgoeul.apps.capacity.models import Claim, Shard, Unit
from bitgoeul.apps.capacity.queries import Usage, discrepancies, usage
from bitgoeul.apps.capacity.tests.factories import make_pool
from bitgoeul.apps.people.tests.factories import actor, make_member, make_organisation, make_person
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.refusals import Forbidden, Invalid, KeyReused, NotFound, StateChanged
from bitgoeul.kit.testing import facts_recorded

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 5, 1, 3, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _noon():
    with clock.frozen(NOON):
        yield


def take(pool, quantity=1, key="a", holder="application:1", **more):
    return claim(by=SYSTEM, pool=pool, quantity=quantity, key=key, holder=holder, **more)


def keep(pool, quantity=1, key="h", holder="application:1", **more):
    return hold(by=SYSTEM, pool=pool, quantity=quantity, key=key, holder=holder, **more)


def units_of(claimed):
    return [unit.label for unit in Unit.objects.filter(claim=claimed)]


def test_a_claim_takes_and_the_same_key_gives_the_same_answer():
    pool = make_pool(10)
    before = Fact.objects.count()

    first = take(pool, 4, purpose="grant 7")
    again = take(pool, 4, purpose="grant 7")

    assert (again.pk, again.state) == (first.pk, "claimed")
    assert usage(pool) == Usage(capacity=10, claimed=4, free=6)
    fact = Fact.objects.get(name="capacity.CapacityClaimed")
    assert Fact.objects.count() == before + 1
    assert (fact.subject, fact.data["quantity"], fact.data["purpose"]) == (pool.subject, 4, "grant 7")
    assert fact.personal == {"holder": "application:1"}


@pytest.mark.parametrize("other", [{"quantity": 5}, {"holder": "application:2"}])
def test_a_key_for_another_request_is_refused(other):
    pool = make_pool(10)
    take(pool, 4)

    with pytest.raises(KeyReused):
        take(pool, **{"quantity": 4} | other)
    with pytest.raises(KeyReused):
        take(make_pool(10), 4)
    with pytest.raises(KeyReused):
        keep(pool, 4, key="a")
    assert usage(pool).free == 6


def test_more_than_is_left_is_refused_and_leaves_nothing_behind():
    pool = make_pool(3)
    take(pool, 2)
    facts = Fact.objects.count()

    with pytest.raises(errors.PoolFull) as refused:
        take(pool, 2, key="b")

    assert (refused.value.facts["left"], refused.value.facts["asked"]) == (1, 2)
    assert (Claim.objects.count(), Fact.objects.count()) == (1, facts)
    assert take(pool, 1, key="b").state == "claimed"  # a refused key stays free


def test_what_is_left_moves_between_the_shards_so_that_the_last_unit_is_found():
    pool = make_pool(1_600)
    assert Shard.objects.filter(pool=pool).count() == 16

    take(pool, 700, key="wide")  # more than one shard had
    for number in range(9):
        take(pool, 100, key=f"n{number}")
    with pytest.raises(errors.PoolFull):
        take(pool, 1, key="more")

    assert usage(pool) == Usage(capacity=1_600, claimed=1_600)
    assert discrepancies() == []
    release_claim(by=SYSTEM, key="n3")
    take(pool, 60, key="sixty")
    take(pool, 40, key="forty")
    assert (usage(pool).free, discrepancies()) == (0, [])


def test_a_part_and_then_the_rest_is_given_back():
    pool = make_pool(8)
    take(pool, 8)

    release_claim(by=SYSTEM, key="a", quantity=6)
    assert usage(pool) == Usage(capacity=8, claimed=2, free=6)
    with pytest.raises(errors.MoreThanClaimed):
        release_claim(by=SYSTEM, key="a", quantity=3)
    release_claim(by=SYSTEM, key="a")
    [row] = release_claim(by=SYSTEM, key="a")

    assert (row.state, usage(pool).free) == ("released", 8)
    assert facts_recorded()[-2:] == ["capacity.ClaimReleased"] * 2
    assert [fact.data["left"] for fact in Fact.objects.filter(name="capacity.ClaimReleased")] == [2, 0]
    assert take(pool, 8).state == "released"  # the same key, the same claim
    with pytest.raises(errors.NotClaimed):
        release_claim(by=SYSTEM, key="a", quantity=1)


def test_a_hold_is_confirmed_once_or_goes_back_by_itself():
    pool = make_pool(2, hold_for=dt.timedelta(minutes=10))
    keep(pool, 1, key="h1")
    keep(pool, 1, key="h2")
    assert usage(pool) == Usage(capacity=2, held=2)

    with clock.frozen(NOON + dt.timedelta(minutes=9)):
        confirm_hold(by=SYSTEM, key="h1")
        confirm_hold(by=SYSTEM, key="h1")
    with clock.frozen(NOON + dt.timedelta(minutes=10)):
        assert usage(pool) == Usage(capacity=2, claimed=1, free=1)  # before any sweep
        with pytest.raises(errors.HoldExpired):
            confirm_hold(by=SYSTEM, key="h2")
        tasks.sweep()
        tasks.sweep()
        with pytest.raises(errors.HoldExpired):
            confirm_hold(by=SYSTEM, key="h2")
        with pytest.raises(errors.NotClaimed):
            release_claim(by=SYSTEM, key="h2")

    assert facts_recorded()[1:] == [
        "capacity.CapacityHeld",
        "capacity.CapacityHeld",
        "capacity.HoldConfirmed",
        "capacity.ClaimExpired",
    ]
    assert discrepancies() == []


def test_a_claim_takes_what_an_expired_hold_still_keeps_without_waiting_for_the_sweep():
    pool = make_pool(2)
    keep(pool, 2)

    with clock.frozen(NOON + dt.timedelta(minutes=16)):
        take(pool, 2, key="b")

    assert Claim.objects.get(key="h").state == "expired"
    assert (usage(pool).claimed, discrepancies()) == (2, [])


def test_a_claim_with_an_end_goes_back_at_its_end():
    pool = make_pool(4)
    take(pool, 4, until=NOON + dt.timedelta(days=90))

    with clock.frozen(NOON + dt.timedelta(days=90)):
        assert usage(pool).free == 4
        [row] = tasks.expire_due()

    assert (row.state, row.closed_at) == ("expired", NOON + dt.timedelta(days=90))
    assert expire_claim(by=SYSTEM, claim_id=row.pk) is None
    with pytest.raises(Invalid):
        take(pool, 1, key="late", until=NOON - dt.timedelta(seconds=1))


def test_a_released_hold_cannot_be_confirmed():
    pool = make_pool(1)
    keep(pool)
    release_claim(by=SYSTEM, key="h")

    with pytest.raises(errors.NotClaimed):
        confirm_hold(by=SYSTEM, key="h")
    assert usage(pool).free == 1


def test_several_pools_are_claimed_together_or_not_at_all():
    gpus, rooms = make_pool(8), make_pool(numbered_units=["A", "B"], kind="space")
    wish = {"by": SYSTEM, "key": "package:1", "holder": "application:1"}

    rows = claim_all(parts=[(rooms, 1), (gpus, 4)], **wish)
    again = claim_all(parts=[(gpus, 4), (rooms, 1)], **wish)

    assert [(row.pool_id, row.quantity) for row in rows] == [(gpus.pk, 4), (rooms.pk, 1)]
    assert [row.pk for row in again] == [row.pk for row in rows]
    assert units_of(rows[1]) == ["A"]
    with pytest.raises(errors.PoolFull):
        claim_all(parts=[(rooms, 1), (gpus, 5)], **wish | {"key": "package:2"})
    assert (usage(gpus).free, usage(rooms).free) == (4, 1)
    with pytest.raises(KeyReused):
        claim_all(parts=[(gpus, 4)], **wish)
    with pytest.raises(KeyReused):
        take(gpus, 4, key="package:1")
    with pytest.raises(Invalid):
        claim_all(parts=[(gpus, 1), (gpus, 1)], **wish | {"key": "package:3"})

    with pytest.raises(Invalid):
        release_claim(by=SYSTEM, key="package:1", quantity=1)
    release_claim(by=SYSTEM, key="package:1", quantity=1, pool=gpus)
    release_claim(by=SYSTEM, key="package:1")
    assert (usage(gpus).free, usage(rooms).free, discrepancies()) == (8, 2, [])
    assert facts_recorded()[2:] == [
        "capacity.SeveralClaimed",
        "capacity.ClaimReleased",
        "capacity.SeveralReleased",
    ]


def test_numbered_units_are_given_by_name_or_in_their_order():
    pool = make_pool(numbered_units=["h100-1", "h100-2", "h100-3", "h100-4"])

    first = take(pool, 2)
    named = take(pool, 1, key="b", units=["h100-4"])

    assert (units_of(first), units_of(named)) == (["h100-1", "h100-2"], ["h100-4"])
    assert Fact.objects.filter(name="capacity.CapacityClaimed").last().data["units"] == ["h100-4"]
    for wanted in ("h100-4", "h100-9"):
        with pytest.raises(errors.UnitTaken):
            take(pool, 1, key="c", units=[wanted])
    with pytest.raises(Invalid):
        take(pool, 2, key="c", units=["h100-3"])
    release_claim(by=SYSTEM, key="a", quantity=1)
    assert units_of(first) == ["h100-1"]
    assert units_of(take(pool, 2, key="c")) == ["h100-2", "h100-3"]
    assert discrepancies() == []


def test_a_pool_gives_only_in_its_time_and_not_too_much_at_once():
    pool = make_pool(10, starts_at=NOON, ends_at=NOON + dt.timedelta(days=1), most=3)

    with clock.frozen(NOON - dt.timedelta(seconds=1)), pytest.raises(errors.OutsideWindow):
        take(pool, 1)
    with pytest.raises(errors.TooMuchAtOnce):
        take(pool, 4)
    take(pool, 3)
    with clock.frozen(NOON + dt.timedelta(days=1)):
        with pytest.raises(errors.OutsideWindow):
            take(pool, 1, key="b")
        assert take(pool, 3).quantity == 3  # what was answered in time is answered so again


def test_a_paused_pool_gives_nothing_even_to_those_who_have_read_it_before():
    pool = make_pool(10)
    stale = type(pool).objects.get(pk=pool.pk)
    pause_pool(by=SYSTEM, pool=pool, reason="maintenance")

    with pytest.raises(errors.PoolPaused):
        take(stale, 1)


def test_where_each_holder_has_one_claim_a_second_is_refused_until_the_first_is_back():
    pool = make_pool(10, one_each=True)
    take(pool, 1)

    with pytest.raises(errors.AlreadyHolds):
        take(pool, 1, key="b")
    take(pool, 1, key="c", holder="application:2")
    release_claim(by=SYSTEM, key="a")
    assert take(pool, 1, key="b").state == "claimed"


@pytest.mark.parametrize(
    "wrong",
    [{"quantity": 0}, {"quantity": True}, {"quantity": 2**31}, {"key": ""}, {"key": "offer:1"},
     {"holder": ""}, {"key": "x" * 161}, {"purpose": "line\nbreak"}],
)  # fmt: skip
def test_an_entry_that_no_pool_could_understand_is_refused(wrong):
    pool = make_pool(10)

    with pytest.raises(Invalid):
        take(pool, **wrong)
    assert Claim.objects.count() == 0


def test_people_claim_for_themselves_and_theirs_where_the_pool_serves_itself():
    person, stranger = make_person(), make_person()
    team = make_organisation(owner=person)
    finance = make_member(team, role="finance")
    closed, free = make_pool(10), make_pool(10, self_service=True)

    def ask(who, pool, holder, key):
        return claim(by=actor(who), pool=pool, quantity=1, key=key, holder=holder)

    ask(person, free, person, "own")
    ask(person, free, team, "team")
    for who, pool, holder in (
        (person, closed, person),
        (person, free, stranger),
        (stranger, free, team),
        (finance, free, team),
        (person, free, "application:1"),
    ):
        with pytest.raises(Forbidden):
            ask(who, pool, holder, "no")
    with pytest.raises(NotFound):
        release_claim(by=actor(stranger), key="own")
    with pytest.raises(Forbidden):
        release_claim(by=actor(finance), key="team")
    release_claim(by=actor(person), key="team")
    assert usage(free).claimed == 1


def test_whoever_works_for_the_organisation_of_a_pool_runs_it():
    keeper, person = make_person(), make_person()
    lab = make_organisation(owner=keeper)
    pool = make_pool(10, organisation=lab)

    claim(by=actor(keeper), pool=pool, quantity=1, key="a", holder=person)
    with pytest.raises(Forbidden):
        claim(by=actor(person), pool=pool, quantity=1, key="b", holder=person)
    release_claim(by=actor(person), key="a")
    assert usage(pool).free == 10


def test_a_claim_that_changed_since_it_was_read_is_not_given_back_twice(monkeypatch):
    from bitgoeul.apps.capacity.commands import claims

    pool = make_pool(5)
    take(pool, 5)
    stale = claims._claims(SYSTEM, "a")
    release_claim(by=SYSTEM, key="a", quantity=2)
    monkeypatch.setattr(claims, "_claims", lambda _by, _key: stale)

    with pytest.raises(StateChanged):
        release_claim(by=SYSTEM, key="a")
    assert (usage(pool).claimed, discrepancies()) == (3, [])
