"""A file that holds a table of text: text in any encoding, or an Excel workbook."""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

from leukemia_kedro.compute.whole_files import refuse_zip_bomb
from leukemia_kedro.datasets.raw_files import (
    known_decimal,
    known_encoding,
    locate,
    open_bytes,
    open_text,
)
from leukemia_kedro.datasets.text_table import (
    FOUND,
    Layout,
    Row,
    Table,
    read_lines,
    read_table,
    with_header,
    without_skipped,
)
from leukemia_kedro.errors import CohortError, UserError, first_few

NEEDS_OPENPYXL = "to read .xlsx: pip install openpyxl. Or save the sheet as CSV"


@dataclass(frozen=True)
class TableFile:
    """Where a table is, and what the catalog states of it."""

    path: str
    encoding: str = "utf-8"
    sheet: str | None = None
    """Of a workbook; None stands for the only one that holds something."""
    layout: Layout = FOUND

    @contextmanager
    def open(self, fs: Any) -> Iterator[Table]:
        """The table, whose rows are read while the file is open.

        Raises
        ------
        CohortError
            As :func:`~leukemia_kedro.datasets.text_table.read_table`, and where a workbook is
            damaged, or has several sheets of which none is named.
        """
        if self.path.endswith(".xlsx"):
            with open_bytes(fs, self.path) as stream:
                yield _read_workbook(stream, self)
        else:
            with open_text(fs, self.path, self.encoding) as text:
                yield read_table(read_lines(text, self.path), self.path, self.layout)


def table_file(entry: Mapping[str, Any], what: str) -> TableFile:
    """The file that an entry of the catalog describes.

    Parameters
    ----------
    entry : mapping
        ``filepath``, and if need be ``encoding``, ``decimal``, ``sheet``, ``separator``,
        ``skip_rows`` and ``comment``, see
        :class:`~leukemia_kedro.datasets.expression_table.ExpressionTableDataset`.
    what : str
        The entry's name in messages.

    Raises
    ------
    UserError
        For another key, or a value that cannot be.
    """
    allowed = ("filepath", "encoding", "decimal", "sheet", "separator", "skip_rows", "comment")
    unknown = [key for key in entry if key not in allowed]
    if unknown or "filepath" not in entry:
        raise UserError(
            f"{what} is {dict(entry)!r}; expected filepath and, if need be, "
            f"{', '.join(('sample_id', *allowed[1:]))}"
        )
    separator, skip, comment = (entry.get(key) for key in ("separator", "skip_rows", "comment"))
    if separator is not None and (not isinstance(separator, str) or len(separator) != 1):
        raise UserError(f'separator is {separator!r}; expected one character, a tab as "\\t"')
    if separator is not None and separator in '"\n\r':
        raise UserError(f"separator is {separator!r}; expected another character")
    if comment is not None and (not isinstance(comment, str) or not comment):
        raise UserError(f"comment is {comment!r}; expected what lines to be skipped start with")
    if not isinstance(skip, int):
        numbers = list(skip or [])
    else:
        numbers = list(range(1, skip + 1)) if skip >= 0 else [skip]
    if not all(isinstance(number, int) and number > 0 for number in numbers):
        raise UserError(
            f"skip_rows is {skip!r}; expected how many lines at the top to skip, or a list of "
            "line numbers from 1"
        )
    _, path = locate(entry["filepath"])
    encoding = known_encoding(entry.get("encoding") or "utf-8")
    decimal = known_decimal(entry.get("decimal") or ".")
    layout = Layout(separator, frozenset(numbers), comment, decimal)
    return TableFile(path, encoding, entry.get("sheet"), layout)


def _read_workbook(stream: BinaryIO, file: TableFile) -> Table:
    """The table of one sheet; cells that Excel shows as dates are ISO dates."""
    try:
        import openpyxl
    except ImportError:
        raise CohortError(f"{file.path}: {NEEDS_OPENPYXL}") from None
    try:
        with zipfile.ZipFile(stream) as archive:
            refuse_zip_bomb(file.path, archive.infolist())
        # Plain cells are numbers, texts, dates: formulas as Excel last computed them.
        workbook = openpyxl.load_workbook(stream, read_only=True, data_only=True)
        sheets = {
            sheet.title: rows
            for sheet in workbook.worksheets
            if file.sheet in (None, sheet.title)
            and (rows := _rows(sheet, f"{file.path}, sheet {sheet.title!r}", file.layout.decimal))
        }
        titles = [sheet.title for sheet in workbook.worksheets]
    except CohortError:
        raise
    except Exception as error:  # openpyxl lets through whatever zip, XML and numbers raise
        raise CohortError(f"{file.path}: not an intact Excel workbook ({error!r})") from error
    if file.sheet is not None and file.sheet not in titles:
        raise CohortError(
            f"{file.path} has no sheet {file.sheet!r}; its sheets are {first_few(titles)}"
        )
    if len(sheets) != 1:
        found = f"sheets that hold something are {first_few(sheets) or 'none'}"
        raise CohortError(f"{file.path}: {found}; name one as sheet in the catalog")
    ((title, rows),) = sheets.items()
    remarks = [f"{file.path}: read from the sheet {title!r}"] if len(titles) > 1 else []
    kept = without_skipped(rows, file.layout, remarks)
    return with_header(file.path, _as_wide_as_the_first(kept), file.layout, remarks)


def _rows(sheet: Any, name: str, decimal: str) -> list[Row]:
    """Rows that hold something, with their places; without empty cells at their ends."""
    rows = []
    for number, values in enumerate(sheet.iter_rows(values_only=True), start=1):
        cells = [_text(value, decimal) for value in values]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            rows.append((f"{name}, row {number}", cells))
    return rows


def _as_wide_as_the_first(rows: Iterator[Row]) -> Iterator[Row]:
    """Excel does not store empty cells at the end of a row."""
    width = 0
    for place, cells in rows:
        width = width or len(cells)
        yield place, cells + [""] * (width - len(cells))


def _text(value: Any, decimal: str) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))  # Excel has no other numbers than floating-point ones
    if isinstance(value, float):
        return str(value).replace(".", decimal)
    if isinstance(value, datetime.datetime):
        return str(value.date() if value.time() == datetime.time() else value)
    return " ".join(str(value).split("\n")).strip()
