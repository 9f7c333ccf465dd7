"""The certificate's file, and that only what is certified is exported as certified."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitgoeul.engines.shows import Limits, Show, ShowInvalid, Site, certified, prove, read, to_skyc, written

from .fleets import changed, random_show
from .test_proof import CALM, FIELD, GENEROUS, calm


def codes(refused):
    return [(p.code, p.where) for p in refused.value.problems]


def test_a_certificate_is_read_back_as_it_was_written():
    for curves, limits in ((calm(), CALM), (random_show(1), GENEROUS)):
        text = written(prove(curves, limits, FIELD))

        assert written(read(text)) == text
        assert read(text.encode()).holds == json.loads(text)["holds"]
        assert read(text).digest == curves.digest()


def test_the_same_show_gives_the_same_file():
    assert written(prove(calm(), CALM, FIELD)) == written(prove(calm(), CALM, FIELD))


@pytest.mark.parametrize("change", [{"holds": False}, {"drones": 4.0}, {"extra": 1}, {"method": "other"}])
def test_a_certificate_that_says_anything_else_is_refused(change):
    text = written(prove(calm(), CALM, FIELD))

    with pytest.raises(ShowInvalid):
        read(json.dumps(json.loads(text) | change, sort_keys=True, separators=(",", ":")) + "\n")


@given(st.one_of(st.binary(max_size=60), st.text(max_size=60)))
def test_anything_else_is_no_certificate(text):
    with pytest.raises(ShowInvalid):
        read(text)


def test_a_show_is_exported_as_certified_only_with_its_own_certificate():
    show = Show(title="", curves=calm(), limits=CALM, site=FIELD)
    certificate = prove(show.curves, CALM, FIELD)
    certified(show, certificate)

    other = Show(title="", curves=changed(calm(), 5, 1, (1, 0, 0)), limits=CALM, site=FIELD)
    with pytest.raises(ShowInvalid) as refused:
        to_skyc(other, certificate)
    assert codes(refused) == [("certificate-of-another-show", "digest")]
    with pytest.raises(ShowInvalid) as refused:
        certified(replace(show, limits=Limits()), certificate)
    assert codes(refused) == [("certificate-of-other-limits", "limits")]
    strict = Limits(**CALM.as_data() | {"velocity_xy": 1.0})
    with pytest.raises(ShowInvalid) as refused:
        to_skyc(replace(show, limits=strict), prove(show.curves, strict, FIELD))
    assert codes(refused) == [("certificate-does-not-hold", "velocity_xy")]
    with pytest.raises(ShowInvalid):
        certified(replace(show, site=Site()), certificate)
