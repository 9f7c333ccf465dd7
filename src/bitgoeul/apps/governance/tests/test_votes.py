"""Meetings and votes: quorum, majority, interests, and nobody votes twice."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bitgoeul.apps.governance import commands, errors
from bitgoeul.apps.governance.models import Decision, Item, Vote
from bitgoeul.apps.governance.queries import committees as queries
from bitgoeul.apps.governance.tests.factories import make_plan, make_seat, make_sitting, words
from bitgoeul.apps.people.tests.factories import actor, make_person
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.refusals import Forbidden, Invalid, NotFound, Refusal, StateChanged
from bitgoeul.kit.testing import examples, facts_recorded

pytestmark = pytest.mark.django_db


def test_a_motion_is_carried_and_becomes_a_decision_under_its_reference():
    make_plan()
    room = make_sitting(members=5)
    item = room.item(tasks=["compute"])
    since = Fact.objects.latest("id").pk

    commands.open_vote(by=room.keeper, item=item.public_id)
    for number, choice in enumerate(["yes", "yes", "yes", "no", "abstain"]):
        commands.cast_vote(by=room.by(number), item=item.public_id, choice=choice)
    closed = commands.close_vote(by=room.keeper, item=item.public_id)

    decision = Decision.objects.get()
    year = clock.now().year
    assert closed.state == "carried"
    assert (decision.reference, decision.tasks) == (f"decision:{year}-01", ["compute"])
    assert queries.decision_by_reference(decision.reference) == decision
    assert facts_recorded(since) == [
        "governance.VoteOpened",
        *["governance.VoteCast"] * 5,
        "governance.VoteClosed",
        "governance.DecisionAdopted",
    ]
    cast = Fact.objects.filter(name="governance.VoteCast").first()
    assert "choice" in cast.personal
    assert "choice" not in cast.data


def test_without_a_quorum_there_is_no_vote_and_with_one_more_there_is():
    room = make_sitting(members=5, present=2)
    item = room.item()

    with pytest.raises(errors.NoQuorum) as refused:
        commands.open_vote(by=room.keeper, item=item.public_id)
    assert refused.value.facts == {"present": 2, "needed": 3}

    room.note(2)
    assert commands.open_vote(by=room.keeper, item=item.public_id).state == "voting"


def test_nobody_votes_twice_and_the_same_vote_again_changes_nothing():
    room = make_sitting()
    item = room.item()
    commands.open_vote(by=room.keeper, item=item.public_id)
    commands.cast_vote(by=room.by(0), item=item.public_id, choice="yes")
    before = facts_recorded()

    commands.cast_vote(by=room.by(0), item=item.public_id, choice="yes")
    with pytest.raises(errors.VotedAlready):
        commands.cast_vote(by=room.by(0), item=item.public_id, choice="no")
    with pytest.raises(errors.VotedAlready):
        commands.cast_vote(by=room.keeper, item=item.public_id, choice="no", seat=room.seats[0].public_id)

    assert facts_recorded() == before
    assert Vote.objects.get().choice == "yes"


def test_who_declares_an_interest_takes_no_part_and_is_not_counted():
    room = make_sitting(members=4, present=3)
    item = room.item()
    commands.declare_interest(by=room.by(0), item=item.public_id, reason="자문을 맡고 있습니다.")

    # Three of four are left in office for this point, two of them are there.
    commands.open_vote(by=room.keeper, item=item.public_id)
    with pytest.raises(errors.ConcernedByIt):
        commands.cast_vote(by=room.by(0), item=item.public_id, choice="yes")
    for number in (1, 2):
        commands.cast_vote(by=room.by(number), item=item.public_id, choice="yes")
    closed = commands.close_vote(by=room.keeper, item=item.public_id)

    assert (closed.state, closed.tally["recused"], closed.tally["present"]) == ("carried", 1, 2)
    fact = Fact.objects.get(name="governance.InterestDeclared")
    assert set(fact.personal) == {"seat", "reason"}


def test_who_has_voted_cannot_declare_an_interest_afterwards():
    room = make_sitting()
    item = room.item()
    commands.open_vote(by=room.keeper, item=item.public_id)
    commands.cast_vote(by=room.by(0), item=item.public_id, choice="yes")

    with pytest.raises(errors.VotedAlready):
        commands.declare_interest(by=room.by(0), item=item.public_id)


def test_interests_that_break_the_quorum_during_a_vote_decide_nothing_and_it_can_be_held_again():
    room = make_sitting(members=5, present=3)
    item = room.item()
    commands.open_vote(by=room.keeper, item=item.public_id)
    commands.declare_interest(by=room.by(0), item=item.public_id)
    commands.cast_vote(by=room.by(1), item=item.public_id, choice="yes")

    closed = commands.close_vote(by=room.keeper, item=item.public_id)

    assert (closed.state, closed.tally["result"]) == ("waiting", "no_quorum")
    assert not Decision.objects.exists()
    room.note(3)
    again = commands.open_vote(by=room.keeper, item=item.public_id)
    assert again.round == 2
    assert commands.cast_vote(by=room.by(1), item=item.public_id, choice="no").round == 2


def test_a_tie_rejects_and_a_rejected_motion_decides_nothing():
    room = make_sitting(members=4)
    item = room.item()
    commands.open_vote(by=room.keeper, item=item.public_id)
    for number, choice in enumerate(["yes", "yes", "no", "no"]):
        commands.cast_vote(by=room.by(number), item=item.public_id, choice=choice)

    assert commands.close_vote(by=room.keeper, item=item.public_id).state == "rejected"
    assert not Decision.objects.exists()


def test_who_is_not_there_or_has_no_vote_does_not_vote():
    room = make_sitting(members=5, present=4)
    item = room.item()
    commands.open_vote(by=room.keeper, item=item.public_id)

    with pytest.raises(errors.NotThere):
        commands.cast_vote(by=room.by(4), item=item.public_id, choice="yes")
    with pytest.raises(Forbidden):
        commands.cast_vote(by=room.keeper, item=item.public_id, choice="yes")
    with pytest.raises(Forbidden):
        commands.cast_vote(by=actor(make_person(roles=["operator"])), item=item.public_id, choice="yes")
    with pytest.raises(NotFound):
        commands.cast_vote(by=actor(make_person()), item=item.public_id, choice="yes")
    with pytest.raises(Invalid):
        commands.cast_vote(by=room.by(0), item=item.public_id, choice="perhaps")


def test_a_member_does_not_keep_the_meeting_or_vote_for_another():
    room = make_sitting()
    item = room.item()

    for attempt in (
        lambda: commands.open_vote(by=room.by(1), item=item.public_id),
        lambda: commands.close_vote(by=room.by(1), item=item.public_id),
        lambda: commands.end_meeting(by=room.by(1), meeting=room.meeting.public_id),
        lambda: commands.cast_vote(
            by=room.by(1), item=item.public_id, choice="yes", seat=room.seats[2].public_id
        ),
    ):
        with pytest.raises(Forbidden):
            attempt()


def test_a_term_that_has_ended_has_no_vote():
    room = make_sitting(members=4, present=4)
    commands.end_seat(by=SYSTEM, seat=room.seats[3].public_id, on=clock.now().date() - dt.timedelta(days=2))
    item = room.item()
    commands.open_vote(by=room.keeper, item=item.public_id)

    assert queries.room_of(room.meeting).office == 3
    with pytest.raises((NotFound, Forbidden)):
        commands.cast_vote(by=room.by(3), item=item.public_id, choice="yes")


def test_while_a_vote_runs_nobody_comes_or_goes_and_no_other_vote_begins():
    room = make_sitting()
    first, second = room.item(), room.item()
    commands.open_vote(by=room.keeper, item=first.public_id)

    with pytest.raises(errors.VoteRunning):
        room.note(0, state="absent")
    with pytest.raises(errors.VoteRunning):
        commands.open_vote(by=room.keeper, item=second.public_id)
    with pytest.raises(errors.VoteRunning):
        commands.end_meeting(by=room.keeper, meeting=room.meeting.public_id)


def test_the_words_of_a_motion_are_fixed_when_the_vote_opens():
    room = make_sitting()
    item = room.item()
    commands.open_vote(by=room.keeper, item=item.public_id)

    with pytest.raises(errors.AgendaFixed):
        commands.write_item(
            by=room.keeper,
            meeting=room.meeting.public_id,
            item=item.public_id,
            kind="motion",
            title=words("Other"),
            text=words("Other"),
        )


def test_a_decision_supersedes_another_and_a_revoked_one_stands_no_more():
    room = make_sitting()
    room.carried()
    old = Decision.objects.get()
    room.carried(supersedes=old.reference)
    new = Decision.objects.exclude(pk=old.pk).get()

    old.refresh_from_db()
    assert (old.state, old.replaced_by) == ("superseded", new)
    with pytest.raises(errors.DecisionUnknown):
        room.item(supersedes=old.reference)
    commands.revoke_decision(by=SYSTEM, reference=new.reference, reason=words("Annulled"))
    new.refresh_from_db()
    assert new.state == "revoked"


def test_decisions_are_numbered_through_the_year_over_all_committees():
    for _each in range(3):
        make_sitting().carried()

    year = clock.now().year
    found = sorted(Decision.objects.values_list("year", "number"))
    assert found == [(year, 1), (year, 2), (year, 3)]


def test_a_meeting_without_an_agenda_is_not_convened():
    room = make_sitting()
    meeting = commands.plan_meeting(
        by=room.keeper,
        committee=room.committee.slug,
        title=words("Next"),
        starts_at=clock.now(),
        ends_at=clock.now() + dt.timedelta(hours=1),
    )

    with pytest.raises(errors.AgendaEmpty):
        commands.convene_meeting(by=room.keeper, meeting=meeting.public_id)
    assert meeting.number == 2
    assert queries.meetings_visible_to(actor(make_person())).count() == 1


def test_one_person_one_seat_and_one_chair():
    room = make_sitting()

    with pytest.raises(errors.SeatTaken):
        make_seat(room.committee, room.people[1])
    with pytest.raises(errors.ChairTaken):
        make_seat(room.committee, make_person(), role="chair")


def test_minutes_are_drafted_by_one_approved_by_another_and_published():
    room = make_sitting()
    meeting = room.meeting.public_id
    commands.draft_minutes(by=room.keeper, meeting=meeting, text={"ko": "회의록"})
    commands.end_meeting(by=room.keeper, meeting=meeting)

    with pytest.raises(Forbidden):
        commands.approve_minutes(by=room.keeper, meeting=meeting)
    with pytest.raises(Forbidden):
        commands.approve_minutes(by=room.by(1), meeting=meeting)
    with pytest.raises(StateChanged):
        commands.publish_minutes(by=room.keeper, meeting=meeting)
    minutes = commands.approve_minutes(by=room.by(0), meeting=meeting)
    with pytest.raises(StateChanged):
        commands.draft_minutes(by=room.keeper, meeting=meeting, text={"ko": "다르게"})
    commands.publish_minutes(by=room.keeper, meeting=meeting)

    minutes.refresh_from_db()
    assert (minutes.state, minutes.approved_by) == ("published", room.by(0).id)
    with pytest.raises(StateChanged):
        commands.return_minutes(by=room.by(0), meeting=meeting)


def test_an_officer_does_not_approve_minutes_they_wrote():
    room = make_sitting()
    officer = actor(make_person(roles=["operator"]))
    commands.draft_minutes(by=officer, meeting=room.meeting.public_id, text={"ko": "회의록"})
    commands.end_meeting(by=officer, meeting=room.meeting.public_id)

    with pytest.raises(errors.OwnMinutes):
        commands.approve_minutes(by=officer, meeting=room.meeting.public_id)


def test_the_agenda_is_for_the_committee_until_the_minutes_are_published():
    room = make_sitting()
    stranger = actor(make_person())
    auditor = actor(make_person(roles=["auditor"]))
    room.meeting.refresh_from_db()

    assert queries.items_visible_to(stranger, room.meeting).count() == 0
    assert queries.items_visible_to(room.by(2), room.meeting).count() == 1
    assert queries.items_visible_to(auditor, room.meeting).count() == 1
    commands.draft_minutes(by=room.keeper, meeting=room.meeting.public_id, text={"ko": "회의록"})
    commands.end_meeting(by=room.keeper, meeting=room.meeting.public_id)
    commands.approve_minutes(by=room.by(0), meeting=room.meeting.public_id)
    commands.publish_minutes(by=room.keeper, meeting=room.meeting.public_id)

    assert queries.items_visible_to(stranger, room.meeting).count() == 1


def test_actions_have_an_owner_and_a_day_and_whoever_answers_reports_them_done():
    room = make_sitting()
    owner = make_person()
    soon = clock.now().date() + dt.timedelta(days=7)
    action = commands.assign_action(
        by=room.keeper,
        committee=room.committee.slug,
        meeting=room.meeting.public_id,
        title=words("Do it"),
        owner={"ko": "AI산업과 (예시)"},
        due_on=soon,
        email=owner.email,
    )

    with pytest.raises(Forbidden):
        commands.finish_action(by=actor(make_person()), action=action.public_id, outcome={"ko": "끝"})
    commands.move_action(
        by=room.keeper,
        action=action.public_id,
        due_on=soon + dt.timedelta(days=7),
        reason={"ko": "자료를 기다립니다."},
    )
    commands.finish_action(by=actor(owner), action=action.public_id, outcome={"ko": "끝냈습니다."})

    action.refresh_from_db()
    assert (action.state, action.first_due_on, action.due_on) == ("done", soon, soon + dt.timedelta(days=7))
    with pytest.raises(StateChanged):
        commands.cancel_action(by=room.keeper, action=action.public_id, outcome={"ko": "취소"})
    with pytest.raises(Invalid):
        commands.assign_action(
            by=room.keeper,
            committee=room.committee.slug,
            title=words("Late"),
            owner={"ko": "누구"},
            due_on=clock.now().date() - dt.timedelta(days=3),
        )


moves = st.lists(
    st.tuples(
        st.sampled_from(["vote", "heard", "interest", "note", "open", "close"]),
        st.integers(0, 4),
        st.sampled_from(["yes", "no", "abstain"]),
    ),
    min_size=4,
    max_size=24,
)
serial = itertools.count()


@settings(
    max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(moves)
def test_whatever_happens_in_a_meeting_the_counts_are_true(steps):
    room = make_sitting(members=5, present=3, slug=f"law-{next(serial)}")
    item = room.item()
    for move, number, choice in steps:
        seat = room.seats[number].public_id
        try:
            if move == "vote":
                commands.cast_vote(by=room.by(number), item=item.public_id, choice=choice)
            elif move == "heard":
                commands.cast_vote(by=room.keeper, item=item.public_id, choice=choice, seat=seat)
            elif move == "interest":
                commands.declare_interest(by=room.by(number), item=item.public_id)
            elif move == "note":
                room.note(number, state="absent" if choice == "no" else "present")
            elif move == "open":
                commands.open_vote(by=room.keeper, item=item.public_id)
            else:
                commands.close_vote(by=room.keeper, item=item.public_id)
        except Refusal:
            continue
    item = Item.objects.get(pk=item.pk)
    votes = list(Vote.objects.filter(item=item, round=item.round))
    assert len({vote.seat_id for vote in votes}) == len(votes)
    concerned = set(item.interests.values_list("seat_id", flat=True))
    assert not concerned & {vote.seat_id for vote in votes}
    decision = Decision.objects.filter(item=item).first()
    assert (decision is not None) is (item.state == "carried")
    if item.state in ("carried", "rejected"):
        tally, said_yes = item.tally, sum(vote.choice == "yes" for vote in votes)
        assert tally["yes"] == said_yes
        assert 2 * tally["present"] > tally["office"] - tally["recused"]
        assert (item.state == "carried") is (2 * said_yes > tally["present"])
