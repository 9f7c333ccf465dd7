"""What an accepted application gets: the grant with its parts.

Without an agreement credits are posted with the grant. Every other part stays planned until it is handed
over, and so does everything while an agreement waits for its signatures.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from bitgoeul.apps.credits.commands import grant_credits
from bitgoeul.apps.programmes.models import Application, Call, Grant, GrantPart
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM

Part, Unit = GrantPart.Part, GrantPart.Unit
MILLI = 1000  # milli-credits in a credit


def make_grant(row: Application) -> Grant:
    """Write the grant of an accepted application, inside the command that accepts it."""
    starts_at = clock.now()
    grant = Grant.objects.create(
        application=row,
        organisation=row.organisation,
        amount=row.amount or 0,
        starts_at=starts_at,
        ends_at=starts_at + dt.timedelta(days=row.call.gives_days),
        reference=f"grant:{row.public_id}",
    )
    parts = [_part(grant, row, number, given) for number, given in enumerate(row.call.gives, 1)]
    GrantPart.objects.bulk_create(parts)
    if row.call.procedure.get("agreement") is None:
        for part in grant.parts.filter(part=Part.CREDITS):
            post_credits(part)
    return grant


def post_credits(part: GrantPart) -> None:
    """Post the credits of a grant to the ledger; the same reference is never posted twice."""
    grant = part.grant
    grant_credits(
        by=SYSTEM,
        organisation=grant.organisation,
        amount=part.quantity,
        starts_at=grant.starts_at,
        ends_at=grant.ends_at,
        reference=part.reference,
        source=f"programmes:{grant.application.call.slug}",
    )
    GrantPart.FLOW.move(part, GrantPart.State.ACTIVE)


def _part(grant: Grant, row: Application, number: int, given: dict[str, Any]) -> GrantPart:
    """One line of the call's list, with the amount of this grant filled in."""
    fields: dict[str, Any] = {"part": given["part"], "reference": f"{grant.reference}:{number}"}
    match given["part"]:
        case Part.CREDITS:  # the posting of a grant's credits has the grant's own name
            quantity = given.get("quantity", grant.amount)
            fields |= {"quantity": quantity, "unit": Unit.MILLI_CREDITS, "reference": grant.reference}
        case Part.CAPACITY:
            quantity = _asked(row.call, grant.amount) if given["quantity"] == "ask" else given["quantity"]
            numbered = given.get("unit_numbered", False)
            fields |= {"quantity": quantity, "unit": Unit.UNITS, "about": given["pool"], "numbered": numbered}
        case Part.MONEY:
            won = grant.amount if given["won"] == "ask" else given["won"]
            fields |= {"quantity": won, "unit": Unit.WON}
        case Part.DATASET:
            _group, _dot, question = given["dataset"].partition(".")
            fields |= {"about": row.answers[question]}
        case _:
            fields |= {"title": given["title"]}
    return GrantPart(grant=grant, number=number, **fields)


def _asked(call: Call, amount: int) -> int:
    """An amount of the budget as the applicant counted it."""
    return max(1, amount // MILLI) if call.budget_unit == Call.Unit.CREDITS else amount
