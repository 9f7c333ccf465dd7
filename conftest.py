"""Fixtures that every test may use."""

from __future__ import annotations

import os
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings as properties

from bitgoeul.kit import messages
from bitgoeul.site.tests import prepared

ROOT = Path(__file__).resolve().parent
# A busy machine is no reason to fail: no test asserts a time.
properties.register_profile("bitgoeul", deadline=None)
# --hypothesis-profile=quick: while somebody works, a fifth of the examples (bitgoeul.kit.testing.examples).
properties.register_profile("quick", deadline=None, max_examples=20)
properties.load_profile("bitgoeul")

ROUND = 10
DATABASES = {"db", "transactional_db", "django_db_setup", "live_server"}


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("bitgoeul")
    group.addoption("--with-database", action="store_true", help="Only tests that write into a database.")
    group.addoption("--within", type=float, metavar="SECONDS",
                    help="Leave out what has not begun after so much work of the processor.")  # fmt: skip
    group.addoption(
        "--first", action="append", default=[], metavar="FOLDER", help="With --within: test it first."
    )


def pytest_configure(config: pytest.Config) -> None:
    """Tests read both languages, so what is written in the catalogues is compiled first."""
    if not hasattr(config, "workerinput"):
        messages.compile_all()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.option.with_database:
        without = [item for item in items if not _uses_a_database(item)]
        config.hook.pytest_deselected(items=without)
        items[:] = [item for item in items if _uses_a_database(item)]
    if config.option.within is not None:
        _broad_before_deep(items, [ROOT / folder for folder in config.option.first])


def _uses_a_database(item: pytest.Item) -> bool:
    marked = item.get_closest_marker("django_db") or item.get_closest_marker("own_database")
    return marked is not None or not DATABASES.isdisjoint(getattr(item, "fixturenames", ()))


def _broad_before_deep(items: list[pytest.Item], first: list[Path]) -> None:
    """What is named first, then the rest; of both one test of every file, then all that need no database
    and are quick, then ten more of every file, ten more, ...

    The first test of every file runs however late it is.
    """
    seen: Counter[Path] = Counter()
    order = {}
    for item in items:
        named = any(item.path.is_relative_to(folder) for folder in first)
        number = seen[item.path]
        seen[item.path] += 1
        if number:
            item.add_marker(pytest.mark.may_be_late)
        # A test that commits leaves no row behind, not even those of migrations: as ever, it comes last.
        database = item.get_closest_marker("django_db")
        commits = database is not None and bool(database.kwargs.get("transaction"))
        order[item] = (commits, not named, number > 0, -(-number // ROUND) if _uses_a_database(item) else 0)
    items.sort(key=order.__getitem__)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("may_be_late") and time.process_time() > item.config.option.within:
        pytest.skip("its time was over; `make test` leaves nothing out")


@pytest.fixture(autouse=True)
def _fresh_store(tmp_path, settings) -> None:
    """Each test has its own folder of files."""
    settings.STORE = str(tmp_path / "store")


@pytest.fixture(autouse=True)
def _own_language() -> None:
    """Each test begins in the language of the hub, whatever page the test before it opened."""
    from django.utils import translation

    translation.deactivate()


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker, django_db_createdb) -> Iterator[None]:
    """A database for this worker: a copy of the one that is migrated once in a run.

    Migrating takes longer than a hundred tests.  SQLite's file is also kept between runs, for as long as
    nothing changes that makes tables; ``--create-db`` migrates it anew.
    """
    from django.db import connection

    home, worker = Path(os.environ["BITGOEUL_TEST_HOME"]), os.environ.get("PYTEST_XDIST_WORKER", "main")
    outside, creation = connection.settings_dict["NAME"], connection.creation
    with django_db_blocker.unblock():
        with prepared.alone(home / "migrating"):
            _migrate_once(connection, home / "migrated", anew=django_db_createdb)
            creation.clone_test_db(worker, verbosity=0, autoclobber=True)
        migrated = connection.settings_dict["NAME"]
        _use(connection, creation.get_test_db_clone_settings(worker)["NAME"])
    yield
    with django_db_blocker.unblock():
        _use(connection, migrated)
        creation.destroy_test_db(outside, verbosity=0, suffix=worker)


def _migrate_once(connection, done: Path, *, anew: bool) -> None:
    """Make the migrated database unless another worker of this run did; leave nobody connected to it."""
    if done.exists():
        _use(connection, done.read_text())
        return
    if connection.vendor == "sqlite" and not anew and prepared.tables().exists():
        name = connection.settings_dict["TEST"]["NAME"]
        shutil.copy(prepared.tables(), name)
        _use(connection, name)
    else:
        name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        connection.close()  # SQLite's file is whole once nobody has it open
        if connection.vendor == "sqlite":
            prepared.keep_tables(Path(name))
    done.write_text(name)


def _use(connection, name: str) -> None:
    from django.conf import settings

    connection.close()
    settings.DATABASES[connection.alias]["NAME"] = connection.settings_dict["NAME"] = name
