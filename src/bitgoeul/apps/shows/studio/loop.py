"""Keeps the processes of the studio: one that answers previews, and one for each version that is made.

It remembers nothing that matters: a version that a dead studio held waits again, and its next process begins
from the plan.  The processes die with this one.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import close_old_connections, connections

from bitgoeul.apps.shows import commands
from bitgoeul.apps.shows.models import Version
from bitgoeul.apps.shows.studio import box
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.refusals import StateChanged
from bitgoeul.kit.store import store

log = structlog.get_logger(__name__)

PAUSE_S = 0.2
IDLE_S = 1.0
AGAIN_S = 5.0  # before previews that fell are started again
FILES = {
    "certificate.json": ("certificate", "application/json"),
    "show.pack": ("pack", "application/octet-stream"),
    "poster.svg": ("poster", "image/svg+xml"),
    "csv.zip": ("csv", "application/zip"),
    "skyb.zip": ("skyb", "application/zip"),
    "show.vviz": ("vviz", "application/json"),
    "show.glb": ("glb", "model/gltf-binary"),
}


@dataclass
class Making:
    """One version in its process."""

    version_id: int
    claim: str
    folder: Path
    process: subprocess.Popen[bytes]
    since: float


class Studio:
    def __init__(self) -> None:
        self.making: Making | None = None
        self.previews: subprocess.Popen[bytes] | None = None
        self.previews_not_before = 0.0

    def turn(self) -> bool:
        """Take one step for everything; whether there is work."""
        self._keep_previews()
        if self.making is not None:
            self._watch(self.making)
        if self.making is None:
            self._take_next()
        return self.making is not None

    # previews

    def _keep_previews(self) -> None:
        if self.previews is not None and self.previews.poll() is not None:
            log.warning("previews fell", status=self.previews.returncode)
            self.previews, self.previews_not_before = None, time.monotonic() + AGAIN_S
        if self.previews is None and time.monotonic() >= self.previews_not_before:
            folder = box.socket_path().parent
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            box.kernels(folder)
            box.socket_path().unlink(missing_ok=True)
            with (folder / "log").open("wb") as out:
                self.previews = box.box(folder).start(
                    *box.words("answer", str(box.socket_path())),
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                )

    # versions

    def _take_next(self) -> None:
        version = Version.objects.filter(state=Version.State.WAITING).order_by("created_at", "id").first()
        if version is None:
            return
        claim = f"{socket.gethostname()} {os.getpid()} {version.pk}"
        try:
            version = commands.begin_making(by=SYSTEM, version_id=version.pk, claim=claim)
        except StateChanged:
            return
        folder = box.work(f"{version.show.public_id}-{version.number}")
        try:
            _lay_out(folder, version.plan)
        except FileNotFoundError as missing:
            problem = {"code": "asset-missing", "where": "", "facts": {"name": Path(str(missing)).name}}
            commands.fail_making(by=SYSTEM, version_id=version.pk, claim=claim, problems=[problem])
            return
        with (folder / "log").open("wb") as out:
            process = box.box(folder, cpu_s=settings.SHOWS_SECONDS * settings.SHOWS_THREADS).start(
                *box.words("make", str(folder)),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        self.making = Making(version.pk, claim, folder, process, time.monotonic())
        log.info("making", version=str(version), pid=process.pid)

    def _watch(self, making: Making) -> None:
        status = making.process.poll()
        if status is None and time.monotonic() - making.since > settings.SHOWS_SECONDS:
            making.process.kill()
            status = making.process.wait()
        if status is None:
            return
        try:
            self._finish(making, status)
        except StateChanged:
            log.info("version moved meanwhile", version=making.version_id)
        self.making = None
        shutil.rmtree(making.folder, ignore_errors=True)

    def _finish(self, making: Making, status: int) -> None:
        held: dict[str, Any] = {"by": SYSTEM, "version_id": making.version_id, "claim": making.claim}
        made = _read(making.folder / "out" / "result.json")
        if status == 0 and made is not None:
            files = _store_files(making, made)
            commands.complete_making(**held, made=made, files=files)
            return
        problems = (_read(making.folder / "out" / "problems.json") or {}).get("problems")
        if not problems:
            ended_by_limit = status < 0 or status > 128
            log.error("making broke", status=status, said=_last_words(making.folder / "log"))
            problems = [{"code": "too-long" if ended_by_limit else "internal", "where": "", "facts": {}}]
        commands.fail_making(**held, problems=problems)

    def end_all(self) -> None:
        made = self.making.process if self.making else None
        for process in (self.previews, made):
            if process is not None:
                process.kill()
                process.wait()


def _lay_out(folder: Path, plan: dict[str, Any]) -> None:
    """Put the plan and the files that it uses where the program finds them."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "assets").mkdir(parents=True, mode=0o700)
    (folder / "out").mkdir(mode=0o700)
    box.kernels(folder)
    for number, (name, stored) in enumerate(sorted(plan["assets"].items())):
        with store().open(stored) as source, (folder / "assets" / str(number)).open("wb") as target:
            shutil.copyfileobj(source, target)
        plan = plan | {"files": plan.get("files", {}) | {name: str(number)}}
    (folder / "plan.json").write_text(json.dumps(plan, ensure_ascii=False), encoding="utf-8")


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _store_files(making: Making, made: dict[str, Any]) -> list[dict[str, Any]]:
    """Bring what the program wrote into the store."""
    stored = []
    for path in sorted((making.folder / "out").iterdir()):
        kind, media = FILES.get(path.name, ("", ""))
        if path.suffix == ".skyc":
            kind, media = "skyc", "application/zip"
        if not kind or path.is_symlink() or not path.is_file():
            continue
        with path.open("rb") as file:
            kept = store().put(f"shows/made/{making.folder.name}/{path.name}", file)
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
    return _read(box.work(f"{version.show.public_id}-{version.number}") / "out" / "progress.json") or {}


def recover() -> None:
    """Give back what a studio held that is gone: this one holds the lock, so there is no other."""
    for version in Version.objects.filter(state=Version.State.MAKING):
        with contextlib.suppress(StateChanged):
            commands.requeue_making(by=SYSTEM, version_id=version.pk, claim=version.claim)
    shutil.rmtree(box.home() / "work", ignore_errors=True)


def run(stop: threading.Event) -> None:
    """Make versions until asked to stop; if another studio holds the lock, wait for it to go."""
    with (box.home() / "studio.lock").open("w") as lock:
        while not stop.is_set():
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                stop.wait(0.5)
        studio, recovered = Studio(), False
        try:
            while not stop.is_set():
                close_old_connections()
                busy = True
                try:
                    if not recovered:
                        recover()
                        recovered = True
                    busy = studio.turn()
                except DatabaseError as error:  # locked, or restarting: shows can wait
                    log.warning("database not available", error=str(error))
                stop.wait(PAUSE_S if busy else IDLE_S)
        finally:
            studio.end_all()
            connections.close_all()
