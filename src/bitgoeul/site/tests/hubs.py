"""Hubs of their own for tests: an empty home and database, used through the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

from bitgoeul.site.tests import prepared


def new_database(home: Path, *, migrated: bool = False) -> str:
    """The address of an empty database of the kind that this test run uses.

    With ``migrated``, it holds the tables already if this run has made some before.
    """
    url = os.environ.get("BITGOEUL_DATABASE", "")
    if not url.startswith("postgres"):
        if migrated:
            prepared.lend_tables(home)
        return f"sqlite:///{home}/bitgoeul.sqlite3"
    import psycopg

    name = f"hub_{uuid4().hex[:12]}"
    done = Path(os.environ["BITGOEUL_TEST_HOME"]) / "migrated"
    template = f' TEMPLATE "{done.read_text()}"' if migrated and done.exists() else ""
    with prepared.alone(done.with_name("migrating")), psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"{template}')
    return f"{url.rsplit('/', 1)[0]}/{name}"


class Hub:
    """One hub: ``run`` starts a word of its command line, ``python`` a script inside it."""

    def __init__(self, home: Path, *, migrated: bool = False) -> None:
        self.home = home
        home.mkdir(parents=True, mode=0o700)
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("BITGOEUL_", "DJANGO_", "PYTEST_"))
        } | {
            "BITGOEUL_HOME": str(home),
            "BITGOEUL_DATABASE": new_database(home, migrated=migrated),
            "BITGOEUL_LOG": "WARNING",
            "DJANGO_SETTINGS_MODULE": "bitgoeul.site.settings",
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        }

    def run(self, *words: str, timeout_s: float = 120) -> subprocess.CompletedProcess[str]:
        return self._start("-m", "bitgoeul", *words, timeout_s=timeout_s)

    def python(self, script: str, *words: str, timeout_s: float = 120) -> str:
        done = self._start("-c", f"import django; django.setup()\n{script}", *words, timeout_s=timeout_s)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _start(self, *words: str, timeout_s: float) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *words],
            env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout_s,
            check=False,
        )  # fmt: skip
