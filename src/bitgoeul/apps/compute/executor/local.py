"""Runs on this machine: a folder and a supervisor process for each.

The folder is the only memory.  A hub that was killed and started again finds every
run where it is, because it asks the folder and never its own memory.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import py_compile
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bitgoeul.kit.sandbox import end_orphans

from . import cgroups, sandbox
from .contract import MIB, Condition, End, Phase, Probe, Reason, Task, Usage
from .seccomp import filter_for

SUPERVISOR = Path(__file__).with_name("supervisor.py")
PROBE_HOLDS_S = 60
ABANDONED_S = 600


class LocalExecutor:
    """The embedded executor: bubblewrap, limits, and one supervisor process per run."""

    def __init__(self, root: Path, *, hidden: Sequence[Path] = (), python: str = sys.executable) -> None:
        """Keep runs under ``root``; cover ``hidden`` folders where they lie inside what runs may see."""
        self.root = Path(root)
        self.hidden = tuple(hidden)
        self.python = python
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._probed: tuple[float, Probe] | None = None

    def probe(self) -> Probe:
        if self._probed is None or time.monotonic() - self._probed[0] > PROBE_HOLDS_S:
            self._probed = (time.monotonic(), sandbox.probe())
        return self._probed[1]

    # --- begin ---------------------------------------------------------------------

    def prepare(self, task: Task) -> None:
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = self._folder(task.key)
        if folder.exists():
            return
        # Built aside and moved into place whole: a folder that can be seen is complete.
        new = Path(tempfile.mkdtemp(prefix=".new-", dir=self.root))
        try:
            self._lay_out(task, new, folder)
            os.rename(new, folder)
        except OSError:
            if not folder.exists():
                raise
        finally:
            shutil.rmtree(new, ignore_errors=True)

    def _lay_out(self, task: Task, new: Path, folder: Path) -> None:
        user = sandbox.job_user(task.number)
        shutil.copytree(task.code, new / "code", copy_function=shutil.copyfile)
        for path in [new / "code", *(new / "code").rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
        (new / "in").mkdir()
        for place, files in task.inputs.items():
            target = new / "in" / place
            target.mkdir(parents=True, exist_ok=True)
            for file in files:
                _link_or_copy(file, target / file.name, own=user is None)
        for name in ("out", "work"):
            (new / name).mkdir()
            (new / name).chmod(0o755)
            if user is not None:
                os.chown(new / name, user, user)
        number = sandbox.NOBODY if user is None else user
        texts = {
            "parameters.json": json.dumps(task.parameters, ensure_ascii=False, indent=1),
            "passwd": f"root:x:0:0::/:/bin/false\njob:x:{number}:{number}::/job/work:/bin/sh\n",
            "group": f"root:x:0:\njob:x:{number}:\n",
            "plan": self._plan(task, folder),
        }
        for name, text in texts.items():
            (new / name).write_text(text, encoding="utf-8")
            (new / name).chmod(0o644)
        (new / "lock").touch(mode=0o600)
        if filter_bytes := filter_for():
            (new / "seccomp").write_bytes(filter_bytes)

    def _plan(self, task: Task, folder: Path) -> str:
        limits, groups = task.limits, cgroups.plan_for(task.key, task.limits)
        settings = [
            f"wall_s={limits.wall_s}",
            f"cpu_s={limits.wall_s * limits.cpus}",
            f"grace_s={limits.grace_s}",
            f"memory_bytes={limits.memory_mib * MIB}",
            f"output_bytes={limits.output_mib * MIB}",
            f"output_files={limits.files}",
            f"log_bytes={limits.log_mib * MIB}",
            *(f"cgroup={place}" for place in groups.folders),
            *(f"cgroup-set={place} {value}" for place, value in groups.writes),
        ]
        if filter_for():
            settings.append("seccomp=seccomp")
        if groups.cpu:
            path, word, per_s = groups.cpu
            settings.append(f"cgroup-cpu={per_s} {path} {word}")
        if groups.peak:
            settings.append(f"cgroup-peak={groups.peak}")
        if groups.killed:
            settings.append("cgroup-killed=" + " ".join(groups.killed))
        init = self._program(sandbox.INIT)
        words = sandbox.command_line(task, folder, init=init, hidden=self.hidden, python=self.python)
        return "\0".join([*settings, "", *words])

    def start(self, key: str) -> None:
        if self.inspect(key).phase is not Phase.PREPARED:
            return
        folder = self._folder(key)
        with open(folder / "supervisor.log", "ab") as log:
            self._children[key] = subprocess.Popen(
                [os.path.realpath(self.python), "-I", "-S", str(self._program(SUPERVISOR)), str(folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
                start_new_session=True,
            )

    # --- what became of it ---------------------------------------------------------

    def inspect(self, key: str) -> Condition:
        self._reap(key)
        try:
            return self._look(self._folder(key))
        except FileNotFoundError:  # never there, or forgotten while we looked
            return Condition(Phase.ABSENT)

    def _look(self, folder: Path) -> Condition:
        if end := _end(folder):
            return Condition(Phase.ENDED, end.usage, end.started_at, end)
        with _try_lock(folder) as free:
            if end := _end(folder):  # it may have ended between the two looks
                return Condition(Phase.ENDED, end.usage, end.started_at, end)
            claimed = _claimed_at(folder)
            if free and claimed is None:
                return Condition(Phase.PREPARED)
            usage = _usage(folder)
            if not free:
                return Condition(Phase.RUNNING, usage, claimed)
            return Condition(Phase.LOST, usage, claimed)

    def cancel(self, key: str) -> None:
        folder = self._folder(key)
        try:
            (folder / "cancel").touch()
            with _try_lock(folder) as free:
                prevented = free and _claim(folder)
        except FileNotFoundError:
            return
        if prevented:  # nothing has begun, and now nothing can
            with contextlib.suppress(FileNotFoundError):
                now = time.time()
                end = {"reason": "cancelled", "code": None, "signal": None, "started_at": now}
                _write_whole(folder / "exit.json", json.dumps({**end, "ended_at": now, "usage": {}}))

    def log(self, key: str, *, offset: int = 0, size: int = 65_536) -> bytes:
        try:
            with open(self._folder(key) / "log", "rb") as file:
                file.seek(max(0, offset))
                return file.read(size)
        except FileNotFoundError:
            return b""

    def log_size(self, key: str) -> int:
        try:
            return (self._folder(key) / "log").stat().st_size
        except FileNotFoundError:
            return 0

    def progress(self, key: str) -> list[dict[str, object]]:
        text = _read_strangers_file(self.output_dir(key) / "progress.jsonl", tail=65_536)
        lines: list[dict[str, object]] = []
        for line in text.decode("utf-8", "replace").splitlines():
            with contextlib.suppress(ValueError):
                value = json.loads(line)
                if isinstance(value, dict):
                    lines.append(value)
        return lines[-50:]

    def output_dir(self, key: str) -> Path:
        return self._folder(key) / "out"

    def attempts(self) -> list[str]:
        if not self.root.is_dir():
            return []
        return sorted(path.name for path in self.root.iterdir() if not path.name.startswith("."))

    def forget(self, key: str) -> None:
        found = self.inspect(key)
        if found.phase in {Phase.RUNNING, Phase.ABSENT}:
            return
        if found.end is None or found.end.reason is not Reason.EXITED:
            end_orphans()
        folder = self._folder(key)
        gone = Path(tempfile.mkdtemp(prefix=".gone-", dir=self.root)) / key
        try:
            os.rename(folder, gone)  # whoever looks sees all of it or nothing
            plan = (gone / "plan").read_text(encoding="utf-8")
        except FileNotFoundError:
            plan = ""
        for line in plan.split("\0"):
            if line.startswith("cgroup="):
                _remove_group(line.removeprefix("cgroup="))
        # Strangers made the tree: rm walks any depth without following links.
        subprocess.run(["rm", "-rf", "--", str(gone.parent)], check=False)

    def sweep(self) -> None:
        """End and remove what a killed hub left half started, half made or half removed."""
        end_orphans()
        for path in [*self.root.glob(".gone-*"), *self.root.glob(".new-*")]:
            with contextlib.suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > ABANDONED_S:
                    subprocess.run(["rm", "-rf", "--", str(path)], check=False)

    def _folder(self, key: str) -> Path:
        if not key or not key.replace("-", "").replace(".", "").isalnum() or key.startswith("."):
            raise ValueError(f"not a key: {key!r}")
        return self.root / key

    def _program(self, source: Path) -> Path:
        """Return a stand-alone program, compiled once: Python would compile a script at every start."""
        if self.python != sys.executable:
            return source
        text = source.read_bytes()
        name = f".{source.stem}-{sys.implementation.cache_tag}-{hashlib.sha256(text).hexdigest()[:16]}.pyc"
        compiled = self.root / name
        if not compiled.exists():
            new = compiled.with_name(f"{name}.{os.getpid()}")
            mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
            py_compile.compile(str(source), str(new), dfile=source.name, doraise=True, invalidation_mode=mode)
            new.chmod(0o644)
            os.rename(new, compiled)
        return compiled

    def is_child(self, key: str) -> bool:
        """Say whether the run's supervisor was started by this process and is not reaped yet."""
        self._reap(key)
        return key in self._children

    def _reap(self, key: str) -> None:
        """Collect the supervisor if it is our own child and has ended."""
        child = self._children.get(key)
        if child is not None and child.poll() is not None:
            del self._children[key]


def _remove_group(place: str) -> None:
    """Remove a control group; after a lost run its last process may still be dying."""
    for _ in range(20):
        try:
            os.rmdir(place)
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.02)
        else:
            return


def _end(folder: Path) -> End | None:
    try:
        told = json.loads((folder / "exit.json").read_bytes())
    except FileNotFoundError:
        return None
    usage = Usage(**told.pop("usage"))
    return End(**{**told, "reason": Reason(told["reason"]), "usage": usage})


def _usage(folder: Path) -> Usage:
    try:
        return Usage(**json.loads((folder / "usage").read_bytes()))
    except FileNotFoundError:
        return Usage()


def _claimed_at(folder: Path) -> float | None:
    """Return when a supervisor took the run; 0 when it died before it had written the moment."""
    try:
        words = (folder / "claimed").read_text().split()
    except FileNotFoundError:
        return None
    return float(words[1]) if len(words) == 2 else 0.0


def _claim(folder: Path) -> bool:
    """Take the run before any supervisor does; say whether that succeeded."""
    try:
        handle = os.open(folder / "claimed", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return False
    with open(handle, "w") as file:
        file.write(f"0 {time.time()}\n")
    return True


@contextlib.contextmanager
def _try_lock(folder: Path) -> Iterator[bool]:
    """Say whether no supervisor holds the run's lock; the kernel lets go of a dead one's.

    Shared, so that two who ask at once do not take each other for a supervisor.
    """
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(lock)


def _link_or_copy(source: Path, target: Path, *, own: bool) -> None:
    """Give the run exactly this file: a second name where the run's user may read it, else a copy."""
    if own or source.stat().st_mode & stat.S_IROTH:
        try:
            os.link(source, target)
        except OSError:
            shutil.copyfile(source, target)
    else:
        shutil.copyfile(source, target)
        target.chmod(0o644)


def _read_strangers_file(path: Path, *, tail: int) -> bytes:
    """Read the end of a file that a run wrote: never through a link, never from a pipe or device."""
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    with open(opened, "rb") as file:
        found = os.fstat(opened)
        if not stat.S_ISREG(found.st_mode):
            return b""
        file.seek(max(0, found.st_size - tail))
        return file.read(tail)


def _write_whole(path: Path, text: str) -> None:
    new = path.with_name(path.name + ".hub")
    with open(new, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.rename(new, path)
