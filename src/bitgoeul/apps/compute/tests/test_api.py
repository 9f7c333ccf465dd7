"""A program submits a job, follows it and takes its outputs."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from bitgoeul.apps.compute.models import Job
from bitgoeul.apps.people.tests.factories import make_organisation, make_person
from bitgoeul.kit.testing import api_for

pytestmark = pytest.mark.slow

PROGRAM = """
import json
open('/job/out/답.txt', 'w').write('42')
print('끝')
print(json.load(open('/job/parameters.json')))
"""


def post(client, path, body=None, **headers):
    return client.post(f"/api/compute{path}", json.dumps(body or {}), "application/json", headers=headers)


def test_a_program_follows_a_job_from_submission_to_its_outputs(hub):
    client = api_for(hub.person)
    body = {
        "title": "예시",
        "code": PROGRAM,
        "parameters": {"k": 5},
        "resources": {"memory_mib": 256, "wall_s": 60},
    }

    first = post(client, "/jobs", body, **{"Idempotency-Key": "one"})
    again = post(client, "/jobs", body, **{"Idempotency-Key": "one"})
    job = Job.objects.get()
    hub.until_ended(job)
    shown = client.get(f"/api/compute/jobs/{job.pk}").json()
    log = client.get(f"/api/compute/jobs/{job.pk}/log").json()
    outputs = client.get(f"/api/compute/jobs/{job.pk}/outputs").json()

    assert (first.status_code, again.json()) == (200, first.json())
    assert first.json()["state"] == "queued"
    assert first.json()["wait"]["position"] == 1
    assert (shown["state"], shown["ended"], shown["progress"]["fraction"]) == ("succeeded", True, 1.0)
    assert shown["cost_so_far"] == shown["spent"] == hub.balance.spent
    assert log == {
        "text": "끝\n{'k': 5}\n",
        "offset": 0,
        "next": len("끝\n{'k': 5}\n".encode()),
        "ended": True,
    }
    assert [item["name"] for item in outputs["items"]] == ["답.txt"]
    answer = client.get(outputs["items"][0]["url"])
    assert b"".join(answer.streaming_content) == b"42"
    assert answer["Content-Disposition"].startswith("attachment")


def test_an_archive_is_sent_as_a_file(hub):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("pack/run.py", "import pack.word; print(pack.word.WORD)")
        archive.writestr("pack/word.py", "WORD = 'two files'")
        archive.writestr("pack/__init__.py", "")
    fields = {"title": "묶음", "command": ["python", "-m", "pack.run"], "resources": {"memory_mib": 256}}

    response = api_for(hub.person).post(
        "/api/compute/jobs/upload",
        {"file": SimpleUploadedFile("code.zip", packed.getvalue()), "job": json.dumps(fields)},
    )

    assert response.status_code == 200, response.content
    job = hub.until_ended(Job.objects.get())
    assert (job.state, api_for(hub.person).get(f"/api/compute/jobs/{job.pk}/log").json()["text"]) == (
        "succeeded",
        "two files\n",
    )


def test_cancel_and_retry(hub):
    client = api_for(hub.person)
    job = hub.submit()

    cancelled = post(client, f"/jobs/{job.pk}/cancel").json()
    again = post(client, f"/jobs/{job.pk}/retry").json()

    assert cancelled["state"] == "cancelled"
    assert (again["state"], again["copy_of"]) == ("queued", job.pk)


def test_estimate_says_the_most_it_can_cost(hub):
    estimate = post(api_for(), "/estimate", {"resources": {"cpus": 2, "memory_mib": 1024, "wall_s": 3600}})
    recipe = post(api_for(), "/estimate", {"recipe": "tabular-classifier"})

    assert estimate.json()["most"] == 2_000 + 100
    assert recipe.json()["resources"]["cpus"] == 2


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"code": "x", "title": "t", "resources": {"cpus": 64}}, 422, "compute.LargerThanMachine"),
        ({"recipe": "nothing"}, 404, "compute.UnknownRecipe"),
        ({"title": "t"}, 422, "kit.Invalid"),
        ({"code": "x", "title": "t", "inputs": ["no-such-data"]}, 404, "kit.NotFound"),
        ({"code": "x", "title": "t", "organisation": "not-mine"}, 404, "kit.NotFound"),
        (
            {"code": "x", "title": "t", "resources": {"wall_s": 14400, "cpus": 2, "memory_mib": 4096}},
            200,
            None,
        ),
    ],
)
def test_refusals_are_problems_with_a_code(hub, body, status, code):
    response = post(api_for(hub.person), "/jobs", body)

    assert (response.status_code, response.json().get("code")) == (status, code)


def test_too_few_credits_is_402(hub):
    client, largest = api_for(hub.person), {"wall_s": 14400, "cpus": 2, "memory_mib": 4096}

    answers = [post(client, "/jobs", {"code": "x", "title": "t", "resources": largest}) for _ in range(12)]

    assert [answer.status_code for answer in answers] == [200] * 10 + [402] * 2
    assert answers[-1].json()["code"] == "credits.InsufficientCredits"
    assert hub.balance.held == 10 * 9_600


def test_nobody_else_sees_a_job(hub):
    job = hub.submit()
    other = make_person()
    make_organisation(other)

    for path in ("", "/log", "/progress", "/outputs", "/outputs/x"):
        assert api_for(other).get(f"/api/compute/jobs/{job.pk}{path}").status_code == 404
        assert api_for().get(f"/api/compute/jobs/{job.pk}{path}").status_code == 401
    assert post(api_for(other), f"/jobs/{job.pk}/cancel").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_a_list_takes_the_same_number_of_queries_however_long_it_is(
    hub, count, django_assert_max_num_queries
):
    client = api_for(hub.person)
    for _ in range(count):
        hub.submit()

    with django_assert_max_num_queries(8):
        assert client.get("/api/compute/jobs").json()["count"] == count


def test_what_everybody_may_know(hub):
    client = api_for()

    assert client.get("/api/compute/machine").json()["has"] == {"cpus": 2, "memory_mib": 4096, "gpus": 0}
    assert client.get("/api/compute/prices").json()["is_example"] is True
    assert "tabular-classifier" in [recipe["name"] for recipe in client.get("/api/compute/recipes").json()]
    assert client.get("/api/compute/recipes/tabular-classifier").json()["produces"] == "model"
