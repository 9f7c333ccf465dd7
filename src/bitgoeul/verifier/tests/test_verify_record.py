"""The verifier against records made by the engine: whatever is altered is found and named."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from bitgoeul.engines import merkle
from bitgoeul.kit.testing import examples
from bitgoeul.verifier import verify_record
from bitgoeul.verifier.verify_record import Problem, verify, verify_inclusion

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw().hex()
SCRIPT = Path(verify_record.__file__)


def signed(size: int, root: bytes, key=KEY) -> dict:
    statement = {"size": size, "root": root.hex(), "at": f"2026-05-01T00:00:{size:02d}.000000Z"}
    message = merkle.canonical_json({"format": "bitgoeul-record-1", **statement})
    return {
        "format": "bitgoeul-record-1",
        **statement,
        "public_key": key.public_key().public_bytes_raw().hex(),
        "signature": key.sign(message).hex(),
    }


def record_of(numbers, heads=(), key=KEY) -> list[dict]:
    """An export: facts number 100, 101, …, one with a personal value, and a head after each of ``heads``."""
    kept: dict[tuple[int, int], bytes] = {}
    facts, lines, roots = [], [], [merkle.EMPTY_ROOT]
    for position, number in enumerate(numbers):
        fact = {
            "id": 100 + position,
            "name": "kit.LampLit",
            "at": "2026-05-01T00:00:00.000000Z",
            "actor": "system",
            "organisation": "",
            "subject": f"lamp:{number}",
            "data": {"number": number, "name": "빛"},
            "personal": {"keeper": verify_record.personal_hash("5a17", f"지기 {number}")},
        }
        facts.append(fact)
    hashes = [merkle.leaf_hash(merkle.canonical_json(fact)) for fact in facts]
    grown = merkle.grow(lambda level, index: kept[level, index], 0, hashes)
    for position, (fact, hash_, (nodes, root)) in enumerate(zip(facts, hashes, grown, strict=True)):
        kept.update({(node.level, node.index): node.hash for node in nodes})
        roots.append(root)
        line = {"type": "fact", "position": position, "hash": hash_.hex(), "root": root.hex(), "fact": fact}
        lines.append(
            line | {"personal": {"keeper": f"지기 {numbers[position]}"}, "salts": {"keeper": "5a17"}}
        )
        if position + 1 in heads and position + 1 < len(facts):
            lines.append({"type": "head", **signed(position + 1, root, key)})
    return [{"type": "head", **signed(len(facts), roots[-1], key)}, *lines]


def written(lines) -> list[str]:
    return [json.dumps(line, ensure_ascii=False) for line in lines]


def found(lines, **options) -> Problem:
    with pytest.raises(Problem) as problem:
        verify(written(lines), **options)
    assert verify_record.sentence(problem.value.code, problem.value.facts, "ko")
    return problem.value


def facts_of(lines) -> list[dict]:
    return [line for line in lines if line["type"] == "fact"]


def test_a_true_record_is_verified_whole():
    lines = record_of(range(7), heads=(2, 5))

    report = verify(written(lines), key=PUBLIC)

    assert report == {
        "verified": True,
        "facts": 7,
        "root": lines[0]["root"],
        "at": "2026-05-01T00:00:07.000000Z",
        "public_key": PUBLIC,
        "heads": 2,
        "personal": {"shown": 7, "hashed": 0},
        "since": None,
    }


@settings(max_examples=examples(60), deadline=None)
@given(st.integers(0, 40), st.data())
def test_records_of_every_size_verify_and_any_altered_fact_is_named(size, data):
    heads = data.draw(st.sets(st.integers(1, 40), max_size=4))
    lines = record_of(range(size), heads)
    assert verify(written(lines))["facts"] == size
    if not size:
        return
    victim = data.draw(st.integers(0, size - 1))
    line = facts_of(lines)[victim]
    line["fact"]["data"]["number"] = 999
    if data.draw(st.booleans()):
        line["hash"] = merkle.leaf_hash(merkle.canonical_json(line["fact"])).hex()

    problem = found(lines)

    assert (problem.code, problem.facts) == (
        "altered-fact",
        {"fact": 100 + victim, "position": victim, "name": "kit.LampLit"},
    )


def test_a_fact_altered_with_all_its_hashes_is_found_in_the_batch_that_was_signed_with_it():
    lines = record_of(range(9), heads=(3, 6))
    forged = record_of([0, 1, 2, 3, 999, 5, 6, 7, 8], heads=(3, 6))
    true_heads = {line["size"]: line for line in lines if line["type"] == "head"}
    forged = [true_heads[line["size"]] if line["type"] == "head" else line for line in forged]

    problem = found(forged)

    assert (problem.code, problem.facts) == ("altered-batch", {"position": 3, "last": 5, "fact": 103})


FIELDS = ["id", "name", "at", "actor", "organisation", "subject", "data", "personal"]


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_of_a_fact_is_sealed(field):
    lines = record_of(range(3))
    fact = facts_of(lines)[1]["fact"]
    fact[field] = {} if field in {"data", "personal"} else "forged"

    assert (found(lines).code, found(lines).facts["position"]) == ("altered-fact", 1)


def alter_size(lines):
    lines[0]["size"] = 2


def alter_time(lines):
    lines[0]["at"] = "2027-01-01T00:00:00.000000Z"


def alter_root(lines):
    lines[0]["root"] = "0" * 64


def alter_signature(lines):
    lines[0]["signature"] = "00" * 64


def alter_key(lines):
    lines[0]["public_key"] = "00" * 32


def alter_older_head(lines):
    next(line for line in lines[1:] if line["type"] == "head")["root"] = "0" * 64


def drop_fact(lines):
    del lines[2]


def drop_last_fact(lines):
    del lines[-1]


def swap_facts(lines):
    lines[1], lines[2] = lines[2], lines[1]


def add_fact(lines):
    lines.append(lines[-1] | {"position": 5, "fact": lines[-1]["fact"] | {"id": 105}})


def say_missing(lines):
    lines[2] = {"type": "fact", "position": 1, "missing": True}


def hide_float(lines):
    lines[2]["fact"]["data"]["number"] = 1.0


def alter_personal(lines):
    lines[2]["personal"]["keeper"] = "다른 사람"


def alter_salt(lines):
    lines[2]["salts"] = {}


def add_personal(lines):
    lines[2]["personal"]["nickname"] = "빛"


def no_object(lines):
    lines[2]["fact"] = "forged"


def other_line(lines):
    lines[2]["type"] = "note"


@pytest.mark.parametrize(
    ("alter", "code", "position"),
    [
        (alter_size, "bad-signature", None),
        (alter_time, "bad-signature", None),
        (alter_root, "bad-signature", None),
        (alter_signature, "bad-signature", None),
        (alter_key, "bad-signature", None),
        (alter_older_head, "bad-signature", None),
        (drop_fact, "missing-fact", 1),
        (drop_last_fact, "missing-fact", 4),
        (swap_facts, "missing-fact", 0),
        (add_fact, "added-fact", 5),
        (say_missing, "missing-fact", 1),
        (hide_float, "altered-fact", 1),
        (alter_personal, "altered-personal", 1),
        (alter_salt, "altered-personal", 1),
        (add_personal, "altered-personal", 1),
        (no_object, "altered-fact", 1),
        (other_line, "not-readable", None),
    ],
)
def test_whatever_is_altered_is_found(alter, code, position):
    lines = record_of(range(5), heads=(4,))
    assert verify(written(lines))
    alter(lines)

    problem = found(lines)

    assert (problem.code, problem.facts.get("position")) == (code, position)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "not json", '{"format":"bitgoeul-record-1"}', "[" * 5000, '{"a":1,"a":2}']
)
def test_what_is_no_export_is_said_to_be_none(text):
    with pytest.raises(Problem) as problem:
        verify([text])

    assert problem.value.code in {"not-an-export", "not-readable"}


def test_a_key_that_was_told_elsewhere_is_held_against_the_record():
    stranger = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
    lines = record_of(range(3), key=stranger)

    assert verify(written(lines))["public_key"] != PUBLIC
    assert found(lines, key=PUBLIC).code == "wrong-key"


def test_a_record_that_only_grew_is_told_from_one_that_was_rewritten():
    older, newer = written(record_of(range(4))), record_of(range(9), heads=(4,))

    assert verify(written(newer), since=older)["since"] == 4
    assert verify(written(newer), since=older[:1])["since"] == 4
    assert verify(written(record_of(range(4))), since=older)["since"] == 4

    forged = record_of([0, 1, 999, *range(3, 9)])
    assert found(forged, since=older).facts == {"fact": 102, "position": 2, "name": "kit.LampLit"}
    assert found(forged, since=older).code == "rewritten-fact"
    assert found(forged, since=older[:1]).code == "rewritten"
    assert found(record_of(range(3)), since=older).code == "shrunk"
    stranger = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
    assert found(newer, since=written(record_of(range(4), key=stranger))).code == "key-changed"


def test_an_inclusion_proof_is_verified_and_an_altered_one_is_not():
    lines = record_of(range(6))
    hashes = [bytes.fromhex(line["hash"]) for line in facts_of(lines)]
    kept: dict[tuple[int, int], bytes] = {}
    for nodes, _root in merkle.grow(lambda level, index: kept[level, index], 0, hashes):
        kept.update({(node.level, node.index): node.hash for node in nodes})
    steps = merkle.inclusion_proof(lambda level, index: kept[level, index], 3, 6)
    proof = {
        "type": "inclusion",
        "fact": facts_of(lines)[3]["fact"],
        "position": 3,
        "proof": [step.hex() for step in steps],
        "head": lines[0],
    }

    assert verify_inclusion(proof, key=PUBLIC)["fact"] == 103
    for change in ({"position": 2}, {"proof": proof["proof"][:-1]}, {"fact": proof["fact"] | {"actor": "x"}}):
        with pytest.raises(Problem) as problem:
            verify_inclusion(copy.deepcopy(proof) | change)
        assert problem.value.code == "not-included"


# Test vectors 1 to 3 of RFC 8032, section 7.1: public key, message, signature.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
        "4a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_plain_python_signatures_pass_the_published_vectors(key, message, signature):
    parts = [bytes.fromhex(text) for text in (key, signature, message)]

    assert verify_record.plain_signature_holds(*parts)
    assert verify_record.signature_holds(*parts)


@settings(max_examples=examples(15), deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=80), st.integers(0, 511))
def test_plain_python_signatures_agree_with_the_library(seed, message, bit):
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    flipped = bytearray(signature)
    flipped[bit // 8] ^= 1 << bit % 8

    assert verify_record.plain_signature_holds(public, signature, message)
    assert not verify_record.plain_signature_holds(public, bytes(flipped), message)
    assert not verify_record.plain_signature_holds(public, signature, message + b"x")
    assert not verify_record.plain_signature_holds(public, signature[:-1], message)


def run(*words, bare=True):
    """Run the one file alone; bare: no installed package at all, neither Django nor cryptography."""
    return subprocess.run(
        [sys.executable, *(["-I", "-S"] if bare else []), str(SCRIPT), *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_file_runs_alone_without_any_installed_package(tmp_path):
    lines = record_of(range(5), heads=(2,))
    good, bad, old = (tmp_path / name for name in ("good.jsonl", "bad.jsonl", "old.json"))
    good.write_text("\n".join(written(lines)))
    old.write_text(written(record_of(range(3)))[0])
    facts_of(lines)[3]["fact"]["subject"] = "lamp:forged"
    bad.write_text("\n".join(written(lines)))

    for bare in (True, False):
        verified = run(good, "--key", PUBLIC, "--since", old, "--json", bare=bare)
        altered = run(bad, "--json", bare=bare)
        assert (verified.returncode, json.loads(verified.stdout)["since"]) == (0, 3)
        assert altered.returncode == 3
        assert json.loads(altered.stdout)["problem"] == {
            "code": "altered-fact",
            "fact": 103,
            "position": 3,
            "name": "kit.LampLit",
            "sentence": "Fact 103 (number 3, kit.LampLit) was altered after it was sealed.",
        }
    assert run(good).stdout.startswith("Verified: 5 facts")
    assert run(good, "--language", "ko").stdout.startswith("검증했습니다. 사실 5건이")
    assert "103" in run(bad, "--language", "ko").stdout
    assert run(tmp_path / "nowhere").returncode == 2
    assert run().returncode == 2


def test_the_file_imports_neither_the_hub_nor_django():
    script = (
        "import runpy, sys; runpy.run_path(sys.argv[1], run_name='verifier');"
        "print([name for name in sys.modules if name.split('.')[0] in {'django', 'bitgoeul'}])"
    )

    answer = subprocess.run(
        [sys.executable, "-c", script, str(SCRIPT)], capture_output=True, text=True, check=True
    )

    assert answer.stdout == "[]\n"
