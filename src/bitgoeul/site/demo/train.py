"""Step 5: train a model in an isolated job, with live log and progress; credits held, then settled."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bitgoeul.site.demo.client import hold
from bitgoeul.site.demo.combine import EXAMPLE

if TYPE_CHECKING:
    from bitgoeul.site.demo.journey import Journey

TITLE = "Train: will the flight arrive more than 15 minutes late?"
RECIPE = "tabular-classifier"


def run(journey: Journey) -> None:
    member = journey.member
    before = member.get(f"/api/credits/{journey.organisation}")
    parameters = json.loads((EXAMPLE / "flights.json").read_text())
    parameters["name"] = f"late-arrival-{journey.tag}"
    job = member.post(
        "/api/compute/jobs",
        {
            "organisation": journey.organisation,
            "title": "Late arrivals",
            "recipe": RECIPE,
            "inputs": [journey.kept["training_data"]],
            "parameters": parameters,
        },
    )
    path = f"/api/compute/jobs/{job['id']}"
    held = member.get(f"/api/credits/{journey.organisation}")["held"]
    hold(
        job["held"] > 0 and (held == job["held"] or job["ended"]),
        "no credits were held before the job starts",
    )
    log = _Log(journey, path)
    ended = member.wait_for(path, lambda row: row["ended"], within_s=170, seen=log.follow)
    log.follow(ended)
    hold(
        ended["state"] == "succeeded",
        f"the job ended as {ended['state']}: {ended['reason_text']} {log.text[-600:]}",
    )
    hold(log.text.strip(), "the job left no log")
    # The ledger is settled by the worker a moment after the job's end.
    after = member.wait_for(
        f"/api/credits/{journey.organisation}", lambda account: account["held"] == before["held"], within_s=30
    )
    hold(0 < ended["spent"] <= job["held"], f"{ended['spent']} was metered of {job['held']} held")
    hold(after["spent"] - before["spent"] == ended["spent"], "the account was charged another amount")
    journey.kept["job"] = ended["id"]
    journey.say(f"held {job['held']} milli-credits, metered and spent {ended['spent']}")


class _Log:
    """Reads on in the job's log while it runs."""

    def __init__(self, journey: Journey, path: str) -> None:
        self.journey, self.path, self.text, self.offset = journey, path, "", 0

    def follow(self, job: dict[str, Any]) -> None:
        piece = self.journey.member.get(f"{self.path}/log", offset=self.offset)
        self.text, self.offset = self.text + piece["text"], piece["next"]
        progress = job["progress"]
        self.journey.progress(progress["fraction"] or 0.0, progress["message"] or job["state"])
