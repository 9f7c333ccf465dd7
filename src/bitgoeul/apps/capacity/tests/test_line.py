"""The waiting list: its order, offers that expire, and nobody who passes."""

from __future__ import annotations

import datetime as dt

import pytest

from bitgoeul.apps.capacity import errors, queries, tasks
from bitgoeul.apps.capacity.commands import (
    change_capacity,
    claim,
    close_pool,
    confirm_hold,
    join_waiting_list,
    leave_waiting_list,
    pause_pool,
    release_claim,
    resume_pool,
)
from bitgoeul.apps.capacity.models import Claim, Waiting
from bitgoeul.apps.capacity.queries import Usage, discrepancies, usage
from bitgoeul.apps.capacity.tests.factories import make_pool
from bitgoeul.apps.notices.models import Notice
from bitgoeul.apps.people.tests.factories import actor, make_organisation, make_person
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.refusals import Forbidden, Invalid, KeyReused
from bitgoeul.kit.testing import deliver_everything

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 5, 1, 3, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _noon():
    with clock.frozen(NOON):
        yield


def take(pool, quantity=1, key="a", holder="application:0"):
    return claim(by=SYSTEM, pool=pool, quantity=quantity, key=key, holder=holder)


def wait(pool, number, quantity=1, holder=None, **more):
    return join_waiting_list(
        by=SYSTEM,
        pool=pool,
        quantity=quantity,
        key=f"w{number}",
        holder=holder or f"application:{number}",
        **more,
    )


def line(pool):
    return [(place.key, place.state) for place in Waiting.objects.filter(pool=pool).order_by("key")]


@pytest.fixture
def full():
    pool = make_pool(2)
    take(pool, 1, key="a")
    take(pool, 1, key="b")
    return pool


def test_what_is_released_is_offered_in_the_order_of_arrival(full):
    for number in (1, 2, 3):
        wait(full, number)
    release_claim(by=SYSTEM, key="b")

    offer = Claim.objects.get(holder="application:1")
    assert line(full) == [("w1", "offered"), ("w2", "waiting"), ("w3", "waiting")]
    assert (offer.state, offer.expires_at) == ("held", NOON + DAY)
    assert usage(full) == Usage(capacity=2, claimed=1, held=1, waiting=2, wanted=2)
    confirm_hold(by=SYSTEM, key=offer.key)
    release_claim(by=SYSTEM, key="a")
    assert line(full) == [("w1", "accepted"), ("w2", "offered"), ("w3", "waiting")]
    assert discrepancies() == []
    told = Fact.objects.filter(name="capacity.PlaceOffered").values_list("data__key", flat=True)
    assert list(told) == ["w1", "w2"]


def test_an_offer_that_expires_or_is_declined_goes_to_the_next(full):
    for number in (1, 2, 3):
        wait(full, number)
    release_claim(by=SYSTEM, key="a")
    with clock.frozen(NOON + DAY):
        tasks.sweep()
        assert line(full) == [("w1", "expired"), ("w2", "offered"), ("w3", "waiting")]
        release_claim(by=SYSTEM, key=Claim.objects.get(holder="application:2").key)

    assert line(full) == [("w1", "expired"), ("w2", "declined"), ("w3", "offered")]
    assert discrepancies() == []


def test_nobody_passes_the_line_and_who_comes_after_it_claims_directly(full):
    wait(full, 1, quantity=2)
    release_claim(by=SYSTEM, key="a")

    # One is free, the first wants two: the one stays for it.
    assert usage(full) == Usage(capacity=2, claimed=1, free=1, waiting=1, wanted=2)
    with pytest.raises(errors.OthersWait):
        take(full, 1, key="quick")
    wait(full, 2)
    leave_waiting_list(by=SYSTEM, key="w1")
    leave_waiting_list(by=SYSTEM, key="w1")
    assert line(full) == [("w1", "left"), ("w2", "offered")]
    release_claim(by=SYSTEM, key="b")
    assert take(full, 1, key="quick").state == "claimed"


def test_ranks_come_before_arrival_where_the_pool_says_so():
    pool = make_pool(1, order="rank")
    take(pool, 1)
    for number, rank in ((1, 30), (2, 10), (3, 10), (4, 20)):
        with clock.frozen(NOON + dt.timedelta(minutes=number)):
            wait(pool, number, rank=rank)

    places = {place.key: queries.position(place) for place in Waiting.objects.all()}
    change_capacity(by=SYSTEM, pool=pool, capacity=3, reason="more machines")

    assert places == {"w2": 1, "w3": 2, "w4": 3, "w1": 4}
    assert line(pool) == [("w1", "waiting"), ("w2", "offered"), ("w3", "offered"), ("w4", "waiting")]
    with pytest.raises(Invalid):
        wait(make_pool(0), 5, rank=1)


def test_whoever_comes_to_stand_first_and_fits_is_served_at_once():
    pool = make_pool(2, order="rank")
    take(pool, 1)
    wait(pool, 1, quantity=2, rank=5)

    place = wait(pool, 2, quantity=1, rank=1)

    assert (place.state, line(pool)) == ("offered", [("w1", "waiting"), ("w2", "offered")])


def test_waiting_is_refused_while_there_is_enough_twice_and_for_what_never_comes(full):
    with pytest.raises(errors.NotFull):
        wait(make_pool(1), 1)
    with pytest.raises(errors.TooMuchAtOnce):
        wait(full, 1, quantity=3)
    first = wait(full, 1)
    assert wait(full, 1).pk == first.pk
    with pytest.raises(KeyReused):
        wait(full, 1, quantity=2)
    with pytest.raises(errors.AlreadyWaits):
        wait(full, 2, holder="application:1")
    alone = make_pool(1, one_each=True)
    take(alone, 1, key="mine", holder="application:9")
    with pytest.raises(errors.AlreadyHolds):
        wait(alone, 9)


def test_a_pause_keeps_the_line_and_its_end_serves_it(full):
    wait(full, 1)
    pause_pool(by=SYSTEM, pool=full, reason="maintenance")
    release_claim(by=SYSTEM, key="a")
    assert line(full) == [("w1", "waiting")]
    with pytest.raises(errors.PoolPaused):
        wait(full, 2)

    resume_pool(by=SYSTEM, pool=full)

    assert line(full) == [("w1", "offered")]


def test_a_closed_pool_sends_the_line_away_and_keeps_what_is_claimed(full):
    wait(full, 1)
    close_pool(by=SYSTEM, pool=full, reason="the programme has ended")
    release_claim(by=SYSTEM, key="a")

    assert (line(full), usage(full)) == ([("w1", "left")], Usage(capacity=2, claimed=1, free=1))
    with pytest.raises(errors.PoolPaused):
        take(full, 1, key="c")


def test_numbered_units_of_an_offer_are_kept_for_it():
    pool = make_pool(numbered_units=["room-1", "room-2"], kind="space")
    take(pool, 2)
    wait(pool, 1)
    release_claim(by=SYSTEM, key="a", quantity=1)

    offer = Claim.objects.get(holder="application:1")
    assert [unit.label for unit in offer.units.all()] == ["room-2"]
    assert discrepancies() == []


def test_what_became_free_unseen_is_offered_by_the_sweep(full):
    wait(full, 1)
    # As when a release and a new place in the line pass each other on PostgreSQL.
    from bitgoeul.apps.capacity import counters

    row = Claim.objects.get(key="a")
    counters.give_back(full, row.shard, 1)
    Claim.objects.filter(pk=row.pk).update(state="released")

    assert (tasks.serve_lines(), tasks.serve_lines()) == (1, 0)
    assert line(full) == [("w1", "offered")]


def test_people_wait_for_themselves_and_are_told_of_the_offer_and_its_end():
    person, stranger = make_person(), make_person()
    team = make_organisation(owner=person)
    pool = make_pool(1, self_service=True)
    take(pool, 1)

    with pytest.raises(Forbidden):
        join_waiting_list(by=actor(stranger), pool=pool, quantity=1, key="x", holder=team)
    join_waiting_list(by=actor(person), pool=pool, quantity=1, key="p", holder=person)
    join_waiting_list(by=actor(person), pool=pool, quantity=1, key="t", holder=team)
    release_claim(by=SYSTEM, key="a")
    deliver_everything()
    with clock.frozen(NOON + DAY):
        tasks.sweep()
        deliver_everything()

    said = [notice.title["en"] for notice in Notice.objects.filter(person=person).order_by("id")]
    name = pool.title["en"]
    assert sorted(said) == sorted(
        [f"“{name}”: your turn has come", f"“{name}”: the offer has expired", f"“{name}”: your turn has come"]
    )
    assert line(pool) == [("p", "expired"), ("t", "offered")]
