"""What every executor promises, whichever machine the work ends up on.

An executor owns *attempts*, each known by a key that is used once.  Everything it
knows is on disk (or with the cluster), so any process may ask, at any moment, what
became of an attempt; no answer depends on who started it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from bitgoeul.kit.sandbox import Trial

MIB = 1024 * 1024


class Reason(StrEnum):
    """Why a run came to its end."""

    EXITED = "exited"  # the command ended by itself; its exit code says how
    WALL_TIME = "wall_time"
    CPU_TIME = "cpu_time"
    MEMORY = "memory"
    OUTPUT = "output"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"  # the machine asked the supervisor to leave
    SANDBOX = "sandbox"  # the sandbox could not be built; the command never ran


class Phase(StrEnum):
    """What is true of an attempt now."""

    ABSENT = "absent"  # nobody prepared it
    PREPARED = "prepared"  # its folder is complete; nothing has run
    RUNNING = "running"
    ENDED = "ended"  # its end is on disk
    LOST = "lost"  # it began, it is not running, and it left no end


@dataclass(frozen=True)
class Limits:
    """How much of the machine one run may use."""

    cpus: int = 1
    memory_mib: int = 1024
    wall_s: int = 600
    processes: int = 256
    output_mib: int = 1024  # of /job/out and /job/work together
    log_mib: int = 4
    tmp_mib: int = 256
    open_files: int = 1024
    files: int = 20_000  # how many files /job/out and /job/work may hold
    grace_s: float = 5.0  # between the request to stop and the kill


@dataclass(frozen=True)
class Task:
    """One run of one command: everything that it may see, and nothing else."""

    key: str
    command: tuple[str, ...]
    code: Path  # a folder of plain files, seen as /job/code
    inputs: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)  # "flights/planes" -> its files
    parameters: Mapping[str, object] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    number: int = 1  # chooses the unprivileged user that the run gets
    devices: tuple[str, ...] = ()  # device files bound into the sandbox, such as /dev/nvidia0


@dataclass(frozen=True)
class Usage:
    """What was metered, for the whole tree of processes."""

    cpu_ms: int = 0
    wall_ms: int = 0
    peak_memory_bytes: int = 0
    output_bytes: int = 0
    output_files: int = 0
    log_bytes: int = 0
    log_dropped_bytes: int = 0


@dataclass(frozen=True)
class End:
    """How a run ended.  ``code`` is None when it had to be stopped."""

    reason: Reason
    code: int | None
    signal: int | None
    usage: Usage
    started_at: float
    ended_at: float

    @property
    def succeeded(self) -> bool:
        return self.reason is Reason.EXITED and self.code == 0


@dataclass(frozen=True)
class Condition:
    """The answer to "what became of it?"."""

    phase: Phase
    usage: Usage = field(default_factory=Usage)
    started_at: float | None = None
    end: End | None = None


@dataclass(frozen=True)
class Probe(Trial):
    """Whether runs can be isolated here, and how."""

    features: Mapping[str, str] = field(default_factory=dict)


class Executor(Protocol):
    """The contract; ``tests/test_executor.py`` is its other half."""

    def probe(self) -> Probe:
        """Say whether runs can be isolated on this machine."""

    def prepare(self, task: Task) -> None:
        """Lay out everything that the run needs.  A second call with the same key changes nothing."""

    def start(self, key: str) -> None:
        """Start the prepared run.  At most one run per key ever begins, however often this is called."""

    def inspect(self, key: str) -> Condition:
        """Say what is true now.  LOST: nobody watches the run, and the kernel has ended it or is doing so."""

    def cancel(self, key: str) -> None:
        """Ask for the end; ``inspect`` tells when it came.  Harmless at any moment."""

    def log(self, key: str, *, offset: int = 0, size: int = 65_536) -> bytes:
        """Read the log, also while the run writes it."""

    def log_size(self, key: str) -> int:
        """Return how many bytes the log has so far."""

    def progress(self, key: str) -> list[dict[str, object]]:
        """Return the latest lines of /job/out/progress.jsonl that make sense, oldest first."""

    def output_dir(self, key: str) -> Path:
        """Return the folder that the run saw as /job/out.  What lies in it was written by strangers."""

    def attempts(self) -> list[str]:
        """Return every attempt that has a folder here."""

    def sweep(self) -> None:
        """End and remove what a killed hub left half started, half made or half removed."""

    def forget(self, key: str) -> None:
        """Remove what an ended or lost run left behind."""
