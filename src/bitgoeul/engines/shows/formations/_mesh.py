"""Bodies: points on the surface of a mesh, or along its sharp edges."""

from __future__ import annotations

import json
import struct
from enum import StrEnum
from io import BytesIO
from typing import Any

import numpy as np

from .._curves import Floats
from ._areas import spread
from ._lines import Line, tracks_of, walk_exactly
from ._placing import Figure, Placed, Placing, placed, refuse
from ._regions import Triangles

MOST_BYTES = 30_000_000
MOST_TRIANGLES = 500_000
SHARP = np.radians(30.0)
MATRICES = ("matrix", "translation", "rotation", "scale")


class Kind(StrEnum):
    """The format of a mesh file."""

    OBJ = "obj"
    STL = "stl"
    GLB = "glb"


def mesh(source: bytes, kind: str, placing: Placing, *, edges: bool = False, up: str | None = None) -> Placed:
    """Put drones on the surface of a body, or along its edges.

    Args:
        source: an OBJ, STL or GLB file of at most 30 MB and 500,000 triangles.  Materials are not read.
        kind: "obj", "stl" or "glb".
        edges: only along the edges where the surface bends by more than 30 degrees or ends.
        up: "y" or "z", the axis of the file that points up; by default z for STL and y for the others.
    Raises: ShowInvalid: file-too-large, kind-unknown, mesh-unreadable, mesh-empty, mesh-not-finite,
        mesh-too-detailed, mesh-without-edges, and as every placing does.
    """
    if len(source) > MOST_BYTES:
        raise refuse("file-too-large", "mesh", bytes=len(source), most=MOST_BYTES)
    if kind.lower() not in set(Kind):
        raise refuse("kind-unknown", "mesh", kind=kind)
    if up not in {None, "y", "z"}:
        raise refuse("axis-unknown", "up", axis=up)
    body = _read(source, Kind(kind.lower()))
    axis = up or ("z" if kind.lower() == Kind.STL else "y")
    corners = _upright(body.triangles, axis)
    low, extent = _frame(corners)
    if edges:
        lines = [
            Line((_upright(body.vertices[chain], axis) - low) / extent * placing.squash)
            for chain in _chains(_seams(body))
        ]
        return along_lines(lines, placing)
    return over_triangles((corners - low) / extent, placing)


def over_triangles(corners: Floats, placing: Placing) -> Placed:
    """Place drones all over triangles, shape (T, 3, 3), whose largest extent is 1."""
    surface = Triangles(corners * placing.squash)

    def draw(count: int) -> Figure:
        points = spread(surface, count, np.random.default_rng(placing.seed))
        return Figure(points / placing.squash)

    return placed(draw, placing)


def along_lines(lines: list[Line], placing: Placing) -> Placed:
    """Place drones along lines of the ellipsoid metric in which the figure's largest extent is 1."""
    tracks = tracks_of(lines)
    if not tracks:
        raise refuse("shape-empty")

    def draw(count: int) -> Figure:
        points = walk_exactly(tracks, count).points
        if len(points) != count:
            raise refuse("shape-too-small", wanted=count)
        return Figure(points / placing.squash)

    return placed(draw, placing)


def _read(source: bytes, kind: Kind) -> Any:
    import trimesh

    if kind is Kind.GLB:
        source = _plain(source)
    try:
        options = {"skip_materials": True} if kind is Kind.OBJ else {}
        loaded = trimesh.load_mesh(BytesIO(source), file_type=kind.value, process=False, **options)
        body = loaded.to_mesh() if isinstance(loaded, trimesh.Scene) else loaded
        faces = len(body.faces)
    except Exception as error:
        raise refuse("mesh-unreadable", "mesh") from error
    if faces == 0:
        raise refuse("mesh-empty", "mesh")
    if faces > MOST_TRIANGLES:
        raise refuse("mesh-too-detailed", "mesh", triangles=faces, most=MOST_TRIANGLES)
    if body.faces.min() < 0 or body.faces.max() >= len(body.vertices):
        raise refuse("mesh-unreadable", "mesh")
    if not np.isfinite(body.vertices).all() or np.abs(body.vertices).max() > 1e9:
        raise refuse("mesh-not-finite", "mesh")
    return body


def _plain(source: bytes) -> bytes:
    """Return a GLB file with nothing but its shapes; counts that its bytes do not bear out are refused."""
    try:
        magic, version, _, length, form = struct.unpack_from("<4sIIII", source)
        head = json.loads(source[20 : 20 + length])
        sound = (magic, version, form) == (b"glTF", 2, 0x4E4F534A) and _is_sound(head, len(source))
        text = json.dumps(_shapes_of(head)).encode()
    except (ValueError, KeyError, TypeError, AttributeError, struct.error, RecursionError) as error:
        raise refuse("mesh-unreadable", "mesh") from error
    if not sound:
        raise refuse("mesh-unreadable", "mesh")
    text += b" " * (-len(text) % 4)
    rest = source[20 + length :]
    header = struct.pack("<4sIIII", b"glTF", 2, 20 + len(text) + len(rest), len(text), 0x4E4F534A)
    return header + text + rest


def _is_sound(head: Any, size: int) -> bool:
    """Whether numbers have their bytes in the file and nodes form a tree."""
    for accessor in head.get("accessors", []):
        if not 0 <= accessor["count"] <= size or "bufferView" not in accessor or "sparse" in accessor:
            return False
    children = [child for node in head.get("nodes", []) for child in node.get("children", [])]
    return len(children) == len(set(children)) <= 10_000


def _shapes_of(head: Any) -> dict[str, Any]:
    """Only nodes and positions: no pictures, materials, skins, cameras or extensions."""
    nodes = [
        {key: node[key] for key in ("children", "mesh", "name", *MATRICES) if key in node}
        for node in head.get("nodes", [])
    ]
    meshes = [
        {
            "primitives": [
                {key: part[key] for key in ("indices", "mode") if key in part}
                | {"attributes": {"POSITION": part["attributes"]["POSITION"]}}
                for part in shape.get("primitives", [])
            ]
        }
        for shape in head.get("meshes", [])
    ]
    kept = ("asset", "scene", "scenes", "accessors", "bufferViews", "buffers")
    return {key: head[key] for key in kept if key in head} | {"nodes": nodes, "meshes": meshes}


def _upright(points: Floats, up: str) -> Floats:
    """Turn a body so that z is up and its front faces the audience; shape (..., 3)."""
    points = np.asarray(points, float)
    return points if up == "z" else np.stack([points[..., 0], -points[..., 2], points[..., 1]], axis=-1)


def _frame(corners: Floats) -> tuple[Floats, float]:
    low = corners.min(axis=(0, 1))
    extent = float((corners.max(axis=(0, 1)) - low).max())
    sizes = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    if extent <= 1e-9 * (1 + np.abs(corners).max()) or sizes.sum() <= 1e-9 * extent * extent:
        raise refuse("mesh-empty", "mesh")
    return low, extent


def _seams(body: Any) -> Any:
    """Edges where the surface bends sharply or ends, as pairs of vertices, shape (E, 2)."""
    body.merge_vertices(merge_tex=True, merge_norm=True)
    sharp = body.face_adjacency_edges[body.face_adjacency_angles > SHARP]
    single, times = np.unique(np.sort(body.edges, axis=1), axis=0, return_counts=True)
    seams = np.unique(np.sort(np.concatenate([sharp, single[times == 1]]), axis=1), axis=0)
    if len(seams) == 0:
        raise refuse("mesh-without-edges", "mesh")
    return seams


def _chains(seams: Any) -> list[list[int]]:
    """Join edges to chains of vertices that run from fork to fork, or around."""
    around: dict[int, list[int]] = {}
    for a, b in seams.tolist():
        around.setdefault(a, []).append(b)
        around.setdefault(b, []).append(a)
    left = {(a, b) for a, others in around.items() for b in others}
    forks = [vertex for vertex, others in around.items() if len(others) != 2]
    chains = []
    for start in [*forks, *around]:
        for second in around[start]:
            if (start, second) not in left:
                continue
            chain = [start, second]
            left -= {(start, second), (second, start)}
            while len(around[chain[-1]]) == 2 and chain[-1] != start:
                following = next((v for v in around[chain[-1]] if (chain[-1], v) in left), None)
                if following is None:
                    break
                left -= {(chain[-1], following), (following, chain[-1])}
                chain.append(following)
            chains.append(chain)
    return chains
