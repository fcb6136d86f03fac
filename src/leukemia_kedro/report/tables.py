"""Tables of the report: cells with the text that is read and the number that is sorted by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd
from markupsafe import Markup

from leukemia_kedro.statistics.class_names import class_in_words


class Column(NamedTuple):
    """One column: its name in the data, its heading, and a function from value to text.

    Numbers are printed by a function of :mod:`.wording`, classes by ``class_in_words``, markup as
    it is (``Markup``).
    """

    key: str
    heading: str
    text: Callable[[Any], str] = str

    @property
    def is_numeric(self) -> bool:
        return self.text not in (str, class_in_words, Markup)


class Cell(NamedTuple):
    """The text that is read, and for a number its exact value to sort by."""

    text: str
    order: str | None = None


@dataclass(frozen=True)
class Table:
    """A table ready for its template."""

    anchor: str
    """Its id on the page."""
    caption: str
    columns: Sequence[Column]
    """The first one names the row."""
    rows: list[list[Cell]]
    sortable: bool
    searchable: bool
    """Whether it has pages and a search field as well."""
    whole: pd.DataFrame | None = None
    """Where the page shows a part: every row, as its CSV has it; the page holds it, packed."""


PAGE_LENGTH = 15
"""Longer sortable tables are paged and searched."""
PRINTED_ROWS = 50
"""Rows of such a table on paper."""


def make_table(
    data: pd.DataFrame | Sequence[Mapping[str, Any]],
    columns: Sequence[Column],
    *,
    anchor: str,
    caption: str,
    sortable: bool = True,
    whole: pd.DataFrame | None = None,
) -> Table:
    """A table of some columns of the data (one ``dict`` a row), in its order of rows.

    Columns that the data lacks are left out. A sortable table of more than fifteen rows is
    searchable, too. ``whole`` is the table of which ``data`` is a part.
    """
    data = pd.DataFrame(data)
    columns = [column for column in columns if column.key in data]
    values = [data[column.key] for column in columns]
    rows = [
        [_cell(column, value) for column, value in zip(columns, row, strict=True)]
        for row in zip(*values, strict=True)
    ]
    searchable = sortable and len(rows) > PAGE_LENGTH
    return Table(anchor, caption, columns, rows, sortable, searchable, whole)


def linked_gene(probe: str, name: str) -> Markup:
    """The name of a gene inside a text, which the page makes a link to the gene's panel."""
    return Markup('<span data-probe="{}">{}</span>').format(probe, name)


def _cell(column: Column, value: Any) -> Cell:
    if not column.is_numeric:
        return Cell("" if pd.isna(value) else column.text(value))
    return Cell(column.text(value), "" if pd.isna(value) else f"{float(value):.12g}")
