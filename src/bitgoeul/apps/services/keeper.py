"""The keeper: makes processes be what the rows say, counts what they answered, writes down when they fall.

A service that answers is replaced without a gap: the process of the other version is started beside the
present one, takes over when it answers, and the present one finishes what it has begun.

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

from bitgoeul.apps.registry.models import ModelVersion
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
# Time for connections that were just made to a process that is taken over from.
SETTLE_S = 0.5
DRAIN_WITHIN_S = 35.0  # the hub itself waits thirty seconds for an answer
FALLS_BEFORE_GIVING_UP = 5
FALLS_FORGOTTEN_AFTER_S = 600.0
LONGEST_WAIT_S = 30.0
FIRST_SIGNAL = 128  # how a sandbox tells that a signal ended its program


@dataclass
class Kept:
    """One predictor process and what the keeper knows of it."""

    service_id: int
    generation: int
    socket: Path
    process: subprocess.Popen[bytes]
    log_file: Path
    since: float
    answers: bool = False
    deaf: int = 0
    checked: float = 0.0
    is_told: bool = False  # that it is to finish

    @property
    def half(self) -> int:
        """Which half of the meter it counts into."""
        return self.generation % 2


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
        self.upcoming: dict[int, Kept] = {}  # will take over when they answer
        self.draining: list[Kept] = []  # were taken over from
        self.falls: dict[tuple[int, int], Falls] = {}  # by service and generation
        self.collected = 0.0

    def turn(self) -> None:
        """Bring processes, rows and books together once."""
        now = time.monotonic()
        wanted = {
            row.pk: row
            for row in Service.objects.filter(state__in=Service.RUNNING).select_related(
                "version__model", "next_version__model", "organisation"
            )
        }
        # First of all: after a take-over the present process is no longer the one that the row names.
        for service_id, upcoming in list(self.upcoming.items()):
            if row := self._bring_up(wanted.get(service_id), upcoming, now):
                wanted[service_id] = row
        for service_id, kept in list(self.kept.items()):
            row = wanted.get(service_id)
            if row is None or row.generation != kept.generation:
                self._end(self.kept.pop(service_id))
            else:
                self._watch(row, kept, now)
        for service_id, row in wanted.items():
            if service_id not in self.kept and self._may_begin(row, row.generation, now):
                places.lead_to(row.key, row.generation)
                self.kept[service_id] = self._begin(row, row.generation, row.version, now)
            if (
                row.next_version
                and service_id not in self.upcoming
                and self._may_begin(row, row.next_generation, now)
            ):
                self.upcoming[service_id] = self._begin(row, row.next_generation, row.next_version, now)
        for kept in list(self.draining):
            self._finish(kept, now)
        if now - self.collected >= COLLECT_EVERY_S:
            self.collected = now
            self.collect()
            self._resume()

    # processes

    def _may_begin(self, row: Service, generation: int, now: float) -> bool:
        fallen = self.falls.get((row.pk, generation))
        half_is_taken = any(d.service_id == row.pk and d.half == generation % 2 for d in self.draining)
        return not half_is_taken and (fallen is None or now >= fallen.not_before)

    def _begin(self, row: Service, generation: int, version: ModelVersion, now: float) -> Kept:
        home = places.folder(row.key)
        socket = places.socket_of(row.key, generation)
        socket.unlink(missing_ok=True)
        places.meter(row.key).parent.mkdir(exist_ok=True, mode=0o700)
        config = home / f"config-{generation % 2}.json"
        config.write_text(json.dumps(self._config(row, generation, version)), encoding="utf-8")
        log_file = home / f"predictor-{generation % 2}.log"
        with log_file.open("wb") as out:
            process = self._spawn(row, version, config, out)
        log.info("predictor started", service=row.slug, pid=process.pid, sandboxed=works())
        return Kept(row.pk, generation, socket, process, log_file, now)

    def _config(self, row: Service, generation: int, version: ModelVersion) -> dict[str, object]:
        document = version.document
        return {
            "name": row.slug,
            "version": str(version.number),
            "model": str(store().path(version.artefact)),
            "meter": str(places.meter(row.key)),
            "half": generation % 2,
            "socket": str(places.socket_of(row.key, generation)),
            "inputs": document["inputs"],
            "outputs": document["outputs"],
            "most_rows": settings.INFER_ROWS,
            "most_bytes": settings.INFER_LIMIT,
            "memory_mib": settings.PREDICTOR_MEMORY_MIB,
            # Inside a sandbox the parent is the sandbox, which dies with us.
            "parent": 0 if works() else os.getpid(),
        }

    def _spawn(
        self, row: Service, version: ModelVersion, config: Path, out: IO[bytes]
    ) -> subprocess.Popen[bytes]:
        program = Path(__file__).resolve().with_name("predictor.py")
        written = (places.socket_folder(row.key), places.meter(row.key).parent)
        box = Sandbox(
            shows=(
                *map(Shown, (program, config, store().path(version.artefact))),
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
        kept.socket.unlink(missing_ok=True)

    def _bring_up(self, row: Service | None, upcoming: Kept, now: float) -> Service | None:
        """Let a replacement take over when it answers; return the row as it is then."""
        if row is None or not _is_awaited(row, upcoming):
            self._end(self.upcoming.pop(upcoming.service_id))
            return None
        status = upcoming.process.poll()
        if status is not None:
            self._fell_before_answering(row, upcoming, now, status)
        elif asking.is_ready(upcoming.socket):
            # The row first: if we die in between our processes die too, and the row says which to start.
            row = commands.note_live(by=SYSTEM, service=row, generation=upcoming.generation)
            if row.generation == upcoming.generation:
                self._take_over(row, upcoming, now)
                return row
        elif now - upcoming.since > START_WITHIN_S:
            upcoming.process.kill()
            upcoming.process.wait()
            self._fell_before_answering(row, upcoming, now, None)
        return None

    def _take_over(self, row: Service, upcoming: Kept, now: float) -> None:
        places.lead_to(row.key, upcoming.generation)
        if (present := self.kept.get(row.pk)) is not None:
            present.since = now
            self.draining.append(present)
        upcoming.answers, upcoming.checked = True, now
        self.kept[row.pk] = self.upcoming.pop(row.pk)
        log.info("predictor took over", service=row.slug, generation=upcoming.generation)

    def _finish(self, kept: Kept, now: float) -> None:
        """Let a process that was taken over from answer what it has begun, and go."""
        if kept.process.poll() is None and now - kept.since <= DRAIN_WITHIN_S:
            if not kept.is_told and now - kept.since >= SETTLE_S:
                kept.is_told = asking.drain(kept.socket)
            return
        self._end(kept)
        self.draining.remove(kept)

    def _fell_before_answering(self, row: Service, upcoming: Kept, now: float, status: int | None) -> None:
        del self.upcoming[row.pk]
        detail = _last_words(upcoming.log_file) if status else "it did not answer within its starting time"
        falls = self.falls.setdefault((row.pk, upcoming.generation), Falls())
        times = falls.add(now)
        log.warning("replacement fell", service=row.slug, status=status, times=times, detail=detail)
        if times >= FALLS_BEFORE_GIVING_UP:
            falls.not_before = math.inf
            commands.give_up_replacement(
                by=SYSTEM, service=row, generation=upcoming.generation, detail=detail
            )

    def _watch(self, row: Service, kept: Kept, now: float) -> None:
        status = kept.process.poll()
        if status is not None:
            self._fell(row, kept, now, status)
        elif not kept.answers:
            if asking.is_ready(kept.socket):
                kept.answers, kept.checked = True, now
                commands.note_live(by=SYSTEM, service=row, generation=kept.generation)
            elif now - kept.since > START_WITHIN_S:
                self._kill(row, kept, now, "it did not answer within its starting time")
        elif now - kept.checked >= HEALTH_EVERY_S:
            kept.checked = now
            kept.deaf = 0 if asking.is_ready(kept.socket) else kept.deaf + 1
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
        for kept in (*self.kept.values(), *self.upcoming.values(), *self.draining):
            self._end(kept)
        self.kept, self.upcoming, self.draining = {}, {}, []
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


def _is_awaited(row: Service, upcoming: Kept) -> bool:
    return upcoming.generation in {row.generation, row.next_generation if row.next_version_id else None}


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
