"""The draw sheet: everything that anybody needs to hold the same draw again."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from ._canonical import canonical
from ._errors import NotVoid, Void, WithheldSecret
from ._order import ordered, placed, seed_of
from ._rules import Beacon, Entry, Rules, checked, moment, pool_digest

FORMAT = "bitgoeul-draw-1"
Sheet = dict[str, Any]


def draw(
    rules: Rules, entries: Iterable[Entry], *, secret: bytes, beacon: Beacon, revealed_at: datetime
) -> Sheet:
    """Hold the draw and return its sheet, ready for :func:`written`.

    Args:
        rules:       as published.
        entries:     all of them, in any order.
        secret:      the one committed to.
        beacon:      the announced public value.
        revealed_at: when the secret is shown.
    Returns: a sheet whose "outcome" is "drawn". "order" holds all entries with their tickets, first drawn
             first; "placed" who has a place and for which group ("" is open); "waiting" who is next.
    Raises:  EarlySecret, BadBeacon, BadEntry; LateSecret and WrongSecret, which void the draw.
    """
    rules.check_reveal(secret, at=revealed_at)
    rules.check_beacon(beacon)
    members = checked(rules, entries)
    seed = seed_of(draw=rules.draw, secret=secret, beacon=beacon.value)
    order = ordered(seed, members)
    winners, waiting = placed(
        [entry for entry, _ in order],
        places=rules.places,
        strata=[(stratum.name, stratum.places) for stratum in rules.strata],
        spill=rules.spill,
    )
    return {
        **_head(rules, members, secret=secret, at=revealed_at),
        "outcome": "drawn",
        "beacon": beacon.as_data(),
        "seed": seed.hex(),
        "order": [{"id": entry.id, "ticket": ticket.hex()} for entry, ticket in order],
        "placed": [{"id": name, "stratum": stratum} for name, stratum in winners],
        "waiting": waiting,
    }


def void(rules: Rules, entries: Iterable[Entry], *, at: datetime, secret: bytes | None = None) -> Sheet:
    """Declare the draw void, as published, and return the sheet that says why.

    Args:
        at:     when the secret was shown, or, without one, the moment of declaring.
        secret: what was shown, if anything.
    Returns: a sheet whose "outcome" is "void" and whose "reason" is "late", "wrong" or "withheld".
    Raises:  NotVoid if the draw can still be held; EarlySecret before closing; BadEntry.
    """
    return {
        **_head(rules, checked(rules, entries), secret=secret, at=at),
        "outcome": "void",
        "reason": _ground(rules, secret, at).reason,
    }


def written(sheet: Sheet) -> bytes:
    """Return the sheet as canonical JSON: the bytes to publish and to hash."""
    return canonical(sheet)


def next_in_order(sheet: Sheet, *, stratum: str, gone: Collection[str] = ()) -> str | None:
    """Return who is offered a place that became free, or None if nobody waits for it.

    Args:
        stratum: the group for which the place was kept, "" for an open one. It is first offered inside the
                 group, then to everybody if the rules let kept places spill.
        gone:    ids of the waiting order that were already offered a place, whatever they answered.
    """
    groups = {entry["id"]: entry["strata"] for entry in sheet["entries"]}
    free = [name for name in sheet["waiting"] if name not in gone]
    inside = [name for name in free if not stratum or stratum in groups[name]]
    if inside:
        return inside[0]
    return free[0] if free and sheet["rules"]["spill"] else None


def _head(rules: Rules, members: list[Entry], *, secret: bytes | None, at: datetime) -> Sheet:
    return {
        "format": FORMAT,
        "rules": rules.as_data(),
        "rules_digest": rules.digest(),
        "entries": [entry.as_data() for entry in members],
        "pool": pool_digest(members),
        "secret": None if secret is None else secret.hex(),
        "revealed_at": moment(at),
    }


def _ground(rules: Rules, secret: bytes | None, at: datetime) -> Void:
    if secret is None:
        if at > rules.reveal_by:
            return WithheldSecret(f"no secret by {rules.reveal_by.isoformat()}")
        raise NotVoid(f"the secret may still come until {rules.reveal_by.isoformat()}")
    try:
        rules.check_reveal(secret, at=at)
    except Void as ground:
        return ground
    raise NotVoid("the secret is the right one and came in time")
