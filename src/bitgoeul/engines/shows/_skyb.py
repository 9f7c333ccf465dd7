"""`.skyb`: one file per drone, as drones store it.  16-bit whole numbers on a grid of some millimetres."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Sequence
from math import ceil

import numpy as np

from ._certificate import Certificate
from ._curves import CANONICAL, Curves, Ints
from ._paths import Path, fleet
from ._problems import Problem, ShowInvalid
from ._show import Show, certified

MAGIC, VERSION, CHECKED = b"skyb", 2, 1
LONGEST_MS = 60_000
"""Segments that last longer are refused by some readers."""
MOST_BYTES = 65_535
MOST_DRONES = 50_000
UNITS_PER_MM = CANONICAL // 1000
COMMENT = "bitgoeul-skyb-1"
_TRAJECTORY, _LIGHTS, _COMMENT = 1, 2, 3
_CUBIC = 2


def to_skyb(show: Show, certificate: Certificate | None) -> list[bytes]:
    """Write one file for each drone.  What they hold is the paths bit by bit, so the certificate is about it.

    Only holds can be cut into parts; what moves must not last longer than :data:`LONGEST_MS`.

    Raises: ShowInvalid when the grid of the paths is finer than the format holds, when the paths reach too
    far for it, when a segment or a block lasts too long, or when the certificate is not about this show.
    """
    if certificate is not None:
        certified(show, certificate)
    scale = scale_mm(show.curves)
    return [_file(show, drone, scale) for drone in range(show.curves.drones)]


def scale_mm(curves: Curves) -> int:
    """Return the finest grid in mm that holds all paths exactly.  Raises: ShowInvalid."""
    units = curves.controls * (CANONICAL // curves.per_metre)
    step = int(np.gcd.reduce(np.append(np.unique(units), 0)))
    reach = int(np.abs(units).max(initial=0))
    if step % UNITS_PER_MM:
        raise ShowInvalid(Problem("grid-too-fine", "skyb", {"units_per_metre": curves.per_metre}))
    least = max(1, ceil(reach / (32_767 * UNITS_PER_MM)))
    fitting = [scale for scale in range(least, 128) if step % (scale * UNITS_PER_MM) == 0]
    if not fitting:
        raise ShowInvalid(Problem("reach-too-far", "skyb", {"metres": reach / CANONICAL}))
    return fitting[0]


def _file(show: Show, drone: int, scale: int) -> bytes:
    trajectory, joined = _trajectory(show.curves, drone, scale)
    # Other readers show this as text; ours learns from it which parts were one hold.
    comment = {"format": COMMENT, "name": show.name(drone)[:200], "joined": joined}
    blocks = [(_TRAJECTORY, trajectory), (_COMMENT, json.dumps(comment, ensure_ascii=False).encode())]
    if show.lights:
        blocks.insert(1, (_LIGHTS, show.lights[drone]))
    for kind, body in blocks:
        if len(body) > MOST_BYTES:
            raise ShowInvalid(Problem("block-too-long", show.name(drone), {"kind": kind, "bytes": len(body)}))
    body = b"".join(struct.pack("<BH", kind, len(content)) + content for kind, content in blocks)
    head = MAGIC + bytes([VERSION, CHECKED])
    return head + struct.pack("<I", _sum(head + bytes(4) + body)) + body


def _sum(content: bytes) -> int:
    """CRC-32 that starts at zero and is not turned round at the end."""
    return zlib.crc32(content, 0xFFFFFFFF) ^ 0xFFFFFFFF


def _trajectory(curves: Curves, drone: int, scale: int) -> tuple[bytes, list[int]]:
    """Return the block of a path, and the numbers of its segments that go on in the next."""
    part = slice(int(curves.first[drone]), int(curves.first[drone + 1]))
    controls = curves.controls[part] * (CANONICAL // curves.per_metre) // (scale * UNITS_PER_MM)
    lasts = (curves.ends_ms - curves.begins_ms)[part]
    out = bytearray(bytes([scale]) + struct.pack("<4h", *controls[0, 0].tolist(), 0))
    joined, written = [], 0
    for points, lasting in zip(controls, lasts.tolist(), strict=True):
        moves = (points != points[0]).any(axis=0)
        if lasting > LONGEST_MS and moves.any():
            raise ShowInvalid(Problem("segment-too-long", "skyb", {"drone": drone, "ms": lasting}))
        parts = -(-lasting // LONGEST_MS)
        for _ in range(parts - 1):
            out += struct.pack("<BH", 0, LONGEST_MS)
            joined.append(written)
            written += 1
        head = sum(_CUBIC << 2 * axis for axis in range(3) if moves[axis])
        out += struct.pack("<BH", head, lasting - (parts - 1) * LONGEST_MS)
        written += 1
        for axis in range(3):
            if moves[axis]:
                out += struct.pack("<3h", *points[1:, axis].tolist())
    return bytes(out), joined


def from_skyb(files: Sequence[bytes]) -> Show:
    """Read a show from the files of its drones.  Raises: ShowInvalid."""
    if len(files) > MOST_DRONES:
        raise ShowInvalid(Problem("drones-too-many", facts={"drones": len(files)}))
    paths, lights, names = [], [], []
    for number, content in enumerate(files, 1):
        blocks = _blocks(content, f"drone {number}")
        if _TRAJECTORY not in blocks:
            raise ShowInvalid(Problem("path-empty", f"drone {number}"))
        name, joined = _comment(blocks.get(_COMMENT, b""))
        paths.append(_path(blocks[_TRAJECTORY], joined, f"drone {number}"))
        lights.append(blocks.get(_LIGHTS, b""))
        names.append(name)
    return Show(
        title="",
        curves=fleet(paths),
        names=tuple(names) if all(names) and len(set(names)) == len(names) else (),
        lights=tuple(program or b"\x00" for program in lights) if any(lights) else (),
    )


def _comment(body: bytes) -> tuple[str, set[int]]:
    """Return what one of our own files says about its drone; what others write there means nothing."""
    try:
        comment = json.loads(body)
        if comment["format"] != COMMENT:
            return "", set()
        return str(comment["name"])[:200].encode(errors="replace").decode(), {
            int(k) for k in comment["joined"]
        }
    except (LookupError, OverflowError, RecursionError, TypeError, ValueError):
        return "", set()


def _blocks(content: bytes, where: str) -> dict[int, bytes]:
    """Return the first block of each kind."""
    if content[:4] != MAGIC or len(content) < 5 or content[4] not in (1, 2):
        raise ShowInvalid(Problem("skyb-unreadable", where))
    at = 5
    if content[4] == VERSION:
        at = 10 if len(content) > 5 and content[5] & CHECKED else 6
        if at == 10 and _sum(content[:6] + bytes(4) + content[10:]) != int.from_bytes(
            content[6:10], "little"
        ):
            raise ShowInvalid(Problem("checksum-wrong", where))
    blocks: dict[int, bytes] = {}
    while at < len(content):
        kind, length = _unpacked("<BH", content, at, where)
        if at + 3 + length > len(content):
            raise ShowInvalid(Problem("skyb-cut-short", where))
        blocks.setdefault(kind, content[at + 3 : at + 3 + length])
        at += 3 + length
    return blocks


def _unpacked(form: str, content: bytes, at: int, where: str) -> tuple[int, ...]:
    try:
        return struct.unpack_from(form, content, at)
    except struct.error:
        raise ShowInvalid(Problem("skyb-cut-short", where)) from None


def _path(body: bytes, joined: set[int], where: str) -> Path:
    scale, *spot, _ = _unpacked("<B4h", body, 0, where)
    unit = (scale & 127) * UNITS_PER_MM / CANONICAL
    if not unit:
        raise ShowInvalid(Problem("skyb-unreadable", where))
    path, at, now, number = Path(where), 9, 0, 0
    path.begins(np.array(spot) * unit)
    while at < len(body):
        head, lasting = _unpacked("<BH", body, at, where)
        at, now = at + 3, now + lasting
        points = np.empty((4, 3), np.int64)
        for axis in range(4):
            count = (0, 1, 3, 7)[head >> 2 * axis & 3]
            values = _unpacked(f"<{count}h", body, at, where)
            at += 2 * count
            if axis < 3:
                points[:, axis] = _cubic(spot[axis], values, where)
        spot = points[3].tolist()
        if number not in joined or head & 63:
            path.add(now, points.astype(float) * unit)
        number += 1
    path.stand(now, np.array(spot) * unit)
    return path


def _cubic(begin: int, values: tuple[int, ...], where: str) -> Ints:
    """Return the four control values of an axis that is constant or cubic."""
    if not values:
        return np.full(4, begin, np.int64)
    if len(values) == 3:
        return np.array([begin, *values], np.int64)
    raise ShowInvalid(Problem("curve-not-cubic", where, {"controls": len(values)}))
