"""The bubblewrap command line of one run, and the question whether it works here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from . import cgroups
from .contract import MIB, Limits, Probe, Task
from .seccomp import filter_for

INIT = Path(__file__).with_name("init.py")
SECCOMP_FD, INFO_FD = 3, 6  # agreed with supervisor.py
TMP, SHM = "/tmp", "/dev/shm"  # noqa: S108 - bounded folders of the sandbox's own
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
    mib = task.limits.tmp_mib * MIB
    return [
        _bwrap(),
        *_namespaces(user),
        # First, so that a Python that lives below it is mounted into it and not hidden by it.
        *("--perms", "1777", "--size", str(mib), "--tmpfs", TMP),
        *_system(hidden, python),
        *("--proc", "/proc", "--dev", "/dev"),
        *("--perms", "1777", "--size", str(mib), "--tmpfs", SHM),
        *(word for device in task.devices for word in ("--dev-bind-try", device, device)),
        *(word for place in ("/job", "/run") for word in ("--perms", "0755", "--dir", place)),
        *("--ro-bind", f"{folder}/code", "/job/code"),
        *("--ro-bind", f"{folder}/in", "/job/in"),
        *("--ro-bind", f"{folder}/parameters.json", "/job/parameters.json"),
        *("--bind", f"{folder}/out", "/job/out"),
        *("--bind", f"{folder}/work", "/job/work"),
        *("--ro-bind", f"{folder}/passwd", "/etc/passwd", "--ro-bind", f"{folder}/group", "/etc/group"),
        *("--ro-bind", str(init), "/run/init"),
        *("--remount-ro", "/dev", "--remount-ro", "/"),
        *("--chdir", "/job/work", "--hostname", "job", "--clearenv"),
        *(word for pair in _environment(task, python).items() for word in ("--setenv", *pair)),
        *("--die-with-parent", "--new-session", "--as-pid-1"),
        *(("--seccomp", str(SECCOMP_FD)) if filter_for() else ()),
        *("--info-fd", str(INFO_FD)),
        "--",
        *(os.path.realpath(python), "-I", "-S", "/run/init"),
        *("" if user is None else str(user), "5", ",".join(map(str, _cpus(task)))),
        *(f"{name}={value}" for name, value in _rlimits(task.limits).items()),
        "--",
        *task.command,
    ]


def _namespaces(user: int | None) -> list[str]:
    shared = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    if user is None:
        return ["--unshare-user", "--uid", str(NOBODY), "--gid", str(NOBODY), *shared]
    # The first process keeps what it needs to become the job's user and to end its processes.
    kept = ("CAP_SETUID", "CAP_SETGID", "CAP_KILL")
    return [*shared, "--cap-drop", "ALL", *(word for cap in kept for word in ("--cap-add", cap))]


def _system(hidden: Sequence[Path], python: str) -> list[str]:
    """Show the system's programs and the Python environment, read-only, and cover what is the hub's."""
    words = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        place = Path("/", name)
        if place.is_symlink():
            words += ["--symlink", os.readlink(place), str(place)]
        elif place.is_dir():
            words += ["--ro-bind", str(place), str(place)]
    words += ["--perms", "0755", "--dir", "/etc"]
    words += _way_to(Path("/sys/devices/system/cpu"))
    for path in ("/etc/ld.so.cache", "/etc/alternatives", "/sys/devices/system/cpu"):
        words += ["--ro-bind-try", path, path]
    shown = [Path("/usr"), *_python_folders(python)]
    for folder in shown[1:]:
        if not folder.is_relative_to("/usr"):
            words += [*_way_to(folder), "--ro-bind", str(folder), str(folder)]
    for secret in hidden:
        place = secret.resolve()
        if place.is_dir() and any(place.is_relative_to(folder) for folder in shown):
            words += ["--tmpfs", str(place), "--remount-ro", str(place)]
    return words


def _way_to(folder: Path) -> list[str]:
    """Make the empty folders above a mount passable; bubblewrap would make them for root alone."""
    above = [path for path in reversed(folder.parents) if path != Path("/")]
    return [word for path in above for word in ("--perms", "0755", "--dir", str(path))]


@cache
def _python_folders(python: str) -> tuple[Path, ...]:
    """Return the folders in which this Python and its packages live."""
    if python == sys.executable:
        prefixes = [
            sys.base_prefix,
            sys.prefix,
            *(sysconfig.get_path(kind) for kind in ("purelib", "platlib")),
        ]
    else:
        ask = "import sys; print(sys.base_prefix); print(sys.prefix)"
        answer = subprocess.run([python, "-I", "-c", ask], capture_output=True, text=True, check=True)
        prefixes = answer.stdout.split("\n")[:2]
    found: list[Path] = []
    for prefix in map(Path, prefixes):
        if not any(prefix.is_relative_to(folder) for folder in found):
            found.append(prefix)
    return tuple(found)


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


def _bwrap() -> str:
    return shutil.which("bwrap") or "/usr/bin/bwrap"


def probe(python: str = sys.executable) -> Probe:
    """Build a sandbox around ``true`` and say what happened."""
    if sys.platform != "linux":
        return Probe(False, "platform", sys.platform, "Run the hub on Linux.")
    if shutil.which("bwrap") is None:
        return Probe(False, "not_installed", "bwrap", "sudo apt-get install bubblewrap")
    user = job_user(0)
    features = {
        "isolation": "namespaces of the machine, one user per job" if user else "user namespaces",
        "system call filter": "yes" if filter_for() else "no",
        "control groups": ", ".join(sorted(cgroups.homes())) or "no",
    }
    trial = [_bwrap(), *_namespaces(user), "--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib"]
    trial += ["--ro-bind-try", "/lib64", "/lib64", "--proc", "/proc", "--dev", "/dev", "/usr/bin/true"]
    done = subprocess.run(trial, capture_output=True, text=True, check=False, timeout=20)
    if done.returncode == 0:
        return Probe(True, features=features)
    detail = done.stderr.strip()[-500:]
    if "user namespace" in detail or "uid map" in detail or "Operation not permitted" in detail:
        return Probe(False, "user_namespaces", detail, _namespace_remedy(), features)
    return Probe(False, "refused", detail, "bwrap --unshare-all --ro-bind / / true", features)


def _namespace_remedy() -> str:
    for name, value in {
        "kernel.apparmor_restrict_unprivileged_userns": "0",
        "kernel.unprivileged_userns_clone": "1",
        "user.max_user_namespaces": "15000",
    }.items():
        path = Path("/proc/sys", *name.split("."))
        if path.exists() and (path.read_text().strip() == "0") != (value == "0"):
            return f"sudo sysctl -w {name}={value}"
    return "Give the container the right to make namespaces (for Docker: --security-opt seccomp=unconfined)."
