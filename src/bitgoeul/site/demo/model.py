"""Step 6: see the model version that the job registered: file, schema, metrics, plots, lineage, card."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from bitgoeul.site.demo.client import StepFailed, hold

if TYPE_CHECKING:
    from bitgoeul.site.demo.journey import Journey

TITLE = "See the model: metrics on held-out days, plots, lineage, card"


def run(journey: Journey) -> None:
    member, job = journey.member, journey.kept["job"]
    made = member.wait_for(f"/api/registry/registrations?job={job}", bool, within_s=60)[0]
    if made["model"] is None:
        raise StepFailed(f"the model was not registered: {made['title']} {made['remedy']}")
    path = f"/api/registry/models/{made['model']}/versions/{made['version']}"
    version = member.get(path)
    journey.progress(0.3, "downloading the ONNX file")
    content = member.ask("GET", version["file"]).content
    hold(hashlib.sha256(content).hexdigest() == version["sha256"], "the ONNX file is not the registered one")
    journey.progress(0.6, "reading its card")
    metrics = version["metrics"]
    hold(version["inputs"] and version["outputs"], "the model has no schema")
    hold(version["curves"].get("roc") and version["curves"].get("calibration"), "the plots are missing")
    hold(version["split"], "it is not said how the data was split")
    lineage = str(version["lineage"])
    hold(str(job) in lineage, "the lineage does not lead to the job")
    hold(journey.kept["training_data"].partition("@")[0] in lineage, "the lineage does not lead to the data")
    for language in ("ko", "en"):
        page = journey.member.ask(
            "GET", version["url"], headers={"Accept": "text/html", "Accept-Language": language}
        )
        hold("<svg" in page.text, "the model's page shows no plot")
    journey.kept |= {"model": made["model"], "version": made["version"], "inputs": version["inputs"]}
    journey.results["metrics"] = metrics
    journey.say(f"{version['reference']}: {', '.join(f'{name} {value}' for name, value in metrics.items())}")
