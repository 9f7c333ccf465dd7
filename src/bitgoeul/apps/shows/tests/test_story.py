"""A storyboard as data: what may be in one, and changes to it."""

import copy

import pytest
from django.utils.translation import override

from bitgoeul.apps.shows import story
from bitgoeul.apps.shows.problems import sentence
from bitgoeul.apps.shows.story import editing


def drawn():
    return story.blank(300, "빛고을")


def test_what_a_show_begins_with_is_a_storyboard():
    assert story.flaws(drawn(), set()) == []


@pytest.mark.parametrize("group", story.GROUPS)
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


def lit(*layers):
    """The storyboard with layers of light on its scene, which stays for twelve seconds."""
    return editing.with_scene(drawn(), 1, layers=list(layers))


def layer(**more):
    return {"light": {"kind": "pulse"}, "group": {"kind": "all"}, "begin_s": 2} | more


def frames(*times):
    return {"kind": "keyframes", "frames": [{"at_s": at, "colour": "#ff0000"} for at in times]}


@pytest.mark.parametrize(
    ("broken", "code", "where"),
    [
        (lit(layer(end_s=2)), "layer-ends-before", "scenes.1.layers.1.end_s"),
        (
            lit(layer(), layer(light=frames(0, 3, 3))),
            "times-not-increasing",
            "scenes.1.layers.2.light.frames",
        ),
        (
            editing.with_scene(drawn(), 1, light=frames(4, 1)),
            "times-not-increasing",
            "scenes.1.light.frames",
        ),
        (
            lit(layer(group={"kind": "strip", "from_percent": 40, "to_percent": 20})),
            "strip-ends-before",
            "scenes.1.layers.1.group.to_percent",
        ),
        (lit(layer(begin_s=12)), "layer-begins-too-late", "scenes.1.layers.1.begin_s"),
        (lit(layer(light={"kind": "picture", "asset": "a.png"})), "asset-missing", None),
        (lit(layer(group={"kind": "nobody"})), "story-enum", "scenes.1.layers.1.group.kind"),
        (lit(layer(light=frames())), "story-minItems", "scenes.1.layers.1.light.frames"),
        (lit(*[layer()] * 13), "story-maxItems", "scenes.1.layers"),
    ],
)
def test_a_layer_of_light_that_cannot_be_is_named_with_its_scene_and_number(broken, code, where):
    [flaw] = story.flaws(broken, set())

    assert flaw["code"] == code
    assert flaw["where"] == (where or "scenes.1.layers.1.light.asset")
    for language, words in (("ko", "장면 1"), ("en", "Scene 1")):
        with override(language):
            assert sentence(flaw).startswith(words)


def test_layers_are_added_repeated_exchanged_and_removed():
    state = editing.with_new_layer(editing.with_new_layer(drawn(), 1), 1)
    state["scenes"][0]["layers"][1]["begin_s"] = 5

    copied = editing.with_layer_copy(state, 1, 2)
    swapped = editing.with_layer_moved(copied, 1, 1, 1)
    fewer = editing.without_layer(swapped, 1, 1)
    none = editing.without_layer(editing.without_layer(fewer, 1, 1), 1, 1)

    def begins(one):
        return [layer["begin_s"] for layer in one["scenes"][0]["layers"]]

    assert [begins(one) for one in (state, copied, swapped, fewer)] == [
        [0, 5], [0, 5, 5], [5, 0, 5], [0, 5],
    ]  # fmt: skip
    assert "layers" not in none["scenes"][0]
    assert editing.with_layer_moved(state, 1, 1, -1) == state
    assert all(story.flaws(one, set()) == [] for one in (state, copied, swapped, fewer, none))


def test_a_scene_without_a_name_is_called_by_what_it_writes_or_its_number():
    written, solid = {"formation": {"kind": "text", "text": "광주"}}, {"formation": {"kind": "ring"}}

    assert story.names_of(written, 1) == {"ko": "광주", "en": "광주"}
    assert story.names_of(solid, 2) == {"ko": "장면 2", "en": "Scene 2"}
    assert story.names_of(solid | {"name": {"en": "Ring"}}, 2) == {"ko": "Ring", "en": "Ring"}
