"""The area of a show: which outlines are none."""

import pytest

from bitgoeul.engines.shows import ShowInvalid, Site

SQUARE = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0))


def problems(**parts):
    with pytest.raises(ShowInvalid) as refused:
        Site(**parts)
    return [(p.code, p.where) for p in refused.value.problems]


def test_a_square_with_a_hole_and_an_audience_is_a_site():
    site = Site(
        fence=SQUARE,
        holes=(((4.0, 4.0), (6.0, 4.0), (5.0, 6.0)),),
        audience=(((0.0, -60.0), (10.0, -60.0), (5.0, -55.0)),),
    )

    assert len(site.fence) == 4


@pytest.mark.parametrize(
    ("ring", "code"),
    [
        (SQUARE[:2], "ring-too-short"),
        (((0.0, 0.0), (float("nan"), 0.0), (1.0, 1.0)), "ring-not-finite"),
        (((0.0, 0.0), (0.0, 0.0), (1.0, 1.0), (0.0, 1.0)), "ring-repeats-corner"),
        (((0.0, 0.0), (10.0, 10.0), (10.0, 0.0), (0.0, 10.0)), "ring-crosses-itself"),
        (((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (5.0, 0.0), (0.0, 10.0)), "ring-crosses-itself"),
        (((0.0, 0.0), (10.0, 0.0), (5.0, 0.0), (5.0, 5.0)), "ring-crosses-itself"),
    ],
    ids=["two corners", "no number", "twice", "bow tie", "touches its edge", "folded"],
)
def test_an_outline_that_encloses_no_area_is_refused(ring, code):
    assert problems(fence=ring) == [(code, "fence")]


def test_a_hole_needs_a_fence_around_it():
    assert problems(holes=(SQUARE,)) == [("hole-without-fence", "holes")]
