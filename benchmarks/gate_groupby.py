"""A group-by over ten million rows: through the gate against raw DuckDB on the same Parquet files.

Both are whole processes from nothing to rows.  Raw: a Python that imports DuckDB, groups and prints.  Gate:
parse, look the table up among what the reader may read, rewrite, start the sandbox, judge the text a second
time, lock DuckDB, group, and bring the rows back as JSON.  The two take turns; the value is the
median of the ratios of the turns.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

BAR = 1.15
ROUNDS = 9
FILES = 10
SRC = Path(__file__).resolve().parents[1] / "src"

COLUMNS = """
i AS id,
TIMESTAMPTZ '2026-01-01 00:00:00+00' + to_seconds(i * 7) AS at,
(i * 2654435761 % 1000)::INTEGER AS station,
'line-' || (i * 40503 % 64) AS line,
['Gwangju', 'Mokpo', 'Naju', 'Damyang'][1 + i % 4] AS city,
(i * 69069 % 100000)::BIGINT AS passengers,
(i % 977) * 1.5 AS delay,
(i % 7919) / 3.0 AS distance
"""
SQL = """
SELECT city, line, count(*) AS n, sum(passengers) AS passengers, avg(delay) AS delay,
  max(distance) AS distance
FROM {table} GROUP BY city, line ORDER BY city, line
"""
RAW = """
import json, sys
import duckdb
files, sql = json.loads(sys.argv[1]), sys.argv[2]
listed = ", ".join("'" + f + "'" for f in files)
table = f"read_parquet([{listed}], union_by_name = true)"
db = duckdb.connect()
db.execute("SET enable_progress_bar = false")
rows = db.execute(sql.replace("{table}", table)).fetchall()
print(json.dumps(rows))
"""


def prepare(rows: int) -> list[str]:
    """A hub with one public dataset of ``rows`` rows in ten files; return the files."""
    import django
    import duckdb

    os.environ["DJANGO_SETTINGS_MODULE"] = "bitgoeul.site.settings"
    django.setup()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    from bitgoeul.apps.lake.models import Dataset, DatasetVersion
    from bitgoeul.apps.people.models import Organisation
    from bitgoeul.kit import clock
    from bitgoeul.kit.store import store

    names = [f"lake/tables/bench/trips/part-{part}.parquet" for part in range(FILES)]
    paths = [store().path(name) for name in names]
    paths[0].parent.mkdir(parents=True)
    db, step = duckdb.connect(), rows // FILES
    for part, path in enumerate(paths):
        picked = f"SELECT {COLUMNS} FROM range({part * step}, {(part + 1) * step}) t(i)"
        db.execute(f"COPY ({picked}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
    described = db.execute(f"DESCRIBE SELECT * FROM read_parquet('{paths[0]}')").fetchall()
    home = Organisation.objects.create(
        slug="bench", name="Benchmark", business_number="1234567891", region="광주광역시", sector="mobility"
    )
    dataset = Dataset.objects.create(
        slug="bench", title={"en": "Trips"}, organisation=home, sector="mobility", licence="CC0-1.0"
    )
    DatasetVersion.objects.create(
        dataset=dataset,
        number=1,
        state="published",
        published_at=clock.now(),
        rows=rows,
        tables=[
            {
                "name": "trips",
                "rows": rows,
                "bytes": 0,
                "columns": [{"name": name, "type": kind} for name, kind, *_ in described],
                "files": [{"name": name, "bytes": 0} for name in names],
            }
        ],
    )
    return [str(path) for path in paths]


def raw(files: list[str]) -> tuple[float, list[Any]]:
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-I", "-c", RAW, json.dumps(files), SQL], capture_output=True, check=True, text=True
    )
    return time.perf_counter() - began, json.loads(done.stdout)


def gated() -> tuple[float, list[Any], float]:
    from bitgoeul.apps.lake import queries
    from bitgoeul.kit.actor import ANONYMOUS

    began = time.perf_counter()
    result = queries.run(ANONYMOUS, SQL.replace("{table}", "bench.trips"))
    return time.perf_counter() - began, result.rows, result.seconds


def measured(rows: int) -> dict[str, Any]:
    """Take turns and compare; the first turn of each warms the files and is not counted."""
    files = prepare(rows)
    expected, (_, answer, _) = raw(files)[1], gated()
    same = json.dumps(expected) == json.dumps(answer)
    plain, through, engine = [], [], []
    for turn in range(ROUNDS):
        pair = [lambda: plain.append(raw(files)[0]), lambda: _note(through, engine)]
        for one in pair if turn % 2 else reversed(pair):
            one()
    ratio = statistics.median(b / a for a, b in zip(plain, through, strict=True))
    return {
        "name": "gate-groupby",
        "value": round(ratio, 3),
        "unit": "x raw DuckDB",
        "bar": f"<= {BAR:g} x",
        "holds": ratio <= BAR and same,
        "detail": {
            "rows": rows,
            "rounds": ROUNDS,
            "raw s": round(statistics.median(plain), 3),
            "gate s": round(statistics.median(through), 3),
            "gate s in the engine": round(statistics.median(engine), 3),
            "same rows": same,
            "ratio by turn": [round(b / a, 2) for a, b in zip(plain, through, strict=True)],
        },
    }


def _note(through: list[float], engine: list[float]) -> None:
    whole, _rows, inside = gated()
    through.append(whole)
    engine.append(inside)


def run(rows: int = 10_000_000) -> dict[str, Any]:
    """Measure in a hub of its own, so that nothing of this one is touched."""
    with tempfile.TemporaryDirectory(prefix="bitgoeul-gate-") as home:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("BITGOEUL_")}
        environment |= {"BITGOEUL_HOME": home, "BITGOEUL_LOG": "ERROR", "PYTHONPATH": str(SRC)}
        done = subprocess.run(
            [sys.executable, __file__, "inside", str(rows)],
            env=environment,
            check=True,
            stdout=subprocess.PIPE,
        )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


if __name__ == "__main__":
    chosen = int(sys.argv[-1]) if sys.argv[-1].isdigit() else 10_000_000
    print(json.dumps(measured(chosen) if sys.argv[1:2] == ["inside"] else run(chosen)))
