"""Step 8: another visitor asks the service, by program and on its page; its meter moves."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

from bitgoeul.site.demo.client import hold

if TYPE_CHECKING:
    from bitgoeul.site.demo.journey import Journey

TITLE = "Ask it as another visitor, watch its meter"
FLIGHT = {
    "carrier": "UA", "origin": "EWR", "dest": "IAH", "departure_hour": 18, "weekday": 5, "distance": 1400,
    "plane_year": 2004, "seats": 149, "temperature": 71.1, "humidity": 68.0, "wind_speed": 12.7,
    "precipitation": 0.0, "visibility": 10.0, "pressure": 1009.4, "dest_latitude": 29.98,
}  # fmt: skip
ASKED = 25


def tensors(described: dict[str, Any], rows: int) -> list[dict[str, Any]]:
    """The flight ``rows`` times, in the shape in which the Open Inference Protocol wants it."""
    return [
        {"name": each["name"], "datatype": each["datatype"], "shape": [rows, 1],
         "data": [FLIGHT[each["name"]]] * rows}
        for each in described["inputs"]
    ]  # fmt: skip


def run(journey: Journey) -> None:
    visitor, slug = journey.visitor, journey.kept["service"]
    described = journey.kept["described"]
    before = visitor.get(f"/api/services/{slug}")["predictions_total"]

    answer = visitor.post(f"/v2/models/{slug}/infer", {"inputs": tensors(described, ASKED)})
    outputs = {each["name"]: each["data"] for each in answer["outputs"]}
    chance = float(outputs["probability"][0])
    hold(0 < chance < 1 and len(outputs["probability"]) == ASKED, f"the answer is no probability: {outputs}")
    refused = visitor.ask("POST", f"/v2/models/{slug}/infer", json={"inputs": []}, expect=(400, 422))
    hold(refused.json(), "a request without inputs was not explained")

    journey.progress(0.4, "asking on its page, in Korean and English")
    values = {f"in-{name}": value for name, value in FLIGHT.items()} | {"ask": "1"}
    percent = f"{round(100 * chance)}%"
    for language in ("ko", "en"):
        page = visitor.ask("GET", f"/services/{slug}/", params=values,
                           headers={"Accept": "text/html", "Accept-Language": language}).text  # fmt: skip
        words = html.unescape(re.sub(r"<[^>]+>", " ", page))
        hold(percent in words, f"the page does not answer {percent} in {language}")

    journey.progress(0.7, "waiting for the meter")
    asked = ASKED + 2
    usage = journey.member.wait_for(
        f"/api/services/{slug}/usage",
        lambda rows: sum(row["predictions"] for row in rows) >= asked,
        within_s=60,
    )
    after = visitor.get(f"/api/services/{slug}")["predictions_total"]
    hold(after >= before + asked, f"the meter shows {after}, {asked} were asked")
    cost = sum(row["cost"] for row in usage)
    journey.say(f"the answer: {percent}; {after} predictions metered, {cost} milli-credits")
