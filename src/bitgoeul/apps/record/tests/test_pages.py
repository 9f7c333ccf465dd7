"""The public pages of the record."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from bitgoeul.apps.credits.tests.factories import make_tranche
from bitgoeul.apps.people.tests.factories import make_organisation
from bitgoeul.apps.record.commands import redact_personal_fields, seal
from bitgoeul.apps.record.tests.test_record import light
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.testing import client_for
from bitgoeul.site.proof import proof_of

pytestmark = pytest.mark.django_db


def shown(path, language="ko"):
    answer = client_for(language=language).get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_empty_record_explains_itself():
    assert "아직 봉인된 사실이 없습니다" in shown("/record/")
    assert "No fact has been sealed yet" in shown("/record/", "en")


def test_anybody_reads_the_head_and_the_facts():
    light("a", "b")
    head = seal()
    light("c")

    page = shown("/record/")

    assert [text in page for text in (head.root, head.public_key, "beacon:a", "beacon:c")] == [True] * 4
    assert (page.count("봉인됨"), page.count("봉인 전")) == (2, 1)
    assert "지기" not in page
    assert shown("/record/?subject=beacon:b").count("/record/facts/") == 1
    assert "이에 관한 사실이 없습니다" in shown("/record/?subject=nothing")


def test_older_facts_follow_on_further_pages():
    light(*range(40))

    first = shown("/record/?name=record.BeaconLit")
    older = Fact.objects.order_by("-id")[29].pk
    second = shown(f"/record/?name=record.BeaconLit&before={older}")

    assert (first.count("/record/facts/"), second.count("/record/facts/")) == (30, 10)
    assert f"?name=record.BeaconLit&amp;before={older}#facts" in first
    assert shown("/record/?before=x").count("/record/facts/") == 30


def test_a_fact_shows_its_seal_its_proof_and_no_personal_value():
    light("a", "b", "c")
    seal()
    fact = Fact.objects.get(subject="beacon:b")

    page = shown(f"/record/facts/{fact.pk}/")

    assert "봉인되고 검증됨" in page
    assert f"/api/record/proof/inclusion?fact={fact.pk}" in page
    assert "지기" not in page
    assert "sealed and verified" in shown(f"/record/facts/{fact.pk}/", "en")

    redact_personal_fields(by=SYSTEM, subject="beacon:b", reason="시험")
    assert ["삭제됨" in shown(f"/record/facts/{fact.pk}/"), "봉인되고 검증됨" in page] == [True, True]


def test_an_altered_or_unsealed_fact_is_said_to_be_so():
    light("a", "b")
    seal()
    light("c")
    altered, waiting = Fact.objects.get(subject="beacon:a"), Fact.objects.get(subject="beacon:c")
    Fact.objects.filter(pk=altered.pk).update(actor="person:forged")

    assert "봉인된 뒤에 바뀌었습니다" in shown(f"/record/facts/{altered.pk}/")
    assert "봉인을 기다리는 중" in shown(f"/record/facts/{waiting.pk}/")
    assert client_for().get("/record/facts/999999/").status_code == 404


def test_the_downloads_of_the_page_verify_on_their_own(tmp_path):
    light("a", "b")
    seal()
    fact = Fact.objects.earliest("id")
    client = client_for()
    verifier, record, proof = (tmp_path / name for name in ("verify_record.py", "record.jsonl", "proof.json"))
    verifier.write_bytes(b"".join(client.get("/record/verifier.py").streaming_content))
    record.write_bytes(b"".join(client.get("/api/record/export").streaming_content))
    proof.write_bytes(client.get(f"/api/record/proof/inclusion?fact={fact.pk}").content)

    answers = [
        subprocess.run(
            [sys.executable, "-I", "-S", verifier, file, "--json"], capture_output=True, check=True
        ).stdout
        for file in (record, proof)
    ]

    assert [json.loads(answer)["facts"] for answer in answers] == [2, 2]


def test_the_corner_of_an_object_counts_its_facts_and_says_whether_they_are_sealed():
    team = make_organisation(slug="team")
    make_tranche(team)
    subject = "credits:team"
    waiting = proof_of(subject)
    seal()

    assert waiting == {"count": 1, "sealed": False, "url": "/record/?subject=credits%3Ateam"}
    assert proof_of(subject)["sealed"] is True
    assert proof_of("credits:nobody")["count"] == 0


def test_a_page_needs_as_many_queries_for_one_fact_as_for_three(django_assert_max_num_queries):
    light("a")
    seal()
    with django_assert_max_num_queries(6) as first:
        shown("/record/")
    light("b", "c")
    with django_assert_max_num_queries(6) as second:
        shown("/record/")

    assert len(first) == len(second)
