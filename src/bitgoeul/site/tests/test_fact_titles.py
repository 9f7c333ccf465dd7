"""Every kind of fact has a sentence for the readers of the record, in both languages."""

from django.utils.translation import override
from tests.architecture.tree import load_everything

from bitgoeul.kit.facts import EVENTS
from bitgoeul.site.fact_titles import TITLES


def test_every_kind_of_fact_has_its_sentence():
    load_everything()
    kinds = {name for name, event in EVENTS.items() if ".tests" not in event.__module__}

    assert kinds - set(TITLES) == set()


def test_every_sentence_is_there_in_korean():
    with override("en"):
        english = {name: str(title) for name, title in TITLES.items()}
    with override("ko"):
        korean = {name: str(title) for name, title in TITLES.items()}

    assert {name for name in TITLES if korean[name] == english[name]} == set()
