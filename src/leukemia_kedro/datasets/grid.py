"""A table as it stands in its file: numbers, with columns and rows of text around them."""

from __future__ import annotations

from collections.abc import Collection
from itertools import chain
from typing import BinaryIO, NamedTuple, TextIO

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
    separator = guess_separator(first)
    header = [cell.strip() for cell in split_line(first, separator, f"{name}, line {number}")]
    if unnamed is not None:
        lines = chain([(number, first)], lines)
        header = numbered(unnamed, len(header))
    text_at = {heading: find_column(heading, header, name) for heading in columns}
    numeric = [i for i in range(len(header)) if i not in text_at.values()]

    row_text, text_cells, numbers = {}, [], []
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
        numbers.append(to_numbers([cells[i] for i in numeric], column, missing))
    absent = [heading for heading in rows if heading not in row_text]
    if absent:
        raise CohortError(f"{name} has no row {absent[0]!r}")
    if not numbers or not numeric:
        raise CohortError(f"{name}: the file holds headings, but no expression")
    column_text = {
        heading: pd.Series(cells, name=header[text_at[heading]], dtype=str)
        for heading, cells in zip(text_at, zip(*text_cells, strict=True), strict=True)
    }
    return Grid([header[i] for i in numeric], column_text, row_text, np.array(numbers))


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
    try:
        frame = pd.read_parquet(stream)
    except (ValueError, OSError) as error:
        raise CohortError(f"{name}: not an intact Parquet file ({error})") from error
    if rows:
        raise CohortError(
            f"{name}: a column of a Parquet file is all text or all numbers, so {first_few(rows)} "
            "cannot be one of its rows; give labels and covariates in a sample_sheet"
        )
    if frame.index.name is not None:
        frame = frame.reset_index()
    header = [str(column) for column in frame.columns]
    text_at = {heading: find_column(heading, header, name) for heading in columns}
    numeric = [i for i in range(len(header)) if i not in text_at.values()]
    if not numeric or frame.empty:
        raise CohortError(f"{name}: the file holds headings, but no expression")
    dtypes = [frame.dtypes.iloc[i] for i in numeric]
    not_numeric = [
        header[i] for i, dtype in zip(numeric, dtypes, strict=True) if dtype.kind not in "fiu"
    ]
    if not_numeric:
        raise CohortError(f"{name}: columns that do not hold numbers: {first_few(not_numeric)}")
    column_text = {
        heading: frame.iloc[:, i].astype("string").fillna("").astype(str).str.strip()
        for heading, i in text_at.items()
    }
    single = all(dtype == np.float32 for dtype in dtypes)
    numbers = frame.iloc[:, numeric].to_numpy(np.float32 if single else np.float64)
    return Grid([header[i] for i in numeric], column_text, {}, numbers)


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
