"""Registering, seeing and withdrawing models, through the doors people and programs use."""

from __future__ import annotations

import dataclasses
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from bitgoeul.apps.people.tests.factories import actor, make_organisation, make_person
from bitgoeul.apps.registry import commands, errors, queries
from bitgoeul.apps.registry.intake import take_in
from bitgoeul.apps.registry.models import Model, ModelVersion, Registration
from bitgoeul.apps.registry.tests.factories import document, make_version, onnx_model
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.refusals import Forbidden, NotFound, StateChanged
from bitgoeul.kit.store import store
from bitgoeul.kit.testing import api_for, client_for, facts_recorded

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def mina():
    return make_person()


@pytest.fixture
def team(mina):
    return make_organisation(mina)


def hand_in(client, team, content=None, declared=None, **headers):
    return client.post(
        "/api/registry/models",
        {
            "organisation": team.slug,
            "document": json.dumps(declared or document()),
            "model": SimpleUploadedFile("model.onnx", content or onnx_model().SerializeToString()),
        },
        headers=headers,
    )


def test_given_a_model_when_taken_in_twice_then_there_is_one_version_and_one_fact(tmp_path, team):
    file = tmp_path / "model.onnx"
    file.write_bytes(onnx_model().SerializeToString())
    given = {
        "by": SYSTEM, "organisation": team, "artefact": file, "document": document(),
        "reference": "job:7", "lineage": {"job": "7", "datasets": ["rides@2"]}, "keep_refusal": True,
    }  # fmt: skip

    first, second = take_in(**given), take_in(**given)

    assert first == second
    assert facts_recorded() == ["registry.ModelRegistered"]
    assert store().path(first.artefact).read_bytes() == file.read_bytes()
    assert first.sha256 in first.artefact


def test_given_a_second_training_when_taken_in_then_it_is_the_next_version(tmp_path, team):
    first = make_version(tmp_path, team, name="late-ride")
    second = make_version(tmp_path, team, name="late-ride")
    other = make_version(tmp_path, name="late-ride")

    assert (first.number, second.number) == (1, 2)
    assert first.model == second.model
    assert other.model.slug == f"late-ride-{other.model.organisation.slug}"


def test_given_a_malformed_model_when_a_job_leaves_it_then_its_organisation_sees_why(tmp_path, mina, team):
    file = tmp_path / "model.onnx"
    file.write_bytes(b"nothing")

    with pytest.raises(errors.NotOnnx):
        take_in(by=SYSTEM, organisation=team, artefact=file, document=document(), reference="job:9",
                lineage={}, keep_refusal=True)  # fmt: skip

    assert facts_recorded() == ["registry.RegistrationRefused"]
    (row,) = api_for(mina).get("/api/registry/registrations?job=9").json()
    assert (row["outcome"], row["code"]) == ("refused", "registry.NotOnnx")
    assert row["title"].startswith("The file is not a readable ONNX model")
    assert "job:9" in client_for(mina).get("/registry/").content.decode()
    assert api_for(make_person()).get("/api/registry/registrations").json() == []
    assert api_for().get("/api/registry/registrations").status_code == 401


def test_given_an_upload_when_sent_again_then_it_is_the_same_version(mina, team):
    client = api_for(mina)

    first, second = hand_in(client, team), hand_in(client, team)

    assert first.status_code == second.status_code == 201, first.content
    assert first.json() == second.json()
    assert first.json()["reference"] == "late-ride@1"
    assert ModelVersion.objects.count() == 1
    assert not list(store().list("registry/incoming"))


def test_given_a_bad_upload_when_sent_then_it_is_a_problem_and_nothing_is_kept(mina, team):
    answer = hand_in(api_for(mina), team, content=b"nothing")

    assert answer.status_code == 422
    assert answer.json()["code"] == "registry.NotOnnx"
    assert facts_recorded() == []
    assert not Registration.objects.exists()


def test_given_a_stranger_when_uploading_for_others_then_the_organisation_does_not_exist(team):
    assert hand_in(api_for(make_person()), team).status_code == 404
    assert hand_in(api_for(), team).status_code == 401


def test_given_a_private_model_when_others_look_then_it_does_not_exist(tmp_path, mina, team):
    version = make_version(tmp_path, team)
    slug = version.model.slug
    paths = [f"/registry/{slug}/", f"/registry/{slug}/1/", f"/registry/{slug}/1/model.onnx"]
    api_paths = [f"/api/registry/models/{slug}", f"/api/registry/models/{slug}/versions/1"]

    assert {client_for(mina).get(path).status_code for path in paths} == {200}
    assert {client_for().get(path).status_code for path in paths} == {404}
    assert {api_for(make_person()).get(path).status_code for path in api_paths} == {404}

    commands.share_model(by=actor(mina), model=slug)

    assert {client_for().get(path).status_code for path in paths} == {200}
    assert {api_for().get(path).status_code for path in api_paths} == {200}


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_model_page_says_what_it_learnt_how_well_and_from_what(tmp_path, mina, team, language):
    version = make_version(tmp_path, team)

    page = client_for(mina, language).get(version.get_absolute_url()).content.decode()

    assert ("늦는 버스 예측" if language == "ko" else "Late rides") in page
    assert ("예시 모델입니다." if language == "ko" else "An example.") in page
    assert page.count("<svg") >= 3
    assert "0.700" in page
    assert "/lake/rides/" in page
    assert f"/compute/jobs/{version.lineage['job']}/" in page
    assert "<script" not in page.split("<main", 1)[-1]


def test_given_hostile_words_in_a_document_when_shown_then_they_stay_words(tmp_path, mina, team):
    bad = "<script>alert(1)</script>"
    declared = document(title={"ko": bad, "en": bad}, name="hostile")
    declared["inputs"][0]["title"] = {"ko": bad, "en": bad}
    version = make_version(tmp_path, team, **declared)

    page = client_for(mina).get(version.get_absolute_url()).content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_given_a_version_when_withdrawn_and_reinstated_then_each_is_a_fact(tmp_path, mina, team):
    version = make_version(tmp_path, team)
    path = f"/api/registry/models/{version.model.slug}/versions/1"
    client = api_for(mina)

    assert (
        client.post(f"{path}/withdraw", {"reason": "old"}, "application/json").json()["state"] == "withdrawn"
    )
    assert client.post(f"{path}/withdraw", {}, "application/json").status_code == 409
    assert client.post(f"{path}/reinstate").json()["state"] == "available"
    assert facts_recorded() == [
        "registry.ModelRegistered",
        "registry.VersionWithdrawn",
        "registry.VersionReinstated",
    ]


@pytest.mark.parametrize(
    ("who", "refused"), [("stranger", NotFound), ("finance", Forbidden), ("member", None), ("operator", None)]
)
def test_who_may_withdraw(tmp_path, team, who, refused):
    from bitgoeul.apps.people.models import Membership

    version = make_version(tmp_path, team)
    person = make_person(roles=["operator"] if who == "operator" else [])
    if who in {"finance", "member"}:
        Membership.objects.create(person=person, organisation=team, role=who)
    given = {"by": actor(person), "model": version.model.slug, "number": 1, "reason": ""}

    if refused is None:
        assert commands.withdraw_version(**given).state == "withdrawn"
        with pytest.raises(StateChanged):
            commands.withdraw_version(**given)
    else:
        with pytest.raises(refused):
            commands.withdraw_version(**given)


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_needs_the_same_queries_for_every_length(
    tmp_path, mina, team, rows, django_assert_max_num_queries
):
    for _number in range(rows):
        make_version(tmp_path, team)
    client = api_for(mina)

    with django_assert_max_num_queries(8):
        assert len(client.get("/api/registry/models").json()) == rows


def test_given_words_when_searched_then_titles_in_both_languages_are_found(tmp_path, mina, team):
    make_version(tmp_path, team)
    make_version(tmp_path, team, title={"ko": "정전 예측", "en": "Power cuts"}, sector="energy")

    def found(query):
        return [row["title"]["en"] for row in api_for(mina).get(f"/api/registry/models?{query}").json()]

    assert found("text=정전") == found("text=power") == found("sector=energy") == ["Power cuts"]
    assert found("text=없음") == []
    assert Model.objects.count() == 2


@pytest.mark.parametrize(
    ("scopes", "seen"),
    [({"registry:read"}, True), ({"registry:write"}, True), ({"lake:read"}, False), (None, True)],
)
def test_given_a_token_when_it_was_made_for_something_else_then_private_models_do_not_exist(
    tmp_path, mina, team, scopes, seen
):
    version = make_version(tmp_path, team)
    token = dataclasses.replace(actor(mina), scopes=None if scopes is None else frozenset(scopes))

    assert queries.visible_to(token).filter(pk=version.model_id).exists() is seen
