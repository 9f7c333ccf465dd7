"""Many at once: the budget is never overdrawn, an organisation applies once, a decision falls once."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.db.models import Sum

from bitgoeul.apps.credits.queries import balance
from bitgoeul.apps.people.tests.factories import actor, make_organisation, make_person
from bitgoeul.apps.programmes.commands import accept_application, apply, reject_application
from bitgoeul.apps.programmes.models import Application, Call, Grant
from bitgoeul.apps.programmes.tests.factories import make_call
from bitgoeul.kit.refusals import Refusal

pytestmark = pytest.mark.django_db(transaction=True)

GOOD = {"purpose": "버스 도착을 예측합니다"}


def all_at_once(attempts):
    """Run the attempts together and count how they ended: by state or by the code of the refusal."""
    gate = threading.Barrier(len(attempts))

    def run(attempt):
        try:
            gate.wait()
            return attempt().state
        except Refusal as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(attempts)) as pool:
        return Counter(pool.map(run, attempts))


def attempt_by(call, person, organisation):
    by = actor(person)
    return lambda: apply(
        by=by, call=call.slug, organisation=organisation.slug, answers=GOOD, accept_terms=True
    )


def test_a_crowd_never_overdraws_the_budget_of_a_call():
    call = make_call(budget=300_000)
    attempts = []
    for _each in range(8):
        person = make_person()
        attempts.append(attempt_by(call, person, make_organisation(person)))

    assert all_at_once(attempts) == {"accepted": 3, "programmes.BudgetSpent": 5}

    assert Call.objects.get(pk=call.pk).granted == 300_000
    assert Grant.objects.aggregate(sum=Sum("amount"))["sum"] == 300_000
    assert Application.objects.count() == 3


def test_colleagues_who_apply_together_make_one_application():
    call = make_call()
    person = make_person()
    organisation = make_organisation(person)

    ended = all_at_once([attempt_by(call, person, organisation) for _each in range(6)])

    # Whoever comes a moment later meets the first one's draft, its hand-in, or its decision.
    assert ended["accepted"] >= 1
    assert set(ended) <= {"accepted", "programmes.AlreadyApplied", "kit.StateChanged"}
    assert Application.objects.count() == 1
    assert balance(organisation).granted == 100_000


def test_officers_who_decide_together_decide_once():
    call = make_call()
    person = make_person()
    organisation = make_organisation(person, founded_on=None)
    application = attempt_by(call, person, organisation)()
    officers = [actor(make_person(roles=["operator"])) for _each in range(4)]
    reason = {"ko": "확인", "en": "Checked"}

    ended = all_at_once(
        [
            lambda by=by, run=run: run(by=by, application=application.public_id, reason=reason)
            for by, run in zip(officers, [accept_application, reject_application] * 2, strict=True)
        ]
    )

    assert ended["kit.StateChanged"] == 3
    assert Application.objects.get().state in ("accepted", "rejected")
    assert balance(organisation).granted in (0, 100_000)
