"""Tables that a spreadsheet computes nothing of, whatever genes and samples are called."""

import csv
import io
import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leukemia_kedro.compute.spreadsheets import safe_cell, safe_table

CELLS = {
    "=1+1": "'=1+1",
    "+X": "'+X",
    "-X": "'-X",
    "@SUM(1)": "'@SUM(1)",
    "＝1+1": "'＝1+1",
    "\t=1": "'\t'=1",
    "\tX": "'\tX",
    " =1+1": "' =1+1",
    "-": "'-",
    "-inf": "'-inf",
    "-1+cmd|' /C calc'!A0": "'-1+cmd|' /C calc'!A0",
    # In countries with a comma in their numbers a spreadsheet ends the cell at the semicolon.
    "kinase;=1+1;": "kinase;'=1+1;",
    'kinase;"=1+1;': "kinase;'\"=1+1;",
    '" =1+1': "'\" =1+1",
    "a\n=1+1": "a\n'=1+1",
    "'=1+1": "''=1+1",
    # Neither numbers nor names.
    "-1.5": "-1.5",
    "+3": "+3",
    "-1.5e-300": "-1.5e-300",
    "-.5": "-.5",
    "AML - ALL": "AML - ALL",
    "5'-nucleotidase": "5'-nucleotidase",
    "HLA-DRA": "HLA-DRA",
    "a=b": "a=b",
    "": "",
}


@pytest.mark.parametrize(("cell", "expected"), CELLS.items())
def test_an_apostrophe_stands_where_a_formula_could_begin(cell, expected):
    assert safe_cell(cell) == expected


ANY = st.text(st.sampled_from("=+-@'＝\t\n\r ;,\"aA1.e") | st.characters(codec="utf-8"))


def pieces(cell: str, separator: str) -> list[str]:
    """What a spreadsheet may take for cells, read with another separator than the comma."""
    return re.split(rf"[{separator}\n\r]", cell)


@given(ANY)
def test_no_part_of_a_cell_begins_with_a_formula_unless_the_cell_is_a_number(cell):
    safe = safe_cell(cell)
    if safe == cell and cell[:1] in ("+", "-"):
        assert abs(float(cell)) >= 0  # a number, also to Python
        return
    for separator in (";", "\t"):
        for piece in pieces(safe, separator):
            assert piece.lstrip('" \t\n\r')[:1] not in (*"=+-@", "＝", "＋", "－", "＠")


@given(ANY)
def test_taking_one_apostrophe_away_at_each_place_gives_the_cell_back(cell):
    safe = safe_cell(cell)
    assert re.sub(r"(\A|[;\t\r\n])'", r"\1", safe) == cell


@given(st.lists(st.lists(ANY, min_size=2, max_size=2), min_size=1, max_size=4))
def test_a_table_keeps_its_rows_and_cells(rows):
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    safe = safe_table(text.getvalue().encode()).decode()
    expected = [[safe_cell(cell) for cell in row] for row in rows]
    assert list(csv.reader(io.StringIO(safe, newline=""))) == expected


@given(st.lists(st.tuples(ANY, ANY), min_size=1, max_size=3))
def test_no_cell_is_a_formula_whatever_character_ends_a_cell(rows):
    """Python's reader takes quotes apart as a spreadsheet does: ``""=1`` is a quoted cell."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([f"name {first}", second] for first, second in rows)
    safe = safe_table(text.getvalue().encode()).decode()
    for separator in ",;\t":
        for cell in itertools.chain(
            *csv.reader(io.StringIO(safe, newline=""), delimiter=separator)
        ):
            is_number = re.fullmatch(r"[+-][0-9.]+(e[+-]?[0-9]+)?", cell, re.IGNORECASE)
            assert is_number or cell.lstrip()[:1] not in (*"=+-@", "＝", "＋", "－", "＠")


def test_a_table_without_formulas_keeps_its_bytes_and_a_column_may_be_a_formula():
    plain = b'probe,logFC\r\n"M, 1",-0.50\r\n'
    assert safe_table(plain) == plain
    assert safe_table(b"probe,=1+1\nX,-1\n") == b"probe,'=1+1\r\nX,-1\r\n"


def test_a_gene_set_with_a_long_list_of_genes_is_read():
    long = b"set,genes\n+A," + b"GENE " * 100_000 + b"\n"
    assert safe_table(long).split() == long.replace(b"+A", b"'+A").split()
