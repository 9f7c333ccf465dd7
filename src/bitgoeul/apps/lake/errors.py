"""How the lake refuses, and how it tells a reader why a publication failed."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, NoReturn

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from bitgoeul.engines import lake
from bitgoeul.kit.refusals import Refusal


class QueryRefusal(Refusal):
    """A query that the gate or the engine turned down.

    Facts carry ``line`` and ``column`` when there is a place.
    """

    status = HTTPStatus.UNPROCESSABLE_ENTITY

    @property
    def line(self) -> int:
        return int(self.facts.get("line", 0))

    @property
    def column(self) -> int:
        return int(self.facts.get("column", 0))


class QueryUnreadable(QueryRefusal):
    title = _("This is not a query that can be read")
    remedy = _("Check the spelling near “%(near)s”.")


class QueryTooLong(QueryRefusal):
    title = _("The query is too long or too deeply nested")
    remedy = _("Shorten it, or save a part of it as a dataset first.")


class NotOneStatement(QueryRefusal):
    title = _("A query is exactly one statement")
    remedy = _("Write one SELECT, without a semicolon between statements.")


class NotASelect(QueryRefusal):
    title = _("“%(word)s” is not allowed: a query only reads")
    remedy = _("Begin with SELECT, WITH or FROM. To keep a result, use “Save as a dataset”.")


class SqlNotSupported(QueryRefusal):
    title = _("“%(what)s” cannot be used here")
    remedy = _("Write the query without it.")


class FunctionNotAllowed(QueryRefusal):
    title = _("The function “%(name)s” is not on the list of allowed functions")
    remedy = _("Use another function. The query page lists all of them.")


class TableFunctionNotAllowed(QueryRefusal):
    title = _("The function “%(name)s” may not stand in FROM")
    remedy = _("Read from a dataset of the catalogue. Files and settings cannot be read.")


class FileNotAllowed(QueryRefusal):
    title = _("“%(name)s” looks like a file, and files cannot be read")
    remedy = _("Publish the file as a dataset, then read it by its name.")


class UnknownTable(QueryRefusal):
    title = _("There is no table “%(name)s” for you")
    remedy = _("Write dataset.table as in the catalogue. Similar names: %(alike)s.")


class AmbiguousTable(QueryRefusal):
    title = _("“%(name)s” is the name of several tables")
    remedy = _("Write one of: %(alike)s.")


class QueryFailed(QueryRefusal):
    title = _("The query could not be run")
    remedy = _("The engine says: %(message)s")


class QueryTooSlow(QueryRefusal):
    title = _("The query took longer than %(limit)s seconds and was stopped")
    remedy = _("Read fewer rows, or save an intermediate result as a dataset.")


class QueryTooLarge(QueryRefusal):
    title = _("The query needed more memory or disk than one query may use")
    remedy = _("Read fewer rows or columns, or save an intermediate result as a dataset.")


class LakeBusy(Refusal):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = _("Too many queries are running at this moment")
    remedy = _("Wait a little and run it again.")


class UploadTooLarge(Refusal):
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    title = _("The file is larger than the limit of %(limit_mib)s MiB")
    remedy = _("Nothing was stored. Split the file, or compress it as Parquet.")


class UploadOffset(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("The upload stands at byte %(received)s")
    remedy = _("Continue from there.")


class UploadOverflow(Refusal):
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = _("More bytes came than were declared (%(size)s)")
    remedy = _("Begin a new upload with the right size.")


class UploadIncomplete(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("Only %(received)s of %(size)s bytes have arrived")
    remedy = _("Send the rest, then finish.")


class ChecksumMismatch(Refusal):
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = _("The file does not have the declared checksum")
    remedy = _("Something was changed on the way. Upload it again.")


class NotATableFile(Refusal):
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = _("“%(name)s” is no file that can become a table")
    remedy = _("Give CSV (.csv, .tsv, .txt), Parquet (.parquet) or Arrow (.arrow, .feather, .ipc).")


class NothingToPublish(Refusal):
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = _("There is nothing to publish")
    remedy = _("Give at least one finished upload.")


class SameTableTwice(Refusal):
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = _("Two files would become the table “%(name)s”")
    remedy = _("Give each file its own table name.")


class SomebodyHasAccess(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("%(count)s organisation(s) have access to this dataset now")
    remedy = _("Take their access back first, or let it end. Then make the dataset private.")


class ResultTooOpen(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("This was made from data that not everybody may read: %(names)s")
    remedy = _("Let it be read on request, or by your organisation only.")


class BadRange(Refusal):
    status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
    title = _("The file does not have these bytes")
    remedy = _("It has %(size)s bytes.")


_GATE: dict[type[lake.GateError], type[QueryRefusal]] = {
    lake.Unreadable: QueryUnreadable,
    lake.TooLong: QueryTooLong,
    lake.NotOneStatement: NotOneStatement,
    lake.NotASelect: NotASelect,
    lake.NotSupported: SqlNotSupported,
    lake.FunctionRefused: FunctionNotAllowed,
    lake.TableFunctionRefused: TableFunctionNotAllowed,
    lake.FileRefused: FileNotAllowed,
    lake.UnknownTable: UnknownTable,
    lake.AmbiguousTable: AmbiguousTable,
}


def refuse_query(error: lake.GateError) -> NoReturn:
    """Raise the refusal that says to a reader what the gate said to us."""
    facts: dict[str, Any] = dict(error.facts)
    if error.line:
        facts |= {"line": error.line, "column": error.column}
    if "near" in facts:
        facts["near"] = facts["near"] or "…"
    facts["alike"] = ", ".join(facts.get("known", [])) or "—"
    raise _GATE[type(error)](**facts) from error


# Why a publication failed.  Stored as a code with facts, told in the language of whoever reads it.
PROBLEMS: dict[str, Any] = {
    "empty": _("%(file)s is empty."),
    "no_rows": _("%(file)s has a header but no rows."),
    "nul_byte": _("%(file)s, line %(line)s: there is a NUL byte. This is not a text file."),
    "unknown_encoding": _(
        "%(file)s, line %(line)s: the text is neither UTF-8 nor CP949 (EUC-KR) nor UTF-16. Save it as UTF-8."
    ),
    "duplicate_columns": _("%(file)s: these columns are there more than once: %(names)s."),
    "unnamed_column": _("%(file)s: column %(place)s has no name."),
    "too_many_columns": _("%(file)s has %(count)s columns; at most %(limit)s are possible."),
    "open_quote": _("%(file)s, line %(line)s: a quotation mark is opened and never closed."),
    "stray_quote": _("%(file)s, line %(line)s: a quotation mark stands inside a cell. Write it twice."),
    "cell_too_long": _("%(file)s, line %(line)s: the line is longer than %(limit)s characters."),
    "ragged": "",
    "rows_differ": _("%(file)s: %(expected)s rows were counted but %(found)s could be read."),
    "unreadable_file": _("%(file)s cannot be read as %(format)s: %(message)s"),
    "conversion": _("%(file)s: a value does not fit its column: %(message)s"),
    "too_slow": _("%(file)s took too long and was stopped."),
    "out_of_memory": _("%(file)s needed more memory than a publication may use."),
    "out_of_disk": _("%(file)s needed more disk than a publication may use."),
    "query": _("The query could not be run: %(message)s"),
    "source_gone": _("A dataset that the query reads is no longer there: %(name)s."),
    "upload_gone": _("The uploaded file %(file)s is no longer there. Upload it again."),
    "internal": _("Something went wrong on our side. Try again; the operator has been told."),
}


def explain(problem: dict[str, Any]) -> str:
    """The sentence for a stored problem, in the present language."""
    facts = {key: _joined(value) for key, value in problem.get("facts", {}).items()}
    if problem.get("code") == "ragged":
        return _explain_ragged(problem["facts"])
    sentence = str(PROBLEMS.get(problem.get("code", ""), PROBLEMS["internal"]))
    return sentence % {"file": "", "line": 0, "message": "", "names": "", **facts}


def _joined(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def _explain_ragged(facts: dict[str, Any]) -> str:
    """Name the lines that have another number of cells than the header."""
    lines = " ".join(
        ngettext("Line %(line)s has %(cells)s cell.", "Line %(line)s has %(cells)s cells.", cells)
        % {"line": line, "cells": cells}
        for line, cells in facts["lines"]
    )
    more = facts["count"] - len(facts["lines"])
    text = str(_("%(file)s has %(columns)s columns, but not in every line. %(lines)s")) % {
        "file": facts.get("file", ""),
        "columns": facts["columns"],
        "lines": lines,
    }
    if more > 0:
        text += " " + str(_("And %(more)s more lines.")) % {"more": more}
    return text


NOTES: dict[str, Any] = {
    "converted": _("%(file)s was in %(encoding)s and was converted to UTF-8."),
}


def tell(note: dict[str, Any]) -> str:
    """The sentence for something that a reader should know about a published table."""
    return str(NOTES[note["code"]]) % note["facts"]
