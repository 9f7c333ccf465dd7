"""Queries through the gate and the sandbox, and saving what they give."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bitgoeul.apps.lake import commands, errors, queries
from bitgoeul.apps.lake.tests.factories import make_dataset, make_member, make_published, publish
from bitgoeul.apps.lake.warehouse import inside, publishing, sandbox
from bitgoeul.engines import lake
from bitgoeul.engines.lake.tests.test_gate import ALLOWED, CATALOGUE, WORDS
from bitgoeul.kit.actor import ANONYMOUS
from bitgoeul.kit.refusals import Forbidden, NotFound
from bitgoeul.kit.sandbox import works
from bitgoeul.kit.testing import deliver_everything, examples

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
TRIPS = "line,delay\na,1\nb,20\na,5\n"


@pytest.fixture
def member():
    return make_member()


@pytest.fixture
def trips(member):
    by, home = member
    return make_published(by, home, TRIPS, slug="trips")


def test_a_query_gives_typed_rows_and_where_they_come_from(member, trips):
    by, _ = member

    result = queries.run(by, "SELECT line, sum(delay) AS total FROM trips.buses GROUP BY line ORDER BY line")

    assert result.rows == [["a", 6], ["b", 20]]
    assert result.columns == [{"name": "line", "type": "VARCHAR"}, {"name": "total", "type": "HUGEINT"}]
    assert result.sources == [{"dataset": "trips", "version": 1, "table": "buses", "as": "trips"}]


def test_a_plain_name_is_enough_when_only_one_table_has_it(member, trips):
    by, home = member
    assert queries.run(by, "FROM buses").rows[0] == ["a", 1]

    make_published(by, home, TRIPS, slug="other")

    with pytest.raises(errors.AmbiguousTable) as refused:
        queries.run(by, "FROM buses")
    assert refused.value.facts["known"] == ["other.buses", "trips.buses"]


def test_an_older_version_is_read_by_its_number(member, trips):
    by, _ = member
    publish(by, trips.dataset, ("buses.csv", "line,delay\nz,9\n"))

    assert queries.run(by, "SELECT line FROM trips.buses").rows == [["z"]]
    assert len(queries.run(by, 'SELECT line FROM "trips@1".buses').rows) == 3


def test_private_data_does_not_exist_for_others(member, trips):
    by, _ = member
    stranger, _ = make_member()
    assert len(queries.run(ANONYMOUS, "FROM trips.buses").rows) == 3

    commands.edit_dataset(by=by, dataset="trips", visibility="organisation")

    for actor in (ANONYMOUS, stranger):
        with pytest.raises(errors.UnknownTable) as refused:
            queries.run(actor, "FROM trips.buses")
        assert refused.value.facts["known"] == []
        with pytest.raises(NotFound):
            queries.readable_version(actor, "trips")
    assert len(queries.run(by, "FROM trips.buses").rows) == 3


@pytest.mark.parametrize(
    ("sql", "refusal"),
    [
        ("DROP TABLE trips.buses", errors.NotASelect),
        ("SELECT * FROM read_csv('/etc/passwd')", errors.TableFunctionNotAllowed),
        ("SELECT * FROM '/etc/passwd'", errors.FileNotAllowed),
        ("SELECT getenv('HOME')", errors.FunctionNotAllowed),
        ("SELECT 1; SELECT 2", errors.NotOneStatement),
        ("SELECT nothing FROM trips.buses", errors.QueryFailed),
        ("SELECT line::INT FROM trips.buses", errors.QueryFailed),
        ("SELECT list(i) FROM range(1000000000) t(i)", errors.QueryTooLarge),
        ("SELECT sum(a.i * b.i) FROM range(1000000) a(i), range(1000000) b(i)", errors.QueryTooSlow),
    ],
)
def test_bad_queries_are_refused_in_a_typed_way(trips, settings, sql, refusal):
    settings.LAKE_QUERY_SECONDS = 2
    settings.LAKE_QUERY_MEMORY_MIB = 256

    with pytest.raises(refusal):
        queries.run(ANONYMOUS, sql)


def test_an_unknown_column_is_shown_in_the_readers_own_text(trips):
    with pytest.raises(errors.QueryFailed) as refused:
        queries.run(ANONYMOUS, "SELECT line,\n       Delai\nFROM trips.buses")

    assert (refused.value.line, refused.value.column) == (2, 8)
    assert "t0" not in refused.value.what_to_do()


def test_results_are_cut_at_their_limits_and_say_so(trips, settings):
    settings.LAKE_QUERY_ROWS = 2

    assert queries.run(ANONYMOUS, "FROM trips.buses").cut == "rows"
    assert queries.run(ANONYMOUS, "FROM trips.buses LIMIT 2").cut == ""
    assert queries.run(ANONYMOUS, "SELECT repeat('x', 9000000)").cut == "bytes"


def test_a_query_of_some_seconds_answers_like_a_fast_one(trips):
    # Long enough for the engine to draw its progress bar.
    sql = "SELECT sum(hash(a.i * b.i) % 7) > 0 FROM range(20000) a(i), range(2500) b(i), range(3) c(i)"

    assert queries.run(ANONYMOUS, sql).rows == [[True]]


def test_a_result_can_be_taken_away_as_a_file(trips, tmp_path):
    with sandbox.scratch() as folder:
        path = queries.export(ANONYMOUS, "SELECT line, delay FROM trips.buses ORDER BY delay", "csv", folder)
        assert path.read_text() == "line,delay\na,1\na,5\nb,20\n"


def test_a_full_house_is_said_and_not_waited_for_without_end(trips, settings, monkeypatch):
    settings.LAKE_QUERY_SLOTS = 1
    with sandbox.slot():
        monkeypatch.setattr(sandbox.slot.__wrapped__, "__defaults__", (0.1,))
        with pytest.raises(errors.LakeBusy):
            queries.run(ANONYMOUS, "FROM trips.buses")
    assert queries.run(ANONYMOUS, "FROM trips.buses").rows


# ── saving ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_saved_query_becomes_a_version_with_its_lineage(member, trips):
    by, home = member
    target = make_dataset(by, home, slug="late")
    sql = "SELECT line, delay > 15 AS late, sum(delay) OVER () AS total FROM trips.buses"

    version = commands.save_query(by=by, dataset="late", sql=sql, table="Late trips")
    deliver_everything()

    version.refresh_from_db()
    assert (version.state, version.rows) == ("published", 3), version.problem
    assert version.lineage["sources"] == [{"dataset": "trips", "version": 1, "table": "buses", "as": "trips"}]
    assert version.lineage["sql"] == sql
    assert [c["type"] for c in version.table("late_trips")["columns"]] == ["VARCHAR", "BOOLEAN", "BIGINT"]
    assert queries.run(by, "SELECT count(*) FROM late.late_trips WHERE late").rows == [[1]]
    assert target.slug == "late"


def test_a_saved_query_reads_the_versions_of_the_moment_it_was_saved(member, trips):
    by, home = member
    make_dataset(by, home, slug="copy")
    version = commands.save_query(by=by, dataset="copy", sql="FROM trips.buses", table="copy")
    newer = publish(by, trips.dataset, ("buses.csv", "line,delay\nz,9\n"))

    version.refresh_from_db()
    assert (newer.number, version.rows) == (2, 3)


def test_saving_what_may_not_run_or_where_one_may_not_is_refused(member, trips):
    by, home = member
    stranger, _ = make_member()
    make_dataset(by, home, slug="mine")

    with pytest.raises(errors.FunctionNotAllowed):
        commands.save_query(by=by, dataset="mine", sql="SELECT getenv('X')", table="t")
    with pytest.raises(NotFound):
        commands.save_query(by=stranger, dataset="mine", sql="SELECT 1 AS n", table="t")
    with pytest.raises(Forbidden):
        commands.save_query(by=stranger, dataset="trips", sql="SELECT 1 AS n", table="t")


def test_a_query_that_fails_later_says_so_on_the_version(member, trips):
    by, home = member
    make_dataset(by, home, slug="copy")

    version = commands.save_query(
        by=by, dataset="copy", sql="SELECT line::INT AS n FROM trips.buses", table="t"
    )
    deliver_everything()

    version.refresh_from_db()
    assert (version.state, version.problem["code"]) == ("failed", "query")


# ── the second wall, alone ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def database():
    duckdb = pytest.importorskip("duckdb")
    db = duckdb.connect(config={"python_enable_replacements": "false"})
    db.execute("CREATE SCHEMA lake")
    return db


@pytest.mark.parametrize("sql", ALLOWED)
def test_both_parsers_agree_on_honest_queries(database, sql):
    gated = lake.read(sql).rewrite(CATALOGUE)
    for number, table in enumerate(gated.tables):
        columns = ", ".join(f'NULL::{c.type} AS "{c.name}"' for c in table.columns)
        database.execute(f"CREATE OR REPLACE VIEW lake.t{number} AS SELECT {columns}")

    inside.verify(database, gated.sql, set(publishing.FUNCTIONS))
    database.execute(gated.sql).fetchall()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM main.t0",
        "SELECT getenv('HOME')",
        "SELECT * FROM lake.t0, query('SELECT 1')",
        "SELECT * FROM (DESCRIBE lake.t0)",
        "SELECT 1; SELECT 2",
        "COPY (SELECT 1) TO '/tmp/x'",
        "PIVOT lake.t0 ON x",
        "SELECT system.main.getenv('HOME')",
        "SELECT * FROM duckdb_settings()",
        "SELECT * FROM memory.lake.t0",
    ],
)
def test_the_engines_own_parser_refuses_what_the_gate_would(database, sql):
    with pytest.raises(inside.Refused):
        inside.verify(database, sql, set(publishing.FUNCTIONS))


@settings(
    max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.one_of(
    st.lists(WORDS, max_size=25).map(" ".join),
    st.tuples(st.sampled_from(ALLOWED), st.integers(0, 200), st.integers(0, 30), WORDS).map(
        lambda t: t[0][: t[1]] + f" {t[3]} " + t[0][t[1] + t[2] :]
    ),
))  # fmt: skip
def test_whatever_passes_the_gate_names_only_views_and_allowed_functions(database, sql):
    try:
        gated = lake.read(sql).rewrite(CATALOGUE)
    except lake.GateError:
        return
    answer = json.loads(database.execute("SELECT json_serialize_sql(?::VARCHAR)", [gated.sql]).fetchone()[0])
    if not answer.get("error"):
        inside.verify(database, gated.sql, set(publishing.FUNCTIONS))


@pytest.mark.parametrize(
    ("sql", "kinds"),
    [
        ("SELECT * FROM read_text('/etc/hostname')", {"disagreement"}),
        ("SELECT * FROM lake.t9", {"binder"}),
    ],
)
def test_the_process_itself_refuses_what_was_never_gated(tmp_path, sql, kinds):
    with sandbox.scratch() as folder, pytest.raises(sandbox.Failed) as failed:
        sandbox.run(
            "query",
            {"sql": sql, "functions": publishing.FUNCTIONS, "views": {}},
            limits=sandbox.query_limits(5),
            reads=[],
            folder=folder,
        )
    assert failed.value.kind in kinds


@pytest.mark.skipif(not works(), reason="bubblewrap cannot run here")
def test_in_the_sandbox_there_is_no_network_and_no_file_of_the_hub(tmp_path):
    import subprocess
    import sys

    secret = tmp_path / "secret"
    secret.write_text("x")
    code = (
        "import socket, os, json\n"
        "try:\n socket.create_connection(('127.0.0.1', 9), 1); net = True\n"
        "except OSError: net = False\n"
        f"there = [os.path.exists(path) for path in ({str(secret)!r}, '/etc/passwd')]\n"
        "print(json.dumps([net, *there, sorted(os.environ)]))"
    )

    with sandbox.scratch() as folder:
        box = sandbox.confined([], folder)
        told, _ = box.start(sys.executable, "-I", "-c", code, stdout=subprocess.PIPE).communicate()

    net, sees_secret, sees_passwd, environment = json.loads(told)
    assert (net, sees_secret, sees_passwd) == (False, False, False)
    assert {"BITGOEUL_HOME", "BITGOEUL_SECRET_KEY"}.isdisjoint(environment)


def test_the_folder_of_a_dead_process_is_swept_and_that_of_a_living_one_is_not(settings):
    with sandbox.scratch() as mine:
        dead = mine.parent / "99999999-dead"
        dead.mkdir()

        assert sandbox.sweep_scratch() == 1
        assert (mine.exists(), dead.exists()) == (True, False)


def test_nothing_is_left_behind(member, trips, settings):
    queries.run(ANONYMOUS, "FROM trips.buses")

    assert list(Path(settings.HOME / "lake" / "scratch").iterdir()) == []
