"""The hub's way to the previews: one line of JSON there, one back, over a Unix socket."""

from __future__ import annotations

import base64
import json
import socket
from typing import Any

from bitgoeul.apps.shows.errors import StudioAway
from bitgoeul.apps.shows.models import Show
from bitgoeul.apps.shows.queries import assets_of
from bitgoeul.apps.shows.story import assets_of as assets_used
from bitgoeul.apps.shows.studio import box
from bitgoeul.kit.store import store

PATIENCE_S = 12.0
MOST_BYTES = 64 << 20


def preview(show: Show, story: dict[str, Any], scene: int) -> dict[str, Any]:
    """What one scene looks like, and the flight into it.  Raises: StudioAway."""
    stored = {asset.name: asset.stored for asset in assets_of(show)}
    used = sorted({name for _where, name in assets_used(story) if name in stored})
    files = {}
    for name in used:
        with store().open(stored[name]) as file:
            files[name] = base64.b64encode(file.read()).decode()
    return ask({"story": story, "scene": scene, "files": files})


def ask(question: dict[str, Any]) -> dict[str, Any]:
    """One question to the previews.  Raises: StudioAway."""
    line = json.dumps(question, ensure_ascii=False).encode() + b"\n"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as way:
            way.settimeout(PATIENCE_S)
            way.connect(str(box.socket_path()))
            way.sendall(line)
            with way.makefile("rb") as answer:
                found = json.loads(answer.readline(MOST_BYTES))
    except (OSError, ValueError) as error:
        raise StudioAway from error
    return found if isinstance(found, dict) else {}
