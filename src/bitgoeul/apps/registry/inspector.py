"""Look at one ONNX file that may be hostile, and print one JSON object: what is in it, or why it is refused.

A program of its own, started by ``checking.py`` under limits and, where possible, in a sandbox; it imports
neither Django nor the hub.  Usage: ``python inspector.py MODEL.onnx < declared.json``.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

DOMAINS = {"", "ai.onnx", "ai.onnx.ml"}
# ONNX element type -> Open Inference Protocol word
DATATYPES = {
    1: "FP32", 2: "UINT8", 3: "INT8", 4: "UINT16", 5: "INT16", 6: "INT32", 7: "INT64",
    8: "BYTES", 9: "BOOL", 11: "FP64", 12: "UINT32", 13: "UINT64",
}  # fmt: skip
NUMPY = {
    "FP32": "float32", "FP64": "float64", "BOOL": "bool", "INT8": "int8", "INT16": "int16", "INT32": "int32",
    "INT64": "int64", "UINT8": "uint8", "UINT16": "uint16", "UINT32": "uint32", "UINT64": "uint64",
}  # fmt: skip
MOST_NODES = 20_000


class Refused(Exception):
    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, " ".join(detail.split())[:300]


def inspect(path: str, declared: dict[str, Any]) -> dict[str, Any]:
    import onnx

    try:
        model = onnx.load_model(path, format="protobuf", load_external_data=False)
    except Exception as error:
        raise Refused("NotOnnx", str(error) or type(error).__name__) from error
    if not model.graph.node:
        raise Refused("NotOnnx", "it holds no graph")
    graphs = list(_graphs(model))
    nodes = [node for graph in graphs for node in graph.node]
    if len(nodes) > MOST_NODES:
        raise Refused("MalformedGraph", f"{len(nodes)} operators, at most {MOST_NODES} are allowed")
    foreign = sorted({f"{n.domain}.{n.op_type}" for n in nodes if n.domain not in DOMAINS})
    foreign += sorted({o.domain for o in model.opset_import if o.domain not in DOMAINS})
    if foreign:
        raise Refused("ForeignOperator", ", ".join(foreign[:10]))
    outside = sorted({tensor.name for tensor in _tensors(graphs, nodes) if tensor.data_location == 1})
    if outside:
        raise Refused("ExternalData", ", ".join(outside[:10]))
    try:
        onnx.checker.check_model(model, full_check=True)
    except Exception as error:
        raise Refused("MalformedGraph", str(error)) from error

    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [_described(value) for value in model.graph.input if value.name not in constants]
    outputs = [_described(value) for value in model.graph.output]
    _compare("input", declared.get("inputs"), inputs)
    _compare("output", declared.get("outputs"), outputs)
    _try(path, inputs, outputs, declared.get("inputs") or [])
    return {
        "inputs": inputs,
        "outputs": outputs,
        "nodes": len(nodes),
        "operators": dict(sorted(Counter(node.op_type for node in nodes).items())),
        "opsets": {opset.domain or "ai.onnx": opset.version for opset in model.opset_import},
        "producer": f"{model.producer_name} {model.producer_version}".strip()[:120],
    }


def _graphs(model: Any) -> Iterator[Any]:
    """The main graph, every graph inside a node, and every local function."""
    waiting = [model.graph, *model.functions]
    while waiting:
        graph = waiting.pop()
        yield graph
        for node in graph.node:
            for attribute in node.attribute:
                if attribute.HasField("g"):
                    waiting.append(attribute.g)
                waiting.extend(attribute.graphs)


def _tensors(graphs: list[Any], nodes: list[Any]) -> Iterator[Any]:
    for graph in graphs:
        yield from getattr(graph, "initializer", ())
        for sparse in getattr(graph, "sparse_initializer", ()):
            yield from (sparse.values, sparse.indices)
    for node in nodes:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            for sparse in [attribute.sparse_tensor, *attribute.sparse_tensors]:
                yield from (sparse.values, sparse.indices)


def _described(value: Any) -> dict[str, Any]:
    kind = value.type.tensor_type
    datatype = DATATYPES.get(kind.elem_type)
    if not value.type.HasField("tensor_type") or datatype is None:
        raise Refused("SchemaMismatch", f"'{value.name}' is not a tensor of a type that services can carry")
    shape = [d.dim_value if d.HasField("dim_value") else -1 for d in kind.shape.dim]
    return {"name": value.name, "datatype": datatype, "shape": shape}


def _compare(role: str, declared: Any, found: list[dict[str, Any]]) -> None:
    """The declared tensors must be those of the graph; without a declaration the graph speaks for itself."""
    if declared is None:
        return
    wanted = {item["name"]: item for item in declared}
    real = {item["name"]: item for item in found}
    if len(wanted) != len(declared):
        raise Refused("SchemaMismatch", f"an {role} is declared twice")
    for name in wanted.keys() ^ real.keys():
        where = "the graph" if name in wanted else "model.json"
        raise Refused("SchemaMismatch", f"{role} '{name}' is missing in {where}")
    for name, item in wanted.items():
        if item["datatype"] != real[name]["datatype"]:
            raise Refused(
                "SchemaMismatch",
                f"{role} '{name}' is {item['datatype']} in model.json, {real[name]['datatype']} in the graph",
            )
        mine, theirs = item["shape"], real[name]["shape"]
        if len(mine) != len(theirs) or any(
            -1 not in {a, b} and a != b for a, b in zip(mine, theirs, strict=True)
        ):
            raise Refused(
                "SchemaMismatch", f"{role} '{name}' has shape {mine} in model.json and {theirs} in the graph"
            )


def _try(path: str, inputs: list[dict], outputs: list[dict], declared: list[dict]) -> None:
    """Answer one row and three rows; every output must have as many rows and hold no infinity."""
    import numpy as np
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    defaults = {item["name"]: item.get("default") for item in declared}
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        for rows in (1, 3):
            feed = {}
            for item in inputs:
                shape = [rows if i == 0 and d in {-1, 0} else max(1, d) for i, d in enumerate(item["shape"])]
                default = defaults.get(item["name"])
                if item["datatype"] == "BYTES":
                    feed[item["name"]] = np.full(shape, str(default or ""), dtype=object)
                else:
                    feed[item["name"]] = np.full(shape, default or 0, dtype=NUMPY[item["datatype"]])
            answers = session.run(None, feed)
            for item, answer in zip(outputs, answers, strict=True):
                _require_sound(item, answer, rows)
    except Refused:
        raise
    except Exception as error:
        raise Refused("DoesNotRun", str(error)) from error


def _require_sound(item: dict, answer: Any, rows: int) -> None:
    import numpy as np

    if item["shape"] and item["shape"][0] == -1 and answer.shape[:1] != (rows,):
        raise Refused("DoesNotRun", f"output '{item['name']}' has shape {list(answer.shape)} for {rows} rows")
    if answer.dtype.kind == "f" and not np.isfinite(answer).all():
        raise Refused("DoesNotRun", f"output '{item['name']}' is not a finite number")


if __name__ == "__main__":
    try:
        print(json.dumps({"graph": inspect(sys.argv[1], json.load(sys.stdin))}))
    except MemoryError:
        print(json.dumps({"code": "TooExpensiveToCheck", "detail": "memory"}))
    except Refused as refused:
        print(json.dumps({"code": refused.code, "detail": refused.detail}))
