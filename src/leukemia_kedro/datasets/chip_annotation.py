"""The gene of each probe of a chip, in any of the formats in which annotations are published."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd

from leukemia_kedro.cohort.annotation import SEVERAL, symbols_in
from leukemia_kedro.datasets.files import MayBeAbsent
from leukemia_kedro.datasets.raw_files import RawFileDataset, open_text
from leukemia_kedro.datasets.text_table import Line, read_lines, read_sheet, read_table
from leukemia_kedro.errors import CohortError, first_few

SYMBOL = ("genesymbol", "symbol", "genesymbols", "hgncsymbol")
TITLE = ("genetitle", "title", "genename", "definition", "description")
BEGIN, END = "!platform_table_begin", "!platform_table_end"


class ChipAnnotationDataset(MayBeAbsent, RawFileDataset[pd.DataFrame]):
    """The gene of each probe of a chip: a table of text, the probe ids in its first column.

    Reads as they come: MSigDB's ``.chip`` files, NCBI's ``.annot`` files, the tables of GEO
    platforms (GPL), Affymetrix's NetAffx csv files, and any table with a column for symbols. Lines
    that start with ``#``, ``^`` or ``!`` are passed over; tab, comma or semicolon separate the
    cells; ``.gz``, ``.bz2`` and ``.zip`` are decompressed by the ending of the name. The columns
    are found by their names, such as ``Gene Symbol``, ``SYMBOL`` and ``Gene title``.

    Loading gives a table indexed by probe, with ``symbol`` and ``title``. Several genes of a probe
    stay, in the file's order, as ``A /// B``; ``---`` and ``NA`` are empty text. There is an empty
    table where the file is absent.

    Raises
    ------
    CohortError
        Names the file and the line that does not fit its header, a probe that occurs twice, or the
        columns where none holds symbols.

    Examples
    --------
    .. code-block:: yaml

        chip_annotation:
          type: leukemia_kedro.datasets.ChipAnnotationDataset
          filepath: data/01_raw/mine/GPL8300.annot.gz
    """

    def _nothing(self) -> pd.DataFrame:
        return pd.DataFrame({"symbol": [], "title": []}, pd.Index([], name="probe"), dtype=str)

    def _read(self) -> pd.DataFrame:
        path = self._filepath
        with open_text(self._fs, path) as text:
            sheet = read_sheet(read_table(_platform_table(read_lines(text, path), path), path))
        symbol, title = _column(sheet, SYMBOL), _column(sheet, TITLE)
        if symbol is None:
            raise CohortError(
                f"{path} has no column of gene symbols; its columns are {first_few(sheet, 20)}; "
                "expected one called Gene Symbol or symbol, as in MSigDB's .chip, NCBI's .annot "
                "and NetAffx's csv files"
            )
        columns = {"symbol": sheet[symbol], "title": "" if title is None else sheet[title]}
        table = pd.DataFrame(columns, index=sheet.index).rename_axis("probe")
        return table.map(lambda cell: SEVERAL.join(symbols_in(cell)))


def _column(sheet: pd.DataFrame, names: tuple[str, ...]) -> str | None:
    """The first column with one of the names, but for case, blanks and underscores."""
    plain = {
        re.sub("[^a-z]", "", str(column).lower()): column for column in reversed(sheet.columns)
    }
    return next((plain[name] for name in names if name in plain), None)


def _platform_table(lines: Iterator[Line], name: str) -> Iterator[Line]:
    """The lines of the table alone, without those of GEO around it."""
    begun = False
    for place, line in lines:
        if line.startswith(END):
            return
        begun = begun or line.startswith(BEGIN)
        if not line.startswith(("^", "!")):
            yield place, line
    if begun:
        raise CohortError(f"{name}: the file is cut off: the line {END} is absent")
