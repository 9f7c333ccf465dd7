"""What every process of the hub does: say that it lives, stop when asked, die with its supervisor."""

from __future__ import annotations

import ctypes
import datetime as dt
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings

log = structlog.get_logger(__name__)

BEAT_S = 2.0
LATE_S = 15.0  # a heart that has not beaten for so long is reported
STUCK_S = 900.0  # a loop that has not come round for so long is reported, although its process lives
NAMES = ("web", "worker", "runner")
_PR_SET_PDEATHSIG = 1


def folder() -> Path:
    path: Path = settings.HOME / "run"
    path.mkdir(exist_ok=True, mode=0o700)
    return path


def die_with_parent(parent: int) -> None:
    """Ask the kernel to end this process when ``parent`` dies, however it dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)


def follow_supervisor() -> None:
    """Die with the supervisor, if there is one."""
    if parent := os.environ.pop("BITGOEUL_SUPERVISOR", ""):
        die_with_parent(int(parent))


class Stop(threading.Event):
    """The stop flag of a loop, which also notes when the loop last came round."""

    def __init__(self) -> None:
        super().__init__()
        self.came_round = time.monotonic()

    def is_set(self) -> bool:
        self.came_round = time.monotonic()
        return super().is_set()


def stop_on_signals() -> Stop:
    """A stop flag that SIGTERM and SIGINT set."""
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def write_whole(path: Path, text: str) -> None:
    """Replace ``path`` so that a reader sees the old or the new text, never a part."""
    part = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    part.write_text(text)
    os.replace(part, path)


def beat(name: str, loops: dict[str, Stop] | None = None, **more: Any) -> Callable[[], None]:
    """Write ``run/<name>.json`` every two seconds from a thread of its own; return how to end that."""
    path = folder() / f"{name}.json"
    started = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    ended = threading.Event()

    def write() -> None:
        clock = time.monotonic()
        idle = {part: round(clock - stop.came_round, 1) for part, stop in (loops or {}).items()}
        beaten = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
        state = {"name": name, "pid": os.getpid(), "started_at": started, "beaten_at": beaten, "loops": idle}
        write_whole(path, json.dumps(state | more))

    def keep_beating() -> None:
        while not ended.wait(BEAT_S):
            try:
                write()
            except OSError as error:
                log.warning("heartbeat cannot be written", path=str(path), error=str(error))

    write()
    threading.Thread(target=keep_beating, name="heartbeat", daemon=True).start()

    def end() -> None:
        ended.set()
        path.unlink(missing_ok=True)

    return end


@dataclass(frozen=True)
class Process:
    """What the last heartbeat of a process said.

    ``state`` is "ok", "late" (no heartbeat for a while), "stuck" (it lives, but a loop does not come round)
    or "absent".
    """

    name: str
    state: str
    pid: int | None = None
    started_at: dt.datetime | None = None
    beaten_at: dt.datetime | None = None
    restarts: int = 0


def present(name: str) -> Process:
    """The process ``name`` as its heartbeat file shows it."""
    try:
        said = json.loads((folder() / f"{name}.json").read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return Process(name, "absent")
    beaten = dt.datetime.fromisoformat(said["beaten_at"])
    age = (dt.datetime.now(dt.UTC) - beaten).total_seconds()
    slowest = max(said["loops"].values(), default=0.0)
    state = "late" if age > LATE_S else "stuck" if slowest > STUCK_S else "ok"
    started = dt.datetime.fromisoformat(said["started_at"])
    return Process(name, state, said["pid"], started, beaten, said.get("restarts", 0))


def all_present() -> list[Process]:
    """The processes that a hub needs, in the order in which they are started."""
    return [present(name) for name in NAMES]
