"""The two hashes of RFC 6962, section 2.1, and the root of a whole list."""

from collections.abc import Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(content: bytes) -> bytes:
    """Return the hash of one leaf: SHA-256(0x00 || content).

    >>> leaf_hash(b"").hex()
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'
    """
    return sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node: SHA-256(0x01 || left || right).

    The first byte differs from that of a leaf, so no leaf can pose as a node.
    """
    return sha256(b"\x01" + left + right).digest()


def largest_power_below(size: int) -> int:
    """Return the largest power of two smaller than ``size`` (which is at least 2): where a tree splits."""
    return 1 << ((size - 1).bit_length() - 1)


def tree_root(hashes: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes in order; the plain definition, O(n).

    Args:
        hashes: leaf hashes, 32 bytes each.

    >>> tree_root([]).hex()[:16]
    'e3b0c44298fc1c14'
    >>> a, b, c = (leaf_hash(x) for x in (b"a", b"b", b"c"))
    >>> tree_root([a, b, c]) == node_hash(node_hash(a, b), c)
    True
    """
    if not hashes:
        return EMPTY_ROOT
    if len(hashes) == 1:
        return hashes[0]
    split = largest_power_below(len(hashes))
    return node_hash(tree_root(hashes[:split]), tree_root(hashes[split:]))
