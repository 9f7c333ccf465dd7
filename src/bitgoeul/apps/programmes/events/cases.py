from __future__ import annotations

from dataclasses import dataclass

from bitgoeul.kit.facts import Event


@dataclass(frozen=True)
class CaseOpened(Event):
    """Applications to these calls belong together; each is decided for itself."""

    case: str
    calls: list[str]
