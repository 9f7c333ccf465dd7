"""Whether what an application would be given is paid for by another programme already."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from django.utils import timezone

from bitgoeul.apps.credits.queries import benefits
from bitgoeul.apps.programmes.models import Application, Call
from bitgoeul.engines import pricing
from bitgoeul.engines.pricing import Finding
from bitgoeul.kit import clock

MILLI = 1000  # milli-credits in a credit
RULES = ("show", "reason", "refuse")


def rule_of(call: Call) -> str:
    """What whoever decides does about another support: see it, give a reason, or not accept at all."""
    return str(call.procedure.get("double_funding") or RULES[0])


def found_for(row: Application, amount: int | None = None) -> list[Finding]:
    """What speaks against granting this from today on, for a person to read."""
    wanted = _wanted(row.call, (row.ask or row.call.share_most) if amount is None else amount)
    return benefits.double_funding(
        row.organisation,
        programme=wanted.programme,
        item=wanted.item,
        starts_on=wanted.starts_on,
        ends_on=wanted.ends_on,
        list_won=wanted.list_won,
        paid_won=wanted.list_won - wanted.in_kind_won,
    )


def found_among(call: Call, rows: Sequence[Application]) -> dict[str, list[Finding]]:
    """Application -> what speaks against it, of those against which something does; two queries for all."""
    if not rows:
        return {}
    wanted = {row.public_id: _wanted(call, row.ask or call.share_most) for row in rows}
    days = next(iter(wanted.values()))
    beside = benefits.standing_on((row.organisation_id for row in rows), days.starts_on, days.ends_on)
    if not beside:
        return {}
    ceiling = benefits.ceiling_percent()
    found = {
        row.public_id: pricing.double_funding(
            wanted[row.public_id], beside.get(row.organisation_id, ()), ceiling_percent=ceiling
        )
        for row in rows
    }
    return {name: findings for name, findings in found.items() if findings}


def references_of(findings: Iterable[Finding]) -> list[str]:
    """The other supports that findings are about, each once."""
    return sorted({reference for finding in findings for reference in finding.references})


def _wanted(call: Call, amount: int) -> pricing.Support:
    """The support that a grant of this amount would be."""
    today = timezone.localdate(clock.now())
    units = amount // MILLI if call.budget_unit == Call.Unit.CREDITS else amount
    prices = call.procedure.get("benefit") or {"list_price_won": 0, "pays_won": 0}
    listed, paid = prices["list_price_won"] * units, prices["pays_won"] * units
    ends_on = today + dt.timedelta(days=call.gives_days)
    return pricing.Support("", call.programme.slug, call.kind, today, ends_on, listed, listed - paid)
