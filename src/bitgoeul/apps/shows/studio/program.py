"""The program of the studio: stand-alone, without the hub, in a process of its own.

    python -m bitgoeul.apps.shows.studio.program make FOLDER      one version, from FOLDER/plan.json
    python -m bitgoeul.apps.shows.studio.program compare FOLDER   a flight log with its show
    python -m bitgoeul.apps.shows.studio.program film FOLDER      a film of a show that was made
    python -m bitgoeul.apps.shows.studio.program answer SOCKET S  previews, each within S seconds
    python -m bitgoeul.apps.shows.studio.program warm FOLDER      a small show, to compile the kernels

What comes of it lies in FOLDER/out: ``result.json`` and the files, or ``problems.json``; meanwhile
``progress.json``.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import socketserver
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bitgoeul.apps.shows.studio import drawing, making
from bitgoeul.apps.shows.studio.telling import told
from bitgoeul.engines import shows as engine

FONT = Path(__file__).resolve().parents[3] / "kit" / "static" / "dist" / "fonts" / "Pretendard-Bold.otf"
MOST_DRONES = 3_000  # in a preview: more would keep the designer waiting
MOST_QUESTION = 96 << 20


def main(word: str, place: str, longest_s: str = "") -> int:
    folder = Path(place)
    if word == "answer":
        answer_previews(folder, int(longest_s))
        return 0
    if word == "warm":
        warm()
        _write(folder, "result.json", {})
        return 0
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    files = {name: (folder / "assets" / number).read_bytes() for name, number in plan["files"].items()}
    try:
        found = WORDS[word](plan, files, folder)
    except engine.ShowInvalid as refused:
        _write(folder, "problems.json", {"problems": told(refused.problems)})
        return 1
    _write(folder, "result.json", found)
    return 0


def _write(folder: Path, name: str, data: Mapping[str, Any]) -> None:
    """Whole or not at all."""
    path = folder / "out" / name
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    fresh.replace(path)


def material_of(story: Mapping[str, Any], files: Mapping[str, bytes]) -> drawing.Material:
    fonts = [content for name, content in files.items() if name.endswith((".otf", ".ttf"))]
    return drawing.Material(
        files=files,
        font=fonts[0] if fonts else FONT.read_bytes(),
        drones=int(story["fleet"]["drones"]),
        seed=int(story["fleet"].get("seed", 1)),
        limits=drawing.limits_of(story),
    )


def _make(plan: Mapping[str, Any], files: Mapping[str, bytes], folder: Path) -> dict[str, Any]:
    def progress(stage: str, share: float) -> None:
        _write(folder, "progress.json", {"stage": stage, "share": making.overall(stage, share)})

    if "import" in plan:
        made = making.taken_in(plan["import"], files[plan["import"]["name"]], progress)
    else:
        story = plan["story"]
        title = story.get("title", {})
        made = making.make(
            story, material_of(story, files), title.get("en") or title.get("ko") or "show", progress
        )
    making.write(made, folder / "out", progress)
    return making.result(made)


def _film(plan: Mapping[str, Any], files: Mapping[str, bytes], folder: Path) -> dict[str, Any]:
    from bitgoeul.apps.shows.studio import rendering

    film = plan["film"]
    rendering.record(
        files["show.pack"],
        folder / "out" / "show.webm",
        width=film["width"],
        seconds=film["seconds"],
        speed=film["duration_ms"] / 1000 / film["seconds"],
        begin_s=0.0,
        progress=lambda share: _write(folder, "progress.json", {"stage": "film", "share": share}),
        home=folder,
    )
    return {}


def _compare(_plan: Mapping[str, Any], files: Mapping[str, bytes], _folder: Path) -> dict[str, Any]:
    parts = [content for name, content in sorted(files.items()) if name.endswith(".skyc")]
    return making.compared(engine.from_skyc(parts), files["log.csv"])


WORDS = {"make": _make, "compare": _compare, "film": _film}


# ── previews ──────────────────────────────────────────────────────────────────────────────────────────────


def answer(question: Mapping[str, Any]) -> dict[str, Any]:
    """One preview, or why there is none."""
    story = question["story"]
    drones = int(story["fleet"]["drones"])
    if drones > MOST_DRONES:
        problem = engine.Problem("preview-too-large", "fleet.drones", {"drones": drones, "most": MOST_DRONES})
        return {"problems": told([problem])}
    files = {name: base64.b64decode(content) for name, content in question["files"].items()}
    try:
        found = making.preview(story, material_of(story, files), int(question["scene"]))
    except engine.ShowInvalid as refused:
        return {"problems": told(refused.problems)}
    return found | {"pack": base64.b64encode(found["pack"]).decode()}


class _Answering(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        # A preview that never ends takes the process with it; the studio starts another.
        signal.alarm(self.server.longest_s)  # type: ignore[attr-defined]
        line = self.rfile.readline(MOST_QUESTION)
        if line:
            self.wfile.write(json.dumps(answer(json.loads(line)), ensure_ascii=False).encode() + b"\n")
        signal.alarm(0)


class _Server(socketserver.UnixStreamServer):
    longest_s = 0

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A question that broke is told in the log, and the next one answered."""
        print(f"a preview broke: {sys.exc_info()[1]!r}", file=sys.stderr, flush=True)


SMALL: dict[str, Any] = {
    "fleet": {"drones": 40},
    "pads": {"spacing_m": 3},
    "scenes": [
        {"key": "a", "hold_s": 2, "formation": {"kind": "text", "text": "빛"}, "light": {"kind": "wave"}},
        {"key": "b", "hold_s": 4, "formation": {"kind": "sphere"}, "motion": {"kind": "turn", "degrees": 30}},
    ],
}


def warm() -> None:
    """Load and compile what shows and previews need before somebody waits for it."""
    material = material_of(SMALL, {})
    making.preview(SMALL, material, 2)
    making.make(SMALL, material, "warm")


def answer_previews(path: Path, longest_s: int) -> None:
    """Answer previews on a Unix socket, one after another, until this process is ended or one takes too
    long."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    making.preview(SMALL, material_of(SMALL, {}), 2)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with _Server(str(fresh), _Answering) as server:
        server.longest_s = longest_s
        # Nobody finds the socket before it is answered.
        os.replace(fresh, path)
        server.serve_forever()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
