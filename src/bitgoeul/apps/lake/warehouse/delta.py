"""One Delta table per table of a dataset; each published version is one commit in its log.

Parquet is written by the sandbox; here only the log is written, so nothing a member made is parsed by this
process but the footer of a file that our own sandbox wrote.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from bitgoeul.kit.store import store

READER_FEATURES_REFUSED = {"deletionVectors", "columnMapping"}


class UnreadableLog(Exception):
    """The log asks for something that a reader of the plain file list would get wrong."""


@dataclass(frozen=True)
class Commit:
    """What a commit made:

    the version of the log and the files of exactly this version (names in the store).
    """

    version: int
    files: tuple[tuple[str, int], ...]


def _open(folder: Path, version: int | None = None):  # type: ignore[no-untyped-def]
    from deltalake import DeltaTable

    table = DeltaTable(str(folder), version=version)
    features = set(table.protocol().reader_features or [])
    if (
        features & READER_FEATURES_REFUSED
        or table.metadata().configuration.get("delta.columnMapping.mode", "none") != "none"
    ):
        raise UnreadableLog(str(folder))
    return table


def commit(prefix: str, parquet: Path, rows: int, key: str) -> Commit:
    """Make ``parquet`` the whole content of the table at ``prefix``.

    ``key`` names the version of the dataset: the log remembers it, so a repeat after a crash commits
    nothing new.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq
    from deltalake import CommitProperties, Schema, Transaction
    from deltalake.transaction import AddAction, create_table_with_add_actions

    folder = store().path(prefix)
    folder.mkdir(parents=True, exist_ok=True)
    exists = (folder / "_delta_log").is_dir()
    app = f"bitgoeul.version.{key}"
    if exists:
        table = _open(folder)
        if table.transaction_version(app) is not None:
            return _committed(prefix, key)
    name = f"part-{key}.parquet"
    _move(parquet, folder / name)
    # Every column may hold missing cells in the next version, so none is declared to have none.
    arrow = pa.schema([column.with_nullable(True) for column in pq.read_schema(folder / name)])
    stat = (folder / name).stat()
    action = AddAction(
        name, stat.st_size, {}, int(stat.st_mtime * 1000), True, json.dumps({"numRecords": rows})
    )
    properties = CommitProperties(
        custom_metadata={"dataset_version": key}, app_transactions=[Transaction(app, 1)]
    )
    schema = Schema.from_arrow(arrow)
    if exists:
        table.create_write_transaction([action], "overwrite", schema, [], commit_properties=properties)
    else:
        create_table_with_add_actions(
            str(folder), schema, [action], mode="error", partition_by=[], commit_properties=properties
        )
    return Commit(_open(folder).version(), ((f"{prefix}/{name}", stat.st_size),))


def _committed(prefix: str, key: str) -> Commit:
    """The commit that an earlier attempt already made."""
    name = f"part-{key}.parquet"
    folder = store().path(prefix)
    version = next(
        entry["version"] for entry in _open(folder).history() if entry.get("dataset_version") == key
    )
    return Commit(int(version), ((f"{prefix}/{name}", (folder / name).stat().st_size),))


def files_of(prefix: str, version: int) -> list[Path]:
    """The files of one version as the log tells them."""
    return [Path(uri.removeprefix("file://")) for uri in _open(store().path(prefix), version).file_uris()]


def _move(source: Path, target: Path) -> None:
    """Put a whole file in its place, over whatever an attempt that failed left there."""
    half = target.with_name(f".incoming-{target.name}")
    shutil.copyfile(source, half)
    with half.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(half, target)
    source.unlink()
