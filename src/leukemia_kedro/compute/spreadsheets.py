"""Tables that a spreadsheet opens by double click and computes nothing of.

A spreadsheet takes a cell such as ``=1+1`` or ``@SUM(1)`` for a formula, and a formula can load an
address or start a program. Names of genes, samples and classes come from files of other people.
OWASP, "CSV Injection", lists the characters that a formula begins with.
"""

from __future__ import annotations

import csv
import io
import re

_FORMULA = re.compile(r"(\A|[;\t\r\n])(?=[\s\"]*[=+\-@＝＋－＠']|[\t\r])")
"""Where a formula could begin. In countries with a comma in their numbers, ``;`` ends a cell, and
the double quotes behind it are then those of a cell, and not part of its text."""
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def safe_cell(cell: str) -> str:
    """The cell with an apostrophe before each place where a formula could begin.

    A formula can begin with ``=``, ``+``, ``-``, ``@`` (also in their full width), after blanks
    and double quotes or not; at the start of the cell, or after a semicolon, a tab or a line break.
    A number stays as it is. At these places an apostrophe gets another one, so one can be taken
    away to undo it.
    """
    return cell if _NUMBER.fullmatch(cell) else _FORMULA.sub(r"\1'", cell)


def safe_table(content: bytes) -> bytes:
    """A CSV table in UTF-8 with each cell as :func:`safe_cell` has it; the same bytes if all are.

    Names of columns are cells, too. Lines of a changed table end in CR LF, as in RFC 4180.
    """
    text = content.decode("utf-8")
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))  # a gene set names many genes
    rows = list(csv.reader(io.StringIO(text, newline="")))
    safe = [[safe_cell(cell) for cell in row] for row in rows]
    if safe == rows:
        return content
    written = io.StringIO(newline="")
    csv.writer(written).writerows(safe)
    return written.getvalue().encode()
