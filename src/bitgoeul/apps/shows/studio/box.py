"""What a process of the studio sees and may use, and where its folders lie."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

from django.conf import settings

import bitgoeul
from bitgoeul.kit.sandbox import MIB, Sandbox, Shown

PACKAGE = Path(bitgoeul.__file__).resolve().parent
CODE = "/studio/bitgoeul"
KERNELS = "/kernels"


def home() -> Path:
    folder = Path(settings.HOME) / "shows"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def work(key: str) -> Path:
    """The folder of one version while it is made."""
    return home() / "work" / key


def socket_path() -> Path:
    """Where previews are answered.  A socket's path is short, so a deep home gets a place of its own."""
    path = home() / "preview" / "socket"
    if len(str(path)) < 100:
        return path
    short = hashlib.sha256(str(home()).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"bitgoeul-{os.getuid()}-{short}" / "socket"


@cache
def kept_kernels() -> Path:
    """Where the kernels of this very engine are kept once a trusted process has compiled them."""
    digest = hashlib.sha256()
    for source in sorted((PACKAGE / "engines" / "shows").rglob("*.py")):
        digest.update(source.read_bytes())
    return home() / f"kernels-{digest.hexdigest()[:16]}"


def kernels(folder: Path) -> Path:
    """A private copy of the compiled kernels, so that no process can change another's."""
    copy = folder / "kernels"
    shutil.rmtree(copy, ignore_errors=True)
    if kept_kernels().is_dir():
        shutil.copytree(kept_kernels(), copy)
    copy.mkdir(exist_ok=True, mode=0o700)
    return copy


def keep_kernels(folder: Path) -> None:
    """Keep what a process compiled that saw nothing of any member; forget those of other engines."""
    fresh = home() / "kernels.new"
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(folder / "kernels", fresh)
    for old in home().glob("kernels-*"):
        shutil.rmtree(old, ignore_errors=True)
    fresh.rename(kept_kernels())


def box(folder: Path, cpu_s: int | None = None) -> Sandbox:
    """A process that may write in ``folder`` and nowhere else."""
    limits = {"CORE": 0, "AS": settings.SHOWS_MEMORY_MIB * MIB, "FSIZE": settings.SHOWS_DISK_MIB * MIB}
    return Sandbox(
        shows=(
            Shown(PACKAGE, CODE),
            Shown(folder, writable=True),
            Shown(folder / "kernels", KERNELS, writable=True),
        ),
        python=sys.executable,
        environment={
            "PYTHONPATH": str(Path(CODE).parent),
            "PYTHONDONTWRITEBYTECODE": "1",
            "NUMBA_CACHE_DIR": KERNELS,
            "NUMBA_NUM_THREADS": str(settings.SHOWS_THREADS),
            "OMP_NUM_THREADS": str(settings.SHOWS_THREADS),
        },
        limits=limits | ({"CPU": cpu_s} if cpu_s else {}),
    )


BROWSER_SETTINGS = ("/etc/chromium.d", "/etc/fonts")  # what its starter and its letters look for


def browser_box(folder: Path, cpu_s: int) -> Sandbox:
    """A process in which a headless browser plays a made show: it too sees one folder and no network.

    A browser reserves far more addresses than it uses, so what bounds it is its time and its disk.
    """
    settings_of = tuple(Shown(Path(place)) for place in BROWSER_SETTINGS if Path(place).exists())
    limits = {"CORE": 0, "CPU": cpu_s, "FSIZE": settings.SHOWS_DISK_MIB * MIB}
    return replace(box(folder), shows=(*box(folder).shows, *settings_of), limits=limits, tmp_mib=256)


def words(*arguments: str, patient: bool = False) -> tuple[str, ...]:
    """The command that starts the program of the studio; who is ``patient`` lets others go first."""
    nice = ("/usr/bin/nice", "-n", "10") if patient else ()
    return (*nice, sys.executable, "-m", "bitgoeul.apps.shows.studio.program", *arguments)
