"""Rankings, decisions and appeals, through the commands, the pages and the API."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from bitgoeul.apps.notices.models import Notice
from bitgoeul.apps.people.tests.factories import actor, make_person
from bitgoeul.apps.programmes.commands import decline_offer, take_offer
from bitgoeul.apps.programmes.commands.panels import answer_appeal, decide_panel, file_appeal
from bitgoeul.apps.programmes.commands.reviews import assign_reviews, declare_tie
from bitgoeul.apps.programmes.errors import (
    AppealClosed,
    ApplicationsOpen,
    BudgetSpent,
    CallStillOpen,
    ConflictsFound,
    PanelDecided,
    ReviewsMissing,
)
from bitgoeul.apps.programmes.models import Application, Call, Panel
from bitgoeul.apps.programmes.queries import panels as judging
from bitgoeul.apps.programmes.tests.factories import AGREED
from bitgoeul.apps.programmes.tests.panels import (
    applicant,
    closed,
    make_reviewer,
    panel_call,
    rubric,
    write,
)
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.refusals import Forbidden
from bitgoeul.kit.testing import api_for, client_for, deliver_everything

pytestmark = pytest.mark.django_db
ANSWER = {"ko": "다시 살폈습니다.", "en": "We looked again."}


def judged(*marks, procedure=None, **fields):
    """A closed call whose applications have these marks, one list for each, in tenths of a point."""
    whole = {"rubric": rubric(reviews=len(marks[0]))} | (procedure or {})
    call = panel_call(procedure=whole, **fields)
    rows = [applicant(call) for _marks in marks]
    for _number in marks[0]:
        make_reviewer(load_most=200)
    assign_reviews(by=SYSTEM, call=closed(call).slug)
    for row, given in zip(rows, marks, strict=True):
        for review, mark in zip(row.reviews.order_by("reviewer"), given, strict=True):
            write(review, impact=mark)
    return call, rows


def states(rows):
    return [Application.objects.get(pk=row.pk).state for row in rows]


def decision(row):
    return Application.objects.get(pk=row.pk).decision


def test_the_trimmed_mean_with_its_bonus_stays_below_the_cut():
    """51.2, 60, 62, 64, 66, 70.1: without the highest and the lowest 63.0, with 3 points 66.0, cut 70."""
    bonus = [{"name": "local", "title": AGREED, "points": 3, "rule": 'organisation.region == "광주광역시"'}]
    call, (row,) = judged(
        (512, 600, 620, 640, 660, 701),
        procedure={"rubric": rubric(reviews=6, bonus=bonus, bonus_most=5)},
    )
    found = judging.board(call)
    line = judging.ranking(found, judging.settings_of(call, found.budget), found.by_arrival).lines[0]

    decide_panel(by=SYSTEM, call=call.slug)

    assert [str(line.score), str(line.bonus), str(line.raw)] == ["66.00", "3.00", "65.22"]
    assert states([row]) == ["rejected"]
    assert decision(row).reason["ko"] == "점수는 66.00점으로 기준 점수 70점에 미치지 못했습니다."
    assert decision(row).reason["en"] == "Score 66.00, below the cut of 70."


def test_winners_are_offered_the_next_wait_in_order_and_the_others_read_why():
    call, rows = judged((700, 720), (950, 930), (600, 640), (800, 820), budget=200_000)

    decide_panel(by=SYSTEM, call=call.slug)

    assert states(rows) == ["reserve", "offered", "rejected", "offered"]
    assert Application.objects.get(pk=rows[0].pk).order == 1
    call.refresh_from_db()
    assert (call.reserved, call.granted, call.left) == (200_000, 0, 0)
    fact = Fact.objects.get(name="programmes.PanelDecided")
    assert {name: fact.data[name] for name in ("offered", "reserve", "rejected", "line", "asked")} == {
        "offered": 2, "reserve": 1, "rejected": 1, "line": "81.00", "asked": 200_000,
    }  # fmt: skip
    assert [row["outcome"] for row in fact.personal["ranking"]] == ["wins", "wins", "waits", "cut"]


def test_when_a_winner_declines_the_next_in_order_is_offered():
    call, rows = judged((700, 720), (950, 930), budget=100_000)
    decide_panel(by=SYSTEM, call=call.slug)

    decline_offer(by=actor(rows[1].person), application=rows[1].public_id)
    take_offer(by=actor(rows[0].person), application=rows[0].public_id)

    assert states(rows) == ["accepted", "declined"]


def test_between_equal_scores_the_first_handed_in_wins():
    call, rows = judged((800, 800), (800, 800), budget=100_000)

    decide_panel(by=SYSTEM, call=call.slug)

    assert states(rows) == ["offered", "reserve"]


def test_who_is_below_a_floor_is_out_whatever_the_total():
    criteria = [
        {"name": "impact", "title": AGREED, "weight": 90, "most": 100},
        {"name": "team", "title": {"ko": "수행 역량", "en": "Team"}, "weight": 10, "most": 100, "floor": 40},
    ]
    call = panel_call(procedure={"rubric": rubric(reviews=1, criteria=criteria)})
    row = applicant(call)
    make_reviewer()
    assign_reviews(by=SYSTEM, call=closed(call).slug)
    write(row.reviews.get(), impact=100, team=30)

    decide_panel(by=SYSTEM, call=call.slug)

    assert states([row]) == ["rejected"]
    assert "Team" in decision(row).reason["en"]
    assert "수행 역량" in decision(row).reason["ko"]


def test_a_quota_keeps_places_for_those_it_names():
    quota = {"by": "organisation.region", "least": {"전라남도": 50}}
    call = panel_call(procedure={"rubric": rubric(reviews=1), "quota": quota}, budget=200_000)
    rows = [applicant(call), applicant(call), applicant(call, region="전라남도")]
    make_reviewer()
    assign_reviews(by=SYSTEM, call=closed(call).slug)
    for row, mark in zip(rows, (900, 850, 750), strict=True):
        write(row.reviews.get(), impact=mark)

    decide_panel(by=SYSTEM, call=call.slug)

    assert states(rows) == ["offered", "reserve", "offered"]


def test_a_second_decision_is_refused_with_its_moment():
    call, _rows = judged((800, 810))
    decide_panel(by=SYSTEM, call=call.slug)

    with pytest.raises(PanelDecided) as refused:
        decide_panel(by=actor(make_person(roles=["operator"])), call=call.slug)

    assert refused.value.facts["call"] == str(call)
    assert Fact.objects.filter(name="programmes.PanelDecided").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_officers_at_once_one_decides_and_the_other_is_refused():
    call, rows = judged((800, 810), (900, 910), budget=100_000)
    officers = [actor(make_person(roles=["operator"])) for _number in range(2)]
    barrier, answers = threading.Barrier(2), []

    def decide(officer):
        barrier.wait()
        try:
            decide_panel(by=officer, call=call.slug)
            answers.append("decided")
        except PanelDecided:
            answers.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=decide, args=(officer,)) for officer in officers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == ["decided", "refused"]
    assert sorted(states(rows)) == ["offered", "reserve"]
    assert Call.objects.get(pk=call.pk).reserved == 100_000
    assert connection.is_usable()


def test_however_many_applications_a_decision_reads_them_once():
    asked = []
    for count in (3, 9):
        call, rows = judged((900, 880), (850, 800), *[(640, 600)] * (count - 2))
        with CaptureQueriesContext(connection) as queries:
            decide_panel(by=SYSTEM, call=call.slug)
        asked.append(sum(row["sql"].startswith("SELECT") for row in queries))
        assert states(rows).count("rejected") == count - 2
    assert asked[0] == asked[1]


def test_a_decision_after_the_budget_is_gone_changes_nothing():
    call, rows = judged((800, 810))
    Call.objects.filter(pk=call.pk).update(granted=call.budget)

    with pytest.raises(BudgetSpent):
        decide_panel(by=SYSTEM, call=call.slug)

    assert states(rows) == ["in_review"]
    assert not Panel.objects.filter(state="decided").exists()


def test_nothing_is_decided_while_something_is_missing():
    early = panel_call()
    call = panel_call(procedure={"rubric": rubric(reviews=1)})
    row = applicant(call)
    waiting = applicant(call)
    Application.objects.filter(pk=waiting.pk).update(state="waiting")
    make_reviewer()
    assign_reviews(by=SYSTEM, call=closed(call).slug)

    with pytest.raises(CallStillOpen):
        decide_panel(by=SYSTEM, call=early.slug)
    with pytest.raises(ApplicationsOpen):
        decide_panel(by=SYSTEM, call=call.slug)
    Application.objects.filter(pk=waiting.pk).update(state="withdrawn")
    with pytest.raises(ReviewsMissing) as refused:
        decide_panel(by=SYSTEM, call=call.slug)

    assert refused.value.facts["missing"] == 1
    assert states([row]) == ["in_review"]


def test_a_conflict_that_becomes_known_before_the_decision_stops_it():
    call, rows = judged((800, 810))
    review = rows[0].reviews.first()
    declare_tie(by=actor(review.reviewer.person), kind="investor", party=rows[0].organisation.name)
    officer = make_person(roles=["operator"])
    client = client_for(officer, "en")

    with pytest.raises(ConflictsFound):
        decide_panel(by=SYSTEM, call=call.slug)
    page = client.get(f"/programmes/panels/{call.slug}/?conflicts=1").content.decode()
    client.post(f"/programmes/panels/reviews/{review.public_id}/aside/", {"reason": "Investor"})
    make_reviewer()
    assign_reviews(by=SYSTEM, call=call.slug)
    write(rows[0].reviews.get(state="assigned"), impact=700)
    decide_panel(by=SYSTEM, call=call.slug)

    assert rows[0].organisation.name in page
    assert states(rows) == ["offered"]


def test_nobody_decides_about_an_organisation_of_their_own():
    call, rows = judged((800, 810))
    owner = rows[0].person
    owner.roles = ["operator"]
    owner.save()

    with pytest.raises(Forbidden):
        decide_panel(by=actor(owner), call=call.slug)

    assert states(rows) == ["in_review"]


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_panel_screen_ranks_and_decides(language):
    call, rows = judged((850, 730), (900, 880), (640, 600))
    client = client_for(make_person(roles=["operator"]), language)

    page = client.get(f"/programmes/panels/{call.slug}/").content.decode()
    done = client.post(f"/programmes/panels/{call.slug}/decide/", follow=True).content.decode()

    assert all(score in page for score in ("89.00", "79.00", "62.00"))
    assert {"ko": "보정 점수", "en": "Calibrated"}[language] in page
    assert {"ko": "기준 점수 미달", "en": "below the cut"}[language] in page
    assert {"ko": "결정했습니다", "en": "The panel has decided"}[language] in done
    in_review = {"ko": "평가 중", "en": "In review"}[language]
    assert in_review in page
    assert in_review not in done  # how far the reviews are is over
    assert states(rows) == ["offered", "offered", "rejected"]


def test_a_severe_reviewer_moves_nobody_once_leniency_is_taken_out():
    """Two reviewers of whom one gives twenty points less: each reads half, and raw scores mislead."""
    call = panel_call(procedure={"rubric": rubric(reviews=2)})
    rows = [applicant(call) for _number in range(6)]
    for _number in range(3):
        make_reviewer(load_most=4)
    assign_reviews(by=SYSTEM, call=closed(call).slug)
    severe = rows[-1].reviews.first().reviewer  # so that the best looks worse than those it is better than
    for number, row in enumerate(rows):
        for review in row.reviews.all():
            write(review, impact=800 + 10 * number - 200 * (review.reviewer == severe))
    found = judging.board(call)
    lines = judging.ranking(found, judging.settings_of(call, found.budget), found.by_arrival).lines

    assert any(line.change for line in lines)
    calibrated = [line.application for line in sorted(lines, key=lambda line: line.calibrated)]
    assert calibrated == [row.public_id for row in rows]


def test_the_ranking_over_http_is_for_the_desk():
    call, rows = judged((850, 730), (900, 880))

    told = api_for(make_person(roles=["operator"])).get(f"/api/programmes/calls/{call.slug}/ranking").json()

    assert [(row["place"], row["score"], row["standing"]) for row in told["items"]] == [
        (1, "89.00", "wins"),
        (2, "79.00", "wins"),
    ]
    assert api_for(rows[0].person).get(f"/api/programmes/calls/{call.slug}/ranking").status_code == 403


# Appeals


def rejected(appeal_days=10):
    call, rows = judged((600, 610), (900, 910), procedure={"rubric": rubric(), "appeal_days": appeal_days})
    decide_panel(by=SYSTEM, call=call.slug)
    return call, rows[0]


def test_an_applicant_reads_the_comments_and_appeals_on_the_page():
    _call, row = rejected()
    client = client_for(row.person)
    page = f"/programmes/applications/{row.public_id}/result/"

    read = client.get(page).content.decode()
    client.post(page, {"words": "재무 자료를 빠뜨리고 평가했습니다."})
    desk = client_for(make_person(roles=["operator"]))
    asked = desk.get(page).content.decode()
    desk.post(
        f"/programmes/applications/{row.public_id}/appeal/", {"upheld": "no", "answer_ko": "모두 살폈습니다."}
    )
    deliver_everything()
    answered = client.get(page).content.decode()

    assert "잘 쓰였습니다." in read
    assert "재무 자료" in asked
    assert "모두 살폈습니다." in answered
    assert states([row]) == ["rejected"]
    assert Notice.objects.filter(person=row.person, kind="programmes.AppealAnswered").exists()


def test_an_appeal_upheld_is_next_in_order_and_offered_while_the_budget_lasts():
    _call, row = rejected()
    file_appeal(by=actor(row.person), application=row.public_id, words="잘못 읽었습니다.")

    answer_appeal(by=SYSTEM, application=row.public_id, upheld=True, answer=ANSWER)

    assert states([row]) == ["offered"]
    assert decision(row).accepted


def test_an_appeal_upheld_after_the_budget_is_gone_waits_first():
    call, rows = judged(
        (600, 610), (900, 910), (800, 800),
        procedure={"rubric": rubric(), "appeal_days": 10}, budget=100_000,
    )  # fmt: skip
    decide_panel(by=SYSTEM, call=call.slug)
    file_appeal(by=actor(rows[0].person), application=rows[0].public_id, words="잘못 읽었습니다.")

    answer_appeal(by=SYSTEM, application=rows[0].public_id, upheld=True, answer=ANSWER)

    assert states(rows) == ["reserve", "offered", "reserve"]
    assert [Application.objects.get(pk=row.pk).order for row in (rows[0], rows[2])] == [1, 2]


def test_an_appeal_is_taken_once_and_in_time():
    _call, row = rejected(appeal_days=3)
    with clock.frozen(clock.now() + dt.timedelta(days=4)), pytest.raises(AppealClosed):
        file_appeal(by=actor(row.person), application=row.public_id, words="늦었습니다.")
    file_appeal(by=actor(row.person), application=row.public_id, words="잘못 읽었습니다.")
    with pytest.raises(AppealClosed):
        file_appeal(by=actor(row.person), application=row.public_id, words="또 있습니다.")

    _other, none = rejected(appeal_days=0)
    with pytest.raises(AppealClosed):
        file_appeal(by=actor(none.person), application=none.public_id, words="기간이 없습니다.")


def test_before_the_decision_there_is_nothing_to_read():
    _call, rows = judged((800, 810))

    assert (
        client_for(rows[0].person).get(f"/programmes/applications/{rows[0].public_id}/result/").status_code
        == 404
    )
