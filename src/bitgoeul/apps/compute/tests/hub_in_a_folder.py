"""A hub of its own in BITGOEUL_HOME, for tests that kill its processes.

python -m bitgoeul.apps.compute.tests.hub_in_a_folder open | submit N | report
"""

from __future__ import annotations

import json
import os
import sys

PROGRAM = """
import os, sys, time
print("begin", flush=True)
end = time.monotonic() + float(os.environ.get("SECONDS", "{seconds}"))
while time.monotonic() < end: sum(range(1000)); time.sleep(0.01)
open("/job/out/done.txt", "w").write("{number}")
print("done", flush=True)
sys.exit({code})
"""


def open_hub() -> dict[str, object]:
    from django.core.management import call_command

    from bitgoeul.apps.credits.tests.factories import make_tranche
    from bitgoeul.apps.people.tests.factories import make_organisation, make_person

    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    make_tranche(make_organisation(make_person()), amount=500_000)
    return {}


def submit(count: int) -> dict[str, object]:
    from bitgoeul.apps.compute.commands import submit_job
    from bitgoeul.apps.people.models import Organisation, Person
    from bitgoeul.apps.people.queries import actor_for

    by, organisation = actor_for(Person.objects.get()), Organisation.objects.get()
    jobs = [
        submit_job(
            by=by,
            organisation=organisation,
            title=f"작업 {number}",
            code=("main.py", PROGRAM.format(number=number, seconds=1.0, code=number % 3 == 2).encode()),
            command=["python", "-S", "/job/code/main.py"],
            resources={"memory_mib": 128, "wall_s": 60},
        ).pk
        for number in range(count)
    ]
    return {"jobs": jobs}


def report() -> dict[str, object]:
    from bitgoeul.apps.compute import queries
    from bitgoeul.apps.compute.models import Job
    from bitgoeul.apps.credits.queries import balance, discrepancies
    from bitgoeul.apps.people.models import Organisation
    from bitgoeul.kit.models import Fact

    ends = ["compute.JobSucceeded", "compute.JobFailed", "compute.JobCancelled"]
    money = balance(Organisation.objects.get())
    return {
        "jobs": [
            {
                "id": job.pk,
                "state": job.state,
                "reason": job.reason,
                "attempt": job.attempt,
                "spent": job.spent,
                "ended": job.has_ended,
                "log": queries.log_end(job),
                "outputs": [entry["name"] for entry in job.outputs],
                "ends": Fact.objects.filter(name__in=ends, data__job=job.pk).count(),
                "requeued": Fact.objects.filter(name="compute.JobRequeued", data__job=job.pk).count(),
            }
            for job in Job.objects.order_by("id")
        ],
        "money": {name: getattr(money, name) for name in ("granted", "spent", "held", "left")},
        "wrong": [str(found) for found in discrepancies()],
        "attempts": queries.executor().attempts(),
    }


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "bitgoeul.site.settings"
    import django

    django.setup()
    word = sys.argv[1]
    told = open_hub() if word == "open" else submit(int(sys.argv[2])) if word == "submit" else report()
    print(json.dumps(told))


if __name__ == "__main__":
    main()
