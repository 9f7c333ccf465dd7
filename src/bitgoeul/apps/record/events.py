"""What the record announces."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from bitgoeul.kit.facts import Event


@dataclass(frozen=True)
class PersonalFieldsRedacted(Event):
    """Personal values and their salts were forgotten; their hashes stay, so every proof stays valid."""

    title = _("Personal values were forgotten")
    facts: int
    fields: list[str]
    reason: str
