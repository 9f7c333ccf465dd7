"""Figures: exactly one point per drone, the spacing, the size, and what is refused by name."""

import random
import unicodedata
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitgoeul.engines.shows import Limits, ShowInvalid, formations
from bitgoeul.engines.shows.formations import Placing, closest
from bitgoeul.kit.ui.assets import DIST

FONT = DIST / "fonts" / "Pretendard-Bold.otf"
CHIP = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">
<rect x="22" y="22" width="56" height="56" rx="5" fill="#10d060"/>
<rect x="36" y="36" width="28" height="28" fill="#ffc030"/>
<g stroke="#c0c0d0" stroke-width="3" fill="none"><path d="M32 22V8M68 22V8M32 78V92M68 78V92"/></g></svg>"""
SOLIDS = ["sphere", "cone", "ring", "helix", "plane", "grid", "cube", "wave"]


def svg(body):
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">{body}</svg>'.encode()


def refusal(make):
    with pytest.raises(ShowInvalid) as refused:
        make()
    return [(p.code, dict(p.facts)) for p in refused.value.problems]


def keeps_its_promise(made, placing):
    points = made.formation.points
    assert len(points) == placing.drones
    assert made.formation.lit.all()
    assert points[:, 2].min() == pytest.approx(placing.lowest_z)
    if placing.drones > 1:
        assert _nearest_pair(points, placing.limits.downwash) >= placing.spacing * (1 - 1e-12)
        assert made.closest_m == closest(points, placing.limits.downwash)


def _nearest_pair(points, downwash):
    """All pairs, one by one: slower than what the engine does, and not the same way."""
    metric = points / [1.0, 1.0, downwash]
    return min(
        np.sqrt(np.square(metric[n + 1 :] - metric[n]).sum(axis=1)).min() for n in range(len(metric) - 1)
    )


PLACINGS = st.builds(
    lambda drones, downwash, spacing, seed: Placing(
        drones=drones,
        limits=Limits(distance_m=2.0, downwash=downwash),
        spacing_m=spacing,
        seed=seed,
        centre=(30.0, -12.0),
        lowest_z=17.0,
    ),
    st.integers(1, 90),
    st.sampled_from([1.0, 1.5, 3.0]),
    st.sampled_from([None, 2.0, 5.5]),
    st.integers(0, 3),
)


@settings(max_examples=8, deadline=None)
@given(PLACINGS)
@pytest.mark.parametrize("name", SOLIDS)
def test_every_solid_has_a_point_per_drone_and_the_spacing(name, placing):
    keeps_its_promise(getattr(formations, name)(placing), placing)


@settings(max_examples=15, deadline=None)
@given(PLACINGS, st.sampled_from(["outline", "fill", "both"]))
def test_every_drawing_has_a_point_per_drone_and_the_spacing(placing, style):
    keeps_its_promise(formations.svg(CHIP, placing, style=style), placing)


@pytest.mark.parametrize("style", ["outline", "fill", "both"])
def test_words_in_hangul_have_a_point_per_drone_and_the_spacing(style):
    placing = Placing(drones=300, colour=(255, 200, 80))

    made = formations.text("빛고을", FONT.read_bytes(), placing, style=style)

    keeps_its_promise(made, placing)
    assert 100 < made.size_m < 160
    assert np.unique(made.formation.points[:, 1]).tolist() == [0.0]
    assert np.unique(made.formation.colours, axis=0).tolist() == [[255, 200, 80]]


def test_a_word_is_read_from_left_to_right_and_upright():
    """The L has its stem at the left and its foot at the bottom, seen by the audience."""
    points = formations.text("L", FONT.read_bytes(), Placing(drones=60), style="fill").formation.points
    middle = (points.min(axis=0) + points.max(axis=0)) / 2

    top = points[points[:, 2] > middle[2]]
    right = points[points[:, 0] > middle[0]]

    assert (top[:, 0] < middle[0]).all()
    assert (right[:, 2] < middle[2]).all()


@pytest.mark.parametrize("name", [*SOLIDS, "svg"])
def test_the_same_arguments_give_the_same_points_and_touch_no_other_dice(name):
    placing = Placing(drones=120, seed=5)
    make = getattr(formations, name)

    first = make(CHIP, placing, style="fill") if name == "svg" else make(placing)
    state = random.getstate(), np.random.get_state()[1].tolist()
    second = make(CHIP, placing, style="fill") if name == "svg" else make(placing)

    assert first.formation.points.tobytes() == second.formation.points.tobytes()
    assert (random.getstate(), np.random.get_state()[1].tolist()) == state


@pytest.mark.parametrize("style", ["outline", "fill"])
def test_what_does_not_fit_says_how_many_do_and_which_size_would(style):
    crowded = Placing(drones=200, size_m=40.0)

    [(code, facts)] = refusal(lambda: formations.svg(CHIP, crowded, style=style))

    assert code == "drones-do-not-fit"
    assert facts["wanted"] == 200
    assert 0.5 * 200 * 40 / facts["scale"] < facts["fits"] < 200 or style == "fill"
    fewer = Placing(drones=facts["fits"], size_m=40.0)
    larger = Placing(drones=200, size_m=facts["scale"])
    keeps_its_promise(formations.svg(CHIP, fewer, style=style), fewer)
    keeps_its_promise(formations.svg(CHIP, larger, style=style), larger)


def test_outlines_are_walked_in_equal_steps_and_corners_are_marked():
    square = svg('<path d="M0 0H100V100H0Z"/>')

    made = formations.svg(square, Placing(drones=40, size_m=100.0, lowest_z=20.0))

    steps = {tuple(point) for point in np.round(made.formation.points[:, [0, 2]], 6).tolist()}
    edge = [-50.0 + 10 * n for n in range(11)]
    wanted = {(x, z) for x in edge for z in (20.0, 120.0)} | {
        (x, z + 70) for x in (-50.0, 50.0) for z in edge
    }
    assert steps == wanted


def test_a_fill_is_even():
    """No drone is much farther from its neighbours than the closest two are, up to twice the spacing."""
    from scipy.spatial import cKDTree

    made = formations.svg(svg('<circle cx="50" cy="50" r="50"/>'), Placing(drones=300), style="fill")

    gaps = cKDTree(made.formation.points).query(made.formation.points, k=2)[0][:, 1]
    assert gaps.max() < 1.5 * made.closest_m
    # 300 discs of this size could fill at most 0.9069 of the circle around them all.
    radius = (made.size_m + made.closest_m) / 2
    assert 300 * (made.closest_m / 2) ** 2 / radius**2 > 0.7


def test_colours_of_fills_and_strokes_are_kept_and_later_ones_cover():
    made = formations.svg(CHIP, Placing(drones=300), style="fill")

    middle = np.abs(made.formation.points - [0, 0, 20 + made.size_m / 2])[:, [0, 2]].max(axis=1)
    core = made.formation.colours[middle < 0.15 * made.size_m]
    assert np.unique(core, axis=0).tolist() == [[255, 192, 48]]
    assert {tuple(c) for c in made.formation.colours.tolist()} == {
        (255, 192, 48),
        (16, 208, 96),
        (192, 192, 208),
    }


def test_black_does_not_shine_so_it_takes_the_colour_of_the_placing():
    made = formations.svg(svg('<circle cx="5" cy="5" r="4"/>'), Placing(drones=30, colour=(9, 200, 7)))

    assert np.unique(made.formation.colours, axis=0).tolist() == [[9, 200, 7]]


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ("<script>alert(1)</script>", "script"),
        ('<rect width="9" height="9" onload="x()"/>', "script"),
        ("<foreignObject/>", "foreignObject"),
        ('<image href="data:image/png;base64,AA"/>', "image"),
        ('<a href="https://example.org/"><rect width="9" height="9"/></a>', "external link"),
        ('<rect width="9" height="9" fill="url(https://example.org/#g)"/>', "external link"),
        ("<style>@import 'a.css'</style>", "external link"),
        ('<rect width="9" height="9" mask="url(#m)"/>', "mask"),
        ("<text>빛</text>", "text"),
        ('<g id="a"><use href="#a"/></g>', "use in a circle"),
    ],
    ids=lambda value: value[:24],
)
def test_a_picture_that_runs_loads_or_hides_is_refused_by_the_part(body, part):
    assert ("svg-refused", {"part": part}) in refusal(lambda: formations.svg(svg(body), Placing(drones=9)))


def test_a_picture_that_declares_entities_is_refused_before_it_is_parsed():
    bomb = b'<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><svg>&b;</svg>'

    parts = [facts["part"] for _, facts in refusal(lambda: formations.svg(bomb, Placing(drones=9)))]

    assert parts == ["DOCTYPE", "ENTITY"]


def test_pictures_that_are_small_files_and_huge_drawings_are_refused():
    doubled = '<g id="g0"><path d="M0 0H9V9Z"/></g>' + "".join(
        f'<g id="g{n}"><use href="#g{n - 1}"/><use href="#g{n - 1}"/></g>' for n in range(1, 30)
    )
    nested = "<g>" * 200 + "</g>" * 200
    endless = f'<path d="M0 0{"L1 1L2 0" * 60_000}"/>'

    codes = [
        refusal(lambda body=body: formations.svg(svg(body), Placing(drones=9)))[0][0]
        for body in (doubled, nested, endless)
    ]

    assert codes == ["shape-too-detailed"] * 3


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "shape-empty"),
        ('<path d=""/>', "shape-empty"),
        ('<rect width="0" height="0"/>', "shape-empty"),
        ('<path d="M5 5Z"/>', "shape-empty"),
        ('<path d="M0 0L1e300 1e300" stroke="red" fill="none"/>', "shape-not-finite"),
    ],
)
def test_shapes_that_are_none_are_refused(body, code):
    assert [found for found, _ in refusal(lambda: formations.svg(svg(body), Placing(drones=9)))] == [code]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", ("text-empty", {})),
        (" \n", ("text-empty", {})),
        ("빛😀", ("glyph-missing", {"glyph": "😀"})),
        ("سلام", ("script-unsupported", {"glyph": "س"})),
        ("x" * 201, ("text-too-long", {"letters": 201, "most": 200})),
    ],
)
def test_words_that_cannot_be_written_are_refused(words, expected):
    assert refusal(lambda: formations.text(words, FONT.read_bytes(), Placing(drones=50))) == [expected]


def test_decomposed_hangul_is_written_like_composed():
    font, placing = FONT.read_bytes(), Placing(drones=80)

    composed = formations.text("광주", font, placing)
    decomposed = formations.text(unicodedata.normalize("NFD", "광주"), font, placing)

    assert composed.formation.points.tobytes() == decomposed.formation.points.tobytes()


def test_a_truetype_font_is_read_as_well():
    font = (DIST / "print" / "Pretendard-Bold.ttf").read_bytes()
    placing = Placing(drones=120)

    keeps_its_promise(formations.text("광", font, placing), placing)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"drones": 0}, "drones-out-of-range"),
        ({"drones": 10**6}, "drones-out-of-range"),
        ({"spacing_m": 2.9}, "spacing-below-distance"),
        ({"spacing_m": float("nan")}, "spacing-below-distance"),
        ({"size_m": -1.0}, "size-out-of-range"),
        ({"lowest_z": 1.0}, "formation-too-low"),
        ({"centre": (float("inf"), 0.0)}, "place-not-finite"),
        ({"colour": (0, 0, 256)}, "colour-out-of-range"),
    ],
)
def test_impossible_placings_are_refused(change, code):
    assert [found for found, _ in refusal(lambda: Placing(**{"drones": 10} | change))] == [code]


def test_a_formation_larger_than_any_field_is_refused():
    assert refusal(lambda: formations.ring(Placing(drones=30_000)))[0][0] == "size-out-of-range"


@pytest.mark.slow
@pytest.mark.parametrize("drones", [16_000, 22_580])
def test_record_fleets_have_a_point_per_drone_and_the_spacing(drones):
    placing = Placing(drones=drones, limits=Limits(downwash=1.5))

    made = formations.svg(CHIP, placing, style="both")

    assert len(made.formation.points) == drones
    assert closest(made.formation.points, 1.5) >= placing.spacing


def test_nothing_heavy_is_imported_before_it_is_used():
    import subprocess
    import sys

    # SciPy is not among them: Numba, which the kernels are compiled by, brings it along.
    heavy = "['trimesh', 'shapely', 'fontTools', 'svgelements', 'PIL']"
    code = f"import sys, bitgoeul.engines.shows; print([m for m in {heavy} if m in sys.modules])"
    source = str(Path(__file__).resolve().parents[4])

    seen = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": source}
    )

    assert seen.stdout.strip() == "[]"


def png(array):
    from PIL import Image

    file = BytesIO()
    Image.fromarray(np.asarray(array, np.uint8)).save(file, "PNG")
    return file.getvalue()


def two_colours():
    pixels = np.full((120, 160, 3), 255)
    pixels[30:90, 20:80], pixels[30:90, 80:140] = (220, 40, 10), (10, 60, 230)
    return pixels


@pytest.mark.parametrize("style", ["outline", "fill", "both"])
def test_a_picture_keeps_its_colours_at_their_places(style):
    placing = Placing(drones=200)

    made = formations.raster(png(two_colours()), placing, style=style)

    keeps_its_promise(made, placing)
    left = made.formation.points[:, 0] < -0.02 * made.size_m
    right = made.formation.points[:, 0] > 0.02 * made.size_m
    assert np.unique(made.formation.colours[left], axis=0).tolist() == [[220, 40, 10]]
    assert np.unique(made.formation.colours[right], axis=0).tolist() == [[10, 60, 230]]


def test_what_is_transparent_is_background():
    pixels = np.full((50, 50, 4), 200)
    pixels[:, 25:, 3] = 0

    made = formations.raster(png(pixels), Placing(drones=100))

    width, _, height = np.ptp(made.formation.points, axis=0)
    assert width / height == pytest.approx(0.5, abs=0.06)


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded():
    """The file claims a size that it does not even hold."""
    bomb = bytearray(png(np.zeros((4, 4, 3))))
    bomb[16:24] = (9_000).to_bytes(4, "big") + (9_000).to_bytes(4, "big")
    import zlib

    bomb[29:33] = zlib.crc32(bomb[12:29]).to_bytes(4, "big")

    expected = [("picture-too-large", {"pixels": 81_000_000, "most": 40_000_000})]
    assert refusal(lambda: formations.raster(bytes(bomb), Placing(drones=9))) == expected


@pytest.mark.parametrize(
    ("image", "code"),
    [
        (b"", "picture-unreadable"),
        (b"GIF89a", "picture-unreadable"),
        (png(np.full((9, 9, 3), 7)), "shape-empty"),
    ],
    ids=["nothing", "cut off", "one colour"],
)
def test_pictures_that_show_nothing_are_refused(image, code):
    assert refusal(lambda: formations.raster(image, Placing(drones=9)))[0][0] == code
