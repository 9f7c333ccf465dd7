"""Settings: each one declared in one line, from the environment, with a default that works."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True)
class Setting:
    name: str
    default: str
    help: str
    secret: bool
    value: Any


DECLARED: dict[str, Setting] = {}


def _text(name: str, default: str) -> str:
    """The value of ``name``, or the content of the file that ``name_FILE`` points to."""
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE: cannot read {path}: {error.strerror}") from error
    return os.environ.get(name, default)


def yes_no(text: str) -> bool:
    if text.lower() in {"1", "yes", "true", "on"}:
        return True
    if text.lower() in {"0", "no", "false", "off", ""}:
        return False
    raise ValueError("expected yes or no")


def words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def setting(
    name: str, default: str = "", *, help: str, read: Callable[[str], Any] = str, secret: bool = False
) -> Any:
    """Declare one setting and return its value.

    Raises: ImproperlyConfigured with the name, the value and the remedy, which stops the start.
    """
    text = _text(name, default)
    try:
        value = read(text)
    except (ValueError, TypeError) as error:
        shown = "(hidden)" if secret else repr(text)
        raise ImproperlyConfigured(f"{name}={shown} cannot be used: {error}. {help}") from error
    DECLARED[name] = Setting(name, default, help, secret, value)
    return value
