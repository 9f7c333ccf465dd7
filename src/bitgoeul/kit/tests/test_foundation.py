"""The laws that every capability stands on."""

from __future__ import annotations

import datetime as dt
import json
import time
from dataclasses import dataclass

import pytest

from bitgoeul.apps.people.tests.factories import actor, make_organisation, make_person
from bitgoeul.kit import clock, facts, worker
from bitgoeul.kit.actor import ANONYMOUS, SYSTEM, Actor
from bitgoeul.kit.command import CATALOGUE, ShortCutInVain, command, may_take_short_cut, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import Event, personal, record, redact
from bitgoeul.kit.flow import Flow
from bitgoeul.kit.models import Delivery, Fact, OnceKey, Schedule
from bitgoeul.kit.once import once
from bitgoeul.kit.refusals import Forbidden, Invalid, KeyReused, NotFound, StateChanged, answer
from bitgoeul.kit.schema_forms import form_for
from bitgoeul.kit.store import FolderStore
from bitgoeul.kit.testing import deliver_everything, facts_recorded
from bitgoeul.kit.text import Localised

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class LampLit(Event):
    lamp: str
    keeper: str = personal()


@command(scope="kit:write")
def light_lamp(*, by: Actor, lamp: str, times: int = 1) -> str:
    for _time in range(times):
        record(LampLit(lamp=lamp, keeper="예시 관리인"), by=by, subject=f"lamp:{lamp}")
    return lamp


@command(scope="kit:write")
def light_two_lamps(*, by: Actor) -> None:
    light_lamp(by=by, lamp="a")
    light_lamp(by=by, lamp="b")
    record(LampLit(lamp="both", keeper=""), by=by, subject="lamp:both")


@command(scope="kit:write")
def light_again(*, by: Actor) -> None:
    unchanged()


def test_a_command_records_exactly_one_fact_and_rolls_back_otherwise():
    light_lamp(by=SYSTEM, lamp="a")
    assert facts_recorded() == ["kit.LampLit"] or facts_recorded()[0].endswith("LampLit")

    for times in (0, 2):
        with pytest.raises(RuntimeError, match="expected one"):
            light_lamp(by=SYSTEM, lamp="b", times=times)

    assert Fact.objects.count() == 1


def test_nested_commands_count_for_themselves_and_a_repeat_records_nothing():
    light_two_lamps(by=SYSTEM)
    light_again(by=SYSTEM)

    assert list(Fact.objects.values_list("subject", flat=True)) == ["lamp:a", "lamp:b", "lamp:both"]


def test_a_short_cut_in_vain_is_undone_and_the_whole_way_taken_once():
    runs = []

    @command(scope="kit:write")
    def light_by_short_cut(*, by: Actor, blocked: bool) -> None:
        runs.append(may_take_short_cut())
        light_lamp(by=by, lamp="on the way")
        record(LampLit(lamp="end", keeper=""), by=by, subject="lamp:end")
        if may_take_short_cut() or blocked:
            raise ShortCutInVain

    light_by_short_cut(by=SYSTEM, blocked=False)
    with pytest.raises(ShortCutInVain):
        light_by_short_cut(by=SYSTEM, blocked=True)

    assert runs == [True, False, True, False]
    assert list(Fact.objects.values_list("subject", flat=True)) == ["lamp:on the way", "lamp:end"]
    assert not may_take_short_cut()  # outside of any command


def test_a_token_without_the_scope_is_refused_before_anything_happens():
    narrow = Actor(id="person:x", person_id=1, scopes=frozenset({"lake:read"}))

    with pytest.raises(Forbidden):
        light_lamp(by=narrow, lamp="a")

    assert Fact.objects.count() == 0
    assert any(name.endswith("light_lamp") for name in CATALOGUE)


def test_facts_hold_no_floats():
    @dataclass(frozen=True)
    class Measured(Event):
        value: object

    with pytest.raises(TypeError, match="float"):
        Measured(value={"deep": [0.5]}).split()


def test_redaction_forgets_the_value_and_keeps_the_hash():
    light_lamp(by=SYSTEM, lamp="a")
    before = Fact.objects.get().personal_hashes()

    assert redact(Fact.objects.all()) == 1

    fact = Fact.objects.get()
    assert (fact.personal, fact.salts, fact.personal_hashes()) == ({}, {}, before)
    assert redact(Fact.objects.all()) == 0


delivered: list[int] = []


def keep(fact: Fact) -> None:
    delivered.append(fact.id)


def fail(fact: Fact) -> None:
    raise ValueError("lamp oil is out")


@pytest.fixture
def subscribed(monkeypatch):
    delivered.clear()
    table = {LampLit.name(): [f"{__name__}.keep", f"{__name__}.fail"]}
    monkeypatch.setattr(facts, "subscriptions", lambda: table)
    monkeypatch.setattr(
        worker, "import_string", {f"{__name__}.keep": keep, f"{__name__}.fail": fail}.__getitem__
    )


def test_a_fact_reaches_its_handlers_and_a_failing_one_is_kept_for_later(subscribed):
    light_lamp(by=SYSTEM, lamp="a")

    deliver_everything()

    states = dict(Delivery.objects.values_list("handler", "state"))
    assert delivered == [Fact.objects.get().id]
    assert states == {f"{__name__}.keep": "done", f"{__name__}.fail": "waiting"}
    failed = Delivery.objects.get(state="waiting")
    assert (failed.attempts, "lamp oil" in failed.error, failed.due_at > clock.now()) == (1, True, True)


def test_a_delivery_is_given_up_after_its_last_attempt(subscribed):
    light_lamp(by=SYSTEM, lamp="a")

    for hours in range(1, worker.ATTEMPTS + 2):
        with clock.frozen(dt.datetime.now(dt.UTC) + dt.timedelta(hours=hours)):
            worker.deliver_due()

    assert Delivery.objects.get(handler__endswith="fail").state == "given_up"
    assert delivered == [Fact.objects.get().id]


def test_a_claim_of_a_dead_worker_lapses(subscribed):
    light_lamp(by=SYSTEM, lamp="a")
    claimed = worker._claim("dead")
    assert claimed is not None
    worker.deliver_due()

    with clock.frozen(dt.datetime.now(dt.UTC) + worker.LEASE * 2):
        worker.deliver_due()

    assert Delivery.objects.filter(handler__endswith="keep", state="done").exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_claim_is_renewed_while_its_handler_works(subscribed, monkeypatch):
    """A handler may take longer than a lease; meanwhile no other worker takes its delivery."""
    monkeypatch.setattr(worker, "LEASE", dt.timedelta(seconds=1.5))
    monkeypatch.setattr(worker, "RENEW_EVERY_S", 0.05)
    light_lamp(by=SYSTEM, lamp="a")
    Delivery.objects.filter(handler__endswith="fail").delete()
    claimed = worker._claim("slow")
    assert claimed is not None

    with worker._leased(claimed):
        taken = [worker._claim("eager") for _turn in range(4) if not time.sleep(0.5)]

    assert taken == [None] * 4
    time.sleep(1.6)
    assert worker._claim("eager") is not None, "once nobody renews it, the claim lapses"


def test_periodic_work_runs_when_it_is_due_and_an_error_is_seen():
    runs = []

    def tick() -> None:
        runs.append(1)
        if len(runs) == 2:
            raise ValueError("no oil")

    table = [(60.0, tick)]
    start = dt.datetime.now(dt.UTC)
    for seconds in (0, 30, 61, 90, 130):
        with clock.frozen(start + dt.timedelta(seconds=seconds)):
            worker.run_due(table)
            if seconds == 61:
                assert "no oil" in Schedule.objects.get().error

    assert len(runs) == 3
    assert Schedule.objects.get().error == ""


def test_a_hub_at_rest_asks_once_for_all_periodic_work(django_assert_num_queries):
    table = [(60.0, _tick), (60.0, _tock)]
    worker.run_due(table)

    with django_assert_num_queries(1):
        assert worker.run_due(table) == 0


def _tick() -> None: ...


def _tock() -> None: ...


def test_once_gives_the_same_answer_and_refuses_another_request_under_the_key():
    calls = []

    def work() -> dict:
        calls.append(1)
        return {"at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC), "n": len(calls)}

    first = once(by=SYSTEM, key="k", request=["POST", {"a": 1}], do=work)
    again = once(by=SYSTEM, key="k", request=["POST", {"a": 1}], do=work)

    assert first == again == {"at": "2026-01-01T00:00:00Z", "n": 1}
    with pytest.raises(KeyReused):
        once(by=SYSTEM, key="k", request=["POST", {"a": 2}], do=work)
    assert len(calls) == 1


def test_a_refused_request_leaves_its_key_free():
    def refuse() -> None:
        raise Forbidden

    with pytest.raises(Forbidden):
        once(by=SYSTEM, key="k", request=1, do=refuse)

    assert OnceKey.objects.count() == 0
    assert once(by=SYSTEM, key="k", request=1, do=lambda: 5) == 5


def test_a_flow_moves_along_its_arrows_and_notices_who_was_first():
    light_lamp(by=SYSTEM, lamp="a")
    flow = Flow({"waiting": frozenset({"done"}), "done": frozenset()})
    mine = Delivery.objects.create(fact=Fact.objects.get(), handler="h", due_at=clock.now())
    theirs = Delivery.objects.get(pk=mine.pk)

    flow.move(mine, "done", error="by me")

    with pytest.raises(StateChanged):
        flow.move(theirs, "done", error="by them")
    with pytest.raises(StateChanged):
        flow.move(mine, "waiting")
    mine.refresh_from_db()
    assert (mine.state, mine.error, theirs.state) == ("done", "by me", "done")


def test_a_door_hides_what_is_not_visible():
    person = make_person()

    assert find(type(person).objects.all(), pk=person.pk) == person
    for lookup in ({"pk": 0}, {"pk": "not-a-number"}, {"pk": 10**30}):
        with pytest.raises(NotFound):
            find(type(person).objects.all(), **lookup)


def test_owners_hold_every_role_of_their_organisation():
    person = make_person()
    organisation = make_organisation(owner=person)

    who = actor(person)

    assert who.has("finance", organisation.pk)
    assert who.belongs_to(organisation.pk)
    assert not who.belongs_to(organisation.pk + 1)
    assert not ANONYMOUS.has("member", organisation.pk)


def test_a_refusal_is_a_page_for_people_and_a_problem_for_programs(rf):
    page = answer(rf.get("/lake/", headers={"accept": "text/html,*/*"}), Invalid({"name": ["빠졌습니다."]}))
    problem = answer(rf.get("/api/lake/", headers={"accept": "*/*"}), Invalid({"name": ["빠졌습니다."]}))

    assert (page.status_code, page["content-type"].split(";")[0]) == (422, "text/html")
    assert problem["content-type"] == "application/problem+json"
    assert json.loads(problem.content)["errors"] == {"name": ["빠졌습니다."]}
    assert json.loads(problem.content)["code"] == "kit.Invalid"


def test_text_falls_back_to_the_other_language_and_says_so(settings):
    from django.utils.translation import override

    text = Localised(ko="항공편")

    with override("en"):
        assert (str(text), text.is_fallback()) == ("항공편", True)
    with override("ko"):
        assert (str(text), text.is_fallback()) == ("항공편", False)


def test_the_store_keeps_whole_files_and_no_name_leaves_it(tmp_path):
    store = FolderStore(tmp_path / "s")

    stored = store.put("lake/항공편/part-0.parquet", b"abc")

    assert (stored.size, store.open("lake/항공편/part-0.parquet").read()) == (3, b"abc")
    assert list(store.list("lake")) == ["lake/항공편/part-0.parquet"]
    for name in ("../x", "/etc/passwd", "a//b", "a/../b", "", "a/", "a\0b", "~/x\n"):
        with pytest.raises(ValueError, match="not a name"):
            store.path(name)


def test_a_form_made_from_a_schema_gives_values_that_hold():
    schema = {
        "type": "object",
        "required": ["hours", "tier"],
        "properties": {
            "hours": {
                "type": "integer",
                "minimum": 1,
                "maximum": 500,
                "title": {"ko": "시간", "en": "Hours"},
            },
            "tier": {
                "type": "string",
                "enum": ["try", "fast"],
                "x-labels": {"try": {"ko": "체험", "en": "Try"}},
            },
            "note": {"type": "string", "maxLength": 10},
            "share": {"type": "number", "default": 0.5},
            "open": {"type": "boolean"},
        },
    }

    good = form_for(schema, {"hours": "12", "tier": "try", "share": "0.25"})
    bad = form_for(schema, {"hours": "0", "tier": "none", "note": "x" * 11})

    assert good.is_valid(), good.errors
    assert good.values() == {"hours": 12, "tier": "try", "share": 0.25, "open": False}
    assert not bad.is_valid()
    assert set(bad.errors) == {"hours", "tier", "note"}
