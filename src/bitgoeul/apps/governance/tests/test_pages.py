"""The pages, as citizens, members, secretaries and the desk walk through them."""

from __future__ import annotations

import pytest

from bitgoeul.apps.governance import commands, seeding
from bitgoeul.apps.governance.models import Decision, Meeting, PlanVersion
from bitgoeul.apps.governance.queries import plan as plan_queries
from bitgoeul.apps.governance.tests.factories import make_plan, make_sitting, measure
from bitgoeul.apps.people.tests.factories import make_person
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.testing import api_for, client_for, deliver_everything

pytestmark = pytest.mark.django_db


def text(response):
    return response.content.decode()


@pytest.fixture
def seeded():
    seeding.seed_plan(by=SYSTEM)
    seeding.seed_committees(by=SYSTEM)
    return seeding.seed_meetings(by=SYSTEM)


def test_the_seed_carries_results_over_and_a_second_run_changes_nothing(seeded):
    first, second = plan_queries.published().order_by("number")
    again = seeding.seed_meetings(by=SYSTEM)
    seeding.seed_plan(by=SYSTEM)

    assert [first.number, second.number] == [1, 2]
    assert PlanVersion.objects.count() == 2
    assert {row.pk for row in again} == {row.pk for row in seeded}
    supported = plan_queries.node_of(second.tree, "indicator", "supported-projects").content
    assert supported["baseline"]["numerator"] == "1946"
    assert plan_queries.chain_problems() == []


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_citizen_sees_strategies_phases_committees_decisions_and_actions(seeded, language):
    client = client_for(language=language)
    decision = Decision.objects.get()
    index = text(client.get("/governance/"))

    for words in {
        "ko": ["산업 기반 조성", "핵심 기업 육성", "글로벌 경쟁력 확보", "총괄위원회", "2단계"],
        "en": [
            "industrial base",
            "core companies",
            "Competing in the world",
            "Steering committee",
            "Phase 2",
        ],
    }[language]:
        assert words in index
    for path in (
        "plan/", "plan/?on=2021-05-01", "plan/?version=1", "plan/compare/", "tasks/attraction/",
        "indicators/realised-mous/", "indicators/supported-projects/", "committees/", "committees/steering/",
        f"meetings/{seeded[0].public_id}/", "decisions/", f"decisions/{decision.name}/", "actions/",
        f"actions/{decision.actions.first().public_id}/",
    ):  # fmt: skip
        assert client.get(f"/governance/{path}").status_code == 200, path


def test_the_plan_of_an_earlier_day_has_the_names_of_that_day(seeded):
    client = client_for(language="en")

    assert "Building the base for firms" in text(client.get("/governance/plan/?on=2021-05-01"))
    assert "No version stood on this day" in text(client.get("/governance/plan/?on=2019-05-01"))
    compared = text(client.get("/governance/plan/compare/"))
    assert "Building the base for firms" in compared
    assert "<del>" in compared
    assert client.get("/governance/plan/?version=9").status_code == 404
    assert client.get("/governance/plan/compare/?from=1&to=9").status_code == 404


def test_without_a_plan_and_without_committees_the_pages_say_so():
    client = client_for(language="en")

    assert "No plan is published yet" in text(client.get("/governance/"))
    assert "No committee has been founded yet" in text(client.get("/governance/committees/"))


def test_what_is_not_there_or_not_for_you_is_not_found(seeded):
    member = client_for(make_person())

    for path in ("tasks/none/", "indicators/none/", "committees/none/", "meetings/none/",
                 "decisions/2020-01/",
                 "decisions/none/", "actions/none/"):  # fmt: skip
        assert member.get(f"/governance/{path}").status_code == 404, path
    for path in ("desk/plan/", "desk/committees/new/", f"meetings/{seeded[0].public_id}/live/",
                 "indicators/jobs/measure/"):  # fmt: skip
        assert member.get(f"/governance/{path}").status_code == 403, path


def test_the_desk_re_plans_in_the_browser():
    make_plan()
    measure("supports", "1946", "2024-12-31")
    desk = client_for(make_person(roles=["operator"]), language="en")

    desk.post("/governance/desk/plan/begin/", {"carry_until": "2024-12-31"})
    page = desk.get("/governance/desk/plan/indicator/supports/")
    values = {field.html_name: field.value() or "" for field in page.context["form"]}
    saved = desk.post(
        "/governance/desk/plan/indicator/supports/",
        values | {"title_en": "Projects", "target_phase-2": "4000"},
    )
    assert saved.url == "/governance/desk/plan/", text(saved)
    task = {
        "key": "robots",
        "parent": "base",
        "title_ko": "로봇",
        "title_en": "Robots",
        "phases": ["phase-2"],
    }
    desk.post("/governance/desk/plan/task/", task)
    phase = {"key": "phase-3", "title_ko": "3단계", "title_en": "Phase 3", "precision": "year"}
    refused = desk.post(
        "/governance/desk/plan/phase/", phase | {"starts_on": "2029-01-01", "ends_on": "2034-12-31"}
    )
    assert refused.status_code == 422
    assert "overlap" in text(refused)
    reason = {"reason_ko": "다시 계획합니다", "reason_en": "Anew"}
    late = desk.post("/governance/desk/plan/publish/", reason | {"effective_from": "2019-01-01"})
    assert (late.status_code, "cannot begin" in text(late)) == (422, True)
    desk.post("/governance/desk/plan/publish/", reason | {"effective_from": "2025-01-01"})

    version = plan_queries.published().first()
    supports = plan_queries.node_of(version.tree, "indicator", "supports").content
    assert version.number == 2
    assert (supports["title"]["en"], supports["targets"][0]["value"]) == ("Projects", "4000")
    assert supports["baseline"]["numerator"] == "1946"
    assert plan_queries.node_of(version.tree, "task", "robots").parent == "base"


def test_a_figure_is_written_down_at_the_desk_with_its_source():
    make_plan()
    desk = client_for(make_person(roles=["operator"]), language="en")
    good = {
        "numerator": "12",
        "as_of": "2024-11-04",
        "precision": "month",
        "source_ko": "보고서",
        "source_en": "Report",
    }

    assert desk.post("/governance/indicators/granted/measure/", good).status_code == 422
    saved = desk.post("/governance/indicators/granted/measure/", good | {"denominator": "48"})

    assert saved.status_code == 302
    page = text(desk.get("/governance/indicators/granted/"))
    assert "25 %" in page
    assert "November 2024" in page
    assert "30 Nov 2024" not in page


def test_a_phase_that_the_plan_names_by_its_years_shows_its_years(seeded):
    page = text(client_for(language="ko").get("/governance/"))

    assert ">2020년</time>" in page
    assert "2020-01-01</time>" not in page


def test_a_secretary_keeps_a_whole_meeting_from_one_page_and_members_vote_from_theirs():
    make_plan()
    room = make_sitting(members=3, present=0)
    meeting, secretary = room.meeting, client_for(room.secretary, language="en")
    live = f"/governance/meetings/{meeting.public_id}/live/"
    chair, other = (client_for(room.people[number], language="en") for number in (0, 1))

    point = {
        "kind": "motion",
        "title_ko": "안건",
        "title_en": "Motion",
        "text_ko": "합니다",
        "text_en": "We do",
    }
    secretary.post(f"/governance/meetings/{meeting.public_id}/points/new/", point | {"tasks": ["compute"]})
    motion = meeting.items.get(kind="motion").public_id
    assert "2 more are needed to vote" in text(secretary.get(live))
    for seat in room.seats[:2]:
        secretary.post(
            f"/governance/meetings/{meeting.public_id}/seats/{seat.public_id}/", {"state": "present"}
        )
    assert "Quorum met (2 needed)" in text(secretary.get(live))
    secretary.post(f"/governance/points/{motion}/move/vote/")
    assert "The vote is open" in text(chair.get(f"/governance/meetings/{meeting.public_id}/"))
    chair.post(f"/governance/points/{motion}/vote/", {"choice": "yes"})
    assert "You voted: yes" in text(chair.get(f"/governance/meetings/{meeting.public_id}/part/"))
    assert chair.post(f"/governance/points/{motion}/vote/", {"choice": "no"}).status_code == 409
    secretary.post(f"/governance/points/{motion}/hear/{room.seats[1].public_id}/", {"choice": "yes"})
    assert "noted it as you said it" in text(other.get(f"/governance/meetings/{meeting.public_id}/"))
    counted = secretary.post(f"/governance/points/{motion}/move/count/", follow=True)
    decision = Decision.objects.get()
    assert decision.reference in text(counted)
    action = {"title_ko": "할 일", "title_en": "To do", "owner_ko": "담당", "due_on": "2099-01-01"}
    secretary.post(f"/governance/meetings/{meeting.public_id}/actions/new/", action)
    assert "오늘부터" in text(client_for(room.secretary).post(
        f"/governance/meetings/{meeting.public_id}/actions/new/", action))  # fmt: skip
    near = action | {"due_on": str(plan_queries.today()), "decision": decision.reference}
    secretary.post(f"/governance/meetings/{meeting.public_id}/actions/new/", near)
    report = meeting.items.get(kind="report").public_id
    secretary.post(f"/governance/points/{report}/move/done/")
    secretary.post(f"/governance/meetings/{meeting.public_id}/end/")
    draft = secretary.get(f"/governance/meetings/{meeting.public_id}/minutes/").context["form"].initial
    assert decision.reference in draft["text_ko"]
    assert "할 일" in draft["text_ko"]
    secretary.post(f"/governance/meetings/{meeting.public_id}/minutes/", draft)
    assert "Approve the minutes" in text(chair.get(f"/governance/meetings/{meeting.public_id}/"))
    chair.post(f"/governance/meetings/{meeting.public_id}/approve/", {"from": "meeting"})
    secretary.post(f"/governance/meetings/{meeting.public_id}/publish/")

    public = text(client_for(language="en").get(f"/governance/meetings/{meeting.public_id}/"))
    assert "Motion" in public
    assert decision.reference in public
    assert Meeting.objects.get(pk=meeting.pk).minutes.state == "published"


def test_a_member_declares_an_interest_on_a_page_of_its_own():
    room = make_sitting()
    item = room.item()
    member, stranger = client_for(room.people[1], language="en"), client_for(make_person())
    address = f"/governance/points/{item.public_id}/interest/"

    assert address in text(member.get(f"/governance/meetings/{room.meeting.public_id}/"))
    assert "you cannot take it back" in text(member.get(address))
    assert stranger.get(address).status_code == 404
    assert member.post(address, {}).url == f"/governance/meetings/{room.meeting.public_id}/"
    assert address not in text(member.get(f"/governance/meetings/{room.meeting.public_id}/"))


def test_before_the_minutes_are_published_a_citizen_reads_no_agenda():
    room = make_sitting()
    room.item()
    page = text(client_for(language="en").get(f"/governance/meetings/{room.meeting.public_id}/"))

    assert "once the minutes are published" in page
    assert "We decide." not in page
    assert "We decide." in text(
        client_for(room.people[1], language="en").get(f"/governance/meetings/{room.meeting.public_id}/")
    )


def test_the_desk_founds_a_committee_seats_a_member_and_plans_a_meeting():
    desk = client_for(make_person(roles=["operator"]), language="en")
    member = make_person()
    values = {
        "slug": "steering", "level": "steering", "title_ko": "총괄위원회", "title_en": "Steering",
        "remit_ko": "정합니다", "remit_en": "Decides", "quorum": "majority", "passes": "two_thirds",
        "founded_on": "2021-07-01",
    }  # fmt: skip
    assert desk.post("/governance/desk/committees/new/", values).url == "/governance/committees/steering/"
    today = str(plan_queries.today())
    seat = {
        "name": "위원",
        "role": "chair",
        "starts_on": today,
        "ends_on": "2099-01-01",
        "email": member.email,
    }
    assert desk.post("/governance/committees/steering/members/new/", seat).status_code == 422
    desk.post("/governance/committees/steering/members/new/", seat | {"ends_on": today})
    planned = desk.post(
        "/governance/committees/steering/meetings/new/",
        {
            "title_ko": "회의",
            "title_en": "Meeting",
            "starts_at": f"{today}T10:00",
            "ends_at": f"{today}T11:00",
        },
    )

    assert "/live/" in planned.url
    assert "My committees" in text(client_for(member, language="en").get("/governance/"))


def test_members_are_told_of_the_agenda_and_owners_of_their_actions():
    room = make_sitting()
    deliver_everything()
    inbox = text(client_for(room.people[1], language="en").get("/notices/"))

    assert "meets: Meeting" in inbox


def test_programs_read_the_same_over_the_api(seeded):
    api = api_for()
    decision = Decision.objects.get()

    plan = api.get("/api/governance/plan").json()
    assert plan["number"] == 2
    assert api.get("/api/governance/plan?on=2021-01-01").json()["number"] == 1
    assert [row["number"] for row in api.get("/api/governance/plan/versions").json()] == [2, 1]
    assert any(
        change["key"] == "base" and "title" in change["fields"]
        for change in api.get("/api/governance/plan/changes?old=1&new=2").json()
    )
    assert api.get(f"/api/governance/decisions/{decision.reference}").json()["tasks"] == [
        "attraction",
        "governance",
    ]
    assert api.get("/api/governance/decisions/decision:1999-01").status_code == 404
    assert len(api.get("/api/governance/committees").json()) == 5
    assert api.get("/api/governance/actions").json()["items"][0]["decision"] == decision.reference
    assert len(api.get(f"/api/governance/meetings/{seeded[0].public_id}").json()["agenda"]) == 2
    assert [
        (row["as_of"], row["precision"])
        for row in api.get("/api/governance/indicators/jobs/measurements").json()
    ] == [("2021-12-31", "year"), ("2025-06-30", "month")]
    body = {"numerator": "1", "as_of": "2025-01-01", "source": {"ko": "가", "en": "a"}}
    assert (
        api.post("/api/governance/indicators/jobs/measurements", body, "application/json").status_code == 401
    )


def test_a_member_votes_over_the_api_once():
    room = make_sitting()
    item = room.item()
    commands.open_vote(by=room.keeper, item=item.public_id)
    api = api_for(room.people[0])
    vote = f"/api/governance/points/{item.public_id}/vote"

    assert api.post(vote, {"choice": "yes"}, "application/json").json()["choice"] == "yes"
    assert api.post(vote, {"choice": "no"}, "application/json").json()["code"] == "governance.VotedAlready"


def test_lists_ask_the_database_the_same_number_of_times_however_long_they_are(
    django_assert_max_num_queries, seeded
):
    client = client_for()
    client.get("/governance/")
    with django_assert_max_num_queries(20):
        client.get("/governance/")
