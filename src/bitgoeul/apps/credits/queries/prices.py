"""Price lists, quotes and estimates.  Amounts are whole won."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Collection
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from bitgoeul.apps.credits.errors import NoPriceYet, RuleNotInForce
from bitgoeul.apps.credits.models import AgreedPrice, Tariff
from bitgoeul.apps.people.models import Organisation
from bitgoeul.engines import pricing
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.refusals import Invalid

EXAMPLE = Path(__file__).resolve().parent.parent / "tariffs" / "example.toml"
MOST_MACHINES = 10_000
MOST_MONTHS = 120
MOST_HOURS = 24 * 366


@lru_cache(maxsize=1)
def example() -> dict[str, Any]:
    """The example prices that the hub ships: ``title`` and ``content``."""
    content = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    return {"title": content.pop("title"), "content": content}


def tariffs_seen_by(actor: Actor) -> QuerySet[Tariff]:
    """Published lists are public; drafts are the operator's."""
    rows = Tariff.objects.all()
    return rows if actor.is_operator else rows.filter(state=Tariff.State.PUBLISHED)


def in_force(day: dt.date) -> Tariff | None:
    """The list that is valid on a day."""
    return (
        Tariff.objects.filter(state=Tariff.State.PUBLISHED, valid_from__lte=day)
        .order_by("-valid_from")
        .first()
    )


def tariff_on(day: dt.date) -> Tariff:
    """The list that is valid on a day, or a refusal."""
    tariff = in_force(day)
    if tariff is None:
        raise NoPriceYet(day=day.isoformat())
    return tariff


def today() -> dt.date:
    return timezone.localdate(clock.now())


def coming(day: dt.date) -> QuerySet[Tariff]:
    """Published lists that begin after a day, the next one first."""
    return Tariff.objects.filter(Q(valid_from__gt=day), state=Tariff.State.PUBLISHED).order_by("valid_from")


def grounds(tariff: Tariff, organisation: Organisation, confirmed: Collection[str] = ()) -> set[str]:
    """The names of all discounts that hold: from the company file, and those that a person confirmed."""
    known = tariff.prices().discounts
    from_file = {
        name
        for name, discount in known.items()
        if discount.holds_for(region=organisation.region, stage=organisation.stage)
    }
    by_person = {name for name, discount in known.items() if discount.is_confirmed_by_a_person}
    if wrong := set(confirmed) - by_person - from_file:
        raise Invalid(
            {"confirmed": [_("“%(name)s” is no discount that a person confirms.") % {"name": min(wrong)}]}
        )
    return from_file | (set(confirmed) & by_person)


def known_grounds(tariff: Tariff, names: Collection[str]) -> set[str]:
    """Names of discounts, or a refusal of what the list does not have."""
    if unknown := set(names) - set(tariff.prices().discounts):
        raise Invalid({"grounds": [_("The price list has no discount “%(name)s”.") % {"name": min(unknown)}]})
    return set(names)


def agreed(organisation: Organisation) -> QuerySet[AgreedPrice]:
    """Prices that the organisation's grants keep, newest first."""
    return AgreedPrice.objects.filter(organisation=organisation).select_related("tariff")


def machine_quote(
    tariff: Tariff, machine: str, *, count: int, months: Decimal, grounds: Collection[str]
) -> pricing.Quote:
    """The price of machines for some months."""
    prices = tariff.prices()
    errors = {}
    if machine not in prices.machines:
        errors["machine"] = [_("The price list has no such machine.")]
    if not 1 <= count <= MOST_MACHINES:
        errors["count"] = [_("From 1 to %(most)s.") % {"most": MOST_MACHINES}]
    if not (months.is_finite() and Decimal("0.0001") <= months <= MOST_MONTHS):
        errors["months"] = [_("More than zero and at most %(most)s.") % {"most": MOST_MONTHS}]
    elif months != months.quantize(Decimal("0.0001")):
        errors["months"] = [_("At most four decimals.")]
    if errors:
        raise Invalid(errors)
    return _worth(pricing.quote_machine(prices, machine, count=count, months=months, grounds=grounds))


def equipment_quote(
    tariff: Tariff,
    equipment: str,
    *,
    hours: Decimal,
    consumables_won: int,
    operator: bool,
    grounds: Collection[str],
) -> pricing.Quote:
    """The price of demonstration equipment for some hours."""
    prices = tariff.prices()
    errors = {}
    if equipment not in prices.equipment:
        errors["equipment"] = [_("The price list has no such equipment.")]
    if not (hours.is_finite() and 0 < hours <= MOST_HOURS):
        errors["hours"] = [_("More than zero and at most %(most)s.") % {"most": MOST_HOURS}]
    if not 0 <= consumables_won <= pricing.MOST_WON:
        errors["consumables_won"] = [_("A whole number of won, not below zero.")]
    if errors:
        raise Invalid(errors)
    return _worth(
        pricing.quote_equipment(
            prices,
            equipment,
            hours=hours,
            consumables_won=consumables_won,
            operator=operator,
            grounds=grounds,
        )
    )


def _worth(quote: pricing.Quote) -> pricing.Quote:
    if quote.list_won > pricing.MOST_WON:
        raise Invalid({"count": [_("This is more than ten trillion won.")]})
    return quote


def incentive(rule: str, amounts: dict[str, int], on: dt.date) -> pricing.Estimate:
    """An estimate by one rule.  It is never more than an estimate."""
    try:
        return pricing.estimate(rule, amounts, on=on)
    except pricing.NotInForce:
        raise RuleNotInForce(day=on.isoformat()) from None
    except KeyError:
        raise Invalid({"rule": [_("There is no such rule.")]}) from None
    except ValueError:
        asks = pricing.RULES[rule].asks
        errors = {
            asked.name: [
                _("A whole number from %(least)s to %(most)s.") % {"least": asked.least, "most": asked.most}
            ]
            for asked in asks
            if not asked.accepts(amounts.get(asked.name, asked.default))
        }
        raise Invalid(errors) from None
