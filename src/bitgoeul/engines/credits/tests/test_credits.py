"""Laws of transfers and tranches, for every list of amounts."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitgoeul.engines.credits import (
    Level,
    Portion,
    Posting,
    Shortfall,
    Tranche,
    Transfer,
    Unbalanced,
    draw,
    level,
    read,
    usable,
    written,
)

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
amounts = st.integers(-(10**12), 10**12).filter(bool)
accounts = st.sampled_from(["free", "held", "spent", "issued", "expired"])


@given(st.lists(st.tuples(accounts, amounts), max_size=8))
def test_for_every_list_of_amounts_only_balanced_transfers_exist(movements):
    try:
        transfer = Transfer.of("reference", movements)
    except Unbalanced:
        by_account = {name: sum(a for n, a in movements if n == name) for name, _ in movements}
        assert sum(by_account.values()) != 0 or not any(by_account.values())
    else:
        assert sum(posting.amount for posting in transfer.postings) == 0
        assert [p.account for p in transfer.postings] == sorted({p.account for p in transfer.postings})


@pytest.mark.parametrize(
    "postings",
    [
        (),
        (Posting("free", 1),),
        (Posting("free", 1), Posting("held", 1)),
        (Posting("held", 1), Posting("free", -1)),
        (Posting("free", 1), Posting("free", -1)),
    ],
)
def test_an_unbalanced_unsorted_or_empty_transfer_cannot_be_built(postings):
    with pytest.raises(Unbalanced):
        Transfer("reference", postings)


@pytest.mark.parametrize("amount", [0, 1.0, True, "1", None])
def test_a_posting_moves_a_whole_number_other_than_zero(amount):
    with pytest.raises(Unbalanced):
        Posting("free", amount)


def test_a_transfer_without_a_reference_cannot_be_built():
    with pytest.raises(Unbalanced):
        Transfer.moving("", 5, source="free", target="held")


@given(st.integers(1, 10**12))
def test_a_reversal_undoes_the_transfer(amount):
    transfer = Transfer.moving("job:1", amount, source="free", target="spent")

    both = [*transfer.postings, *transfer.reversed("job:1:reversed").postings]

    assert {name: sum(p.amount for p in both if p.account == name) for name in ("free", "spent")} == {
        "free": 0,
        "spent": 0,
    }
    assert transfer.amount == amount


tranches = st.lists(
    st.builds(
        lambda left, start, days: (left, NOON + timedelta(days=start), NOON + timedelta(days=start + days)),
        st.integers(0, 5_000),
        st.integers(-20, 20),
        st.integers(1, 30),
    ),
    max_size=7,
).map(lambda rows: [Tranche(key, *row) for key, row in enumerate(rows)])


@given(tranches, st.integers(1, 20_000))
def test_drawing_pays_exactly_the_amount_or_nothing(rows, amount):
    left = usable(rows, at=NOON)
    if left < amount:
        with pytest.raises(Shortfall) as refused:
            draw(rows, amount, at=NOON)
        assert (refused.value.asked, refused.value.left) == (amount, left)
        return

    portions = draw(rows, amount, at=NOON)

    assert sum(portion.amount for portion in portions) == amount
    assert all(0 < portion.amount <= rows[portion.key].left for portion in portions)
    assert all(rows[portion.key].is_usable(NOON) for portion in portions)


@given(tranches, st.integers(1, 20_000))
def test_no_tranche_is_touched_while_one_that_ends_earlier_has_credits(rows, amount):
    if usable(rows, at=NOON) < amount:
        return
    paid = {portion.key: portion.amount for portion in draw(rows, amount, at=NOON)}
    last_end = max(rows[key].ends_at for key in paid)

    for tranche in rows:
        if tranche.is_usable(NOON) and tranche.ends_at < last_end:
            assert paid.get(tranche.key) == tranche.left


def test_stacked_grants_add_up_and_the_first_to_end_pays_first():
    year = Tranche(1, 1_000, NOON - timedelta(days=1), NOON + timedelta(days=365))
    month = Tranche(2, 300, NOON - timedelta(days=1), NOON + timedelta(days=30))
    ended = Tranche(3, 9_000, NOON - timedelta(days=9), NOON)
    later = Tranche(4, 9_000, NOON + timedelta(seconds=1), NOON + timedelta(days=2))

    assert draw([year, month, ended, later], 500, at=NOON) == [Portion(2, 300), Portion(1, 200)]
    assert usable([year, month, ended, later], at=NOON) == 1_300


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_cannot_be_drawn(amount):
    with pytest.raises(ValueError):
        draw([], amount, at=NOON)


@given(st.integers(1, 10**9), st.data())
def test_the_level_never_improves_while_credits_are_used(granted, data):
    more = data.draw(st.integers(0, granted))
    less = data.draw(st.integers(0, more))

    assert level(granted=granted, left=less) >= level(granted=granted, left=more)
    assert (level(granted=granted, left=more) is Level.EXHAUSTED) == (more == 0)


@given(st.integers(0, 10**15))
def test_a_written_amount_reads_back(amount):
    assert read(written(amount)) == amount


@pytest.mark.parametrize("text", ["", "1,000", "-1", "1.0001", "1e3", "٣", "1.", ".5", "nan"])
def test_what_is_no_amount_is_not_read(text):
    with pytest.raises(ValueError):
        read(text)
