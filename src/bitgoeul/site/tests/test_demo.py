"""The parts of the demonstration that need no hub."""

import io
import sys
import types

import httpx
import pytest

from bitgoeul.engines.identity import business_number
from bitgoeul.site.demo import combine, display, join, journey, publish
from bitgoeul.site.demo.client import Api, StepFailed, hold


def answering(*answers):
    """A caller whose hub gives these answers in turn; an exception is an answer that got lost."""
    waiting = list(answers)

    def answer(_request):
        given = waiting.pop(0)
        if isinstance(given, Exception):
            raise given
        return given

    api = Api("http://hub", patience_s=1)
    api.http = httpx.Client(base_url="http://hub", transport=httpx.MockTransport(answer))
    return api


def test_a_lost_answer_is_asked_for_again():
    api = answering(httpx.ConnectError("gone"), httpx.Response(503), httpx.Response(200, json={"a": 1}))

    assert api.get("/x") == {"a": 1}


def test_a_refusal_ends_the_step_with_the_hubs_own_sentence():
    api = answering(httpx.Response(402, json={"title": "Too few credits", "detail": "Apply for more."}))

    with pytest.raises(StepFailed, match=r"402 Too few credits Apply for more\."):
        api.get("/x")


def test_waiting_has_an_end():
    api = answering(*[httpx.Response(200, json={"state": "queued"})] * 50)

    with pytest.raises(StepFailed, match="not done within"):
        api.wait_for("/x", lambda row: row["state"] == "done", within_s=0.2, pause_s=0.05)


def step(name, run):
    module = types.ModuleType(f"bitgoeul.site.demo.{name}")
    module.TITLE, module.run = name, run
    return module


def test_after_a_step_that_failed_no_other_is_tried(monkeypatch, tmp_path, capsys):
    tried = []
    steps = [
        step("first", tried.append),
        step("second", lambda _journey: hold(False, "it did not")),
        step("third", tried.append),
    ]
    monkeypatch.setattr(journey, "STEPS", steps)
    walk = journey.Journey("http://hub", tmp_path, display.Lines(), tmp_path)

    report = journey.walk(walk)

    assert [(row["name"], row["ok"]) for row in report] == [
        ("first", True),
        ("second", False),
        ("third", False),
    ]
    assert report[1]["problem"] == "it did not"
    assert len(tried) == 1
    assert "FAILED" in capsys.readouterr().out


def test_beside_json_nothing_else_is_printed(monkeypatch):
    monkeypatch.setattr(sys, "stdout", out := io.StringIO())
    screen = display.choose(as_json=True)

    screen.begin(1, "title")
    screen.end(True, 1.0)

    assert out.getvalue() == ""


def test_the_invented_business_number_has_its_check_digit():
    number = join.example_business_number()

    assert business_number(number) == number


def test_the_flights_come_with_their_package(tmp_path):
    found = {path.stem: sum(1 for _line in path.open()) - 1 for path in publish.files(tmp_path)}

    assert found == {"flights": 336_776, "weather": 26_115, "planes": 3_322, "airports": 1_458}


def test_the_training_query_reads_exactly_one_version():
    query = combine.training_query("flights-x@3")

    assert query.count('"flights-x@3".') == len(publish.TABLES)
    assert "LEFT JOIN weather" in query
