"""The same words on the command line."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from bitgoeul.apps.compute import queries
from bitgoeul.apps.compute.cli import app
from bitgoeul.apps.compute.models import Job
from bitgoeul.apps.people.tests.factories import make_person
from bitgoeul.kit.refusals import NotFound


def said(*words: str):
    result = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_job_is_submitted_shown_read_and_cancelled(hub, tmp_path):
    program = tmp_path / "count.py"
    program.write_text("import json; print(json.load(open('/job/parameters.json'))['n'])")
    who = ("--as", hub.person.email)

    job = json.loads(
        said(
            "submit",
            *who,
            "--code",
            str(program),
            "--parameters",
            '{"n": 7}',
            "--memory-mib",
            "256",
            "--json",
        )
    )
    hub.until_ended(Job.objects.get())
    text = said("log", str(job["id"]), *who)
    shown = json.loads(said("show", str(job["id"]), *who, "--json"))
    listed = json.loads(said("list", *who, "--json"))
    again = json.loads(said("retry", str(job["id"]), *who, "--json"))
    cancelled = json.loads(said("cancel", str(again["id"]), *who, "--json"))

    assert job["title"] == "count.py"
    assert text == "7\n"
    assert shown["state"] == "succeeded"
    assert [row["id"] for row in listed["items"]] == [job["id"]]
    assert cancelled["state"] == "cancelled"
    assert json.loads(said("log", str(job["id"]), *who, "--json"))["ended"] is True


def test_nobody_reads_another_organisations_jobs(hub):
    job = hub.submit()
    stranger = make_person()

    assert json.loads(said("list", "--as", stranger.email, "--json")) == {"items": []}
    with pytest.raises(NotFound):
        said("log", str(job.pk), "--as", stranger.email)


def test_the_machine_the_recipes_and_the_prices(hub):
    assert json.loads(said("machine", "--json"))["can_isolate"] is True
    assert "tabular-classifier" in said("recipes")
    assert json.loads(said("prices", "--cpu-hour", "1200", "--json"))["cpu_hour"] == 1200
    assert queries.prices().is_example is False
