"""A job from the queue to its end, and the credits beside it."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from bitgoeul.apps.compute import commands, queries, runner
from bitgoeul.apps.compute.commands import cancel_job, lose_job, retry_job, set_prices
from bitgoeul.apps.compute.errors import CannotIsolate, LargerThanMachine, QueueFull, StillRunning
from bitgoeul.apps.compute.executor import Phase, Probe
from bitgoeul.apps.compute.models import Job, PriceList
from bitgoeul.apps.compute.tests.factories import Hub
from bitgoeul.apps.credits.errors import InsufficientCredits
from bitgoeul.apps.credits.queries import discrepancies
from bitgoeul.apps.people.tests.factories import actor, make_organisation, make_person
from bitgoeul.kit.actor import ANONYMOUS, SYSTEM
from bitgoeul.kit.command import CATALOGUE
from bitgoeul.kit.models import Fact
from bitgoeul.kit.refusals import Forbidden, Invalid, NotFound, StateChanged
from bitgoeul.kit.store import store

pytestmark = pytest.mark.slow

State = Job.State


def facts(job: Job) -> list[str]:
    return [fact.name.removeprefix("compute.") for fact in queries.timeline(job)]


def supervisor(job: Job) -> int:
    return int((queries.executor().root / job.key / "claimed").read_text().split()[0])


@pytest.fixture(autouse=True)
def _books_balance(db):
    yield
    assert discrepancies() == []


# --- from the queue to the end ---------------------------------------------------------


def test_a_job_runs_and_costs_what_was_metered(hub):
    job = hub.submit(
        """
        import json, pathlib
        pathlib.Path("/job/out/model").mkdir()
        pathlib.Path("/job/out/model/model.json").write_text(json.dumps({"읽음": True}))
        pathlib.Path("/job/out/결과 표.csv").write_text("a,b")
        print("학습을 마쳤습니다")
        """
    )
    assert (job.state, hub.balance.held) == (State.QUEUED, job.held)

    hub.until_ended(job)

    assert job.state == State.SUCCEEDED
    assert facts(job) == [
        "JobSubmitted",
        "JobPlaced",
        *(["JobStarted"] * ("JobStarted" in facts(job))),
        "JobSucceeded",
    ]
    assert [entry["name"] for entry in job.outputs] == ["결과 표.csv", "model/model.json"]
    assert (queries.output_dir(job) / "model/model.json").read_text() == '{"읽음": true}'.replace(
        "읽음", "\\uc77d\\uc74c"
    )
    assert queries.log_piece(job).text == "학습을 마쳤습니다\n"
    cost = job.prices.cost(cpu_ms=job.usage["cpu_ms"], memory_mib=256, gpus=0, wall_ms=job.usage["wall_ms"])
    assert 0 < job.spent == cost < job.held
    assert (hub.balance.spent, hub.balance.held) == (job.spent, 0)
    assert queries.executor().attempts() == []


def test_a_program_that_fails_is_a_failed_job_and_its_outputs_are_kept(hub):
    job = hub.run("open('/job/out/trace.txt', 'w').write('x'); print('no such column'); raise SystemExit(2)")

    assert (job.state, job.reason, job.exit_code) == (State.FAILED, "exit", 2)
    assert [entry["name"] for entry in job.outputs] == ["trace.txt"]
    assert "no such column" in queries.log_end(job)
    assert hub.balance.spent == job.spent > 0


@pytest.mark.parametrize(
    ("program", "resources", "reason"),
    [
        ("import time; time.sleep(60)", {"wall_s": 1}, "wall_time"),
        ("x = []\nwhile True: x.append(bytearray(10**7)); bytearray(len(x))", {"memory_mib": 64}, None),
    ],
)
def test_a_job_that_takes_too_much_has_failed(hub, program, resources, reason):
    job = hub.run(program, resources=resources)

    assert job.state == State.FAILED
    assert job.reason in ({reason} if reason else {"memory", "exit"})
    assert job.spent <= job.held


def test_links_among_the_outputs_are_left_out(hub):
    job = hub.run(
        """
        import os
        os.symlink("/etc/passwd", "/job/out/passwd")
        os.symlink("/", "/job/out/everything")
        os.mkfifo("/job/out/pipe")
        open("/job/out/plain", "w").close()
        """
    )

    assert [entry["name"] for entry in job.outputs] == ["plain"]
    assert sorted(job.outputs_left_out) == ["everything", "passwd", "pipe"]


def test_progress_and_meters_are_seen_while_it_runs(hub):
    job = hub.submit(
        """
        import time
        with open("/job/out/progress.jsonl", "a") as file:
            print('{"fraction": 0.4, "message": {"ko": "학습", "en": "training"}}', file=file)
        print("up", flush=True)
        time.sleep(30)
        """
    )
    hub.until_logged(job, "up")

    assert queries.progress(job).percent == 40
    assert queries.progress(job).message == "학습"
    assert queries.cost_so_far(job) >= 0
    assert job.state == State.RUNNING
    cancel_job(by=hub.member, job_id=job.pk)


def test_two_jobs_share_the_machine_and_the_third_waits_and_says_why(hub):
    sleeper = "import time; print('up', flush=True); time.sleep(30)"
    first, second, third = (hub.submit(sleeper) for _ in range(3))
    hub.until_logged(first, "up")
    hub.until_logged(second, "up")

    runner.one_round()
    for job in (first, second, third):
        job.refresh_from_db()
    wait = queries.wait_of(third)

    assert third.state == State.QUEUED
    assert (wait.position, queries.wait_of(first)) == (1, None)
    before = min(first, second, key=lambda job: job.ends_at_the_latest)
    assert str(before.pk) in wait.why
    assert wait.starts_at == before.ends_at_the_latest

    cancel_job(by=hub.member, job_id=first.pk)
    hub.until(third, State.RUNNING)
    assert queries.machine().used.cpus == 2


# --- cancel and retry --------------------------------------------------------------------


def test_cancelling_a_waiting_job_gives_everything_back(hub):
    job = hub.submit()

    cancel_job(by=hub.member, job_id=job.pk)
    cancel_job(by=hub.member, job_id=job.pk)

    job.refresh_from_db()
    assert (job.state, job.spent, hub.balance.held, hub.balance.spent) == (State.CANCELLED, 0, 0, 0)
    assert facts(job) == ["JobSubmitted", "JobCancelled"]


def test_cancelling_a_running_job_costs_what_was_used(hub):
    job = hub.submit("import time; print('up', flush=True); time.sleep(60)")
    hub.until_logged(job, "up")

    cancel_job(by=hub.member, job_id=job.pk)
    cancel_job(by=hub.member, job_id=job.pk)
    hub.until_ended(job)

    assert job.state == State.CANCELLED
    assert 0 < job.spent < job.held
    assert (hub.balance.spent, hub.balance.held) == (job.spent, 0)
    assert facts(job)[-2:] == ["JobCancelRequested", "JobCancelled"]


def test_what_has_ended_cannot_be_cancelled(hub):
    job = hub.run()

    with pytest.raises(StateChanged):
        cancel_job(by=hub.member, job_id=job.pk)


def test_retry_is_a_new_job_with_the_same_program(hub):
    job = hub.run("print('again'); raise SystemExit(1)")

    again = retry_job(by=hub.member, job_id=job.pk)
    hub.until_ended(again)

    assert again.copy_of == job
    assert again.code_sha256 == job.code_sha256
    assert queries.log_end(again) == "again\n"


def test_a_job_that_has_not_ended_is_not_retried(hub):
    job = hub.submit()

    with pytest.raises(StillRunning):
        retry_job(by=hub.member, job_id=job.pk)


# --- refusals leave nothing behind -------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "refusal", "place"),
    [
        ({"resources": {"cpus": 8}}, LargerThanMachine, "8"),
        ({"resources": {"memory_mib": 9999}}, LargerThanMachine, "9.8"),
        ({"resources": {"cpus": 0}}, Invalid, "resources.cpus"),
        ({"resources": {"wall_s": 10**6}}, Invalid, "resources.wall_s"),
        ({"resources": {"tpus": 1}}, Invalid, "resources.tpus"),
        ({"title": " "}, Invalid, "title"),
        ({"command": "python 'open"}, Invalid, "command"),
        ({"parameters": {"x": "y" * 300_000}}, Invalid, "parameters"),
        ({"recipe": "tabular-classifier"}, Invalid, "parameters"),
    ],
)
def test_what_cannot_run_is_refused_and_holds_nothing(hub, fields, refusal, place):
    with pytest.raises(refusal) as refused:
        hub.submit(**fields)

    assert place in str(getattr(refused.value, "errors", refused.value))
    assert (Job.objects.count(), hub.balance.held) == (0, 0)


def test_a_recipe_fills_in_its_defaults(hub):
    job = hub.submit(
        recipe="tabular-classifier", title="", parameters={"name": "delay", "target": "x", "time_column": "t"}
    )

    assert job.command == ["python", "/job/code/train.py"]
    assert job.title == "표 데이터로 예·아니요 예측 모델 만들기"
    assert job.parameters["test_fraction"] == 0.2
    assert len(job.code_sha256) == 64


def test_without_credits_no_job_is_queued(db, home):
    hub = Hub(credits=0)

    with pytest.raises(InsufficientCredits):
        hub.submit()

    assert Job.objects.count() == 0


def test_where_nothing_can_be_isolated_nothing_runs(hub, monkeypatch):
    waiting = hub.submit()
    missing = Probe(False, "not_installed", "bwrap", "sudo apt-get install bubblewrap")
    monkeypatch.setattr(type(queries.executor()), "probe", lambda _self: missing)

    with pytest.raises(CannotIsolate) as refused:
        hub.submit()
    runner.one_round()

    waiting.refresh_from_db()
    assert "apt-get install bubblewrap" in refused.value.what_to_do()
    assert waiting.state == State.QUEUED
    assert "격리" in queries.wait_of(waiting).why or "isolated" in queries.wait_of(waiting).why


def test_an_organisation_cannot_fill_the_queue(hub, monkeypatch):
    monkeypatch.setattr(commands, "MOST_OPEN", 2)
    hub.submit()
    hub.submit()

    with pytest.raises(QueueFull):
        hub.submit()


# --- who may -------------------------------------------------------------------------------


def test_strangers_see_no_job_and_members_do(hub):
    job = hub.submit()
    stranger = actor(make_person())
    operator = actor(make_person(roles=["operator"]))
    colleague = make_person()
    make_organisation(colleague)

    for nobody in (stranger, ANONYMOUS, actor(colleague)):
        assert list(queries.visible_to(nobody)) == []
        with pytest.raises(NotFound):
            cancel_job(by=nobody, job_id=job.pk)
        with pytest.raises(Forbidden):
            hub.submit(by=nobody)
    for somebody in (hub.member, operator, SYSTEM):
        assert list(queries.visible_to(somebody)) == [job]


@pytest.mark.parametrize("roles", [[], ["operator"]])
def test_only_operators_set_prices(db, roles):
    person = actor(make_person(roles=roles))

    if roles:
        set_prices(by=person, cpu_hour=5, memory_gib_hour=6, gpu_hour=7)
        assert queries.prices().cpu_hour == 5
    else:
        with pytest.raises(Forbidden):
            set_prices(by=person, cpu_hour=5, memory_gib_hour=6, gpu_hour=7)


def test_only_the_system_says_what_became_of_a_job(hub):
    job = hub.submit()

    with pytest.raises(Forbidden):
        commands.place_job(by=hub.member, job_id=job.pk)


def test_prices_count_parts_as_whole():
    prices = PriceList(cpu_hour=1000, memory_gib_hour=100, gpu_hour=20_000)

    assert prices.cost(cpu_ms=3_600_000, memory_mib=2048, gpus=0, wall_ms=1_800_000) == 1_100
    assert prices.cost(cpu_ms=1, memory_mib=64, gpus=0, wall_ms=1) == 1
    assert prices.cost(cpu_ms=0, memory_mib=0, gpus=2, wall_ms=3_600_000) == 40_000


# --- whatever is killed ---------------------------------------------------------------------


def test_a_killed_supervisor_costs_nothing_and_the_job_runs_again(hub):
    job = hub.submit(
        "import os, time; print('attempt', flush=True); time.sleep(0 if os.path.exists('/x') else 1.2)"
    )
    hub.until_logged(job, "attempt")

    os.kill(supervisor(job), signal.SIGKILL)
    hub.until(job, State.QUEUED, State.STARTING)
    assert hub.balance.spent == 0
    hub.until_ended(job)

    assert (job.state, job.attempt) == (State.SUCCEEDED, 2)
    assert (hub.balance.spent, hub.balance.held) == (job.spent, 0)
    assert facts(job).count("JobRequeued") == 1


def test_after_the_last_attempt_the_job_has_failed_truthfully(hub):
    job = hub.submit("import time; print('up', flush=True); time.sleep(60)")

    for _ in range(commands.MOST_ATTEMPTS):
        hub.until_logged(job, "up")
        os.kill(supervisor(job), signal.SIGKILL)
        while queries.executor().inspect(job.key).phase is not Phase.LOST:
            time.sleep(0.02)
        runner.one_round()
        job.refresh_from_db()

    assert (job.state, job.reason, job.spent) == (State.FAILED, "lost", 0)
    assert (hub.balance.spent, hub.balance.held) == (0, 0)


def test_when_the_credits_for_another_attempt_are_gone_the_job_has_failed(db, home):
    hub = Hub(credits=0)
    from bitgoeul.apps.credits.tests.factories import make_tranche

    moment = dt.datetime.now(dt.UTC)
    make_tranche(
        hub.organisation,
        10_000,
        starts_at=moment - dt.timedelta(days=2),
        ends_at=moment + dt.timedelta(days=1),
    )
    job = hub.submit()
    commands.place_job(by=SYSTEM, job_id=job.pk)

    from bitgoeul.kit import clock

    with clock.frozen(moment + dt.timedelta(days=3)):
        lose_job(by=SYSTEM, job_id=job.pk, attempt=1, reason=Job.Reason.LOST)

    job.refresh_from_db()
    assert (job.state, job.reason) == (State.FAILED, "credits")
    assert hub.balance.held == 0


def test_a_runner_killed_between_any_two_steps_is_continued_by_the_next(hub, monkeypatch):
    """Stop the runner at each of its steps in turn, then let another one go on."""

    class Killed(BaseException):
        pass

    for step in ("unpack", "prepare", "start", "collect", "end_job", "forget"):
        job = hub.submit("open('/job/out/x', 'w').write('1'); print('once')")
        with monkeypatch.context() as patch:

            def killed(*_arguments, **_names):
                raise Killed

            if step in {"prepare", "start", "forget"}:
                patch.setattr(type(queries.executor()), step, killed)
            elif step == "unpack":
                patch.setattr(runner.archives, step, killed)
            else:
                patch.setattr(runner, step, killed)
            with pytest.raises(Killed):
                hub.until_ended(job)

        hub.until_ended(job)
        runner.one_round()

        assert (job.state, job.attempt) == (State.SUCCEEDED, 1), step
        assert queries.log_piece(job).text == "once\n", step
        assert queries.executor().attempts() == [], step
    assert hub.balance.spent == sum(Job.objects.values_list("spent", flat=True))
    assert hub.balance.held == 0


def test_a_store_that_does_not_answer_never_turns_a_running_job_into_a_failed_one(hub, monkeypatch):
    job = hub.submit("open('/job/out/x', 'w').write('1')")
    with monkeypatch.context() as patch:

        def full(*_arguments):
            raise OSError(28, "No space left on device")

        hub.until(job, State.STARTING, State.RUNNING)
        patch.setattr(type(store()), "put", full)
        for _ in range(10):
            runner.one_round()
            time.sleep(0.1)
        job.refresh_from_db()
        assert job.state in {State.STARTING, State.RUNNING}

    assert hub.until_ended(job).state == State.SUCCEEDED


def test_a_run_whose_folder_is_gone_is_lost_and_runs_again(hub):
    job = hub.submit("print('up', flush=True)")
    hub.until(job, State.STARTING, State.RUNNING)
    while queries.executor().inspect(job.key).phase is not Phase.ENDED:
        time.sleep(0.02)
    if job.state == State.STARTING:
        commands.start_job(by=SYSTEM, job_id=job.pk, attempt=1)
    shutil.rmtree(queries.executor().root / job.key)

    hub.until_ended(job)

    assert (job.state, job.attempt) == (State.SUCCEEDED, 2)


def test_an_attempt_that_nobody_waits_for_is_stopped_and_removed(hub):
    job = hub.submit("import time; print('up', flush=True); time.sleep(60)")
    hub.until_logged(job, "up")
    Job.objects.filter(pk=job.pk).update(state=State.FAILED)

    give_up = time.monotonic() + 20
    while queries.executor().attempts() and time.monotonic() < give_up:
        runner.one_round()
        time.sleep(0.05)

    assert queries.executor().attempts() == []
    Job.objects.filter(pk=job.pk).update(state=State.RUNNING)
    lose_job(by=SYSTEM, job_id=job.pk, attempt=1, reason="lost")


def test_every_ending_is_one_fact(hub):
    hub.run()
    hub.run("raise SystemExit(1)")

    ends = Fact.objects.filter(name__in=["compute.JobSucceeded", "compute.JobFailed"])
    assert sorted(ends.values_list("data__job", flat=True)) == sorted(
        Job.objects.values_list("pk", flat=True)
    )


def test_the_readme_shows_the_arrows_and_names_every_command():
    readme = (Path(commands.__file__).parent / "README.md").read_text()

    assert Job.FLOW.mermaid() in readme
    for name in CATALOGUE:
        if name.startswith("compute."):
            assert f"`{name.removeprefix('compute.')}`" in readme
