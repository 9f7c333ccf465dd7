"""glTF: what tools for three dimensions are given, read by another library and by the description."""

import io
import json
import struct

import numpy as np
import pytest

from bitgoeul.engines.shows import Show, encoded, to_gltf

from .test_proof import calm


def test_another_library_reads_every_drone_where_it_begins():
    trimesh = pytest.importorskip("trimesh")
    show = Show(title="밤", curves=calm(), names=("a", "b", "c", "d"))

    scene = trimesh.load(io.BytesIO(to_gltf(show)), file_type="glb", force="scene")

    assert len(scene.graph.nodes_geometry) == 4
    spots = sorted(scene.graph[name][0][:3, 3].tolist() for name in scene.graph.nodes_geometry)
    np.testing.assert_allclose(spots, [[0, 0, 0], [5, 0, 0], [10, 0, 0], [15, 0, 0]], atol=1e-6)


def test_another_library_reads_the_colour_of_the_brightest_moment():
    trimesh = pytest.importorskip("trimesh")
    lights = np.zeros((4, 200, 3), np.uint8)
    lights[:, 50:60] = [60, 60, 60]
    lights[:3, 100:110] = np.array([[255, 128, 0], [0, 0, 255], [255, 128, 0]])[:, None]
    show = Show(title="", curves=calm(), lights=tuple(encoded(samples) for samples in lights))

    scene = trimesh.load(io.BytesIO(to_gltf(show)), file_type="glb", force="scene")

    shines = {
        name: scene.geometry[scene.graph[name][1]].visual.material.emissiveFactor.tolist()
        for name in scene.graph.nodes_geometry
    }
    assert shines == {
        "1": pytest.approx([1, 0.2159, 0], abs=1e-3),
        "2": pytest.approx([0, 0, 1]),
        "3": pytest.approx([1, 0.2159, 0], abs=1e-3),
        "4": pytest.approx([0.0452] * 3, abs=1e-3),
    }


def test_a_drone_moves_as_its_curve_says():
    content = to_gltf(Show(title="", curves=calm()))

    magic, version, length = struct.unpack_from("<4sII", content)
    assert (magic, version, length) == (b"glTF", 2, len(content))
    size, kind = struct.unpack_from("<I4s", content, 12)
    assert kind == b"JSON"
    data, binary = json.loads(content[20 : 20 + size]), content[28 + size :]

    def array(number):
        accessor = data["accessors"][number]
        view = data["bufferViews"][accessor["bufferView"]]
        return np.frombuffer(binary[view["byteOffset"] :][: view["byteLength"]], "<f4")

    (animation,) = data["animations"]
    channel = animation["channels"][1]
    sampler = animation["samplers"][channel["sampler"]]
    times, track = array(sampler["input"]), array(sampler["output"]).reshape(-1, 3)
    assert channel["target"] == {"node": 1, "path": "translation"}
    for at, (x, y, z) in zip(times.tolist(), track.tolist(), strict=True):
        np.testing.assert_allclose([x, -z, y], calm().at(at * 1000)[1], atol=1e-4)
