"""kill -9 in the middle of a decision: either all of it is there or the draft."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest
from django.db import connections
from django.db.models import Sum

from bitgoeul.apps.credits.queries import balance
from bitgoeul.apps.people.tests.factories import actor, make_organisation, make_person
from bitgoeul.apps.programmes.commands import save_answers, start_application, submit_application
from bitgoeul.apps.programmes.models import Application, Call, Grant
from bitgoeul.apps.programmes.tests.factories import make_call
from bitgoeul.kit.models import Fact

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

APPLICANTS = 15


def hand_in_everything(drafts):
    for person, application in drafts:
        submit_application(by=actor(person), application=application, accept_terms=True)


def test_a_killed_process_leaves_whole_decisions_and_a_repeat_finishes_the_rest():
    call = make_call(budget=100_000 * APPLICANTS)
    drafts = []
    for _each in range(APPLICANTS):
        person = make_person()
        organisation = make_organisation(person)
        draft = start_application(by=actor(person), call=call.slug, organisation=organisation.slug)
        save_answers(by=actor(person), application=draft.public_id, answers={"purpose": "버스 도착 예측"})
        drafts.append((person, draft.public_id))

    killed = 0
    for _round in range(6):
        connections.close_all()
        child = os.fork()
        if child == 0:
            try:
                hand_in_everything(drafts)
            finally:
                os._exit(0)
        time.sleep(random.uniform(0.02, 0.2))
        os.kill(child, signal.SIGKILL)
        _pid, status = os.waitpid(child, 0)
        killed += os.WIFSIGNALED(status)
        whole(call)

    hand_in_everything(drafts)

    assert killed > 0
    assert whole(call) == APPLICANTS


def whole(call):
    """Check that budget, grants, ledger and facts tell the same; return how many were accepted."""
    states = set(Application.objects.values_list("state", flat=True))
    accepted = Application.objects.filter(state="accepted")
    granted = Grant.objects.aggregate(sum=Sum("amount"))["sum"] or 0
    assert states <= {"draft", "accepted"}
    assert accepted.count() == Grant.objects.count() == accepted.filter(decision__accepted=True).count()
    assert Call.objects.get(pk=call.pk).granted == granted
    assert sum(balance(row.organisation).granted for row in accepted) == granted
    assert Fact.objects.filter(name="programmes.ApplicationAccepted").count() == accepted.count()
    return accepted.count()
