"""The sentences for what the studio and the engine find wrong, by its stable code.

The facts of a problem stand in its sentence; where it is stands before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import ceil
from typing import Any

from django.utils.translation import gettext_lazy as _

from bitgoeul.apps.shows import story
from bitgoeul.kit.text import Localised

PROBLEMS: dict[str, Any] = {
    "asset-missing": _("the file “%(name)s” is missing"),
    "scene-key-twice": _("two scenes are called “%(key)s”"),
    "story-required": _("something that is needed is missing"),
    "story-additionalProperties": _("there is an entry that is not known"),
    "story-minimum": _("the number is too small"),
    "story-exclusiveMinimum": _("the number must be above zero"),
    "story-maximum": _("the number is too large"),
    "story-enum": _("the choice is not known"),
    "story-type": _("the entry is of another kind"),
    "story-minLength": _("the text is empty"),
    "story-maxLength": _("the text is too long"),
    "story-pattern": _("the entry is not written as expected"),
    "story-minItems": _("there are too few entries"),
    "story-maxItems": _("there are too many entries"),
    "story-const": _("this is not a storyboard of this version"),
    "internal": _("the studio stopped with an error of its own"),
    "too-long": _("making the show took too long or too much memory"),
    # What a storyboard asks for and cannot have.
    "formation-unknown": _("there is no figure of the kind “%(kind)s”"),
    "motion-unknown": _("there is no motion of the kind “%(kind)s”"),
    "light-unknown": _("there is no light of the kind “%(kind)s”"),
    "preview-too-large": _(
        "a preview shows at most %(most)s drones, and these are %(drones)s; have the whole show made instead"
    ),
    "show-without-scene": _("there is no scene yet; add one"),
    "points-not-one-per-drone": _(
        "the figure has %(points)s points for %(drones)s drones; each drone needs exactly one"
    ),
    "hold-negative": _("a scene cannot stay for less than no time"),
    "names-not-one-per-drone": _(
        "%(names)s names are given for %(drones)s drones; each needs one of its own"
    ),
    # Figures.
    "drones-do-not-fit": _("%(fits)s of %(wanted)s drones fit at this size; %(scale)s m holds them all"),
    "shape-too-small": _(
        "the drawing has too few lines for %(wanted)s drones at any size; use fewer drones in the "
        "picture or a richer drawing"
    ),
    "shape-empty": _("the drawing shows nothing"),
    "shape-too-detailed": _(
        "the drawing has too many details (more than %(most)s); drones show few, so simplify it"
    ),
    "shape-not-finite": _("the drawing has a coordinate that is no finite number"),
    "style-unknown": _("figures are drawn as outline or filled, not as “%(style)s”"),
    "size-out-of-range": _(
        "a size of %(size)s m is not possible; it must be above zero and at most %(most)s m"
    ),
    "drones-out-of-range": _("%(drones)s drones are not possible; a figure takes 1 to %(most)s"),
    "spacing-below-distance": _(
        "a spacing of %(spacing)s m is below the distance of %(distance)s m that drones keep"
    ),
    "place-not-finite": _("the place of the figure is too far away or no number"),
    "formation-too-low": _(
        "the lowest drone would be at %(lowest)s m, where drones fly only straight up and down; "
        "figures begin at %(navigation)s m"
    ),
    "colour-out-of-range": _("a colour has a part that is not between 0 and 255"),
    "angle-not-finite": _("an angle is no finite number"),
    "axis-unknown": _("“%(axis)s” is no direction"),
    "proportion-out-of-range": _("a proportion is outside what can be drawn"),
    "count-out-of-range": _("%(value)s is not possible; choose %(least)s to %(most)s"),
    "formation-larger-than-fleet": _(
        "the figure has %(points)s points, but the fleet only %(drones)s drones"
    ),
    "place-unknown": _("“%(place)s” is no place to wait for drones left over"),
    "holding-too-high": _(
        "drones left over would wait at %(height)s m, above the highest altitude of %(altitude)s m;"
        " lower the figure or use all drones in it"
    ),
    "drones-too-close": _(
        "two drones of the figure would be %(closest)s m apart, closer than %(distance)s m; make it larger"
    ),
    # Words and fonts.
    "text-empty": _("there is no letter to write"),
    "text-too-long": _("the text has %(letters)s letters; at most %(most)s can be written"),
    "glyph-missing": _("the font has no “%(glyph)s”; write something else or add a font that has it"),
    "glyph-unreadable": _("the font's drawing of “%(glyph)s” cannot be read; use another font"),
    "script-unsupported": _(
        "“%(glyph)s” belongs to a script that joins its letters, which is not supported; draw it as"
        " SVG instead"
    ),
    "font-unreadable": _("the font cannot be read; use an OTF or TTF file"),
    # Files.
    "file-too-large": _("the file is too large (%(bytes)s)"),
    "kind-unknown": _("there is no mesh of the kind “%(kind)s”; use OBJ, STL or GLB"),
    "svg-unreadable": _("the file is no SVG drawing that can be read"),
    "svg-refused": _("the drawing holds “%(part)s”, which is refused; save it as plain SVG with shapes only"),
    "picture-unreadable": _("the file is no picture that can be read; use PNG, JPEG or WebP"),
    "picture-too-large": _("the picture has more than %(most)s pixels; make it smaller"),
    "film-too-long": _("the moving picture has more than %(most)s frames; shorten it"),
    "mesh-unreadable": _("the mesh cannot be read; save it anew as OBJ, STL or GLB"),
    "mesh-empty": _("the mesh has no surface"),
    "mesh-too-detailed": _(
        "the mesh has %(triangles)s triangles; at most %(most)s can be read, so simplify it"
    ),
    "mesh-not-finite": _("the mesh has a corner that is no finite number"),
    "mesh-without-edges": _("the mesh has no edges to place drones on"),
    "points-unreadable": _("the list of points is no CSV text"),
    "points-empty": _("the list holds no point"),
    "points-too-many": _("the list holds %(points)s points; at most %(most)s can be read"),
    "points-not-drones": _("the list holds %(points)s points for %(drones)s drones"),
    "points-too-close": _("points of the list are too close to each other; %(fits)s of %(wanted)s can stand"),
    "row-columns": _("the line has %(columns)s values; write x, y, z, or x, y, z, red, green, blue"),
    "row-number": _("“%(value)s” in column %(column)s is no number that can be used"),
    # Motion.
    "motion-missing": _("there is nothing to move"),
    "time-out-of-range": _("%(seconds)s s is not possible here"),
    "value-not-finite": _("the motion leads to a place that is no finite number"),
    "morph-unequal": _("the figure to become has %(points)s points for %(drones)s drones"),
    "moving-too-close": _(
        "while it moves, two drones come %(closest)s m near after %(at_s)s s, and %(wanted)s m are "
        "needed; make the figure larger or the motion smaller"
    ),
    "motion-too-fast": _(
        "the motion is %(factor)s times as fast as the limit allows (%(limit)s); let the scene stay"
        " longer or move less"
    ),
    "motion-not-from-rest-to-rest": _("the motion does not begin and end at rest"),
    "motion-below-navigation": _(
        "the motion sinks to %(z)s m, where drones fly only straight up and down; lift the figure"
    ),
    "motion-above-altitude": _("the motion rises to %(z)s m, above the highest altitude; lower the figure"),
    "motion-leaves-area": _(
        "the motion leaves the area in which drones may fly; move the figure or make it smaller"
    ),
    "motion-too-close": _(
        "while the figure moves, drones %(points)s come too close; make the figure larger or the "
        "motion smaller"
    ),
    # Flights between figures.
    "start-too-close": _("%(distance_m)s m from drone %(other)s where the flight begins; that is too close"),
    "goal-too-close": _("%(distance_m)s m from point %(other)s; make the figure larger"),
    "start-below-navigation": _("the flight begins at %(z)s m, where drones fly only straight up and down"),
    "goal-below-navigation": _("at %(z)s m drones fly only straight up and down; lift the figure"),
    "start-above-altitude": _("the flight begins at %(z)s m, above the highest altitude"),
    "goal-above-altitude": _("%(z)s m is above the highest altitude; lower the figure or make it smaller"),
    "start-outside-area": _("the flight begins at x %(x)s m, y %(y)s m, where drones may not fly"),
    "goal-outside-area": _(
        "x %(x)s m, y %(y)s m is where drones may not fly: outside the fence, in a hole or too near"
        " the audience; move the figure or make it smaller"
    ),
    "way-leaves-area": _(
        "no way was found inside the area in which drones may fly; move the figure or make the fence wider"
    ),
    "cannot-be-timed": _(
        "the flight cannot be kept within the limits (%(over)s); raise them or leave more time"
    ),
    "cannot-keep-apart": _(
        "cannot be kept %(distance_m)s m away from drone %(other)s on the way; make the figure "
        "larger or move it"
    ),
    "wind-too-strong": _(
        "a wind of %(wind)s m/s leaves nothing of the horizontal velocity of %(velocity_xy)s m/s"
    ),
    "factor-below-one": _("a show can be slowed down, not sped up (%(factor)s)"),
    "show-too-wide": _("the show reaches %(reach_m)s m; files hold at most %(most_m)s m"),
    # Pads, take-off, landing.
    "pads-impossible": _("the grid of pads has no place"),
    "pads-too-few": _("there are %(pads)s pads for %(drones)s drones"),
    "pad-off-ground": _("the pad is at %(z)s m instead of on the ground"),
    "two-drones-on-one-pad": _(
        "%(distance_m)s m from drone %(other)s on the ground; put the pads further apart"
    ),
    "pad-outside-area": _("the pad at x %(x)s m, y %(y)s m lies where drones may not fly; move the pads"),
    "pad-shared": _("drones %(drones)s stand on the same spot"),
    "take-off-too-high": _(
        "pads this close need %(layers)s layers, the highest at %(height_m)s m, above the highest "
        "altitude; put the pads further apart"
    ),
    "take-off-cannot-be-timed": _(
        "the take-off cannot be kept within the limits; raise them or put the pads further apart"
    ),
    "no-room-to-land": _("%(pairs)s pairs of drones find no room to land"),
    "descent-cannot-be-timed": _("the descent cannot be kept within the limits"),
    "cannot-descend": _("cannot come down past drone %(other)s"),
    "moment-outside-show": _("there is no such moment in the show (%(moment_ms)s ms)"),
    "return-too-low": _("at %(z)s m it is too low to fly back"),
    # Limits, place, battery.
    "limit-not-positive": _("%(value)s is no limit; write a number above zero"),
    "limit-unknown": _("there is no limit of this name"),
    "downwash-below-one": _("%(value)s is too small; the factor is 1 or more"),
    "navigation-above-altitude": _("it must be below the highest altitude of %(altitude)s m"),
    "hole-without-fence": _("holes need a fence around them"),
    "distance-negative": _("the distance must be zero or more"),
    "ring-too-short": _("it has %(corners)s corners; an area needs at least three"),
    "ring-not-finite": _("a corner is no finite number"),
    "ring-repeats-corner": _("corner %(corner)s is written twice"),
    "ring-crosses-itself": _(
        "sides %(edges)s cross; list the corners in the order in which one walks around"
    ),
    "battery-impossible": _("%(value)s is not possible for a battery"),
    "battery-empty": _("the battery holds nothing, or all of it is reserve"),
    "battery-unknown": _("a battery has no such value"),
    # Lights.
    "layer-without-time": _("a light ends before it begins"),
    "group-impossible": _("a light is meant for drones that are not there"),
    "layer-ends-before": _("the layer ends before it begins"),
    "layer-begins-too-late": _("the layer would begin when the scene, %(hold_s)s s long, is over"),
    "layer-group-empty": _("no drone of the picture belongs to the layer; choose others"),
    "strip-ends-before": _("the strip ends before it begins"),
    "times-not-increasing": _("the times do not go forward"),
    "gradient-without-way": _("a gradient needs two colours and a way between them"),
    "effect-impossible": _("the effect has no length, no period or no direction"),
    "colours-not-one-per-drone": _("there is not one colour per drone"),
    "picture-empty": _("the picture thrown onto the drones is empty"),
    "picture-without-plane": _("the picture thrown onto the drones has no width or no height"),
    "colour-impossible": _("a colour is not between 0 and 255"),
    "program-too-long": _("a light program lasts too long"),
    "program-cut-short": _("a light program ends in the middle of a command"),
    "program-endless": _("a light program never ends"),
    "program-number-too-long": _("a light program holds a number that is too long"),
    "program-too-deep": _("a light program has loops in loops too deep"),
    "program-unknown-command": _("a light program holds the unknown command %(code)s"),
    # Shows of other tools.
    "archive-unreadable": _("the file cannot be unpacked; it is damaged or no archive"),
    "archive-too-many-entries": _("the archive holds %(entries)s files, too many for a show"),
    "archive-entry-twice": _("the archive holds two files of the same name"),
    "archive-entry-missing": _("this part of the archive is missing"),
    "archive-too-large": _("unpacked, the archive is larger than %(bytes)s, too large for a show"),
    "json-unreadable": _("this part is no JSON"),
    "number-expected": _("a number is missing"),
    "number-not-finite": _("a number is not finite"),
    "object-expected": _("named values are missing"),
    "list-expected": _("a list is missing"),
    "base64-expected": _("the content is not written in base64"),
    "coordinate-too-far": _("a place %(metres)s m away is too far"),
    "time-impossible": _("%(seconds)s s is no time in a show"),
    "reference-impossible": _("it refers to something outside the archive"),
    "version-unknown": _("the show is of a version that is not known"),
    "fences-several": _("the show has %(fences)s fences; one can be checked"),
    "phase-impossible": _("a phase of the show ends before it begins or outside the show"),
    "point-impossible": _("a point is not written as time, place and controls"),
    "curve-not-cubic": _("a curve has %(controls)s controls; at most two can be read"),
    "no-drones": _("there is no drone in the show"),
    "no-time": _("the show has no length"),
    "drones-too-many": _("%(drones)s drones are more than can be read"),
    "path-empty": _("a drone has no path"),
    "samples-too-many": _("the file holds too many rows"),
    "csv-unreadable": _("the table cannot be read; it is no CSV of numbers"),
    "csv-columns": _("a row has %(columns)s values; write time, x, y, z, or also red, green, blue"),
    "vviz-unreadable": _("the file is no VVIZ show that can be read"),
    "vviz-impossible": _("the VVIZ show has a drone whose rows do not fit together"),
    "skyb-unreadable": _("the file is no .skyb show that can be read"),
    "skyb-cut-short": _("the .skyb file ends too early"),
    "checksum-wrong": _("the checksum does not fit; the file is damaged"),
    "names-not-different": _("only %(names)s of %(drones)s drones have names of their own"),
    "lights-missing": _("there are %(lights)s light programs for %(drones)s drones"),
    "cue-outside": _("a cue lies outside the show"),
    # Files to be written, and certificates.
    "grid-too-fine": _("the paths are finer than the .skyb format can hold"),
    "reach-too-far": _("the paths reach %(metres)s m, further than the .skyb format can hold"),
    "block-too-long": _("a drone has more than the .skyb format can hold"),
    "segment-too-long": _("a moving curve lasts longer than the .skyb format can hold"),
    "certificate-too-long": _("the certificate is too large (%(bytes)s)"),
    "certificate-unreadable": _("the certificate cannot be read"),
    "certificate-format-unknown": _("the certificate is of a format that is not known"),
    "certificate-not-canonical": _("the certificate is not written the way this hub writes it"),
    "certificate-of-another-show": _("the certificate belongs to another show"),
    "certificate-of-other-limits": _("the certificate was made for other limits or another area"),
    "certificate-does-not-hold": _("the certificate says that this is not kept"),
    # Films.
    "film-without-browser": _(
        "a film needs Chromium on the machine of the studio; install it with: "
        "sudo apt-get install -y chromium"
    ),
    "film-not-recorded": _("the browser recorded nothing; try again, or look whether it can draw (WebGL)"),
    # Flight logs.
    "log-columns": _("the log has no column %(missing)s"),
    "log-unreadable": _("the log is no table of numbers; write drone, time_s, x, y, z as CSV"),
    "log-empty": _("the log holds no row"),
    "log-unknown-drone": _("there is no drone %(drone)s in the show"),
}

PLACES: dict[str, Any] = {
    "scene": _("Scene %(n)s"),
    "layer": _("Light layer %(n)s"),
    "drone": _("Drone %(n)s"),
    "point": _("Point %(n)s"),
    "line": _("Line %(n)s"),
    "hole": _("Hole %(n)s in the fence"),
    "audience": _("Audience %(n)s"),
    "landing": _("Flight to the landing"),
    "fence": _("Fence"),
}

# How the engine writes where something is, and the place that a reader knows it by.
WRITTEN = [
    (re.compile(pattern), place)
    for pattern, place in {
        r"scenes\.(\d+)(?:\.(.+))?": "scene",
        r"layers\.(\d+)(?:\.(.+))?": "layer",
        r"(?:drone |swarm\.drones\.)(\d+)(?:\..*)?": "drone",
        r"line (\d+)": "line",
        r"holes\.(\d+)": "hole",
        r"audience\.(\d+)": "audience",
        "landing": "landing",
        "fence": "fence",
    }.items()
]
WIDEST_INT = 10_000  # larger numbers are written in groups of three digits


def sentence(problem: Mapping[str, Any]) -> str:
    """One problem in the reader's language; a code without a sentence is shown as it is."""
    code, facts = problem["code"], problem.get("facts", {})
    text = PROBLEMS.get(code)
    try:
        said = str(text) % {name: _said(name, value) for name, value in facts.items()} if text else code
    except KeyError:  # a sentence that asks for more than the problem tells
        said = code
    places = ", ".join(dict.fromkeys(_places(problem)))
    whole = f"{places}: {said}" if places else said
    more = facts.get("more", 0)
    return str(_("%(said)s (and %(more)s more like it)")) % {"said": whole, "more": more} if more else whole


def _places(problem: Mapping[str, Any]) -> Iterator[str]:
    """Where a problem is, from the whole to its part, such as its scene and then its drone."""
    facts = problem.get("facts", {})
    is_scene = "scene" in facts or problem.get("where", "").startswith("scenes.")
    for written in (facts.get("scene", ""), problem.get("where", ""), facts.get("at", "")):
        if written:
            yield from _place(problem["code"], written, is_scene=is_scene)


def _place(code: str, written: str, *, is_scene: bool) -> Iterator[str]:
    if written.isdigit():
        # Before they are flown to, the points of a figure belong to no drone.
        yield str(PLACES["point" if code.startswith("goal-") else "drone"]) % {"n": written}
        return
    for pattern, place in WRITTEN:
        if found := pattern.fullmatch(written):
            numbers = found.groups()
            yield str(PLACES[place]) % {"n": numbers[0]} if numbers else str(PLACES[place])
            if len(numbers) > 1 and numbers[1]:
                yield from _place(code, numbers[1], is_scene=is_scene)
            return
    if label := story.label(written):
        yield str(Localised.of(label))
    elif not is_scene:  # of a scene, what remains are the engine's own words
        yield written


def _said(name: str, value: Any) -> str:
    """A fact as it stands in a sentence."""
    match name, value:
        case "bytes", int():
            return f"{max(value / 2**20, 0.1):.1f}".removesuffix(".0") + " MiB"
        case "scale", float():
            return f"{ceil(value * 10) / 10:.1f}".removesuffix(".0")
        case "limit" | "over", str():
            return ", ".join(_limit(part) for part in value.split(", "))
        case _, float():
            return f"{value:.2f}".rstrip("0").rstrip(".")
        case _, int() if value >= WIDEST_INT:
            return f"{value:,}"
    return str(value)


def _limit(name: str) -> str:
    label = story.label(name)
    return str(Localised.of(label)) if label else name
