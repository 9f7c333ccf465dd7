"""Voters at the same moment: one vote for each member, and a count that knows every vote that was taken."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from bitgoeul.apps.governance import commands
from bitgoeul.apps.governance.models import Decision, Item, Vote
from bitgoeul.apps.governance.tests.factories import make_sitting
from bitgoeul.kit.models import Fact
from bitgoeul.kit.refusals import Refusal

pytestmark = pytest.mark.django_db(transaction=True)


def all_at_once(attempts):
    """Run the attempts together and count how they ended: by what they did or by the code of the refusal."""
    gate = threading.Barrier(len(attempts))

    def run(attempt):
        name, call = attempt
        try:
            gate.wait()
            call()
        except Refusal as refusal:
            return f"{name}: {refusal.code}"
        else:
            return name
        finally:
            connection.close()

    with ThreadPoolExecutor(len(attempts)) as pool:
        return Counter(pool.map(run, attempts))


def a_running_vote(members=5):
    room = make_sitting(members=members)
    item = room.item()
    commands.open_vote(by=room.keeper, item=item.public_id)
    return room, item


def casting(room, item, number, choice):
    by = room.by(number)
    return choice, lambda: commands.cast_vote(by=by, item=item.public_id, choice=choice)


def closing(room, item):
    by = room.keeper
    return "close", lambda: commands.close_vote(by=by, item=item.public_id)


def facts(name):
    return Fact.objects.filter(name=f"governance.{name}")


def test_a_member_who_votes_on_several_devices_at_once_votes_once():
    room, item = a_running_vote()

    ended = all_at_once([casting(room, item, 0, choice) for choice in ("yes", "no") * 3])

    vote = Vote.objects.get()
    other = "no" if vote.choice == "yes" else "yes"
    # The same choice again is the same vote; another one is refused, however close it came.
    assert ended == {vote.choice: 3, f"{other}: governance.VotedAlready": 3}
    assert facts("VoteCast").count() == 1


def test_members_who_vote_together_are_all_counted():
    room, item = a_running_vote(members=6)

    ended = all_at_once([casting(room, item, number, "yes") for number in range(6)])

    assert ended == {"yes": 6}
    assert commands.close_vote(by=room.keeper, item=item.public_id).tally["yes"] == 6


@pytest.mark.parametrize("_again", range(3))
def test_a_vote_that_meets_the_closing_is_counted_or_refused_and_never_lost(_again):
    room, item = a_running_vote(members=6)
    commands.cast_vote(by=room.by(0), item=item.public_id, choice="yes")

    ended = all_at_once([closing(room, item), *(casting(room, item, n, "yes") for n in range(1, 6))])

    point = Item.objects.get(pk=item.pk)
    late = ended["yes: governance.VoteNotOpen"]
    assert ended["close"] == 1
    assert ended["yes"] + late == 5
    assert point.tally["yes"] == 1 + ended["yes"] == Vote.objects.count() == facts("VoteCast").count()
    assert facts("VoteClosed").get().data["yes"] == point.tally["yes"]


def test_a_vote_is_closed_once_however_many_close_it():
    room, item = a_running_vote()
    for number in range(5):
        commands.cast_vote(by=room.by(number), item=item.public_id, choice="yes")

    ended = all_at_once([closing(room, item) for _each in range(4)])

    assert ended == {"close": 1, "close: governance.VoteNotOpen": 3}
    assert Decision.objects.count() == facts("VoteClosed").count() == 1


def test_whoever_declares_an_interest_while_voting_does_one_of_the_two():
    room, item = a_running_vote()
    by = room.by(0)

    ended = all_at_once(
        [
            ("interest", lambda: commands.declare_interest(by=by, item=item.public_id)),
            casting(room, item, 0, "yes"),
        ]
    )

    assert ended in (
        {"interest": 1, "yes: governance.ConcernedByIt": 1},
        {"yes": 1, "interest: governance.VotedAlready": 1},
    )
    assert Vote.objects.count() + item.interests.count() == 1
