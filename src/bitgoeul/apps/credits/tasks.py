"""What runs by the clock."""

from __future__ import annotations

import structlog

from bitgoeul.apps.credits import queries
from bitgoeul.apps.credits.commands import expire_tranche
from bitgoeul.apps.credits.models import Transfer
from bitgoeul.kit.actor import SYSTEM

log = structlog.get_logger(__name__)


def expire_ended() -> list[Transfer]:
    """Write off what is left of every tranche that has ended."""
    expired = [
        expire_tranche(by=SYSTEM, tranche_id=tranche_id)
        for tranche_id in queries.tranches_to_expire().values_list("pk", flat=True)
    ]
    return [transfer for transfer in expired if transfer is not None]


def reconcile() -> list[queries.Discrepancy]:
    """Compare each balance with its postings; a difference is an error that operators must see."""
    found = queries.discrepancies()
    for difference in found:
        log.error("credits do not balance", **vars(difference))
    return found
