"""glTF: a show as an animation that tools for three dimensions open.  Binary, without any library."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._bytecode import keyframes
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

    Paths are sampled ``rate`` times a second, and straight between.  A drone shines in the colour of its
    brightest moment: the format by itself cannot change a colour over time, and the extension that can is
    read by few tools.
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
    colours, of = np.unique(_brightest(show), axis=0, return_inverse=True)
    shape = {"attributes": {"POSITION": corners}, "indices": faces}
    return file.written({
        "asset": {"version": "2.0", "generator": "Bitgoeul"},
        "scene": 0,
        "scenes": [{"name": show.title, "nodes": list(drones)}],
        "nodes": [
            {
                "name": show.name(drone),
                "mesh": int(of[drone]),
                "translation": np.round(spots[drone, 0] + 0.0, 6).tolist(),
            }
            for drone in drones
        ],
        "materials": [_lamp(colour) for colour in colours],
        "meshes": [{"primitives": [shape | {"material": number}]} for number in range(len(colours))],
        "animations": [{
            "samplers": [{"input": times, "output": track, "interpolation": "LINEAR"} for track in tracks],
            "channels": [
                {"sampler": drone, "target": {"node": drone, "path": "translation"}} for drone in drones
            ],
        }],
    })  # fmt: skip


def _brightest(show: Show) -> NDArray[np.uint8]:
    """Shape (N, 3): the colour of every drone when it shines most; white where nothing is known of lights."""
    found = np.full((show.curves.drones, 3), 255, np.uint8)
    for drone, program in enumerate(show.lights):
        _times, keys = keyframes(program, show.curves.duration_ms)
        if len(keys):
            found[drone] = keys[keys[:, :3].sum(axis=1, dtype=np.int64).argmax(), :3]
    return found


def _lamp(colour: NDArray[np.uint8]) -> dict[str, Any]:
    """A material that shines in a colour.  Files hold colours linear, screens and lamps do not."""
    share = colour / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4).round(5).tolist()
    shines = {"baseColorFactor": [*linear, 1.0], "metallicFactor": 0.0, "roughnessFactor": 1.0}
    return {"emissiveFactor": linear, "pbrMetallicRoughness": shines}


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
