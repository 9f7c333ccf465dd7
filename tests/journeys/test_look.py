"""The look in a real browser: the small scripts, the keyboard, and pages without any script."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import httpx
import pytest

from bitgoeul.site.tests import prepared

from .conftest import ROOT, free_port
from .looking import axe, open_page, overflow, untranslated

PLACES = ["/", "/design/", "/nowhere/", "/accounts/login/"]
SERVER = """
import sys
from granian import Granian
from granian.constants import Interfaces
Granian("bitgoeul.site.wsgi:application", address="127.0.0.1", port=int(sys.argv[1]), workers=1,
        interface=Interfaces.WSGI, blocking_threads=4, log_enabled=False).serve()
"""


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """The address of an empty hub: its web process alone."""
    home, port = tmp_path_factory.mktemp("look"), free_port()
    prepared.lend_tables(home)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("BITGOEUL_", "DJANGO_"))}
    environment = kept | {"BITGOEUL_HOME": str(home), "PYTHONPATH": str(ROOT / "src")}
    for word in ("migrate", "messages"):
        subprocess.run([sys.executable, "-m", "bitgoeul", word], env=environment, check=True)
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(port)], env=environment)
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(f"{address}/robots.txt", timeout=5)
            break
        except httpx.HTTPError:
            time.sleep(0.2)
    yield address
    process.terminate()
    process.wait(20)


@pytest.mark.parametrize(("language", "width", "night"), [("ko", 1280, False), ("en", 390, True)])
@pytest.mark.parametrize("path", PLACES)
def test_a_page_is_accessible_fits_and_stays_on_the_hub(browser, base, path, language, width, night):
    page = open_page(browser, base, path, language=language, width=width, night=night)

    assert axe(page) == []
    assert overflow(page) == 0
    assert page.complaints == []
    assert language == "en" or path == "/design/" or untranslated(page) == []
    page.context.close()


def test_colours_change_at_once_and_stay(browser, base):
    page = open_page(browser, base, "/")
    ground = "getComputedStyle(document.body).backgroundColor"
    by_day = page.evaluate(ground)

    page.locator("form[data-theme-switch] button").click()  # light
    page.locator("form[data-theme-switch] button").click()  # dark

    by_night = page.evaluate(ground)
    page.reload()
    assert by_night != by_day
    assert page.evaluate(ground) == by_night
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.context.close()


def test_without_a_script_language_and_colours_still_change(browser, base):
    page = open_page(browser, base, "/design/", language="ko", scripts=False)

    page.get_by_role("button", name="English").click()
    page.locator("form[data-theme-switch] button").click()

    assert page.url == f"{base}/design/"
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("html").get_attribute("data-theme") == "light"
    page.context.close()


def test_without_a_script_the_village_still_shines(browser, base):
    page = open_page(browser, base, "/", scripts=False)

    assert page.locator("[data-sky] img").evaluate("image => image.complete && image.naturalWidth > 0")
    assert page.get_by_role("button", name="재생하기").count() == 0
    page.context.close()


def test_nothing_moves_for_who_asked_for_stillness_until_they_press_play(browser, base):
    page = open_page(browser, base, "/", language="en")
    sky = page.locator("[data-sky]")

    assert "playing" not in (sky.get_attribute("class") or "")
    page.get_by_role("button", name="Play").click()

    assert "playing" in sky.get_attribute("class")
    page.context.close()


def test_the_first_key_leads_past_the_navigation(browser, base):
    page = open_page(browser, base, "/design/", language="en")

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")

    assert page.evaluate("document.activeElement.id") == "main"
    page.context.close()


def test_keys_lead_to_search_to_places_and_to_their_list(browser, base):
    page = open_page(browser, base, "/design/", language="en")

    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.type") == "search"
    page.keyboard.press("Tab")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    assert page.get_by_role("dialog", name="Keys").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("r")
    page.wait_for_url(f"{base}/record/")
    page.context.close()


def test_the_menu_of_a_phone_opens_leads_and_closes(browser, base):
    page = open_page(browser, base, "/design/", language="en", width=390)
    menu = page.locator("details.menu.only-narrow")

    menu.locator("summary").click()
    assert menu.get_by_role("link", name="Data").is_visible()
    page.keyboard.press("Escape")
    assert menu.get_attribute("open") is None

    menu.locator("summary").click()
    menu.get_by_role("link", name="Data").click()
    page.wait_for_url(f"{base}/lake/")
    page.context.close()
