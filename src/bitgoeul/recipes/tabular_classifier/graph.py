"""One ONNX graph from raw columns to the answer: pre-processing, trees, threshold; standard operators."""

from __future__ import annotations

import os
from typing import Any

import lightgbm
import numpy as np
import onnx
import onnx.compose
from features import Feature
from onnx import TensorProto, helper
from onnxmltools import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType

OPSET, ML_OPSET = 15, 3
TYPES = {"FP32": TensorProto.FLOAT, "INT64": TensorProto.INT64, "BYTES": TensorProto.STRING}


def build_graph(
    booster: lightgbm.Booster, features: list[Feature], threshold: float, name: str
) -> onnx.ModelProto:
    """Inputs: one (rows, 1) tensor per feature. Outputs: probability and label (1 is yes), each (rows, 1)."""
    nodes: list[onnx.NodeProto] = []
    constants: list[onnx.TensorProto] = []
    for number, feature in enumerate(features):
        made, held = _prepare(feature, number)
        nodes += made
        constants += held
    nodes.append(
        helper.make_node("Concat", [_ready(n) for n in range(len(features))], ["trees/table"], "join", axis=1)
    )

    trees = convert_lightgbm(
        booster,
        initial_types=[("table", FloatTensorType([None, len(features)]))],
        target_opset=OPSET,
        zipmap=False,
    )
    # The converter has names of its own, "label" among them: keep them apart from ours.
    trees = onnx.compose.add_prefix(trees, "trees/")
    chances = trees.graph.output[1].name
    nodes += list(trees.graph.node)
    constants += list(trees.graph.initializer)

    constants += [
        helper.make_tensor("after/yes_column", TensorProto.INT64, [1], [1]),
        helper.make_tensor("after/threshold", TensorProto.FLOAT, [1], [threshold]),
    ]
    nodes += [
        helper.make_node("Gather", [chances, "after/yes_column"], ["probability"], "pick_yes", axis=1),
        helper.make_node("GreaterOrEqual", ["probability", "after/threshold"], ["after/is_yes"], "compare"),
        helper.make_node("Cast", ["after/is_yes"], ["label"], "as_number", to=TensorProto.INT64),
    ]
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info(f.name, TYPES[f.datatype], ["rows", 1]) for f in features],
        [
            helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["rows", 1]),
            helper.make_tensor_value_info("label", TensorProto.INT64, ["rows", 1]),
        ],
        constants,
    )
    model = helper.make_model(
        graph,
        producer_name="bitgoeul tabular-classifier",
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)],
    )
    model.ir_version = min(model.ir_version, 10)
    onnx.checker.check_model(model, full_check=True)
    return model


def _ready(number: int) -> str:
    return f"before/ready_{number}"


def _prepare(feature: Feature, number: int) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    ready = _ready(number)
    if feature.is_category:
        node = helper.make_node(
            "LabelEncoder",
            [feature.name],
            [ready],
            f"encode_{number}",
            domain="ai.onnx.ml",
            keys_strings=list(feature.codes) or [""],
            values_floats=list(feature.codes.values()) or [feature.other],
            default_float=feature.other,
        )
        return [node], []
    cast = helper.make_node("Cast", [feature.name], [ready], f"cast_{number}", to=TensorProto.FLOAT)
    if feature.datatype == "INT64":
        return [cast], []
    middle = helper.make_tensor(f"before/middle_{number}", TensorProto.FLOAT, [1], [feature.middle])
    return [
        helper.make_node("IsNaN", [feature.name], [f"before/missing_{number}"], f"find_missing_{number}"),
        helper.make_node(
            "Where",
            [f"before/missing_{number}", f"before/middle_{number}", feature.name],
            [ready],
            f"fill_{number}",
        ),
    ], [middle]


def largest_difference(
    model: onnx.ModelProto, raw: dict[str, np.ndarray], expected: np.ndarray
) -> tuple[float, int]:
    """Run the graph on raw columns; return the largest gap to LightGBM's answer and the row count."""
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = len(os.sched_getaffinity(0))
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    answers: Any = session.run(["probability"], raw)[0]
    return float(np.abs(answers[:, 0].astype(np.float64) - expected).max()), len(expected)
