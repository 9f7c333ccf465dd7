"""What an accepted application gets: the grant with its parts.

Where the call has an agreement everything stays planned until it is signed; without one the parts are handed
over with the grant.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from bitgoeul.apps.programmes.commands.activation import activate_grant
from bitgoeul.apps.programmes.commands.agreements import offer_agreement
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
        activate_grant(by=SYSTEM, grant=row.public_id)
    else:
        offer_agreement(by=SYSTEM, grant=row.public_id)
    grant.refresh_from_db()
    return grant


def _part(grant: Grant, row: Application, number: int, given: dict[str, Any]) -> GrantPart:
    """One line of the call's list, with the amount of this grant filled in."""
    fields: dict[str, Any] = {"part": given["part"], "reference": f"{grant.reference}:{number}"}
    quantity = quantity_of(row.call, given, grant.amount)
    match given["part"]:
        case Part.CREDITS:  # the posting of a grant's credits has the grant's own name
            fields |= {"quantity": quantity, "unit": Unit.MILLI_CREDITS, "reference": grant.reference}
        case Part.CAPACITY:
            numbered = given.get("unit_numbered", False)
            fields |= {"quantity": quantity, "unit": Unit.UNITS, "about": given["pool"], "numbered": numbered}
            fields |= {"waits": given.get("when_full") == "wait"}
        case Part.MONEY:
            fields |= {"quantity": quantity, "unit": Unit.WON}
        case Part.DATASET:
            _group, _dot, question = given["dataset"].partition(".")
            fields |= {"about": row.answers[question]}
        case _:
            fields |= {"title": given["title"]}
    return GrantPart(grant=grant, number=number, **fields)


def follows_amount(given: dict[str, Any]) -> bool:
    """Whether a line of the call's list gives more when the grant takes more from the budget."""
    match given.get("part"):
        case Part.CREDITS:
            return "quantity" not in given
        case Part.CAPACITY:
            return bool(given["quantity"] == "ask")
        case Part.MONEY:
            return bool(given["won"] == "ask")
    return False


def quantity_of(call: Call, given: dict[str, Any], amount: int) -> int:
    """How much a line of the call's list gives when a grant takes ``amount`` from the budget."""
    match given["part"]:
        case Part.CREDITS:
            return int(given.get("quantity", amount))
        case Part.CAPACITY:  # as the applicant counted it
            in_credits = call.budget_unit == Call.Unit.CREDITS
            asked = max(1, amount // MILLI) if in_credits else amount
            return asked if given["quantity"] == "ask" else int(given["quantity"])
        case Part.MONEY:
            return amount if given["won"] == "ask" else int(given["won"])
    return 1
