"""What the cohort files share: opening them anywhere, their lines, their cells, their numbers.

Numbers are read with Python's own ``float``, which is correctly rounded, so that a table written
out and read back is the same table, and so that a bad cell is reported by its line and name.
"""

from __future__ import annotations

import csv
import io
import math
import re
import zipfile
import zlib
from abc import abstractmethod
from collections.abc import Callable, Collection, Iterator
from copy import deepcopy
from pathlib import PurePosixPath
from typing import BinaryIO, TextIO

import fsspec
import numpy as np
import pandas as pd
from kedro.io import AbstractDataset, DatasetError
from kedro.io.core import get_filepath_str, get_protocol_and_path

from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.errors import CohortError, first_few

MISSING = ("", "?", "NA", "NaN", "nan", "null")
ALWAYS_TEXT = ("batch", "group", "patient")
FETCHED = ("golub", "cumida", "mll")
"""Folders of ``data/01_raw`` that ``kedro fetch`` fills."""


class CohortFileDataset(AbstractDataset[Cohort, Cohort]):
    """A cohort read from a path that fsspec knows: a local file, ``s3://``, ``https://`` …

    A subclass reads its layout in ``_read`` and says in ``_advice`` what to do about a file that
    cannot be read; every message ends with it. Nothing is ever written to raw data.

    Parameters
    ----------
    filepath : str
        Path of the file, with its protocol unless it is local.
    credentials, fs_args : dict, optional
        For the file system, as in Kedro's own datasets.
    metadata : dict, optional
        For plugins such as Kedro-Viz.
    """

    def __init__(self, *, filepath, credentials=None, fs_args=None, metadata=None) -> None:
        protocol, self._filepath = locate(filepath)
        options = {**(deepcopy(credentials) or {}), **(deepcopy(fs_args) or {})}
        self._fs = fsspec.filesystem(protocol, **options)
        self.metadata = metadata

    _advice: str

    @abstractmethod
    def _read(self) -> Cohort: ...

    def load(self) -> Cohort:
        try:
            return self._read()
        except CohortError as error:
            raise CohortError(f"{error}\n{self._advice}") from error

    def save(self, data: Cohort) -> None:
        raise DatasetError(
            f"{type(self).__name__} only reads: {self._filepath} is raw data and stays as it is"
        )

    def _describe(self) -> dict:
        return {"filepath": self._filepath}

    def _exists(self) -> bool:
        return self._fs.exists(self._filepath)


def locate(filepath: str) -> tuple[str, str]:
    """Protocol of a path, and the path as its file system takes it."""
    protocol, path = get_protocol_and_path(filepath)
    return protocol, get_filepath_str(PurePosixPath(path), protocol)


def open_bytes(fs, path: str, compression: str | None = "infer") -> BinaryIO:
    """Open a file, decompressed by its ending (``.gz``, ``.bz2``, ``.zip``) unless told otherwise.

    Raises
    ------
    CohortError
        Where the file is absent, is a folder or may not be read.
    """
    try:
        return fs.open(path, "rb", compression=compression)
    except FileNotFoundError:
        *_, layer, cohort, _ = ("", "", *PurePosixPath(path).parts)
        fetched = layer == "01_raw" and cohort in FETCHED
        way = f"; to bring it in: kedro fetch {cohort}" if fetched else ""
        raise CohortError(f"{path}: no such file{way}") from None
    except IsADirectoryError:
        raise CohortError(f"{path} is a folder; expected a file") from None
    except PermissionError:
        raise CohortError(f"{path}: permission to read the file is denied") from None
    except zipfile.BadZipFile:
        raise CohortError(f"{path}: the file is named as a zip but is none") from None


def open_text(fs, path: str) -> TextIO:
    """:func:`open_bytes`, then :func:`as_text`."""
    return as_text(open_bytes(fs, path))


def as_text(stream) -> TextIO:
    """Bytes as text: UTF-8 with or without a byte-order mark, any kind of line end."""
    return io.TextIOWrapper(stream, encoding="utf-8-sig")


def read_lines(text: TextIO, name: str) -> Iterator[tuple[int, str]]:
    """Lines that hold something, with their numbers, counted from 1.

    Parameters
    ----------
    text : TextIO
        From :func:`open_text`.
    name : str
        The file, as messages name it.

    Raises
    ------
    CohortError
        Where the file is empty, is a web page, is not UTF-8 text or is compressed and damaged.
    """
    number = 0
    seen = False
    try:
        for number, line in enumerate(text, start=1):
            line = line.rstrip("\n")
            if not line.strip(' \r\t,;"'):
                continue
            if not seen:
                _check_is_text(line, name)
                seen = True
            yield number, line
    except UnicodeDecodeError:
        raise CohortError(
            f"{name}: what follows line {number} is not UTF-8 text; "
            "zip, Excel and other binary files are not read under this name"
        ) from None
    except (EOFError, zlib.error, zipfile.BadZipFile, OSError) as error:
        raise CohortError(
            f"{name}: cannot be read beyond line {number}, the file is cut off or damaged ({error})"
        ) from error
    if not seen:
        raise CohortError(f"{name}: the file is empty")


def _check_is_text(first_line: str, name: str) -> None:
    if first_line.lstrip().startswith("<"):
        raise CohortError(
            f"{name}: this is a web page, not a table: it starts with {first_line.strip()[:40]!r}"
        )
    if "\0" in first_line or first_line.startswith("PK\x03\x04"):
        raise CohortError(f"{name}: this is a zip, Excel or other binary file, not a text table")


def guess_separator(line: str, next_line: str = "") -> str:
    """Tab where there is one, else comma or semicolon, outside quotes.

    Of these the one that is as often in the next line, because names of probes may hold the other;
    else the more frequent.
    """
    if "\t" in line:
        return "\t"
    here, below = (re.sub('"[^"]*"', "", text) for text in (line, next_line))
    alike = [mark for mark in ",;" if 0 < here.count(mark) == below.count(mark)]
    return max(alike or ",;", key=here.count)


def split_line(line: str, separator: str, place: str) -> list[str]:
    """Cells of one line, without the quotes around them.

    Raises
    ------
    CohortError
        Where a quote is opened and never closed; names ``place``.
    """
    if '"' not in line:
        return line.split(separator)
    try:
        return next(csv.reader([line], delimiter=separator, strict=True))
    except csv.Error:
        raise CohortError(f"{place}: a quotation mark is not closed") from None


def check_width(cells: list[str], header: list[str], place: str) -> None:
    """Refuse a line that does not have one cell under each heading."""
    if len(cells) != len(header):
        raise CohortError(
            f"{place} has {len(cells)} cells, the header has {len(header)}: "
            "the file is cut off, or a separator is missing or one too many"
        )


def to_numbers(
    cells: list[str], place: Callable[[int], str], missing: Collection[str] = ()
) -> np.ndarray:
    """Cells as float64, NaN where a cell is one of the marks of a missing value.

    Parameters
    ----------
    cells : list of str
        As they stand in the file.
    place : callable
        Names the place of the i-th cell for a message.
    missing : collection of str
        Marks of a missing value; none are allowed by default.

    Raises
    ------
    CohortError
        At the first cell that is neither a finite number nor such a mark.
    """
    try:
        # float() takes 1_000 for a thousand, a file that holds it means something else
        if "_" not in "".join(cells) and set(missing).isdisjoint(cells):
            values = np.fromiter(map(float, cells), float, len(cells))
            if np.isfinite(values).all():
                return values
    except ValueError:
        pass
    return np.array(
        [_to_number(cell.strip(), index, place, missing) for index, cell in enumerate(cells)]
    )


def _to_number(
    cell: str, index: int, place: Callable[[int], str], missing: Collection[str]
) -> float:
    if cell in missing:
        return np.nan
    try:
        value = float(cell)
    except ValueError:
        value = None
    if value is not None and math.isfinite(value) and "_" not in cell:
        return value
    if not cell:
        fault = "the cell is empty; expected a number"
    elif re.fullmatch(r"[+-]?\d+,\d+", cell):
        fault = f"{cell!r} has a decimal comma; expected a decimal point"
    elif value is None or "_" in cell:
        fault = f"{cell!r} is not a number"
    else:
        fault = f"{cell!r} is not a finite number"
    raise CohortError(f"{place(index)}: {fault}")


def read_sheet(text: TextIO, name: str, key: str | None = None) -> pd.DataFrame:
    """A small table of text, one line for each sample.

    Parameters
    ----------
    text : TextIO
        From :func:`open_text`.
    name : str
        The file, as messages name it.
    key : str, optional
        Column of the sample ids; by default the first.

    Returns
    -------
    DataFrame of str
        Indexed by ``key``; an empty cell is an empty text.

    Raises
    ------
    CohortError
        Where two columns or two lines have the same name, or a line is too short or too long.
    """
    lines = read_lines(text, name)
    number, first = next(lines)
    separator = guess_separator(first)
    header = [cell.strip() for cell in split_line(first, separator, f"{name}, line {number}")]
    key = header[0] if key is None else key
    if key not in header:
        raise CohortError(f"{name} has no column {key!r}; its columns are {first_few(header)}")
    if len(set(header)) < len(header):
        raise CohortError(f"{name}: two columns have the same name: {first_few(header)}")
    rows = []
    for number, line in lines:
        place = f"{name}, line {number}"
        cells = split_line(line, separator, place)
        check_width(cells, header, place)
        rows.append([cell.strip() for cell in cells])
    sheet = pd.DataFrame(rows, columns=header, dtype=str).set_index(key)
    repeated = sheet.index[sheet.index.duplicated()]
    if len(repeated):
        raise CohortError(f"{name}: {key} occurs more than once: {first_few(repeated)}")
    return sheet


def as_covariate(
    name: str, cells: list[str], missing: Collection[str] = MISSING
) -> list[float] | list[str | None]:
    """What is known of the samples, as numbers or as text.

    Numbers where every cell that is not missing is one: the design of differential expression then
    takes them as a slope, and ``C(name)`` there makes them groups again. Columns called ``batch``,
    ``group`` or ``patient`` name groups and stay text, whatever they are coded in.
    """
    cells = [None if cell in missing else cell for cell in cells]
    # float() takes 1_2 for twelve
    if name in ALWAYS_TEXT or any("_" in cell for cell in cells if cell is not None):
        return cells
    try:
        return [np.nan if cell is None else float(cell) for cell in cells]
    except ValueError:
        return cells


def build_cohort(name: str, **tables) -> Cohort:
    """A :class:`~leukemia_kedro.cohort.cohort.Cohort` whose complaints name the file."""
    try:
        return Cohort(**tables)
    except CohortError as error:
        raise CohortError(f"{name}: {error}") from error
