"""Facts are sealed, proved, exported, redacted; an altered row is found and named."""

from __future__ import annotations

import datetime as dt
import json
import os
import stat
from dataclasses import dataclass

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from typer.testing import CliRunner

from bitgoeul.apps.people.tests.factories import actor, make_organisation, make_person
from bitgoeul.apps.record import queries, signing, tasks
from bitgoeul.apps.record.cli import app
from bitgoeul.apps.record.commands import BATCH, redact_personal_fields, seal
from bitgoeul.apps.record.models import Head, Leaf, Node
from bitgoeul.engines import merkle
from bitgoeul.kit import clock
from bitgoeul.kit.actor import ANONYMOUS, SYSTEM, Actor
from bitgoeul.kit.command import command
from bitgoeul.kit.facts import Event, personal, record
from bitgoeul.kit.models import Fact
from bitgoeul.kit.refusals import Forbidden, Invalid, Refusal
from bitgoeul.kit.testing import api_for
from bitgoeul.verifier.verify_record import Problem, verify, verify_inclusion

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class BeaconLit(Event):
    beacon: str
    keeper: str = personal()


@command(scope="record:write")
def light_beacon(*, by: Actor, beacon: str, organisation=None) -> None:
    record(
        BeaconLit(beacon=beacon, keeper=f"{beacon} 지기"),
        by=by,
        subject=f"beacon:{beacon[:1]}",
        organisation=organisation,
    )


def light(*beacons):
    for beacon in beacons:
        light_beacon(by=SYSTEM, beacon=str(beacon))


def exported(viewer=ANONYMOUS, **options):
    return list(queries.export(viewer, **options))


def test_an_empty_record_has_no_head_and_holds():
    assert seal() is None
    assert queries.check() == {
        "holds": True,
        "facts": 0,
        "root": merkle.EMPTY_ROOT.hex(),
        "unsealed": 0,
    }
    answer = api_for().get("/api/record/head")
    assert (answer.status_code, answer.json()["code"]) == (404, "record.NothingSealed")


def test_sealing_in_rounds_gives_one_growing_verified_record():
    for round_ in range(5):
        light(*(f"{round_}-{number}" for number in range(round_ + 1)))
        head = seal()

    assert (head.size, Leaf.objects.count(), Head.objects.count()) == (15, 15, 5)
    hashes = [
        bytes.fromhex(text) for text in Leaf.objects.order_by("position").values_list("hash", flat=True)
    ]
    assert head.root == merkle.tree_root(hashes).hex()
    assert Node.objects.count() == 7 + 3 + 1
    assert verify(exported(), key=head.public_key)["facts"] == 15
    assert queries.check()["holds"]


def test_sealing_again_without_new_facts_changes_nothing():
    light("a")
    first = seal()

    tasks.seal()

    assert Head.objects.get() == first


def test_a_batch_larger_than_one_round_is_sealed_whole():
    Fact.objects.bulk_create(
        [Fact(name="record.BeaconLit", at=clock.now(), actor="system", subject="x") for _ in range(BATCH + 3)]
    )

    assert seal().size == BATCH + 3
    assert [head.size for head in queries.heads()] == [BATCH, BATCH + 3]
    assert verify(exported())["heads"] == 1


def test_a_fact_committed_late_with_a_lower_number_is_still_sealed():
    light("a", "b")
    early = Fact.objects.earliest("id")
    late = Fact(**{f.attname: getattr(early, f.attname) for f in Fact._meta.concrete_fields})
    Fact.objects.filter(pk=early.pk).delete()
    seal()

    late.save(force_insert=True)
    head = seal()

    assert [leaf.fact_id for leaf in Leaf.objects.order_by("position")] == [late.pk + 1, late.pk]
    assert (head.size, queries.check()["unsealed"]) == (2, 0)


def test_old_heads_spare_the_sealer_the_old_facts(django_assert_num_queries):
    light("a")
    with clock.frozen(clock.now() - dt.timedelta(hours=2)):
        seal()
    light("b")

    waiting = queries.unsealed()

    assert [fact.subject for fact in waiting] == ["beacon:b"]
    assert 'id" > ' in str(waiting.query)
    assert [fact.subject for fact in queries.unsealed(everything=True)] == ["beacon:b"]


def test_every_fact_proves_its_inclusion_at_every_signed_size():
    for number in range(4):
        light(*range(number + 1))
        seal()

    for leaf in Leaf.objects.all():
        for head in queries.heads():
            if leaf.position < head.size:
                assert verify_inclusion(queries.inclusion(leaf.fact_id, head.size))["facts"] == head.size


def test_consistency_is_proved_between_all_sizes():
    light(*range(9))
    seal()

    for second in range(10):
        for first in range(second + 1):
            proof = queries.consistency(first, second)
            assert merkle.verify_consistency(
                first=first,
                second=second,
                first_root=bytes.fromhex(proof["first_root"]),
                second_root=bytes.fromhex(proof["second_root"]),
                proof=[bytes.fromhex(step) for step in proof["proof"]],
            )


ALTERATIONS = {
    "name": "forged.Fact",
    "at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
    "actor": "person:forged",
    "organisation": "forged",
    "subject": "beacon:forged",
    "data": {"beacon": "forged"},
    "personal": {"keeper": "forged"},
    "salts": {"keeper": "00"},
    "redacted": {"other": "00"},
}


@pytest.mark.parametrize("field", ALTERATIONS)
def test_one_altered_row_is_found_and_named_live_and_in_the_export(field):
    light(*range(6))
    seal()
    victim = Fact.objects.order_by("id")[3]
    Fact.objects.filter(pk=victim.pk).update(**{field: ALTERATIONS[field]})

    report = queries.check()
    with pytest.raises(Problem) as problem:
        verify(exported())

    assert (report["holds"], report["problem"], report["fact"]) == (False, "altered-fact", victim.pk)
    assert (problem.value.code, problem.value.facts["fact"]) == ("altered-fact", victim.pk)


def test_an_altered_fact_whose_leaf_was_altered_too_is_still_named():
    light(*range(6))
    seal()
    victim = Fact.objects.order_by("id")[3]
    victim.data = {"beacon": "forged"}
    victim.save()
    forged = merkle.leaf_hash(merkle.canonical_json(queries.public_fact(victim))).hex()
    Leaf.objects.filter(fact=victim).update(hash=forged)

    report = queries.check()

    assert (report["holds"], report["fact"]) == (False, victim.pk)


def test_altered_heads_leaves_and_nodes_are_found():
    light(*range(6))
    head = seal()
    rows = [
        (Head.objects.filter(pk=6), {"root": "0" * 64}, "bad-signature"),
        (Leaf.objects.filter(pk=2), {"hash": "0" * 64}, "altered-fact"),
        (Leaf.objects.filter(pk=5), {"root": "0" * 64}, "altered-fact"),
        (Node.objects.filter(level=1, index=1), {"hash": "0" * 64}, "altered-nodes"),
        (Node.objects.filter(level=2, index=0), {"index": 7}, "altered-nodes"),
    ]
    for row, change, problem in rows:
        before = row.values(*change).get()
        pk = row.get().pk
        row.update(**change)
        assert queries.check()["problem"] == problem
        row.model.objects.filter(pk=pk).update(**before)
    Node.objects.create(level=9, index=0, hash="0" * 64)
    assert queries.check()["problem"] == "altered-nodes"
    Node.objects.filter(level=9).delete()
    assert queries.check() == {"holds": True, "facts": 6, "root": head.root, "unsealed": 0}


def test_a_deleted_fact_is_found():
    light(*range(4))
    seal()
    victim = Fact.objects.order_by("id")[1]
    with connection.cursor() as cursor:
        Leaf.objects.filter(fact=victim).delete()
        cursor.execute("DELETE FROM kit_fact WHERE id = %s", [victim.pk])

    report = queries.check()

    assert (report["problem"], report["position"]) == ("missing-fact", 1)


def test_redaction_forgets_values_and_keeps_every_proof():
    light("a", "b", "a")
    seal()
    before = Head.objects.get().root
    assert redact_personal_fields(by=SYSTEM, subject="beacon:a", reason="본인 요청") == 2
    head = seal()

    fact = Fact.objects.filter(subject="beacon:a").first()
    assert (fact.personal, fact.salts) == ({}, {})
    assert verify(exported(SYSTEM, with_personal=True))["personal"] == {"shown": 1, "hashed": 2}
    assert (queries.check()["holds"], head.size) == (True, 4)
    assert queries.consistency(3)["first_root"] == before
    assert verify_inclusion(queries.inclusion(fact.pk))["fact"] == fact.pk
    assert Fact.objects.latest("id").data == {"facts": 2, "fields": ["keeper"], "reason": "본인 요청"}

    assert redact_personal_fields(by=SYSTEM, subject="beacon:a", reason="본인 요청") == 0
    assert seal() == head


def test_only_an_operator_redacts_and_says_why():
    light("a")
    owner, operator = make_person(), make_person(roles=["operator"])

    for who in (ANONYMOUS, actor(owner)):
        with pytest.raises(Forbidden):
            redact_personal_fields(by=who, subject="beacon:a", reason="시험")
    with pytest.raises(Invalid) as refused:
        redact_personal_fields(by=actor(operator), subject=" ", reason=" ")
    assert set(refused.value.errors) == {"subject", "reason"}
    assert redact_personal_fields(by=actor(operator), subject="beacon:a", fields=["other"], reason="x") == 0
    assert redact_personal_fields(by=actor(operator), subject="beacon:a", fields=["keeper"], reason="x") == 1


def test_the_public_export_holds_no_personal_value():
    light("a")
    seal()

    public = b"".join(api_for().get("/api/record/export").streaming_content).decode()
    refused = api_for(make_person()).get("/api/record/export?personal=true")
    full = b"".join(
        api_for(make_person(roles=["operator"])).get("/api/record/export?personal=true").streaming_content
    ).decode()

    assert "지기" not in public
    assert "지기" in full
    assert refused.status_code == 403
    assert verify(public.splitlines())["personal"] == {"shown": 0, "hashed": 1}
    assert verify(full.splitlines())["personal"] == {"shown": 1, "hashed": 0}


def test_programs_read_heads_facts_and_proofs():
    team = make_organisation()
    light_beacon(by=SYSTEM, beacon="a", organisation=team)
    light("b")
    seal()
    light("c")
    api = api_for()

    head = api.get("/api/record/head").json()
    mine = api.get(f"/api/record/facts?organisation={team.public_id}").json()["items"]
    everything = api.get("/api/record/facts").json()["items"]
    one = api.get("/api/record/facts?subject=beacon:b").json()["items"][0]
    inclusion = api.get(f"/api/record/proof/inclusion?fact={one['fact']['id']}").json()
    consistency = api.get("/api/record/proof/consistency?first=1&second=2").json()

    assert (head["size"], head["format"]) == (2, "bitgoeul-record-1")
    assert api.get("/api/record/heads").json() == [head]
    assert [item["fact"]["subject"] for item in mine] == ["beacon:a"]
    assert [item["position"] for item in everything] == [None, 1, 0]
    assert list(one["fact"]["personal"]) == ["keeper"]
    assert "지기" not in json.dumps(everything, ensure_ascii=False)
    assert api.get(f"/api/record/facts/{one['fact']['id']}").json() == one
    assert verify_inclusion(inclusion, key=head["public_key"])["position"] == 1
    assert consistency["second_root"] == head["root"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/record/facts/999999", 404, "kit.NotFound"),
        ("/api/record/proof/inclusion?fact=999999", 404, "kit.NotFound"),
        ("/api/record/proof/inclusion", 422, "kit.Invalid"),
        ("/api/record/proof/inclusion?fact=x", 422, "kit.Invalid"),
        ("/api/record/proof/consistency?first=3&second=2", 422, "record.NoSuchSize"),
        ("/api/record/proof/consistency?first=0&second=99", 422, "record.NoSuchSize"),
        ("/api/record/proof/consistency?first=-1", 422, "record.NoSuchSize"),
    ],
)
def test_wrong_questions_are_refused(path, status, code):
    light("a")
    seal()

    answer = api_for().get(path)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_fact_without_a_seal_and_a_size_without_a_signature_are_refused():
    light("a", "b")
    seal()
    light("c")
    latest = Fact.objects.latest("id").pk
    first = Fact.objects.earliest("id").pk

    waiting = api_for().get(f"/api/record/proof/inclusion?fact={latest}")
    unsigned = api_for().get(f"/api/record/proof/inclusion?fact={first}&size=1")

    assert (waiting.status_code, waiting.json()["code"]) == (404, "record.NotSealedYet")
    assert (unsigned.status_code, unsigned.json()["code"]) == (422, "record.NoSuchSize")


def test_text_that_has_no_utf8_does_not_stop_the_sealer():
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL refuses such text itself")
    light("a\ud800")

    assert seal().size == 1
    assert verify(exported(SYSTEM, with_personal=True))["personal"]["shown"] == 1


def test_the_key_is_made_once_for_the_hub_alone(settings, tmp_path):
    settings.HOME = tmp_path

    first = signing.sign({"size": 0})
    second = signing.sign({"size": 0})

    assert first == second
    assert stat.S_IMODE(os.stat(tmp_path / "record_key").st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["record_key"]
    settings.RECORD_KEY = "11" * 32
    assert signing.sign({"size": 0})[0] != first[0]
    settings.RECORD_KEY = "short"
    with pytest.raises(ImproperlyConfigured):
        signing.sign({"size": 0})


def run(*words):
    result = CliRunner().invoke(app, [str(word) for word in words])
    if isinstance(result.exception, Refusal):
        return 3, result.exception.code
    return result.exit_code, result.stdout


def test_the_command_line_seals_exports_verifies_and_checks(tmp_path, capsys):
    file, old = tmp_path / "record.jsonl", tmp_path / "old.jsonl"
    assert run("head") == (3, "record.NothingSealed")
    light("a", "b")
    assert json.loads(run("seal", "--json")[1])["size"] == 2
    assert run("export", old)[0] == 0
    light("c")
    run("seal")
    assert json.loads(run("export", file, "--json")[1])["head"]["size"] == 3
    assert json.loads(run("verify", file, "--since", old, "--json")[1])["since"] == 2
    assert json.loads(run("head", "--json")[1])["size"] == 3
    assert json.loads(run("check", "--json")[1])["holds"] is True
    (tmp_path / "proof.json").write_text(run("proof", Fact.objects.latest("id").pk)[1])
    assert run("verify", tmp_path / "proof.json")[0] == 0
    assert json.loads(run("redact", "beacon:a", "--reason", "시험", "--json")[1]) == {"facts": 1}

    Fact.objects.filter(subject="beacon:b").update(actor="forged")

    assert run("check")[0] == 3
    run("export", file)
    code, text = run("verify", file, "--json")
    assert (code, json.loads(text)["problem"]["code"]) == (3, "altered-fact")
