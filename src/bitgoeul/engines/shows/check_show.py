#!/usr/bin/env python3
"""Check the certificate of a drone show against its files, offline and without the hub.

    python check_show.py CERTIFICATE.json SHOW.skyc [SHOW-2.skyc ...] [--every-pair] [--seed TEXT] [--json]

The paths are read from the files, in the order given, and their digest is compared with the certificate's.
Then everything that the certificate says is proved again, with whole numbers and fractions only, so that no
rounding is involved: that no two drones ever come closer than stated, that none is faster, higher or nearer
to an edge than stated, and that each of these happens where and when it is stated.
Up to 300 drones all pairs are looked at, at every moment. Above, unless --every-pair is given, a drawn sample
of pairs at every moment, and all pairs that are near at moments where segments meet, around these moments.
The first thing that differs is named.
Exit status: 0 the certificate is right and its limits are kept, 3 not, 2 not usable.

Needs Python 3.9 or later and nothing else. It shares no code with planning, proving or writing a show on
purpose: it is a second, independent writing of the same rules.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import math
import random
import sys
import zipfile
import zlib
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any

FORMAT = "bitgoeul-show-certificate-1"
WORDS = "85d45fb9b54caf2d7b02d433bd980e452383353db4f1e85cd6af7d67cbbd75eb"
UNITS = 3_000_000  # of a digest, per metre
TOLERANCE = Fraction(1, 10**6)  # how far beyond its limit a bound may lie
STATED = Fraction(2, 10**9)  # to what a stated bound was rounded
SEEN = 1e-4  # how well a stated value must agree with what is there at the stated moment
SEEN_SQUARED = 1e-6  # or its square, as a share of the limit
LOOKED = Fraction(5, 4)  # times the limit, within which the closest pair is named
JUMP_S = Fraction(1, 20)
ALL_PAIRS = 300
SAMPLE = 20_000
JOINTS = 256
DEPTH = 80

LARGEST_FILE, LARGEST_UNPACKED, MOST_DRONES, MOST_ENTRIES = 512 << 20, 1 << 30, 50_000, 30_000
LONGEST_CERTIFICATE = 64 << 20

# name: (unit, whether the bound is a least value)
BOUNDS = {
    "distance": ("m", True),
    "pads": ("m", True),
    "velocity_xy": ("m/s", False),
    "velocity_up": ("m/s", False),
    "velocity_down": ("m/s", False),
    "acceleration": ("m/s2", False),
    "jerk": ("m/s3", False),
    "velocity_jump": ("m/s", False),
    "altitude": ("m", False),
    "ground": ("m", True),
    "navigation": ("m", True),
    "fence": ("m", True),
    "holes": ("m", True),
    "audience": ("m", True),
}
LIMITS = (
    "distance_m", "downwash", "velocity_xy", "velocity_up", "velocity_down", "acceleration", "jerk",
    "altitude_m", "navigation_m", "pad_distance_m",
)  # fmt: skip


class Unusable(ValueError):
    """What was given is not what this program reads."""


class Differs(Exception):
    """The first thing that is not as the certificate says."""

    def __init__(self, where: str, stated: Any, found: Any) -> None:
        super().__init__(where)
        self.where, self.stated, self.found = where, stated, found


@dataclass(frozen=True)
class Verdict:
    """What came out.

    Attributes:
        holds:  whether the certificate is right and every limit is kept.
        where:  the first thing that is not right, "" if all is.
        stated: what the certificate says there.
        found:  what is there.
        drones, pairs: how many there are.
        pairs_checked: of how many pairs the distance was proved at every moment.
        near_checked:  how many meetings of near pairs were proved around moments where segments meet.
        exact:  for how many pairs of segments the polynomial of the distance was decided.
    """

    holds: bool
    where: str = ""
    stated: str = ""
    found: str = ""
    drones: int = 0
    pairs: int = 0
    pairs_checked: int = 0
    near_checked: int = 0
    exact: int = 0


@dataclass(frozen=True)
class Segment:
    """A cubic: when it begins and ends in ms, and four points in units; whether the drone is parked on it."""

    begin: int
    end: int
    points: tuple[tuple[int, int, int], ...]
    parked: bool


# Reading.


def read_paths(files: list[bytes]) -> list[list[Segment]]:
    """Return the segments of every drone.  Raises: Unusable."""
    paths: list[list[tuple[int, tuple[tuple[int, int, int], ...]]]] = []
    starts = []
    for packed in files:
        for trajectory in _trajectories(packed):
            path, start = _path(trajectory)
            paths.append(path)
            starts.append(start)
        if len(paths) > MOST_DRONES:
            raise Unusable(f"more than {MOST_DRONES} drones")
    end = max((path[-1][0] for path in paths if path), default=0)
    if not end:
        raise Unusable("the show has no drones or no time")
    return [_segments(path, start, end) for path, start in zip(paths, starts)]  # noqa: B905 - Python 3.9


def _trajectories(packed: bytes) -> Iterator[Any]:
    if len(packed) > LARGEST_FILE:
        raise Unusable("a show file is too large")
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            if len(archive.infolist()) > MOST_ENTRIES:
                _refuse("an archive has too many entries")
            left = LARGEST_UNPACKED

            def load(name: str) -> Any:
                nonlocal left
                with archive.open(name) as entry:
                    content = entry.read(left + 1)
                left -= len(content)
                if left < 0:
                    _refuse("an archive unpacks to too much")
                return json.loads(content, parse_float=Decimal, parse_constant=_no_number)

            def follow(value: Any) -> Any:
                return load(value["$ref"].split("#")[0].removeprefix("./")) if "$ref" in value else value

            for drone in follow(load("show.json")["swarm"])["drones"]:
                yield follow(follow(drone["settings"])["trajectory"])
    except Unusable:
        raise
    except (
        ArithmeticError, AttributeError, EOFError, LookupError, NotImplementedError, OSError, RecursionError,
        RuntimeError, TypeError, ValueError, zipfile.BadZipFile, zlib.error,
    ) as problem:  # fmt: skip
        raise Unusable(f"a show file is not readable: {problem!r}") from None


def _refuse(why: str) -> None:
    raise Unusable(why)


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def _path(trajectory: Any) -> tuple[list[tuple[int, tuple[tuple[int, int, int], ...]]], tuple[int, int, int]]:
    """Return (end, control points) of each segment, and where the path begins."""
    try:
        takeoff = _round(trajectory.get("takeoffTime", 0), 1000, 86_400)
        path: list[tuple[int, tuple[tuple[int, int, int], ...]]] = []
        before = 0
        spot = start = _point(trajectory["points"][0][1])
        for number, point in enumerate(trajectory["points"]):
            at, there = takeoff + _round(point[0], 1000, 86_400), _point(point[1])
            inner = [_point(control) for control in (point[2] if len(point) > 2 else [])]
            if number == 0:
                inner, there = [], start
            if at < before or (at == before and number):
                _refuse("times of a path do not increase")
            if at > before:
                path.append((at, _cubic([spot, *inner, there])))
            before, spot = at, there
    except Unusable:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as problem:
        raise Unusable(f"a path is not readable: {problem!r}") from None
    return path, start


def _round(value: Any, times: int, most: int) -> int:
    if type(value) not in (int, Decimal) or not abs(value) <= most:
        raise Unusable(f"not a number between {-most} and {most}")
    return int((Decimal(value) * times).to_integral_value(ROUND_HALF_EVEN))


def _point(value: Any) -> tuple[int, int, int]:
    x, y, z = (_round(number, UNITS, 10_000) for number in value)
    return x, y, z


def _cubic(points: list[tuple[int, int, int]]) -> tuple[tuple[int, int, int], ...]:
    """Raise a line or a quadratic to a cubic, each third rounded to the nearest unit."""

    def third(one: tuple[int, int, int], other: tuple[int, int, int]) -> tuple[int, int, int]:
        x, y, z = ((a + 2 * b + 1) // 3 for a, b in zip(one, other))  # noqa: B905 - Python 3.9
        return x, y, z

    if len(points) == 2:
        a, b = points
        return a, third(b, a), third(a, b), b
    if len(points) == 3:
        a, b, c = points
        return a, third(a, b), third(c, b), c
    if len(points) != 4:
        raise Unusable("a curve is no cubic")
    return tuple(points)


def _segments(path: list[Any], start: tuple[int, int, int], end: int) -> list[Segment]:
    if not path or path[-1][0] < end:
        path = [*path, (end, (path[-1][1][3] if path else start,) * 4)]
    segments, begin = [], 0
    for at, points in path:
        parked = points[0] == points[1] == points[2] == points[3] and points[0][2] == 0
        segments.append(Segment(begin, at, points, parked))
        begin = at
    return segments


def digest(paths: list[list[Segment]]) -> str:
    """SHA-256 over 64-bit integers: drones; by drone its segments; by segment its end and coordinates."""
    total = hashlib.sha256(len(paths).to_bytes(8, "little"))
    for path in paths:
        total.update(len(path).to_bytes(8, "little"))
        for segment in path:
            for value in (segment.end, *(x for point in segment.points for x in point)):
                total.update(value.to_bytes(8, "little", signed=True))
    return total.hexdigest()


# Checking.


class Check:
    """One certificate against one show."""

    def __init__(self, certificate: Any, paths: list[list[Segment]], seed: str, every_pair: bool) -> None:
        self.certificate, self.paths = certificate, paths
        self.seed, self.every_pair = seed, every_pair
        self.limits = {name: Fraction(certificate["limits"][name]) for name in LIMITS}
        self.stated = {bound["name"]: bound for bound in certificate["bounds"]}
        self.broken: list[str] = []
        self.pairs_checked = self.near_checked = self.exact = 0

    def run(self) -> None:
        """Check everything.  Raises: Differs at the first thing that is not as stated."""
        self._same("format", self.certificate["format"], FORMAT)
        words = {"method": self.certificate["method"], "rules": self.certificate["rules"]}
        text = json.dumps(words, ensure_ascii=False, sort_keys=True).encode("utf-8", "backslashreplace")
        if hashlib.sha256(text).hexdigest() != WORDS:
            raise Differs("rules", "other words", "the words of this format")
        self._same("tolerance", Fraction(self.certificate["tolerance"]), TOLERANCE)
        self._same("digest", self.certificate["digest"], digest(self.paths))
        self._same("drones", self.certificate["drones"], len(self.paths))
        self._same("duration_ms", self.certificate["duration_ms"], self.paths[0][-1].end)
        self._grid(self.certificate["units_per_metre"])
        self._same("bounds", [bound["name"] for bound in self.certificate["bounds"]], list(BOUNDS))
        self._same("limits", sorted(self.certificate["limits"]), sorted(LIMITS))
        self._limits_of_bounds()
        for name in BOUNDS:
            self._told(name)
        self._motions()
        for name in ("fence", "holes", "audience"):
            self._edges(name)
        self._pads()
        self._distances()
        self._same("holds", self.certificate["holds"], not self.broken)

    @staticmethod
    def _same(where: str, stated: Any, found: Any) -> None:
        if stated != found or type(stated) is bool is not type(found):
            raise Differs(where, stated, found)

    def _grid(self, units: Any) -> None:
        if type(units) is not int or units < 1 or UNITS % units:
            raise Differs("units_per_metre", units, f"a divisor of {UNITS}")
        step = UNITS // units
        if any(x % step for path in self.paths for s in path for point in s.points for x in point):
            raise Differs("units_per_metre", units, "points that lie between")

    def _limits_of_bounds(self) -> None:
        for name, value in self.limits.items():
            if value <= 0:
                raise Differs(f"limits/{name}", float(value), "a positive number")
        if self.limits["downwash"] < 1:
            raise Differs("limits/downwash", float(self.limits["downwash"]), "at least 1")
        own = {
            "distance": self.limits["distance_m"],
            "pads": self.limits["pad_distance_m"],
            "velocity_jump": self.limits["acceleration"] * JUMP_S,
            "altitude": self.limits["altitude_m"],
            "navigation": self.limits["navigation_m"],
            "ground": Fraction(0),
            "fence": Fraction(0),
            "holes": Fraction(0),
            "audience": Fraction(self.certificate["site"]["audience_distance_m"]),
        }
        for name, (unit, least) in BOUNDS.items():
            bound = self.stated[name]
            limit = own[name] if name in own else self.limits[name]
            # The product of two numbers as written by a float differs in its last place.
            if abs(Fraction(bound["limit"]) - limit) > limit / 10**12:
                raise Differs(f"{name}/limit", float(bound["limit"]), float(limit))
            self._same(f"{name}/unit", bound["unit"], unit)
            self._same(f"{name}/least", bound["least"], least)

    def _told(self, name: str) -> None:
        """Check that a bound says of itself what follows from its value, and that it happens as it says."""
        bound, least = self.stated[name], BOUNDS[name][1]
        sign = 1 if least else -1
        limit = Fraction(bound["limit"])
        kept = not bound["violations"] and not bound["unnamed"]
        if bound["value"] is not None:
            kept = kept and sign * (limit - Fraction(bound["value"])) <= TOLERANCE
        self._same(f"{name}/holds", bound["holds"], kept)
        if not kept:
            self.broken.append(name)
        if bound["drones"]:
            self._seen(name, bound, f"{name}/value")
        elif bound["value"] is not None and name in ("distance", "pads"):
            # Nothing came near: then the value says how far was looked.
            if abs(Fraction(bound["value"]) - limit * LOOKED) > TOLERANCE:
                raise Differs(f"{name}/value", float(bound["value"]), float(limit * LOOKED))
        elif bound["value"] is not None:
            raise Differs(f"{name}/drones", "none", "the drone that comes nearest to the limit")
        for number, violation in enumerate(bound["violations"], 1):
            where = f"{name}/violations/{number}"
            self._seen(name, violation, where)
            if sign * (limit - Fraction(violation["value"])) <= 0:
                raise Differs(where, float(violation["value"]), "a value beyond the limit")

    def _seen(self, name: str, told: Any, where: str) -> None:
        at, drones = Fraction(told["at_ms"]), told["drones"]
        count = 2 if name in ("distance", "pads") else 1
        if len(set(drones)) != count or not all(type(d) is int and 0 <= d < len(self.paths) for d in drones):
            raise Differs(f"{where}/drones", drones, f"{count} of {len(self.paths)} drones")
        seen = list(self._values(name, drones, at))
        value, close = float(told["value"]), SEEN_SQUARED * float(self.stated[name]["limit"])
        # Near zero a root is less certain than its square, which is what was bounded.
        if not any(abs(v - value) <= SEEN or abs(v * v - value * value) <= close for v in seen):
            nearest = min(seen, key=lambda value: abs(value - float(told["value"])), default=None)
            raise Differs(
                f"{where} (drones {drones}, {float(at):.3f} ms)", float(told["value"]),
                "nothing of the kind then" if nearest is None else nearest,
            )  # fmt: skip

    def _values(  # noqa: PLR0912 - one branch for each kind of bound
        self, name: str, drones: list[int], at: Fraction
    ) -> Iterator[float]:
        """Yield what a bound is about at a moment; where segments meet, on both sides of it."""
        here = [_around(self.paths[drone], at) for drone in drones]
        if name == "distance":
            for one in here[0]:
                for other in here[1]:
                    if not (one.parked or other.parked):
                        x, y, z = (a - b for a, b in zip(_at(one, at), _at(other, at)))  # noqa: B905
                        yield _metres(x, y, z / self.limits["downwash"])
        elif name == "pads":
            for one in here[0]:
                for other in here[1]:
                    if one.parked and other.parked:
                        yield _metres(*(Fraction(a - b) for a, b in zip(one.points[0], other.points[0])))  # noqa: B905
        elif name == "velocity_jump":
            for one in here[0]:
                for other in here[0]:
                    if one.end == other.begin:
                        yield math.sqrt(_jump(one, other))
        elif name in ("fence", "holes", "audience"):
            rings = self._rings(name)
            for segment in here[0]:
                if rings and not (name == "audience" and segment.parked):
                    x, y, _ = _at(segment, at)
                    yield min(_signed((x / UNITS, y / UNITS), ring, name == "fence") for ring in rings)
        else:
            for segment in here[0]:
                value = _motion(name, segment, at)
                if value is not None:
                    yield value

    def _allowed(self, name: str, drones: tuple[int, ...]) -> Fraction:
        """Return the bound that must be proved for a drone or a pair.

        That is what the certificate states; where it is beyond the limit, all that are not named as beyond
        keep the limit.
        """
        bound, least = self.stated[name], BOUNDS[name][1]
        value, limit = Fraction(bound["value"]), Fraction(bound["limit"])
        named = self._named(name)
        if least:
            return value - STATED if drones in named else max(value, limit - TOLERANCE) - STATED
        return value + STATED if drones in named else min(value, limit + TOLERANCE) + STATED

    def _named(self, name: str) -> set[tuple[int, ...]]:
        if not hasattr(self, "_known"):
            self._known: dict[str, set[tuple[int, ...]]] = {}
        if name not in self._known:
            violations = self.stated[name]["violations"]
            self._known[name] = {tuple(sorted(violation["drones"])) for violation in violations}
        return self._known[name]

    # Speeds, accelerations and heights.

    def _motions(self) -> None:
        for name in (
            "velocity_xy", "velocity_up", "velocity_down", "acceleration", "jerk", "velocity_jump",
            "altitude", "ground", "navigation",
        ):  # fmt: skip
            nothing = self.stated[name]["value"] is None
            for drone, path in enumerate(self.paths):
                allowed = None if nothing else self._allowed(name, (drone,))
                for number, segment in enumerate(path):
                    if name == "velocity_jump":
                        if number == 0:
                            continue
                        found = self._jump_beyond(path[number - 1], segment, allowed)
                    elif name == "navigation" and not _sideways(segment):
                        continue
                    else:
                        found = (segment.begin, None) if allowed is None else _beyond(name, segment, allowed)
                    if found is not None:
                        at, value = found
                        raise Differs(
                            f"{name}/value (drone {drone}, {float(at):.3f} ms)",
                            self._stated(name), "a moment to bound" if value is None else value,
                        )  # fmt: skip

    def _stated(self, name: str) -> Any:
        value = self.stated[name]["value"]
        return "nothing to bound" if value is None else float(value)

    @staticmethod
    def _jump_beyond(
        one: Segment, other: Segment, allowed: Fraction | None
    ) -> tuple[Any, float | None] | None:
        if allowed is None:
            return other.begin, None
        square = _jump(one, other)
        return (other.begin, math.sqrt(square)) if square > allowed**2 else None

    # Edges of areas.

    def _rings(self, name: str) -> list[list[tuple[Fraction, Fraction]]]:
        site = self.certificate["site"]
        rings = {
            "fence": [site["fence"]] if site["fence"] else [],
            "holes": site["holes"],
            "audience": site["audience"],
        }
        return [[(Fraction(x), Fraction(y)) for x, y in ring] for ring in rings[name]]

    def _edges(self, name: str) -> None:
        rings = self._rings(name)
        for drone, path in enumerate(self.paths):
            flown = [segment for segment in path if not (name == "audience" and segment.parked)]
            if not rings or not flown:
                continue
            if self.stated[name]["value"] is None:
                raise Differs(f"{name}/value", "nothing to bound", f"drone {drone}")
            allowed = self._allowed(name, (drone,))
            for ring in rings:
                found = _strays(flown, ring, name == "fence", allowed)
                if found is not None:
                    at, value = found
                    raise Differs(
                        f"{name}/value (drone {drone}, {float(at):.3f} ms)", self._stated(name), value
                    )

    # Pairs.

    def _pads(self) -> None:
        stays: list[Any] = []
        for drone, path in enumerate(self.paths):
            for number, segment in enumerate(path):
                if segment.parked and number and path[number - 1].parked:
                    stays[-1][3] = segment.end
                elif segment.parked:
                    stays.append([drone, segment.points[0], segment.begin, segment.end])
        if not stays:
            return
        if self.stated["pads"]["value"] is None:
            raise Differs("pads/value", "nothing to bound", f"drone {stays[0][0]} is parked")
        reach = Fraction(self.stated["pads"]["value"]) + Fraction(self.stated["pads"]["limit"])
        size = max(1, math.ceil(reach * UNITS))
        cells: dict[Any, list[Any]] = defaultdict(list)
        for stay in stays:
            x, y = stay[1][0] // size, stay[1][1] // size
            for dx in (-1, 0, 1):
                for dy in (-1, 0, 1):
                    for drone, spot, begin, end in cells[x + dx, y + dy]:
                        if drone == stay[0] or max(begin, stay[2]) >= min(end, stay[3]):
                            continue
                        square = (spot[0] - stay[1][0]) ** 2 + (spot[1] - stay[1][1]) ** 2
                        pair = tuple(sorted((drone, stay[0])))
                        if square < (max(self._allowed("pads", pair), Fraction(0)) * UNITS) ** 2:
                            raise Differs(
                                f"pads/value (drones {list(pair)}, {max(begin, stay[2])} ms)",
                                self._stated("pads"), math.sqrt(square) / UNITS,
                            )  # fmt: skip
            cells[x, y].append(stay)

    def _distances(self) -> None:
        count = len(self.paths)
        everyone = list(range(count))
        if count < 2 or self.stated["distance"]["value"] is None:
            if count > 1:
                raise Differs("distance/value", "nothing to bound", f"{count} drones")
            return
        meeting = _Meeting(self)
        if count <= ALL_PAIRS or self.every_pair:
            meeting.sweep(everyone)
            self.pairs_checked = count * (count - 1) // 2
            return
        chance = random.Random(self.seed)  # noqa: S311 - a sample that anybody can draw again
        drawn: set[tuple[int, ...]] = set()
        while len(drawn) < min(SAMPLE, count * (count - 1) // 2):
            drawn.add(tuple(sorted(chance.sample(everyone, 2))))
        for one, other in sorted(drawn):
            meeting.whole(one, other)
        self.pairs_checked = len(drawn)
        joints = sorted({segment.end for path in self.paths for segment in path})
        for at in sorted(chance.sample(joints, min(JOINTS, len(joints)))):
            self.near_checked += meeting.near(at)


# One segment.


def _around(path: list[Segment], at: Fraction) -> list[Segment]:
    """Return the segments in which a moment lies, given to a microsecond."""
    return [s for s in path if s.begin - Fraction(1, 1000) <= at <= s.end + Fraction(1, 1000)]


def _share(segment: Segment, at: Fraction) -> Fraction:
    return min(max((at - segment.begin) / (segment.end - segment.begin), Fraction(0)), Fraction(1))


def _value(coefficients: Any, s: Fraction) -> Fraction:
    """Evaluate Bernstein coefficients: de Casteljau."""
    level = [Fraction(c) for c in coefficients]
    while len(level) > 1:
        level = [(1 - s) * a + s * b for a, b in zip(level, level[1:])]  # noqa: B905, RUF007 - Python 3.9
    return level[0]


def _at(segment: Segment, at: Fraction) -> tuple[Fraction, ...]:
    s = _share(segment, at)
    return tuple(_value([point[x] for point in segment.points], s) for x in range(3))


def _metres(*units: Fraction) -> float:
    return math.sqrt(sum(x * x for x in units)) / UNITS


def _sideways(segment: Segment) -> bool:
    return len({point[:2] for point in segment.points}) > 1


def _differences(points: Any) -> list[tuple[int, ...]]:
    return [tuple(b - a for a, b in zip(p, q)) for p, q in zip(points, points[1:])]  # noqa: B905, RUF007 - Python 3.9


def _jump(one: Segment, other: Segment) -> Fraction:
    """Return the square of the change of velocity where one segment goes over into another, m/s."""
    # Three times a leg in units over ms, in m/s: the leg over a thousand times the duration.
    before = [Fraction(x, 1000 * (one.end - one.begin)) for x in _differences(one.points)[2]]
    after = [Fraction(x, 1000 * (other.end - other.begin)) for x in _differences(other.points)[0]]
    return sum(((a - b) ** 2 for a, b in zip(before, after)), Fraction(0))  # noqa: B905 - Python 3.9


def _polynomial(  # noqa: PLR0911 - one for each kind of bound
    name: str, segment: Segment
) -> tuple[list[int], Fraction, bool]:
    """Return (Bernstein coefficients, unit, square): the bound is about their maximum times the unit.

    If ``square``, about its root.  Least values are turned round.
    """
    lasts, points = segment.end - segment.begin, segment.points
    if name == "altitude":
        return [p[2] for p in points], Fraction(1, UNITS), False
    if name in ("ground", "navigation"):
        return [-p[2] for p in points], Fraction(1, UNITS), False
    legs = _differences(points)
    if name == "velocity_up":
        return [leg[2] for leg in legs], Fraction(1, 1000 * lasts), False
    if name == "velocity_down":
        return [-leg[2] for leg in legs], Fraction(1, 1000 * lasts), False
    if name == "velocity_xy":
        a, b, c = (leg[:2] for leg in legs)
        row = [3 * _dot(a, a), 3 * _dot(a, b), _dot(a, c) + 2 * _dot(b, b), 3 * _dot(b, c), 3 * _dot(c, c)]
        return row, Fraction(1, 3 * (1000 * lasts) ** 2), True
    turns = _differences(legs)
    if name == "acceleration":
        a, b = turns
        return [_dot(a, a), _dot(a, b), _dot(b, b)], Fraction(4, lasts**4), True
    jerk = _differences(turns)[0]
    return [_dot(jerk, jerk)], Fraction(2000**2, lasts**6), True


def _dot(a: Any, b: Any) -> int:
    return sum(x * y for x, y in zip(a, b))  # noqa: B905 - Python 3.9


def _motion(name: str, segment: Segment, at: Fraction) -> float | None:
    if name == "navigation" and not _sideways(segment):
        return None
    row, unit, square = _polynomial(name, segment)
    value = _value(row, _share(segment, at)) * unit
    if square:
        return math.sqrt(value)
    return float(-value if name in ("ground", "navigation") else value)


def _beyond(name: str, segment: Segment, allowed: Fraction) -> tuple[Fraction, float] | None:
    """Return a moment at which a bound is not kept, and the value then; None proves that it is."""
    row, unit, square = _polynomial(name, segment)
    turned = name in ("ground", "navigation")
    most = (allowed**2 if square else -allowed if turned else allowed) / unit
    s = above(row, most)
    if s is None:
        return None
    value = _value(row, s) * unit
    found = math.sqrt(value) if square else float(-value if turned else value)
    return segment.begin + s * (segment.end - segment.begin), found


def above(row: list[int], most: Fraction) -> Fraction | None:
    """Return where a polynomial on [0, 1] exceeds a value; None proves that it nowhere does.

    Its Bernstein coefficients, ``row``, bound it. Each half's coefficients are whole numbers again when they
    are counted in a unit that is 2**degree times smaller.
    """
    degree = len(row) - 1
    stack = [(row, Fraction(0), 0, most)]
    while stack:
        row, s, depth, most = stack.pop()
        top = math.floor(most)
        if max(row) <= top:
            continue
        if row[0] > top:
            return s
        if row[-1] > top:
            return s + Fraction(1, 1 << depth)
        if depth == DEPTH:
            # Not decided: nothing is proved, so it counts as beyond.
            return s
        early, late = halves(row)
        most *= 1 << degree
        stack.append((late, s + Fraction(1, 2 << depth), depth + 1, most))
        stack.append((early, s, depth + 1, most))
    return None


def halves(row: list[int]) -> tuple[list[int], list[int]]:
    """Return 2**degree times the coefficients on both halves."""
    degree = len(row) - 1
    early, late = [], []
    for k in range(degree + 1):
        early.append(row[0] << (degree - k))
        late.append(row[-1] << (degree - k))
        row = [a + b for a, b in zip(row, row[1:])]  # noqa: B905, RUF007 - Python 3.9
    return early, late[::-1]


# Edges.


def _inside(spot: Any, ring: Any) -> bool:
    """Whether a point lies in a ring: how often a ray to the right crosses it."""
    odd = False
    for (ax, ay), (bx, by) in zip(ring, [*ring[1:], ring[0]]):  # noqa: B905 - Python 3.9
        if (ay > spot[1]) != (by > spot[1]):
            left = (bx - ax) * (spot[1] - ay) - (spot[0] - ax) * (by - ay)
            odd ^= left > 0 if by > ay else left < 0
    return odd


def _feet(spot: Any, ring: Any) -> Iterator[Any]:
    """Yield the point of each edge that is closest to a spot."""
    for (ax, ay), (bx, by) in zip(ring, [*ring[1:], ring[0]]):  # noqa: B905 - Python 3.9
        dx, dy = bx - ax, by - ay
        share = Fraction((spot[0] - ax) * dx + (spot[1] - ay) * dy) / (dx * dx + dy * dy)
        share = min(max(share, Fraction(0)), Fraction(1))
        yield ax + share * dx, ay + share * dy


def _square(spot: Any, ring: Any) -> Fraction:
    return min((spot[0] - x) ** 2 + (spot[1] - y) ** 2 for x, y in _feet(spot, ring))


def _signed(spot: Any, ring: Any, inside: bool) -> float:
    """Return the distance of a spot to a ring, negative on the wrong side."""
    distance = math.sqrt(_square(spot, ring))
    return distance if _inside(spot, ring) == inside else -distance


def _clear(hull: Any, spot: Any, ring: Any, inside: bool, allowed: Fraction) -> bool:
    """Prove that all of a hull around a spot keeps a signed distance.

    The spot is on the right side, and for each edge there is a line that has the edge on one side and the
    hull, as far away as asked, on the other. Or, where a little beyond is allowed, the hull is within that
    little of one point of the ring.
    """
    feet = list(_feet(spot, ring))
    if allowed < 0 and any(all((x - a) ** 2 + (y - b) ** 2 <= allowed**2 for x, y in hull) for a, b in feet):
        return True
    if _inside(spot, ring) != inside:
        return False
    for a, b in feet:
        nx, ny = spot[0] - a, spot[1] - b
        low = min(nx * (x - a) + ny * (y - b) for x, y in hull)
        if low <= 0 or (allowed > 0 and low * low < allowed * allowed * (nx * nx + ny * ny)):
            return False
    return True


def _strays(segments: list[Segment], ring: Any, inside: bool, allowed: Fraction) -> tuple[Any, float] | None:
    """Return a moment at which a path is nearer to a ring than allowed, and its distance then."""
    ring = [(x * UNITS, y * UNITS) for x, y in ring]
    least = allowed * UNITS
    flat = [[point[:2] for point in segment.points] for segment in segments]
    xs, ys = zip(*(point for points in flat for point in points))  # noqa: B905 - Python 3.9
    corners = [(x, y) for x in (min(xs), max(xs)) for y in (min(ys), max(ys))]
    if _clear(corners, flat[0][0], ring, inside, least):
        return None
    stack = [(segment, points, Fraction(0), 0) for segment, points in zip(segments, flat)]  # noqa: B905
    while stack:
        segment, points, s, depth = stack.pop()
        early, late = _split(points)
        spot = early[3]
        at = segment.begin + (s + Fraction(1, 2 << depth)) * (segment.end - segment.begin)
        square, right = _square(spot, ring), _inside(spot, ring) == inside
        too_near = square < least * least if right else least >= 0 or square > least * least
        if (right and least > 0 and too_near) or (not right and too_near and square > 0):
            return at, (1 if right else -1) * math.sqrt(square) / UNITS
        if _clear(points, spot, ring, inside, least):
            continue
        if depth == DEPTH // 2:
            return at, (1 if right else -1) * math.sqrt(square) / UNITS
        stack.append((segment, late, s + Fraction(1, 2 << depth), depth + 1))
        stack.append((segment, early, s, depth + 1))
    return None


def _split(points: Any) -> tuple[list[Any], list[Any]]:
    early, late, level = [], [], points
    while level:
        early.append(level[0])
        late.append(level[-1])
        level = [
            (Fraction(a + c) / 2, Fraction(b + d) / 2)
            for (a, b), (c, d) in zip(level, level[1:])  # noqa: B905, RUF007 - Python 3.9
        ]
    return early, late[::-1]


# Pairs in the air.


class _Meeting:
    """Proves distances of pairs. Lengths are in units times the numerator of the downwash factor."""

    def __init__(self, check: Check) -> None:
        self.check = check
        downwash = check.limits["downwash"]
        self.flat, self.high = downwash.numerator, downwash.denominator
        bound = check.stated["distance"]
        # For most pairs the same: they are not named as too close.
        self.usual = self._squared(check._allowed("distance", (-1, -1)))
        self.named = {
            pair: self._squared(check._allowed("distance", pair)) for pair in check._named("distance")
        }
        self.reach = math.isqrt(math.ceil(self.usual)) + 1
        self.near_by = self._length(Fraction(bound["limit"]) * LOOKED)
        self.paths = [[self._flown(segment) for segment in path] for path in check.paths]
        self.ends = [[segment.end for segment in path] for path in check.paths]

    def _length(self, metres: Fraction) -> int:
        return math.ceil(metres * UNITS * self.flat)

    def _squared(self, metres: Fraction) -> Fraction:
        return (max(metres, Fraction(0)) * UNITS * self.flat) ** 2

    def _flown(self, segment: Segment) -> Any:
        """Return (begin, end, points, lowest, highest) in the metric, or nothing where it is parked."""
        if segment.parked:
            return None
        points = [(x * self.flat, y * self.flat, z * self.high) for x, y, z in segment.points]
        low, high = tuple(map(min, *points)), tuple(map(max, *points))
        return segment.begin, segment.end, points, low, high

    def sweep(self, drones: list[int]) -> None:
        """Prove all pairs: in each span of time, those whose boxes come near."""
        moments = sorted({0, *(end for ends in self.ends for end in ends)})
        longest = max(map(len, self.ends))
        if len(moments) > 4 * longest:
            last = moments[-1]
            moments = sorted({last * k // longest for k in range(longest + 1)})
        at = [0] * len(drones)
        for begin, end in zip(moments, moments[1:]):  # noqa: B905, RUF007 - Python 3.9
            boxes = []
            for number, drone in enumerate(drones):
                ends = self.ends[drone]
                while ends[at[number]] <= begin:
                    at[number] += 1
                stop = bisect_left(ends, end, at[number]) + 1
                here = [piece for piece in self.paths[drone][at[number] : stop] if piece]
                if here:
                    low = tuple(map(min, *(piece[3] for piece in here), here[0][3]))
                    high = tuple(map(max, *(piece[4] for piece in here), here[0][4]))
                    boxes.append((low, high, drone, here))
            self._swept(sorted(boxes, key=lambda box: box[0][0]), begin, end)

    def _swept(self, boxes: list[Any], begin: int, end: int) -> None:
        reach = self.reach
        for number, (low, high, drone, here) in enumerate(boxes):
            _, y0, z0 = low
            x1, y1, z1 = high
            for k in range(number + 1, len(boxes)):
                low_too, high_too, other, there = boxes[k]
                if low_too[0] - x1 > reach:
                    break
                if low_too[1] - y1 > reach or y0 - high_too[1] > reach:
                    continue
                if low_too[2] - z1 > reach or z0 - high_too[2] > reach:
                    continue
                for one in here:
                    for two in there:
                        # Each meeting belongs to the span in which it begins.
                        if begin <= max(one[0], two[0]) < min(end, one[1], two[1]):
                            self.decide(drone, other, one, two)

    def whole(self, one: int, other: int) -> None:
        """Prove one pair over the whole show."""
        a = b = 0
        while a < len(self.ends[one]) and b < len(self.ends[other]):
            if self.paths[one][a] and self.paths[other][b]:
                self.decide(one, other, self.paths[one][a], self.paths[other][b])
            end = min(self.ends[one][a], self.ends[other][b])
            a += self.ends[one][a] == end
            b += self.ends[other][b] == end

    def near(self, at: int) -> int:
        """Prove the pairs that are near at a moment, over the segments around it; returns how many."""
        size, count = self.near_by, 0
        cells: dict[Any, list[Any]] = defaultdict(list)
        for drone, ends in enumerate(self.ends):
            first = bisect_left(ends, at)
            here = [p for p in self.paths[drone][first : bisect_right(ends, at) + 1] if p]
            if not here:
                continue
            segment = self.check.paths[drone][first]
            x, y, z = (
                segment.points[3] if segment.end == at else tuple(map(round, _at(segment, Fraction(at))))
            )
            x, y, z = x * self.flat, y * self.flat, z * self.high
            cx, cy, cz = x // size, y // size, z // size
            for dx in (-1, 0, 1):
                for dy in (-1, 0, 1):
                    for dz in (-1, 0, 1):
                        for other, there, a, b, c in cells.get((cx + dx, cy + dy, cz + dz), ()):
                            if (x - a) ** 2 + (y - b) ** 2 + (z - c) ** 2 <= size * size:
                                count += 1
                                for one in here:
                                    for two in there:
                                        self.decide(drone, other, one, two)
            cells[cx, cy, cz].append((drone, here, x, y, z))
        return count

    def decide(self, drone: int, other: int, one: Any, two: Any) -> None:
        """Prove that two drones keep their distance on two segments.  Raises: Differs."""
        begin, end = max(one[0], two[0]), min(one[1], two[1])
        if begin >= end:
            return
        pair = (drone, other) if drone < other else (other, drone)
        least = self.named.get(pair, self.usual)
        a, b, scale = one[2], two[2], 1
        if one[:2] != two[:2]:
            a, mine = _cut(a, begin - one[0], end - one[0], one[1] - one[0])
            b, its = _cut(b, begin - two[0], end - two[0], two[1] - two[0])
            a, b = [[x * its for x in p] for p in a], [[x * mine for x in p] for p in b]
            scale = mine * its
            least = least * scale**2
        (ax, ay, az), (bx, by, bz), (cx, cy, cz), (dx, dy, dz) = (
            (p[0] - q[0], p[1] - q[1], p[2] - q[2])
            for p, q in zip(a, b)  # noqa: B905 - Python 3.9
        )
        away = 0
        for low, high in (
            (min(ax, bx, cx, dx), max(ax, bx, cx, dx)),
            (min(ay, by, cy, dy), max(ay, by, cy, dy)),
            (min(az, bz, cz, dz), max(az, bz, cz, dz)),
        ):
            if low > 0:
                away += low * low
            elif high < 0:
                away += high * high
        if away >= least:
            return
        # All of the relative path beyond a plane across the way to its middle.
        nx, ny, nz = ax + dx, ay + dy, az + dz
        far = min(
            nx * ax + ny * ay + nz * az, nx * bx + ny * by + nz * bz,
            nx * cx + ny * cy + nz * cz, nx * dx + ny * dy + nz * dz,
        )  # fmt: skip
        if far > 0 and far * far >= least * (nx * nx + ny * ny + nz * nz):
            return
        self.check.exact += 1
        p, q, r, t = (ax, ay, az), (bx, by, bz), (cx, cy, cz), (dx, dy, dz)
        row = [
            -10 * _dot(p, p), -10 * _dot(p, q), -4 * _dot(p, r) - 6 * _dot(q, q),
            -_dot(p, t) - 9 * _dot(q, r),
            -4 * _dot(q, t) - 6 * _dot(r, r), -10 * _dot(r, t), -10 * _dot(t, t),
        ]  # fmt: skip
        s = above(row, -10 * least)
        if s is not None:
            at = begin + s * (end - begin)
            square = -_value(row, s) / (10 * scale**2)
            raise Differs(
                f"distance/value (drones {list(pair)}, {float(at):.3f} ms)", self.check._stated("distance"),
                math.sqrt(square) / (UNITS * self.flat),
            )  # fmt: skip


def _cut(points: Any, begin: int, end: int, lasts: int) -> tuple[list[Any], int]:
    """Return the control points on a part of a segment times a whole number, and that number."""

    def polar(u: int, v: int, w: int) -> list[int]:
        a, b, c = lasts - u, lasts - v, lasts - w
        weights = a * b * c, u * b * c + a * v * c + a * b * w, u * v * c + u * b * w + a * v * w, u * v * w
        return [sum(k * p[x] for k, p in zip(weights, points)) for x in range(3)]  # noqa: B905 - Python 3.9

    ends = (begin, begin, begin), (begin, begin, end), (begin, end, end), (end, end, end)
    return [polar(*three) for three in ends], lasts**3


def check(
    certificate: bytes, files: list[bytes], *, seed: str | None = None, every_pair: bool = False
) -> Verdict:
    """Check a certificate against the files of a show.

    Args:
        certificate: the certificate's file.
        files:       the show's .skyc files, in order.
        seed:        draws the sample of pairs; by default the digest of the certificate's file.
        every_pair:  look at all pairs of large fleets too.
    Raises: Unusable when the files are not readable; any certificate that is JSON is answered.
    """
    if len(certificate) > LONGEST_CERTIFICATE:
        raise Unusable("the certificate is too long")
    try:
        read = json.loads(certificate, parse_float=Fraction, parse_constant=_no_number)
    except (RecursionError, ValueError, ZeroDivisionError) as problem:
        raise Unusable(f"the certificate is not readable: {problem!r}") from None
    paths = read_paths(files)
    count = len(paths)
    numbers: dict[str, Any] = {"drones": count, "pairs": count * (count - 1) // 2}
    run = None
    try:
        run = Check(read, paths, seed or hashlib.sha256(certificate).hexdigest(), every_pair)
        run.run()
    except Differs as it:
        return Verdict(False, it.where, _shown(it.stated), _shown(it.found), **numbers)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as problem:
        return Verdict(False, "certificate", f"not readable: {problem!r}", "a certificate", **numbers)
    numbers |= {"pairs_checked": run.pairs_checked, "near_checked": run.near_checked, "exact": run.exact}
    if run.broken:
        name = run.broken[0]
        bound = run.stated[name]
        limit = f"{'at least' if bound['least'] else 'at most'} {float(bound['limit'])} {bound['unit']}"
        value = f"{len(bound['violations'])} beyond it, as the certificate says"
        return Verdict(False, name, limit, value, **numbers)
    return Verdict(True, **numbers)


def _shown(value: Any) -> str:
    text = str(float(value)) if isinstance(value, Fraction) else str(value)
    return text if len(text) <= 200 else f"{text[:200]}…"


def main(arguments: list[str] | None = None) -> int:
    """Check the files that the command line names and say what came out."""
    parser = argparse.ArgumentParser(description="Check the certificate of a drone show against its files.")
    parser.add_argument("certificate", help="the certificate, JSON")
    parser.add_argument("shows", nargs="+", help="the show, .skyc; all files in their order")
    parser.add_argument(
        "--every-pair", action="store_true", help=f"all pairs of more than {ALL_PAIRS} drones"
    )
    parser.add_argument("--seed", help="draws the sample of pairs; by default taken from the certificate")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    given = parser.parse_args(arguments)
    try:
        with open(given.certificate, "rb") as file:
            certificate = file.read(LONGEST_CERTIFICATE + 1)
        files = []
        for name in given.shows:
            with open(name, "rb") as file:
                files.append(file.read(LARGEST_FILE + 1))
        verdict = check(certificate, files, seed=given.seed, every_pair=given.every_pair)
    except (OSError, Unusable) as problem:
        print(f"Cannot check: {problem}", file=sys.stderr)
        return 2
    if given.json:
        print(json.dumps(asdict(verdict), ensure_ascii=False))
    elif verdict.holds:
        print(f"The certificate holds: {verdict.drones} drones;", end=" ")
        print(f"{verdict.pairs_checked} of {verdict.pairs} pairs proved at every moment,")
        print(f"{verdict.exact} pairs of segments by the polynomial of their distance.")
        if verdict.near_checked:
            print(f"{verdict.near_checked} meetings of near pairs proved around moments where segments meet.")
    else:
        print(f"The certificate does not hold. First difference at {verdict.where}:")
        print(f"  stated: {verdict.stated}\n  found:  {verdict.found}")
    return 0 if verdict.holds else 3


if __name__ == "__main__":
    sys.exit(main())
