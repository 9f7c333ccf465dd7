"""From a storyboard to everything that is known and written of a show.  Knows the engine and no hub."""

from __future__ import annotations

import io
import json
import resource
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from bitgoeul.apps.shows.story import names_of
from bitgoeul.apps.shows.studio import colouring, drawing, warming
from bitgoeul.apps.shows.studio.drawing import Material, in_scene
from bitgoeul.apps.shows.studio.packing import Span, packed, poster
from bitgoeul.engines import shows as engine

Progress = Callable[[str, float], None]
TICK_MS = 20
LOWEST_M = 6.0


SOUNDS = {"audio/mpeg": "mp3", "audio/ogg": "ogg"}
"""Music that the player plays, by its kind, and how its file ends."""

SHARES = {"formations": 0.1, "transitions": 0.55, "lights": 0.65, "proof": 0.8, "files": 1.0}
"""How much of the whole is done when a stage ends."""


def overall(stage: str, share: float) -> float:
    """The share of the whole work that is done."""
    before = max((end for end in SHARES.values() if end < SHARES[stage]), default=0.0)
    return before + (SHARES[stage] - before) * min(max(share, 0.0), 1.0)


def quiet(_stage: str, _share: float) -> None:
    """Tell nobody."""


@dataclass(frozen=True, eq=False)
class Made:
    """A show with its certificate, the scenes it plays, and what was found on the way."""

    show: engine.Show
    certificate: engine.Certificate
    spans: tuple[Span, ...]
    report: dict[str, Any]


def pads_of(story: Mapping[str, Any], drones: int) -> engine.Floats:
    """Where the fleet stands: a grid, or boxes of several drones, around the middle of the pads."""
    given = story.get("pads", {})
    boxes = int(given.get("boxes", 1))
    places = ceil(drones / boxes**2)
    columns = int(given.get("columns") or ceil(places**0.5))
    pads = engine.grid_pads(
        ceil(places / columns),
        columns,
        float(given.get("spacing_m", 3.5)),
        box=(boxes, boxes),
        inner_m=float(given.get("box_spacing_m", 0.6)),
        drones=drones,
    )
    return pads + np.array([float(given.get("x", 0)), float(given.get("y", 60)), 0.0])


def board_of(
    story: Mapping[str, Any], material: Material, progress: Progress = quiet
) -> tuple[engine.Storyboard, list[drawing.Placed]]:
    """Draw every scene.  Returns the storyboard of the engine, and the figures.

    Raises: ShowInvalid; each problem says which scene it is about.
    """
    figures, scenes = [], []
    for number, scene in enumerate(story["scenes"], 1):
        progress("formations", number / len(story["scenes"]))
        try:
            placed = drawing.drawn(scene, material)
            moving = drawing.moved(scene, placed.formation, material.limits)
        except engine.ShowInvalid as refused:
            raise in_scene(refused, number) from None
        figures.append(placed)
        hold_ms = round(float(scene["hold_s"]) * 1000)
        if moving is None:
            scenes.append(engine.Scene(f"scenes.{number}", placed.formation.points, hold_ms))
        else:
            ends_ms = np.round(moving.times_s[1:] * 1000 / TICK_MS).astype(np.int64) * TICK_MS
            scenes.append(
                engine.Scene(
                    f"scenes.{number}", placed.formation.points, 0, motion_ms=ends_ms, motion=moving.controls
                )
            )
    board = engine.Storyboard(
        pads=pads_of(story, material.drones),
        scenes=scenes,
        limits=against_wind(story, material.limits),
        site=drawing.site_of(story),
        lowest_m=float(story.get("pads", {}).get("take_off_m", LOWEST_M)),
    )
    return board, figures


def against_wind(story: Mapping[str, Any], limits: engine.Limits) -> engine.Limits:
    """The limits to plan with: what the wind of the storyboard leaves of the air speed."""
    wind = float(story.get("energy", {}).get("wind_m_s", 0))
    return engine.in_wind(limits, (wind, 0.0)) if wind else limits


def make(story: Mapping[str, Any], material: Material, title: str, progress: Progress = quiet) -> Made:
    """Draw, plan, colour and prove a storyboard.  Raises: ShowInvalid."""
    began = perf_counter()
    with warming.beside() as kernels:
        board, figures = board_of(story, material, progress)
        drawn_s = perf_counter() - began
        compiled = engine.compile_show(board, progress=lambda share, _name: progress("transitions", share))
        planned_s = perf_counter() - began - drawn_s
        if kernels is not None:
            kernels.wait()
    progress("lights", 0.0)
    spans = _spans(story, compiled)
    lights = engine.programs(colouring.layers(story, spans, compiled, figures, material), compiled.curves)
    progress("proof", 0.0)
    proving = perf_counter()
    # Wind is planned for, but what is promised are the limits of the storyboard.
    certificate = engine.prove(compiled.curves, material.limits, board.site)
    proof_s = perf_counter() - proving
    show = engine.Show(
        title=title,
        curves=compiled.curves,
        limits=material.limits,
        site=board.site,
        lights=lights,
        phases=compiled.segments,
        cues=tuple((span.begin_ms, span.name.get("en") or span.key) for span in spans),
        music=_music(story, material),
    )
    report = {
        "scenes": _scenes(spans, compiled, figures),
        "landing_s": round(compiled.transitions[-1].makespan_s, 3),
        "drawn_s": round(drawn_s, 3),
        "plan_s": round(planned_s, 3),
        "proof_s": round(proof_s, 3),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        **report_of(show, story),
    }
    return Made(show, certificate, spans, report)


def taken_in(plan: Mapping[str, Any], content: bytes, progress: Progress = quiet) -> Made:
    """Read a show that another tool made, and prove it against the limits of a storyboard.

    Raises: ShowInvalid for files that cannot be read.
    """
    progress("formations", 0.0)
    kind = plan["name"].rpartition(".")[2]
    if kind == "skyc":
        found = engine.from_skyc([content])
    else:
        found = engine.from_vviz(content) if kind == "vviz" else engine.from_csv(content)
    limits, site = drawing.limits_of(plan), drawing.site_of(plan)
    show = replace(found, limits=limits, site=site)
    progress("proof", 0.0)
    proving = perf_counter()
    certificate = engine.prove(show.curves, limits, site)
    spans = tuple(Span(name, {"en": name, "ko": name}, at, at) for at, name in show.cues)
    report = {
        "scenes": [{"key": span.key, "name": span.name, "begin_s": span.begin_ms / 1000} for span in spans],
        "proof_s": round(perf_counter() - proving, 3),
        **report_of(show, plan),
    }
    return Made(show, certificate, spans, report)


def _music(story: Mapping[str, Any], material: Material) -> engine.Music | None:
    given = story.get("music")
    if not given:
        return None
    name = given["asset"]
    media = "audio/ogg" if name.endswith(".ogg") else "audio/mpeg"
    starts = round(float(given.get("start_s", 0)) * 1000)
    return engine.Music(filename=name, media_type=media, sound=material.file(name), starts_ms=starts)


def _spans(story: Mapping[str, Any], compiled: engine.CompiledShow) -> tuple[Span, ...]:
    return tuple(
        Span(scene["key"], names_of(scene, number), played.begins_ms, played.ends_ms)
        for number, (scene, played) in enumerate(zip(story["scenes"], compiled.scenes, strict=True), 1)
    )


def _scenes(
    spans: tuple[Span, ...], compiled: engine.CompiledShow, figures: list[drawing.Placed]
) -> list[dict[str, Any]]:
    return [
        {
            "key": span.key,
            "name": span.name,
            "begin_s": span.begin_ms / 1000,
            "end_s": span.end_ms / 1000,
            "size_m": round(placed.size_m, 2),
            **flight_of(transition),
        }
        for span, transition, placed in zip(spans, compiled.transitions, figures, strict=False)
    ]


def flight_of(transition: engine.Transition) -> dict[str, Any]:
    """What is said of one flight."""
    closest = transition.tightest
    return {
        "flight_s": round(transition.makespan_s, 3),
        "bound_s": round(transition.lower_bound_s, 3),
        "ratio": round(transition.ratio, 4),
        "closest_m": None if closest is None else round(closest[2], 3),
        "detours": transition.repairs.bent,
    }


def report_of(show: engine.Show, story: Mapping[str, Any]) -> dict[str, Any]:
    """What the board of an evening asks: how far people are, what batteries have left, where it is flown."""
    given = story.get("energy", {})
    battery = engine.Battery(
        **{
            ours: float(given[name])
            for ours, name in (("capacity_wh", "battery_wh"), ("reserve", "reserve"))
            if name in given
        }
    )
    spent = engine.energy(show.curves, battery, (float(given.get("wind_m_s", 0)), 0.0))
    pads = show.curves.controls[show.curves.first[:-1], 0] / float(show.curves.per_metre)
    points = show.curves.controls.reshape(-1, 3) / float(show.curves.per_metre)
    apart = [_to_ring(pads[:, :2], ring) for ring in show.site.audience]
    return {
        "music_starts_s": None if show.music is None else show.music.starts_ms / 1000,
        "pads_to_audience_m": round(min(apart), 2) if apart else None,
        "energy": {
            "left_share": round(float(spent.left.min()), 4),
            "reserve": battery.reserve,
            "drone": spent.worst,
        },
        "area": {
            "site": {
                "fence": [list(corner) for corner in show.site.fence],
                "audience": [[list(corner) for corner in ring] for ring in show.site.audience],
            },
            "pads": np.round(pads[:, :2], 2).tolist(),
            "box": {
                "low": np.round(points.min(axis=0), 2).tolist(),
                "high": np.round(points.max(axis=0), 2).tolist(),
            },
        },
    }


def _to_ring(points: engine.Floats, ring: engine.Ring) -> float:
    """The distance of the nearest point to the edge of an area; 0 for one inside."""
    import shapely

    area = shapely.Polygon(ring)
    return float(shapely.distance(area, shapely.points(points)).min())


LONGEST_PREVIEW_MS = 30_000  # of a scene's stay: a preview answers at once


def preview(story: Mapping[str, Any], material: Material, number: int) -> dict[str, Any]:
    """What scene ``number`` (from 1) looks like, how it shines, and the flight into it.

    Raises: ShowInvalid.
    """
    scene = story["scenes"][number - 1]
    placed = _drawn(story, material, number)
    flight, at_ms, parts = None, 0, []
    slots = np.arange(len(placed.formation.points))
    if number > 1:
        before = _drawn(story, material, number - 1)
        moving = drawing.moved(story["scenes"][number - 2], before.formation, material.limits)
        starts = before.formation if moving is None else moving.ends
        limits = against_wind(story, material.limits)
        try:
            planned = engine.transition(
                starts.points, placed.formation.points, limits, drawing.site_of(story)
            )
        except engine.ShowInvalid as refused:
            raise in_scene(refused, number) from None
        flight, at_ms, slots = flight_of(planned), planned.curves.duration_ms, planned.mapping
        parts = [planned.curves]
    try:
        parts.append(_staying(scene, placed, slots, material, parts[0].per_metre if parts else None))
        curves = engine.Curves.after_another(parts)
        stay = colouring.Stay(0, 0, at_ms, curves.duration_ms, 0)
        lights = engine.programs(colouring.light_of(scene, placed, slots, stay, material), curves)
    except engine.ShowInvalid as refused:
        raise in_scene(refused, number) from None
    span = Span(scene["key"], names_of(scene, number), at_ms, curves.duration_ms)
    return {
        "pack": packed(curves, lights, [span], drawing.site_of(story), None),
        "at_ms": at_ms,
        "size_m": round(placed.size_m, 1),
        "flight": flight
        and {"seconds": flight["flight_s"], "bound": flight["bound_s"], "closest": flight["closest_m"]},
        "problems": [],
    }


def _drawn(story: Mapping[str, Any], material: Material, number: int) -> drawing.Placed:
    try:
        return drawing.drawn(story["scenes"][number - 1], material)
    except engine.ShowInvalid as refused:
        raise in_scene(refused, number) from None


def _staying(
    scene: Mapping[str, Any],
    placed: drawing.Placed,
    slots: engine.Ints,
    material: Material,
    per_metre: int | None,
) -> engine.Curves:
    """How a fleet stands or moves while a scene stays, for the eye: nothing is proved of it."""
    moving = drawing.moved(scene, placed.formation, material.limits)
    points = placed.formation.points[slots]
    grid = per_metre or engine.grid_for(float(np.abs(points).max()) + 1)
    if moving is not None:
        ends_ms = np.round(moving.times_s[1:] * 1000 / TICK_MS).astype(np.int64) * TICK_MS
        shown = max(int(np.searchsorted(ends_ms, LONGEST_PREVIEW_MS, side="right")), 1)
        controls = np.round(moving.controls[:shown, slots] * grid).astype(np.int64)
        return engine.Curves.together(grid, ends_ms[:shown], controls)
    stays_ms = min(max(ceil(float(scene["hold_s"]) * 1000 / TICK_MS) * TICK_MS, 1000), LONGEST_PREVIEW_MS)
    place = np.round(points * grid).astype(np.int64)
    still = np.broadcast_to(place[None, :, None], (1, len(place), 4, 3))
    return engine.Curves.together(grid, np.array([stays_ms]), still)


def write(made: Made, folder: Path, progress: Progress = quiet) -> None:
    """Write every file of a show into a folder.  Only a show that holds is written as certified."""
    progress("files", 0.0)
    show, certificate = made.show, made.certificate
    (folder / "certificate.json").write_text(engine.written(certificate), encoding="utf-8")
    stem = "show"
    holding = certificate if certificate.holds else None
    parts = engine.to_skyc(show, holding)
    for number, part in enumerate(parts, 1):
        (folder / (f"{stem}.skyc" if len(parts) == 1 else f"{stem}-{number}.skyc")).write_bytes(part)
    progress("files", 0.4)
    (folder / "skyb.zip").write_bytes(zipped(_skyb(show, holding)))
    (folder / "csv.zip").write_bytes(engine.to_csv(show))
    (folder / "vviz.zip").write_bytes(zipped({"show.vviz": engine.to_vviz(show)}))
    (folder / "show.glb").write_bytes(engine.to_gltf(show))
    if show.music is not None and (ending := SOUNDS.get(show.music.media_type)):
        (folder / f"music.{ending}").write_bytes(show.music.sound)
    progress("files", 0.8)
    bound = certificate.bound("distance")
    tightest = (
        {"at_ms": bound.at_ms, "drones": list(bound.drones), "metres": bound.value} if bound.drones else None
    )
    (folder / "show.pack").write_bytes(packed(show.curves, show.lights, made.spans, show.site, tightest))
    (folder / "poster.svg").write_text(poster(show, made.spans), encoding="utf-8")
    progress("files", 1.0)


def _skyb(show: engine.Show, certificate: engine.Certificate | None) -> dict[str, bytes]:
    """One file per drone; none where the format cannot hold the paths of a show made elsewhere."""
    try:
        files = engine.to_skyb(show, certificate)
    except engine.ShowInvalid as refused:
        why = "\n".join(f"{problem.where} {problem.code}" for problem in refused.problems)
        return {"not-written.txt": f"The .skyb format cannot hold these paths:\n{why}\n".encode()}
    return {f"{number + 1:05d}.skyb": content for number, content in enumerate(files)}


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Pack files; equal files give equal bytes."""
    packing = io.BytesIO()
    with zipfile.ZipFile(packing, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return packing.getvalue()


def result(made: Made) -> dict[str, Any]:
    """What the hub keeps in its tables."""
    certificate = json.loads(engine.written(made.certificate))
    for bound in certificate["bounds"]:
        bound["found"] = len(bound["violations"])
        bound["violations"] = bound["violations"][:50]  # all of them are in the file
    return {
        "drones": made.show.curves.drones,
        "duration_ms": made.show.curves.duration_ms,
        "digest": made.certificate.digest,
        "report": made.report,
        "certificate": certificate,
    }


def compared(show: engine.Show, log: bytes) -> dict[str, Any]:
    """How far flown drones were from their paths.

    ``log``: CSV with the columns drone (from 1), time_s, x, y, z; at most a few million rows.
    Raises: ShowInvalid: log-unreadable, log-columns, log-empty, log-unknown-drone.
    """
    drones, times, places = _rows(log)
    unknown = drones[(drones < 1) | (drones > show.curves.drones)]
    if len(unknown):
        raise engine.ShowInvalid(engine.Problem("log-unknown-drone", "", {"drone": int(unknown[0])}))
    away = np.zeros(len(drones))
    for moment in np.unique(times):
        rows = np.flatnonzero(times == moment)
        planned = show.curves.at(moment * 1000)
        away[rows] = np.sqrt(((places[rows] - planned[drones[rows] - 1]) ** 2).sum(axis=1))
    worst = []
    for drone in np.unique(drones):
        rows = np.flatnonzero(drones == drone)
        peak = rows[np.argmax(away[rows])]
        worst.append(
            {
                "drone": int(drone),
                "largest_m": round(float(away[peak]), 3),
                "at_s": float(times[peak]),
                "mean_m": round(float(away[rows].mean()), 3),
            }
        )
    worst.sort(key=lambda one: (-one["largest_m"], one["drone"]))
    return {
        "drones": len(worst),
        "moments": len(np.unique(times)),
        "largest_m": round(float(away.max()), 3),
        "mean_m": round(float(away.mean()), 3),
        "worst": worst[:20],
    }


COLUMNS = ("drone", "time_s", "x", "y", "z")


def _rows(log: bytes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    import csv
    import io

    try:
        lines = csv.DictReader(io.StringIO(log.decode("utf-8-sig")))
        if missing := [name for name in COLUMNS if name not in (lines.fieldnames or [])]:
            raise engine.ShowInvalid(engine.Problem("log-columns", "", {"missing": ", ".join(missing)}))
        rows = np.array([[float(line[name]) for name in COLUMNS] for line in lines])
    except (UnicodeDecodeError, ValueError, TypeError, csv.Error) as error:
        if isinstance(error, engine.ShowInvalid):
            raise
        raise engine.ShowInvalid(engine.Problem("log-unreadable")) from None
    if not len(rows):
        raise engine.ShowInvalid(engine.Problem("log-empty"))
    if not np.isfinite(rows).all():
        raise engine.ShowInvalid(engine.Problem("log-unreadable"))
    return rows[:, 0].astype(np.int64), rows[:, 1], rows[:, 2:]
