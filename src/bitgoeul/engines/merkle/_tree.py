"""Growing a tree whose nodes are kept elsewhere.

Only the roots of complete subtrees are kept: node (level, index) covers the 2**level leaves from
index * 2**level. Such a node never changes again, so growing is nothing but adding, and every root
and every proof of every earlier size can still be read.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from ._hashing import EMPTY_ROOT, largest_power_below, node_hash

Read = Callable[[int, int], bytes]


class Node(NamedTuple):
    """The root of one complete subtree: 2**level leaves, the index-th such subtree from the left."""

    level: int
    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody asks of a node
    hash: bytes


def grow(read: Read, size: int, hashes: Iterable[bytes]) -> Iterator[tuple[list[Node], bytes]]:
    """Append leaf hashes one by one to a tree of ``size`` leaves.

    Args:
        read:   (level, index) -> hash of a node kept so far.
        size:   the number of leaves so far.
        hashes: the new leaf hashes, in order.
    Yields: for each leaf, the nodes to keep (the leaf itself first) and the root after it.
            Amortised two nodes and O(log size) hashes for each leaf.
    """
    # The complete subtrees that make up the tree, largest first: one for each set bit of size.
    edge: list[bytes] = []
    start = 0
    for level in range(size.bit_length() - 1, -1, -1):
        if size >> level & 1:
            edge.append(read(level, start >> level))
            start += 1 << level
    for leaf in hashes:
        level, index, hash_ = 0, size, leaf
        nodes = [Node(level, index, hash_)]
        while index & 1:
            hash_ = node_hash(edge.pop(), hash_)
            level, index = level + 1, index >> 1
            nodes.append(Node(level, index, hash_))
        edge.append(hash_)
        size += 1
        root = edge[-1]
        for left in reversed(edge[:-1]):
            root = node_hash(left, root)
        yield nodes, root


def root_of(read: Read, size: int) -> bytes:
    """Return the root of the first ``size`` leaves, reading O(log size) kept nodes."""
    return EMPTY_ROOT if size == 0 else range_root(read, 0, size)


def range_root(read: Read, start: int, stop: int) -> bytes:
    """Return the root over leaves start..stop-1; start is a multiple of a power of two >= their number."""
    count = stop - start
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return read(level, start >> level)
    split = start + largest_power_below(count)
    return node_hash(range_root(read, start, split), range_root(read, split, stop))
