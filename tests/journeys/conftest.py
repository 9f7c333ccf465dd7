"""A real hub and a real browser: `bitgoeul serve` on its own home, headless Chromium, axe on every page."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, Response, sync_playwright

from bitgoeul.site.tests import prepared

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = "/usr/bin/chromium"
PASSWORD = "bright-village-9"  # of every account that a story makes
CHROMIUM_WORDS = [
    "--no-sandbox", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--disable-quic",
    # 3-D graphics without a graphics card; pages are drawn without it, which is less work.
    "--disable-gpu-rasterization",
    "--enable-unsafe-swiftshader", "--use-angle=swiftshader", "--ignore-gpu-blocklist",
]  # fmt: skip


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class LiveHub:
    """A served hub; ``words`` runs a word of its command line on the same home."""

    def __init__(self, home: Path, *, migrated: bool = False) -> None:
        self.home, self.port = home, free_port()
        if migrated:
            prepared.lend_tables(home)
        prepared.lend_kernels(home)
        self.url = f"http://127.0.0.1:{self.port}"
        self.mail = home / "mail"
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("BITGOEUL_", "DJANGO_", "PYTEST_"))}
        self.environment = kept | {
            "BITGOEUL_HOME": str(home),
            "BITGOEUL_URL": self.url,
            "BITGOEUL_MAIL": f"file://{self.mail}",
            "PYTHONPATH": str(ROOT / "src"),
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.stagehand: subprocess.Popen[str] | None = None

    def words(self, *words: str, timeout_s: float = 300) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "bitgoeul", *words],
            env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout_s,
            check=False,
        )  # fmt: skip

    def stage(self, word: str, **facts: Any) -> Any:
        """Set something up on the same home, by a function of ``stage.py``."""
        if self.stagehand is None:
            self.stagehand = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("stage.py"))],
                env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
        assert self.stagehand.stdin is not None
        assert self.stagehand.stdout is not None
        self.stagehand.stdin.write(json.dumps({"word": word, "facts": facts}) + "\n")
        self.stagehand.stdin.flush()
        answer = json.loads(self.stagehand.stdout.readline())
        assert "wrong" not in answer, answer["wrong"]
        return answer["said"]

    def start(self) -> None:
        with (self.home / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bitgoeul", "serve", "--port", str(self.port)],
                env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        deadline = time.monotonic() + 240
        while time.monotonic() < deadline:
            assert self.process.poll() is None, (self.home / "serve.log").read_text()[-3000:]
            try:
                if httpx.get(f"{self.url}/healthz", timeout=5).json()["status"] == "ok":
                    return
            except (httpx.HTTPError, ValueError):
                pass
            time.sleep(0.2)
        raise AssertionError(
            "the hub was not ready in time: " + (self.home / "serve.log").read_text()[-3000:]
        )

    def stop(self) -> None:
        if self.stagehand is not None:
            self.stagehand.communicate()  # its input ends, and so does it
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)
        prepared.keep_kernels(self.home)

    def letter_to(self, address: str, within_s: float = 30) -> str:
        """The newest letter to ``address``."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            for path in sorted(self.mail.glob("*"), key=lambda each: -each.stat().st_mtime):
                for letter in re.split(r"^-{70,}$", path.read_text(), flags=re.MULTILINE):
                    if re.search(rf"^To: .*{re.escape(address)}", letter, re.MULTILINE):
                        return letter
            time.sleep(0.1)
        raise AssertionError(f"no letter to {address}")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[LiveHub, dict[str, Any]]:
    """A home on which the demonstration was walked, and its report."""
    hub = LiveHub(tmp_path_factory.mktemp("hub"))
    done = hub.words("demo", "--port", str(hub.port), "--exit", "--json", timeout_s=600)
    assert done.stdout.strip(), done.stderr[-3000:]
    return hub, json.loads(done.stdout.splitlines()[-1]) | {"status": done.returncode, "told": done.stderr}


@pytest.fixture(scope="session")
def hub(demo: tuple[LiveHub, dict[str, Any]]) -> Iterator[LiveHub]:
    """The same hub, served: everything that the journey made is there to be looked at."""
    live, _report = demo
    live.start()
    yield live
    live.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_WORDS)
        yield chromium
        chromium.close()


class Visitor:
    """Somebody at a browser.  Every page they open is checked; ``problems`` says what was wrong."""

    def __init__(self, page: Page, hub: LiveHub, language: str) -> None:
        self.page, self.hub, self.language = page, hub, language
        self.problems: list[str] = []
        self.pardoned = ""
        self.seen: set[str] = set()
        page.on("console", lambda said: said.type == "error" and self._note(f"console: {said.text}"))
        page.on("pageerror", lambda error: self._note(f"script: {error}"))
        page.on("request", lambda asked: self._local(asked.url))
        page.on("response", self._answered)

    def pardon(self, pattern: str) -> None:
        """From now on, what the console says like this belongs to the story: a refusal, a lost connection."""
        self.pardoned = pattern

    def _note(self, problem: str) -> None:
        if self.pardoned and re.search(self.pardoned, problem):
            return
        self.problems.append(f"{self.page.url} ({self.language}): {problem}")

    def _local(self, url: str) -> None:
        if not url.startswith((self.hub.url, "data:", "blob:", "about:")):
            self._note(f"asked another host: {url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 500:
            self._note(f"{response.status} {response.url}")

    def open(self, path: str) -> Response | None:
        answer = self.page.goto(path if path.startswith("http") else self.hub.url + path)
        self.look()
        return answer

    def sign_in(self, address: str, password: str = PASSWORD) -> None:
        self.open("/accounts/login/")
        self.page.fill("[name=login]", address)
        self.page.fill("[name=password]", password)
        self.press({"ko": "로그인", "en": "Sign in"}[self.language])

    def press(self, name: str, within: str = "main") -> None:
        """Press the button (or the link that looks like one) and look at the page that follows."""
        words = re.compile(rf"^\s*{re.escape(name)}\s*$")
        with self.page.expect_navigation():
            self.page.locator(f"{within} button, {within} a").filter(has_text=words).first.click()
        self.page.wait_for_load_state()
        self.look()

    def says(self, words: str) -> bool:
        """Whether the open page says this, wherever its lines break."""
        return words in " ".join(self.page.inner_text("body").split())

    def look(self) -> None:
        """Check the page that is open: its language, and axe (once for each address)."""
        address = self.page.url.partition("#")[0].partition("?")[0]
        if address in self.seen:
            return
        self.seen.add(address)
        spoken = self.page.evaluate("document.documentElement.lang")
        if spoken != self.language:
            self._note(f"speaks {spoken!r}")
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        for violation in found["violations"]:
            places = "; ".join(node["html"][:120] for node in violation["nodes"][:3])
            self._note(f"axe {violation['id']} ({violation['impact']}): {places}")

    def links(self) -> list[str]:
        """The pages of this hub that the open page leads to."""
        found = self.page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)")
        return [link.partition("#")[0] for link in found if link.startswith(self.hub.url)]


Visiting = Callable[..., Visitor]


@pytest.fixture
def visiting(browser: Browser, hub: LiveHub) -> Iterator[Visiting]:
    """``visiting("ko")`` opens a browser of its own; afterwards no page may have had a problem."""
    visitors: list[Visitor] = []
    contexts = []

    def visit(language: str, *, width: int = 1280, dark: bool = False) -> Visitor:
        context = browser.new_context(
            locale={"ko": "ko-KR", "en": "en-GB"}[language],
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        contexts.append(context)
        visitors.append(Visitor(context.new_page(), hub, language))
        return visitors[-1]

    yield visit
    problems = [problem for visitor in visitors for problem in visitor.problems]
    for context in contexts:
        context.close()
    assert problems == []
