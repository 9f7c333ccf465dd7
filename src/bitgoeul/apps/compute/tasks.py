"""What the worker does for compute: meters how much of each claim on this machine's pool is in use."""

from __future__ import annotations

import datetime as dt

from django.conf import settings

from bitgoeul.apps.compute import queries
from bitgoeul.apps.programmes.commands import record_use
from bitgoeul.apps.programmes.models import Grant
from bitgoeul.apps.programmes.queries.grants import claimed_parts, is_measured
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM

HOUR = dt.timedelta(hours=1)


def measure_use() -> None:
    """Say of every claim on the pool that this machine is, how much of it was in use in the last whole hour.

    Only the hour that has just passed: of hours in which the hub did not run nobody knows whether a job could
    have run, and time that nobody measured counts for nobody.
    """
    if not settings.COMPUTE_POOL or not queries.executor().probe().ok:
        return
    until = clock.now().replace(minute=0, second=0, microsecond=0)
    since = until - HOUR
    parts = list(
        claimed_parts().filter(
            about=settings.COMPUTE_POOL,
            grant__state=Grant.State.ACTIVE,
            grant__activated_at__lte=since,
        )
    )
    held: dict[int, int] = {}
    for part in parts:
        held[part.grant.organisation_id] = held.get(part.grant.organisation_id, 0) + part.quantity
    used = queries.units_in_use(held, since, until)
    for part in parts:
        organisation = part.grant.organisation_id
        if not is_measured(part, since, until):
            record_use(
                by=SYSTEM,
                grant=part.grant.application.public_id,
                part=part.number,
                starts_at=since,
                seconds=int(HOUR.total_seconds()),
                # Several claims of one organisation share what it used, in proportion.
                used=used.get(organisation, 0) * part.quantity // held[organisation],
            )
