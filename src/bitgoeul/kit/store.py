"""Where files live.  Names, never paths: ``lake/flights/3/part-0.parquet``."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Protocol

from django.conf import settings

_NAME = re.compile(r"[\w.=+@%-]+(/[\w.=+@%-]+)*", re.UNICODE)
_CHUNK = 1 << 20


@dataclass(frozen=True)
class StoredFile:
    name: str
    size: int
    sha256: str


class Store(Protocol):
    """What the hub asks of a place for files."""

    def put(self, name: str, content: BinaryIO | bytes) -> StoredFile: ...
    def open(self, name: str) -> BinaryIO: ...
    def exists(self, name: str) -> bool: ...
    def size(self, name: str) -> int: ...
    def delete(self, name: str) -> None: ...
    def list(self, prefix: str) -> Iterator[str]: ...
    def path(self, name: str) -> Path: ...


def checked(name: str) -> str:
    """``name`` if it is a plain relative name.

    Raises: ValueError for anything that could leave the store.
    """
    if not _NAME.fullmatch(name) or any(part in {".", ".."} for part in name.split("/")):
        raise ValueError(f"not a name of a stored file: {name!r}")
    return name


class FolderStore:
    """Files in one folder; a file appears whole or not at all."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True, mode=0o700)

    def path(self, name: str) -> Path:
        return self.root / checked(name)

    def put(self, name: str, content: BinaryIO | bytes) -> StoredFile:
        target = self.path(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        source = BytesIO(content) if isinstance(content, bytes) else content
        digest, size = hashlib.sha256(), 0
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".incoming-", delete=False) as file:
            try:
                while chunk := source.read(_CHUNK):
                    digest.update(chunk)
                    size += len(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
                os.replace(file.name, target)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
        return StoredFile(name, size, digest.hexdigest())

    def open(self, name: str) -> BinaryIO:
        return self.path(name).open("rb")

    def exists(self, name: str) -> bool:
        return self.path(name).is_file()

    def size(self, name: str) -> int:
        return self.path(name).stat().st_size

    def delete(self, name: str) -> None:
        self.path(name).unlink(missing_ok=True)

    def list(self, prefix: str) -> Iterator[str]:
        start = self.path(prefix.rstrip("/")) if prefix.strip("/") else self.root
        for path in sorted(start.rglob("*")):
            if path.is_file() and not path.name.startswith(".incoming-"):
                yield path.relative_to(self.root).as_posix()


@lru_cache(maxsize=4)
def _folder(root: str) -> FolderStore:
    return FolderStore(Path(root))


def store() -> Store:
    return _folder(settings.STORE)
