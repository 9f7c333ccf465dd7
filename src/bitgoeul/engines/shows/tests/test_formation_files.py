"""Whatever bytes are handed in: a formation or a refusal, and never another error."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bitgoeul.engines.shows import Limits, ShowInvalid, formations
from bitgoeul.engines.shows.formations import Placing
from bitgoeul.kit.ui.assets import DIST

PLACING = Placing(drones=7)
ANY = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def answers(make):
    try:
        made = make()
    except ShowInvalid as refused:
        codes = [problem.code for problem in refused.problems]
    else:
        assert np.isfinite(made.formation.points).all()
        codes = ["made"]
    assert codes
    assert all(codes)


def broken(whole):
    """The bytes of a good file, some of them changed, and its end cut off."""
    changes = st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)), max_size=12)

    def apply(changed, end):
        file = bytearray(whole)
        for place, value in changed:
            file[place] = value
        return bytes(file[:end])

    return st.builds(apply, changes, st.one_of(st.just(len(whole)), st.integers(0, len(whole))))


def picture(kind):
    from PIL import Image

    file = BytesIO()
    pixels = np.zeros((24, 30, 3), np.uint8)
    pixels[6:18, 6:20] = 200
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def body(kind):
    import trimesh

    exported = trimesh.creation.box().export(file_type=kind)
    return exported if isinstance(exported, bytes) else exported.encode()


SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><g transform="rotate(9)"><path id="p" '
    b'd="M1 1C2 3 4 5 6 1S4 4 8 8Q1 2 3 4T5 6A3 2 9 0 1 4 4Z" fill="#12f"/></g><use href="#p" x="2"/>'
    b'<circle cx="4" cy="4" r="2" stroke="red" fill="none"/></svg>'
)
NUMBERS = st.sampled_from(["0", "1", "-3.5", "1e3", "1e308", "-1e-308", "nan", "inf", "9" * 40, "", "."])
PATHS = st.lists(
    st.tuples(st.sampled_from("MmLlHhVvCcSsQqTtAaZz"), st.lists(NUMBERS, max_size=8)), max_size=8
)


@ANY
@given(st.one_of(st.binary(max_size=300), broken(SVG)))
def test_any_bytes_as_a_vector_picture(source):
    answers(lambda: formations.svg(source, PLACING))


@ANY
@given(PATHS, NUMBERS, NUMBERS, st.sampled_from(["outline", "fill", "both"]))
def test_any_path_as_a_vector_picture(path, width, scale, style):
    drawn = "".join(command + " ".join(numbers) for command, numbers in path)
    source = (
        f'<svg xmlns="http://www.w3.org/2000/svg"><g transform="scale({scale})">'
        f'<path d="{drawn}" stroke="red"/>'
        f'<rect width="{width}" height="3" rx="{scale}"/></g></svg>'
    )
    answers(lambda: formations.svg(source.encode(), PLACING, style=style))


@pytest.mark.slow
@ANY
@given(st.data(), st.sampled_from(["PNG", "JPEG", "GIF", "BMP", "WEBP"]))
def test_any_bytes_as_a_picture(data, kind):
    source = data.draw(st.one_of(st.binary(max_size=200), broken(picture(kind))))
    answers(lambda: formations.raster(source, PLACING))


@pytest.mark.slow
@ANY
@given(st.data(), st.sampled_from(["obj", "stl", "glb"]), st.booleans())
def test_any_bytes_as_a_mesh(data, kind, edges):
    source = data.draw(st.one_of(st.binary(max_size=200), broken(body(kind))))
    answers(lambda: formations.mesh(source, kind, PLACING, edges=edges))


@ANY
@given(st.one_of(st.binary(max_size=200), st.text('0123456789.,-e\n"nainf', max_size=120).map(str.encode)))
def test_any_bytes_as_points(source):
    answers(lambda: formations.point_file(source, Limits()))


def small_font():
    """A font of four letters, so that a changed byte is likely to matter."""
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    font = TTFont(DIST / "fonts" / "Pretendard-Bold.otf")
    subsetter = Subsetter(Options(layout_features=[], notdef_outline=True))
    subsetter.populate(text="빛고을A")
    subsetter.subset(font)
    file = BytesIO()
    font.save(file)
    return file.getvalue()


@pytest.fixture(scope="module")
def letters():
    return small_font()


@pytest.mark.slow
@ANY
@given(data=st.data())
def test_any_bytes_as_a_font(letters, data):
    source = data.draw(st.one_of(st.binary(max_size=200), broken(letters)))
    answers(lambda: formations.text("빛A", source, PLACING))


def bomb():
    """A font whose letter A calls a program that calls the next twice, forty times over."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.misc.psCharStrings import T2CharString

    builder = FontBuilder(1000, isTTF=False)
    builder.setupGlyphOrder([".notdef", "A"])
    builder.setupCharacterMap({65: "A"})
    programs = {".notdef": T2CharString(program=[0, "endchar"]), "A": T2CharString(program=[0, "endchar"])}
    builder.setupCFF("Bomb", {}, programs, {})
    builder.setupHorizontalMetrics({".notdef": (500, 0), "A": (500, 0)})
    builder.setupHorizontalHeader()
    builder.setupNameTable({})
    builder.setupOS2()
    builder.setupPost()
    calls = builder.font["CFF "].cff.GlobalSubrs
    for number in range(40):
        following = number + 1 - 107
        program = [following, "callgsubr", following, "callgsubr", "return"] if number < 39 else ["return"]
        calls.append(T2CharString(program=program, globalSubrs=calls))
    letter = builder.font["CFF "].cff.topDictIndex[0].CharStrings["A"]
    letter.program = [-107, "callgsubr", "endchar"]
    file = BytesIO()
    builder.font.recalcBBoxes = False  # that would run the program
    builder.save(file)
    return file.getvalue()


def test_a_letter_whose_program_never_ends_is_refused():
    with pytest.raises(ShowInvalid) as refused:
        formations.text("A", bomb(), PLACING)

    assert [(p.code, p.facts) for p in refused.value.problems] == [("glyph-unreadable", {"glyph": "A"})]


@pytest.mark.slow
@ANY
@given(words=st.text(st.one_of(st.sampled_from("빛고을A \n\t"), st.characters()), max_size=8))
def test_any_words(letters, words):
    answers(lambda: formations.text(words, letters, PLACING))
