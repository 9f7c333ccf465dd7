"""What is published before anybody enters, who enters, and the public value that nobody could foresee."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from ._canonical import canonical
from ._errors import BadBeacon, BadEntry, BadRules, EarlySecret, LateSecret, WeakSecret, WrongSecret

LEAST_SECRET_BYTES = 16
MOST_WEIGHT = 10_000
_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Stratum:
    """A group and the places kept for it."""

    name: str
    places: int


@dataclass(frozen=True)
class Entry:
    """One who takes part.

    Attributes:
        id:     what is drawn; public, so better a pseudonym than a name.
        weight: chances in proportion to the others, a whole number from 1 to 10,000.
        strata: the groups it belongs to; none is fine, several are fine.
    """

    id: str
    weight: int = 1
    strata: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.id, str) or not self.id:
            raise BadEntry(str(self.id), "an id is text, and not empty")
        if type(self.weight) is not int or not 1 <= self.weight <= MOST_WEIGHT:
            raise BadEntry(self.id, f"the weight {self.weight!r} is not one of 1 to {MOST_WEIGHT}")
        if len(set(self.strata)) != len(self.strata):
            raise BadEntry(self.id, "a group is named twice")

    def as_data(self) -> dict[str, Any]:
        """Return the entry as it stands in the sheet."""
        return {"id": self.id, "weight": self.weight, "strata": sorted(self.strata)}


@dataclass(frozen=True)
class Beacon:
    """A public value that came into being after closing.

    Attributes:
        source: the name that the rules announced, for example "first tree head of the record signed after
                closing" or "drand quicknet round 5000000".
        value:  the value as its source writes it, for example a root in hexadecimal.
        at:     when it was published.

    A source that the drawing side can influence protects only as far as the record makes its choices
    visible; one that it cannot influence (a public lottery, drand) protects fully.
    """

    source: str
    value: str
    at: datetime

    def as_data(self) -> dict[str, Any]:
        """Return the beacon as it stands in the sheet."""
        return {"source": self.source, "value": self.value, "at": moment(self.at)}


@dataclass(frozen=True)
class Rules:
    """Everything that is promised before the first entry; publish :meth:`digest` with it.

    Attributes:
        draw:         the id of this draw; the same secret gives another order in another draw.
        commitment:   SHA-256 of the secret, lower-case hexadecimal: see :func:`commit`.
        committed_at: when the commitment was published; before closing.
        closes_at:    when entries close. The secret may not be shown and the beacon may not be known before.
        reveal_by:    the last moment for the secret; later, the draw is void.
        beacon:       where the public value will come from, in words.
        places:       how many places there are, those kept for groups included.
        strata:       groups with places kept for them, in the order in which they are served.
        spill:        whether kept places that nobody of the group takes go to everybody.

    Raises: BadRules if the rules contradict themselves.
    """

    draw: str
    commitment: str
    committed_at: datetime
    closes_at: datetime
    reveal_by: datetime
    beacon: str
    places: int
    strata: tuple[Stratum, ...] = ()
    spill: bool = True

    def __post_init__(self) -> None:
        if not self.draw or not self.beacon:
            raise BadRules("a draw has an id and says where its beacon comes from")
        if not _HEX.fullmatch(self.commitment):
            raise BadRules("a commitment is 64 lower-case hexadecimal digits")
        for at in (self.committed_at, self.closes_at, self.reveal_by):
            moment(at)
        if not self.committed_at < self.closes_at < self.reveal_by:
            raise BadRules("first the commitment, then closing, then the secret")
        self._check_places()

    def _check_places(self) -> None:
        if any(type(n) is not int or n < 0 for n in (self.places, *(s.places for s in self.strata))):
            raise BadRules("places are whole numbers, none below zero")
        names = [stratum.name for stratum in self.strata]
        if len(set(names)) != len(names) or not all(names):
            raise BadRules("each group has its own name")
        kept = sum(stratum.places for stratum in self.strata)
        if kept > self.places:
            raise BadRules(f"{kept} places are kept for groups, but there are {self.places}")

    def as_data(self) -> dict[str, Any]:
        """Return the rules as they stand in the sheet."""
        return {
            "draw": self.draw,
            "commitment": self.commitment,
            "committed_at": moment(self.committed_at),
            "closes_at": moment(self.closes_at),
            "reveal_by": moment(self.reveal_by),
            "beacon": self.beacon,
            "places": self.places,
            "strata": [{"name": s.name, "places": s.places} for s in self.strata],
            "spill": self.spill,
        }

    def digest(self) -> str:
        """Return the SHA-256 of the rules in canonical JSON, hexadecimal."""
        return sha256(canonical(self.as_data())).hexdigest()

    def check_reveal(self, secret: bytes, *, at: datetime) -> None:
        """Raise unless ``secret`` may be shown at this moment and the draw be held with it.

        Raises: EarlySecret before closing; LateSecret or WrongSecret, which void the draw.
        """
        if at < self.closes_at:
            raise EarlySecret(closes_at=self.closes_at)
        if at > self.reveal_by:
            raise LateSecret(reveal_by=self.reveal_by, revealed_at=at)
        found = sha256(secret).hexdigest()
        if found != self.commitment:
            raise WrongSecret(commitment=self.commitment, found=found)

    def check_beacon(self, beacon: Beacon) -> None:
        """Raise BadBeacon unless it is the announced one and was published at or after closing."""
        if beacon.source != self.beacon:
            raise BadBeacon(f"announced was {self.beacon!r}, not {beacon.source!r}")
        if not beacon.value:
            raise BadBeacon("the beacon is empty")
        if beacon.at < self.closes_at:
            raise BadBeacon("the beacon was known before entries closed")


def commit(secret: bytes) -> str:
    """Return the commitment to a secret: its SHA-256, hexadecimal. Publish it; keep the secret.

    Args:
        secret: at least 16 bytes from a source of true chance.
    Raises: WeakSecret if it is shorter.

    >>> commit(bytes(16))[:16]
    '374708fff7719dd5'
    """
    if len(secret) < LEAST_SECRET_BYTES:
        raise WeakSecret(f"{len(secret)} bytes can be guessed; take at least {LEAST_SECRET_BYTES}")
    return sha256(secret).hexdigest()


def checked(rules: Rules, entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries by id.

    Raises: BadEntry if an id comes twice or a group is not one of the rules.
    """
    known = {stratum.name for stratum in rules.strata}
    by_id: dict[str, Entry] = {}
    for entry in entries:
        if entry.id in by_id:
            raise BadEntry(entry.id, "it enters twice")
        if unknown := sorted(set(entry.strata) - known):
            raise BadEntry(entry.id, f"the rules know no group {unknown[0]!r}")
        by_id[entry.id] = entry
    return [by_id[name] for name in sorted(by_id)]


def pool_digest(entries: Iterable[Entry]) -> str:
    """Return the SHA-256 over all entries, hexadecimal; publish it at closing, before the beacon is known."""
    in_order = sorted(entries, key=lambda entry: entry.id)
    return sha256(canonical([entry.as_data() for entry in in_order])).hexdigest()


def moment(at: datetime) -> str:
    """Return a moment in UTC as text; raises BadRules for one without a zone."""
    if at.utcoffset() is None:
        raise BadRules(f"{at} has no time zone")
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
