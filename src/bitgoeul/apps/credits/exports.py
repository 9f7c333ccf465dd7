"""Statements as files for accountants: CSV and XLSX; credits with three decimals, won whole."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from bitgoeul.apps.credits.queries import Balance, Statement, benefits

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _figures(balance: Balance) -> list[Decimal]:
    return [
        Decimal(amount).scaleb(-3)
        for amount in (balance.granted, balance.spent, balance.held, balance.left, balance.expired)
    ]


def _head() -> list[str]:
    return [
        pgettext("statement", "When"),
        pgettext("statement", "What"),
        pgettext("statement", "For"),
        _("Reference"),
        pgettext("statement", "Granted"),
        pgettext("statement", "Spent"),
        pgettext("statement", "Held"),
        pgettext("statement", "Left"),
        pgettext("statement", "Expired"),
        _("Left after it"),
    ]


def _rows(statement: Statement) -> Iterator[list[Any]]:
    """Opening, one row for each transfer, closing; opening plus changes gives closing in every column."""
    left = Decimal(statement.opening.left).scaleb(-3)
    yield ["", _("Opening"), "", "", *_figures(statement.opening), left]
    for line in statement.lines:
        moment = timezone.localtime(line.at).replace(tzinfo=None, microsecond=0)
        text = [line.kind_label, line.purpose, line.reference]
        yield [moment, *text, *_figures(line.change), Decimal(line.left).scaleb(-3)]
    left = Decimal(statement.closing.left).scaleb(-3)
    yield ["", _("Closing"), "", "", *_figures(statement.closing), left]


def _plain(value: Any) -> Any:
    """Keep a spreadsheet from taking somebody's text for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value


def statement_csv(statement: Statement) -> bytes:
    return _csv(_head(), _rows(statement))


def statement_xlsx(statement: Statement) -> bytes:
    widths = (20, 14, 36, 36, 14, 14, 14, 14, 14, 14)
    return _xlsx(pgettext("credits", "Statement"), _head(), _rows(statement), widths)


def benefits_csv(statement: benefits.Statement) -> bytes:
    return _csv(_benefit_head(), _benefit_rows(statement))


def benefits_xlsx(statement: benefits.Statement) -> bytes:
    widths = (20, 12, 12, 28, 28, 36, 48, 16, 16, 16)
    return _xlsx(_("Benefits"), _benefit_head(), _benefit_rows(statement), widths)


def _benefit_head() -> list[str]:
    return [
        pgettext("statement", "When"),
        pgettext("day", "From"),
        pgettext("day", "Until"),
        _("Programme"),
        _("Cost item"),
        _("Reference"),
        _("Legal basis"),
        _("List value (won)"),
        _("Paid (won)"),
        _("In kind (won)"),
    ]


def _benefit_rows(statement: benefits.Statement) -> Iterator[list[Any]]:
    """One row for each line, then the sums of each year and programme, then of everything."""
    for line in statement.lines:
        moment = timezone.localtime(line.at).replace(tzinfo=None, microsecond=0)
        text = [line.programme, line.item, line.reference, str(line.legal_basis)]
        yield [
            moment,
            line.starts_on,
            line.ends_on,
            *text,
            line.list_won,
            line.paid_won,
            line.in_kind_won,
        ]
    groups = [
        *((str(year), sums) for year, sums in statement.by_year),
        *statement.by_programme,
        (pgettext("sum", "Total"), statement.total),
    ]
    for name, sums in groups:
        yield ["", "", "", name, "", "", "", sums.list_won, sums.paid_won, sums.in_kind_won]


def _csv(head: list[str], rows: Iterable[list[Any]]) -> bytes:
    """UTF-8 with a mark at the start, so that spreadsheets read Hangul."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows([_plain(value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _xlsx(title: str, head: list[str], rows: Iterable[list[Any]], widths: Sequence[int]) -> bytes:
    """One sheet, amounts as numbers, the head frozen; sums, which have no moment, are bold."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for letter, width in zip("ABCDEFGHIJ", widths, strict=True):
        sheet.column_dimensions[letter].width = width

    def cell(value: Any, bold: bool = False) -> Any:
        made = WriteOnlyCell(sheet, value=value)
        if isinstance(value, str):
            made.data_type = "s"  # never a formula
        elif isinstance(value, Decimal):
            made.number_format = "#,##0.000"
        elif isinstance(value, int):
            made.number_format = "#,##0"
        if bold:
            made.font = Font(bold=True)
        return made

    sheet.append([cell(name, bold=True) for name in head])
    for row in rows:
        sheet.append([cell(value, bold=row[0] == "") for value in row])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()
