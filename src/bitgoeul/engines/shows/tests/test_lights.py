"""Lights: what a drone plays is what was painted, to within two steps of 255."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitgoeul.engines.shows import (
    Effect,
    Gradient,
    Keyframe,
    Keyframes,
    Layer,
    Picture,
    ShowInvalid,
    decoded,
    encoded,
    programs,
    sampled,
)

from .fleets import gliding

RED, BLUE, BLACK, WHITE = (255, 0, 0), (0, 0, 255), (0, 0, 0), (255, 255, 255)


def standing(xs=(0.0, 10.0, 20.0), seconds=4):
    stops = np.array([[[x, 0.0, 10.0] for x in xs]] * 2)
    return gliding(stops, [seconds * 1000])


def shown(layer, curves=None):
    return np.concatenate(list(sampled([layer], curves or standing())))


def played(program, steps):
    """Play a program by the description of the bytecode alone: colours at the end of each step, exactly."""
    at, colours, colour = 0, [], np.zeros(3)
    while len(colours) < steps and program[at]:
        code = program[at]
        size = {4: 3, 5: 1, 6: 0, 7: 0, 8: 3, 9: 1, 10: 0, 11: 0}[code]
        args = program[at + 1 : at + 1 + size]
        at += 1 + size
        duration = shift = 0
        while True:
            duration |= (program[at] & 127) << shift
            at, shift = at + 1, shift + 7
            if program[at - 1] < 128:
                break
        target = np.array({3: list(args), 1: [*args] * 3, 0: [255 * (code in (7, 11))] * 3}[size], float)
        for step in range(1, duration + 1):
            colours.append(target if code < 8 else colour + (target - colour) * step / duration)
        colour = target
    colours += [colour] * (steps - len(colours))
    return np.array(colours[:steps])


tracks = st.lists(
    st.tuples(st.integers(1, 60), st.booleans(), *[st.integers(0, 255)] * 3), min_size=1, max_size=12
)


@settings(max_examples=80, deadline=None)
@given(tracks, st.integers(0, 9), st.integers(0, 3))
def test_a_program_shows_its_samples_to_within_two(track, seed, noise):
    colours, last = [], np.zeros(3)
    for steps, fades, *target in track:
        for step in range(1, steps + 1):
            colours.append(last + (np.array(target) - last) * (step / steps if fades else 1))
        last = np.array(target, float)
    samples = np.array(colours) + np.random.default_rng(seed).integers(-noise, noise + 1, (len(colours), 3))
    samples = np.clip(np.rint(samples), 0, 255).astype(np.uint8)

    program = encoded(samples)

    assert np.abs(played(program, len(samples)) - samples).max() <= 2
    assert np.abs(decoded(program, len(samples)).astype(int) - samples).max() <= 2
    assert encoded(samples) == program


def test_a_long_fade_and_a_long_colour_are_one_command_each():
    fade = np.linspace(0, 255, 501)[1:]
    samples = np.concatenate(
        [np.tile([[9, 8, 7]], (3000, 1)), np.array([9, 8, 7]) + np.outer(fade, [0.9, 0.5, 0])]
    )

    program = encoded(np.rint(samples).astype(np.uint8))

    assert program[0] == 4
    assert len(program) <= 6 + 2 * 6 + 1


def test_dark_drones_are_dark():
    assert encoded(np.zeros((100, 3), np.uint8)) == bytes([6, 100, 0])


def test_keyframes_fade_from_one_to_the_next():
    frames = (Keyframe(at_ms=0, colour=BLACK), Keyframe(at_ms=2000, colour=WHITE))

    light = shown(Layer(paint=Keyframes(frames=frames), begin_ms=0, end_ms=4000, group=(1,)))

    assert light[0].max() == 0
    assert light[1, [49, 99, 199]].tolist() == [[128] * 3, [255] * 3, [255] * 3]


def test_a_gradient_lies_in_the_air():
    light = shown(
        Layer(paint=Gradient(start=(0, 0, 0), end=(20, 0, 0), colours=(RED, BLUE)), begin_ms=0, end_ms=4000)
    )

    assert light[:, 0].tolist() == [[255, 0, 0], [128, 0, 128], [0, 0, 255]]


@pytest.mark.parametrize("kind", ["wave", "radial", "chase", "pulse", "sparkle"])
def test_an_effect_comes_again_each_period(kind):
    light = shown(Layer(paint=Effect(kind=kind, colours=(BLACK, WHITE)), begin_ms=0, end_ms=4000))

    assert light.max() > 200
    assert light.min() == 0
    np.testing.assert_array_equal(light[:, :100], light[:, 100:])


def test_a_wave_reaches_one_drone_after_another():
    light = shown(Layer(paint=Effect(kind="wave", colours=(BLACK, WHITE)), begin_ms=0, end_ms=2000))

    np.testing.assert_array_equal(light[0, :50], light[1, 50:100])
    np.testing.assert_array_equal(light[0, :100], light[2, :100])


def test_a_film_is_seen_where_the_drones_are():
    frames = np.zeros((2, 2, 2, 3), np.uint8)
    frames[0, 1, 0], frames[1, 1, 1] = RED, BLUE
    picture = Picture(frames=frames, corner=(-5, 0, 25), across=(20, 0, 0), down=(0, 0, -20), frame_ms=1000)

    light = shown(Layer(paint=picture, begin_ms=0, end_ms=4000))

    assert light[:, 10].tolist() == [list(RED), list(BLACK), list(BLACK)]
    assert light[:, 60].tolist() == [list(BLACK), list(BLUE), list(BLACK)]


def test_layers_cover_and_add():
    red = Layer(paint=Keyframes(frames=(Keyframe(at_ms=0, colour=RED),)), begin_ms=0, end_ms=4000)
    blue = Keyframes(frames=(Keyframe(at_ms=0, colour=BLUE),))
    curves = standing()

    def mixed(**how):
        layers = [red, Layer(paint=blue, begin_ms=2000, end_ms=4000, **how)]
        return np.concatenate(list(sampled(layers, curves)))[0, [50, 110, 150]].tolist()

    assert mixed() == [[255, 0, 0], [0, 0, 255], [0, 0, 255]]
    assert mixed(blend="add") == [[255, 0, 0], [255, 0, 255], [255, 0, 255]]
    assert mixed(blend="multiply") == [[255, 0, 0], [0, 0, 0], [0, 0, 0]]
    assert mixed(fade_ms=440)[1] == [128, 0, 128]


def test_a_layer_may_come_and_go_at_different_speeds():
    white = Keyframes(frames=(Keyframe(at_ms=0, colour=WHITE),))
    layer = Layer(paint=white, begin_ms=0, end_ms=4000, fade_ms=400, fade_out_ms=2000)

    light = shown(layer)[0, :, 0]

    assert light[[9, 19, 99, 149, 199]].tolist() == [128, 255, 255, 128, 0]


def test_every_drone_gets_a_program():
    layer = Layer(
        paint=Effect(kind="sparkle", colours=(BLACK, (255, 200, 90)), seed=4), begin_ms=0, end_ms=4000
    )
    curves = standing()

    made = programs([layer], curves)

    assert len(made) == 3
    assert made == programs([layer], curves)
    for program, colours in zip(made, shown(layer), strict=True):
        assert np.abs(decoded(program, 200).astype(int) - colours).max() <= 2


DOT = np.zeros((1, 1, 1, 3), np.uint8)
TWO = (RED, BLUE)


@pytest.mark.parametrize(
    ("paint", "more", "code"),
    [
        (Keyframes(frames=()), {}, "times-not-increasing"),
        (Keyframes(frames=(Keyframe(at_ms=0, colour=(256, 0, 0)),)), {}, "colour-impossible"),
        (Effect(kind="pulse", colours=TWO, period_ms=0), {}, "effect-impossible"),
        (Effect(kind="pulse", colours=TWO), {"begin_ms": 1}, "layer-without-time"),
        (Effect(kind="pulse", colours=TWO), {"group": (7,)}, "group-impossible"),
        (Gradient(start=(0, 0, 0), end=(0, 0, 0), colours=TWO), {}, "gradient-without-way"),
        (
            Picture(frames=DOT, corner=(0, 0, 0), across=(1, 0, 0), down=(2, 0, 0)),
            {},
            "picture-without-plane",
        ),
        (Picture(frames=DOT[:0], corner=(0, 0, 0), across=(1, 0, 0), down=(0, 0, 1)), {}, "picture-empty"),
    ],
)
def test_a_layer_that_cannot_be_shown_is_refused(paint, more, code):
    layer = Layer(**{"paint": paint, "begin_ms": 0, "end_ms": 1} | more)

    with pytest.raises(ShowInvalid) as refused:
        programs([layer], standing())

    assert [problem.code for problem in refused.value.problems] == [code]


def test_programs_of_other_tools_are_played_with_their_loops():
    assert decoded(bytes([12, 2, 4, 255, 0, 0, 1, 6, 1, 13, 7, 1, 0]), 7)[:, 0].tolist() == [
        255,
        0,
        255,
        0,
        255,
        255,
        255,
    ]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=40))
def test_any_bytes_are_a_program_or_refused(program):
    try:
        colours = decoded(program, 100)
    except ShowInvalid as refusal:
        codes = [problem.code for problem in refusal.problems]
    else:
        codes = [] if colours.shape == (100, 3) else ["shape"]
    assert all(code.startswith("program-") for code in codes)
