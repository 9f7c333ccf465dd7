import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitgoeul.engines.identity import romanised


@pytest.mark.parametrize(
    ("hangul", "latin"),
    [
        ("광주", "gwangju"),
        ("빛고을", "bitgoeul"),
        ("서울", "seoul"),
        ("부산", "busan"),
        ("제주", "jeju"),
        ("떡", "tteok"),
        ("의정부", "uijeongbu"),
        ("AI 광주 2호", "AI gwangju 2ho"),
        ("\u1100\u1161", "ga"),
    ],
)
def test_syllables_in_latin_letters(hangul, latin):
    assert romanised(hangul) == latin


@given(st.text(alphabet=st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=1))
def test_every_syllable_becomes_plain_letters(text):
    assert romanised(text).isascii()
    assert romanised(text).isalpha()
