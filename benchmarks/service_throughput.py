"""Requests per second of a model service against a bare ONNX Runtime loop behind the same server.

Both answer the same protocol request for the same small model (100 trees on 12 raw columns, one row) in one
process of uvicorn with uvloop and httptools.  The bare loop is a FastAPI endpoint that trusts its input:
parse, run, answer; no checks, no meter.  One bounded client drives each in turn, in short interleaved slices.

``python benchmarks/service_throughput.py`` prints the object; ``_serve`` and ``_load`` are its processes.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

CONNECTIONS, SLICE_S, SLICES, WARM_S = 4, 1.0, 7, 0.5
BAR = 0.5
HERE = Path(__file__).resolve()
NAME, COLUMNS = "bench", 12


def run() -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bgl-") as place:
        folder = Path(place)
        request = _make_model(folder)
        kinds = ("service", "bare", "bare_asgi")
        servers = {kind: _start(kind, folder) for kind in kinds}
        try:
            rates: dict[str, list[float]] = {kind: [] for kind in kinds}
            for kind in kinds:
                _wait(folder / f"{kind}.sock")
                _drive(folder, kind, request, WARM_S)
            for _slice in range(SLICES):
                for kind in kinds:
                    rates[kind].append(_drive(folder, kind, request, SLICE_S))
        finally:
            for server in servers.values():
                server.kill()
                server.wait()
    ratios = [ours / bare for ours, bare in zip(rates["service"], rates["bare"], strict=True)]
    strict = [ours / bare for ours, bare in zip(rates["service"], rates["bare_asgi"], strict=True)]
    value = statistics.median(ratios)
    return {
        "name": "service-throughput",
        "value": round(value, 3),
        "unit": "x of a bare ONNX Runtime loop behind the same server",
        "bar": f">= {BAR}",
        "holds": value >= BAR,
        "detail": {
            "requests_per_s": {kind: round(statistics.median(found)) for kind, found in rates.items()},
            "ratio_lowest": round(min(ratios), 3),
            "ratio_highest": round(max(ratios), 3),
            "ratio_to_bare_asgi_without_framework": round(statistics.median(strict), 3),
            "connections": CONNECTIONS,
            "slices": SLICES,
            "slice_s": SLICE_S,
            "columns": COLUMNS,
        },
    }


def _make_model(folder: Path) -> bytes:
    """Train a small model on made-up rows, export it as the recipe does, and return one request for it."""
    import numpy as np
    import pyarrow as pa

    recipe = HERE.parent.parent / "src/bitgoeul/recipes/tabular_classifier"
    sys.path.insert(0, str(recipe))
    try:
        from features import learn_features
        from graph import build_graph
    finally:
        sys.path.remove(str(recipe))
    import lightgbm

    random = np.random.default_rng(1)
    rows = 4000
    columns: dict[str, Any] = {f"n{i}": random.normal(size=rows).round(3) for i in range(COLUMNS - 3)}
    columns["whole"] = random.integers(0, 24, rows)
    columns["word"] = random.choice(["가", "나", "다"], rows)
    columns["place"] = random.choice([f"P{i:02}" for i in range(40)], rows)
    table = pa.table(columns)
    late = columns["n0"] + 0.2 * columns["whole"] / 24 + random.normal(size=rows) > 0.4
    features = learn_features(table, late)
    made = np.column_stack([f.encode(table[f.name]) for f in features])
    booster = lightgbm.train(
        {"objective": "binary", "num_leaves": 31, "verbosity": -1, "num_threads": 2, "seed": 1},
        lightgbm.Dataset(made, late.astype(np.float32)),
        num_boost_round=100,
    )
    booster.best_iteration = booster.current_iteration()
    (folder / "model.onnx").write_bytes(build_graph(booster, features, 0.5, NAME).SerializeToString())
    inputs = [{"name": f.name, "datatype": f.datatype, "shape": [-1, 1]} for f in features]
    outputs = [
        {"name": "probability", "datatype": "FP32", "shape": [-1, 1]},
        {"name": "label", "datatype": "INT64", "shape": [-1, 1]},
    ]
    config = {
        "name": NAME, "version": "1", "model": str(folder / "model.onnx"), "meter": str(folder / "meter"),
        "inputs": inputs, "outputs": outputs, "most_rows": 1000, "most_bytes": 1 << 20,
        "socket": str(folder / "service.sock"),
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    sample = {f.name: columns[f.name][0].item() for f in features}
    tensors = [
        {"name": f.name, "datatype": f.datatype, "shape": [1, 1], "data": [sample[f.name]]} for f in features
    ]
    body = json.dumps({"inputs": tensors}, ensure_ascii=False).encode()
    head = f"POST /v2/models/{NAME}/infer HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _start(kind: str, folder: Path) -> subprocess.Popen[bytes]:
    if kind == "service":
        words = ["-m", "bitgoeul.apps.services.predictor", str(folder / "config.json")]
    else:
        words = [str(HERE), "_serve", kind, str(folder)]
    return subprocess.Popen([sys.executable, *words])


def _wait(socket: Path) -> None:
    for _try in range(300):
        if socket.exists():
            return
        time.sleep(0.1)
    raise TimeoutError(f"{socket} did not appear")


def _drive(folder: Path, kind: str, request: bytes, seconds: float) -> float:
    """Answers per second that one client process saw."""
    words = [sys.executable, str(HERE), "_load", str(folder / f"{kind}.sock"), str(seconds)]
    done = subprocess.run(words, input=request, capture_output=True, check=True, timeout=60)
    return float(done.stdout)


def _serve(kind: str, folder: Path) -> None:
    import numpy as np
    import onnxruntime
    import uvicorn
    from fastapi import FastAPI, Request, Response

    config = json.loads((folder / "config.json").read_text())
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(config["model"], options, providers=["CPUExecutionProvider"])
    kinds = {"FP32": np.float32, "INT64": np.int64, "BYTES": np.object_}

    def predict(body: bytes) -> bytes:
        feed = {
            tensor["name"]: np.array(tensor["data"], kinds[tensor["datatype"]]).reshape(tensor["shape"])
            for tensor in json.loads(body)["inputs"]
        }
        probability, label = session.run(None, feed)
        outputs = [
            {"name": "probability", "datatype": "FP32", "shape": probability.shape,
             "data": probability.ravel().tolist()},
            {"name": "label", "datatype": "INT64", "shape": label.shape, "data": label.ravel().tolist()},
        ]  # fmt: skip
        return json.dumps({"model_name": NAME, "outputs": outputs}).encode()

    app: Any = FastAPI()

    @app.post(f"/v2/models/{NAME}/infer")
    async def infer(request: Request) -> Response:
        return Response(predict(await request.body()), media_type="application/json")

    async def plain(scope: Any, receive: Any, send: Any) -> None:
        answer = predict((await receive())["body"])
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    uvicorn.run(
        plain if kind == "bare_asgi" else app, uds=str(folder / f"{kind}.sock"), loop="uvloop",
        http="httptools", lifespan="off", access_log=False, log_level="warning",
    )  # fmt: skip


class _Caller(asyncio.Protocol):
    """One connection: send, wait for the whole answer, send again."""

    answered = 0

    def __init__(self, request: bytes) -> None:
        self.request, self.waiting = request, b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        head, found, body = self.waiting.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        if len(body) < length:
            return
        if not head.startswith(b"HTTP/1.1 200"):
            sys.exit(body.decode())
        _Caller.answered += 1
        self.waiting = b""
        self.transport.write(self.request)


async def _load(socket: str, seconds: float) -> None:
    request = sys.stdin.buffer.read()
    loop = asyncio.get_running_loop()
    for _connection in range(CONNECTIONS):
        await loop.create_unix_connection(lambda: _Caller(request), socket)
    begun, before = time.perf_counter(), _Caller.answered
    await asyncio.sleep(seconds)
    print((_Caller.answered - before) / (time.perf_counter() - begun))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["_serve", kind, folder]:
            _serve(kind, Path(folder))
        case ["_load", socket, seconds]:
            import uvloop

            uvloop.run(_load(socket, float(seconds)))
        case _:
            print(json.dumps(run(), ensure_ascii=False))
