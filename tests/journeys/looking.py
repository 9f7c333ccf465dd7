"""How browser stories look at a page: in a language, at a width, by day or night, and with axe.

with browser() as chromium:
    page = open_page(chromium, base, "/", language="ko", width=390, night=True)
    assert axe(page) == []
    assert overflow(page) == 0
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
HEIGHTS = {390: 844, 1280: 900}


@contextmanager
def browser() -> Iterator[Browser]:
    """Headless Chromium of the system; nothing is asked of the network in the background."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=os.environ.get("BITGOEUL_CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield chromium
        chromium.close()


def open_page(
    chromium: Browser,
    base: str,
    path: str,
    *,
    language: str = "ko",
    width: int = 1280,
    night: bool = False,
    scripts: bool = True,
    cookies: list[dict[str, Any]] | None = None,
) -> Page:
    """A fresh visitor's page.

    Requests that leave the hub and errors of scripts are kept on ``page.complaints``.
    """
    context = chromium.new_context(
        locale={"ko": "ko-KR", "en": "en-GB"}[language],
        viewport={"width": width, "height": HEIGHTS.get(width, 900)},
        color_scheme="dark" if night else "light",
        reduced_motion="reduce",
        java_script_enabled=scripts,
        bypass_csp=False,
    )
    if cookies:
        context.add_cookies(cookies)  # type: ignore[arg-type]
    page = context.new_page()
    complaints: list[str] = []
    page.complaints = complaints  # type: ignore[attr-defined]
    page.on(
        "console",
        lambda line: (
            complaints.append(line.text)
            if line.type == "error" and not re.search(r"status of 4\d\d", line.text)
            else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((base, "data:", "blob:"))
            else complaints.append(f"left the hub: {request.url}")
        ),
    )
    page.goto(base + path, wait_until="networkidle")
    return page


def axe(page: Page) -> list[str]:
    """What axe-core finds wrong, one line per element."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES)
    return [
        f"{violation['id']}: {node['target']} {node.get('failureSummary', '')}".replace("\n", " ")
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def untranslated(page: Page) -> list[str]:
    """Lines of a Korean page that hold English sentences: three Latin words in a row and no Hangul.

    Code, logs, names and addresses are left out.
    """
    text: list[str] = page.evaluate(
        """() => {
          const skip = "code, pre, kbd, .mono, .log, [lang=en], script, style, textarea, input, select"
            + ", .as-written";
          const out = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          while (walk.nextNode()) {
            const at = walk.currentNode.parentElement;
            if (!at.closest(skip) && at.offsetParent !== null) out.push(walk.currentNode.data.trim());
          }
          return out;
        }"""
    )
    return [
        line for line in text if re.search(r"[a-z]+ [a-z]+ [a-z]+", line) and not re.search(r"[가-힣]", line)
    ]


def shoot(page: Page, folder: Path, name: str, *, full: bool = True) -> Path:
    """A picture of the page, taken when its fonts are there."""
    page.evaluate("document.fonts.ready")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.png"
    page.screenshot(path=path, full_page=full)
    return path
