"""Every write is a command: one transaction, one fact, one line in the catalogue."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from django.db import transaction

from bitgoeul.kit.refusals import Forbidden

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Command:
    name: str
    scope: str
    run: Callable[..., Any]


CATALOGUE: dict[str, Command] = {}


class _Level:
    """What the command that runs now has recorded so far."""

    def __init__(self, *, is_second_run: bool) -> None:
        self.facts = 0
        self.repeat = False
        self.is_second_run = is_second_run


class ShortCutInVain(Exception):
    """Raised by a command that took a short cut in vain: it is undone and run once more, the whole way."""


_level: ContextVar[_Level | None] = ContextVar("command_level", default=None)


def unchanged() -> None:
    """Say that this call repeats an earlier one and changes nothing, so there is no new fact."""
    level = _level.get()
    if level is None:
        raise RuntimeError("unchanged() belongs inside a command")
    level.repeat = True


def may_take_short_cut() -> bool:
    """Whether this is the first run of the command, which may end in ``ShortCutInVain``."""
    level = _level.get()
    return level is not None and not level.is_second_run


def note_fact() -> None:
    level = _level.get()
    if level is None:
        raise RuntimeError("facts are recorded inside a command")
    level.facts += 1


def command(run: Callable[P, R] | None = None, /, *, scope: str | None = None) -> Any:
    """Make a keyword-only function the one way to write something.

    The transaction is short and holds no network call.  After the function returns, exactly one fact was
    recorded at its own level, or ``unchanged()`` was called.  Anything else is a bug and rolls back.
    """
    if run is None:
        return functools.partial(command, scope=scope)
    app = run.__module__.split(".")[2] if run.__module__.startswith("bitgoeul.apps.") else "kit"
    name = f"{app}.{run.__name__}"
    needed = scope or f"{app}:write"

    def attempt(args: Any, kwargs: Any, *, is_second_run: bool) -> R:
        level = _Level(is_second_run=is_second_run)
        token = _level.set(level)
        try:
            with transaction.atomic():
                result = run(*args, **kwargs)
                if level.facts != (0 if level.repeat else 1):
                    raise RuntimeError(f"{name} recorded {level.facts} facts, expected one")
            return result
        finally:
            _level.reset(token)

    @functools.wraps(run)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        nested = _level.get() is not None
        if not nested and not kwargs["by"].allows(needed):  # type: ignore[attr-defined]
            raise Forbidden
        try:
            return attempt(args, kwargs, is_second_run=False)
        except ShortCutInVain:
            return attempt(args, kwargs, is_second_run=True)

    CATALOGUE[name] = Command(name, needed, wrapper)
    return wrapper
