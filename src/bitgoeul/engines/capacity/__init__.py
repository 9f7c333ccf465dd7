"""How one capacity is divided over counters, so that many can take from it at once.

A pool's capacity is the sum of the capacities of its shards. A claim takes from one shard; what is left may
move from shard to shard, what is taken stays where it was taken.

:func:`shards_for` says how many counters a capacity needs, :func:`spread` divides it evenly over what is
taken, :func:`gather` makes room for one claim in one shard. :class:`TooLittle` says that there is not enough.
"""

from ._shards import HOT, MANY, TooLittle, gather, shards_for, spread

__all__ = ["HOT", "MANY", "TooLittle", "gather", "shards_for", "spread"]
