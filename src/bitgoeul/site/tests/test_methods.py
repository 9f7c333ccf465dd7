"""An address that is asked in a way it does not know says so, to people and to programs."""

import pytest

from bitgoeul.kit.testing import api_for, client_for

pytestmark = pytest.mark.django_db
ONLY_FORMS = "/language/"


@pytest.mark.parametrize(
    ("language", "words"), [("ko", "양식을 보낼 때만 쓰는 주소입니다"), ("en", "what a form sends")]
)
def test_a_person_who_opens_the_address_of_a_form_is_led_back(language, words):
    answer = client_for(language=language).get(ONLY_FORMS)

    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert words in answer.content.decode()


def test_a_program_gets_a_problem():
    answer = api_for().delete("/api/services/")

    assert (answer.status_code, answer["Content-Type"]) == (405, "application/problem+json")
    assert answer.json()["code"] == "kit.MethodNotAllowed"
    assert "GET" in answer["Allow"]
