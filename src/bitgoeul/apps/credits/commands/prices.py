"""Price lists and the prices that grants keep.  Amounts are whole won."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Collection
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bitgoeul.apps.credits import policies
from bitgoeul.apps.credits.commands.transfers import check_reference, locked_wallet, subject_of
from bitgoeul.apps.credits.errors import BenefitDiffers, DayTaken, TariffFixed
from bitgoeul.apps.credits.events import (
    PriceAgreed,
    TariffDrafted,
    TariffDropped,
    TariffEdited,
    TariffPublished,
)
from bitgoeul.apps.credits.models import AgreedPrice, Tariff
from bitgoeul.apps.credits.queries import prices as queries
from bitgoeul.apps.people.models import Organisation
from bitgoeul.engines import pricing
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import Invalid, require
from bitgoeul.kit.text import LANGUAGES, Localised

LATEST = dt.date(2200, 1, 1)

# Code of the engine's problem -> sentence with its facts.
PROBLEMS = {
    "no-price": gettext_lazy("A price list has at least one machine or one piece of equipment."),
    "object": gettext_lazy("Names and values are needed here."),
    "whole": gettext_lazy("A whole number from %(least)s to %(most)s is needed."),
    "words": gettext_lazy("Write it in Korean and in English, with at most 500 characters."),
    "texts": gettext_lazy("A list of words is needed."),
    "day": gettext_lazy("A day such as 2026-01-01 is needed."),
    "name": gettext_lazy("A short name of small letters, digits and hyphens is needed."),
    "list": gettext_lazy("A list of at most %(most)s is needed."),
    "twice": gettext_lazy("This name is there twice."),
    "user-above-list": gettext_lazy("The user price is above the market price."),
    "days-fall": gettext_lazy("The days fall from step to step and end with 0."),
    "percents-rise": gettext_lazy("Whoever cancels later never pays less."),
}


@command
def start_tariff(*, by: Actor, copy_of: int | None = None) -> Tariff:
    """Begin a draft: a copy of an earlier price list, or of the example prices."""
    require(policies.may_set_prices(by))
    source = find(Tariff.objects.all(), number=copy_of) if copy_of is not None else None
    example = queries.example() if source is None else {}
    content = source.content if source else example["content"]
    draft = Tariff(
        number=(Tariff.objects.aggregate(last=Max("number"))["last"] or 0) + 1,
        title=source.title if source else Localised.of(example["title"]),
        content=content,
        valid_from=max(queries.today(), source.valid_from if source else queries.today()),
        is_example=source.is_example if source else True,
        copy_of=source,
        fingerprint=fingerprint(content),
    )
    try:
        with transaction.atomic():
            draft.save()
    except IntegrityError:  # somebody began another draft a moment ago
        draft.number += 1
        draft.save()
    record(
        TariffDrafted(number=draft.number, copy_of=copy_of, example=draft.is_example),
        by=by,
        subject=draft.subject,
    )
    return draft


@command
def edit_tariff(
    *,
    by: Actor,
    number: int,
    title: dict[str, str],
    valid_from: dt.date,
    content: dict[str, Any],
    example: bool,
) -> Tariff:
    """Change a draft."""
    require(policies.may_set_prices(by))
    draft = _draft(number)
    words = Localised.of(title)
    if any(not words.get(language, "").strip() or len(words[language]) > 120 for language in LANGUAGES):
        raise Invalid({"title": [str(PROBLEMS["words"])]})
    read_prices(content)
    if not valid_from <= LATEST:
        raise Invalid({"valid_from": [_("Choose a day of this or the next century.")]})
    fields = {"title": words, "valid_from": valid_from, "content": content, "is_example": example}
    if all(getattr(draft, name) == value for name, value in fields.items()):
        unchanged()
        return draft
    for name, value in fields.items():
        setattr(draft, name, value)
    draft.fingerprint = fingerprint(content)
    draft.save(update_fields=[*fields, "fingerprint"])
    record(
        TariffEdited(number=number, valid_from=valid_from.isoformat(), fingerprint=draft.fingerprint),
        by=by,
        subject=draft.subject,
    )
    return draft


@command
def publish_tariff(*, by: Actor, number: int) -> Tariff:
    """Fix a draft.  It is valid from its day on; prices agreed before keep the list they were agreed by."""
    require(policies.may_set_prices(by))
    draft = _draft(number)
    read_prices(draft.content)
    if draft.valid_from < queries.today():
        raise Invalid({"valid_from": [_("A price list cannot begin in the past.")]})
    try:
        with transaction.atomic():
            Tariff.FLOW.move(draft, Tariff.State.PUBLISHED, published_at=clock.now())
    except IntegrityError:
        raise DayTaken(day=draft.valid_from.isoformat()) from None
    record(
        TariffPublished(
            number=number,
            valid_from=draft.valid_from.isoformat(),
            fingerprint=draft.fingerprint,
            example=draft.is_example,
        ),
        by=by,
        subject=draft.subject,
    )
    return draft


@command
def drop_tariff(*, by: Actor, number: int) -> Tariff:
    """Give up a draft."""
    require(policies.may_set_prices(by))
    draft = _draft(number)
    Tariff.FLOW.move(draft, Tariff.State.DROPPED)
    record(TariffDropped(number=number), by=by, subject=draft.subject)
    return draft


@command
def agree_price(
    *,
    by: Actor,
    organisation: Organisation,
    reference: str,
    machine: str,
    count: int,
    months: Decimal,
    confirmed: Collection[str] = (),
    like: str = "",
) -> AgreedPrice:
    """Fix what a grant pays, by the list in force today.

    ``confirmed`` names discounts that a person has checked; the others follow from the company file.
    ``like`` is the reference of an earlier price: an extension of that grant keeps its list.
    """
    require(policies.may_agree_prices(by))
    check_reference(reference)
    locked_wallet(organisation)
    asked = {"machine": machine, "count": count, "months": Decimal(months)}
    if (earlier := AgreedPrice.objects.filter(reference=reference).first()) is not None:
        same = all(getattr(earlier, name) == value for name, value in asked.items())
        if earlier.organisation_id != organisation.pk or not same:
            raise BenefitDiffers(reference=reference)
        unchanged()
        return earlier
    tariff = (
        find(AgreedPrice.objects.select_related("tariff"), reference=like, organisation=organisation).tariff
        if like
        else queries.tariff_on(queries.today())
    )
    grounds = queries.grounds(tariff, organisation, confirmed)
    quote = queries.machine_quote(tariff, machine, count=count, months=Decimal(months), grounds=grounds)
    price = AgreedPrice.objects.create(
        reference=reference,
        organisation=organisation,
        tariff=tariff,
        grounds=sorted(grounds),
        discount=quote.discount,
        list_won=quote.list_won,
        paid_won=quote.paid_won,
        **asked,
    )
    record(
        PriceAgreed(
            organisation=organisation.slug,
            reference=reference,
            tariff=tariff.number,
            machine=machine,
            count=count,
            months=f"{Decimal(months).normalize():f}",
            discount=quote.discount,
            list_won=quote.list_won,
            paid_won=quote.paid_won,
            in_kind_won=quote.in_kind_won,
        ),
        by=by,
        subject=subject_of(organisation),
        organisation=organisation,
    )
    return price


def read_prices(content: Any) -> pricing.Tariff:
    """The prices in ``content``, or a refusal at the place that is wrong."""
    try:
        return pricing.Tariff.of(content)
    except pricing.BadTariff as problem:
        raise Invalid({problem.where: [str(PROBLEMS[problem.code]) % problem.facts]}) from None


def fingerprint(content: Any) -> str:
    """SHA-256 of the canonical JSON of a price list: sorted names, no spaces, UTF-8."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _draft(number: int) -> Tariff:
    row = find(Tariff.objects.select_for_update(), number=number)
    if row.state != Tariff.State.DRAFT:
        raise TariffFixed(number=number)
    return row
