"""What the worker does for the registry."""

from __future__ import annotations

from typing import Any

from bitgoeul.apps.compute.models import Job
from bitgoeul.apps.registry.errors import ModelRefused
from bitgoeul.apps.registry.intake import take_in
from bitgoeul.apps.registry.models import ModelVersion
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.store import store

ARTEFACT, DOCUMENT = "model/model.onnx", "model/model.json"


def register_from_job(fact: Fact) -> ModelVersion | None:
    """Register the model that a finished job left in ``model/``; a job without one is nothing to us."""
    job = Job.objects.select_related("organisation").get(pk=fact.data["job"])
    # The job's own list holds plain files only: links never leave the sandbox.
    kept = {entry["name"]: entry["stored"] for entry in job.outputs}
    if ARTEFACT not in kept or DOCUMENT not in kept:
        return None
    with store().open(kept[DOCUMENT]) as file:
        document = file.read()
    try:
        return take_in(
            by=SYSTEM,
            organisation=job.organisation,
            artefact=store().path(kept[ARTEFACT]),
            document=document,
            reference=f"job:{job.pk}",
            lineage=lineage_of(job),
            keep_refusal=True,
        )
    except ModelRefused:
        return None  # the reason is written down, for the organisation to see


def lineage_of(job: Job) -> dict[str, Any]:
    """Where a job's model comes from: job, program, dataset versions, parameters."""
    return {
        "source": "job",
        "job": str(job.pk),
        "job_title": job.title,
        "recipe": job.recipe,
        "code_sha256": job.code_sha256,
        "datasets": list(job.inputs),
        "parameters": job.parameters,
    }
