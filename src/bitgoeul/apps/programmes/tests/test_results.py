"""The public page of a call, its bundle and an applicant's receipt, checked by the offline verifiers."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from bitgoeul.apps.people.tests.factories import make_person
from bitgoeul.apps.programmes.commands.panels import decide_panel
from bitgoeul.apps.programmes.tests.test_draws import after_closing, drawn
from bitgoeul.apps.record.commands import seal
from bitgoeul.engines.draws import verify_draw
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.testing import api_for, client_for
from bitgoeul.verifier import verify_record

pytestmark = pytest.mark.django_db


@pytest.fixture
def decided():
    """A call that was drawn and decided, its record sealed."""
    call, rows = drawn()
    with after_closing(call):
        decide_panel(by=SYSTEM, call=call.slug)
    seal()
    return call, rows


def run(verifier, file, *words):
    return subprocess.run(
        [sys.executable, "-I", verifier.__file__, str(file), *words],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def body(response):
    return b"".join(response.streaming_content)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_everybody_sees_demand_decision_and_draw(decided, language):
    call, rows = decided

    page = client_for(language=language).get(f"/programmes/{call.slug}/results/").content.decode()

    assert {"ko": "신청과 결정", "en": "Demand and decisions"}[language] in page
    assert f"/programmes/{call.slug}/bundle.jsonl" in page
    assert f"/programmes/{call.slug}/draw.json" in page
    assert "광주광역시" in page
    assert not any(row.organisation.name in page for row in rows)


def test_both_verifiers_check_the_bundle_offline(decided, tmp_path):
    call, _rows = decided
    file = tmp_path / "call.jsonl"
    file.write_bytes(body(client_for().get(f"/programmes/{call.slug}/bundle.jsonl")))

    record, draw = run(verify_record, file, "--json"), run(verify_draw, file, "--json")

    assert record.returncode == 0, record.stdout + record.stderr
    assert json.loads(record.stdout)["about"] == f"call:{call.slug}"
    assert draw.returncode == 0, draw.stdout + draw.stderr
    names = {json.loads(line).get("fact", {}).get("name") for line in file.read_text().splitlines()}
    assert {"programmes.CallOpened", "programmes.PanelDecided", "programmes.DrawHeld",
            "programmes.ApplicationSubmitted"} <= names  # fmt: skip


def test_the_bundle_holds_no_personal_value(decided):
    call, rows = decided

    text = body(api_for().get(f"/api/programmes/calls/{call.slug}/bundle")).decode()

    assert rows[0].answers["purpose"] not in text
    assert '"salts"' not in text
    assert '"91.00"' not in text
    assert '"92.00"' not in text


@pytest.mark.parametrize("what", ["fact", "sheet", "proof"])
def test_an_altered_bundle_does_not_verify(decided, tmp_path, what):
    call, _rows = decided
    lines = [
        json.loads(line)
        for line in body(client_for().get(f"/programmes/{call.slug}/bundle.jsonl")).splitlines()
    ]
    if what == "fact":
        lines[1]["fact"]["data"]["budget"] = 1
    elif what == "proof":
        lines[1]["proof"] = lines[1]["proof"][::-1]
    else:
        lines[-1]["sheet"]["entries"].pop()
    file = tmp_path / "call.jsonl"
    file.write_text("\n".join(json.dumps(line) for line in lines))

    found = run(verify_record, file, "--json", "--language", "en")

    assert found.returncode == 3
    assert json.loads(found.stdout)["problem"]["code"] == (
        "other-draw" if what == "sheet" else "not-included"
    )


def test_an_applicant_proves_what_was_handed_in_and_decided(decided, tmp_path):
    _call, rows = decided
    address = f"/programmes/applications/{rows[0].public_id}/receipt.jsonl"
    file = tmp_path / "receipt.jsonl"
    file.write_bytes(body(client_for(rows[0].person).get(address)))

    found = run(verify_record, file, "--json")
    told = [json.loads(line) for line in file.read_text().splitlines()]
    mine = next(
        line for line in told if line.get("fact", {}).get("name") == "programmes.ApplicationSubmitted"
    )
    changed = file.read_text().replace(rows[0].answers["purpose"], "다른 말")
    file.write_text(changed)

    assert found.returncode == 0, found.stdout + found.stderr
    assert mine["personal"]["answers"]["purpose"] == rows[0].answers["purpose"]
    assert json.loads(found.stdout)["personal"] >= 2
    assert run(verify_record, file).returncode == 3


def test_a_receipt_is_for_the_applicant_alone(decided):
    _call, rows = decided
    address = f"/programmes/applications/{rows[0].public_id}/receipt.jsonl"

    assert client_for(rows[1].person).get(address).status_code == 404
    assert client_for(make_person(roles=["operator"])).get(address).status_code == 403
    assert client_for().get(address).status_code == 302
