"""Changes to a storyboard, each a function from one state to the next."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from bitgoeul.apps.shows.story import MOST_LAYERS, MOST_SCENES

Story = dict[str, Any]


def scene_at(story: Story, number: int) -> dict[str, Any] | None:
    """The scene of this number, counted from 1."""
    return story["scenes"][number - 1] if 1 <= number <= len(story["scenes"]) else None


def with_scene(story: Story, number: int, **parts: Any) -> Story:
    """Change parts of one scene; a part that is ``None`` is taken away."""
    changed = copy.deepcopy(story)
    scene = changed["scenes"][number - 1]
    for name, value in parts.items():
        if value is None:
            scene.pop(name, None)
        else:
            scene[name] = value
    return changed


def with_section(story: Story, name: str, values: dict[str, Any] | None) -> Story:
    """Change a section such as ``fleet`` or ``limits``; ``None`` takes it away."""
    changed = copy.deepcopy(story) | {name: values}
    return changed if values is not None else {key: value for key, value in changed.items() if key != name}


def with_new_scene(story: Story, after: int) -> Story:
    """Add a ball of light after a scene."""
    new = {
        "key": _free_key(story, "scene"),
        "name": {},
        "hold_s": 10,
        "formation": {"kind": "sphere"},
    }
    return _inserted(story, after, new)


def with_copy(story: Story, number: int) -> Story:
    """Repeat a scene after itself."""
    again = copy.deepcopy(story["scenes"][number - 1])
    again["key"] = _free_key(story, again["key"])
    return _inserted(story, number, again)


def _inserted(story: Story, after: int, scene: dict[str, Any]) -> Story:
    changed = copy.deepcopy(story)
    if len(changed["scenes"]) < MOST_SCENES:
        changed["scenes"].insert(after, scene)
    return changed


def without_scene(story: Story, number: int) -> Story:
    """Take a scene out; the last one stays, because a show without scenes is none."""
    changed = copy.deepcopy(story)
    if len(changed["scenes"]) > 1:
        del changed["scenes"][number - 1]
    return changed


def moved(story: Story, number: int, by: int) -> Story:
    """Exchange a scene with its neighbour: ``by`` is -1 for earlier, 1 for later."""
    changed, other = copy.deepcopy(story), number + by
    if 1 <= other <= len(changed["scenes"]):
        scenes = changed["scenes"]
        scenes[number - 1], scenes[other - 1] = scenes[other - 1], scenes[number - 1]
    return changed


def with_new_layer(story: Story, number: int) -> Story:
    """Lay a breathing light over a scene."""
    new = {"light": {"kind": "pulse"}, "group": {"kind": "all"}, "begin_s": 0, "fade_s": 0.6}
    return _relaid(story, number, lambda layers: layers.append(new))


def with_layer_copy(story: Story, number: int, at: int) -> Story:
    """Repeat a layer, counted from 1, above itself."""
    return _relaid(story, number, lambda layers: layers.insert(at, copy.deepcopy(layers[at - 1])))


def without_layer(story: Story, number: int, at: int) -> Story:
    """Take a layer away."""
    return _relaid(story, number, lambda layers: layers.pop(at - 1))


def with_layer_moved(story: Story, number: int, at: int, by: int) -> Story:
    """Exchange a layer with its neighbour: ``by`` is -1 for further below, 1 for further above."""

    def exchange(layers: list[Any]) -> None:
        if 1 <= at + by <= len(layers):
            layers[at - 1], layers[at + by - 1] = layers[at + by - 1], layers[at - 1]

    return _relaid(story, number, exchange)


def _relaid(story: Story, number: int, change: Callable[[list[Any]], Any]) -> Story:
    """Change the list of a scene's layers, which never grows beyond its most."""
    layers = copy.deepcopy(story["scenes"][number - 1].get("layers", []))
    change(layers)
    return with_scene(story, number, layers=layers[:MOST_LAYERS] or None)


def _free_key(story: Story, like: str) -> str:
    taken = {scene["key"] for scene in story["scenes"]}
    stem = like.rstrip("0123456789").rstrip("-")[:34] or "scene"
    return next(key for n in range(1, MOST_SCENES + 2) if (key := f"{stem}-{n}") not in taken)
