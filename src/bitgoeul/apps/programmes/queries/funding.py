"""Whether what an application would be given is paid for by another programme already."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from bitgoeul.apps.credits.queries.benefits import double_funding
from bitgoeul.apps.programmes.models import Application, Call
from bitgoeul.engines.pricing import Finding
from bitgoeul.kit import clock

MILLI = 1000  # milli-credits in a credit
RULES = ("show", "reason", "refuse")


def rule_of(call: Call) -> str:
    """What an officer does who finds another support: see it, give a reason, or not accept at all."""
    return str(call.procedure.get("double_funding") or RULES[0])


def found_for(row: Application, amount: int | None = None) -> list[Finding]:
    """What speaks against granting this from today on, for a person to read."""
    call, today = row.call, timezone.localdate(clock.now())
    given = (row.ask or call.share_most) if amount is None else amount
    units = given // MILLI if call.budget_unit == Call.Unit.CREDITS else given
    prices = call.procedure.get("benefit") or {"list_price_won": 0, "pays_won": 0}
    return double_funding(
        row.organisation,
        programme=call.programme.slug,
        item=call.kind,
        starts_on=today,
        ends_on=today + dt.timedelta(days=call.gives_days),
        list_won=prices["list_price_won"] * units,
        paid_won=prices["pays_won"] * units,
    )
