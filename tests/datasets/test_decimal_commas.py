"""Numbers with decimal commas: told in every text layout, read where the catalog states them."""

import re

import pandas as pd
import pytest
from helpers.cohort_files import (
    assert_same_cohort,
    gct_lines,
    make_cohort,
    series_matrix_lines,
    table_rows,
    transposed,
    write_rows,
    write_workbook,
)
from helpers.golub_texts import TEST, TRAIN, golub_texts, re_saved, write
from kedro.io import DatasetError

from leukemia_kedro.datasets import (
    CumidaDataset,
    ExpressionTableDataset,
    GCTDataset,
    GEOSeriesMatrixDataset,
    GolubDataset,
    NewSamplesDataset,
)

COHORT = make_cohort(
    [[1.5, -2.5, 3.25], [0.0045, 5.5, 6.0], [7.5, 8.5, 9.5]],
    ["s1", "s2", "s3"],
    ["g1", "g2", "AFFX-g3"],
    label=["ALL", "AML", "ALL"],
)


def comma(cell):
    """A cell as a spreadsheet in German, French or Spanish writes it."""
    return cell.replace(".", ",") if re.fullmatch(r"-?[0-9.]+(e-?[0-9]+)?", cell) else cell


def with_commas(rows):
    return [[comma(cell) for cell in row] for row in rows]


ROWS = with_commas(table_rows(COHORT))


def in_rows(separator, ending=""):
    def make(folder, **stated):
        path = write_rows(folder / f"t.csv{ending}", ROWS, separator)
        stated |= {"filepath": str(path), "label": "class"}
        return ExpressionTableDataset(sample_id="id", **stated)

    return make


def in_columns(folder, **stated):
    path = write_rows(folder / "t.tsv", transposed(ROWS), "\t")
    stated |= {"filepath": str(path), "label": "class"}
    return ExpressionTableDataset(samples="columns", **stated)


def without_header(folder, **stated):
    """Columns of single classes, so that the columns of numbers have the names of the probes."""
    path = write_rows(folder / "t.csv", ROWS[1:], ";")
    stated |= {"filepath": str(path), "sample_id": 0, "label": -1}
    return ExpressionTableDataset(header=False, **stated)


def of_r(folder, **stated):
    """R's write.csv2: row names under an empty heading, quotes around text."""
    lines = [";".join(f'"{name}"' for name in ["", *ROWS[0][1:]])]
    lines += [";".join([f'"{row[0]}"', *row[1:-1], f'"{row[-1]}"']) for row in ROWS[1:]]
    (folder / "t.csv").write_text("\n".join(lines), encoding="utf-8")
    return ExpressionTableDataset(filepath=str(folder / "t.csv"), label="class", **stated)


def workbook(folder, **stated):
    """Numbers that the workbook holds as text, beside others that are numbers."""
    rows = [ROWS[0], ROWS[1], *table_rows(COHORT)[2:]]
    path = write_workbook(folder / "t.xlsx", {"Data": rows})
    return ExpressionTableDataset(filepath=str(path), sample_id="id", label="class", **stated)


def cumida(folder, **stated):
    path = write_rows(folder / "t.csv", [["samples", *ROWS[0][1:-1], "type"], *ROWS[1:]], ";")
    return CumidaDataset(filepath=str(path), **stated)


def gct(folder, **stated):
    *top, header = gct_lines(COHORT)[:3]
    lines = [*top, header, *map(tabs_with_commas, gct_lines(COHORT)[3:])]
    (folder / "t.gct").write_text("\n".join(lines), encoding="utf-8")
    (folder / "t.cls").write_text("3 2 1\n# ALL AML\nALL AML ALL\n", encoding="utf-8")
    return GCTDataset(filepath=str(folder / "t.gct"), cls=str(folder / "t.cls"), **stated)


def geo(folder, **stated):
    lines = series_matrix_lines(COHORT, [[f"type: {label}" for label in COHORT.labels]])
    lines = [line if line.startswith("!") else tabs_with_commas(line) for line in lines]
    (folder / "t.txt").write_text("\n".join(lines), encoding="utf-8")
    return GEOSeriesMatrixDataset(filepath=str(folder / "t.txt"), label="type", **stated)


def new_samples(folder, **stated):
    rows = transposed(with_commas(table_rows(COHORT, label=None)))
    path = write_rows(folder / "new.csv", rows, ";")
    return NewSamplesDataset(filepath=str(path), **stated)


def tabs_with_commas(line):
    return "\t".join(map(comma, line.split("\t")))


LAYOUTS = {
    "semicolons": in_rows(";"),
    "tabs": in_rows("\t"),
    "commas, numbers in quotes": in_rows(","),
    "blanks": in_rows(" "),
    "gzip": in_rows(";", ".gz"),
    "samples in columns": in_columns,
    "no header": without_header,
    "R's write.csv2": of_r,
    "text in a workbook": workbook,
    "CuMiDa": cumida,
    "GCT": gct,
    "GEO series matrix": geo,
    "new samples": new_samples,
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_decimal_commas_are_told_and_read_where_they_are_stated(layout, tmp_path):
    make = LAYOUTS[layout]
    message = r"'1,5' has a decimal comma; expected a decimal point, or state decimal: \",\""
    with pytest.raises(DatasetError, match=message):
        make(tmp_path).load()
    found = make(tmp_path, decimal=",").load()
    pd.testing.assert_index_equal(found.samples.index, COHORT.samples.index)
    assert found.expression.to_numpy().tolist() == COHORT.expression.to_numpy().tolist()
    if layout != "new samples":
        assert list(found.labels) == list(COHORT.labels)


def test_golubs_files_saved_with_decimal_commas(tmp_path):
    texts = golub_texts()
    for name in (TRAIN, TEST):
        texts[name] = re_saved(texts[name], separator=";", calls=False)
    sound = GolubDataset(filepath=str(write(tmp_path, texts))).load()
    texts[TRAIN] = re.sub(r"(?<=;)(-?\d+)(?=[;\n])", r"\1,0", texts[TRAIN])
    header, rows = texts[TRAIN].split("\n", 1)
    texts[TRAIN] = header.replace(",0", "") + "\n" + rows
    path = str(write(tmp_path, texts))
    with pytest.raises(DatasetError, match="has a decimal comma"):
        GolubDataset(filepath=path).load()
    assert_same_cohort(GolubDataset(filepath=path, decimal=",").load(), sound)


@pytest.mark.parametrize("cell", ["1.5", "1.234,5", "1.234.567", ".5e3"])
def test_a_point_beside_stated_commas_is_refused(cell, tmp_path):
    path = write_rows(tmp_path / "t.csv", [ROWS[0], ["s1", cell, *ROWS[1][2:]], *ROWS[2:]], ";")
    stated = {"filepath": str(path), "sample_id": "id", "label": "class", "decimal": ","}
    with pytest.raises(DatasetError, match=f"column g1: '{re.escape(cell)}' has a point"):
        ExpressionTableDataset(**stated).load()


def test_a_comma_that_may_separate_thousands_is_told_as_both(tmp_path):
    path = write_rows(tmp_path / "t.csv", [ROWS[0], ["s1", "1,500", *ROWS[1][2:]]], ";")
    with pytest.raises(DatasetError, match=r"decimal comma.* If the comma separates thousands"):
        ExpressionTableDataset(filepath=str(path), sample_id="id", label="class").load()


def test_covariates_with_decimal_commas_are_told_and_numbers_where_stated(tmp_path):
    rows = [["id", "class", "age", "arm"], ["s1", "ALL", "0,5", "1"], ["s2", "AML", "7", "2"],
            ["s3", "ALL", "", "x"]]  # fmt: skip
    sheet = {"filepath": str(write_rows(tmp_path / "sheet.csv", rows, ";"))}
    path = write_rows(tmp_path / "t.csv", table_rows(COHORT, label=None))
    stated = {"filepath": str(path), "sample_id": "id", "label": "class"}

    untold = ExpressionTableDataset(**stated, sample_sheet=sheet).load()
    assert list(untold.samples["age"].dropna()) == ["0,5", "7"]
    (remark,) = (remark for remark in untold.remarks if "age" in remark)
    assert remark.startswith("sheet.csv: the cells of 'age', such as '0,5', are read as text.")
    assert 'state decimal: ","' in remark

    told = ExpressionTableDataset(**stated, sample_sheet=sheet | {"decimal": ","}).load()
    assert list(told.samples["age"].dropna()) == [0.5, 7.0]
    assert list(told.samples["arm"]) == ["1", "2", "x"]
    assert told.remarks == ()


def test_a_mark_that_is_none_is_refused():
    for decimal in (";", "", 1):
        with pytest.raises(Exception, match=r"decimal is .*; expected '\.' or ','"):
            ExpressionTableDataset(filepath="t.csv", decimal=decimal)
