"""Conflicts of interest: found with their path, and not found where there is none."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitgoeul.engines.reviews import (
    DEFAULT_POLICY,
    BadRelation,
    Conflict,
    Policy,
    Relation,
    Tie,
    find_conflicts,
)

TODAY = date(2026, 6, 1)


def found(*relations, parties=("Firm",), on=TODAY, policy=DEFAULT_POLICY):
    conflicts = find_conflicts(
        relations, reviewers=["Ahn"], parties={"A1": parties, "A2": ["Other"]}, on=on, policy=policy
    )
    assert set(conflicts) <= {("Ahn", "A1")}
    return conflicts.get(("Ahn", "A1"), ())


def member(person, house, until=None):
    return Relation(Tie.MEMBER, person, house, until=until)


def test_who_belongs_to_the_applicant_has_a_conflict():
    relation = member("Ahn", "Firm")

    assert found(relation) == (Conflict("Ahn", "A1", "same organisation", (relation,), "Firm"),)
    assert found(relation)[0].words() == "Ahn is member of Firm, which applies"


@pytest.mark.parametrize(
    ("until", "counts"),
    [(None, True), (date(2026, 5, 31), True), (date(2023, 6, 1), True), (date(2023, 5, 31), False)],
)
def test_a_former_organisation_counts_for_three_years_to_the_day(until, counts):
    assert bool(found(member("Ahn", "Firm", until))) is counts


def test_three_years_before_a_leap_day_end_on_the_28th():
    leap = date(2028, 2, 29)

    assert found(member("Ahn", "Firm", date(2025, 2, 28)), on=leap)
    assert not found(member("Ahn", "Firm", date(2025, 2, 27)), on=leap)


def test_a_promised_post_counts_before_it_begins():
    assert found(Relation(Tie.MEMBER, "Ahn", "Firm", since=date(2026, 9, 1)))


@pytest.mark.parametrize("tie", [Tie.COAUTHOR, Tie.INVESTOR, Tie.MENTOR, Tie.LANDLORD, Tie.FAMILY])
@pytest.mark.parametrize("turned", [False, True])
def test_every_tie_to_a_party_or_its_member_is_found_both_ways_round(tie, turned):
    def between(a, b):
        return Relation(tie, b, a) if turned else Relation(tie, a, b)

    kim = member("Kim", "Firm")

    assert [c.kind for c in found(between("Ahn", "Firm"))] == [tie.value]
    through = found(kim, between("Ahn", "Kim"))
    assert [(c.kind, c.path) for c in through] == [(tie.value, (between("Ahn", "Kim"), kim))]


def test_the_organisation_of_the_reviewer_brings_its_ties():
    conflicts = found(member("Ahn", "Fund"), Relation(Tie.INVESTOR, "Fund", "Firm", until=date(2025, 1, 31)))

    assert [c.words() for c in conflicts] == [
        "Ahn is member of Fund; Fund invested in Firm (until 2025-01-31), which applies"
    ]


def test_a_member_of_the_applicant_shares_a_house_with_the_reviewer():
    conflicts = found(member("Ahn", "University"), member("Kim", "University"), member("Kim", "Firm"))

    assert [(c.kind, len(c.path)) for c in conflicts] == [("same organisation", 3)]
    # The same where the person applies without a firm.
    assert found(member("Ahn", "University"), member("Kim", "University"), parties=["Kim"])


def test_colleagues_and_other_houses_are_not_followed_any_further():
    assert not found(
        member("Ahn", "University"), member("Lee", "University"), Relation(Tie.COAUTHOR, "Lee", "Kim"),
        member("Kim", "Firm"),
    )  # fmt: skip
    assert not found(Relation(Tie.MENTOR, "Ahn", "Club"), member("Kim", "Club"), member("Kim", "Firm"))
    assert not found(Relation(Tie.MENTOR, "Ahn", "Club"), member("Kim", "Club"), parties=["Kim"])


def test_family_counts_for_ever_and_co_authors_for_three_years():
    old = date(2001, 1, 1)

    assert found(Relation(Tie.FAMILY, "Ahn", "Kim", until=old), member("Kim", "Firm"))
    assert not found(Relation(Tie.COAUTHOR, "Ahn", "Kim", until=old), member("Kim", "Firm"))
    forever = Policy({**DEFAULT_POLICY.years, Tie.COAUTHOR: None})
    assert found(Relation(Tie.COAUTHOR, "Ahn", "Kim", until=old), member("Kim", "Firm"), policy=forever)


def test_a_tie_that_the_policy_leaves_out_does_not_count():
    landlord = Relation(Tie.LANDLORD, "Ahn", "Firm")
    without = Policy({tie: years for tie, years in DEFAULT_POLICY.years.items() if tie is not Tie.LANDLORD})

    assert found(landlord)
    assert not found(landlord, policy=without)


def test_nobody_reviews_his_own_application():
    assert [c.words() for c in found(parties=["Ahn"])] == ["Ahn applies"]


def test_every_ground_is_listed_and_the_shortest_path_comes_first():
    grounds = found(
        member("Ahn", "Firm"),
        member("Kim", "Firm"),
        Relation(Tie.FAMILY, "Ahn", "Kim"),
        Relation(Tie.MENTOR, "Ahn", "Firm"),
    )
    kinds = [conflict.kind for conflict in grounds]

    assert kinds[:2] == ["mentor", "same organisation"]
    assert "family" in kinds


@pytest.mark.parametrize("wrong", [{"b": "Ahn"}, {"since": date(2026, 1, 2), "until": date(2026, 1, 1)}])
def test_a_relation_that_says_nothing_is_refused(wrong):
    with pytest.raises(BadRelation):
        Relation(**{"tie": Tie.MEMBER, "a": "Ahn", "b": "Firm", **wrong})


people = st.sampled_from(["Ahn", "Bae", "Kim", "Lee"])
houses = st.sampled_from(["Firm", "Fund", "University"])
edges = st.lists(
    st.builds(Relation, st.just(Tie.MEMBER), people, houses)
    | st.builds(Relation, st.sampled_from([Tie.COAUTHOR, Tie.FAMILY]), st.just("Ahn"), st.just("Kim"))
    | st.builds(Relation, st.just(Tie.INVESTOR), st.just("Fund"), st.just("Firm")),
    max_size=6,
)


@given(edges, st.randoms(), st.data())
def test_for_every_graph_more_relations_never_clear_anybody_and_order_does_not_matter(edges, chance, data):
    def pairs(relations):
        return find_conflicts(
            relations, reviewers=["Bae", "Ahn"], parties={"A1": ["Firm"], "A2": ["Kim"]}, on=TODAY
        )

    whole = pairs(edges)
    fewer = data.draw(st.lists(st.sampled_from(edges), unique=True) if edges else st.just([]))
    chance.shuffle(edges)

    assert pairs(edges) == whole
    assert set(pairs(fewer)) <= set(whole)
    # A path can be walked: it starts at the reviewer, each step joins the next, it ends at the party.
    for (reviewer, _), conflicts in whole.items():
        for conflict in conflicts:
            here = reviewer
            assert len(set(conflict.path)) == len(conflict.path)
            for step in conflict.path:
                assert here in (step.a, step.b)
                here = step.b if here == step.a else step.a
            assert here == conflict.party
