"""The light program of a drone: bytecode that sets and fades colours in steps of 20 ms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ._compiled import NUMBA, compiled
from ._problems import Problem, ShowInvalid

STEP_MS = 20
"""Duration of one step, and distance of the samples that a program is made of."""
CLOSE = 2
"""How far a channel of a program may be from the samples, of 255."""
LONGEST = 24 * 3600 * 1000 // STEP_MS
"""Steps of a program that are played at most."""

_END, _NOP, _SLEEP, _WAIT = 0x00, 0x01, 0x02, 0x03
_SET, _SET_GRAY, _BLACK, _WHITE = 0x04, 0x05, 0x06, 0x07
_FADE, _FADE_GRAY, _FADE_BLACK, _FADE_WHITE = 0x08, 0x09, 0x0A, 0x0B
_LOOP, _LOOP_END, _RESET = 0x0C, 0x0D, 0x0E

Samples = NDArray[np.uint8]
Ints = NDArray[np.int64]


def encoded(samples: Samples, close: int = CLOSE) -> bytes:
    """Write a program that shows samples (T, 3), one every 20 ms, to within ``close`` in each channel.

    Each command is the longest that stays close: a colour that is held, or one that fades evenly.  It ends on
    the colour of a sample exactly, so errors do not add up.  Deterministic.
    """
    return next(all_encoded([samples], close))


def all_encoded(fleet: Iterable[Samples], close: int = CLOSE) -> Iterator[bytes]:
    """Write the programs of many drones, each as :func:`encoded` does."""
    some: list[Samples] = []
    held = 0
    for samples in fleet:
        some.append(samples)
        held += len(samples)
        if held > TOGETHER:
            yield from _encoded_together(some, close)
            some, held = [], 0
    if some:
        yield from _encoded_together(some, close)


def _encoded_together(some: Sequence[Samples], close: int) -> Iterator[bytes]:
    ends = np.cumsum([len(samples) for samples in some])
    begins = np.concatenate([[0], ends[:-1]])
    flat = np.concatenate(some)
    kinds = np.zeros(len(flat), np.uint8)
    if not NUMBA:
        _parted_together(flat, begins, ends, close, kinds)
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        if NUMBA:
            _parted(flat[begin:end].astype(float), float(close), kinds[begin:end])
        yield _program(flat[begin:end], kinds[begin:end])


def _program(samples: Samples, kinds: NDArray[np.uint8]) -> bytes:
    """The commands whose last steps are marked."""
    out, begin = bytearray(), 0
    last = np.flatnonzero(kinds)
    for end, kind in zip(last.tolist(), kinds[last].tolist(), strict=True):
        out += _command(samples[end].astype(np.int64), end + 1 - begin, fades=kind == _FADES)
        begin = end + 1
    return bytes(out) + bytes([_END])


TOGETHER = 1 << 24
"""Samples that are looked at together, at most about."""
_HOLDS, _FADES = 1, 2
"""How the last step of a command is marked."""


@compiled
def _parted(values, close, kinds):  # type: ignore[no-untyped-def]
    """Cut samples (T, 3) into commands; the last step of each is marked.

    From where the last one ended, a colour can be held as long as all samples are close to each other; and
    what fades to a sample must keep, at every sample before, between two slopes: a funnel that narrows.
    """
    total, begin = len(values), 0
    # Decoders round down to whole colours: one less than the tolerance is used on either side.
    room = max(close - 1.0, 0.0)
    shown, least, most, low, high = np.empty(3), np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    for k in range(3):
        shown[k] = 0.0
    while begin < total:
        for k in range(3):
            least[k], most[k], low[k], high[k] = np.inf, -np.inf, -np.inf, np.inf
        held, faded, holding, fading, length = 0, 0, True, True, 0
        while begin + length < total and (holding or fading):
            now = begin + length
            length += 1
            on_the_way = True
            for k in range(3):
                least[k], most[k] = min(least[k], values[now, k]), max(most[k], values[now, k])
                holding = holding and most[k] - least[k] <= close
                ahead = values[now, k] - shown[k]
                low[k], high[k] = max(low[k], (ahead - room) / length), min(high[k], (ahead + room) / length)
                fading = fading and low[k] <= high[k]
                on_the_way = on_the_way and low[k] <= ahead / length <= high[k]
            if holding:
                held = length
            if fading and on_the_way:
                faded = length
        begin += max(held, faded)
        kinds[begin - 1] = _FADES if faded > held else _HOLDS
        for k in range(3):
            shown[k] = values[begin - 1, k]


def _parted_together(samples: Samples, begin: Ints, ends: Ints, close: int, kinds: NDArray[np.uint8]) -> None:
    """Do the same for many drones without Numba, whose samples lie one after another: all take a step at a
    time."""
    room = max(close - 1.0, 0.0)
    begin, ends = begin[begin < ends], ends[begin < ends]
    length, held, faded = np.zeros((3, len(begin)), np.int64)
    shown = np.zeros((3, len(begin)))
    least, most, low, high = (np.empty_like(shown) for _ in range(4))
    holding, fading, afresh = (np.ones(len(begin), bool) for _ in range(3))
    while len(begin):
        if afresh.any():
            least[:, afresh], most[:, afresh] = np.inf, -np.inf
            low[:, afresh], high[:, afresh] = -np.inf, np.inf
            length[afresh], held[afresh], faded[afresh] = 0, 0, 0
            holding |= afresh
            fading |= afresh
        value = samples[begin + length].T.astype(float)
        length += 1
        np.minimum(least, value, out=least)
        np.maximum(most, value, out=most)
        holding &= (most - least <= close).all(axis=0)
        ahead = value - shown
        np.maximum(low, (ahead - room) / length, out=low)
        np.minimum(high, (ahead + room) / length, out=high)
        fading &= (low <= high).all(axis=0)
        slope = ahead / length
        on_the_way = fading & ((low <= slope) & (slope <= high)).all(axis=0)
        held[holding], faded[on_the_way] = length[holding], length[on_the_way]
        afresh = ~(holding | fading) | (begin + length >= ends)
        if not afresh.any():
            continue
        begin[afresh] += np.maximum(held, faded)[afresh]
        kinds[begin[afresh] - 1] = np.where(faded > held, _FADES, _HOLDS)[afresh]
        shown[:, afresh] = samples[begin[afresh] - 1].T
        going = begin < ends
        if not going.all():
            begin, ends, length, held, faded = (a[going] for a in (begin, ends, length, held, faded))
            shown, least, most, low, high = (a[:, going] for a in (shown, least, most, low, high))
            holding, fading, afresh = holding[going], fading[going], afresh[going]


def _command(colour: NDArray[np.int64], steps: int, fades: bool) -> bytes:
    red, green, blue = colour.tolist()
    by_colour = {(0, 0, 0): _BLACK, (255, 255, 255): _WHITE}
    shift = _FADE - _SET if fades else 0
    if (code := by_colour.get((red, green, blue))) is not None:
        head = bytes([code + shift])
    elif red == green == blue:
        head = bytes([_SET_GRAY + shift, red])
    else:
        head = bytes([_SET + shift, red, green, blue])
    return head + _varuint(steps)


def _varuint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; all but the last byte carry the eighth."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def decoded(program: bytes, steps: int) -> Samples:
    """Play a program: the colours (steps, 3) at the end of every 20 ms.  After its end the last one stays.

    Raises: ShowInvalid for commands that are unknown or cut short, and for programs that never move on.
    """
    if not 0 <= steps <= LONGEST:
        raise ShowInvalid(Problem("program-too-long", "lights", {"steps": steps}))
    player = _Player(program, steps)
    player.play()
    return player.shown


def keyframes(program: bytes, duration_ms: int) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """The moments of a program, for a player that draws between them.

    Returns times (K,) in ms, and (K, 4): red, green, blue, and 1 where the colour grows evenly from the one
    before, 0 where it begins at that time.
    Raises: ShowInvalid as :func:`decoded` does.
    """
    steps = -(-duration_ms // STEP_MS)
    if NUMBA:
        at, rgbf = np.empty(2 * len(program) + 2, np.int64), np.empty((2 * len(program) + 2, 4), np.uint8)
        count = _plain_keys(np.frombuffer(program, np.uint8), steps, at, rgbf)
        if count >= 0:
            return at[:count] * STEP_MS, rgbf[:count]
    reader = _Keys(program, steps)
    reader.play()
    times = np.array([at for at, *_rest in reader.keys], np.int64) * STEP_MS
    colours = np.array([rest for _at, *rest in reader.keys], np.float64).reshape(-1, 4)
    return times, np.floor(colours + 0.5).astype(np.uint8)


@compiled
def _plain_keys(program, steps, at, rgbf):  # type: ignore[no-untyped-def]  # noqa: PLR0912
    """Note the moments of a program of colours, fades and sleeps alone; return how many, or -1 for others.

    What :class:`_Keys` does for every program, and the same for these.
    """
    count, clock, here, last = 0, 0, 0, len(program)
    shown, target = np.empty(3, np.uint8), np.empty(3, np.uint8)
    # Colour by colour: assigning whole arrays takes seconds to compile.
    for k in range(3):
        shown[k] = 0
    while clock < steps and here < last:
        code = program[here]
        here += 1
        if code == _END:
            return count
        if code in (_NOP, _RESET):
            continue
        turns, fades = _SET <= code <= _FADE_WHITE, code >= _FADE
        kind = code - (_FADE - _SET) if fades else code
        if not turns and code != _SLEEP:
            return -1
        bytes_of_colour = 3 if kind == _SET else 1 if kind == _SET_GRAY else 0
        if here + bytes_of_colour >= last:
            return -1
        if turns:
            for k in range(3):
                if kind == _SET:
                    target[k] = program[here + k]
                elif kind == _SET_GRAY:
                    target[k] = program[here]
                else:
                    target[k] = 0 if kind == _BLACK else 255
            here += bytes_of_colour
        length, shift = 0, 0
        while True:
            if here >= last or shift > 28:
                return -1
            byte = np.int64(program[here])
            here += 1
            length += int(byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        fades = fades and length > 0
        differs = count == 0 or at[count - 1] < clock
        for k in range(3):
            if turns and not fades:
                shown[k] = target[k]
            differs = differs or rgbf[count - 1, k] != shown[k]
        if differs:
            at[count], rgbf[count, 3] = clock, 0
            for k in range(3):
                rgbf[count, k] = shown[k]
            count += 1
        clock += length
        if fades:
            at[count], rgbf[count, 3] = clock, 1
            for k in range(3):
                shown[k] = target[k]
                rgbf[count, k] = shown[k]
            count += 1
    return count


def colours_at(programs: Sequence[bytes], at_ms: int) -> Samples:
    """Shape (N, 3): the colours of all drones at a show time."""
    shown = np.zeros((len(programs), 3), np.uint8)
    for n, program in enumerate(programs):
        times, keys = keyframes(program, at_ms + STEP_MS)
        after = int(np.searchsorted(times, at_ms, side="right"))
        before = keys[after - 1, :3].astype(float) if after else np.zeros(3)
        if after < len(times) and keys[after, 3]:
            begin = times[after - 1] if after else 0
            share = (at_ms - begin) / (times[after] - begin)
            before = before + share * (keys[after, :3] - before)
        shown[n] = np.floor(before + 0.5)
    return shown


class _Player:
    def __init__(self, program: bytes, steps: int) -> None:
        self.program, self.steps = program, steps
        self.shown = np.zeros((steps, 3), np.uint8)
        self.at = self.clock = self.ran = 0
        self.colour = np.zeros(3)
        self.loops: list[list[int]] = []

    def play(self) -> None:
        while self.clock < self.steps and self.at < len(self.program):
            self.ran += 1
            if self.ran > LONGEST:
                raise ShowInvalid(Problem("program-endless", "lights"))
            code = self.byte()
            if code == _END:
                break
            self.one(code)
        self.shown[self.clock :] = self.whole(self.colour)

    def one(self, code: int) -> None:
        if code in (_NOP, _RESET):
            return
        if code == _SLEEP:
            self.last(self.varuint())
        elif code == _WAIT:
            self.last(max(0, self.varuint() - self.clock))
        elif _SET <= code <= _FADE_WHITE:
            self.turn(code)
        elif code == _LOOP:
            self.loops.append([self.byte(), 0])
            self.loops[-1][1] = self.at
            if len(self.loops) > 16:
                raise ShowInvalid(Problem("program-too-deep", "lights"))
        elif code == _LOOP_END and self.loops:
            self.again()
        else:
            raise ShowInvalid(Problem("program-unknown-command", "lights", {"code": code}))

    def turn(self, code: int) -> None:
        fades = code >= _FADE
        kind = code - (_FADE - _SET if fades else 0)
        if kind == _SET:
            target = np.array([self.byte(), self.byte(), self.byte()], float)
        elif kind == _SET_GRAY:
            target = np.full(3, float(self.byte()))
        else:
            target = np.full(3, 0.0 if kind == _BLACK else 255.0)
        steps = self.varuint()
        if fades and steps:
            self.fade(target, steps)
        else:
            self.colour = target
            self.last(steps)

    def again(self) -> None:
        """Run a loop again; zero rounds mean without end."""
        rounds, start = self.loops[-1]
        if rounds == 1:
            self.loops.pop()
            return
        self.loops[-1][0] = rounds - 1 if rounds else 0
        self.at = start

    def last(self, steps: int) -> None:
        span = min(steps, self.steps - self.clock)
        self.shown[self.clock : self.clock + span] = self.whole(self.colour)
        self.clock += span

    def fade(self, target: NDArray[np.float64], steps: int) -> None:
        span = min(steps, self.steps - self.clock)
        share = np.arange(1, span + 1)[:, None] / steps
        self.shown[self.clock : self.clock + span] = self.whole(self.colour + share * (target - self.colour))
        self.colour = target
        self.clock += span

    @staticmethod
    def whole(colours: NDArray[np.float64]) -> Samples:
        return np.floor(colours + 0.5).astype(np.uint8)

    def byte(self) -> int:
        if self.at >= len(self.program):
            raise ShowInvalid(Problem("program-cut-short", "lights"))
        self.at += 1
        return self.program[self.at - 1]

    def varuint(self) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
            if shift > 28:
                raise ShowInvalid(Problem("program-number-too-long", "lights"))


class _Keys(_Player):
    """Notes where colours begin and end instead of playing them."""

    def __init__(self, program: bytes, steps: int) -> None:
        super().__init__(program, 0)
        self.steps = steps
        self.keys: list[tuple[float, ...]] = []

    def play(self) -> None:
        while self.clock < self.steps and self.at < len(self.program):
            self.ran += 1
            if self.ran > LONGEST:
                raise ShowInvalid(Problem("program-endless", "lights"))
            code = self.byte()
            if code == _END:
                break
            self.one(code)

    def last(self, steps: int) -> None:
        self.note(0)
        self.clock += steps

    def fade(self, target: NDArray[np.float64], steps: int) -> None:
        self.note(0)
        self.colour = target
        self.clock += steps
        self.note(1)

    def note(self, grows: int) -> None:
        """Add a key, unless the one before says the same of the same moment."""
        if not self.keys or self.keys[-1][0] < self.clock or (not grows and self.differs()):
            self.keys.append((self.clock, *self.colour.tolist(), grows))

    def differs(self) -> bool:
        return self.keys[-1][1:4] != tuple(self.colour.tolist())
