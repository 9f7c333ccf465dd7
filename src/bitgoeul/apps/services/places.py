"""Where the files of a running service lie, below the hub's home, and how its meter is read."""

from __future__ import annotations

import hashlib
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

LONGEST_SOCKET = 100  # the system allows 107 bytes


@dataclass(frozen=True)
class Reading:
    epoch: str
    predictions: int
    requests: int
    refused: int


def folder(key: str) -> Path:
    """The folder of one service; survives its processes."""
    path = Path(settings.HOME) / "services" / key
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def socket_folder(key: str) -> Path:
    """Beside the other files, or, where that path is too long for a socket, in a private temporary folder."""
    home = folder(key) / "run"
    if len(str(home)) + len("/g") + 10 > LONGEST_SOCKET:
        home_key = hashlib.sha256(str(settings.HOME).encode()).hexdigest()[:12]
        base = Path(tempfile.gettempdir()) / f"bitgoeul-{home_key}"
        base.mkdir(exist_ok=True, mode=0o700)
        home = base / key
    home.mkdir(exist_ok=True, mode=0o700)
    return home


def socket(key: str) -> Path:
    """Where the hub asks: a link to the socket of the process that answers now."""
    return socket_folder(key) / "s"


def socket_of(key: str, generation: int) -> Path:
    """Where the process of one generation listens."""
    return socket_folder(key) / f"g{generation}"


def lead_to(key: str, generation: int) -> None:
    """Let new connections go to this generation, from one moment to the next."""
    aside = socket_folder(key) / "s.new"
    aside.unlink(missing_ok=True)
    aside.symlink_to(socket_of(key, generation).name)
    aside.replace(socket(key))


def meter(key: str) -> Path:
    return folder(key) / "meter" / "counts"


def read_meter(key: str) -> Reading | None:
    """The counters as they stand now; None before the first start."""
    try:
        content = meter(key).read_bytes()
    except FileNotFoundError:
        return None
    epoch, *halves = struct.unpack_from("=8s6Q", content)
    return Reading(epoch.hex(), *(one + other for one, other in zip(halves[:3], halves[3:], strict=True)))
