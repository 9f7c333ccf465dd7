"""Handing out files: whole or in part, never read into memory, counted once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from django.http import FileResponse, HttpRequest, HttpResponseBase

from bitgoeul.apps.lake import commands, queries
from bitgoeul.apps.lake.errors import BadRange, LakeBusy
from bitgoeul.apps.lake.models import DatasetVersion
from bitgoeul.apps.lake.warehouse import publishing, sandbox
from bitgoeul.engines import lake
from bitgoeul.kit import ranges
from bitgoeul.kit.actor import ANONYMOUS, Actor
from bitgoeul.kit.refusals import NotFound
from bitgoeul.kit.store import store


def actor_of(request: HttpRequest) -> Actor:
    """Who asks."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


TYPES = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}


def file_answer(request: HttpRequest, path: Path, name: str, kind: str, tag: str) -> HttpResponseBase:
    """The file, or the part of it that is asked for.  Raises: BadRange if the file has none of it."""
    try:
        answer = ranges.answer(request, path, content_type=TYPES[kind], etag=f'"{tag}"')
    except ValueError as nothing:
        raise BadRange(size=path.stat().st_size) from nothing
    answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return answer


def table_file(version: DatasetVersion, table: str, kind: str) -> Path:
    """The table as one file.

    Parquet lies ready; CSV is written once, in the sandbox, and kept for a while.
    """
    files = queries.table_files(version, table)
    if kind == "parquet" and len(files) == 1:
        return files[0]
    name = f"lake/exports/{version.dataset.public_id}/{version.number}/{table}.{kind}"
    if not store().exists(name):
        entry = version.table(table) or {}
        columns = tuple(lake.Column(c["name"], c["type"]) for c in entry["columns"])
        gated = lake.read("SELECT * FROM t").rewrite(lake.Catalogue([lake.Table("", "t", columns)]))
        request = {
            "sql": gated.sql,
            "functions": publishing.FUNCTIONS,
            "views": publishing.views(gated, {gated.tables[0]: files}),
            "file": f"table.{kind}",
            "format": kind,
        }
        with sandbox.scratch() as folder:
            limits = replace(sandbox.publication_limits(), rows=2**62)
            try:
                with sandbox.slot():
                    sandbox.run("export", request, limits=limits, reads=files, folder=folder)
            except (sandbox.Busy, sandbox.Failed) as error:
                raise LakeBusy from error
            with (folder / "out" / f"table.{kind}").open("rb") as made:
                store().put(name, made)
    return store().path(name)


def table_answer(request: HttpRequest, version: DatasetVersion, table: str, kind: str) -> HttpResponseBase:
    """Hand out a table.  A download counts once: when its first byte is asked for."""
    if kind not in TYPES or version.table(table) is None:
        raise NotFound
    path = table_file(version, table, kind)
    tag = f"{version.dataset.public_id}-{version.number}-{kind}-{path.stat().st_size}"
    answer = file_answer(request, path, f"{version.dataset.slug}-{version.number}-{table}.{kind}", kind, tag)
    by, asked = actor_of(request), request.headers.get("Range", "")
    if request.method == "GET" and (not asked or asked.startswith("bytes=0-")):
        commands.count_download(
            by=by if by.allows("lake:read") else ANONYMOUS,
            version=version,
            table=table,
            format=kind,
            size=path.stat().st_size,
        )
    return answer


def query_answer(request: HttpRequest, sql: str, kind: str) -> HttpResponseBase:
    """The whole result of a query as a file, streamed; the file is gone when the answer was sent."""
    if kind not in TYPES:
        raise NotFound
    place = sandbox.scratch()
    folder = place.__enter__()
    try:
        path = queries.export(actor_of(request), sql, kind, folder)
        answer = FileResponse(
            path.open("rb"), content_type=TYPES[kind], filename=f"result.{kind}", as_attachment=True
        )
    except BaseException:
        place.__exit__(None, None, None)
        raise
    # The open file stays readable after its folder is gone.
    place.__exit__(None, None, None)
    return answer
