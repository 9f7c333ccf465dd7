"""The keeper with real processes: start, fall, kill -9, stop, redeploy, credits that run out and come."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time

import pytest

from bitgoeul.apps.credits import queries as credits
from bitgoeul.apps.people.tests.factories import make_organisation, make_person
from bitgoeul.apps.registry.tests.factories import make_version
from bitgoeul.apps.services import asking, commands, keeper, places, queries
from bitgoeul.apps.services.models import Crash, Service, Usage
from bitgoeul.apps.services.tests.factories import give_credits, make_service, question
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.sandbox import works
from bitgoeul.kit.testing import facts_recorded

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

ROW = {"rain": 30.5, "stop": "시청", "hour": 8}


@pytest.fixture
def watching():
    """A keeper whose turns the test takes itself."""
    made = keeper.Keeper()
    yield made
    for kept in (*made.kept.values(), *made.upcoming.values(), *made.draining):
        kept.process.kill()
        kept.process.wait()


def until(watching, row, state, seconds=40):
    """Take turns until the service is in ``state``."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        watching.turn()
        row.refresh_from_db()
        if row.state == state:
            return
        time.sleep(0.1)
    raise AssertionError(f"{row} is {row.state}, not {state}: {watching.kept}")


def settle(watching):
    watching.collected = 0.0
    watching.turn()


def conserved(row):
    """Metered = paid + still to pay, and the books of the organisation balance."""
    row.refresh_from_db()
    metered = sum(Usage.objects.filter(service=row).values_list("cost", flat=True))
    balance = credits.balance(row.organisation)
    assert metered == row.spent + row.owed
    assert balance.granted == balance.spent + balance.held + balance.left + balance.expired
    assert balance.spent == row.spent
    return balance


def test_given_a_deployed_service_when_kept_then_it_answers_and_its_meter_is_paid(tmp_path, watching):
    row = make_service(tmp_path)

    until(watching, row, "live")
    for _time in range(7):
        assert 0 < asking.predict(row, ROW)["probability"] < 1
    assert queries.predictions_total(row) == 7
    settle(watching)
    settle(watching)

    row.refresh_from_db()
    assert (row.predictions, Usage.objects.count()) == (7, 1)
    assert row.spent == 7 * queries.present_price().per_thousand // 1000
    conserved(row)
    assert [name for name in facts_recorded() if name.startswith("services.")] == [
        "services.ServiceDeployed",
        "services.ServiceLive",
        "services.PredictionsMetered",
    ]


def test_given_a_kill_of_the_predictor_when_kept_then_it_comes_back_and_the_fall_is_seen(tmp_path, watching):
    row = make_service(tmp_path)
    until(watching, row, "live")
    asking.predict(row, ROW)
    first = watching.kept[row.pk].process.pid

    os.kill(first, signal.SIGKILL)
    watching.kept[row.pk].process.wait()
    watching.turn()
    row.refresh_from_db()
    assert row.state == "starting"
    with pytest.raises(asking.NotLive):
        asking.predict(row, ROW)
    until(watching, row, "live")

    assert watching.kept[row.pk].process.pid != first
    asking.predict(row, ROW)
    settle(watching)
    row.refresh_from_db()
    assert row.predictions == 2
    crash = Crash.objects.get()
    assert (crash.exit_status, crash.detail) == (-signal.SIGKILL, "")
    assert crash.recovered_at >= crash.at
    conserved(row)


def test_given_a_kill_of_the_keeper_when_another_takes_over_then_nothing_is_counted_twice(tmp_path, watching):
    row = make_service(tmp_path)
    until(watching, row, "live")
    for _time in range(3):
        asking.predict(row, ROW)
    settle(watching)
    asking.predict(row, ROW)
    for kept in watching.kept.values():  # a killed keeper takes its processes with it and writes nothing
        kept.process.kill()
        kept.process.wait()

    second = keeper.Keeper()
    try:
        row.refresh_from_db()
        assert row.state == "live"
        second.turn()
        end = time.monotonic() + 40
        while not asking.is_ready(places.socket(row.key)) and time.monotonic() < end:
            second.turn()
            time.sleep(0.1)
        asking.predict(row, ROW)
        settle(second)
        row.refresh_from_db()
        assert row.predictions == 5
        conserved(row)
    finally:
        second.end_all()


def test_given_a_stop_when_kept_then_the_process_ends_and_the_last_answers_are_counted(tmp_path, watching):
    row = make_service(tmp_path)
    until(watching, row, "live")
    asking.predict(row, ROW)
    process = watching.kept[row.pk].process

    commands.stop_service(by=SYSTEM, service=row.slug)
    settle(watching)

    assert process.poll() is not None
    row.refresh_from_db()
    assert (row.state, row.predictions) == ("stopped", 1)
    commands.start_service(by=SYSTEM, service=row.slug)
    until(watching, row, "live")


class Crowd:
    """Callers who ask all the time, each over its own kept connection; every answer or refusal is kept."""

    def __init__(self, row, callers=4):
        self.row, self.ended = row, threading.Event()
        self.versions, self.problems = [], []
        self.threads = [threading.Thread(target=self._ask) for _caller in range(callers)]

    def _ask(self):
        body = json.dumps(question()).encode()
        while not self.ended.is_set():
            try:
                answer = asking.send(self.row, "POST", f"/v2/models/{self.row.slug}/infer", body)
                self.versions.append(json.loads(answer.body)["model_version"])
            except Exception as problem:
                self.problems.append(problem)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_error):
        self.ended.set()
        for thread in self.threads:
            thread.join(40)


def answered_by(row, version):
    return f'"versions":["{version}"]'.encode() in asking.send(row, "GET", f"/v2/models/{row.slug}").body


def turns_until(watching, true, seconds=40):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        watching.turn()
        if true():
            return
        time.sleep(0.05)
    raise AssertionError(f"not in time: {watching.kept} {watching.upcoming} {watching.draining}")


def test_given_callers_all_the_time_when_redeployed_then_every_one_of_them_is_answered(tmp_path, watching):
    row = make_service(tmp_path)
    until(watching, row, "live")
    other = make_version(tmp_path, row.organisation, name=row.version.model.slug)
    old = watching.kept[row.pk].process

    with Crowd(row) as crowd:
        turns_until(watching, lambda: len(crowd.versions) > 50)
        commands.redeploy_service(by=SYSTEM, service=row.slug, model_version=str(other))
        row.refresh_from_db()
        assert (row.state, row.version.number, row.next_version) == ("live", 1, other)
        turns_until(watching, lambda: old.poll() is not None and not watching.draining)
        asked = len(crowd.versions)
        turns_until(watching, lambda: len(crowd.versions) > asked + 50)

    assert crowd.problems == []
    assert set(crowd.versions) == {"1", "2"}
    assert crowd.versions[-1] == "2"
    settle(watching)
    row.refresh_from_db()
    assert (row.state, row.version, row.next_version) == ("live", other, None)
    assert row.predictions == 2 * len(crowd.versions)  # two rows in each question
    assert not Crash.objects.exists()
    conserved(row)
    assert [name for name in facts_recorded() if "Metered" not in name and "services." in name] == [
        "services.ServiceDeployed",
        "services.ServiceLive",
        "services.ReplacementBegun",
        "services.ServiceLive",
    ]


@pytest.mark.parametrize("moment", ["begun", "started", "taken over"])
def test_given_a_kill_of_the_keeper_while_it_replaces_then_the_next_one_ends_with_the_new_version(
    tmp_path, watching, moment
):
    row = make_service(tmp_path)
    until(watching, row, "live")
    asking.predict(row, ROW)
    other = make_version(tmp_path, row.organisation, name=row.version.model.slug)
    commands.redeploy_service(by=SYSTEM, service=row.slug, model_version=str(other))
    if moment == "started":
        turns_until(watching, lambda: watching.upcoming)
    if moment == "taken over":
        turns_until(watching, lambda: watching.draining)
    # A killed keeper takes its processes with it and writes nothing.
    for kept in (*watching.kept.values(), *watching.upcoming.values(), *watching.draining):
        kept.process.kill()
        kept.process.wait()

    second = keeper.Keeper()
    try:
        turns_until(second, lambda: row.pk in second.kept and second.kept[row.pk].generation == 2)
        row.refresh_from_db()
        turns_until(second, lambda: asking.is_ready(places.socket(row.key)))
        assert answered_by(row, 2)
        asking.predict(row, ROW)
        settle(second)
        row.refresh_from_db()
        assert (row.state, row.version, row.next_version, row.predictions) == ("live", other, None, 2)
        conserved(row)
    finally:
        second.end_all()


def test_given_a_kill_of_the_replacement_then_callers_notice_nothing_and_it_is_started_again(
    tmp_path, watching
):
    row = make_service(tmp_path)
    until(watching, row, "live")
    other = make_version(tmp_path, row.organisation, name=row.version.model.slug)

    with Crowd(row) as crowd:
        commands.redeploy_service(by=SYSTEM, service=row.slug, model_version=str(other))
        watching.turn()
        watching.upcoming[row.pk].process.kill()
        turns_until(watching, lambda: watching.kept[row.pk].generation == 2 and not watching.draining)

    assert crowd.problems == []
    row.refresh_from_db()
    assert (row.state, row.version) == ("live", other)


def test_given_a_replacement_that_cannot_load_then_the_present_version_stays(tmp_path, watching, monkeypatch):
    monkeypatch.setattr(keeper, "LONGEST_WAIT_S", 0.0)
    row = make_service(tmp_path)
    until(watching, row, "live")
    other = make_version(tmp_path, row.organisation, name=row.version.model.slug)
    from bitgoeul.kit.store import store

    kept = store().path(other.artefact).read_bytes()
    store().put(other.artefact, b"spoiled")
    commands.redeploy_service(by=SYSTEM, service=row.slug, model_version=str(other))

    def is_given_up():
        row.refresh_from_db()
        return row.next_version is None

    turns_until(watching, is_given_up)

    assert (row.state, row.version.number, row.note["code"]) == ("live", 1, "services.ReplacementFell")
    assert answered_by(row, 1)
    assert facts_recorded()[-1] == "services.ReplacementGivenUp"
    store().put(other.artefact, kept)
    commands.redeploy_service(by=SYSTEM, service=row.slug, model_version=str(other))
    turns_until(watching, lambda: answered_by(row, 2))


def test_given_a_stop_while_replacing_then_a_later_start_answers_with_the_version_asked_for_last(
    tmp_path, watching
):
    row = make_service(tmp_path)
    until(watching, row, "live")
    other = make_version(tmp_path, row.organisation, name=row.version.model.slug)
    commands.redeploy_service(by=SYSTEM, service=row.slug, model_version=str(other))
    watching.turn()

    commands.stop_service(by=SYSTEM, service=row.slug)
    watching.turn()
    assert not watching.kept
    assert not watching.upcoming
    commands.start_service(by=SYSTEM, service=row.slug)
    until(watching, row, "live")

    assert answered_by(row, 2)


def test_a_service_that_does_not_answer_is_redeployed_at_once(tmp_path, watching):
    row = make_service(tmp_path)
    other = make_version(tmp_path, row.organisation, name=row.version.model.slug)

    commands.redeploy_service(by=SYSTEM, service=row.slug, model_version=str(other))
    until(watching, row, "live")

    assert answered_by(row, 2)
    assert "services.ServiceRedeployed" in facts_recorded()


def test_given_no_credits_left_when_metered_then_it_is_suspended_and_new_credits_resume_it(
    tmp_path, watching
):
    commands.set_price(by=SYSTEM, per_thousand=1_000_000)
    row = make_service(tmp_path, credits=2_500)
    until(watching, row, "live")
    for _time in range(4):
        asking.predict(row, ROW)

    settle(watching)

    balance = conserved(row)
    assert (row.state, row.spent, row.owed, balance.left) == ("suspended", 2_500, 1_500, 0)
    with pytest.raises(asking.Suspended):
        asking.predict(row, ROW)
    settle(watching)
    assert row.pk not in watching.kept

    give_credits(row.organisation, 1_000)
    settle(watching)
    row.refresh_from_db()
    assert row.state == "suspended"  # not enough for what is still to pay

    give_credits(row.organisation, 5_000)
    settle(watching)
    until(watching, row, "live")
    balance = conserved(row)
    assert (row.owed, balance.left) == (0, 4_500)


def test_given_small_prices_when_metered_in_parts_then_no_part_of_a_credit_is_lost(tmp_path):
    commands.set_price(by=SYSTEM, per_thousand=333)
    row = make_service(tmp_path)

    for reading in (1, 2, 3, 10, 1000):
        commands.collect_usage(by=SYSTEM, service=row, epoch="a", reading=reading)
        commands.collect_usage(by=SYSTEM, service=row, epoch="a", reading=reading)

    row.refresh_from_db()
    assert (row.predictions, row.spent, row.carry) == (1000, 333, 0)
    assert sum(Usage.objects.values_list("predictions", flat=True)) == 1000
    conserved(row)


def test_given_a_new_meter_when_read_then_it_counts_from_zero(tmp_path):
    row = make_service(tmp_path)

    commands.collect_usage(by=SYSTEM, service=row, epoch="a", reading=5)
    commands.collect_usage(by=SYSTEM, service=row, epoch="b", reading=3)

    row.refresh_from_db()
    assert (row.predictions, row.meter_epoch, row.meter_read) == (8, "b", 3)


def test_given_a_model_that_cannot_load_when_kept_then_it_is_given_up_with_a_reason(
    tmp_path, watching, monkeypatch
):
    monkeypatch.setattr(keeper, "LONGEST_WAIT_S", 0.0)
    row = make_service(tmp_path)
    from bitgoeul.kit.store import store

    store().put(row.version.artefact, b"spoiled")
    until(watching, row, "failed")

    assert row.note["code"] == "services.KeepsFalling"
    assert Crash.objects.count() == keeper.FALLS_BEFORE_GIVING_UP
    assert "Fail" in Crash.objects.first().detail or "INVALID" in Crash.objects.first().detail
    assert row.pk not in watching.kept


def test_given_a_deaf_process_when_checked_then_it_is_replaced(tmp_path, watching, monkeypatch):
    monkeypatch.setattr(keeper, "HEALTH_EVERY_S", 0.0)
    row = make_service(tmp_path)
    until(watching, row, "live")
    monkeypatch.setattr(asking, "is_ready", lambda *_args, **_kwargs: False)
    for _check in range(keeper.DEAF_AFTER):
        watching.turn()
    monkeypatch.undo()

    row.refresh_from_db()
    assert row.state == "starting"
    assert Crash.objects.get().exit_status is None
    until(watching, row, "live")


def test_the_predictor_sees_neither_network_nor_home(tmp_path, watching):
    if not works():
        pytest.skip("bubblewrap does not work on this machine")
    row = make_service(tmp_path)
    until(watching, row, "live")
    outer = watching.kept[row.pk].process.pid
    children = subprocess.run(
        ["pgrep", "-P", str(outer)], capture_output=True, text=True, check=True
    ).stdout.split()
    inner = int(children[0])

    assert not os.path.exists(f"/proc/{inner}/root{places.folder(row.key).parent / 'keeper.lock'}")
    assert os.readlink(f"/proc/{inner}/ns/net") != os.readlink("/proc/self/ns/net")


@pytest.mark.django_db(transaction=True)
def test_given_a_stop_when_running_then_the_keeper_takes_its_processes_with_it(tmp_path):
    row = make_service(tmp_path, organisation=make_organisation(make_person()))
    stop = threading.Event()
    thread = threading.Thread(target=keeper.run, args=(stop,))
    thread.start()
    try:
        end = time.monotonic() + 40
        while Service.objects.get(pk=row.pk).state != "live" and time.monotonic() < end:
            time.sleep(0.1)
        row.refresh_from_db()
        assert row.state == "live"
        asking.predict(row, ROW)
    finally:
        stop.set()
        thread.join(timeout=20)

    assert not thread.is_alive()
    assert not asking.is_ready(places.socket(row.key))
    row.refresh_from_db()
    assert row.predictions == 1
