"""From a storyboard to a show: take-off, scenes with the transitions between them, landing, on one grid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import numpy as np

from ._abort import reordered
from ._area import Area
from ._curves import Curves, Floats, Ints
from ._ground import LOWEST_M, check_pads, landing, take_off
from ._limits import Limits, Site
from ._pairs import conflicts
from ._problems import Problem, ShowInvalid
from ._snapped import grid_for, on_grid, peaks, snapped
from ._timelaw import TICK_MS
from ._transition import Transition, transition

Proof = Callable[[Curves, Limits, Site], Any]
Progress = Callable[[float, str], None]
"""Told how much is done, from 0 to 1, and the name of the scene that is next."""


@dataclass(frozen=True, eq=False)
class Scene:
    """A formation, moving or not.

    ``points``: shape (N, 3), one per drone, metres; held for ``hold_ms``.  ``motion``: shape (K, N, 4, 3),
    Bezier
    controls in metres of a moving formation that begins at ``points`` and at rest; its segments end at
    ``motion_ms`` (K,), and the hold follows.
    """

    name: str
    points: Floats
    hold_ms: int = 0
    motion_ms: Ints | None = None
    motion: Floats | None = None

    def __post_init__(self) -> None:
        if (self.motion is None) != (self.motion_ms is None):
            raise ValueError("a motion has segments and times")
        if self.motion is not None and self.motion_ms is not None:
            if self.motion.shape != (len(self.motion_ms), len(self.points), 4, 3):
                raise ValueError("motion has shape (K, N, 4, 3)")
            if not np.allclose(self.motion[0, :, 0], self.points, atol=1e-6):
                raise ValueError("a motion begins at the points of its scene")

    @property
    def last(self) -> Floats:
        """Where the formation's points are at its end, (N, 3)."""
        return self.points if self.motion is None else np.asarray(self.motion[-1, :, 3])


@dataclass(frozen=True, eq=False, kw_only=True)
class Storyboard:
    """What a show is made of.  ``pads``: shape (N, 3); ``names`` of the drones, numbers where none are given.

    ``land_home``: whether each drone lands where it rose, rather than on the pad that is best for all.
    """

    pads: Floats
    scenes: Sequence[Scene]
    limits: Limits = field(default_factory=Limits)
    site: Site = field(default_factory=Site)
    names: Sequence[str] = ()
    lowest_m: float = LOWEST_M
    land_home: bool = False


@dataclass(frozen=True, eq=False)
class Played:
    """A scene in the show: from when to when it stands or moves, and ``slots`` (N,): drone i shows point
    slots[i]."""

    name: str
    begins_ms: int
    ends_ms: int
    slots: Ints


@dataclass(frozen=True, eq=False)
class CompiledShow:
    """A show ready for proof and export.

    ``segments``: the begin and end of ``takeoff``, ``show`` and ``landing`` in ms.  ``transitions``: one
    before
    each scene, and one to the landing.  ``landing_pads`` (N,): where each drone lands.  ``certificate``:
    what the
    caller's proof answered.
    """

    curves: Curves
    segments: dict[str, tuple[int, int]]
    scenes: tuple[Played, ...]
    transitions: tuple[Transition, ...]
    landing_pads: Ints
    certificate: Any = None


def compile_show(
    board: Storyboard, *, prove: Proof | None = None, progress: Progress | None = None
) -> CompiledShow:
    """Plan a whole show.  The same storyboard gives the same show.

    Raises: ShowInvalid when there is no scene, when a scene has not one point per drone, and for everything
    that
    take-off, transitions, moving scenes and landing refuse.
    """
    tell = progress or (lambda _share, _name: None)
    drones, steps = len(board.pads), len(board.scenes) + 2
    names = tuple(board.names) or tuple(str(n + 1) for n in range(drones))
    _check(board, names)
    per_metre = grid_for(_reach(board))
    tell(0.0, "takeoff")
    up = take_off(
        board.pads, board.limits, board.site, per_metre=per_metre, lowest_m=board.lowest_m, names=names
    )
    parts, flights, played = [up.curves], [], []
    here, slots, now = up.points, np.arange(drones), up.curves.duration_ms
    for number, scene in enumerate(board.scenes, 1):
        tell(number / steps, scene.name)
        flight = _scene_flight(here, scene.points, board, per_metre, names, scene.name)
        slots = flight.mapping
        flights.append(flight)
        parts.append(flight.curves)
        begins = now + flight.curves.duration_ms
        now = begins
        for part in _scene(scene, slots, board, per_metre):
            parts.append(part)
            now += part.duration_ms
        played.append(Played(scene.name, begins, now, slots))
        here = on_grid(scene.last[slots], per_metre) / per_metre
    tell((steps - 1) / steps, "landing")
    down = landing(
        board.pads, board.limits, board.site, per_metre=per_metre, lowest_m=board.lowest_m, names=names
    )
    home = np.arange(drones) if board.land_home else None
    back = _scene_flight(here, down.points, board, per_metre, names, "landing", home)
    parts += [back.curves, reordered(down.curves, back.mapping)]
    curves = Curves.after_another(parts)
    takeoff, land = up.curves.duration_ms, curves.duration_ms - down.curves.duration_ms
    segments = {"takeoff": (0, takeoff), "show": (takeoff, land), "landing": (land, curves.duration_ms)}
    certificate = prove(curves, board.limits, board.site) if prove else None
    tell(1.0, "")
    return CompiledShow(curves, segments, tuple(played), (*flights, back), back.mapping, certificate)


def _check(board: Storyboard, names: Sequence[str]) -> None:
    drones = len(board.pads)
    problems = [] if board.scenes else [Problem("show-without-scene")]
    if len(names) != drones or len(set(names)) != drones:
        problems.append(Problem("names-not-one-per-drone", facts={"names": len(names), "drones": drones}))
    problems += [
        Problem("points-not-one-per-drone", scene.name, {"points": len(scene.points), "drones": drones})
        for scene in board.scenes
        if len(scene.points) != drones
    ]
    problems += [Problem("hold-negative", scene.name) for scene in board.scenes if scene.hold_ms < 0]
    if problems:
        raise ShowInvalid(problems)
    check_pads(board.pads, board.limits, board.site, names)


def _reach(board: Storyboard) -> float:
    """How far from the origin drones may get, with room for detours, layers above the pads and landing
    aside."""
    everything = [board.pads, *(scene.points for scene in board.scenes)]
    everything += [scene.motion.reshape(-1, 3) for scene in board.scenes if scene.motion is not None]
    far = max(float(np.abs(points).max(initial=0)) for points in everything)
    return max(far, board.lowest_m) + 2 * board.limits.distance_m


def _scene_flight(  # noqa: PLR0917
    starts: Floats, goals: Floats, board: Storyboard, per_metre: int, names: Sequence[str], name: str,
    pairing: Ints | None = None,
) -> Transition:  # fmt: skip
    """Fly to a scene; what is refused is told with the scene's name."""
    try:
        return transition(
            starts, goals, board.limits, board.site, per_metre=per_metre, pairing=pairing, names=names
        )
    except ShowInvalid as refused:
        raise ShowInvalid(
            [Problem(p.code, p.where, {"scene": name, **p.facts}) for p in refused.problems]
        ) from None


def _scene(scene: Scene, slots: Ints, board: Storyboard, per_metre: int) -> list[Curves]:
    """The parts of a scene itself: its motion, and its hold."""
    parts = []
    if scene.motion is not None and scene.motion_ms is not None:
        controls = snapped(scene.motion[:, slots], per_metre)
        controls[0, :, 0] = on_grid(scene.points[slots], per_metre)
        moving = Curves.together(per_metre, scene.motion_ms, controls)
        if problems := _motion_problems(moving, scene.name, board):
            raise ShowInvalid(problems)
        parts.append(moving)
    if hold := ceil(scene.hold_ms / TICK_MS) * TICK_MS:
        place = on_grid(scene.last[slots], per_metre)
        still = np.broadcast_to(place[None, :, None], (1, len(place), 4, 3))
        parts.append(Curves.together(per_metre, np.array([hold]), still))
    return parts


def _motion_problems(moving: Curves, name: str, board: Storyboard) -> list[Problem]:
    """Why a moving formation cannot be flown: too fast, too close, too low or high, outside, or not from
    rest."""
    limits, metres = board.limits, moving.metres()
    problems = [
        Problem("motion-too-fast", name, {"limit": limit, "factor": factor})
        for limit, factor in peaks(moving).over(limits).items()
    ]
    seconds = (moving.ends_ms - moving.begins_ms) / 1000
    first, last = moving.first[:-1], moving.first[1:] - 1
    opens = 3 * (metres[first, 1] - metres[first, 0]) / seconds[first, None]
    closes = 3 * (metres[last, 3] - metres[last, 2]) / seconds[last, None]
    resting = limits.acceleration * 0.05
    if np.sqrt((opens**2).sum(axis=1)).max() > resting or np.sqrt((closes**2).sum(axis=1)).max() > resting:
        problems.append(Problem("motion-not-from-rest-to-rest", name))
    if metres[..., 2].min() < limits.navigation_m:
        problems.append(Problem("motion-below-navigation", name, {"z": float(metres[..., 2].min())}))
    if metres[..., 2].max() > limits.altitude_m:
        problems.append(Problem("motion-above-altitude", name, {"z": float(metres[..., 2].max())}))
    if len(Area(board.site).leaving(moving)):
        problems.append(Problem("motion-leaves-area", name))
    close = conflicts(moving, limits, _near_in_motion(metres.reshape(moving.drones, -1, 4, 3), limits))
    problems += [Problem("motion-too-close", name, {"points": [int(i), int(j)]}) for i, j in close[:100]]
    return problems


def _near_in_motion(controls: Floats, limits: Limits) -> Ints:
    """Pairs that could come too close: of each segment, those whose boxes of controls are near."""
    from scipy.spatial import cKDTree

    found: list[Ints] = [np.empty((0, 2), np.int64)]
    for piece in (controls * np.array([1, 1, 1 / limits.downwash])).transpose(1, 0, 2, 3):
        middle = (piece.min(axis=1) + piece.max(axis=1)) / 2
        spread = float(np.sqrt(((piece.max(axis=1) - middle) ** 2).sum(axis=1)).max())
        found.append(cKDTree(middle).query_pairs(limits.distance_m + 2 * spread, output_type="ndarray"))
    return np.unique(np.concatenate(found).astype(np.int64), axis=0)
