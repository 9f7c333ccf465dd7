"""The process that answers: the whole protocol, bad requests, and a meter that survives kill -9."""

from __future__ import annotations

import json
import math
import os
import signal
import struct
import subprocess
import sys
import time

import httpx
import pytest

from bitgoeul.apps.registry.tests.factories import document, onnx_model
from bitgoeul.apps.services.tests.factories import question

pytestmark = pytest.mark.slow

BASE = "/v2/models/rides"


class Running:
    def __init__(self, folder, config):
        self.folder, self.config = folder, config
        self.client = httpx.Client(
            transport=httpx.HTTPTransport(uds=config["socket"]), base_url="http://predictor", timeout=20
        )
        self.begin()

    def begin(self):
        path = self.folder / "config.json"
        path.write_text(json.dumps(self.config))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bitgoeul.apps.services.predictor", str(path)],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        )
        for _try in range(300):
            try:
                self.client.get("/v2/health/ready")
            except httpx.TransportError:
                assert self.process.poll() is None, "the predictor ended"
                time.sleep(0.05)
            else:
                return
        raise TimeoutError

    def infer(self, body, path=f"{BASE}/infer"):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.post(path, content=content)

    def counts(self):
        """predictions, requests, refused"""
        return struct.unpack_from("=8sQQQ", (self.folder / "meter").read_bytes())[1:]


@pytest.fixture(scope="module")
def predictor(tmp_path_factory):
    folder = tmp_path_factory.mktemp("p")
    (folder / "model.onnx").write_bytes(onnx_model().SerializeToString())
    told = document()
    running = Running(
        folder,
        {
            "name": "rides", "version": "3", "model": str(folder / "model.onnx"),
            "meter": str(folder / "meter"),
            "socket": str(folder / "s"), "inputs": told["inputs"], "outputs": told["outputs"],
            "most_rows": 100, "most_bytes": 20_000,
        },
    )  # fmt: skip
    yield running
    running.process.kill()
    running.process.wait()


def expected(rain, stop, hour):
    rain = 1.5 if rain is None else rain
    return 1 / (1 + math.exp(-({"역전": 0.2, "시청": 1.5}.get(stop, 0.5) + 0.1 * rain + 0.05 * hour - 2)))


def test_given_rows_when_asked_then_each_gets_its_probability(predictor):
    answer = predictor.infer(question() | {"id": "mine"}).json()

    assert (answer["model_name"], answer["model_version"], answer["id"]) == ("rides", "3", "mine")
    probability, label = answer["outputs"]
    assert probability["shape"] == [2, 1]
    assert probability["data"] == pytest.approx([expected(0, "역전", 3), expected(30.5, "시청", 8)], abs=1e-6)
    assert label["data"] == [0, 1]


def test_given_gaps_and_unknown_words_when_asked_then_they_are_answered(predictor):
    asked = question(rain={"data": [None, 2]}, stop={"data": ["", "없는 곳"]})

    answer = predictor.infer(asked).json()

    assert answer["outputs"][0]["data"] == pytest.approx(
        [expected(None, "", 3), expected(2, "x", 8)], abs=1e-6
    )


def test_given_nested_data_and_one_wanted_output_when_asked_then_the_protocol_holds(predictor):
    asked = question(rain={"data": [[0.0], [30.5]]}) | {"outputs": [{"name": "label"}]}

    answer = predictor.infer(asked, f"{BASE}/versions/3/infer").json()

    assert [output["name"] for output in answer["outputs"]] == ["label"]


@pytest.mark.parametrize(
    "path", ["/v2/health/live", "/v2/health/ready", f"{BASE}/ready", f"{BASE}/versions/3/ready"]
)
def test_it_says_that_it_is_ready(predictor, path):
    assert predictor.client.get(path).status_code == 200


def test_it_describes_itself(predictor):
    described = predictor.client.get(BASE).json()

    assert described == predictor.client.get(f"{BASE}/versions/3").json()
    assert described["inputs"][1] == {"name": "stop", "datatype": "BYTES", "shape": [-1, 1]}
    assert described["platform"] == "onnxruntime_onnx"
    assert predictor.client.get("/v2").json()["name"] == "bitgoeul"


def without(name):
    asked = question()
    return {"inputs": [tensor for tensor in asked["inputs"] if tensor["name"] != name]}


def twice():
    asked = question()
    return {"inputs": [*asked["inputs"], asked["inputs"][0]]}


def rows(number):
    return {
        "inputs": [
            tensor | {"shape": [number, 1], "data": tensor["data"][:1] * number}
            for tensor in question()["inputs"]
        ]
    }


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        (b"", 400, "NotJson"),
        (b"{", 400, "NotJson"),
        (b"[" * 9_000, 400, "NotJson"),
        (b'{"inputs": NaN}', 400, "NotJson"),
        (b"\xff\xfe", 400, "NotJson"),
        (b"[]", 400, "NoInputs"),
        ({}, 400, "NoInputs"),
        ({"inputs": {}}, 400, "NoInputs"),
        ({"inputs": []}, 400, "MissingInput"),
        ({"inputs": ["rain"]}, 400, "UnknownInput"),
        ({"inputs": [{"name": ["rain"]}]}, 400, "UnknownInput"),
        (without("hour"), 400, "MissingInput"),
        ({"inputs": [*question()["inputs"], {"name": "wind"}]}, 400, "UnknownInput"),
        (twice(), 400, "RepeatedInput"),
        (question(rain={"datatype": "INT64"}), 400, "WrongDatatype"),
        (question(rain={"datatype": None}), 400, "WrongDatatype"),
        (question(rain={"data": ["a lot", 1]}), 400, "WrongValue"),
        (question(rain={"data": [True, 1]}), 400, "WrongValue"),
        (question(stop={"data": [1, 2]}), 400, "WrongValue"),
        (question(stop={"data": ["역전", None]}), 400, "WrongValue"),
        (question(hour={"data": [3.5, 8]}), 400, "WrongValue"),
        (question(hour={"data": [None, 8]}), 400, "WrongValue"),
        (question(hour={"data": [2**70, 8]}), 400, "WrongValue"),
        (question(rain={"data": [1.0]}), 400, "WrongShape"),
        (question(rain={"data": 1.0}), 400, "WrongShape"),
        (question(rain={"shape": [2]}), 400, "WrongShape"),
        (question(rain={"shape": [2, 2]}), 400, "WrongShape"),
        (question(rain={"shape": [-2, 1]}), 400, "WrongShape"),
        (question(rain={"shape": ["2", 1]}), 400, "WrongShape"),
        (question(rain={"shape": []}), 400, "WrongShape"),
        (question(rain={"data": [[1], 2]}), 400, "WrongValue"),
        (question(rain={"shape": [1, 1], "data": [1.0]}), 400, "UnevenRows"),
        (rows(0), 400, "NoRows"),
        (rows(101), 413, "TooManyRows"),
        (question() | {"outputs": [{"name": "secret"}]}, 400, "UnknownOutput"),
        (question() | {"outputs": "all"}, 400, "UnknownOutput"),
        (b" " * 20_001, 413, "TooLarge"),
    ],
)
def test_given_a_bad_request_when_asked_then_the_reason_is_named_and_nothing_is_counted(
    predictor, asked, status, code
):
    before = predictor.counts()

    answer = predictor.infer(asked)

    assert (answer.status_code, answer.json()["code"]) == (status, f"services.{code}"), answer.text
    assert answer.json()["error"]
    after = predictor.counts()
    assert after == (*before[:2], before[2] + 1)


def test_given_a_body_in_pieces_over_the_limit_when_sent_then_it_is_refused(predictor):
    pieces = (b" " * 5_000 for _piece in range(6))

    answer = predictor.client.post(f"{BASE}/infer", content=pieces)

    assert answer.json()["code"] == "services.TooLarge"


def test_given_binary_tensors_when_sent_then_json_is_asked_for(predictor):
    answer = predictor.client.post(
        f"{BASE}/infer", content=b"x", headers={"Inference-Header-Content-Length": "1"}
    )

    assert (answer.status_code, answer.json()["code"]) == (415, "services.BinaryNotSupported")


@pytest.mark.parametrize("path", ["/v2/models/other/infer", f"{BASE}/versions/2/infer"])
def test_given_another_model_when_asked_then_there_is_none(predictor, path):
    assert predictor.infer(question(), path).json()["code"] == "services.UnknownModel"


def test_given_a_large_batch_when_asked_then_it_is_answered(predictor):
    answer = predictor.infer(rows(100))

    assert answer.json()["outputs"][0]["shape"] == [100, 1]


def test_given_a_kill_when_started_again_then_the_count_goes_on(predictor):
    before = predictor.counts()
    for _time in range(5):
        assert predictor.infer(question()).status_code == 200

    predictor.process.send_signal(signal.SIGKILL)
    predictor.process.wait()
    assert predictor.counts()[:2] == (before[0] + 10, before[1] + 5)
    (predictor.folder / "s").unlink()
    predictor.begin()

    assert predictor.infer(question()).status_code == 200
    assert predictor.counts()[:2] == (before[0] + 12, before[1] + 6)


def test_it_knows_nothing_of_the_hub(predictor):
    code = (
        "import sys, bitgoeul.apps.services.predictor as p;"
        "p.make_app; import fastapi, uvicorn, onnxruntime;"
        "sys.exit(any(m.split('.')[0] in {'django', 'ninja', 'psycopg'} for m in sys.modules))"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
