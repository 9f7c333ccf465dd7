"""A crowd in threads takes exactly what there is, on whichever database the suite runs."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
from django.db import connection

from bitgoeul.apps.capacity.commands import claim, claim_all, hold, join_waiting_list, release_claim
from bitgoeul.apps.capacity.models import Claim, Pool, Shard, Waiting
from bitgoeul.apps.capacity.queries import discrepancies, usage
from bitgoeul.apps.capacity.tasks import serve_lines
from bitgoeul.apps.capacity.tests.factories import make_pool
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.refusals import Refusal

CROWD = 16


def crowd(work, size=CROWD):
    """Run ``work(number)`` in as many threads at once; what each gave back, refusals by their code."""
    answers, barrier = [None] * size, threading.Barrier(size)

    def run(number):
        try:
            connection.ensure_connection()
            barrier.wait(60)
            answers[number] = work(number)
        except Exception as error:
            answers[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[number]) for number in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(180)
    broken = [answer for answer in answers if isinstance(answer, Exception)]
    assert broken == []
    return answers


def attempts(pool, number, each, run=claim):
    """``each`` claims of one; how they ended."""
    ended = Counter()
    for turn in range(each):
        try:
            run(by=SYSTEM, pool=pool, quantity=1, key=f"{number}:{turn}", holder=f"holder:{number}:{turn}")
            ended["won"] += 1
        except Refusal as refusal:
            ended[refusal.code] += 1
    return ended


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("shape", ["one counter", "many counters", "numbered", "holds"])
def test_six_hundred_and_forty_requests_for_three_hundred_get_three_hundred(shape):
    labels = [f"seat-{number}" for number in range(300)]
    pool = make_pool(numbered_units=labels) if shape == "numbered" else make_pool(300)
    if shape == "many counters":
        Shard.objects.filter(pool=pool).update(capacity=0)
        Shard.objects.bulk_create(Shard(pool=pool, number=number, capacity=20) for number in range(1, 16))
        Pool.objects.filter(pk=pool.pk).update(shards=16)
        pool.refresh_from_db()

    ended = sum(
        crowd(lambda number: attempts(pool, number, 40, hold if shape == "holds" else claim)), Counter()
    )

    assert ended == Counter({"won": 300, "capacity.PoolFull": 340})
    assert (usage(pool).free, discrepancies()) == (0, [])
    assert Fact.objects.filter(subject=pool.subject).count() == 301


@pytest.mark.django_db(transaction=True)
def test_a_crowd_with_one_key_gets_one_claim():
    pool = make_pool(1_600)

    def work(_number):
        return claim(by=SYSTEM, pool=pool, quantity=3, key="the same", holder="holder:1").pk

    assert len(set(crowd(work))) == 1
    assert (usage(pool).claimed, Claim.objects.count(), discrepancies()) == (3, 1, [])


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_packages_and_releases_never_wait_in_a_circle():
    pools = [make_pool(30), make_pool(numbered_units=[f"room-{n}" for n in range(12)]), make_pool(1_600)]

    def work(number):
        done = 0
        for turn in range(8):
            key = f"{number}:{turn}"
            order = pools if number % 2 else pools[::-1]
            try:
                claim_all(by=SYSTEM, parts=[(pool, 1 + turn % 2) for pool in order], key=key, holder=key)
            except Refusal:
                continue
            done += 1
            if turn % 3:
                release_claim(by=SYSTEM, key=key)
        return done

    assert sum(crowd(work)) >= 12 // 2
    assert discrepancies() == []


@pytest.mark.django_db(transaction=True)
def test_while_many_release_and_many_join_each_unit_goes_to_the_line_in_order():
    pool = make_pool(8)
    for number in range(8):
        claim(by=SYSTEM, pool=pool, quantity=1, key=f"first:{number}", holder=f"first:{number}")

    def work(number):
        if number % 2:
            release_claim(by=SYSTEM, key=f"first:{number // 2}")
            return ""
        try:
            join_waiting_list(by=SYSTEM, pool=pool, quantity=1, key=f"w{number}", holder=f"later:{number}")
        except Refusal as refusal:
            return refusal.code
        return "waits"

    answers = crowd(work)
    serve_lines()  # as the worker does every five seconds

    assert set(answers) <= {"", "waits", "capacity.NotFull"}
    waits = answers.count("waits")
    assert Waiting.objects.filter(state="offered").count() == waits
    assert (usage(pool).held, usage(pool).free, discrepancies()) == (waits, 8 - waits, [])
