"""What is free, who holds what, who is next, and whether the counters are true."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from bitgoeul.apps.capacity import policies
from bitgoeul.apps.capacity.models import Claim, Pool, Shard, Unit, Waiting
from bitgoeul.apps.people.models import Organisation, Person
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor

HELD, CLAIMED = Claim.State.HELD, Claim.State.CLAIMED
PERSON = "person:"


@dataclass(frozen=True)
class Usage:
    """capacity = claimed + held + free, always.  ``waiting`` are people and organisations, not units."""

    capacity: int = 0
    claimed: int = 0
    held: int = 0
    free: int = 0
    waiting: int = 0
    wanted: int = 0

    @property
    def used_percent(self) -> int:
        return 100 * (self.claimed + self.held) // self.capacity if self.capacity else 0


@dataclass(frozen=True)
class Discrepancy:
    """Something that is said twice and not alike."""

    what: str
    where: str
    expected: int
    found: int


# Who sees what


def pools_visible_to(actor: Actor) -> QuerySet[Pool]:
    """Public pools; those of one's organisations; everything for operators and auditors."""
    if actor.is_operator or "auditor" in actor.roles:
        return Pool.objects.all()
    return Pool.objects.filter(Q(is_public=True) | Q(organisation__in=list(actor.memberships)))


def _of(actor: Actor) -> Q:
    return Q(holder=actor.id) | Q(organisation__in=list(actor.memberships))


def claims_visible_to(actor: Actor) -> QuerySet[Claim]:
    """One's own claims, those of one's organisations, and those on the pools one runs."""
    claims = Claim.objects.select_related("pool", "organisation")
    if actor.is_operator or "auditor" in actor.roles:
        return claims
    return claims.filter(_of(actor) | Q(pool__organisation__in=list(actor.memberships)))


def waiting_visible_to(actor: Actor) -> QuerySet[Waiting]:
    places = Waiting.objects.select_related("pool", "organisation", "claim")
    if actor.is_operator or "auditor" in actor.roles:
        return places
    return places.filter(_of(actor) | Q(pool__organisation__in=list(actor.memberships)))


def own_claims(actor: Actor) -> QuerySet[Claim]:
    """What the actor and the actor's organisations hold or held, newest first."""
    if not actor.is_signed_in:
        return Claim.objects.none()
    return Claim.objects.filter(_of(actor)).select_related("pool", "organisation").order_by("-id")


def own_places(actor: Actor) -> QuerySet[Waiting]:
    """Where the actor and the actor's organisations wait or have an offer."""
    if not actor.is_signed_in:
        return Waiting.objects.none()
    live = Waiting.objects.filter(_of(actor), state__in=[Waiting.State.WAITING, Waiting.State.OFFERED])
    return live.select_related("pool", "claim", "organisation")


def organisations_to_claim_for(actor: Actor) -> QuerySet[Organisation]:
    working = [pk for pk in actor.memberships if policies.may_act_for(actor, "", pk)]
    return Organisation.objects.filter(pk__in=working)


# Figures


def usage(pool: Pool) -> Usage:
    """How a pool stands now.  What has run out counts as free, whether or not the sweep has come."""
    return usages([pool])[pool.pk]


def usages(pools: Iterable[Pool]) -> dict[int, Usage]:
    """The usage of many pools in three queries; nothing here walks over claims that last."""
    ids = [pool.pk for pool in pools]
    shards = (
        Shard.objects.filter(pool__in=ids)
        .order_by()
        .values_list("pool")
        .annotate(Sum("capacity"), Sum("taken"))
    )
    counted = {pk: (capacity, taken) for pk, capacity, taken in shards}
    moment = clock.now()
    brief = (
        Claim.objects.filter(_brief(moment), pool__in=ids)
        .order_by()
        .values_list("pool")
        .annotate(
            held=_sum(Q(state=HELD, expires_at__gt=moment)),
            lapsed=_sum(Q(state=HELD, expires_at__lte=moment)),
            over=_sum(Q(state=CLAIMED)),
        )
    )
    passing = {pk: (held, lapsed, over) for pk, held, lapsed, over in brief}
    line = Waiting.objects.filter(pool__in=ids, state=Waiting.State.WAITING)
    waiting = {
        pk: (n, wanted)
        for pk, n, wanted in line.order_by().values_list("pool").annotate(Count("pk"), Sum("quantity"))
    }
    found = {}
    for pk in ids:
        capacity, taken = counted.get(pk, (0, 0))
        held, lapsed, over = passing.get(pk, (0, 0, 0))
        people, wanted = waiting.get(pk, (0, 0))
        free = capacity - taken + lapsed + over
        found[pk] = Usage(capacity, capacity - free - held, held, free, people, wanted)
    return found


def _sum(condition: Q) -> Coalesce:
    return Coalesce(Sum("quantity", filter=condition), 0)


def _brief(moment: dt.datetime) -> Q:
    """Holds, and claims that are over but not yet swept."""
    return Q(state=HELD) | Q(state=CLAIMED, until__lte=moment)


def due(moment: dt.datetime | None = None) -> QuerySet[Claim]:
    """Holds and claims whose time is over, the oldest first."""
    moment = moment or clock.now()
    return Claim.objects.filter(
        Q(state=HELD, expires_at__lte=moment) | Q(state=CLAIMED, until__lte=moment)
    ).order_by("id")


def active_claims(pool: Pool) -> QuerySet[Claim]:
    """What is held or claimed now, newest first, with its units at hand."""
    return (
        Claim.objects.filter(pool=pool, state__in=Claim.ACTIVE)
        .select_related("organisation")
        .prefetch_related("units")
        .order_by("-id")
    )


def line_of(pool: Pool) -> QuerySet[Waiting]:
    """Who waits, in the published order."""
    return Waiting.objects.filter(pool=pool, state=Waiting.State.WAITING).select_related("organisation")


def position(place: Waiting) -> int:
    """The place in the line, from 1; 0 for somebody who does not wait any more."""
    if place.state != Waiting.State.WAITING:
        return 0
    before = (
        Q(rank__lt=place.rank)
        | Q(rank=place.rank, joined_at__lt=place.joined_at)
        | Q(rank=place.rank, joined_at=place.joined_at, pk__lt=place.pk)
    )
    return Waiting.objects.filter(before, pool=place.pool_id, state=Waiting.State.WAITING).count() + 1


def name_holders(rows: Iterable[Claim | Waiting]) -> None:
    """Give each row ``who``: the holder as people say it, by one query for all persons among them."""
    rows = list(rows)
    ids = {row.holder.removeprefix(PERSON) for row in rows if row.holder.startswith(PERSON)}
    names = {person.public_id: str(person) for person in Person.objects.filter(public_id__in=ids)}
    for row in rows:
        known = row.organisation or names.get(row.holder.removeprefix(PERSON))
        row.who = str(known or row.holder)  # type: ignore[union-attr]


def units_of(pool: Pool) -> QuerySet[Unit]:
    return Unit.objects.filter(pool=pool).select_related("claim")


def has_active_claims(organisation: Organisation) -> bool:
    """Whether ``organisation`` holds something that must be given back before it can go."""
    return Claim.objects.filter(organisation=organisation, state__in=Claim.ACTIVE).exists()


# Truth


def discrepancies() -> list[Discrepancy]:
    """Whatever the counters, claims and units say not alike; an empty list when all is true."""
    found = []
    active = Claim.objects.filter(state__in=Claim.ACTIVE)
    claimed = {
        (pool, shard): total
        for pool, shard, total in active.order_by().values_list("pool", "shard").annotate(Sum("quantity"))
    }
    for shard in Shard.objects.select_related("pool").order_by("pool__slug", "number"):
        expected = claimed.pop((shard.pool_id, shard.number), 0)
        if expected != shard.taken:
            found.append(
                Discrepancy(
                    "counter differs from its claims",
                    f"{shard.pool.slug}/{shard.number}",
                    expected,
                    shard.taken,
                )
            )
    found += [
        Discrepancy("claims without a counter", f"{pool}/{shard}", 0, n)
        for (pool, shard), n in claimed.items()
    ]
    found += [
        Discrepancy("shards differ from the capacity", pool.slug, pool.capacity, pool.divided)
        for pool in Pool.objects.annotate(divided=Coalesce(Sum("counters__capacity"), 0)).exclude(
            capacity=F("divided")
        )
    ]
    found += [
        Discrepancy("units in service differ from the capacity", pool.slug, pool.capacity, pool.things)
        for pool in Pool.objects.filter(numbered=True)
        .annotate(things=Count("units", filter=Q(units__in_service=True)))
        .exclude(capacity=F("things"))
    ]
    found += [
        Discrepancy("units differ from their claim", claim.key, claim.quantity, claim.things)
        for claim in active.filter(pool__numbered=True)
        .annotate(things=Count("units"))
        .exclude(quantity=F("things"))
    ]
    found += [
        Discrepancy("units of a claim that is over", claim.key, 0, claim.things)
        for claim in Claim.objects.exclude(state__in=Claim.ACTIVE)
        .annotate(things=Count("units"))
        .exclude(things=0)
    ]
    return found
