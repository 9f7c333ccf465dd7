"""Decisions: nobody below the cut, no place or won twice, a lot only where nothing else decides."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitgoeul.engines.reviews import (
    Award,
    BadRule,
    Candidate,
    Ground,
    LotMissing,
    Overrun,
    Quota,
    Rule,
    decide,
    next_in_order,
)


def candidate(name, score, *ties, won=0, groups=(), floor=()):
    return Candidate(
        name,
        Decimal(str(score)),
        tuple(Decimal(t) for t in ties),
        tuple(floor),
        frozenset(groups),
        {"won": won},
    )


def winners(decision):
    return [award.application for award in decision.awards]


names = st.integers(0, 99).map("A{:02}".format)
pools = st.lists(
    st.builds(
        candidate, names, st.sampled_from([50, 60, 70, 70, 80, "80.01"]), st.sampled_from([1, 2]),
        won=st.integers(0, 5), groups=st.lists(st.sampled_from(["local", "young"]), unique=True),
        floor=st.sampled_from([(), (), (), ("plan",)]),
    ),
    unique_by=lambda c: c.application, max_size=14,
)  # fmt: skip
rules = st.builds(
    lambda local, young, open_, **rest: Rule(
        places=local + young + open_, quotas=(Quota("local", local), Quota("young", young)), **rest
    ),
    *(st.integers(0, 3),) * 3,
    cut=st.sampled_from([None, Decimal(60), Decimal(80)]),
    spill=st.booleans(),
    budget=st.none() | st.integers(0, 20),
    overrun=st.sampled_from(Overrun),
)


@given(pools, rules, st.randoms())
def test_for_every_call_the_promises_hold(pool, rule, chance):
    lot = [c.application for c in pool]
    chance.shuffle(lot)
    decision = decide(pool, rule, lot=lot)
    of = {c.application: c for c in pool}
    won = winners(decision)

    assert sorted([*won, *decision.waiting, *decision.refused]) == sorted(of)
    assert len(won) <= rule.places
    for name in decision.refused:
        assert of[name].below_floor or of[name].score < rule.cut
    for award in decision.awards:
        assert not of[award.application].below_floor
        assert not award.group or award.group in of[award.application].groups
    for quota in rule.quotas:
        assert sum(award.group == quota.group for award in decision.awards) <= quota.places
    if rule.budget is not None:
        assert decision.left == rule.budget - sum(of[name].amounts["won"] for name in won) >= 0
    else:
        # Nobody better waits behind an open winner, and no place stays empty while somebody may have it.
        opened = [of[a.application].score for a in decision.awards if not a.group]
        assert all(of[name].score <= min(opened, default=Decimal(99)) for name in decision.waiting)
        if rule.spill:
            assert len(won) == min(rule.places, len(pool) - len(decision.refused))
    chance.shuffle(pool)
    assert decide(pool, rule, lot=lot) == decision


@given(pools, st.integers(0, 8), st.randoms())
def test_a_lot_decides_only_between_those_who_are_named(pool, places, chance):
    rule = Rule(places=places, cut=Decimal(60))
    before = decide(pool, rule)
    named = [name for equal in before.to_draw for name in equal]
    chance.shuffle(named)

    after = decide(pool, rule, lot=named)

    assert after.to_draw == ()
    assert before.winners - set(named) == after.winners - set(named)
    assert len(before.winners) == len(after.winners)
    if not named:
        assert after == before


def test_a_score_of_66_misses_a_cut_of_70():
    decision = decide([candidate("A1", "66.0"), candidate("A2", "70.0")], Rule(cut=Decimal(70)))

    assert (winners(decision), decision.refused) == (["A2"], {"A1": Ground.CUT})


def test_below_60_nobody_gets_a_room_even_if_rooms_are_free():
    decision = decide([candidate("A1", "59.99"), candidate("A2", 60)], Rule(cut=Decimal(60), places=5))

    assert winners(decision) == ["A2"]


def test_a_failed_floor_is_out_whatever_the_score():
    decision = decide([candidate("A1", 99, floor=["plan"])], Rule(cut=Decimal(70)))

    assert decision.refused == {"A1": Ground.FLOOR}


def test_equal_scores_are_decided_by_impact_then_readiness_then_lot():
    pool = [candidate("A1", 80, 24, 20), candidate("A2", 80, 25, 15), candidate("A3", 80, 24, 21)]
    twins = [*pool, candidate("A4", 80, 24, 21)]

    assert winners(decide(pool, Rule(places=2))) == ["A2", "A3"]
    assert decide(pool, Rule(places=2)).to_draw == ()
    assert decide(twins, Rule(places=3)).to_draw == ()
    assert decide(twins, Rule(places=2)).to_draw == (("A3", "A4"),)
    assert winners(decide(twins, Rule(places=2), lot=["A4", "A3"])) == ["A2", "A4"]
    with pytest.raises(LotMissing) as refused:
        decide(twins, Rule(places=2), lot=["A4"])
    assert refused.value.applications == ("A3",)


def test_members_of_the_band_are_drawn_after_those_above_and_before_those_below():
    pool = [candidate(f"A{score}", score) for score in (90, 80, 72, 71, 70, 69, 60)]
    band = {"band": ["A71", "A70", "A69"], "line": Decimal(70)}
    rule = Rule(places=5)

    undrawn = decide(pool, rule, **band)
    drawn = decide(pool, rule, lot=["A69", "A71", "A70"], **band)

    assert undrawn.to_draw == (("A69", "A70", "A71"),)
    assert winners(drawn) == ["A90", "A80", "A72", "A69", "A71"]
    assert drawn.waiting == ("A70", "A60")
    # The cut stays hard: who is below it is not drawn.
    cut = decide(pool, Rule(places=5, cut=Decimal(70)), lot=["A70", "A71"], **band)
    assert winners(cut) == ["A90", "A80", "A72", "A70", "A71"]
    assert set(cut.refused) == {"A69", "A60"}


def test_a_band_whose_members_all_win_needs_no_lot():
    pool = [candidate("A1", 80), candidate("A2", 70), candidate("A3", 69)]

    assert decide(pool, Rule(places=3), band=["A2", "A3"], line=Decimal(70)).to_draw == ()


def test_kept_places_come_first_and_what_is_left_of_them_becomes_open():
    pool = [candidate("A1", 90), candidate("A2", 85), candidate("A3", 70, groups=["local"])]
    rule = {"places": 3, "quotas": (Quota("local", 2),)}

    assert decide(pool, Rule(**rule)).awards == (Award("A3", "local"), Award("A1", ""), Award("A2", ""))
    assert winners(decide(pool, Rule(**rule, spill=False))) == ["A3", "A1"]


def test_money_is_given_along_the_order_and_a_request_too_large_is_skipped_or_stops():
    pool = [candidate("A1", 90, won=60), candidate("A2", 80, won=50), candidate("A3", 70, won=40)]

    skip = decide(pool, Rule(budget=100))
    stop = decide(pool, Rule(budget=100, overrun=Overrun.STOP))

    assert (winners(skip), skip.left, skip.waiting) == (["A1", "A3"], 0, ("A2",))
    assert (winners(stop), stop.left, stop.waiting) == (["A1"], 40, ("A2", "A3"))


def test_who_declines_makes_room_for_the_next_of_the_group_within_the_money():
    pool = [
        candidate("A1", 90, groups=["local"], won=5), candidate("A2", 85, won=5), candidate("A3", 80, won=9),
        candidate("A4", 75, groups=["local"], won=5), candidate("A5", 70, won=5),
    ]  # fmt: skip
    rule = Rule(places=2, quotas=(Quota("local", 1),), budget=10)
    decision = decide(pool, rule)
    assert decision.waiting == ("A3", "A4", "A5")

    def following(**about):
        return next_in_order(decision, pool, rule, **about)

    assert following(group="local") == "A4"
    assert following() == "A3"
    assert following(free=5) == "A4"
    assert following(group="local", gone=["A4"], free=5) == "A5"
    assert following(free=4) is None
    strict = Rule(places=2, quotas=(Quota("local", 1),), budget=10, spill=False, overrun=Overrun.STOP)
    assert next_in_order(decision, pool, strict, group="local", gone=["A4"]) is None
    assert next_in_order(decision, pool, strict, free=5) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"places": 1, "quotas": (Quota("local", 2),)},
        {"quotas": (Quota("local", 1), Quota("local", 1))},
        {"places": -1},
        {"budget": -1},
        {"quotas": (Quota("local", -1),)},
    ],
)
def test_a_rule_that_contradicts_itself_is_refused(wrong):
    with pytest.raises(BadRule):
        Rule(**wrong)


def test_a_band_without_a_line_is_refused():
    with pytest.raises(BadRule):
        decide([candidate("A1", 1)], Rule(), band=["A1"])
