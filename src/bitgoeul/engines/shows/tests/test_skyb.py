"""`.skyb`: what drones store is the paths bit by bit, also for a reader written from the format alone."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitgoeul.engines.shows import Limits, Show, ShowInvalid, Site, from_skyb, prove, scale_mm, to_skyb

from .fleets import gliding, random_show


def held(seconds=(30, 60, 120, 150), drones=2):
    """Drones that stand, rise, hover for long and come down."""
    low = np.stack([np.arange(drones) * 4.0, np.zeros(drones), np.zeros(drones)], axis=1)
    high = low + np.array([0, 1, 9.0])
    stops = np.array([low, low, high, high, high, high, low])
    ends = np.cumsum([20, 10, *seconds[1:], 10]) * 1000
    return gliding(stops, ends, per_metre=250)


def crc(content):
    """The checksum by its description: 0x04C11DB7 reflected, begins with zero, not turned round."""
    value = 0
    for byte in content:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xEDB88320 if value & 1 else 0)
    return value


def plainly(content):
    """Read a file by the description of the format alone: (segments of (ms, x, y, z in mm), lights)."""
    assert (content[:4], content[4], content[5]) == (b"skyb", 2, 1)
    assert struct.unpack("<I", content[6:10])[0] == crc(content[:6] + bytes(4) + content[10:])
    blocks, at = {}, 10
    while at < len(content):
        kind, length = struct.unpack_from("<BH", content, at)
        blocks[kind] = content[at + 3 : at + 3 + length]
        at += 3 + length
    body = blocks[1]
    scale, *spot = struct.unpack_from("<B3h", body)
    at, segments = 9, []
    while at < len(body):
        head, lasts = struct.unpack_from("<BH", body, at)
        at += 3
        row = [lasts]
        for axis in range(3):
            if head >> 2 * axis & 3:
                values = struct.unpack_from("<3h", body, at)
                at += 6
            else:
                values = (spot[axis],) * 3
            row.append([value * scale for value in (spot[axis], *values)])
            spot[axis] = values[2]
        segments.append(row)
    return segments, blocks.get(2)


@pytest.mark.parametrize(
    "curves", [held(), random_show(3, together=False, per_metre=250)], ids=["held", "random"]
)
def test_a_show_is_read_back_bit_by_bit(curves):
    show = Show(title="", curves=curves, lights=tuple(bytes([6, k, 0]) for k in range(curves.drones)))

    back = from_skyb(to_skyb(show, None))

    assert back.curves.digest() == curves.digest()
    assert (back.lights, back.names) == (show.lights, tuple(str(k + 1) for k in range(curves.drones)))


@pytest.mark.parametrize(
    "curves", [held(), random_show(3, together=False, per_metre=250)], ids=["held", "random"]
)
def test_a_reader_that_knows_only_the_format_sees_the_same_paths(curves):
    show = Show(title="", curves=curves, lights=(b"\x06\x01\x00",) * curves.drones)

    for drone, content in enumerate(to_skyb(show, None)):
        segments, lights = plainly(content)
        now = 0
        for lasts, *axes in segments:
            assert 0 < lasts <= 60_000
            middle = np.array(axes) @ [1, 3, 3, 1] / 8000
            np.testing.assert_allclose(curves.at(now + lasts / 2)[drone], middle, atol=1e-9)
            now += lasts
        assert (now, lights) == (curves.duration_ms, b"\x06\x01\x00")


def test_the_grid_is_the_finest_that_holds_the_paths():
    assert scale_mm(held()) in (1, 2, 4)
    far = gliding(np.array([[[0, 0, 9]], [[100.0, 0, 9]]]), [60_000])
    assert scale_mm(far) == 4
    assert from_skyb(to_skyb(Show(title="", curves=far), None)).curves.digest() == far.digest()


@pytest.mark.parametrize(
    ("stops", "per_metre", "seconds", "code"),
    [
        ([[[0, 0, 9]], [[0, 0, 9.0005]]], 2000, 9, "grid-too-fine"),
        ([[[0, 0, 9]], [[33.001, 0, 9]]], 1000, 9, "reach-too-far"),
        ([[[0, 0, 9]], [[3, 0, 9]]], 1000, 61, "segment-too-long"),
    ],
)
def test_what_the_format_cannot_hold_is_refused(stops, per_metre, seconds, code):
    curves = gliding(np.array(stops, float), [seconds * 1000], per_metre)

    with pytest.raises(ShowInvalid) as refused:
        to_skyb(Show(title="", curves=curves), None)
    assert [problem.code for problem in refused.value.problems] == [code]


def test_a_certificate_that_does_not_hold_certifies_no_file():
    show = Show(title="", curves=held(), limits=Limits(velocity_up=0.1))

    with pytest.raises(ShowInvalid):
        to_skyb(show, prove(show.curves, show.limits, Site()))


def test_an_altered_file_is_noticed():
    (content, _) = to_skyb(Show(title="", curves=held()), None)

    with pytest.raises(ShowInvalid, match="checksum-wrong"):
        from_skyb([content[:40] + bytes([content[40] ^ 1]) + content[41:]])


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_bytes_are_a_show_or_refused(data):
    content = bytearray(to_skyb(Show(title="", curves=held()), None)[0])
    content = bytearray(b"skyb\x01") + content[10:]
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(0, len(content)))]

    try:
        codes = ["read"] if from_skyb([bytes(content)]).curves.drones == 1 else []
    except ShowInvalid as refusal:
        codes = [problem.code for problem in refusal.problems]
    assert codes
