"""How this engine refuses: a stable code and the facts for a sentence in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Problem:
    """What is wrong: a stable code, where it is wrong, and facts that a sentence can be made of."""

    code: str
    where: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


class ShowInvalid(ValueError):
    """Something handed in cannot become part of a show; ``problems`` names each reason."""

    def __init__(self, problems: Problem | Sequence[Problem]) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("; ".join(f"{p.where}: {p.code}" if p.where else p.code for p in self.problems))
