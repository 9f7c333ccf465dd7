"""What the worker does: expire what is over, serve the lines, tell who has an offer, check the counters."""

from __future__ import annotations

import structlog
from django.utils.translation import gettext_lazy as _

from bitgoeul.apps.capacity import queries
from bitgoeul.apps.capacity.commands import expire_claim
from bitgoeul.apps.capacity.commands.line import offer_places
from bitgoeul.apps.capacity.models import Claim, Pool, Waiting
from bitgoeul.apps.notices.commands import notify
from bitgoeul.apps.people.models import Person
from bitgoeul.engines.capacity import HOT
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.text import translated

log = structlog.get_logger(__name__)

OFFERED = _("“%(pool)s”: your turn has come")
OFFERED_TEXT = _("%(quantity)s are held for you. Confirm in time, or they go to the next in the line.")
OFFER_EXPIRED = _("“%(pool)s”: the offer has expired")
OFFER_EXPIRED_TEXT = _("It went to the next in the line. You may join the line again.")


def expire_due() -> list[Claim]:
    """Take back every hold and claim whose time is over; a thousand at a turn, the rest at the next."""
    ids = list(queries.due().values_list("pk", flat=True)[:HOT])
    expired = [expire_claim(by=SYSTEM, claim_id=claim_id) for claim_id in ids]
    return [claim for claim in expired if claim is not None]


def serve_lines() -> int:
    """Offer what is free wherever somebody waits; how many were served."""
    pools = Pool.objects.filter(state=Pool.State.OPEN, line__state=Waiting.State.WAITING).distinct()
    return sum(offer_places(pool) for pool in pools)


def sweep() -> None:
    """What keeps holds and lines moving by themselves."""
    expire_due()
    serve_lines()


def reconcile() -> list[queries.Discrepancy]:
    """Compare counters, claims and units; a difference is an error that operators must see."""
    found = queries.discrepancies()
    for difference in found:
        log.error("capacity does not add up", **vars(difference))
    return found


def tell_offered(fact: Fact) -> None:
    """Put the offer into the inbox of whoever waited."""
    _tell(fact, "wait", OFFERED, translated(OFFERED_TEXT, quantity=fact.data["quantity"]), fact.data["claim"])


def tell_offer_expired(fact: Fact) -> None:
    """Say that an offer is gone; of other holds only their makers know anyway."""
    if Waiting.objects.filter(claim__key=fact.data["key"]).exists():
        _tell(fact, "info", OFFER_EXPIRED, translated(OFFER_EXPIRED_TEXT), fact.data["key"])


def _tell(fact: Fact, tone: str, title: object, text: object, key: str) -> None:
    claim = Claim.objects.select_related("pool", "organisation").get(key=key)
    notify(
        by=SYSTEM,
        key=f"fact:{fact.pk}",
        kind=fact.name,
        tone=tone,
        title=translated(title, pool=claim.pool),
        text=text,
        url=f"/capacity/{claim.pool.slug}/",
        people=Person.objects.filter(public_id=claim.holder.removeprefix("person:")),
        organisation=claim.organisation,
    )
