"""Amounts of a call's budget in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from bitgoeul.apps.programmes.models import Call, GrantPart
from bitgoeul.engines.credits import written
from bitgoeul.kit.text import Localised, translated

WORDS = {
    "credits": _("%(amount)s credits"),
    "won": _("%(amount)s won"),
    "places": _("%(amount)s place(s)"),
}
PART_WORDS = {
    GrantPart.Part.CREDITS: _("%(amount)s credits"),
    GrantPart.Part.CAPACITY: _("%(amount)s from the pool %(about)s"),
    GrantPart.Part.MONEY: _("%(amount)s won"),
    GrantPart.Part.DATASET: _("access to the dataset %(about)s"),
}


def in_words(call: Call, amount: int) -> Localised:
    """An amount with its unit in both languages."""
    return translated(WORDS[call.budget_unit], amount=call.written(amount))


def span_in_words(call: Call, least: int, most: int) -> Localised:
    """From one amount to another, with their unit, in both languages."""
    return translated(WORDS[call.budget_unit], amount=f"{call.written(least)}–{call.written(most)}")


def part_in_words(part: GrantPart) -> Localised:
    """One part of a grant in both languages."""
    if part.part == GrantPart.Part.DOCUMENT:
        return part.title
    amount = written(part.quantity) if part.part == GrantPart.Part.CREDITS else f"{part.quantity:,}"
    return translated(PART_WORDS[GrantPart.Part(part.part)], amount=amount, about=part.about)
