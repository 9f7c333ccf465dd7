"""The draw of a call: its rules, its beacon, its order."""

from __future__ import annotations

import hashlib
import secrets

from django.db.models import QuerySet

from bitgoeul.apps.programmes.models import Call, Draw
from bitgoeul.apps.record.models import Head, Leaf
from bitgoeul.engines import draws as engine

BEACON = "the root of the first signed head of the public record that seals the publication of the entries"
IF_VOID = "score"


def draw_of(call: Call) -> Draw | None:
    return Draw.objects.filter(call=call).first()


def waiting_for_entries() -> QuerySet[Draw]:
    return Draw.objects.filter(state=Draw.State.COMMITTED).select_related("call")


def new_secret() -> bytes:
    """Thirty-two bytes of true chance."""
    return secrets.token_bytes(32)


def rules_of(draw: Draw) -> engine.Rules:
    """The rules as they were published; the order of all entries is drawn, places follow from the budget."""
    return engine.Rules(
        draw=f"call:{draw.call.slug}",
        commitment=draw.commitment,
        committed_at=draw.committed_at,
        closes_at=draw.closes_at,
        reveal_by=draw.reveal_by,
        beacon=BEACON,
        places=0,
    )


def entries_of(draw: Draw) -> list[engine.Entry]:
    return [engine.Entry(name) for name in draw.entries]


def beacon_of(draw: Draw) -> engine.Beacon | None:
    """The first signed head that seals the fact with the entries; None until there is one."""
    leaf = Leaf.objects.filter(fact=draw.pool_fact).first() if draw.pool_fact else None
    if leaf is None:
        return None
    head = Head.objects.filter(size__gt=leaf.position).order_by("size").first()
    return None if head is None else engine.Beacon(BEACON, head.root, head.at)


def order_of(draw: Draw) -> list[str]:
    """All entries, first drawn first."""
    return [row["id"] for row in (draw.sheet or {}).get("order", [])]


def digest(sheet: engine.Sheet) -> str:
    return hashlib.sha256(engine.written(sheet)).hexdigest()
