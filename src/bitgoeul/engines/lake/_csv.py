"""What is wrong with a CSV file, said by line, before anything is stored."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass

DELIMITERS = (",", "\t", ";", "|")
SHOWN = 10
LONGEST_CELL = 1 << 20
LONGEST_RECORD_LINES = 10_000
MOST_COLUMNS = 2_000


class CsvProblem(ValueError):
    """Why this is not a table.  ``code`` is stable; ``facts`` hold what a sentence needs.

    Codes: ``empty`` · ``no_rows`` · ``nul_byte`` (line) ·
    ``ragged`` (lines: [[line, cells]], columns, count) ·
    ``duplicate_columns`` (names) · ``unnamed_column`` (place) · ``too_many_columns`` (count, limit) ·
    ``open_quote`` (line) · ``stray_quote`` (line) · ``cell_too_long`` (line, limit).
    """

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(f"{code} {facts}")
        self.code = code
        self.facts = facts


@dataclass(frozen=True)
class CsvShape:
    """A sound file:

    its delimiter, column names as written (spaces around them removed) and number of rows.
    """

    delimiter: str
    columns: tuple[str, ...]
    rows: int


def _delimiter(line: str) -> str:
    """The delimiter that splits the header into most cells; a comma when none does."""
    outside = "".join(line.split('"')[0::2])
    return max(DELIMITERS, key=outside.count)


class _Record:
    """Collects the physical lines of one record while a quoted cell is open."""

    def __init__(self, delimiter: str) -> None:
        self.delimiter = delimiter
        self.text = ""
        self.first = 0
        self.lines = 0

    def add(self, line: str, number: int) -> bool:
        """Whether the record is complete: every quote has its partner."""
        if not self.text:
            self.first, self.lines = number, 0
        self.text += line
        self.lines += 1
        if len(self.text) > LONGEST_CELL or self.lines > LONGEST_RECORD_LINES:
            raise CsvProblem("open_quote", line=self.first)
        return self.text.count('"') % 2 == 0

    def cells(self) -> list[str]:
        text, self.text = self.text, ""
        csv.field_size_limit(LONGEST_CELL)
        try:
            rows = list(csv.reader([text], delimiter=self.delimiter, strict=True))
        except csv.Error:
            raise CsvProblem("stray_quote", line=self.first) from None
        if len(rows) != 1:
            raise CsvProblem("stray_quote", line=self.first)
        return rows[0]


def _header(cells: list[str]) -> tuple[str, ...]:
    names = [cell.strip() for cell in cells]
    if len(names) > MOST_COLUMNS:
        raise CsvProblem("too_many_columns", count=len(names), limit=MOST_COLUMNS)
    for place, name in enumerate(names, start=1):
        if not name:
            raise CsvProblem("unnamed_column", place=place)
    # SQL does not tell upper from lower case, so neither may the names.
    met: set[str] = set()
    repeated: dict[str, None] = {}
    for name in names:
        if name.casefold() in met:
            repeated[name] = None
        met.add(name.casefold())
    if repeated:
        raise CsvProblem("duplicate_columns", names=list(repeated))
    return tuple(names)


def inspect_csv(lines: Iterable[str]) -> CsvShape:  # noqa: PLR0912 - one pass over the lines
    """Read every line once and return the shape of the table.

    The first line names the columns.  Empty lines are passed over.  Quoted cells may hold delimiters and
    line ends.

    Args:
        lines: decoded lines with their line ends; numbered from 1.
    Raises: CsvProblem, of which ``ragged`` names the first ten lines and counts the rest.

    >>> inspect_csv(["a,b\\n", "1,2\\n", '"x, y",3\\n'])
    CsvShape(delimiter=',', columns=('a', 'b'), rows=2)
    """
    columns: tuple[str, ...] = ()
    record: _Record | None = None
    ragged: list[list[int]] = []
    delimiter, rows, bad = ",", 0, 0
    open_record = False
    number = 0
    for number, line in enumerate(lines, start=1):
        if "\0" in line:
            raise CsvProblem("nul_byte", line=number)
        if not open_record and not line.strip():
            continue
        if record is None:
            delimiter = _delimiter(line)
            record = _Record(delimiter)
        if not open_record and columns and '"' not in line:
            # The common line: no quotes, so counting delimiters is enough and many times faster.
            if len(line) > LONGEST_CELL:
                raise CsvProblem("cell_too_long", line=number, limit=LONGEST_CELL)
            count, first = line.count(delimiter) + 1, number
        else:
            open_record = not record.add(line, number)
            if open_record:
                continue
            first = record.first
            cells = record.cells()
            count = len(cells)
            if not columns:
                columns = _header(cells)
                continue
        if count == len(columns):
            rows += 1
        else:
            bad += 1
            if len(ragged) < SHOWN:
                ragged.append([first, count])
    if open_record and record is not None:
        raise CsvProblem("open_quote", line=record.first)
    if not columns:
        raise CsvProblem("empty")
    if bad:
        raise CsvProblem("ragged", lines=ragged, columns=len(columns), count=bad)
    if not rows:
        raise CsvProblem("no_rows")
    return CsvShape(delimiter, columns, rows)
