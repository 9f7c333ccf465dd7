"""One way to write a value down, so that everybody hashes the same bytes."""

import json
from typing import Any


class NotCanonical(ValueError):
    """A value that has no one written form: a float, a key that is not text, an object of some class."""


def canonical_json(value: Any) -> bytes:
    """Return the one JSON text of a value: UTF-8, keys by code point, no spaces, few escapes.

    Text, integers, true, false, null, lists and objects with text keys; no floats, whose written
    form differs between languages.

    Raises: NotCanonical for anything else.

    >>> canonical_json({"b": [1, None], "a": "빛"}).decode()
    '{"a":"빛","b":[1,null]}'
    """
    _refuse_ambiguity(value)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    # A lone surrogate has no UTF-8; "backslashreplace" writes it as the escape that JSON has for it.
    return text.encode("utf-8", "backslashreplace")


def _refuse_ambiguity(value: Any) -> None:
    if value is None or isinstance(value, bool | str):
        return
    if type(value) is int:
        return
    if isinstance(value, list | tuple):
        for item in value:
            _refuse_ambiguity(item)
        return
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise NotCanonical(f"the key {key!r} is not text")
            _refuse_ambiguity(item)
        return
    raise NotCanonical(f"{type(value).__name__} has no canonical form")
