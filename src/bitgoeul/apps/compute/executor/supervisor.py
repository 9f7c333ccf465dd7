"""Watch one run from its first moment to its last.  Stand-alone, standard library only.

    python -I -S supervisor.py FOLDER

One such process per run, in a session of its own: it does not notice whether the hub
lives.  What it knows, it writes into FOLDER, and it holds a lock there for as long as
it lives, so that "is it running?" is asked of the kernel and never of a process
number.  Dies it, the sandbox dies with it.

    plan       what to do, written by the hub: settings, an empty word, the sandbox command; parted by NUL
    lock       held while this process lives
    claimed    made once, by whoever begins or ends the run first
    usage      the meters, about once a second
    cancel     present when somebody wants the run to end
    log        what the command printed, within its limit
    exit.json  the end, complete or absent
"""

from __future__ import annotations

# The C module behind `signal`, which would import enum and re: 20 ms for every job.
import _signal as signal
import fcntl
import os
import select
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing it for real would cost every job some milliseconds
    from collections.abc import Callable

TICK_MS = 250
TAIL_BYTES = 65_536
DEEPEST_PATH, FAR_TOO_MANY = 1_500, 1_000_000_000
KILLED_BY_LIMIT = {signal.SIGXCPU: "cpu_time", signal.SIGXFSZ: "output"}
PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def main(folder: str) -> int:
    """Claim the run and see it through; return 3 when another supervisor has it or had it."""
    os.chdir(folder)
    lock = os.open("lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    # Whoever asks how the run is holds the lock for a moment, shared; another supervisor holds it for good.
    while not os.path.exists("claimed"):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            claim = os.open("claimed", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            break
        except BlockingIOError:
            time.sleep(0.001)
        except FileExistsError:
            return 3
    else:
        return 3
    with open(claim, "w") as file:
        file.write(f"{os.getpid()} {time.time()}\n")
    run = Run(read_plan())
    try:
        run.begin()
        run.watch()
    finally:
        run.stop_now()
        run.finish()
    return 0


def read_plan() -> tuple[dict[str, list[str]], list[str]]:
    """Return (settings, command)."""
    with open("plan", encoding="utf-8") as file:
        words = file.read().split("\0")
    split = words.index("")
    settings: dict[str, list[str]] = {}
    for word in words[:split]:
        name, value = word.split("=", 1)
        settings.setdefault(name, []).append(value)
    return settings, words[split + 1 :]


class Run:
    """The state of one run, in memory only for as long as this process lives."""

    def __init__(self, plan: tuple[dict[str, list[str]], list[str]]) -> None:
        self.settings, self.command = plan
        self.started_at = self.ended_at = time.time()
        self.started = time.monotonic()
        # Process numbers: bubblewrap, and the first process inside.
        self.monitor: int | None = None
        self.first: int | None = None
        self.first_fd: int | None = None
        self.reason = "sandbox"
        self.code: int | None = None
        self.signal: int | None = None
        self.went = False  # the command was let go
        self.stopping_since: float | None = None
        self.cpu_s, self.dropped_s, self.last_alive_s = 0.0, 0.0, (0.0, 0.0)
        self.peak_bytes = self.output_bytes = self.output_files = 0
        self.log_bytes = self.dropped_bytes = 0
        self.tail = bytearray()
        self.next_measure = self.next_usage = self.next_write = self.started + TICK_MS / 1000
        self.free_at_start = free_bytes()
        self.report = b""
        self.asked_to_leave = False

    def number(self, name: str) -> float:
        return float(self.settings[name][0])

    # --- begin ---------------------------------------------------------------------

    def begin(self) -> None:
        """Start the sandbox.  The command inside waits until everything around it stands."""
        self.log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self.log_pipe, log_in = os.pipe()
        go_out, self.go = os.pipe()
        self.report_pipe, report_in = os.pipe()
        info, info_in = os.pipe()
        self.wakeup, wakeup_in = os.pipe()
        for end in (self.wakeup, wakeup_in, self.log_pipe, self.report_pipe):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wakeup_in, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self.leave)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

        wanted = [os.open("/dev/null", os.O_RDONLY), log_in, log_in, None, go_out, report_in, info_in]
        if "seccomp" in self.settings:
            wanted[3] = os.open(self.settings["seccomp"][0], os.O_RDONLY)
        # Lift every descriptor out of the way of the numbers that they will get.
        lifted = [fd if fd is None else fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 30) for fd in wanted]
        moves = [(os.POSIX_SPAWN_DUP2, fd, place) for place, fd in enumerate(lifted) if fd is not None]
        self.monitor = os.posix_spawn(
            self.command[0], self.command, starter(), file_actions=moves, setsigdef=[13, 17]
        )
        for fd in [*(fd for fd in lifted if fd is not None), *{fd for fd in wanted if fd is not None}]:
            os.close(fd)
        self.first = first_number(read_all(info), b'"child-pid"')
        if self.first is not None:
            try:
                self.first_fd = os.pidfd_open(self.first)
            except (OSError, AttributeError):
                self.first_fd = None
        self.make_groups()

    def leave(self, *_: object) -> None:
        self.asked_to_leave = True

    def make_groups(self) -> None:
        for group in self.settings.get("cgroup", []):
            try_to(os.mkdir, group)
        for line in self.settings.get("cgroup-set", []):
            path, value = line.split(" ", 1)
            try_to(write, path, value)
        # Moving takes the kernel some milliseconds; meanwhile the first process is still starting.
        for group in self.settings.get("cgroup", []):
            try_to(write, group + "/cgroup.procs", str(self.first))

    def let_go(self) -> None:
        """Let the command run: it is in its groups, and its number is known."""
        self.started, self.started_at = time.monotonic(), time.time()
        self.went, self.reason = True, "exited"
        os.write(self.go, b"g")

    # --- watch ---------------------------------------------------------------------

    def watch(self) -> None:
        poll = select.poll()
        poll.register(self.log_pipe, select.POLLIN)
        poll.register(self.wakeup, select.POLLIN)
        poll.register(self.report_pipe, select.POLLIN)
        while True:
            for fd, event in poll.poll(TICK_MS):
                if fd == self.log_pipe:
                    self.copy_log()
                elif fd == self.report_pipe:
                    self.report += read_some(fd)
                    if not self.went and self.first is not None and b"ready\n" in self.report:
                        self.let_go()
                elif fd == self.wakeup:
                    read_some(fd)
                if event & select.POLLHUP and not event & select.POLLIN:
                    poll.unregister(fd)
            if self.reaped():
                return
            self.look()

    def look(self) -> None:
        """Measure, and stop the run where it went over a limit or somebody wants it to end."""
        now = time.monotonic()
        self.measure_processes(now)
        if now >= self.next_write:
            self.measure_output(now)
        if self.stopping_since is not None:
            if now - self.stopping_since > self.number("grace_s"):
                self.stop_now()
            return
        if self.asked_to_leave:
            self.stop("interrupted")
        elif os.path.exists("cancel"):
            self.stop("cancelled")
        elif now - self.started > self.number("wall_s"):
            self.stop("wall_time")
        elif self.cpu_s > self.number("cpu_s"):
            self.stop("cpu_time")
        if now >= self.next_usage:
            self.next_usage = now + 1
            self.write_usage()

    def stop(self, reason: str) -> None:
        """Ask every process of the run to end; they have ``grace_s`` to do so."""
        self.reason, self.stopping_since = reason, time.monotonic()
        self.say(f"stopping: {reason}")
        self.send(signal.SIGTERM)
        if not self.went:
            self.stop_now()

    def stop_at_once(self, reason: str) -> None:
        self.reason, self.stopping_since = reason, time.monotonic()
        self.say(f"stopped: {reason}")
        self.stop_now()

    def stop_now(self) -> None:
        """Kill the first process, and with it the whole sandbox."""
        self.send(signal.SIGKILL)
        if self.monitor is not None and (self.first is None or not self.went):
            try_to(os.kill, self.monitor, signal.SIGKILL)

    def send(self, number: int) -> None:
        """Signal the first process; a descriptor names it, so a number used again is never hit."""
        if self.first_fd is not None and self.monitor is not None:
            try_to(signal.pidfd_send_signal, self.first_fd, number)
        elif self.first is not None and self.monitor is not None:
            try_to(os.kill, self.first, number)

    def reaped(self) -> bool:
        """Say whether the run is over, and take its final meters if so."""
        if self.monitor is None:
            return True
        pid, status, used = os.wait4(self.monitor, os.WNOHANG)
        if pid == 0:
            return False
        self.monitor = None
        self.copy_log()
        self.report += read_some(self.report_pipe)
        self.cpu_s = max(self.cpu_s, used.ru_utime + used.ru_stime + self.dropped_s)
        self.peak_bytes = max(self.peak_bytes, used.ru_maxrss * 1024)
        told = first_number(self.report, b"status ")
        if told is not None and os.WIFSIGNALED(told):
            self.signal = os.WTERMSIG(told)
        if self.reason == "exited" and self.kernel_kills():
            self.reason = "memory"
        elif self.reason == "exited" and self.signal in KILLED_BY_LIMIT:
            self.reason = KILLED_BY_LIMIT[self.signal]
        if self.reason == "exited":
            code = os.waitstatus_to_exitcode(status)
            if code < 0:  # somebody killed the sandbox from outside
                self.reason, self.signal = "interrupted", -code
            else:
                self.code = code
        return True

    # --- meters --------------------------------------------------------------------

    def measure_processes(self, now: float) -> None:
        """Meter the live processes through the sandbox's own /proc, which shows them alone."""
        if self.first is None or now < self.next_measure:
            return
        cpu_s, resident = 0.0, 0
        inside = proc_seen_by(self.first)
        for name in numbers_in(inside):
            fields = read_stat(f"{inside}/{name}/stat")
            if fields is not None:
                cpu_s += sum(map(int, fields[11:15])) / TICKS_PER_S  # its own, and its waited-for children's
                resident += int(fields[21]) * PAGE
        self.count_cpu(cpu_s)
        limit = self.number("memory_bytes")
        if resident > limit:
            resident = sum(shared_fairly(f"{inside}/{name}/smaps_rollup") for name in numbers_in(inside))
        self.peak_bytes = max(self.peak_bytes, resident, self.grouped_peak())
        self.next_measure = now + max(0.2, 20 * (time.monotonic() - now))
        if resident > limit and self.stopping_since is None:
            self.stop_at_once("memory")

    def count_cpu(self, alive_s: float) -> None:
        """Add up CPU time, also of processes whose parent refused to wait for them.

        The time of a process moves to the parent that waits for it, so the sum over the
        living never falls, unless somebody was dropped unwaited.  A fall counts when the
        next look confirms it: one look may miss a process between dying and being counted.
        """
        before, last = self.last_alive_s
        self.dropped_s += max(0.0, before - max(last, alive_s))
        self.last_alive_s = (last, alive_s)
        self.cpu_s = max(self.cpu_s, alive_s + self.dropped_s, self.grouped_cpu())

    def grouped_cpu(self) -> float:
        if "cgroup-cpu" not in self.settings:
            return 0.0
        per_s, path, word = self.settings["cgroup-cpu"][0].split(" ", 2)
        value = first_number(read_file(path), word.encode())
        return 0.0 if value is None else value / float(per_s)

    def grouped_peak(self) -> int:
        if "cgroup-peak" not in self.settings:
            return 0
        return first_number(read_file(self.settings["cgroup-peak"][0]), b"") or 0

    def kernel_kills(self) -> int:
        if "cgroup-killed" not in self.settings:
            return 0
        path, word = self.settings["cgroup-killed"][0].split(" ", 1)
        return first_number(read_file(path), word.encode() + b" ") or 0

    def measure_output(self, now: float) -> None:
        """Meter what the run wrote, also into files that it has already unlinked."""
        bytes_out, files_out = size_of("out")
        bytes_work, files_work = size_of("work")
        self.output_bytes, self.output_files = bytes_out, files_out
        total, limit = bytes_out + bytes_work, self.number("output_bytes")
        if self.free_at_start - free_bytes() > limit:
            total += self.unlinked_bytes()
        spent = time.monotonic() - now
        self.next_write = now + max(0.25, 10 * spent)
        if self.stopping_since is None and (
            total > limit or files_out + files_work > self.number("output_files")
        ):
            self.stop_at_once("output")

    def unlinked_bytes(self) -> int:
        """Bytes in files without a name that the run still holds open."""
        seen: dict[tuple[int, int], int] = {}
        if self.first is None:
            return 0
        inside = proc_seen_by(self.first)
        for name in numbers_in(inside):
            for fd in names_in(f"{inside}/{name}/fd"):
                try:
                    found = os.stat(f"{inside}/{name}/fd/{fd}")
                except OSError:
                    continue
                if found.st_nlink == 0:
                    seen[found.st_dev, found.st_ino] = found.st_blocks * 512
        return sum(seen.values())

    # --- what is written -----------------------------------------------------------

    def copy_log(self) -> None:
        """Copy what the run printed: the beginning up to the limit, and later the very end."""
        while chunk := read_some(self.log_pipe):
            room = int(self.number("log_bytes")) - self.log_bytes
            if room > 0:
                try_to(write_all, self.log, chunk[:room])
                self.log_bytes += min(room, len(chunk))
                chunk = chunk[room:]
            if chunk:
                self.dropped_bytes += len(chunk)
                self.tail += chunk
                del self.tail[:-TAIL_BYTES]
            if len(chunk) < TAIL_BYTES and self.monitor is not None:
                return

    def say(self, sentence: str) -> None:
        try_to(write_all, self.log, f"\n[bitgoeul] {sentence}\n".encode())

    def write_usage(self) -> None:
        write_whole("usage", self.usage() + "\n")

    def usage(self) -> str:
        wall = max(0.0, (time.monotonic() if self.monitor else self.ended) - self.started)
        return (
            f'{{"cpu_ms": {int(self.cpu_s * 1000)}, "wall_ms": {int(wall * 1000) if self.went else 0}, '
            f'"peak_memory_bytes": {int(self.peak_bytes)}, "output_bytes": {int(self.output_bytes)}, '
            f'"output_files": {self.output_files}, "log_bytes": {self.log_bytes}, '
            f'"log_dropped_bytes": {self.dropped_bytes}}}'
        )

    def finish(self) -> None:
        """Reap what is left, keep the end of the log, and write the end as one whole file."""
        while self.monitor is not None and not self.reaped():
            select.select([self.wakeup], [], [], 0.05)
        self.ended, self.ended_at = time.monotonic(), time.time()
        self.cpu_s = max(self.cpu_s, self.grouped_cpu())
        self.peak_bytes = max(self.peak_bytes, self.grouped_peak())
        self.output_bytes, self.output_files = size_of("out")
        if self.dropped_bytes:
            kept = bytes(self.tail)
            self.say(f"log limit reached: {self.dropped_bytes - len(kept)} bytes are left out here")
            try_to(write_all, self.log, kept)
        for group in self.settings.get("cgroup", []):
            try_to(os.rmdir, group)
        text = (
            f'{{"reason": "{self.reason}", "code": {null(self.code)}, "signal": {null(self.signal)}, '
            f'"started_at": {self.started_at:.3f}, "ended_at": {self.ended_at:.3f}, '
            f'"usage": {self.usage()}}}\n'
        )
        write_whole("exit.json", text, sync=True)


def starter() -> dict[str, str]:
    """The mark by which kit/sandbox.py finds what we leave behind if we are killed at this very moment."""
    began = (read_stat("/proc/self/stat") or [b""] * 20)[19].decode()
    numbering = os.stat("/proc/self/ns/pid").st_ino
    return {"BITGOEUL_STARTED_BY": f"{os.getpid()} {began} {numbering}"}


def null(value: int | None) -> int | str:
    return "null" if value is None else value


def first_number(text: bytes, word: bytes) -> int | None:
    """Return the number that follows ``word``; None where there is none."""
    at = text.find(word)
    if at < 0:
        return None
    digits = b""
    for byte in text[at + len(word) :]:
        if 48 <= byte <= 57:
            digits += bytes([byte])
        elif digits:
            break
    return int(digits) if digits else None


def proc_seen_by(number: int) -> str:
    """The /proc that a process sees: for one in a sandbox it shows the sandbox alone."""
    return os.path.join("/proc", str(number), "root", "proc")


def numbers_in(folder: str) -> list[str]:
    return [name for name in names_in(folder) if name.isdecimal()]


def names_in(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def read_file(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(1_000_000)
    except OSError:
        return b""


def read_stat(path: str) -> list[bytes] | None:
    """Return the fields of /proc/N/stat after the name, which may hold anything."""
    text = read_file(path)
    return text[text.rfind(b")") + 2 :].split() if text else None


def shared_fairly(path: str) -> int:
    return (first_number(read_file(path), b"\nPss:") or 0) * 1024


def read_all(fd: int) -> bytes:
    text = b""
    while chunk := os.read(fd, 4096):
        text += chunk
    os.close(fd)
    return text


def read_some(fd: int) -> bytes:
    try:
        return os.read(fd, TAIL_BYTES)
    except BlockingIOError:
        return b""


def write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def write_whole(name: str, text: str, sync: bool = False) -> None:
    """Replace a file so that readers see the old one or the new one, whole."""
    with open(name + ".new", "w") as file:
        file.write(text)
        if sync:
            file.flush()
            os.fsync(file.fileno())
    os.rename(name + ".new", name)
    if sync:
        folder = os.open(".", os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)


def free_bytes() -> int:
    found = os.statvfs(".")
    return found.f_bavail * found.f_frsize


def size_of(folder: str) -> tuple[int, int]:
    """Return (bytes on disk, entries) of a folder that somebody may be writing; links are not followed.

    A folder too deep to look into counts as more entries than any limit allows.
    """
    size = count = 0
    waiting = [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    count += 1 if len(entry.path) < DEEPEST_PATH else FAR_TOO_MANY
                    size += entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False) and len(entry.path) < DEEPEST_PATH:
                        waiting.append(entry.path)
        except OSError:
            continue  # it went away while we looked
    return size, count


def try_to(action: Callable[..., object], *arguments: object) -> None:
    """Do what may fail harmlessly: the other side may be gone, or this machine may lend no groups."""
    try:
        action(*arguments)
    except OSError:
        return


if __name__ == "__main__":
    # Leaves without taking the interpreter down piece by piece: all that counts is on disk.
    os._exit(main(sys.argv[1]))
