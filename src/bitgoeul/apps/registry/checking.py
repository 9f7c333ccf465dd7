"""Decide whether a model that was handed in may enter the registry.

The document is checked here; the ONNX file is opened only by ``inspector.py`` in a process of its own, under
limits and, where bubblewrap works, without network or files.  Nothing here writes.
"""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from subprocess import DEVNULL, PIPE, TimeoutExpired
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
from bitgoeul.kit.sandbox import Sandbox, Shown

HERE = Path(__file__).resolve().parent
INSPECTOR = HERE / "inspector.py"
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
    run = (sys.executable, "-I", str(INSPECTOR), str(artefact))
    with _confined(artefact).start(*run, stdin=PIPE, stdout=PIPE, stderr=DEVNULL) as process:
        try:
            told, _ = process.communicate(json.dumps(wanted).encode(), timeout=CHECK_SECONDS * 2)
        except TimeoutExpired:
            process.kill()
            raise TooExpensiveToCheck(detail=f"{CHECK_SECONDS * 2} s") from None
    try:
        found = json.loads(told)
    except ValueError:
        detail = f"status {process.returncode}"
        if process.returncode in {-24, 152, -9, 137}:
            raise TooExpensiveToCheck(detail=detail) from None
        raise DoesNotRun(detail=detail) from None
    if "code" in found:
        raise reason(found["code"], {"detail": found["detail"]})
    return dict(found["graph"])


def _confined(artefact: Path) -> Sandbox:
    return Sandbox(
        shows=(Shown(INSPECTOR), Shown(artefact)),
        python=sys.executable,
        environment={"OMP_NUM_THREADS": "1"},
        limits={"AS": CHECK_MEMORY, "CPU": CHECK_SECONDS, "FSIZE": 0, "CORE": 0},
    )
