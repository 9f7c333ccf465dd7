"""The kinds of work of the studio: a version to make, a flight log to compare, a film to record.

Each is laid out in a folder, done there by a confined process, and its outcome brought into the hub.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings

from bitgoeul.apps.shows import commands
from bitgoeul.apps.shows.models import Film, FlightLog, Version
from bitgoeul.apps.shows.studio import box
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.refusals import StateChanged
from bitgoeul.kit.store import store

log = structlog.get_logger(__name__)

# What the program may leave behind, and what it is.
FILES = {
    "certificate.json": ("certificate", "application/json"),
    "show.pack": ("pack", "application/octet-stream"),
    "poster.svg": ("poster", "image/svg+xml"),
    "csv.zip": ("csv", "application/zip"),
    "skyb.zip": ("skyb", "application/zip"),
    "vviz.zip": ("vviz", "application/zip"),
    "show.glb": ("glb", "model/gltf-binary"),
    "music.mp3": ("music", "audio/mpeg"),
    "music.ogg": ("music", "audio/ogg"),
}
Problems = list[dict[str, Any]]


@dataclass
class Work:
    """One process at work in its folder, and what to do with its outcome."""

    folder: Path
    process: subprocess.Popen[bytes]
    complete: Callable[[dict[str, Any]], Any]
    fail: Callable[[Problems], Any]
    give_back: Callable[[], Any] | None = None  # where it may begin anew after it was killed from outside
    was_ended: bool = False
    since: float = field(default_factory=time.monotonic)

    def is_over(self) -> bool:
        """Whether the process has ended; one that takes too long is ended here."""
        if self.process.poll() is None and time.monotonic() - self.since > settings.SHOWS_SECONDS:
            self.end()
        return self.process.poll() is not None

    def end(self) -> None:
        self.was_ended = True
        self.process.kill()
        self.process.wait()

    def bring_in(self) -> None:
        """Bring the outcome into the hub and clear the folder."""
        made = read(self.folder / "out" / "result.json")
        try:
            if self.process.returncode == 0 and made is not None:
                self.complete(made)
            elif self.give_back is not None and self._was_killed():
                self.give_back()
            else:
                self.fail(self._problems())
        except StateChanged:
            log.info("somebody else was faster", folder=self.folder.name)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _was_killed(self) -> bool:
        """Whether somebody else killed it; a sandbox answers so for the process inside."""
        return not self.was_ended and self.process.returncode in {-signal.SIGKILL, 128 + signal.SIGKILL}

    def _problems(self) -> Problems:
        found: Problems | None = (read(self.folder / "out" / "problems.json") or {}).get("problems")
        if found:
            return found
        status = self.process.returncode
        log.error("work broke", status=status, said=_last_words(self.folder / "log"))
        ended_by_limit = status < 0 or status > 128
        return [{"code": "too-long" if ended_by_limit else "internal", "where": "", "facts": {}}]


def warm_up() -> Work | None:
    """Compile the kernels before anybody waits for them, in a process that sees nothing of any member."""
    folder = box.work("warm-up")

    def fail(problems: Problems) -> None:
        # Nothing depends on it: whoever needs a kernel compiles it.  Another start tries again.
        log.warning("kernels not compiled beforehand", problems=problems)

    return _begun("warm", folder, {"assets": {}}, lambda _made: box.keep_kernels(folder), fail)


def next_version(begun_anew: set[int]) -> Work | None:
    """Take the version that waits longest.

    One whose process is killed begins anew and is put into ``begun_anew``; one that is killed again fails,
    for what kills it may be its own size.
    """
    version = Version.objects.filter(state=Version.State.WAITING).order_by("created_at", "id").first()
    if version is None:
        return None
    claim = f"{socket.gethostname()} {os.getpid()} {version.pk}"
    try:
        version = commands.begin_making(by=SYSTEM, version_id=version.pk, claim=claim)
    except StateChanged:
        return None
    held: dict[str, Any] = {"by": SYSTEM, "version_id": version.pk, "claim": claim}
    folder = folder_of(version)

    def complete(made: dict[str, Any]) -> None:
        commands.complete_making(**held, made=made, files=_store_files(folder))

    def fail(problems: Problems) -> None:
        commands.fail_making(**held, problems=problems)

    def give_back() -> None:
        begun_anew.add(version.pk)
        commands.requeue_making(**held)

    begun = _begun("make", folder, version.plan, complete, fail)
    if begun is not None and version.pk not in begun_anew:
        begun.give_back = give_back
    return begun


def next_log() -> Work | None:
    """Take the flight log that waits longest."""
    entry = FlightLog.objects.filter(state=FlightLog.State.WAITING).select_related("flight__version").first()
    if entry is None:
        return None
    skyc = [file for file in entry.flight.version.files if file["kind"] == "skyc"]
    plan = {"assets": {file["name"]: file["stored"] for file in skyc} | {"log.csv": entry.stored}}

    def complete(found: dict[str, Any]) -> None:
        commands.complete_log(by=SYSTEM, log_id=entry.pk, result=found)

    def fail(problems: Problems) -> None:
        commands.refuse_log(by=SYSTEM, log_id=entry.pk, problems=problems)

    return _begun("compare", box.work(f"log-{entry.pk}"), plan, complete, fail)


FILM = {"width": 1280, "seconds": 40}


def next_film() -> Work | None:
    """Take the film that waits longest.  What is recorded is the file that the player plays."""
    film = Film.objects.filter(state=Film.State.WAITING).order_by("asked_at", "id").first()
    if film is None:
        return None
    version, folder = film.version, film_folder(film.version)
    pack = version.file("pack") or {"name": "show.pack", "stored": "missing"}

    def complete(_made: dict[str, Any]) -> None:
        with (folder / "out" / "show.webm").open("rb") as recorded:
            stored = store().put(f"shows/made/{folder.name}/show.webm", recorded)
        commands.keep_film(by=SYSTEM, version_id=version.pk, stored=stored)

    def fail(problems: Problems) -> None:
        commands.fail_film(by=SYSTEM, film_id=film.pk, problems=problems)

    plan = {"film": FILM | {"duration_ms": version.duration_ms}, "assets": {"show.pack": pack["stored"]}}
    return _begun("film", folder, plan, complete, fail)


def film_folder(version: Version) -> Path:
    return box.work(f"{version.show.public_id}-{version.number}-film")


def folder_of(version: Version) -> Path:
    return box.work(f"{version.show.public_id}-{version.number}")


def _begun(
    word: str,
    folder: Path,
    plan: dict[str, Any],
    complete: Callable[[dict[str, Any]], Any],
    fail: Callable[[Problems], Any],
) -> Work | None:
    try:
        _lay_out(folder, plan)
    except FileNotFoundError as missing:
        fail([{"code": "asset-missing", "where": "", "facts": {"name": Path(str(missing.filename)).name}}])
        return None
    cpu_s = settings.SHOWS_SECONDS * settings.SHOWS_THREADS
    confined = box.browser_box(folder, cpu_s) if word == "film" else box.box(folder, cpu_s)
    with (folder / "log").open("wb") as out:
        process = confined.start(
            *box.words(word, str(folder), patient=True),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    log.info("work begun", folder=folder.name, pid=process.pid)
    return Work(folder, process, complete, fail)


def _lay_out(folder: Path, plan: dict[str, Any]) -> None:
    """Put the plan and the files that it uses where the program finds them."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "assets").mkdir(parents=True, mode=0o700)
    (folder / "out").mkdir(mode=0o700)
    box.kernels(folder)
    names = {}
    for number, (name, stored) in enumerate(sorted(plan["assets"].items())):
        with store().open(stored) as source, (folder / "assets" / str(number)).open("wb") as target:
            shutil.copyfileobj(source, target)
        names[name] = str(number)
    written = json.dumps(plan | {"files": names}, ensure_ascii=False)
    (folder / "plan.json").write_text(written, encoding="utf-8")


def read(path: Path) -> dict[str, Any] | None:
    """A JSON object that the program wrote, if it did."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _store_files(folder: Path) -> list[dict[str, Any]]:
    """Bring what the program wrote into the store."""
    stored = []
    for path in sorted((folder / "out").iterdir()):
        kind, media = (
            ("skyc", "application/zip") if path.suffix == ".skyc" else FILES.get(path.name, ("", ""))
        )
        if not kind or path.is_symlink() or not path.is_file():
            continue
        with path.open("rb") as file:
            kept = store().put(f"shows/made/{folder.name}/{path.name}", file)
        stored.append(
            {
                "kind": kind,
                "name": path.name,
                "media": media,
                "stored": kept.name,
                "size": kept.size,
                "sha256": kept.sha256,
            }
        )
    return stored


def _last_words(log_file: Path) -> str:
    with contextlib.suppress(OSError):
        return log_file.read_text(encoding="utf-8", errors="replace")[-600:]
    return ""


def progress(version: Version) -> dict[str, Any]:
    """How far a version is: ``stage`` and ``share`` from 0 to 1; empty while nothing is known."""
    return read(folder_of(version) / "out" / "progress.json") or {}


def film_progress(version: Version) -> dict[str, Any]:
    """How far the film of a version is, in the same words."""
    return read(film_folder(version) / "out" / "progress.json") or {}
