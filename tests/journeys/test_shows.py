"""Stories of a visitor who watches a drone show, and of a designer who makes one, in a real browser."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from itertools import pairwise

import httpx
import numpy as np
import pytest
from playwright.sync_api import expect

from bitgoeul.apps.shows.studio.packing import Span, packed
from bitgoeul.engines import shows as engine
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


RING = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">'
    '<circle cx="20" cy="20" r="18" fill="none" stroke="#ff0000"/></svg>'
)
DROP = """([place, name, content]) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([content], name));
  for (const kind of ["dragenter", "dragover", "drop"])
    document.querySelector(place).dispatchEvent(
      new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer }));
}"""


def dropped(page, place, name, content):
    """Let a file fall onto something of the page."""
    page.evaluate(DROP, [place, name, content])


LARGEST = 22_580


def largest_pack():
    """A packed show of as many drones as ever flew at once, on straight ways from grid to grid."""
    side = int(np.ceil(LARGEST**0.5))
    rows, columns = np.divmod(np.arange(LARGEST), side)
    ground = np.column_stack([columns * 3.2, np.full(LARGEST, 60.0), np.zeros(LARGEST)])
    wall = np.column_stack([columns * 3.2, np.full(LARGEST, 60.0), 20 + rows * 3.2])
    places = np.round(np.array([ground, wall, wall[::-1]]) * 50).astype(np.int64)
    legs = [np.stack([a, a, b, b], axis=1) for a, b in pairwise(places)]
    curves = engine.Curves.together(50, np.array([20_000, 60_000]), np.array(legs))
    fades = bytes(part for step in range(30) for part in (8, 40 * (step % 5) + 60, 255 - 8 * step, 90, 100))
    return packed(curves, [fades] * LARGEST, [Span("wall", {"en": "Wall"}, 0, 60_000)], engine.Site(), None)


def test_the_largest_fleet_is_played(visiting):
    visitor = visiting("en")
    content = largest_pack()
    visitor.page.route(
        "**/show.pack", lambda route: route.fulfill(body=content, content_type="application/octet-stream")
    )
    visitor.open(EXAMPLE)
    stage = watching(visitor.page)
    canvas = stage.locator("canvas")

    begins, before = int(stage.get_attribute("data-frame")), canvas.screenshot()
    stage.locator("[data-part=play]").click()
    wait_for(lambda: int(stage.get_attribute("data-frame")) > begins + 5)
    stage.locator("[data-part=play]").click()

    assert canvas.screenshot() != before
    assert stage.get_attribute("data-failed") is None


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
    page.click("button[name=layer][value=add]")
    expect(page.locator(".layer-list > li")).to_have_count(1)
    page.select_option("#layer-1-light-kind", "keyframes")
    moments = page.locator("[name=layer-1-light-frames-at]")
    expect(moments).to_have_count(2)
    moments.last.fill("4")
    page.keyboard.press("Tab")
    expect(moments).to_have_count(3)
    visitor.look()
    dropped(page, ".stage canvas", "ring.svg", RING)
    page.wait_for_url("**tab=scene**")
    expect(page.locator("#formation-kind")).to_have_value("svg")
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
