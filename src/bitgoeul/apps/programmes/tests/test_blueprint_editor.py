"""The editor of blueprints: every form of it, and that nothing is lost by editing."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from bitgoeul.apps.people.tests.factories import actor, make_person
from bitgoeul.apps.programmes.commands import copy_blueprint
from bitgoeul.apps.programmes.forms.blueprint_editor import Editor, as_posted, content_of
from bitgoeul.apps.programmes.models import Blueprint
from bitgoeul.apps.programmes.queries import blueprints
from bitgoeul.kit import toml
from bitgoeul.kit.schema_forms import form_for
from bitgoeul.kit.testing import client_for, facts_recorded

pytestmark = pytest.mark.django_db
ADDRESS = "/programmes/desk/blueprints/our-rooms/"


def shipped(name: str) -> dict[str, Any]:
    content = blueprints.blueprint(name)
    content.pop("version")
    return content


@pytest.fixture
def desk():
    person = make_person(roles=["operator"])
    copy_blueprint(by=actor(person), name="space", slug="our-rooms")
    return client_for(person)


def typed(desk, **changes: str) -> dict[str, Any]:
    """What a browser sends of the editor: everything that stands in it, and what a person changed."""
    page = desk.get(f"{ADDRESS}edit/")
    data = dict(as_posted(page.context["editor"]).lists())
    return data | {"onto": page.context["onto"]} | changes


def newest() -> dict[str, Any]:
    return blueprints.newest("our-rooms")[0]


@pytest.mark.parametrize("name", blueprints.names())
def test_nothing_of_a_blueprint_is_lost_in_its_forms(name):
    content = shipped(name)

    editor = Editor(content, as_posted(Editor(content)))

    assert editor.judge(), editor.problems
    assert content_of(editor.content()) == content_of(content)


@pytest.mark.parametrize("name", blueprints.names())
def test_every_blueprint_is_read_back_from_its_toml(name):
    assert tomllib.loads(toml.written(shipped(name))) == shipped(name)


def test_what_is_changed_in_the_forms_is_the_next_version(desk):
    kept = desk.post(
        f"{ADDRESS}edit/",
        typed(desk, do="save", **{"words-title_ko": "우리 방 (예시)", "questions-1-help_ko": "이름",
                                 "questions-1-help_en": "Name"}),
    )  # fmt: skip

    first = next(iter(newest()["form"]["x-order"]))
    assert kept.url == ADDRESS
    assert newest()["title"]["ko"] == "우리 방 (예시)"
    assert newest()["form"]["properties"][first]["description"] == {"ko": "이름", "en": "Name"}
    assert facts_recorded().count("programmes.BlueprintSaved") == 2


def test_keeping_without_a_change_writes_no_version(desk):
    desk.post(f"{ADDRESS}edit/", typed(desk, do="save"))

    assert Blueprint.objects.filter(slug="our-rooms").count() == 1


def test_rows_are_added_moved_and_removed_before_anything_is_kept(desk):
    order = newest()["form"]["x-order"]

    added = desk.post(f"{ADDRESS}edit/", typed(desk, do="add questions 0"))
    assert added.content.decode().count("autofocus") == 1  # whoever adds a row goes on typing in it
    moved = desk.post(f"{ADDRESS}edit/", typed(desk, do="up questions 2"))
    removed = desk.post(f"{ADDRESS}edit/", typed(desk, do="remove questions 1"))

    numbers = list(range(1, len(order) + 1))
    assert added.context["editor"].rows["questions"].numbers == [*numbers, len(order) + 1]
    assert moved.context["editor"].rows["questions"].numbers == [2, 1, *numbers[2:]]
    assert removed.context["editor"].rows["questions"].numbers == numbers[1:]
    assert Blueprint.objects.filter(slug="our-rooms").count() == 1


def test_the_order_of_the_questions_is_the_order_an_applicant_sees(desk):
    order = newest()["form"]["x-order"]
    data = typed(desk, do="save")
    data["questions-row"] = data["questions-row"][::-1]

    desk.post(f"{ADDRESS}edit/", data)

    kept = Blueprint.objects.get(slug="our-rooms", version=2).content
    assert kept["form"]["x-order"] == order[::-1]
    assert list(form_for(kept["form"]).fields) == order[::-1]


def test_a_new_question_comes_into_the_form(desk):
    data = typed(desk, do="save")
    data["questions-row"] = [*data["questions-row"], "77"]
    words = {"title_ko": "층", "title_en": "Floor", "kind": "choice", "name": "floor", "needed": "on",
             "choices": "low | 저층 | Low\nhigh | 고층 | High"}  # fmt: skip

    desk.post(f"{ADDRESS}edit/", data | {f"questions-77-{key}": value for key, value in words.items()})

    assert newest()["form"]["properties"]["floor"] == {
        "type": "string",
        "enum": ["low", "high"],
        "title": {"ko": "층", "en": "Floor"},
        "x-labels": {"low": {"ko": "저층", "en": "Low"}, "high": {"ko": "고층", "en": "High"}},
    }
    assert "floor" in newest()["form"]["required"]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("criteria-1-weight", "5", "배점의 합"),
        ("questions-1-title_en", "", "반드시 입력"),
        ("questions-1-name", "Not A Name", "영문 소문자"),
        ("frame-budget", "much", "500"),
        ("frame-ask", "nothing", "정수"),
        ("decision-offer_days", "0", "제안"),
        ("agreement-text_ko", "{nobody}", "nobody"),
        ("clauses-1-rule", "organisation.shoe == 3", "shoe"),
        ("gives-1-pool", "Not a pool", "소문자"),
        ("frame-slug", "desk", ""),
    ],
)
def test_a_refusal_stands_at_its_field(desk, field, value, sentence):
    data = typed(desk, do="save")
    if field.startswith("agreement"):
        data |= {"agreement-text_ko": value, "agreement-text_en": "{nobody}"}

    answer = desk.post(f"{ADDRESS}edit/", data | {field: value})

    places = [place for place, _label, error in answer.context["problems"] if sentence in error]
    assert answer.status_code == 422
    assert any(place in (f"id_{field}", field.split("-", maxsplit=1)[0]) for place in places), answer.context[
        "problems"
    ]
    assert Blueprint.objects.filter(slug="our-rooms").count() == 1


def test_the_sum_of_the_weights_and_the_form_are_shown_while_they_are_typed(desk):
    data = typed(desk) | {"criteria-1-weight": "5", "words-title_ko": "다른 제목", "questions-1-title_ko": ""}

    look = desk.post(f"{ADDRESS}look/", data).content.decode()

    assert "다른 제목" in look
    assert re.search(r'id="weights"[^>]*>[^<]*80', look)
    assert "질문 1개" in look
    assert Blueprint.objects.filter(slug="our-rooms").count() == 1


def test_what_somebody_kept_meanwhile_is_not_overwritten(desk):
    mine = typed(desk, do="save", **{"words-title_ko": "내 제목"})
    desk.post(f"{ADDRESS}edit/", typed(desk, do="save", **{"words-title_ko": "먼저 저장한 제목"}))

    answer = desk.post(f"{ADDRESS}edit/", mine)

    assert answer.status_code == 422
    assert newest()["title"]["ko"] == "먼저 저장한 제목"


def test_going_back_makes_the_earlier_content_the_next_version(desk):
    before = newest()
    desk.post(f"{ADDRESS}edit/", typed(desk, do="save", **{"words-title_ko": "새 제목"}))

    desk.post(f"{ADDRESS}versions/1/")

    assert blueprints.newest("our-rooms") == (before, 3)
    assert desk.post(f"{ADDRESS}versions/9/").status_code == 404


def test_the_source_goes_out_and_comes_in_as_toml(desk):
    out = desk.get(f"{ADDRESS}export/")
    text = out.content.decode()
    changed = SimpleUploadedFile("a.toml", text.replace("budget = 35", "budget = 36").encode())

    desk.post(f"{ADDRESS}source/", {"text": "", "file": changed})
    wrong = desk.post(f"{ADDRESS}source/", {"text": "= nothing"})
    refused = desk.post(f"{ADDRESS}source/", {"text": text.replace("budget = 35", "budget = 0")})

    assert out["Content-Type"] == "application/toml"
    assert tomllib.loads(text) == Blueprint.objects.get(slug="our-rooms", version=1).content
    assert newest()["budget"] == 36
    assert (wrong.status_code, refused.status_code) == (422, 422)
    assert "budget" in refused.content.decode()


def test_only_the_desk_edits(desk):
    other = client_for(make_person())

    assert other.get(f"{ADDRESS}edit/").status_code == 403
    assert other.post(f"{ADDRESS}look/", {}).status_code == 403
    assert other.get(f"{ADDRESS}source/").status_code == 403
    assert other.get(f"{ADDRESS}export/").status_code == 403
    assert other.post(f"{ADDRESS}versions/1/").status_code == 403
    assert desk.get("/programmes/desk/blueprints/nothing/edit/").status_code == 404
