"""Reviewers, conflicts, assignment and reviews, through the commands, the pages and the API."""

from __future__ import annotations

import datetime as dt

import pytest

from bitgoeul.apps.notices.models import Notice
from bitgoeul.apps.people.commands import remove_member
from bitgoeul.apps.people.models import Membership
from bitgoeul.apps.people.tests.factories import actor, make_member, make_organisation, make_person
from bitgoeul.apps.programmes.commands.reviews import (
    accept_review,
    assign_reviews,
    declare_tie,
    recuse,
    save_reviewer,
    set_aside_review,
    submit_review,
)
from bitgoeul.apps.programmes.errors import (
    CallStillOpen,
    ConflictOfInterest,
    NotEnoughReviewers,
    NothingToReview,
)
from bitgoeul.apps.programmes.models import Review
from bitgoeul.apps.programmes.queries.reviews import conflicts_between
from bitgoeul.apps.programmes.tests.panels import (
    applicant,
    applied,
    closed,
    make_reviewer,
    panel_call,
    rubric,
    write,
)
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.refusals import Forbidden, Invalid, NotFound
from bitgoeul.kit.testing import api_for, client_for, deliver_everything, facts_recorded

pytestmark = pytest.mark.django_db


def readers(application):
    standing = application.reviews.filter(state__in=Review.STANDING)
    return {review.reviewer for review in standing.select_related("reviewer")}


def assigned(reviews=2, reviewers=3, **procedure):
    """A closed call with one application and its reviews."""
    call = panel_call(procedure={"rubric": rubric(reviews=reviews)} | procedure)
    row = applicant(call)
    pool = [make_reviewer() for _number in range(reviewers)]
    assign_reviews(by=SYSTEM, call=closed(call).slug)
    return call, row, pool


def test_each_application_gets_its_reviews_evenly_at_the_proven_optimum():
    call = panel_call(procedure={"rubric": rubric(reviews=2)})
    rows = [applicant(call) for _number in range(3)]
    for _number in range(3):
        make_reviewer()

    panel = assign_reviews(by=SYSTEM, call=closed(call).slug)

    assert [len(readers(row)) for row in rows] == [2, 2, 2]
    assert panel.cost == panel.bound > 0
    assert sorted(Review.objects.values_list("reviewer", flat=True).order_by("reviewer")) == sorted(
        Review.objects.values_list("reviewer", flat=True)
    )
    assert {Review.objects.filter(reviewer=row.reviewer_id).count() for row in Review.objects.all()} == {2}


def test_files_go_where_the_sector_is_known():
    call = panel_call(procedure={"rubric": rubric(reviews=1)})
    row = applicant(call, sector="health")
    make_reviewer(sectors=["mobility"])
    knows = make_reviewer(sectors=["health"])

    assign_reviews(by=SYSTEM, call=closed(call).slug)

    assert readers(row) == {knows}


def test_assigning_again_changes_nothing_and_tells_nothing():
    call, _row, _pool = assigned()
    before = facts_recorded()

    assign_reviews(by=SYSTEM, call=call.slug)

    assert facts_recorded() == before
    assert before.count("programmes.ReviewsAssigned") == 1


def test_a_call_that_takes_applications_is_not_assigned():
    call = panel_call()
    applicant(call)

    with pytest.raises(CallStillOpen):
        assign_reviews(by=SYSTEM, call=call.slug)


def test_without_applications_there_is_nothing_to_review():
    with pytest.raises(NothingToReview):
        assign_reviews(by=SYSTEM, call=closed(panel_call()).slug)


def test_too_few_reviewers_are_named_and_nothing_is_assigned():
    call = panel_call(procedure={"rubric": rubric(reviews=2)})
    row = applicant(call)
    make_reviewer()

    with pytest.raises(NotEnoughReviewers) as refused:
        assign_reviews(by=SYSTEM, call=closed(call).slug)

    assert (refused.value.facts["needed"], refused.value.facts["available"]) == (2, 1)
    assert row.public_id in refused.value.facts["applications"]
    assert not Review.objects.exists()


def test_a_load_limit_counts_the_files_of_other_calls():
    first, second = (panel_call(procedure={"rubric": rubric(reviews=1)}) for _number in range(2))
    make_reviewer(load_most=1)
    for call in (first, second):
        applicant(call)
        closed(call)
    assign_reviews(by=SYSTEM, call=first.slug)

    with pytest.raises(NotEnoughReviewers):
        assign_reviews(by=SYSTEM, call=second.slug)


@pytest.mark.parametrize(("years", "near"), [(2, True), (4, False)])
def test_a_colleague_of_three_years_is_a_conflict_and_an_older_one_is_not(years, near):
    owner, colleague = make_person(), make_person()
    house = make_organisation(owner)
    with clock.frozen(clock.now() - dt.timedelta(days=365 * years)):
        Membership.objects.create(person=colleague, organisation=house, role="member")
        remove_member(by=actor(owner), slug=house.slug, person_id=colleague.public_id)
    call = panel_call()
    row = applied(call, owner, house)
    reviewer = make_reviewer(colleague)

    found = conflicts_between([reviewer], [row])

    assert [c.kind for those in found.values() for c in those][:1] == (["same organisation"] if near else [])


def test_a_member_is_never_given_the_file_of_their_organisation():
    call = panel_call(procedure={"rubric": rubric(reviews=1)})
    row = applicant(call)
    make_reviewer(make_member(row.organisation))
    stranger = make_reviewer(sectors=[], kinds=[])

    assign_reviews(by=SYSTEM, call=closed(call).slug)

    assert readers(row) == {stranger}


@pytest.mark.parametrize("kind", ["coauthor", "investor", "mentor", "family", "landlord", "member"])
def test_a_declared_tie_keeps_the_file_away(kind):
    call = panel_call(procedure={"rubric": rubric(reviews=1)})
    row = applicant(call)
    near, far = make_reviewer(), make_reviewer(sectors=[], kinds=[])
    declare_tie(by=actor(near.person), kind=kind, party=row.organisation.name)

    assign_reviews(by=SYSTEM, call=closed(call).slug)

    assert readers(row) == {far}


def test_a_tie_to_a_person_counts_for_their_organisation():
    call = panel_call()
    row = applicant(call)
    reviewer = make_reviewer()
    declare_tie(by=actor(reviewer.person), kind="coauthor", party=row.person.email.upper())

    assert [c.kind for c in conflicts_between([reviewer], [row]).popitem()[1]] == ["coauthor"]


def test_a_tie_that_ended_long_ago_no_longer_counts_but_family_always_does():
    call = panel_call()
    row = applicant(call)
    first, second = make_reviewer(), make_reviewer()
    long_ago = clock.now().date() - dt.timedelta(days=366 * 5)
    declare_tie(by=actor(first.person), kind="investor", party=row.organisation.slug, until=long_ago)
    declare_tie(by=actor(second.person), kind="family", party=row.organisation.slug, until=long_ago)

    assert {who for who, _what in conflicts_between([first, second], [row])} == {second.public_id}


def test_what_reviewers_said_about_themselves_stays_out_of_the_public_record():
    call = panel_call()
    row = applicant(call)
    reviewer = make_reviewer()
    declare_tie(by=actor(reviewer.person), kind="family", party=row.organisation.name)

    public = api_for().get("/api/record/facts", {"name": "programmes.TieDeclared"}).json()["items"][0]["fact"]

    assert public["data"] == {"reviewer": reviewer.public_id, "kind": "family"}


def test_a_reviewer_with_a_conflict_who_opens_the_link_is_refused_and_can_only_give_it_back():
    _call, row, _pool = assigned()
    review = row.reviews.first()
    declare_tie(by=actor(review.reviewer.person), kind="family", party=row.organisation.name)
    client = client_for(review.reviewer.person, "en")

    opened = client.get(f"/programmes/reviews/{review.public_id}/")
    taken = api_for(review.reviewer.person).post(f"/api/programmes/reviews/{review.public_id}/accept")
    client.post(f"/programmes/reviews/{review.public_id}/recuse/", {"reason": "Family"})

    assert opened.status_code == 403
    assert "you have family at the applicant" in opened.content.decode()
    assert row.organisation.name not in opened.content.decode()
    assert f"/programmes/reviews/{review.public_id}/recuse/" in opened.content.decode()
    assert taken.json()["code"] == "programmes.ConflictOfInterest"
    review.refresh_from_db()
    assert review.state == "recused"


def test_a_file_that_was_not_assigned_does_not_exist():
    _call, row, pool = assigned(reviews=1, reviewers=2)
    review = row.reviews.get()
    other = next(r for r in pool if r != review.reviewer)

    for somebody in (other.person, make_person(), row.person):
        assert client_for(somebody).get(f"/programmes/reviews/{review.public_id}/").status_code == 404
        assert api_for(somebody).get(f"/api/programmes/reviews/{review.public_id}").status_code == 404
    assert client_for(make_person()).get("/programmes/reviews/").status_code == 404


@pytest.mark.parametrize(("language", "words"), [("ko", "모빌리티"), ("en", "Mobility")])
def test_reviewers_read_by_name_what_they_are_asked_for(language, words):
    reviewer = make_reviewer(sectors=["mobility"])

    page = client_for(reviewer.person, language).get("/programmes/reviews/").content.decode()

    assert words in page


def test_a_conflict_that_becomes_known_bars_the_review_with_the_next_assignment():
    call, row, _pool = assigned(reviews=2, reviewers=3)
    near = row.reviews.first()
    declare_tie(by=actor(near.reviewer.person), kind="mentor", party=row.organisation.name)

    assign_reviews(by=SYSTEM, call=call.slug)

    near.refresh_from_db()
    assert near.state == "barred"
    assert len(readers(row)) == 2
    assert near.reviewer not in readers(row)


def test_who_recuses_is_replaced_and_never_asked_again():
    call, row, _pool = assigned(reviews=2, reviewers=3)
    first = row.reviews.first()
    recuse(by=actor(first.reviewer.person), review=first.public_id, reason="바쁩니다")

    assign_reviews(by=SYSTEM, call=call.slug)

    assert len(readers(row)) == 2
    assert first.reviewer not in readers(row)


def test_a_draft_is_kept_exactly_as_typed_and_seen_again_without_script():
    _call, row, _pool = assigned()
    review = row.reviews.first()
    client = client_for(review.reviewer.person, "en")
    client.post(f"/programmes/reviews/{review.public_id}/accept/")
    typed = {"mark_impact": "seven?", "to_applicant": "half a sent", "to_panel": ""}

    told = client.post(f"/programmes/reviews/{review.public_id}/keep/", typed)
    page = client.get(f"/programmes/reviews/{review.public_id}/").content.decode()
    later = client.post(
        f"/programmes/reviews/{review.public_id}/", typed | {"to_panel": "so", "later": "1"}, follow=True
    )

    assert "Draft kept" in told.content.decode()
    assert "half a sent" in page
    assert "seven?" in page
    assert "Your draft is kept." in later.content.decode()
    review.refresh_from_db()
    assert review.kept == typed | {"to_panel": "so"}
    assert review.state == "accepted"


def test_a_review_is_handed_in_on_the_page_and_can_be_read_but_not_changed():
    _call, row, _pool = assigned()
    review = row.reviews.first()
    client = client_for(review.reviewer.person)
    page = f"/programmes/reviews/{review.public_id}/"
    client.post(f"{page}accept/")

    wrong = client.post(page, {"mark_impact": "1001", "to_applicant": ""})
    right = client.post(page, {"mark_impact": "812", "to_applicant": "좋습니다"}, follow=True)
    again = api_for(review.reviewer.person).post(
        f"/api/programmes/reviews/{review.public_id}/submit",
        {"marks": {"impact": 900}, "to_applicant": "x"},
        content_type="application/json",
    )

    assert wrong.status_code == 422
    assert "평가서를 제출했습니다" in right.content.decode()
    assert "812" in client.get(page).content.decode()
    assert again.status_code == 409
    review.refresh_from_db()
    assert (review.marks, review.state) == ({"impact": 812}, "submitted")


def test_blind_reading_hides_who_applies():
    _call, row, _pool = assigned(rubric=rubric(reviews=1, blind=True))
    review = row.reviews.get()

    page = client_for(review.reviewer.person, "en").get(f"/programmes/reviews/{review.public_id}/")
    data = api_for(review.reviewer.person).get(f"/api/programmes/reviews/{review.public_id}").json()

    assert row.organisation.name not in page.content.decode()
    assert "read blind" in page.content.decode()
    assert (data["organisation"], data["answers"]["purpose"]) == ("", row.answers["purpose"])


@pytest.mark.parametrize(
    ("marks", "words"),
    [
        ({}, "a"),
        ({"impact": True}, "a"),
        ({"impact": -1}, "a"),
        ({"impact": 5, "x": 1}, "a"),
        ({"impact": 5}, ""),
    ],
)
def test_a_review_that_does_not_fit_the_rubric_is_refused(marks, words):
    _call, row, _pool = assigned()
    review = row.reviews.first()
    person = actor(review.reviewer.person)
    accept_review(by=person, review=review.public_id)

    with pytest.raises(Invalid):
        submit_review(by=person, review=review.public_id, marks=marks, to_applicant=words)


def test_a_submitted_review_can_be_set_aside_by_the_desk_only():
    _call, row, pool = assigned()
    review = write(row.reviews.first(), impact=500)
    officer = make_person(roles=["operator"])

    with pytest.raises(NotFound):
        set_aside_review(by=actor(pool[0].person), review=review.public_id, reason="x")
    set_aside_review(by=actor(officer), review=review.public_id, reason="친척이라고 알려 왔습니다")

    review.refresh_from_db()
    assert review.state == "barred"
    with pytest.raises(ConflictOfInterest):
        accept_review(by=actor(review.reviewer.person), review=review.public_id)


def test_only_the_desk_appoints_reviewers_and_assigns():
    call = panel_call()
    stranger = actor(make_person())

    with pytest.raises(Forbidden):
        save_reviewer(by=stranger, person="a@example.org", sectors=[], kinds=[], load_most=3)
    with pytest.raises(Forbidden):
        assign_reviews(by=stranger, call=call.slug)
    with pytest.raises(Invalid) as refused:
        save_reviewer(by=SYSTEM, person="nobody@example.org", sectors=["x"], kinds=[], load_most=0)
    assert set(refused.value.errors) == {"person", "sectors", "load_most"}


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_desk_walks_from_reviewers_to_an_assignment(language):
    call = panel_call(procedure={"rubric": rubric(reviews=1)})
    row = applicant(call)
    officer, reader = make_person(roles=["operator"]), make_person()
    closed(call)
    client = client_for(officer, language)

    client.post(
        "/programmes/panels/reviewers/",
        {"person": reader.email, "sectors": ["mobility"], "load_most": "5", "active": "on"},
    )
    index = client.get("/programmes/panels/").content.decode()
    before = client.get(f"/programmes/panels/{call.slug}/").content.decode()
    after = client.post(f"/programmes/panels/{call.slug}/assign/", follow=True).content.decode()

    assert call.title[language] in index
    assert f"/programmes/panels/{call.slug}/assign/" in before
    assert row.organisation.name in after
    assert {"ko": "하한", "en": "Lower bound"}[language] in after
    assert readers(row).pop().person == reader
    assert client_for(reader).get("/programmes/panels/").status_code == 403


def test_a_reviewer_is_told_once_about_each_file():
    _call, row, _pool = assigned(reviews=1, reviewers=1)

    deliver_everything()

    review = row.reviews.get()
    notice = Notice.objects.get(person=review.reviewer.person)
    assert notice.url == f"/programmes/reviews/{review.public_id}/"
    assert row.organisation.name not in str(notice.title)
