"""Text in two languages."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

LANGUAGES = ("ko", "en")


class Localised(dict[str, str]):
    """``Localised(ko=…, en=…)``; ``str()`` gives the reader's language and falls back to the other."""

    def __str__(self) -> str:
        return self.in_language(get_language() or "ko")

    def in_language(self, language: str) -> str:
        return self.get(language[:2]) or next((v for v in self.values() if v), "")

    def is_fallback(self, language: str | None = None) -> bool:
        return not self.get((language or get_language() or "ko")[:2])

    @classmethod
    def of(cls, value: Any) -> Localised:
        """From a dict, a Localised or one plain string that serves both languages."""
        if isinstance(value, dict):
            return cls({k: str(v) for k, v in value.items() if k in LANGUAGES})
        return cls(ko=str(value), en=str(value))


def translated(message: Any, **facts: Any) -> Localised:
    """A lazy translation with its facts, written out in both languages: for text that is kept."""
    written = {}
    for language in LANGUAGES:
        with override(language):
            values = {name: str(value) for name, value in facts.items()}
            written[language] = str(message) % values if values else str(message)
    return Localised(written)


def counted(words: str, amount: object) -> str:
    """Resolve “(s)”: “{amount} hour(s)” is an hour where the amount is 1, else hours."""
    return words.replace("(s)", "" if str(amount) == "1" else "s")


def containing(text: str, *columns: str) -> Q:
    """Rows that have this text, in either language, in one of these localised columns."""
    return Q(
        *((f"{column}__{language}__icontains", text) for column in columns for language in LANGUAGES),
        _connector=Q.OR,
    )


class LocalisedField(models.JSONField):
    """A JSON column ``{"ko": …, "en": …}`` that reads and writes ``Localised``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("default", Localised)
        super().__init__(*args, **kwargs)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Localised:
        return Localised(super().from_db_value(value, expression, connection) or {})

    def to_python(self, value: Any) -> Localised:
        return Localised.of(value) if value else Localised()

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = Localised.of(getattr(model_instance, self.attname) or {})
        setattr(model_instance, self.attname, value)
        return value

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        if not self.blank and not any(value.values()):
            raise ValidationError(_("Write it in Korean or in English."))
