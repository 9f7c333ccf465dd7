"""`bitgoeul shows …`: draw, plan, compile, verify and render without a hub."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer(help="Drone light shows: draw, plan, compile, verify, render.")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Out = Annotated[Path, typer.Option("--out", help="The file to write.")]
BROKEN = 1


def _say(value: Any, as_json: bool, line: str) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False) if as_json else line)


def _refuse(problems: Any) -> typer.Exit:
    """Name each problem on the error output and end with status 3."""
    from bitgoeul.apps.shows.problems import sentence
    from bitgoeul.apps.shows.studio.telling import told

    for problem in told(problems):
        typer.echo(sentence(problem), err=True)
    return typer.Exit(3)


@app.command()
def formation(
    out: Out,
    text: Annotated[str, typer.Option(help="What the drones write.")] = "",
    svg: Annotated[Path | None, typer.Option(help="A drawing.", exists=True)] = None,
    kind: Annotated[str, typer.Option(help="sphere, ring, helix, wave, grid, cube or cone.")] = "sphere",
    drones: Annotated[int, typer.Option(min=1, max=30_000)] = 300,
    style: Annotated[str, typer.Option(help="outline or fill.")] = "outline",
    as_json: Json = False,
) -> None:
    """Draw one formation: exactly one point per drone."""
    import numpy as np

    from bitgoeul.apps.shows.studio import drawing, program
    from bitgoeul.engines.shows import ShowInvalid

    part: dict[str, Any] = {"kind": kind}
    files: dict[str, bytes] = {}
    if text:
        part = {"kind": "text", "text": text, "style": style}
    elif svg is not None:
        part, files = {"kind": "svg", "asset": svg.name, "style": style}, {svg.name: svg.read_bytes()}
    story = {"fleet": {"drones": drones}}
    try:
        placed = drawing.drawn({"formation": part}, program.material_of(story, files))
    except ShowInvalid as refused:
        raise _refuse(refused.problems) from None
    found = {
        "drones": drones,
        "size_m": round(placed.size_m, 3),
        "closest_m": round(placed.closest_m, 6),
        "points": np.round(placed.formation.points, 3).tolist(),
        "colours": placed.formation.colours.tolist(),
    }
    out.write_text(json.dumps(found), encoding="utf-8")
    brief = {name: found[name] for name in ("drones", "size_m", "closest_m")}
    _say(brief, as_json, f"{out}: {drones} points, {found['size_m']} m wide, closest {found['closest_m']} m")


@app.command()
def plan(
    to: Annotated[Path, typer.Option(help="A formation, as `formation` writes it.", exists=True)],
    start: Annotated[str, typer.Option("--from", help="grid, or a formation's file.")] = "grid",
    drones: Annotated[int, typer.Option(min=1, max=30_000)] = 300,
    as_json: Json = False,
) -> None:
    """Plan and prove one flight between two formations."""
    import resource
    from time import perf_counter

    import numpy as np

    from bitgoeul.engines import shows as engine

    limits = engine.Limits()
    goals = _points(to, drones)
    if start == "grid":
        starts = engine.grid_pads(int(np.ceil(drones**0.5)), int(np.ceil(drones**0.5)), 3.5, drones=drones)
        starts = starts + np.array([0.0, float(goals[:, 1].mean()), 6.0])
    else:
        starts = _points(Path(start), drones)
    began = perf_counter()
    try:
        flight = engine.transition(starts, goals, limits)
    except engine.ShowInvalid as refused:
        raise _refuse(refused.problems) from None
    planned = perf_counter()
    certificate = engine.prove(flight.curves, limits, engine.Site())
    found = {
        "drones": drones,
        "makespan_s": round(flight.makespan_s, 3),
        "lower_bound_s": round(flight.lower_bound_s, 3),
        "ratio": round(flight.ratio, 4),
        "min_separation_m": certificate.bound("distance").value,
        "required_m": limits.distance_m,
        "certified": certificate.holds,
        "plan_s": round(planned - began, 3),
        "proof_s": round(perf_counter() - planned, 3),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    line = "{makespan_s} s ({ratio} of the bound), closest {min_separation_m} m, certified: {certified}"
    _say(found, as_json, line.format(**found))
    if not certificate.holds:
        raise typer.Exit(BROKEN)


def _points(path: Path, drones: int) -> Any:
    import numpy as np

    points = np.array(json.loads(path.read_text(encoding="utf-8"))["points"], float)
    if points.shape != (drones, 3):
        raise typer.BadParameter(f"{path} has {len(points)} points, not {drones}")
    return points


def read_story(path: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """A storyboard in TOML or JSON, and the files beside it that it uses."""
    from bitgoeul.apps.shows import story
    from bitgoeul.apps.shows.problems import sentence

    try:
        text = path.read_text(encoding="utf-8")
        drawn = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except ValueError as error:
        typer.echo(f"{path}: {error}", err=True)
        raise typer.Exit(2) from None
    names = {file.name for file in path.parent.iterdir() if file.is_file()}
    if flaws := story.flaws(drawn, names):
        for flaw in flaws:
            typer.echo(sentence(flaw), err=True)
        raise typer.Exit(3)
    used = {name for _where, name in story.assets_of(drawn)}
    return drawn, {name: (path.parent / name).read_bytes() for name in sorted(used)}


@app.command("compile")
def compile_story(
    story: Annotated[Path, typer.Argument(help="A storyboard in TOML or JSON.", exists=True)],
    out: Annotated[Path, typer.Option(help="The .skyc file; large fleets get several.")] = Path("show.skyc"),
    certificate: Annotated[Path, typer.Option(help="The certificate's file.")] = Path("show.cert.json"),
    as_json: Json = False,
) -> None:
    """Make a whole show from a storyboard and prove it."""
    from bitgoeul.apps.shows.studio import making, program
    from bitgoeul.engines import shows as engine

    drawn, files = read_story(story)
    console = Console(stderr=True)
    with console.status("") as status:
        try:
            made = making.make(
                drawn,
                program.material_of(drawn, files),
                drawn.get("title", {}).get("en") or story.stem,
                lambda stage, share: status.update(f"{stage} {share:.0%}"),
            )
        except engine.ShowInvalid as refused:
            raise _refuse(refused.problems) from None
    parts = engine.to_skyc(made.show, made.certificate if made.certificate.holds else None)
    names = [out] if len(parts) == 1 else [out.with_stem(f"{out.stem}-{n}") for n in range(1, len(parts) + 1)]
    for name, part in zip(names, parts, strict=True):
        name.write_bytes(part)
    certificate.write_text(engine.written(made.certificate), encoding="utf-8")
    found = {
        "drones": made.show.curves.drones,
        "duration_s": made.show.curves.duration_ms / 1000,
        "certified": made.certificate.holds,
        "digest": made.certificate.digest,
        "files": [str(name) for name in names],
        "certificate": str(certificate),
        "report": {name: value for name, value in made.report.items() if name != "area"},
    }
    line = f"{names[0]}: {found['drones']} drones, {found['duration_s']} s, certified: {found['certified']}"
    _say(found, as_json, line)
    if not made.certificate.holds:
        for bound in made.certificate.bounds:
            if not bound.holds:
                typer.echo(f"{bound.name}: {bound.value} {bound.unit}, limit {bound.limit}", err=True)
        raise typer.Exit(BROKEN)


@app.command()
def verify(
    show: Annotated[
        list[Path], typer.Argument(help="The .skyc file or its parts, and the certificate.", exists=True)
    ],
    every_pair: Annotated[bool, typer.Option(help="Prove all pairs of a large fleet, slowly.")] = False,
    as_json: Json = False,
) -> None:
    """Check a show against its certificate, with a program that shares no code with the planner."""
    from bitgoeul.engines.shows import check_show

    certificates = [str(path) for path in show if path.suffix == ".json"]
    parts = [str(path) for path in show if path.suffix != ".json"]
    if len(certificates) != 1 or not parts:
        raise typer.BadParameter("name the .skyc file and its certificate, which ends in .json")
    words = [*certificates, *parts, *(["--every-pair"] if every_pair else [])]
    raise typer.Exit(check_show.main([*words, *(["--json"] if as_json else [])]))


@app.command()
def render(
    show: Annotated[list[Path], typer.Argument(help="The .skyc file, or its parts.", exists=True)],
    out: Annotated[Path, typer.Option(help="poster.png, poster.svg, or show.webm.")] = Path("poster.png"),
    at: Annotated[
        float | None, typer.Option(help="The moment, in seconds; the fullest one by itself.")
    ] = None,
    width: Annotated[int, typer.Option(min=64, max=3840)] = 1280,
    seconds: Annotated[float, typer.Option(help="Of a video: how long it is.", min=1, max=600)] = 20,
    speed: Annotated[float, typer.Option(help="Of a video: how much faster than flown.", min=0.1)] = 10,
    as_json: Json = False,
) -> None:
    """Draw a poster of a show, or film it with headless Chromium."""
    from bitgoeul.apps.shows.studio import rendering
    from bitgoeul.engines import shows as engine

    try:
        read = engine.from_skyc([path.read_bytes() for path in show])
    except engine.ShowInvalid as refused:
        raise _refuse(refused.problems) from None
    if out.suffix == ".webm":
        try:
            rendering.film(read, out, width=width, seconds=seconds, speed=speed, begin_s=at or 0.0)
        except engine.ShowInvalid as refused:
            raise _refuse(refused.problems) from None
    else:
        rendering.write_poster(read, out, at_s=at, width=width)
    _say({"file": str(out), "bytes": out.stat().st_size}, as_json, f"{out}: {out.stat().st_size} bytes")


@app.command()
def abort(
    show: Annotated[list[Path], typer.Argument(help="The .skyc file, or its parts.", exists=True)],
    at: Annotated[float, typer.Option(help="The moment of aborting, in seconds.")],
    home: Annotated[bool, typer.Option(help="Return to the pads instead of sinking in place.")] = False,
    out: Annotated[Path | None, typer.Option(help="Also write what is flown, as .skyc.")] = None,
    as_json: Json = False,
) -> None:
    """Plan leaving a show at any moment, and prove it like the show itself."""
    from bitgoeul.engines import shows as engine

    try:
        read = engine.from_skyc([path.read_bytes() for path in show])
        pads = (
            read.curves.controls[read.curves.first[:-1], 0] / float(read.curves.per_metre) if home else None
        )
        left = engine.abort(read.curves, round(at * 1000), read.limits, read.site, pads=pads)
    except engine.ShowInvalid as refused:
        raise _refuse(refused.problems) from None
    certificate = engine.prove(left.curves, read.limits, read.site)
    if out is not None:
        drawn = engine.Show(title=read.title, curves=left.curves, limits=read.limits, site=read.site)
        out.write_bytes(engine.to_skyc(drawn, certificate if certificate.holds else None)[0])
    found = {
        "begins_s": left.begins_ms / 1000,
        "brakes": left.braked,
        "on_the_ground_s": (left.begins_ms + left.curves.duration_ms) / 1000,
        "min_separation_m": certificate.bound("distance").value,
        "certified": certificate.holds,
    }
    line = "leaves at {begins_s} s, on the ground at {on_the_ground_s} s, certified: {certified}"
    _say(found, as_json, line.format(**found))
    if not certificate.holds:
        raise typer.Exit(BROKEN)


@app.command()
def film(
    show: Annotated[str, typer.Argument(help="The show's name in its address.")],
    number: Annotated[int | None, typer.Option(help="Its version; the public one by itself.")] = None,
    seconds: Annotated[float, typer.Option(help="How long the film is.", min=1, max=600)] = 40,
    width: Annotated[int, typer.Option(min=64, max=3840)] = 1280,
    as_json: Json = False,
) -> None:
    """Record a film of a show for its page, with headless Chromium."""
    import tempfile

    from bitgoeul.apps.shows import commands, queries
    from bitgoeul.apps.shows.studio import rendering
    from bitgoeul.engines import shows as engine
    from bitgoeul.kit.actor import SYSTEM
    from bitgoeul.kit.doors import find, found
    from bitgoeul.kit.store import store

    row = find(queries.visible_to(SYSTEM), slug=show)
    version = found(row.published if number is None else row.versions.filter(number=number).first())
    parts = [file for file in version.files if file["kind"] == "skyc"]
    read = engine.from_skyc([store().path(file["stored"]).read_bytes() for file in parts])
    speed = read.curves.duration_ms / 1000 / seconds
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "show.webm"
        try:
            rendering.film(read, out, width=width, seconds=seconds, speed=speed, begin_s=0.0)
        except engine.ShowInvalid as refused:
            raise _refuse(refused.problems) from None
        with out.open("rb") as recorded:
            stored = store().put(f"shows/made/{row.public_id}-{version.number}/show.webm", recorded)
    commands.keep_film(by=SYSTEM, version_id=version.pk, stored=stored)
    _say(
        {"show": show, "version": version.number, "bytes": stored.size},
        as_json,
        f"{version}: {stored.size} bytes",
    )


@app.command("list")
def list_shows(text: str = "", as_json: Json = False) -> None:
    """List every show of the hub."""
    from bitgoeul.apps.shows import api, queries
    from bitgoeul.kit.actor import SYSTEM

    rows = [api.show_out(row) for row in queries.listed(SYSTEM, text)]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    table = Table("show", "title", "organisation", "public version")
    for row in rows:
        table.add_row(row["slug"], str(row["title"]), row["organisation"], str(row["published"] or ""))
    Console().print(table)


@app.command()
def example(
    folder: Annotated[Path, typer.Argument(help="Where to put it.")] = Path("eve-show"), as_json: Json = False
) -> None:
    """Write the storyboard of the example show and its drawings into a folder, to change them."""
    import shutil

    from bitgoeul.apps.shows.story import EXAMPLE

    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    _say({"folder": str(folder)}, as_json, f"{folder}/story.toml")
