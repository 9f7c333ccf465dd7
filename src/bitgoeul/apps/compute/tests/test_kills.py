"""Real processes, killed at random: the runner, the supervisors, the sandboxes."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bitgoeul.apps.compute.executor import LocalExecutor
from bitgoeul.site.tests import prepared

pytestmark = pytest.mark.slow

SRC = Path(__file__).resolve().parents[4]
KILLS, JOBS = 14, 6
PATIENCE_S = 120


class RealHub:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("BITGOEUL_", "DJANGO_"))
            },
            "DJANGO_SETTINGS_MODULE": "bitgoeul.site.settings",
            "BITGOEUL_HOME": str(home),
            "BITGOEUL_LOG": "ERROR",
            "BITGOEUL_COMPUTE_CPUS": "2",
            "PYTHONPATH": str(SRC),
        }
        self.runner: subprocess.Popen[bytes] | None = None
        prepared.lend_tables(home)

    def ask(self, *words: str):
        command = [sys.executable, "-m", "bitgoeul.apps.compute.tests.hub_in_a_folder", *words]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True)
        return json.loads(done.stdout.splitlines()[-1])

    def start_runner(self) -> None:
        if self.runner is None or self.runner.poll() is not None:
            self.runner = subprocess.Popen(
                [sys.executable, "-m", "bitgoeul", "runner"], env=self.environment, stderr=subprocess.DEVNULL
            )

    def victims(self) -> dict[str, list[int]]:
        """Processes of this hub alone, by what they are."""
        found: dict[str, list[int]] = {"supervisor": [], "sandbox": []}
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = path.read_bytes().decode("utf-8", "replace")
            except OSError:
                continue
            if f"{self.home}/compute/" not in words:
                continue
            kind = "sandbox" if words.startswith(("bwrap", "/usr/bin/bwrap")) else "supervisor"
            found[kind].append(int(path.parent.name))
        return found

    def close(self) -> None:
        if self.runner is not None and self.runner.poll() is None:
            self.runner.terminate()
            self.runner.wait()
        for number in [pid for pids in self.victims().values() for pid in pids]:
            kill(number)


def kill(number: int) -> None:
    try:
        os.kill(number, signal.SIGKILL)
    except ProcessLookupError:
        return


@pytest.fixture
def real_hub(tmp_path):
    probe = LocalExecutor(tmp_path / "probe").probe()
    if not probe.ok:
        pytest.skip(f"no sandbox on this machine: {probe.detail}")
    hub = RealHub(tmp_path / "home")
    hub.ask("open")
    yield hub
    hub.close()


def test_random_kills_leave_true_states_and_conserved_credits(real_hub):
    chance = random.Random(20131)
    real_hub.ask("submit", str(JOBS))
    real_hub.start_runner()

    killed = []
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.2, 1.2))
        kind = chance.choice(["runner", "runner", "supervisor", "sandbox"])
        if kind == "runner":
            real_hub.runner.kill()
            real_hub.runner.wait()
            killed.append(kind)
        elif found := real_hub.victims()[kind]:
            kill(chance.choice(found))
            killed.append(kind)
        real_hub.start_runner()
    give_up = time.monotonic() + PATIENCE_S
    told = real_hub.ask("report")
    while not all(job["ended"] for job in told["jobs"]) or told["attempts"]:
        assert time.monotonic() < give_up, told
        time.sleep(2)
        told = real_hub.ask("report")

    assert "runner" in killed
    for number, job in enumerate(told["jobs"]):
        if job["reason"] in {
            "lost",
            "interrupted",
        }:  # killed at every attempt: failed truthfully, for nothing
            assert (job["state"], job["attempt"], job["spent"]) == ("failed", 3, 0)
        else:
            expected = ("failed", "exit") if number % 3 == 2 else ("succeeded", "")
            assert (job["state"], job["reason"]) == expected
            assert job["log"] == "begin\ndone\n"
            assert job["outputs"] == ["done.txt"]
        assert (job["ends"], job["requeued"]) == (1, job["attempt"] - 1)
    assert told["wrong"] == []
    assert told["money"]["held"] == 0
    assert told["money"]["spent"] == sum(job["spent"] for job in told["jobs"])
    assert told["money"]["granted"] == told["money"]["spent"] + told["money"]["left"]
    assert real_hub.victims() == {"supervisor": [], "sandbox": []}


def test_a_killed_runner_leaves_the_program_running_and_the_next_one_finds_it(real_hub):
    real_hub.ask("submit", "1")
    real_hub.start_runner()
    give_up = time.monotonic() + PATIENCE_S
    while not real_hub.victims()["supervisor"]:
        assert time.monotonic() < give_up
        time.sleep(0.02)

    real_hub.runner.kill()
    real_hub.runner.wait()
    survivors = real_hub.victims()["supervisor"]
    time.sleep(2.5)
    real_hub.start_runner()
    told = real_hub.ask("report")
    while not told["jobs"][0]["ended"]:
        assert time.monotonic() < give_up
        told = real_hub.ask("report")

    assert survivors
    assert (told["jobs"][0]["state"], told["jobs"][0]["attempt"]) == ("succeeded", 1)
    assert told["jobs"][0]["log"] == "begin\ndone\n"
