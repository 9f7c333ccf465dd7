"""The draw keeps its promises, for every pool, and the other writing of it agrees."""

import hmac
import json
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from hashlib import sha256
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bitgoeul.engines.draws import (
    BadBeacon,
    BadEntry,
    BadRules,
    Beacon,
    EarlySecret,
    Entry,
    LateSecret,
    NotVoid,
    Rules,
    Stratum,
    Verdict,
    WeakSecret,
    WrongSecret,
    commit,
    draw,
    next_in_order,
    pool_digest,
    verify,
    verify_draw,
    void,
    written,
)
from bitgoeul.engines.draws._order import _key, ordered, seed_of
from bitgoeul.kit.testing import examples

OPENS = datetime(2026, 5, 1, tzinfo=UTC)
CLOSES = OPENS + timedelta(days=14)
DUE = CLOSES + timedelta(days=1)
SECRET = bytes(range(32))
BEACON = Beacon("first head after closing", "6e340b9cffb37a98", CLOSES + timedelta(minutes=5))


def rules(places=2, strata=(), **changed):
    return Rules(
        **{
            "draw": "call-7",
            "commitment": commit(SECRET),
            "committed_at": OPENS,
            "closes_at": CLOSES,
            "reveal_by": DUE,
            "beacon": BEACON.source,
            "places": places,
            "strata": tuple(strata),
            **changed,
        }
    )


def drawn(entries, under=None, **changed):
    given_ = {"secret": SECRET, "beacon": BEACON, "revealed_at": CLOSES + timedelta(hours=1), **changed}
    return draw(under or rules(), entries, **given_)


def names(sheet):
    return [line["id"] for line in sheet["order"]]


def chi_square(seen, expected):
    assert sum(seen.values()) == pytest.approx(sum(expected.values()))
    return sum((seen[case] - count) ** 2 / count for case, count in expected.items())


def orders(entries, draws):
    """The orders of many draws, each with its own seed."""
    for number in range(draws):
        seed = seed_of(draw="uniformity", secret=SECRET, beacon=str(number))
        yield tuple(entry.id for entry, _ in ordered(seed, entries))


groups = st.lists(st.sampled_from(["local", "young"]), unique=True).map(tuple)
ids = st.text(min_size=1, max_size=6)
pools = st.lists(
    st.builds(Entry, ids, st.sampled_from([1, 1, 2, 3, 10, 9999]), groups),
    unique_by=lambda entry: entry.id, max_size=25,
)  # fmt: skip
any_rules = st.builds(
    lambda local, young, open_, spill: rules(
        local + young + open_, [Stratum("local", local), Stratum("young", young)], spill=spill
    ),
    *(st.integers(0, 4),) * 3, st.booleans(),
)  # fmt: skip


def test_the_order_is_what_the_definition_says():
    entries = [Entry(f"A{number}") for number in range(6)]
    message = b'{"beacon":"6e340b9cffb37a98","draw":"call-7"}'
    seed = hmac.new(SECRET, message, sha256).digest()
    tickets = {entry.id: hmac.new(seed, entry.id.encode(), sha256).hexdigest() for entry in entries}

    sheet = drawn(entries)

    assert sheet["seed"] == seed.hex()
    assert names(sheet) == sorted(tickets, key=tickets.get) == ["A4", "A3", "A1", "A0", "A2", "A5"]
    assert sheet["placed"] == [{"id": "A4", "stratum": ""}, {"id": "A3", "stratum": ""}]
    assert sheet["waiting"] == ["A1", "A0", "A2", "A5"]


def test_a_published_sheet_stays_the_same_to_the_last_byte():
    entries = [Entry("가", 3, ("local",)), Entry("나", 1), Entry("다", 2, ("local",))]

    digest = sha256(written(drawn(entries, rules(2, [Stratum("local", 1)])))).hexdigest()

    assert digest == "e4d7ddfd45a5740ea19932c283d7fe81947844d56776674968cb34a853c88de0"


@given(pools, any_rules, st.randoms())
@settings(max_examples=examples(60))
def test_for_every_pool_the_other_writing_agrees_and_the_order_of_entering_does_not_matter(
    pool, under, chance
):
    sheet = drawn(pool, under)
    chance.shuffle(pool)

    assert drawn(pool, under) == sheet
    assert verify(json.loads(written(sheet))) == Verdict(True)
    assert sheet["pool"] == pool_digest(pool)


@given(pools, any_rules)
@settings(max_examples=examples(60))
def test_everybody_is_placed_or_waits_once_and_no_place_is_given_twice(pool, under):
    sheet = drawn(pool, under)
    placed = [place["id"] for place in sheet["placed"]]
    by_group = Counter(place["stratum"] for place in sheet["placed"])

    assert sorted(placed + sheet["waiting"]) == sorted(entry.id for entry in pool)
    assert len(placed) <= under.places
    if under.spill:
        assert len(placed) == min(under.places, len(pool))
    assert all(by_group[stratum.name] <= stratum.places for stratum in under.strata)
    of = {entry.id: entry.strata for entry in pool}
    assert all(not place["stratum"] or place["stratum"] in of[place["id"]] for place in sheet["placed"])
    # Nobody of a group waits while a place of the group is empty.
    for stratum in under.strata:
        if by_group[stratum.name] < stratum.places:
            assert all(stratum.name not in of[name] for name in sheet["waiting"])


@given(pools.filter(lambda pool: len(pool) > 1), st.data())
@settings(max_examples=examples(60))
def test_one_more_entry_is_inserted_and_moves_nobody_else(pool, data):
    extra = data.draw(st.sampled_from(pool))
    others = [entry for entry in pool if entry is not extra]

    under = rules(3, [Stratum("local", 1), Stratum("young", 1)])
    before, after = drawn(others, under), drawn(pool, under)

    assert [name for name in names(after) if name != extra.id] == names(before)
    lost = {p["id"] for p in before["placed"]} - {p["id"] for p in after["placed"]}
    assert len(lost) <= 1


def test_every_order_of_four_comes_equally_often():
    entries = [Entry(name) for name in "abcd"]
    seen = Counter(orders(entries, 12_000))

    # 23 degrees of freedom: above 49.7 once in a thousand.
    assert chi_square(seen, dict.fromkeys(permutations("abcd"), 500)) < 49.7


@pytest.mark.slow
@pytest.mark.parametrize("weights", [(1, 1, 1, 2), (5, 1, 3, 10), (9_999, 10_000, 9_998, 10_000)])
def test_weights_are_honoured_in_every_place_of_the_order(weights):
    entries = [Entry(name, weight) for name, weight in zip("abcd", weights, strict=True)]
    of = dict(zip("abcd", weights, strict=True))
    draws = 3_000
    expected = {}
    for order in permutations("abcd"):
        chance = Fraction(1)
        for place, name in enumerate(order):
            chance *= Fraction(of[name], sum(of[other] for other in order[place:]))
        expected[order] = float(chance * draws)

    assert chi_square(Counter(orders(entries, draws)), expected) < 49.7


def test_tickets_are_spread_evenly_over_seeds_and_entries():
    seeds = [seed_of(draw="spread", secret=SECRET, beacon=str(number)) for number in range(400)]
    seen = Counter(ticket[0] >> 4 for seed in seeds for _, ticket in ordered(seed, [Entry("x"), Entry("y")]))

    # 15 degrees of freedom: above 37.7 once in a thousand.
    assert chi_square(seen, dict.fromkeys(range(16), 50)) < 37.7


def test_the_same_secret_gives_another_order_in_another_draw_and_with_another_beacon():
    entries = [Entry(f"A{number}") for number in range(20)]
    other = Beacon(BEACON.source, "6e340b9cffb37a99", BEACON.at)

    sheets = [
        drawn(entries),
        drawn(entries, rules(draw="call-8")),
        drawn(entries, beacon=other),
    ]

    assert len({tuple(names(sheet)) for sheet in sheets}) == 3


def test_groups_are_served_first_and_the_waiting_order_refills_their_places():
    entries = [Entry(f"A{number}", strata=("local",) if number in (1, 2, 3) else ()) for number in range(6)]
    # Drawn order: A4 A3 A1 A0 A2 A5.
    sheet = drawn(entries, rules(3, [Stratum("local", 1)]))

    assert [(p["id"], p["stratum"]) for p in sheet["placed"]] == [("A3", "local"), ("A4", ""), ("A1", "")]
    assert next_in_order(sheet, stratum="") == "A0"
    assert next_in_order(sheet, stratum="local") == "A2"
    assert next_in_order(sheet, stratum="local", gone={"A2"}) == "A0"
    strict = drawn(entries, rules(3, [Stratum("local", 1)], spill=False))
    assert next_in_order(strict, stratum="local", gone={"A2"}) is None


def test_kept_places_that_nobody_takes_spill_only_if_the_rules_say_so():
    entries = [Entry("a"), Entry("b"), Entry("c", strata=("local",))]

    spilled = drawn(entries, rules(3, [Stratum("local", 2)]))
    kept = drawn(entries, rules(3, [Stratum("local", 2)], spill=False))

    assert (len(spilled["placed"]), len(kept["placed"])) == (3, 2)


def test_the_secret_may_not_be_shown_early_and_voids_the_draw_when_late_or_wrong():
    entries = [Entry("a"), Entry("b")]

    with pytest.raises(EarlySecret):
        drawn(entries, revealed_at=CLOSES - timedelta(seconds=1))
    with pytest.raises(LateSecret):
        drawn(entries, revealed_at=DUE + timedelta(seconds=1))
    with pytest.raises(WrongSecret):
        drawn(entries, secret=bytes(32))
    assert drawn(entries, revealed_at=DUE)["outcome"] == "drawn"


@pytest.mark.parametrize(
    ("reason", "secret", "at"),
    [
        ("late", SECRET, DUE + timedelta(seconds=1)),
        ("late", bytes(32), DUE + timedelta(seconds=1)),
        ("wrong", bytes(32), DUE),
        ("withheld", None, DUE + timedelta(seconds=1)),
    ],
)
def test_a_void_draw_has_a_sheet_whose_reason_can_be_checked(reason, secret, at):
    sheet = void(rules(), [Entry("a")], at=at, secret=secret)

    assert (sheet["outcome"], sheet["reason"]) == ("void", reason)
    assert verify(json.loads(written(sheet))) == Verdict(True)
    assert verify({**sheet, "reason": "made up"}) == Verdict(False, "reason", "made up", reason)


def test_a_draw_that_can_be_held_cannot_be_declared_void():
    with pytest.raises(NotVoid):
        void(rules(), [], at=DUE, secret=SECRET)
    with pytest.raises(NotVoid):
        void(rules(), [], at=DUE)
    # Nor can a sheet pretend so.
    sheet = void(rules(), [], at=DUE + timedelta(seconds=1))
    pretended = {**sheet, "revealed_at": rules().as_data()["reveal_by"]}
    assert verify(pretended).where == "reason"


def test_the_beacon_is_the_announced_one_and_came_after_closing():
    with pytest.raises(BadBeacon):
        drawn([], beacon=Beacon("another", "00", BEACON.at))
    with pytest.raises(BadBeacon):
        drawn([], beacon=Beacon(BEACON.source, "00", CLOSES - timedelta(seconds=1)))
    with pytest.raises(BadBeacon):
        drawn([], beacon=Beacon(BEACON.source, "", BEACON.at))


@pytest.mark.parametrize(
    "changed",
    [
        {"draw": ""},
        {"beacon": ""},
        {"commitment": "00"},
        {"commitment": "A" * 64},
        {"committed_at": CLOSES},
        {"reveal_by": CLOSES},
        {"closes_at": CLOSES.replace(tzinfo=None)},
        {"places": -1},
        {"places": 1.0},
        {"strata": (Stratum("local", 3),)},
        {"strata": (Stratum("local", 1), Stratum("local", 1))},
        {"strata": (Stratum("", 1),)},
    ],
)
def test_rules_that_contradict_themselves_are_not_published(changed):
    with pytest.raises(BadRules):
        rules(**changed)


@pytest.mark.parametrize("wrong", [{"id": ""}, {"weight": 0}, {"weight": 1.5}, {"weight": True},
                                   {"weight": 10_001}, {"strata": ("local", "local")}])  # fmt: skip
def test_an_entry_has_an_id_a_weight_and_its_groups_once(wrong):
    with pytest.raises(BadEntry):
        Entry(**{"id": "a", **wrong})


def test_nobody_enters_twice_or_in_a_group_that_the_rules_do_not_know():
    with pytest.raises(BadEntry, match="twice"):
        drawn([Entry("a"), Entry("a", 2)])
    with pytest.raises(BadEntry, match="no group"):
        drawn([Entry("a", strata=("local",))])


def test_a_secret_that_could_be_guessed_is_refused():
    with pytest.raises(WeakSecret):
        commit(b"gwangju")


def leaves(value, path=()):
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list) and value:
        for number, item in enumerate(value):
            yield from leaves(item, (*path, number))
    else:
        yield path


def altered(value):
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str) and value.endswith("Z"):
        return "2020-01-01T00:00:00Z"
    return "x" if value != "x" else "y"


FULL = drawn(
    [Entry(f"A{n}", 1 + n % 3, ("local",) if n % 2 else ()) for n in range(5)],
    rules(3, [Stratum("local", 1)]),
)


@pytest.mark.parametrize("path", list(leaves(FULL)), ids=lambda path: "/".join(map(str, path)))
def test_no_value_of_a_sheet_can_be_altered_unnoticed(path):
    sheet = json.loads(written(FULL))
    *way, last = path
    part = sheet
    for step in way:
        part = part[step]
    part[last] = altered(part[last])

    assert not verify(sheet).holds


def test_who_rewrites_the_whole_sheet_meets_what_was_published():
    honest = drawn([Entry("a"), Entry("b")])
    forged = drawn([Entry("a"), Entry("b"), Entry("c")], rules(3))

    assert verify(forged).holds
    assert verify(forged, rules_digest=honest["rules_digest"]).where == "rules_digest"
    assert verify(forged, pool=honest["pool"]).where == "pool"
    assert verify(forged, beacon="other").where == "beacon/value"
    assert verify(honest, rules_digest=rules().digest(), pool=honest["pool"], beacon=BEACON.value) == Verdict(
        True
    )


def test_the_first_difference_is_named():
    sheet = json.loads(written(FULL))
    honest = sheet["order"][2]["ticket"]
    sheet["order"][2]["ticket"] = "00" * 32

    assert verify(sheet) == Verdict(False, "order/2/ticket", "00" * 32, honest)


@given(st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(
    st.sampled_from(["format", "rules", "entries", "outcome", "strata"]), inner)))  # fmt: skip
def test_whatever_is_handed_in_the_verifier_answers(nonsense):
    assert not verify(nonsense).holds


@given(st.integers(0, 2**256 - 1), st.integers(1, 200))
@example(0, 1).via("the luckiest ticket there is")
@example(2**256 - 1, 1).via("the unluckiest")
@settings(max_examples=examples(60))
def test_two_entries_that_no_float_can_tell_apart_are_ordered_alike_by_both_writings(ticket, weight):
    """Twice the weight and the square of y: the keys agree to some 70 digits."""
    above = (1 << 257) - (2 * ticket + 1)
    twin = ((1 << 257) - (above**2 >> 257 | 1)) // 2
    tickets = {"one": (ticket, weight), "twin": (twin, 2 * weight)}
    lots = [verify_draw._Lot(name, f"{t:064x}", w) for name, (t, w) in tickets.items()]
    keys = [_key(t.to_bytes(32, "big"), w) for t, w in tickets.values()]
    with localcontext(prec=400):
        exact = [-((1 - Decimal(2 * t + 1) / 2**257).ln()) / w for t, w in tickets.values()]

    assert (exact[0] < exact[1]) == (lots[0].compared(lots[1]) < 0) == (lots[1].compared(lots[0]) > 0)
    if abs(exact[0] - exact[1]) > Decimal("1e-90") * exact[0]:
        assert (keys[0] < keys[1]) == (exact[0] < exact[1])


def test_keys_have_all_their_digits_whatever_the_caller_counts_with():
    ticket = bytes.fromhex("8b" * 32)
    keys = set()
    for digits in (5, 28, 400):
        with localcontext(prec=digits):
            keys.add(_key(ticket, 3))

    assert len(keys) == 1
    assert len(keys.pop().as_tuple().digits) == 110


def test_the_verifier_runs_alone(tmp_path):
    path = tmp_path / "sheet.json"
    path.write_bytes(written(FULL))
    program = Path(verify_draw.__file__)

    def run(*more):
        return subprocess.run(
            [sys.executable, "-I", "-S", str(program), str(path), *more],
            capture_output=True, text=True, check=False, cwd=tmp_path,
        )  # fmt: skip

    good = run("--json")
    assert (good.returncode, json.loads(good.stdout)["holds"]) == (0, True)
    bad = run("--beacon", "other")
    assert (bad.returncode, "beacon/value" in bad.stdout) == (3, True)
    path.write_text("no JSON")
    assert run().returncode == 2
    assert "bitgoeul" not in {line.split()[1].split(".")[0] for line in program.read_text().splitlines()
                              if line.startswith(("import ", "from "))}  # fmt: skip
