"""The waiting list: a published order, offers that hold real units, and nobody who passes."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from bitgoeul.apps.capacity import counters, policies, queries, units
from bitgoeul.apps.capacity.commands.checks import (
    OFFER,
    check_entry,
    check_pool_gives,
    check_pool_is_open,
    check_until,
    holder_of,
    iso,
)
from bitgoeul.apps.capacity.errors import AlreadyHolds, AlreadyWaits, NotFull, TooMuchAtOnce
from bitgoeul.apps.capacity.events import PlaceOffered, WaitingJoined, WaitingLeft
from bitgoeul.apps.capacity.models import Claim, Pool, Waiting
from bitgoeul.apps.people.models import Organisation, Person
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM, Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import Invalid, KeyReused, require

State = Waiting.State


@command
def join_waiting_list(
    *,
    by: Actor,
    pool: Pool,
    quantity: int,
    key: str,
    holder: Organisation | Person | str,
    purpose: str = "",
    rank: int = 0,
    until: dt.datetime | None = None,
) -> Waiting:
    """Wait for a full pool.  What becomes free is offered in the published order; the same key waits once."""
    who = holder_of(holder)
    require(policies.may_claim(by, pool, who.name, who.organisation_id))
    check_entry(key, quantity, purpose)
    check_until(until)
    if rank and not (pool.order == Pool.Order.RANK and policies.may_run(by, pool)):
        raise Invalid(
            {"rank": [_("Ranks are published by those who run the pool, where its order uses them.")]}
        )
    lock(pool)
    if (earlier := Waiting.objects.filter(key=key).first()) is not None:
        if (earlier.pool_id, earlier.quantity, earlier.holder) != (pool.pk, quantity, who.name):
            raise KeyReused
        unchanged()
        return earlier
    check_pool_is_open(pool)
    check_pool_gives(pool, quantity)
    if quantity > pool.capacity:
        raise TooMuchAtOnce(pool=str(pool), most=pool.capacity, asked=quantity)
    if pool.one_each and pool.claims.filter(holder=who.name, state__in=Claim.ACTIVE).exists():
        raise AlreadyHolds(pool=str(pool))
    # With the counters shut nothing can become free unseen between this look and the new place in the line.
    counters.set_admits(pool, False)
    if not somebody_waits(pool) and (left := queries.usage(pool).free) >= quantity:
        raise NotFull(pool=str(pool), left=left)
    try:
        with transaction.atomic():
            place = Waiting.objects.create(
                key=key, pool=pool, quantity=quantity, rank=rank, holder=who.name,
                organisation=who.organisation, purpose=purpose, until=until, joined_at=clock.now(),
            )  # fmt: skip
    except IntegrityError:
        raise AlreadyWaits(pool=str(pool)) from None
    record(
        WaitingJoined(pool=pool.slug, key=key, quantity=quantity, rank=rank, holder=who.name),
        by=by,
        subject=pool.subject,
        organisation=who.organisation,
    )
    if pool.order == Pool.Order.RANK:  # who comes to stand before a large wish may be served at once
        offer_places(pool)
        place.refresh_from_db()
    return place


@command
def leave_waiting_list(*, by: Actor, key: str) -> Waiting:
    """Give up a place in the line, once.  An offer is declined by releasing its claim."""
    place = find(queries.waiting_visible_to(by), key=key)
    pool = place.pool
    require(policies.may_run(by, pool) or policies.may_act_for(by, place.holder, place.organisation_id))
    lock(pool)
    place.refresh_from_db(fields=["state"])
    if place.state == State.LEFT:
        unchanged()
        return place
    Waiting.FLOW.move(place, State.LEFT)
    record(WaitingLeft(pool=pool.slug, key=key), by=by, subject=pool.subject, organisation=place.organisation)
    offer_places(pool)  # who stood behind a large wish may now be served
    return place


@command
def offer_next(*, by: Actor, pool_id: int, offer_for: dt.timedelta | None = None) -> Waiting | None:
    """Hold units for the first in the line, if there are enough; None if nobody could be served.

    The offer stands ``offer_for``, or as long as the pool says.
    """
    require(by.is_system)
    pool = Pool.objects.select_for_update().get(pk=pool_id)
    place = queries.line_of(pool).first()
    shard = None
    if place is not None and pool.state == Pool.State.OPEN and pool.is_within_its_time(clock.now()):
        shard = counters.take_by_gathering(counters.locked(pool), place.quantity)
    if place is None or shard is None:
        _admit(pool)
        unchanged()
        return None
    offer = Claim.objects.create(
        key=f"{OFFER}{place.pk}", pool=pool, shard=shard, asked=place.quantity, quantity=place.quantity,
        state=Claim.State.HELD, holder=place.holder, organisation=place.organisation, sole=pool.one_each,
        purpose=place.purpose, claimed_at=clock.now(), expires_at=clock.now() + (offer_for or pool.offer_for),
        until=place.until,
    )  # fmt: skip
    if pool.numbered:
        units.assign(pool, offer)
    Waiting.FLOW.move(place, State.OFFERED, claim=offer)
    _admit(pool)
    record(
        PlaceOffered(
            pool=pool.slug,
            key=place.key,
            claim=offer.key,
            quantity=offer.quantity,
            expires_at=iso(offer.expires_at),
            holder=place.holder,
        ),
        by=by,
        subject=pool.subject,
        organisation=place.organisation,
    )
    return place


def offer_places(pool: Pool, offer_for: dt.timedelta | None = None) -> int:
    """Serve the line as far as it goes; how many were served."""
    served = 0
    while offer_next(by=SYSTEM, pool_id=pool.pk, offer_for=offer_for) is not None:
        served += 1
    return served


def somebody_waits(pool: Pool) -> bool:
    return Waiting.objects.filter(pool=pool, state=State.WAITING).exists()


def lock(pool: Pool) -> None:
    """The row of the pool is the lock of its line."""
    Pool.objects.select_for_update().get(pk=pool.pk)


def settle(claim: Claim, state: Waiting.State) -> None:
    """Say what became of the offer that ``claim`` is, if it is one."""
    if claim.key.startswith(OFFER):
        Waiting.objects.filter(claim=claim, state=State.OFFERED).update(state=state)


def time_of(claim: Claim) -> dt.timedelta | None:
    """How long the offer that ``claim`` is stood, so that the next in the line has as long; else None."""
    is_offer = claim.key.startswith(OFFER) and claim.expires_at is not None
    return claim.expires_at - claim.claimed_at if is_offer and claim.expires_at else None


def _admit(pool: Pool) -> None:
    """Let claims in directly exactly while the pool is open and nobody waits."""
    counters.set_admits(pool, pool.state == Pool.State.OPEN and not somebody_waits(pool))
