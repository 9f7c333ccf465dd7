"""Everything that this engine refuses, under one root."""

from datetime import datetime


class DrawError(ValueError):
    """The root of what this engine refuses."""


class BadRules(DrawError):
    """Rules that cannot be published: they contradict themselves."""


class BadEntry(DrawError):
    """An entry that cannot take part: ``entry`` is its id."""

    def __init__(self, entry: str, why: str) -> None:
        super().__init__(f"entry {entry!r}: {why}")
        self.entry = entry
        self.why = why


class BadBeacon(DrawError):
    """A beacon other than the one announced, or one that could be known before closing."""


class WeakSecret(DrawError):
    """A secret so short that it could be guessed from its commitment."""


class EarlySecret(DrawError):
    """The secret would be shown while entries are still coming in. Nothing is void: wait."""

    def __init__(self, *, closes_at: datetime) -> None:
        super().__init__(f"entries close at {closes_at.isoformat()}")
        self.closes_at = closes_at


class Void(DrawError):
    """The draw cannot be held any more, as its rules said beforehand; ``reason`` is one word."""

    reason = ""


class LateSecret(Void):
    """The secret came after the moment by which the rules promise it."""

    reason = "late"

    def __init__(self, *, reveal_by: datetime, revealed_at: datetime) -> None:
        super().__init__(f"due by {reveal_by.isoformat()}, revealed at {revealed_at.isoformat()}")
        self.reveal_by = reveal_by
        self.revealed_at = revealed_at


class WrongSecret(Void):
    """The secret is not the one whose commitment was published."""

    reason = "wrong"

    def __init__(self, *, commitment: str, found: str) -> None:
        super().__init__(f"committed to {commitment}, this secret has {found}")
        self.commitment = commitment
        self.found = found


class WithheldSecret(Void):
    """The moment passed and no secret was shown."""

    reason = "withheld"


class NotVoid(DrawError):
    """There is no ground to declare the draw void: it can still be held."""
