"""What the fences look at: the files that git knows, and the capabilities that are here."""

from __future__ import annotations

import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any

from bitgoeul.kit.refusals import Refusal
from bitgoeul.site import capabilities

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "bitgoeul"


def tracked(*patterns: str) -> list[Path]:
    """The files of this project: tracked, or new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def load_everything() -> None:
    """Import every module in which capabilities declare something."""
    for module in ("commands", "errors", "events", "queries", "policies", "api", "views"):
        for name in capabilities.having(module):
            import_module(f"bitgoeul.apps.{name}.{module}")
    import_module("bitgoeul.site.api")
    import_module("bitgoeul.site.errors")
    import_module("bitgoeul.site.operations.supervisor")


def of_a_test(thing: Any) -> bool:
    """Whether a test made this for itself; other tests of the same process see it too."""
    return "tests" in thing.__module__.split(".")


def every_refusal() -> list[type[Refusal]]:
    """Every refusal that the hub can answer with."""
    load_everything()
    found: set[type[Refusal]] = set()
    waiting = [Refusal]
    while waiting:
        for child in waiting.pop().__subclasses__():
            if child not in found:
                found.add(child)
                waiting.append(child)
    return sorted(
        (r for r in found if r.__module__.startswith("bitgoeul.") and not of_a_test(r)),
        key=lambda refusal: f"{refusal.__module__}.{refusal.__name__}",
    )
