"""One supervisor for the hub's processes: starts them, restarts what fell, stops all of them in bounded time.

Job supervisors are no children of it: they keep their state on disk, go on while the hub is away, and the
next runner finds them again.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import IO

import structlog
from django.utils.translation import gettext_lazy as _

from bitgoeul.kit.refusals import Refusal
from bitgoeul.site.operations import processes

log = structlog.get_logger(__name__)

GRACE_S = 12.0  # between SIGTERM and SIGKILL
STEADY_S = 20.0  # a process that lived so long starts its back-off again
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 15.0


class AlreadyServed(Refusal):
    status = 409
    title = _("Another supervisor already serves %(home)s")
    remedy = _("Stop it first, or choose another BITGOEUL_HOME.")


@dataclass
class Child:
    """One process that should be running."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    due: float = 0.0
    pause: float = _FIRST_PAUSE_S
    restarts: int = 0

    def start(self) -> None:
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            env=os.environ
            | {"BITGOEUL_SUPERVISOR": str(os.getpid()), "BITGOEUL_RESTARTS": str(self.restarts)},
        )

    def look_after(self) -> None:
        """Start it if it is due; plan a restart if it fell."""
        moment = time.monotonic()
        if self.process is None:
            if moment >= self.due:
                self.start()
            return
        status = self.process.poll()
        if status is None:
            return
        self.pause = (
            _FIRST_PAUSE_S if moment - self.started > STEADY_S else min(self.pause * 2, _LONGEST_PAUSE_S)
        )
        self.due, self.process = moment + self.pause, None
        self.restarts += 1
        log.error("process ended, will be restarted", name=self.name, status=status, pause_s=self.pause,
                  restarts=self.restarts)  # fmt: skip

    def signal(self, number: int) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)


def hold_lock() -> IO[str]:
    """Be the only supervisor of this home.

    Raises: AlreadyServed.
    """
    from django.conf import settings

    file = (processes.folder() / "serve.lock").open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise AlreadyServed(home=str(settings.HOME)) from None
    return file


def children(port: int, host: str) -> list[Child]:
    """The three processes of a hub."""
    word = [sys.executable, "-m", "bitgoeul"]
    return [
        Child("web", [*word, "web", "--port", str(port), "--host", host]),
        Child("worker", [*word, "worker"]),
        Child("runner", [*word, "runner"]),
    ]


def supervise(these: list[Child], stop: processes.Stop) -> None:
    """Keep every child running until ``stop`` is set; then stop all of them, the runner last."""
    try:
        while not stop.is_set():
            for child in these:
                child.look_after()
            stop.wait(0.2)
    finally:
        stop_all(these)


def stop_all(these: list[Child]) -> None:
    """Ask all to stop, wait a bounded time, then end what is left."""
    for child in these:
        child.signal(signal.SIGTERM)
    deadline = time.monotonic() + GRACE_S
    for child in these:
        if child.process is None:
            continue
        try:
            child.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("process did not stop in time and is ended", name=child.name)
            child.process.kill()
            child.process.wait()
