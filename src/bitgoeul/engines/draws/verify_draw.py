#!/usr/bin/env python3
"""Hold a published draw again, offline and without the hub.

    python verify_draw.py SHEET.json [--rules HEX] [--pool HEX] [--beacon VALUE] [--json]

SHEET is the draw sheet, or the bundle of a call, from which the sheet and what was published before it are
taken (verify the bundle itself with the verifier of the record). Recomputed are: the digests of rules and
entries, the commitment, the order in time, the seed, every ticket, the order with its weights, who has a
place and who waits; of a void draw, its reason.
The first difference is named.

Give --rules and --pool with the digests that were published before the draw, and --beacon with the value
as its source shows it: a sheet alone proves that its arithmetic is right, not that it is the one announced.
Exit status: 0 it holds, 3 it does not, 2 not usable.

Needs Python 3.9 or later and nothing else. It shares no code with the drawing on purpose: it is a second,
independent writing of the same rules. Weighted entries are compared by logarithms and, where these are
close, by exact powers of whole numbers; the drawing computes them with 110 decimals.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import hmac
import json
import math
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

FORMAT = "bitgoeul-draw-1"
# What a bundle tells beside the sheet: which fact published it, under which name.
PUBLISHED = (("DrawCommitted", "rules_digest"), ("DrawEntriesPublished", "pool"), ("DrawHeld", "beacon"))


@dataclass(frozen=True)
class Verdict:
    """What came out.

    Attributes:
        holds:    whether everything in the sheet is what follows from it.
        where:    the first part that differs, as a path into the sheet ("order/3/ticket"); "" if it holds.
        stated:   what the sheet says there.
        computed: what follows from the rest of it.
    """

    holds: bool
    where: str = ""
    stated: str = ""
    computed: str = ""


def verify(
    sheet: Any, *, rules_digest: str | None = None, pool: str | None = None, beacon: str | None = None
) -> Verdict:
    """Recompute a sheet and name the first difference.

    Args:
        sheet:        the sheet as read from JSON; any value is answered, none raises.
        rules_digest: the digest of the rules as it was published before entries came in, hexadecimal.
        pool:         the digest of the entries as it was published at closing, hexadecimal.
        beacon:       the value as its source shows it.
    """
    published = {"rules_digest": rules_digest, "pool": pool, "beacon/value": beacon}
    try:
        for where, stated, computed in _compared(sheet, published):
            if stated != computed:
                return Verdict(False, where, _shown(stated), _shown(computed))
    except (AttributeError, LookupError, OverflowError, RecursionError, TypeError, ValueError) as problem:
        return Verdict(False, "sheet", f"not readable: {problem!r}", "a draw sheet")
    return Verdict(True)


Compared = Iterator["tuple[str, Any, Any]"]


def _compared(sheet: Any, published: dict[str, str | None]) -> Compared:
    """Yield (where, stated, computed) for everything that a sheet says."""
    rules, entries = sheet["rules"], sheet["entries"]
    yield "format", sheet["format"], FORMAT
    yield "rules_digest", sheet["rules_digest"], _sha256(rules)
    yield from _of_rules(rules)
    yield from _of_entries(entries, [stratum["name"] for stratum in rules["strata"]])
    yield "pool", sheet["pool"], _sha256(entries)
    for name in ("rules_digest", "pool"):
        if published[name] is not None:
            yield name, sheet[name], published[name]
    if sheet["outcome"] == "void":
        yield from _of_void(sheet, rules)
        return
    yield "outcome", sheet["outcome"], "drawn"
    yield from _of_drawn(sheet, rules, published["beacon/value"])


def _of_rules(rules: Any) -> Compared:
    committed, closes, due = (_at(rules[key]) for key in ("committed_at", "closes_at", "reveal_by"))
    yield "rules/closes_at", closes > committed, True
    yield "rules/reveal_by", due > closes, True
    counts = [rules["places"]] + [stratum["places"] for stratum in rules["strata"]]
    yield "rules/places", all(type(count) is int and count >= 0 for count in counts), True
    yield "rules/strata", sum(counts[1:]) <= counts[0], True
    yield "rules/strata", len({stratum["name"] for stratum in rules["strata"]}), len(rules["strata"])


def _of_entries(entries: Any, strata: list[str]) -> Compared:
    ids = [entry["id"] for entry in entries]
    yield "entries", ids, sorted(set(ids))
    for number, entry in enumerate(entries):
        weight = entry["weight"]
        yield f"entries/{number}/weight", type(weight) is int and 1 <= weight <= 10_000, True
        groups = entry["strata"]
        yield f"entries/{number}/strata", groups, sorted(set(groups) & set(strata))


def _of_void(sheet: Any, rules: Any) -> Compared:
    at = _at(sheet["revealed_at"])
    yield "revealed_at", at >= _at(rules["closes_at"]), True
    late = at > _at(rules["reveal_by"])
    if sheet["secret"] is None:
        reason = "withheld" if late else "none"
    elif late:
        reason = "late"
    else:
        found = hashlib.sha256(bytes.fromhex(sheet["secret"])).hexdigest()
        reason = "none" if found == rules["commitment"] else "wrong"
    yield "reason", sheet["reason"], reason


def _of_drawn(sheet: Any, rules: Any, beacon: str | None) -> Compared:
    secret = bytes.fromhex(sheet["secret"])
    yield "secret", hashlib.sha256(secret).hexdigest(), rules["commitment"]
    at = _at(sheet["revealed_at"])
    yield "revealed_at", _at(rules["closes_at"]) <= at <= _at(rules["reveal_by"]), True
    yield "beacon/source", sheet["beacon"]["source"], rules["beacon"]
    yield "beacon/at", _at(sheet["beacon"]["at"]) >= _at(rules["closes_at"]), True
    if beacon is not None:
        yield "beacon/value", sheet["beacon"]["value"], beacon
    message = _json({"beacon": sheet["beacon"]["value"], "draw": rules["draw"]})
    seed = hmac.new(secret, message, hashlib.sha256).digest()
    yield "seed", sheet["seed"], seed.hex()
    order = _order(seed, sheet["entries"])
    yield "order", len(sheet["order"]), len(order)
    for number, ((name, ticket), line) in enumerate(zip(order, sheet["order"])):  # noqa: B905 - Python 3.9
        yield f"order/{number}/id", line["id"], name
        yield f"order/{number}/ticket", line["ticket"], ticket
    groups = {entry["id"]: entry["strata"] for entry in sheet["entries"]}
    placed, waiting = _places([name for name, _ in order], groups, rules)
    stated = [(place["id"], place["stratum"]) for place in sheet["placed"]]
    for number, place in enumerate(placed):
        yield f"placed/{number}", stated[number] if number < len(stated) else None, place
    yield "placed", len(stated), len(placed)
    yield "waiting", sheet["waiting"], waiting


def _order(seed: bytes, entries: Any) -> list[tuple[str, str]]:
    def ticket(name: str) -> str:
        return hmac.new(seed, name.encode("utf-8", "backslashreplace"), hashlib.sha256).hexdigest()

    # Only the ratios of weights matter; small numbers make small powers.
    common = math.gcd(*(entry["weight"] for entry in entries)) if entries else 1
    lots = [_Lot(entry["id"], ticket(entry["id"]), entry["weight"] // common) for entry in entries]
    return [(lot.name, lot.ticket) for lot in sorted(lots, key=functools.cmp_to_key(_Lot.compared))]


class _Lot:
    """An entry in the drum. Of two, the lower -ln(y) / w is drawn first, y = 1 - (2t + 1) / 2**257."""

    def __init__(self, name: str, ticket: str, weight: int) -> None:
        self.name, self.ticket, self.weight = name, ticket, weight
        missing = 2 * int(ticket, 16) + 1
        self.above = (1 << 257) - missing
        share = missing / (1 << 257)
        # Each form is good to the last digits of a float where it is used.
        log = math.log1p(-share) if share < 0.5 else math.log(self.above / (1 << 257))
        self.key = -log / weight

    def compared(self, other: _Lot) -> int:
        """Return below zero if this lot comes before the other."""
        if self.weight == other.weight:
            mine, its = (self.ticket, self.name), (other.ticket, other.name)
            return (mine > its) - (mine < its)
        if abs(self.key - other.key) > 1e-12 * (self.key + other.key):
            return -1 if self.key < other.key else 1
        # -ln(y)/w < -ln(z)/v  exactly if  y**v > z**w, with both sides as whole numbers over 2**257.
        mine_ = self.above**other.weight << 257 * self.weight
        its_ = other.above**self.weight << 257 * other.weight
        if mine_ != its_:
            return -1 if mine_ > its_ else 1
        return (self.name > other.name) - (self.name < other.name)


def _places(order: list[str], groups: Any, rules: Any) -> tuple[list[tuple[str, str]], list[str]]:
    """Serve each group its kept places, then everybody the open ones."""
    placed: list[tuple[str, str]] = []
    waiting = list(order)
    unused = 0
    for stratum in rules["strata"]:
        free = stratum["places"]
        for name in list(waiting):
            if free and stratum["name"] in groups[name]:
                placed.append((name, stratum["name"]))
                waiting.remove(name)
                free -= 1
        unused += free
    kept = sum(stratum["places"] for stratum in rules["strata"])
    free = rules["places"] - kept + (unused if rules["spill"] else 0)
    placed += [(name, "") for name in waiting[:free]]
    return placed, waiting[free:]


def _read(text: str) -> tuple[Any, dict[str, str]]:
    """The sheet, and what the facts of a bundle published about it. Raises ValueError."""
    try:
        return json.loads(text), {}
    except ValueError:
        lines = [json.loads(line) for line in text.splitlines() if line.strip()]
    if not all(isinstance(line, dict) for line in lines):
        raise ValueError("neither a sheet nor a bundle")
    sheets = [line.get("sheet") for line in lines if line.get("type") == "draw"]
    if len(sheets) != 1:
        raise ValueError("the bundle holds no draw sheet")
    published: dict[str, str] = {}
    for line in lines:
        fact = line.get("fact")
        if not isinstance(fact, dict) or not isinstance(fact.get("data"), dict):
            continue
        for event, name in PUBLISHED:
            if fact.get("name") == f"programmes.{event}" and isinstance(fact["data"].get(name), str):
                published[name] = fact["data"][name]
    return sheets[0], published


def _at(text: str) -> datetime:
    at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if at.utcoffset() is None:
        raise ValueError(f"{text} has no time zone")
    return at


def _json(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)
    return text.encode("utf-8", "backslashreplace")


def _sha256(value: Any) -> str:
    return hashlib.sha256(_json(value)).hexdigest()


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:200]}…"


def main(arguments: list[str] | None = None) -> int:
    """Verify the file that the command line names and say what came out."""
    parser = argparse.ArgumentParser(description="Hold a published draw again.")
    parser.add_argument("sheet", help="the draw sheet, JSON, or the bundle of a call")
    parser.add_argument("--rules", help="digest of the rules, as published before entries came in")
    parser.add_argument("--pool", help="digest of the entries, as published at closing")
    parser.add_argument("--beacon", help="the public value as its source shows it")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    given = parser.parse_args(arguments)
    try:
        with open(given.sheet, encoding="utf-8") as file:
            sheet, published = _read(file.read())
    except (OSError, ValueError) as problem:
        print(f"Cannot read {given.sheet}: {problem}", file=sys.stderr)
        return 2
    verdict = verify(
        sheet,
        rules_digest=given.rules or published.get("rules_digest"),
        pool=given.pool or published.get("pool"),
        beacon=given.beacon or published.get("beacon"),
    )
    if given.json:
        print(json.dumps(asdict(verdict), ensure_ascii=False))
    elif verdict.holds:
        print(f"The draw holds ({sheet['outcome']}, {len(sheet['entries'])} entries).")
    else:
        print(f"The draw does not hold. First difference at {verdict.where}:")
        print(f"  stated:   {verdict.stated}\n  computed: {verdict.computed}")
    return 0 if verdict.holds else 3


if __name__ == "__main__":
    sys.exit(main())
