"""What tests need not make anew each time, kept for whoever asks next: migrated tables and compiled kernels.

``make test`` makes each of them once, as a hub does; a test about making them asks for nothing here.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
KEPT = ROOT / ".pytest_cache" / "kept"
# What makes the tables, and what they hold before anybody writes.
MAKES_TABLES = (
    "src/bitgoeul/**/migrations/*.py", "src/bitgoeul/**/models.py", "src/bitgoeul/**/models/*.py",
    "src/bitgoeul/**/apps.py", "src/bitgoeul/site/settings*.py", "requirements/*.txt",
)  # fmt: skip


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Among the processes that test, one at a time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@cache
def tables() -> Path:
    """Where a migrated SQLite file of this very source is kept."""
    paths = sorted(path for pattern in MAKES_TABLES for path in ROOT.glob(pattern))
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return KEPT / "migrated" / f"{digest.hexdigest()}.sqlite3"


def keep_tables(migrated: Path) -> None:
    """Keep a migrated file that nobody has open; forget those of other sources."""
    kept = tables()
    kept.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(migrated, aside := kept.with_suffix(f".{os.getpid()}"))
    aside.replace(kept)
    for old in kept.parent.iterdir():
        if old != kept:
            old.unlink(missing_ok=True)


def lend_tables(home: Path) -> None:
    """Put a migrated file into the home of a hub to be; without one it migrates itself."""
    if tables().exists():
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copy(tables(), home / "bitgoeul.sqlite3")


def lend_kernels(home: Path) -> None:
    """Put compiled kernels into a home; the studio takes those of its own source and no others."""
    for folder in KEPT.glob("kernels-*"):
        shutil.copytree(folder, home / "shows" / folder.name, dirs_exist_ok=True)


def keep_kernels(home: Path) -> None:
    """Keep what a studio compiled in its home."""
    for folder in (home / "shows").glob("kernels-*"):
        with alone(KEPT / "kernels"):
            if not (KEPT / folder.name).exists():
                for old in KEPT.glob("kernels-*"):
                    shutil.rmtree(old)
                shutil.copytree(folder, aside := KEPT / "fresh")
                aside.rename(KEPT / folder.name)
