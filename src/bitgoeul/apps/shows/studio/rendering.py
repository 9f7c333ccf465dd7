"""Pictures and films of a show for its public page: a poster by hand, a film by a headless browser."""

from __future__ import annotations

import contextlib
import http.server
import json
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from bitgoeul.apps.shows.studio.packing import Span, packed, poster
from bitgoeul.engines import shows as engine

NIGHT = (10, 15, 31)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LONGEST_WAIT_S = 900


def fullest_ms(show: engine.Show) -> int:
    """The moment at which most drones shine, of one every two seconds."""
    moments = range(0, show.curves.duration_ms + 1, 2000)
    return max(moments, key=lambda at: int((engine.colours_at(show.lights, at).sum(axis=1) > 60).sum()))


def write_poster(show: engine.Show, out: Path, *, at_s: float | None, width: int) -> None:
    """Draw what the audience sees at one moment, as PNG or SVG."""
    at_ms = fullest_ms(show) if at_s is None else round(at_s * 1000)
    span = Span("poster", {}, at_ms, at_ms)
    if out.suffix == ".svg":
        out.write_text(poster(show, [span]), encoding="utf-8")
        return
    from PIL import Image

    Image.fromarray(_painted(show, at_ms, width, width * 9 // 16)).save(out)


def _painted(show: engine.Show, at_ms: int, width: int, height: int) -> np.ndarray:
    """Shape (height, width, 3): lamps with their glow, added to the night."""
    points = show.curves.at(at_ms)[:, [0, 2]]
    colours = engine.colours_at(show.lights, at_ms).astype(float)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = min(width * 0.86 / max(high[0] - low[0], 1), height * 0.8 / max(high[1] - low[1], 1))
    middle = (low + high) / 2
    xs = width / 2 + (points[:, 0] - middle[0]) * scale
    ys = height / 2 - (points[:, 1] - middle[1]) * scale
    reach = int(np.clip(scale * 3, 6, 40))
    around = np.arange(-reach, reach + 1)
    sky = np.tile(np.array(NIGHT, float), (height + 2 * reach, width + 2 * reach, 1))
    for x, y, colour in zip(xs, ys, colours, strict=True):
        if not colour.any():
            continue
        column, row = int(np.floor(x)), int(np.floor(y))
        away = np.hypot(around[None, :] - (x - column), around[:, None] - (y - row)) / reach
        light = 0.5 * np.clip(1 - away, 0, 1) ** 2.4 + np.clip(1.4 - 6 * away, 0, 1)
        sky[row : row + 2 * reach + 1, column : column + 2 * reach + 1] += light[..., None] * colour
    return np.clip(sky[reach:-reach, reach:-reach], 0, 255).astype(np.uint8)


# ── film ──────────────────────────────────────────────────────────────────────────────────────────────────

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>film</title>
<link rel="stylesheet" href="/film.css">
<canvas data-film data-width="{width}" data-height="{height}" data-seconds="{seconds}" data-speed="{speed}"
 data-begin="{begin}"></canvas><script type="module" src="/dist/{script}"></script></html>"""


def film(show: engine.Show, out: Path, *, width: int, seconds: float, speed: float, begin_s: float) -> None:
    """Film a show that was read from its files.  Raises: ShowInvalid."""
    pack = packed(show.curves, show.lights, [], show.site, None)
    record(pack, out, width=width, seconds=seconds, speed=speed, begin_s=begin_s)


def record(
    pack: bytes,
    out: Path,
    *,
    width: int,
    seconds: float,
    speed: float,
    begin_s: float,
    progress: Callable[[float], None] = lambda _share: None,
    home: Path | None = None,
) -> None:
    """Let a headless browser play a show and record what it draws, as WebM, in real time.

    ``home``: where the browser may keep what it needs.
    Raises: ShowInvalid: film-without-browser, film-not-recorded.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise engine.ShowInvalid(engine.Problem("film-without-browser"))
    dist = Path(str(files("bitgoeul") / "kit" / "static" / "dist"))
    manifest = json.loads((dist / "manifest.json").read_text())
    page = PAGE.format(
        width=width,
        height=width * 9 // 16,
        seconds=seconds,
        speed=speed,
        begin=begin_s * 1000,
        script=manifest["src/islands/film.js"]["file"],
    )
    with _served(dist, page.encode(), pack) as (port, recorded, done), _profile(home) as profile:
        process = subprocess.Popen(
            [
                browser, "--headless=new", "--no-sandbox", "--disable-quic", "--no-first-run", "--mute-audio",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--disable-dev-shm-usage", "--enable-unsafe-swiftshader", "--use-angle=swiftshader",
                f"--user-data-dir={profile}", f"--window-size={width},{width * 9 // 16}",
                f"http://127.0.0.1:{port}/",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            _wait(process, done, seconds, progress)
        finally:
            process.terminate()
            process.wait()
        out.write_bytes(b"".join(recorded))


def _wait(
    process: subprocess.Popen[bytes],
    done: threading.Event,
    seconds: float,
    progress: Callable[[float], None],
) -> None:
    """Wait for the film.  Raises: ShowInvalid when none comes."""
    most_s = min(seconds * 4 + 60, LONGEST_WAIT_S)
    for waited in range(round(most_s)):
        progress(min(waited / (seconds + 10), 0.99))
        if done.wait(1.0):
            return
        if process.poll() is not None:
            break
    raise engine.ShowInvalid(engine.Problem("film-not-recorded"))


def _profile(home: Path | None) -> tempfile.TemporaryDirectory[str]:
    """A folder for the browser, which may still write in it while it ends."""
    return tempfile.TemporaryDirectory(dir=home, ignore_cleanup_errors=True)


@contextlib.contextmanager
def _served(dist: Path, page: bytes, pack: bytes) -> Iterator[tuple[int, list[bytes], threading.Event]]:
    """Serve the player on a port of this machine, and take the film that it sends back."""
    recorded: list[bytes] = []
    done = threading.Event()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, directory=str(dist), **kwargs)

        def do_GET(self) -> None:
            known = {"/": (page, "text/html"), "/show.pack": (pack, "application/octet-stream")}
            if self.path in known:
                content, kind = known[self.path]
                self.send_response(200)
                self.send_header("Content-Type", f"{kind}; charset=utf-8")
                self.end_headers()
                self.wfile.write(content)
            elif self.path.startswith("/dist/"):
                self.path = self.path.removeprefix("/dist")
                super().do_GET()
            else:
                self.send_error(404)

        def do_POST(self) -> None:
            recorded.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()
            done.set()

        def log_message(self, *_args: Any) -> None:
            """The command says what matters."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_address[1], recorded, done
        finally:
            server.shutdown()
