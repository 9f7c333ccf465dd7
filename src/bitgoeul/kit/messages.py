"""Translations: collected with gettext, compiled with polib so that no system package is needed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polib

PACKAGE = Path(__file__).resolve().parent.parent


def catalogues() -> Iterator[Path]:
    """Every Korean catalogue of the hub."""
    yield from sorted(PACKAGE.glob("**/locale/*/LC_MESSAGES/django.po"))


def compile_all() -> list[Path]:
    """Write the ``.mo`` beside each ``.po`` that is newer; return what was written."""
    written = []
    for source in catalogues():
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            polib.pofile(str(source)).save_as_mofile(str(target))
            written.append(target)
    return written


def unfinished() -> dict[str, list[str]]:
    """Catalogue -> messages without a translation or marked fuzzy."""
    found = {}
    for source in catalogues():
        entries = polib.pofile(str(source))
        missing = [e.msgid for e in entries if not e.obsolete and (not e.translated() or e.fuzzy)]
        if missing:
            found[str(source.relative_to(PACKAGE))] = missing
    return found


def collect() -> None:
    """Run makemessages in every capability, the kit and the site (needs the system's gettext)."""
    import os

    from django.core.management import call_command

    folders = [path.parent for path in sorted(PACKAGE.glob("apps/*/apps.py"))] + [
        PACKAGE / "kit",
        PACKAGE / "site",
    ]
    here = os.getcwd()
    for folder in folders:
        (folder / "locale").mkdir(exist_ok=True)
        os.chdir(folder)
        try:
            call_command(
                "makemessages",
                locale=["ko"],
                no_location=True,
                no_obsolete=True,
                verbosity=0,
                extensions=["html", "txt", "py"],
            )
        finally:
            os.chdir(here)
