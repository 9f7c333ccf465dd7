"""Which built file holds which source.  Vite writes the files and the manifest; this reads it once."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.core.checks import CheckMessage, Warning, register
from django.templatetags.static import static

DIST = Path(__file__).resolve().parent.parent / "static" / "dist"


@lru_cache(maxsize=1)
def manifest() -> dict[str, str]:
    """Source -> built file; empty while the front end is not built."""
    path = DIST / "manifest.json"
    if not path.is_file():
        return {}
    return {source: entry["file"] for source, entry in json.loads(path.read_text()).items()}


@lru_cache(maxsize=64)
def asset(source: str) -> str:
    """The address of ``source`` (such as ``src/app.js``), or "" while the front end is not built."""
    file = manifest().get(source)
    return static(f"dist/{file}") if file else ""


@register("bitgoeul")
def front_end_is_built(**_kwargs: Any) -> list[CheckMessage]:
    if manifest():
        return []
    return [
        Warning(
            "The front end is not built: pages come without styles.",
            hint="Run make setup, or npm ci && npm run build in frontend/.",
            id="bitgoeul.W001",
        )
    ]
