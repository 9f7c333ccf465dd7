"""Confined processes: whatever strangers wrote runs in one of these.

A ``Sandbox`` states what one process sees of this machine and may use of it.  What is not stated is not
there: no network, no right, no file but the system's programs, none of our environment, nothing that can be
written but a small ``/tmp``.  This is the one place that knows the words of bubblewrap.

Needs neither Django nor the database.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

MIB = 1024 * 1024
TMP, SHM = "/tmp", "/dev/shm"  # noqa: S108 - bounded folders of the sandbox's own
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": TMP, "TMPDIR": TMP}
STARTER = "BITGOEUL_STARTED_BY"


@dataclass(frozen=True)
class Shown:
    """A file or folder of this machine, and where the confined process finds it."""

    source: Path
    place: str = ""  # the same path, unless another is named
    writable: bool = False

    @property
    def at(self) -> str:
        return self.place or str(self.source)


@dataclass(frozen=True)
class Sandbox:
    """What one process sees and may use; the defaults are the least that a program can start with."""

    shows: tuple[Shown, ...] = ()
    python: str = ""  # this Python and its packages, too
    hidden: tuple[Path, ...] = ()  # folders to cover where they lie among the packages
    devices: tuple[str, ...] = ()  # device files, where the machine has them
    environment: Mapping[str, str] = field(default_factory=dict)  # beside ENVIRONMENT
    folder: str = "/"  # where it starts
    hostname: str = "sandbox"
    tmp_mib: int = 64  # of /tmp and of /dev/shm, each
    limits: Mapping[str, int] = field(default_factory=lambda: {"CORE": 0})  # RLIMIT_…: the most
    user: int | None = None  # the number that the process sees as its own
    keeps: tuple[str, ...] = ()  # capabilities that stay, for a first process that becomes another user
    seccomp_fd: int | None = None  # a filter of system calls
    info_fd: int | None = None  # where bubblewrap tells the number of the first process
    is_first: bool = False  # the program itself is process 1, and reaps

    def words(self, *run: str) -> list[str]:
        """Return the whole command that builds the sandbox and runs ``run`` in it."""
        return [
            shutil.which("bwrap") or "/usr/bin/bwrap",
            *self._namespaces(),
            # First, so that a Python that lives below it is mounted into it and not hidden by it.
            *_memory(TMP, self.tmp_mib),
            *_system(),
            *self._packages(),
            *("--proc", "/proc", "--dev", "/dev"),
            *_memory(SHM, self.tmp_mib),
            *(word for device in self.devices for word in ("--dev-bind-try", device, device)),
            *self._shown(),
            *("--remount-ro", "/dev", "--remount-ro", "/"),
            *("--chdir", self.folder, "--hostname", self.hostname, "--clearenv"),
            *(word for pair in {**ENVIRONMENT, **self.environment}.items() for word in ("--setenv", *pair)),
            *("--die-with-parent", "--new-session"),
            *(["--as-pid-1"] if self.is_first else []),
            *([] if self.seccomp_fd is None else ["--seccomp", str(self.seccomp_fd)]),
            *([] if self.info_fd is None else ["--info-fd", str(self.info_fd)]),
            "--",
            *limited(run, self.limits),
        ]

    def start(self, *run: str, **how: Any) -> subprocess.Popen[bytes]:
        """Start ``run`` confined, as a child that dies with the calling thread.

        Where bubblewrap cannot run, the environment and the limits stand alone; whoever needs more asks
        ``works`` first.
        """
        mine = starter()
        box = replace(self, environment={**self.environment, **mine})
        if works():
            command, environment = box.words(*run), mine
        else:
            command, environment = limited(run, self.limits), {**ENVIRONMENT, **box.environment}
        return subprocess.Popen(command, env=environment, start_new_session=True, **how)

    def _namespaces(self) -> list[str]:
        shared = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
        without = ["--cap-drop", "ALL"]
        if self.keeps:  # rights count only over the machine's own users
            return [*shared, *without, *(word for right in self.keeps for word in ("--cap-add", right))]
        if self.user is None:
            return ["--unshare-user-try", *shared, *without]
        return ["--unshare-user", "--uid", str(self.user), "--gid", str(self.user), *shared, *without]

    def _packages(self) -> list[str]:
        """Show the Python environment, read-only, and cover what is the hub's."""
        shown = [Path("/usr"), *(python_folders(self.python) if self.python else ())]
        words: list[str] = []
        for folder in shown[1:]:
            if not folder.is_relative_to("/usr"):
                words += [*_way_to([folder]), "--ro-bind", str(folder), str(folder)]
        for secret in self.hidden:
            place = secret.resolve()
            if place.is_dir() and any(place.is_relative_to(folder) for folder in shown):
                words += ["--tmpfs", str(place), "--remount-ro", str(place)]
        return words

    def _shown(self) -> list[str]:
        words = _way_to([Path(shown.at) for shown in self.shows])
        for shown in self.shows:
            words += ["--bind" if shown.writable else "--ro-bind", str(shown.source), shown.at]
        return words


def limited(run: Sequence[str], limits: Mapping[str, int]) -> list[str]:
    """Return the command that runs ``run`` under limits: these, or the machine's own where they are lower."""
    if not limits:
        return list(run)
    words = ["/usr/bin/prlimit"]
    for name, most in limits.items():
        hard = resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[1]
        words.append(f"--{name.lower()}={most if hard == resource.RLIM_INFINITY else min(most, hard)}")
    return [*words, "--", *run]


def _memory(place: str, mib: int) -> list[str]:
    return ["--perms", "1777", "--size", str(mib * MIB), "--tmpfs", place]


@cache
def _system() -> tuple[str, ...]:
    """Show the system's programs, and what their libraries ask for, read-only."""
    words = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        place = Path("/", name)
        if place.is_symlink():
            words += ["--symlink", os.readlink(place), str(place)]
        elif place.is_dir():
            words += ["--ro-bind", str(place), str(place)]
    asked = ("/etc/ld.so.cache", "/etc/alternatives", "/sys/devices/system/cpu")
    words += _way_to(map(Path, asked))
    for path in asked:
        words += ["--ro-bind-try", path, path]
    return tuple(words)


def _way_to(places: Iterable[Path]) -> list[str]:
    """Make the empty folders above mounts passable; bubblewrap would make them for root alone."""
    above = dict.fromkeys(folder for place in places for folder in reversed(place.parents))
    above.pop(Path("/"), None)
    return [word for folder in above for word in ("--perms", "0755", "--dir", str(folder))]


@cache
def python_folders(python: str) -> tuple[Path, ...]:
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


# --- does it work here? --------------------------------------------------------------


@dataclass(frozen=True)
class Trial:
    """Whether processes can be confined here; if not, why, and what to do."""

    ok: bool
    why: str = ""  # a stable word: not_installed, user_namespaces, refused, platform
    detail: str = ""
    remedy: str = ""  # a command to type, where there is one


def trial(box: Sandbox, *run: str) -> Trial:
    """Really run something, ``true`` unless it is named, in this sandbox."""
    if sys.platform != "linux":
        return Trial(False, "platform", sys.platform, "Run the hub on Linux.")
    if shutil.which("bwrap") is None:
        return Trial(False, "not_installed", "bwrap", "sudo apt-get install -y bubblewrap")
    command = box.words(*(run or ("/usr/bin/true",)))
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=20, start_new_session=True
        )
    except subprocess.TimeoutExpired:
        return Trial(False, "refused", "no answer within 20 s", _BY_HAND)
    if done.returncode == 0:
        return Trial(True)
    detail = done.stderr.strip()[-500:]
    if any(words in detail for words in ("user namespace", "uid map", "Operation not permitted")):
        return Trial(False, "user_namespaces", detail, _namespace_remedy())
    return Trial(False, "refused", detail, _BY_HAND)


@cache
def works() -> bool:
    """Say whether a process can be confined on this machine."""
    return trial(Sandbox()).ok


_BY_HAND = "bwrap --unshare-all --ro-bind / / true"


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


# --- nobody is left behind -----------------------------------------------------------
#
# The kernel kills a sandbox together with its starter, but only once bubblewrap has asked for it.  A starter
# that is killed before, within the first milliseconds, leaves a process that waits for ever, or one that runs
# unwatched.  So each carries the name of its starter, and whoever comes later ends those whose starter is no
# more.


def starter() -> dict[str, str]:
    """Return the mark of this process: its number, when it began, and where the number counts."""
    return {STARTER: f"{os.getpid()} {_began(os.getpid())} {_numbering('self')}"}


def end_orphans() -> int:
    """Kill every confined process whose starter no longer lives; return how many."""
    here, ended = _numbering("self"), 0
    for name in filter(str.isdecimal, os.listdir("/proc")):
        try:
            # A descriptor means this process, also when its number is used again.
            process = os.pidfd_open(int(name))
        except OSError:
            continue
        try:
            number, began, numbering = _mark_on(name)
            if numbering == here and _began(int(number)) != began:
                signal.pidfd_send_signal(process, signal.SIGKILL)
                ended += 1
        except (OSError, ValueError):  # gone, another user's, or not marked
            continue
        finally:
            os.close(process)
    return ended


def _mark_on(name: str) -> list[str]:
    """Return the three words of a process's mark; none where it has none."""
    sign = f"{STARTER}=".encode()
    for word in Path("/proc", name, "environ").read_bytes().split(b"\0"):
        if word.startswith(sign):
            return word.removeprefix(sign).decode("ascii", "replace").split()
    return []


def _began(number: int) -> str:
    """Return when a process began, in ticks of the kernel; "" when it is no more."""
    try:
        text = Path("/proc", str(number), "stat").read_bytes()
    except OSError:
        return ""
    state, *more = text[text.rfind(b")") + 2 :].split()
    return "" if state in {b"Z", b"X"} else more[18].decode()


def _numbering(name: str) -> str:
    return str(os.stat(f"/proc/{name}/ns/pid").st_ino)
