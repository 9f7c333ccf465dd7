"""Quorum and majority, by hand and for every vote there can be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitgoeul.engines.votes import CHOICES, Rules, VotesInvalid, has_quorum, tally

SEVEN = set("abcdefg")


def count(present, votes, recused=(), **rules):
    return tally(office=SEVEN, present=set(present), recused=set(recused), votes=votes, rules=Rules(**rules))


@pytest.mark.parametrize(
    ("office", "present", "share", "met"),
    [
        (7, 4, "majority", True),
        (7, 3, "majority", False),
        (8, 4, "majority", False),
        (6, 4, "two_thirds", True),
        (7, 4, "two_thirds", False),
        (7, 5, "two_thirds", True),
        (0, 0, "majority", False),
        (0, 0, "two_thirds", False),
    ],
)
def test_a_quorum_is_a_share_of_those_in_office(office, present, share, met):
    assert has_quorum(office, present, Rules(quorum=share)) is met


def test_most_of_those_who_are_there_carry_a_motion():
    found = count("abcd", {"a": "yes", "b": "yes", "c": "yes", "d": "no"})

    assert (found.result, found.yes, found.no, found.yes_needed) == ("carried", 3, 1, 3)


def test_a_tie_and_silence_reject_a_motion():
    assert count("abcd", {"a": "yes", "b": "yes", "c": "no", "d": "no"}).result == "rejected"
    assert count("abcd", {"a": "yes", "b": "yes"}).result == "rejected"
    assert count("abcde", {"a": "yes", "b": "yes", "c": "abstain"}).silent == 2


def test_two_thirds_are_counted_exactly():
    three = {"a": "yes", "b": "yes", "c": "yes"}

    assert count("abcd", three, passes="two_thirds").result == "carried"
    assert count("abcde", three, passes="two_thirds").result == "rejected"
    assert count("abcde", three | {"d": "yes"}, passes="two_thirds").result == "carried"


def test_too_few_decide_nothing_whatever_they_say():
    assert count("abc", dict.fromkeys("abc", "yes")).result == "no_quorum"


def test_whoever_declared_an_interest_counts_nowhere():
    found = count("abcd", {"a": "yes", "b": "yes"}, recused="cdg")

    assert (found.present, found.quorum_needed, found.result) == (2, 3, "no_quorum")
    assert count("abc", {"a": "yes", "b": "yes"}, recused="fg").result == "carried"


def test_if_all_are_recused_nobody_decides():
    assert count("abcd", {}, recused="abcdefg").result == "no_quorum"


@pytest.mark.parametrize(
    "nonsense",
    [
        {"present": {"z"}, "recused": set(), "votes": {}},
        {"present": {"a"}, "recused": {"z"}, "votes": {}},
        {"present": {"a"}, "recused": set(), "votes": {"b": "yes"}},
        {"present": {"a"}, "recused": {"a"}, "votes": {"a": "yes"}},
        {"present": {"a"}, "recused": set(), "votes": {"a": "perhaps"}},
    ],
)
def test_votes_of_people_who_may_not_vote_are_never_counted(nonsense):
    with pytest.raises(VotesInvalid):
        tally(office=SEVEN, **nonsense)


members = st.sets(st.integers(0, 11).map(str))
rules = st.builds(Rules, quorum=st.sampled_from(["majority", "two_thirds"]),
                  passes=st.sampled_from(["majority", "two_thirds"]))  # fmt: skip


@given(members, st.data(), rules)
def test_for_every_vote_the_figures_add_up_and_decide(office, data, by_rules):
    some = st.sets(st.sampled_from(sorted(office))) if office else st.just(set())
    present, recused = data.draw(some), data.draw(some)
    there = present - recused
    cast = st.dictionaries(st.sampled_from(sorted(there)), st.sampled_from(CHOICES)) if there else st.just({})
    votes = data.draw(cast)

    found = tally(office=office, present=present, recused=recused, votes=votes, rules=by_rules)

    assert found.yes + found.no + found.abstain + found.silent == found.present <= found.office
    assert found.yes + found.no + found.abstain == len(votes)
    share = {"majority": lambda part, of: 2 * part > of, "two_thirds": lambda part, of: 3 * part >= 2 * of}
    quorum = found.present > 0 and share[by_rules.quorum](found.present, found.office - found.recused)
    assert (found.result == "no_quorum") is not quorum
    if quorum:
        enough = found.yes > 0 and share[by_rules.passes](found.yes, found.present)
        assert (found.result == "carried") is enough


@given(members, st.data())
def test_one_more_yes_never_turns_a_carried_motion_down(office, data):
    some = st.sets(st.sampled_from(sorted(office))) if office else st.just(set())
    present = data.draw(some)
    saying_yes = data.draw(st.sets(st.sampled_from(sorted(present)))) if present else set()
    before = tally(office=office, present=present, recused=set(), votes=dict.fromkeys(saying_yes, "yes"))
    after = tally(office=office, present=present, recused=set(), votes=dict.fromkeys(present, "yes"))

    assert before.result != "carried" or after.result == "carried"
