"""Jobs are the meter of claims on this machine's pool, and the rule against idling runs on what they say."""

from __future__ import annotations

import datetime as dt

import pytest

from bitgoeul.apps.capacity.queries import usage
from bitgoeul.apps.compute import queries
from bitgoeul.apps.compute.executor import Probe
from bitgoeul.apps.compute.models import Job, PriceList
from bitgoeul.apps.compute.tasks import measure_use
from bitgoeul.apps.notices.models import Notice
from bitgoeul.apps.programmes.commands import record_use, suspend_grant
from bitgoeul.apps.programmes.models import UseSample
from bitgoeul.apps.programmes.tasks import look_after_grants
from bitgoeul.apps.programmes.tests.granted import REASON, START, make_granted
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.testing import deliver_everything

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
QUICK = {"below_percent": 20, "window_days": 1, "shrink_after_days": 2, "return_after_days": 3}


class Able:
    """An executor of a machine that can isolate, or cannot."""

    def __init__(self, able: bool) -> None:
        self.able = able

    def probe(self) -> Probe:
        return Probe(self.able)


@pytest.fixture
def granted():
    with clock.frozen(START):
        return make_granted(reclaim=QUICK | {"accept_hours": 24})


@pytest.fixture(autouse=True)
def machine(granted, settings, monkeypatch):
    settings.COMPUTE_POOL = granted.pool.slug
    monkeypatch.setattr(queries, "executor", lambda: Able(True))


def make_job(granted, begins, ends, gpus=2, cpus=4, state="succeeded"):
    """A job of the grant's organisation that held its place from hour to hour after the start."""
    return Job.objects.create(
        organisation=granted.organisation, title="작업", code_name="-", code_sha256="-", command=["true"],
        cpus=cpus, gpus=gpus, memory_mib=64, wall_s=60, held=1, prices=PriceList.objects.first(),
        state=state, placed_at=START + begins * HOUR, ended_at=None if ends is None else START + ends * HOUR,
    )  # fmt: skip


def measure(*hours):
    for hour in hours:
        with clock.frozen(START + hour * HOUR + dt.timedelta(minutes=4)):
            measure_use()
            measure_use()


def samples(granted):
    rows = UseSample.objects.filter(part=granted.part("capacity"))
    return [((row.starts_at - START) // HOUR, row.seconds, row.used) for row in rows]


def test_each_hour_says_how_many_gpus_jobs_held_and_none_is_an_answer(granted):
    make_job(granted, 0.5, 2)
    make_job(granted, 1, None, gpus=1, state="running")
    make_job(granted, 0, None, state="queued")

    measure(1, 2, 3)

    assert samples(granted) == [(0, 3600, 1000), (1, 3600, 3000), (2, 3600, 1000)]
    assert Fact.objects.filter(name="programmes.UseRecorded").count() == 3


def test_a_pool_of_processors_counts_processors(granted, settings):
    settings.COMPUTE_POOL_COUNTS = "cpus"
    make_job(granted, 0, 1)
    measure(1)
    assert samples(granted) == [(0, 3600, 4000)]


def test_hours_in_which_the_hub_or_the_machine_did_not_work_are_not_measured(granted, monkeypatch):
    measure(1, 5)
    monkeypatch.setattr(queries, "executor", lambda: Able(False))
    measure(6)
    assert [hour for hour, _seconds, _used in samples(granted)] == [0, 4]


def test_a_meter_of_the_machine_room_is_not_counted_twice(granted):
    with clock.frozen(START + HOUR):
        record_use(by=SYSTEM, grant=granted.number, part=1, starts_at=START + HOUR / 2, seconds=60, used=8000)
    measure(1)
    assert [used for _hour, _seconds, used in samples(granted)] == [8000]


def test_jobs_of_others_and_claims_on_other_pools_count_nothing(granted, settings):
    with clock.frozen(START):
        other = make_granted()
    make_job(other, 0, 1)
    measure(1)
    assert samples(granted) == [(0, 3600, 0)]
    assert samples(other) == []
    settings.COMPUTE_POOL = ""
    measure(2)
    assert len(samples(granted)) == 1


def test_a_suspended_grant_is_not_measured(granted):
    with clock.frozen(START):
        suspend_grant(by=granted.officer, grant=granted.number, reason=REASON)
    measure(1)
    assert samples(granted) == []


def happened():
    names = ("IdleNoticed", "ClaimShrunk", "ClaimReturned", "ReclaimLifted")
    facts = Fact.objects.filter(name__in=[f"programmes.{name}" for name in names]).order_by("id")
    return [(fact.name.partition(".")[2], (fact.at - START).days) for fact in facts]


def live_through(days):
    """What the worker does: a meter after each hour, the rule after each day."""
    for hour in range(1, 24 * days + 1):
        measure(hour)
        if hour % 24 == 0:
            with clock.frozen(START + hour * HOUR):
                look_after_grants()


@pytest.mark.slow
def test_capacity_on_which_no_job_runs_goes_back_by_itself(granted):
    live_through(5)
    deliver_everything()

    assert happened() == [("IdleNoticed", 1), ("ClaimShrunk", 3), ("ClaimReturned", 4)]
    with clock.frozen(START + 120 * HOUR):
        assert usage(granted.pool).claimed == 0
    assert Notice.objects.filter(kind="programmes.ClaimReturned", person=granted.owner).exists()


@pytest.mark.slow
def test_jobs_keep_what_they_need(granted):
    make_job(granted, 0, None, gpus=3, state="running")
    live_through(5)
    assert happened() == []
    with clock.frozen(START + 120 * HOUR):
        assert usage(granted.pool).claimed == 8
