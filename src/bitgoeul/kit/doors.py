"""The way in to a row: what you may not see does not exist."""

from __future__ import annotations

from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet

from bitgoeul.kit.refusals import NotFound

Row = TypeVar("Row", bound=Model)
Thing = TypeVar("Thing")


def found(row: Thing | None) -> Thing:
    """What is there, or a 404 that tells nothing."""
    if row is None:
        raise NotFound
    return row


def find(visible: QuerySet[Row], **lookup: Any) -> Row:
    """The one row of ``visible`` that matches, or a 404 that tells nothing."""
    try:
        row = visible.filter(**lookup).first()
    except (ValueError, OverflowError, ValidationError):  # an id that is no id at all
        row = None
    return found(row)
