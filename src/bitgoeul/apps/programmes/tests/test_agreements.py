"""From the agreement to the parts of a grant, by the frozen clock."""

from __future__ import annotations

import datetime as dt

import pytest

from bitgoeul.apps.capacity.commands import claim, confirm_hold, release_claim
from bitgoeul.apps.capacity.errors import PoolFull
from bitgoeul.apps.capacity.models import Claim, Waiting
from bitgoeul.apps.capacity.queries import discrepancies, usage
from bitgoeul.apps.capacity.tests.factories import make_pool
from bitgoeul.apps.credits.models import Benefit
from bitgoeul.apps.credits.queries import balance
from bitgoeul.apps.notices.models import Notice
from bitgoeul.apps.people.models import Membership
from bitgoeul.apps.people.tests.factories import actor, make_person
from bitgoeul.apps.programmes.commands import (
    accept_application,
    reserve_application,
    sign_agreement,
    take_offer,
)
from bitgoeul.apps.programmes.errors import AgreementDiffers, AgreementOver
from bitgoeul.apps.programmes.models import Agreement, Application, Call, Grant, GrantPart
from bitgoeul.apps.programmes.queries.agreements import blocks, fingerprint, unknown_places
from bitgoeul.apps.programmes.tasks import look_after_grants
from bitgoeul.apps.programmes.tests.factories import PANEL
from bitgoeul.apps.programmes.tests.granted import (
    REASON,
    START,
    hand_in,
    make_grant_call,
    make_granted,
    sign_now,
)
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.refusals import Forbidden, Invalid, NotFound
from bitgoeul.kit.testing import deliver_everything, facts_recorded

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def frozen():
    with clock.frozen(START):
        yield


def test_the_text_is_filled_in_both_languages():
    granted = make_granted(sign=False)
    agreement = granted.grant.agreement

    assert granted.organisation.name in agreement.text["ko"]
    assert "버스 도착을 예측합니다" in agreement.text["en"]
    assert f"8 from the pool {granted.pool.title['en']}" in agreement.text["en"]
    assert "2 Mar 2026 until 31 May 2026" in agreement.text["en"]
    assert "{" not in agreement.text["ko"] + agreement.text["en"]
    assert agreement.fingerprint == fingerprint(agreement.text)
    assert agreement.expires_at == dt.datetime(2026, 3, 12, 9, tzinfo=dt.UTC)


def test_a_text_is_divided_and_knows_what_cannot_be_filled():
    assert list(blocks("# One\nfirst\n\nsecond\nline\n\n#  Two")) == [
        ("heading", "One"),
        ("paragraph", "first"),
        ("paragraph", "second\nline"),
        ("heading", "Two"),
    ]
    assert unknown_places(
        {"ko": "{organisation} {answers.purpose} {x}", "en": "{answers.y}"}, ["purpose"]
    ) == [
        "answers.y",
        "x",
    ]


def test_nothing_is_given_before_the_signature_and_everything_with_it():
    granted = make_granted(sign=False)
    assert {part.state for part in granted.grant.parts.all()} == {"planned"}
    assert (balance(granted.organisation).left, usage(granted.pool).claimed) == (0, 0)
    before = Fact.objects.latest("id").pk

    sign_now(granted)

    agreement = Agreement.objects.get(grant=granted.grant)
    assert (agreement.state, agreement.signed_name, agreement.signed_at) == ("in_force", "예시 대표", START)
    assert {part.state for part in granted.grant.parts.all()} == {"active"}
    assert (balance(granted.organisation).left, usage(granted.pool).claimed) == (100_000, 8)
    assert facts_recorded(before) == [
        "programmes.AgreementSigned",
        "capacity.SeveralClaimed",
        "credits.CreditsGranted",
        "credits.BenefitPosted",
        "programmes.GrantActivated",
    ]
    signed = Fact.objects.get(name="programmes.AgreementSigned")
    assert (signed.data["fingerprint"], signed.personal) == (agreement.fingerprint, {"signer": "예시 대표"})


def test_eight_h100_for_three_months_are_worth_what_the_price_list_says():
    granted = make_granted()
    line = Benefit.objects.get(organisation=granted.organisation)
    assert (line.list_won, line.paid_won, line.in_kind_won) == (72_000_000, 1_200_000, 70_800_000)


def test_signing_again_changes_nothing():
    granted = make_granted()
    before = Fact.objects.latest("id").pk
    sign_now(granted)
    assert facts_recorded(before) == []
    assert usage(granted.pool).claimed == 8


def test_only_an_owner_signs_and_only_this_text():
    granted = make_granted(sign=False)
    print_ = granted.grant.agreement.fingerprint
    member = make_person()
    Membership.objects.create(person=member, organisation=granted.organisation, role="member")

    for by, refusal in (
        (actor(member), Forbidden),
        (granted.officer, Forbidden),
        (SYSTEM, Forbidden),
        (actor(make_person()), NotFound),
    ):
        with pytest.raises(refusal):
            sign_agreement(by=by, grant=granted.number, name="예시", fingerprint=print_)
    with pytest.raises(AgreementDiffers):
        sign_agreement(by=granted.by, grant=granted.number, name="예시", fingerprint="0" * 64)
    with pytest.raises(Invalid):
        sign_agreement(by=granted.by, grant=granted.number, name=" ", fingerprint=print_)
    assert Agreement.objects.get(grant=granted.grant).state == "offered"


def test_signing_after_the_day_is_refused_and_the_budget_comes_back():
    granted = make_granted(sign=False)
    expires_at = granted.grant.agreement.expires_at
    call = granted.grant.application.call

    with clock.frozen(expires_at - dt.timedelta(seconds=1)):
        look_after_grants()
        assert Agreement.objects.get(grant=granted.grant).state == "offered"
    with clock.frozen(expires_at):
        with pytest.raises(AgreementOver):
            sign_now(granted)
        look_after_grants()
        look_after_grants()
        with pytest.raises(AgreementOver):
            sign_now(granted)

    assert Agreement.objects.get(grant=granted.grant).state == "expired"
    assert granted.now().state == "returned"
    assert {part.state for part in granted.grant.parts.all()} == {"returned"}
    assert Call.objects.get(pk=call.pk).granted == 0


def test_who_does_not_sign_makes_room_for_the_next_in_order():
    pool = make_pool(20)
    call = make_grant_call(pool, **PANEL | {"offer_days": 7})
    Call.objects.filter(pk=call.pk).update(budget=8)
    rows = [hand_in(call) for _each in range(2)]
    accept_application(by=SYSTEM, application=rows[0][1].public_id, reason=REASON)
    reserve_application(by=SYSTEM, application=rows[1][1].public_id, order=1)
    take_offer(by=actor(rows[0][0]), application=rows[0][1].public_id)
    with clock.frozen(START + dt.timedelta(days=11)):
        look_after_grants()

    assert Application.objects.get(pk=rows[1][1].pk).state == "offered"


def test_a_full_pool_refuses_the_signature_and_nothing_is_half_done():
    granted = make_granted(sign=False)
    claim(by=SYSTEM, pool=granted.pool, quantity=3, key="other", holder="other")
    before = Fact.objects.latest("id").pk

    with pytest.raises(PoolFull):
        sign_now(granted)

    assert Agreement.objects.get(grant=granted.grant).state == "offered"
    assert {part.state for part in granted.grant.parts.all()} == {"planned"}
    assert balance(granted.organisation).left == 0
    assert facts_recorded(before) == []
    assert discrepancies() == []


def test_all_pools_or_none():
    one, two = make_pool(10), make_pool(1)
    gives = [
        {"part": "capacity", "pool": one.slug, "quantity": "ask"},
        {"part": "capacity", "pool": two.slug, "quantity": 2},
    ]
    granted = make_granted(sign=False, pool=one, gives=gives)
    with pytest.raises(PoolFull):
        sign_now(granted)
    assert usage(one).claimed == 0


def test_where_the_call_says_so_a_full_pool_is_waited_for():
    pool = make_pool(10)
    gives = [
        {"part": "capacity", "pool": pool.slug, "quantity": "ask", "when_full": "wait"},
        {"part": "credits", "quantity": 5_000},
    ]
    claim(by=SYSTEM, pool=pool, quantity=9, key="other", holder="other")
    granted = make_granted(pool=pool, gives=gives)
    assert (granted.part("capacity").state, granted.part("credits").state) == ("waiting", "active")

    release_claim(by=SYSTEM, key="other")
    offer = Waiting.objects.get(key=granted.part("capacity").reference).claim
    confirm_hold(by=granted.by, key=offer.key)
    deliver_everything()

    part = granted.part("capacity")
    assert (part.state, part.claim, part.quantity) == ("active", offer.key, 8)
    assert Notice.objects.filter(kind="programmes.PartHandedOver", person=granted.owner).exists()


def test_a_claim_that_its_holder_gives_back_is_seen_on_the_grant():
    granted = make_granted()
    release_claim(by=granted.by, key=granted.part("capacity").claim, quantity=3)
    deliver_everything()
    assert granted.part("capacity").quantity == 5

    release_claim(by=granted.by, key=granted.part("capacity").claim)
    deliver_everything()
    assert granted.part("capacity").state == "returned"


def test_a_pool_that_is_not_open_yet_leaves_its_part_planned():
    gives = [{"part": "capacity", "pool": "not-yet", "quantity": 1}, {"part": "money", "won": 5}]
    granted = make_granted(gives=gives, agreement=None, sign=False)
    assert (granted.part("capacity").state, granted.part("money").state) == ("planned", "active")
    assert not Claim.objects.exists()


def test_access_to_data_stays_planned_and_travels_with_the_fact():
    granted = make_granted(
        gives=[{"part": "dataset", "dataset": "answers.purpose"}], agreement=None, sign=False
    )
    assert GrantPart.objects.get().state == "planned"
    fact = Fact.objects.get(name="programmes.GrantActivated")
    assert fact.data["parts"][0]["about"] == "버스 도착을 예측합니다"
    assert granted.now().activated_at == START


def test_the_inbox_asks_for_the_signature_and_says_that_it_began():
    granted = make_granted()
    deliver_everything()
    titles = [notice.title["en"] for notice in Notice.objects.filter(person=granted.owner).order_by("id")]
    assert "“Example call”: please sign the agreement" in titles
    assert "“Example call”: the grant has begun" in titles


def test_many_grants_of_one_call_share_its_pool():
    pool = make_pool(20)
    call = make_grant_call(pool, agreement=None)
    for _each in range(2):
        hand_in(call, 8)
    with pytest.raises(PoolFull):
        hand_in(call, 8)
    assert Grant.objects.count() == 2
    assert usage(pool).claimed == 16


def test_a_text_that_nothing_could_fill_is_refused_when_the_call_is_saved():
    text = {"ko": "{organisation}에 {gold}을 드립니다.", "en": "{organisation} receives {gold}."}
    with pytest.raises(Invalid) as refused:
        make_grant_call(make_pool(1), agreement={"text": text})
    assert "gold" in refused.value.errors["procedure"][0]
