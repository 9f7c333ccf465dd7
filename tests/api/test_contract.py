"""Every endpoint against the OpenAPI document, with inputs nobody thought of, as a visitor and as a member.

No input may make the hub fail: a request is answered as documented, or refused with a problem.
"""

import json

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from bitgoeul.apps.people import commands
from bitgoeul.apps.people.tests.factories import actor, make_organisation, make_person
from bitgoeul.site.api import api
from bitgoeul.site.wsgi import application

# The document of the endpoints, as a program reads it: plain JSON.
document = json.loads(json.dumps(api.get_openapi_schema(), default=str))
schema = schemathesis.openapi.from_dict(document)
schema.app = application

CHECKS = (not_a_server_error, status_code_conformance, response_schema_conformance)
# A visitor is refused at most doors after reading the request; a member comes further in.
VISITS, VISITS_OF_A_MEMBER = 4, 8

quick = settings(
    deadline=None,
    derandomize=True,  # the same inputs on every run, so that a failure is the change's own
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(autouse=True)
def _connection_stays_open():
    """A request that closes its connection would end the test's transaction with it."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def token(db):
    """The API token of a member who owns an organisation and may do everything that members may."""
    person = make_person()
    make_organisation(owner=person)
    _row, secret = commands.create_token(
        by=actor(person), name="fuzz", scopes=commands.scope_choices(), expires_in_days=1
    )
    return secret


@pytest.mark.django_db
@schema.parametrize()
@settings(quick, max_examples=VISITS)
def test_a_visitor_gets_an_answer_or_a_problem(case):
    case.call_and_validate(checks=CHECKS)


@schema.parametrize()
@settings(quick, max_examples=VISITS_OF_A_MEMBER)
def test_a_member_gets_an_answer_or_a_problem(case, token):
    case.call_and_validate(checks=CHECKS, headers={"Authorization": f"Bearer {token}"})
