"""What a panel decides, and objections to it."""

from __future__ import annotations

from dataclasses import dataclass

from bitgoeul.kit.facts import Event, personal


@dataclass(frozen=True)
class PanelDecided(Event):
    """One decision about every application of a call, by its published procedure.

    ``line`` is the score of the last winner where somebody waits, ``band`` how many could not be told apart
    from it, ``asked`` what the winners ask for, in the unit of the budget. ``ranking`` holds each
    application's score and outcome, best first.
    """

    call: str
    procedure_fingerprint: str
    applications: int
    offered: int
    reserve: int
    rejected: int
    budget: int
    asked: int
    cut: str
    line: str
    band: int
    draw: str
    ranking: list[dict[str, str]] = personal()


@dataclass(frozen=True)
class AppealFiled(Event):
    call: str
    application: str
    words: str = personal()


@dataclass(frozen=True)
class AppealAnswered(Event):
    """``upheld``: the application is first on the reserve list from now on."""

    call: str
    application: str
    upheld: bool
    answer: dict[str, str] = personal()
