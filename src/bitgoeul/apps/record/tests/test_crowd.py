"""Several sealers at once seal every fact exactly once, while facts go on being written."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from urllib.parse import quote

import pytest
from django.db import connection

from bitgoeul.apps.record import queries
from bitgoeul.apps.record.models import Head, Leaf
from bitgoeul.kit.actor import ANONYMOUS
from bitgoeul.kit.models import Fact
from bitgoeul.verifier.verify_record import verify

pytestmark = pytest.mark.slow

WORKER = """
import sys
import django
django.setup()
from bitgoeul.apps.record.commands import seal
from bitgoeul.kit import clock
from bitgoeul.kit.models import Fact

print("ready", flush=True)
sys.stdin.readline()
for number in range(40):
    Fact.objects.create(name="kit.LampLit", at=clock.now(), actor="system", subject=f"lamp:{sys.argv[1]}")
    if number % 3 == 0:
        seal()
seal()
"""


def _address(folder) -> str:
    """Where other processes find the tables of this test."""
    parts = connection.settings_dict
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        with sqlite3.connect(folder / "crowd.sqlite3") as copy:
            connection.connection.backup(copy)
        return f"sqlite:///{folder}/crowd.sqlite3"
    host, user, password = (quote(str(parts[name]), safe="") for name in ("HOST", "USER", "PASSWORD"))
    return f"postgresql://{user}:{password}@/{parts['NAME']}?host={host}&port={parts['PORT']}"


@pytest.mark.django_db(transaction=True)
def test_sealers_at_once_seal_every_fact_once(tmp_path):
    environment = os.environ | {
        "BITGOEUL_DATABASE": _address(tmp_path),
        "BITGOEUL_HOME": str(tmp_path / "home"),
        "DJANGO_SETTINGS_MODULE": "bitgoeul.site.settings",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    crowd = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(number)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    assert [worker.stdout.readline() for worker in crowd] == ["ready\n"] * 3
    for worker in crowd:
        worker.stdin.write("\n")
        worker.stdin.flush()
    assert [worker.wait(timeout=120) for worker in crowd] == [0, 0, 0]

    if connection.vendor == "sqlite":
        with sqlite3.connect(tmp_path / "crowd.sqlite3") as copy:
            copy.backup(connection.connection)
    assert (Fact.objects.count(), Leaf.objects.count(), queries.unsealed(everything=True).count()) == (
        120,
        120,
        0,
    )
    assert len(set(Head.objects.values_list("public_key", flat=True))) == 1
    assert verify(queries.export(ANONYMOUS))["facts"] == 120
    assert queries.check()["holds"]
