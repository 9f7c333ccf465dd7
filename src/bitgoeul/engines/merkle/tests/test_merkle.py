"""Laws of the tree, and the published vectors of RFC 6962 implementations."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitgoeul.engines.merkle import (
    EMPTY_ROOT,
    NotCanonical,
    canonical_json,
    consistency_proof,
    grow,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    tree_root,
    verify_consistency,
    verify_inclusion,
)

# The eight leaves and the roots that certificate-transparency implementations test themselves with.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

sizes = st.integers(0, 130)


class Kept(dict):
    """Nodes of a grown tree, kept in memory."""

    def __init__(self, size: int, start: int = 0):
        super().__init__()
        self.hashes = [leaf_hash(str(number).encode()) for number in range(size)]
        self.roots = [EMPTY_ROOT]
        self.add(self.hashes)

    def add(self, hashes):
        for nodes, root in grow(self.read, len(self.roots) - 1, hashes):
            self.update({(node.level, node.index): node.hash for node in nodes})
            self.roots.append(root)

    def read(self, level, index):
        return self[level, index]


def test_the_published_roots_are_reached():
    hashes = [leaf_hash(content) for content in LEAVES]

    assert [tree_root(hashes[: size + 1]).hex() for size in range(8)] == ROOTS
    assert tree_root([]) == sha256(b"").digest()


def test_the_published_inclusion_proofs_are_produced():
    tree = Kept(0)
    tree.add([leaf_hash(content) for content in LEAVES])

    assert [step.hex() for step in inclusion_proof(tree.read, 0, 8)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]
    assert [step.hex() for step in inclusion_proof(tree.read, 2, 3)] == [ROOTS[1]]


def test_the_published_consistency_proofs_are_produced():
    tree = Kept(0)
    tree.add([leaf_hash(content) for content in LEAVES])

    assert [step.hex() for step in consistency_proof(tree.read, 6, 8)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert consistency_proof(tree.read, 1, 1) == []


@given(sizes, st.lists(st.integers(1, 9), max_size=12))
def test_growing_in_batches_gives_the_root_of_the_definition(size, batches):
    tree = Kept(size)
    for batch in batches:
        more = [leaf_hash(f"{len(tree.hashes)}/{number}".encode()) for number in range(batch)]
        tree.add(more)
        tree.hashes += more

    assert tree.roots[-1] == tree_root(tree.hashes)
    assert root_of(tree.read, len(tree.hashes)) == tree_root(tree.hashes)
    assert all(tree.roots[n] == root_of(tree.read, n) for n in range(len(tree.hashes) + 1))


@given(sizes)
def test_a_grown_tree_keeps_less_than_two_nodes_for_each_leaf(size):
    assert len(Kept(size)) <= 2 * size


@given(st.data())
def test_every_leaf_of_every_size_proves_its_inclusion_and_nothing_else(data):
    size = data.draw(st.integers(1, 130))
    index = data.draw(st.integers(0, size - 1))
    tree = Kept(size)
    proof = inclusion_proof(tree.read, index, size)
    claim = {
        "leaf": tree.hashes[index],
        "index": index,
        "size": size,
        "proof": proof,
        "root": tree.roots[size],
    }

    assert verify_inclusion(**claim)
    assert not verify_inclusion(**claim | {"leaf": leaf_hash(b"other")})
    assert not verify_inclusion(**claim | {"root": leaf_hash(b"other")})
    assert not verify_inclusion(**claim | {"proof": [*proof, leaf_hash(b"other")]})
    for wrong in {index - 1, index + 1, size}:
        assert not verify_inclusion(**claim | {"index": wrong})
    for number, step in enumerate(proof):
        flipped = bytes([step[0] ^ 1]) + step[1:]
        assert not verify_inclusion(**claim | {"proof": [*proof[:number], flipped, *proof[number + 1 :]]})
        assert not verify_inclusion(**claim | {"proof": proof[:number]})


@given(st.data())
def test_every_earlier_size_is_a_beginning_and_no_rewritten_one_is(data):
    second = data.draw(st.integers(1, 130))
    first = data.draw(st.integers(0, second))
    tree = Kept(second)
    proof = consistency_proof(tree.read, first, second)
    claim = {
        "first": first,
        "second": second,
        "first_root": tree.roots[first],
        "second_root": tree.roots[second],
        "proof": proof,
    }

    assert verify_consistency(**claim)
    assert not verify_consistency(**claim | {"proof": [*proof, leaf_hash(b"other")]})
    if first:
        assert not verify_consistency(**claim | {"first_root": leaf_hash(b"other")})
        assert not verify_consistency(**claim | {"second_root": leaf_hash(b"other")})
    for number, step in enumerate(proof):
        flipped = bytes([step[0] ^ 1]) + step[1:]
        assert not verify_consistency(**claim | {"proof": [*proof[:number], flipped, *proof[number + 1 :]]})


def test_proofs_outside_the_tree_are_refused():
    tree = Kept(3)

    with pytest.raises(ValueError):
        inclusion_proof(tree.read, 3, 3)
    with pytest.raises(ValueError):
        consistency_proof(tree.read, 3, 2)


def test_a_leaf_cannot_pose_as_a_node():
    left, right = leaf_hash(b"left"), leaf_hash(b"right")

    assert leaf_hash(left + right) != node_hash(left, right)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters()), inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_canonical_json_reads_back_and_writes_the_same_again(value):
    import json

    text = canonical_json(value)

    assert json.loads(text) == value
    assert canonical_json(json.loads(text)) == text


@pytest.mark.parametrize("value", [1.0, {1: "a"}, [b"bytes"], {"a": {1, 2}}, float("nan")])
def test_values_without_one_written_form_are_refused(value):
    with pytest.raises(NotCanonical):
        canonical_json(value)
