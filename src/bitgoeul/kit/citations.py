"""References from a capability to what lies above it: kept as data, looked up through ``site``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from django.conf import settings
from django.utils.module_loading import import_string

from bitgoeul.kit.text import Localised


@dataclass(frozen=True)
class Cited:
    """What a reference names: where it is, and whether it still stands."""

    reference: str
    title: Localised
    address: str
    state: str
    stands: bool


def cited(reference: str) -> Cited | None:
    """What this reference names on this hub; ``settings.CITATIONS`` says who answers."""
    look_up = cast(Callable[[str], Cited | None], import_string(settings.CITATIONS))
    return look_up(reference)
