"""Keeps the processes of the studio: one that answers previews, and one for what is made now.

It remembers nothing that matters: a version that a dead studio held waits again, and its next process begins
from the plan.  The processes die with this one.
"""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import subprocess
import threading
import time

import structlog
from django.db import Error as DatabaseError
from django.db import close_old_connections, connections

from bitgoeul.apps.shows import commands
from bitgoeul.apps.shows.models import Show, Version
from bitgoeul.apps.shows.studio import box, work
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.refusals import StateChanged

log = structlog.get_logger(__name__)

PAUSE_S = 0.2
IDLE_S = 1.0
LONGEST_ANSWER_S = 20
AGAIN_S = 5.0  # before previews that fell are started again


class Studio:
    def __init__(self) -> None:
        self.work: work.Work | None = None
        self.previews: subprocess.Popen[bytes] | None = None
        self.previews_not_before = 0.0
        self.begun_anew: set[int] = set()
        self.is_warm = box.kept_kernels().is_dir()
        self.is_warming = False
        self.is_wanted = False

    def turn(self) -> bool:
        """Take one step for everything; whether there is work."""
        if self.work is not None and self.work.is_over():
            over, self.work = self.work, None
            over.bring_in()
            self.is_warming = False
        if not self._wanted():
            return False
        if self.work is None and not self.is_warm:
            # Once: if it fails, whoever comes next compiles for itself.
            self.is_warm = self.is_warming = True
            self.work = work.warm_up()
        if not self.is_warming:
            # What a warm-up compiles, previews need not compile once more beside it.
            self._keep_previews()
            self.work = self.work or self._next()
        return self.work is not None

    def _next(self) -> work.Work | None:
        return work.next_version(self.begun_anew) or work.next_log() or work.next_film()

    def _wanted(self) -> bool:
        """Whether this hub has shows: without any, nothing is compiled or kept in memory for them."""
        self.is_wanted = self.is_wanted or Show.objects.exists()
        return self.is_wanted

    def _keep_previews(self) -> None:
        if self.previews is not None and self.previews.poll() is not None:
            log.warning("previews fell", status=self.previews.returncode)
            self.previews, self.previews_not_before = None, time.monotonic() + AGAIN_S
        if self.previews is None and time.monotonic() >= self.previews_not_before:
            self.previews = _begin_previews()

    def end_all(self) -> None:
        if self.work is not None:
            self.work.end()
        if self.previews is not None:
            self.previews.kill()
            self.previews.wait()


def _begin_previews() -> subprocess.Popen[bytes]:
    folder = box.socket_path().parent
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    box.kernels(folder)
    box.socket_path().unlink(missing_ok=True)
    with (folder / "log").open("wb") as out:
        return box.box(folder).start(
            *box.words("answer", str(box.socket_path()), str(LONGEST_ANSWER_S)),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )


def recover() -> None:
    """Give back what a studio held that is gone: this one holds the lock, so there is no other."""
    for version in Version.objects.filter(state=Version.State.MAKING):
        with contextlib.suppress(StateChanged):
            commands.requeue_making(by=SYSTEM, version_id=version.pk, claim=version.claim)
    shutil.rmtree(box.home() / "work", ignore_errors=True)


def run(stop: threading.Event) -> None:
    """Do the studio's work until asked to stop; if another studio holds the lock, wait for it to go."""
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
