"""Grants over HTTP and on the command line."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from typer.testing import CliRunner

from bitgoeul.apps.people.tests.factories import make_person
from bitgoeul.apps.programmes.cli import app
from bitgoeul.apps.programmes.models import UseSample
from bitgoeul.apps.programmes.tasks import look_after_grants
from bitgoeul.apps.programmes.tests.granted import REASON, START, make_granted
from bitgoeul.kit import clock
from bitgoeul.kit.testing import api_for

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def frozen():
    with clock.frozen(START):
        yield


def post(api, granted, word, body=None, **headers):
    address = f"/api/programmes/grants/{granted.number}/{word}"
    return api.post(address, body or {}, content_type="application/json", headers=headers)


def test_a_grant_is_signed_changed_and_ended_over_http():
    granted = make_granted(sign=False)
    owner, desk = api_for(granted.owner), api_for(make_person(roles=["operator"]))
    address = f"/api/programmes/grants/{granted.number}"

    kept = owner.get(f"{address}/agreement").json()
    assert (kept["state"], kept["documents"][0]["number"]) == ("offered", 0)
    other = post(owner, granted, "sign", {"name": "예시 대표", "fingerprint": "0"})
    assert (other.status_code, other.json()["code"]) == (409, "programmes.AgreementDiffers")
    signed = {"name": "예시 대표", "fingerprint": kept["documents"][0]["fingerprint"]}
    first = post(owner, granted, "sign", signed, idempotency_key="once")
    assert first.json() == post(owner, granted, "sign", signed, idempotency_key="once").json()
    assert {part["state"] for part in first.json()["parts"]} == {"active"}

    ends_at = (granted.grant.ends_at + DAY).isoformat()
    post(owner, granted, "changes", {"kind": "extension", "words": "더", "ends_at": ends_at})
    changed = post(desk, granted, "changes/1/decide", {"agree": True, "reason": REASON}).json()
    assert (changed["changes"][0]["state"], dt.datetime.fromisoformat(changed["ends_at"])) == (
        "agreed",
        granted.grant.ends_at + DAY,
    )
    assert len(owner.get(f"{address}/agreement").json()["documents"]) == 2
    assert owner.get(f"{address}/agreement.pdf?language=en").content.startswith(b"%PDF-")
    assert post(desk, granted, "suspend", {"reason": REASON}).json()["state"] == "suspended"
    assert post(desk, granted, "resume").json()["state"] == "active"
    assert post(owner, granted, "end", {"reason": REASON}).json()["state"] == "returned"
    assert [row["id"] for row in owner.get("/api/programmes/grants").json()["items"]] == [granted.number]


def test_strangers_find_nothing_and_visitors_are_asked_to_sign_in():
    granted = make_granted()
    address = f"/api/programmes/grants/{granted.number}"
    for rest in ("", "/agreement", "/agreement.pdf"):
        assert api_for(make_person()).get(address + rest).status_code == 404
        assert api_for().get(address + rest).status_code == 401
    assert post(api_for(granted.owner), granted, "suspend", {"reason": REASON}).status_code == 403


def test_the_machine_room_meters_and_the_holder_contests():
    granted = make_granted()
    owner, room = api_for(granted.owner), api_for(make_person(roles=["operator"]))
    with clock.frozen(START + 8 * DAY):
        for day in range(8):
            sample = {"starts_at": (START + day * DAY).isoformat(), "seconds": 86_400, "used": 0}
            assert post(room, granted, "parts/1/use", sample).json() == {"kept": True}
        assert post(room, granted, "parts/1/use", sample | {"used": 1}).status_code == 422
        look_after_grants()
        shown = owner.get(f"/api/programmes/grants/{granted.number}").json()["parts"][0]
        assert (shown["use_percent"], shown["reclaim"], shown["contested"]) == (0, "noticed", False)
        contested = post(owner, granted, "parts/1/contest", {"words": "장비를 옮깁니다."}).json()
        assert contested["parts"][0]["contested"] is True
        assert post(room, granted, "parts/1/take-back").json()["code"] == "programmes.RuleStandsStill"
        answer = {"agree": False, "reason": REASON}
        assert (
            post(room, granted, "parts/1/contest/decide", answer).json()["parts"][0]["reclaim"] == "noticed"
        )
        assert post(room, granted, "parts/1/take-back").json()["parts"][0]["state"] == "returned"


def test_reports_pledges_and_conditions_over_http():
    granted = make_granted()
    owner, desk = api_for(granted.owner), api_for(make_person(roles=["operator"]))
    files = f"/api/programmes/grants/{granted.number}/reports/1/files"
    added = owner.post(files, {"file": SimpleUploadedFile("a.pdf", b"%PDF-1.7")})
    assert (added.json()["kind"], added.json()["size"]) == ("application/pdf", 8)
    wrong = owner.post(files, {"file": SimpleUploadedFile("a.sh", b"#!")})
    assert (wrong.status_code, wrong.json()["code"]) == (415, "programmes.FileNotAllowed")
    post(owner, granted, "reports/1/hand-in", {"words": "했습니다."})
    assert (
        post(desk, granted, "reports/1/return", {"reason": REASON}).json()["reports"][0]["state"]
        == "returned"
    )
    post(owner, granted, "reports/1/hand-in", {"words": "더 했습니다."})
    assert post(desk, granted, "reports/1/verify").json()["reports"][0]["state"] == "verified"

    post(owner, granted, "pledges", {"kind": "jobs", "target": 2, "due_at": (START + DAY).isoformat()})
    owner.post(
        f"/api/programmes/grants/{granted.number}/pledges/1/files",
        {"file": SimpleUploadedFile("a.pdf", b"%PDF-1.7")},
    )
    post(owner, granted, "pledges/1/report", {"reported": 2, "words": "채용했습니다."})
    assert (
        post(desk, granted, "pledges/1/verify", {"verified": 2}).json()["pledges"][0]["state"] == "fulfilled"
    )
    post(desk, granted, "conditions", {"text": REASON})
    assert post(desk, granted, "conditions/1/close", {"met": True}).json()["conditions"][0]["state"] == "met"


def run(*words):
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_line_signs_meters_and_reports(tmp_path):
    granted = make_granted(sign=False)
    officer = make_person(roles=["operator"]).email
    owner, number = granted.owner.email, granted.number
    fingerprint = granted.grant.agreement.fingerprint
    assert fingerprint in run("agreement", number, "--as", owner)
    run("agreement", number, "--as", owner, "--pdf", str(tmp_path / "a.pdf"))
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF-")

    signed = run("sign", number, "--name", "예시 대표", "--fingerprint", fingerprint, "--as", owner, "--json")
    assert json.loads(signed)["parts"][0]["state"] == "active"
    with clock.frozen(START + DAY):
        run("record-use", number, "1", "--starts", "2026-03-02T10:00+09:00", "--used", "4000")
    assert UseSample.objects.get().used == 4000
    run("ask-change", number, "--kind", "amount", "--amount", "9", "--words", "더", "--as", owner)
    run("decide-change", number, "1", "--agree", "--reason", "확인했습니다.", "--as", officer)
    run("report", number, "1", "--words", "했습니다.", "--file", str(tmp_path / "a.pdf"), "--as", owner)
    run("return-report", number, "1", "--remark", "표를 더해 주십시오.", "--as", officer)
    run("report", number, "1", "--words", "더 했습니다.", "--as", owner)
    shown = json.loads(run("verify-report", number, "1", "--as", officer, "--json"))
    assert (shown["amount"], shown["reports"][0]["state"]) == (9, "verified")
    run("suspend", number, "--reason", "점검합니다.", "--as", officer)
    run("resume", number, "--as", officer)
    assert number in run("grants", "--as", owner)
    run("end-grant", number, "--reason", "마쳤습니다.", "--as", owner)
    assert json.loads(run("grant", number, "--as", owner, "--json"))["state"] == "returned"


def test_the_command_line_contests_and_takes_back():
    granted = make_granted()
    officer, owner, number = make_person(roles=["operator"]).email, granted.owner.email, granted.number
    part = granted.part("capacity")
    UseSample.objects.bulk_create(
        [UseSample(part=part, starts_at=START + day * DAY, seconds=86_400, used=0) for day in range(8)]
    )
    with clock.frozen(START + 8 * DAY):
        look_after_grants()
        run("contest", number, "1", "--words", "장비를 옮깁니다.", "--as", owner)
        run("decide-contest", number, "1", "--refuse", "--reason", "확인했습니다.", "--as", officer)
        shown = json.loads(run("take-back", number, "1", "--as", officer, "--json"))
    assert shown["parts"][0]["state"] == "returned"


def test_moments_that_nobody_means_are_refused():
    granted = make_granted()
    owner, desk = api_for(granted.owner), api_for(make_person(roles=["operator"]))
    for moment in ("2026-03-03T00:00:00", "0001-01-01T00:00:00+09:00", "9999-12-31T23:59:59-09:00"):
        answers = [
            post(desk, granted, "parts/1/use", {"starts_at": moment, "seconds": 60, "used": 1}),
            post(owner, granted, "changes", {"kind": "extension", "words": "더", "ends_at": moment}),
            post(owner, granted, "pledges", {"kind": "jobs", "target": 2, "due_at": moment}),
            post(desk, granted, "conditions", {"text": REASON, "due_at": moment}),
        ]
        assert [answer.status_code for answer in answers] == [422] * 4
