"""Step 2: read the open calls, apply to TRY, see each clause, receive credits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitgoeul.site.demo.client import hold

if TYPE_CHECKING:
    from bitgoeul.site.demo.journey import Journey

TITLE = "Read the open calls, apply to TRY, receive credits"
_MARKS = {"pass": "✓", "fail": "✗", "unknown": "?"}


def run(journey: Journey) -> None:
    member = journey.member
    calls = member.get("/api/programmes/calls")["items"]
    chosen = next((call for call in calls if call["tier"] == "TRY" and call["accepts"]), None)
    hold(chosen, f"no call TRY takes applications now; open are: {[call['slug'] for call in calls]}")
    slug = chosen["slug"]  # type: ignore[index]
    answers = {
        "purpose": "Will a flight arrive more than fifteen minutes late? A first model on public data.",
        "sector": "mobility",
        "personal_data": False,
    }
    form = member.get(f"/api/programmes/calls/{slug}")["form"]["properties"]
    answers = {name: value for name, value in answers.items() if name in form}
    about = {"organisation": journey.organisation, "answers": answers}
    checked = member.post(f"/api/programmes/calls/{slug}/check", about)
    for clause in checked["clauses"]:
        journey.say(f"{_MARKS[clause['result']]} {clause['title']['en']}: {clause['reason']['en']}")
    hold(checked["verdict"] == "pass", f"the organisation does not meet the call: {checked['problems']}")
    journey.progress(0.5, "applying")
    application = member.post(f"/api/programmes/calls/{slug}/applications", about | {"accept_terms": True})
    if application["grant"] is None:
        application = member.wait_for(
            f"/api/programmes/applications/{application['id']}", lambda row: row["grant"], within_s=30
        )
    granted = application["grant"]["credits"]
    account = member.get(f"/api/credits/{journey.organisation}")
    hold(granted > 0, "the grant gives nothing")
    journey.kept["granted"] = granted
    journey.kept["account_at_start"] = account
    journey.say(f"{granted / 1000:g} credits until {application['grant']['ends_at'][:10]}")
