"""The supervisor and the heartbeats, with real processes."""

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from bitgoeul.site.operations import processes, supervisor
from bitgoeul.site.operations.supervisor import AlreadyServed, Child

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf'); time.sleep(600)",
]


def eventually(holds, within_s=15.0):
    deadline = time.monotonic() + within_s
    while not (value := holds()):
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.05)
    return value


@pytest.fixture
def supervised():
    """Supervise one sleeper from a thread; both are gone afterwards."""
    child, stop = Child("sleeper", SLEEPER), processes.Stop()
    thread = threading.Thread(target=supervisor.supervise, args=[[child], stop])
    thread.start()
    yield child, stop, thread
    stop.set()
    thread.join(30)


def test_given_a_killed_process_then_another_takes_its_place(supervised):
    child, _stop, _thread = supervised
    first = eventually(lambda: child.process)

    first.kill()

    second = eventually(lambda: child.process if child.process not in {first, None} else None)
    assert child.restarts == 1
    assert second.poll() is None


def test_given_a_stop_then_every_process_ends(supervised):
    child, stop, thread = supervised
    process = eventually(lambda: child.process)

    stop.set()
    thread.join(10)

    assert process.poll() == -signal.SIGTERM


def test_given_a_process_that_does_not_listen_then_stopping_still_ends(monkeypatch):
    monkeypatch.setattr(supervisor, "GRACE_S", 0.5)
    child = Child("deaf", DEAF)
    child.process = subprocess.Popen(DEAF, stdout=subprocess.PIPE)
    assert child.process.stdout.readline() == b"deaf\n"

    supervisor.stop_all([child])

    assert child.process.poll() == -signal.SIGKILL


FOLLOWER = """
import os, time
from bitgoeul.site.operations.processes import follow_supervisor
follow_supervisor()
print(os.getpid(), flush=True)
time.sleep(600)
"""
PARENT = """
import os, subprocess, sys
myself = {"BITGOEUL_SUPERVISOR": str(os.getpid())}
subprocess.run([sys.executable, "-c", sys.argv[1]], env=os.environ | myself)
"""


def test_given_a_killed_supervisor_then_its_process_dies_too():
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, FOLLOWER],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    child = int(parent.stdout.readline())

    parent.kill()
    parent.wait()

    def gone():
        try:
            state = Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return True
        return state == "Z"

    eventually(gone)


def test_a_second_supervisor_of_one_home_is_refused():
    lock = supervisor.hold_lock()
    try:
        with pytest.raises(AlreadyServed):
            supervisor.hold_lock()
    finally:
        lock.close()


def test_a_heartbeat_tells_who_lives_and_its_end_tells_who_stopped():
    end = processes.beat("worker", {"deliveries": processes.Stop()})
    try:
        seen = processes.present("worker")
        assert (seen.state, seen.pid) == ("ok", os.getpid())
    finally:
        end()
    assert processes.present("worker").state == "absent"


@pytest.mark.parametrize(
    ("age_s", "idle_s", "state"), [(0, 0, "ok"), (60, 0, "late"), (0, 10_000, "stuck"), (14, 800, "ok")]
)
def test_a_heartbeat_that_is_old_is_not_taken_for_life(age_s, idle_s, state):
    beaten = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=age_s)
    said = {
        "pid": 1,
        "started_at": beaten.isoformat(),
        "beaten_at": beaten.isoformat(),
        "loops": {"x": idle_s},
    }
    path = processes.folder() / "runner.json"
    path.write_text(json.dumps(said))
    try:
        assert processes.present("runner").state == state
    finally:
        path.unlink()


@pytest.mark.django_db
def test_healthz_says_which_process_is_missing(client):
    answer = client.get("/healthz")

    assert answer.status_code == 200
    assert answer.json() == {
        "status": "degraded",
        "web": "ok",
        "database": "ok",
        "worker": "absent",
        "runner": "absent",
    }
