"""From a seed to an order: one ticket for each entry, and weights that count exactly."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from decimal import Context, Decimal

from ._canonical import canonical
from ._rules import Entry

# A number with 257 binary places has as many decimal ones: with them the division is exact, also for the
# luckiest tickets, of which all but the last digits of the quotient are nines.
_EXACTLY = Context(prec=260)
_KEYS = Context(prec=110)
_WHOLE = 1 << 257


def seed_of(*, draw: str, secret: bytes, beacon: str) -> bytes:
    """Return the seed: HMAC-SHA-256, keyed with the secret, over the draw's id and the beacon's value.

    Whoever keeps the secret cannot foresee it without the beacon, whoever sees the beacon cannot without
    the secret. Entries are no part of it: one more entry does not reshuffle the others.
    """
    return hmac.digest(secret, canonical({"beacon": beacon, "draw": draw}), "sha256")


def ticket_of(seed: bytes, entry: str) -> bytes:
    """Return the ticket of an entry: HMAC-SHA-256, keyed with the seed, over its id. The lowest is first."""
    return hmac.digest(seed, entry.encode("utf-8", "backslashreplace"), "sha256")


def ordered(seed: bytes, entries: Iterable[Entry]) -> list[tuple[Entry, bytes]]:
    """Return all entries with their tickets, first drawn first, whatever order they came in.

    An entry of weight w draws like w tickets of which the best counts: read as x = (2t + 1) / 2**257, a
    ticket t gives the key -ln(1 - x) / w, and the lowest key is first (Efraimidis and Spirakis 2006,
    "Weighted random sampling with a reservoir", algorithm A). With equal weights this is the order of
    the tickets. Keys are computed with 110 digits, whose rounding is defined to the last of them:
    every machine gets the same order.
    """
    drawn = [(entry, ticket_of(seed, entry.id)) for entry in entries]
    if len({entry.weight for entry, _ in drawn}) <= 1:
        return sorted(drawn, key=lambda pair: (pair[1], pair[0].id))
    return sorted(drawn, key=lambda pair: (_key(pair[1], pair[0].weight), pair[0].id))


def _key(ticket: bytes, weight: int) -> Decimal:
    above = _WHOLE - (2 * int.from_bytes(ticket, "big") + 1)
    rest = _EXACTLY.divide(Decimal(above), Decimal(_WHOLE))
    # Not "-": the sign of Python rounds to the digits of whoever calls.
    return _KEYS.divide(_KEYS.ln(rest).copy_negate(), Decimal(weight))


def placed(
    order: Sequence[Entry], *, places: int, strata: Sequence[tuple[str, int]], spill: bool
) -> tuple[list[tuple[str, str]], list[str]]:
    """Give the places away along the order.

    Groups are served first, in their published order, each with its kept places; then the open places go
    to everybody who has none yet. Kept places that nobody takes become open if ``spill``, else stay empty.

    Returns: (id, group or "" for an open place) in the order of giving; then the ids that wait, in order.
    """
    given: dict[str, str] = {}
    left_open = places - sum(kept for _, kept in strata)
    for name, kept in strata:
        members = [e.id for e in order if name in e.strata and e.id not in given][:kept]
        given.update(dict.fromkeys(members, name))
        left_open += (kept - len(members)) if spill else 0
    others = [entry.id for entry in order if entry.id not in given]
    given.update(dict.fromkeys(others[:left_open], ""))
    return list(given.items()), others[left_open:]
