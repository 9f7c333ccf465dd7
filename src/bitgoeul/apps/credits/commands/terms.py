"""A later end for a tranche: what is left of it stays usable."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from bitgoeul.apps.credits import policies
from bitgoeul.apps.credits.commands.transfers import locked_wallet, subject_of
from bitgoeul.apps.credits.errors import TrancheOver
from bitgoeul.apps.credits.events import TrancheProlonged
from bitgoeul.apps.credits.models import Tranche
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import Invalid, require


@command
def prolong_tranche(*, by: Actor, reference: str, ends_at: dt.datetime) -> Tranche:
    """Move the end of a tranche that has not ended to a later moment; no amount changes."""
    require(policies.may_grant(by))
    tranche = find(Tranche.objects.select_related("wallet__organisation"), grant__reference=reference)
    organisation = tranche.wallet.organisation
    locked_wallet(organisation)  # nobody writes off what is left meanwhile
    tranche.refresh_from_db(fields=["ends_at"])
    if tranche.ends_at == ends_at:
        unchanged()
        return tranche
    if tranche.ends_at <= clock.now():
        raise TrancheOver(reference=reference)
    if ends_at < tranche.ends_at:
        raise Invalid({"ends_at": [_("The new end lies before the present one.")]})
    tranche.ends_at = ends_at
    tranche.save(update_fields=["ends_at"])
    record(
        TrancheProlonged(
            organisation=organisation.slug,
            reference=reference,
            ends_at=ends_at.astimezone(dt.UTC).isoformat(),
        ),
        by=by,
        subject=subject_of(organisation),
        organisation=organisation,
    )
    return tranche
