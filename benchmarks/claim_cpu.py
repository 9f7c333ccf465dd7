"""CPU that the server spends on one accepted claim over HTTP.

A fresh hub answers under granian with one worker, as ``bitgoeul serve`` starts it, on a PostgreSQL of its own
that flushes every commit. A program with an API token claims again and again, each claim with an idempotency
key of its own: the token is checked, the claim, its fact and the counter are written, the answer is JSON.
What the web server and the database used of user and system time is divided by the number of claims. SQLite,
where the database is in the web server, is measured beside it.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import _postgres  # noqa: E402
from capacity_claims import environment, program  # noqa: E402
from page_cpu import SERVER, cpu_s, free_port, wait_until_it_answers  # noqa: E402

BAR_MS = 20.0
WARM_UP, CLAIMS = 50, 500

SETUP = """
import django
django.setup()
from bitgoeul.apps.capacity.commands import open_pool
from bitgoeul.apps.people.commands import create_token
from bitgoeul.apps.people.models import Person
from bitgoeul.apps.people.queries import actor_for
from bitgoeul.kit.actor import SYSTEM

open_pool(by=SYSTEM, slug="hot", title="hot", unit="seat", capacity=100_000, self_service=True)
person = Person.objects.create_user("bench@example.org", "a-long-password-of-a-benchmark")
_row, secret = create_token(by=actor_for(person), name="bench", scopes=["capacity:write"], expires_in_days=1)
print(secret)
"""


def claim(connection: http.client.HTTPConnection, token: str, key: str) -> None:
    connection.request(
        "POST",
        "/api/capacity/pools/hot/claims",
        body='{"quantity": 1, "purpose": "bench"}',
        headers={
            "Authorization": f"Bearer {token}",
            "Idempotency-Key": key,
            "Content-Type": "application/json",
        },
    )
    response = connection.getresponse()
    answer = json.loads(response.read())
    if response.status != 200 or answer["state"] != "claimed":
        raise RuntimeError(f"{response.status}: {answer}")


def postmaster(address: str) -> int:
    """The process that the database server's others come from: found by its port among this program's own."""
    port = address.rsplit(":", 1)[1].split("/", maxsplit=1)[0]
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().decode().split("\0")
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            if parent == os.getpid() and words[0].endswith("postgres") and port in words:
                return int(entry.name)
    raise RuntimeError("the database server is not there")


def measured(address: str, home: str) -> float:
    """Milliseconds of server CPU for each accepted claim."""
    where = environment(address, home)
    subprocess.run(
        [sys.executable, "-m", "bitgoeul", "migrate"], env=where, check=True, stdout=subprocess.DEVNULL
    )
    token = program(SETUP, where=where).strip()
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(port)], env=where)
    servers = [process.pid] + ([postmaster(address)] if address.startswith("postgresql") else [])
    try:
        wait_until_it_answers(port, process)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        for number in range(WARM_UP):
            claim(connection, token, f"warm-{number}")
        before = sum(map(cpu_s, servers))
        for number in range(CLAIMS):
            claim(connection, token, f"claim-{number}")
        return (sum(map(cpu_s, servers)) - before) * 1000 / CLAIMS
    finally:
        process.terminate()
        process.wait(20)


def run() -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bitgoeul-bench-") as home, _postgres.server() as address:
        value = measured(address, home)
    with tempfile.TemporaryDirectory(prefix="bitgoeul-bench-") as home:
        lite = measured(f"sqlite:///{home}/bench.sqlite3", home)
    return {
        "name": "claim-cpu",
        "value": round(value, 2),
        "unit": "ms CPU per accepted claim",
        "bar": f"<= {BAR_MS:g} ms",
        "holds": value <= BAR_MS and lite <= BAR_MS,
        "detail": {
            "claims": CLAIMS,
            "PostgreSQL, web and database, ms": round(value, 2),
            "SQLite, ms": round(lite, 2),
            "load": f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} processors",
        },
    }


if __name__ == "__main__":
    print(json.dumps(run(), ensure_ascii=False))
