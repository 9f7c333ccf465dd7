"""A storyboard as data: what it may hold, and what is wrong with one.

The words are in ``kinds.json``; forms are drawn from the same words.  Light: the web process reads this.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

FORMAT = "bitgoeul-story"
VERSION = 1
MOST_SCENES = 60
EXAMPLE = Path(__file__).with_name("example")
"""The folder of the example show: ``story.toml`` and its drawings."""
LONGEST_HOLD_S = 600
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
MUSIC = {
    "type": "object",
    "additionalProperties": False,
    "required": ["asset"],
    "properties": {
        "asset": {"type": "string", "maxLength": 80},
        "start_s": {"type": "number", "minimum": 0, "maximum": 3600},
    },
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
    for group in ("formations", "motions", "lights"):
        for name, kind in read[group].items():
            own = _whole(kind["schema"]["properties"], shared)
            # A list of points says itself where they are.
            more = place if group == "formations" and name != "points" else {}
            kind["schema"] |= {"additionalProperties": False, "properties": own | more}
    for schema in read["sections"].values():
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
            "music": MUSIC,
            "scenes": {"type": "array", "minItems": 1, "maxItems": MOST_SCENES, "items": scene},
        },
    }


def flaws(story: Any, assets: set[str] | None = None) -> list[dict[str, Any]]:
    """Return what keeps ``story`` from being a storyboard: code, place such as ``scenes.2.hold_s``, facts.

    With ``assets``, the names of the files that are there, also each file that is missing.
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
    if assets is not None:
        found += [
            {"code": "asset-missing", "where": where, "facts": {"name": name}}
            for where, name in assets_of(story)
            if name not in assets
        ]
    return found


@cache
def _labels() -> dict[str, dict[str, str]]:
    """What forms call each value: the last part of its path -> its title in both languages."""
    read = kinds()
    schemas = [
        kind["schema"] for group in ("formations", "motions", "lights") for kind in read[group].values()
    ]
    schemas += read["sections"].values()
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
    if music := story.get("music"):
        yield "music.asset", music["asset"]


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
