"""The only place that asks what time it is, so that a test can stop it."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from contextvars import ContextVar

_frozen: ContextVar[dt.datetime | None] = ContextVar("frozen_clock", default=None)


def now() -> dt.datetime:
    """The current moment, aware, in UTC."""
    return _frozen.get() or dt.datetime.now(dt.UTC)


@contextlib.contextmanager
def frozen(moment: dt.datetime) -> Iterator[dt.datetime]:
    """Stop the clock at ``moment`` (aware)."""
    if moment.tzinfo is None:
        raise ValueError("a frozen moment needs a time zone")
    token = _frozen.set(moment.astimezone(dt.UTC))
    try:
        yield moment
    finally:
        _frozen.reset(token)
