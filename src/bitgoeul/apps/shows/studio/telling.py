"""Problems of the engine as data that the hub keeps and makes sentences of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from bitgoeul.engines.shows import Problem

MOST = 50
# Facts in which the engine counts drones from 0; people count from 1.
COUNTED_FROM_ZERO = {("motion-too-close", "points"), ("pad-shared", "drones")}


def told(problems: Sequence[Problem], most: int = MOST) -> list[dict[str, Any]]:
    """Problems as data: of many that differ only in drone or line the first, with how many ``more``."""
    alike: dict[tuple[str, ...], list[Problem]] = {}
    for problem in problems:
        alike.setdefault(_kind(problem), []).append(problem)
    return [_one(same[0], len(same) - 1) for same in list(alike.values())[:most]]


def _kind(problem: Problem) -> tuple[str, ...]:
    where, at = problem.where, str(problem.facts.get("at", ""))
    whole = where if where.startswith("scenes.") else re.sub(r"\d+", "#", where)
    return problem.code, whole, re.sub(r"\d+", "#", at), str(problem.facts.get("scene", ""))


def _one(problem: Problem, more: int) -> dict[str, Any]:
    facts = {
        name: _plain(value, 1 if (problem.code, name) in COUNTED_FROM_ZERO else 0)
        for name, value in problem.facts.items()
        if value is not None
    }
    return {
        "code": problem.code,
        "where": problem.where,
        "facts": facts | ({"more": more} if more else {}),
    }


def _plain(value: Any, add: int) -> int | float | str:
    match value:
        case int():
            return value
        case float():
            return round(value, 3)
        case list() | tuple():
            return ", ".join(str(_plain(part + add if add else part, 0)) for part in value)
    return str(value)
