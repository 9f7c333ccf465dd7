"""Starts one process for one piece of work, with nothing in reach but what the work needs.

Three walls, each enough for most accidents: bubblewrap (no network, no files but the named ones), limits of
the process (memory, time, size of files), and DuckDB's own locked settings.  Where bubblewrap cannot run,
the other two stand alone and ``bitgoeul doctor`` says so.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from bitgoeul.kit.sandbox import Sandbox, Shown

PROGRAM = Path(__file__).with_name("inside.py")
GRACE_S = 5


@dataclass(frozen=True)
class Limits:
    """What one piece of work may use."""

    wall_s: int
    memory_mib: int
    disk_mib: int
    threads: int
    rows: int
    answer_bytes: int


class Failed(Exception):
    """The work has no result.

    ``kind`` is one of the words of ``inside.problem_of`` or of ``inside.Refused``.
    """

    def __init__(self, kind: str, message: str = "", **facts: Any) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.message = message
        self.facts = facts


class Busy(Exception):
    """Every slot is taken and none came free in time."""


def query_limits(rows: int) -> Limits:
    return Limits(
        wall_s=settings.LAKE_QUERY_SECONDS,
        memory_mib=settings.LAKE_QUERY_MEMORY_MIB,
        disk_mib=settings.LAKE_QUERY_DISK_MIB,
        threads=settings.LAKE_THREADS,
        rows=rows,
        answer_bytes=8 << 20,
    )


def publication_limits() -> Limits:
    return Limits(
        wall_s=settings.LAKE_PUBLISH_SECONDS,
        memory_mib=settings.LAKE_QUERY_MEMORY_MIB,
        disk_mib=max(settings.LAKE_QUERY_DISK_MIB, (settings.UPLOAD_LIMIT >> 20) * 4),
        threads=settings.LAKE_THREADS,
        rows=0,
        answer_bytes=32 << 20,
    )


def _home(name: str) -> Path:
    folder = settings.HOME / "lake" / name
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder for one piece of work, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=_home("scratch")))
    (folder / "out").mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep_scratch(older_than_s: float = 86_400) -> int:
    """Remove folders whose process is gone, and any that are older than a day."""
    gone = 0
    for folder in _home("scratch").iterdir():
        with contextlib.suppress(FileNotFoundError):
            owner = folder.name.partition("-")[0]
            lives = owner.isdigit() and Path(f"/proc/{owner}").exists()
            if not lives or time.time() - folder.stat().st_mtime > older_than_s:
                shutil.rmtree(folder, ignore_errors=True)
                gone += 1
    return gone


@contextlib.contextmanager
def slot(patience_s: float = 10) -> Iterator[None]:
    """One of the few places for queries, over all processes of the hub.

    Freed by the system if its holder dies.
    """
    folder, until = _home("slots"), time.monotonic() + patience_s
    while True:
        for number in range(settings.LAKE_QUERY_SLOTS):
            handle = os.open(folder / str(number), os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
                continue
            try:
                yield
            finally:
                os.close(handle)
            return
        if time.monotonic() > until:
            raise Busy
        time.sleep(0.05)


@contextlib.contextmanager
def alone(name: str) -> Iterator[None]:
    """One process of this machine at a time for ``name``; the others wait.  Freed if the holder dies."""
    handle = os.open(_home("slots") / f"alone-{name}", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def confined(reads: Sequence[Path], folder: Path) -> Sandbox:
    """What the program sees: Python, the named files, and one folder to write in."""
    return Sandbox(
        shows=(*map(Shown, [PROGRAM, *reads]), Shown(folder, writable=True)),
        python=sys.executable,
        folder=str(folder),
        hostname="lake",
    )


def run(
    work: str, request: dict[str, Any], *, limits: Limits, reads: Sequence[Path], folder: Path
) -> dict[str, Any]:
    """Do ``work`` in a fresh process and return its result.

    Args:
        reads: the files that the work may read; nothing else of the hub is there.
        folder: from ``scratch()``; results come to ``folder/out``.
    Raises: Failed.
    """
    request = request | {
        "work": work,
        "limits": asdict(limits),
        "scratch": str(folder),
        "out": str(folder / "out"),
    }
    box = confined(reads, folder)
    with (folder / "stderr").open("wb") as errors:
        process = box.start(
            *(sys.executable, "-I", "-B", str(PROGRAM)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=folder,
        )
    timer = threading.Timer(limits.wall_s + GRACE_S, _kill, [process])
    timer.start()
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps(request, ensure_ascii=False).encode() + b"\n")
            process.stdin.flush()
        output = process.stdout.read(limits.answer_bytes * 2 + (1 << 20))
    finally:
        _kill(process)
        timer.cancel()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()  # type: ignore[union-attr]
        process.stdout.close()  # type: ignore[union-attr]
    return _result(output, process.returncode, folder)


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _result(output: bytes, status: int, folder: Path) -> dict[str, Any]:
    try:
        answer = json.loads(output)
    except ValueError:
        said = (folder / "stderr").read_bytes()[-2000:].decode("utf-8", "replace")
        if "MemoryError" in said or "bad_alloc" in said or "std::bad_alloc" in said:
            raise Failed("out_of_memory") from None
        raise Failed("too_slow" if status in (-9, 137, -24, 152) else "crashed", said) from None
    if "error" in answer:
        problem = dict(answer["error"])
        raise Failed(problem.pop("kind"), problem.pop("message", ""), **problem)
    result: dict[str, Any] = answer["ok"]
    return result
