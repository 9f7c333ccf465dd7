"""A show as it is handed over: paths, lights and what belongs to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ._certificate import Certificate
from ._curves import Curves
from ._limits import Limits, Site
from ._problems import Problem, ShowInvalid

PHASES = ("takeoff", "show", "landing")


@dataclass(frozen=True, kw_only=True)
class Music:
    """What is played: a file, and the show time at which it starts."""

    filename: str
    media_type: str
    sound: bytes
    starts_ms: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class Show:
    """Everything about a show that goes into its files.

    ``names`` and ``lights`` are by drone, or empty; lights are programs in the bytecode of the drones.
    ``phases`` are spans of show time in ms by name, of :data:`PHASES`; ``cues`` are moments with a name.

    Raises: ShowInvalid when names are no names or not different, when a drone has no lights while others do,
    when two drones stand on one pad, and when a span or a cue lies outside the show.
    """

    title: str
    curves: Curves
    limits: Limits = field(default_factory=Limits)
    site: Site = field(default_factory=Site)
    names: tuple[str, ...] = ()
    lights: tuple[bytes, ...] = ()
    phases: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    cues: tuple[tuple[int, str], ...] = ()
    music: Music | None = None

    def __post_init__(self) -> None:
        drones, end = self.curves.drones, self.curves.duration_ms
        problems = list(_shared_pads(self.curves))
        if self.names and (len(self.names) != drones or len(set(self.names)) != drones):
            problems.append(
                Problem("names-not-different", "names", {"names": len(set(self.names)), "drones": drones})
            )
        if self.lights and len(self.lights) != drones:
            problems.append(
                Problem("lights-missing", "lights", {"lights": len(self.lights), "drones": drones})
            )
        for name, (begins, ends) in self.phases.items():
            if name not in PHASES or not 0 <= begins < ends <= end:
                problems.append(Problem("phase-impossible", name))
        problems += [Problem("cue-outside", name) for at, name in self.cues if not 0 <= at <= end]
        if problems:
            raise ShowInvalid(problems)

    def name(self, drone: int) -> str:
        """What a drone is called: its name, or its number counted from 1."""
        return self.names[drone] if self.names else str(drone + 1)


def certified(show: Show, certificate: Certificate) -> None:
    """Make sure that a certificate is about this show and that it holds.  Raises: ShowInvalid."""
    problems = []
    if certificate.digest != show.curves.digest():
        problems.append(Problem("certificate-of-another-show", "digest"))
    if certificate.limits != show.limits or certificate.site != show.site:
        problems.append(Problem("certificate-of-other-limits", "limits"))
    problems += [
        Problem("certificate-does-not-hold", bound.name) for bound in certificate.bounds if not bound.holds
    ]
    if problems:
        raise ShowInvalid(problems)


def _shared_pads(curves: Curves) -> list[Problem]:
    spots = curves.controls[curves.first[:-1], 0]
    order = np.lexsort(spots.T)
    same = np.flatnonzero((spots[order[1:]] == spots[order[:-1]]).all(axis=1))
    return [
        Problem("pad-shared", "drones", {"drones": sorted((int(order[k]), int(order[k + 1])))})
        for k in same[:100]
    ]
