import json

import pytest
from typer.testing import CliRunner

from bitgoeul.apps.people import errors, queries
from bitgoeul.apps.people.cli import app
from bitgoeul.apps.people.models import Person
from bitgoeul.apps.people.tests.factories import make_person
from bitgoeul.kit.testing import facts_recorded

pytestmark = pytest.mark.django_db


def run(*words):
    return CliRunner().invoke(app, words)


def test_an_operator_is_appointed_and_dismissed():
    mina = make_person()

    assert json.loads(run("appoint", mina.email, "operator", "--json").stdout)["roles"] == ["operator"]
    assert Person.objects.get(pk=mina.pk).is_operator
    assert json.loads(run("dismiss", mina.email, "operator", "--json").stdout)["roles"] == []
    assert isinstance(run("appoint", "nobody@example.org", "operator").exception, errors.PersonUnknown)


def test_a_token_is_made_listed_and_revoked():
    mina = make_person()

    made = json.loads(
        run("token", "create", "script", "--scope", "people:read", "--as", mina.email, "--json").stdout
    )
    assert queries.token_in_use(made["token"]).person == mina
    assert made["id"] in run("token", "list", "--as", mina.email).stdout
    assert run("token", "revoke", made["id"], "--as", mina.email).exit_code == 0
    with pytest.raises(errors.TokenRevoked):
        queries.token_in_use(made["token"])
    assert facts_recorded() == ["people.TokenCreated", "people.TokenRevoked"]


def test_a_component_is_registered_listed_and_removed():
    added = json.loads(
        run("client", "add", "Notebooks", "https://notebooks.example.org/callback", "--json").stdout
    )

    assert added["client_secret"]
    assert added["client_id"] in run("client", "list").stdout
    run("client", "remove", added["client_id"])
    assert run("client", "list").stdout == ""
    assert facts_recorded() == ["people.ClientRegistered", "people.ClientRemoved"]
