import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitgoeul.engines.identity import BusinessNumberError, business_number, check_digit, spaced

valid_numbers = st.builds(
    lambda office, rest: f"{office}{rest:06d}{check_digit(f'{office}{rest:06d}')}",
    st.integers(100, 999),
    st.integers(0, 999_999),
)


@pytest.mark.parametrize("printed", ["124-81-00998", "220-81-62517", "123-45-67891"])
def test_numbers_as_printed_are_read(printed):
    assert spaced(business_number(printed)) == printed


@given(valid_numbers, st.sampled_from(["{0}-{1}-{2}", "{0} {1} {2}", " {0}{1}{2} ", "{0}–{1}–{2}"]))
def test_spacing_does_not_matter(number, how):
    assert business_number(how.format(number[:3], number[3:5], number[5:])) == number


@given(valid_numbers, st.integers(0, 9), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(number, place, shift):
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]

    with pytest.raises(BusinessNumberError):
        business_number(wrong)


@pytest.mark.parametrize(
    "text",
    ["", "123456789", "12345678911", "12345a7891", "１２３４５６７８９１", "0000000000", "012-34-56789"],
)
def test_what_is_no_number_is_refused(text):
    with pytest.raises(BusinessNumberError):
        business_number(text)


@given(st.text())
def test_any_text_is_answered_with_ten_digits_or_a_refusal(text):
    try:
        number = business_number(text)
    except BusinessNumberError:
        return
    assert len(number) == 10
    assert number.isascii()
