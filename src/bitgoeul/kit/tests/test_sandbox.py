"""What a confined process can and cannot do, asked of real ones."""

from __future__ import annotations

import json
import os
import platform
import signal
import socket
import struct
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import pytest

from bitgoeul.kit import sandbox
from bitgoeul.kit.sandbox import Sandbox, Shown

pytestmark = [pytest.mark.skipif(not sandbox.works(), reason="bubblewrap cannot run here"), pytest.mark.slow]

PYTHON = Sandbox(python=sys.executable)


def told(box: Sandbox, program: str, **how) -> object:
    """Run a program that prints JSON."""
    process = box.start(
        sys.executable,
        "-I",
        "-c",
        textwrap.dedent(program),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **how,
    )
    said, complaint = process.communicate(timeout=30)
    assert process.returncode == 0, complaint.decode()
    return json.loads(said)


def eventually(question) -> bool:
    give_up = time.monotonic() + 10
    while time.monotonic() < give_up:
        if question():
            return True
        time.sleep(0.01)
    return False


def alive(word: str) -> list[int]:
    """Every process whose command line holds this word."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if word.encode() in words and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found


# --- what it sees ----------------------------------------------------------------------


def test_it_sees_the_systems_programs_and_nothing_else(tmp_path):
    (tmp_path / "secret").write_text("ours")
    # This Python is shown, wherever it lives: the folders on the way to it are there, empty but for it.
    ways = {way for folder in sandbox.python_folders(sys.executable) for way in [folder, *folder.parents]}
    places = ["/etc/passwd", "/etc/shadow", "/home", "/var", "/srv", "/boot", "/run", str(tmp_path)]
    hidden = [place for place in places if Path(place) not in ways]

    seen = told(
        PYTHON,
        f"""
        import json, os
        ways = set({sorted(map(str, ways))!r})
        seen = [path for path in {hidden!r} if os.path.exists(path)]
        beside = [name for name in os.listdir("/tmp") if f"/tmp/{{name}}" not in ways]
        print(json.dumps([seen, beside, os.path.exists("/usr/bin")]))
    """,
    )

    assert seen == [[], [], True]


def test_it_sees_what_it_is_shown_where_it_is_shown(tmp_path):
    (tmp_path / "a").write_text("one")
    (tmp_path / "b").write_text("two")
    box = replace(PYTHON, shows=(Shown(tmp_path / "a"), Shown(tmp_path / "b", "/data/deep/b")))

    seen = told(
        box,
        f"""
        import json, os
        a = {str(tmp_path / "a")!r}
        print(json.dumps([open(a).read(), os.listdir(os.path.dirname(a)), open("/data/deep/b").read()]))
    """,
    )

    assert seen == ["one", ["a"], "two"]


def test_a_folder_among_the_packages_can_be_covered():
    covered = Path(pytest.__file__).parent

    box = replace(PYTHON, hidden=(covered,))

    assert told(PYTHON, f"import os; print(len(os.listdir({str(covered)!r})))") > 0
    assert told(box, f"import os; print(len(os.listdir({str(covered)!r})))") == 0


def test_its_environment_is_stated_and_not_inherited(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "ours")

    seen = told(
        replace(PYTHON, environment={"THREADS": "1"}), "import json, os; print(json.dumps(dict(os.environ)))"
    )

    assert seen.pop("THREADS") == "1"
    assert seen.pop(sandbox.STARTER).split()[0] == str(os.getpid())
    assert seen.pop("PWD") == "/"
    assert seen == sandbox.ENVIRONMENT


def test_it_sees_no_process_but_its_own_and_cannot_reach_ours():
    numbers, reached = told(
        PYTHON,
        f"""
        import json, os
        try:
            os.kill({os.getpid()}, 0); reached = True
        except ProcessLookupError:
            reached = False
        print(json.dumps([sorted(int(n) for n in os.listdir("/proc") if n.isdecimal()), reached]))
    """,
    )

    assert numbers == [1, 2]
    assert reached is False


def test_it_has_no_descriptor_but_its_standard_streams():
    with open("/etc/hostname") as ours:
        os.set_inheritable(ours.fileno(), True)
        seen = told(
            PYTHON, "import json, os; print(json.dumps(sorted(map(int, os.listdir('/proc/self/fd')))))"
        )

    assert seen == [0, 1, 2, 3]  # 3 is the folder that is being listed


# --- what it may do --------------------------------------------------------------------


@pytest.mark.parametrize("place", ["/x", "/usr/x", "/etc/x", "/dev/x", "{shown}/x", "{python}/x"])
def test_it_writes_nowhere(tmp_path, place):
    path = place.format(shown=tmp_path, python=sys.prefix)
    box = replace(PYTHON, shows=(Shown(tmp_path),))

    refused = told(
        box,
        f"""
        import errno, json
        try:
            open({path!r}, "w"); print("null")
        except OSError as error:
            print(json.dumps(errno.errorcode[error.errno]))
    """,
    )

    assert refused in {"EROFS", "EACCES"}


def test_it_writes_where_it_is_said(tmp_path):
    box = replace(PYTHON, shows=(Shown(tmp_path, "/out", writable=True),), folder="/out")

    assert told(box, "open('here', 'w').write('done'); print(1)") == 1
    assert (tmp_path / "here").read_text() == "done"


def test_its_own_memory_folders_are_bounded():
    full = told(
        replace(PYTHON, tmp_mib=2),
        """
        import errno, json
        full = []
        for place in ("/tmp/x", "/dev/shm/x"):
            try:
                open(place, "wb").write(bytes(3_000_000))
            except OSError as error:
                full.append(errno.errorcode[error.errno])
        print(json.dumps(full))
    """,
    )

    assert full == ["ENOSPC", "ENOSPC"]


def test_it_reaches_no_network():
    with socket.create_server(("127.0.0.1", 0)) as ours:
        names, reached = told(
            PYTHON,
            f"""
            import json, socket
            reached = []
            for place in (("127.0.0.1", {ours.getsockname()[1]}), ("192.0.2.1", 9)):
                try:
                    socket.create_connection(place, timeout=1); reached.append(place)
                except OSError:
                    continue
            print(json.dumps([[name for _, name in socket.if_nameindex()], reached]))
        """,
        )

    assert (names, reached) == (["lo"], [])


def test_it_has_no_rights_and_gets_none():
    seen = told(
        PYTHON,
        """
        import json
        lines = dict(line.split(":", 1) for line in open("/proc/self/status"))
        print(json.dumps([lines[name].strip() for name in ("CapPrm", "CapEff", "CapBnd", "NoNewPrivs")]))
    """,
    )

    assert seen == ["0" * 16, "0" * 16, "0" * 16, "1"]


def test_it_has_no_terminal_and_a_session_of_its_own():
    seen = told(
        PYTHON,
        """
        import json, os
        try:
            os.open("/dev/tty", os.O_RDWR); terminal = True
        except OSError:
            terminal = False
        print(json.dumps([terminal, os.getsid(0) > 0, os.uname().nodename]))
    """,
    )

    assert seen == [False, True, "sandbox"]


def test_it_can_be_another_user_to_itself():
    seen = told(replace(PYTHON, user=4321), "import json, os; print(json.dumps([os.getuid(), os.getgid()]))")

    assert seen == [4321, 4321]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to keep")
def test_it_keeps_only_the_rights_that_are_named():
    seen = told(
        replace(PYTHON, keeps=("CAP_SETUID", "CAP_SETGID")),
        """
        import json, os
        lines = dict(line.split(":", 1) for line in open("/proc/self/status"))
        os.setresgid(20_001, 20_001, 20_001); os.setresuid(20_001, 20_001, 20_001)
        print(json.dumps([int(lines["CapEff"], 16), os.getuid()]))
    """,
    )

    assert seen == [1 << 6 | 1 << 7, 20_001]


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers of system calls are this machine's")
def test_a_filter_takes_system_calls_away(tmp_path):
    mkdir, errno = 83, 0x00050000 | 13
    steps = [(0x20, 0, 0, 0), (0x15, 0, 1, mkdir), (0x06, 0, 0, errno), (0x06, 0, 0, 0x7FFF0000)]
    (tmp_path / "filter").write_bytes(b"".join(struct.pack("=HBBI", *step) for step in steps))
    with open(tmp_path / "filter", "rb") as rules:
        refused = told(
            replace(PYTHON, seccomp_fd=rules.fileno()),
            """
            import os
            try:
                os.mkdir("/tmp/x"); print("false")
            except PermissionError:
                print("true")
            """,
            pass_fds=[rules.fileno()],
        )

    assert refused is True


def test_limits_hold_with_and_without_the_walls(monkeypatch):
    box = replace(PYTHON, limits={"NOFILE": 50, "CORE": 0})
    ask = """
        import json, os, resource
        limits = [resource.getrlimit(name) for name in (resource.RLIMIT_NOFILE, resource.RLIMIT_CORE)]
        print(json.dumps([*limits, "SECRET_KEY" in os.environ]))
    """
    confined = told(box, ask)

    monkeypatch.setenv("SECRET_KEY", "ours")
    monkeypatch.setattr(sandbox, "works", lambda: False)

    assert confined == told(box, ask) == [[50, 50], [0, 0], False]


def test_a_limit_never_asks_for_more_than_the_machine_gives():
    hard = 1 << 40
    words = sandbox.limited(["true"], {"NOFILE": hard})

    assert subprocess.run(words, check=False).returncode == 0


def test_a_sandbox_that_cannot_be_built_says_why_and_what_to_do(tmp_path, monkeypatch):
    broken = sandbox.trial(Sandbox(shows=(Shown(tmp_path / "missing"),)))
    monkeypatch.setenv("PATH", "/nowhere")
    absent = sandbox.trial(Sandbox())

    assert (broken.ok, broken.why) == (False, "refused")
    assert "missing" in broken.detail
    assert broken.remedy
    assert (absent.why, absent.remedy) == ("not_installed", "sudo apt-get install -y bubblewrap")


# --- nobody is left behind ---------------------------------------------------------------

STARTER = """
import os, sys, time
from bitgoeul.kit.sandbox import Sandbox
out, info = os.pipe()
if sys.argv[1] == "early":      # a full pipe stops bubblewrap just before it lets its child go on
    os.set_blocking(info, False)
    try:
        while True:
            os.write(info, bytes(4096))
    except BlockingIOError:
        os.set_blocking(info, True)
for handle in (out, info):
    os.set_inheritable(handle, True)
box = Sandbox(info_fd=info)
box.start("/bin/sh", "-c", ": " + sys.argv[2] + "; sleep 60; :", pass_fds=[out, info])
print("started", flush=True)
time.sleep(60)
"""


def start_a_starter(moment: str, word: str) -> subprocess.Popen[bytes]:
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, moment, word],
        env={**os.environ, "PYTHONPATH": str(Path(sandbox.__file__).parents[2])},
        stdout=subprocess.PIPE,
    )
    assert starter.stdout.readline() == b"started\n"
    return starter


def kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    process.stdout.close()


def boxes(word: str, starter: subprocess.Popen[bytes]) -> list[int]:
    return [number for number in alive(word) if number != starter.pid]


def test_it_dies_with_its_starter():
    starter = start_a_starter("late", "orphan-2201")
    assert eventually(lambda: len(boxes("orphan-2201", starter)) == 3)  # two of bubblewrap's, and sh

    kill(starter)

    assert eventually(lambda: not alive("orphan-2201"))


def test_one_whose_starter_was_killed_too_early_is_ended_by_whoever_comes_later():
    starter = start_a_starter("early", "orphan-2202")
    assert eventually(lambda: len(boxes("orphan-2202", starter)) == 2)

    kill(starter)
    time.sleep(0.2)
    left = alive("orphan-2202")
    ended = sandbox.end_orphans()

    assert left  # bubblewrap alone leaves it there
    assert ended >= len(left)
    assert eventually(lambda: not alive("orphan-2202"))


def test_one_that_runs_on_unwatched_is_ended_too():
    with subprocess.Popen(["true"]) as gone:
        mark = f"{gone.pid} 1 {os.stat('/proc/self/ns/pid').st_ino}"
    stray = subprocess.Popen(["sleep", "60"], env={sandbox.STARTER: mark})

    assert sandbox.end_orphans() >= 1
    assert stray.wait(timeout=5) == -signal.SIGKILL


def test_one_whose_starter_lives_is_left_alone_and_so_is_one_from_elsewhere():
    elsewhere = {sandbox.STARTER: "1 1 1"}  # a number that counts in another container
    kept = [PYTHON.start("/bin/sleep", "60"), subprocess.Popen(["sleep", "60"], env=elsewhere)]

    sandbox.end_orphans()

    assert [process.poll() for process in kept] == [None, None]
    for process in kept:
        process.kill()
        process.wait()
