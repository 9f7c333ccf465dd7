"""A call names the decisions that it carries out, and each decision names its calls."""

from __future__ import annotations

import pytest

from bitgoeul.apps.governance.commands import revoke_decision
from bitgoeul.apps.governance.models import Decision
from bitgoeul.apps.governance.tests.factories import make_sitting, words
from bitgoeul.apps.people.tests.factories import make_person
from bitgoeul.apps.programmes.models import Call
from bitgoeul.apps.programmes.tests.factories import make_call, make_draft
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.refusals import Invalid
from bitgoeul.kit.testing import client_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def decision() -> Decision:
    carried = make_sitting().carried(title=words("Open the rooms"))
    return Decision.objects.get(item=carried)


def test_the_call_and_the_decision_lead_to_each_other(decision):
    call = make_call(decisions=[decision.reference])

    offer = client_for().get(f"/programmes/{call.slug}/").content.decode()
    decided = client_for().get(f"/governance/decisions/{decision.name}/").content.decode()

    assert f"/governance/decisions/{decision.name}/" in offer
    assert "Open the rooms (가)" in offer
    assert f"/programmes/{call.slug}/" in decided
    for name in ("programmes.CallSaved", "programmes.CallOpened"):
        assert Fact.objects.get(name=name, subject=call.subject).data["decisions"] == [decision.reference]


def test_a_decision_that_stands_no_longer_says_so_on_the_call(decision):
    call = make_call(decisions=[decision.reference])

    revoke_decision(by=SYSTEM, reference=decision.reference, reason=words("A court said so"))
    page = client_for().get(f"/programmes/{call.slug}/")

    assert [found.stands for _row, found in page.context["decisions"]] == [False]
    assert Call.objects.get(pk=call.pk).decisions[0]["title"]["en"] == "Open the rooms"


def test_a_decision_that_was_never_taken_is_refused_at_its_field(decision):
    with pytest.raises(Invalid) as refused:
        make_call(decisions=[decision.reference, "decision:1999-01", "nonsense"])

    assert list(refused.value.errors) == ["decisions"]
    assert "decision:1999-01" in refused.value.errors["decisions"][0]
    assert decision.reference not in refused.value.errors["decisions"][0]


def test_the_desk_writes_the_decisions_into_the_draft(decision):
    draft = make_draft()
    desk = client_for(make_person(roles=["operator"]))
    address = f"/programmes/desk/calls/{draft.slug}/"
    form = desk.get(address).context["form"]
    posted = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    for name in ("opens_at", "closes_at"):
        posted[name] = posted[name].strftime("%Y-%m-%dT%H:%M")

    desk.post(address, posted | {"decisions": decision.reference})
    wrong = desk.post(address, posted | {"decisions": "decision:1999-01"})

    assert [row["reference"] for row in Call.objects.get(pk=draft.pk).decisions] == [decision.reference]
    assert "decisions" in wrong.context["form"].errors
