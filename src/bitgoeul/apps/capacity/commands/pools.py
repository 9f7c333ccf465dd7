"""Opening pools and changing what there is to give."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from bitgoeul.apps.capacity import counters, policies, queries, units
from bitgoeul.apps.capacity.commands import line
from bitgoeul.apps.capacity.commands.checks import LARGEST, iso
from bitgoeul.apps.capacity.commands.claims import expire_claim
from bitgoeul.apps.capacity.errors import CapacityBelowClaims, UnitTaken
from bitgoeul.apps.capacity.events import (
    CapacityChanged,
    PoolClosed,
    PoolOpened,
    PoolPaused,
    PoolResumed,
    UnitBroughtBack,
    UnitsAdded,
    UnitTakenOut,
)
from bitgoeul.apps.capacity.models import Pool, Unit, Waiting
from bitgoeul.apps.people.models import Organisation
from bitgoeul.engines import capacity as engine
from bitgoeul.kit.actor import SYSTEM, Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import Invalid, require
from bitgoeul.kit.text import Localised

RESERVED = {"new", "claims", "places"}  # words of addresses


@command
def open_pool(
    *,
    by: Actor,
    slug: str,
    title: Localised | dict[str, str] | str,
    unit: Localised | dict[str, str] | str,
    capacity: int | None = None,
    numbered_units: Sequence[str] = (),
    starts_at: dt.datetime | None = None,
    ends_at: dt.datetime | None = None,
    organisation: Organisation | None = None,
    kind: str = Pool.Kind.OTHER,
    order: str = Pool.Order.ARRIVAL,
    self_service: bool = False,
    one_each: bool = False,
    most: int | None = None,
    hold_for: dt.timedelta = dt.timedelta(minutes=15),
    offer_for: dt.timedelta = dt.timedelta(hours=24),
    is_public: bool = True,
    is_example: bool = False,
) -> Pool:
    """Open a pool of so many units; ``numbered_units`` names each, and their number is the capacity."""
    require(policies.may_open_pools(by))
    labels = list(numbered_units)
    if labels and capacity is None:
        capacity = len(labels)
    pool = Pool(
        slug=slug, title=Localised.of(title), unit=Localised.of(unit), kind=kind, capacity=capacity or 0,
        numbered=bool(labels), starts_at=starts_at, ends_at=ends_at, organisation=organisation, order=order,
        self_service=self_service, one_each=one_each, most=most, hold_for=hold_for, offer_for=offer_for,
        is_public=is_public, is_example=is_example,
    )  # fmt: skip
    _check_pool(pool, capacity, labels)
    pool.shards = engine.shards_for(pool.capacity)
    pool.save(force_insert=True)
    counters.make(pool)
    units.add(pool, labels)
    record(
        PoolOpened(
            pool=slug, kind=kind, capacity=pool.capacity, units=labels, order=order, starts_at=iso(starts_at),
            ends_at=iso(ends_at),
        ),
        by=by,
        subject=pool.subject,
        organisation=organisation,
    )  # fmt: skip
    return pool


@command
def pause_pool(*, by: Actor, pool: Pool, reason: str) -> Pool:
    """Stop giving out for a while; what is claimed stays, releases and expiries go on."""
    pool = _locked(by, pool)
    if pool.state == Pool.State.PAUSED:
        unchanged()
        return pool
    Pool.FLOW.move(pool, Pool.State.PAUSED)
    counters.set_admits(pool, False)
    _record(PoolPaused(pool=pool.slug, reason=_reason(reason)), by, pool)
    return pool


@command
def resume_pool(*, by: Actor, pool: Pool) -> Pool:
    """Give out again, to those who wait first."""
    pool = _locked(by, pool)
    if pool.state == Pool.State.OPEN:
        unchanged()
        return pool
    Pool.FLOW.move(pool, Pool.State.OPEN)
    _record(PoolResumed(pool=pool.slug), by, pool)
    line.offer_places(pool)
    return pool


@command
def close_pool(*, by: Actor, pool: Pool, reason: str) -> Pool:
    """Give nothing out any more and send the line away; what is claimed stays until it is released."""
    pool = _locked(by, pool)
    if pool.state == Pool.State.CLOSED:
        unchanged()
        return pool
    Pool.FLOW.move(pool, Pool.State.CLOSED)
    counters.set_admits(pool, False)
    sent_away = Waiting.objects.filter(pool=pool, state=Waiting.State.WAITING).update(
        state=Waiting.State.LEFT
    )
    _record(PoolClosed(pool=pool.slug, reason=_reason(reason), sent_away=sent_away), by, pool)
    return pool


@command
def change_capacity(*, by: Actor, pool: Pool, capacity: int, reason: str) -> Pool:
    """Make a pool larger or smaller, never below what is claimed; what is new goes to the line first."""
    pool = _locked(by, pool)
    if pool.numbered:
        raise Invalid(
            {"capacity": [_("This pool has numbered units: add units, or take one out of service.")]}
        )
    if type(capacity) is not int or not 0 <= capacity <= LARGEST:
        raise Invalid({"capacity": [_("The capacity is a whole number, not below zero.")]})
    before = pool.capacity
    if capacity == before:
        unchanged()
        return pool
    _resize(pool, capacity)
    fact = CapacityChanged(pool=pool.slug, before=before, after=capacity, reason=_reason(reason))
    _record(fact, by, pool)
    line.offer_places(pool)
    return pool


@command
def add_units(*, by: Actor, pool: Pool, labels: Sequence[str]) -> Pool:
    """Add numbered things to a pool that has them."""
    pool = _locked(by, pool)
    labels = list(labels)
    if not pool.numbered:
        raise Invalid({"labels": [_("This pool has no numbered units: change its capacity.")]})
    _check_labels(labels, set(pool.units.values_list("label", flat=True)))
    units.add(pool, labels)
    _resize(pool, pool.capacity + len(labels))
    _record(UnitsAdded(pool=pool.slug, units=labels), by, pool)
    line.offer_places(pool)
    return pool


@command
def take_unit_out(*, by: Actor, pool: Pool, label: str, reason: str) -> Unit:
    """Take a free numbered thing out of service; the capacity shrinks by one."""
    pool = _locked(by, pool)
    rows = counters.locked(pool)
    unit = find(Unit.objects.select_for_update().filter(pool=pool), label=label)
    if not unit.in_service:
        unchanged()
        return unit
    if unit.claim_id is not None:
        raise UnitTaken(pool=str(pool), unit=label)
    unit.in_service = False
    unit.save(update_fields=["in_service"])
    counters.resize(pool, rows, pool.capacity - 1)
    _record(UnitTakenOut(pool=pool.slug, unit=label, reason=_reason(reason)), by, pool)
    return unit


@command
def bring_unit_back(*, by: Actor, pool: Pool, label: str) -> Unit:
    """Put a numbered thing back into service."""
    pool = _locked(by, pool)
    counters.locked(pool)
    unit = find(Unit.objects.select_for_update().filter(pool=pool), label=label)
    if unit.in_service:
        unchanged()
        return unit
    unit.in_service = True
    unit.save(update_fields=["in_service"])
    _resize(pool, pool.capacity + 1)
    _record(UnitBroughtBack(pool=pool.slug, unit=label), by, pool)
    line.offer_places(pool)
    return unit


def _locked(by: Actor, pool: Pool) -> Pool:
    """The pool as it is now, its line locked, for somebody who runs it."""
    row = find(queries.pools_visible_to(by).select_for_update(of=("self",)), pk=pool.pk)
    require(policies.may_run(by, row))
    return row


def _resize(pool: Pool, capacity: int) -> None:
    counters.locked(pool)  # before any claim that is over gives back to one of them
    for due in queries.due().filter(pool=pool).values_list("pk", flat=True):
        expire_claim(by=SYSTEM, claim_id=due)
    rows = counters.locked(pool)
    try:
        counters.resize(pool, rows, capacity)
    except engine.TooLittle:
        claimed = sum(row.taken for row in rows)
        raise CapacityBelowClaims(pool=str(pool), claimed=claimed, asked=capacity) from None


def _record(event: Any, by: Actor, pool: Pool) -> None:
    record(event, by=by, subject=pool.subject, organisation=pool.organisation)


def _reason(text: str) -> str:
    if not text.strip() or len(text) > 200 or not text.isprintable():
        raise Invalid({"reason": [_("Say why, in at most 200 characters. It stands in the public record.")]})
    return text.strip()


def _check_pool(pool: Pool, capacity: int | None, labels: list[str]) -> None:
    errors: dict[str, list[str]] = {}
    if type(capacity) is not int or not 0 <= capacity <= LARGEST:
        errors["capacity"] = [_("The capacity is a whole number, not below zero.")]
    elif labels and capacity != len(labels):
        errors["capacity"] = [_("The capacity of numbered units is their number.")]
    if pool.starts_at and pool.ends_at and pool.ends_at <= pool.starts_at:
        errors["ends_at"] = [_("The end lies before the start.")]
    if pool.slug in RESERVED or Pool.objects.filter(slug=pool.slug).exists():
        errors["slug"] = [_("This short name is taken.")]
    if pool.most is not None and not 0 < pool.most <= LARGEST:
        errors["most"] = [_("The quantity is a whole number, more than zero.")]
    for name in ("hold_for", "offer_for"):
        if getattr(pool, name) <= dt.timedelta(0):
            errors[name] = [_("A time span is longer than nothing.")]
    words = {"slug", "title", "unit", "kind", "order"}
    try:
        pool.clean_fields(exclude={field.name for field in Pool._meta.fields} - words)
    except ValidationError as error:
        errors |= error.message_dict
    if errors:
        raise Invalid(errors)
    if labels:
        _check_labels(labels, set())


def _check_labels(labels: list[str], there: set[str]) -> None:
    fine = all(label and len(label) <= 40 and label.isprintable() for label in labels)
    if not labels or not fine or len(set(labels)) < len(labels) or there & set(labels):
        raise Invalid({"labels": [_("Each unit has a label of its own, of at most 40 characters.")]})
