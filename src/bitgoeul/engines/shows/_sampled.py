"""Files of samples: a zip of one CSV per drone, and VVIZ.  They show a show; `.skyc` or `.skyb` flies.

Between samples a drone that is read flies straight, which is what such files say of it.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from ._archive import Archive, coordinate, milliseconds, number, parsed
from ._bytecode import LONGEST, STEP_MS, Samples, all_encoded, decoded
from ._paths import Path, fleet
from ._problems import Problem, ShowInvalid
from ._show import Show

Track = list[tuple[int, tuple[int, ...]]]
"""Moments in ms and the colours that are reached then."""
DRONES = 50_000
SAMPLES = 5_000_000
"""Samples that are read from one file."""
COLUMNS = ("Time [msec]", "x [m]", "y [m]", "z [m]", "Red", "Green", "Blue")
POSITION_RATE, COLOUR_RATE = 5, 10
"""Samples a second of what is written as VVIZ."""


def to_csv(show: Show, rate: int = 10) -> bytes:
    """Write a zip of one CSV per drone: ms, x, y, z in m, red, green, blue; ``rate`` rows a second."""
    moments = _moments(show, rate)
    colours, spots = _colours(show, moments), _spots(show, moments)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for drone in range(show.curves.drones):
            text = io.StringIO()
            rows = csv.writer(text, lineterminator="\r\n")
            rows.writerow(COLUMNS)
            for at, spot, colour in zip(
                moments.tolist(), spots[drone].tolist(), colours[drone].tolist(), strict=True
            ):
                rows.writerow([at, *spot, *colour])
            entry = zipfile.ZipInfo(f"{drone + 1:05d}.csv", (1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, text.getvalue(), zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def from_csv(packed: bytes) -> Show:
    """Read a zip of one CSV per drone; colours may be missing, times are in ms.  Raises: ShowInvalid."""
    archive = Archive(packed)
    names = sorted(name for name in archive.names if name.lower().endswith(".csv"))
    paths, tracks, left = [], [], SAMPLES
    for name in names:
        path, track = Path(name[:200]), []
        for at, spot, colour in _rows(archive.read(name), name[:200]):
            left -= 1
            if left < 0:
                raise ShowInvalid(Problem("samples-too-many", name[:200]))
            _go(path, at, spot)
            track.append((at, colour))
        if not track:
            raise ShowInvalid(Problem("path-empty", name[:200]))
        paths.append(path)
        tracks.append(track)
    called = tuple(PurePosixPath(name).stem[:200] for name in names)
    return Show(
        title="",
        curves=fleet(paths),
        names=called if len(set(called)) == len(called) else (),
        lights=_programs(tracks),
    )


def _rows(content: bytes, where: str) -> Iterable[tuple[int, list[float], tuple[int, ...]]]:
    """Yield (ms, [x, y, z], colour) of each row below the heading."""
    try:
        text = content.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline="")))[1:]
        found = [[float(value) for value in row] for row in rows if row]
    except (csv.Error, UnicodeDecodeError, ValueError) as problem:
        raise ShowInvalid(Problem("csv-unreadable", where, {"why": str(problem)[:200]})) from None
    for row in found:
        if len(row) not in (4, 7):
            raise ShowInvalid(Problem("csv-columns", where, {"columns": len(row)}))
        at = milliseconds(number(row[0], where) / 1000, where)
        yield (
            at,
            [coordinate(x, where) for x in row[1:4]],
            tuple(_channel(c, where) for c in row[4:] or (0, 0, 0)),
        )


def to_vviz(show: Show) -> bytes:
    """Write VVIZ, for tools that draw shows: x to the right, y up, z towards the audience.

    The first sample of a path is where the drone is at the beginning.
    """
    moments = _moments(show, POSITION_RATE)
    # From our x right, y away, z up.
    spots = np.round(_spots(show, moments)[:, :, [0, 2, 1]] * [1, 1, -1], 6) + 0.0
    steps = np.diff(spots, axis=1, prepend=spots[:, :1])
    colours = _colours(show, _moments(show, COLOUR_RATE))
    seconds = np.diff(moments, prepend=0) / 1000
    performances = [
        {
            "id": drone,
            "agentDescription": {
                "homeX": spots[drone, 0, 0], "homeY": spots[drone, 0, 1], "homeZ": spots[drone, 0, 2],
                "agentTraversal": [
                    {"dt": dt, "dx": round(x, 6), "dy": round(y, 6), "dz": round(z, 6)}
                    for dt, (x, y, z) in zip(seconds.tolist(), steps[drone].tolist(), strict=True)
                ],
            },
            "payloadDescription": [
                {"id": 0, "type": "Light", "payloadActions": [
                    {"r": r, "g": g, "b": b, "frames": 1} for r, g, b in colours[drone].tolist()
                ]}
            ],
        }
        for drone in range(show.curves.drones)
    ]  # fmt: skip
    data = {
        "version": "1.0", "performanceName": show.title, "coordinateFrame": "ogl",
        "defaultPositionRate": float(POSITION_RATE), "defaultColorRate": float(COLOUR_RATE),
        "timeOffsetSecs": 0.0, "performances": performances,
    }  # fmt: skip
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def from_vviz(content: bytes) -> Show:
    """Read VVIZ.  Raises: ShowInvalid."""
    data = parsed(content, "vviz")
    try:
        rates = [number(data[name], name) for name in ("defaultPositionRate", "defaultColorRate")]
        if min(rates) <= 0.001 or len(data["performances"]) > DRONES:
            raise ShowInvalid(Problem("vviz-impossible"))
        flown = [
            _performance(drone, *rates, where=f"drone {k}") for k, drone in enumerate(data["performances"], 1)
        ]
        title = str(data.get("performanceName", ""))[:200].encode(errors="replace").decode()
    except (AttributeError, LookupError, TypeError, ValueError, OverflowError) as problem:
        if isinstance(problem, ShowInvalid):
            raise
        raise ShowInvalid(Problem("vviz-unreadable", facts={"why": type(problem).__name__})) from None
    return Show(
        title=title,
        curves=fleet([path for path, _ in flown]),
        lights=_programs([track for _, track in flown]),
    )


def _performance(drone: Any, position_rate: float, colour_rate: float, *, where: str) -> tuple[Path, Track]:
    described, path = drone["agentDescription"], Path(where)
    x, y, z = (coordinate(described[name], where) for name in ("homeX", "homeY", "homeZ"))
    now = 0.0
    _go(path, 0, [x, -z, y])
    for k, sample in enumerate(described["agentTraversal"]):
        x, y, z = (at + number(sample[name], where) for at, name in ((x, "dx"), (y, "dy"), (z, "dz")))
        if k:
            now += number(sample.get("dt", 1 / position_rate), where)
            _go(path, milliseconds(now, where), [coordinate(v, where) for v in (x, -z, y)])
    track: Track = []
    frames = 0
    for payload in drone.get("payloadDescription", []):
        for action in payload.get("payloadActions", []) if payload.get("type") == "Light" else []:
            frames += int(number(action.get("frames", 1), where))
            at = milliseconds(frames / colour_rate, where)
            track.append((at, tuple(_channel(number(action[name], where), where) for name in "rgb")))
    return path, track


def _go(path: Path, at_ms: int, spot: list[float]) -> None:
    """Fly straight to a spot; the first one is where the drone stands until then."""
    there = np.array(spot)
    if not path.started:
        path.stand(at_ms, there)
        path.begins(there)
    else:
        path.go(at_ms, there)


def _channel(value: float, where: str) -> int:
    if not 0 <= value <= 255:
        raise ShowInvalid(Problem("colour-impossible", where))
    return round(value)


def _programs(tracks: Sequence[Track]) -> tuple[bytes, ...]:
    """Write the programs of colours, each of which is reached at its moment and stays until the next."""
    return tuple(all_encoded(_stepped(track) for track in tracks))


def _stepped(track: Track) -> Samples:
    steps = min(track[-1][0] // STEP_MS + 1, LONGEST) if track else 0
    samples = np.zeros((steps, 3), np.uint8)
    for (at, colour), (until, _) in pairwise([*track, (steps * STEP_MS, ())]):
        samples[at // STEP_MS : max(until // STEP_MS, at // STEP_MS + 1)] = colour
    return samples


def _moments(show: Show, rate: int) -> Any:
    """Moments of samples in ms, the first at zero and the last at the end."""
    even = np.arange(0, show.curves.duration_ms, 1000 / rate)
    return np.append(np.round(even), show.curves.duration_ms).astype(np.int64)


def _spots(show: Show, moments: Any) -> Any:
    spots = np.stack([show.curves.at(moment) for moment in moments.tolist()], axis=1)
    return np.round(spots, 6) + 0.0


def _colours(show: Show, moments: Any) -> Samples:
    """Shape (N, T, 3): the colours at moments; drones without lights are dark."""
    steps = -(-show.curves.duration_ms // STEP_MS)
    at = np.minimum(moments // STEP_MS, steps - 1)
    dark = np.zeros((len(moments), 3), np.uint8)
    return np.stack([
        decoded(show.lights[drone], steps)[at] if show.lights else dark for drone in range(show.curves.drones)
    ])  # fmt: skip
