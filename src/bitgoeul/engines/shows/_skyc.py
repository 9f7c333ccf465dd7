"""`.skyc`: the show file that open ground stations read.  A zip of JSON; metres, seconds, cubic curves."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from ._archive import Archive, coordinate, milliseconds, number, parsed
from ._certificate import Certificate, written
from ._curves import Curves
from ._limits import Limits, Site
from ._paths import Path, fleet
from ._problems import Problem, ShowInvalid
from ._show import PHASES, Music, Show, certified

MOST = 5000
"""Drones that a reader takes from one file."""
DRONES = 50_000
"""Drones that are read from the files of one show."""
DECIMALS = 8
"""Enough that every unit of a digest is read back from what is written."""

# The names that limits have in the file's settings for validation.
VALIDATION = {
    "maxAltitude": "altitude_m",
    "maxVelocityXY": "velocity_xy",
    "maxVelocityZ": "velocity_down",
    "maxVelocityZUp": "velocity_up",
    "minDistance": "distance_m",
    "maxAccelerationXY": "acceleration",
    "maxAccelerationZ": "acceleration",
    "minNavAltitude": "navigation_m",
}


def to_skyc(show: Show, certificate: Certificate | None) -> list[bytes]:
    """Write a show, split into several files when it has more drones than one may hold.

    With a certificate, which must hold and be about this show, each file carries it as ``certificate.json``;
    without one the files are a draft.  Equal shows give equal bytes.

    Raises: ShowInvalid for a certificate that does not hold, or is about another show or other limits.
    """
    if certificate is not None:
        certified(show, certificate)
    drones = show.curves.drones
    parts = [range(begin, min(begin + MOST, drones)) for begin in range(0, drones, MOST)]
    return [_written(show, part, certificate) for part in parts]


def _written(show: Show, part: range, certificate: Certificate | None) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:

        def put(name: str, content: bytes) -> None:
            # A fixed moment, so that writing again gives the same bytes.
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)

        put("show.json", _json(_show(show, part)))
        for drone in part:
            put(f"drones/{drone + 1}/trajectory.json", _json(_trajectory(show.curves, drone)))
            if show.lights:
                lights = {"version": 1, "data": base64.b64encode(show.lights[drone]).decode()}
                put(f"drones/{drone + 1}/lights.json", _json(lights))
        if show.music is not None:
            put("music", show.music.sound)
        if certificate is not None:
            put("certificate.json", written(certificate).encode())
    return packed.getvalue()


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _show(show: Show, part: range) -> dict[str, Any]:
    data: dict[str, Any] = {
        "version": 1,
        "environment": _environment(show.site),
        "meta": {
            "title": show.title,
            "segments": {
                name: [show.phases[name][0] / 1000, show.phases[name][1] / 1000]
                for name in PHASES
                if name in show.phases
            },
        },
        "settings": {
            "cues": {"version": 1, "items": [{"name": name, "time": at / 1000} for at, name in show.cues]},
            "validation": {name: float(getattr(show.limits, ours)) for name, ours in VALIDATION.items()},
        },
        "swarm": {"drones": [_drone(show, drone) for drone in part]},
    }
    if show.site.fence:
        polygons = [(show.site.fence, True), *((hole, False) for hole in show.site.holes)]
        data["settings"]["geofence"] = {
            "version": 1,
            "polygons": [
                {"isInclusion": inclusion, "points": [[float(x), float(y), 0.0] for x, y in ring]}
                for ring, inclusion in polygons
            ],
            "action": "land",
        }
    if show.music is not None:
        data["media"] = {
            "audio": {
                "data": {"$ref": "./music"},
                "mediaType": show.music.media_type,
                "filename": show.music.filename,
                "startTime": show.music.starts_ms / 1000,
            }
        }
    return data


def _environment(site: Site) -> dict[str, Any]:
    environment: dict[str, Any] = {"type": "outdoor"}
    if site.origin is not None:
        latitude, longitude, height = site.origin
        environment["location"] = {
            "origin": [round(latitude * 1e7), round(longitude * 1e7), round(height * 1000)],
            "orientation": float(site.orientation_deg),
        }
    return environment


def _drone(show: Show, drone: int) -> dict[str, Any]:
    begin, end = show.curves.first[drone], show.curves.first[drone + 1]
    settings: dict[str, Any] = {
        "name": show.name(drone),
        "home": _metres(show.curves, show.curves.controls[begin, 0]),
        "landAt": _metres(show.curves, show.curves.controls[end - 1, 3]),
        "trajectory": {"$ref": f"./drones/{drone + 1}/trajectory.json#"},
    }
    if show.lights:
        settings["lights"] = {"$ref": f"./drones/{drone + 1}/lights.json#"}
    return {"type": "generic", "settings": settings}


def _metres(curves: Curves, units: Any) -> Any:
    return np.round(units / float(curves.per_metre), DECIMALS).tolist()


def _trajectory(curves: Curves, drone: int) -> dict[str, Any]:
    """Every segment becomes a point; a first one that stands still becomes the time to take-off."""
    part = slice(int(curves.first[drone]), int(curves.first[drone + 1]))
    controls, ends = curves.controls[part], curves.ends_ms[part].tolist()
    still = (controls == controls[:, :1]).all(axis=(1, 2)).tolist()
    metres = _metres(curves, controls)
    waits = still[0] and len(ends) > 1
    takeoff = ends[0] if waits else 0
    points = [[0, metres[0][0], []]]
    for k in range(1 if waits else 0, len(ends)):
        inner = [] if still[k] else metres[k][1:3]
        points.append([(ends[k] - takeoff) / 1000, metres[k][3], inner])
    return {"version": 1, "takeoffTime": takeoff / 1000, "points": points}


def from_skyc(files: Sequence[bytes]) -> Show:
    """Read a show from its file, or from the files it was split into, in their order.

    Coordinates are rounded to :data:`CANONICAL` units, times to milliseconds.  Raises: ShowInvalid for
    anything that is no such show; nothing is unpacked beyond the limits of archives.
    """
    if not files:
        raise ShowInvalid(Problem("no-drones"))
    parts = [_Reader(packed) for packed in files]
    drones = [drone for part in parts for drone in part.drones()]
    if len(drones) > DRONES:
        raise ShowInvalid(Problem("drones-too-many", facts={"drones": len(drones)}))
    first = parts[0]
    names = tuple(drone.name for drone in drones)
    return Show(
        title=first.title(),
        curves=fleet([drone.path for drone in drones]),
        limits=first.limits(),
        site=first.site(),
        names=names if all(names) else (),
        lights=_lights([drone.lights for drone in drones]),
        phases=first.phases(),
        cues=first.cues(),
        music=first.music(),
    )


def _lights(programs: list[bytes | None]) -> tuple[bytes, ...]:
    """Who has no program among others that have one stays dark: a program that ends at once."""
    if not any(programs):
        return ()
    return tuple(program or b"\x00" for program in programs)


@dataclass(frozen=True)
class _Drone:
    name: str
    path: Path
    lights: bytes | None


class _Reader:
    """One file: what its parts say, following references inside the archive."""

    def __init__(self, packed: bytes) -> None:
        self.archive = Archive(packed)
        self.show = _object(parsed(self.archive.read("show.json"), "show.json"), "show.json")
        if self.show.get("version") != 1:
            raise ShowInvalid(Problem("version-unknown", "show.json"))

    def part(self, parent: dict[str, Any], name: str, where: str) -> dict[str, Any]:
        """Return an object inside another, or the entry it refers to; an empty one where there is none."""
        value = _object(parent.get(name, {}), f"{where}.{name}")
        if "$ref" not in value:
            return value
        entry = self.entry(value, f"{where}.{name}")
        return _object(parsed(self.archive.read(entry), entry), entry)

    def entry(self, value: dict[str, Any], where: str) -> str:
        """Return the name of the entry that a reference leads to."""
        reference = value["$ref"]
        if not isinstance(reference, str) or "#" in reference[:-1]:
            raise ShowInvalid(Problem("reference-impossible", where))
        path = PurePosixPath(reference.removesuffix("#"))
        if path.is_absolute() or ".." in path.parts:
            raise ShowInvalid(Problem("reference-impossible", where))
        return str(path)

    def drones(self) -> list[_Drone]:
        listed = _list(self.part(self.show, "swarm", "show").get("drones"), "swarm.drones")
        if len(listed) > MOST:
            raise ShowInvalid(Problem("drones-too-many", facts={"drones": len(listed)}))
        return [self.drone(drone, f"swarm.drones.{number}") for number, drone in enumerate(listed, 1)]

    def drone(self, drone: Any, where: str) -> _Drone:
        settings = self.part(_object(drone, where), "settings", where)
        path = _path(self.part(settings, "trajectory", where), where)
        lights = self.part(settings, "lights", where).get("data")
        return _Drone(
            _text(settings.get("name", "")), path, None if lights is None else _bytes(lights, where)
        )

    def limits(self) -> Limits:
        """Return the limits that the file names, the others as they usually are."""
        settings = self.part(self.show, "settings", "show")
        validation = self.part(settings, "validation", "settings")
        stated: dict[str, float] = {}
        for name, ours in VALIDATION.items():
            if validation.get(name) is not None:
                value = number(validation[name], f"validation.{name}")
                stated[ours] = min(value, stated.get(ours, value))
        if "velocity_up" not in stated and "velocity_down" in stated:
            stated["velocity_up"] = stated["velocity_down"]
        return Limits.of(stated)

    def site(self) -> Site:
        settings = self.part(self.show, "settings", "show")
        fence = self.part(settings, "geofence", "settings")
        rings: dict[bool, list[Any]] = {True: [], False: []}
        for polygon in _list(fence.get("polygons", []), "geofence"):
            corners = _list(_object(polygon, "geofence").get("points"), "geofence")
            ring = tuple(tuple(_point(corner, "geofence")[:2]) for corner in corners)
            rings[bool(polygon.get("isInclusion", True))].append(ring)
        if len(rings[True]) > 1:
            raise ShowInvalid(Problem("fences-several", "geofence", {"fences": len(rings[True])}))
        location = self.part(self.part(self.show, "environment", "show"), "location", "environment")
        origin = None
        if location.get("origin") is not None:
            north, east, height = [
                number(v, "location") for v in [*_list(location["origin"], "location"), 0, 0][:3]
            ]
            origin = (north / 1e7, east / 1e7, height / 1000)
        return Site(
            fence=rings[True][0] if rings[True] else (),
            holes=tuple(rings[False]),
            origin=origin,
            orientation_deg=number(location.get("orientation", Site().orientation_deg), "location"),
        )

    def phases(self) -> dict[str, tuple[int, int]]:
        segments = self.part(self.part(self.show, "meta", "show"), "segments", "meta")
        found = {}
        for name in PHASES:
            if segments.get(name) is not None:
                times = [milliseconds(value, name) for value in _list(segments[name], name)]
                if len(times) != 2:
                    raise ShowInvalid(Problem("phase-impossible", name))
                found[name] = (times[0], times[1])
        return found

    def cues(self) -> tuple[tuple[int, str], ...]:
        items = self.part(self.part(self.show, "settings", "show"), "cues", "settings").get("items", [])
        cues = [_object(item, "cues") for item in _list(items, "cues")]
        return tuple((milliseconds(cue.get("time"), "cues"), _text(cue.get("name", ""))) for cue in cues)

    def music(self) -> Music | None:
        audio = self.part(self.part(self.show, "media", "show"), "audio", "media")
        data = audio.get("data")
        if data is None:
            return None
        sound = (
            self.archive.read(self.entry(data, "audio"))
            if isinstance(data, dict) and "$ref" in data
            else None
        )
        return Music(
            filename=_text(audio.get("filename", "")),
            media_type=_text(audio.get("mediaType", "audio/mpeg")),
            sound=_bytes(data, "audio") if sound is None else sound,
            starts_ms=milliseconds(audio.get("startTime", 0), "audio"),
        )

    def title(self) -> str:
        return _text(self.part(self.show, "meta", "show").get("title", ""))


def _path(trajectory: dict[str, Any], where: str) -> Path:
    """Read a trajectory: points with the controls of the segments that end there."""
    path = Path(where)
    takeoff = milliseconds(trajectory.get("takeoffTime", 0), where)
    points = _list(trajectory.get("points"), where)
    if not points:
        raise ShowInvalid(Problem("path-empty", where))
    spot: list[float] = []
    for point in points:
        if not isinstance(point, list) or not 2 <= len(point) <= 3:
            raise ShowInvalid(Problem("point-impossible", where))
        at, there = takeoff + milliseconds(point[0], where), _point(point[1], where)
        inner = [_point(control, where) for control in _list(point[2] if len(point) > 2 else [], where)]
        if not spot:
            path.stand(at, np.array(there))
            path.begins(np.array(there))
        elif len(inner) > 2:
            raise ShowInvalid(Problem("curve-not-cubic", where, {"controls": len(inner)}))
        else:
            path.add(at, np.array([spot, *inner, there]))
        spot = there
    return path


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ShowInvalid(Problem("object-expected", where[:200]))
    return value


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise ShowInvalid(Problem("list-expected", where[:200]))
    return value


def _point(value: Any, where: str) -> list[float]:
    if not isinstance(value, list) or len(value) != 3:
        raise ShowInvalid(Problem("point-impossible", where))
    return [coordinate(x, where) for x in value]


def _text(value: Any) -> str:
    return str(value)[:200].encode(errors="replace").decode()


def _bytes(value: Any, where: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, ValueError):
        raise ShowInvalid(Problem("base64-expected", where)) from None
