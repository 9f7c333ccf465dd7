"""`backup` and `restore`: one file with the database, the stored files, the keys and a manifest of hashes.

The backup is taken while the hub runs.  First comes a snapshot of the database; then every stored file that
is not newer than it.  Files are written before the row that names them, so each row finds its file.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated, Any

import typer
from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_lazy as _

from bitgoeul import __version__
from bitgoeul.kit.refusals import Refusal

FORMAT = 1
_CHUNK = 1 << 20


class BackupExists(Refusal):
    status = 409
    title = _("The file %(file)s exists already")
    remedy = _("Choose another name; a backup never overwrites anything.")


class NotEmpty(Refusal):
    status = 409
    title = _("There is a hub here already: %(what)s")
    remedy = _("Restore into an empty BITGOEUL_HOME, BITGOEUL_DATABASE and BITGOEUL_STORE.")


class Damaged(Refusal):
    status = 422
    title = _("This backup cannot be used: %(why)s")
    remedy = _("Nothing was changed. Fetch the file again, or use another backup.")


class NoProgram(Refusal):
    status = 503
    title = _("The program %(program)s is missing")
    remedy = _("Install the PostgreSQL client: sudo apt-get install -y postgresql-client")


@dataclass(frozen=True)
class Entry:
    name: str
    size: int
    sha256: str


def _program(name: str) -> str:
    """The newest ``pg_dump`` or ``pg_restore``: an older one refuses a newer server."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    program = str(found[-1]) if found else shutil.which(name)
    if program is None:
        raise NoProgram(program=name)
    return program


def _postgres() -> tuple[list[str], dict[str, str]]:
    parts = connection.settings_dict
    where = ["--host", parts["HOST"] or "", "--port", str(parts["PORT"] or 5432), "--username", parts["USER"]]
    return where, os.environ | {"PGPASSWORD": parts["PASSWORD"]}


def _dump(target: Path) -> None:
    if connection.vendor == "sqlite":
        source = sqlite3.connect(f"file:{connection.settings_dict['NAME']}?mode=ro", uri=True)
        copy = sqlite3.connect(target)
        with source, copy:
            source.backup(copy, pages=2000, sleep=0.005)
        source.close()
        copy.close()
        return
    where, environment = _postgres()
    subprocess.run(
        [_program("pg_dump"), *where, "--format", "custom", "--no-owner", "--file", target,
         connection.settings_dict["NAME"]],
        check=True, env=environment,
    )  # fmt: skip


def _load(source: Path) -> None:
    if connection.vendor == "sqlite":
        connection.close()
        copy, target = sqlite3.connect(source), sqlite3.connect(connection.settings_dict["NAME"])
        with copy, target:
            copy.backup(target)
        copy.close()
        target.close()
        return
    where, environment = _postgres()
    subprocess.run(
        [_program("pg_restore"), *where, "--no-owner", "--exit-on-error", "--single-transaction",
         "--dbname", connection.settings_dict["NAME"], source],
        check=True, env=environment,
    )  # fmt: skip


def _files(until: float) -> Iterator[tuple[str, Path]]:
    """What belongs into a backup: name in the archive and path here."""
    root = Path(settings.STORE)
    for folder, _folders, names in os.walk(root):
        for name in sorted(names):
            path = Path(folder) / name
            if not name.startswith(".incoming-") and not path.is_symlink() and path.stat().st_mtime <= until:
                yield f"store/{path.relative_to(root).as_posix()}", path
    # Keys and the like; the folders of the home are working places, or hold what is made anew.
    for path in sorted(settings.HOME.iterdir()):
        if path.is_file() and not path.is_symlink() and not path.name.startswith("bitgoeul.sqlite3"):
            yield f"home/{path.name}", path


class _Hashing(io.RawIOBase):
    """Reads through, counting and hashing."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.digest, self.size = file, hashlib.sha256(), 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        chunk = self.file.read(size)
        self.digest.update(chunk)
        self.size += len(chunk)
        return chunk


def _add(archive: tarfile.TarFile, name: str, path: Path) -> Entry | None:
    try:
        file = path.open("rb")
    except FileNotFoundError:  # deleted since the folder was read, so no row of the snapshot needs it
        return None
    with file:
        item = tarfile.TarInfo(name)
        item.size, item.mode, item.mtime = os.fstat(file.fileno()).st_size, 0o600, int(path.stat().st_mtime)
        reader = _Hashing(file)
        archive.addfile(item, reader)
    return Entry(name, item.size, reader.digest.hexdigest())


def write_backup(target: Path) -> dict[str, Any]:
    """Write a backup of the running hub to ``target``; return its manifest.

    Raises: BackupExists, NoProgram.
    """
    if target.exists():
        raise BackupExists(file=str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    entries: list[Entry] = []
    part = target.with_name(f".{target.name}.part")
    try:
        with tempfile.TemporaryDirectory(prefix="bitgoeul-backup-", dir=target.parent) as scratch:
            started = dt.datetime.now(dt.UTC)
            dump = Path(scratch) / "database"
            _dump(dump)
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as out, tarfile.open(fileobj=out, mode="w") as archive:
                for name, path in [("database", dump), *_files(dump.stat().st_mtime)]:
                    if entry := _add(archive, name, path):
                        entries.append(entry)
                manifest = {
                    "format": FORMAT,
                    "version": __version__,
                    "database": connection.vendor,
                    "taken_at": started.isoformat(timespec="seconds"),
                    "files": [vars(entry) for entry in entries],
                }
                text = json.dumps(manifest, indent=1).encode()
                item = tarfile.TarInfo("manifest.json")
                item.size, item.mode = len(text), 0o600
                archive.addfile(item, io.BytesIO(text))
                out.flush()
                os.fsync(out.fileno())
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    return manifest


def read_manifest(source: Path) -> dict[str, Any]:
    """The manifest of a backup whose every byte is as it was written.

    Raises: Damaged.
    """
    seen: dict[str, Entry] = {}
    manifest: dict[str, Any] | None = None
    try:
        with tarfile.open(source, mode="r:") as archive:
            for item in archive:
                file = archive.extractfile(item)
                if not item.isfile() or file is None:
                    raise Damaged(why=f"{item.name} is no plain file")
                if item.name == "manifest.json":
                    manifest = json.load(file)
                    continue
                if item.name in seen:
                    raise Damaged(why=f"{item.name} is there twice")
                digest = hashlib.sha256()
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
                seen[item.name] = Entry(item.name, item.size, digest.hexdigest())
    except (OSError, tarfile.TarError, ValueError) as error:
        raise Damaged(why=str(error) or type(error).__name__) from error
    if manifest is None:
        raise Damaged(why="it has no manifest")
    if manifest.get("format") != FORMAT:
        raise Damaged(why=f"its format is {manifest.get('format')}, this version reads {FORMAT}")
    try:
        entries = [Entry(**row) for row in manifest["files"]]
    except (KeyError, TypeError) as error:
        raise Damaged(why="its manifest cannot be read") from error
    for entry in entries:
        if seen.pop(entry.name, None) != entry:
            raise Damaged(why=f"{entry.name} is not what the manifest says")
    if seen:
        raise Damaged(why=f"{min(seen)} is not in the manifest")
    return manifest


def _require_empty() -> None:
    from bitgoeul.site.operations import processes

    if processes.present("serve").state == "ok":
        raise NotEmpty(what="bitgoeul serve")
    if tables := connection.introspection.table_names():
        raise NotEmpty(what=f"{len(tables)} tables")
    for _folder, _folders, names in os.walk(settings.STORE):
        if names:
            raise NotEmpty(what=str(settings.STORE))


def _place(name: str) -> Path:
    """Where a file of the archive goes.

    Raises: Damaged for a name that would leave its folder.
    """
    kind, _slash, rest = name.partition("/")
    if kind not in {"store", "home"} or not rest or ".." in Path(rest).parts or rest.startswith("/"):
        raise Damaged(why=f"{name} does not belong into a backup")
    if kind == "store":
        return Path(settings.STORE) / rest
    return settings.HOME / rest


def read_backup(source: Path) -> dict[str, Any]:
    """Restore ``source`` into an empty hub, or change nothing; return its manifest.

    Raises: Damaged, NotEmpty, NoProgram.
    """
    manifest = read_manifest(source)
    if manifest["database"] != connection.vendor:
        raise Damaged(why=f"it holds a {manifest['database']} database, this hub uses {connection.vendor}")
    _require_empty()
    places = {row["name"]: _place(row["name"]) for row in manifest["files"] if row["name"] != "database"}
    with (
        tempfile.TemporaryDirectory(prefix="bitgoeul-restore-", dir=settings.HOME) as scratch,
        tarfile.open(source, mode="r:") as archive,
    ):
        dump = Path(scratch) / "database"
        for item in archive:
            if item.name == "manifest.json":
                continue
            target = places.get(item.name, dump)
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = archive.extractfile(item)
            if file is None:
                raise Damaged(why=item.name)
            with file, os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
                shutil.copyfileobj(file, out, _CHUNK)
            os.utime(target, (item.mtime, item.mtime))
        _load(dump)  # last: a hub without its tables is still an empty one
    return manifest


def backup(
    file: Annotated[Path, typer.Argument(help="Where to write the backup; must not exist.")],
) -> None:
    """Write the database, the stored files and the keys into one file, while the hub runs."""
    manifest = write_backup(file)
    size = sum(row["size"] for row in manifest["files"])
    typer.echo(f"{file}: {len(manifest['files'])} files, {size / (1 << 20):.1f} MiB, {manifest['taken_at']}")
    typer.echo("Keep it safe: it holds personal data and the hub's keys.")


def restore(
    file: Annotated[Path, typer.Argument(help="A file that bitgoeul backup wrote.", exists=True)],
) -> None:
    """Restore a backup into an empty home and database; every hash is checked before anything is written."""
    manifest = read_backup(file)
    typer.echo(f"restored {len(manifest['files'])} files taken at {manifest['taken_at']}")
