"""Plans as trees: phases, and strategies > tasks > indicators, as plain data that can be compared.

Writing: :func:`problems`, :func:`put`, :func:`drop`, :func:`with_baselines`
Reading: :func:`nodes`, :class:`Node`, :func:`fingerprint`
Comparing: :func:`diff`, :class:`Change`
Measuring: :class:`Figure`, :func:`last_day`, :func:`progress`, :func:`pace`

A tree is what JSON holds; numbers are decimal texts, so nothing is ever rounded:

>>> tree = put(EMPTY, "strategy", {"key": "base", "title": {"ko": "기반", "en": "Base"}})
>>> tree = put(tree, "task", {"key": "data", "title": {"ko": "데이터", "en": "Data"}}, parent="base")
>>> [(change.kind, change.key) for change in diff(EMPTY, tree)]
[('added', 'base'), ('added', 'data')]
"""

from bitgoeul.engines.plans._diff import Change, diff
from bitgoeul.engines.plans._measure import PRECISIONS, Figure, Pace, Precision, last_day, pace, progress
from bitgoeul.engines.plans._tree import (
    EMPTY,
    KINDS,
    Kind,
    Node,
    Problem,
    Tree,
    TreeInvalid,
    drop,
    fingerprint,
    nodes,
    problems,
    put,
    with_baselines,
)

__all__ = [
    "EMPTY",
    "KINDS",
    "PRECISIONS",
    "Change",
    "Figure",
    "Kind",
    "Node",
    "Pace",
    "Precision",
    "Problem",
    "Tree",
    "TreeInvalid",
    "diff",
    "drop",
    "fingerprint",
    "last_day",
    "nodes",
    "pace",
    "problems",
    "progress",
    "put",
    "with_baselines",
]
