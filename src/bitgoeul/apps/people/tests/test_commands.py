from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core import mail

from bitgoeul.apps.people import commands, errors, queries, tasks
from bitgoeul.apps.people.models import ApiToken, Invitation, Membership, Organisation
from bitgoeul.apps.people.tests.factories import (
    actor,
    business_number,
    make_member,
    make_organisation,
    make_person,
)
from bitgoeul.kit import clock
from bitgoeul.kit.actor import ANONYMOUS, SYSTEM
from bitgoeul.kit.models import Fact, OnceKey
from bitgoeul.kit.once import once
from bitgoeul.kit.refusals import Forbidden, Invalid, NotFound, NotSignedIn, StateChanged, TooMany
from bitgoeul.kit.testing import client_for, deliver_everything, facts_recorded

pytestmark = pytest.mark.django_db

FILE = {
    "name": "예시 자율주행",
    "business_number": "123-45-67891",
    "region": "광주광역시",
    "founded_on": "2024-03-02",
    "stage": "startup",
    "sector": "mobility",
}


def test_who_founds_an_organisation_owns_it():
    mina = make_person()

    organisation = commands.found_organisation(by=actor(mina), **FILE)

    assert organisation.business_number == "1234567891"
    assert [(m.person, m.role) for m in queries.members_of(organisation)] == [(mina, "owner")]
    assert facts_recorded() == ["people.OrganisationFounded"]
    fact = Fact.objects.get()
    assert fact.organisation == organisation.public_id
    assert fact.personal == {"business_number": "1234567891", "contacts": []}


@pytest.mark.parametrize(
    "number",
    ["", "123-45-67890", "123456789", "000-00-00000", "12345678911", "abc", None, "１２３４５６７８９１"],
)
def test_a_wrong_business_number_founds_nothing(number):
    mina = make_person()

    with pytest.raises(errors.WrongBusinessNumber) as refusal:
        commands.found_organisation(by=actor(mina), **FILE | {"business_number": number})

    assert refusal.value.problem()["code"] == "people.WrongBusinessNumber"
    assert "business_number" in refusal.value.errors
    assert not Organisation.objects.exists()
    assert facts_recorded() == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "  "),
        ("name", "가" * 121),
        ("region", ""),
        ("region", "\x00광주"),
        ("founded_on", "tomorrow"),
        ("founded_on", "2999-01-01"),
        ("founded_on", None),
        ("stage", "giant"),
        ("sector", "war"),
        ("contacts", [{"name": "", "email": "a@example.org"}]),
        ("contacts", [{"name": "김", "email": "no address"}]),
    ],
)
def test_a_field_that_does_not_hold_is_named(field, value):
    with pytest.raises(Invalid) as refusal:
        commands.found_organisation(by=actor(make_person()), **FILE | {field: value})

    assert list(refusal.value.errors) == [field]
    assert facts_recorded() == []


def test_before_founding_there_is_no_business_number_yet_and_it_is_added_once():
    mina = make_person()
    team = commands.found_organisation(
        by=actor(mina), **FILE | {"business_number": "", "founded_on": "", "stage": "pre_startup"}
    )
    other = commands.found_organisation(
        by=actor(mina), **FILE | {"business_number": None, "founded_on": None, "stage": "pre_startup"}
    )
    assert (team.business_number, other.business_number) == (None, None)

    by = actor(mina)
    commands.edit_organisation(
        by=by, slug=team.slug, stage="startup", business_number="123-45-67891", founded_on="2026-01-02"
    )

    team.refresh_from_db()
    assert (team.business_number, team.stage) == ("1234567891", "startup")
    with pytest.raises(Invalid):
        commands.edit_organisation(by=by, slug=team.slug, business_number=business_number(555555555))
    with pytest.raises(errors.WrongBusinessNumber):
        commands.edit_organisation(by=by, slug=other.slug, stage="startup", founded_on="2026-01-02")


def test_the_same_business_number_is_not_founded_twice():
    commands.found_organisation(by=actor(make_person()), **FILE)

    with pytest.raises(errors.OrganisationExists):
        commands.found_organisation(by=actor(make_person()), **FILE | {"name": "다른 이름"})

    assert Organisation.objects.count() == 1


def test_organisations_of_the_same_name_get_addresses_of_their_own():
    mina = make_person()
    slugs = [
        commands.found_organisation(
            by=actor(mina),
            **FILE | {"name": "Bright Lamp", "business_number": business_number(200000000 + n)},
        ).slug
        for n in range(3)
    ]

    assert slugs == ["bright-lamp", "bright-lamp-2", "bright-lamp-3"]


@pytest.mark.parametrize(
    ("name", "slug"), [("예시 자율주행", "yesi-jayuljuhaeng"), ("New", "new-2"), ("가나", "gana")]
)
def test_a_korean_name_becomes_an_address_that_people_can_type(name, slug):
    assert commands.found_organisation(by=actor(make_person()), **FILE | {"name": name}).slug == slug


def test_an_edit_without_a_change_records_nothing():
    mina = make_person()
    organisation = commands.found_organisation(by=actor(mina), **FILE)

    commands.edit_organisation(by=actor(mina), slug=organisation.slug, name=organisation.name)
    commands.edit_organisation(by=actor(mina), slug=organisation.slug, region="전라남도")

    assert facts_recorded() == ["people.OrganisationFounded", "people.OrganisationEdited"]
    assert Fact.objects.last().data["changed"] == {"region": "전라남도"}


def test_an_invitation_is_mailed_and_accepted_by_the_one_it_was_sent_to():
    mina, jun = make_person(), make_person(language="en")
    organisation = make_organisation(owner=mina)
    invitation = commands.invite_member(
        by=actor(mina), slug=organisation.slug, email=jun.email.upper(), role="finance"
    )

    deliver_everything()
    part = commands.accept_invitation(by=actor(jun), invitation_id=invitation.public_id)
    again = commands.accept_invitation(by=actor(jun), invitation_id=invitation.public_id)

    assert [m.to for m in mail.outbox] == [[jun.email]]
    assert queries.invitation_link(invitation) in mail.outbox[0].body
    assert (part.role, part) == ("finance", again)
    told = [name for name in facts_recorded() if name.startswith("people.")]
    assert told == ["people.MemberInvited", "people.InvitationAccepted"]


def test_an_invitation_for_another_address_is_refused():
    mina, stranger = make_person(), make_person()
    organisation = make_organisation(owner=mina)
    invitation = commands.invite_member(
        by=actor(mina), slug=organisation.slug, email="jun@example.org", role="member"
    )

    with pytest.raises(errors.InvitationForAnother):
        commands.accept_invitation(by=actor(stranger), invitation_id=invitation.public_id)


def test_an_expired_invitation_is_refused_and_may_be_sent_anew():
    mina, jun = make_person(), make_person()
    organisation = make_organisation(owner=mina)
    old = commands.invite_member(by=actor(mina), slug=organisation.slug, email=jun.email, role="member")
    with pytest.raises(errors.AlreadyInvited):
        commands.invite_member(by=actor(mina), slug=organisation.slug, email=jun.email, role="owner")

    with clock.frozen(clock.now() + timedelta(days=15)):
        with pytest.raises(errors.InvitationExpired):
            commands.accept_invitation(by=actor(jun), invitation_id=old.public_id)
        new = commands.invite_member(by=actor(mina), slug=organisation.slug, email=jun.email, role="owner")
        commands.accept_invitation(by=actor(jun), invitation_id=new.public_id)

    assert actor(jun).has("owner", organisation.pk)


def test_an_organisation_does_not_flood_mailboxes():
    mina = make_person()
    organisation = make_organisation(owner=mina)
    Invitation.objects.bulk_create(
        Invitation(organisation=organisation, email=f"{n}@example.org", expires_at=clock.now())
        for n in range(commands.INVITATIONS_PER_DAY)
    )
    ask = {"by": actor(mina), "slug": organisation.slug, "email": "one@example.org", "role": "member"}

    with pytest.raises(TooMany):
        commands.invite_member(**ask)
    with clock.frozen(clock.now() + timedelta(days=2)):
        commands.invite_member(**ask)


def test_answers_sessions_and_keys_are_not_kept_longer_than_needed():
    mina = make_person()
    once(by=actor(mina), key="k", request={}, do=lambda: {"email": "jun@example.org"})
    client_for(mina).get("/people/me/")
    assert Session.objects.exists()

    tasks.remove_leftovers()
    assert (OnceKey.objects.count(), Session.objects.count()) == (1, 1)
    with clock.frozen(clock.now() + timedelta(days=30)):
        tasks.remove_leftovers()

    assert not OnceKey.objects.exists()
    assert not Session.objects.exists()
    assert not UserSession.objects.exists()


def test_a_declined_or_withdrawn_invitation_cannot_be_accepted():
    mina, jun = make_person(), make_person()
    organisation = make_organisation(owner=mina)
    invite = {"by": actor(mina), "slug": organisation.slug, "email": jun.email, "role": "member"}

    declined = commands.invite_member(**invite)
    commands.decline_invitation(by=actor(jun), invitation_id=declined.public_id)
    withdrawn = commands.invite_member(**invite)
    commands.withdraw_invitation(by=actor(mina), invitation_id=withdrawn.public_id)

    for invitation in (declined, withdrawn):
        with pytest.raises(StateChanged):
            commands.accept_invitation(by=actor(jun), invitation_id=invitation.public_id)
    assert not Membership.objects.filter(person=jun).exists()


def test_a_changed_link_is_no_invitation():
    mina = make_person()
    organisation = make_organisation(owner=mina)
    invitation = commands.invite_member(
        by=actor(mina), slug=organisation.slug, email="jun@example.org", role="member"
    )
    token = queries.invitation_link(invitation).rstrip("/").rsplit("/", 1)[1]

    assert queries.invitation_by_token(token) == invitation
    with pytest.raises(errors.InvitationInvalid):
        queries.invitation_by_token(token[:-1] + ("A" if token[-1] != "A" else "B"))


def test_the_last_owner_neither_leaves_nor_steps_down():
    mina = make_person()
    organisation = make_organisation(owner=mina)
    jun = make_member(organisation)

    for refused in (
        lambda: commands.leave_organisation(by=actor(mina), slug=organisation.slug),
        lambda: commands.change_role(
            by=actor(mina), slug=organisation.slug, person_id=mina.public_id, role="member"
        ),
        lambda: commands.remove_member(by=actor(mina), slug=organisation.slug, person_id=mina.public_id),
    ):
        with pytest.raises(errors.LastOwner):
            refused()

    commands.change_role(by=actor(mina), slug=organisation.slug, person_id=jun.public_id, role="owner")
    commands.leave_organisation(by=actor(mina), slug=organisation.slug)
    assert [m.person for m in queries.owners_of(organisation)] == [jun]
    assert facts_recorded() == ["people.RoleChanged", "people.MemberLeft"]


def test_only_the_digest_of_a_token_is_kept_and_it_acts_within_its_scopes():
    mina = make_person()

    token, secret = commands.create_token(by=actor(mina), name="script", scopes=["people:read"])

    assert secret not in str(ApiToken.objects.filter(pk=token.pk).values().get())
    assert secret not in str(list(Fact.objects.values()))
    assert queries.token_in_use(secret).person == mina
    narrow = queries.actor_for(mina, scopes=frozenset(token.scopes))
    with pytest.raises(Forbidden):
        commands.found_organisation(by=narrow, **FILE)
    with pytest.raises(Forbidden):
        commands.create_token(
            by=queries.actor_for(mina, scopes=frozenset({"people:write"})),
            name="x",
            scopes=["people:appoint"],
        )


def test_an_expired_and_a_revoked_token_say_so():
    mina = make_person()
    token, secret = commands.create_token(
        by=actor(mina), name="script", scopes=["people:read"], expires_in_days=7
    )

    with clock.frozen(clock.now() + timedelta(days=8)), pytest.raises(errors.TokenExpired):
        queries.token_in_use(secret)
    commands.revoke_token(by=actor(mina), token_id=token.public_id)
    commands.revoke_token(by=actor(mina), token_id=token.public_id)
    with pytest.raises(errors.TokenRevoked):
        queries.token_in_use(secret)
    with pytest.raises(errors.TokenUnknown):
        queries.token_in_use(secret + "x")
    assert facts_recorded() == ["people.TokenCreated", "people.TokenRevoked"]


@pytest.mark.parametrize(
    "bad",
    [
        {"scopes": []},
        {"scopes": ["lake:everything"]},
        {"expires_in_days": 0},
        {"expires_in_days": 400},
        {"name": " "},
    ],
)
def test_a_token_needs_a_name_known_scopes_and_an_end(bad):
    with pytest.raises(Invalid):
        commands.create_token(by=actor(make_person()), **{"name": "a", "scopes": ["people:read"]} | bad)


def test_last_use_of_a_token_is_noted_at_most_every_five_minutes(django_assert_num_queries):
    _token, secret = commands.create_token(by=actor(make_person()), name="a", scopes=["people:read"])
    queries.token_in_use(secret)

    with django_assert_num_queries(1):
        queries.token_in_use(secret)
    with clock.frozen(clock.now() + timedelta(minutes=6)), django_assert_num_queries(2):
        queries.token_in_use(secret)


def test_a_role_of_the_hub_is_given_and_taken_once():
    mina = make_person()

    for _repeat in range(2):
        commands.appoint_person(by=SYSTEM, email=mina.email, role="steward")
    assert "steward" in actor(type(mina).objects.get(pk=mina.pk)).roles
    commands.dismiss_person(by=SYSTEM, email=mina.email, role="steward")

    assert facts_recorded() == ["people.PersonAppointed", "people.PersonDismissed"]
    with pytest.raises(errors.PersonUnknown):
        commands.appoint_person(by=SYSTEM, email="nobody@example.org", role="steward")
    with pytest.raises(Forbidden):
        commands.appoint_person(by=actor(mina), email=mina.email, role="operator")


def test_erasing_forgets_the_person_and_keeps_every_proof():
    mina = make_person(name="김미나")
    jun = make_person()
    organisation = commands.found_organisation(
        by=actor(mina), **FILE | {"contacts": [{"name": "김미나", "email": mina.email}]}
    )
    invitation = commands.invite_member(by=actor(mina), slug=organisation.slug, email=jun.email, role="owner")
    commands.accept_invitation(by=actor(jun), invitation_id=invitation.public_id)
    _token, secret = commands.create_token(by=actor(mina), name="a", scopes=["people:read"])
    hashes = {fact.pk: fact.personal_hashes() for fact in Fact.objects.all()}
    address = mina.email

    commands.erase_person(by=actor(mina), email=address)

    mina.refresh_from_db()
    assert (mina.name, mina.is_active, mina.has_usable_password()) == ("", False, False)
    assert address not in str(list(type(mina).objects.values())) + str(list(Fact.objects.values()))
    assert "김미나" not in str(list(Fact.objects.values())) + str(list(Organisation.objects.values()))
    assert {fact.pk: fact.personal_hashes() for fact in Fact.objects.filter(pk__in=hashes)} == hashes
    with pytest.raises(errors.TokenUnknown):
        queries.token_in_use(secret)
    assert facts_recorded()[-1] == "people.PersonErased"


def test_the_only_owner_of_an_organisation_with_members_is_not_erased():
    mina = make_person()
    organisation = make_organisation(owner=mina)
    jun = make_member(organisation)

    with pytest.raises(errors.SoleOwner) as refusal:
        commands.erase_person(by=actor(mina), email=mina.email)
    assert organisation.name in str(refusal.value)
    mina.refresh_from_db()
    assert mina.is_active

    commands.leave_organisation(by=actor(jun), slug=organisation.slug)
    commands.erase_person(by=actor(mina), email=mina.email)
    assert Organisation.objects.filter(pk=organisation.pk).exists()


def still_owes(organisation):
    return organisation.name == "holds"


def test_the_only_owner_of_an_organisation_with_open_obligations_is_not_erased(settings):
    settings.OBLIGATIONS = [f"{__name__}.still_owes"]
    mina = make_person()
    make_organisation(owner=mina, name="holds")

    with pytest.raises(errors.SoleOwner):
        commands.erase_person(by=actor(mina), email=mina.email)


def test_nobody_is_erased_by_mistake_or_by_a_token():
    mina = make_person()

    with pytest.raises(errors.AddressNotTyped):
        commands.erase_person(by=actor(mina), email="other@example.org")
    with pytest.raises(Forbidden):
        commands.erase_person(
            by=queries.actor_for(mina, scopes=frozenset({"people:write"})), email=mina.email
        )


def test_leftovers_go_as_the_privacy_page_promises():
    from allauth.account.models import EmailAddress

    mina, waiting = make_person(), make_person()
    EmailAddress.objects.filter(user=waiting).update(verified=False)
    organisation = make_organisation(owner=mina)
    commands.invite_member(by=actor(mina), slug=organisation.slug, email="jun@example.org", role="member")

    assert commands.remove_leftovers(by=SYSTEM) == (0, 0)
    with clock.frozen(clock.now() + timedelta(days=120)):
        assert commands.remove_leftovers(by=SYSTEM) == (1, 1)

    assert not type(waiting).objects.filter(pk=waiting.pk).exists()
    assert not Invitation.objects.exists()
    assert "jun@example.org" not in str(list(Fact.objects.values()))


ROLES = ["owner", "finance", "member", "stranger", "visitor", "operator", "auditor"]
YES, NO, HIDDEN, OUT = "yes", "403", "404", "401"
TABLE = {
    # action:           owner, finance, member, stranger, visitor, operator, auditor
    "edit":             [YES, NO, NO, HIDDEN, HIDDEN, YES, NO],
    "invite":           [YES, NO, NO, HIDDEN, HIDDEN, NO, NO],
    "withdraw":         [YES, HIDDEN, HIDDEN, HIDDEN, HIDDEN, HIDDEN, HIDDEN],
    "change_role":      [YES, NO, NO, HIDDEN, HIDDEN, YES, NO],
    "remove":           [YES, NO, NO, HIDDEN, HIDDEN, YES, NO],
    "leave":            [YES, YES, YES, HIDDEN, OUT, HIDDEN, HIDDEN],
    "found":            [YES, YES, YES, YES, OUT, YES, YES],
    "token":            [YES, YES, YES, YES, OUT, YES, YES],
    "appoint":          [NO, NO, NO, NO, NO, YES, NO],
    "client":           [NO, NO, NO, NO, NO, YES, NO],
}  # fmt: skip


@pytest.mark.parametrize("action", TABLE)
@pytest.mark.parametrize("role", ROLES)
def test_role_times_action(role, action):
    organisation = make_organisation(owner=make_person())
    other = make_member(organisation)
    open_invitation = Invitation.objects.create(
        organisation=organisation, email="a@example.org", expires_at=clock.now() + timedelta(days=1)
    )
    if role == "visitor":
        by = ANONYMOUS
    elif role == "stranger":
        by = actor(make_person())
    elif role in {"operator", "auditor"}:
        by = actor(make_person(roles=[role]))
    else:
        by = actor(make_member(organisation, role))
    slug = organisation.slug
    act = {
        "edit": lambda: commands.edit_organisation(by=by, slug=slug, region="전라남도"),
        "invite": lambda: commands.invite_member(by=by, slug=slug, email="b@example.org", role="member"),
        "withdraw": lambda: commands.withdraw_invitation(by=by, invitation_id=open_invitation.public_id),
        "change_role": lambda: commands.change_role(
            by=by, slug=slug, person_id=other.public_id, role="finance"
        ),
        "remove": lambda: commands.remove_member(by=by, slug=slug, person_id=other.public_id),
        "leave": lambda: commands.leave_organisation(by=by, slug=slug),
        "found": lambda: commands.found_organisation(by=by, **FILE),
        "token": lambda: commands.create_token(by=by, name="a", scopes=["people:read"]),
        "appoint": lambda: commands.appoint_person(by=by, email=other.email, role="auditor"),
        "client": lambda: commands.register_client(
            by=by, name="a", redirect_uris=["https://a.example.org/cb"]
        ),
    }[action]

    try:
        act()
        answer = YES
    except Forbidden:
        answer = NO
    except NotFound:
        answer = HIDDEN
    except NotSignedIn:
        answer = OUT

    assert answer == TABLE[action][ROLES.index(role)]
    assert len(facts_recorded()) == (1 if answer == YES else 0)
