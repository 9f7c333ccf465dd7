"""Data written as TOML, for people to read; ``tomllib`` reads it back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

BARE = re.compile(r"[A-Za-z0-9_-]+")
CONTROL = re.compile(r"[\x7f]")  # the one character that JSON leaves as it is and TOML does not
WIDEST = 100  # characters of a list that still stands on one line


def written(table: dict[str, Any]) -> str:
    """The table as TOML.  What is None is left out: TOML has no word for it."""
    return "\n".join(_lines(table, ())).strip() + "\n"


def _lines(table: dict[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    """Plain values come first: behind a heading they would belong to another table."""
    below = []
    for key, value in table.items():
        if value is None:
            continue
        if _has_heading(value):
            below.append((key, value))
        else:
            yield f"{_key(key)} = {_list(value) if isinstance(value, list) else _inline(value)}"
    for key, value in below:
        here = (*path, key)
        yield ""
        yield f"[{'.'.join(map(_key, here))}]"
        yield from _lines(value, here)


def _has_heading(value: Any) -> bool:
    """A table of plain values reads best on one line, such as a title in two languages."""
    return isinstance(value, dict) and (
        not value
        or any(isinstance(part, dict | list) for part in value.values())
        or len(_inline(value)) > WIDEST
    )


def _list(values: list[Any]) -> str:
    text = _inline(values)
    if len(text) <= WIDEST:
        return text
    return "[\n" + "".join(f"  {_inline(value)},\n" for value in values) + "]"


def _inline(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case dict():
            inside = (f"{_key(key)} = {_inline(part)}" for key, part in value.items() if part is not None)
            return "{ " + ", ".join(inside) + " }" if value else "{}"
        case list():
            return "[" + ", ".join(map(_inline, value)) + "]"
        case str():
            return CONTROL.sub(r"\\u007F", json.dumps(value, ensure_ascii=False))
        case _:
            return repr(value)


def _key(key: str) -> str:
    return key if BARE.fullmatch(key) else _inline(key)
