"""Claiming and giving back.  The same key always gives the same answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from django.db.models import F
from django.utils.translation import gettext as _

from bitgoeul.apps.capacity import counters, policies, queries, units
from bitgoeul.apps.capacity.commands import line
from bitgoeul.apps.capacity.commands.checks import (
    Holder,
    check_entry,
    check_pool_gives,
    check_pool_is_open,
    check_until,
    holder_of,
    iso,
)
from bitgoeul.apps.capacity.errors import (
    AlreadyHolds,
    HoldExpired,
    MoreThanClaimed,
    NotClaimed,
    OthersWait,
    PoolFull,
)
from bitgoeul.apps.capacity.events import (
    CapacityClaimed,
    CapacityHeld,
    ClaimExpired,
    ClaimReleased,
    HoldConfirmed,
    SeveralClaimed,
    SeveralReleased,
)
from bitgoeul.apps.capacity.models import Claim, Pool, Waiting
from bitgoeul.apps.people.models import Organisation, Person
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM, Actor
from bitgoeul.kit.command import ShortCutInVain, command, may_take_short_cut, unchanged
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import Invalid, KeyReused, NotFound, StateChanged, require
from bitgoeul.kit.standing import StandingInsert

State = Claim.State
AT_ONCE = 200  # how many that are over one claim sweeps on its way

_insert_once = StandingInsert(Claim, once=True)


@command
def claim(
    *,
    by: Actor,
    pool: Pool,
    quantity: int,
    key: str,
    holder: Organisation | Person | str,
    purpose: str = "",
    until: dt.datetime | None = None,
    units: Sequence[str] = (),
) -> Claim:
    """Claim so much of a pool, once per key; ``units`` names numbered things, else the hub chooses."""
    who = _allowed(by=by, pool=pool, quantity=quantity, key=key, holder=holder, purpose=purpose, names=units)
    row = _row(pool, who, key=key, quantity=quantity, purpose=purpose, until=until)
    if (earlier := _write([row])) is not None:
        unchanged()
        return earlier[0]
    check_until(until)

    def tell(names: list[str]) -> None:
        fact = CapacityClaimed(
            pool=pool.slug, key=key, quantity=quantity, units=names, purpose=purpose, until=iso(until),
            holder=who.name,
        )  # fmt: skip
        record(fact, by=by, subject=pool.subject, organisation=who.organisation)

    _take_and_tell(pool, row, units, tell)
    return row


@command
def hold(
    *,
    by: Actor,
    pool: Pool,
    quantity: int,
    key: str,
    holder: Organisation | Person | str,
    purpose: str = "",
    expires_at: dt.datetime | None = None,
    until: dt.datetime | None = None,
    units: Sequence[str] = (),
) -> Claim:
    """Keep so much of a pool for a short time; it goes back by itself unless it is confirmed."""
    who = _allowed(by=by, pool=pool, quantity=quantity, key=key, holder=holder, purpose=purpose, names=units)
    row = _row(pool, who, key=key, quantity=quantity, purpose=purpose, until=until)
    row.state = State.HELD
    row.expires_at = expires_at or clock.now() + pool.hold_for
    if (earlier := _write([row])) is not None:
        unchanged()
        return earlier[0]
    check_until(until)
    if row.expires_at <= clock.now():
        raise Invalid({"expires_at": [_("This moment has passed.")]})

    def tell(names: list[str]) -> None:
        fact = CapacityHeld(
            pool=pool.slug, key=key, quantity=quantity, units=names, purpose=purpose,
            expires_at=iso(row.expires_at), holder=who.name,
        )  # fmt: skip
        record(fact, by=by, subject=pool.subject, organisation=who.organisation)

    _take_and_tell(pool, row, units, tell)
    return row


@command
def claim_all(
    *,
    by: Actor,
    parts: Sequence[tuple[Pool, int]],
    key: str,
    holder: Organisation | Person | str,
    purpose: str = "",
    until: dt.datetime | None = None,
) -> list[Claim]:
    """Claim parts of several pools under one key: all of them, or nothing."""
    who = holder_of(holder)
    # Everybody goes through the pools in one order, so that nobody waits in a circle.
    ordered = sorted(parts, key=lambda part: part[0].pk)
    if not ordered or len({pool.pk for pool, _quantity in ordered}) < len(ordered):
        raise Invalid({"parts": [_("Name each pool once, and at least one.")]})
    for pool, quantity in ordered:
        require(policies.may_claim(by, pool, who.name, who.organisation_id))
        check_entry(key, quantity, purpose)
    rows = [
        _row(pool, who, key=key, quantity=quantity, purpose=purpose, until=until, part=number)
        for number, (pool, quantity) in enumerate(ordered)
    ]
    if (earlier := _write(rows)) is not None:
        unchanged()
        return earlier
    check_until(until)
    told = []
    for row in rows:
        check_pool_gives(row.pool, row.quantity)
        _take(row.pool, row)
        names = _assign(row.pool, row, ()) if row.pool.numbered else []
        told.append({"pool": row.pool.slug, "quantity": row.quantity, "units": names})
    record(
        SeveralClaimed(key=key, parts=told, purpose=purpose, until=iso(until), holder=who.name),
        by=by,
        subject=f"claim:{key}"[:160],
        organisation=who.organisation,
    )
    return rows


@command
def confirm_hold(*, by: Actor, key: str) -> Claim:
    """Make a hold, or an offer, a claim; confirming again changes nothing."""
    row = _claims(by, key)[0]
    if row.state == State.CLAIMED:
        unchanged()
        return row
    if row.state == State.RELEASED:
        raise NotClaimed(key=key, state=str(row.get_state_display()))
    # The row itself is asked at the moment of confirming: a hold that was read is not trusted.
    still = Claim.objects.filter(pk=row.pk, state=State.HELD, expires_at__gt=clock.now())
    if not still.update(state=State.CLAIMED):
        raise HoldExpired(key=key)
    row.state = State.CLAIMED
    line.settle(row, Waiting.State.ACCEPTED)
    record(
        HoldConfirmed(pool=row.pool.slug, key=key, quantity=row.quantity),
        by=by,
        subject=row.pool.subject,
        organisation=row.organisation,
    )
    return row


@command
def release_claim(
    *,
    by: Actor,
    key: str,
    quantity: int | None = None,
    pool: Pool | None = None,
    offer_for: dt.timedelta | None = None,
) -> list[Claim]:
    """Give a claim back, or a part of it; what becomes free is offered to the line at once.

    An offer made now stands ``offer_for``, or as long as the pool says.  Whoever joins the line in
    this very moment is served by the next sweep.

    A key over several pools is released whole; a part of it needs the pool.  Releasing again changes nothing.
    """
    rows = [row for row in _claims(by, key) if pool is None or row.pool_id == pool.pk]
    if not rows:
        raise NotFound
    if quantity is not None:
        _check_part(rows, key, quantity)
    active = [row for row in rows if row.is_active]
    if not active:
        if any(row.state == State.EXPIRED for row in rows):
            raise NotClaimed(key=key, state=str(rows[0].get_state_display()))
        unchanged()
        return rows
    if len(active) > 1:
        _release_several(by, key, active)
        return rows
    row = active[0]
    if row.state == State.HELD:  # an offer that is declined goes on with its own time
        offer_for = offer_for or line.time_of(row)
    given = row.quantity if quantity is None else quantity
    waits = _release(row, given, State.RELEASED)
    fact = ClaimReleased(
        pool=row.pool.slug, key=key, quantity=given, left=row.quantity if row.is_active else 0
    )
    record(fact, by=by, subject=row.pool.subject, organisation=row.organisation)
    if not row.is_active:
        line.settle(row, Waiting.State.DECLINED)
    if waits:
        line.offer_places(row.pool, offer_for)
    return rows


@command
def expire_claim(*, by: Actor, claim_id: int) -> Claim | None:
    """Take back a hold that nobody confirmed, or a claim whose time is over; None if it is neither."""
    require(by.is_system)
    row = queries.due().filter(pk=claim_id).select_related("pool", "organisation").first()
    if row is None:
        unchanged()
        return None
    was = row.state
    try:
        waits = _release(row, row.quantity, State.EXPIRED)
    except StateChanged:  # confirmed or released in this moment
        unchanged()
        return None
    line.settle(row, Waiting.State.EXPIRED)
    record(
        ClaimExpired(pool=row.pool.slug, key=row.key, quantity=row.quantity, was=str(was)),
        by=by,
        subject=row.pool.subject,
        organisation=row.organisation,
    )
    if waits:
        line.offer_places(row.pool, line.time_of(row) if was == State.HELD else None)
    return row


# Claiming


def _allowed(
    *, by: Actor, pool: Pool, quantity: int, key: str, holder: Organisation | Person | str, purpose: str,
    names: Sequence[str],
) -> Holder:  # fmt: skip
    who = holder_of(holder)
    require(policies.may_claim(by, pool, who.name, who.organisation_id))
    check_entry(key, quantity, purpose)
    if names and (not pool.numbered or len(set(names)) != quantity):
        raise Invalid(
            {"units": [_("Name as many different units as the quantity says, of a pool that has them.")]}
        )
    return who


def _row(
    pool: Pool,
    who: Holder,
    *,
    key: str,
    quantity: int,
    purpose: str,
    until: dt.datetime | None,
    part: int = 0,
) -> Claim:
    return Claim(
        key=key, part=part, pool=pool, shard=counters.somewhere(pool), asked=quantity, quantity=quantity,
        holder=who.name, organisation=who.organisation, sole=pool.one_each, purpose=purpose,
        claimed_at=clock.now(), until=until,
    )  # fmt: skip


def _write(rows: list[Claim]) -> list[Claim] | None:
    """Insert the claims of a key; if the key was there before, what it got then.

    The unique key is the judge: a second request with it waits here until the first is done.
    """
    new = [row.pk for row in rows if _insert_once(row)]
    if len(new) == len(rows):
        return None
    earlier = list(
        Claim.objects.filter(key=rows[0].key)
        .exclude(pk__in=new)
        .select_related("pool", "organisation")
        .order_by("part")
    )
    if not earlier:
        raise AlreadyHolds(pool=str(next(row.pool for row in rows if row.sole)))
    if [_request(row) for row in earlier] != [_request(row) for row in rows]:
        raise KeyReused
    return earlier


def _request(row: Claim) -> tuple[int, int, str, bool]:
    return row.pool_id, row.asked, row.holder, row.expires_at is None


def _take_and_tell(pool: Pool, row: Claim, names: Sequence[str], tell: Callable[[list[str]], None]) -> None:
    check_pool_gives(pool, row.quantity)
    if pool.numbered:
        _take(pool, row)
        tell(_assign(pool, row, names))
        return
    tell([])
    _take(pool, row)  # last: the counter is locked from here to the commit


def _assign(pool: Pool, row: Claim, names: Sequence[str]) -> list[str]:
    return units.assign(pool, row, names)


def _take(pool: Pool, row: Claim) -> None:
    if not may_take_short_cut():
        if counters.take(pool, row.shard, row.quantity):
            return
        _refuse_if_full(pool, row.quantity)
        row.shard = _take_elsewhere(pool, row.quantity)
        Claim.objects.filter(pk=row.pk).update(shard=row.shard)
    elif not counters.take_at_once(pool, row.shard, row.quantity):
        _refuse_if_full(pool, row.quantity)
        raise ShortCutInVain


def _refuse_if_full(pool: Pool, quantity: int) -> None:
    """Refuse what is seen without a lock: the pool gives nothing out, others wait, or too little is left."""
    _refuse_unless_admitted(pool)
    if queries.usage(pool).free < quantity:
        raise PoolFull(pool=str(pool), left=counters.left(pool), asked=quantity)


def _take_elsewhere(pool: Pool, quantity: int) -> int:
    """Take from any shard, or say exactly why not."""
    shard = counters.take_where_most_is_left(pool, quantity)
    if shard is not None:
        return shard
    counters.locked(pool)
    _refuse_unless_admitted(pool)  # again: now nobody can pause the pool or join its line
    for due in queries.due().filter(pool=pool).values_list("pk", flat=True)[:AT_ONCE]:
        expire_claim(by=SYSTEM, claim_id=due)
    shard = counters.take_by_gathering(counters.locked(pool), quantity)
    if shard is None:
        raise PoolFull(pool=str(pool), left=counters.left(pool), asked=quantity)
    return shard


def _refuse_unless_admitted(pool: Pool) -> None:
    check_pool_is_open(pool)
    if line.somebody_waits(pool):
        raise OthersWait(pool=str(pool))


# Giving back


def _claims(by: Actor, key: str) -> list[Claim]:
    """The claims of a key, for whoever may act on them."""
    rows = list(queries.claims_visible_to(by).filter(key=key).order_by("part"))
    if not rows:
        raise NotFound
    for row in rows:
        require(policies.may_run(by, row.pool) or policies.may_act_for(by, row.holder, row.organisation_id))
    return rows


def _release_several(by: Actor, key: str, rows: list[Claim]) -> None:
    """Give back the whole of each claim.  One pool is finished before the next, in the order of claiming."""
    told = []
    for row in rows:
        told.append({"pool": row.pool.slug, "quantity": row.quantity})
        if _release(row, row.quantity, State.RELEASED):
            line.offer_places(row.pool)
    record(
        SeveralReleased(key=key, parts=told),
        by=by,
        subject=f"claim:{key}"[:160],
        organisation=rows[0].organisation,
    )


def _check_part(rows: list[Claim], key: str, quantity: int) -> None:
    if type(quantity) is not int or quantity < 1:
        raise Invalid({"quantity": [_("The quantity is a whole number, more than zero.")]})
    if len(rows) > 1:
        raise Invalid({"pool": [_("This key claims several pools: name the one to give back to.")]})
    if not rows[0].is_active:
        raise NotClaimed(key=key, state=str(rows[0].get_state_display()))
    if quantity > rows[0].quantity:
        raise MoreThanClaimed(key=key, claimed=rows[0].quantity, asked=quantity)


def _release(row: Claim, quantity: int, to: str) -> bool:
    """Give ``quantity`` of a claim back to its counter; all of it moves the claim to ``to``.

    Returns: whether somebody waits, whose line is locked then and must be served.
    Raises: StateChanged if somebody else changed the claim first.
    """
    if waits := line.somebody_waits(row.pool):
        line.lock(row.pool)
        counters.locked(row.pool)
    else:
        counters.lock(row.pool, row.shard)
    seen = Claim.objects.filter(pk=row.pk, state=row.state, quantity=row.quantity)
    whole, moment = quantity == row.quantity, clock.now()
    changed = (
        seen.update(state=to, closed_at=moment) if whole else seen.update(quantity=F("quantity") - quantity)
    )
    if not changed:
        row.refresh_from_db()
        raise StateChanged(now=str(row.get_state_display()))
    counters.give_back(row.pool, row.shard, quantity)
    if row.pool.numbered:
        units.give_back(row, quantity)
    if whole:
        row.state, row.closed_at = to, moment
    else:
        row.quantity -= quantity
    return waits
