# ruff: noqa: E501 - one tensor per line
"""A small real ONNX model, and rows that hold it."""

from __future__ import annotations

import copy
import itertools
from typing import Any

import onnx
from onnx import TensorProto, helper

from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.people.tests.factories import make_organisation, make_person
from bitgoeul.apps.registry.intake import take_in
from bitgoeul.apps.registry.models import ModelVersion
from bitgoeul.kit.actor import SYSTEM

_serial = itertools.count(1)

DOCUMENT: dict[str, Any] = {
    "name": "late-ride",
    "title": {"ko": "늦는 버스 예측", "en": "Late rides"},
    "sector": "mobility",
    "task": "binary-classification",
    "question": {"ko": "이 버스는 늦습니까?", "en": "Will this bus be late?"},
    "answer": {
        "ko": "이 버스가 늦을 확률은 {percent}%입니다.",
        "en": "The chance that this bus is late is {percent}%.",
    },
    "inputs": [
        {"name": "rain", "datatype": "FP32", "shape": [-1, 1], "kind": "number", "nullable": True,
         "title": {"ko": "비(mm)", "en": "Rain (mm)"}, "min": 0, "max": 60, "default": 1.5},
        {"name": "stop", "datatype": "BYTES", "shape": [-1, 1], "kind": "category",
         "title": {"ko": "정류장", "en": "Stop"}, "categories": ["역전", "시청"], "default": "역전",
         "category_titles": {"역전": {"ko": "역 앞", "en": "Station"}}},
        {"name": "hour", "datatype": "INT64", "shape": [-1, 1], "kind": "number",
         "title": {"ko": "시", "en": "Hour"}, "min": 0, "max": 23, "default": 8},
    ],
    "outputs": [
        {"name": "probability", "datatype": "FP32", "shape": [-1, 1], "title": {"ko": "확률", "en": "Probability"}},
        {"name": "label", "datatype": "INT64", "shape": [-1, 1], "title": {"ko": "예·아니요", "en": "Yes or no"}},
    ],
    "metrics": {
        "rows": 100, "auc": 0.7, "auc_low": 0.65, "auc_high": 0.75, "brier": 0.18, "brier_of_base_rate": 0.2,
        "log_loss": 0.5, "accuracy": 0.71, "base_rate": 0.3, "ece": 0.02, "threshold": 0.4,
        "confusion": {"true_positive": 15, "false_positive": 14, "false_negative": 15, "true_negative": 56},
    },
    "split": {"kind": "time", "parts": {
        "train": {"rows": 800, "from": "2024-01-01T00:00:00Z", "until": "2024-02-01T00:00:00Z"},
        "test": {"rows": 100, "from": "2024-02-02T00:00:00Z", "until": "2024-02-10T00:00:00Z"}}},
    "curves": {"roc": [[0, 0], [0.2, 0.5], [1, 1]], "calibration": [[0.1, 0.12, 50], [0.6, 0.55, 50]]},
    "importance": [{"name": "rain", "share": 0.8}, {"name": "stop", "share": 0.2}],
    "card": {"sections": [{"key": "limits", "title": {"ko": "한계", "en": "Limits"},
                           "text": {"ko": ["예시 모델입니다."], "en": ["An example."]}}]},
}  # fmt: skip


def document(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(DOCUMENT) | changes


def graph(**changes: Any) -> onnx.GraphProto:
    """probability = sigmoid(0.1 rain + 0.05 hour + stop - 2); label is 1 from 0.5 up."""
    ml = {"domain": "ai.onnx.ml"}
    nodes = [
        helper.make_node("LabelEncoder", ["stop"], ["a"], keys_strings=["역전", "시청"],
                         values_floats=[0.2, 1.5], default_float=0.5, **ml),
        helper.make_node("IsNaN", ["rain"], ["gap"]),
        helper.make_node("Where", ["gap", "middle", "rain"], ["b"]),
        helper.make_node("Cast", ["hour"], ["c"], to=TensorProto.FLOAT),
        helper.make_node("Concat", ["a", "b", "c"], ["d"], axis=1),
        helper.make_node("MatMul", ["d", "weights"], ["e"]),
        helper.make_node("Add", ["e", "offset"], ["f"]),
        helper.make_node("Sigmoid", ["f"], ["probability"]),
        helper.make_node("GreaterOrEqual", ["probability", "half"], ["g"]),
        helper.make_node("Cast", ["g"], ["label"], to=TensorProto.INT64),
    ]  # fmt: skip
    shape = ["rows", 1]
    parts: dict[str, Any] = {
        "nodes": nodes,
        "name": "late-ride",
        "inputs": [
            helper.make_tensor_value_info("rain", TensorProto.FLOAT, shape),
            helper.make_tensor_value_info("stop", TensorProto.STRING, shape),
            helper.make_tensor_value_info("hour", TensorProto.INT64, shape),
        ],
        "outputs": [
            helper.make_tensor_value_info("probability", TensorProto.FLOAT, shape),
            helper.make_tensor_value_info("label", TensorProto.INT64, shape),
        ],
        "initializer": [
            helper.make_tensor("weights", TensorProto.FLOAT, [3, 1], [1.0, 0.1, 0.05]),
            helper.make_tensor("offset", TensorProto.FLOAT, [1], [-2.0]),
            helper.make_tensor("middle", TensorProto.FLOAT, [1], [1.5]),
            helper.make_tensor("half", TensorProto.FLOAT, [1], [0.5]),
        ],
    }
    return helper.make_graph(**(parts | changes))


def onnx_model(made: onnx.GraphProto | None = None, **domains: int) -> onnx.ModelProto:
    opsets = [helper.make_opsetid("", 15), helper.make_opsetid("ai.onnx.ml", 3)]
    opsets += [helper.make_opsetid(name, version) for name, version in domains.items()]
    model = helper.make_model(made or graph(), opset_imports=opsets)
    model.ir_version = 8
    return model


def make_version(
    folder: Any, organisation: Organisation | None = None, *, public: bool = False, **changes: Any
) -> ModelVersion:
    """A registered version of the small model; ``folder`` is a temporary folder."""
    organisation = organisation or make_organisation(make_person())
    serial = next(_serial)
    file = folder / f"model-{serial}.onnx"
    file.write_bytes(onnx_model().SerializeToString())
    version = take_in(
        by=SYSTEM,
        organisation=organisation,
        artefact=file,
        document=document(**({"name": f"late-ride-{serial}"} | changes)),
        reference=f"job:test-{serial}",
        lineage={"job": f"test-{serial}", "datasets": ["rides@1"], "code_sha256": "ab" * 32},
        keep_refusal=False,
    )
    if public:
        version.model.is_public = True
        version.model.save(update_fields=["is_public"])
    return version
