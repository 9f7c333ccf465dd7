"""A storyboard as data: what it may hold, and what is wrong with one.

The words are in ``kinds.json``; forms are drawn from the same words.  Light: the web process reads this.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema

FORMAT = "bitgoeul-story"
VERSION = 1
MOST_SCENES = 60
MOST_LAYERS = 12
EXAMPLE = Path(__file__).with_name("example")
"""The folder of the example show: ``story.toml`` and its drawings."""
LONGEST_HOLD_S = 600
GROUPS = ("formations", "motions", "lights", "groups")
TEXTS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {language: {"type": "string", "maxLength": 80} for language in ("ko", "en")},
}
COORDINATE = {"type": "number", "minimum": -20_000, "maximum": 20_000}
RING = {
    "type": "array",
    "maxItems": 200,
    "items": {"type": "array", "minItems": 2, "maxItems": 2, "items": COORDINATE},
}
SITE = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "fence": RING,
        "holes": {"type": "array", "maxItems": 20, "items": RING},
        "audience": {"type": "array", "maxItems": 20, "items": RING},
        "audience_distance_m": {"type": "number", "minimum": 0, "maximum": 5000},
        "origin": {"type": "array", "minItems": 3, "maxItems": 3, "items": {"type": "number"}},
        "orientation_deg": {"type": "number", "minimum": -360, "maximum": 360},
    },
}


@cache
def kinds() -> dict[str, Any]:
    """What formations, motions, lights and sections there are, each with the schema of its values."""
    read: dict[str, Any] = json.loads(Path(__file__).with_name("kinds.json").read_text())
    shared = read["shared"]
    place = _whole(read["place"], shared)
    for group in GROUPS:
        for name, kind in read[group].items():
            own = _whole(kind["schema"]["properties"], shared)
            # A list of points says itself where they are.
            more = place if group == "formations" and name != "points" else {}
            kind["schema"] |= {"additionalProperties": False, "properties": own | more}
    for schema in (read["layer"], read["music"], *read["sections"].values()):
        schema["additionalProperties"] = False
    return read


def _whole(properties: dict[str, Any], shared: dict[str, Any]) -> dict[str, Any]:
    """Put what is shared in the place of its name."""
    return {name: shared[part] if isinstance(part, str) else part for name, part in properties.items()}


def _one_of(group: str) -> dict[str, Any]:
    """A schema of ``{"kind": …, values of that kind}``."""
    schemas = []
    for name, kind in kinds()[group].items():
        own = copy.deepcopy(kind["schema"])
        own["properties"] = {"kind": {"const": name}} | own["properties"]
        schemas.append({"if": {"properties": {"kind": {"const": name}}}, "then": own})
    return {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"enum": list(kinds()[group])}},
        "allOf": schemas,
    }


def _layer() -> dict[str, Any]:
    """A schema of a light layer: a light, the drones that show it, and when."""
    own = copy.deepcopy(kinds()["layer"])
    own["properties"] = {"light": _one_of("lights"), "group": _one_of("groups")} | own["properties"]
    return own | {"required": ["light", "group", *own["required"]]}


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of a whole storyboard."""
    scene = {
        "type": "object",
        "required": ["key", "formation", "hold_s"],
        "additionalProperties": False,
        "properties": {
            "key": {"type": "string", "pattern": "^[a-z0-9-]{1,40}$"},
            "name": TEXTS,
            "hold_s": {"type": "number", "minimum": 0, "maximum": LONGEST_HOLD_S},
            "formation": _one_of("formations"),
            "motion": _one_of("motions"),
            "light": _one_of("lights"),
            "layers": {"type": "array", "maxItems": MOST_LAYERS, "items": _layer()},
            "least_transition_s": {"type": "number", "minimum": 0, "maximum": LONGEST_HOLD_S},
        },
    }
    return {
        "type": "object",
        "required": ["format", "version", "fleet", "scenes"],
        "additionalProperties": False,
        "properties": {
            "format": {"const": FORMAT},
            "version": {"const": VERSION},
            "title": TEXTS,
            **kinds()["sections"],
            "site": SITE,
            "music": kinds()["music"] | {"required": ["asset"]},
            "scenes": {"type": "array", "minItems": 1, "maxItems": MOST_SCENES, "items": scene},
        },
    }


def flaws(story: Any, assets: set[str] | None = None) -> list[dict[str, Any]]:
    """Return what keeps ``story`` from being a storyboard: code, place such as ``scenes.2.hold_s``, facts.

    With ``assets``, the names of the files that are there, also what keeps it from being made: each file that
    is missing, and each layer of light that would begin when its scene is over.
    """
    validator = jsonschema.Draft202012Validator(schema())
    found = [
        {"code": f"story-{error.validator}", "where": _place(error), "facts": {"why": _why(error)}}
        for error in validator.iter_errors(story)
    ]
    if found:
        return found[:50]
    keys = [scene["key"] for scene in story["scenes"]]
    found = [
        {"code": "scene-key-twice", "where": f"scenes.{n + 1}.key", "facts": {"key": key}}
        for n, key in enumerate(keys)
        if key in keys[:n]
    ]
    found += _disorder(story)
    if assets is not None:
        found += [
            {
                "code": "layer-begins-too-late",
                "where": f"{where}.begin_s",
                "facts": {"hold_s": scene["hold_s"]},
            }
            for where, scene, layer in _layers(story)
            if layer["begin_s"] >= scene["hold_s"]
        ]
        found += [
            {"code": "asset-missing", "where": where, "facts": {"name": name}}
            for where, name in assets_of(story)
            if name not in assets
        ]
    return found


def _layers(story: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yield every layer of light: where it is, its scene, and itself."""
    for n, scene in enumerate(story["scenes"], 1):
        for k, layer in enumerate(scene.get("layers", []), 1):
            yield f"scenes.{n}.layers.{k}", scene, layer


def _disorder(story: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield times of lights that do not go forward, and strips that end before they begin."""
    lights = [(f"scenes.{n}", scene.get("light", {})) for n, scene in enumerate(story["scenes"], 1)]
    for where, _scene, layer in _layers(story):
        lights.append((where, layer["light"]))
        if layer.get("end_s", layer["begin_s"] + 1) <= layer["begin_s"]:
            yield {"code": "layer-ends-before", "where": f"{where}.end_s", "facts": {}}
        group = layer["group"]
        if group["kind"] == "strip" and group.get("from_percent", 0) >= group.get("to_percent", 33):
            yield {"code": "strip-ends-before", "where": f"{where}.group.to_percent", "facts": {}}
    for where, light in lights:
        times = [frame["at_s"] for frame in light.get("frames", [])]
        if any(later <= earlier for earlier, later in pairwise(times)):
            yield {"code": "times-not-increasing", "where": f"{where}.light.frames", "facts": {}}


@cache
def _labels() -> dict[str, dict[str, str]]:
    """What forms call each value: the last part of its path -> its title in both languages."""
    read = kinds()
    schemas = [kind["schema"] for group in GROUPS for kind in read[group].values()]
    schemas += [read["layer"], read["music"], *read["sections"].values()]
    return {
        name: value["title"]
        for schema in reversed(schemas)
        for name, value in schema["properties"].items()
        if "title" in value
    }


def label(path: str) -> dict[str, str] | None:
    """What forms call the value at ``path``, such as ``fleet.drones``, if they know it."""
    return _labels().get(path.rpartition(".")[2])


def _place(error: jsonschema.ValidationError) -> str:
    return ".".join(str(part + 1 if isinstance(part, int) else part) for part in error.absolute_path)


def _why(error: jsonschema.ValidationError) -> str:
    limit = error.validator_value
    return f"{error.validator} {limit}" if isinstance(limit, int | float | str) else str(error.validator)


def assets_of(story: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each place at which a storyboard uses a file, with the file's name."""
    for n, scene in enumerate(story["scenes"], 1):
        for part in ("formation", "light"):
            if name := scene.get(part, {}).get("asset"):
                yield f"scenes.{n}.{part}.asset", name
        for k, layer in enumerate(scene.get("layers", []), 1):
            if name := layer["light"].get("asset"):
                yield f"scenes.{n}.layers.{k}.light.asset", name
    if music := story.get("music"):
        yield "music.asset", music["asset"]


def unnamed(number: int) -> dict[str, str]:
    """What a scene without a name is called."""
    return {language: text.format(number) for language, text in kinds()["unnamed"].items()}


def names_of(scene: dict[str, Any], number: int) -> dict[str, str]:
    """What a scene is called in each language: its name, else what it writes, else its number."""
    given = scene.get("name", {})
    other = given.get("ko") or given.get("en") or scene["formation"].get("text")
    return {
        language: given.get(language) or other or number_of_it
        for language, number_of_it in unnamed(number).items()
    }


def blank(drones: int, text: str) -> dict[str, Any]:
    """Return the storyboard that a new show begins with: one scene that writes ``text``."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "fleet": {"drones": drones, "seed": 1},
        "pads": {"spacing_m": 3.5},
        "limits": {},
        "scenes": [
            {
                "key": "first",
                "name": {"ko": "첫 장면", "en": "First scene"},
                "hold_s": 12,
                "formation": {"kind": "text", "text": text, "style": "outline"},
            }
        ],
    }
