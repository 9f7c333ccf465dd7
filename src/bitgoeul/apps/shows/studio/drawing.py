"""From the words of a storyboard to figures of the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bitgoeul.engines.shows import Formation, Limits, Problem, ShowInvalid, Site, formations
from bitgoeul.engines.shows.formations import Placed, Placing

Scene = Mapping[str, Any]


@dataclass(frozen=True)
class Material:
    """What scenes are drawn with: files by name, the font of the hub, the fleet and its limits."""

    files: Mapping[str, bytes]
    font: bytes
    drones: int
    seed: int
    limits: Limits

    def file(self, name: str) -> bytes:
        """Raises: ShowInvalid: asset-missing."""
        if name not in self.files:
            raise ShowInvalid(Problem("asset-missing", "", {"name": name}))
        return self.files[name]


def in_scene(refused: ShowInvalid, number: int) -> ShowInvalid:
    """The same refusal, told of a scene; ``number`` counts from 1."""
    return ShowInvalid(
        [
            Problem(problem.code, f"scenes.{number}", {"at": problem.where} | dict(problem.facts))
            for problem in refused.problems
        ]
    )


def limits_of(story: Mapping[str, Any]) -> Limits:
    return Limits.of(dict(story.get("limits", {})))


def site_of(story: Mapping[str, Any]) -> Site:
    """The area of a storyboard.  Raises: ShowInvalid."""
    given = story.get("site", {})

    def ring(corners: Any) -> tuple[tuple[float, float], ...]:
        return tuple((float(x), float(y)) for x, y in corners)

    origin = given.get("origin")
    return Site(
        fence=ring(given.get("fence", [])),
        holes=tuple(ring(hole) for hole in given.get("holes", [])),
        audience=tuple(ring(area) for area in given.get("audience", []) if area),
        audience_distance_m=float(given.get("audience_distance_m", 50)),
        origin=None if origin is None else (float(origin[0]), float(origin[1]), float(origin[2])),
        orientation_deg=float(given.get("orientation_deg", 90)),
    )


def colour_of(text: str) -> tuple[int, int, int]:
    """``#ffb547`` as red, green, blue."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def placing_of(part: Mapping[str, Any], material: Material) -> Placing:
    return Placing(
        drones=min(int(part.get("uses", material.drones)), material.drones),
        limits=material.limits,
        size_m=part.get("size_m"),
        centre=(float(part.get("x", 0)), float(part.get("y", 60))),
        lowest_z=float(part.get("lowest_z", 25)),
        colour=colour_of(part.get("colour", "#ffb547")),
        seed=material.seed,
    )


def drawn(scene: Scene, material: Material) -> Placed:
    """The figure of a scene, one point per drone; drones left over wait in the dark.  Raises: ShowInvalid."""
    part = scene["formation"]
    if part["kind"] == "points":
        placed = formations.point_file(material.file(part["asset"]), material.limits)
    else:
        placing = placing_of(part, material)
        placed = _turned(_figure(part, placing, material), float(part.get("turn_deg", 0)))
    if len(placed.formation.points) == material.drones:
        return placed
    whole = formations.with_spares(placed.formation, material.drones, material.limits)
    return Placed(whole, placed.size_m, placed.closest_m)


def _figure(part: Mapping[str, Any], placing: Placing, material: Material) -> Placed:
    style = part.get("style", "outline")
    match part["kind"]:
        case "text":
            return formations.text(part["text"], material.font, placing, style=style)
        case "svg":
            return formations.svg(material.file(part["asset"]), placing, style=style)
        case "raster":
            return formations.raster(material.file(part["asset"]), placing, style=style)
        case "mesh":
            kind = part["asset"].rpartition(".")[2].lower()
            return formations.mesh(material.file(part["asset"]), kind, placing)
        case kind:
            return _solid(kind, part, placing)


def _solid(kind: str, part: Mapping[str, Any], placing: Placing) -> Placed:
    match kind:
        case "helix":
            return formations.helix(placing, turns=float(part.get("turns", 4)))
        case "wave":
            waves, height = float(part.get("waves", 2)), float(part.get("height", 0.15))
            return formations.wave(placing, waves=waves, height=height)
        case "sphere" | "ring" | "grid" | "cube" | "cone" | "plane":
            made: Placed = getattr(formations, kind)(placing)
            return made
    raise ShowInvalid(Problem("formation-unknown", "formation.kind", {"kind": kind}))


def _turned(placed: Placed, degrees: float) -> Placed:
    """Turn a figure around the vertical through its middle; distances stay as they are."""
    if not degrees % 360:
        return placed
    points = placed.formation.points
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    turned = (points - middle) @ turn.T + middle
    formation = Formation(turned, placed.formation.colours, placed.formation.lit)
    return Placed(formation, placed.size_m, placed.closest_m)


def moved(scene: Scene, formation: Formation, limits: Limits) -> formations.Moving | None:
    """The motion of a scene while it is held, if it has one.  Raises: ShowInvalid."""
    part = scene.get("motion") or {"kind": "none"}
    seconds = float(scene["hold_s"])
    if part["kind"] == "none" or seconds <= 0:
        return None
    return formations.moving(formation, [_motion(part, seconds)], seconds, limits)


def _motion(part: Mapping[str, Any], seconds: float) -> formations.Motion:
    match part["kind"]:
        case "turn":
            return formations.Rotate(turns=float(part.get("degrees", 360)) / 360)
        case "pulse":
            return formations.Pulse(factor=float(part.get("factor", 1.2)), beats=int(part.get("times", 1)))
        case "flag":
            period = float(part.get("period_s", 8))
            return formations.Waving(
                amplitude_m=float(part.get("height_m", 4)),
                waves=float(part.get("waves", 1.5)),
                beats=max(seconds / period, 0.5),
            )
        case "move":
            by = tuple(float(part.get(name, default)) for name, default in (("dx", 0), ("dy", 0), ("dz", 10)))
            return formations.Translate(by=(by[0], by[1], by[2]))
    raise ShowInvalid(Problem("motion-unknown", "motion.kind", {"kind": part["kind"]}))
