"""The tree: its shape, its rules, and edits that return a new tree and leave the old one as it was."""

from __future__ import annotations

import copy
import datetime as dt
import hashlib
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from bitgoeul.engines.plans._measure import PRECISIONS

Tree = Mapping[str, Any]
Kind = Literal["phase", "strategy", "task", "indicator"]
KINDS: tuple[Kind, ...] = ("phase", "strategy", "task", "indicator")

EMPTY: Tree = {"phases": [], "strategies": []}

KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_KEY = 60
LONGEST_TEXT = 2_000
MOST_NODES = 2_000
LANGUAGES = ("ko", "en")

# Which list of the parent holds the children of each kind.
LISTS: dict[Kind, str] = {
    "phase": "phases",
    "strategy": "strategies",
    "task": "tasks",
    "indicator": "indicators",
}
PARENT: dict[Kind, Kind | None] = {
    "phase": None,
    "strategy": None,
    "task": "strategy",
    "indicator": "task",
}
TEXTS: dict[Kind, tuple[str, ...]] = {
    "phase": ("title",),
    "strategy": ("title", "summary"),
    "task": ("title", "summary", "basis"),
    "indicator": ("title", "unit", "numerator", "denominator"),
}
OWN: dict[Kind, frozenset[str]] = {
    "phase": frozenset(
        {"key", "title", "starts_on", "ends_on", "precision", "budget_won", "source", "example"}
    ),
    "strategy": frozenset({"key", "title", "summary"}),
    "task": frozenset({"key", "title", "summary", "basis", "phases"}),
    "indicator": frozenset(
        {"key", "title", "unit", "numerator", "denominator", "better", "baseline", "targets", "measured_by"}
    ),
}


class TreeInvalid(ValueError):
    """An edit that the tree does not allow; ``problem`` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.code} at {problem.at}")
        self.problem = problem


@dataclass(frozen=True)
class Problem:
    """Why a tree cannot be: a code, the key of the node, and named facts for the sentence."""

    code: str
    at: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Node:
    """One node with what is its own: its children are left out."""

    kind: Kind
    key: str
    parent: str
    content: dict[str, Any]


def nodes(tree: Tree) -> Iterator[Node]:
    """Every node in reading order: phases, then each strategy with its tasks and their indicators."""
    for phase in tree.get("phases", []):
        yield _node("phase", phase, "")
    for strategy in tree.get("strategies", []):
        yield _node("strategy", strategy, "")
        for task in strategy.get("tasks", []):
            yield _node("task", task, strategy["key"])
            for indicator in task.get("indicators", []):
                yield _node("indicator", indicator, task["key"])


def _node(kind: Kind, value: Mapping[str, Any], parent: str) -> Node:
    return Node(kind, value["key"], parent, {name: value[name] for name in value if name in OWN[kind]})


def fingerprint(tree: Tree) -> str:
    """SHA-256 of the tree written in one way only: keys sorted, no blanks.

    >>> fingerprint({"strategies": [], "phases": []}) == fingerprint(EMPTY)
    True
    """
    text = json.dumps(tree, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def put(tree: Tree, kind: Kind, node: Mapping[str, Any], *, parent: str = "") -> dict[str, Any]:
    """A new tree with ``node`` in it: in its place if it is new, changed (or moved) if its key is there.

    Children stay with their parent.  A key means one node for ever, so it never changes its kind.

    Raises: TreeInvalid if the parent is missing or the key belongs to another kind of node.
    """
    new = _copied(tree)
    wanted = _container(new, kind, parent)
    found = _located(new, node["key"])
    value = {name: copy.deepcopy(node[name]) for name in node if name in OWN[kind]}
    if found is None:
        wanted.append(value)
        return new
    there, siblings, index = found
    if there != kind:
        raise TreeInvalid(Problem("key-of-another-kind", node["key"], {"key": node["key"]}))
    old = siblings[index]
    kept = {name: old[name] for name in ("tasks", "indicators") if name in old}
    if siblings is wanted:
        siblings[index] = value | kept
    else:
        del siblings[index]
        wanted.append(value | kept)
    return new


def drop(tree: Tree, key: str) -> dict[str, Any]:
    """A new tree without the node and whatever is under it.

    Raises: TreeInvalid if there is no such node.
    """
    new = _copied(tree)
    found = _located(new, key)
    if found is None:
        raise TreeInvalid(Problem("no-node", key, {"key": key}))
    _kind, siblings, index = found
    del siblings[index]
    return new


def with_baselines(tree: Tree, baselines: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A new tree in which the named indicators begin at these baselines."""
    new = _copied(tree)
    for strategy in new["strategies"]:
        for task in strategy.get("tasks", []):
            for indicator in task.get("indicators", []):
                if indicator["key"] in baselines:
                    indicator["baseline"] = dict(baselines[indicator["key"]])
    return new


def _copied(tree: Tree) -> dict[str, Any]:
    new: dict[str, Any] = copy.deepcopy({"phases": [], "strategies": []} | dict(tree))
    return new


def _lists(tree: Tree) -> Iterator[tuple[Kind, str, list[dict[str, Any]]]]:
    """Every list of siblings with its kind and the key of its parent."""
    yield "phase", "", tree["phases"]
    yield "strategy", "", tree["strategies"]
    for strategy in tree["strategies"]:
        yield "task", strategy["key"], strategy.setdefault("tasks", [])
        for task in strategy["tasks"]:
            yield "indicator", task["key"], task.setdefault("indicators", [])


def _located(tree: Tree, key: str) -> tuple[Kind, list[dict[str, Any]], int] | None:
    for kind, _parent, siblings in _lists(tree):
        for index, value in enumerate(siblings):
            if value["key"] == key:
                return kind, siblings, index
    return None


def _container(tree: Tree, kind: Kind, parent: str) -> list[dict[str, Any]]:
    for found, above, siblings in _lists(tree):
        if found == kind and above == (parent if PARENT[kind] else ""):
            return siblings
    raise TreeInvalid(Problem("no-parent", parent, {"key": parent}))


def problems(tree: Any) -> list[Problem]:
    """Why this cannot be a plan; empty if it can."""
    try:
        found = list(nodes(tree))
    except (AttributeError, KeyError, TypeError):
        return [Problem("shape")]
    if len(found) > MOST_NODES:
        return [Problem("too-many-nodes", facts={"most": MOST_NODES})]
    phases = [node.key for node in found if node.kind == "phase"]
    wrong: list[Problem] = []
    seen: set[str] = set()
    for node in found:
        if not isinstance(node.key, str) or not KEY.fullmatch(node.key) or len(node.key) > LONGEST_KEY:
            wrong.append(Problem("key", str(node.key)))
        if node.key in seen:
            wrong.append(Problem("key-twice", node.key, {"key": node.key}))
        seen.add(node.key)
        wrong += _text_problems(node)
        wrong += CHECKS[node.kind](node, phases)
    return [*wrong, *_phase_order(found)]


def _text_problems(node: Node) -> Iterator[Problem]:
    for name in TEXTS[node.kind]:
        value = node.content.get(name)
        needed = name == "title" or (node.kind == "indicator" and name in ("unit", "numerator"))
        if value in (None, {}) and not needed:
            continue
        if (
            not isinstance(value, Mapping)
            or not all(isinstance(value.get(code), str) and value[code].strip() for code in LANGUAGES)
            or any(len(value[code]) > LONGEST_TEXT for code in LANGUAGES)
        ):
            yield Problem("text", node.key, {"name": name})


def _phase_problems(node: Node, _phases: list[str]) -> Iterator[Problem]:
    starts, ends = _day(node.content.get("starts_on")), _day(node.content.get("ends_on"))
    if starts is None or ends is None or starts >= ends:
        yield Problem("phase-dates", node.key)
    yield from _precision_problems(node, node.content)
    if not isinstance(node.content.get("budget_won", 0), int):
        yield Problem("number", node.key, {"name": "budget_won"})


def _phase_order(found: list[Node]) -> Iterator[Problem]:
    dated = [
        (_day(node.content.get("starts_on")), _day(node.content.get("ends_on")), node.key)
        for node in found
        if node.kind == "phase"
    ]
    spans = sorted((starts, ends, key) for starts, ends, key in dated if starts and ends)
    for (_s, ends, earlier), (starts, _e, later) in itertools.pairwise(spans):
        if starts <= ends:
            yield Problem("phases-overlap", later, {"earlier": earlier, "later": later})


def _task_problems(node: Node, phases: list[str]) -> Iterator[Problem]:
    for phase in node.content.get("phases", []):
        if phase not in phases:
            yield Problem("no-phase", node.key, {"key": phase})


def _indicator_problems(node: Node, phases: list[str]) -> Iterator[Problem]:
    if node.content.get("better", "more") not in ("more", "less"):
        yield Problem("better", node.key)
    baseline = node.content.get("baseline")
    if baseline:
        yield from _figure_problems(node, baseline, "baseline")
        if _day(baseline.get("as_of")) is None:
            yield Problem("as-of", node.key, {"name": "baseline"})
        yield from _precision_problems(node, baseline)
    aimed: set[str] = set()
    for target in node.content.get("targets", []):
        phase = target.get("phase")
        if phase not in phases:
            yield Problem("no-phase", node.key, {"key": str(phase)})
        if phase in aimed:
            yield Problem("target-twice", node.key, {"key": str(phase)})
        aimed.add(phase)
        if number(target.get("value")) is None:
            yield Problem("number", node.key, {"name": "target"})


def _precision_problems(node: Node, dated: Mapping[str, Any]) -> Iterator[Problem]:
    """How exactly a day is known is said where it is not known to the day."""
    if dated.get("precision", "day") not in PRECISIONS:
        yield Problem("precision", node.key)


def _figure_problems(node: Node, figure: Mapping[str, Any], name: str) -> Iterator[Problem]:
    if number(figure.get("numerator")) is None:
        yield Problem("number", node.key, {"name": name})
    below = figure.get("denominator")
    if node.content.get("denominator") and (number(below) is None or number(below) == 0):
        yield Problem("denominator", node.key, {"name": name})


def _strategy_problems(_node: Node, _phases: list[str]) -> Iterator[Problem]:
    return iter(())


CHECKS = {
    "phase": _phase_problems,
    "strategy": _strategy_problems,
    "task": _task_problems,
    "indicator": _indicator_problems,
}


def number(value: Any) -> Decimal | None:
    """A decimal text as a number; anything else is none."""
    if not isinstance(value, str) or len(value) > 30:
        return None
    try:
        read = Decimal(value)
    except InvalidOperation:
        return None
    return read if read.is_finite() else None


def _day(value: Any) -> dt.date | None:
    try:
        return dt.date.fromisoformat(value)
    except (TypeError, ValueError):
        return None
