"""On a fresh hub the examples have what they give, and say what a place of their budget is."""

from __future__ import annotations

import pytest

from bitgoeul.apps.capacity.commands import claim, close_pool
from bitgoeul.apps.capacity.models import Pool
from bitgoeul.apps.programmes.commands import seed
from bitgoeul.apps.programmes.queries.amounts import in_words, span_in_words
from bitgoeul.apps.programmes.queries.blueprints import blueprint, names
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.text import LANGUAGES

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", names())
def test_every_pool_that_a_blueprint_names_is_there_and_has_room_for_its_whole_budget(name):
    call = seed(by=SYSTEM, name=name)
    seed(by=SYSTEM, name=name)

    named = [part for part in call.gives if part["part"] == "capacity"]
    assert Pool.objects.count() == len(named)
    for part in named:
        pool = Pool.objects.get(slug=part["pool"])
        assert pool.is_example
        assert "(예시)" in pool.title["ko"]
        assert "(example)" in pool.title["en"]
        assert pool.numbered is part.get("unit_numbered", False)
        assert pool.capacity >= call.budget
        most = call.share_most if part["quantity"] == "ask" else part["quantity"]
        assert claim(by=SYSTEM, pool=pool, quantity=most, key="one", holder="somebody").quantity == most


def test_a_pool_that_the_hub_already_has_stays_as_it_is():
    seed(by=SYSTEM, name="space")
    pool = Pool.objects.get(slug="startup-camp-rooms")
    close_pool(by=SYSTEM, pool=pool, reason="예시를 닫습니다.")
    seed(by=SYSTEM, name="space")
    assert Pool.objects.get(slug="startup-camp-rooms").state == "closed"


@pytest.mark.parametrize(
    ("name", "korean", "english"),
    [
        ("equipment", "12시간", "12 hours"),
        ("space", "12실", "12 rooms"),
        ("competition-entry", "12팀", "12 teams"),
        ("sandbox-case", "12건", "12 cases"),
    ],
)
def test_a_place_is_called_what_it_is(name, korean, english):
    call = seed(by=SYSTEM, name=name)
    assert in_words(call, 12) == {"ko": korean, "en": english}


def test_one_of_them_is_no_plural():
    assert in_words(seed(by=SYSTEM, name="equipment"), 1)["en"] == "1 hour"


def test_from_least_to_most_has_the_unit_once_and_money_stays_money():
    assert span_in_words(seed(by=SYSTEM, name="equipment"), 4, 40)["ko"] == "4–40시간"
    assert in_words(seed(by=SYSTEM, name="rnd-voucher"), 5)["en"] == "5 won"


def test_every_kind_of_place_is_said_in_both_languages():
    from bitgoeul.apps.programmes.queries.blueprints import place_of

    kinds = {content["kind"] for content in map(blueprint, names()) if content.get("budget_unit") == "places"}
    for kind in kinds:
        words = place_of(kind)
        assert set(words) == set(LANGUAGES)
        assert all(text.format(amount="7").startswith("7") for text in words.values())
