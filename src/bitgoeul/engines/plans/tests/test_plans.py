"""Trees by hand, and laws for every tree."""

from __future__ import annotations

import copy
import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitgoeul.engines.plans import (
    EMPTY,
    Figure,
    TreeInvalid,
    diff,
    drop,
    fingerprint,
    nodes,
    pace,
    problems,
    progress,
    put,
    with_baselines,
)


def text(word):
    return {"ko": f"{word} 가", "en": word}


def phase(key="phase-1", **fields):
    return {"key": key, "title": text(key), "starts_on": "2020-01-01", "ends_on": "2024-12-31"} | fields


def indicator(key, **fields):
    return {"key": key, "title": text(key), "unit": text("cases"), "numerator": text("cases")} | fields


def small_tree():
    tree = put(EMPTY, "phase", phase())
    tree = put(tree, "strategy", {"key": "base", "title": text("base")})
    tree = put(tree, "strategy", {"key": "firms", "title": text("firms")})
    tree = put(tree, "task", {"key": "data", "title": text("data"), "phases": ["phase-1"]}, parent="base")
    return put(tree, "indicator", indicator("sets"), parent="data")


def shape(tree):
    return {(node.kind, node.key, node.parent) for node in nodes(tree)}


def test_a_node_is_put_under_its_parent_and_moved_with_its_children():
    tree = small_tree()
    moved = put(tree, "task", {"key": "data", "title": text("data")}, parent="firms")

    assert ("task", "data", "base") in shape(tree)
    assert ("task", "data", "firms") in shape(moved)
    assert ("indicator", "sets", "data") in shape(moved)
    assert [(c.kind, c.key, c.parents) for c in diff(tree, moved)] == [("moved", "data", ("base", "firms"))]


def test_a_renamed_strategy_is_one_change_with_both_names():
    tree = small_tree()
    renamed = put(tree, "strategy", {"key": "base", "title": text("industry base")})

    (change,) = diff(tree, renamed)

    assert (change.kind, change.fields) == ("changed", {"title": (text("base"), text("industry base"))})


def test_what_is_dropped_goes_with_what_is_under_it():
    tree = small_tree()

    assert [c.key for c in diff(tree, drop(tree, "base")) if c.kind == "removed"] == ["base", "data", "sets"]


@pytest.mark.parametrize(
    ("kind", "node", "parent", "code"),
    [
        ("task", {"key": "lost", "title": text("x")}, "nowhere", "no-parent"),
        ("strategy", {"key": "data", "title": text("x")}, "", "key-of-another-kind"),
    ],
)
def test_an_edit_that_the_tree_does_not_allow_is_refused(kind, node, parent, code):
    with pytest.raises(TreeInvalid) as refused:
        put(small_tree(), kind, node, parent=parent)

    assert refused.value.problem.code == code


@pytest.mark.parametrize(
    ("kind", "node", "parent", "code"),
    [
        ("phase", phase("phase-2", starts_on="2024-06-01", ends_on="2029-12-31"), "", "phases-overlap"),
        ("phase", phase("phase-2", starts_on="2030-01-01", ends_on="2029-12-31"), "", "phase-dates"),
        ("phase", phase("phase-2", starts_on="soon", ends_on="2029-12-31"), "", "phase-dates"),
        ("strategy", {"key": "Not a key", "title": text("x")}, "", "key"),
        ("strategy", {"key": "x", "title": {"ko": "한", "en": " "}}, "", "text"),
        ("task", {"key": "x", "title": text("x"), "phases": ["never"]}, "base", "no-phase"),
        ("indicator", indicator("x", better="big"), "data", "better"),
        ("indicator", indicator("x", targets=[{"phase": "phase-1", "value": "many"}]), "data", "number"),
        ("indicator", indicator("x", targets=[{"phase": "no", "value": "1"}]), "data", "no-phase"),
        ("indicator", indicator("x", baseline={"numerator": "1", "as_of": "?"}), "data", "as-of"),
        (
            "indicator",
            indicator("x", baseline={"numerator": "1", "as_of": "2024-12-31", "precision": "decade"}),
            "data",
            "precision",
        ),
        (
            "indicator",
            indicator(
                "x",
                denominator=text("all"),
                baseline={"numerator": "1", "denominator": "0", "as_of": "2024-01-01"},
            ),
            "data",
            "denominator",
        ),
    ],
)
def test_a_tree_says_what_is_wrong_with_it(kind, node, parent, code):
    assert [p.code for p in problems(put(small_tree(), kind, node, parent=parent))] == [code]


@pytest.mark.parametrize("nonsense", [None, [], {"strategies": [1]}, {"strategies": [{"title": {}}]}])
def test_what_is_no_tree_is_said_to_be_none(nonsense):
    assert [p.code for p in problems(nonsense)] == ["shape"]


def test_a_key_is_used_once():
    tree = copy.deepcopy(small_tree())
    tree["strategies"][1]["key"] = "base"

    assert [p.code for p in problems(tree)] == ["key-twice"]


def test_results_become_baselines():
    tree = with_baselines(small_tree(), {"sets": {"numerator": "12", "as_of": "2024-12-31"}})

    (change,) = diff(small_tree(), tree)

    assert change.fields["baseline"] == (None, {"numerator": "12", "as_of": "2024-12-31"})


@pytest.mark.parametrize(
    ("value", "as_of", "expected"),
    [
        ("100", dt.date(2026, 12, 31), "behind"),
        ("150", dt.date(2027, 6, 30), "on_pace"),
        ("200", dt.date(2026, 1, 1), "reached"),
        ("120", dt.date(2024, 12, 31), "unknown"),
        ("199", dt.date(2031, 1, 1), "behind"),
    ],
)
def test_pace_compares_the_way_done_with_the_time_gone(value, as_of, expected):
    start = Figure(Decimal(100), None, dt.date(2024, 12, 31))

    assert (
        pace(
            start,
            Figure(Decimal(value), None, as_of),
            Decimal(200),
            begins_on=dt.date(2025, 1, 1),
            due_on=dt.date(2029, 12, 31),
        )
        == expected
    )


def test_without_a_figure_or_a_target_nothing_is_claimed():
    when = {"begins_on": dt.date(2025, 1, 1), "due_on": dt.date(2029, 12, 31)}
    figure = Figure(Decimal(1), None, dt.date(2026, 1, 1))

    assert pace(None, None, Decimal(3), **when) == "unknown"
    assert pace(None, figure, None, **when) == "unknown"
    assert progress(Decimal(3), Decimal(3), Decimal(3)) is None


keys = st.integers(0, 7)


@st.composite
def trees(draw):
    """A tree made by edits, as people make them."""
    tree = put(EMPTY, "phase", phase())
    for _step in range(draw(st.integers(0, 12))):
        kind = draw(st.sampled_from(["strategy", "task", "indicator"]))
        word = draw(st.sampled_from(["one", "two"]))
        node = {"key": f"{kind[0]}{draw(keys)}", "title": text(word)}
        if kind == "indicator":
            node |= indicator(node["key"], title=text(word))
        parent = f"{'st'[kind == 'indicator']}{draw(keys)}"
        try:
            tree = put(tree, kind, node, parent=parent)
        except TreeInvalid:
            continue
    return tree


@given(trees())
def test_every_tree_made_by_edits_is_a_plan_and_differs_from_itself_in_nothing(tree):
    assert problems(tree) == []
    assert diff(tree, tree) == []


@given(trees(), trees())
def test_the_way_back_is_the_way_there_turned_round(old, new):
    there = {change.key: change for change in diff(old, new)}
    back = {change.key: change for change in diff(new, old)}
    turned = {"added": "removed", "removed": "added", "changed": "changed", "moved": "moved"}

    assert {key: turned[change.kind] for key, change in there.items()} == {
        key: change.kind for key, change in back.items()
    }
    for key, change in there.items():
        assert {name: (b, a) for name, (a, b) in change.fields.items()} == back[key].fields
        assert change.parents == back[key].parents[::-1]


@given(trees(), trees())
def test_no_difference_means_the_same_nodes(old, new):
    same = sorted(map(repr, nodes(old))) == sorted(map(repr, nodes(new)))

    assert (diff(old, new) == []) is same


@given(trees(), st.data())
def test_an_edit_never_touches_the_tree_it_began_with(tree, data):
    before, print_before = copy.deepcopy(tree), fingerprint(tree)
    put(tree, "strategy", {"key": f"s{data.draw(keys)}", "title": text("other")})
    for node in nodes(tree):
        drop(tree, node.key)

    assert fingerprint(tree) == print_before
    assert [*nodes(tree)] == [*nodes(before)]
