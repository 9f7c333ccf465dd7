"""The doors for programs, through HTTP as a program uses them."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client

from bitgoeul.apps.people import commands
from bitgoeul.apps.people.models import Organisation, Person
from bitgoeul.apps.people.tests.factories import PASSWORD, actor, make_member, make_organisation, make_person
from bitgoeul.kit import clock
from bitgoeul.kit.testing import api_for, facts_recorded

pytestmark = pytest.mark.django_db

APP = "/_allauth/app/v1/auth"
FILE = {
    "name": "예시 자율주행",
    "business_number": "123-45-67891",
    "region": "광주광역시",
    "founded_on": "2024-03-02",
    "stage": "startup",
    "sector": "mobility",
    "contacts": [{"name": "김예시", "email": "contact@example.org"}],
}


def post(client, path, body=None, **headers):
    return client.post(path, body or {}, content_type="application/json", headers=headers)


def key_in(message):
    return re.search(r"/accounts/confirm-email/([^/\s]+)/", message.body)[1]


def sign_up(client, email="mina@example.org", password=PASSWORD, **more):
    return post(client, f"{APP}/signup", {"email": email, "password": password} | more)


def test_a_program_signs_up_confirms_founds_and_makes_a_token():
    program = api_for()

    begun = sign_up(program, name="김미나", language="ko")
    assert begun.status_code == 401
    session = {"X-Session-Token": begun.json()["meta"]["session_token"]}
    assert program.get("/api/people/me", headers=session).status_code == 401

    confirmed = post(program, f"{APP}/email/verify", {"key": key_in(mail.outbox[0])}, **session)
    assert confirmed.status_code == 200
    session = {"X-Session-Token": confirmed.json()["meta"].get("session_token", session["X-Session-Token"])}

    founded = post(program, "/api/people/organisations", FILE, **session)
    assert founded.status_code == 200, founded.content
    assert founded.json()["your_role"] == "owner"

    made = post(
        program,
        "/api/people/tokens",
        {"name": "script", "scopes": ["people:read", "people:write"]},
        **session,
    )
    token = {"Authorization": f"Bearer {made.json()['token']}"}
    me = Client().get("/api/people/me", headers=token).json()
    assert me["name"] == "김미나"
    assert me["organisations"] == [{"slug": founded.json()["slug"], "name": FILE["name"], "role": "owner"}]
    assert me["scopes"] == ["people:read", "people:write"]
    assert facts_recorded() == [
        "people.PersonSignedUp",
        "people.AddressConfirmed",
        "people.OrganisationFounded",
        "people.TokenCreated",
    ]


def test_a_program_signs_in_and_out():
    mina = make_person()
    program = api_for()

    entered = post(program, f"{APP}/login", {"email": mina.email.upper(), "password": PASSWORD})
    session = {"X-Session-Token": entered.json()["meta"]["session_token"]}

    assert Client().get("/api/people/me", headers=session).json()["email"] == mina.email
    assert program.delete(f"{APP}/session", headers=session).status_code == 401
    gone = Client().get("/api/people/me", headers=session)
    assert (gone.status_code, gone.json()["code"]) == (401, "people.SessionUnknown")


def test_signing_up_twice_tells_the_owner_of_the_address_and_nobody_else():
    mina = make_person(email="mina@example.org")

    known = sign_up(api_for(), email="Mina@Example.org", password="another-lamp-77")
    unknown = sign_up(api_for(), email="new@example.org", password="another-lamp-77")

    def shown(answer):
        body = answer.json()
        body["meta"].pop("session_token", None)
        return answer.status_code, body

    assert shown(known) == shown(unknown)
    assert [message.to for message in mail.outbox] == [["mina@example.org"], ["new@example.org"]]
    assert "confirm-email" not in mail.outbox[0].body
    assert "password/reset" in mail.outbox[0].body
    assert Person.objects.count() == 2
    mina.refresh_from_db()
    assert mina.check_password(PASSWORD)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "no address", "password": PASSWORD},
        {"email": "a@example.org", "password": "short"},
        {"email": "a@example.org", "password": "password1234"},
    ],
)
def test_a_sign_up_that_does_not_hold_is_refused(body):
    answer = post(api_for(), f"{APP}/signup", body)

    assert answer.status_code == 400
    assert answer.json()["errors"]
    assert not Person.objects.exists()


def test_a_confirmation_key_works_once():
    program = api_for()
    session = {"X-Session-Token": sign_up(program).json()["meta"]["session_token"]}
    key = key_in(mail.outbox[0])

    assert post(program, f"{APP}/email/verify", {"key": key + "x"}, **session).status_code == 400
    assert post(program, f"{APP}/email/verify", {"key": key}, **session).status_code == 200
    assert post(api_for(), f"{APP}/email/verify", {"key": key}).status_code == 400
    assert facts_recorded().count("people.AddressConfirmed") == 1


def test_an_expired_revoked_or_unknown_token_has_a_code_of_its_own():
    mina = make_person()
    token, secret = commands.create_token(by=actor(mina), name="a", scopes=["people:read"], expires_in_days=7)
    headers = {"Authorization": f"Bearer {secret}"}

    def code():
        answer = Client().get("/api/people/me", headers=headers)
        assert answer["Content-Type"] == "application/problem+json"
        assert answer["WWW-Authenticate"].startswith("Bearer")
        return answer.status_code, answer.json()["code"]

    assert Client().get("/api/people/me", headers=headers).status_code == 200
    with clock.frozen(clock.now() + timedelta(days=8)):
        assert code() == (401, "people.TokenExpired")
    commands.revoke_token(by=actor(mina), token_id=token.public_id)
    assert code() == (401, "people.TokenRevoked")
    headers = {"Authorization": "Bearer bgl_made-up"}
    assert code() == (401, "people.TokenUnknown")


def test_a_token_does_what_its_scopes_say():
    mina = make_person()
    _row, secret = commands.create_token(by=actor(mina), name="a", scopes=["people:read"])

    answer = post(Client(), "/api/people/organisations", FILE, Authorization=f"Bearer {secret}")

    assert (answer.status_code, answer.json()["code"]) == (403, "kit.Forbidden")
    assert not Organisation.objects.exists()


def test_a_wrong_business_number_is_explained_in_the_readers_language():
    answer = post(
        api_for(make_person(), language="ko"), "/api/people/organisations", FILE | {"business_number": "1"}
    )

    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "people.WrongBusinessNumber")
    assert re.search("[가-힣]", problem["errors"]["business_number"][0])


def test_a_second_submit_with_the_same_key_gives_the_first_answer():
    program = api_for(make_person())

    first = post(program, "/api/people/organisations", FILE, **{"Idempotency-Key": "k1"})
    second = post(program, "/api/people/organisations", FILE, **{"Idempotency-Key": "k1"})
    without = post(program, "/api/people/organisations", FILE)

    assert first.json() == second.json()
    assert (without.status_code, without.json()["code"]) == (409, "people.OrganisationExists")
    assert Organisation.objects.count() == 1


def test_members_are_invited_promoted_and_removed_over_the_api():
    mina, jun = make_person(), make_person()
    slug = make_organisation(owner=mina).slug
    owner, invited = api_for(mina), api_for(jun)

    sent = post(owner, f"/api/people/organisations/{slug}/invitations", {"email": jun.email}).json()
    waiting = invited.get("/api/people/invitations").json()
    assert [row["id"] for row in waiting] == [sent["id"]]
    assert post(invited, f"/api/people/invitations/{sent['id']}/accept").json()["role"] == "member"
    members = f"/api/people/organisations/{slug}/members"
    raised = owner.put(f"{members}/{jun.public_id}", {"role": "finance"}, content_type="application/json")
    assert raised.json()["role"] == "finance"
    assert [row["role"] for row in invited.get(members).json()] == ["owner", "finance"]
    assert owner.delete(f"{members}/{mina.public_id}").json()["code"] == "people.LastOwner"
    assert owner.delete(f"{members}/{jun.public_id}").status_code == 204
    assert invited.get(f"/api/people/organisations/{slug}").status_code == 404


def test_an_organisation_is_edited_by_its_owner_only():
    mina = make_person()
    organisation = make_organisation(owner=mina)
    path = f"/api/people/organisations/{organisation.slug}"

    def patch(person):
        return api_for(person).patch(path, {"region": "전라남도"}, content_type="application/json")

    assert patch(mina).json()["region"] == "전라남도"
    assert patch(make_member(organisation)).status_code == 403
    assert patch(make_person()).status_code == 404
    assert patch(None).status_code == 401


def test_my_data_holds_everything_about_me_and_no_secret():
    mina = make_person(name="김미나")
    program = api_for(mina)
    post(program, "/api/people/organisations", FILE)
    secret = post(program, "/api/people/tokens", {"name": "t", "scopes": ["people:read"]}).json()["token"]

    answer = program.get("/api/people/me/data")

    data = answer.json()
    assert data["person"]["email"] == mina.email
    assert [fact["name"] for fact in data["facts"]] == ["people.OrganisationFounded", "people.TokenCreated"]
    assert data["facts"][0]["personal"]["business_number"] == "1234567891"
    text = answer.content.decode()
    assert secret not in text
    assert "digest" not in text
    assert mina.password not in text


def test_erasing_over_the_api_ends_the_session():
    mina = make_person()
    program = api_for(mina)

    wrong = post(program, "/api/people/me/erase", {"email": "x@example.org"})
    done = post(program, "/api/people/me/erase", {"email": mina.email})

    assert (wrong.status_code, wrong.json()["code"]) == (422, "people.AddressNotTyped")
    assert done.status_code == 200
    assert program.get("/api/people/me").status_code == 401
    entered = post(api_for(), f"{APP}/login", {"email": mina.email, "password": PASSWORD})
    assert entered.status_code == 400


def test_signing_in_is_limited():
    mina = make_person()
    statuses = [
        post(api_for(), f"{APP}/login", {"email": mina.email, "password": "wrong-wrong-9"}).status_code
        for _attempt in range(6)
    ]
    right = post(api_for(), f"{APP}/login", {"email": mina.email, "password": PASSWORD})

    assert statuses[0] == 400
    assert right.status_code == 400
    assert right.json()["errors"][0]["code"] == "too_many_login_attempts"


def test_lists_do_not_ask_more_for_more_rows(django_assert_max_num_queries):
    mina = make_person()
    organisation = make_organisation(owner=mina)
    program = api_for(mina)
    counts = []
    for _more in range(2):
        with django_assert_max_num_queries(12) as asked:
            program.get(f"/api/people/organisations/{organisation.slug}/members")
        counts.append(len(asked))
        make_member(organisation)
        make_member(organisation)

    assert counts[0] == counts[1]
