"""Recipes: programs that come with the hub, each a folder with a ``recipe.toml``.

name = "tabular-classifier"             in addresses and in the API
command = ["python", "/job/code/train.py"]
parameters = "parameters.schema.json"   a JSON Schema; titles in Korean and English
produces = "model"                      what is found in /job/out
[title] [description]                   ko, en
[resources]                             cpus, memory_mib, wall_s, gpus: what is asked for by default
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

from bitgoeul.apps.compute.errors import UnknownRecipe
from bitgoeul.kit.refusals import Invalid
from bitgoeul.kit.text import Localised

FOLDER = Path(__file__).resolve().parents[2] / "recipes"


@dataclass(frozen=True)
class Recipe:
    name: str
    title: Localised
    description: Localised
    command: tuple[str, ...]
    schema: dict[str, Any]
    resources: dict[str, int]
    produces: str
    folder: Path

    def checked(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Return the parameters with defaults filled in.

        Raises: Invalid, with one entry per parameter that does not hold.
        """
        properties = self.schema.get("properties", {})
        defaults = {name: part["default"] for name, part in properties.items() if "default" in part}
        filled = defaults | parameters
        errors: dict[str, list[str]] = {}
        for error in jsonschema.Draft202012Validator(self.schema).iter_errors(filled):
            place = ".".join(["parameters", *map(str, error.absolute_path)])
            errors.setdefault(place, []).append(error.message)
        if errors:
            raise Invalid(errors)
        return filled


@cache
def every() -> dict[str, Recipe]:
    """Return every recipe by its name."""
    found = [_read(path) for path in sorted(FOLDER.glob("*/recipe.toml"))]
    return {recipe.name: recipe for recipe in found}


def named(name: str) -> Recipe:
    try:
        return every()[name]
    except KeyError:
        raise UnknownRecipe(recipe=name) from None


def _read(path: Path) -> Recipe:
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    return Recipe(
        name=told["name"],
        title=Localised.of(told["title"]),
        description=Localised.of(told.get("description", {})),
        command=tuple(told["command"]),
        schema=json.loads((path.parent / told["parameters"]).read_text(encoding="utf-8")),
        resources={"cpus": 1, "memory_mib": 1024, "wall_s": 600, "gpus": 0} | told.get("resources", {}),
        produces=told.get("produces", ""),
        folder=path.parent,
    )
