"""Queries whose form never changes: their SQL is written once, and afterwards only filled in.

Django writes the SQL of a query anew each time, which for a joined table costs more than the database takes
to answer.  What every visitor asks for is always the same, but for a moment or a name::

    open_calls = StandingQuery(
        lambda now: Call.objects.filter(closes_at__gt=now)[:25], now=models.DateTimeField()
    )
    rows = open_calls(now=clock.now())

Nothing of an answer is kept: every call asks the database.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

from django.db import connections, models
from django.db.models.expressions import Expression
from django.db.models.sql.compiler import SQLCompiler

Row = TypeVar("Row")


class Given(Expression):
    """The place of a value that comes with each call."""

    def __init__(self, name: str, field: models.Field[Any, Any]) -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)


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
        params = tuple(
            part.output_field.get_db_prep_value(values[part.name], connection)
            if isinstance(part, Given)
            else part
            for part in written.params
        )
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
