from __future__ import annotations

from collections.abc import Sequence

HOT = 1_000  # from this capacity on, many may claim in the same instant
MANY = 16


class TooLittle(ValueError):
    """The capacity does not hold what is taken from it, or asked of it."""

    def __init__(self, left: int) -> None:
        super().__init__(f"only {left} left")
        self.left = left


def shards_for(capacity: int) -> int:
    """Return how many counters a capacity is divided over.

    Few units are soon gone, and walking over empty counters then costs more than waiting at one.

    >>> shards_for(8), shards_for(300), shards_for(100_000)
    (1, 1, 16)
    """
    return MANY if capacity >= HOT else 1


def spread(taken: Sequence[int], capacity: int) -> list[int]:
    """Return a capacity for each shard: what is taken there, and an even part of what is left.

    Args:
        taken: what each shard has given out, >= 0.
        capacity: of all shards together.
    Raises: TooLittle if more is taken than ``capacity``; ValueError without shards.

    >>> spread([5, 0, 1], 10)
    [7, 1, 2]
    >>> spread([0, 0], 0)
    [0, 0]
    """
    if not taken:
        raise ValueError("a capacity needs a shard")
    left = capacity - sum(taken)
    if left < 0:
        raise TooLittle(left)
    part, rest = divmod(left, len(taken))
    return [used + part + (number < rest) for number, used in enumerate(taken)]


def gather(taken: Sequence[int], capacity: int, quantity: int) -> tuple[int, list[int]]:
    """Make room for ``quantity`` in one shard.

    Returns: the number of that shard, and a capacity for each shard with the rest spread evenly.
    Raises: TooLittle if all shards together have not ``quantity`` left.

    >>> gather([4, 5], 12, 3)
    (0, [7, 5])
    """
    left = capacity - sum(taken)
    if left < quantity:
        raise TooLittle(left)
    number = min(range(len(taken)), key=taken.__getitem__)
    after = [used + quantity * (at == number) for at, used in enumerate(taken)]
    return number, spread(after, capacity)
