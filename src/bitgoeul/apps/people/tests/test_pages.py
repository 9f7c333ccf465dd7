"""The doors for people: our pages, and every page of django-allauth that a person can reach."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.core.cache import cache

from bitgoeul.apps.people import commands, queries
from bitgoeul.apps.people.models import ApiToken, Membership, Organisation, Person
from bitgoeul.apps.people.tests.factories import PASSWORD, actor, make_member, make_organisation, make_person
from bitgoeul.kit import clock
from bitgoeul.kit.testing import client_for, deliver_everything, facts_recorded

pytestmark = pytest.mark.django_db

FILE = {
    "name": "예시 자율주행",
    "business_number": "123-45-67891",
    "region": "광주광역시",
    "founded_on": "2024-03-02",
    "stage": "startup",
    "sector": "mobility",
    "contact_name": "김예시",
    "contact_email": "contact@example.org",
}


def link_in(message):
    """The address that the mail asks to open: alone on its line, so that no mail reader adds to it."""
    links = [line for line in message.body.splitlines() if line.startswith("http") and line.count("/") > 3]
    assert len(links) == 1, message.body
    return "/" + links[0].split("/", 3)[3]


def signed_in(person, language="ko"):
    """A browser in which ``person`` has just typed the password."""
    browser = client_for(language=language)
    answer = browser.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    assert answer.status_code == 302, answer.content.decode()
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return browser


def text_of(answer):
    """What a reader sees of the page's main part, without codes such as ``lake:read`` and proper names."""
    html = re.search(r"<main.*?</main>", answer.content.decode(), re.S)[0]
    html = re.sub(r"<(script|style|svg|noscript).*?</\1>", " ", html, flags=re.S)
    html = re.sub(r"OpenID Connect|[a-z]+:[a-z]+", "", re.sub(r"<[^>]+>", " ", html))
    return re.sub(r"\s+", " ", html)


ENTRANCE = [
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/done/",
    "/accounts/confirm-email/",
    "/accounts/confirm-email/wrong-key/",
    "/accounts/password/reset/key/1-wrong/",
    "/accounts/inactive/",
]
INSIDE = [
    "/accounts/logout/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/reauthenticate/",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/webauthn/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/sessions/",
    "/people/me/",
    "/people/me/erase/",
    "/people/privacy/",
    "/people/tokens/",
    "/people/organisations/",
    "/people/organisations/new/",
]


def looks_like_ours(answer, language):
    html = answer.content.decode()
    assert answer.status_code == 200, answer.status_code
    assert f'<html lang="{language}"' in html
    assert "site-head" in html
    assert html.count("<h1>") == 1, re.findall("<h1.*?</h1>", html, re.S)
    assert html.count('class="btn primary"') <= 1
    assert "style=" not in html
    assert not re.search(r"<script(?![^>]*(src=|application/json))", html)
    if language == "ko":
        # A random number in hexadecimal may end in letters and read like a word.
        text = re.sub(r"\b[0-9a-f]{16,}\b", "", text_of(answer))
        leftovers = [
            word
            for word in re.findall(r"[A-Za-z][A-Za-z'-]{3,}(?: [A-Za-z'-]{2,})+", text)
            if "example" not in word
        ]
        assert not leftovers, leftovers


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("path", ENTRANCE)
def test_a_visitor_sees_our_pages(path, language):
    looks_like_ours(client_for(language=language).get(path), language)


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("path", INSIDE)
def test_a_person_sees_our_pages(path, language):
    person = make_person(name="김미나", language=language)
    looks_like_ours(signed_in(person, language).get(path), language)


@pytest.mark.parametrize("path", [p for p in INSIDE if p != "/accounts/logout/"])
def test_pages_of_an_account_ask_a_visitor_to_sign_in(path):
    answer = client_for().get(path)

    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/accounts/login/")


def test_somebody_signs_up_confirms_and_is_signed_in():
    browser = client_for(language="ko")

    sent = browser.post(
        "/accounts/signup/",
        {"email": "mina@example.org", "name": "김미나", "password1": PASSWORD},
        follow=True,
    )
    looks_like_ours(sent, "ko")
    link = link_in(mail.outbox[0])
    looks_like_ours(browser.get(link), "ko")
    entered = browser.post(link)

    assert entered["Location"] == "/my/"
    person = Person.objects.get()
    assert (person.name, person.language, person.email) == ("김미나", "ko", "mina@example.org")
    assert "김미나" in browser.get("/people/me/").content.decode()
    assert facts_recorded() == ["people.PersonSignedUp", "people.AddressConfirmed"]


def test_without_a_confirmed_address_nobody_enters():
    browser = client_for()
    browser.post("/accounts/signup/", {"email": "mina@example.org", "password1": PASSWORD})

    refused = client_for().post("/accounts/login/", {"login": "mina@example.org", "password": PASSWORD})

    assert refused["Location"] == "/accounts/confirm-email/"
    assert not actor_signed_in(browser)


def actor_signed_in(browser):
    return browser.get("/people/me/").status_code == 200


def test_signing_up_with_a_known_address_looks_like_any_other():
    make_person(email="mina@example.org")
    pages = []
    for email in ("mina@example.org", "new@example.org"):
        browser = client_for(language="ko")
        page = browser.post("/accounts/signup/", {"email": email, "password1": PASSWORD}, follow=True)
        pages.append(text_of(page).replace(email, "…"))

    assert pages[0] == pages[1]
    known, new = mail.outbox
    assert known.to == ["mina@example.org"]
    assert "/accounts/password/reset/" in known.body
    assert "confirm-email" in new.body


def test_a_forgotten_password_is_replaced_by_mail():
    mina = make_person()
    browser = client_for(language="ko")
    looks_like_ours(browser.post("/accounts/password/reset/", {"email": mina.email}, follow=True), "ko")
    link = link_in(mail.outbox[0])

    page = browser.get(link, follow=True)
    looks_like_ours(page, "ko")
    browser.post(page.redirect_chain[-1][0], {"password1": "another-lamp-77", "password2": "another-lamp-77"})

    mina.refresh_from_db()
    assert mina.check_password("another-lamp-77")
    assert facts_recorded() == ["people.SecurityChanged"]


def test_pages_speak_the_persons_language_after_signing_in():
    mina = make_person(language="en")

    looks_like_ours(signed_in(mina, "ko").get("/people/me/"), "en")


def test_somebody_signs_out():
    browser = signed_in(make_person())

    browser.post("/accounts/logout/")

    assert not actor_signed_in(browser)


def code_for(secret):
    return f"{hotp_value(secret, next(iter(yield_hotp_counters_from_time()))):06d}"


@pytest.mark.django_db(transaction=True)
def test_an_authenticator_app_becomes_the_second_factor_of_signing_in():
    mina = make_person()
    browser = signed_in(mina)
    page = browser.get("/accounts/2fa/totp/activate/")
    assert 'src="data:image/svg+xml' in page.content.decode()
    secret = page.context["form"].secret
    activated = browser.post("/accounts/2fa/totp/activate/", {"code": code_for(secret)}, follow=True)
    looks_like_ours(activated, "ko")
    for path in (
        "/accounts/2fa/",
        "/accounts/2fa/recovery-codes/",
        "/accounts/2fa/recovery-codes/generate/",
        "/accounts/2fa/totp/deactivate/",
    ):
        looks_like_ours(browser.get(path), "ko")
    mina.refresh_from_db()

    other = client_for(language="ko")
    step = other.post("/accounts/login/", {"login": mina.email, "password": PASSWORD}, follow=True)
    looks_like_ours(step, "ko")
    assert not actor_signed_in(other)
    wrong = other.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert "000000" not in text_of(wrong)
    cache.clear()  # the code of this half minute was used to activate
    assert other.post("/accounts/2fa/authenticate/", {"code": code_for(secret)})["Location"] == "/my/"
    assert actor_signed_in(other)

    recovery = Authenticator.objects.get(user=mina, type="recovery_codes").wrap().get_unused_codes()[0]
    third = client_for()
    third.post("/accounts/login/", {"login": mina.email, "password": PASSWORD})
    assert third.post("/accounts/2fa/authenticate/", {"code": recovery})["Location"] == "/my/"
    assert facts_recorded().count("people.SecurityChanged") == 2


def test_an_address_is_added_confirmed_and_made_primary(django_capture_on_commit_callbacks):
    mina = make_person()
    browser = signed_in(mina)

    with django_capture_on_commit_callbacks(execute=True):
        browser.post("/accounts/email/", {"email": "mina@second.example.org", "action_add": ""})
    looks_like_ours(browser.get("/accounts/email/"), "ko")
    browser.post(link_in(mail.outbox[0]))
    with django_capture_on_commit_callbacks(execute=True):
        browser.post("/accounts/email/", {"email": "mina@second.example.org", "action_primary": ""})

    mina.refresh_from_db()
    assert mina.email == "mina@second.example.org"
    assert facts_recorded() == [
        "people.SecurityChanged",
        "people.AddressConfirmed",
        "people.SecurityChanged",
    ]


def test_somebody_changes_name_and_language():
    mina = make_person(language="ko")
    browser = signed_in(mina)

    answer = browser.post("/people/me/", {"name": "Mina Kim", "language": "en"}, follow=True)

    looks_like_ours(answer, "en")
    mina.refresh_from_db()
    assert (mina.name, mina.language) == ("Mina Kim", "en")


def test_an_organisation_is_founded_once_even_if_the_form_is_sent_twice():
    browser = client_for(make_person())
    key = re.search(
        r'name="once" value="([^"]+)"', browser.get("/people/organisations/new/").content.decode()
    )[1]

    first = browser.post("/people/organisations/new/", FILE | {"once": key})
    second = browser.post("/people/organisations/new/", FILE | {"once": key})

    organisation = Organisation.objects.get()
    assert first["Location"] == second["Location"] == f"/people/organisations/{organisation.slug}/"
    page = browser.get(first["Location"])
    looks_like_ours(page, "ko")
    assert "123-45-67891" in text_of(page)
    assert organisation.contacts == [{"name": "김예시", "email": "contact@example.org"}]


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_wrong_business_number_is_explained_at_the_field(language):
    browser = client_for(make_person(), language)

    answer = browser.post("/people/organisations/new/", FILE | {"business_number": "123-45-67890"})

    assert answer.status_code == 422
    assert answer.context["form"].errors["business_number"]
    assert FILE["name"] in answer.content.decode()
    assert bool(re.search("[가-힣]", answer.context["form"].errors["business_number"][0])) == (
        language == "ko"
    )
    assert not Organisation.objects.exists()


def test_an_organisation_that_is_here_already_says_whom_to_ask():
    commands.found_organisation(
        by=actor(make_person()),
        contacts=[],
        **{k: v for k, v in FILE.items() if not k.startswith("contact")},
    )

    answer = client_for(make_person()).post("/people/organisations/new/", FILE)

    assert answer.status_code == 422
    assert Organisation.objects.count() == 1


def test_the_company_file_is_edited_and_keeps_its_business_number():
    mina = make_person()
    browser = client_for(mina)
    browser.post("/people/organisations/new/", FILE)
    slug = Organisation.objects.get().slug

    looks_like_ours(browser.get(f"/people/organisations/{slug}/edit/"), "ko")
    browser.post(
        f"/people/organisations/{slug}/edit/",
        FILE | {"region": "전라남도", "business_number": "999-99-99999"},
    )

    organisation = Organisation.objects.get()
    assert (organisation.region, organisation.business_number) == ("전라남도", "1234567891")


def test_what_is_not_mine_does_not_exist():
    organisation = make_organisation(owner=make_person())
    member = make_member(organisation)

    stranger = client_for(make_person())
    assert stranger.get(f"/people/organisations/{organisation.slug}/").status_code == 404
    assert client_for(member).get(f"/people/organisations/{organisation.slug}/").status_code == 200
    assert client_for(member).get(f"/people/organisations/{organisation.slug}/edit/").status_code == 403
    assert client_for(member).get("/people/clients/").status_code == 403


def test_somebody_is_invited_by_mail_and_joins():
    mina, jun = make_person(), make_person()
    organisation = make_organisation(owner=mina)
    path = f"/people/organisations/{organisation.slug}"
    owner = client_for(mina)
    looks_like_ours(owner.get(f"{path}/invite/"), "ko")

    owner.post(f"{path}/invite/", {"email": jun.email, "role": "finance"})
    deliver_everything()
    link = link_in(mail.outbox[0])
    looks_like_ours(client_for().get(link), "ko")
    assert "/accounts/login/?next=" in client_for().get(link).content.decode()
    joining = client_for(jun)
    looks_like_ours(joining.get(link), "ko")
    looks_like_ours(joining.get("/people/organisations/"), "ko")
    invitation = organisation.invitations.get()
    joining.post(f"/people/invitations/{invitation.public_id}/accept/")
    joining.post(f"/people/invitations/{invitation.public_id}/accept/")

    assert Membership.objects.get(person=jun).role == "finance"
    looks_like_ours(owner.get(f"{path}/"), "ko")
    owner.post(f"{path}/members/{jun.public_id}/role/", {"role": "owner"})
    looks_like_ours(owner.get(f"{path}/leave/"), "ko")
    owner.post(f"{path}/leave/")
    assert [part.person for part in queries.members_of(organisation)] == [jun]


def test_the_last_owner_is_told_why_leaving_is_not_possible():
    mina = make_person()
    organisation = make_organisation(owner=mina)

    page = client_for(mina).post(f"/people/organisations/{organisation.slug}/leave/", follow=True)

    assert organisation.name in text_of(page)
    assert Membership.objects.filter(person=mina).exists()


def test_the_page_of_an_expired_invitation_says_so():
    mina = make_person()
    organisation = make_organisation(owner=mina)
    invitation = commands.invite_member(
        by=actor(mina), slug=organisation.slug, email="jun@example.org", role="member"
    )
    link = queries.invitation_link(invitation).removeprefix("http://testserver")

    with clock.frozen(clock.now() + timedelta(days=15)):
        answer = client_for().get(link)

    assert answer.status_code == 410
    assert client_for().get(link[:-3] + "xx/").status_code == 404


def test_a_token_is_shown_once_and_revoked():
    mina = make_person()
    browser = client_for(mina)
    form = {"name": "script", "scopes": ["people:read"], "expires_in_days": "30", "once": "k1"}

    made = browser.post("/people/tokens/", form)
    secret = made.context["secret"]
    assert made.content.decode().count(secret) == 1
    again = browser.post("/people/tokens/", form, follow=True)

    assert secret not in again.content.decode()
    token = ApiToken.objects.get()
    assert queries.token_in_use(secret) == token
    browser.post(f"/people/tokens/{token.public_id}/revoke/")
    looks_like_ours(browser.get("/people/tokens/"), "ko")
    assert ApiToken.objects.get().revoked_at


def test_my_data_is_downloaded_and_the_account_erased():
    mina = make_person()
    browser = signed_in(mina)

    data = browser.get("/people/me/data.json")
    assert "attachment" in data["Content-Disposition"]
    assert data.json()["person"]["email"] == mina.email
    wrong = browser.post("/people/me/erase/", {"email": "x@example.org"})
    assert wrong.status_code == 422
    done = browser.post("/people/me/erase/", {"email": mina.email})

    assert done["Location"] == "/"
    assert not actor_signed_in(browser)
    assert Person.objects.get(pk=mina.pk).erased_at


def test_erasing_asks_for_the_password_again_when_it_was_not_typed_lately():
    answer = client_for(make_person()).get("/people/me/erase/")

    assert answer["Location"].startswith("/accounts/reauthenticate/")


def test_an_operator_registers_a_component():
    browser = client_for(make_person(roles=["operator"]))
    assert "/people/clients/" in browser.get("/people/me/").content.decode()
    looks_like_ours(browser.get("/people/clients/"), "ko")

    made = browser.post("/people/clients/", {"name": "Lab", "redirect_uris": "https://lab.example.org/cb"})

    assert made.context["secret"] in made.content.decode()
    client_id = made.context["new"].pk
    looks_like_ours(browser.get("/people/clients/"), "ko")
    browser.post(f"/people/clients/{client_id}/remove/")
    assert not queries.clients_visible_to(actor(Person.objects.get())).exists()


def test_a_list_does_not_ask_more_for_more_rows(django_assert_max_num_queries):
    mina = make_person()
    browser = client_for(mina)
    counts = []
    for _more in range(2):
        make_organisation(owner=mina)
        with django_assert_max_num_queries(20) as asked:
            browser.get("/people/organisations/")
        counts.append(len(asked))

    assert counts[0] == counts[1]


def test_what_a_form_refuses_is_said_in_the_endings_of_the_hub():
    visitor = client_for(language="ko")

    empty = text_of(visitor.post("/accounts/signup/", {}))
    wrong = text_of(visitor.post("/accounts/signup/", {"email": "no address", "password1": "1234"}))
    stranger = text_of(visitor.post("/accounts/login/", {"login": "who@example.org", "password": "wrong"}))

    assert "반드시 입력해야 합니다." in empty
    assert "이메일 주소를 바르게 입력하십시오." in wrong
    assert "비밀번호가 너무 짧습니다. 10자 이상이어야 합니다." in wrong
    assert "이메일 주소나 비밀번호가 맞지 않습니다." in stranger
    assert not re.search("세요[.]", empty + wrong + stranger)


def test_the_headless_door_refuses_in_the_language_of_its_caller():
    visitor = client_for(language="ko")

    answer = visitor.post(
        "/_allauth/app/v1/auth/login",
        {"email": "who@example.org", "password": "wrong"},
        content_type="application/json",
    )

    assert [error["message"] for error in answer.json()["errors"]] == [
        "이메일 주소나 비밀번호가 맞지 않습니다."
    ]


@pytest.mark.parametrize(
    ("host", "url", "leads_to"),
    [
        ("127.0.0.1:8000", "http://127.0.0.1:8000", "http://localhost:8000/accounts/login/?next=/my/"),
        ("192.0.2.7", "https://hub.example.org", "https://hub.example.org/accounts/login/?next=/my/"),
        ("192.0.2.7", "http://192.0.2.7", None),
    ],
)
def test_a_page_opened_by_number_says_that_passkeys_need_a_name(settings, host, url, leads_to):
    settings.ALLOWED_HOSTS, settings.URL = ["localhost", "127.0.0.1", "192.0.2.7"], url

    page = client_for(language="en").get("/accounts/login/?next=/my/", headers={"host": host})

    words = page.content.decode()
    assert "Passkeys belong to a name, and this page was opened by its number." in words
    assert (f'href="{leads_to}"' in words) if leads_to else ("Ask the operator for the name" in words)


def test_a_page_opened_by_name_has_nothing_to_say_about_passkeys():
    assert (
        "Passkeys belong to a name" not in client_for(language="en").get("/accounts/login/").content.decode()
    )
