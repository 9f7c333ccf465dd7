"""One way to write a sheet down, so that everybody hashes the same bytes."""

import json
from typing import Any


def canonical(value: Any) -> bytes:
    """Return the one JSON text of text, whole numbers, truth values, lists and objects.

    UTF-8, keys by code point, no spaces.

    >>> canonical({"b": [1, None], "a": "빛"}).decode()
    '{"a":"빛","b":[1,null]}'
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    # A lone surrogate has no UTF-8; "backslashreplace" writes it as the escape that JSON has for it.
    return text.encode("utf-8", "backslashreplace")
