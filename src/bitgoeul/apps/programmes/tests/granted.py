"""A call with everything a grant can have, and a grant of it, as tests of grants need them."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from bitgoeul.apps.capacity.models import Pool
from bitgoeul.apps.capacity.tests.factories import make_pool
from bitgoeul.apps.people.models import Organisation, Person
from bitgoeul.apps.people.tests.factories import actor, make_organisation, make_person
from bitgoeul.apps.programmes.commands import apply, sign_agreement
from bitgoeul.apps.programmes.models import Application, Call, Grant
from bitgoeul.apps.programmes.tests.factories import FORM, make_call
from bitgoeul.kit.actor import Actor

START = dt.datetime(2026, 3, 2, 1, tzinfo=dt.UTC)  # a Monday, ten in the morning in Seoul
DURING = {"opens_at": START - dt.timedelta(days=1), "closes_at": START + dt.timedelta(days=60)}
REASON = {"ko": "확인했습니다.", "en": "Checked."}
AGREEMENT = {
    "text": {
        "ko": "# 제1조 (지원)\n{organisation}에 {parts}을(를) {starts}부터 {ends}까지 드립니다.\n\n"
        "# 제2조 (목적)\n{answers.purpose}",
        "en": "# 1 Support\n{organisation} receives {parts} from {starts} until {ends}.\n\n"
        "# 2 Purpose\n{answers.purpose}",
    },
    "sign_days": 10,
}
REPORTS = [
    {"kind": "progress", "after_days": 30, "title": {"ko": "중간보고", "en": "Progress report"}},
    {"kind": "final", "after_days": 90, "title": {"ko": "최종보고", "en": "Final report"}},
]
RECLAIM = {
    "below_percent": 20,
    "window_days": 7,
    "shrink_after_days": 14,
    "return_after_days": 21,
    "accept_hours": 24,
}
# Eight H100 for three months: list price 3,000,000 won a month each, a Gwangju firm pays 50,000 of it.
BENEFIT = {
    "list_price_won": 9_000_000,
    "pays_won": 150_000,
    "legal_basis": {"ko": "예시 지침", "en": "Example rule"},
}


class Granted(NamedTuple):
    grant: Grant
    owner: Person
    by: Actor
    officer: Actor
    pool: Pool

    @property
    def number(self) -> str:
        return self.grant.application.public_id

    @property
    def organisation(self) -> Organisation:
        return self.grant.organisation

    def now(self) -> Grant:
        """The grant as it is now."""
        return Grant.objects.select_related("application__call", "organisation").get(pk=self.grant.pk)

    def part(self, kind: str) -> Any:
        return self.grant.parts.get(part=kind)


def make_grant_call(pool: Pool, **procedure: Any) -> Call:
    """Accelerators by the piece, with an agreement, reports, the rule against idling and prices."""
    form = FORM | {"required": ["purpose", "students"]}
    defaults = {
        "decision": "automatic",
        "agreement": AGREEMENT,
        "reports": REPORTS,
        "reclaim": RECLAIM,
        "benefit": BENEFIT,
    }
    return make_call(
        form=form,
        ask="students",
        budget_unit="places",
        budget=64,
        share_most=16,
        share_least=1,
        gives_days=90,
        gives=procedure.pop(
            "gives",
            [
                {"part": "capacity", "pool": pool.slug, "quantity": "ask"},
                {"part": "credits", "quantity": 100_000},
                {"part": "document", "title": {"ko": "이용 안내서", "en": "Guide"}},
            ],
        ),
        procedure=defaults | procedure,
        **DURING,
    )


def hand_in(call: Call, asked: int = 8) -> tuple[Person, Application]:
    owner = make_person()
    organisation = make_organisation(owner)
    row = apply(
        by=actor(owner),
        call=call.slug,
        organisation=organisation.slug,
        answers={"purpose": "버스 도착을 예측합니다", "students": asked},
        accept_terms=True,
    )
    return owner, row


def make_granted(
    *, sign: bool = True, asked: int = 8, pool: Pool | None = None, call: Call | None = None, **procedure: Any
) -> Granted:
    pool = pool or make_pool(10)
    call = call or make_grant_call(pool, **procedure)
    owner, row = hand_in(call, asked)
    grant = Grant.objects.get(application=row)
    granted = Granted(grant, owner, actor(owner), actor(make_person(roles=["operator"])), pool)
    if sign:
        sign_now(granted)
    return granted


def sign_now(granted: Granted) -> None:
    sign_agreement(
        by=granted.by,
        grant=granted.number,
        name="예시 대표",
        fingerprint=granted.grant.agreement.fingerprint,
    )
