"""Answers in words."""

import pytest

from bitgoeul.apps.programmes.views.shown import answered

FORM = {
    "properties": {
        "asked": {"type": "integer", "title": {"ko": "시간", "en": "Hours"}},
        "since": {
            "type": "integer",
            "title": {"ko": "때", "en": "Since"},
            "x-labels": {"20000": {"ko": "옛날", "en": "long ago"}},
        },
        "many": {"type": "array", "title": {"ko": "여럿", "en": "Many"}},
    }
}


@pytest.mark.parametrize(
    ("answers", "shown"),
    [
        ({"asked": 100_000}, "100,000"),
        ({"asked": 2025}, "2025"),  # it may be a year
        ({"asked": True}, "예"),
        ({"since": 20_000}, "옛날"),
        ({"many": [12_345, "가"]}, "12,345, 가"),
    ],
)
def test_an_answer_is_read_as_people_write_it(answers, shown):
    assert [words for _question, words in answered(FORM, answers)] == [shown]


def test_what_was_not_answered_is_not_shown():
    assert answered(FORM, {"asked": None, "since": "", "many": []}) == []
