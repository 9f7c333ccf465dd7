"""The keeper: makes processes be what the rows say, counts what they answered, writes down when they fall.

It runs inside the runner process.  A lock file makes sure that there is one keeper per home; predictors die
with it, and the next keeper starts them again from the rows: a kill at any moment loses no state or count.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import os
import re
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import structlog
from django.conf import settings
from django.db import close_old_connections, connections

from bitgoeul.apps.services import asking, commands, places
from bitgoeul.apps.services.models import Service
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.refusals import Refusal
from bitgoeul.kit.sandbox import Sandbox, Shown, end_orphans, works
from bitgoeul.kit.store import store

log = structlog.get_logger(__name__)

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")

PAUSE_S = 0.2
HEALTH_EVERY_S = 5.0
DEAF_AFTER = 3  # health checks in a row without an answer
START_WITHIN_S = 60.0
COLLECT_EVERY_S = 2.0
FALLS_BEFORE_GIVING_UP = 5
FALLS_FORGOTTEN_AFTER_S = 600.0
LONGEST_WAIT_S = 30.0
FIRST_SIGNAL = 128  # how a sandbox tells that a signal ended its program


@dataclass
class Kept:
    """One predictor process and what the keeper knows of it."""

    service_id: int
    generation: int
    process: subprocess.Popen[bytes]
    log_file: Path
    since: float
    answers: bool = False
    deaf: int = 0
    checked: float = 0.0


@dataclass
class Falls:
    """How often a service fell lately, and when it may be started again."""

    moments: list[float] = field(default_factory=list)
    not_before: float = 0.0

    def add(self, now: float) -> int:
        self.moments = [m for m in self.moments if now - m < FALLS_FORGOTTEN_AFTER_S] + [now]
        self.not_before = now + min(LONGEST_WAIT_S, 0.25 * 2 ** (len(self.moments) - 1))
        return len(self.moments)


class Keeper:
    def __init__(self) -> None:
        self.kept: dict[int, Kept] = {}
        self.falls: dict[tuple[int, int], Falls] = {}  # by service and generation
        self.collected = 0.0

    def turn(self) -> None:
        """Bring processes, rows and books together once."""
        now = time.monotonic()
        wanted = {
            row.pk: row
            for row in Service.objects.filter(state__in=Service.RUNNING).select_related(
                "version__model", "organisation"
            )
        }
        for service_id, kept in list(self.kept.items()):
            row = wanted.get(service_id)
            if row is None or row.generation != kept.generation:
                self._end(kept)
            else:
                self._watch(row, kept, now)
        for service_id, row in wanted.items():
            fallen = self.falls.get((service_id, row.generation))
            if service_id not in self.kept and (fallen is None or now >= fallen.not_before):
                self._begin(row, now)
        if now - self.collected >= COLLECT_EVERY_S:
            self.collected = now
            self.collect()
            self._resume()

    # processes

    def _begin(self, row: Service, now: float) -> None:
        home = places.folder(row.key)
        with contextlib.suppress(FileNotFoundError):
            places.socket(row.key).unlink()
        places.meter(row.key).parent.mkdir(exist_ok=True, mode=0o700)
        config = home / "config.json"
        config.write_text(json.dumps(self._config(row)), encoding="utf-8")
        log_file = home / "predictor.log"
        with log_file.open("wb") as out:
            process = self._spawn(row, config, out)
        self.kept[row.pk] = Kept(row.pk, row.generation, process, log_file, now)
        log.info("predictor started", service=row.slug, pid=process.pid, sandboxed=works())

    def _config(self, row: Service) -> dict[str, object]:
        document = row.version.document
        return {
            "name": row.slug,
            "version": str(row.version.number),
            "model": str(store().path(row.version.artefact)),
            "meter": str(places.meter(row.key)),
            "socket": str(places.socket(row.key)),
            "inputs": document["inputs"],
            "outputs": document["outputs"],
            "most_rows": settings.INFER_ROWS,
            "most_bytes": settings.INFER_LIMIT,
            "memory_mib": settings.PREDICTOR_MEMORY_MIB,
            # Inside a sandbox the parent is the sandbox, which dies with us.
            "parent": 0 if works() else os.getpid(),
        }

    def _spawn(self, row: Service, config: Path, out: IO[bytes]) -> subprocess.Popen[bytes]:
        program = Path(__file__).resolve().with_name("predictor.py")
        written = (places.socket_folder(row.key), places.meter(row.key).parent)
        box = Sandbox(
            shows=(
                *map(Shown, (program, config, store().path(row.version.artefact))),
                *(Shown(folder, writable=True) for folder in written),
            ),
            python=sys.executable,
            environment={"OMP_NUM_THREADS": "1"},
        )
        return box.start(
            *(sys.executable, "-I", str(program), str(config)),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )

    def _end(self, kept: Kept) -> None:
        kept.process.terminate()
        try:
            kept.process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            kept.process.kill()
            kept.process.wait()
        self.kept.pop(kept.service_id, None)

    def _watch(self, row: Service, kept: Kept, now: float) -> None:
        status = kept.process.poll()
        if status is not None:
            self._fell(row, kept, now, status)
        elif not kept.answers:
            if asking.is_ready(row.key):
                kept.answers, kept.checked = True, now
                commands.note_live(by=SYSTEM, service=row, generation=kept.generation)
            elif now - kept.since > START_WITHIN_S:
                self._kill(row, kept, now, "it did not answer within its starting time")
        elif now - kept.checked >= HEALTH_EVERY_S:
            kept.checked = now
            kept.deaf = 0 if asking.is_ready(row.key) else kept.deaf + 1
            if kept.deaf >= DEAF_AFTER:
                self._kill(row, kept, now, "it stopped answering health checks")
        if kept.answers and row.state == Service.State.STARTING and row.pk in self.kept:
            commands.note_live(by=SYSTEM, service=row, generation=kept.generation)

    def _kill(self, row: Service, kept: Kept, now: float, why: str) -> None:
        kept.process.kill()
        kept.process.wait()
        self._fell(row, kept, now, None, why)

    def _fell(self, row: Service, kept: Kept, now: float, status: int | None, why: str = "") -> None:
        self.kept.pop(row.pk, None)
        # Only a program that ended by itself had last words; a signal leaves none.
        detail = why or (_last_words(kept.log_file) if status and 0 < status < FIRST_SIGNAL else "")
        commands.note_crash(
            by=SYSTEM, service=row, generation=kept.generation, exit_status=status, detail=detail
        )
        falls = self.falls.setdefault((row.pk, kept.generation), Falls())
        times = falls.add(now)
        log.warning("predictor fell", service=row.slug, status=status, times=times, detail=detail)
        if times >= FALLS_BEFORE_GIVING_UP:
            falls.not_before = math.inf
            commands.note_failed(by=SYSTEM, service=row, generation=kept.generation, times=times)

    def end_all(self) -> None:
        for kept in list(self.kept.values()):
            self._end(kept)
        self.collect()

    # books

    def collect(self) -> None:
        """Enter what every meter counted, also of services that have stopped since."""
        for row in Service.objects.select_related("organisation"):
            reading = places.read_meter(row.key)
            if reading is None:
                continue
            read = row.meter_read if reading.epoch == row.meter_epoch else 0
            if reading.predictions > read:
                with _answered(row):
                    commands.collect_usage(
                        by=SYSTEM, service=row, epoch=reading.epoch, reading=reading.predictions
                    )

    def _resume(self) -> None:
        for row in Service.objects.filter(state=Service.State.SUSPENDED).select_related("organisation"):
            with _answered(row):
                commands.resume_service(by=SYSTEM, service=row)


@contextlib.contextmanager
def _answered(row: Service):  # type: ignore[no-untyped-def]
    """A refusal is tried again at the next turn; one service does not keep the others from theirs."""
    try:
        yield
    except Refusal as refusal:
        log.warning("keeper was refused", service=row.slug, code=refusal.code, reason=str(refusal))


def _last_words(log_file: Path) -> str:
    """The last line that the process wrote: usually its exception."""
    try:
        lines = log_file.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except FileNotFoundError:
        return ""
    return _COLOURS.sub("", lines[-1])[:400] if lines else ""


def run(stop: threading.Event) -> None:
    """Keep services until ``stop`` is set; if another keeper holds the lock, wait for it to go."""
    home = Path(settings.HOME) / "services"
    home.mkdir(exist_ok=True, mode=0o700)
    with (home / "keeper.lock").open("w") as lock:
        while not stop.is_set():
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                stop.wait(0.5)
        end_orphans()
        keeper = Keeper()
        try:
            while not stop.is_set():
                close_old_connections()
                try:
                    keeper.turn()
                except Exception:
                    # Rows may be locked or a disk full: the next turn sees the same rows and tries again.
                    log.exception("keeper's turn failed")
                    stop.wait(1.0)
                stop.wait(PAUSE_S)
        finally:
            keeper.end_all()
            connections.close_all()
