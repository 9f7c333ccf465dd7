"""The same words on the command line."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from bitgoeul.apps.lake.cli import app
from bitgoeul.apps.lake.tests.factories import BUSES
from bitgoeul.apps.people.tests.factories import make_organisation, make_person
from bitgoeul.kit.refusals import Refusal
from bitgoeul.kit.testing import deliver_everything

pytestmark = pytest.mark.django_db


def run(*words: str, **more):
    done = CliRunner().invoke(app, [*words, "--json"], **more)
    if isinstance(done.exception, Refusal):
        raise done.exception
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_file_is_published_queried_saved_and_withdrawn(tmp_path):
    person = make_person()
    make_organisation(owner=person)
    file = tmp_path / "buses.csv"
    file.write_text(BUSES)
    me = ("--as", person.email)

    begun = run("publish", str(file), "--dataset", "city-buses", "--sector", "mobility", "--no-wait", *me)
    assert (begun["version"], begun["state"]) == ("city-buses@1", "draft")
    deliver_everything()

    assert run("search", "buses")[0] == {
        "slug": "city-buses", "title": {"ko": "city-buses", "en": "city-buses"}, "latest": 1,
    }  # fmt: skip
    assert run("query", "-", input="SELECT count(*) AS n FROM city_buses.buses")["rows"] == [[2]]
    saved = run(
        "save", "FROM city_buses.buses", "--dataset", "city-buses", "--table", "copy", "--no-wait", *me
    )
    assert saved["version"] == "city-buses@2"
    assert run("withdraw", "city-buses@1", *me)["state"] == "withdrawn"


def test_a_refused_query_raises_the_refusal_that_the_command_line_prints():
    with pytest.raises(Refusal, match="getenv"):
        run("query", "SELECT getenv('HOME')")


def test_a_failed_publication_ends_with_status_three(tmp_path):
    person = make_person()
    make_organisation(owner=person)
    assert (
        CliRunner()
        .invoke(app, ["publish", str(tmp_path / "none.csv"), "--dataset", "x", "--as", "a"])
        .exit_code
        == 2
    )
    assert CliRunner().invoke(app, ["withdraw", "x@1", "--as", "nobody@example.org"]).exit_code == 2
