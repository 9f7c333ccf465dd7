"""How many queries the pages cost: upper limits, so that a page that grows one is noticed.

Each page is asked for once before it is counted: what is drawn once and kept is then there.
"""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bitgoeul.apps.lake.tests.factories import make_published
from bitgoeul.apps.people.models import Membership
from bitgoeul.apps.people.tests.factories import actor, make_organisation, make_person
from bitgoeul.apps.programmes.tests.factories import make_call
from bitgoeul.apps.registry.commands import share_model
from bitgoeul.apps.services.tests.factories import make_service
from bitgoeul.kit.models import Fact
from bitgoeul.kit.testing import client_for
from bitgoeul.site import counts

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

# Who is signed in: the session, the person, the memberships, the unread notices, the organisation's name, the
# files that wait for a reviewer.
SIGNED_IN = 6

# Page -> queries of a visitor, and those of a member on top of who is signed in.
LIMITS = {
    "/": (0, 0),  # live figures are counted every few seconds, not for each visit
    "/record/": (2, 2),  # the facts with their seals; the newest head
    "/services/": (1, 1),  # the list; what fits on one page is not counted
    "/registry/": (1, 2),  # the list; for members also what was refused
    "/programmes/": (2, 2),  # what is or will be open; what was
    "/lake/": (2, 3),  # the list with its latest versions (apart for members); the publishers
    "/lake/query/": (1, 2),  # the first tables
    "/api/docs": (0, 0),  # known when the process starts
    "dataset": (3, 3),  # the dataset, its versions, its facts
    "model": (4, 4),  # the model, its newest version, its versions, its facts
    "service": (5, 8),  # the service, use of today, price, crashes, facts; its managers see more
    "call": (3, 10),  # the call, its statistics, its facts; for members what each condition asks about them
    "fact": (3, 3),  # one fact, its seal, and the way to the root
}


@pytest.fixture
def hub(tmp_path):
    """A hub with one of everything, and a member of the organisation that made it."""
    counts.forget()
    person = make_person()
    organisation = make_organisation(owner=person)
    dataset = make_published(actor(person), organisation).dataset
    service = make_service(tmp_path, organisation)
    share_model(by=actor(person), model=service.version.model.slug)
    call = make_call()
    yield SimpleNamespace(
        person=person,
        addresses={
            "dataset": f"/lake/{dataset.slug}/",
            "model": service.version.model.get_absolute_url(),
            "service": service.get_absolute_url(),
            "call": f"/programmes/{call.slug}/",
            "fact": f"/record/facts/{Fact.objects.earliest('id').pk}/",
        },
    )
    counts.forget()


def costs(client, path):
    assert client.get(path).status_code == 200, path
    with CaptureQueriesContext(connection) as asked:
        client.get(path)
    return [query["sql"] for query in asked.captured_queries]


def test_pages_stay_within_their_queries(hub):
    visitor, member = client_for(), client_for(hub.person)
    over = {}
    for name, (everybody, members) in LIMITS.items():
        path = hub.addresses.get(name, name)
        for who, client, limit in (("visitor", visitor, everybody), ("member", member, SIGNED_IN + members)):
            asked = costs(client, path)
            if len(asked) > limit:
                over[f"{path} as {who}"] = (len(asked), limit, [sql[:300] for sql in asked])

    assert over == {}


def test_a_list_costs_the_same_for_one_row_and_for_several(hub, tmp_path):
    visitor = client_for()
    paths = ("/services/", "/registry/", "/programmes/", "/lake/", "/record/")
    before = {path: len(costs(visitor, path)) for path in paths}

    organisation = Membership.objects.get(person=hub.person).organisation
    for serial in range(2):
        folder = tmp_path / str(serial)
        folder.mkdir()
        service = make_service(folder, organisation)
        share_model(by=actor(hub.person), model=service.version.model.slug)
        make_published(actor(hub.person), organisation)
        make_call()

    assert {path: len(costs(visitor, path)) for path in paths} == before


def test_my_page_stays_within_its_queries(hub):
    # Two of them ask what the reader holds and where the reader waits.
    assert len(costs(client_for(hub.person), "/my/")) <= SIGNED_IN + 14
