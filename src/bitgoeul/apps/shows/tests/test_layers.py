"""Layers of light: drawn in the editor with and without script, and laid by the studio."""

import numpy as np
import pytest

from bitgoeul.apps.shows import layering, story
from bitgoeul.apps.shows.models import Show
from bitgoeul.apps.shows.story import editing
from bitgoeul.apps.shows.studio import colouring, drawing, program
from bitgoeul.apps.shows.tests.factories import make_designer, make_show
from bitgoeul.engines import shows as engine
from bitgoeul.kit.testing import client_for

DRONES = 24
SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg"><rect x="0" y="0" width="40" height="10" fill="#ff0000"/>'
    b'<rect x="0" y="30" width="40" height="10" fill="#0000ff"/></svg>'
)


# ── in the studio ─────────────────────────────────────────────────────────────────────────────────────────


def placed(**formation):
    files = {"a.svg": SVG}
    drawn = story.blank(DRONES, "빛") | {"scenes": [{"key": "a", "hold_s": 10, "formation": formation}]}
    material = program.material_of(drawn, files)
    return drawing.drawn(drawn["scenes"][0], material), material


def chosen(figure, **group):
    return colouring.members(group, figure)


def test_groups_part_a_figure_and_leave_out_who_waits_in_the_dark():
    figure, _material = placed(kind="svg", asset="a.svg", uses=16, style="fill")
    points, lit = figure.formation.points, figure.formation.lit
    left, right = (chosen(figure, kind="half", side=side) for side in ("left", "right"))
    upper, lower = (chosen(figure, kind="half", side=side) for side in ("upper", "lower"))
    inner, outer = (chosen(figure, kind="part", part=part) for part in ("inner", "outer"))

    assert (left ^ right == lit).all()
    assert (upper ^ lower == lit).all()
    assert (inner ^ outer == lit).all()
    assert points[left, 0].max() < points[right, 0].min()
    assert points[lower, 2].max() < points[upper, 2].min()
    assert (chosen(figure, kind="colour", colour="#ff0000") == upper).all()
    assert (chosen(figure, kind="all") == lit).all()
    assert chosen(figure, kind="every", every=4, start=2).sum() == 4
    strips = [
        chosen(figure, kind="strip", from_percent=a, to_percent=b) for a, b in ((0, 30), (30, 70), (70, 100))
    ]
    assert (sum(strip.astype(int) for strip in strips) == lit).all()


def shown(layers, *, stay=None, **formation):
    """Colours (N, T, 3) of a fleet that stands as a scene, every 20 ms, from 2 s before it begins."""
    figure, material = placed(**(formation or {"kind": "ring"}))
    place = np.round(figure.formation.points * 1000).astype(np.int64)
    still = np.broadcast_to(place[None, :, None], (1, len(place), 4, 3))
    curves = engine.Curves.together(1000, np.array([12_000]), still)
    stay = stay or colouring.Stay(leave=0, begin=0, there=2000, end=12_000, fade=0)
    scene = {"light": {"kind": "colour", "colour": "#202020"}, "layers": layers}
    slots = np.arange(DRONES)[::-1]
    laid = colouring.light_of(scene, figure, slots, stay, material)
    return np.concatenate(list(engine.sampled(laid, curves))), figure, slots


def at(seconds):
    """The sample of a moment of the scene."""
    return int((seconds + 2) * 50) - 1


FRAMES = {"kind": "keyframes", "frames": [{"at_s": 1, "colour": "#ff0000"}, {"at_s": 3, "colour": "#0000ff"}]}


def test_colours_over_time_shine_on_their_drones_in_their_time_only():
    layer = {
        "light": FRAMES, "group": {"kind": "half", "side": "upper"}, "begin_s": 1, "end_s": 5, "fade_s": 0,
    }  # fmt: skip

    light, figure, slots = shown([layer])

    upper = figure.formation.points[slots, 2] > figure.formation.points[:, 2].mean()
    assert light[~upper].min() == light[~upper].max() == 0x20
    assert {tuple(colour) for colour in light[upper, at(0.9)]} == {(0x20, 0x20, 0x20)}
    assert {tuple(colour) for colour in light[upper, at(2)]} == {(128, 0, 128)}
    assert {tuple(colour) for colour in light[upper, at(4)]} == {(0, 0, 255)}
    assert {tuple(colour) for colour in light[upper, at(5.5)]} == {(0x20, 0x20, 0x20)}


def test_a_layer_may_begin_with_the_flight_and_add_or_multiply():
    red = {"kind": "colour", "colour": "#ff0000"}
    layer = {"light": red, "group": {"kind": "all"}, "begin_s": 4, "fade_s": 0}

    early, _figure, _slots = shown([layer | {"in_flight": True}])
    added, _figure, _slots = shown([layer | {"blend": "add"}])
    darker, _figure, _slots = shown([layer | {"blend": "multiply"}])

    assert early[0, at(-1.5)].tolist() == [255, 0, 0]
    assert added[0, [at(3), at(5)]].tolist() == [[32, 32, 32], [255, 32, 32]]
    assert darker[0, at(5)].tolist() == [32, 0, 0]


def test_layers_go_out_with_the_light_of_their_scene():
    stay = colouring.Stay(leave=0, begin=0, there=2000, end=8000, fade=1000)
    layer = {"light": {"kind": "colour", "colour": "#ffffff"}, "group": {"kind": "all"}, "begin_s": 0}

    light, _figure, _slots = shown([layer], stay=stay)

    assert light[0, at(3), 0] == 255
    assert 0 < light[0, at(5.9), 0] < 50
    assert light[0, at(6.5)].tolist() == [0, 0, 0]


def test_a_chase_runs_along_the_figure():
    chase = {"kind": "chase", "from": "#000000", "to": "#ffffff", "period_s": 5}
    layer = {"light": chase, "group": {"kind": "all"}, "begin_s": 0, "fade_s": 0}

    light, _figure, slots = shown([layer])

    heads = [int(slots[light[:, at(seconds), 0].argmax()]) for seconds in (1, 2, 3, 4)]
    assert heads == sorted(heads)
    assert len(set(heads)) == 4


def test_a_layer_that_nobody_belongs_to_is_named():
    layer = {"light": FRAMES, "group": {"kind": "colour", "colour": "#00ff00"}, "begin_s": 0}

    with pytest.raises(engine.ShowInvalid) as refused:
        shown([layer])

    [problem] = refused.value.problems
    assert (problem.code, problem.where) == ("layer-group-empty", "layers.1")


# ── in the editor ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def designer():
    return make_designer()


def sent(**more):
    """What the form of a scene that shows a ring sends."""
    return {
        "at": 1, "formation-kind": "ring", "formations-x": 0, "formations-y": 60, "formations-lowest_z": 30,
        "formations-turn_deg": 0, "formations-colour": "#ff0000", "motion-kind": "none", "light-kind": "own",
        "scene-hold_s": 15,
    } | more  # fmt: skip


def layer_1(**more):
    return {
        "layer-1-light-kind": "keyframes", "layer-1-light-frames-at": ["0", "2.5", ""],
        "layer-1-light-frames-colour": ["#ff0000", "#00ff00", "#00ff00"],
        "layer-1-group-kind": "half", "layer-1-group-side": "upper", "layer-1-time-begin_s": "1",
        "layer-1-time-end_s": "", "layer-1-time-fade_s": "0.5", "layer-1-time-blend": "add",
    } | more  # fmt: skip


def ring(home, by):
    drawn = story.blank(DRONES, "빛")
    drawn = editing.with_scene(drawn, 1, formation={"kind": "ring"})
    return make_show(home, by, story_data=drawn)


def layers_of(show):
    return Show.objects.get(pk=show.pk).drafts.first().story["scenes"][0].get("layers", [])


@pytest.mark.django_db
def test_a_layer_is_added_filled_in_and_removed_without_any_script(designer):
    person, home, by = designer
    show = ring(home, by)
    browser, address = client_for(person), f"/shows/{show.slug}/edit/scene/1/"

    added = browser.post(address, sent(after=1, layer="add"))
    assert added["location"].endswith("&layer=1#layers")
    browser.post(address, sent(after=2, **{
        "layer-1-light-kind": "keyframes", "layer-1-group-kind": "half",
        "layer-1-time-begin_s": "1", "layer-1-time-blend": "add", "layer-1-time-fade_s": "0.5",
    }))  # fmt: skip
    browser.post(address, sent(after=3, **layer_1()))

    assert layers_of(show) == [
        {
            "light": {
                "kind": "keyframes",
                "frames": [{"at_s": 0, "colour": "#ff0000"}, {"at_s": 2.5, "colour": "#00ff00"}],
            },
            "group": {"kind": "half", "side": "upper"}, "begin_s": 1.0, "fade_s": 0.5, "blend": "add",
        }
    ]  # fmt: skip
    page = browser.get(f"/shows/{show.slug}/edit/?scene=1&layer=1").content.decode()
    assert 'stop-color="#00ff00"' in page
    assert page.count('name="layer-1-light-frames-at"') == 3
    browser.post(address, sent(after=4, layer="copy-1", **layer_1()))
    assert len(layers_of(show)) == 2
    browser.post(f"/shows/{show.slug}/edit/step/", {"after": 5, "action": "undo"})
    browser.post(address, sent(after=4, layer="remove-1", **layer_1()))
    assert layers_of(show) == []
    assert browser.post(address, sent(after=6, layer="remove-1")).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"layer-1-light-frames-at": ["3", "2", ""]}, "윗줄보다 늦어야 합니다"),
        ({"layer-1-light-frames-at": ["x", "2", ""]}, "“x”"),
        ({"layer-1-light-frames-at": ["", "", ""]}, "순간을 하나 이상"),
        ({"layer-1-time-begin_s": "4", "layer-1-time-end_s": "3"}, "시작하기 전에 끝납니다"),
    ],
)
def test_what_is_wrong_with_a_layer_is_said_at_its_field_and_nothing_is_saved(designer, wrong, words):
    person, home, by = designer
    show = ring(home, by)
    browser, address = client_for(person), f"/shows/{show.slug}/edit/scene/1/"
    browser.post(address, sent(after=1, layer="add"))
    browser.post(address, sent(after=2, **layer_1()))
    browser.post(address, sent(after=3, **layer_1()))
    before = layers_of(show)

    page = browser.post(address, sent(after=4, **layer_1(**wrong))).content.decode()

    assert words in page
    assert layers_of(show) == before


def test_the_timeline_shows_the_ground_and_each_layer_over_the_seconds_of_the_scene():
    layers = [
        {"light": FRAMES, "group": {"kind": "all"}, "begin_s": 5, "end_s": 10},
        {"light": {"kind": "pulse"}, "group": {"kind": "all"}, "begin_s": 5, "in_flight": True},
    ]
    scene = {"hold_s": 10, "formation": {"kind": "ring", "colour": "#112233"}, "layers": layers}

    ground, first, second = layering.timeline(scene)["rows"]

    assert (ground["x"], ground["x"] + ground["width"], ground["stops"]) == (0, 320, [(0, "#112233")])
    assert (first["x"], first["x"] + first["width"]) == (182, 320)
    assert second["x"] == 0
    assert [round(row["y"]) for row in (ground, first, second)] == [0, 20, 40]
