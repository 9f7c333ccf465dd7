"""Stories of a visitor who watches a drone show, and of a designer who makes one, in a real browser."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import httpx
import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import LiveHub

pytestmark = pytest.mark.slow

EXAMPLE = "/shows/eve-of-bitgoeul/"
PATIENCE_S = 420
PREPARE = (
    "import django, json; django.setup();"
    "from bitgoeul.site.demo.hub import prepare_examples; print(json.dumps(prepare_examples()))"
)


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """A served hub whose studio has made the example show; ``account`` signs in its operator."""
    live = LiveHub(tmp_path_factory.mktemp("shows"), migrated=True)
    assert live.words("migrate").returncode == 0
    made = subprocess.run(
        [sys.executable, "-c", PREPARE],
        env=live.environment | {"DJANGO_SETTINGS_MODULE": "bitgoeul.site.settings"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    live.account = json.loads(made.stdout.splitlines()[-1])
    live.start()
    wait_for(lambda: is_open(live.url + EXAMPLE))
    yield live
    live.stop()


def is_open(address):
    """Whether a page is there; a hub that is busy compiling may take its time."""
    try:
        return httpx.get(address, timeout=30).status_code == 200
    except httpx.TransportError:
        return False


def wait_for(happened):
    deadline = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.5)


def signed_in(visitor, account):
    visitor.open("/accounts/login/?next=/shows/")
    visitor.page.fill("input[name=login]", account["email"])
    visitor.page.fill("input[name=password]", account["password"])
    visitor.page.click("main form button[type=submit], main form button.primary")
    visitor.page.wait_for_url("**/shows/")
    visitor.look()
    return visitor.page


def watching(page):
    """The player of the page, once the show is in it."""
    page.wait_for_selector(".stage[data-ready]", timeout=60_000)
    return page.locator(".stage")


def test_a_visitor_watches_a_show_on_a_phone(visiting):
    visitor = visiting("en", width=390)
    visitor.open("/shows/")
    visitor.page.click(f"a[href='{EXAMPLE}']")
    visitor.look()
    stage = watching(visitor.page)
    canvas = stage.locator("canvas")

    begins = int(stage.get_attribute("data-now")), canvas.screenshot()
    stage.locator("[data-part=play]").click()
    wait_for(lambda: int(stage.get_attribute("data-now")) > begins[0] + 1500)
    stage.locator("[data-part=play]").click()
    later = canvas.screenshot()
    stage.locator("[data-part=tightest]").click()
    visitor.page.wait_for_selector(".stage[data-marked]")

    assert later != begins[1]
    assert canvas.screenshot() != later
    assert len(stage.get_attribute("data-marked").split()) == 2
    assert visitor.page.locator("#proof .badge.stop").count() == 0
    assert visitor.page.locator("#proof tbody tr").count() >= 10


def test_a_designer_draws_proves_publishes_and_plans(visiting, hub):
    visitor = visiting("ko")
    page = signed_in(visitor, hub.account)
    page.click("a[href='/shows/new/']")
    visitor.look()
    page.fill("input[name=title_ko]", "빛 예시 쇼")
    page.fill("input[name=drones]", "30")
    page.fill("input[name=text]", "빛")
    page.click("main form button.primary")
    page.wait_for_url("**/edit/**")
    visitor.look()
    address = page.url.partition("/edit/")[0]

    page.click("button[name=action][value=add]")
    expect(page.locator(".scenes li")).to_have_count(2)
    page.click("button[name=action][value=undo]")
    expect(page.locator(".scenes li")).to_have_count(1)
    page.click("button[name=action][value=redo]")
    expect(page.locator(".scenes li")).to_have_count(2)
    page.click("form[action$='/make/'] button")
    page.wait_for_url("**/1/")
    wait_for(lambda: page.reload() and page.locator("#proof").count() == 1)
    visitor.seen.clear()
    visitor.look()
    watching(page)
    assert page.locator("#proof .badge.stop").count() == 0

    page.click("form[action$='/publish/'] button")
    page.wait_for_load_state()
    assert httpx.get(address + "/").status_code == 200
    visitor.open(address + "/1/fly/")
    page.fill("input[name=place_ko]", "예시 비행장")
    page.fill("input[name=starts_at]", "2027-11-19T18:30")
    page.click("main form button.primary")
    page.wait_for_url("**/shows/flights/*/")
    visitor.look()
    page.fill("#v-wind", "4.5")
    page.locator(".gate", has=page.locator("#v-wind")).locator("button").click()
    expect(page.locator("#board")).to_contain_text("4.5 m/s")
    assert page.locator("#board .gate.passed").count() >= 3
    assert page.locator("button[name=action][value=go]").is_disabled()
    page.click("a[href$='/permit/'].btn")
    visitor.look()
