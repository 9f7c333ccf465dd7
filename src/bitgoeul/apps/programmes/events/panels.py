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


@dataclass(frozen=True)
class DrawCommitted(Event):
    """What is promised before anybody applies: the commitment to a secret and every rule of the draw.

    ``rules_digest`` is the fingerprint of the rules. A void draw gives no order: then scores decide alone,
    and between equal ones who was handed in first.
    """

    call: str
    commitment: str
    rules_digest: str
    committed_at: str
    closes_at: str
    reveal_by: str
    beacon: str
    if_void: str


@dataclass(frozen=True)
class DrawEntriesPublished(Event):
    """Who takes part, fixed before the beacon is known: ``pool`` is the fingerprint of all entries."""

    call: str
    entries: int
    pool: str
    rules_digest: str


@dataclass(frozen=True)
class DrawHeld(Event):
    """The secret was shown and the order drawn; the sheet with this fingerprint lets anybody repeat it."""

    call: str
    entries: int
    beacon: str
    seed: str
    sheet_digest: str


@dataclass(frozen=True)
class DrawVoided(Event):
    """The draw cannot be held, as its rules said: the secret was late, wrong or withheld."""

    call: str
    reason: str
    sheet_digest: str
