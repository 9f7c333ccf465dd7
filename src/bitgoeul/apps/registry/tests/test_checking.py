"""Files that must not enter the registry, and the one that may."""

from __future__ import annotations

import json

import onnx
import pytest
from onnx import TensorProto, helper

from bitgoeul.apps.registry import checking, errors
from bitgoeul.apps.registry.tests.factories import document, graph, onnx_model

pytestmark = pytest.mark.slow


@pytest.fixture
def handed_in(tmp_path):
    """Check a model as bytes (or a ModelProto) with a document."""

    def run(content, declared=None):
        file = tmp_path / "model.onnx"
        file.write_bytes(content if isinstance(content, bytes) else content.SerializeToString())
        return checking.check(file, declared or document())

    return run


def test_given_a_sound_model_when_checked_then_its_content_is_told(handed_in):
    checked = handed_in(onnx_model())

    assert [item["name"] for item in checked.graph["inputs"]] == ["rain", "stop", "hour"]
    assert checked.graph["operators"]["LabelEncoder"] == 1
    assert checked.graph["opsets"] == {"ai.onnx": 15, "ai.onnx.ml": 3}
    assert checked.document["inputs"][0]["datatype"] == "FP32"


def test_given_no_declaration_when_checked_then_the_graph_speaks_for_itself(handed_in):
    declared = {"name": "late-ride", "title": {"ko": "늦는 버스", "en": "Late rides"}}

    checked = handed_in(onnx_model(), declared)

    kinds = {item["name"]: (item["datatype"], item["kind"]) for item in checked.document["inputs"]}
    assert kinds == {"rain": ("FP32", "number"), "stop": ("BYTES", "text"), "hour": ("INT64", "number")}


def external() -> onnx.ModelProto:
    model = onnx_model()
    weights = model.graph.initializer[0]
    weights.data_location = TensorProto.EXTERNAL
    weights.external_data.add(key="location", value="../../../etc/passwd")
    return model


def external_in_a_branch() -> onnx.ModelProto:
    """The reference hides in a constant of a graph inside a node."""
    hidden = helper.make_tensor("x", TensorProto.FLOAT, [1], [0.0])
    hidden.ClearField("float_data")
    hidden.data_location = TensorProto.EXTERNAL
    hidden.external_data.add(key="location", value="secret.bin")
    branch = helper.make_graph(
        [helper.make_node("Constant", [], ["y"], value=hidden)],
        "branch",
        [],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])],
    )
    made = graph()
    made.node.append(helper.make_node("If", ["flag"], ["z"], then_branch=branch, else_branch=branch))
    made.initializer.append(helper.make_tensor("flag", TensorProto.BOOL, [], [True]))
    return onnx_model(made)


def foreign() -> onnx.ModelProto:
    made = graph()
    made.node.append(helper.make_node("RunShell", ["f"], ["w"], domain="com.evil"))
    return onnx_model(made, **{"com.evil": 1})


def dangling() -> onnx.ModelProto:
    made = graph()
    made.node[7].input[0] = "nowhere"
    return onnx_model(made)


def wrong_type() -> onnx.ModelProto:
    made = graph()
    made.input[2].type.tensor_type.elem_type = TensorProto.INT32
    return onnx_model(made)


def not_finite() -> onnx.ModelProto:
    made = graph()
    made.initializer[1].float_data[0] = float("inf")
    made.node[7].op_type = "Identity"
    return onnx_model(made)


def enormous() -> onnx.ModelProto:
    """Few bytes that ask for 4 TiB when they run."""
    made = graph()
    made.initializer.append(helper.make_tensor("size", TensorProto.INT64, [2], [1 << 20, 1 << 20]))
    made.node.insert(7, helper.make_node("ConstantOfShape", ["size"], ["vast"]))
    made.node.insert(8, helper.make_node("ReduceSum", ["vast"], ["sum"], keepdims=0))
    made.node.insert(9, helper.make_node("Add", ["f", "sum"], ["h"]))
    made.node[10].input[0] = "h"
    return onnx_model(made)


@pytest.mark.parametrize(
    ("content", "refused"),
    [
        (b"", errors.NotOnnx),
        (b"not a model at all", errors.NotOnnx),
        (lambda: onnx_model().SerializeToString()[:-40], errors.NotOnnx),
        (dangling, errors.MalformedGraph),
        (foreign, errors.ForeignOperator),
        (external, errors.ExternalData),
        (external_in_a_branch, errors.ExternalData),
        (wrong_type, errors.SchemaMismatch),
        (not_finite, errors.DoesNotRun),
        (enormous, (errors.DoesNotRun, errors.TooExpensiveToCheck)),
    ],
)
def test_given_a_bad_file_when_checked_then_the_reason_is_named(handed_in, content, refused):
    with pytest.raises(refused) as error:
        handed_in(content() if callable(content) else content)

    assert str(error.value)
    assert error.value.what_to_do()
    assert str(errors.reason(error.value.code, error.value.facts)) == str(error.value)


def without_input(name):
    declared = document()
    declared["inputs"] = [item for item in declared["inputs"] if item["name"] != name]
    return declared


def renamed_output():
    declared = document()
    declared["outputs"][0]["name"] = "chance"
    return declared


@pytest.mark.parametrize(
    ("declared", "refused"),
    [
        (without_input("hour"), errors.SchemaMismatch),
        (renamed_output(), errors.SchemaMismatch),
        (document(artefact={"sha256": "0" * 64}), errors.HashMismatch),
        (document(name="../../etc"), errors.DocumentUnreadable),
        (document(inputs="many"), errors.DocumentUnreadable),
        (document(curves={"roc": [[0, 0]] * 5000}), errors.DocumentUnreadable),
        (document(metrics={"auc": "very good"}), errors.DocumentUnreadable),
        (b"{", errors.DocumentUnreadable),
        (b'{"name": NaN}', errors.DocumentUnreadable),
        (b"[" * 100_000, errors.DocumentUnreadable),
        (b'"' + b"x" * (3 << 20) + b'"', errors.FileTooLarge),
        (json.dumps({"name": "late-ride"}).encode(), errors.DocumentUnreadable),
    ],
)
def test_given_a_bad_document_when_checked_then_the_reason_is_named(handed_in, declared, refused):
    with pytest.raises(refused):
        handed_in(onnx_model(), declared)


def test_given_a_file_over_the_limit_when_checked_then_it_is_never_opened(handed_in, settings):
    settings.MODEL_LIMIT = 100

    with pytest.raises(errors.FileTooLarge):
        handed_in(onnx_model())
