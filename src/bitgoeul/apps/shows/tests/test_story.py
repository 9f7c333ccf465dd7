"""A storyboard as data: what may be in one, and changes to it."""

import copy

import pytest

from bitgoeul.apps.shows import story
from bitgoeul.apps.shows.story import editing


def drawn():
    return story.blank(300, "빛고을")


def test_what_a_show_begins_with_is_a_storyboard():
    assert story.flaws(drawn(), set()) == []


@pytest.mark.parametrize("group", ["formations", "motions", "lights"])
def test_every_kind_is_named_in_both_languages_and_can_be_drawn(group):
    for name, kind in story.kinds()[group].items():
        texts = [kind["title"], *(part["title"] for part in kind["schema"]["properties"].values())]
        assert all(text["ko"] and text["en"] for text in texts), name


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda s: s["fleet"].update(drones=0), "fleet.drones"),
        (lambda s: s["scenes"][0].update(hold_s=-1), "scenes.1.hold_s"),
        (lambda s: s["scenes"][0]["formation"].update(kind="cloud"), "scenes.1.formation.kind"),
        (lambda s: s["scenes"][0]["formation"].pop("text"), "scenes.1.formation"),
        (lambda s: s["scenes"][0]["formation"].update(colour="red"), "scenes.1.formation.colour"),
        (lambda s: s.update(limits={"velocity_xy": 0}), "limits.velocity_xy"),
        (lambda s: s.update(scenes=[]), "scenes"),
        (lambda s: s.update(extra=1), ""),
    ],
)
def test_what_does_not_belong_is_named_with_its_place(change, where):
    broken = drawn()
    change(broken)

    assert where in [flaw["where"] for flaw in story.flaws(broken)]


@pytest.mark.parametrize("nonsense", [None, 3, "text", [], {}, {"format": "other"}])
def test_anything_else_is_no_storyboard(nonsense):
    assert story.flaws(nonsense)


def test_a_file_that_is_not_there_is_named():
    broken = editing.with_scene(drawn(), 1, formation={"kind": "svg", "asset": "dove.svg"})

    assert story.flaws(broken, {"other.svg"}) == [
        {"code": "asset-missing", "where": "scenes.1.formation.asset", "facts": {"name": "dove.svg"}}
    ]


def test_changes_leave_the_state_before_as_it_was():
    before = drawn()
    kept = copy.deepcopy(before)

    two = editing.with_new_scene(before, 1)
    three = editing.with_copy(two, 1)
    swapped = editing.moved(three, 1, 1)
    one_less = editing.without_scene(swapped, 2)

    assert before == kept
    assert [scene["key"] for scene in three["scenes"]] == ["first", "first-1", "scene-1"]
    assert [scene["key"] for scene in swapped["scenes"]] == ["first-1", "first", "scene-1"]
    assert [scene["key"] for scene in one_less["scenes"]] == ["first-1", "scene-1"]
    assert all(story.flaws(state) == [] for state in (two, three, swapped, one_less))


def test_the_last_scene_stays_and_the_first_cannot_go_earlier():
    assert editing.without_scene(drawn(), 1) == drawn()
    assert editing.moved(drawn(), 1, -1) == drawn()
