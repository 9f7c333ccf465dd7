"""Jobs on data of the lake: exactly the version they were given, and nothing that its owner keeps."""

from __future__ import annotations

import json

import pytest

from bitgoeul.apps.compute import queries
from bitgoeul.apps.compute.models import Job
from bitgoeul.apps.lake.tests.factories import make_dataset, publish
from bitgoeul.apps.people.tests.factories import actor, make_organisation, make_person
from bitgoeul.kit.refusals import Invalid, NotFound

pytestmark = pytest.mark.slow

COUNT = """
import glob, json
import pyarrow.parquet as pq
files = sorted(glob.glob("/job/in/*/*/*.parquet"))
rows = {file.split("/")[4]: pq.read_table(file).num_rows for file in files}
print(json.dumps({"datasets": sorted({file.split("/")[3] for file in files}), "rows": rows}))
try:
    open(files[0], "ab")
except OSError as error:
    print(error.strerror)
"""


@pytest.fixture
def buses(hub):
    """A dataset of two versions: two rows, then three."""
    dataset = make_dataset(hub.member, hub.organisation, slug="buses")
    first = publish(hub.member, dataset, ("buses.csv", "노선,지연\n수완12,3\n첨단30,4\n"))
    second = publish(hub.member, dataset, ("buses.csv", "노선,지연\n수완12,3\n첨단30,4\n진월07,9\n"))
    assert [first.state, second.state] == ["published", "published"], (first.problem, second.problem)
    return dataset


@pytest.mark.parametrize(("reference", "exact", "rows"), [("buses@1", "buses@1", 2), ("buses", "buses@2", 3)])
def test_a_job_reads_exactly_the_version_it_was_given(hub, buses, reference, exact, rows):
    job = hub.run(
        COUNT, inputs=[reference], command=["python", "/job/code/main.py"], resources={"memory_mib": 1024}
    )

    told, refused = queries.log_end(job).splitlines()
    assert job.inputs == [exact]
    assert json.loads(told)["datasets"] == ["buses"]
    assert list(json.loads(told)["rows"].values()) == [rows]
    assert refused in {"Read-only file system", "Permission denied"}
    assert queries.timeline(job)[0].data["inputs"] == [exact]


def test_data_that_one_may_not_read_does_not_exist_for_a_job(hub, buses):
    type(buses).objects.update(visibility="organisation")
    stranger = make_person()
    elsewhere = make_organisation(stranger)

    with pytest.raises(NotFound):
        hub.submit(by=actor(stranger), organisation=elsewhere, inputs=["buses@1"])
    assert Job.objects.count() == 0


def test_one_dataset_is_given_once(hub, buses):
    with pytest.raises(Invalid):
        hub.submit(inputs=["buses@1", "buses@2"])


def test_the_chips_name_what_the_reader_may_open(hub, buses):
    job = hub.submit(inputs=["buses@1"])

    assert queries.inputs_shown_to(hub.member, job)[0].url == "/lake/buses/"
    type(buses).objects.update(visibility="organisation")
    stranger = queries.inputs_shown_to(actor(make_person()), job)[0]
    assert (stranger.title, stranger.url) == ("buses@1", "")


def test_a_recipe_trains_on_a_table_of_the_lake(hub):
    lines = ["hour,route,wet,late"]
    for n in range(3000):
        wet = n % 3 == 0
        late = 30 if (wet and n % 5) or n % 17 == 0 else 2
        day = f"2026-{1 + n // 400:02d}-{1 + n // 20 % 28:02d}"
        lines.append(f"{day} {n % 24:02d}:00:00,{'AB'[n % 2]},{int(wet)},{late}")
    dataset = make_dataset(hub.member, hub.organisation, slug="late-buses")
    publish(hub.member, dataset, ("rows.csv", "\n".join(lines) + "\n"))

    job = hub.run(
        recipe="tabular-classifier",
        inputs=["late-buses"],
        parameters={
            "name": "late-bus",
            "target": "late",
            "positive": ">15",
            "time_column": "hour",
            "sector": "mobility",
            "max_rounds": 30,
            "threads": 1,
        },
        resources={"cpus": 2, "memory_mib": 3072, "wall_s": 120},
    )

    assert job.state == Job.State.SUCCEEDED, queries.log_end(job)
    assert {"model/model.json", "model/model.onnx"} <= {entry["name"] for entry in job.outputs}
    assert json.loads((queries.output_dir(job) / "model/model.json").read_text())["name"] == "late-bus"
