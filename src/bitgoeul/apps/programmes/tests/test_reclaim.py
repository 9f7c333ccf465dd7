"""The rule against idle capacity: by itself, day by day, by the frozen clock."""

from __future__ import annotations

import datetime as dt

import pytest

from bitgoeul.apps.capacity.commands import join_waiting_list, release_claim
from bitgoeul.apps.capacity.errors import NotFull
from bitgoeul.apps.capacity.models import Claim, Waiting
from bitgoeul.apps.capacity.queries import discrepancies, usage
from bitgoeul.apps.capacity.tasks import sweep
from bitgoeul.apps.capacity.tests.factories import make_pool
from bitgoeul.apps.notices.models import Notice
from bitgoeul.apps.people.tests.factories import actor, make_person
from bitgoeul.apps.programmes.commands import (
    contest_reclaim,
    decide_contest,
    record_use,
    suspend_grant,
    take_back,
)
from bitgoeul.apps.programmes.errors import NotMeasured, PoolInUse, RuleStandsStill
from bitgoeul.apps.programmes.models import Reclaim, UseSample
from bitgoeul.apps.programmes.queries.grants import mean_percent, use_by_day
from bitgoeul.apps.programmes.tasks import look_after_grants
from bitgoeul.apps.programmes.tests.granted import REASON, RECLAIM, START, make_granted
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.refusals import Forbidden, Invalid, NotFound, StateChanged
from bitgoeul.kit.testing import deliver_everything

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
OTHERS = ("AgreementOffered", "GrantActivated", "ReportReminded")
IDLE, BUSY = 1_200, 6_000  # thousandths of a GPU, of eight


@pytest.fixture
def granted():
    with clock.frozen(START):
        yield make_granted()


def meter(granted, first, last, used):
    """One sample a day, from day ``first`` to just before day ``last``."""
    UseSample.objects.bulk_create(
        [
            UseSample(part=granted.part("capacity"), starts_at=START + day * DAY, seconds=86_400, used=used)
            for day in range(first, last)
        ]
    )


def on(day):
    return clock.frozen(START + day * DAY)


def look(day):
    with on(day):
        look_after_grants()


def happened():
    names = ("IdleNoticed", "ClaimShrunk", "ClaimReturned", "ReclaimLifted")
    facts = Fact.objects.filter(name__in=[f"programmes.{name}" for name in names]).order_by("id")
    return [(fact.name.partition(".")[2], (fact.at - START).days) for fact in facts]


def test_idle_capacity_is_noticed_shrunk_returned_and_offered_to_who_waits(granted):
    meter(granted, 0, 60, IDLE)
    with clock.frozen(START):
        join_waiting_list(by=SYSTEM, pool=granted.pool, quantity=9, key="next", holder="next")

    for day in range(40):
        look(day)
        look(day)

    # 15 % of eight is 60 % of the two that are left: they are in use, so the rule lets go of them at once.
    assert happened() == [("IdleNoticed", 7), ("ClaimShrunk", 21), ("ReclaimLifted", 21)]
    part = granted.part("capacity")
    assert (part.quantity, part.state) == (2, "active")
    assert usage(granted.pool).claimed == 2
    assert discrepancies() == []


def test_what_is_not_used_at_all_goes_back_and_is_offered_for_a_day(granted):
    meter(granted, 0, 60, 0)
    with clock.frozen(START):
        join_waiting_list(by=SYSTEM, pool=granted.pool, quantity=9, key="next", holder="next")
        join_waiting_list(by=SYSTEM, pool=granted.pool, quantity=1, key="later", holder="later")

    for day in range(40):
        look(day)

    assert happened() == [("IdleNoticed", 7), ("ClaimShrunk", 21), ("ClaimReturned", 28)]
    assert granted.part("capacity").state == "returned"
    assert not Claim.objects.filter(organisation=granted.organisation, state="claimed").exists()
    offer = Waiting.objects.get(key="next").claim
    # The shrinking left one of ten, so nine were free for the first in the line on that day already.
    assert (offer.quantity, offer.expires_at - offer.claimed_at) == (9, DAY)
    assert offer.claimed_at == START + 21 * DAY
    assert Waiting.objects.get(key="later").claim.claimed_at == START + 28 * DAY
    assert discrepancies() == []


def test_what_the_rule_takes_back_is_offered_for_as_long_as_the_rule_says_and_so_on_down_the_line():
    with clock.frozen(START):
        granted = make_granted(reclaim=RECLAIM | {"accept_hours": 6})
        for name in ("first", "second"):
            join_waiting_list(by=SYSTEM, pool=granted.pool, quantity=10, key=name, holder=name)
    assert granted.pool.offer_for == DAY
    meter(granted, 0, 60, 0)
    for day in range(29):
        look(day)
    offers = Waiting.objects.select_related("claim")
    first = offers.get(key="first").claim
    assert (first.claimed_at, first.expires_at) == (START + 28 * DAY, START + 28 * DAY + DAY / 4)

    with clock.frozen(first.expires_at - dt.timedelta(seconds=1)):
        sweep()
        assert offers.get(key="second").claim is None
    with clock.frozen(first.expires_at):
        sweep()

    second = offers.get(key="second").claim
    assert second.expires_at - second.claimed_at == DAY / 4
    with clock.frozen(second.claimed_at):
        release_claim(by=SYSTEM, key=second.key)
        with pytest.raises(NotFull):  # nobody waits any more: what is free is free
            join_waiting_list(by=SYSTEM, pool=granted.pool, quantity=10, key="third", holder="third")
    assert discrepancies() == []


def test_whoever_uses_what_they_have_hears_nothing(granted):
    meter(granted, 0, 60, BUSY)
    for day in range(40):
        look(day)
    assert happened() == []
    assert granted.part("capacity").quantity == 8


def test_use_that_comes_back_lifts_the_notice(granted):
    meter(granted, 0, 10, 0)
    meter(granted, 10, 60, BUSY)
    for day in range(40):
        look(day)
    assert happened() == [("IdleNoticed", 7), ("ReclaimLifted", 12)]


def test_a_meter_that_fails_costs_nobody_anything(granted):
    for day in range(40):
        look(day)
    assert happened() == []

    meter(granted, 40, 43, 0)  # less than half of the window
    look(47)
    assert happened() == []


def test_each_step_is_announced(granted):
    meter(granted, 0, 60, 0)
    for day in range(30):
        look(day)
    with on(30):
        deliver_everything()
    told = list(
        Notice.objects.filter(person=granted.owner, url=f"/programmes/grants/{granted.number}/")
        .exclude(kind__in=[f"programmes.{name}" for name in OTHERS])
        .order_by("id")
        .values_list("kind", flat=True)
    )
    assert told == [f"programmes.{name}" for name in ("IdleNoticed", "ClaimShrunk", "ClaimReturned")]
    notice = Notice.objects.get(person=granted.owner, kind="programmes.IdleNoticed")
    assert notice.title["en"] == "“Example call”: 0 percent of what you claimed is in use"
    assert "%(" not in notice.text["ko"] + notice.text["en"]


def test_a_contest_stands_the_rule_still_and_its_time_is_not_counted(granted):
    meter(granted, 0, 60, 0)
    for day in range(10):
        look(day)
    with on(10):
        contest_reclaim(by=granted.by, grant=granted.number, part=1, words="장비를 옮기는 중입니다.")
        with pytest.raises(StateChanged):
            contest_reclaim(by=granted.by, grant=granted.number, part=1, words="다시")
    for day in range(10, 30):
        look(day)
    assert happened() == [("IdleNoticed", 7)]

    with on(30):
        decide_contest(by=granted.officer, grant=granted.number, part=1, agree=False, reason=REASON)
        with pytest.raises(StateChanged):
            decide_contest(by=granted.officer, grant=granted.number, part=1, agree=True, reason=REASON)
    for day in range(30, 50):
        look(day)
    assert happened() == [("IdleNoticed", 7), ("ClaimShrunk", 41), ("ClaimReturned", 48)]


def test_a_contest_that_is_agreed_with_lifts_it(granted):
    meter(granted, 0, 60, 0)
    look(7)
    with on(8):
        contest_reclaim(by=granted.by, grant=granted.number, part=1, words="장비를 옮기는 중입니다.")
        decide_contest(by=granted.officer, grant=granted.number, part=1, agree=True, reason=REASON)
        assert Reclaim.objects.get().state == "cleared"
    for day in range(8, 15):
        look(day)
    assert happened() == [("IdleNoticed", 7)]
    look(16)
    assert happened() == [("IdleNoticed", 7), ("IdleNoticed", 16)]


def test_only_who_holds_it_contests_and_only_an_officer_of_another_house_decides(granted):
    meter(granted, 0, 10, 0)
    look(7)
    with on(8):
        with pytest.raises(NotFound):
            contest_reclaim(by=actor(make_person()), grant=granted.number, part=1, words="왜")
        with pytest.raises(Invalid):
            contest_reclaim(by=granted.by, grant=granted.number, part=1, words=" ")
        with pytest.raises(Forbidden):
            decide_contest(by=granted.by, grant=granted.number, part=1, agree=True, reason=REASON)


def test_an_officer_takes_back_only_what_lies_idle(granted):
    with on(7), pytest.raises(NotMeasured):
        take_back(by=granted.officer, grant=granted.number, part=1)
    meter(granted, 0, 7, BUSY)
    with on(7), pytest.raises(PoolInUse) as refused:
        take_back(by=granted.officer, grant=granted.number, part=1)
    assert refused.value.facts == {"pool": granted.pool.slug, "percent": 75, "below": 20}
    assert (granted.part("capacity").state, usage(granted.pool).claimed) == ("active", 8)

    meter(granted, 7, 14, 0)
    with on(14):
        take_back(by=granted.officer, grant=granted.number, part=1)
    assert (granted.part("capacity").state, usage(granted.pool).claimed) == ("returned", 0)
    assert Fact.objects.get(name="programmes.ClaimReturned").data["by_rule"] is False


def test_nobody_takes_back_while_a_contest_waits(granted):
    meter(granted, 0, 10, 0)
    look(7)
    with on(8):
        contest_reclaim(by=granted.by, grant=granted.number, part=1, words="장비를 옮기는 중입니다.")
        with pytest.raises(RuleStandsStill):
            take_back(by=granted.officer, grant=granted.number, part=1)
    assert granted.part("capacity").state == "active"


def test_a_suspended_grant_is_left_alone(granted):
    meter(granted, 0, 60, 0)
    with on(5):
        suspend_grant(by=granted.officer, grant=granted.number, reason=REASON)
    for day in range(5, 40):
        look(day)
    assert happened() == []


def test_a_sample_is_kept_once_and_cannot_be_rewritten(granted):
    sample = {"grant": granted.number, "part": 1, "starts_at": START, "seconds": 3600, "used": 8000}
    with on(1):
        record_use(by=SYSTEM, **sample)
        facts = Fact.objects.count()
        record_use(by=SYSTEM, **sample)
        assert Fact.objects.count() == facts
        for wrong in (
            {"used": 1},
            {"starts_at": START + 2 * DAY},
            {"starts_at": START + DAY / 2, "seconds": 0},
            {"starts_at": START + DAY / 2, "seconds": 86_401},
            {"starts_at": START + DAY / 2, "used": -1},
        ):
            with pytest.raises(Invalid):
                record_use(by=SYSTEM, **sample | wrong)
        with pytest.raises(NotFound):
            record_use(by=SYSTEM, **sample | {"part": 2})
        with pytest.raises(Forbidden):
            record_use(by=granted.by, **sample)
    assert UseSample.objects.count() == 1


def test_use_is_shown_day_by_day(granted):
    meter(granted, 0, 2, 4_000)
    with on(3):
        days = use_by_day(granted.part("capacity"), days=4)
        assert [row.percent for row in days] == [None, 50, 50, None]
        assert mean_percent(granted.part("capacity"), 2) == 50
        assert mean_percent(granted.part("capacity"), 7) is None


def test_a_pool_without_the_rule_is_never_taken_back():
    with clock.frozen(START):
        granted = make_granted(reclaim=None, pool=make_pool(8))
    meter(granted, 0, 60, 0)
    for day in range(0, 60, 7):
        look(day)
    assert happened() == []
