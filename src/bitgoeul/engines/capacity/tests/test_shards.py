"""Dividing a capacity never makes or loses any of it."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitgoeul.engines.capacity import TooLittle, _shards, gather, spread

taken = st.lists(st.integers(0, 500), min_size=1, max_size=20)


def test_the_examples_are_true():
    assert doctest.testmod(_shards).failed == 0


@given(taken, st.integers(0, 5_000))
def test_spreading_keeps_what_is_taken_and_the_whole(taken, left):
    capacity = sum(taken) + left

    parts = spread(taken, capacity)

    assert sum(parts) == capacity
    assert all(part >= used for part, used in zip(parts, taken, strict=True))
    frees = [part - used for part, used in zip(parts, taken, strict=True)]
    assert max(frees) - min(frees) <= 1


@given(taken, st.integers(0, 300), st.integers(1, 300))
def test_gathering_finds_room_exactly_when_there_is_enough(taken, left, quantity):
    capacity = sum(taken) + left
    if quantity > left:
        with pytest.raises(TooLittle) as refused:
            gather(taken, capacity, quantity)
        assert refused.value.left == left
        return

    number, parts = gather(taken, capacity, quantity)

    assert sum(parts) == capacity
    assert parts[number] - taken[number] >= quantity
    assert all(part >= used for part, used in zip(parts, taken, strict=True))


def test_less_than_what_is_taken_is_refused():
    with pytest.raises(TooLittle):
        spread([3, 3], 5)
    with pytest.raises(ValueError, match="needs a shard"):
        spread([], 0)
