"""The gate: the only way from a text that somebody wrote to a text that a database runs.

A query is one SELECT.  It is read into a tree; every kind of node in the tree must be on a list, every
function must be on a list, and every physical table must be in the catalogue that the caller made for this
reader.  Each table is then replaced by a subquery that names its columns, and the text that runs is written
anew from the tree.  A row filter or a mask of later is a change inside that one subquery.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError, TokenError
from sqlglot.optimizer.scope import traverse_scope
from sqlglot.tokens import Token, TokenType

from bitgoeul.engines.lake._functions import ALLOWED_FUNCTIONS, TABLE_FUNCTIONS
from bitgoeul.engines.lake._names import same_name

LONGEST = 20_000
MOST_TOKENS = 8_000
DEEPEST = 40
SCHEMA = "lake"

logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns about statements that we refuse anyway


class GateError(ValueError):
    """Why a query does not pass.  ``line`` and ``column`` count from 1; 0 where there is no one place."""

    code: ClassVar[str] = "refused"

    def __init__(self, line: int = 0, column: int = 0, **facts: Any) -> None:
        super().__init__(f"{self.code} at {line}:{column} {facts}")
        self.line = line
        self.column = column
        self.facts = facts


class Unreadable(GateError):
    """Not SQL.  ``near``: the word where reading stopped."""

    code = "unreadable"


class TooLong(GateError):
    """Longer or more deeply nested than anybody writes by hand.  ``limit``."""

    code = "too_long"


class NotOneStatement(GateError):
    """None, or more than one.  ``count``."""

    code = "not_one_statement"


class NotASelect(GateError):
    """A statement that writes, sets, loads or tells about the machine.  ``word``: its first word."""

    code = "not_a_select"


class NotSupported(GateError):
    """A part of SQL that the gate does not carry.  ``what``."""

    code = "not_supported"


class FunctionRefused(GateError):
    """A function outside the list.  ``name``."""

    code = "function_refused"


class TableFunctionRefused(GateError):
    """A function in FROM other than range, generate_series and unnest.  ``name``."""

    code = "table_function_refused"


class FileRefused(GateError):
    """The name of a file where a table belongs.  ``name``."""

    code = "file_refused"


class UnknownTable(GateError):
    """Not in the catalogue.  ``name`` and ``known``: names that look alike."""

    code = "unknown_table"


class AmbiguousTable(GateError):
    """More than one dataset has a table of this name.  ``name`` and ``known``: the full names."""

    code = "ambiguous_table"


@dataclass(frozen=True)
class Column:
    name: str
    type: str


@dataclass(frozen=True)
class Table:
    """One physical table that this reader may read, with exactly the columns the reader may see."""

    dataset: str
    name: str
    columns: tuple[Column, ...]

    @property
    def full_name(self) -> str:
        return f"{self.dataset}.{self.name}"


class Catalogue:
    """The tables of one reader, found as ``dataset.table`` or, where only one fits, as ``table``."""

    def __init__(self, tables: Iterable[Table]) -> None:
        self.tables = tuple(tables)
        self._full = {(same_name(t.dataset), same_name(t.name)): t for t in self.tables}
        self._short: dict[str, list[Table]] = {}
        for table in self.tables:
            self._short.setdefault(same_name(table.name), []).append(table)

    def find(self, dataset: str, name: str) -> list[Table]:
        """Every table that the name can mean."""
        if dataset:
            table = self._full.get((same_name(dataset), same_name(name)))
            return [table] if table else []
        return self._short.get(same_name(name), [])

    def alike(self, name: str, limit: int = 3) -> list[str]:
        """Full names of the tables whose name contains ``name`` or is contained in it."""
        wanted = same_name(name)
        return sorted(
            t.full_name
            for t in self.tables
            if wanted and (wanted in same_name(t.name) or same_name(t.name) in wanted)
        )[:limit]


@dataclass(frozen=True)
class Gated:
    """A text that may run.  It reads ``lake.t0``, ``lake.t1`` … which are ``tables`` in this order."""

    sql: str
    tables: tuple[Table, ...]
    source: str = field(repr=False, default="")


# Every kind of node that may stand in a query.  Functions are judged by name, below.
_NODE_NAMES = """
Select From Join Where Group Having Order Ordered Limit Offset Fetch With CTE Subquery Union Intersect
Except Column Identifier Table TableAlias Alias Aliases Literal Star Null Boolean Paren Tuple Distinct
Qualify Values Lateral Rollup Cube GroupingSets Window WindowSpec Filter WithinGroup IgnoreNulls
RespectNulls Add Sub Mul Div IntDiv Mod Neg DPipe BitwiseAnd BitwiseOr BitwiseXor BitwiseNot
BitwiseLeftShift BitwiseRightShift And Or Not EQ NEQ GT GTE LT LTE Is In Between Like ILike SimilarTo
Glob Escape NullSafeEQ NullSafeNEQ Any All Exists Collate AtTimeZone Interval DataType DataTypeParam
IntervalSpan ColumnDef Var Bracket Slice Dot Lambda Kwarg PropertyEQ Comprehension JSONPath JSONPathRoot
JSONPathKey JSONPathSubscript JSONPathWildcard HavingMax LimitOptions RegexpLike RegexpILike Pow Abs
"""
# Kinds that sqlglot counts as functions although they are written as operators or words.
_WORD_NAMES = """
And Or Xor Cast TryCast Try Case If Coalesce Nullif Extract Array Struct ToMap Map Substring Trim
StrPosition Exists Any All RegexpLike RegexpILike SimilarTo Pow StartsWith JSONExtract JSONExtractScalar
CurrentDate CurrentTime CurrentTimestamp Localtime Localtimestamp CurrentTimestampLTZ Columns Unnest
Explode ArrayContainsAll ArrayOverlaps Abs Ceil Floor Overlay Collate TsOrDsAdd DateAdd DateSub
Factorial Power
"""
_WRITE_NAMES = "Insert Update Delete Merge Create Drop Alter Copy Into Command TruncateTable"


def _kinds(names: str) -> frozenset[type]:
    """The node classes of these names; the library renames some now and then."""
    return frozenset(getattr(exp, name) for name in names.split() if hasattr(exp, name))


_NODES, _WORDS, _WRITES = _kinds(_NODE_NAMES), _kinds(_WORD_NAMES), _kinds(_WRITE_NAMES)
_STARTS = {
    TokenType.SELECT,
    TokenType.WITH,
    TokenType.FROM,
    TokenType.VALUES,
    TokenType.L_PAREN,
    TokenType.TABLE,
}
_OPENING = {TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE}
_CLOSING = {TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE, TokenType.END}
_PATH_MARKS = set("/\\.:*?")


def _place(sql: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of a character."""
    before = sql[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def _at(sql: str, node: exp.Expr) -> dict[str, int]:
    """The place of a node, of its name, or of the first part that has one."""
    for part in (node, node.args.get("this"), *node.find_all(exp.Identifier)):
        if isinstance(part, exp.Expr) and "start" in part.meta:
            line, column = _place(sql, part.meta["start"])
            return {"line": line, "column": column}
    return {}


def _tokens(sql: str) -> list[Token]:
    try:
        return list(sqlglot.tokenize(sql, dialect="duckdb"))
    except (TokenError, SqlglotError, ValueError, RecursionError) as error:
        # An open quote or comment is all that cannot be cut into words.
        raise Unreadable(near="") from error


def find_word(sql: str, word: str) -> tuple[int, int]:
    """Line and column of the first place where ``word`` stands as a name of its own, or (0, 0)."""
    for token in _tokens(sql):
        if token.text.casefold() == word.casefold():
            return _place(sql, token.start)
    return 0, 0


def _one_statement(sql: str) -> list[Token]:
    if len(sql) > LONGEST:
        raise TooLong(limit=LONGEST, what="characters")
    if "\0" in sql:
        line, column = _place(sql, sql.index("\0"))
        raise Unreadable(line, column, near="\\0")
    try:
        sql.encode()
    except UnicodeEncodeError as error:
        raise Unreadable(*_place(sql, error.start), near="\\ud800") from None
    found = _tokens(sql)
    while found and found[-1].token_type == TokenType.SEMICOLON:
        found.pop()
    if not found:
        raise NotOneStatement(count=0)
    if len(found) > MOST_TOKENS:
        raise TooLong(limit=MOST_TOKENS, what="words")
    depth = 0
    for token in found:
        if token.token_type == TokenType.SEMICOLON:
            raise NotOneStatement(*_place(sql, token.start), count=2)
        depth += (token.token_type in _OPENING) - (token.token_type in _CLOSING)
        if depth > DEEPEST:
            raise TooLong(*_place(sql, token.start), limit=DEEPEST, what="levels")
    if found[0].token_type not in _STARTS:
        raise NotASelect(*_place(sql, found[0].start), word=found[0].text.upper()[:40])
    return found


def _parse(sql: str) -> exp.Expr:
    try:
        trees = [tree for tree in sqlglot.parse(sql, dialect="duckdb") if tree is not None]
    except ParseError as error:
        first: dict[str, Any] = error.errors[0] if error.errors else {}
        near = str(first.get("highlight") or "")
        column = int(first.get("col") or 0) - max(len(near), 1) + 1
        raise Unreadable(int(first.get("line") or 0), max(column, 0), near=near[:40]) from error
    except RecursionError:
        raise TooLong(limit=DEEPEST, what="levels") from None
    except Exception as error:
        # The parser meets texts nobody has tried; whatever it trips over, the text is not a query.
        raise Unreadable(near="") from error
    if len(trees) != 1:
        raise NotOneStatement(count=len(trees))
    return trees[0]


class Statement:
    """One SELECT that is well formed and calls only what it may.  Its tables are not looked up yet."""

    def __init__(self, sql: str) -> None:
        self.sql = sql
        _one_statement(sql)
        self._tree = _parse(sql)
        try:
            self._check()
            self._physical = self._find_tables()
        except RecursionError:
            raise TooLong(limit=DEEPEST, what="levels") from None

    @property
    def tables(self) -> list[tuple[str, str]]:
        """The (dataset or "", table) names that the statement reads, each once, in order."""
        return list(dict.fromkeys((node.db, node.name) for node in self._physical))

    def rewrite(self, catalogue: Catalogue) -> Gated:
        """The text that may run, with every physical table replaced.  The statement itself is spent by this.

        Raises: UnknownTable, AmbiguousTable.
        """
        used: dict[Table, int] = {}
        found: list[tuple[exp.Table, Table]] = []
        for node in self._physical:
            table = self._look_up(node, catalogue)
            used.setdefault(table, len(used))
            found.append((node, table))
        try:
            self._shorten_columns(found)
            for node, table in found:
                self._replace(node, table, used[table])
            text = self._tree.sql(dialect="duckdb", comments=False)
        except RecursionError:
            raise TooLong(limit=DEEPEST, what="levels") from None
        except (SqlglotError, ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
            raise NotSupported(what="SELECT") from error
        return Gated(text, tuple(used), self.sql)

    def _look_up(self, node: exp.Table, catalogue: Catalogue) -> Table:
        where, name = _at(self.sql, node), f"{node.db}.{node.name}" if node.db else node.name
        matches = catalogue.find(node.db, node.name)
        if len(matches) > 1:
            raise AmbiguousTable(**where, name=name, known=sorted(t.full_name for t in matches))
        if not matches:
            if not node.db and _PATH_MARKS & set(node.name):
                raise FileRefused(**where, name=name[:200])
            raise UnknownTable(**where, name=name[:200], known=catalogue.alike(node.name))
        return matches[0]

    def _replace(self, node: exp.Table, table: Table, number: int) -> None:
        """Put ``(SELECT its columns FROM lake.tN) AS name`` where the table stands."""
        view = exp.Table(
            this=exp.to_identifier(f"t{number}", quoted=True), db=exp.to_identifier(SCHEMA, quoted=True)
        )
        columns = [exp.column(exp.to_identifier(c.name, quoted=True)) for c in table.columns]
        inner = exp.Select(expressions=columns).from_(view)
        alias = node.args.get("alias")
        if alias is None or not alias.this:
            columns_of_alias = alias.args.get("columns") if alias is not None else None
            alias = exp.TableAlias(this=exp.to_identifier(node.name, quoted=True), columns=columns_of_alias)
        joins = node.args.get("joins")
        new = exp.Subquery(this=inner, alias=alias.copy(), joins=joins)
        node.replace(new)

    def _shorten_columns(self, found: list[tuple[exp.Table, Table]]) -> None:
        """``dataset.table.column`` becomes ``table.column``, the name of the subquery."""
        known = {(same_name(node.db), same_name(node.name)) for node, _ in found if node.db}
        for column in self._tree.find_all(exp.Column):
            if column.args.get("db") is None or column.args.get("catalog") is not None:
                continue
            if (same_name(column.db), same_name(column.table)) in known:
                column.set("db", None)

    def _check(self) -> None:
        tree = self._tree
        if not isinstance(tree, exp.Select | exp.SetOperation | exp.Subquery | exp.Values):
            raise NotASelect(**_at(self.sql, tree), word=tree.key.upper())
        for node in tree.walk():
            self._check_node(node)

    def _check_node(self, node: exp.Expr) -> None:
        kind = type(node)
        if kind in _WRITES:
            raise NotASelect(**_at(self.sql, node), word=node.key.upper())
        if isinstance(node, exp.Table):
            self._check_table(node)
        elif isinstance(node, exp.Func) and kind not in _NODES:
            self._check_function(node)
        elif kind not in _NODES and kind not in _WORDS:
            raise NotSupported(**_at(self.sql, node), what=_in_words(kind))
        elif kind is exp.Dot and isinstance(node.expression, exp.Func):
            raise NotSupported(**_at(self.sql, node.expression), what="schema.function()")
        elif (
            kind is exp.Identifier
            and isinstance(node.parent, exp.TableAlias)
            and _PATH_MARKS & set(node.name)
        ):
            raise NotSupported(**_at(self.sql, node), what=f'"{node.name[:40]}"')
        elif kind is exp.Select and (node.args.get("into") or node.args.get("locks")):
            raise NotSupported(**_at(self.sql, node), what="INTO / FOR UPDATE")

    def _check_function(self, node: exp.Func) -> None:
        name = self._written_name(node)
        if isinstance(node.parent, exp.Table):
            return  # judged as a table function
        if name:
            if name not in ALLOWED_FUNCTIONS and not (type(node) in _WORDS and not name.isidentifier()):
                raise FunctionRefused(**_at(self.sql, node), name=name[:80])
        elif type(node) not in _WORDS:
            # Read by a rule of its own, so its place is not kept: judge the name under which it would run.
            runs_as = node.sql(dialect="duckdb").partition("(")[0].casefold()
            if runs_as not in ALLOWED_FUNCTIONS:
                line, column = find_word(self.sql, node.sql_name())
                raise FunctionRefused(line, column, name=node.sql_name().lower()[:80])

    def _written_name(self, node: exp.Func) -> str:
        """The name as it stands in the text, or "" for what is not written as a call."""
        if isinstance(node, exp.Anonymous):
            return str(node.name).casefold()
        if "start" in node.meta:
            return self.sql[node.meta["start"] : node.meta["end"] + 1].strip('"').casefold()
        return ""

    def _check_table(self, node: exp.Table) -> None:
        where = _at(self.sql, node)
        if isinstance(node.this, exp.Func):
            name = self._written_name(node.this) or node.this.sql_name().lower()
            if name not in TABLE_FUNCTIONS:
                raise TableFunctionRefused(**where, name=name[:80])
            return
        if not isinstance(node.this, exp.Identifier):
            raise NotSupported(**where, what="FROM")
        if node.args.get("catalog"):
            raise NotSupported(**where, what="catalog.schema.table")
        for part in ("pivots", "sample", "when", "version", "system_time", "partition", "changes", "only",
                     "rows_from", "ordinality", "hints", "pattern", "format", "laterals"):  # fmt: skip
            if node.args.get(part):
                raise NotSupported(**where, what=part.upper())

    def _find_tables(self) -> list[exp.Table]:
        """The physical tables, found by scope: a CTE hides a table of its name only where it may."""
        try:
            scopes = traverse_scope(self._tree)
        except SqlglotError as error:
            raise NotSupported(what="WITH") from error
        ours: dict[int, exp.Table] = {}
        ctes: set[int] = set()
        for scope in scopes:
            for name, (node, source) in scope.selected_sources.items():
                if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
                    if isinstance(source, exp.Table):
                        ours[id(node)] = node
                    elif not node.db:
                        ctes.add(id(node))
                    else:
                        raise NotSupported(**_at(self.sql, node), what=name[:80])
            for table in scope.tables:
                if isinstance(table.this, exp.Identifier) and (
                    table.db or table.name not in scope.cte_sources
                ):
                    ours.setdefault(id(table), table)
        for table in self._tree.find_all(exp.Table):
            if isinstance(table.this, exp.Func) or id(table) in ours or id(table) in ctes:
                continue
            if not table.db and self._names_a_cte(table):
                continue
            # The walk over scopes did not see it, so nothing is known about it.
            raise NotSupported(**_at(self.sql, table), what=table.name[:80])
        return [t for t in self._tree.find_all(exp.Table) if id(t) in ours and id(t) not in ctes]

    def _names_a_cte(self, table: exp.Table) -> bool:
        """Whether a WITH around the table makes its name (never true for what DuckDB would look up)."""
        node: exp.Expr | None = table
        while node is not None:
            clause = node.args.get("with_") or node.args.get("with")
            if clause is not None and any(
                cte.alias.casefold() == table.name.casefold() for cte in clause.expressions
            ):
                return True
            node = node.parent
        return False


def _in_words(kind: type) -> str:
    """``TableSample`` -> ``TABLE SAMPLE``."""
    return "".join(f" {c}" if c.isupper() else c.upper() for c in kind.__name__).strip()


def read(sql: str) -> Statement:
    """Read one query.

    Raises: a GateError, and nothing else, for every text.

    >>> flights = Table("flights", "flights", (Column("origin", "VARCHAR"), Column("delay", "BIGINT")))
    >>> read("SELECT origin FROM flights f").rewrite(Catalogue([flights])).sql
    'SELECT origin FROM (SELECT "origin", "delay" FROM "lake"."t0") AS f'
    >>> read("SELECT getenv('HOME')")
    Traceback (most recent call last):
    bitgoeul.engines.lake._gate.FunctionRefused: function_refused at 1:8 {'name': 'getenv'}
    """
    return Statement(sql)


def as_catalogue(tables: Mapping[str, Mapping[str, Iterable[tuple[str, str]]]]) -> Catalogue:
    """A catalogue from ``{dataset: {table: [(column, type)]}}``."""
    return Catalogue(
        Table(dataset, name, tuple(Column(*column) for column in columns))
        for dataset, inside in tables.items()
        for name, columns in inside.items()
    )
