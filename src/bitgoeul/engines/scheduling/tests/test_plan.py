"""Laws of the queue, and the cases they were made for."""

from hypothesis import given
from hypothesis import strategies as st

from bitgoeul.engines.scheduling import Need, Running, Waiting, plan

CAPACITY = Need(cpus=4, memory_mib=8, gpus=1)
needs = st.builds(Need, cpus=st.integers(1, 4), memory_mib=st.integers(1, 8), gpus=st.integers(0, 1))
jobs = st.lists(st.tuples(needs, st.integers(1, 50)), max_size=12)


def queue(pairs):
    return [Waiting(number, need, wall) for number, (need, wall) in enumerate(pairs, 100)]


@given(jobs)
def test_the_machine_is_never_overdrawn(pairs):
    waiting = queue(pairs)
    starts = plan(CAPACITY, [], waiting, 0)

    for moment in {start.at for start in starts}:
        used = Need()
        for job, start in zip(waiting, starts, strict=True):
            if start.at <= moment < start.at + job.wall_s:
                used += job.need
        assert used.fits_in(CAPACITY)


@given(jobs)
def test_a_later_job_never_delays_an_earlier_one(pairs):
    waiting = queue(pairs)
    alone = plan(CAPACITY, [], waiting[:-1], 0)

    assert plan(CAPACITY, [], waiting, 0)[: len(alone)] == alone


@given(jobs)
def test_everybody_who_fits_the_machine_has_a_start(pairs):
    assert all(start.at is not None for start in plan(CAPACITY, [], queue(pairs), 7))


def test_a_small_job_overtakes_only_where_it_delays_nobody():
    running = [Running(1, Need(cpus=3), ends_at=100)]
    waiting = [
        Waiting(2, Need(cpus=4), 50),
        Waiting(3, Need(cpus=1), 100),
        Waiting(4, Need(cpus=1), 101),
    ]

    starts = plan(Need(cpus=4), running, waiting, 0)

    assert [(start.at, start.after, start.lacking) for start in starts] == [
        (100, 1, ("cpus",)),
        (0, None, ()),
        (150, 1, ()),
    ]


def test_a_job_larger_than_the_machine_has_no_start():
    (start,) = plan(Need(cpus=2, memory_mib=4), [], [Waiting(1, Need(cpus=3, memory_mib=5), 1)], 0)

    assert (start.at, start.lacking) == (None, ("cpus", "memory_mib"))


def test_a_running_job_past_its_end_blocks_nobody_for_ever():
    (start,) = plan(Need(cpus=1), [Running(1, Need(cpus=1), 5)], [Waiting(2, Need(cpus=1), 9)], 10)

    assert start.at == 10
