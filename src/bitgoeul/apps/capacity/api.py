"""Pools and what is free of them for everybody; claims, holds and places in a line for those who have them.

A claim, a hold and a place in a line each need an ``Idempotency-Key``: the same key gives the same answer.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema
from pydantic import AwareDatetime

from bitgoeul.apps.capacity import commands, policies, queries
from bitgoeul.apps.capacity.models import Claim, Pool, Unit, Waiting
from bitgoeul.apps.people.models import Organisation, Person
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.api import signed_in, write_once
from bitgoeul.kit.doors import find
from bitgoeul.kit.refusals import Invalid, require

router = Router(tags=["capacity"])

PAGE = 200
LONGEST = 366 * 24 * 3600


class UsageOut(Schema):
    """capacity = claimed + held + free."""

    capacity: int
    claimed: int
    held: int
    free: int
    waiting: int = Field(description="How many wait, not how much they want.")
    wanted: int


class PoolOut(UsageOut):
    slug: str
    title: dict[str, str]
    unit: dict[str, str]
    kind: str
    state: str
    numbered: bool
    order: str
    self_service: bool
    most: int | None
    starts_at: dt.datetime | None
    ends_at: dt.datetime | None


class UnitOut(Schema):
    label: str
    state: str = Field(description="free, taken or out")


class PoolWithUnitsOut(PoolOut):
    units: list[UnitOut]


class ClaimOut(Schema):
    id: int
    pool: str
    quantity: int
    units: list[str]
    state: str
    holder: str
    purpose: str
    claimed_at: dt.datetime
    expires_at: dt.datetime | None
    until: dt.datetime | None


class PlaceOut(Schema):
    id: int
    pool: str
    quantity: int
    state: str
    position: int = Field(description="From 1; 0 for who does not wait any more.")
    holder: str
    claim: int | None = Field(description="The claim to confirm, once there is an offer.")


class ClaimIn(Schema):
    quantity: int = Field(1, gt=0, le=2**31 - 1)
    organisation: str | None = Field(
        None, description="For which of one's organisations; for oneself without."
    )
    holder: str | None = Field(None, description="For whom else, by those who run the pool.")
    purpose: str = Field(
        "", max_length=200, description="It stands in the public record: name things, never people."
    )
    until: AwareDatetime | None = None
    units: list[str] = Field([], max_length=200)


class HoldIn(ClaimIn):
    expires_at: AwareDatetime | None = None


class WaitIn(Schema):
    quantity: int = Field(1, gt=0, le=2**31 - 1)
    organisation: str | None = None
    holder: str | None = None
    purpose: str = Field("", max_length=200)
    rank: int = Field(0, ge=-(2**31), le=2**31 - 1)
    until: AwareDatetime | None = None


class PartIn(Schema):
    pool: str
    quantity: int = Field(gt=0, le=2**31 - 1)


class SeveralIn(Schema):
    parts: list[PartIn] = Field(min_length=1, max_length=20)
    organisation: str | None = None
    holder: str | None = None
    purpose: str = Field("", max_length=200)
    until: AwareDatetime | None = None


class ReleaseIn(Schema):
    quantity: int | None = Field(None, gt=0, le=2**31 - 1, description="A part of it; all of it without.")


class PoolIn(Schema):
    slug: str = Field(max_length=60)
    title: dict[str, str]
    unit: dict[str, str]
    kind: Pool.Kind = Pool.Kind.OTHER
    capacity: int | None = Field(None, ge=0, le=2**31 - 1)
    numbered_units: list[str] = Field([], max_length=10_000)
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    organisation: str | None = None
    order: Pool.Order = Pool.Order.ARRIVAL
    self_service: bool = False
    one_each: bool = False
    most: int | None = Field(None, gt=0, le=2**31 - 1)
    hold_for_s: int = Field(900, gt=0, le=LONGEST)
    offer_for_s: int = Field(86_400, gt=0, le=LONGEST)
    is_public: bool = True


class CapacityIn(Schema):
    capacity: int = Field(ge=0, le=2**31 - 1)
    reason: str = Field(max_length=200)


class ReasonIn(Schema):
    reason: str = Field(max_length=200)


class UnitsIn(Schema):
    labels: list[str] = Field(min_length=1, max_length=10_000)


# What is told


def pool_of(pool: Pool, usage: queries.Usage | None = None) -> dict[str, Any]:
    return vars(usage or queries.usage(pool)) | {
        "slug": pool.slug,
        "title": dict(pool.title),
        "unit": dict(pool.unit),
        "kind": str(pool.kind),
        "state": str(pool.state),
        "numbered": pool.numbered,
        "order": str(pool.order),
        "self_service": pool.self_service,
        "most": pool.most,
        "starts_at": pool.starts_at,
        "ends_at": pool.ends_at,
    }


def unit_of(unit: Unit) -> dict[str, str]:
    state = "out" if not unit.in_service else "free" if unit.claim_id is None else "taken"
    return {"label": unit.label, "state": state}


def claim_of(claim: Claim) -> dict[str, Any]:
    return {
        "id": claim.pk,
        "pool": claim.pool.slug,
        "quantity": claim.quantity,
        "units": [unit.label for unit in claim.units.all()] if claim.pool.numbered else [],
        "state": str(claim.state),
        "holder": claim.holder,
        "purpose": claim.purpose,
        "claimed_at": claim.claimed_at,
        "expires_at": claim.expires_at,
        "until": claim.until,
    }


def place_of(place: Waiting) -> dict[str, Any]:
    return {
        "id": place.pk,
        "pool": place.pool.slug,
        "quantity": place.quantity,
        "state": str(place.state),
        "position": queries.position(place),
        "holder": place.holder,
        "claim": place.claim_id,
    }


# Who asks, and for whom


def _reader(request: HttpRequest) -> Actor:
    actor = request.actor  # type: ignore[attr-defined]
    require(actor.allows("capacity:read"))
    return actor


def _pool(request: HttpRequest, slug: str) -> Pool:
    return find(queries.pools_visible_to(request.actor), slug=slug)  # type: ignore[attr-defined]


def _key(request: HttpRequest) -> str:
    """The client's key, apart from everybody else's."""
    key = request.headers.get("Idempotency-Key", "")
    if not key or len(key) > 100:
        raise Invalid(
            {"Idempotency-Key": [_("Send a key of your own for this request, of at most 100 characters.")]}
        )
    return f"{signed_in(request).id}/{key}"


def _holder(actor: Actor, organisation: str | None, other: str | None) -> Organisation | Person | str:
    if organisation is not None:
        seen = Organisation.objects.all() if actor.is_operator else queries.organisations_to_claim_for(actor)
        return find(seen, slug=organisation)
    return other if other is not None else actor.id


def _row(request: HttpRequest, claim_id: int) -> Claim:
    return find(queries.claims_visible_to(signed_in(request)), pk=claim_id)


# Reading


@router.get("/pools", response=list[PoolOut], summary="Pools and what is free")
def pools(request: HttpRequest, kind: Pool.Kind | None = None) -> list[dict[str, Any]]:
    rows = queries.pools_visible_to(_reader(request))
    found = list((rows.filter(kind=kind) if kind else rows)[:PAGE])
    usages = queries.usages(found)
    return [pool_of(pool, usages[pool.pk]) for pool in found]


@router.get("/pools/{slug}", response=PoolWithUnitsOut, summary="One pool with its numbered units")
def pool(request: HttpRequest, slug: str) -> dict[str, Any]:
    _reader(request)
    row = _pool(request, slug)
    return pool_of(row) | {"units": [unit_of(unit) for unit in queries.units_of(row)] if row.numbered else []}


@router.get("/pools/{slug}/claims", response=list[ClaimOut], summary="Who holds what (who runs the pool)")
def claims_of_pool(request: HttpRequest, slug: str, after: int = 0) -> list[dict[str, Any]]:
    signed_in(request)
    row = _pool(request, slug)
    require(policies.may_look_behind(_reader(request), row))
    rows = queries.active_claims(row).select_related("pool").order_by("id").filter(id__gt=after)
    return [claim_of(claim) for claim in rows[:PAGE]]


@router.get("/pools/{slug}/line", response=list[PlaceOut], summary="Who waits, in order (who runs the pool)")
def line_of_pool(request: HttpRequest, slug: str) -> list[dict[str, Any]]:
    signed_in(request)
    row = _pool(request, slug)
    require(policies.may_look_behind(_reader(request), row))
    places = queries.line_of(row).select_related("pool")[:PAGE]
    return [
        {"id": place.pk, "pool": row.slug, "quantity": place.quantity, "state": str(place.state),
         "position": number, "holder": place.holder, "claim": place.claim_id}
        for number, place in enumerate(places, 1)
    ]  # fmt: skip


@router.get("/claims", response=list[ClaimOut], summary="My claims and those of my organisations")
def claims(request: HttpRequest, state: Claim.State | None = None) -> list[dict[str, Any]]:
    signed_in(request)
    rows = queries.own_claims(_reader(request)).prefetch_related("units")
    return [claim_of(claim) for claim in (rows.filter(state=state) if state else rows)[:PAGE]]


@router.get("/claims/{int:claim_id}", response=ClaimOut, summary="One claim")
def claim(request: HttpRequest, claim_id: int) -> dict[str, Any]:
    signed_in(request)
    _reader(request)
    return claim_of(_row(request, claim_id))


@router.get("/places", response=list[PlaceOut], summary="Where I and my organisations wait")
def places(request: HttpRequest) -> list[dict[str, Any]]:
    signed_in(request)
    return [place_of(place) for place in queries.own_places(_reader(request))[:PAGE]]


# Claiming


@router.post("/pools/{slug}/claims", response=ClaimOut, summary="Claim; needs an Idempotency-Key")
def claim_pool(request: HttpRequest, slug: str, payload: ClaimIn) -> dict[str, Any]:
    key = _key(request)
    entry = _entry(request, payload)
    return claim_of(commands.claim(pool=_pool(request, slug), key=key, units=payload.units, **entry))


@router.post(
    "/pools/{slug}/holds", response=ClaimOut, summary="Hold for a short time; needs an Idempotency-Key"
)
def hold_pool(request: HttpRequest, slug: str, payload: HoldIn) -> dict[str, Any]:
    key = _key(request)
    entry = _entry(request, payload)
    row = commands.hold(
        pool=_pool(request, slug), key=key, units=payload.units, expires_at=payload.expires_at, **entry
    )
    return claim_of(row)


@router.post(
    "/pools/{slug}/line", response=PlaceOut, summary="Join the waiting list; needs an Idempotency-Key"
)
def join(request: HttpRequest, slug: str, payload: WaitIn) -> dict[str, Any]:
    key = _key(request)
    entry = _entry(request, payload)
    row = commands.join_waiting_list(pool=_pool(request, slug), key=key, rank=payload.rank, **entry)
    return place_of(row)


@router.post(
    "/claims",
    response=list[ClaimOut],
    summary="Claim several pools, all or nothing; needs an Idempotency-Key",
)
def claim_several(request: HttpRequest, payload: SeveralIn) -> list[dict[str, Any]]:
    key = _key(request)
    actor = signed_in(request)
    rows = commands.claim_all(
        by=actor,
        parts=[(_pool(request, part.pool), part.quantity) for part in payload.parts],
        key=key,
        holder=_holder(actor, payload.organisation, payload.holder),
        purpose=payload.purpose,
        until=payload.until,
    )
    return [claim_of(row) for row in rows]


def _entry(request: HttpRequest, payload: ClaimIn | WaitIn) -> dict[str, Any]:
    actor = signed_in(request)
    return {
        "by": actor,
        "quantity": payload.quantity,
        "holder": _holder(actor, payload.organisation, payload.holder),
        "purpose": payload.purpose,
        "until": payload.until,
    }


@router.post("/claims/{int:claim_id}/confirm", response=ClaimOut, summary="Confirm a hold or an offer")
def confirm(request: HttpRequest, claim_id: int) -> dict[str, Any]:
    row = _row(request, claim_id)
    return claim_of(commands.confirm_hold(by=signed_in(request), key=row.key))


@router.post(
    "/claims/{int:claim_id}/release", response=list[ClaimOut], summary="Give all of a claim back, or a part"
)
def release(request: HttpRequest, claim_id: int, payload: ReleaseIn) -> Any:
    row = _row(request, claim_id)

    def do() -> list[dict[str, Any]]:
        pool = row.pool if payload.quantity is not None else None
        rows = commands.release_claim(
            by=signed_in(request), key=row.key, quantity=payload.quantity, pool=pool
        )
        return [claim_of(each) for each in rows]

    return write_once(request, do)


@router.post("/places/{int:place_id}/leave", response=PlaceOut, summary="Leave the waiting list")
def leave(request: HttpRequest, place_id: int) -> dict[str, Any]:
    actor = signed_in(request)
    place = find(queries.waiting_visible_to(actor), pk=place_id)
    return place_of(commands.leave_waiting_list(by=actor, key=place.key))


# Running a pool


@router.post("/pools", response=PoolOut, summary="Open a pool (operator)")
def open_pool(request: HttpRequest, payload: PoolIn) -> Any:
    actor = signed_in(request)
    fields = payload.dict(exclude={"organisation", "hold_for_s", "offer_for_s"})

    def do() -> dict[str, Any]:
        require(policies.may_open_pools(actor))
        fields["organisation"] = (
            find(Organisation.objects.all(), slug=payload.organisation) if payload.organisation else None
        )
        fields["hold_for"] = dt.timedelta(seconds=payload.hold_for_s)
        fields["offer_for"] = dt.timedelta(seconds=payload.offer_for_s)
        return pool_of(commands.open_pool(by=actor, **fields))

    return write_once(request, do)


@router.post("/pools/{slug}/capacity", response=PoolOut, summary="Change the capacity (who runs the pool)")
def capacity(request: HttpRequest, slug: str, payload: CapacityIn) -> dict[str, Any]:
    actor = signed_in(request)
    return pool_of(commands.change_capacity(by=actor, pool=_pool(request, slug), **payload.dict()))


@router.post("/pools/{slug}/pause", response=PoolOut, summary="Pause (who runs the pool)")
def pause(request: HttpRequest, slug: str, payload: ReasonIn) -> dict[str, Any]:
    actor = signed_in(request)
    return pool_of(commands.pause_pool(by=actor, pool=_pool(request, slug), reason=payload.reason))


@router.post("/pools/{slug}/resume", response=PoolOut, summary="Give out again (who runs the pool)")
def resume(request: HttpRequest, slug: str) -> dict[str, Any]:
    return pool_of(commands.resume_pool(by=signed_in(request), pool=_pool(request, slug)))


@router.post("/pools/{slug}/close", response=PoolOut, summary="Close for good (who runs the pool)")
def close(request: HttpRequest, slug: str, payload: ReasonIn) -> dict[str, Any]:
    actor = signed_in(request)
    return pool_of(commands.close_pool(by=actor, pool=_pool(request, slug), reason=payload.reason))


@router.post("/pools/{slug}/units", response=PoolOut, summary="Add numbered units (who runs the pool)")
def add_units(request: HttpRequest, slug: str, payload: UnitsIn) -> dict[str, Any]:
    actor = signed_in(request)
    return pool_of(commands.add_units(by=actor, pool=_pool(request, slug), labels=payload.labels))


@router.post("/pools/{slug}/units/{label}/out", response=UnitOut, summary="Take a unit out of service")
def unit_out(request: HttpRequest, slug: str, label: str, payload: ReasonIn) -> dict[str, str]:
    actor = signed_in(request)
    row = _pool(request, slug)
    return unit_of(commands.take_unit_out(by=actor, pool=row, label=label, reason=payload.reason))


@router.post("/pools/{slug}/units/{label}/back", response=UnitOut, summary="Bring a unit back into service")
def unit_back(request: HttpRequest, slug: str, label: str) -> dict[str, str]:
    return unit_of(commands.bring_unit_back(by=signed_in(request), pool=_pool(request, slug), label=label))
