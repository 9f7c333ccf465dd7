"""One valid, boring job; variety is asked for by name."""

from __future__ import annotations

import textwrap
import time
from typing import Any

from bitgoeul.apps.compute import queries, runner
from bitgoeul.apps.compute.commands import submit_job
from bitgoeul.apps.compute.executor import Phase
from bitgoeul.apps.compute.models import Job
from bitgoeul.apps.credits.queries import Balance, balance
from bitgoeul.apps.credits.tests.factories import make_tranche
from bitgoeul.apps.people.tests.factories import actor, make_organisation, make_person

PATIENCE_S = 40


class Hub:
    """A member, an organisation with 100 credits, and the runner turned by hand."""

    def __init__(self, credits: int = 100_000) -> None:
        self.person = make_person()
        self.organisation = make_organisation(self.person)
        if credits:
            make_tranche(self.organisation, amount=credits)

    @property
    def member(self):
        return actor(self.person)

    @property
    def balance(self) -> Balance:
        return balance(self.organisation)

    def submit(self, program: str = "print('done')", **fields: Any) -> Job:
        resources = {"memory_mib": 256, "wall_s": 30} | fields.pop("resources", {})
        defaults = {"title": "작업", "organisation": self.organisation, "by": self.member}
        if "recipe" not in fields and "code" not in fields:
            defaults["code"] = ("main.py", textwrap.dedent(program).encode())
            defaults["command"] = ["python", "-S", "/job/code/main.py"]
        return submit_job(**defaults | fields, resources=resources)

    def until(self, job: Job, *states: str) -> Job:
        """Turn the runner until the job is in one of these states."""
        give_up = time.monotonic() + PATIENCE_S
        while time.monotonic() < give_up:
            runner.one_round()
            job.refresh_from_db()
            if job.state in states:
                return job
            time.sleep(0.05)
        raise AssertionError(f"job is {job.state} after {PATIENCE_S} s; log: {queries.log_end(job)}")

    def until_ended(self, job: Job) -> Job:
        return self.until(job, Job.State.SUCCEEDED, Job.State.FAILED, Job.State.CANCELLED)

    def until_logged(self, job: Job, word: str) -> None:
        self.until(job, Job.State.RUNNING)
        give_up = time.monotonic() + PATIENCE_S
        while word not in queries.log_end(job):
            assert time.monotonic() < give_up
            time.sleep(0.02)

    def run(self, program: str = "print('done')", **fields: Any) -> Job:
        return self.until_ended(self.submit(program, **fields))

    def stop_everything(self) -> None:
        executor = queries.executor()
        for key in executor.attempts():
            executor.cancel(key)
            while executor.inspect(key).phase is Phase.RUNNING:
                time.sleep(0.02)
            executor.forget(key)
