"""For every sequence of operations: granted = spent + held + left + expired, and nothing below its floor."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bitgoeul.apps.credits import queries
from bitgoeul.apps.credits.commands import (
    expire_tranche,
    hold_credits,
    release_hold,
    reverse_transfer,
    settle_hold,
    spend_credits,
)
from bitgoeul.apps.credits.models import Account, Transfer
from bitgoeul.apps.credits.tests.factories import make_tranche
from bitgoeul.apps.people.tests.factories import make_organisation
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.refusals import Refusal
from bitgoeul.kit.testing import examples

pytestmark = pytest.mark.django_db

START = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)
example = itertools.count()

operations = st.lists(
    st.tuples(
        st.sampled_from(["grant", "hold", "settle", "release", "spend", "reverse", "expire", "wait"]),
        st.integers(1, 400),
        st.integers(0, 5),
    ),
    max_size=25,
)


@settings(
    max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(operations)
def test_the_figures_add_up_after_every_step(steps):
    team = make_organisation()
    prefix = f"law{next(example)}"
    days, refused = 0, set()
    for kind, amount, number in steps:
        with clock.frozen(START + dt.timedelta(days=days)):
            reference = f"{prefix}:{kind}:{number}"
            hold = f"{prefix}:hold:{number}"
            try:
                if kind == "grant":
                    make_tranche(
                        team,
                        amount,
                        reference=reference,
                        starts_at=START + dt.timedelta(days=number),
                        ends_at=START + dt.timedelta(days=number + 1 + amount % 5),
                    )
                elif kind == "hold":
                    hold_credits(by=SYSTEM, organisation=team, amount=amount, reference=hold, purpose="")
                elif kind == "settle":
                    settle_hold(by=SYSTEM, reference=hold, amount=amount)
                elif kind == "release":
                    release_hold(by=SYSTEM, reference=hold)
                elif kind == "spend":
                    spend_credits(
                        by=SYSTEM, organisation=team, amount=amount, reference=reference, purpose=""
                    )
                elif kind == "reverse":
                    some = list(Transfer.objects.filter(reference__startswith=prefix).order_by("reference"))
                    if some:
                        reverse_transfer(
                            by=SYSTEM, reference=some[amount % len(some)].reference, reason="시험"
                        )
                elif kind == "expire":
                    for tranche in queries.tranches_to_expire():
                        expire_tranche(by=SYSTEM, tranche_id=tranche.pk)
                else:
                    days += 1
            except Refusal as refusal:
                refused.add(refusal.code)
            figures = queries.balance(team)
            assert figures.granted == figures.spent + figures.held + figures.left + figures.expired
            assert min(figures.granted, figures.spent, figures.held, figures.left, figures.expired) >= 0
            assert queries.statement(team).closing == figures
    assert queries.discrepancies() == []
    assert refused <= {
        "credits.InsufficientCredits",
        "credits.MoreThanHeld",
        "credits.NotReversible",
        "credits.ReferenceReused",
        "kit.NotFound",
        "kit.StateChanged",
    }
    assert not Account.objects.filter(balance__lt=F("floor")).exists()
