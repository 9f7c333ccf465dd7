"""Handing over the parts of a grant: all that can be given here, or nothing.

Credits are posted, pools are claimed, money and documents are noted.  What lies in other capabilities, as
access to a dataset, travels with the fact; such a part stays planned until that capability has given it and
says so with ``confirm_part``.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from bitgoeul.apps.capacity.commands import claim, claim_all, join_waiting_list
from bitgoeul.apps.capacity.errors import OthersWait, PoolFull
from bitgoeul.apps.capacity.models import Claim, Pool
from bitgoeul.apps.credits.commands import grant_credits, post_benefit
from bitgoeul.apps.programmes import policies
from bitgoeul.apps.programmes.commands.schedule import plan_reports
from bitgoeul.apps.programmes.events.grants import GrantActivated, PartGivenBack, PartHandedOver
from bitgoeul.apps.programmes.models import Call, Grant, GrantPart
from bitgoeul.apps.programmes.queries.grants import grants_visible_to
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM, Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import StateChanged, require

Part, State = GrantPart.Part, GrantPart.State
MILLI = 1000  # milli-credits in a credit


@command
def activate_grant(*, by: Actor, grant: str) -> Grant:
    """Hand over the parts of a grant, once; a pool that is full refuses all of it."""
    require(by.is_system)
    row = find(grants_visible_to(by), application__public_id=grant)
    if row.activated_at is not None:
        unchanged()
        return row
    row.activated_at = clock.now()
    row.save(update_fields=["activated_at"])
    _hand_over(row, list(row.parts.filter(state=State.PLANNED)))
    plan_reports(row)
    post_worth(row, row.reference)
    record(
        GrantActivated(
            grant=grant,
            call=row.application.call.slug,
            starts_at=row.starts_at.isoformat(),
            ends_at=row.ends_at.isoformat(),
            parts=[part.as_data() | {"state": part.state} for part in row.parts.all()],
        ),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )
    return row


@command
def hand_over_part(*, by: Actor, grant: str, number: int, claim_key: str = "") -> GrantPart:
    """Hand over one part that could not be given with the others.

    ``claim_key`` names a claim that was made elsewhere, as by an accepted place in a waiting list.
    """
    row = find(grants_visible_to(by), application__public_id=grant)
    part = find(row.parts.all(), number=number)
    require(policies.may_run_grant(by, row.organisation_id))
    if part.state == State.ACTIVE:
        unchanged()
        return part
    if row.activated_at is None or row.state != Grant.State.ACTIVE:
        raise StateChanged(now=str(row.get_state_display()))
    if claim_key:
        held = find(Claim.objects.filter(organisation=row.organisation, pool__slug=part.about), key=claim_key)
        GrantPart.FLOW.move(part, State.ACTIVE, claim=held.key, quantity=held.quantity)
    else:
        _hand_over(row, [part])
    if part.state != State.ACTIVE:
        raise StateChanged(now=str(part.get_state_display()))
    record(
        PartHandedOver(grant=grant, number=number, claim=part.claim),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )
    return part


@command
def follow_claim(*, by: Actor, part_id: int) -> GrantPart:
    """Say of a part what has become of its claim, if its holder gave it back or its time is over."""
    require(by.is_system)
    part = GrantPart.objects.select_related("grant__application", "grant__organisation").get(pk=part_id)
    held = Claim.objects.filter(key=part.claim, pool__slug=part.about).first()
    left = held.quantity if held is not None and held.is_active else 0
    if part.state != State.ACTIVE or left == part.quantity:
        unchanged()
        return part
    if left:
        GrantPart.objects.filter(pk=part.pk).update(quantity=left)
    else:
        over = held is not None and held.state == Claim.State.EXPIRED
        GrantPart.FLOW.move(part, State.ENDED if over else State.RETURNED)
    record(
        PartGivenBack(grant=part.grant.application.public_id, number=part.number, left=left),
        by=by,
        subject=part.grant.subject,
        organisation=part.grant.organisation,
    )
    return part


def _hand_over(grant: Grant, parts: list[GrantPart]) -> None:
    _claim_together(grant, [part for part in parts if part.part == Part.CAPACITY and not part.waits])
    for part in parts:
        match part.part:
            case Part.CREDITS:
                post_credits(grant, part)
            case Part.CAPACITY if part.waits:
                _claim_or_wait(grant, part)
            case Part.MONEY | Part.DOCUMENT:
                GrantPart.FLOW.move(part, State.ACTIVE)


def post_credits(grant: Grant, part: GrantPart) -> None:
    """Post the credits of a grant to the ledger; the same reference is never posted twice."""
    grant_credits(
        by=SYSTEM,
        organisation=grant.organisation,
        amount=part.quantity,
        starts_at=grant.starts_at,
        ends_at=grant.ends_at,
        reference=part.reference,
        source=f"programmes:{grant.application.call.slug}",
    )
    GrantPart.FLOW.move(part, State.ACTIVE)


def post_worth(grant: Grant, reference: str) -> None:
    """Post what the grant is worth: list price, what is paid, the rest in kind; the call says the prices."""
    call = grant.application.call
    terms = call.procedure.get("benefit")
    units = grant.amount // MILLI if call.budget_unit == Call.Unit.CREDITS else grant.amount
    if not terms or not terms["list_price_won"] * units:
        return
    post_benefit(
        by=SYSTEM,
        organisation=grant.organisation,
        reference=reference,
        programme=call.programme.slug,
        item=call.kind,
        list_won=terms["list_price_won"] * units,
        paid_won=terms["pays_won"] * units,
        legal_basis=terms["legal_basis"],
        starts_on=timezone.localdate(grant.starts_at),
        ends_on=timezone.localdate(grant.ends_at),
    )


def _claim_together(grant: Grant, parts: list[GrantPart]) -> None:
    """Claim of several pools at once.  A pool that is not open yet leaves its part planned for the desk."""
    pools = {pool.slug: pool for pool in Pool.objects.filter(slug__in=[part.about for part in parts])}
    there = [part for part in parts if part.about in pools]
    if not there:
        return
    claim_all(
        by=SYSTEM,
        parts=[(pools[part.about], part.quantity) for part in there],
        key=there[0].reference,
        holder=grant.organisation,
        purpose=grant.reference,
        until=grant.ends_at,
    )
    for part in there:
        GrantPart.FLOW.move(part, State.ACTIVE, claim=there[0].reference)


def _claim_or_wait(grant: Grant, part: GrantPart) -> None:
    pool = Pool.objects.filter(slug=part.about).first()
    if pool is None:
        return
    wish = {
        "by": SYSTEM, "pool": pool, "quantity": part.quantity, "key": part.reference,
        "holder": grant.organisation, "purpose": grant.reference, "until": grant.ends_at,
    }  # fmt: skip
    try:
        with transaction.atomic():
            claim(**wish)
    except (PoolFull, OthersWait):
        join_waiting_list(**wish)
        GrantPart.FLOW.move(part, State.WAITING)
    else:
        GrantPart.FLOW.move(part, State.ACTIVE, claim=part.reference)
