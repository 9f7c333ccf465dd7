"""Blueprints: calls written down as TOML beside the code, to start from."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from bitgoeul.apps.programmes.errors import BlueprintUnknown

FOLDER = Path(__file__).resolve().parent.parent / "blueprints"


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def blueprint(name: str) -> dict[str, Any]:
    """One blueprint as data."""
    if name not in names():
        raise BlueprintUnknown(name=name, known=", ".join(names()))
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
