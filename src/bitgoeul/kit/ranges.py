"""Parts of files over HTTP: what a ``Range`` header asks for, read without holding the whole in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from django.http import HttpRequest, StreamingHttpResponse

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


def answer(request: HttpRequest, path: Path, *, content_type: str, etag: str) -> StreamingHttpResponse:
    """The file, or the part of it that is asked for.  ``etag``: as it stands in the header, in quotes.

    Raises: ValueError if the file has none of what is asked for.
    """
    size = path.stat().st_size
    is_same = request.headers.get("If-Range", etag) == etag
    part = asked(request.headers.get("Range", "") if is_same else "", size)
    start, length = part or (0, size)
    body = [] if request.method == "HEAD" else chunks(path, start, length)
    found = StreamingHttpResponse(body, status=206 if part else 200, content_type=content_type)
    found["Content-Length"] = str(length)
    found["Accept-Ranges"] = "bytes"
    found["ETag"] = etag
    if part:
        found["Content-Range"] = f"bytes {start}-{start + length - 1}/{size}"
    return found
