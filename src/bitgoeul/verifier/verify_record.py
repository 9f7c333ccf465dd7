#!/usr/bin/env python3
"""Verify an export of a Bitgoeul record, offline and without the hub.

    python verify_record.py FILE [--key HEX] [--since OLDER_FILE] [--json] [--language ko|en]

FILE is an export (JSON lines), an inclusion proof as the hub's API answers it, or a bundle of proofs about
one thing, such as a call or a receipt (it proves what it holds, not that nothing is left out). Checked are:
the Ed25519 signature of every tree head, the RFC 6962 Merkle root over all facts, every fact against its
leaf hash, every shown personal value against its salted hash, and with --since that the record only grew.
The first fact that does not hold is named.

Give --key with the public key you were told by somebody else than the hub: without it a hub could sign a
whole other record with a new key.  Exit status: 0 verified, 3 not verified, 2 not usable.

Needs Python 3.9 or later; uses the package "cryptography" if it is there, else its own Ed25519.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator
from hashlib import sha256, sha512
from typing import Any

FORMAT = "bitgoeul-record-1"
EMPTY_ROOT = sha256(b"").digest()

SENTENCES = {
    "verified": (
        "Verified: {facts} facts, unaltered since they were signed on {at}.",
        "검증했습니다. 사실 {facts}건이 {at}에 서명된 뒤로 바뀌지 않았습니다.",
    ),
    "verified-proof": (
        "Verified: fact {fact} is number {position} of the {facts} facts signed on {at}.",
        "검증했습니다. 사실 {fact}은(는) {at}에 서명된 사실 {facts}건 가운데 {position}번입니다.",
    ),
    "verified-bundle": (
        "Verified: {shown} facts about {about}, among the {facts} facts signed on {at}.",
        "검증했습니다. {about}에 관한 사실 {shown}건이 {at}에 서명된 사실 {facts}건에 들어 있습니다.",
    ),
    "other-draw": (
        "The draw sheet is not the one whose fingerprint stands in the record.",
        "추첨 기록의 지문이 공개 기록에 있는 지문과 다릅니다.",
    ),
    "not-an-export": (
        "This is not an export of a record: {detail}.",
        "기록을 내보낸 파일이 아닙니다: {detail}.",
    ),
    "not-readable": ("Line {line} cannot be read: {detail}.", "{line}번째 줄을 읽을 수 없습니다: {detail}."),
    "wrong-key": (
        "Signed with another key ({found}), not with the key given.",
        "주신 열쇠가 아니라 다른 열쇠({found})로 서명되었습니다.",
    ),
    "key-changed": (
        "The older file was signed with another key ({found}).",
        "이전 파일은 다른 열쇠({found})로 서명되었습니다.",
    ),
    "bad-signature": (
        "The signature of the head of {size} facts does not hold: the head was altered.",
        "사실 {size}건의 머리글 서명이 맞지 않습니다. 머리글이 바뀌었습니다.",
    ),
    "altered-fact": (
        "Fact {fact} (number {position}, {name}) was altered after it was sealed.",
        "사실 {fact}({position}번, {name})이(가) 봉인된 뒤에 바뀌었습니다.",
    ),
    "altered-personal": (
        "The personal value {field} of fact {fact} (number {position}, {name}) was altered.",
        "사실 {fact}({position}번, {name})의 개인 항목 {field}이(가) 바뀌었습니다.",
    ),
    "altered-batch": (
        "A fact among numbers {position} to {last}, sealed together from fact {fact} on, was altered.",
        "함께 봉인된 {position}번(사실 {fact})부터 {last}번까지 가운데 하나가 바뀌었습니다.",
    ),
    "missing-fact": (
        "Fact number {position} is missing.",
        "{position}번 사실이 빠졌습니다.",
    ),
    "added-fact": (
        "Fact {fact} (number {position}) was added without a signature.",
        "사실 {fact}({position}번)이(가) 서명 없이 더해졌습니다.",
    ),
    "rewritten-fact": (
        "Fact {fact} (number {position}, {name}) differs from the older file: history was rewritten.",
        "사실 {fact}({position}번, {name})이(가) 이전 파일의 것과 다릅니다. 지난 기록이 다시 쓰였습니다.",
    ),
    "rewritten": (
        "The first {size} facts are not those of the older file: history was rewritten.",
        "처음 {size}건의 사실이 이전 파일과 다릅니다. 지난 기록이 다시 쓰였습니다.",
    ),
    "shrunk": (
        "The older file holds {size} facts, this one fewer: facts were removed.",
        "이전 파일에는 사실이 {size}건 있으나 이 파일에는 더 적습니다. 사실이 지워졌습니다.",
    ),
    "not-included": (
        "The proof does not lead from fact {fact} to the signed root.",
        "증명이 사실 {fact}에서 서명된 루트로 이어지지 않습니다.",
    ),
}


class Problem(Exception):
    """The first thing that does not hold."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


def sentence(code: str, facts: dict[str, Any], language: str) -> str:
    english, korean = SENTENCES[code]
    return (korean if language == "ko" else english).format(**facts)


# Hashing: RFC 6962, section 2.1


def canonical(value: Any) -> bytes:
    """The one written form: UTF-8 JSON, keys by code point, no spaces, no floats."""
    if _holds_floats(value):
        raise ValueError("a fact holds no floats")
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace")


def _holds_floats(value: Any) -> bool:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return isinstance(value, float) or any(map(_holds_floats, parts))


def leaf_hash(content: bytes) -> bytes:
    return sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def personal_hash(salt: str, value: Any) -> str:
    return sha256(salt.encode() + b":" + canonical(value)).hexdigest()


class Tree:
    """A growing tree: only the complete subtrees at its right edge are kept."""

    def __init__(self) -> None:
        self.size = 0
        self.edge: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        merges = self.size
        while merges & 1:
            leaf = node_hash(self.edge.pop(), leaf)
            merges >>= 1
        self.edge.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        if not self.edge:
            return EMPTY_ROOT
        root = self.edge[-1]
        for left in reversed(self.edge[:-1]):
            root = node_hash(left, root)
        return root


def root_from_proof(leaf: bytes, index: int, size: int, proof: list[bytes]) -> bytes | None:
    """The root that an inclusion proof leads to (RFC 9162, 2.1.3.2); None if it has the wrong length."""
    if not 0 <= index < size:
        return None
    here, last = index, size - 1
    for sibling in proof:
        if last == 0:
            return None
        if here & 1 or here == last:
            leaf = node_hash(sibling, leaf)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            leaf = node_hash(leaf, sibling)
        here, last = here >> 1, last >> 1
    return leaf if last == 0 else None


# Signatures: Ed25519, RFC 8032


def signature_holds(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return plain_signature_holds(key, signature, message)
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]  # extended coordinates (x, y, z, t) with x = X/Z, y = Y/Z, x*y = T/Z


def _add(a: Point, b: Point) -> Point:
    s = (a[1] - a[0]) * (b[1] - b[0]) % P
    t = (a[1] + a[0]) * (b[1] + b[0]) % P
    u = 2 * a[3] * b[3] * D % P
    v = 2 * a[2] * b[2] % P
    e, f, g, h = t - s, v - u, v + u, t + s
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def _times(scalar: int, point: Point) -> Point:
    result: Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = _add(result, point)
        point = _add(point, point)
        scalar >>= 1
    return result


def _same(a: Point, b: Point) -> bool:
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def _point(data: bytes) -> Point | None:
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if sign else (0, y, 1, 0)
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P:
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


def _base() -> Point:
    return _point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))  # type: ignore[return-value]


def plain_signature_holds(key: bytes, signature: bytes, message: bytes) -> bool:
    """Ed25519 verification in plain Python: slow, and enough."""
    if len(key) != 32 or len(signature) != 64:
        return False
    public, nonce = _point(key), _point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if public is None or nonce is None or scalar >= ORDER:
        return False
    challenge = int.from_bytes(sha512(signature[:32] + key + message).digest(), "little") % ORDER
    return _same(_times(scalar, _base()), _add(nonce, _times(challenge, public)))


def head_message(head: dict[str, Any]) -> bytes:
    """What the hub signs: the canonical JSON of the head without key and signature."""
    return canonical({"format": FORMAT, "size": head["size"], "root": head["root"], "at": head["at"]})


# Reading


HEAD = {"size": int, "root": str, "at": str, "public_key": str, "signature": str}


def check_head(head: dict[str, Any]) -> None:
    """Hold the head's signature against the key that it names."""
    wrong = [name for name, kind in HEAD.items() if type(head.get(name)) is not kind]
    if wrong:
        raise Problem("not-an-export", detail=f"{wrong[0]} is missing or wrong in a head")
    try:
        key, signature = bytes.fromhex(head["public_key"]), bytes.fromhex(head["signature"])
    except ValueError:
        raise Problem("bad-signature", size=head["size"]) from None
    if not signature_holds(key, signature, head_message(head)):
        raise Problem("bad-signature", size=head["size"])


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are each said once: two readers must not see two different facts."""
    item = dict(pairs)
    if len(item) != len(pairs):
        raise ValueError("a key is said twice")
    return item


def items(lines: Iterable[Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            item = json.loads(line, object_pairs_hook=_object)
        except (ValueError, RecursionError) as error:
            raise Problem("not-readable", line=number, detail=str(error)) from None
        if not isinstance(item, dict):
            raise Problem("not-readable", line=number, detail="not a JSON object")
        yield number, item


def first_head(stream: Iterator[tuple[int, dict[str, Any]]], key: str | None) -> dict[str, Any]:
    """The newest head, at the top of an export: signed, and by ``key`` if one is given."""
    _number, head = next(stream, (0, {}))
    if head.get("format") != FORMAT:
        raise Problem("not-an-export", detail=f"it does not begin with a head of the format {FORMAT}")
    check_head(head)
    if key and head["public_key"].lower() != key.lower():
        raise Problem("wrong-key", found=head["public_key"])
    return head


class Older:
    """An export, or only its head, that somebody kept from before."""

    def __init__(self, lines: Iterable[Any], head: dict[str, Any], size: int) -> None:
        self.stream = items(lines)
        self.head = first_head(self.stream, None)
        if self.head["public_key"] != head["public_key"]:
            raise Problem("key-changed", found=self.head["public_key"])
        if self.head["size"] > size:
            raise Problem("shrunk", size=self.head["size"])

    def compare(self, tree: Tree, named: dict[str, Any], hash_: str) -> None:
        """Hold fact number ``tree.size - 1`` of the new export against the older one."""
        if tree.size > self.head["size"]:
            return
        older = next((item for _n, item in self.stream if item.get("type") == "fact"), None)
        if older is not None and older.get("hash") != hash_:
            raise Problem("rewritten-fact", **named)
        if tree.size == self.head["size"] and tree.root().hex() != self.head["root"]:
            raise Problem("rewritten", size=self.head["size"])


# Verifying


def verify(
    lines: Iterable[Any], *, key: str | None = None, since: Iterable[Any] | None = None
) -> dict[str, Any]:
    """Verify an export line by line, in memory that does not grow with it.

    Returns: what was verified.  Raises: Problem, the first that was found.
    """
    stream = items(lines)
    head = first_head(stream, key)
    older = Older(since, head, head["size"]) if since is not None else None
    if older is not None and older.head["size"] == 0 and older.head["root"] != EMPTY_ROOT.hex():
        raise Problem("rewritten", size=0)
    tree = Tree()
    heads = shown = hidden = 0
    sealed = 0  # facts up to the last signed head
    batch_begins: Any = None
    for number, item in stream:
        if item.get("type") == "head":
            check_head(item)
            heads += 1
            if item["size"] != tree.size:
                raise Problem("missing-fact", position=min(item["size"], tree.size))
            if item["root"] != tree.root().hex():
                raise Problem("altered-batch", position=sealed, last=tree.size - 1, fact=batch_begins)
            sealed, batch_begins = tree.size, None
            continue
        if item.get("type") != "fact":
            raise Problem("not-readable", line=number, detail="neither a fact nor a head")
        fact, named = _read_fact(item, tree, head)
        batch_begins = named["fact"] if batch_begins is None else batch_begins
        tree.add(bytes.fromhex(item["hash"]))
        # The root after each fact points at the fact itself even where its hash was rewritten as well.
        if "root" in item and item["root"] != tree.root().hex():
            raise Problem("altered-fact", **named)
        if older is not None:
            older.compare(tree, named, item["hash"])
        seen = _check_personal(item, fact, named)
        shown, hidden = shown + seen, hidden + len(fact["personal"]) - seen
    if tree.size < head["size"]:
        raise Problem("missing-fact", position=tree.size)
    if tree.root().hex() != head["root"]:
        raise Problem("altered-batch", position=sealed, last=tree.size - 1, fact=batch_begins)
    return {
        "verified": True,
        "facts": tree.size,
        "root": head["root"],
        "at": head["at"],
        "public_key": head["public_key"],
        "heads": heads,
        "personal": {"shown": shown, "hashed": hidden},
        "since": older.head["size"] if older is not None else None,
    }


def _read_fact(
    item: dict[str, Any], tree: Tree, head: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fact of a line, held against its place and its leaf hash."""
    position = tree.size
    if item.get("missing") or item.get("position") != position:
        raise Problem("missing-fact", position=position)
    fact = item.get("fact")
    if not isinstance(fact, dict) or not isinstance(fact.get("personal"), dict):
        raise Problem("altered-fact", fact="?", position=position, name="?")
    named = {"fact": fact.get("id", "?"), "position": position, "name": fact.get("name", "?")}
    if position >= head["size"]:
        raise Problem("added-fact", **named)
    try:
        content = canonical(fact)
    except ValueError:
        raise Problem("altered-fact", **named) from None
    if item.get("hash") != leaf_hash(content).hex():
        raise Problem("altered-fact", **named)
    return fact, named


def _check_personal(item: dict[str, Any], fact: dict[str, Any], named: dict[str, Any]) -> int:
    """Hold every shown personal value against its salted hash; return how many there were."""
    values, salts = item.get("personal", {}), item.get("salts", {})
    for field, value in values.items():
        try:
            holds = personal_hash(salts[field], value) == fact["personal"].get(field)
        except (KeyError, ValueError, AttributeError):
            holds = False
        if not holds:
            raise Problem("altered-personal", field=field, **named)
    return len(values)


def verify_inclusion(proof: dict[str, Any], *, key: str | None = None) -> dict[str, Any]:
    """Verify that one fact is in the record whose signed head the proof carries."""
    head = first_head(iter([(1, proof.get("head") or {})]), key)
    fact = _included(proof, head)
    return {
        "verified": True,
        "fact": fact.get("id"),
        "position": proof["position"],
        "facts": head["size"],
        "root": head["root"],
        "at": head["at"],
        "public_key": head["public_key"],
    }


def _included(proof: dict[str, Any], head: dict[str, Any]) -> dict[str, Any]:
    """The fact of a proof, held against the root of the head.  Raises: Problem."""
    fact, position = proof.get("fact"), proof.get("position")
    if not isinstance(fact, dict) or not isinstance(position, int):
        raise Problem("not-an-export", detail="the proof names no fact")
    try:
        steps = [bytes.fromhex(step) for step in proof.get("proof") or []]
        leaf = leaf_hash(canonical(fact))
    except (TypeError, ValueError) as error:
        raise Problem("not-an-export", detail=str(error)) from None
    root = root_from_proof(leaf, position, head["size"], steps)
    if root is None or root.hex() != head["root"]:
        raise Problem("not-included", fact=fact.get("id", "?"))
    return fact


def verify_bundle(lines: Iterable[Any], *, key: str | None = None) -> dict[str, Any]:
    """Verify proofs of several facts against one signed head, and a draw sheet against its fact.

    Returns: what was verified.  Raises: Problem, the first that was found.
    """
    stream = items(lines)
    number, first = next(stream, (0, {}))
    head = first_head(iter([(number, first)]), key)
    shown = values = 0
    draws: set[str] = set()
    for number, item in stream:
        if item.get("type") == "draw":
            if leaf_digest(item.get("sheet")) not in draws:
                raise Problem("other-draw")
            continue
        if item.get("type") != "inclusion":
            raise Problem("not-readable", line=number, detail="neither a proof nor a draw sheet")
        fact = _included(item, head)
        named = {"fact": fact.get("id", "?"), "position": item["position"], "name": fact.get("name", "?")}
        if not isinstance(fact.get("personal"), dict):
            raise Problem("altered-fact", **named)
        values += _check_personal(item, fact, named)
        if isinstance(fact.get("data"), dict):
            draws.add(str(fact["data"].get("sheet_digest")))
        shown += 1
    return {
        "verified": True,
        "about": str(first.get("about", "")),
        "shown": shown,
        "personal": values,
        "facts": head["size"],
        "root": head["root"],
        "at": head["at"],
        "public_key": head["public_key"],
    }


def leaf_digest(value: Any) -> str:
    """SHA-256 of the canonical JSON, as sheets are fingerprinted."""
    try:
        return sha256(canonical(value)).hexdigest()
    except (TypeError, ValueError):
        return ""


def verify_file(path: str, *, key: str | None = None, since: str | None = None) -> dict[str, Any]:
    """Verify an export or an inclusion proof in a file.  Raises: Problem, OSError."""
    with open(path, "rb") as file:
        proof = _as_proof(file.read(1 << 20))
        if proof is not None:
            return verify_inclusion(proof, key=key)
        file.seek(0)
        if _is_bundle(file.readline()):
            file.seek(0)
            return verify_bundle(file, key=key)
        file.seek(0)
        if since is None:
            return verify(file, key=key)
        with open(since, "rb") as older:
            return verify(file, key=key, since=older)


def _as_proof(beginning: bytes) -> dict[str, Any] | None:
    try:
        item = json.loads(beginning)
    except (ValueError, RecursionError):
        return None
    return item if isinstance(item, dict) and item.get("type") == "inclusion" else None


def _is_bundle(line: bytes) -> bool:
    try:
        item = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(item, dict) and item.get("type") == "bundle"


def verified_code(report: dict[str, Any]) -> str:
    """Which sentence tells what was verified."""
    if "about" in report:
        return "verified-bundle"
    return "verified-proof" if "position" in report else "verified"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="verify_record.py", description="Verify an export of a Bitgoeul record, offline."
    )
    parser.add_argument(
        "file", metavar="FILE", help="an export, a bundle (JSON lines) or an inclusion proof (JSON)"
    )
    parser.add_argument("--key", metavar="HEX", help="the public key you trust, 64 hex digits")
    parser.add_argument(
        "--since", metavar="OLDER", help="an older export, or its first line: did it only grow?"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--language", choices=["en", "ko"], help="the language of the answer")
    options = parser.parse_args(arguments)
    language = options.language or ("ko" if os.environ.get("LANG", "").startswith("ko") else "en")
    try:
        report = verify_file(options.file, key=options.key, since=options.since)
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    except Problem as problem:
        text = sentence(problem.code, problem.facts, language)
        if options.json:
            answer = {"verified": False, "problem": {"code": problem.code, **problem.facts, "sentence": text}}
            print(json.dumps(answer, ensure_ascii=False))
        else:
            print(text)
        return 3
    if options.json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        print(sentence(verified_code(report), report, language))
        print(f"root {report['root']}\nkey  {report['public_key']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
