"""Other components sign people in with their account here: OpenID Connect, end to end."""

import base64
import hashlib
import os
import re
import stat
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings as hub

from bitgoeul.apps.people import commands
from bitgoeul.apps.people.tests.factories import actor, make_organisation, make_person
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.testing import api_for, client_for

pytestmark = pytest.mark.django_db

BACK = "https://notebooks.example.org/callback"
VERIFIER = "a" * 50
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
SCOPES = ("openid", "profile", "email", "organisations")


def register(**more):
    return commands.register_client(by=SYSTEM, name="Notebooks", redirect_uris=[BACK], scopes=SCOPES, **more)


def question(client, **more):
    return {
        "response_type": "code",
        "client_id": client.pk,
        "redirect_uri": BACK,
        "scope": " ".join(SCOPES),
        "state": "s1",
        "nonce": "n1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    } | more


def consent(browser, client):
    page = browser.get("/identity/o/authorize", question(client))
    assert page.status_code == 200, page.content.decode()
    hidden = re.search(r'name="request" value="([^"]+)"', page.content.decode())[1]
    return page, browser.post(
        "/identity/o/authorize", {"request": hidden, "scopes": list(SCOPES), "action": "grant"}
    )


def exchange(client, secret, **form):
    sent = {"client_id": client.pk, "redirect_uri": BACK, "code_verifier": VERIFIER} | form
    if secret:
        sent["client_secret"] = secret
    return api_for().post("/identity/o/api/token", sent)


def code_of(answer):
    back = urlsplit(answer["Location"])
    assert f"{back.scheme}://{back.netloc}{back.path}" == BACK
    found = parse_qs(back.query)
    assert found["state"] == ["s1"]
    return found["code"][0]


def test_the_discovery_document_names_what_a_component_needs():
    found = api_for().get("/.well-known/openid-configuration").json()

    assert found["issuer"] == hub.URL
    for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"):
        assert found[name].startswith(hub.URL)
    assert "code" in found["response_types_supported"]


def test_the_key_is_made_once_and_only_the_hub_reads_it():
    path = Path(hub.HOME) / "oidc_key.pem"

    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert load_pem_private_key(path.read_bytes(), None).key_size == 2048
    assert path.read_text() == hub.IDP_OIDC_PRIVATE_KEY
    assert "DatabaseCache" in hub.CACHES["default"]["BACKEND"]


@pytest.mark.parametrize("is_public", [False, True])
def test_somebody_signs_in_to_a_component_with_consent_and_pkce(is_public):
    mina = make_person(name="김미나", language="ko")
    organisation = make_organisation(owner=mina)
    client, secret = register(is_public=is_public)

    page, granted = consent(client_for(mina), client)
    assert "Notebooks" in page.content.decode()
    assert BACK.rsplit("/", 1)[0] in page["Content-Security-Policy"]
    code = code_of(granted)
    assert (
        exchange(
            client, secret, grant_type="authorization_code", code=code, code_verifier="b" * 50
        ).status_code
        == 400
    )

    _page, granted = consent(client_for(mina), client)
    tokens = exchange(client, secret, grant_type="authorization_code", code=code_of(granted)).json()
    keys = api_for().get("/.well-known/jwks.json").json()["keys"]
    key = jwt.PyJWK(keys[0])
    identity = jwt.decode(tokens["id_token"], key, algorithms=["RS256"], audience=client.pk)
    assert (identity["sub"], identity["iss"], identity["nonce"]) == (mina.public_id, hub.URL, "n1")

    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    person = api_for().get("/identity/o/api/userinfo", headers=bearer).json()
    assert person == {
        "sub": mina.public_id,
        "name": "김미나",
        "locale": "ko",
        "preferred_username": mina.public_id,
        "email": mina.email,
        "email_verified": True,
        "organisations": [{"slug": organisation.slug, "role": "owner"}],
    }

    fresh = exchange(client, secret, grant_type="refresh_token", refresh_token=tokens["refresh_token"]).json()
    assert fresh["access_token"] != tokens["access_token"]
    bearer = {"Authorization": f"Bearer {fresh['access_token']}"}
    assert api_for().get("/identity/o/api/userinfo", headers=bearer).json()["sub"] == mina.public_id


def test_a_code_works_once():
    client, secret = register()
    _page, granted = consent(client_for(make_person()), client)
    code = code_of(granted)

    assert exchange(client, secret, grant_type="authorization_code", code=code).status_code == 200
    assert exchange(client, secret, grant_type="authorization_code", code=code).status_code == 400


def test_a_component_of_the_hub_asks_for_no_consent():
    client, _secret = register(skip_consent=True)

    answer = client_for(make_person()).get("/identity/o/authorize", question(client))

    assert code_of(answer)


def test_a_visitor_signs_in_first():
    client, _secret = register()

    answer = client_for().get("/identity/o/authorize", question(client))

    assert answer["Location"].startswith("/accounts/login/?next=")


@pytest.mark.parametrize("wrong", [{"redirect_uri": "https://evil.example.org/"}, {"client_id": "nobody"}])
def test_a_request_that_cannot_be_trusted_is_answered_here_and_not_sent_on(wrong):
    client, _secret = register()

    answer = client_for(make_person()).get("/identity/o/authorize", question(client, **wrong))

    assert "Location" not in answer
    page = answer.content.decode()
    assert "site-head" in page
    assert 'href="https://evil' not in page


def test_a_wrong_secret_gets_no_token():
    client, _secret = register()
    _page, granted = consent(client_for(make_person()), client)

    answer = exchange(client, "wrong", grant_type="authorization_code", code=code_of(granted))

    assert answer.status_code == 401


def test_who_is_erased_is_unknown_to_every_component():
    mina = make_person()
    client, secret = register()
    _page, granted = consent(client_for(mina), client)
    tokens = exchange(client, secret, grant_type="authorization_code", code=code_of(granted)).json()

    commands.erase_person(by=actor(mina), email=mina.email)

    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert api_for().get("/identity/o/api/userinfo", headers=bearer).status_code == 401
    again = exchange(client, secret, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert again.status_code == 400


def test_a_device_asks_in_the_browser_in_our_look():
    page = client_for(make_person()).get("/identity/o/device")

    assert page.status_code == 200
    assert "site-head" in page.content.decode()
