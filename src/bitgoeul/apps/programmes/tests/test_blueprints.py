"""Every blueprint from its seed through an application to the grant, and its copies."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import Any

import pytest
from typer.testing import CliRunner

from bitgoeul.apps.capacity.models import Claim
from bitgoeul.apps.credits.queries import balance
from bitgoeul.apps.people.documents import add_document
from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.people.tests.factories import actor, make_organisation, make_person
from bitgoeul.apps.programmes.cli import app
from bitgoeul.apps.programmes.commands import (
    apply,
    copy_blueprint,
    decide,
    draft_from_blueprint,
    save_blueprint,
    seed,
    sign_agreement,
    take_offer,
)
from bitgoeul.apps.programmes.commands.draws import hold_draw, publish_entries
from bitgoeul.apps.programmes.commands.panels import decide_panel
from bitgoeul.apps.programmes.commands.reviews import assign_reviews
from bitgoeul.apps.programmes.errors import BlueprintTaken, RubricNotHundred
from bitgoeul.apps.programmes.models import Application, Blueprint, Call, Grant
from bitgoeul.apps.programmes.queries import blueprints
from bitgoeul.apps.programmes.queries.answers import answer_problems
from bitgoeul.apps.programmes.queries.eligibility import prefill
from bitgoeul.apps.programmes.templatetags.programmes import share
from bitgoeul.apps.programmes.tests.panels import make_reviewer, write
from bitgoeul.apps.record.commands import seal
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.refusals import Forbidden, Invalid
from bitgoeul.kit.testing import api_for, client_for, facts_recorded

pytestmark = pytest.mark.django_db

REASON = {"ko": "적합합니다.", "en": "It fits."}
NAMES = blueprints.names()
CONTACT = [{"name": "김예시", "email": "contact@example.com"}]
# Where the first value that fits a question would not meet the conditions of the call.
BETTER: dict[str, dict[str, Any]] = {
    "large": {"gpu_hours": 500_000},
    "class": {"students": 30},
    "equipment": {"induction": True},
    "rnd-voucher": {"partners": 2},
    "incentive-package": {"won": 300_000_000, "lot_won": 1_000_000_000},
    "academy": {"birth_year": 2000},
}
STAGES = {"class": "institute", "academy": "pre_startup"}


def a_firm(stage: str = "startup") -> tuple[Any, Organisation]:
    """A young firm of Gwangju whose company file is complete, with its business registration."""
    person = make_person()
    number = {"business_number": None} if stage == "pre_startup" else {}
    organisation = make_organisation(
        person, stage=stage, contacts=CONTACT, founded_on=dt.date(2024, 3, 2), **number
    )
    by = actor(person)
    paper = io.BytesIO(b"%PDF-1.7 an example")
    add_document(by=by, slug=organisation.slug, kind="business-registration", name="등록증.pdf", file=paper)
    return by, organisation


def first_answer(part: dict[str, Any]) -> Any:
    """The smallest answer that fits a question."""
    if "enum" in part:
        return part["enum"][0]
    match part["type"], part.get("format"):
        case "integer", _:
            return part.get("minimum", 1)
        case "boolean", _:
            return False
        case _, "date":
            return "2027-01-01"
        case _:
            return "가나다라마 " * (part.get("minLength", 1) // 6 + 1)


def answers_for(name: str, call: Call, organisation: Organisation) -> dict[str, Any]:
    known = prefill(call, organisation)
    asked = {key: first_answer(part) for key, part in call.form["properties"].items() if key not in known}
    return asked | BETTER.get(name, {})


def hand_in(name: str, call: Call, by: Any, organisation: Organisation) -> Application:
    answers = answers_for(name, call, organisation)
    return apply(by=by, call=call.slug, organisation=organisation.slug, answers=answers, accept_terms=True)


def rivals_of(name: str, call: Call) -> list[Application]:
    """Other firms in a panel's call: a weaker one; where a draw may decide, as many as there is money for."""
    if not call.is_for_a_panel:
        return []
    count = call.budget // call.share_most if call.decision == "panel-lottery" else 1
    return [hand_in(name, call, *a_firm(STAGES.get(name, "startup"))) for _number in range(count)]


def officer_decides(row: Application) -> None:
    officer = actor(make_person(roles=["operator"]))
    decide(by=officer, application=row.public_id, accept=True, reason=REASON)


def panel_decides(call: Call, row: Application, rivals: list[Application]) -> None:
    """Readers read, the draw is held where the call has one, the panel decides; the weaker file loses."""
    officer = actor(make_person(roles=["operator"]))
    for _number in range(call.procedure["rubric"]["reviews"]):
        make_reviewer(sectors=["mobility"], kinds=[call.kind])
    assign_reviews(by=officer, call=call.slug)
    lottery = call.decision == "panel-lottery"
    for file in [row, *rivals]:
        percent = 80 if file == row or lottery else 45
        for review in file.reviews.all():
            criteria = call.procedure["rubric"]["criteria"]
            write(review, **{one["name"]: one["most"] * percent // 100 for one in criteria})
    if lottery:
        publish_entries(by=officer, call=call.slug)
        seal()
        hold_draw(by=officer, call=call.slug)
    decide_panel(by=officer, call=call.slug)


def by_whom_it_falls_to(call: Call, row: Application, rivals: list[Application]) -> Application:
    """As whoever decides about this call decides: the rules have, an officer does, or the panel.

    Returns the application that has won, or is offered; in a draw between equals it may be another.
    """
    if row.state == "waiting":
        officer_decides(row)
    elif row.state == "in_review":
        panel_decides(call, row, rivals)
    among = Application.objects.filter(call=call, state__in=("offered", "accepted"))
    return among.filter(pk=row.pk).first() or among.earliest("pk")


def test_all_fifteen_kinds_and_five_sizes_of_compute_are_here():
    contents = [blueprints.blueprint(name) for name in NAMES]

    assert {content["kind"] for content in contents} == set(Call.Kind.values)
    assert {content["tier"] for content in contents if content["kind"] == "compute"} == {
        "TRY", "FAST", "LARGE", "CLASS", "URGENT",
    }  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_blueprint_goes_from_its_seed_to_its_grant(name):
    """Handed in, decided by whoever decides, offered, taken, agreed on and signed, and every part given."""
    call = seed(by=SYSTEM, name=name)
    row = hand_in(name, call, *a_firm(STAGES.get(name, "startup")))
    rivals = rivals_of(name, call)
    expected = {"automatic": "accepted", "officer": "waiting"}.get(call.decision, "in_review")
    assert (row.verdict, row.state) == ("pass", expected)

    with clock.frozen(call.closes_at if call.is_for_a_panel else clock.now()):
        row = by_whom_it_falls_to(call, row, rivals)
        by = actor(row.person)
        if call.offer_days:
            assert row.state == "offered"
            row = take_offer(by=by, application=row.public_id)
        assert row.state == "accepted"
        if call.procedure["agreement"]:
            paper = row.grant.agreement
            assert {part.state for part in row.grant.parts.all()} == {"planned"}
            sign_agreement(by=by, grant=row.public_id, name="예시 대표", fingerprint=paper.fingerprint)

    grant = Grant.objects.get(application=row)
    assert (grant.state, grant.activated_at is not None) == ("active", True)
    assert grant.amount == (row.ask or call.share_most)
    assert grant.ends_at - grant.starts_at == dt.timedelta(days=call.gives_days)
    # Access to data is given by the data platform, which hears of the grant.
    assert [(part.part, part.state) for part in grant.parts.all()] == [
        (part["part"], "planned" if part["part"] == "dataset" else "active") for part in call.gives
    ]
    for part in grant.parts.filter(part="capacity"):
        assert Claim.objects.get(pool__slug=part.about, key=part.claim).quantity == part.quantity
    credits = sum(part.quantity for part in grant.parts.filter(part="credits"))
    assert balance(row.organisation).granted == credits
    asked = {report["kind"] for report in call.procedure["reports"]}
    # Who reports is asked for the outcome, too: after one year and after three.
    assert {report.kind for report in grant.reports.all()} == (asked | {"outcome"} if asked else set())
    assert (call.blueprint, call.blueprint_version) == (name, blueprints.blueprint(name)["version"])
    the_others_wait_or_lost(name, call, row)


def the_others_wait_or_lost(name: str, call: Call, winner: Application) -> None:
    """The budget is that of the winners, and who did not win is told so."""
    fresh, others = Call.objects.get(pk=call.pk), call.applications.exclude(pk=winner.pk)
    if not call.is_for_a_panel:
        assert (fresh.reserved, fresh.granted) == (0, winner.grant.amount)
    elif call.decision == "panel-lottery":
        assert sorted(row.state for row in others) == ["offered"] * (len(others) - 1) + ["reserve"]
        assert fresh.left == 0
    elif call.procedure["cut"]:
        assert [row.state for row in others] == ["rejected"]
        assert (fresh.reserved, fresh.granted) == (0, winner.grant.amount)
    else:
        assert [row.state for row in others] == ["offered"]
        assert (fresh.reserved, fresh.granted) == (call.share_most, winner.grant.amount)


@pytest.mark.slow
def test_a_second_application_of_the_same_firm_asks_at_most_three_new_fields():
    """Over every ordered pair of blueprints: the first one handed in, the second one counted."""
    calls = {name: seed(by=SYSTEM, name=name) for name in NAMES}
    new_fields = {}
    for first, call in calls.items():
        by, organisation = a_firm(STAGES.get(first, "startup"))
        hand_in(first, call, by, organisation)
        for second, other in calls.items():
            if second != first:
                known = prefill(other, organisation)
                new_fields[first, second] = sum(key not in known for key in other.form["properties"])

    assert len(new_fields) == 19 * 18
    assert {pair: count for pair, count in new_fields.items() if count > 3} == {}


@pytest.mark.parametrize("name", NAMES)
def test_every_question_and_sentence_is_in_both_languages(name):
    call = blueprints.as_call(blueprints.blueprint(name))

    for part in call.form["properties"].values():
        assert part["title"]["ko"] != part["title"]["en"] or "ISO" in part["title"]["en"]
    for clause in call.clauses:
        for key in ("title", "passes", "fails"):
            assert set(clause[key]) == {"ko", "en"}
            assert all(clause[key].values())
    assert answer_problems(call.form, {}, complete=False) == {}


def test_a_copy_is_versioned_and_a_running_call_keeps_its_version():
    officer = actor(make_person(roles=["operator"]))
    copy_blueprint(by=officer, name="space", slug="our-rooms")
    content, version = blueprints.newest("our-rooms")
    opens_at = clock.now()
    call = draft_from_blueprint(by=officer, name="our-rooms", slug="rooms-1", opens_at=opens_at,
                                closes_at=opens_at + dt.timedelta(days=10))  # fmt: skip

    save_blueprint(by=officer, slug="our-rooms", content=content | {"budget": 20})
    save_blueprint(by=officer, slug="our-rooms", content=content | {"budget": 20})

    assert version == 1
    assert blueprints.newest("our-rooms")[1] == 2
    assert list(Blueprint.objects.values_list("slug", "version", "based_on")) == [
        ("our-rooms", 2, "space"),
        ("our-rooms", 1, "space"),
    ]
    kept = Call.objects.get(pk=call.pk)
    assert (kept.blueprint, kept.blueprint_version, kept.budget) == ("our-rooms", 1, 35)
    assert [row.version for row in blueprints.copies()] == [2]
    assert facts_recorded().count("programmes.BlueprintSaved") == 2


def test_a_copy_that_could_not_be_a_call_is_refused():
    officer = actor(make_person(roles=["operator"]))
    copy_blueprint(by=officer, name="space", slug="our-rooms")
    content, _version = blueprints.newest("our-rooms")
    criteria = [row | {"weight": 30} for row in content["procedure"]["rubric"]["criteria"]]
    procedure = content["procedure"]
    procedure = procedure | {"rubric": procedure["rubric"] | {"criteria": criteria}}

    with pytest.raises(RubricNotHundred):
        save_blueprint(by=officer, slug="our-rooms", content=content | {"procedure": procedure})
    for wrong in ({"surprise": 1}, {"budget": "much"}, {"open_days": 0}, {"programme": "x"}, {"kind": "x"}):
        with pytest.raises(Invalid):
            save_blueprint(by=officer, slug="our-rooms", content=content | wrong)
    with pytest.raises(Invalid):
        save_blueprint(by=officer, slug="our-rooms", content=["a"])
    for taken in ("our-rooms", "try"):
        with pytest.raises(BlueprintTaken):
            copy_blueprint(by=officer, name="space", slug=taken)
    with pytest.raises(Forbidden):
        copy_blueprint(by=actor(make_person()), name="space", slug="mine")

    assert Blueprint.objects.count() == 1


def test_the_desk_copies_changes_previews_and_checks_a_blueprint_in_the_browser():
    desk = client_for(make_person(roles=["operator"]))
    _by, organisation = a_firm()

    shipped = desk.get("/programmes/desk/blueprints/space/").content.decode()
    checked = desk.get(f"/programmes/desk/blueprints/space/?organisation={organisation.slug}")
    desk.post("/programmes/desk/blueprints/space/copy/", {"slug": "our-rooms"})
    source = "/programmes/desk/blueprints/our-rooms/source/"
    text = desk.get(source).context["form"].initial["text"]
    wrong = desk.post(source, {"text": text.replace("weight = 25", "weight = 20")})
    title = json.dumps(blueprints.newest("our-rooms")[0]["title"]["ko"], ensure_ascii=False)
    right = desk.post(source, {"text": text.replace(title, '"우리 방 (예시)"')})

    assert "필요한 자리" in shipped
    assert [line["kind"] for line in checked.context["lines"]] == ["ok", "ok"]
    assert checked.context["form"].initial["contact_name"] == "김예시"
    assert wrong.status_code == 422
    assert "80" in wrong.content.decode()
    assert right.url == "/programmes/desk/blueprints/our-rooms/"
    assert "우리 방 (예시)" in desk.get("/programmes/desk/blueprints/").content.decode()
    assert "우리 방 (예시)" in desk.get("/programmes/desk/calls/new/?blueprint=our-rooms").content.decode()
    assert client_for(make_person()).get("/programmes/desk/blueprints/").status_code == 403


def test_the_api_copies_saves_and_drafts():
    api = api_for(make_person(roles=["operator"]))

    def send(method, path, body):
        return getattr(api, method)(
            f"/api/programmes/blueprints{path}", body, content_type="application/json"
        )

    copied = send("post", "/space/copies", {"name": "our-rooms"}).json()
    saved = send("put", "/our-rooms", {"content": copied["content"] | {"budget": 7}}).json()
    dates = {"opens_at": "2030-01-01T09:00:00+09:00", "closes_at": "2030-02-01T18:00:00+09:00"}
    call = send("post", "/our-rooms/calls", {"slug": "rooms"} | dates).json()

    assert (saved["version"], call["blueprint"], call["blueprint_version"]) == (2, "our-rooms", 2)
    assert call["budget"]["total"] == 7
    assert send("put", "/our-rooms", {"content": {}}).status_code == 422
    assert send("post", "/nothing/copies", {"name": "a"}).json()["code"] == "programmes.BlueprintUnknown"
    assert len(api.get("/api/programmes/blueprints").json()) == 20
    assert api_for(make_person()).get("/api/programmes/blueprints").status_code == 403


def test_the_command_line_copies_saves_and_drafts(tmp_path):
    def run(*words):
        ended = CliRunner().invoke(app, list(words))
        assert ended.exit_code == 0, ended.output
        return json.loads(ended.output)

    run("copy-blueprint", "fast", "our-fast", "--json")
    file = tmp_path / "fast.json"
    file.write_text(json.dumps(run("blueprint", "our-fast") | {"open_days": 10}), encoding="utf-8")
    assert run("save-blueprint", "our-fast", str(file), "--json")["version"] == 2
    dates = ("--opens", "2030-01-01T09:00", "--closes", "2030-02-01T18:00")
    drafted = run("draft", "our-fast", "--slug", "fast-1", *dates, "--json")
    assert drafted == {"slug": "fast-1", "state": "draft", "blueprint": "our-fast@2"}
    assert len(run("blueprints", "--json")["blueprints"]) == 20


def test_a_share_from_one_amount_to_another_is_read_with_its_unit_first_in_korean():
    call = blueprints.as_call(blueprints.blueprint("fast"))

    assert dict(share(call)) == {"ko": "크레딧 501–20,000", "en": "501–20,000 credits"}
