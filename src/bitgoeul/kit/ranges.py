"""Parts of files over HTTP: what a ``Range`` header asks for, read without holding the whole in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

CHUNK = 256 << 10
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def asked(header: str, size: int) -> tuple[int, int] | None:
    """First byte and number of bytes that a Range header asks for; None for the whole file.

    Raises: ValueError if the file has none of them.

    >>> asked("bytes=2-4", 10), asked("bytes=-3", 10), asked("bytes=0-1,4-5", 10)
    ((2, 3), (7, 3), None)
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or not (match[1] or match[2]):
        return None  # several ranges, or another unit: the whole file is a right answer too
    if match[1]:
        first, last = int(match[1]), min(int(match[2] or size - 1), size - 1)
    else:
        first, last = max(size - int(match[2]), 0), size - 1
    if first > last or first >= size:
        raise ValueError(f"no such bytes in {size}")
    return first, last - first + 1


def chunks(path: Path, start: int, length: int) -> Iterator[bytes]:
    """The bytes of a part, some at a time."""
    with path.open("rb") as file:
        file.seek(start)
        while length > 0 and (chunk := file.read(min(CHUNK, length))):
            length -= len(chunk)
            yield chunk
