"""The limit of visitors: one for all web processes, each of which counts by itself for a while."""

import datetime as dt
import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import settings as properties
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from bitgoeul.apps.services import allowance
from bitgoeul.apps.services.allowance import Allowance
from bitgoeul.apps.services.models import VisitorMinute
from bitgoeul.kit import clock

NOON = dt.datetime(2026, 5, 1, 12, 0, 5, tzinfo=dt.UTC)
_visitors = itertools.count()


def accepted(processes, visitor, limit, arrivals):
    """Which requests pass; each arrival is the number of the process that gets it."""
    return [processes[number].take(visitor, limit) for number in arrivals]


class EveryArrival(TestCase):
    @properties(max_examples=40)
    @given(limit=st.integers(1, 90), arrivals=st.lists(st.integers(0, 3), max_size=160))
    def test_a_limit_holds_over_all_processes_within_its_tolerance(self, limit, arrivals):
        visitor, part = f"visitor {next(_visitors)}", max(1, limit // allowance.PARTS)

        with clock.frozen(NOON):
            passed = accepted([Allowance() for _process in range(4)], visitor, limit, arrivals)

        assert all(passed[:limit])
        assert sum(passed) <= limit + len(set(arrivals)) * (part - 1)


@pytest.mark.django_db
def test_a_visitor_who_waits_may_ask_again_in_the_next_minute():
    one, other = Allowance(), Allowance()
    with clock.frozen(NOON):
        assert accepted([one, other], "::1", 2, [0, 1, 0, 1]) == [True, True, False, False]

    with clock.frozen(NOON + dt.timedelta(minutes=1)):
        assert one.take("::1", 2)
        assert one.take("::2", 2)


@pytest.mark.django_db
def test_the_database_is_asked_once_in_a_part_of_the_limit_and_never_by_who_must_wait(
    django_assert_num_queries,
):
    process = Allowance()
    with clock.frozen(NOON):
        with django_assert_num_queries(20):
            assert all(accepted([process], "::1", 600, [0] * 600))
        with django_assert_num_queries(1):
            accepted([process], "::1", 600, [0] * 100)


@pytest.mark.django_db
def test_no_address_is_written_down_and_what_has_passed_is_forgotten():
    with clock.frozen(NOON):
        Allowance().take("203.0.113.7", 1)
        [row] = VisitorMinute.objects.all()
        assert allowance.forget() == 0
    assert (len(row.visitor), "203" in row.visitor, row.asked) == (32, False, 1)

    with clock.frozen(NOON + dt.timedelta(minutes=2)):
        assert allowance.forget() == 1


@pytest.mark.django_db(transaction=True)
def test_two_processes_that_settle_at_the_same_time_lose_no_request():
    limit, part = 200, 200 // allowance.PARTS
    two = [Allowance(), Allowance()]

    def ask(number):
        try:
            with clock.frozen(NOON):
                return sum(accepted(two, "::1", limit, [number % 2] * 60))
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as crowd:
        passed = sum(crowd.map(ask, range(8)))

    assert limit <= passed <= limit + 2 * (part - 1)
