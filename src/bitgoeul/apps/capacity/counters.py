"""The counters of a pool.  Nothing here counts claims: what is left is what the shards say.

Locks are taken in one order so that nobody waits in a circle: the row of the pool, its shards by number, then
claims and units.
"""

from __future__ import annotations

import random

from django.db import models, transaction
from django.db.models import F, Sum

from bitgoeul.apps.capacity.models import Pool, Shard
from bitgoeul.engines import capacity as engine
from bitgoeul.kit.standing import StandingUpdate


def make(pool: Pool) -> None:
    """Divide the capacity of a new pool over its shards."""
    parts = engine.spread([0] * pool.shards, pool.capacity)
    Shard.objects.bulk_create(
        [Shard(pool=pool, number=number, capacity=part) for number, part in enumerate(parts)]
    )


def somewhere(pool: Pool) -> int:
    """The shard that a claim tries first; chance spreads a crowd over all of them."""
    return random.randrange(pool.shards)  # noqa: S311 - it hides nothing


_take: StandingUpdate = StandingUpdate(
    lambda pool, number, quantity: (
        Shard.objects.filter(pool=pool, number=number, admits=True, taken__lte=F("capacity") - quantity),
        {"taken": F("taken") + quantity},
    ),
    pool=models.BigIntegerField(),
    number=models.PositiveSmallIntegerField(),
    quantity=models.PositiveIntegerField(),
)


def take_at_once(pool: Pool, shard: int, quantity: int) -> bool:
    """Take from one shard if it admits and has so much left.

    PostgreSQL keeps the lock of a row that it waited for and then found too full.  So after False nothing
    else may be locked in this transaction: whoever goes on to lock all shards in their order would hold this
    one out of order.
    """
    return _take(pool=pool.pk, number=shard, quantity=quantity) == 1


def take(pool: Pool, shard: int, quantity: int) -> bool:
    """Take from one shard as ``take_at_once`` does; a lock that was had in vain is given back."""
    if pool.shards == 1:
        return take_at_once(pool, shard, quantity)
    with transaction.atomic():
        taken = take_at_once(pool, shard, quantity)
        if not taken:
            transaction.set_rollback(True)
    return taken


def take_where_most_is_left(pool: Pool, quantity: int) -> int | None:
    """Take from the shard that seems to have most; the number of the shard, or None."""
    fullest = max(Shard.objects.filter(pool=pool), key=lambda shard: shard.left)
    if fullest.left >= quantity and take(pool, fullest.number, quantity):
        return fullest.number
    return None


def locked(pool: Pool) -> list[Shard]:
    """All shards, by number; nobody else changes them until this transaction ends."""
    return list(Shard.objects.filter(pool=pool).order_by("number").select_for_update())


def lock(pool: Pool, shard: int) -> None:
    """Let nobody else change this shard until the transaction ends."""
    Shard.objects.select_for_update().get(pool=pool, number=shard)


def take_by_gathering(rows: list[Shard], quantity: int) -> int | None:
    """Move what is left between locked shards so that one has room, and take from it.

    Exact: None means that all shards together have too little.
    """
    try:
        number, parts = engine.gather(
            [row.taken for row in rows], sum(row.capacity for row in rows), quantity
        )
    except engine.TooLittle:
        return None
    rows[number].taken += quantity
    _write(rows, parts)
    return number


def give_back(pool: Pool, shard: int, quantity: int) -> None:
    Shard.objects.filter(pool=pool, number=shard).update(taken=F("taken") - quantity)


def resize(pool: Pool, rows: list[Shard], capacity: int) -> None:
    """Give the locked shards another capacity together, and more shards if it is a crowd's now.

    Raises: engine.TooLittle if more is taken.
    """
    parts = engine.spread([row.taken for row in rows], capacity)
    for number in range(len(rows), engine.shards_for(capacity)):
        rows.append(Shard.objects.create(pool=pool, number=number, capacity=0, admits=rows[0].admits))
        parts = engine.spread([row.taken for row in rows], capacity)
    _write(rows, parts)
    pool.capacity, pool.shards = capacity, len(rows)
    pool.save(update_fields=["capacity", "shards"])


def left(pool: Pool) -> int:
    """What is left now, read without a lock."""
    figures = Shard.objects.filter(pool=pool).aggregate(capacity=Sum("capacity"), taken=Sum("taken"))
    return int(figures["capacity"]) - int(figures["taken"])


def set_admits(pool: Pool, admits: bool) -> None:
    """Open or shut the shards to claims, waiting for whoever takes from them now."""
    locked(pool)
    Shard.objects.filter(pool=pool).exclude(admits=admits).update(admits=admits)


def _write(rows: list[Shard], capacities: list[int]) -> None:
    for row, capacity in zip(rows, capacities, strict=True):
        row.capacity = capacity
    Shard.objects.bulk_update(rows, ["capacity", "taken"])
