"""Answer predictions for one service: a process of its own that knows one ONNX model and nothing of the hub.

    python -m bitgoeul.apps.services.predictor CONFIG.json

It speaks the Open Inference Protocol v2 over a Unix socket (or a port of this machine).  It imports neither
Django nor the hub, so that it starts fast, stays small and can be shown a sandbox with nothing else in it.

``CONFIG.json``: name, version, model (file), meter (file), inputs, outputs, socket or port, most_rows,
most_bytes, memory_mib, parent (process id to die with), half (of the meter, 0 or 1).  After `POST /drain`
it takes no new connection, answers what it has begun, and ends.
The fast path is plain ASGI, all else is FastAPI.
"""

from __future__ import annotations

import asyncio
import json
import mmap
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

# A larger batch leaves the event loop, so that health checks are still answered.
ROWS_INLINE = 64
NUMPY = {
    "FP32": np.float32, "FP64": np.float64, "BOOL": np.bool_, "INT8": np.int8, "INT16": np.int16,
    "INT32": np.int32, "INT64": np.int64, "UINT8": np.uint8, "UINT16": np.uint16, "UINT32": np.uint32,
    "UINT64": np.uint64, "BYTES": np.object_,
}  # fmt: skip
NUMBER, WHOLE = frozenset({int, float}), frozenset({int})
ALLOWED = {
    name: frozenset({str}) if name == "BYTES" else frozenset({bool}) if name == "BOOL"
    else NUMBER if name.startswith("FP") else WHOLE
    for name in NUMPY
}  # fmt: skip
NOTHING = type(None)


class Refused(Exception):
    """A request that was understood and will not be answered: a stable code, and facts."""

    def __init__(self, status: int, code: str, sentence: str, **facts: Any) -> None:
        super().__init__(sentence)
        self.status, self.code, self.sentence, self.facts = status, code, sentence, facts

    def body(self) -> bytes:
        said = {"error": self.sentence, "code": f"services.{self.code}", "facts": self.facts}
        return json.dumps(said, ensure_ascii=False).encode()


class Meter:
    """Counters in a shared file mapping: what was counted survives the death of this process.

    Eight unsigned 64-bit words: epoch (chosen when the file was made), then predictions, requests and refused
    of one half, the same of the other, and a spare one.  A process adds to one half, so that the one that
    takes over and the one that finishes its last requests never write the same word.
    """

    PREDICTIONS, REQUESTS, REFUSED = range(1, 4)
    SIZE = 64

    def __init__(self, path: Path, half: int = 0) -> None:
        self._half = 3 * half
        if not path.exists() or path.stat().st_size != self.SIZE:
            # Appears whole: a reader never sees a file without an epoch.
            fresh = path.with_suffix(".new")
            fresh.write_bytes(os.urandom(7) + b"\0" + bytes(self.SIZE - 8))
            fresh.replace(path)
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), self.SIZE)
        self._words = memoryview(self._map).cast("Q")

    def count(self, predictions: int) -> None:
        # Each item assignment stores one aligned word, so that a kill never leaves half a number.
        self._words[self._half + self.PREDICTIONS] += predictions
        self._words[self._half + self.REQUESTS] += 1

    def refuse(self) -> None:
        self._words[self._half + self.REFUSED] += 1


class Input:
    """One input tensor: what a request must send for it."""

    def __init__(self, item: dict[str, Any]) -> None:
        self.name: str = item["name"]
        self.datatype: str = item["datatype"]
        self.shape: list[int] = item["shape"]
        self.allowed = ALLOWED[self.datatype]
        self.numpy = NUMPY[self.datatype]
        self.nullable = bool(item.get("nullable")) and self.datatype.startswith("FP")
        self.width = 1
        for size in self.shape[1:]:
            self.width *= size

    def read(self, tensor: dict[str, Any]) -> np.ndarray:
        """The array of ``tensor``.  Raises: Refused."""
        found = tensor.get("datatype")
        if found != self.datatype:
            raise Refused(
                400, "WrongDatatype", f"input '{self.name}' must be {self.datatype}, not {str(found)[:40]}",
                input=self.name, expected=self.datatype, found=str(found)[:40],
            )  # fmt: skip
        shape, data = tensor.get("shape"), tensor.get("data")
        if not isinstance(data, list) or not isinstance(shape, list):
            raise self._misshapen(shape)
        if len(shape) != len(self.shape) or type(shape[0]) is not int or shape[0] < 0:
            raise self._misshapen(shape)
        if shape[1:] != self.shape[1:] or (self.shape[0] != -1 and shape[0] != self.shape[0]):
            raise self._misshapen(shape)
        if data and type(data[0]) is list:
            data = _flat(data, len(shape) - 1)
        if len(data) != shape[0] * self.width:
            raise self._misshapen(shape)
        kinds = set(map(type, data))
        if not kinds <= self.allowed:
            if not (self.nullable and kinds <= self.allowed | {NOTHING}):
                raise Refused(
                    400, "WrongValue", f"input '{self.name}' holds a value that is not {self.datatype}",
                    input=self.name, expected=self.datatype,
                )  # fmt: skip
            data = [float("nan") if value is None else value for value in data]
        try:
            return np.array(data, dtype=self.numpy).reshape(shape)
        except (OverflowError, ValueError) as error:
            raise Refused(
                400, "WrongValue", f"input '{self.name}' holds a value out of the range of {self.datatype}",
                input=self.name, expected=self.datatype,
            ) from error  # fmt: skip

    def _misshapen(self, shape: Any) -> Refused:
        return Refused(
            400, "WrongShape",
            f"input '{self.name}' must have shape {self.shape} and as many values as its shape says",
            input=self.name, expected=str(self.shape), found=str(shape)[:60],
        )  # fmt: skip


def _flat(data: list[Any], levels: int) -> list[Any]:
    for _level in range(levels):
        if all(type(part) is list for part in data):
            data = [value for part in data for value in part]
    return data


def _no_constant(word: str) -> float:
    raise ValueError(f"{word} is not JSON")


class Predictor:
    """One model, ready to answer."""

    def __init__(self, config: dict[str, Any]) -> None:
        import onnxruntime

        self.name, self.version = config["name"], str(config["version"])
        self.most_rows, self.most_bytes = config["most_rows"], config["most_bytes"]
        self.described = {role: [_tensor(item) for item in config[role]] for role in ("inputs", "outputs")}
        self.inputs = {item["name"]: Input(item) for item in config["inputs"]}
        self.outputs = [item["name"] for item in config["outputs"]]
        self.datatypes = {item["name"]: item["datatype"] for item in config["outputs"]}
        self.meter = Meter(Path(config["meter"]), config.get("half", 0))
        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.session = onnxruntime.InferenceSession(
            config["model"], options, providers=["CPUExecutionProvider"]
        )

    def read(self, body: bytes) -> tuple[dict[str, np.ndarray], list[str], Any]:
        """The tensors of a request, the outputs it asks for and its id.  Raises: Refused."""
        try:
            request = json.loads(body, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise Refused(400, "NotJson", "the request is not JSON", detail=str(error)[:120]) from error
        tensors = request.get("inputs") if type(request) is dict else None
        if not isinstance(tensors, list):
            raise Refused(400, "NoInputs", "the request needs a list 'inputs'")
        feed: dict[str, np.ndarray] = {}
        rows = -1
        for tensor in tensors:
            name = tensor.get("name") if type(tensor) is dict else None
            known = self.inputs.get(name) if type(name) is str else None
            if known is None or type(name) is not str:
                raise Refused(
                    400, "UnknownInput", f"the model has no input '{str(name)[:80]}'", input=str(name)[:80]
                )
            if name in feed:
                raise Refused(400, "RepeatedInput", f"input '{name}' is sent twice", input=name)
            feed[name] = array = known.read(tensor)
            if rows != array.shape[0]:
                if rows >= 0:
                    raise Refused(
                        400, "UnevenRows", "all inputs must have the same number of rows", input=name
                    )
                rows = array.shape[0]
                self._check_rows(rows)
        if len(feed) != len(self.inputs):
            missing = sorted(self.inputs.keys() - feed.keys())
            raise Refused(400, "MissingInput", f"missing inputs: {', '.join(missing)}", inputs=missing)
        return feed, self._wanted(request.get("outputs")), request.get("id")

    def _check_rows(self, rows: int) -> None:
        if not 1 <= rows <= self.most_rows:
            raise Refused(
                413 if rows else 400, "TooManyRows" if rows else "NoRows",
                f"a request may hold 1 to {self.most_rows} rows, not {rows}", limit=self.most_rows, rows=rows,
            )  # fmt: skip

    def _wanted(self, asked: Any) -> list[str]:
        if not asked:
            return self.outputs
        names = (
            [item.get("name") if type(item) is dict else None for item in asked]
            if type(asked) is list
            else [None]
        )
        for name in names:
            if type(name) is not str or name not in self.datatypes:
                raise Refused(
                    400, "UnknownOutput", f"the model has no output '{str(name)[:80]}'", output=str(name)[:80]
                )
        return names  # type: ignore[return-value]

    def run(self, feed: dict[str, np.ndarray], wanted: list[str]) -> list[np.ndarray]:
        try:
            return self.session.run(wanted, feed)
        except Exception as error:
            raise Refused(
                500, "ModelFailed", "the model could not answer", detail=str(error)[:200]
            ) from error

    def write(self, wanted: list[str], arrays: list[np.ndarray], request_id: Any) -> bytes:
        outputs = [
            {"name": name, "datatype": self.datatypes[name], "shape": list(array.shape),
             "data": array.ravel().tolist()}
            for name, array in zip(wanted, arrays, strict=True)
        ]  # fmt: skip
        answer: dict[str, Any] = {"model_name": self.name, "model_version": self.version, "outputs": outputs}
        if type(request_id) is str:
            answer["id"] = request_id
        try:
            return json.dumps(answer, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        except ValueError as error:
            raise Refused(
                500, "ModelFailed", "the model answered with no finite number", detail=""
            ) from error

    async def infer(self, body: bytes) -> bytes:
        feed, wanted, request_id = self.read(body)
        rows = next(iter(feed.values())).shape[0]
        if rows > ROWS_INLINE:
            arrays = await asyncio.to_thread(self.run, feed, wanted)
        else:
            arrays = self.run(feed, wanted)
        answer = self.write(wanted, arrays, request_id)
        # Before the answer leaves: what a caller has seen is always counted.
        self.meter.count(rows)
        return answer

    def metadata(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "versions": [self.version],
            "platform": "onnxruntime_onnx",
            **self.described,
        }


def _tensor(item: dict[str, Any]) -> dict[str, Any]:
    return {"name": item["name"], "datatype": item["datatype"], "shape": item["shape"]}


JSON_HEADERS = [(b"content-type", b"application/json")]


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [*JSON_HEADERS, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _body(scope: Scope, receive: Receive, limit: int) -> bytes:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > limit:
            raise Refused(413, "TooLarge", f"a request may hold {limit} bytes", limit=limit)
        if name == b"inference-header-content-length":
            raise Refused(415, "BinaryNotSupported", "send tensors as JSON, not as binary data")
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        # A body without a declared length may also come in one piece, so every piece is weighed.
        if len(body) > limit:
            raise Refused(413, "TooLarge", f"a request may hold {limit} bytes", limit=limit)
    return body


def make_app(
    predictor: Predictor, drain: Callable[[], None] = lambda: None
) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """The ASGI application: inference straight, everything else through FastAPI."""
    slow = _described_routes(predictor, drain)
    base = f"/v2/models/{predictor.name}"
    fast = {f"{base}/infer", f"{base}/versions/{predictor.version}/infer"}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in fast or scope["method"] != "POST":
            await slow(scope, receive, send)
            return
        try:
            status, body = 200, await predictor.infer(await _body(scope, receive, predictor.most_bytes))
        except Refused as refused:
            predictor.meter.refuse()
            status, body = refused.status, refused.body()
        await _answer(send, status, body)

    return app


def _described_routes(predictor: Predictor, drain: Callable[[], None]) -> Any:
    from fastapi import FastAPI
    from fastapi.responses import JSONResponse, Response

    app = FastAPI(title=predictor.name, version=predictor.version, docs_url=None, redoc_url=None)

    def known(name: str, version: str | None = None) -> JSONResponse | None:
        if name == predictor.name and version in {None, predictor.version}:
            return None
        what = name if version is None else f"{name} version {version}"
        said = {
            "error": f"there is no model {what}",
            "code": "services.UnknownModel",
            "facts": {"model": what},
        }
        return JSONResponse(said, 404)

    @app.get("/v2")
    async def server() -> dict[str, Any]:
        return {"name": "bitgoeul", "version": "1", "extensions": []}

    @app.get("/v2/health/live")
    @app.get("/v2/health/ready")
    async def healthy() -> dict[str, bool]:
        return {"live": True, "ready": True}

    @app.get("/v2/models/{name}")
    @app.get("/v2/models/{name}/versions/{version}")
    async def metadata(name: str, version: str | None = None) -> Response:
        return known(name, version) or JSONResponse(predictor.metadata())

    @app.get("/v2/models/{name}/ready")
    @app.get("/v2/models/{name}/versions/{version}/ready")
    async def ready(name: str, version: str | None = None) -> Response:
        return known(name, version) or JSONResponse({"name": name, "ready": True})

    @app.post("/drain")
    async def finish() -> dict[str, bool]:
        drain()
        return {"draining": True}

    @app.post("/v2/models/{name}/infer")
    @app.post("/v2/models/{name}/versions/{version}/infer")
    async def infer_elsewhere(name: str, version: str | None = None) -> Response:
        return known(name, version) or JSONResponse({"error": "unreachable"}, 500)

    return app


def limit_myself(config: dict[str, Any]) -> None:
    """Memory, files and processes of this process; and its death with the one that watches it."""
    import ctypes
    import resource
    import signal

    memory = int(config.get("memory_mib", 4096)) << 20
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))
    resource.setrlimit(resource.RLIMIT_FSIZE, (16 << 20, 16 << 20))
    parent = config.get("parent")
    if parent:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            sys.exit("the keeper is gone")


def main(config_file: str) -> None:
    import uvicorn

    config = json.loads(Path(config_file).read_text(encoding="utf-8"))
    limit_myself(config)
    # The server exists before the application that may end it.
    server: uvicorn.Server

    def drain() -> None:
        server.should_exit = True

    app = make_app(Predictor(config), drain)
    where: dict[str, Any] = (
        {"uds": config["socket"]} if "socket" in config else {"host": "127.0.0.1", "port": config["port"]}
    )
    server = uvicorn.Server(uvicorn.Config(
        app, loop="uvloop", http="httptools", lifespan="off", access_log=False, log_level="warning",
        timeout_keep_alive=120, limit_concurrency=256, backlog=256, server_header=False, **where,
    ))  # fmt: skip
    server.run()


if __name__ == "__main__":
    main(sys.argv[1])
