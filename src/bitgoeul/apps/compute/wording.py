"""What the pages say about a job: its facts as sentences, its lineage as chips."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bitgoeul.apps.compute.models import Job
from bitgoeul.apps.compute.queries import Input
from bitgoeul.kit.models import Fact
from bitgoeul.kit.ui.wording import credits_of


@dataclass(frozen=True)
class Moment:
    """One line of the timeline; ``kind`` is d (done), n (now), x (went wrong) or "" (to come)."""

    text: str
    at: dt.datetime | None
    kind: str


def timeline(job: Job, facts: Sequence[Fact]) -> list[Moment]:
    """The facts about a job as sentences, then what is to come."""
    moments = [Moment(_sentence(fact), fact.at, _kind(fact)) for fact in facts]
    match job.state:
        case Job.State.QUEUED:
            moments.append(Moment(gettext("It waits for its place"), None, "n"))
            moments += [
                Moment(text, None, "") for text in (gettext("Run"), gettext("Collect outputs and settle"))
            ]
        case Job.State.STARTING:
            moments.append(Moment(gettext("The program and its data are being laid out"), None, "n"))
            moments.append(Moment(gettext("Collect outputs and settle"), None, ""))
        case Job.State.RUNNING:
            moments.append(Moment(gettext("The program runs"), None, "n"))
            moments.append(Moment(gettext("Collect outputs and settle"), None, ""))
    return moments


def _kind(fact: Fact) -> str:
    return "x" if fact.name in {"compute.JobFailed", "compute.JobRequeued"} else "d"


SENTENCES = {
    "compute.JobSubmitted": _("Submitted, and %(held)s credits set aside"),
    "compute.JobPlaced": _("Got its place on the machine"),
    "compute.JobStarted": _("The program started, in isolation and without a network"),
    "compute.JobCancelRequested": _("Asked to end"),
    "compute.JobSucceeded": _("Succeeded: %(outputs)s outputs, %(spent)s credits spent"),
    "compute.JobFailed": _("Failed, %(spent)s credits spent. %(why)s"),
    "compute.JobCancelled": _("Cancelled, %(spent)s credits spent"),
    "compute.JobRequeued": _(
        "Attempt %(attempt)s was lost through no fault of the program; another one waits"
    ),
}


def _sentence(fact: Fact) -> str:
    told = dict(fact.data)
    for name in ("held", "spent"):
        if name in told:
            told[name] = credits_of(told[name])
    if "reason" in told:
        told["why"] = str(Job.Reason(told["reason"]).label)
    return str(SENTENCES.get(fact.name, fact.name)) % told


def lineage(job: Job, inputs: Sequence[Input], models: Sequence[tuple[str, str]]) -> list[dict[str, object]]:
    """Data, this job, and the models that came of it."""
    chips: list[dict[str, object]] = [{"label": one.title, "url": one.url, "on": False} for one in inputs]
    chips.append({"label": gettext("Job %(n)s") % {"n": job.pk}, "url": "", "on": True})
    if models:
        chips += [{"label": label, "url": url, "on": False} for label, url in models]
    elif job.recipe and not job.has_ended:
        chips.append({"label": gettext("Model"), "url": "", "on": False})
    return chips


def parameters(job: Job) -> list[tuple[str, str, bool]]:
    """The parameters as (name, value, whether it fits a line); lists and objects are told as JSON."""
    return [
        (name, value, True)
        if isinstance(value, str)
        else (name, json.dumps(value, ensure_ascii=False, indent=2), not isinstance(value, dict | list))
        for name, value in job.parameters.items()
    ]
