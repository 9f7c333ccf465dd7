"""Claims of 32 clients on one hot pool, against locking the pool and counting its claims again.

Both ways run in one run, in turn, through the same Django, on the same fresh PostgreSQL that flushes every
commit: the hub's own command ``claim`` (idempotent by key, fact in the same transaction, sixteen counters),
and the model that ticket shops use: take an advisory lock, count what is claimed, insert the claim if there
is room. The model writes no fact and checks no key, which is in its favour. The pool holds 100,000 units.

The value is the ratio with half of the pool given out, which is how a hot pool is met; the ratio with an
empty one, where counting is free, is told beside it. Then 640 requests for 300 units: how many were given out
too many must be none, on PostgreSQL and on SQLite.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SRC = HERE.parent / "src"
sys.path.insert(0, str(HERE))

import _postgres  # noqa: E402

BAR = 10.0
CLIENTS, PROCESSES = 32, 4
SECONDS, ROUNDS = 3.0, 3
CAPACITY, HALF = 100_000, 50_000

# What every process of the benchmark runs: it says that it is ready, waits for the word, tells its counts.
CLIENT = """
import itertools, json, sys, threading, time
import django
django.setup()
from django.db import OperationalError, connection, transaction
from bitgoeul.apps.capacity import commands
from bitgoeul.apps.capacity.errors import PoolFull
from bitgoeul.apps.capacity.models import Claim, Pool
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM

threads = int(sys.argv[1])

def ours(pool, key):
    commands.claim(by=SYSTEM, pool=pool, quantity=1, key=key, holder=key, purpose="bench")
    return True

def recount(pool, key):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [pool.pk])
        cursor.execute(
            "SELECT coalesce(sum(quantity), 0) FROM capacity_claim"
            " WHERE pool_id = %s AND state IN ('held', 'claimed')", [pool.pk])
        if cursor.fetchone()[0] + 1 > pool.capacity:
            return False
        Claim(key=key, pool=pool, shard=0, asked=1, quantity=1, holder=key, purpose="bench",
              claimed_at=clock.now()).save(force_insert=True)
    return True

ways = {"ours": ours, "recount": recount}

def client(task, pool, number, ready, go, told):
    connection.ensure_connection()
    ready.wait()
    go.wait()
    won = refused = broken = 0
    end = time.perf_counter() + task["seconds"]
    for turn in itertools.count():
        if time.perf_counter() > end or (task["limit"] and turn >= task["limit"]):
            break
        try:
            if ways[task["way"]](pool, f"{task['mark']}:{number}:{turn}"):
                won += 1
            else:
                refused += 1
        except PoolFull:
            refused += 1
        except OperationalError:
            broken += 1
    connection.close()
    told[number] = (won, refused, broken)

for line in sys.stdin:
    task = json.loads(line)
    pool = Pool.objects.get(slug=task["slug"])
    ready, go, told = threading.Barrier(threads + 1), threading.Event(), [None] * threads
    crowd = [
        threading.Thread(target=client, args=[task, pool, number, ready, go, told])
        for number in range(threads)
    ]
    for one in crowd:
        one.start()
    ready.wait()
    print("ready", flush=True)
    sys.stdin.readline()
    begin = time.perf_counter()
    go.set()
    for one in crowd:
        one.join()
    print(json.dumps([sum(column) for column in zip(*told)] + [time.perf_counter() - begin]), flush=True)
"""

# Opens the pools; "half" is half given out, as after 50,000 claims.
SETUP = """
import sys
import django
django.setup()
from django.utils import timezone
from bitgoeul.apps.capacity import counters
from bitgoeul.apps.capacity.commands import open_pool
from bitgoeul.apps.capacity.models import Claim, Shard
from bitgoeul.kit.actor import SYSTEM

capacity, half = int(sys.argv[1]), int(sys.argv[2])
for slug in sys.argv[3:]:
    few = slug.startswith("few")
    pool = open_pool(by=SYSTEM, slug=slug, title=slug, unit="seat", capacity=300 if few else capacity)
    if "half" in slug:
        rows = [Claim(key=f"{slug}:before:{n}", pool=pool, shard=n % pool.shards, asked=1, quantity=1,
                      holder=f"before:{n}", claimed_at=timezone.now()) for n in range(half)]
        Claim.objects.bulk_create(rows, batch_size=2000)
        for shard in Shard.objects.filter(pool=pool):
            shard.taken = sum(row.shard == shard.number for row in rows)
            shard.save()
"""

COUNT = """
import json
import sys
import django
django.setup()
from django.db import connection
from django.db.models import Sum
from bitgoeul.apps.capacity.models import Claim
from bitgoeul.apps.capacity.queries import discrepancies
if sys.argv[1] == "vacuum":
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
else:
    active = Claim.objects.filter(pool__slug=sys.argv[1], state__in=Claim.ACTIVE)
    wrong = [row for row in discrepancies() if row.where.startswith(sys.argv[1])]
    print(json.dumps([active.aggregate(n=Sum("quantity"))["n"] or 0, len(wrong)]))
"""


def environment(address: str, home: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("BITGOEUL_")}
    return kept | {
        "BITGOEUL_HOME": home,
        "BITGOEUL_LOG": "ERROR",
        "BITGOEUL_DATABASE": address,
        "DJANGO_SETTINGS_MODULE": "bitgoeul.site.settings",
        "PYTHONPATH": str(SRC),
    }


def program(code: str, *words: object, where: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, words)], env=where, check=True, capture_output=True, text=True
    )
    return done.stdout


class Crowd:
    """32 clients in four processes that wait for their tasks."""

    def __init__(self, where: dict[str, str]) -> None:
        self.where = where
        words = [sys.executable, "-c", CLIENT, str(CLIENTS // PROCESSES)]
        self.processes = [
            subprocess.Popen(words, env=where, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _number in range(PROCESSES)
        ]

    def __enter__(self) -> Crowd:
        return self

    def __exit__(self, *_error: object) -> None:
        for process in self.processes:
            process.kill()
            process.wait(20)

    def _say(self, process: subprocess.Popen[str], text: str) -> None:
        assert process.stdin is not None
        process.stdin.write(text + "\n")
        process.stdin.flush()

    def _hear(self, process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        heard = process.stdout.readline().strip()
        if not heard:
            raise RuntimeError("a client ended")
        return heard

    def run(self, way: str, slug: str, mark: str, *, seconds: float, limit: int = 0) -> dict[str, Any]:
        """What all of them got together."""
        for number, process in enumerate(self.processes):
            task = {"way": way, "slug": slug, "seconds": seconds, "limit": limit, "mark": f"{mark}:{number}"}
            self._say(process, json.dumps(task))
        for process in self.processes:
            self._hear(process)
        for process in self.processes:
            self._say(process, "go")
        told = [json.loads(self._hear(process)) for process in self.processes]
        won, refused, broken = (sum(row[place] for row in told) for place in range(3))
        elapsed = max(row[3] for row in told)
        return {
            "won": won, "refused": refused, "errors": broken, "per_s": won / elapsed, "elapsed_s": elapsed
        }  # fmt: skip

    def oversold(self, slug: str) -> tuple[int, dict[str, Any]]:
        """640 requests for 300; how many too many were given out, and what the crowd got."""
        got = self.run("ours", slug, slug, seconds=90, limit=640 // CLIENTS)
        given, differences = json.loads(program(COUNT, slug, where=self.where))
        if got["won"] != given or differences:
            raise RuntimeError(f"{slug}: {got['won']} were told yes, {given} claims are there")
        return max(0, given - 300), got


def prepared(address: str, home: str, *slugs: str) -> dict[str, str]:
    where = environment(address, home)
    subprocess.run(
        [sys.executable, "-m", "bitgoeul", "migrate"], env=where, check=True, stdout=subprocess.DEVNULL
    )
    program(SETUP, CAPACITY, HALF, *slugs, where=where)
    return where


def run() -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bitgoeul-bench-") as home, _postgres.server() as address:
        where = prepared(address, home, "ours-empty", "ours-half", "recount-empty", "recount-half", "few")
        program(COUNT, "vacuum", where=where)
        rates: dict[str, list[float]] = {}
        errors = 0
        with Crowd(where) as crowd:
            for turn in range(ROUNDS):
                for level in ("empty", "half"):
                    for way in ("recount", "ours"):
                        got = crowd.run(way, f"{way}-{level}", f"{way}{level}{turn}", seconds=SECONDS)
                        rates.setdefault(f"{way} {level}", []).append(got["per_s"])
                        errors += got["errors"]
            too_many, few = crowd.oversold("few")
    with tempfile.TemporaryDirectory(prefix="bitgoeul-bench-") as home:
        where = prepared(f"sqlite:///{home}/bench.sqlite3", home, "few")
        with Crowd(where) as crowd:
            too_many_lite, lite = crowd.oversold("few")

    def ratio(level: str) -> float:
        pairs = zip(rates[f"ours {level}"], rates[f"recount {level}"], strict=True)
        return statistics.median(ours / model for ours, model in pairs)

    value = ratio("half")
    return {
        "name": "capacity-claims",
        "value": round(value, 1),
        "unit": "x the claims of lock-and-recount",
        "bar": f">= {BAR:g}x, 0 oversold",
        "holds": value >= BAR and not too_many and not too_many_lite and not errors and not few["errors"],
        "detail": {
            "clients": CLIENTS,
            "ratio half given out": round(value, 1),
            "ratio empty": round(ratio("empty"), 1),
            **{f"{name}, claims/s": round(statistics.median(found)) for name, found in rates.items()},
            "errors": errors,
            "oversold PostgreSQL": too_many,
            "oversold SQLite": too_many_lite,
            "300 of 640 on PostgreSQL, s": round(few["elapsed_s"], 1),
            "300 of 640 on SQLite, s": round(lite["elapsed_s"], 1),
            "given out on SQLite": lite["won"],
            "locked out on SQLite": lite["errors"],
            "load": f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} processors",
        },
    }


if __name__ == "__main__":
    print(json.dumps(run(), ensure_ascii=False))
