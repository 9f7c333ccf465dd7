"""What passes the gate, what does not, and that nothing else comes out of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitgoeul.engines import lake
from bitgoeul.kit.testing import examples

CATALOGUE = lake.as_catalogue(
    {
        "flights": {
            "flights": [("origin", "VARCHAR"), ("dest", "VARCHAR"), ("delay", "BIGINT"), ("at", "TIMESTAMP")],
            "planes": [("tailnum", "VARCHAR"), ("seats", "BIGINT")],
        },
        "flight-delays": {"trips": [("delay", "BIGINT"), ("기온(C)", "DOUBLE")]},
        "buses": {"planes": [("x", "BIGINT")], "노선": [("번호", "VARCHAR")]},
    }
)


def gate(sql: str) -> lake.Gated:
    return lake.read(sql).rewrite(CATALOGUE)


ALLOWED = [
    "SELECT * FROM flights.flights",
    "select origin, count(*) from flights group by 1 order by 2 desc limit 10;",
    "FROM flights.flights SELECT origin",
    "WITH late AS (SELECT * FROM flights WHERE delay > 15) SELECT origin, avg(delay) FROM late GROUP BY ALL",
    "SELECT f.origin FROM flights.flights AS f JOIN flights.planes p ON p.tailnum = f.dest",
    "SELECT flights.flights.origin FROM flights.flights",
    "SELECT x FROM flights.flights AS t(x, y, z, w)",
    "SELECT sum(delay) OVER (PARTITION BY origin ORDER BY at ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) "
    "FROM flights",
    "SELECT date_trunc('hour', at) + INTERVAL 1 HOUR, count(*) FILTER (WHERE delay > 1) FROM flights "
    "GROUP BY 1",
    "SELECT origin FROM flights QUALIFY row_number() OVER (PARTITION BY origin ORDER BY at) = 1",
    "SELECT quantile_cont(delay, 0.5), median(delay), mode(origin), approx_count_distinct(dest) FROM flights",
    "SELECT CASE WHEN delay > 15 THEN 1 ELSE 0 END, coalesce(delay, 0), try_cast(origin AS INT) FROM flights",
    "SELECT delay::DOUBLE / 60, extract(year FROM at), strftime(at, '%Y'), at::DATE FROM flights",
    "SELECT * EXCLUDE (delay) REPLACE (upper(origin) AS origin) FROM flights",
    "SELECT COLUMNS('d.*') FROM flights",
    "SELECT origin FROM flights UNION ALL SELECT tailnum FROM flights.planes",
    "SELECT origin FROM flights EXCEPT SELECT tailnum FROM flights.planes",
    "SELECT * FROM flights WHERE delay > (SELECT avg(delay) FROM flights) AND origin IN ('EWR', 'JFK')",
    "SELECT * FROM flights WHERE EXISTS (SELECT 1 FROM flights.planes p WHERE p.tailnum = dest)",
    "SELECT * FROM flights, LATERAL (SELECT delay * 2 AS twice) t",
    "SELECT * FROM flights ASOF JOIN flights.planes ON dest >= tailnum",
    "SELECT unnest([1, 2]), list_transform([1, 2], x -> x + 1), [y FOR y IN [1, 2] IF y > 1]",
    "SELECT * FROM range(10) t(i), generate_series(1, 3) s(j), unnest([1, 2]) u(k)",
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT * FROM t",
    "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v(n, s)",
    "SELECT {'a': 1}.a, struct_pack(a := 1), map {'a': 1}['a']",
    "SELECT position('a' IN origin), substring(origin FROM 1 FOR 2), trim(BOTH ' ' FROM origin), "
    "origin LIKE '%A%', "
    "origin ILIKE 'e_r', origin SIMILAR TO 'E.*', regexp_matches(origin, 'E'), origin || dest FROM flights",
    "SELECT at AT TIME ZONE 'Asia/Seoul', date_diff('day', at, now()), current_date, make_date(2026, 1, 1) "
    "FROM flights",
    "SELECT delay % 2, delay // 2, delay ** 2, @delay, -delay, ~delay, delay & 1, delay | 1, delay << 1 "
    "FROM flights",
    "SELECT DISTINCT ON (origin) origin, delay FROM flights ORDER BY origin, delay DESC NULLS LAST",
    "SELECT origin, dest, sum(delay) FROM flights GROUP BY ROLLUP (origin, dest) HAVING count(*) > 1",
    "SELECT string_agg(origin, ',' ORDER BY origin), list(DISTINCT dest), arg_max(origin, delay) "
    "FROM flights",
    "SELECT lag(delay) OVER w, first_value(delay) OVER w FROM flights WINDOW w AS (ORDER BY at)",
    'SELECT "기온(C)" FROM flight_delays.trips',
    'SELECT "기온(C)" FROM "flight-delays".trips',
    "SELECT 번호 FROM buses.노선 -- 주석",
    "SELECT t FROM flights.planes t",
    "TABLE flights.flights",
    "VALUES (1), (2)",
    "(SELECT 1) UNION (SELECT 2)",
]

HOSTILE = [
    ("", lake.NotOneStatement),
    (";;", lake.NotOneStatement),
    ("SELECT 1; SELECT 2", lake.NotOneStatement),
    ("SELECT 1; DROP TABLE flights", lake.NotOneStatement),
    ("INSERT INTO flights.flights VALUES (1)", lake.NotASelect),
    ("UPDATE flights.flights SET delay = 0", lake.NotASelect),
    ("DELETE FROM flights.flights", lake.NotASelect),
    ("CREATE TABLE x AS SELECT 1", lake.NotASelect),
    ("DROP TABLE flights", lake.NotASelect),
    ("COPY flights.flights TO '/tmp/x.csv'", lake.NotASelect),
    ("COPY (SELECT 1) TO '/tmp/x'", lake.NotASelect),
    ("ATTACH '/etc/passwd' AS x", lake.NotASelect),
    ("PRAGMA database_list", lake.NotASelect),
    ("SET memory_limit = '100GB'", lake.NotASelect),
    ("RESET ALL", lake.NotASelect),
    ("INSTALL httpfs", lake.NotASelect),
    ("LOAD httpfs", lake.NotASelect),
    ("CALL pragma_version()", lake.NotASelect),
    ("EXPORT DATABASE '/tmp/x'", lake.NotASelect),
    ("EXPLAIN SELECT 1", lake.NotASelect),
    ("DESCRIBE flights.flights", lake.NotASelect),
    ("SUMMARIZE flights.flights", lake.NotASelect),
    ("SHOW TABLES", lake.NotASelect),
    ("USE main", lake.NotASelect),
    ("BEGIN", lake.NotASelect),
    ("CHECKPOINT", lake.NotASelect),
    ("VACUUM", lake.NotASelect),
    ("PREPARE x AS SELECT 1", lake.NotASelect),
    ("EXECUTE x", lake.NotASelect),
    ("WITH x AS (DELETE FROM flights RETURNING 1) SELECT * FROM x", lake.GateError),
    ("WITH x AS (INSERT INTO flights VALUES (1) RETURNING 1) SELECT * FROM x", lake.GateError),
    ("SELECT * INTO x FROM flights", lake.GateError),
    ("SELECT * FROM flights FOR UPDATE", lake.GateError),
    ("SELECT * FROM '/etc/passwd'", lake.FileRefused),
    ('SELECT * FROM "flights.parquet"', lake.FileRefused),
    ("SELECT * FROM 'https://example.org/x.parquet'", lake.FileRefused),
    ("SELECT * FROM read_csv('/etc/passwd')", lake.TableFunctionRefused),
    ("SELECT * FROM \"read_csv\"('/etc/passwd')", lake.TableFunctionRefused),
    ("SELECT * FROM read_text('/etc/passwd')", lake.TableFunctionRefused),
    ("SELECT * FROM read_blob('x')", lake.TableFunctionRefused),
    ("SELECT * FROM parquet_scan('x')", lake.TableFunctionRefused),
    ("SELECT * FROM glob('/*')", lake.TableFunctionRefused),
    ("SELECT * FROM query('SELECT 1')", lake.TableFunctionRefused),
    ("FROM query_table('flights')", lake.TableFunctionRefused),
    ("SELECT * FROM duckdb_settings()", lake.TableFunctionRefused),
    ("SELECT * FROM duckdb_secrets()", lake.TableFunctionRefused),
    ("SELECT * FROM pragma_version()", lake.TableFunctionRefused),
    ("SELECT * FROM sniff_csv('x')", lake.TableFunctionRefused),
    ("SELECT * FROM repeat_row(1, num_rows := 10)", lake.GateError),
    ("SELECT * FROM json_execute_serialized_sql('{}')", lake.TableFunctionRefused),
    ("SELECT * FROM main.read_csv('x')", lake.GateError),
    ("SELECT * FROM flights, read_csv('x')", lake.TableFunctionRefused),
    ("SELECT * FROM flights JOIN LATERAL read_csv('x') ON true", lake.GateError),
    ("SELECT (SELECT * FROM read_csv('x'))", lake.TableFunctionRefused),
    ("SELECT * FROM flights ORDER BY (SELECT x FROM read_csv('y'))", lake.TableFunctionRefused),
    ("SELECT list_transform([1], x -> (SELECT * FROM read_csv('x')))", lake.TableFunctionRefused),
    ("SELECT * FROM information_schema.tables", lake.UnknownTable),
    ("SELECT * FROM pg_catalog.pg_class", lake.UnknownTable),
    ("SELECT * FROM duckdb_tables", lake.UnknownTable),
    ("SELECT * FROM sqlite_master", lake.UnknownTable),
    ("SELECT * FROM lake.t0", lake.UnknownTable),
    ("SELECT * FROM memory.main.flights", lake.NotSupported),
    ("SELECT * FROM flights.secret", lake.UnknownTable),
    ("SELECT * FROM nobody.flights", lake.UnknownTable),
    ("SELECT * FROM planes", lake.AmbiguousTable),
    ("SELECT getenv('HOME')", lake.FunctionRefused),
    ("SELECT current_setting('memory_limit')", lake.FunctionRefused),
    ("SELECT getvariable('x')", lake.FunctionRefused),
    ("SELECT nextval('x')", lake.FunctionRefused),
    ("SELECT current_user", lake.FunctionRefused),
    ("SELECT current_database()", lake.FunctionRefused),
    ("SELECT version()", lake.FunctionRefused),
    ("SELECT pg_sleep(10)", lake.FunctionRefused),
    ("SELECT sleep_ms(10000)", lake.FunctionRefused),
    ("SELECT write_log('x')", lake.FunctionRefused),
    ("SELECT json_serialize_sql('SELECT 1')", lake.FunctionRefused),
    ("SELECT list_aggregate([1], 'sum')", lake.FunctionRefused),
    ("SELECT no_such_function(1)", lake.FunctionRefused),
    ("SELECT system.main.getenv('HOME')", lake.GateError),
    ("SELECT main.upper('x')", lake.NotSupported),
    ("SELECT 'HOME'.getenv()", lake.GateError),
    ("SELECT * FROM flights TABLESAMPLE 10%", lake.NotSupported),
    ("SELECT * FROM flights USING SAMPLE 10", lake.NotSupported),
    ("SELECT * FROM flights AT (VERSION => 1)", lake.NotSupported),
    ("PIVOT flights ON origin", lake.NotASelect),
    ("SELECT * FROM flights PIVOT (sum(delay) FOR origin IN ('EWR'))", lake.NotSupported),
    ("SELECT * FROM flights UNPIVOT (v FOR n IN (delay))", lake.NotSupported),
    ("SELECT $1", lake.NotSupported),
    ("SELECT ?", lake.NotSupported),
    ('WITH "/etc/passwd" AS (SELECT 1) SELECT * FROM "/etc/passwd"', lake.NotSupported),
    ("SELECT * FROM (WITH x AS (SELECT 1) SELECT * FROM x) a, x", lake.UnknownTable),
    ("SELECT * FROM (SUMMARIZE flights)", lake.GateError),
    ("SELECT * FROM (DESCRIBE flights)", lake.GateError),
    ("SELECT * FROM (SHOW TABLES)", lake.GateError),
    ("SELECT 'open", lake.Unreadable),
    ("SELECT FROM WHERE", lake.GateError),
    ("SELECT 1 +", lake.Unreadable),
    ("SELECT \0", lake.Unreadable),
    ("/* open", lake.GateError),
    ("SELECT " + "(" * 200 + "1" + ")" * 200, lake.TooLong),
    ("SELECT " + "1 + " * 9_000 + "1", lake.TooLong),
    ("SELECT '" + "x" * 30_000 + "'", lake.TooLong),
    ("SELECT " + "- " * 900 + "1", lake.GateError),
    ("SELECT " + "NOT " * 900 + "true", lake.GateError),
]


@pytest.mark.parametrize("sql", ALLOWED)
def test_honest_queries_pass(sql):
    gated = gate(sql)

    for table in gated.tables:
        assert f'"lake"."t{gated.tables.index(table)}"' in gated.sql


@pytest.mark.parametrize(
    ("sql", "kind"), HOSTILE, ids=lambda value: value[:60] if isinstance(value, str) else ""
)
def test_everything_else_is_refused_with_a_reason(sql, kind):
    with pytest.raises(kind):
        gate(sql)


def test_every_table_is_replaced_by_its_listed_columns():
    gated = gate("SELECT * FROM flights.planes p, flights.planes q, flight_delays.trips")

    assert gated.sql == (
        'SELECT * FROM (SELECT "tailnum", "seats" FROM "lake"."t0") AS p, '
        '(SELECT "tailnum", "seats" FROM "lake"."t0") AS q, '
        '(SELECT "delay", "기온(C)" FROM "lake"."t1") AS "trips"'
    )
    assert [table.full_name for table in gated.tables] == ["flights.planes", "flight-delays.trips"]


def test_a_cte_hides_a_table_only_where_it_may():
    gated = gate("SELECT * FROM (WITH flights AS (SELECT 1 AS n) SELECT * FROM flights) a, flights")

    assert gated.sql.count('"lake"."t0"') == 1
    assert gated.sql.startswith(
        "SELECT * FROM (WITH flights AS (SELECT 1 AS n) SELECT * FROM flights) AS a, (SELECT"
    )


def test_a_cte_cannot_stand_before_a_view():
    gated = gate("WITH t0 AS (SELECT 1), lake AS (SELECT 2) SELECT * FROM flights.planes")

    assert 'FROM "lake"."t0"' in gated.sql


@pytest.mark.parametrize(
    ("sql", "line", "column", "facts"),
    [
        ("SELECT\n  getenv('X')", 2, 3, {"name": "getenv"}),
        ("SELECT 1\nFROM flightz.flights", 2, 6, {"name": "flightz.flights"}),
        ("SELECT *\nFROM  read_csv('x')", 2, 7, {"name": "read_csv"}),
        ("DROP TABLE x", 1, 1, {"word": "DROP"}),
        ("SELECT 1;\nSELECT 2", 1, 9, {"count": 2}),
    ],
)
def test_a_refusal_names_the_place(sql, line, column, facts):
    with pytest.raises(lake.GateError) as refused:
        gate(sql)

    error = refused.value
    assert (error.line, error.column) == (line, column) or isinstance(error, lake.UnknownTable)
    assert error.line == line
    assert facts.items() <= error.facts.items()


def test_an_unknown_name_brings_names_that_look_alike():
    with pytest.raises(lake.UnknownTable) as refused:
        gate("SELECT * FROM nowhere.flights")

    assert refused.value.facts["known"] == ["flights.flights"]


def test_names_are_found_again_in_the_text_of_the_reader():
    assert lake.find_word("SELECT a,\n  Nocol FROM t", "nocol") == (2, 3)
    assert lake.find_word("SELECT 1", "x") == (0, 0)


_WORDS = r"""
SELECT FROM WHERE WITH AS JOIN ON ( ) , ; * . flights planes lake t0 main 'x' "x" '/etc/passwd'
read_csv( getenv( 1 + - = [ ] { } : :: -> := UNION ALL VALUES LATERAL PIVOT UNNEST( OVER IN EXISTS(
CASE WHEN THEN END NOT NULL EXCLUDE COLUMNS( TABLESAMPLE INTO COPY TO ATTACH DESCRIBE SUMMARIZE $1 ?
-- /* */ $$ E'\'' 기온 LIMIT ORDER BY RECURSIVE QUALIFY USING SAMPLE AT VERSION => count(*) sum(delay)
"""
WORDS = st.sampled_from(_WORDS.split())


def settle(sql: str) -> None:
    """Either a gated text that names no table but the views, or a GateError."""
    try:
        gated = gate(sql)
    except lake.GateError:
        return
    assert "read_csv" not in gated.sql.lower() or "'" in gated.sql or '"' in gated.sql
    lake.read(sql)


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(WORDS, max_size=25))
def test_no_mixture_of_words_gets_anything_but_a_gate_error(words):
    settle(" ".join(words))


@settings(max_examples=examples(200), deadline=None)
@given(st.sampled_from(ALLOWED), st.integers(0, 200), st.integers(0, 30), WORDS)
def test_no_damage_to_an_honest_query_gets_anything_but_a_gate_error(sql, place, length, word):
    settle(sql[:place] + f" {word} " + sql[place + length :])


@settings(max_examples=examples(200), deadline=None)
@given(st.text(max_size=60))
def test_no_text_gets_anything_but_a_gate_error(text):
    settle(text)
    settle("SELECT " + text)
