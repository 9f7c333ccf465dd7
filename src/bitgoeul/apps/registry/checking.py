"""Decide whether a model that was handed in may enter the registry.

The document is checked here; the ONNX file is opened only by ``inspector.py`` in a process of its own, under
limits and, where bubblewrap works, without network or files.  Nothing here writes.
"""

from __future__ import annotations

import hashlib
import json
import resource
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
from django.conf import settings

from bitgoeul.apps.registry.errors import (
    DocumentUnreadable,
    DoesNotRun,
    FileTooLarge,
    HashMismatch,
    TooExpensiveToCheck,
    reason,
)

HERE = Path(__file__).resolve().parent
DOCUMENT_LIMIT = 2 << 20
CHECK_SECONDS = 30
CHECK_MEMORY = 4 << 30


@dataclass(frozen=True)
class Checked:
    document: dict[str, Any]
    graph: dict[str, Any]
    sha256: str
    size: int


def check(artefact: Path, document: bytes | dict[str, Any]) -> Checked:
    """Return what is in the model.  Raises: ModelRefused with the reason."""
    declared = read_document(document)
    size = artefact.stat().st_size
    limit = settings.MODEL_LIMIT
    if size > limit:
        raise FileTooLarge(file="model.onnx", size=size, limit=limit)
    with artefact.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if declared.get("artefact", {}).get("sha256", sha256) != sha256:
        raise HashMismatch
    graph = inspect(artefact, declared)
    for role in ("inputs", "outputs"):
        declared.setdefault(role, graph[role])
    _fill(declared)
    return Checked(declared, graph, sha256, size)


@cache
def _schema() -> dict[str, Any]:
    return json.loads((HERE / "document.schema.json").read_text(encoding="utf-8"))


def read_document(document: bytes | dict[str, Any]) -> dict[str, Any]:
    """The checked content of model.json; a model handed in by hand may leave its tensors to the graph."""
    if isinstance(document, bytes):
        if len(document) > DOCUMENT_LIMIT:
            raise FileTooLarge(file="model.json", size=len(document), limit=DOCUMENT_LIMIT)
        try:
            read = json.loads(document, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise DocumentUnreadable(detail=str(error)[:200]) from error
    else:
        read = document
    if isinstance(read, dict) and isinstance(document, dict):
        probe = {"inputs": [_ANY], "outputs": [_ANY]} | read
    else:
        probe = read
    fault = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(_schema()).iter_errors(probe))
    if fault is not None:
        spot = "/".join(str(part) for part in fault.absolute_path)
        raise DocumentUnreadable(detail=f"{spot}: {fault.message}"[:300] if spot else fault.message[:300])
    return dict(read)


_ANY = {"name": "any", "datatype": "FP32", "shape": [-1]}


def _no_constant(word: str) -> float:
    raise ValueError(f"{word} is not a number")


def _fill(document: dict[str, Any]) -> None:
    for item in document["inputs"]:
        item.setdefault("title", {"ko": item["name"], "en": item["name"]})
        if "kind" not in item:
            words = item["datatype"] == "BYTES"
            item["kind"] = ("category" if item.get("categories") else "text") if words else "number"
    for item in document["outputs"]:
        item.setdefault("title", {"ko": item["name"], "en": item["name"]})


def inspect(artefact: Path, declared: dict[str, Any]) -> dict[str, Any]:
    """Run the inspector on one file.  A crash, a hang or a bomb of the file is a reason too."""
    wanted = {
        role: [{k: i[k] for k in ("name", "datatype", "shape", "default") if k in i} for i in declared[role]]
        for role in ("inputs", "outputs")
        if role in declared
    }
    try:
        done = subprocess.run(
            _command(artefact),
            input=json.dumps(wanted),
            capture_output=True,
            text=True,
            timeout=CHECK_SECONDS * 2,
            preexec_fn=_limits,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TooExpensiveToCheck(detail=f"{CHECK_SECONDS * 2} s") from None
    try:
        found = json.loads(done.stdout)
    except ValueError:
        detail = f"status {done.returncode}"
        if done.returncode in {-24, 152, -9, 137}:
            raise TooExpensiveToCheck(detail=detail) from None
        raise DoesNotRun(detail=detail) from None
    if "code" in found:
        raise reason(found["code"], {"detail": found["detail"]})
    return dict(found["graph"])


def _limits() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (CHECK_MEMORY, CHECK_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CHECK_SECONDS, CHECK_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _command(artefact: Path) -> list[str]:
    run = [sys.executable, "-I", str(HERE / "inspector.py"), str(artefact)]
    if not sandbox_works():
        return run
    return [*sandbox_words(HERE / "inspector.py", artefact), "--", *run]


def sandbox_words(*shown: Path) -> list[str]:
    """A bubblewrap prefix: this Python and the given files read-only, no network, nothing else."""
    folders: list[Path] = []
    for name in (sys.base_prefix, sys.prefix, sysconfig.get_path("purelib"), sysconfig.get_path("platlib")):
        folder = Path(name)
        if not any(folder.is_relative_to(other) for other in [*folders, Path("/usr")]):
            folders.append(folder)
    words = [
        "bwrap",
        "--unshare-all",
        "--die-with-parent",
        "--new-session",
        "--cap-drop",
        "ALL",
        "--clearenv",
    ]
    words += ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        place = Path("/", name)
        if place.is_symlink():
            words += ["--symlink", str(place.readlink()), str(place)]
        elif place.is_dir():
            words += ["--ro-bind", str(place), str(place)]
    words += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache", "--proc", "/proc", "--dev", "/dev"]
    words += ["--ro-bind-try", "/sys/devices/system/cpu", "/sys/devices/system/cpu", "--tmpfs", "/tmp"]  # noqa: S108
    for path in [*folders, *shown]:
        words += ["--ro-bind", str(path), str(path)]
    for name, value in (("PATH", "/usr/bin:/bin"), ("LANG", "C.UTF-8"), ("OMP_NUM_THREADS", "1")):
        words += ["--setenv", name, value]
    return words


@cache
def sandbox_works() -> bool:
    """Whether bubblewrap can make a sandbox on this machine."""
    if shutil.which("bwrap") is None:
        return False
    done = subprocess.run(
        [*sandbox_words(), "--", "/usr/bin/true"], capture_output=True, check=False, timeout=20
    )
    return done.returncode == 0
