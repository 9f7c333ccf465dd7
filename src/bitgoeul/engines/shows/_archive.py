"""Reading archives and JSON that a stranger wrote, within limits."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from math import isfinite
from typing import Any

from ._problems import Problem, ShowInvalid

LARGEST = 512 << 20
"""Bytes of a file that are looked at."""
UNPACKED = 1 << 30
"""Bytes that an archive may unpack to."""
ENTRIES = 30_000
METRES = 10_000.0
"""How far from the origin a drone may be, in any direction."""
HOURS = 24


class Archive:
    """A zip in memory, of which no more is unpacked than allowed.  Raises: ShowInvalid."""

    def __init__(self, packed: bytes) -> None:
        if len(packed) > LARGEST:
            raise ShowInvalid(Problem("file-too-large", facts={"bytes": len(packed)}))
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(packed))
            entries = self._zip.infolist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, LookupError) as problem:
            raise ShowInvalid(Problem("archive-unreadable", facts={"why": str(problem)[:200]})) from None
        if len(entries) > ENTRIES:
            raise ShowInvalid(Problem("archive-too-many-entries", facts={"entries": len(entries)}))
        names = [entry.filename for entry in entries]
        if len(set(names)) < len(names):
            raise ShowInvalid(Problem("archive-entry-twice"))
        self.names = [name for name in names if not name.endswith("/")]
        self._left = UNPACKED

    def read(self, name: str) -> bytes:
        """Return the content of an entry."""
        stated = self._zip.NameToInfo.get(name)
        if stated is not None and stated.file_size > self._left:  # refused without being unpacked
            raise _too_large(name)
        try:
            with self._zip.open(name) as entry:
                content = entry.read(self._left + 1)
        except KeyError:
            raise ShowInvalid(Problem("archive-entry-missing", name[:200])) from None
        except (
            zipfile.BadZipFile,
            zlib.error,
            NotImplementedError,
            RuntimeError,
            EOFError,
            OSError,
            ValueError,
        ) as problem:
            raise ShowInvalid(
                Problem("archive-unreadable", name[:200], {"why": str(problem)[:200]})
            ) from None
        self._left -= len(content)
        if self._left < 0:
            raise _too_large(name)
        return content


def _too_large(name: str) -> ShowInvalid:
    return ShowInvalid(Problem("archive-too-large", name[:200], {"bytes": UNPACKED}))


def parsed(text: bytes, where: str) -> Any:
    """Read JSON without the numbers that are none.  Raises: ShowInvalid."""
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as problem:
        raise ShowInvalid(Problem("json-unreadable", where, {"why": str(problem)[:200]})) from None


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def number(value: Any, where: str) -> float:
    """Return a finite number.  Raises: ShowInvalid."""
    if type(value) not in (int, float):
        raise ShowInvalid(Problem("number-expected", where))
    try:
        if isfinite(value):
            return float(value)
    except OverflowError:
        pass
    raise ShowInvalid(Problem("number-not-finite", where))


def coordinate(value: Any, where: str) -> float:
    """Return a coordinate in metres.  Raises: ShowInvalid."""
    if abs(metres := number(value, where)) > METRES:
        raise ShowInvalid(Problem("coordinate-too-far", where, {"metres": metres}))
    return metres


def milliseconds(seconds: Any, where: str) -> int:
    """Return a show time in whole milliseconds.  Raises: ShowInvalid."""
    if not 0 <= (value := number(seconds, where)) <= HOURS * 3600:
        raise ShowInvalid(Problem("time-impossible", where, {"seconds": value}))
    return round(value * 1000)
