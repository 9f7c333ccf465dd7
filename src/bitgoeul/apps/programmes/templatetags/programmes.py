"""How templates write the amounts of a call."""

from __future__ import annotations

from typing import Any

from django import template

from bitgoeul.apps.programmes.models import Call, GrantPart
from bitgoeul.apps.programmes.queries.amounts import in_words, part_in_words, span_in_words
from bitgoeul.kit.templatetags.ui import badge
from bitgoeul.kit.text import Localised

register = template.Library()


@register.filter
def of_budget(amount: int | None, call: Call) -> Any:
    """An amount of the call's budget with its unit."""
    return "" if amount is None else in_words(call, amount)


@register.filter
def share(call: Call) -> Any:
    """What one grant takes: one amount, or from the least to the most."""
    if call.share_least == call.share_most:
        return in_words(call, call.share_most)
    return span_in_words(call, call.share_least, call.share_most)


@register.filter
def in_words_part(part: GrantPart) -> Any:
    """One part of a grant."""
    return part_in_words(part)


@register.filter
def standing(word: str, standings: dict[str, Any]) -> Any:
    """Where an application stands in a ranking, as a badge."""
    return badge(*standings[word])


@register.filter
def localised(text: Any) -> Localised:
    """Text in two languages that is not kept in a field of its own."""
    return Localised.of(text)
