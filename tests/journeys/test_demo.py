"""The main job: from nothing to a live, metered AI service on real data, as a program of a new member."""

import httpx


def test_a_new_member_goes_from_nothing_to_a_metered_service(demo):
    _hub, report = demo

    assert [step["name"] for step in report["steps"] if not step["ok"]] == [], report["told"]
    assert report["status"] == 0
    assert len(report["steps"]) == 9
    assert report["rows"] == 336_776
    assert report["record"]["verified"]


def test_credits_balance_to_the_last_thousandth(demo):
    credits = demo[1]["credits"]

    assert credits["granted"] == credits["spent"] + credits["held"] + credits["left"]
    assert credits["spent"] > 0


def test_the_model_is_honest(demo):
    """A model that is much better than this has seen the departure delay; much worse has learnt nothing."""
    auc = float(demo[1]["metrics"]["auc"])

    assert 0.6 < auc < 0.8


def test_the_service_still_answers_after_the_hub_was_stopped_and_started(hub, demo):
    service = demo[1]["service_url"]

    page = httpx.get(
        hub.url + httpx.URL(service).path, headers={"Accept": "text/html"}, follow_redirects=True
    )

    assert page.status_code == 200
