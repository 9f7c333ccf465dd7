"""Statements whose form never changes: their SQL is written once, and afterwards only filled in.

Django writes the SQL of a query anew each time, which for a joined table costs more than the database takes
to answer.  What every visitor asks for is always the same, but for a moment or a name::

    open_calls = StandingQuery(
        lambda now: Call.objects.filter(closes_at__gt=now)[:25], now=models.DateTimeField()
    )
    rows = open_calls(now=clock.now())

Nothing of an answer is kept: every call asks the database.  What every command writes is written so too, by
``StandingInsert`` and ``StandingUpdate``.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar, cast

from django.db import connections, models
from django.db.models.expressions import Expression
from django.db.models.sql import UpdateQuery
from django.db.models.sql.compiler import SQLCompiler

Row = TypeVar("Row")
Kept = TypeVar("Kept", bound=models.Model)


class Given(Expression):
    """The place of a value that comes with each call."""

    def __init__(self, name: str, field: models.Field[Any, Any]) -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)


def filled(params: tuple[Any, ...], values: dict[str, Any], connection: Any) -> tuple[Any, ...]:
    """The parameters of a statement with the values of this call in their places."""
    return tuple(
        part.output_field.get_db_prep_value(values[part.name], connection)
        if isinstance(part, Given)
        else part
        for part in params
    )


class Written(NamedTuple):
    """A query as one connection sends it."""

    rows: models.QuerySet[Any, Any]
    compiler: SQLCompiler
    sql: str
    params: tuple[Any, ...]


class StandingQuery(Generic[Row]):
    """``build`` is called once per thread, with a ``Given`` for each of ``given``; it returns a query set."""

    def __init__(
        self, build: Callable[..., models.QuerySet[Any, Row]], **given: models.Field[Any, Any]
    ) -> None:
        self.build = build
        self.given = given
        self.here = threading.local()  # a compiler belongs to the connection of its thread

    def __call__(self, **values: Any) -> list[Row]:
        """The rows as the database has them now."""
        written = self._written()
        connection = written.compiler.connection
        params = filled(written.params, values, connection)
        compiler = copy.copy(written.compiler)
        compiler.as_sql = lambda *_args, **_kwargs: (written.sql, params)  # type: ignore[method-assign]
        rows = written.rows.all()
        rows.query.get_compiler = lambda *_args, **_kwargs: compiler  # type: ignore[method-assign]
        return list(rows)

    def first(self, **values: Any) -> Row | None:
        return next(iter(self(**values)), None)

    def _written(self) -> Written:
        alias = "default"
        written: Written | None = getattr(self.here, "written", None)
        if written is None or written.compiler.connection is not connections[alias]:
            written = self.here.written = self._write(alias)
        return written

    def _write(self, alias: str) -> Written:
        places = {name: Given(name, field) for name, field in self.given.items()}
        rows = self.build(**places).using(alias)
        compiler = rows.query.get_compiler(using=alias)
        sql, params = compiler.as_sql()
        # What turns values of the database into values of Python is as fixed as the columns are.
        converters = compiler.get_converters([part[0] for part in compiler.select[: compiler.col_count]])
        compiler.get_converters = lambda _expressions: converters
        return Written(rows, compiler, sql, tuple(params))


class StandingInsert(Generic[Kept]):
    """Writes new rows of a model in one statement, as ``save(force_insert=True)`` of each would.

    ``once`` writes a row only if no unique constraint forbids it, without an error that would end the
    transaction.  A row that another transaction is just writing is waited for.
    """

    def __init__(self, model: type[Kept], *, once: bool = False) -> None:
        self.model = model
        self.once = once
        self.fields = [field for field in model._meta.concrete_fields if not field.primary_key]
        self.forms: dict[tuple[str, int], str] = {}

    def __call__(self, *rows: Kept) -> bool:
        """Write ``rows``, which get their primary keys; whether they were written."""
        if self.once and len(rows) > 1:
            raise ValueError("with once, each row has an answer of its own")
        connection = connections["default"]
        params = [
            field.get_db_prep_save(field.pre_save(row, True), connection)
            for row in rows
            for field in self.fields
        ]
        with connection.cursor() as cursor:
            cursor.execute(self._sql(connection, len(rows)), params)
            keys = cursor.fetchall()
        for row, (key,) in zip(rows, keys, strict=not self.once):
            row.pk = key
            row._state.adding, row._state.db = False, connection.alias
        return bool(keys)

    def _sql(self, connection: Any, count: int) -> str:
        form = (connection.vendor, count)
        if form not in self.forms:
            quote, meta = connection.ops.quote_name, self.model._meta
            assert meta.pk is not None
            columns = ", ".join(quote(field.column) for field in self.fields)
            places = ", ".join([f"({', '.join(['%s'] * len(self.fields))})"] * count)
            self.forms[form] = (
                f"INSERT INTO {quote(meta.db_table)} ({columns}) VALUES {places}"  # noqa: S608 - no value
                f"{' ON CONFLICT DO NOTHING' if self.once else ''} RETURNING {quote(meta.pk.column)}"
            )
        return self.forms[form]


class StandingUpdate:
    """Changes rows in one statement: ``build`` returns the query set and what ``update()`` would be given."""

    def __init__(
        self,
        build: Callable[..., tuple[models.QuerySet[Any, Any], dict[str, Any]]],
        **given: models.Field[Any, Any],
    ) -> None:
        self.build = build
        self.given = given
        self.forms: dict[str, tuple[str, tuple[Any, ...]]] = {}

    def __call__(self, **values: Any) -> int:
        """How many rows were changed."""
        connection = connections["default"]
        sql, params = self.forms.get(connection.vendor) or self._write(connection)
        with connection.cursor() as cursor:
            cursor.execute(sql, filled(params, values, connection))
            return int(cursor.rowcount)

    def _write(self, connection: Any) -> tuple[str, tuple[Any, ...]]:
        places = {name: Given(name, field) for name, field in self.given.items()}
        rows, changes = self.build(**places)
        query = cast(UpdateQuery, rows.query.chain(UpdateQuery))
        query.add_update_values(changes)
        sql, params = query.get_compiler(using=connection.alias).as_sql()
        self.forms[connection.vendor] = form = (sql, tuple(params))
        return form
