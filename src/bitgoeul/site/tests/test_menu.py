"""The reader's menu leads reviewers to their files and operators to their desks, from every page."""

from __future__ import annotations

import re

import pytest

from bitgoeul.apps.people.tests.factories import make_person
from bitgoeul.apps.programmes.commands.reviews import assign_reviews
from bitgoeul.apps.programmes.models import Review
from bitgoeul.apps.programmes.tests.panels import applicant, closed, make_reviewer, panel_call, rubric, write
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.testing import client_for

pytestmark = pytest.mark.django_db


def menu(person) -> dict[str, str]:
    """Address -> the count beside it, as it stands in the bar of a page."""
    page = client_for(person).get("/design/").content.decode()
    found = re.search(r'<div class="menu-panel"><div class="who">.*?</ul>', page, re.DOTALL)
    items = re.findall(r'<a href="([^"]+)"[^>]*>[^<]*(?:<span class="count">(\d+)</span>)?</a>', found[0])
    return dict(items)


def test_a_reviewer_sees_how_many_files_wait():
    call = panel_call(procedure={"rubric": rubric(reviews=1)})
    reviewer = make_reviewer()
    for _number in range(2):
        applicant(call)
    closed(call)
    assign_reviews(by=SYSTEM, call=call.slug)

    before = menu(reviewer.person)["/programmes/reviews/"]
    write(Review.objects.first(), impact=800)

    assert (before, menu(reviewer.person)["/programmes/reviews/"]) == ("2", "1")


def test_only_reviewers_and_operators_have_their_desks_in_the_menu():
    member, operator = make_person(), make_person(roles=["operator"])

    assert "/programmes/reviews/" not in menu(member)
    assert "/programmes/desk/" not in menu(member)
    assert {"/desk/", "/programmes/desk/"} <= menu(operator).keys()


def test_a_reviewer_without_files_sees_the_way_without_a_count():
    assert menu(make_reviewer().person)["/programmes/reviews/"] == ""
