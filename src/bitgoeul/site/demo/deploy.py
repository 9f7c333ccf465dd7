"""Step 7: deploy the model as a mobility service: Open Inference Protocol and a public page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitgoeul.site.demo.client import hold

if TYPE_CHECKING:
    from bitgoeul.site.demo.journey import Journey

TITLE = "Deploy it as a service of the mobility sector"


def run(journey: Journey) -> None:
    member, slug = journey.member, f"late-arrival-{journey.tag}"
    service = member.post(
        "/api/services/",
        {
            "version": f"{journey.kept['model']}@{journey.kept['version']}",
            "slug": slug,
            "title": {"ko": "항공편 지연 도착 예측", "en": "Late arrival of a flight"},
            "description": {
                "ko": "출발 전에 아는 것만으로 15분 넘게 늦게 도착할 확률을 답합니다.",
                "en": "Tells, from what is known before departure, how likely a late arrival is.",
            },
            "sector": "mobility",
            "public": True,
        },
    )
    service = member.wait_for(
        f"/api/services/{slug}", lambda row: row["state"] not in {"draft", "starting"}, within_s=60
    )
    hold(service["state"] == "live", f"the service is {service['state']}: {service['why']}")
    journey.progress(0.7, "asking whether it is ready")
    journey.visitor.ask("GET", f"/v2/models/{slug}/ready")
    described = journey.visitor.get(f"/v2/models/{slug}")
    hold({each["name"] for each in described["inputs"]}, "the service does not tell its inputs")
    for language in ("ko", "en"):
        page = journey.visitor.ask(
            "GET", service["url"], headers={"Accept": "text/html", "Accept-Language": language}
        )
        hold(
            "<form" in page.text and service["title"][language] in page.text, "the service has no public page"
        )
    journey.kept |= {"service": slug, "described": described}
    journey.results["service_url"] = service["url"]
    journey.say(service["url"])
