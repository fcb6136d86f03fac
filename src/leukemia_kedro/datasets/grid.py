"""A table as it stands in its file: numbers, with columns and rows of text around them."""

from __future__ import annotations

from array import array
from collections.abc import Collection
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, TextIO

import numpy as np
import pandas as pd

from leukemia_kedro.datasets.delimited import (
    check_width,
    guess_separator,
    read_lines,
    split_line,
    to_numbers,
)
from leukemia_kedro.errors import CohortError, first_few

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

COLUMNS_AT_A_TIME = 500
Heading = str | int  # a column, or a row under the header: its name, or its position from 0


class Grid(NamedTuple):
    """What :func:`read_text_grid` and :func:`read_parquet_grid` return.

    ``numbers`` has shape (rows of numbers, ``columns``). Each Series of ``column_text`` has one
    cell for each of these rows, of ``row_text`` one for each of these columns; both are keyed
    by the heading that was asked for, and named as the file names them.
    """

    columns: list[str]
    column_text: dict[Heading, pd.Series]
    row_text: dict[Heading, pd.Series]
    numbers: np.ndarray


def read_text_grid(
    text: TextIO,
    name: str,
    columns: Collection[Heading],
    rows: Collection[Heading],
    missing: Collection[str],
    unnamed: str | None = None,
) -> Grid:
    """Read delimited text.

    Parameters
    ----------
    text : TextIO
        From :func:`~leukemia_kedro.datasets.delimited.open_text`.
    name : str
        The file, as messages name it.
    columns, rows : collection of str or int
        Those that hold text; all others hold numbers. The names of rows stand in the first of
        ``columns``.
    missing : collection of str
        Marks of a missing number.
    unnamed : str, optional
        Where the file has no header: what its columns are called, before their position.

    Raises
    ------
    CohortError
        Where a heading is not found, a line is too short or too long, or a cell is no number.
    """
    lines = read_lines(text, name)
    number, first = next(lines)
    second = next(lines, None)
    lines = chain([second], lines) if second else lines
    separator = guess_separator(first, second[1] if second else "")
    header = [cell.strip() for cell in split_line(first, separator, f"{name}, line {number}")]
    if unnamed is not None:
        lines = chain([(number, first)], lines)
        header = numbered(unnamed, len(header))
    text_at = {heading: find_column(heading, header, name) for heading in columns}
    numeric = [i for i in range(len(header)) if i not in text_at.values()]

    row_text, text_cells = {}, []
    numbers = array("d")  # grows in place: there is never a second copy of a large table
    for row, (number, line) in enumerate(lines):
        place = f"{name}, line {number}"
        cells = split_line(line, separator, place)
        check_width(cells, header, place)
        here = [cells[i].strip() for i in text_at.values()]
        heading = next((h for h in rows if h in (row, *here[:1]) and h not in row_text), None)
        if heading is not None:
            row_text[heading] = pd.Series([cells[i].strip() for i in numeric], name=here[0])
            continue

        def column(index: int, place: str = place) -> str:
            return f"{place}, column {header[numeric[index]]}"

        text_cells.append(here)
        numbers.frombytes(to_numbers([cells[i] for i in numeric], column, missing).tobytes())
    absent = [heading for heading in rows if heading not in row_text]
    if absent:
        raise CohortError(f"{name} has no row {absent[0]!r}")
    if not numbers or not numeric:
        raise CohortError(f"{name}: the file holds headings, but no expression")
    column_text = {
        heading: pd.Series(cells, name=header[text_at[heading]], dtype=str)
        for heading, cells in zip(text_at, zip(*text_cells, strict=True), strict=True)
    }
    values = np.frombuffer(numbers).reshape(-1, len(numeric))
    return Grid([header[i] for i in numeric], column_text, row_text, values)


def read_parquet_grid(
    stream: BinaryIO, name: str, columns: Collection[Heading], rows: Collection[Heading] = ()
) -> Grid:
    """Read Parquet; a named index counts as the first column. float32 is kept, if all is float32.

    Raises
    ------
    CohortError
        Where a heading is not found, a column should hold numbers and does not, or a row should
        hold text, which Parquet cannot.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if rows:
        raise CohortError(
            f"{name}: a column of a Parquet file is all text or all numbers, so {first_few(rows)} "
            "cannot be one of its rows; give labels and covariates in a sample_sheet"
        )
    try:
        return _read_columns(pq.ParquetFile(stream), name, columns)
    except (pa.ArrowException, OSError) as error:
        raise CohortError(f"{name}: not an intact Parquet file ({error})") from error


def _read_columns(file: ParquetFile, name: str, columns: Collection[Heading]) -> Grid:
    empty = file.schema_arrow.empty_table().to_pandas()
    if empty.index.name in file.schema_arrow.names:
        empty = empty.reset_index()
    header = [str(column) for column in empty.columns]
    if len(set(header)) < len(header):
        raise CohortError(f"{name}: two columns have the same name: {first_few(header)}")
    text_at = {heading: find_column(heading, header, name) for heading in columns}
    dtypes = dict(zip(header, empty.dtypes, strict=True))
    numeric = [column for i, column in enumerate(header) if i not in text_at.values()]
    if not numeric or not file.metadata.num_rows:
        raise CohortError(f"{name}: the file holds headings, but no expression")
    not_numeric = [column for column in numeric if dtypes[column].kind not in "fiu"]
    if not_numeric:
        raise CohortError(f"{name}: columns that do not hold numbers: {first_few(not_numeric)}")
    single = all(dtypes[column] == np.float32 for column in numeric)
    numbers = np.empty((len(numeric), file.metadata.num_rows), np.float32 if single else float)
    # A few columns at a time: there is never a second copy of a large table.
    for start in range(0, len(numeric), COLUMNS_AT_A_TIME):
        some = numeric[start : start + COLUMNS_AT_A_TIME]
        for i, cells in enumerate(file.read(some).select(some).columns, start):
            numbers[i] = cells.to_numpy()
    column_text = {heading: _read_text(file, header[i]) for heading, i in text_at.items()}
    return Grid(numeric, column_text, {}, numbers.T)


def _read_text(file: ParquetFile, column: str) -> pd.Series:
    cells = file.read([column]).to_pandas(ignore_metadata=True)[column]
    return cells.astype("string").fillna("").astype(str).str.strip()


def find_column(heading: Heading, header: list[str], name: str) -> int:
    """Position of a column given by name or by position, which may count from the end.

    Raises
    ------
    CohortError
        Where there is none; names the columns there are.
    """
    if isinstance(heading, str) and heading in header:
        return header.index(heading)
    if isinstance(heading, int) and -len(header) <= heading < len(header):
        return heading % len(header)
    raise CohortError(f"{name} has no column {heading!r}; its columns are {first_few(header)}")


def numbered(kind: str, count: int) -> list[str]:
    """``sample_01`` … ``sample_72``."""
    width = max(2, len(str(count)))
    return [f"{kind}_{number:0{width}d}" for number in range(1, count + 1)]
