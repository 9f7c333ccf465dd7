"""Translations: collected with gettext, compiled with polib so that no system package is needed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import polib
from django.utils.translation.reloader import translation_file_changed

PACKAGE = Path(__file__).resolve().parent.parent


def catalogues() -> Iterator[Path]:
    """Every Korean catalogue of the hub."""
    yield from sorted(PACKAGE.glob("**/locale/*/LC_MESSAGES/django.po"))


def compile_all() -> list[Path]:
    """Write the ``.mo`` beside each ``.po`` that is newer; return what was written.

    A catalogue appears whole, also to processes that start at this moment, and this process forgets what it
    has read before: the settings alone make Django read, on a fresh copy what is not there yet.
    """
    written = []
    for source in catalogues():
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            aside = target.with_suffix(f".{os.getpid()}")
            polib.pofile(str(source)).save_as_mofile(str(aside))
            aside.replace(target)
            translation_file_changed(None, target)
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


def collect(sentences: Mapping[str, set[str]], context: str) -> None:
    """Run makemessages in every capability, the kit and the site (needs the system's gettext).

    ``sentences`` of a folder are what its code says of itself without calling gettext: help and first lines.
    """
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
            with _as_calls(folder / "collected_sentences.py", sentences.get(folder.name, set()), context):
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


@contextmanager
def _as_calls(module: Path, sentences: set[str], context: str) -> Iterator[None]:
    """While it lasts, a module that says the sentences in the way that gettext collects."""
    module.write_text(
        "".join(f"pgettext({json.dumps(context)}, {json.dumps(s)})\n" for s in sorted(sentences))
    )
    try:
        yield
    finally:
        module.unlink()
