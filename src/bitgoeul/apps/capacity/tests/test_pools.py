"""Opening pools and changing what there is to give."""

from __future__ import annotations

import pytest

from bitgoeul.apps.capacity import errors, tasks
from bitgoeul.apps.capacity.commands import (
    add_units,
    bring_unit_back,
    change_capacity,
    claim,
    close_pool,
    open_pool,
    pause_pool,
    release_claim,
    resume_pool,
    take_unit_out,
)
from bitgoeul.apps.capacity.models import Claim, Pool, Shard, Unit
from bitgoeul.apps.capacity.queries import Usage, discrepancies, has_active_claims, usage
from bitgoeul.apps.capacity.tests.factories import make_pool
from bitgoeul.apps.people.tests.factories import actor, make_organisation, make_person
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.refusals import Forbidden, Invalid, NotFound, StateChanged
from bitgoeul.kit.testing import facts_recorded

pytestmark = pytest.mark.django_db


def take(pool, quantity=1, key="a", **more):
    return claim(by=SYSTEM, pool=pool, quantity=quantity, key=key, holder="application:1", **more)


def test_a_pool_opens_with_its_counters_and_units():
    gpus, rooms = make_pool(880), make_pool(numbered_units=["A", "B", "C"])

    assert (usage(gpus), usage(rooms)) == (Usage(capacity=880, free=880), Usage(capacity=3, free=3))
    assert list(Unit.objects.values_list("label", "position")) == [("A", 0), ("B", 1), ("C", 2)]
    assert facts_recorded() == ["capacity.PoolOpened"] * 2
    assert (usage(make_pool(0)).free, discrepancies()) == (0, [])


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"slug": "no way"}, "slug"),
        ({"slug": "taken"}, "slug"),
        ({"capacity": -1}, "capacity"),
        ({"capacity": None}, "capacity"),
        ({"capacity": 3, "numbered_units": ["A"]}, "capacity"),
        ({"numbered_units": ["A", "A"], "capacity": 2}, "labels"),
        ({"kind": "castle"}, "kind"),
        ({"order": "whim"}, "order"),
        ({"most": 0}, "most"),
        ({"title": ""}, "title"),
    ],
)
def test_a_pool_that_cannot_be_is_refused_with_its_field(wrong, field):
    make_pool(1, slug="taken")

    with pytest.raises(Invalid) as refused:
        open_pool(**{"by": SYSTEM, "slug": "fresh", "title": "x", "unit": "y", "capacity": 1} | wrong)

    assert field in refused.value.errors
    assert Pool.objects.count() == 1


def test_capacity_grows_and_shrinks_but_never_below_what_is_claimed():
    pool = make_pool(10)
    take(pool, 7)

    with pytest.raises(errors.CapacityBelowClaims) as refused:
        change_capacity(by=SYSTEM, pool=pool, capacity=6, reason="budget")
    assert (refused.value.facts["claimed"], usage(pool).capacity) == (7, 10)
    change_capacity(by=SYSTEM, pool=pool, capacity=7, reason="budget")
    change_capacity(by=SYSTEM, pool=pool, capacity=7, reason="budget")
    assert usage(pool) == Usage(capacity=7, claimed=7)
    change_capacity(by=SYSTEM, pool=pool, capacity=2_000, reason="a new hall")
    assert Shard.objects.filter(pool=pool).count() == 16
    take(pool, 1_993, key="b")
    assert (usage(pool).free, discrepancies()) == (0, [])
    with pytest.raises(Invalid):
        change_capacity(by=SYSTEM, pool=pool, capacity=2_001, reason=" ")


def test_units_are_added_taken_out_and_brought_back():
    pool = make_pool(numbered_units=["A", "B"])
    take(pool, 1)

    with pytest.raises(errors.UnitTaken):
        take_unit_out(by=SYSTEM, pool=pool, label="A", reason="repair")
    take_unit_out(by=SYSTEM, pool=pool, label="B", reason="repair")
    take_unit_out(by=SYSTEM, pool=pool, label="B", reason="repair")
    assert usage(pool) == Usage(capacity=1, claimed=1)
    with pytest.raises(errors.PoolFull):
        take(pool, 1, key="b")
    add_units(by=SYSTEM, pool=pool, labels=["C"])
    with pytest.raises(errors.UnitTaken):
        take(pool, 1, key="b", units=["B"])
    bring_unit_back(by=SYSTEM, pool=pool, label="B")
    bring_unit_back(by=SYSTEM, pool=pool, label="B")
    take(pool, 2, key="b")
    assert (usage(pool).free, discrepancies()) == (0, [])
    with pytest.raises(Invalid):
        add_units(by=SYSTEM, pool=pool, labels=["A"])
    with pytest.raises(Invalid):
        change_capacity(by=SYSTEM, pool=pool, capacity=9, reason="x")
    with pytest.raises(Invalid):
        add_units(by=SYSTEM, pool=make_pool(3), labels=["Z"])
    with pytest.raises(NotFound):
        take_unit_out(by=SYSTEM, pool=pool, label="Z", reason="repair")


def test_a_pool_is_paused_resumed_and_closed_for_good():
    pool = make_pool(2)

    pause_pool(by=SYSTEM, pool=pool, reason="repair")
    pause_pool(by=SYSTEM, pool=pool, reason="repair")
    with pytest.raises(errors.PoolPaused):
        take(pool)
    resume_pool(by=SYSTEM, pool=pool)
    take(pool)
    close_pool(by=SYSTEM, pool=pool, reason="over")
    with pytest.raises(StateChanged):
        resume_pool(by=SYSTEM, pool=pool)
    release_claim(by=SYSTEM, key="a")
    assert facts_recorded()[1:] == [
        "capacity.PoolPaused",
        "capacity.PoolResumed",
        "capacity.CapacityClaimed",
        "capacity.PoolClosed",
        "capacity.ClaimReleased",
    ]


def test_members_do_not_run_pools_and_hidden_ones_are_not_there():
    person = actor(make_person())
    shown, hidden = make_pool(1), make_pool(1, is_public=False)

    with pytest.raises(Forbidden):
        open_pool(by=person, slug="x", title="x", unit="x", capacity=1)
    with pytest.raises(Forbidden):
        pause_pool(by=person, pool=shown, reason="x")
    with pytest.raises(NotFound):
        pause_pool(by=person, pool=hidden, reason="x")


def test_an_organisation_with_a_claim_still_owes_it_back():
    team = make_organisation()
    pool = make_pool(1)
    claim(by=SYSTEM, pool=pool, quantity=1, key="t", holder=team)

    assert has_active_claims(team)
    release_claim(by=SYSTEM, key="t")
    assert not has_active_claims(team)


def test_the_check_names_whatever_is_not_alike():
    pool = make_pool(numbered_units=["A", "B"])
    take(pool, 1)
    assert tasks.reconcile() == []

    Unit.objects.filter(label="A").update(claim=None)
    Shard.objects.filter(pool=pool).update(taken=2)
    Pool.objects.filter(pk=pool.pk).update(capacity=5)

    assert {row.what for row in tasks.reconcile()} == {
        "counter differs from its claims",
        "shards differ from the capacity",
        "units in service differ from the capacity",
        "units differ from their claim",
    }
    assert Claim.objects.count() == 1
