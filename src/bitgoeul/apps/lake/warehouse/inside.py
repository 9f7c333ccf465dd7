"""The program inside the sandbox: one request in, one answer out, then it ends.

It stands alone (no Django, nothing of the hub) because the sandbox holds nothing else.  Every text that a member wrote
is run here and only here, in a DuckDB whose settings are locked and which may open the named files and no others.

Request: one line of JSON on stdin, which then stays open; when it closes, the hub is gone and so is this process.
Answer: one JSON object on stdout: ``{"ok": …}`` or ``{"error": {"kind", "message"…}}``.
"""

from __future__ import annotations

import json
import math
import os
import re
import resource
import sys
import threading
import time
from typing import Any

Connection = Any
TEXT_KINDS = ("VARCHAR",)
WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")
PLAIN = {"BOOLEAN", "FLOAT", "DOUBLE", "DATE", "VARCHAR", "BLOB", *WHOLE}
TIMES = {"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"}
WIDER = {"UTINYINT": "SMALLINT", "USMALLINT": "INTEGER", "UINTEGER": "BIGINT", "UBIGINT": "DECIMAL(20,0)",
         "HUGEINT": "BIGINT", "UHUGEINT": "BIGINT"}  # fmt: skip
BATCH = 500
SAMPLE = 5_000
HISTOGRAM_BARS = 24
TOP_VALUES = 8
LONGEST_SHOWN = 80
PREVIEW_ROWS = 8


class Refused(Exception):
    """What goes back instead of a result."""

    def __init__(self, kind: str, message: str = "", **facts: Any) -> None:
        super().__init__(message)
        self.problem = {"kind": kind, "message": message, **facts}


def ident(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


# ── what the process may use ──────────────────────────────────────────────────────────────────────────────


def limit_process(limits: dict[str, int]) -> None:
    mib = 1 << 20
    seconds = limits["wall_s"] * max(limits["threads"], 1) + 5
    for what, amount in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, (limits["memory_mib"] * 2 + 2048) * mib),
        (resource.RLIMIT_FSIZE, limits["disk_mib"] * mib),
        (resource.RLIMIT_NOFILE, 4096),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        most = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
        resource.setrlimit(what, (most, most))


def connect(request: dict[str, Any]) -> Connection:
    """A database in memory that has the views of the request and may open exactly their files."""
    import duckdb

    limits, scratch = request["limits"], request["scratch"]
    db = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": f"{limits['memory_mib']}MiB",
            "threads": limits["threads"],
            "temp_directory": os.path.join(scratch, "spill"),
            "max_temp_directory_size": f"{limits['disk_mib']}MiB",
            "allow_community_extensions": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_persistent_secrets": "false",
            "python_enable_replacements": "false",
        },
    )
    db.execute("SET enable_progress_bar = false")
    db.execute("SET parquet_metadata_cache = true")
    db.execute("SET TimeZone = 'UTC'")
    db.execute("CREATE SCHEMA lake")
    for name, view in request.get("views", {}).items():
        files = ", ".join(text(path) for path in view["files"])
        columns = ", ".join(ident(column) for column in view["columns"])
        db.execute(
            f"CREATE VIEW lake.{ident(name)} AS SELECT {columns} "
            f"FROM read_parquet([{files}], union_by_name = true)"
        )
    return db


def lock(db: Connection, request: dict[str, Any], reads: list[str]) -> None:
    """From here on: the named files, the folder for results, and no change to any setting."""
    files = ", ".join(text(path) for path in reads)
    db.execute(f"SET allowed_paths = [{files}]")
    if folder := request.get("out"):
        db.execute(f"SET allowed_directories = [{text(folder)}]")
    db.execute(f"SET max_execution_time = {int(request['limits']['wall_s']) * 1000}")
    db.execute("SET enable_external_access = false")
    db.execute("SET lock_configuration = true")


# ── the second opinion on a query ─────────────────────────────────────────────────────────────────────────


def verify(db: Connection, sql: str, functions: set[str]) -> None:
    """Judge the query again in the words of the parser that will run it.

    The gate read the text with another parser.  Whatever the two could disagree on (a file, a table outside the
    views, a function, a second statement) is refused here.
    """
    answer = json.loads(db.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchone()[0])
    if answer.get("error"):
        raise Refused("disagreement", str(answer.get("error_message", ""))[:300])
    if len(answer["statements"]) != 1:
        raise Refused("disagreement", "more than one statement")
    made: set[str] = set()
    nodes = list(_nodes(answer["statements"][0]))
    for node in nodes:
        for entry in (node.get("cte_map") or {}).get("map", []):
            made.add(entry["key"].casefold())
    for node in nodes:
        _verify_node(node, made, functions)


def _nodes(tree: Any) -> Any:
    stack = [tree]
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            yield part
            stack.extend(part.values())
        elif isinstance(part, list):
            stack.extend(part)


def _verify_node(node: dict[str, Any], made: set[str], functions: set[str]) -> None:
    kind = node.get("type")
    if kind == "BASE_TABLE":
        schema, name = node.get("schema_name", ""), node.get("table_name", "")
        if node.get("catalog_name") or not (schema == "lake" or (not schema and name.casefold() in made)):
            raise Refused("disagreement", f"table {name}"[:200])
    elif kind == "TABLE_FUNCTION":
        name = node.get("function", {}).get("function_name", "")
        if name not in {"range", "generate_series", "unnest"}:
            raise Refused("disagreement", f"function {name}"[:200])
    elif kind in {"SHOW_REF", "PIVOT", "COLUMN_DATA", "DELIM_GET", "BOUND_TABLE_REF"}:
        raise Refused("disagreement", str(kind))
    if "function_name" in node and not (
        str(node["function_name"]).casefold() in functions
        and node.get("schema", "") in {"", "main"}
        and node.get("catalog", "") in {"", "system"}
    ):
        raise Refused("disagreement", f"function {node['function_name']}"[:200])


# ── answering a query ─────────────────────────────────────────────────────────────────────────────────────


def described(db: Connection, sql: str) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in db.execute(f"DESCRIBE {sql}").fetchall()]


def shown(column: str, kind: str) -> str:
    """The expression that turns a column into what JSON can hold without loss."""
    if kind in {
        "BOOLEAN",
        "FLOAT",
        "DOUBLE",
        "VARCHAR",
        "HUGEINT",
        "UTINYINT",
        "USMALLINT",
        "UINTEGER",
        "UBIGINT",
        *WHOLE,
    }:
        return column
    if kind in TIMES:
        return f"replace(strftime({column}, '%Y-%m-%dT%H:%M:%S.%f'), '.000000', '') || 'Z'"
    if kind == "BLOB":
        return f"hex({column})"
    if kind == "JSON" or "[" in kind or kind.startswith(("STRUCT", "MAP", "UNION")):
        return f"to_json({column})::VARCHAR"
    return f"{column}::VARCHAR"


def finite(value: Any) -> Any:
    """JSON has no NaN: it goes as a word."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def run_query(db: Connection, request: dict[str, Any]) -> dict[str, Any]:
    sql, limits = request["sql"], request["limits"]
    verify(db, sql, set(request["functions"]))
    started = time.monotonic()
    columns = described(db, sql)
    names = [f"c{i}" for i in range(len(columns))]
    picked = ", ".join(shown(n, kind) for n, (_, kind) in zip(names, columns, strict=True))
    cursor = db.execute(
        f"SELECT {picked} FROM ({sql}) AS result({', '.join(names)}) LIMIT {int(limits['rows']) + 1}"
    )
    rows: list[list[Any]] = []
    size, cut = 0, ""
    while not cut and (batch := cursor.fetchmany(BATCH)):
        for row in batch:
            if len(rows) == limits["rows"]:
                cut = "rows"
                break
            cells = [finite(value) for value in row]
            size += len(json.dumps(cells, ensure_ascii=False))
            if size > limits["answer_bytes"]:
                cut = "bytes"
                break
            rows.append(cells)
    return {
        "columns": [{"name": name, "type": kind} for name, kind in columns],
        "rows": rows,
        "cut": cut,
        "seconds": round(time.monotonic() - started, 4),
    }


def export_query(db: Connection, request: dict[str, Any]) -> dict[str, Any]:
    """Write the result as CSV or Parquet into the folder for results."""
    verify(db, request["sql"], set(request["functions"]))
    target = os.path.join(request["out"], request["file"])
    options = "FORMAT csv, HEADER true" if request["format"] == "csv" else "FORMAT parquet, COMPRESSION zstd"
    sql = f"SELECT * FROM ({request['sql']}) LIMIT {int(request['limits']['rows'])}"
    rows = db.execute(f"COPY ({sql}) TO {text(target)} ({options})").fetchone()[0]
    return {"rows": rows, "bytes": os.path.getsize(target)}


# ── making a table ────────────────────────────────────────────────────────────────────────────────────────

_KINDS: list[tuple[str, str]] = [  # the first that fits every cell wins
    ("BOOLEAN", "lower({v}) IN ('true', 'false')"),
    (
        "BIGINT",
        r"regexp_full_match({v}, '[+-]?(0|[1-9][0-9]{{0,18}})') AND try_cast({v} AS BIGINT) IS NOT NULL",
    ),
    (
        "DOUBLE",
        r"regexp_full_match({v}, '[+-]?(0|[1-9][0-9]*|0?\.[0-9]+|0\.[0-9]*|[1-9][0-9]*\.[0-9]*)([eE][+-]?[0-9]+)?')"
        " AND isfinite(try_cast({v} AS DOUBLE))",
    ),
    (
        "DATE",
        r"regexp_full_match({v}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}') AND try_cast({v} AS DATE) IS NOT NULL",
    ),
    (
        "TIMESTAMP WITH TIME ZONE",
        r"regexp_full_match({v}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[T ][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}(\.[0-9]+)?)?"
        r" ?(Z|[+-][0-9]{{2}}(:?[0-9]{{2}})?)?') AND try_cast({v} AS TIMESTAMPTZ) IS NOT NULL",
    ),
]


def _fitting(db: Connection, relation: str, candidates: dict[str, list[str]]) -> dict[str, list[str]]:
    """Which of its candidate kinds every cell of a column fits; all of them for a column without cells."""
    tests = dict(_KINDS)
    asked = [(column, kind) for column, kinds in candidates.items() for kind in kinds]
    if not asked:
        return {column: [] for column in candidates}
    counts = ", ".join(
        f"count(*) FILTER ({ident(column)} IS NOT NULL AND NOT coalesce({tests[kind].format(v=ident(column))}, false))"
        for column, kind in asked
    )
    misfits = db.execute(f"SELECT {counts} FROM {relation}").fetchone()
    fits = {pair for pair, count in zip(asked, misfits, strict=True) if count == 0}
    return {column: [k for k in kinds if (column, k) in fits] for column, kinds in candidates.items()}


def typed_csv(db: Connection, request: dict[str, Any]) -> str:
    """Read every cell as text, then give each column the narrowest type that all of its cells fit.

    Codes with a leading zero stay text; a moment without a zone is read as UTC.
    """
    source, names = request["source"], request["columns"]
    cells = ", ".join(f"{ident(name)}: 'VARCHAR'" for name in names)
    missing = ", ".join(text(word) for word in request["missing"])
    raw = os.path.join(request["out"], "cells.parquet")
    db.execute(
        f"COPY (SELECT * FROM read_csv({text(source)}, auto_detect = false, header = true, columns = {{{cells}}}, "
        f"delim = {text(request['delimiter'])}, quote = '\"', escape = '\"', nullstr = [{missing}], "
        f"strict_mode = true, null_padding = false, max_line_size = 4194304)) "
        f"TO {text(raw)} (FORMAT parquet, COMPRESSION snappy)"
    )
    cells_read = f"read_parquet({text(raw)})"
    rows = db.execute(f"SELECT count(*) FROM {cells_read}").fetchone()[0]
    if rows != request["rows"]:
        raise Refused("rows_differ", expected=request["rows"], found=rows)
    every = [kind for kind, _ in _KINDS]
    fits = _fitting(db, f"(FROM {cells_read} LIMIT {SAMPLE})", dict.fromkeys(names, every))
    fits = _fitting(db, cells_read, fits)
    used = db.execute(
        "SELECT " + ", ".join(f"count({ident(name)})" for name in names) + f" FROM {cells_read}"
    ).fetchone()
    picked = []
    for name, count in zip(names, used, strict=True):
        kind = fits[name][0] if count and fits[name] else "VARCHAR"
        picked.append(f"CAST({ident(name)} AS {kind}) AS {ident(name)}")
    return f"SELECT {', '.join(picked)} FROM {cells_read}"


def stored(columns: list[tuple[str, str]], wide: bool = False) -> str:
    """The projection from whatever came in to the types that every reader of the lake understands."""
    met: dict[str, str] = {}
    for name, _ in columns:
        if not name.strip() or "\0" in name:
            raise Refused("unnamed_column", place=[c for c, _ in columns].index(name) + 1)
        if name.casefold() in met:
            raise Refused("duplicate_columns", names=[name])
        met[name.casefold()] = name
    parts = []
    for name, kind in columns:
        column = ident(name)
        if kind in PLAIN or kind.startswith("DECIMAL"):
            cast = column
        elif kind in TIMES:
            cast = f"CAST({column} AS TIMESTAMPTZ)"
        elif kind in WIDER:
            cast = f"CAST({column} AS {'DECIMAL(38,0)' if wide and 'HUGE' in kind else WIDER[kind]})"
        elif kind == "JSON" or "[" in kind or kind.startswith(("STRUCT", "MAP", "UNION")):
            cast = f"CAST(to_json({column}) AS VARCHAR)"
        else:
            cast = f"CAST({column} AS VARCHAR)"
        parts.append(f"{cast} AS {column}")
    return ", ".join(parts)


def make_table(db: Connection, request: dict[str, Any]) -> dict[str, Any]:
    """Write one Parquet file from an upload or from a query, and say what is in it."""
    import duckdb

    kind, source = request["kind"], request.get("source", "")
    if kind == "csv":
        sql = typed_csv(db, request)
    elif kind == "parquet":
        sql = f"SELECT * FROM read_parquet({text(source)})"
    elif kind == "arrow":
        db.register("arrow_source", arrow_reader(source))
        sql = "SELECT * FROM arrow_source"
    else:
        sql = request["sql"]
        verify(db, sql, set(request["functions"]))
        sql = f"SELECT * FROM ({sql})"
    columns = described(db, sql)
    target = os.path.join(request["out"], "table.parquet")

    def write(wide: bool) -> None:
        if kind == "arrow":
            db.register("arrow_source", arrow_reader(source))
        db.execute(
            f"COPY (SELECT {stored(columns, wide)} FROM ({sql})) TO {text(target)} "
            "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"
        )

    try:
        write(wide=False)
    except duckdb.ConversionException:
        if not any("HUGE" in kind_ for _, kind_ in columns):
            raise
        write(wide=True)
    relation = f"read_parquet({text(target)})"
    final = described(db, f"SELECT * FROM {relation}")
    rows = db.execute(f"SELECT count(*) FROM {relation}").fetchone()[0]
    if not rows:
        raise Refused("no_rows")
    return {
        "columns": [{"name": name, "type": kind_} for name, kind_ in final],
        "rows": rows,
        "bytes": os.path.getsize(target),
        "profile": profile(db, relation, final, rows),
        "preview": preview(db, relation, final),
    }


def preview(db: Connection, relation: str, columns: list[tuple[str, str]]) -> list[list[Any]]:
    """The first rows, as a page shows them."""
    picked = ", ".join(shown(ident(name), kind) for name, kind in columns)
    rows = db.execute(f"SELECT {picked} FROM {relation} LIMIT {PREVIEW_ROWS}").fetchall()
    return [[_short(value) for value in row] for row in rows]


def arrow_reader(path: str) -> Any:
    """The record batches of an Arrow file or stream."""
    import pyarrow as pa

    source = pa.memory_map(path)
    try:
        file = pa.ipc.open_file(source)
    except pa.ArrowInvalid:
        return pa.ipc.open_stream(pa.memory_map(path))
    batches = (file.get_batch(i) for i in range(file.num_record_batches))
    return pa.RecordBatchReader.from_batches(file.schema, batches)


# ── the profile ───────────────────────────────────────────────────────────────────────────────────────────


def profile(db: Connection, relation: str, columns: list[tuple[str, str]], rows: int) -> list[dict[str, Any]]:
    """What each column holds: missing cells, distinct values (estimated), range, mean, quantiles, shape."""
    found = []
    for name, kind in columns:
        number = kind in {"FLOAT", "DOUBLE", *WHOLE} or kind.startswith("DECIMAL")
        moment = kind == "DATE" or kind in TIMES
        found.append(_profile_column(db, relation, name, kind, rows, number, moment))
    return found


def _profile_column(  # noqa: PLR0917
    db: Connection, relation: str, name: str, kind: str, rows: int, number: bool, moment: bool
) -> dict[str, Any]:
    column = ident(name)
    ends = kind != "BLOB"
    least = shown(f"min({column})", kind) if ends else "NULL"
    most = shown(f"max({column})", kind) if ends else "NULL"
    real = f"CAST({column} AS DOUBLE)"
    usable = f"FILTER (isfinite({real}))" if number else ""
    more = (
        f", avg({real}) {usable}, stddev_samp({real}) {usable}, "
        f"approx_quantile({real}, [0.05, 0.25, 0.5, 0.75, 0.95]) {usable}"
        if number
        else ", NULL, NULL, NULL"
    )
    count, distinct, low, high, mean, spread, quantiles = db.execute(
        f"SELECT count({column}), approx_count_distinct({column}), {least}, {most}{more} FROM {relation}"
    ).fetchone()
    result: dict[str, Any] = {
        "name": name,
        "type": kind,
        "missing": rows - count,
        "distinct": min(distinct, count),
        "min": _short(low),
        "max": _short(high),
    }
    if number:
        result |= {
            "mean": finite(mean),
            "stddev": finite(spread),
            "quantiles": [finite(q) for q in quantiles or []],
        }
        result["histogram"] = _histogram(db, relation, real, f"{column} IS NOT NULL AND isfinite({real})")
    elif moment:
        result["histogram"] = _histogram(
            db,
            relation,
            f"epoch(CAST({column} AS TIMESTAMP))",
            f"{column} IS NOT NULL AND isfinite({column})",
        )
    if kind in {"VARCHAR", "BOOLEAN"} or (number and kind in WHOLE and distinct <= TOP_VALUES * 4):
        top = db.execute(
            f"SELECT {column}, count(*) FROM {relation} WHERE {column} IS NOT NULL "
            f"GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {TOP_VALUES}"
        ).fetchall()
        result["top"] = [[_short(value), times] for value, times in top]
    return result


def _short(value: Any) -> Any:
    return value[:LONGEST_SHOWN] if isinstance(value, str) else finite(value)


def _histogram(db: Connection, relation: str, value: str, where: str) -> list[int]:
    """How many cells fall into each of 24 equal parts between the least and the greatest value."""
    low, high = db.execute(f"SELECT min({value}), max({value}) FROM {relation} WHERE {where}").fetchone()
    if low is None or not high > low:
        return []
    width = (high - low) / HISTOGRAM_BARS
    if not (0 < width < float("inf")):
        return []
    bars = [0] * HISTOGRAM_BARS
    for bar, count in db.execute(
        f"SELECT least(greatest(CAST(floor(({value} - ?) / ?) AS BIGINT), 0), {HISTOGRAM_BARS - 1}), count(*) "
        f"FROM {relation} WHERE {where} GROUP BY 1",
        [low, width],
    ).fetchall():
        bars[bar] = count
    return bars


# ── one request ───────────────────────────────────────────────────────────────────────────────────────────

WORK = {"query": run_query, "export": export_query, "table": make_table}


def problem_of(error: Exception) -> dict[str, Any]:
    """What may be said about an error of the database: its kind and its message without our own names."""
    names = [base.__name__ for base in type(error).__mro__]
    message = str(error).split("\n\nLINE ")[0].split("\nLINE ")[0]
    message = re.sub(r"^[A-Z][A-Za-z ]* Error: ", "", message).replace('"lake"."t', '"t')
    for name, kind in (
        ("OutOfMemoryException", "out_of_memory"),
        ("InterruptException", "too_slow"),
        ("BinderException", "binder"),
        ("CatalogException", "binder"),
        ("ParserException", "parser"),
        ("ConversionException", "conversion"),
        ("OutOfRangeException", "conversion"),
        ("InvalidInputException", "invalid"),
        ("PermissionException", "permission"),
        ("IOException", "io"),
    ):
        if name in names:
            full = kind == "io" and any(word in message for word in ("space", "large", "quota"))
            return {"kind": "out_of_disk" if full else kind, "message": message[:600]}
    return {"kind": "out_of_memory" if isinstance(error, MemoryError) else "other", "message": message[:600]}


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Do one piece of work; a database error is an answer too."""
    import duckdb

    try:
        db = connect(request)
        reads = [path for view in request.get("views", {}).values() for path in view["files"]]
        if request.get("source"):
            reads.append(request["source"])
        lock(db, request, reads)
        return {"ok": WORK[request["work"]](db, request)}
    except Refused as refused:
        return {"error": refused.problem}
    except (duckdb.Error, MemoryError, ValueError, OSError) as error:
        return {"error": problem_of(error)}


def leave_with_the_hub() -> None:
    """End at once when the other end of stdin is gone."""
    sys.stdin.buffer.read()
    os._exit(75)


def main() -> None:
    # The engine draws a progress bar on stdout when a query is slow; the answer must stand there alone.
    answers = os.dup(1)
    os.dup2(2, 1)
    request = json.loads(sys.stdin.buffer.readline())
    limit_process(request["limits"])
    threading.Thread(target=leave_with_the_hub, daemon=True).start()
    with os.fdopen(answers, "wb") as file:
        file.write(json.dumps(answer(request), ensure_ascii=False).encode())
    os._exit(0)


if __name__ == "__main__":
    main()
