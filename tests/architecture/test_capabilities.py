"""What must be beside every capability."""

import pytest

from bitgoeul.kit.command import CATALOGUE
from bitgoeul.kit.facts import EVENTS
from bitgoeul.site import capabilities
from tests.architecture.tree import PACKAGE, ROOT, every_refusal, load_everything, of_a_test


@pytest.mark.parametrize("name", capabilities.present())
def test_every_capability_says_what_it_is(name):
    assert (PACKAGE / "apps" / name / "README.md").is_file()


def test_every_command_is_explained_in_its_readme():
    load_everything()
    missing = []
    for full, command in sorted(CATALOGUE.items()):
        if of_a_test(command.run):
            continue
        app, verb = full.split(".")
        page = PACKAGE / "apps" / app / "README.md"
        if app in capabilities.present() and f"`{verb}`" not in (page.read_text() if page.is_file() else ""):
            missing.append(full)

    assert missing == []


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_event_and_every_refusal_is_in_the_reference(language):
    load_everything()
    names = {refusal.__name__ for refusal in every_refusal()}
    names |= {event.__name__ for event in EVENTS.values() if not of_a_test(event)}
    folder = ROOT / "docs" / language / "reference"
    text = (folder / "facts.md").read_text() + (folder / "errors.md").read_text()

    assert sorted(name for name in names if name not in text) == []
