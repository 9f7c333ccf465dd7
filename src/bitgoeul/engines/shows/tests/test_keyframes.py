"""The moments of a light program, and the two ways of cutting samples into commands."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bitgoeul.engines.shows import _bytecode, colours_at, decoded, encoded, keyframes
from bitgoeul.engines.shows._bytecode import all_encoded
from bitgoeul.kit.testing import examples

SAMPLES = arrays(np.uint8, st.tuples(st.integers(1, 60), st.just(3)), elements=st.integers(0, 255))


def drawn_between(program, steps):
    """What a player draws that knows the moments alone."""
    return np.array([colours_at([program], (step + 1) * 20 - 1)[0] for step in range(steps)])


@given(SAMPLES)
@settings(max_examples=examples(60))
def test_a_player_between_the_moments_shows_what_the_program_plays(samples):
    program = encoded(samples)
    steps = len(samples)

    played = decoded(program, steps).astype(int)
    between = drawn_between(program, steps).astype(int)

    # A millisecond before its end a step is within a twentieth of a fade of what it ends on.
    reach = np.abs(np.diff(np.vstack([np.zeros((1, 3)), played]), axis=0)).max(axis=1, keepdims=True)
    assert (np.abs(played - between) <= reach / 20 + 1.5).all()


def test_a_hold_before_a_fade_is_kept():
    red_then_fade = bytes([0x04, 255, 0, 0, 50, 0x0A, 50, 0])

    times, colours = keyframes(red_then_fade, 2000)

    assert times.tolist() == [0, 1000, 2000]
    assert colours.tolist() == [[255, 0, 0, 0], [255, 0, 0, 0], [0, 0, 0, 1]]


@pytest.mark.skipif(not _bytecode.NUMBA, reason="Numba is not installed")
@given(st.lists(SAMPLES, min_size=1, max_size=4), st.integers(0, 4), st.sampled_from([1, 100, 1 << 24]))
@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_programs_are_the_same_with_numba_and_without(monkeypatch, fleet, close, together):
    with monkeypatch.context() as patch:
        patch.setattr(_bytecode, "TOGETHER", together)
        compiled = list(all_encoded(fleet, close))
        patch.setattr(_bytecode, "NUMBA", False)
        without = list(all_encoded(fleet, close))
        alone = [encoded(samples, close) for samples in fleet]

    assert compiled == without == alone


COMMANDS = st.one_of(
    st.tuples(st.sampled_from([0x04, 0x08]), st.binary(min_size=3, max_size=3)),
    st.tuples(st.sampled_from([0x05, 0x09]), st.binary(min_size=1, max_size=1)),
    st.tuples(st.sampled_from([0x02, 0x06, 0x07, 0x0A, 0x0B]), st.just(b"")),
)
PROGRAMS = st.lists(st.tuples(COMMANDS, st.integers(0, 127), st.booleans()), max_size=20).map(
    lambda parts: b"".join(
        bytes([code]) + colour + (bytes([steps | 128, 1]) if is_long else bytes([steps]))
        for (code, colour), steps, is_long in parts
    )
)


@given(PROGRAMS, st.integers(1, 9000))
@settings(max_examples=examples(200))
def test_both_ways_of_reading_the_moments_agree(program, duration_ms):
    steps = -(-duration_ms // 20)
    reader = _bytecode._Keys(program, steps)
    reader.play()

    times, colours = keyframes(program, duration_ms)

    assert (times // 20).tolist() == [key[0] for key in reader.keys]
    assert colours.tolist() == [[int(value) for value in key[1:]] for key in reader.keys]


@pytest.mark.parametrize("program", [bytes([0x0C, 0, 0x0D]), bytes([0x0C, 0, 0x04, 1, 2, 3, 0, 0x0D])])
def test_a_program_that_never_moves_on_is_refused(program):
    with pytest.raises(ValueError, match="program-endless"):
        keyframes(program, 1000)
