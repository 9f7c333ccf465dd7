"""The contract of executors, kept by every one of them, against jobs that mean harm.

No database and no hub here: folders, processes, and questions about them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from pathlib import Path

import pytest

from bitgoeul.apps.compute.executor import Limits, LocalExecutor, Phase, Reason, Task, cgroups

pytestmark = pytest.mark.slow

PATIENCE_S = 30


class Bench:
    """One executor and the runs of one test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.executor = LocalExecutor(folder / "runs", hidden=(folder,))
        self.count = 0

    def prepare(self, program: str, *, inputs=None, parameters=None, command=None, **limits) -> str:
        self.count += 1
        code = self.folder / f"code-{self.count}"
        code.mkdir()
        (code / "main.py").write_text(textwrap.dedent(program))
        key = f"{self.count}-1"
        limits = {"wall_s": 20, "memory_mib": 512, "grace_s": 1.0, **limits}
        self.executor.prepare(
            Task(
                key=key,
                command=command or ("python", "-S", "/job/code/main.py"),
                code=code,
                inputs=inputs or {},
                parameters=parameters or {},
                limits=Limits(**limits),
                number=700_000 + os.getpid() % 1000 * 100 + self.count,
            )
        )
        return key

    def start(self, program: str, **options) -> str:
        key = self.prepare(program, **options)
        self.executor.start(key)
        return key

    def wait(self, key: str):
        return self.until(key, lambda condition: condition.phase in {Phase.ENDED, Phase.LOST})

    def until(self, key: str, holds):
        give_up = time.monotonic() + PATIENCE_S
        while time.monotonic() < give_up:
            condition = self.executor.inspect(key)
            if holds(condition):
                return condition
            time.sleep(0.02)
        raise AssertionError(f"still {condition} after {PATIENCE_S} s; log: {self.log(key)}")

    def until_logged(self, key: str, word: str) -> str:
        self.until(key, lambda _: word in self.log(key))
        return self.log(key)

    def run(self, program: str, **options):
        key = self.start(program, **options)
        return self.wait(key).end, self.log(key)

    def log(self, key: str) -> str:
        return self.executor.log(key, size=50_000_000).decode("utf-8", "replace")

    def supervisor(self, key: str) -> int:
        return int((self.executor.root / key / "claimed").read_text().split()[0])


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path)
    probe = bench.executor.probe()
    if not probe.ok:
        pytest.skip(f"no sandbox on this machine: {probe.detail}")
    yield bench
    for key in bench.executor.attempts():
        bench.executor.cancel(key)
        bench.until(key, lambda condition: condition.phase is not Phase.RUNNING)
        bench.executor.forget(key)


@pytest.fixture(params=["control groups", "no control groups"])
def metered(request, bench, monkeypatch):
    """The same bench on a machine that lends control groups and on one that does not."""
    if request.param == "control groups" and not cgroups.homes():
        pytest.skip("this machine lends no control groups")
    if request.param == "no control groups":
        monkeypatch.setattr(cgroups, "homes", dict)
    return bench


def processes_saying(word: str) -> list[int]:
    """Every live process of the machine whose command line holds this word."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            text = path.read_bytes().decode("utf-8", "replace")
        except OSError:
            continue
        if word in text and int(path.parent.name) != os.getpid():
            found.append(int(path.parent.name))
    return found


def eventually(question) -> bool:
    give_up = time.monotonic() + 10
    while time.monotonic() < give_up:
        if question():
            return True
        time.sleep(0.02)
    return False


# --- a run does what it was asked ------------------------------------------------------


def test_a_run_reads_its_inputs_and_parameters_and_leaves_outputs(bench, tmp_path):
    table = tmp_path / "part-0.parquet"
    table.write_bytes(b"PAR1 rows PAR1")
    table.chmod(0o600)

    key = bench.start(
        """
        import json, os, pathlib
        told = json.load(open("/job/parameters.json"))
        rows = pathlib.Path("/job/in/flights/planes/part-0.parquet").read_bytes()
        pathlib.Path("/job/out/answer.txt").write_text(told["word"] + rows.decode())
        with open("/job/out/progress.jsonl", "a") as file:
            for line in ('{"fraction": 0.4, "message": "halfway"}', "not json", '{"fraction": 1}'):
                print(line, file=file)
        print(os.getcwd(), os.environ["HOME"], sorted(os.listdir("/job")))
        """,
        inputs={"flights/planes": (table,)},
        parameters={"word": "빛 "},
    )
    end = bench.wait(key).end

    assert (end.reason, end.code, end.succeeded) == (Reason.EXITED, 0, True)
    assert (bench.executor.output_dir(key) / "answer.txt").read_text() == "빛 PAR1 rows PAR1"
    assert bench.executor.progress(key) == [{"fraction": 0.4, "message": "halfway"}, {"fraction": 1}]
    assert bench.log(key) == "/job/work /job/work ['code', 'in', 'out', 'parameters.json', 'work']\n"
    assert end.usage.output_files == 2
    assert end.usage.cpu_ms > 0
    assert end.usage.peak_memory_bytes > 1_000_000


@pytest.mark.parametrize(
    ("program", "code", "number"),
    [("raise SystemExit(3)", 3, None), ("import os; os.kill(os.getpid(), 9)", 137, 9)],
)
def test_a_failing_command_is_told_as_it_was(bench, program, code, number):
    end, _ = bench.run(program)

    assert (end.reason, end.code, end.signal, end.succeeded) == (Reason.EXITED, code, number, False)


def test_a_command_that_does_not_exist_says_so(bench):
    end, log = bench.run("", command=("pyhton", "main.py"))

    assert (end.reason, end.code) == (Reason.EXITED, 127)
    assert log == "pyhton: No such file or directory\n"


def test_a_run_starts_at_most_once_however_often_it_is_asked(bench):
    key = bench.prepare("import time; print('once', flush=True); time.sleep(1)")
    twin = LocalExecutor(bench.executor.root)

    for executor in (bench.executor, twin, bench.executor, twin):
        executor.start(key)
    bench.wait(key)
    twin.start(key)

    assert bench.log(key) == "once\n"


def test_a_crowd_of_askers_never_keeps_a_run_from_starting_nor_sees_it_run_before_it_does(bench):
    key = bench.prepare("print('up')")
    stop, seen = threading.Event(), set()

    def ask():
        executor = LocalExecutor(bench.executor.root)
        while not stop.is_set():
            seen.add(executor.inspect(key).phase)

    crowd = [threading.Thread(target=ask) for _ in range(6)]
    for thread in crowd:
        thread.start()
    time.sleep(0.4)
    before = set(seen)
    bench.executor.start(key)
    end = bench.wait(key).end
    stop.set()
    for thread in crowd:
        thread.join()

    assert before == {Phase.PREPARED}
    assert end.succeeded
    assert seen <= {Phase.PREPARED, Phase.RUNNING, Phase.ENDED}


def test_preparing_again_changes_nothing(bench, tmp_path):
    key = bench.prepare("print('first')")
    (tmp_path / "code-1" / "main.py").write_text("print('second')")
    bench.executor.prepare(Task(key=key, command=("true",), code=tmp_path / "code-1"))

    bench.executor.start(key)

    bench.wait(key)
    assert bench.log(key) == "first\n"


def test_what_is_forgotten_is_gone_but_never_while_it_runs(bench):
    key = bench.start("import time; print('up', flush=True); time.sleep(60)")
    bench.until_logged(key, "up")

    bench.executor.forget(key)
    assert bench.executor.inspect(key).phase is Phase.RUNNING

    bench.executor.cancel(key)
    bench.wait(key)
    bench.executor.forget(key)
    assert bench.executor.inspect(key).phase is Phase.ABSENT
    assert bench.executor.attempts() == []


# --- a run sees only what it was given -------------------------------------------------


def test_a_run_sees_neither_the_hub_nor_the_machines_secrets(bench, tmp_path):
    (tmp_path / "secret").write_text("the hub's")
    hub = Path(__file__).parents[3]

    end, log = bench.run(f"""
        import os
        hidden = ({str(hub)!r}, {str(tmp_path)!r})
        for path in ("/etc/shadow", "/srv", "/home", "/var", "/boot", *hidden):
            print(path, os.path.exists(path))
        print(sorted(os.environ))
    """)

    assert end.succeeded, log
    assert "True" not in log
    assert not {"SECRET", "DATABASE", "DJANGO_SETTINGS_MODULE"} & set(log.split("'"))


def test_the_hubs_package_is_covered_where_it_lies_among_the_environments_packages(bench):
    import numpy

    bench.executor.hidden = (Path(numpy.__file__).parent,)
    end, log = bench.run("import os, sys", command=("python", "-c", "import numpy; numpy.array"))

    assert end.code == 1
    assert "numpy" in log


@pytest.mark.parametrize(
    "place", ["/job/code/x", "/job/in/x", "/usr/x", "/etc/x", "/x", "/dev/x", "/run/x", sys.prefix + "/x"]
)
def test_a_run_writes_nowhere_but_in_its_folders(bench, place):
    end, log = bench.run(f"open({place!r}, 'w')")

    assert end.code == 1
    assert "Read-only file system" in log or "Permission denied" in log


def test_a_run_has_no_network(bench):
    end, log = bench.run("""
        import socket
        try:
            socket.create_connection(("1.1.1.1", 53), timeout=3)
        except OSError as error:
            print("refused", error)
        print([name for _, name in socket.if_nameindex()])
        server = socket.socket(); server.bind(("127.0.0.1", 0)); print("own loopback works")
    """)

    assert end.succeeded, log
    assert "refused" in log
    assert "['lo']" in log


def test_a_run_has_no_rights(bench):
    end, log = bench.run("""
        import os
        for line in open("/proc/self/status"):
            if line.startswith(("CapPrm", "CapEff", "NoNewPrivs", "Seccomp:")):
                print(line.split()[1], end=" ")
        print(os.getuid() != 0, os.getgroups())
    """)

    assert end.succeeded, log
    assert log.startswith("0000000000000000 0000000000000000 1 2 True")


def test_a_run_cannot_reach_other_processes(bench):
    witness = subprocess.Popen(["sleep", "60"])
    other = bench.start("import time; print('up', flush=True); time.sleep(30)")
    bench.until_logged(other, "up")

    end, log = bench.run(f"""
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        print("ptrace", libc.ptrace(16, 1, 0, 0), ctypes.get_errno())
        print("unshare", libc.unshare(0x10000000), ctypes.get_errno())
        print("mount", libc.mount(b"none", b"/tmp", b"tmpfs", 0, 0), ctypes.get_errno())
        try:
            os.kill({witness.pid}, 9)
        except OSError as error:
            print("kill", type(error).__name__)
        print(sorted(int(name) for name in os.listdir("/proc") if name.isdecimal()))
    """)

    assert end.succeeded, log
    assert "ptrace -1 1" in log
    assert "unshare -1 1" in log
    assert "mount -1 1" in log
    assert "kill ProcessLookupError" in log
    assert "[1, 2]" in log
    assert witness.poll() is None
    assert bench.executor.inspect(other).phase is Phase.RUNNING
    witness.kill()
    witness.wait()


def test_a_run_inherits_nothing_but_its_standard_streams(bench):
    _, log = bench.run("import os; print(sorted(map(int, os.listdir('/proc/self/fd')))[:4])")

    assert log == "[0, 1, 2, 3]\n"  # 3 is the folder that is being listed


def test_every_run_has_another_user(bench):
    first, second = (bench.run("import os; print(os.getuid())")[1] for _ in range(2))

    if os.geteuid() == 0:
        assert first != second
    assert "0\n" not in (first, second)


# --- a run uses only what it was given -------------------------------------------------


def test_a_fork_bomb_fizzles_out(metered):
    end, log = metered.run(
        """
        import os, time
        count = 0
        try:
            while True:
                if os.fork() == 0:
                    time.sleep(30); os._exit(0)
                count += 1
        except BlockingIOError:
            print("stopped at", count)
        """,
        processes=32,
    )

    assert end.succeeded, log
    assert int(log.split()[-1]) <= 32


def test_a_memory_eater_is_stopped(metered):
    end, _ = metered.run(
        """
        held = []
        while True:
            held.append(bytearray(8_000_000))
        """,
        memory_mib=128,
    )

    assert not end.succeeded
    assert end.usage.peak_memory_bytes < 160 * 1024 * 1024


def test_many_processes_share_one_memory_limit(metered):
    end, _ = metered.run(
        """
        import os, time
        for _ in range(8):
            if os.fork() == 0:
                held = bytearray(60_000_000)
                for at in range(0, len(held), 4096): held[at] = 1
                time.sleep(30)
        time.sleep(5)
        """,
        memory_mib=128,
    )

    assert end.reason is Reason.MEMORY
    assert not end.succeeded


def test_wall_time_ends_a_run(bench):
    end, log = bench.run("import time; time.sleep(60)", wall_s=1)

    assert (end.reason, end.code) == (Reason.WALL_TIME, None)
    assert end.usage.wall_ms < 10_000
    assert "stopping: wall_time" in log


def test_cpu_time_ends_a_run_that_spreads_over_processes(metered):
    end, _ = metered.run(
        """
        import os
        for _ in range(3): os.fork()
        while True: pass
        """,
        wall_s=3,
    )

    assert end.reason in {Reason.CPU_TIME, Reason.WALL_TIME}
    assert end.usage.cpu_ms < 3 * 3_000 + 3_000


def test_a_run_that_ignores_the_request_to_stop_is_killed(bench):
    key = bench.start("""
        import signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("deaf", flush=True)
        time.sleep(60)
    """)
    bench.until_logged(key, "deaf")

    bench.executor.cancel(key)

    assert bench.wait(key).end.reason is Reason.CANCELLED


def test_a_run_may_tidy_up_when_asked_to_stop(bench):
    key = bench.start(
        """
        import signal, sys, time
        def leave(*_):
            open("/job/out/checkpoint", "w").write("kept")
            sys.exit(0)
        signal.signal(signal.SIGTERM, leave)
        print("ready", flush=True)
        time.sleep(60)
        """,
        grace_s=10,
    )
    bench.until_logged(key, "ready")

    bench.executor.cancel(key)

    assert bench.wait(key).end.reason is Reason.CANCELLED
    assert (bench.executor.output_dir(key) / "checkpoint").read_text() == "kept"


def test_a_daemon_does_not_outlive_its_run_and_its_time_is_metered(metered):
    end, log = metered.run("""
        import os, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                while time.process_time() < 0.5: pass
                open("/job/work/warm", "w").close()
                os.execvp("sh", ["sh", "-c", ": bitgoeul-daemon-7741; while true; do :; done"])
            os._exit(0)
        os.wait()
        while not os.path.exists("/job/work/warm"): time.sleep(0.05)
    """)

    assert end.succeeded, log
    assert end.usage.cpu_ms >= 500
    assert processes_saying("bitgoeul-daemon-7741") == []


def test_children_that_nobody_waits_for_are_metered(metered):
    end, log = metered.run("""
        import os, signal, time
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        for number in range(2):
            if os.fork() == 0:
                while time.process_time() < 0.6: pass
                time.sleep(0.6)
                open(f"/job/work/{number}", "w").close()
                os._exit(0)
            while not os.path.exists(f"/job/work/{number}"): time.sleep(0.05)
            time.sleep(0.7)
    """)

    assert end.succeeded, log
    assert end.usage.cpu_ms >= 1_200


def test_filling_the_disk_is_stopped(bench):
    end, _ = bench.run(
        """
        import os
        for number in range(1000):
            with open(f"/job/work/{number}", "wb") as file:
                file.write(bytes(4_000_000))
        """,
        output_mib=20,
    )

    assert end.reason is Reason.OUTPUT


def test_one_file_does_not_pass_the_limit(bench):
    end, _ = bench.run(
        """
        with open("/job/out/big", "wb") as file:
            while True:
                file.write(bytes(1_000_000))
        """,
        output_mib=10,
    )

    assert not end.succeeded
    assert end.usage.output_bytes <= 10 * 1024 * 1024


def test_filling_the_disk_with_unlinked_files_is_stopped(bench):
    end, _ = bench.run(
        """
        import os, time
        held = []
        for number in range(12):
            held.append(open(f"/job/work/{number}", "wb")); os.unlink(f"/job/work/{number}")
            held[-1].write(os.urandom(9_000_000)); held[-1].flush()
        time.sleep(15)
        """,
        output_mib=10,
    )

    assert end.reason is Reason.OUTPUT


def test_too_many_files_are_stopped(bench):
    end, _ = bench.run(
        """
        import time
        for number in range(5000):
            open(f"/job/out/{number}", "w").close()
        time.sleep(20)
        """,
        files=100,
    )

    assert end.reason is Reason.OUTPUT


def test_a_bottomless_folder_is_stopped_and_can_be_removed(bench):
    key = bench.start(
        """
        import os, time
        for _ in range(3000):
            os.mkdir("d" * 50); os.chdir("d" * 50)
        time.sleep(20)
        """
    )

    assert bench.wait(key).end.reason is Reason.OUTPUT
    bench.executor.forget(key)
    assert bench.executor.inspect(key).phase is Phase.ABSENT


def test_temporary_space_is_bounded_too(bench):
    end, log = bench.run(
        """
        for place in ("/tmp/x", "/dev/shm/x"):
            try:
                with open(place, "wb") as file:
                    for _ in range(100): file.write(bytes(1_000_000))
            except OSError as error:
                print(error.strerror)
        """,
        tmp_mib=8,
    )

    assert end.succeeded, log
    assert log == "No space left on device\n" * 2


def test_a_huge_log_keeps_its_beginning_and_its_end_and_says_what_is_missing(bench):
    end, log = bench.run(
        """
        print("the beginning")
        for number in range(60_000): print("line", number, "x" * 40)
        print("the end")
        """,
        log_mib=1,
    )
    size = len(log)

    assert end.succeeded
    assert log.startswith("the beginning\n")
    assert log.endswith("the end\n")
    assert "log limit reached" in log
    assert size < 1_200_000
    assert end.usage.log_dropped_bytes > 1_000_000


def test_progress_is_never_read_through_a_link(bench, tmp_path):
    secret = tmp_path / "secret.jsonl"
    secret.write_text('{"fraction": 0.1}\n')

    key = bench.start(f"import os; os.symlink({str(secret)!r}, '/job/out/progress.jsonl')")

    assert bench.wait(key).end.succeeded
    assert bench.executor.progress(key) == []


# --- whoever dies, the answer stays true -------------------------------------------------


def test_a_run_outlives_the_hub_that_started_it(bench):
    key = bench.prepare("import time; print('up', flush=True); time.sleep(1.5); print('done')")
    hub = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time\n"
            "from pathlib import Path\n"
            "from bitgoeul.apps.compute.executor import LocalExecutor\n"
            "LocalExecutor(Path(sys.argv[1])).start(sys.argv[2])\n"
            "time.sleep(60)",
            str(bench.executor.root),
            key,
        ],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[4])},
    )
    bench.until_logged(key, "up")

    hub.kill()
    hub.wait()

    again = LocalExecutor(bench.executor.root)
    assert again.inspect(key).phase is Phase.RUNNING
    assert bench.wait(key).end.succeeded
    assert again.log(key) == b"up\ndone\n"


def test_a_killed_supervisor_takes_its_sandbox_along_and_the_run_is_lost(bench):
    key = bench.start(
        "import os; print('up', flush=True); os.execvp('sh', ['sh', '-c', ': orphan-5512; sleep 60; :'])"
    )
    bench.until_logged(key, "up")
    assert eventually(lambda: processes_saying(": orphan-5512"))

    os.kill(bench.supervisor(key), signal.SIGKILL)

    assert bench.wait(key).phase is Phase.LOST
    assert eventually(lambda: not processes_saying(": orphan-5512"))


def test_a_supervisor_killed_at_any_moment_leaves_no_orphan_and_no_doubt(bench):
    for step in range(12):
        key = bench.start(f"import os; os.execvp('sh', ['sh', '-c', ': orphan-66{step:02d}; sleep 30; :'])")
        claimed = bench.executor.root / key / "claimed"
        assert eventually(lambda claimed=claimed: claimed.exists() and claimed.read_text().endswith("\n"))
        time.sleep(step * 0.008)

        os.kill(bench.supervisor(key), signal.SIGKILL)

        assert bench.wait(key).phase is Phase.LOST
        bench.executor.forget(key)
        assert eventually(lambda step=step: not processes_saying(f": orphan-66{step:02d}"))


def test_what_a_supervisor_leaves_that_dies_as_its_sandbox_begins_is_ended_when_the_run_is_forgotten(bench):
    key = bench.prepare("print('never')", command=("sh", "-c", ": orphan-7718"))
    # Reading what bubblewrap says is the first step after its start.
    suicide = (
        "import os, sys; sys.path.insert(0, sys.argv[1]); import supervisor\n"
        "supervisor.read_all = lambda info: os.kill(os.getpid(), 9)\n"
        "supervisor.main(sys.argv[2])"
    )
    folders = [str(Path(__file__).parents[1] / "executor"), str(bench.executor.root / key)]
    subprocess.run([sys.executable, "-I", "-c", suicide, *folders], check=False)
    left = eventually(lambda: len(processes_saying(": orphan-7718")) == 1)

    assert bench.executor.inspect(key).phase is Phase.LOST
    bench.executor.forget(key)

    assert left  # the child that bubblewrap left waiting for ever
    assert eventually(lambda: not processes_saying(": orphan-7718"))


def test_a_killed_sandbox_is_an_interruption_not_a_failure_of_the_command(bench):
    key = bench.start(
        "import os; print('up', flush=True); os.execvp('sh', ['sh', '-c', ': box-3313; sleep 60; :'])"
    )
    bench.until_logged(key, "up")

    for pid in processes_saying(f"{bench.executor.root}/{key}/out"):  # bubblewrap itself
        os.kill(pid, signal.SIGKILL)

    end = bench.wait(key).end
    assert end.reason is Reason.INTERRUPTED
    assert eventually(lambda: not processes_saying(": box-3313"))


def test_a_supervisor_told_to_leave_says_that_it_was_interrupted(bench):
    key = bench.start("import time; print('up', flush=True); time.sleep(60)")
    bench.until_logged(key, "up")

    os.kill(bench.supervisor(key), signal.SIGTERM)

    assert bench.wait(key).end.reason is Reason.INTERRUPTED


def test_a_process_number_used_again_is_never_mistaken_for_the_supervisor(bench):
    key = bench.prepare("print('x')")
    stranger = subprocess.Popen(["sleep", "60"])
    (bench.executor.root / key / "claimed").write_text(f"{stranger.pid} {time.time()}\n")

    condition = bench.executor.inspect(key)
    bench.executor.cancel(key)

    assert condition.phase is Phase.LOST
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_cancelling_before_the_start_prevents_it(bench):
    key = bench.prepare("print('never')")

    bench.executor.cancel(key)
    bench.executor.start(key)

    assert bench.executor.inspect(key).end.reason is Reason.CANCELLED
    assert bench.log(key) == ""


def test_a_crowd_that_looks_while_a_run_is_forgotten_sees_it_or_nothing(bench):
    keys = [bench.start("pass") for _ in range(4)]
    for key in keys:
        bench.wait(key)
    stop, seen, broken = threading.Event(), set(), []

    def ask():
        executor = LocalExecutor(bench.executor.root)
        while not stop.is_set():
            try:
                seen.update(executor.inspect(key).phase for key in keys)
            except OSError as error:
                broken.append(error)

    crowd = [threading.Thread(target=ask) for _ in range(4)]
    for thread in crowd:
        thread.start()
    for key in keys:
        bench.executor.forget(key)
    stop.set()
    for thread in crowd:
        thread.join()

    assert broken == []
    assert seen <= {Phase.ENDED, Phase.ABSENT}
    assert [path for path in bench.executor.root.iterdir() if path.suffix != ".pyc"] == []


def test_what_a_killed_hub_left_half_made_is_swept_away_later(bench):
    for name in (".new-abc", ".gone-abc"):
        (bench.executor.root / name / "x").mkdir(parents=True)
        os.utime(bench.executor.root / name, (1, 1))
    (bench.executor.root / ".new-now").mkdir()

    bench.executor.sweep()

    assert [path.name for path in bench.executor.root.iterdir()] == [".new-now"]


def test_a_folder_half_laid_out_by_a_killed_hub_is_no_attempt(bench):
    (bench.executor.root / ".new-abc").mkdir(parents=True)

    assert bench.executor.attempts() == []
    assert bench.executor.inspect("9-1").phase is Phase.ABSENT


@pytest.mark.parametrize("key", ["", "..", "../x", "a/b", ".new-x"])
def test_a_key_is_never_a_path(bench, key):
    with pytest.raises(ValueError, match="not a key"):
        bench.executor.inspect(key)


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user needs root")
def test_a_hub_that_is_not_root_isolates_through_user_namespaces():
    """The same programs under an ordinary user, with the system's own Python."""
    with tempfile.TemporaryDirectory(prefix="bitgoeul-") as folder:
        isolate_as_an_ordinary_user(Path(folder))


def isolate_as_an_ordinary_user(tmp_path):
    python = "/usr/bin/python3"
    if not Path(python).exists():
        pytest.skip("no system Python")
    package = Path(__file__).parents[3]
    for name in ("kit", "apps/compute"):
        (tmp_path / "bitgoeul" / name).mkdir(parents=True)
    for name in (
        "__init__.py",
        "kit/__init__.py",
        "kit/sandbox.py",
        "apps/__init__.py",
        "apps/compute/executor",
    ):
        subprocess.run(["cp", "-r", str(package / name), str(tmp_path / "bitgoeul" / name)], check=True)
    program = tmp_path / "hub.py"
    program.write_text(
        "import sys, time, pathlib\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from bitgoeul.apps.compute.executor import LocalExecutor, Task, Limits, Phase\n"
        "root = pathlib.Path(sys.argv[1]); code = root / 'code'; code.mkdir()\n"
        "(code / 'main.py').write_text(\"import os; print(os.getuid());"
        " print([os.path.exists(p) for p in ('/etc/shadow', '/home')]);"
        " open('/job/out/x', 'w').write('1')\")\n"
        f"executor = LocalExecutor(root / 'runs', python={python!r})\n"
        "print(executor.probe())\n"
        "executor.prepare(Task('1-1', ('python3', '/job/code/main.py'), code, limits=Limits(wall_s=10)))\n"
        "executor.start('1-1')\n"
        "while executor.inspect('1-1').phase is not Phase.ENDED: time.sleep(0.05)\n"
        "print(executor.inspect('1-1').end, executor.log('1-1').decode())\n"
    )
    subprocess.run(["chown", "-R", "65534:65534", str(tmp_path)], check=True)

    done = subprocess.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", python, str(program), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={"PATH": "/usr/bin:/bin"},
    )

    if "ok=False" in done.stdout:
        pytest.skip(done.stdout)
    assert "reason=<Reason.EXITED: 'exited'>, code=0" in done.stdout, done.stdout + done.stderr
    assert "65534\n[False, False]" in done.stdout
