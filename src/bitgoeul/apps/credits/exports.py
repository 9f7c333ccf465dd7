"""The statement as a file for accountants: CSV and XLSX, amounts in credits with three decimals."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from bitgoeul.apps.credits.queries import Balance, Statement

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
    """UTF-8 with a mark at the start, so that spreadsheets read Hangul."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_head())
    writer.writerows([_plain(value) for value in row] for row in _rows(statement))
    return text.getvalue().encode("utf-8-sig")


def statement_xlsx(statement: Statement) -> bytes:
    """One sheet, amounts as numbers, the head frozen."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet = book.create_sheet(pgettext("credits", "Statement"))
    sheet.freeze_panes = "A2"
    for letter, width in zip("ABCDEFGHIJ", (20, 14, 36, 36, 14, 14, 14, 14, 14, 14), strict=True):
        sheet.column_dimensions[letter].width = width

    def cell(value: Any, bold: bool = False) -> Any:
        made = WriteOnlyCell(sheet, value=value)
        if isinstance(value, str):
            made.data_type = "s"  # never a formula
        elif isinstance(value, Decimal):
            made.number_format = "#,##0.000"
        if bold:
            made.font = Font(bold=True)
        return made

    sheet.append([cell(title, bold=True) for title in _head()])
    for row in _rows(statement):
        sheet.append([cell(value, bold=row[0] == "") for value in row])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()
