"""Which capabilities are here, lowest layer first.  A capability is registered by being there."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

APPS = Path(__file__).resolve().parent.parent / "apps"

LAYERS = [
    ["people", "record"],
    ["notices"],
    ["capacity", "credits"],
    ["programmes"],
    ["booking", "lake"],
    ["compute"],
    ["registry"],
    ["trust", "shows"],
    ["services"],
    ["festival", "academy", "growth", "governance"],
    ["dashboards"],
]


def present() -> list[str]:
    """The capabilities whose folder exists, lowest layer first."""
    return [name for layer in LAYERS for name in layer if (APPS / name / "apps.py").is_file()]


def having(module: str) -> list[str]:
    """The capabilities that have a module of this name."""
    return [name for name in present() if find_spec(f"bitgoeul.apps.{name}.{module}") is not None]
