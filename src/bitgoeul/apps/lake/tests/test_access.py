"""Data on request: everybody sees what it is, rows are read with an access that ends by itself."""

from __future__ import annotations

import datetime as dt

import pytest

from bitgoeul.apps.compute.queries import input_files, readable_inputs
from bitgoeul.apps.lake import queries
from bitgoeul.apps.lake.commands import change_access, edit_dataset, end_access, give_access, save_query
from bitgoeul.apps.lake.errors import ResultTooOpen, SomebodyHasAccess, UnknownTable
from bitgoeul.apps.lake.models import Access
from bitgoeul.apps.lake.tasks import look_after_access
from bitgoeul.apps.lake.tests.factories import make_dataset, make_member, make_published
from bitgoeul.apps.notices.models import Notice
from bitgoeul.apps.people.models import Person
from bitgoeul.apps.people.tests.factories import actor, make_person
from bitgoeul.apps.programmes.commands import apply as apply_for
from bitgoeul.apps.programmes.commands import ask_change, confirm_part, decide_change, end_grant
from bitgoeul.apps.programmes.models import Grant
from bitgoeul.apps.programmes.tests.factories import FORM, make_call
from bitgoeul.kit import clock
from bitgoeul.kit.actor import ANONYMOUS, SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.refusals import Forbidden, Invalid, NotFound, StateChanged
from bitgoeul.kit.testing import api_for, client_for, deliver_everything

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
SQL = "SELECT count(*) FROM beds.buses"
REASON = {"ko": "끝냅니다.", "en": "It ends."}


class Scene:
    """A hospital with a dataset on request, and a company that wants to read it."""

    def __init__(self) -> None:
        self.steward, self.hospital = make_member()
        self.version = make_published(self.steward, self.hospital, slug="beds", visibility="restricted")
        self.dataset = self.version.dataset
        self.reader, self.company = make_member()
        self.person = Person.objects.get(pk=self.reader.person_id)

    def give(self, days: int = 30, **more: object) -> Access:
        return give_access(
            by=self.steward, dataset="beds", organisation=self.company.slug, purpose="병상 예측 연구",
            ends_at=clock.now() + days * DAY, **more,
        )  # fmt: skip

    def reads(self) -> bool:
        return queries.may_read(self.reader, self.dataset)


@pytest.fixture
def scene():
    return Scene()


def status_of(client, address):
    return client.get(address).status_code


ROWS = (
    "/lake/beds/1/buses.csv",
    "/lake/beds/1/buses.parquet",
    "/api/lake/datasets/beds/versions/1/tables/buses.csv",
    "/api/lake/datasets/beds/versions/1/profile",
)


def test_whoever_has_no_access_sees_the_description_and_no_row(scene):
    for client in (api_for(), api_for(scene.person)):
        assert [status_of(client, address) for address in ROWS] == [404] * len(ROWS)
        found = client.get("/api/lake/datasets?q=bus").json()["items"]
        assert [(row["slug"], row["access_rights"], row["readable"]) for row in found] == [
            ("beds", "RESTRICTED", False)
        ]
    with pytest.raises(UnknownTable):
        queries.run(scene.reader, SQL)
    with pytest.raises(UnknownTable):
        queries.run(scene.reader, "SELECT count(*) FROM buses")
    with pytest.raises(NotFound):
        readable_inputs(scene.reader, ["beds@1"])
    page = client_for(language="en").get("/lake/beds/").content.decode()
    assert "지연(분)" in page  # the columns are a part of the description
    assert "수완12" not in page  # the rows are not
    assert "No call gives access to it now." in page


def test_with_access_every_door_opens_until_its_end_and_closes_by_itself(scene):
    access = scene.give(days=30)

    client = api_for(scene.person)
    assert [status_of(client, address) for address in ROWS] == [200] * len(ROWS)
    assert queries.run(scene.reader, SQL).rows == [[2]]
    assert readable_inputs(scene.reader, ["beds"]) == ["beds@1"]
    assert "수완12" in client_for(scene.person, "en").get("/lake/beds/").content.decode()
    assert client.get("/api/lake/datasets/beds").json()["readable"] is True

    with clock.frozen(access.ends_at):
        assert not scene.reads()
        with pytest.raises(UnknownTable):
            queries.run(scene.reader, SQL)
        assert status_of(client, ROWS[0]) == 404
        look_after_access()
        look_after_access()
    assert Fact.objects.filter(name="lake.AccessEnded").count() == 1
    assert Fact.objects.get(name="lake.AccessEnded").data["early"] is False


def test_access_opens_for_its_time_and_its_organisation_alone(scene):
    scene.give(days=30, starts_at=clock.now() + 2 * DAY)
    assert not scene.reads()
    with clock.frozen(clock.now() + 3 * DAY):
        assert scene.reads()
        other, _organisation = make_member()
        assert not queries.may_read(other, scene.dataset)
        assert not queries.may_read(ANONYMOUS, scene.dataset)


def test_both_sides_are_told_and_the_purpose_is_personal(scene):
    scene.give()
    deliver_everything()

    fact = Fact.objects.get(name="lake.AccessGiven")
    assert "purpose" not in fact.data
    assert fact.personal["purpose"] == "병상 예측 연구"
    told = {notice.person_id: notice for notice in Notice.objects.filter(kind="lake.AccessGiven")}
    assert set(told) == {scene.reader.person_id, scene.steward.person_id}
    assert "you may read it until" in told[scene.reader.person_id].title["en"]
    assert scene.company.name in told[scene.steward.person_id].title["en"]


def test_what_is_taken_back_is_closed_at_once_and_the_reason_is_told(scene):
    access = scene.give()
    end_access(by=scene.steward, access=access.public_id, reason="목적이 다릅니다.")
    deliver_everything()

    assert not scene.reads()
    notice = Notice.objects.get(kind="lake.AccessEnded", person=scene.reader.person_id)
    assert notice.text["ko"] == "목적이 다릅니다."


@pytest.mark.parametrize(
    ("who", "answer"), [("stranger", NotFound), ("reader", Forbidden), ("steward", None), ("operator", None)]
)
def test_who_may_give_access_is_the_publisher_and_the_steward(scene, who, answer):
    by = {
        "stranger": make_member()[0],
        "reader": scene.reader,
        "steward": scene.steward,
        "operator": actor(make_person(roles=["operator"])),
    }[who]
    wish = {
        "by": by, "dataset": "beds", "organisation": scene.company.slug, "purpose": "연구",
        "ends_at": clock.now() + DAY,
    }  # fmt: skip
    if who == "stranger":
        make_published(scene.steward, scene.hospital, slug="private", visibility="organisation")
        wish["dataset"] = "private"
    if answer is None:
        assert give_access(**wish).is_running
    else:
        with pytest.raises(answer):
            give_access(**wish)


def test_what_cannot_be_given_is_refused_with_its_reasons(scene):
    make_published(scene.steward, scene.hospital, slug="private", visibility="organisation")
    with pytest.raises(Invalid) as refused:
        give_access(
            by=scene.steward, dataset="private", organisation="nobody", purpose="",
            ends_at=clock.now() - DAY,
        )  # fmt: skip
    assert set(refused.value.errors) == {"dataset", "organisation", "purpose", "ends_at"}
    with pytest.raises(Invalid):
        give_access(
            by=scene.steward, dataset="beds", organisation=scene.hospital.slug, purpose="연구",
            ends_at=clock.now() + DAY,
        )  # fmt: skip


def test_a_dataset_stays_on_request_while_somebody_has_access(scene):
    access = scene.give()
    with pytest.raises(SomebodyHasAccess):
        edit_dataset(by=scene.steward, dataset="beds", visibility="organisation")
    end_access(by=scene.steward, access=access.public_id)
    edit_dataset(by=scene.steward, dataset="beds", visibility="organisation")


def test_a_result_is_never_more_open_than_what_it_was_made_from(scene):
    scene.give()
    wish = {"by": scene.reader, "sql": "SELECT * FROM beds.buses", "table": "copy"}
    make_dataset(scene.reader, scene.company, slug="open")
    with pytest.raises(ResultTooOpen):
        save_query(dataset="open", **wish)
    make_dataset(scene.reader, scene.company, slug="mine", visibility="organisation")
    save_query(dataset="mine", **wish)
    deliver_everything()
    with pytest.raises(ResultTooOpen):
        edit_dataset(by=scene.reader, dataset="mine", visibility="public")
    edit_dataset(by=scene.reader, dataset="mine", visibility="restricted")


def test_a_job_that_waited_too_long_gets_no_rows(scene):
    from bitgoeul.apps.compute.models import Job

    access = scene.give()
    job = Job(organisation=scene.company, submitted_by=scene.person, inputs=["beds@1"])
    assert set(input_files(job)) == {"beds/buses"}
    with clock.frozen(access.ends_at), pytest.raises(NotFound):
        input_files(job)


def test_the_steward_gives_and_takes_back_on_the_page(scene):
    client = client_for(Person.objects.get(pk=scene.steward.person_id), "en")
    answer = client.post(
        "/lake/beds/access/",
        {"organisation": scene.company.slug, "purpose": "연구", "ends_on": clock.now().date() + 9 * DAY},
    )
    assert answer.status_code == 302
    access = Access.objects.get()
    assert scene.reads()
    assert scene.company.name in client.get("/lake/beds/access/").content.decode()
    client.post(f"/lake/beds/access/{access.public_id}/end/", {"reason": "끝"})
    assert not scene.reads()
    assert client_for(scene.person).get("/lake/beds/access/").status_code == 403


def test_programs_give_change_and_end_access(scene):
    steward = api_for(Person.objects.get(pk=scene.steward.person_id))
    ends = (clock.now() + 9 * DAY).isoformat()
    wish = {"organisation": scene.company.slug, "purpose": "연구", "ends_at": ends}
    key = {"Idempotency-Key": "once"}
    given = [
        steward.post("/api/lake/datasets/beds/access", wish, "application/json", headers=key).json()
        for _ in range(2)
    ]
    assert given[0] == given[1]
    later = {"ends_at": (clock.now() + 20 * DAY).isoformat()}
    changed = steward.patch(f"/api/lake/access/{given[0]['id']}", later, "application/json")
    assert changed.json()["ends_at"][:10] == later["ends_at"][:10]
    reader = api_for(scene.person)
    assert [row["id"] for row in reader.get("/api/lake/access").json()] == [given[0]["id"]]
    naive = steward.patch(
        f"/api/lake/access/{given[0]['id']}", {"ends_at": "2027-01-01T00:00:00"}, "application/json"
    )
    assert naive.status_code == 422
    ended = steward.post(f"/api/lake/access/{given[0]['id']}/end", {}, "application/json")
    assert ended.json()["state"] == "taken_back"


def test_the_description_says_its_access_rights_in_the_words_of_dcat(scene):
    described = api_for().get("/api/lake/datasets/beds/dcat").json()
    rights = "http://publications.europa.eu/resource/authority/access-right/RESTRICTED"
    assert described["dct:accessRights"] == {"@id": rights}
    assert "dcat:downloadURL" not in described["dcat:distribution"][0]


# Access as the part of a grant


def make_access_call(**fields):
    return make_call(
        kind="dataset-access", budget_unit="places", budget=9, share_most=1, gives_days=25,
        form=FORM, gives=[{"part": "dataset", "dataset": "answers.purpose"}], **fields,
    )  # fmt: skip


def grant_of(scene, dataset="beds"):
    call = make_access_call(slug="safe-zone")
    row = apply_for(
        by=scene.reader, call=call.slug, organisation=scene.company.slug, answers={"purpose": dataset},
        accept_terms=True,
    )  # fmt: skip
    deliver_everything()
    return Grant.objects.get(application=row)


def state_of(grant):
    return grant.parts.get().state


def test_the_page_says_to_which_call_one_applies(scene):
    make_access_call(slug="safe-zone")
    page = client_for(language="en").get("/lake/beds/").content.decode()
    assert 'Apply to <a href="/programmes/safe-zone/">Example call</a>' in page


def test_a_grant_opens_the_dataset_and_its_part_is_active(scene):
    grant = grant_of(scene)

    assert scene.reads()
    assert state_of(grant) == "active"
    access = Access.objects.get()
    assert (access.starts_at, access.ends_at) == (grant.starts_at, grant.ends_at)
    given = Fact.objects.get(name="lake.AccessGiven")
    assert given.data["grant"] == grant.application.public_id
    with clock.frozen(grant.ends_at):
        assert not scene.reads()


def test_access_ends_with_the_grant(scene):
    grant = grant_of(scene)
    end_grant(by=scene.reader, grant=grant.application.public_id, reason=REASON)
    deliver_everything()

    assert not scene.reads()
    assert state_of(grant) == "returned"
    assert Access.objects.get().state == "ended"


def test_access_lasts_as_long_as_a_grant_that_is_extended(scene):
    grant = grant_of(scene)
    later = grant.ends_at + 10 * DAY
    number = grant.application.public_id
    ask_change(by=scene.reader, grant=number, kind="extension", words="더 씁니다.", ends_at=later)
    officer = actor(make_person(roles=["operator"]))
    decide_change(by=officer, grant=number, number=1, agree=True, reason=REASON)
    deliver_everything()

    assert Access.objects.get().ends_at == later
    with clock.frozen(later - DAY):
        assert scene.reads()


def test_a_part_whose_access_was_taken_back_is_given_back(scene):
    grant = grant_of(scene)
    end_access(by=scene.steward, access=Access.objects.get().public_id, reason="목적이 다릅니다.")
    deliver_everything()

    assert not scene.reads()
    assert state_of(grant) == "returned"
    assert Grant.objects.get(pk=grant.pk).state == "active"


def test_no_grant_opens_what_is_private_and_the_desk_is_told_once(scene):
    officer = make_person(roles=["operator"])
    make_published(scene.steward, scene.hospital, slug="secret", visibility="organisation")
    grant = grant_of(scene, "secret")
    look_after_access()
    look_after_access()

    assert state_of(grant) == "planned"
    assert not Access.objects.exists()
    assert Notice.objects.filter(kind="lake.AccessMissing", person=officer).count() == 1
    edit_dataset(by=scene.steward, dataset="secret", visibility="restricted")
    look_after_access()
    assert state_of(grant) == "active"


def test_a_part_of_a_grant_that_ended_is_never_confirmed(scene):
    grant = grant_of(scene, "later")
    end_grant(by=scene.reader, grant=grant.application.public_id, reason=REASON)
    with pytest.raises(StateChanged):
        confirm_part(by=SYSTEM, part_id=grant.parts.get().pk)
    with pytest.raises(Forbidden):
        confirm_part(by=scene.reader, part_id=grant.parts.get().pk)


def test_an_access_is_prolonged_by_whoever_gave_it(scene):
    access = scene.give(days=5)
    change_access(by=scene.steward, access=access.public_id, ends_at=clock.now() + 50 * DAY)
    with clock.frozen(clock.now() + 40 * DAY):
        assert scene.reads()
    with pytest.raises(Forbidden):
        change_access(by=scene.reader, access=access.public_id, ends_at=clock.now() + 90 * DAY)
