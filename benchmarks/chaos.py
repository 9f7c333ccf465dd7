"""Kill -9 while members walk the journey; then every state is true, every credit is there.

A hub of its own is served on a temporary home.  Members walk the whole journey again and again over HTTP,
as ``bitgoeul demo`` does, while its processes are killed: the supervisor, web and its workers, the worker,
the runner, predictors, the processes that watch jobs.  At least thirty kills fall at random moments; besides,
each step of the journey begins with the kill of a process that was not yet killed at that step, until every
step has seen each of them fall.  When all is over, the books are checked to the last posting, the record is
recomputed and its export verified, the figures are counted again, and no state may be left open.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

KILLS = 30  # at random moments; those at the beginning of each step come on top
LASTING = ("serve", "web", "worker", "runner")  # alive at every step
PAUSE_S = (1.0, 4.0)  # between two kills
PATIENCE_S = 240.0  # of the member's program with a hub that does not answer
STRIKE_TWICE = 0.2  # how often a hub is hit again before it has recovered
LONGEST_S = 1500.0  # for everything; a run that takes longer has failed
SETTLE_S = 120.0
SRC = Path(__file__).resolve().parents[1] / "src"

EXAMPLES = """
import django
django.setup()
from bitgoeul.site.demo.hub import prepare_examples
prepare_examples()
"""
OPEN_STATES = """
import json
from django.apps import apps
left = {}
def count(name, rows):
    if number := rows.count():
        left[name] = number
from bitgoeul.kit.models import Delivery
count("deliveries", Delivery.objects.exclude(state="done"))
if apps.is_installed("bitgoeul.apps.compute"):
    from bitgoeul.apps.compute.models import Job
    count("jobs", Job.objects.filter(state__in=Job.OPEN))
    count("jobs ended but not paid", Job.objects.exclude(state__in=Job.OPEN).filter(spent=None))
if apps.is_installed("bitgoeul.apps.lake"):
    from bitgoeul.apps.lake.models import DatasetVersion
    count("versions being published", DatasetVersion.objects.filter(state__in=["draft", "publishing"]))
if apps.is_installed("bitgoeul.apps.credits"):
    from bitgoeul.apps.credits.models import Hold
    count("holds of ended jobs", Hold.objects.filter(state="open"))
print(json.dumps(left))
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Hub:
    """A served hub whose supervisor is started again when it falls, as an init system does."""

    def __init__(self, home: Path) -> None:
        self.home, self.port = home, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("BITGOEUL_")} | {
            "BITGOEUL_HOME": str(home),
            "BITGOEUL_URL": self.url,
            "BITGOEUL_MAIL": f"file://{home / 'mail'}",
            "DJANGO_SETTINGS_MODULE": "bitgoeul.site.settings",
            "PYTHONPATH": str(SRC),
        }
        self.log = (home / "serve.log").open("ab")
        self.ending = threading.Event()
        self.starts = 0
        self.keeper = threading.Thread(target=self._keep, name="init")

    def _keep(self) -> None:
        while not self.ending.is_set():
            self.starts += 1
            serve = [sys.executable, "-m", "bitgoeul", "serve", "--port", str(self.port)]
            self.process = subprocess.Popen(
                serve, env=self.environment, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log
            )
            self.process.wait()
            self.ending.wait(0.5)

    def __enter__(self) -> Hub:
        self.keeper.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.set()
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        self.keeper.join(60)
        # Job supervisors outlive the hub on purpose; here nobody will come back for them.
        for pid, _name in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.log.close()

    def processes(self) -> list[tuple[int, str]]:
        """Every process of this hub, told by its home: number and what it is."""
        mine = f"BITGOEUL_HOME={self.home}".encode()
        found = []
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            with suppress(OSError):
                words = (folder / "cmdline").read_bytes().split(b"\0")
                if mine in (folder / "environ").read_bytes().split(b"\0") and words != [b""]:
                    found.append((int(folder.name), _kind(words)))
        return [(pid, kind) for pid, kind in found if kind not in {"asking", "sandbox"}]

    def word(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *words],
            env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            timeout=300,
        )  # fmt: skip


def _kind(words: list[bytes]) -> str:
    text = b" ".join(words).decode(errors="replace")
    for kind in ("predictor", "supervisor", "runner", "worker", "web", "serve"):
        if f"bitgoeul {kind}" in text or f".{kind}" in text or f"{kind}.py" in text:
            return kind
    if "bwrap" in text:
        return "sandbox"
    return "asking" if "bitgoeul record" in text or "-c" in text.split() else "other"


class Striker:
    """Kills processes of the hub and remembers which fell during which step of the journey."""

    def __init__(self, hub: Hub, dice: random.Random) -> None:
        self.hub, self.dice = hub, dice
        self.killed = Counter[str]()
        self.at_random = 0
        self.hit: set[tuple[int, str]] = set()
        self.step = 0
        self.done = threading.Event()

    def at_step(self, number: int) -> None:
        """As a step begins, kill a process that has not fallen at this step before."""
        self.step = number
        alive = {kind for _pid, kind in self.hub.processes()}
        if fresh := sorted(alive - {kind for step, kind in self.hit if step == number}):
            self._strike(self.dice.choice(fresh))

    def at_random_moments(self) -> None:
        while not self.enough() and not self.done.wait(self.dice.uniform(*PAUSE_S)):
            if self.at_random >= KILLS:
                continue
            if self.dice.random() > STRIKE_TWICE:
                _wait_until(lambda: self.done.is_set() or _healthy(self.hub), SETTLE_S)
            # First what kind of process, then which: web has several, and each kind deserves its turn.
            if kinds := sorted({kind for _pid, kind in self.hub.processes()}):
                self.at_random += self._strike(self.dice.choice(kinds))

    def _strike(self, kind: str) -> bool:
        victims = [pid for pid, its in self.hub.processes() if its == kind]
        try:
            os.kill(self.dice.choice(victims), signal.SIGKILL)
        except (IndexError, ProcessLookupError):
            return False  # it ended by itself in the meantime
        self.killed[kind] += 1
        self.hit.add((self.step, kind))
        return True

    def missing(self) -> list[str]:
        """The steps that have not yet seen one of the lasting processes fall."""
        from bitgoeul.site.demo import journey

        wanted = {(step, kind) for step in range(1, len(journey.STEPS) + 1) for kind in LASTING}
        return [f"{kind} at step {step}" for step, kind in sorted(wanted - self.hit)]

    def enough(self) -> bool:
        return self.at_random >= KILLS and not self.missing()


def _wait_until(holds: Any, within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(1)
    return False


def _healthy(hub: Hub) -> bool:
    import httpx

    try:
        return bool(httpx.get(f"{hub.url}/healthz", timeout=5).json()["status"] == "ok")
    except (httpx.HTTPError, ValueError):
        return False


def _walk_until_enough(hub: Hub, striker: Striker, folder: Path) -> list[list[dict[str, Any]]]:
    from bitgoeul.site.demo import display, journey

    class Struck(display.Lines):
        def begin(self, number: int, title: str) -> None:
            super().begin(number, title)
            striker.at_step(number)

    walked: list[list[dict[str, Any]]] = []
    began = time.monotonic()
    while not striker.enough() and time.monotonic() - began < LONGEST_S:
        shown = Struck(quiet=True)
        walk = journey.Journey(hub.url, hub.home / "mail", shown, folder, patience_s=PATIENCE_S)
        walked.append(journey.walk(walk))
    return walked


def _what_is_true(hub: Hub) -> tuple[dict[str, bool], dict[str, int]]:
    """What holds now that nobody kills any more, and what is left open."""
    open_: dict[str, int] = {}

    def settled() -> bool:
        nonlocal open_
        counted = hub.word("-c", "import django; django.setup()\n" + OPEN_STATES)
        open_ = json.loads(counted.stdout or '{"not counted": 1}')
        return not open_

    def holds(*words: str) -> bool:
        return hub.word("-m", "bitgoeul", *words).returncode == 0

    file = str(hub.home / "record.jsonl")
    found = {
        "states are true": _wait_until(settled, SETTLE_S),
        "books balance": holds("credits", "check"),
        "record recomputes": holds("record", "check"),
        "figures follow from facts": holds("figures"),
        "export verifies": all(
            holds("record", *words) for words in (["seal"], ["export", file], ["verify", file])
        ),
    }
    return found, open_


def run(seed: int = 20131) -> dict[str, Any]:
    """Walk and kill; the result says what was killed and what was found afterwards."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bitgoeul-chaos-", ignore_cleanup_errors=True) as folder:
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        with Hub(home) as hub:
            if not _wait_until(lambda: _healthy(hub), 90):
                raise RuntimeError((home / "serve.log").read_text()[-2000:])
            seeded = hub.word("-c", EXAMPLES)
            if seeded.returncode:
                raise RuntimeError(seeded.stderr[-2000:])
            striker = Striker(hub, random.Random(seed))
            killer = threading.Thread(target=striker.at_random_moments)
            killer.start()
            try:
                walked = _walk_until_enough(hub, striker, Path(folder))
            finally:
                striker.done.set()
                killer.join()
            _wait_until(lambda: _healthy(hub), SETTLE_S)
            found, open_ = _what_is_true(hub)
    found["journeys held"] = all(step["ok"] for steps in walked for step in steps)
    problems = [step["problem"] for steps in walked for step in steps if "problem" in step]
    missing = striker.missing()
    return {
        "name": "chaos",
        "value": striker.killed.total(),
        "unit": "kill -9 survived",
        "bar": f"{KILLS} at random and each process at each step, with credits conserved, every state true, "
        "the record verified",
        "holds": striker.enough() and all(found.values()),
        "detail": {
            **found,
            **{f"killed {kind}": number for kind, number in sorted(striker.killed.items())},
            "at random moments": striker.at_random,
            "steps x processes": f"{len(striker.hit)}, {len(missing)} of the lasting ones missing",
            "journeys": len(walked),
            "supervisor starts": hub.starts,
            "seconds": round(time.monotonic() - began),
            **({"never struck": ", ".join(missing)} if missing else {}),
            **({"left open": str(open_)} if open_ else {}),
            **({"problems": "; ".join(map(str, problems))} if problems else {}),
        },
    }
