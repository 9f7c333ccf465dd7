"""The hub's way to a predictor: HTTP over its Unix socket, one kept connection per thread and service."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bitgoeul.apps.services import places
from bitgoeul.apps.services.errors import InferenceRefused, NotLive, Suspended, reason
from bitgoeul.apps.services.models import Service

TIMEOUT_S = 30.0
_mine = threading.local()


class _Connection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes


def send(service: Service, method: str, path: str, body: bytes = b"") -> Answer:
    """One request to the service's predictor.  Raises: NotLive, Suspended."""
    if service.state != Service.State.LIVE:
        raise not_live(service)
    try:
        return _send(service.key, method, path, body)
    except OSError:
        raise not_live(service) from None


def not_live(service: Service) -> NotLive | Suspended:
    if service.state == Service.State.SUSPENDED:
        return Suspended()
    return NotLive(state=str(service.get_state_display()))


def _send(key: str, method: str, path: str, body: bytes) -> Answer:
    """A connection may end with its process: then the request goes once more, over a new one.

    A new connection, too, may have been made to a process that another one has just taken over from.
    """
    kept: dict[str, _Connection] = _mine.__dict__.setdefault("connections", {})
    if (connection := kept.get(key)) is not None:
        try:
            return _exchange(connection, method, path, body)
        except (http.client.HTTPException, OSError):
            kept.pop(key).close()
    try:
        return _ask_anew(kept, key, method, path, body)
    except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
        return _ask_anew(kept, key, method, path, body)


def _ask_anew(kept: dict[str, _Connection], key: str, method: str, path: str, body: bytes) -> Answer:
    kept[key] = connection = _Connection(str(places.socket(key)), TIMEOUT_S)
    try:
        return _exchange(connection, method, path, body)
    except OSError:
        kept.pop(key).close()
        raise
    except http.client.HTTPException as error:
        kept.pop(key).close()
        raise ConnectionError(str(error)) from error


def _exchange(connection: _Connection, method: str, path: str, body: bytes) -> Answer:
    headers = {"Content-Type": "application/json"} if body else {}
    connection.request(method, path, body or None, headers)
    response = connection.getresponse()
    return Answer(response.status, response.read())


def is_ready(socket: Path) -> bool:
    """Whether a predictor answers on its socket, asked over a connection of its own."""
    return _ask_process(socket, "GET", "/v2/health/ready")


def drain(socket: Path) -> bool:
    """Ask the process behind a socket to answer what it has begun and to end; whether it heard."""
    return _ask_process(socket, "POST", "/drain")


def _ask_process(socket: Path, method: str, path: str, timeout: float = 2.0) -> bool:
    connection = _Connection(str(socket), timeout)
    try:
        return _exchange(connection, method, path, b"").status == 200
    except (http.client.HTTPException, OSError):
        return False
    finally:
        connection.close()


def predict(service: Service, row: dict[str, Any]) -> dict[str, Any]:
    """The outputs for one row of raw values, by name.  Raises: InferenceRefused, NotLive, Suspended."""
    tensors = [
        {
            "name": item["name"],
            "datatype": item["datatype"],
            "shape": [1, *item["shape"][1:]],
            "data": [row[item["name"]]],
        }
        for item in service.version.document["inputs"]
    ]
    answer = send(
        service, "POST", f"/v2/models/{service.slug}/infer", json.dumps({"inputs": tensors}).encode()
    )
    found = json.loads(answer.body)
    if answer.status != 200:
        raise refusal_of(found)
    return {item["name"]: item["data"][0] for item in found["outputs"]}


def refusal_of(body: dict[str, Any]) -> InferenceRefused:
    return reason(str(body.get("code", "")), dict(body.get("facts") or {}))
