"""Amounts of a call's budget in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from bitgoeul.apps.programmes.models import Call, GrantPart
from bitgoeul.kit.text import Localised, translated
from bitgoeul.kit.ui.wording import credits_of

WORDS = {
    "credits": _("%(amount)s credits"),
    "won": _("%(amount)s won"),
    "places": _("%(amount)s place(s)"),
}
RANGE = _("%(least)s to %(most)s")
PART_WORDS = {
    GrantPart.Part.CREDITS: _("%(amount)s credits"),
    GrantPart.Part.CAPACITY: _("%(amount)s from the pool %(about)s"),
    GrantPart.Part.MONEY: _("%(amount)s won"),
    GrantPart.Part.DATASET: _("access to the dataset %(about)s"),
}


def in_words(call: Call, amount: int) -> Localised:
    """An amount with its unit in both languages."""
    return translated(WORDS[call.budget_unit], amount=_grouped(call, amount))


def range_in_words(call: Call, least: int, most: int) -> Localised:
    """From the least to the most, with the unit said once."""
    span = translated(RANGE, least=_grouped(call, least), most=_grouped(call, most))
    return Localised(
        {
            language: words % {"amount": span.in_language(language)}
            for language, words in translated(WORDS[call.budget_unit], amount="%(amount)s").items()
        }
    )


def _grouped(call: Call, amount: int) -> str:
    return credits_of(amount) if call.budget_unit == Call.Unit.CREDITS else f"{amount:,}"


def part_in_words(part: GrantPart) -> Localised:
    """One part of a grant in both languages."""
    if part.part == GrantPart.Part.DOCUMENT:
        return part.title
    amount = credits_of(part.quantity) if part.part == GrantPart.Part.CREDITS else f"{part.quantity:,}"
    return translated(PART_WORDS[GrantPart.Part(part.part)], amount=amount, about=part.about)
