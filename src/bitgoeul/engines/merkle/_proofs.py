"""Inclusion and consistency proofs: RFC 6962, 2.1.1 and 2.1.2; checked as in RFC 9162, 2.1."""

from collections.abc import Sequence

from ._hashing import largest_power_below, node_hash
from ._tree import Read, range_root


def inclusion_proof(read: Read, index: int, size: int) -> list[bytes]:
    """Return the hashes that lead from leaf ``index`` to the root of the first ``size`` leaves.

    Raises: ValueError if there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not among the first {size}")
    path: list[bytes] = []
    start, stop = 0, size
    while stop - start > 1:
        split = start + largest_power_below(stop - start)
        if index < split:
            path.append(range_root(read, split, stop))
            stop = split
        else:
            path.append(range_root(read, start, split))
            start = split
    return path[::-1]


def verify_inclusion(*, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Say whether ``proof`` leads from the leaf hash at ``index`` to the ``root`` of ``size`` leaves."""
    if not 0 <= index < size:
        return False
    hash_, here, last = leaf, index, size - 1
    for sibling in proof:
        if last == 0:
            return False
        if here & 1 or here == last:
            hash_ = node_hash(sibling, hash_)
            # A right-most node without a sibling moves up unhashed.
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            hash_ = node_hash(hash_, sibling)
        here, last = here >> 1, last >> 1
    return last == 0 and hash_ == root


def consistency_proof(read: Read, first: int, second: int) -> list[bytes]:
    """Return the hashes that show the first ``first`` leaves to be a beginning of the first ``second``.

    Raises: ValueError unless 0 <= first <= second. Empty when first is 0 or equals second.
    """
    if not 0 <= first <= second:
        raise ValueError(f"{first} leaves are not a beginning of {second}")
    if first in (0, second):
        return []
    path: list[bytes] = []
    start, stop, whole = 0, second, True
    while first != stop:
        split = start + largest_power_below(stop - start)
        if first <= split:
            path.append(range_root(read, split, stop))
            stop = split
        else:
            path.append(range_root(read, start, split))
            start, whole = split, False
    if not whole:
        path.append(range_root(read, start, stop))
    return path[::-1]


def verify_consistency(
    *, first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Say whether ``proof`` shows that the tree of ``second`` leaves begins with that of ``first``."""
    if first == second:
        return not proof and first_root == second_root
    if first == 0:
        return not proof
    if not 0 < first < second or not proof:
        return False
    # A complete first tree is a node of the second: it is not repeated in the proof.
    hashes = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    here, last = first - 1, second - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    old = new = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        here, last = here >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root
