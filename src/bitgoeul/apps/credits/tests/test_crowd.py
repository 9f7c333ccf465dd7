"""A crowd of processes spends exactly what there is, on whichever database the suite runs."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from urllib.parse import quote

import pytest
from django.db import connection

from bitgoeul.apps.credits.models import Hold
from bitgoeul.apps.credits.queries import Balance, balance, discrepancies
from bitgoeul.apps.credits.tests.factories import make_tranche
from bitgoeul.apps.people.tests.factories import make_organisation

pytestmark = pytest.mark.slow

SPENDER = """
import json, sys
import django
django.setup()
from bitgoeul.apps.credits.commands import hold_credits, settle_hold
from bitgoeul.apps.credits.errors import InsufficientCredits
from bitgoeul.apps.people.models import Organisation
from bitgoeul.kit.actor import SYSTEM

team = Organisation.objects.get(slug=sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
won = 0
for number in range(12):
    own, shared = f"{sys.argv[2]}:{number}", f"all:{number}"
    try:
        hold_credits(by=SYSTEM, organisation=team, amount=100, reference=own, purpose="")
        settle_hold(by=SYSTEM, reference=own, amount=100)
        won += 1
    except InsufficientCredits:
        pass
    if number < 3:
        hold_credits(by=SYSTEM, organisation=team, amount=10, reference=shared, purpose="")
print(json.dumps(won), flush=True)
"""


def _address(folder) -> str:
    """Where other processes find the rows that this test made."""
    parts = connection.settings_dict
    if connection.vendor == "sqlite":
        with sqlite3.connect(folder / "crowd.sqlite3") as copy:
            connection.connection.backup(copy)
        return f"sqlite:///{folder}/crowd.sqlite3"
    host, user, password = (quote(str(parts[name]), safe="") for name in ("HOST", "USER", "PASSWORD"))
    return f"postgresql://{user}:{password}@/{parts['NAME']}?host={host}&port={parts['PORT']}"


@pytest.mark.django_db(transaction=True)
def test_a_crowd_spends_exactly_what_there_is(tmp_path):
    team = make_organisation()
    make_tranche(team, 1_000)
    make_tranche(team, 1_030)
    environment = os.environ | {
        "BITGOEUL_DATABASE": _address(tmp_path),
        "DJANGO_SETTINGS_MODULE": "bitgoeul.site.settings",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }

    crowd = [
        subprocess.Popen(
            [sys.executable, "-c", SPENDER, team.slug, str(number)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    assert [spender.stdout.readline() for spender in crowd] == ["ready\n"] * 3
    for spender in crowd:
        spender.stdin.write("\n")
        spender.stdin.flush()
    won = [json.loads(spender.communicate(timeout=120)[0]) for spender in crowd]

    if connection.vendor == "sqlite":
        with sqlite3.connect(tmp_path / "crowd.sqlite3") as copy:
            copy.backup(connection.connection)
    assert balance(team) == Balance(granted=2_030, spent=2_000, held=30)
    assert sum(won) == 20
    assert Hold.objects.filter(reference__startswith="all:").count() == 3
    assert discrepancies() == []
