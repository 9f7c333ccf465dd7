"""Another end for a claim that is kept."""

from __future__ import annotations

import datetime as dt

from bitgoeul.apps.capacity import policies, queries
from bitgoeul.apps.capacity.commands.checks import check_until, iso
from bitgoeul.apps.capacity.errors import NotClaimed
from bitgoeul.apps.capacity.events import ClaimProlonged
from bitgoeul.apps.capacity.models import Claim
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import NotFound, require


@command
def prolong_claim(*, by: Actor, key: str, until: dt.datetime) -> list[Claim]:
    """Let the claims of a key last until another moment; whoever runs the pools decides."""
    rows = list(queries.claims_visible_to(by).filter(key=key).order_by("part"))
    if not rows:
        raise NotFound
    for row in rows:
        require(policies.may_run(by, row.pool))
    kept = [row for row in rows if row.state == Claim.State.CLAIMED]
    if not kept:
        raise NotClaimed(key=key, state=str(rows[0].get_state_display()))
    check_until(until)
    if all(row.until == until for row in kept):
        unchanged()
        return rows
    Claim.objects.filter(pk__in=[row.pk for row in kept], state=Claim.State.CLAIMED).update(until=until)
    for row in kept:
        row.until = until
    record(
        ClaimProlonged(key=key, pools=[row.pool.slug for row in kept], until=iso(until)),
        by=by,
        subject=kept[0].pool.subject,
        organisation=kept[0].organisation,
    )
    return rows
