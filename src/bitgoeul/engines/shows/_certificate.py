"""The certificate of a show: what was proved about which paths, as a file that a program can check."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

from ._bounds import TOLERANCE, Bound, Violation
from ._limits import Limits, Ring, Site
from ._problems import Problem, ShowInvalid

FORMAT = "bitgoeul-show-certificate-1"
LONGEST = 64 << 20
"""Bytes of a certificate that are read at most."""

RULES = {
    "distance": "At every moment every two drones, neither of which is parked, keep the distance; a vertical"
    " difference counts divided by the downwash factor.",
    "pads": "Drones that are parked at the same time keep the distance of pads.",
    "velocity_xy": "Horizontal speed at every moment.",
    "velocity_up": "Speed of climbing at every moment.",
    "velocity_down": "Speed of sinking at every moment.",
    "acceleration": "Length of the vector of acceleration at every moment inside a segment.",
    "jerk": "Length of the vector of jerk at every moment inside a segment.",
    "velocity_jump": "Change of velocity where two segments meet; the limit is what the limit of acceleration"
    " allows in 50 ms.",
    "altitude": "Height above the ground at every moment.",
    "ground": "No drone is below the ground.",
    "navigation": "The lowest height of segments on which a drone moves sideways.",
    "fence": "Signed distance to the fence at every moment, positive inside.",
    "holes": "Signed distance to the holes in the fence at every moment, positive outside.",
    "audience": "Signed horizontal distance of every drone that is not parked to the areas with people.",
}
METHOD = (
    "Bernstein coefficients of the exported cubics, halved until every bound is decided; all pairs,"
    " continuous time. Parked is who stands still at height zero. A limit counts as kept within the"
    " tolerance."
)


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """What was proved about the paths with this digest.

    ``units_per_metre`` and ``duration_ms`` describe the grid that the paths lie on.
    """

    digest: str
    drones: int
    duration_ms: int
    units_per_metre: int
    limits: Limits
    site: Site
    bounds: tuple[Bound, ...]

    @property
    def holds(self) -> bool:
        """Whether every limit is kept."""
        return all(bound.holds for bound in self.bounds)

    def bound(self, name: str) -> Bound:
        """Return the bound of this name.  Raises: KeyError."""
        return {bound.name: bound for bound in self.bounds}[name]


def written(certificate: Certificate) -> str:
    """Return the certificate's file: canonical JSON, so equal certificates are equal files."""
    data = {
        "format": FORMAT,
        "holds": certificate.holds,
        "digest": certificate.digest,
        "drones": certificate.drones,
        "duration_ms": certificate.duration_ms,
        "units_per_metre": certificate.units_per_metre,
        "tolerance": TOLERANCE,
        "method": METHOD,
        "limits": certificate.limits.as_data(),
        "site": _site_data(certificate.site),
        "rules": {bound.name: RULES[bound.name] for bound in certificate.bounds},
        "bounds": [
            asdict(bound) | {"holds": bound.holds, "limit": float(bound.limit)}
            for bound in certificate.bounds
        ],
    }
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False) + "\n"


def _site_data(site: Site) -> dict[str, Any]:
    def ring(corners: Ring) -> list[list[float]]:
        return [[float(x), float(y)] for x, y in corners]

    return {
        "fence": ring(site.fence),
        "holes": [ring(hole) for hole in site.holes],
        "audience": [ring(area) for area in site.audience],
        "audience_distance_m": float(site.audience_distance_m),
        "origin": None if site.origin is None else [float(value) for value in site.origin],
        "orientation_deg": float(site.orientation_deg),
    }


def read(text: str | bytes) -> Certificate:
    """Read a certificate's file.

    Reading proves nothing: what a certificate says is checked with :func:`prove` or the checker beside it.
    Raises: ShowInvalid when it is not one, or says one thing in two ways.
    """
    if len(text) > LONGEST:
        raise ShowInvalid(Problem("certificate-too-long", facts={"bytes": len(text)}))
    try:
        data = json.loads(text)
        known = data["format"] == FORMAT
        certificate = _certificate(data) if known else None
    except ShowInvalid:
        raise
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as problem:
        raise ShowInvalid(Problem("certificate-unreadable", facts={"why": type(problem).__name__})) from None
    if certificate is None:
        raise ShowInvalid(Problem("certificate-format-unknown"))
    if written(certificate).encode() != (text.encode() if isinstance(text, str) else text):
        raise ShowInvalid(Problem("certificate-not-canonical"))
    return certificate


def _certificate(data: Any) -> Certificate:
    return Certificate(
        digest=_text(data["digest"]),
        drones=_whole(data["drones"]),
        duration_ms=_whole(data["duration_ms"]),
        units_per_metre=_whole(data["units_per_metre"]),
        limits=Limits.of({name: _number(value) for name, value in data["limits"].items()}),
        site=_site(data["site"]),
        bounds=tuple(_bound(bound) for bound in data["bounds"]),
    )


def _text(value: Any) -> str:
    # Half of a surrogate pair can be read from JSON but not written.
    value.encode()
    return str(value)


def _whole(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("a count is a whole number")
    return value


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not isfinite(value):
        raise ValueError("a measure is a finite number")
    return float(value)


def _site(data: Any) -> Site:
    def ring(corners: Any) -> tuple[tuple[float, float], ...]:
        return tuple((_number(x), _number(y)) for x, y in corners)

    origin = data["origin"]
    if origin is not None:
        latitude, longitude, height = origin
        origin = (_number(latitude), _number(longitude), _number(height))
    return Site(
        fence=ring(data["fence"]),
        holes=tuple(ring(hole) for hole in data["holes"]),
        audience=tuple(ring(area) for area in data["audience"]),
        audience_distance_m=_number(data["audience_distance_m"]),
        origin=origin,
        orientation_deg=_number(data["orientation_deg"]),
    )


def _bound(data: Any) -> Bound:
    if data["name"] not in RULES:
        raise ValueError("no such bound")
    return Bound(
        name=data["name"],
        unit=_text(data["unit"]),
        least=bool(data["least"]),
        limit=_number(data["limit"]),
        value=None if data["value"] is None else _number(data["value"]),
        at_ms=None if data["at_ms"] is None else _number(data["at_ms"]),
        drones=tuple(_whole(drone) for drone in data["drones"]),
        violations=tuple(
            Violation(
                drones=tuple(_whole(drone) for drone in violation["drones"]),
                at_ms=_number(violation["at_ms"]),
                value=_number(violation["value"]),
            )
            for violation in data["violations"]
        ),
        unnamed=_whole(data["unnamed"]),
    )
