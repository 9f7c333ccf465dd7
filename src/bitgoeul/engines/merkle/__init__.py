"""Merkle trees over lists that only grow, as in RFC 6962 and RFC 9162.

A tree of n leaves has one root. Whoever keeps a root can be shown that a leaf is in the tree
(inclusion) and that a later tree still begins with the earlier one (consistency), each with a
handful of hashes. Nothing here knows what a leaf means, where nodes are kept or who signs roots.

Hashing:        :func:`leaf_hash`, :func:`node_hash`, :func:`tree_root`
Growing:        :func:`grow` names the nodes to keep, :func:`root_of` reads a root back
Proving:        :func:`inclusion_proof`, :func:`consistency_proof`
Verifying:      :func:`verify_inclusion`, :func:`verify_consistency`
Saying it once: :func:`canonical_json`
"""

from ._canonical import NotCanonical, canonical_json
from ._hashing import EMPTY_ROOT, leaf_hash, node_hash, tree_root
from ._proofs import consistency_proof, inclusion_proof, verify_consistency, verify_inclusion
from ._tree import Node, grow, root_of

__all__ = [
    "EMPTY_ROOT",
    "Node",
    "NotCanonical",
    "canonical_json",
    "consistency_proof",
    "grow",
    "inclusion_proof",
    "leaf_hash",
    "node_hash",
    "root_of",
    "tree_root",
    "verify_consistency",
    "verify_inclusion",
]
