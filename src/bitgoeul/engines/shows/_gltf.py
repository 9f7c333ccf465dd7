"""glTF: a show as an animation that tools for three dimensions open.  Binary, without any library."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

from ._show import Show

MAGIC, VERSION, JSON_CHUNK, BINARY_CHUNK = 0x46546C67, 2, 0x4E4F534A, 0x004E4942
FLOAT, SHORT, ARRAY, ELEMENTS = 5126, 5123, 34962, 34963
RADIUS = 0.25
"""Size of a drone as it is drawn, in metres: an octahedron."""

CORNERS = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], np.float32) * RADIUS
FACES = np.array(
    [[0, 2, 4], [2, 1, 4], [1, 3, 4], [3, 0, 4], [2, 0, 5], [1, 2, 5], [3, 1, 5], [0, 3, 5]], np.uint16
)


def to_gltf(show: Show, rate: int = 10) -> bytes:
    """Write a binary glTF (.glb): one node per drone, moving; x to the right, y up, z towards the audience.

    Paths are sampled ``rate`` times a second, and straight between.  Lights are not in it: the format by
    itself cannot change a colour over time.
    """
    moments = np.append(np.arange(0, show.curves.duration_ms, 1000 / rate), show.curves.duration_ms)
    spots = np.stack([show.curves.at(moment) for moment in moments.tolist()], axis=1)[:, :, [0, 2, 1]] * [
        1,
        1,
        -1,
    ]
    file = _File()
    corners = file.put(CORNERS, "VEC3", ARRAY, limits=True)
    faces = file.put(FACES.reshape(-1), "SCALAR", ELEMENTS)
    times = file.put((moments / 1000).astype(np.float32), "SCALAR", limits=True)
    tracks = [file.put(track.astype(np.float32), "VEC3") for track in spots]
    drones = range(show.curves.drones)
    return file.written({
        "asset": {"version": "2.0", "generator": "Bitgoeul"},
        "scene": 0,
        "scenes": [{"name": show.title, "nodes": list(drones)}],
        "nodes": [
            {"name": show.name(drone), "mesh": 0, "translation": np.round(spots[drone, 0] + 0.0, 6).tolist()}
            for drone in drones
        ],
        "materials": [{"emissiveFactor": [1.0, 1.0, 1.0]}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": corners}, "indices": faces, "material": 0}]}],
        "animations": [{
            "samplers": [{"input": times, "output": track, "interpolation": "LINEAR"} for track in tracks],
            "channels": [
                {"sampler": drone, "target": {"node": drone, "path": "translation"}} for drone in drones
            ],
        }],
    })  # fmt: skip


class _File:
    """The binary part of a file, and the accessors that say what is where in it."""

    def __init__(self) -> None:
        self.content = bytearray()
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []

    def put(self, values: Any, kind: str, target: int | None = None, *, limits: bool = False) -> int:
        """Add an array and return the number of its accessor."""
        view = {"buffer": 0, "byteOffset": len(self.content), "byteLength": values.nbytes}
        self.views.append(view if target is None else view | {"target": target})
        self.content += values.tobytes()
        self.content += bytes(-len(self.content) % 4)
        accessor = {
            "bufferView": len(self.views) - 1,
            "componentType": SHORT if values.dtype == np.uint16 else FLOAT,
            "count": len(values),
            "type": kind,
        }
        if limits:
            rows = values.reshape(len(values), -1)
            accessor |= {"min": rows.min(axis=0).tolist(), "max": rows.max(axis=0).tolist()}
        self.accessors.append(accessor)
        return len(self.accessors) - 1

    def written(self, data: dict[str, Any]) -> bytes:
        """Return the file: a head, the description padded with spaces, and the binary part."""
        data["accessors"], data["bufferViews"] = self.accessors, self.views
        data["buffers"] = [{"byteLength": len(self.content)}]
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        text += b" " * (-len(text) % 4)
        chunks = struct.pack("<II", len(text), JSON_CHUNK) + text
        chunks += struct.pack("<II", len(self.content), BINARY_CHUNK) + self.content
        return struct.pack("<III", MAGIC, VERSION, 12 + len(chunks)) + chunks
