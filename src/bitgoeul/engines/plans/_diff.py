"""What changed from one tree to another, node by node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from bitgoeul.engines.plans._tree import Kind, Node, Tree, nodes


@dataclass(frozen=True)
class Change:
    """One node that was added, removed, moved under another parent, or changed.

    ``fields`` maps the name of each changed field to what it was and what it is; ``parents`` are the keys
    above it before and after.
    """

    kind: Literal["added", "removed", "moved", "changed"]
    node: Kind
    key: str
    title: dict[str, str]
    fields: dict[str, tuple[Any, Any]]
    parents: tuple[str, str]


def diff(old: Tree, new: Tree) -> list[Change]:
    """Every difference, phases first, then down the new tree; what is gone stands last.

    The order of siblings is how a page shows them, not part of the plan: changing it is no difference.
    """
    before = {node.key: node for node in nodes(old)}
    after = {node.key: node for node in nodes(new)}
    changes = [_compared(before.get(key), node) for key, node in after.items()]
    changes += [_removed(node) for key, node in before.items() if key not in after]
    return [change for change in changes if change is not None]


def _compared(old: Node | None, new: Node) -> Change | None:
    title = new.content["title"]
    if old is None or old.kind != new.kind:
        return Change("added", new.kind, new.key, title, {}, ("", new.parent))
    names = sorted(old.content.keys() | new.content.keys())
    fields = {
        name: (old.content.get(name), new.content.get(name))
        for name in names
        if (old.content.get(name) or None) != (new.content.get(name) or None)
    }
    if old.parent != new.parent:
        return Change("moved", new.kind, new.key, title, fields, (old.parent, new.parent))
    if fields:
        return Change("changed", new.kind, new.key, title, fields, (old.parent, new.parent))
    return None


def _removed(old: Node) -> Change:
    return Change("removed", old.kind, old.key, old.content["title"], {}, (old.parent, ""))
