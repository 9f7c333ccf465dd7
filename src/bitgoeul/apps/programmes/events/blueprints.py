from __future__ import annotations

from dataclasses import dataclass

from bitgoeul.kit.facts import Event


@dataclass(frozen=True)
class BlueprintSaved(Event):
    """A version of a copy was written; ``based_on`` is the shipped blueprint."""

    blueprint: str
    version: int
    based_on: str
    title: dict[str, str]
