"""Step 9: the statement balances; the record is sealed, exported and verified offline."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from bitgoeul.site.demo.client import hold

if TYPE_CHECKING:
    from bitgoeul.site.demo.journey import Journey

TITLE = "Read the statement, export the record, verify it offline"


def run(journey: Journey) -> None:
    member, slug = journey.member, journey.organisation
    closing = member.get(f"/api/credits/{slug}/statement")["closing"]
    granted, spent, held, left = (closing[name] for name in ("granted", "spent", "held", "left"))
    journey.say(f"granted {granted} = spent {spent} + held {held} + left {left} milli-credits")
    hold(granted == spent + held + left, "the statement does not balance")
    hold(granted == journey.kept["granted"], "the statement shows another grant")
    hold(spent > 0, "nothing was spent, although a job ran")
    journey.results["credits"] = {"granted": granted, "spent": spent, "held": held, "left": left}

    journey.progress(0.3, "waiting for the seal")
    organisation = member.get(f"/api/people/organisations/{slug}")["id"]
    newest = f"/api/record/facts?organisation={organisation}"
    member.wait_for(
        newest, lambda page: page["items"] and page["items"][0]["position"] is not None, within_s=60
    )

    journey.progress(0.6, "downloading the record")
    file = journey.folder / "record.jsonl"
    with member.http.stream("GET", "/api/record/export") as answer, file.open("wb") as target:
        hold(answer.status_code == 200, f"the record cannot be downloaded: {answer.status_code}")
        for chunk in answer.iter_bytes():
            target.write(chunk)

    journey.progress(0.8, "verifying")
    verified = subprocess.run(
        [sys.executable, "-m", "bitgoeul", "record", "verify", str(file), "--json"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    hold(verified.returncode == 0, f"the record does not verify: {verified.stdout}{verified.stderr}")
    report = json.loads(verified.stdout.splitlines()[-1])
    journey.results["record"] = {"facts": report["facts"], "root": report["root"], "verified": True}
    journey.say(f"{report['facts']} facts verified, root {report['root'][:16]}…")
