"""Tables of text: from lines to cells, from cells to numbers.

pandas does not read them: it fills lines that are cut off with missing values, reads on to the next
quotation mark where one is left open, and renames a column that occurs twice, all in silence; and
it takes seven times as long for MLL's 12,582 columns (1.3 s, not 0.2 s). ``float`` is correctly
rounded, so a table that is written out and read back is the same table.
"""

from __future__ import annotations

import csv
import re
import zipfile
import zlib
from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from itertools import chain, islice
from typing import NamedTuple, TextIO, TypeVar

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.cohort import check_once
from leukemia_kedro.errors import CohortError, first_few

Heading = str | int  # a column, or a row under the header: its name, or its position from 0
Line = tuple[str, str]  # its place, as messages name it, and its text
Row = tuple[str, list[str]]  # its place, and its cells
AnyLine = TypeVar("AnyLine", Line, Row)

LONGEST_LINE = 100_000_000
"""Characters; a line of a million probes has some 20 million."""
DAMAGED = (EOFError, zlib.error, zipfile.BadZipFile, OSError)
"""What is raised where a file cannot be read to its end."""
FROM_ARFF = """convert it in Python, then name the new file in the catalog:
  import pandas as pd; from scipy.io import arff
  table = pd.DataFrame(arff.loadarff("in.arff")[0])
  table.map(lambda x: x.decode() if isinstance(x, bytes) else x).to_csv("out.csv", index=False)
SciPy reads no attribute of type string: take its line and its column out before."""


STATE_COMMA = 'state decimal: "," in the entry of the catalog'

OTHER_LAYOUTS = {
    r"#1\.[23]\s*$": "GCT file; its type in the catalog is leukemia_kedro.datasets.GCTDataset",
    "!Series_": "GEO series matrix; its type in the catalog is "
    "leukemia_kedro.datasets.GEOSeriesMatrixDataset",
}
"""How files of other catalog types start."""


@dataclass(frozen=True)
class Layout:
    """What the catalog states of a table, where its lines do not say it themselves."""

    separator: str | None = None
    """Between cells; None stands for what :func:`guess_separator` finds."""
    skip: frozenset[int] = frozenset()
    """Numbers of lines to skip, from 1."""
    comment: str | None = None
    """Lines that start so are skipped, wherever they stand."""
    decimal: str = "."
    """Mark before the decimals, or a comma."""
    unnamed: str | None = None
    """Where the file has no header, its columns are called so, and by their position."""


FOUND = Layout()
"""Nothing is stated."""


class Table(NamedTuple):
    """A table as it is read: its headings, and its rows, each as wide as the header.

    ``remarks`` say what was skipped or understood; they are complete after the last row.
    """

    name: str
    header: list[str]
    rows: Iterator[Row]
    remarks: list[str]
    decimal: str

    @property
    def has_row_names(self) -> bool:
        """Whether the first column has no heading, as row names of R and pandas have none."""
        return len(self.header) > 1 and not self.header[0]


class Grid(NamedTuple):
    """Numbers, shape (rows of numbers, ``columns``), with columns and rows of text around them.

    Each Series of ``column_text`` has one cell for each row of numbers, of ``row_text`` one for
    each column; both are keyed by the heading that was asked for, and named as in the file.
    ``row_names`` are the cells of a first column without a heading that was not asked for.
    """

    columns: list[str]
    column_text: dict[Heading, pd.Series]
    row_text: dict[Heading, pd.Series]
    numbers: np.ndarray
    row_names: list[str] | None = None


def read_lines(text: TextIO, name: str) -> Iterator[Line]:
    """Lines that hold something, each with its place: ``name`` and its number from 1.

    Raises
    ------
    CohortError
        Where the file is empty, is a web page, is not text in its encoding, has a line of more
        than :data:`LONGEST_LINE` characters, or is cut off.
    """
    number, seen = 0, False
    try:
        for number, line in enumerate(iter(partial(text.readline, LONGEST_LINE), ""), start=1):
            if len(line) == LONGEST_LINE:
                raise CohortError(
                    f"{name}, line {number} has {LONGEST_LINE:,} characters or more, which no line "
                    "of a table has: is this another kind of file, or a damaged one?"
                )
            line = line.rstrip("\n")
            if not line.strip(' \r\t,;"'):
                continue
            start = "" if seen else line.strip()
            if start.startswith("<"):
                raise CohortError(
                    f"{name}: this is a web page, not a table: it starts with {start[:40]!r}"
                )
            if "\0" in start:
                raise CohortError(
                    f"{name}: this is UTF-16 text, or a binary file; where it is text, state "
                    "encoding: utf-16-le in the catalog, or save it as UTF-8"
                )
            if start.lower().startswith("@relation"):
                raise CohortError(f"{name}: this is an ARFF file; {FROM_ARFF}")
            seen = seen or not start.startswith("%")  # comments of an ARFF file
            yield f"{name}, line {number}", line
    except UnicodeError as error:
        raise CohortError(f"{name}: {_not_text(error, number)}") from None
    except DAMAGED as error:
        raise CohortError(
            f"{name}: cannot be read beyond line {number}, the file is cut off or damaged ({error})"
        ) from error
    if not seen:
        raise CohortError(f"{name}: the file is empty")


def _not_text(error: UnicodeError, number: int) -> str:
    """What to say where the text after line ``number`` is in another encoding."""
    if not isinstance(error, UnicodeDecodeError) or error.encoding != "utf-8":
        return (
            f"what follows line {number} is not text in the encoding stated in the catalog "
            f"({error.reason if hasattr(error, 'reason') else error})"
        )
    # A block of the file is decoded at a time, and its lines were not given yet.
    line = number + 1 + len(re.findall(rb"\r\n|\r|\n", error.object[: error.start]))
    letter = error.object[error.start : error.start + 1].decode("latin-1")
    found = f"a byte there is {letter!r} in Latin-1" if letter.isprintable() else "nor Latin-1"
    return (
        f"line {line} is not UTF-8 text; {found}. Where it is text, state its "
        "encoding in the catalog, such as encoding: latin-1, or save it as UTF-8"
    )


def guess_separator(line: str, next_line: str = "", decimal: str = ".") -> str:
    """Tab where there is one, else comma or semicolon: outside quotes, that which is as often in
    the next line, because names of probes may hold the other; else the more frequent. Blanks
    separate where there is none of these. Commas between digits do not count where the catalog
    states them as ``decimal``, nor where the first line has no comma."""
    if "\t" in line:
        return "\t"
    here, below = map(_without_quoted, (line, next_line))
    if decimal == "," or "," not in here:
        here, below = (re.sub(r"(?<=\d),(?=\d)", ".", text) for text in (here, below))
    alike = [mark for mark in ",;" if 0 < here.count(mark) == below.count(mark)]
    separator = max(alike or ",;", key=here.count)
    blanks = " " in here.strip() and not re.search("[\t,;]", here + below)
    return " " if blanks else separator


def _without_quoted(line: str) -> str:
    """The line with a letter in place of each text in quotes."""
    return re.sub('"[^"]*"', "x", line.replace('\\"', ""))


def check_width(cells: list[str], header: list[str], place: str) -> None:
    """Refuse a line that does not have one cell under each heading."""
    if len(cells) != len(header):
        raise CohortError(
            f"{place} has {len(cells)} cells, the header has {len(header)}: "
            "the file is cut off, or a separator is missing or one too many"
        )


def to_numbers(
    cells: list[str],
    where: tuple[str, str],
    names: Sequence[str],
    missing: Collection[str] = (),
    decimal: str = ".",
) -> np.ndarray:
    """Cells as float64, NaN where a cell is one of the marks ``missing``.

    ``where`` is the place of the cells, and what ``names`` name: ``("t.csv, line 2", "column")``.

    Raises
    ------
    CohortError
        At the first cell i that is neither a finite number nor such a mark; its message starts
        ``t.csv, line 2, column {names[i]}``.
    """
    place, kind = where
    try:
        text = "\n".join(cells)
        if decimal == "," and "." not in text:
            text = text.replace(",", ".")
        if "_" not in text and frozenset(missing).isdisjoint(cells):
            plain = cells if decimal == "." else text.split("\n")
            values = np.fromiter(map(float, plain), float, len(cells))
            if np.isfinite(values).all():
                return values
    except ValueError:
        pass
    values = np.empty(len(cells))
    for i, cell in enumerate(cells):
        try:
            values[i] = np.nan if cell.strip() in missing else _to_number(cell.strip(), decimal)
        except ValueError as fault:
            raise CohortError(f"{place}, {kind} {names[i]}: {fault}") from None
    return values


def has_decimal_comma(cell: str) -> bool:
    """Whether a cell is a number such as ``-1,5`` or ``1,5E-3``."""
    return re.fullmatch(r"[+-]?\d*,\d+([eE][+-]?\d+)?", cell) is not None


def _to_number(cell: str, decimal: str) -> float:
    if not cell:
        raise ValueError("the cell is empty; expected a number")
    if decimal == "." and has_decimal_comma(cell):
        may_be_thousands = re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", cell)
        raise ValueError(
            f"{cell!r} has a decimal comma; expected a decimal point, or {STATE_COMMA}"
            + (". If the comma separates thousands, remove it" if may_be_thousands else "")
        )
    if decimal == "," and re.fullmatch(r"[+-]?[\d.,]*\.[\d.,]*([eE][+-]?\d+)?", cell):
        raise ValueError(
            f"{cell!r} has a point; the catalog states decimal: ',', so expected a decimal comma, "
            "and no mark between thousands"
        )
    try:
        value = float(cell.replace("_", "?").replace(decimal, "."))  # float() reads 1_000 as 1000
    except ValueError:
        raise ValueError(f"{cell!r} is not a number") from None
    if np.isfinite(value):
        return value
    raise ValueError(f"{cell!r} is not a finite number")


def read_table(lines: Iterator[Line], name: str, layout: Layout = FOUND) -> Table:
    """The table in lines of text. ``name`` is the file in messages.

    Lines at the top that start with ``#`` are skipped, unless they are as wide as the table. A line
    such as ``sep=;``, which Excel writes, names the separator.

    Raises
    ------
    CohortError
        Where there is no header. The rows raise one where a line is too short or too long, or a
        quotation mark is not closed.
    """
    remarks: list[str] = []
    lines = without_skipped(lines, layout, remarks)
    top = list(islice(lines, 1))
    separator = layout.separator
    named = re.fullmatch(r'"?sep=([^"])"?\s*', top[0][1], re.IGNORECASE) if top else None
    if named:
        separator = separator or named[1]
        remarks.append(f"{top[0][0]} names the separator {named[1]!r}")
        top = list(islice(lines, 1))
    if not top:
        raise CohortError(f"{name}: the file holds no header that is not skipped")
    for start, kind in OTHER_LAYOUTS.items():
        if re.match(start, top[0][1].strip('"')):
            raise CohortError(f"{name}: this is a {kind}")
    while top[-1][1].startswith("#") and (line := next(lines, None)):
        top.append(line)
    ahead = list(islice(lines, 1))
    if separator is None:
        below = ahead[0][1] if ahead else ""
        separator = guess_separator(top[-1][1], below, layout.decimal)
    if len(top) > 1 and _width(top[-2][1], separator) == _width(top[-1][1], separator) > 1:
        ahead = [top.pop(), *ahead]  # the header starts with #
    if len(top) > 1:
        remarks.append(f"{name}: lines at the top that start with # are skipped: {len(top) - 1}")
    rows = _cells(chain(top[-1:], ahead, lines), separator, remarks)
    return with_header(name, rows, layout, remarks)


def without_skipped(
    lines: Iterable[AnyLine], layout: Layout, remarks: list[str]
) -> Iterator[AnyLine]:
    """The lines, or rows, that the catalog does not say to skip."""
    skipped = []
    for line in lines:
        place, content = line
        start = content if isinstance(content, str) else content[0]
        is_comment = layout.comment is not None and start.startswith(layout.comment)
        if is_comment or int(place.rpartition(" ")[2]) in layout.skip:
            skipped.append(place)
        else:
            yield line
    if skipped:
        remarks.append(f"lines skipped, as the catalog says: {len(skipped)}, first {skipped[0]}")


def _width(line: str, separator: str) -> int:
    bare = _without_quoted(line)
    return len(bare.split() if separator == " " else bare.split(separator))


def with_header(name: str, rows: Iterator[Row], layout: Layout, remarks: list[str]) -> Table:
    """The table of rows, of which the first is the header.

    A header one cell short is that of R's ``write.table``: the first column holds row names.
    """
    ahead = list(islice(rows, 4))
    if not ahead:
        raise CohortError(f"{name}: the file holds no header that is not skipped")
    header = [cell.strip() for cell in ahead[0][1]]
    if layout.unnamed is not None:
        header = numbered(layout.unnamed, len(header))
    else:
        place, *_ = ahead.pop(0)
        widths = {len(cells) for _, cells in ahead}
        if widths == {len(header) + 1} and any(cells[-1].strip() for _, cells in ahead):
            header = ["", *header]
            remarks.append(
                f"{place}: the header is one cell short, as that of R's write.table; the first "
                "column holds the row names"
            )
        elif len(ahead) > 1 and len(widths) == 1 and max(widths) > len(header):
            raise CohortError(
                f"{place} has {len(header)} cells, the lines below it {max(widths)}: if it is no "
                "header, but a title, state the number of such lines as skip_rows in the catalog; "
                "else a separator is one too many in the lines below it"
            )

    def checked() -> Iterator[Row]:
        for place, cells in chain(ahead, rows):
            check_width(cells, header, place)
            yield place, cells

    return Table(name, header, checked(), remarks, layout.decimal)


def _cells(lines: Iterator[Line], separator: str, remarks: list[str]) -> Iterator[Row]:
    """Cells of each line, or of several where a cell in quotes holds line breaks."""
    broken = []
    for place, line in lines:
        if '"' in line:
            cells = _split_quoted(place, line, separator, lines)
            if any("\n" in cell for cell in cells):
                broken.append(place)
                cells = [" ".join(cell.split("\n")) for cell in cells]
        elif separator == " ":
            cells = re.split(" +", line.strip(" "))
        else:
            cells = line.split(separator)
        yield place, cells
    if broken:
        remarks.append(f"line breaks within cells are read as blanks, first {broken[0]}")


def _split_quoted(place: str, line: str, separator: str, following: Iterator[Line]) -> list[str]:
    """Cells without the quotes around them; a cell with line breaks goes on in ``following``."""
    line = line.replace('\\"', '""')  # R's write.table writes quotes within cells so
    blanks = separator == " "
    one_line = True

    def text() -> Iterator[str]:
        nonlocal one_line
        yield f"{line.strip(' ') if blanks else line}\n"
        one_line = False
        for _, more in following:
            yield f"{more}\n"

    try:
        return next(csv.reader(text(), delimiter=separator, strict=True, skipinitialspace=blanks))
    except csv.Error as error:
        if "field limit" in str(error):
            limit = f"{csv.field_size_limit():,} characters"
            raise CohortError(f"{place}: a cell in quotes has more than {limit}") from None
        cells = _split_loosely(line, separator) if one_line else None
    if cells is None:
        raise CohortError(f"{place}: a quotation mark is not closed")
    return cells


def _split_loosely(line: str, separator: str) -> list[str] | None:
    """Cells of a line with quotes within cells that are not doubled, as in ``"the "A" gene"``.

    A quotation mark before a separator ends a cell; None where there is no such mark.
    """
    mark = re.escape(separator)
    cell = re.compile(rf'"(.*?)"(?={mark}|$)|[^{mark}]*')
    cells: list[str] = []
    start = 0
    while start <= len(line):
        found = cell.match(line, start)
        assert found is not None  # the last part matches nothing, too
        if found[1] is None and found[0].startswith('"'):
            return None
        cells.append(found[0] if found[1] is None else found[1].replace('""', '"'))
        start = found.end() + 1
    return cells


def read_sheet(table: Table, key: str | int | None = None) -> pd.DataFrame:
    """A table of text, indexed by the column ``key``, or the first; an empty cell is empty text.

    Raises
    ------
    CohortError
        As :func:`read_table`, and where two columns or two lines have the same name, or there is no
        column ``key``.
    """
    name, header = table.name, table.header
    at = find_column(0 if key is None else key, header, name)
    if table.has_row_names:
        header = ["" if at == 0 else "row name", *header[1:]]
    check_once(header, f"{name}: columns")
    cells = [[cell.strip() for cell in row] for _, row in table.rows]
    sheet = pd.DataFrame(cells, columns=header, dtype=str).set_index(header[at])
    check_once(sheet.index, f"{name}: cells of {header[at]!r}")
    return sheet


def read_grid(
    table: Table, columns: Collection[Heading], rows: Collection[Heading], missing: Collection[str]
) -> Grid:
    """A table of numbers, or ``missing``, but for the text in ``columns`` and ``rows``.

    The names of rows stand in the first of ``columns``.

    Raises
    ------
    CohortError
        As :func:`read_table`, and where a heading is not found, or a cell is no number.
    """
    name, header = table.name, table.header
    text_at = {heading: find_column(heading, header, name) for heading in columns}
    has_row_names = table.has_row_names and 0 not in text_at.values()
    first = 1 if has_row_names else 0
    numeric = [i for i in range(first, len(header)) if i not in text_at.values()]
    number_names = [header[i] for i in numeric]
    if "" in number_names:
        position = numeric[number_names.index("")] + 1
        raise CohortError(
            f"{name}: column {position} of {len(header)} has no heading; give it one, or remove "
            "the column where it is empty"
        )
    row_text: dict[Heading, pd.Series] = {}
    text_cells: list[list[str]] = []
    row_names: list[str] = []
    numbers = array("d")  # grows in place: there is never a second copy of a large table
    for position, (place, cells) in enumerate(table.rows):
        here = [cells[i].strip() for i in text_at.values()]
        others = [cells[i] for i in numeric]
        heading = next((h for h in rows if h in (position, *here[:1]) and h not in row_text), None)
        if heading is None:
            text_cells.append(here)
            row_names += [cell.strip() for cell in cells[:first]]
            values = to_numbers(others, (place, "column"), number_names, missing, table.decimal)
            numbers.frombytes(values.tobytes())
        else:
            row_text[heading] = pd.Series([cell.strip() for cell in others], name=here[0])
    absent = [heading for heading in rows if heading not in row_text]
    if absent:
        raise CohortError(f"{name} has no row {absent[0]!r}")
    if not numbers:
        raise CohortError(f"{name}: the file holds headings, but no expression")
    column_text = {
        heading: pd.Series(column, name=header[text_at[heading]], dtype=str)
        for heading, column in zip(text_at, zip(*text_cells, strict=True), strict=True)
    }
    matrix = np.frombuffer(numbers).reshape(-1, len(numeric))
    return Grid(number_names, column_text, row_text, matrix, row_names if has_row_names else None)


def find_column(heading: Heading, header: list[str], name: str) -> int:
    """Position of a column given by name or by position, which may count from the end; raises
    CohortError where there is none."""
    if isinstance(heading, str) and heading in header:
        return header.index(heading)
    if isinstance(heading, int) and -len(header) <= heading < len(header):
        return heading % len(header)
    near = get_close_matches(str(heading), header, n=1)
    found = f"did you mean {near[0]!r}?" if near else f"its columns are {first_few(header)}"
    raise CohortError(f"{name} has no column {heading!r}; {found}")


def numbered(kind: str, count: int) -> list[str]:
    """``sample_01`` … ``sample_72``."""
    width = max(2, len(str(count)))
    return [f"{kind}_{number:0{width}d}" for number in range(1, count + 1)]
