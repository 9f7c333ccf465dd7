"""The doctor finds what is wrong and says what to do."""

import json

import pytest

from bitgoeul.site.operations import bench, doctor
from bitgoeul.site.tests.hubs import Hub

pytestmark = pytest.mark.slow


def found(name):
    return next(finding for finding in doctor.examine() if finding.name == name)


@pytest.mark.django_db
def test_every_finding_that_is_not_ok_says_what_to_do():
    silent = [f for f in doctor.examine() if (f.state == "ok") == bool(f.remedy)]

    assert silent == []


@pytest.mark.django_db
def test_a_home_that_others_can_read_is_named(settings):
    settings.HOME.chmod(0o755)
    try:
        assert (found("home").state, found("home").remedy) == ("warn", f"chmod 700 {settings.HOME}")
    finally:
        settings.HOME.chmod(0o700)
    assert found("home").state == "ok"


@pytest.mark.django_db
def test_without_bubblewrap_the_command_to_install_it_is_given(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")

    assert found("bubblewrap").state == "fail"
    assert found("bubblewrap").remedy == "sudo apt-get install -y bubblewrap"


@pytest.mark.django_db
def test_a_store_that_cannot_be_written_is_found(settings, tmp_path):
    (tmp_path / "file").write_text("")
    settings.STORE = str(tmp_path / "file" / "store")

    assert found("store").state == "fail"


@pytest.mark.django_db
def test_a_check_that_breaks_is_a_finding_and_stops_no_other(monkeypatch):
    def broken():
        raise RuntimeError("by itself")

    monkeypatch.setattr(doctor, "CHECKS", [broken, doctor.python])

    assert [(f.name, f.state) for f in doctor.examine()] == [("broken", "fail"), ("python", "ok")]


@pytest.mark.own_database
def test_the_report_for_programs_is_one_object(tmp_path):
    hub = Hub(tmp_path / "hub", migrated=True)
    hub.run("migrate")

    report = json.loads(hub.run("doctor", "--json").stdout)

    states = {finding["name"]: finding["state"] for finding in report["findings"]}
    assert report["ok"] == ("fail" not in states.values())
    assert [states[name] for name in ("database", "migrations", "cache table")] == ["ok"] * 3


def test_a_benchmark_page_states_also_what_falls_short():
    good = {
        "name": "a",
        "value": 1.0412,
        "unit": "x",
        "bar": "<= 1.15",
        "holds": True,
        "detail": {"raw_s": 0.5},
    }
    short = {"name": "b", "value": 120, "unit": "ms", "bar": "< 100", "holds": False, "detail": "why|how"}

    measured = {"day": "2026-03-02", "on": bench.machine()}
    page = bench.page([row | {"measured": measured} for row in (good, short)], "ko")

    assert "| `a` | 1.04 x | <= 1.15 | 예 | 2026-03-02 | " in page
    assert "| `b` | 120 ms | < 100 | 아니요 | 2026-03-02 | " in page
    assert ("| raw_s 0.5 |" in page, "| why/how |" in page) == (True, True)


def test_a_result_takes_the_place_of_the_earlier_one_and_leaves_the_others(monkeypatch, tmp_path):
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "docs").mkdir()
    monkeypatch.setattr(bench, "folder", lambda: tmp_path / "benchmarks")
    monkeypatch.setattr(bench, "known", lambda: ["a", "b"])
    result = {"name": "a", "value": 1.0, "unit": "x", "bar": "<= 2", "holds": True, "detail": ""}

    for changes in ({}, {"name": "b", "value": 7.0}, {"value": 3.0, "holds": False}):
        bench.keep(result | changes)

    text = (tmp_path / "docs" / "benchmarks.md").read_text()
    assert ("| `a` | 3 x |" in text, "| `b` | 7 x |" in text, "| `a` | 1 x |" in text) == (True, True, False)
