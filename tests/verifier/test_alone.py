"""The verifier alone: one file, a Python without any package, no hub and no Django."""

import shutil
import subprocess
import sys

import pytest

from bitgoeul.site.tests.hubs import Hub
from tests.architecture.tree import PACKAGE

LIVE_A_LITTLE = """
import datetime as dt
from bitgoeul.apps.credits.commands import grant_credits
from bitgoeul.apps.people.tests.factories import make_organisation
from bitgoeul.kit.actor import SYSTEM
team, start = make_organisation(), dt.datetime.now(dt.UTC)
for number in range(20):
    grant_credits(by=SYSTEM, organisation=team, amount=9000, starts_at=start,
                  ends_at=start + dt.timedelta(days=9), reference=f"grant:{number}", source="test")
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The record of a hub in which a little has happened."""
    hub = Hub(tmp_path_factory.mktemp("hubs") / "hub", migrated=True)
    assert hub.run("migrate").returncode == 0
    hub.python(LIVE_A_LITTLE)
    for words in (["record", "seal"], ["record", "export", str(hub.home / "record.jsonl")]):
        done = hub.run(*words)
        assert done.returncode == 0, done.stderr
    return hub.home / "record.jsonl"


def verify(file, folder):
    """Run the verifier's one file in an empty folder; -I -S leaves every installed package out."""
    alone = shutil.copy(PACKAGE / "verifier" / "verify_record.py", folder)
    return subprocess.run(
        [sys.executable, "-I", "-S", alone, file, "--language", "en"],
        cwd=folder, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_an_untouched_record_is_verified(exported, tmp_path):
    done = verify(exported, tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("Verified: 20 facts")


def test_one_altered_fact_is_named(exported, tmp_path):
    lines = exported.read_text().splitlines()
    place = next(number for number, line in enumerate(lines) if "grant:12" in line)
    lines[place] = lines[place].replace("9000", "9001", 1)
    (tmp_path / "altered.jsonl").write_text("\n".join(lines) + "\n")

    done = verify(tmp_path / "altered.jsonl", tmp_path)

    assert done.returncode == 3
    assert "was altered" in done.stdout


def test_the_verifier_really_has_no_package(tmp_path):
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", "import django"], capture_output=True, check=False
    )

    assert done.returncode == 1
