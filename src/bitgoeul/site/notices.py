"""What the hub tells people about their jobs, services and credits.

These capabilities lie above the inbox or beside it, and know nothing of each other; here they meet.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from bitgoeul.apps.compute.models import Job
from bitgoeul.apps.notices.commands import notify
from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.services.models import Service
from bitgoeul.engines.credits import written
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.text import translated

JOB_DONE = _("Job “%(job)s” is done")
JOB_DONE_TEXT = _("It used %(spent)s credits. What was held beyond that is back.")
JOB_FAILED = _("Job “%(job)s” failed")
RUNNING_LOW = _("Credits of “%(organisation)s” run low")
RUNNING_LOW_TEXT = _("%(left)s of %(granted)s credits are left. Look at the open calls in time.")
EXHAUSTED = _("Credits of “%(organisation)s” are used up")
EXHAUSTED_TEXT = _("New work is refused until more credits are granted. Apply to an open call.")
SUSPENDED = _("Service “%(service)s” is suspended")
SUSPENDED_TEXT = _("It answers again as soon as there are credits for it.")
CRASHED = _("Service “%(service)s” has ended unexpectedly")
CRASHED_TEXT = _("It is started again by itself. Look at its page if this happens more often.")
SERVICE_FAILED = _("Service “%(service)s” could not be kept running")
SERVICE_FAILED_TEXT = _("It is stopped. Its page says why, and starts it again.")

# Whom money concerns.
PURSE = frozenset({"owner", "finance"})


def _tell(fact: Fact, title: Any, text: Any, **more: Any) -> None:
    notify(
        by=SYSTEM, key=f"fact:{fact.pk}", kind=fact.name, title=translated(title, **more.pop("named")),
        text=text, **more,
    )  # fmt: skip


def _organisation(fact: Fact) -> Organisation:
    return Organisation.objects.get(public_id=fact.organisation)


def tell_job_succeeded(fact: Fact) -> None:
    """To whoever submitted it; no mail, for jobs are many."""
    job = Job.objects.select_related("submitted_by").get(pk=fact.data["job"])
    _tell(
        fact,
        JOB_DONE,
        translated(JOB_DONE_TEXT, spent=written(fact.data["spent"])),
        named={"job": job.title},
        tone="ok",
        url=f"/compute/jobs/{job.pk}/",
        people=[job.submitted_by] if job.submitted_by else [],
        mail=False,
    )


def tell_job_failed(fact: Fact) -> None:
    job = Job.objects.select_related("submitted_by").get(pk=fact.data["job"])
    _tell(
        fact,
        JOB_FAILED,
        translated(Job.Reason(fact.data["reason"]).label),
        named={"job": job.title},
        tone="stop",
        url=f"/compute/jobs/{job.pk}/",
        people=[job.submitted_by] if job.submitted_by else [],
    )


def tell_credits_low(fact: Fact) -> None:
    organisation = _organisation(fact)
    left, granted = (written(fact.data[name]) for name in ("left", "granted"))
    _tell(
        fact,
        RUNNING_LOW,
        translated(RUNNING_LOW_TEXT, left=left, granted=granted),
        named={"organisation": organisation.name},
        tone="wait",
        url=f"/credits/{organisation.slug}/",
        organisation=organisation,
        roles=PURSE,
    )


def tell_credits_exhausted(fact: Fact) -> None:
    organisation = _organisation(fact)
    _tell(
        fact,
        EXHAUSTED,
        translated(EXHAUSTED_TEXT),
        named={"organisation": organisation.name},
        tone="stop",
        url=f"/credits/{organisation.slug}/",
        organisation=organisation,
        roles=PURSE,
    )


def _tell_of_service(fact: Fact, title: Any, text: Any, *, mail: bool) -> None:
    service = Service.objects.select_related("organisation").get(slug=fact.data["service"])
    _tell(
        fact,
        title,
        translated(text),
        named={"service": service.title},
        tone="stop",
        url=f"/services/{service.slug}/",
        organisation=service.organisation,
        mail=mail,
    )


def tell_service_suspended(fact: Fact) -> None:
    _tell_of_service(fact, SUSPENDED, SUSPENDED_TEXT, mail=True)


def tell_service_failed(fact: Fact) -> None:
    _tell_of_service(fact, SERVICE_FAILED, SERVICE_FAILED_TEXT, mail=True)


def tell_service_crashed(fact: Fact) -> None:
    """A crash mends itself, so it is told without mail."""
    _tell_of_service(fact, CRASHED, CRASHED_TEXT, mail=False)
