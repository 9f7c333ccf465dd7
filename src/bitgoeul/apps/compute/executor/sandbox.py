"""What a run sees: the statement of its sandbox, and the question whether that works here."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TypedDict

from bitgoeul.kit.sandbox import MIB, TMP, Sandbox, Shown, trial

from . import cgroups
from .contract import Limits, Probe, Task
from .seccomp import filter_for

INIT = Path(__file__).with_name("init.py")
SECCOMP_FD, INFO_FD = 3, 6  # agreed with supervisor.py
NOBODY = 65_534
# Above every range that systems and containers give out; one user per attempt.
FIRST_JOB_USER, JOB_USERS = 1_900_000_000, 100_000_000


def job_user(number: int) -> int | None:
    """Return the user that a run gets, or None when only user namespaces can give it another one.

    Limits on the number of processes do not bind root, so root hands each run a user of its own.
    """
    if os.geteuid() != 0:
        return None
    mapped = _mapped_users()
    if mapped > FIRST_JOB_USER + JOB_USERS:
        return FIRST_JOB_USER + number % JOB_USERS
    if mapped >= 60_000:  # root inside a container with an ordinary range
        return 20_000 + number % 30_000
    return None


@cache
def _mapped_users() -> int:
    """Return one more than the highest user this process can become, as far as they are in one piece."""
    ranges = [list(map(int, line.split())) for line in Path("/proc/self/uid_map").read_text().splitlines()]
    return max((inside + count for inside, _, count in ranges if inside == 0), default=0)


def command_line(
    task: Task,
    folder: Path,
    *,
    init: Path = INIT,
    hidden: Sequence[Path] = (),
    python: str = sys.executable,
) -> list[str]:
    """Return the whole command that builds the sandbox and runs the task in it."""
    user = job_user(task.number)
    box = Sandbox(
        shows=(
            Shown(folder / "code", "/job/code"),
            Shown(folder / "in", "/job/in"),
            Shown(folder / "parameters.json", "/job/parameters.json"),
            Shown(folder / "out", "/job/out", writable=True),
            Shown(folder / "work", "/job/work", writable=True),
            Shown(folder / "passwd", "/etc/passwd"),
            Shown(folder / "group", "/etc/group"),
            Shown(init, "/run/init"),
        ),
        python=python,
        hidden=tuple(hidden),
        devices=task.devices,
        environment=_environment(task, python),
        folder="/job/work",
        hostname="job",
        tmp_mib=task.limits.tmp_mib,
        limits={},  # set by the first process, once it is the job's user
        **_identity(user),
        seccomp_fd=SECCOMP_FD if filter_for() else None,
        info_fd=INFO_FD,
        is_first=True,
    )
    return box.words(
        *(os.path.realpath(python), "-I", "-S", "/run/init"),
        *("" if user is None else str(user), "5", ",".join(map(str, _cpus(task)))),
        *(f"{name}={value}" for name, value in _rlimits(task.limits).items()),
        "--",
        *task.command,
    )


class _Identity(TypedDict, total=False):
    user: int
    keeps: tuple[str, ...]


def _identity(user: int | None) -> _Identity:
    if user is None:
        return {"user": NOBODY}
    # The first process keeps what it needs to become the job's user and to end its processes.
    return {"keeps": ("CAP_SETUID", "CAP_SETGID", "CAP_KILL")}


def _environment(task: Task, python: str) -> dict[str, str]:
    threads = str(max(1, task.limits.cpus))
    return {
        "PATH": f"{Path(python).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": "/job/work",
        "TMPDIR": TMP,
        "LANG": "C.UTF-8",
        "USER": "job",
        "PYTHONPATH": "/job/code",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        **dict.fromkeys(
            ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LOKY_MAX_CPU_COUNT"), threads
        ),
        # A thread that waits sleeps.  Spinning would be metered, and on a busy machine it takes the processor
        # from the very thread that is waited for: training then takes four times as long and more.
        "OMP_WAIT_POLICY": "passive",
        "GOMP_SPINCOUNT": "0",
        **task.environment,
    }


def _cpus(task: Task) -> list[int]:
    """Return the processors for this run; neighbouring runs get different ones where there are enough."""
    mine = sorted(os.sched_getaffinity(0))
    if task.limits.cpus >= len(mine):
        return mine
    first = task.number * task.limits.cpus % len(mine)
    return [(mine + mine)[first + step] for step in range(task.limits.cpus)]


def _rlimits(limits: Limits) -> dict[str, int]:
    memory = limits.memory_mib * MIB
    return {
        "CORE": 0,
        # DATA counts what a process may write to; AS would also count libraries and mapped inputs.
        "DATA": memory,
        "AS": 4 * memory + 16 * 1024 * MIB,
        "CPU": limits.cpus * limits.wall_s + 1,
        "NPROC": limits.processes,
        "FSIZE": limits.output_mib * MIB,
        "NOFILE": limits.open_files,
        "MEMLOCK": 8 * MIB,
        "MSGQUEUE": 819_200,
    }


def probe() -> Probe:
    """Build a sandbox around ``true`` and say what happened."""
    user = job_user(0)
    features = {
        "isolation": "namespaces of the machine, one user per job" if user else "user namespaces",
        "system call filter": "yes" if filter_for() else "no",
        "control groups": ", ".join(sorted(cgroups.homes())) or "no",
    }
    return Probe(**vars(trial(Sandbox(**_identity(user)))), features=features)
