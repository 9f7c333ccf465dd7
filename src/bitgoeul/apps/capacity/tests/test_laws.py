"""For every sequence of requests: never oversold, a key answers once, and the line is served in its order."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bitgoeul.apps.capacity import tasks
from bitgoeul.apps.capacity.commands import (
    change_capacity,
    claim,
    confirm_hold,
    hold,
    join_waiting_list,
    leave_waiting_list,
    open_pool,
    pause_pool,
    release_claim,
    resume_pool,
)
from bitgoeul.apps.capacity.models import Claim, Pool, Shard, Unit, Waiting
from bitgoeul.apps.capacity.queries import discrepancies, usage
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.refusals import Refusal
from bitgoeul.kit.testing import examples

pytestmark = pytest.mark.django_db

START = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)
serial = itertools.count()

EXPECTED = {
    "capacity.AlreadyHolds",
    "capacity.AlreadyWaits",
    "capacity.CapacityBelowClaims",
    "capacity.HoldExpired",
    "capacity.MoreThanClaimed",
    "capacity.NotClaimed",
    "capacity.NotFull",
    "capacity.OthersWait",
    "capacity.PoolFull",
    "capacity.PoolPaused",
    "capacity.TooMuchAtOnce",
    "kit.Invalid",
    "kit.KeyReused",
    "kit.NotFound",
    "kit.StateChanged",
}
keys = st.integers(0, 5)
quantities = st.integers(1, 5)


class OnePool(RuleBasedStateMachine):
    @initialize(capacity=st.integers(0, 9), numbered=st.booleans(), hot=st.booleans(), ranked=st.booleans())
    def begin(self, capacity, numbered, hot, ranked):
        self.run = next(serial)
        self.minutes = 0
        self.numbered = numbered
        labels = [f"unit-{number}" for number in range(capacity)] if numbered and capacity else []
        self.numbered = bool(labels)
        self.pool = open_pool(
            by=SYSTEM,
            slug=f"law-{self.run}",
            title="예시",
            unit="GPU",
            capacity=None if labels else capacity,
            numbered_units=labels,
            order=Pool.Order.RANK if ranked else Pool.Order.ARRIVAL,
            hold_for=dt.timedelta(minutes=10),
            offer_for=dt.timedelta(minutes=20),
        )
        self.ranked = ranked
        if hot:  # as many counters as a large pool has, over the same few units
            for number in range(1, 4):
                Shard.objects.create(pool=self.pool, number=number, capacity=0)
            Pool.objects.filter(pk=self.pool.pk).update(shards=4)
        self.answers = {}

    def ask(self, run, **fields):
        """Run a command; a refusal is fine if it is one of those that can be expected."""
        facts = Fact.objects.count()
        with clock.frozen(START + dt.timedelta(minutes=self.minutes)):
            try:
                return run(by=SYSTEM, **fields)
            except Refusal as refusal:
                refused = refusal.code
        assert refused in EXPECTED
        assert Fact.objects.count() == facts  # nothing half done
        return None

    def key(self, number):
        return f"{self.run}:{number}"

    @rule(number=keys, quantity=quantities, held=st.booleans())
    def take(self, number, quantity, held):
        run, kind = (hold, "h") if held else (claim, "c")
        key = self.key(f"{kind}{number}")
        pool = Pool.objects.get(pk=self.pool.pk)
        row = self.ask(run, pool=pool, quantity=quantity, key=key, holder=f"holder:{number}")
        if row is not None:
            # A claim is idempotent: one row for a key, ever.
            assert self.answers.setdefault(key, (row.pk, quantity)) == (row.pk, quantity)

    @rule(number=keys)
    def confirm(self, number):
        self.ask(confirm_hold, key=self.key(f"h{number}"))

    @rule(number=keys, kind=st.sampled_from("ch"), quantity=st.none() | quantities)
    def release(self, number, kind, quantity):
        self.ask(release_claim, key=self.key(f"{kind}{number}"), quantity=quantity)

    @rule(number=keys, quantity=quantities, rank=st.integers(0, 3))
    def wait(self, number, quantity, rank):
        pool = Pool.objects.get(pk=self.pool.pk)
        self.ask(
            join_waiting_list,
            pool=pool,
            quantity=quantity,
            key=self.key(f"w{number}"),
            holder=f"holder:{number}",
            rank=rank if self.ranked else 0,
        )

    @rule(number=keys)
    def leave(self, number):
        self.ask(leave_waiting_list, key=self.key(f"w{number}"))

    @rule(confirmed=st.booleans())
    def answer_an_offer(self, confirmed):
        offer = Claim.objects.filter(pool=self.pool, key__startswith="offer:", state="held").first()
        if offer is not None:
            self.ask(confirm_hold if confirmed else release_claim, key=offer.key)

    @precondition(lambda self: not self.numbered)
    @rule(capacity=st.integers(0, 12))
    def resize(self, capacity):
        self.ask(change_capacity, pool=self.pool, capacity=capacity, reason="law")

    @rule()
    def pause(self):
        self.ask(pause_pool, pool=self.pool, reason="law")

    @rule()
    def resume(self):
        self.ask(resume_pool, pool=self.pool)

    @rule(minutes=st.integers(1, 15), swept=st.booleans())
    def time_goes_by(self, minutes, swept):
        self.minutes += minutes
        if swept:
            with clock.frozen(START + dt.timedelta(minutes=self.minutes)):
                tasks.sweep()

    @invariant()
    def never_oversold(self):
        active = Claim.objects.filter(pool=self.pool, state__in=Claim.ACTIVE)
        pool = Pool.objects.get(pk=self.pool.pk)
        assert sum(active.values_list("quantity", flat=True)) <= pool.capacity
        with clock.frozen(START + dt.timedelta(minutes=self.minutes)):
            figures = usage(pool)
        assert figures.capacity == pool.capacity == figures.claimed + figures.held + figures.free
        assert min(figures.claimed, figures.held, figures.free) >= 0
        assert discrepancies() == []

    @invariant()
    def the_line_is_served_in_its_order(self):
        """Whoever was offered something stood before everybody who joined by then and still waits."""
        pool = Pool.objects.get(pk=self.pool.pk)
        line = list(Waiting.objects.filter(pool=pool, state="waiting"))
        for place in line:
            passed = Waiting.objects.filter(
                pool=pool, claim__claimed_at__gt=place.joined_at, rank__gt=place.rank
            )
            assert not passed.exists()
            later = Waiting.objects.filter(pool=pool, claim__isnull=False, rank=place.rank, pk__gt=place.pk)
            assert not later.exists()

    @invariant()
    def nothing_that_fits_the_first_lies_idle(self):
        pool = Pool.objects.get(pk=self.pool.pk)
        first = Waiting.objects.filter(pool=pool, state="waiting").first()
        if first is not None and pool.state == Pool.State.OPEN:
            free = pool.capacity - sum(Shard.objects.filter(pool=pool).values_list("taken", flat=True))
            assert free < first.quantity
            assert not Shard.objects.filter(pool=pool, admits=True).exists()
        elif pool.state == Pool.State.OPEN:
            assert not Shard.objects.filter(pool=pool, admits=False).exists()

    @invariant()
    def a_unit_is_nobodys_twice(self):
        if self.numbered:
            taken = Unit.objects.filter(pool=self.pool, claim__isnull=False)
            assert not taken.exclude(claim__state__in=Claim.ACTIVE).exists()


@pytest.mark.slow
def test_one_pool_keeps_its_laws_through_any_sequence():
    run_state_machine_as_test(
        OnePool,
        settings=settings(
            max_examples=examples(40),
            stateful_step_count=25,
            # A sequence that fails is told as it is: shortening it would take many minutes.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
