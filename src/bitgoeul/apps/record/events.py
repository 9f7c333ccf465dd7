"""What the record announces."""

from dataclasses import dataclass

from bitgoeul.kit.facts import Event


@dataclass(frozen=True)
class PersonalFieldsRedacted(Event):
    """Personal values and their salts were forgotten; their hashes stay, so every proof stays valid."""

    facts: int
    fields: list[str]
    reason: str
