"""The main job: from nothing to a live, metered AI service on real data, as a program of a new member."""

import time

import httpx

from bitgoeul.site.demo import use


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
    name = httpx.URL(demo[1]["service_url"]).path.strip("/").rpartition("/")[2]
    deadline = time.monotonic() + 90

    while httpx.get(f"{hub.url}/v2/models/{name}/ready", timeout=60).status_code != 200:
        assert time.monotonic() < deadline, "its process did not come back"
        time.sleep(0.5)

    described = httpx.get(f"{hub.url}/v2/models/{name}", timeout=60).json()
    question = {"inputs": use.tensors(described, 1)}
    answer = httpx.post(f"{hub.url}/v2/models/{name}/infer", json=question, timeout=60)
    assert answer.status_code == 200, answer.text
