"""Somebody protects an account with a passkey and signs in with it: Chromium's virtual authenticator."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from email import message_from_string
from email.policy import default
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page

from bitgoeul.site.tests import prepared

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = Path(os.environ.get("BITGOEUL_CHROMIUM", "/usr/bin/chromium"))
PASSWORD = "bright-village-9"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A hub with an empty home.  Passkeys belong to a name, so it is asked as localhost, not by number."""
    home = tmp_path_factory.mktemp("passkeys")
    prepared.lend_tables(home)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://localhost:{port}"
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("BITGOEUL_", "DJANGO_", "PYTEST_"))}
    environment = kept | {
        "BITGOEUL_HOME": str(home),
        "BITGOEUL_URL": url,
        "BITGOEUL_MAIL": f"file://{home}/mail",
        "PYTHONPATH": str(ROOT / "src"),
    }
    hub = [sys.executable, "-m", "bitgoeul"]
    subprocess.run([*hub, "migrate"], env=environment, check=True, capture_output=True)
    with (home / "web.log").open("wb") as log:
        web = subprocess.Popen(
            [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--workers", "1",
             "bitgoeul.site.wsgi:application"], env=environment, stdout=log, stderr=log)  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert web.poll() is None, (home / "web.log").read_text()[-3000:]
            try:
                httpx.get(f"{url}/healthz", timeout=5)
                break
            except httpx.HTTPError:
                time.sleep(0.2)
        yield url, home / "mail"
    finally:
        web.send_signal(signal.SIGTERM)
        web.wait(30)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="ko-KR")
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    yield page
    context.close()


def link_in(folder: Path) -> str:
    newest = max(folder.glob("*"), key=lambda path: path.stat().st_mtime).read_text()
    letter = [part for part in re.split(r"^-{70,}$", newest, flags=re.MULTILINE) if part.strip()][-1]
    body = message_from_string(letter.strip(), policy=default).get_content()
    return re.search(r"http\S+/accounts/confirm-email/\S+", body)[0]


def test_somebody_signs_up_adds_a_passkey_and_signs_in_with_it_alone(
    served: tuple[str, Path], page: Page
) -> None:
    url, mail = served
    page.goto(f"{url}/accounts/signup/")
    page.fill("[name=email]", "mina@example.org")
    page.fill("[name=password1]", PASSWORD)
    page.click("main button[type=submit]")
    page.goto(link_in(mail))
    page.click("main button[type=submit]")
    page.wait_for_url(f"{url}/my/")

    page.goto(f"{url}/accounts/2fa/webauthn/add/")
    page.fill("[name=password]", PASSWORD)
    page.click("main button.primary")
    page.fill("[name=name]", "내 노트북")
    page.check("[name=passwordless]")
    page.click("#mfa_webauthn_add")
    page.wait_for_url("**/2fa/recovery-codes/")
    page.goto(f"{url}/accounts/2fa/webauthn/")
    assert "내 노트북" in page.inner_text("main")

    page.goto(f"{url}/accounts/logout/")
    page.click("main button[type=submit]")
    page.goto(f"{url}/people/me/")
    assert page.url.startswith(f"{url}/accounts/login/")
    page.click("#passkey_login")

    page.wait_for_url(f"{url}/people/me/")
    assert page.evaluate("document.documentElement.lang") == "ko"
