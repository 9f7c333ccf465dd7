"""The storyboard editor: one page of plain forms, of which htmx exchanges parts.

Every change is saved as a new state of the draft, so that undo goes back step by step.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from bitgoeul.apps.shows import commands, layering, policies, queries, story
from bitgoeul.apps.shows.forms import SiteForm, music_form, part_form, scene_form, section_form
from bitgoeul.apps.shows.models import Asset, Draft, Show
from bitgoeul.apps.shows.problems import sentence
from bitgoeul.apps.shows.story import editing
from bitgoeul.apps.shows.studio import asking
from bitgoeul.kit.api import signed_in
from bitgoeul.kit.doors import find, found
from bitgoeul.kit.refusals import Invalid, NotFound, require
from bitgoeul.kit.text import Localised

PARTS = {"formation": "formations", "motion": "motions", "light": "lights"}
STILL = {"formation": {"kind": "sphere"}, "motion": {"kind": "none"}, "light": {"kind": "own"}}
SECTIONS = ("fleet", "pads", "limits", "energy")
BIGGEST_STORY = 1 << 20


def _own(request: HttpRequest, slug: str) -> Show:
    actor = signed_in(request)
    row = find(queries.of_own(actor), slug=slug)
    require(policies.may_design(actor, row.organisation_id))
    return row


@require_safe
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    row = _own(request, slug)
    return _page(request, row, queries.draft_of(row), _number(request))


def _number(request: HttpRequest) -> int:
    asked = request.POST.get("at") or request.GET.get("scene") or "1"
    return int(asked) if asked.isdigit() else 1


def _layer(request: HttpRequest) -> int:
    """The layer of light that is looked at."""
    asked = request.GET.get("layer", "")
    return int(asked) if asked.isdigit() else 0


def _page(
    request: HttpRequest, row: Show, draft: Draft, number: int, forms: dict[str, Any] | None = None
) -> HttpResponse:
    """The whole editor, or for htmx its body."""
    drawn, files = draft.story, queries.assets_of(row)
    number = min(max(number, 1), len(drawn["scenes"]))
    chosen = drawn["scenes"][number - 1]
    context = {
        "show": row,
        "draft": draft,
        "story": drawn,
        "number": number,
        "scene": chosen,
        "scenes": [_card(n, scene) for n, scene in enumerate(drawn["scenes"], 1)],
        "film": _film(row, drawn),
        "scene_form": scene_form(chosen),
        "layers": layering.forms_of(chosen, files),
        "open_layer": _layer(request),
        "timeline": layering.timeline(chosen),
        "most_layers": story.MOST_LAYERS,
        "parts": [_part(name, chosen.get(name) or STILL[name], files) for name in PARTS],
        "sections": [(name, section_form(name, drawn.get(name, {}))) for name in SECTIONS],
        "music_form": music_form(drawn.get("music", {}), files),
        "site_form": SiteForm.of(drawn.get("site", {})),
        "files": files,
        "flaws": [sentence(flaw) for flaw in story.flaws(drawn, {file.name for file in files})],
        "may_undo": row.drafts.filter(number=draft.number - 1).exists(),
        "may_redo": row.drafts.filter(number=draft.number + 1).exists(),
        "tab": request.GET.get("tab") or request.POST.get("tab") or "scene",
        **(forms or {}),
    }
    partly = request.headers.get("HX-Request") == "true"
    answer = render(request, "shows/edit_body.html" if partly else "shows/edit.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


def _card(number: int, scene: dict[str, Any]) -> dict[str, Any]:
    kind = story.kinds()["formations"][scene["formation"]["kind"]]
    return {
        "number": number,
        "name": Localised.of(scene.get("name") or {}) or "",
        "kind": Localised.of(kind["title"]),
        "hold_s": scene["hold_s"],
        "said": scene["formation"].get("text") or scene["formation"].get("asset") or "",
    }


FILM_WIDTH = 1000
USUAL_FLIGHT_S = 15.0  # where no version has been made that knows better


def _film(row: Show, drawn: dict[str, Any]) -> dict[str, Any]:
    """The scenes along the time of the show: flights as the newest version planned them, holds as drawn."""
    newest = row.versions.exclude(report={}).order_by("-number").only("report").first()
    known = {
        scene["key"]: scene.get("flight_s") for scene in (newest.report if newest else {}).get("scenes", [])
    }
    pieces, now = [], 0.0
    for number, scene in enumerate(drawn["scenes"], 1):
        flight = known.get(scene["key"]) or USUAL_FLIGHT_S
        pieces.append({"number": number, "from": now, "begin": now + flight, "hold": scene["hold_s"]})
        now += flight + scene["hold_s"]
    scale = FILM_WIDTH / max(now, 1.0)
    for piece in pieces:
        for name in ("from", "begin", "hold"):
            piece[name] = round(piece[name] * scale, 1)
    return {"pieces": pieces, "seconds": round(now), "is_guess": newest is None}


def _part(name: str, part: dict[str, Any], files: list[Any]) -> dict[str, Any]:
    kinds = story.kinds()[PARTS[name]]
    return {
        "name": name,
        "kind": part["kind"],
        "choices": [(key, Localised.of(kind["title"])) for key, kind in kinds.items()],
        "form": part_form(PARTS[name], part, files),
    }


def _saved(request: HttpRequest, row: Show, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Draft:
    """Apply a change to the state that the reader saw, and keep it."""
    after = request.POST.get("after", "")
    draft = found(row.drafts.filter(number=int(after)).first() if after.isdigit() else None)
    return commands.save_draft(
        by=signed_in(request), show=row.slug, story_data=change(draft.story), after=draft.number
    )


def _answer(request: HttpRequest, row: Show, draft: Draft, number: int, layer: int = 0) -> HttpResponse:
    if request.headers.get("HX-Request") == "true":
        row.refresh_from_db(fields=["draft"])
        return _page(request, row, draft, number, {"open_layer": layer})
    tab = request.POST.get("tab", "scene")
    looked_at = f"&layer={layer}#layers" if layer else ""
    return redirect(f"{reverse('shows:edit', args=[row.slug])}?scene={number}&tab={tab}{looked_at}")


@require_POST
def scene(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Save one scene.  A part whose kind was just changed begins with what that kind begins with."""
    row = _own(request, slug)
    draft = queries.draft_of(row)
    shown = found(editing.scene_at(draft.story, number))
    files = queries.assets_of(row)
    base = scene_form(shown, request.POST)
    laid = layering.forms_of(shown, files, request.POST)
    parts, forms = {}, []
    for name, group in PARTS.items():
        before = shown.get(name) or STILL[name]
        kind = request.POST.get(f"{name}-kind", before["kind"])
        if kind not in story.kinds()[group]:
            raise NotFound
        if kind != before["kind"]:
            parts[name] = layering.begun(group, kind, before, files)
            continue
        form = part_form(group, before, files, request.POST)
        forms.append(form)
        if form.is_valid():
            parts[name] = {"kind": kind} | form.values()
    are_valid = all(form.is_valid() for form in forms) and all(layer.is_valid() for layer in laid)
    if not base.is_valid() or not are_valid:
        shown_again = _with_errors(base, shown, files, request) | {"layers": laid}
        return _page(request, row, draft, number, shown_again)
    parts = {name: part for name, part in parts.items() if part != STILL[name] or name == "formation"}
    changed = base.parts() | {"layers": [layer.value(files) for layer in laid] or None}
    looked_at = next((layer.number for layer in laid if layer.is_open), 0)

    def change(drawn: dict[str, Any]) -> dict[str, Any]:
        nonlocal looked_at
        state = editing.with_scene(drawn, number, **_all_parts(parts), **changed)
        if wish := request.POST.get("layer"):
            state, looked_at = layering.asked(state, number, wish)
        return state

    draft = _saved(request, row, change)
    return _answer(request, row, draft, number, looked_at)


def _with_errors(base: Any, shown: dict[str, Any], files: list[Any], request: HttpRequest) -> dict[str, Any]:
    parts = []
    for name, group in PARTS.items():
        part = _part(name, shown.get(name) or STILL[name], files)
        part["form"] = part_form(group, shown.get(name) or STILL[name], files, request.POST)
        parts.append(part)
    return {"scene_form": base, "parts": parts}


def _all_parts(parts: dict[str, Any]) -> dict[str, Any]:
    return {name: parts.get(name) for name in PARTS}


@require_POST
def scenes(request: HttpRequest, slug: str) -> HttpResponse:
    """Add, repeat, move or remove a scene."""
    row, number = _own(request, slug), _number(request)
    found(editing.scene_at(queries.draft_of(row).story, number))
    actions: dict[str, tuple[Callable[[dict[str, Any]], dict[str, Any]], int]] = {
        "add": (lambda drawn: editing.with_new_scene(drawn, number), number + 1),
        "copy": (lambda drawn: editing.with_copy(drawn, number), number + 1),
        "remove": (lambda drawn: editing.without_scene(drawn, number), number - 1),
        "earlier": (lambda drawn: editing.moved(drawn, number, -1), number - 1),
        "later": (lambda drawn: editing.moved(drawn, number, 1), number + 1),
    }
    change, then = found(actions.get(request.POST.get("action", "")))
    draft = _saved(request, row, change)
    return _answer(request, row, draft, min(max(then, 1), len(draft.story["scenes"])))


@require_POST
def section(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Save the fleet, the pads, the limits, the energy, the site or the music."""
    row = _own(request, slug)
    draft = queries.draft_of(row)
    form: Any
    if name == "site":
        form = SiteForm(request.POST, prefix="site")
    elif name == "music":
        form = music_form(draft.story.get("music", {}), queries.assets_of(row), request.POST)
    elif name in SECTIONS:
        form = section_form(name, draft.story.get(name, {}), request.POST)
    else:
        raise NotFound
    if not form.is_valid():
        shown: dict[str, Any] = {"tab": name}
        if name == "site":
            shown["site_form"] = form
        elif name == "music":
            shown["music_form"] = form
        else:
            shown["sections"] = [
                (each, form if each == name else section_form(each, draft.story.get(each, {})))
                for each in SECTIONS
            ]
        return _page(request, row, draft, _number(request), shown)
    values = form.site(draft.story.get("site", {})) if name == "site" else form.values()
    if name == "music" and "asset" not in values:
        values = None  # no music: then it starts at no moment either
    draft = _saved(request, row, lambda drawn: editing.with_section(drawn, name, values))
    return _answer(request, row, draft, _number(request))


@require_POST
def step(request: HttpRequest, slug: str) -> HttpResponse:
    """Undo or redo."""
    row = _own(request, slug)
    after = request.POST.get("after", "")
    go = commands.redo if request.POST.get("action") == "redo" else commands.undo
    draft = go(by=signed_in(request), show=slug, after=int(after) if after.isdigit() else 0)
    return _answer(request, row, draft, _number(request))


@require_POST
def files(request: HttpRequest, slug: str) -> HttpResponse:
    """Add or remove a file of the show; what was added may become the picture of a scene at once."""
    row = _own(request, slug)
    actor, number, tab = signed_in(request), _number(request), "files"
    added = []
    if name := request.POST.get("remove"):
        commands.remove_asset(by=actor, show=slug, name=name)
    for upload in request.FILES.getlist("files"):
        asset = commands.add_asset(
            by=actor, show=slug, file_name=upload.name or "", size=upload.size or 0, content=upload
        )
        added.append(asset)
        messages.success(request, _("“%(name)s” is here.") % {"name": asset.name})
    if request.POST.get("use") and (picture := next(filter(None, map(_shown_by, added)), None)):
        _saved(request, row, lambda drawn: _with_picture(drawn, number, picture))
        tab = "scene"
    return redirect(f"{reverse('shows:edit', args=[row.slug])}?scene={number}&tab={tab}")


def _shown_by(asset: Asset) -> dict[str, str] | None:
    """The figure that a file draws; None for music and fonts."""
    kinds = story.kinds()["formations"].items()
    kind = next((name for name, kind in kinds if kind["needs"] == asset.kind), None)
    return kind and {"kind": kind, "asset": asset.name}


def _with_picture(drawn: dict[str, Any], number: int, picture: dict[str, str]) -> dict[str, Any]:
    """Let a scene show a file, where its figure stood before."""
    before = found(editing.scene_at(drawn, number))["formation"]
    return editing.with_scene(
        drawn, number, formation=layering.begun("formations", picture["kind"], before, []) | picture
    )


def source(request: HttpRequest, slug: str) -> HttpResponse:
    """The storyboard as JSON: to keep it, or to put another one in its place."""
    row = _own(request, slug)
    draft = queries.draft_of(row)
    if request.method == "POST":
        upload = request.FILES.get("story")
        text = upload.read(BIGGEST_STORY + 1) if upload else b""
        try:
            drawn = json.loads(text[: BIGGEST_STORY + 1])
        except (ValueError, RecursionError) as error:
            raise Invalid({"story": [_("This is no JSON file.")]}) from error
        commands.save_draft(by=signed_in(request), show=slug, story_data=drawn, after=draft.number)
        messages.success(request, _("The storyboard was replaced. Undo brings the former one back."))
        return redirect("shows:edit", slug)
    return JsonResponse(
        draft.story,
        json_dumps_params={"ensure_ascii": False, "indent": 2},
        headers={"Content-Disposition": f'attachment; filename="{row.slug}.story.json"'},
    )


@require_safe
def preview(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """What a scene looks like and how long the flight into it takes, for the viewer."""
    row = _own(request, slug)
    drawn = queries.draft_of(row).story
    found(editing.scene_at(drawn, number))
    answer = asking.preview(row, drawn, number)
    answer["problems"] = [sentence(problem) for problem in answer.get("problems", [])]
    return JsonResponse(answer, json_dumps_params={"ensure_ascii": False})
