"""From uploaded files or a query to tables in the lake.  Runs in the worker, outside any transaction."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from bitgoeul.apps.lake.warehouse import delta, sandbox
from bitgoeul.engines import lake
from bitgoeul.kit.store import store

CHUNK = 1 << 20
KINDS = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet",
         ".arrow": "arrow", ".feather": "arrow", ".ipc": "arrow"}  # fmt: skip
MISSING = ["", "NA", "N/A", "NULL", "null", "\\N"]
FUNCTIONS = sorted(lake.ALLOWED_FUNCTIONS | lake.OPERATORS)
_FILE_PROBLEMS = {"binder", "catalog", "io", "other", "parser", "permission", "crashed", "invalid"}


class Problem(Exception):
    """The publication cannot be done: a code of ``errors.PROBLEMS`` and its facts."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(f"{code} {facts}")
        self.code = code
        self.facts = facts


@dataclass
class Made:
    """A table that is ready to be committed."""

    name: str
    parquet: Path
    columns: list[dict[str, str]]
    rows: int
    bytes: int
    profile: list[dict[str, Any]]
    preview: list[list[Any]]
    notes: list[dict[str, Any]] = field(default_factory=list)


def kind_of(file_name: str) -> str:
    """``csv``, ``parquet``, ``arrow`` or "" by the ending of the name."""
    return KINDS.get(PurePosixPath(file_name.casefold()).suffix, "")


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _as_utf8(path: Path, encoding: str, folder: Path) -> Path:
    """The same text in UTF-8 without a mark; the file itself if it is that already."""
    if encoding == "utf-8":
        return path
    target = folder / "utf8.csv"
    with target.open("w", encoding="utf-8", newline="") as file:
        file.writelines(lake.decoded_lines(_chunks(path), encoding))
    return target


def table_from_file(folder: Path, path: Path, file_name: str, table: str, missing: Iterable[str]) -> Made:
    """Read one uploaded file.

    Raises: Problem, naming the file and, where there is one, the line or column.
    """
    kind = kind_of(file_name)
    request: dict[str, Any] = {"kind": kind, "source": str(path)}
    notes: list[dict[str, Any]] = []
    if kind == "csv":
        try:
            encoding = lake.detect_encoding(_chunks(path))
            if encoding != "utf-8":
                shown = {"cp949": "CP949", "utf-8-sig": "UTF-8 (BOM)"}.get(encoding, "UTF-16")
                if encoding != "utf-8-sig":
                    notes.append({"code": "converted", "facts": {"file": file_name, "encoding": shown}})
                path = _as_utf8(path, encoding, folder)
            shape = lake.inspect_csv(lake.decoded_lines(_chunks(path), "utf-8"))
        except lake.EncodingProblem as problem:
            raise Problem("unknown_encoding", file=file_name, line=problem.line) from None
        except lake.CsvProblem as problem:
            raise Problem(problem.code, file=file_name, **problem.facts) from None
        request |= {
            "source": str(path),
            "columns": list(shape.columns),
            "delimiter": shape.delimiter,
            "rows": shape.rows,
            "missing": list(missing),
        }
    try:
        result = sandbox.run(
            "table", request, limits=sandbox.publication_limits(), reads=[path], folder=folder
        )
    except sandbox.Failed as failed:
        raise _file_problem(failed, file_name, kind) from None
    return Made(table, folder / "out" / "table.parquet", notes=notes, **result)


def _file_problem(failed: sandbox.Failed, file_name: str, kind: str) -> Problem:
    if failed.kind in _FILE_PROBLEMS:
        return Problem("unreadable_file", file=file_name, format=kind, message=failed.message[:300])
    return Problem(failed.kind, file=file_name, message=failed.message[:300], **failed.facts)


def table_from_query(
    folder: Path, gated: lake.Gated, files: dict[lake.Table, list[Path]], table: str
) -> Made:
    """Run a query that passed the gate and keep its result.

    Raises: Problem.
    """
    request = {"kind": "query", "sql": gated.sql, "functions": FUNCTIONS, "views": views(gated, files)}
    reads = [path for paths in files.values() for path in paths]
    try:
        result = sandbox.run(
            "table", request, limits=sandbox.publication_limits(), reads=reads, folder=folder
        )
    except sandbox.Failed as failed:
        if failed.kind in {"too_slow", "out_of_memory", "out_of_disk", "no_rows", "duplicate_columns"}:
            raise Problem(failed.kind, file=table, **failed.facts) from None
        raise Problem("query", message=failed.message[:300]) from None
    return Made(table, folder / "out" / "table.parquet", **result)


def views(gated: lake.Gated, files: dict[lake.Table, list[Path]]) -> dict[str, dict[str, Any]]:
    """``lake.t0`` … for the sandbox: the columns and the exact files of each table of the query."""
    return {
        f"t{number}": {
            "columns": [column.name for column in table.columns],
            "files": [str(path) for path in files[table]],
        }
        for number, table in enumerate(gated.tables)
    }


@contextlib.contextmanager
def workplace() -> Iterator[contextlib.ExitStack]:
    """Scratch folders for several tables; all of them are gone afterwards."""
    with contextlib.ExitStack() as stack:
        yield stack


def commit(made: Made, prefix: str, key: str) -> dict[str, Any]:
    """Commit a table and return its entry for ``DatasetVersion.tables``."""
    done = delta.commit(f"{prefix}/{made.name}", made.parquet, made.rows, key)
    return {
        "name": made.name,
        "columns": made.columns,
        "rows": made.rows,
        "bytes": sum(size for _, size in done.files),
        "files": [{"name": name, "bytes": size} for name, size in done.files],
        "delta": {"prefix": f"{prefix}/{made.name}", "version": done.version},
        "notes": made.notes,
    }


def path_of(name: str) -> Path:
    return store().path(name)
