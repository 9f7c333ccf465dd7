"""Amounts of a call's budget in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from bitgoeul.apps.capacity.models import Pool
from bitgoeul.apps.programmes.models import Call, GrantPart
from bitgoeul.apps.programmes.queries.blueprints import place_of
from bitgoeul.kit.text import Localised, counted, translated
from bitgoeul.kit.ui import wording

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
    return _with_unit(call, call.written(amount))


def span_in_words(call: Call, least: int, most: int) -> Localised:
    """From one amount to another, with their unit, in both languages."""
    return _with_unit(call, f"{call.written(least)}–{call.written(most)}")


def _with_unit(call: Call, amount: str) -> Localised:
    """Places are called what they are for this kind of call: hours of a machine, rooms, teams."""
    place = place_of(call.kind) if call.budget_unit == Call.Unit.PLACES else None
    texts = translated(WORDS[call.budget_unit], amount=amount) if place is None else place
    return Localised(
        {language: counted(words, amount).replace("{amount}", amount) for language, words in texts.items()}
    )


def part_in_words(part: GrantPart) -> Localised:
    """One part of a grant in both languages."""
    if part.part == GrantPart.Part.DOCUMENT:
        return part.title
    amount = (
        wording.credits_of(part.quantity) if part.part == GrantPart.Part.CREDITS else f"{part.quantity:,}"
    )
    about = _pool_of(part) if part.part == GrantPart.Part.CAPACITY else part.about
    return translated(PART_WORDS[GrantPart.Part(part.part)], amount=amount, about=about)


def _pool_of(part: GrantPart) -> Localised | str:
    """What people call the pool of a part; its slug as long as it is not open."""
    return Pool.objects.filter(slug=part.about).values_list("title", flat=True).first() or part.about
