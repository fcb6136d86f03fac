"""Any expression table: whatever is written out and read back is the same cohort."""

import datetime
import re
import tracemalloc
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from helpers.cohort_files import (
    assert_same_cohort,
    make_cohort,
    table_rows,
    transposed,
    write_rows,
    write_workbook,
)
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from kedro.io import DatasetError

from leukemia_kedro.cohort.cohort import MANGLED
from leukemia_kedro.datasets import ExpressionTableDataset, NewSamplesDataset, expression_table
from leukemia_kedro.errors import UserError

VALUES = [[1.5, -2.0, np.nan], [0.1, 2e-300, 7.0], [3.0, 4.0, 5e10], [0.0, 1.0, 2.0]]


@pytest.fixture
def cohort():
    return make_cohort(
        VALUES, ["p4", "p1", "p3", "p2"], ["g1", "AFFX-x", "g 2"], label=["ALL", "AML"] * 2
    )


def load(path, **options):
    return ExpressionTableDataset(filepath=str(path), **options).load()


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.csv.gz"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_samples_in_rows(cohort, tmp_path, name, separator, newline, encoding):
    path = write_rows(tmp_path / name, table_rows(cohort), separator, newline, encoding)

    assert_same_cohort(load(path, sample_id="id", label="class"), cohort)


def test_columns_and_rows_by_name_and_by_position(cohort, tmp_path):
    rows = write_rows(tmp_path / "rows.csv", table_rows(cohort))
    columns = write_rows(tmp_path / "columns.csv", transposed(table_rows(cohort)))

    assert_same_cohort(load(rows, sample_id=0, label=-1), cohort)
    assert_same_cohort(load(columns, samples="columns", label="class"), cohort)
    assert_same_cohort(load(columns, samples="columns", probe_id=0, label=3), cohort)


def test_probes_of_several_ids_do_not_hide_the_separator(tmp_path):
    path = write_rows(tmp_path / "t.csv", [["id", "P1;P2;P3", "Q1;Q2"], ["a", "1", "2"]])

    assert list(load(path, sample_id="id").probes.index) == ["P1;P2;P3", "Q1;Q2"]


def test_without_ids_samples_are_numbered(cohort, tmp_path):
    path = write_rows(tmp_path / "t.csv", [row[1:] for row in table_rows(cohort)])

    found = load(path, label="class")

    assert list(found.samples.index) == ["sample_01", "sample_02", "sample_03", "sample_04"]
    np.testing.assert_array_equal(found.expression, VALUES)


def test_without_a_header_columns_are_named_by_their_position(cohort, tmp_path):
    path = write_rows(tmp_path / "rows.csv", table_rows(cohort)[1:])
    found = load(path, header=False, sample_id=0, label=-1)
    assert list(found.probes.index) == ["probe_02", "probe_03", "probe_04"]
    assert list(found.samples.index) == list(cohort.samples.index)
    np.testing.assert_array_equal(found.expression, VALUES)

    path = write_rows(tmp_path / "columns.csv", transposed(table_rows(cohort))[1:-1])
    found = load(path, samples="columns", header=False)
    assert list(found.samples.index) == ["sample_02", "sample_03", "sample_04", "sample_05"]
    assert list(found.probes.index) == list(cohort.probes.index)


def test_covariates_are_numbers_where_all_are_numbers(cohort, tmp_path):
    sets, sexes = ["train", "test"] * 2, ["f", "m", "?", "f"]
    columns = [["set", *sets], ["sex", *sexes], ["age", "3", "", "9", "41"]]
    rows = transposed([*transposed(table_rows(cohort)), *columns])
    path = write_rows(tmp_path / "t.csv", rows)

    found = load(path, sample_id="id", label="class", split="set", covariates=["sex", "age"])

    expected = cohort.samples.assign(
        split=sets, sex=["f", "m", None, "f"], age=[3.0, np.nan, 9.0, 41.0]
    )
    pd.testing.assert_frame_equal(found.samples, expected)


def test_a_sheet_may_have_more_samples_than_the_table_or_fewer(cohort, tmp_path):
    """Both are remarked; a sample without a line has no label, and is then left out or refused."""
    path = write_rows(tmp_path / "t.csv", table_rows(cohort, label=None))
    first, *others = cohort.samples.index
    sheet = [["id", "class", "age"], ["x9", "CLL", "7"], *([name, "ALL", "5"] for name in others)]
    write_rows(tmp_path / "sheet.csv", sheet)
    entry = {"filepath": str(tmp_path / "sheet.csv")}
    found = load(path, sample_id="id", label="class", sample_sheet=entry)
    assert list(found.samples.index) == [first, *others]
    assert found.labels.isna().to_list() == [True] + [False] * len(others)
    assert found.samples["age"].isna().to_list() == [True] + [False] * len(others)
    absent, further = found.remarks
    assert absent.endswith(f"t.csv are absent: {first}; so they have no label")
    assert "sheet.csv: lines of 1 samples that " in further
    assert further.endswith("t.csv does not hold are ignored: x9")
    with pytest.raises(DatasetError, match=f"are absent: {first}; the sheet has x9, "):
        load(path, sample_id="id", sample_sheet=entry)


def test_a_sample_sheet_is_joined_by_sample_id_and_its_columns_are_covariates(cohort, tmp_path):
    path = write_rows(tmp_path / "t.csv", table_rows(cohort, label=None))
    sheet = [["age", "patient", "diagnosis"]]
    sheet += [["1", "p1", "AML"], ["2", "p2", "AML"], ["3", "p3", "ALL"], ["4", "p4", "ALL"]]
    write_rows(tmp_path / "patients.tsv", sheet, "\t")

    entry = {"filepath": str(tmp_path / "patients.tsv"), "sample_id": "patient"}
    found = load(path, sample_id="id", label="diagnosis", sample_sheet=entry)

    samples = pd.DataFrame({"label": cohort.labels, "age": [4.0, 1.0, 3.0, 2.0]})
    assert_same_cohort(found, replace(cohort, samples=samples))


def test_descriptions_and_annotations_go_to_the_probes(cohort, tmp_path):
    about = [["title", "gene, one", "control", "gene two"], ["chr", "1", "", "X"]]
    rows = transposed([*table_rows(cohort, label=None), *about])
    path = write_rows(tmp_path / "t.csv", rows)

    found = load(path, samples="columns", description="title", annotations=["chr"])

    assert found.labels is None
    pd.testing.assert_frame_equal(
        found.probes,
        cohort.probes.assign(description=["gene, one", "control", "gene two"], chr=["1", "", "X"]),
    )


def test_marks_of_a_missing_value_can_be_chosen(tmp_path):
    path = write_rows(tmp_path / "t.csv", [["g1", "g2"], ["-999", "?"], ["1", "2"], ["3", "-999"]])

    found = load(path, missing=["-999", "?"])

    np.testing.assert_array_equal(found.expression, [[np.nan, np.nan], [1, 2], [3, np.nan]])


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-16-le", "cp1252"])
def test_another_encoding_is_stated_for_table_and_sheet(encoding, tmp_path):
    rows = [["id", "größe"], ["ä", "1"], ["ö", "2"]]
    path = write_rows(tmp_path / "t.csv", rows, encoding=encoding)
    sheet = write_rows(tmp_path / "s.csv", [["id", "class"], ["ä", "ALL"], ["ö", "AML"]])
    entry = {"filepath": str(sheet)}
    found = load(path, sample_id="id", encoding=encoding, label="class", sample_sheet=entry)

    assert list(found.probes.index) == ["größe"]
    assert dict(found.labels) == {"ä": "ALL", "ö": "AML"}


def test_a_letter_in_another_encoding_is_named_with_its_line(tmp_path):
    rows = [f"s{n},{'ALL' if n % 2 else 'AML'},{n}.5,1" for n in range(4000)]
    rows[3000] = rows[3000].replace("AML", "Leucémie")
    for end in ("\n", "\r\n"):
        text = end.join(["id,class,g1,g2", *rows])
        (tmp_path / "t.csv").write_bytes(text.encode("latin-1"))
        path = str(tmp_path / "t.csv")
        dataset = ExpressionTableDataset(filepath=path, sample_id="id", label="class")
        with pytest.raises(DatasetError, match="line 3002 is not UTF-8 text; a byte there is 'é'"):
            dataset.load()


def test_rows_to_skip_comments_and_another_separator(cohort, tmp_path):
    rows = table_rows(cohort)
    rows[2:2] = [["*units", *["log2"] * 4]]
    path = write_rows(tmp_path / "t.txt", [["Table", "S1"], *rows], "|")
    expected = ("lines skipped, as the catalog says: 2, first t.txt, line 1",)
    for options in ({"skip_rows": 1, "comment": "*"}, {"skip_rows": [1, 4]}):
        found = load(path, sample_id="id", label="class", separator="|", **options)
        assert_same_cohort(found, cohort)
        assert found.remarks == expected


def test_row_names_are_the_ids_where_no_column_of_ids_is_named(cohort, tmp_path):
    """As R's write.csv, write.table and pandas' to_csv and to_parquet write them."""
    rows = table_rows(cohort, label=None)
    rows[0][0] = ""
    csv = write_rows(tmp_path / "t.csv", rows)
    r = write_rows(tmp_path / "t.txt", [rows[0][1:], *rows[1:]], "\t")
    cohort.expression.rename_axis(None).to_parquet(tmp_path / "t.parquet")
    for path in (csv, r, tmp_path / "t.parquet"):
        found = load(path)
        pd.testing.assert_frame_equal(found.expression, cohort.expression, check_exact=True)
        assert found.remarks[-1] == f"{path.name}: the row names are the sample ids"


def test_quotes_and_line_breaks_within_cells(tmp_path):
    text = 'id,"the ""big"" gene","5\\" probe","a\nb",say "no"\n"s 1",1,2,3,4\n"s "2"",5,6,7,8\n'
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    found = load(tmp_path / "t.csv", sample_id="id")
    assert list(found.probes.index) == ['the "big" gene', '5" probe', "a b", 'say "no"']
    assert list(found.samples.index) == ["s 1", 's "2"']
    assert found.remarks == ("line breaks within cells are read as blanks, first t.csv, line 1",)


def test_a_sheet_of_a_workbook_with_its_samples_on_another(cohort, tmp_path):
    rows = transposed(table_rows(cohort, label=None))
    about = [["made in 2021"], ["id", "age", "class"]]
    about += [["p1", 9, "AML"], ["p2", 41, "AML"], ["p3", 7, "ALL"], ["p4", 5, "ALL"]]
    path = write_workbook(tmp_path / "t.xlsx", {"values": rows, "patients": about})

    entry = {"filepath": str(path), "sheet": "patients", "skip_rows": 1}
    found = load(path, samples="columns", sheet="values", label="class", sample_sheet=entry)

    assert list(found.samples["age"]) == [5.0, 9.0, 7.0, 41.0]
    samples = found.samples.drop(columns="age")
    assert_same_cohort(replace(found, samples=samples), cohort)


def test_ids_in_a_workbook_stay_text(tmp_path):
    rows = [["id", 7157, 4609], [1001, 1.5, 2], ["1002", 0.1, 3e-300]]
    found = load(write_workbook(tmp_path / "t.xlsx", {"Sheet1": rows}), sample_id="id")
    assert list(found.samples.index) == ["1001", "1002"]
    assert list(found.probes.index) == ["7157", "4609"]
    np.testing.assert_array_equal(found.expression, [[1.5, 2], [0.1, 3e-300]])


def test_several_probes_of_a_gene_become_one(tmp_path):
    rows = [["id", "symbol", "p1", "p2"], ["1_at", "TP53", "1", "2"], ["2_at", "MYC", "3", "4"]]
    rows += [["3_at", "TP53", "5", "9"], ["4_at", "---", "5", "9"]]
    path = write_rows(tmp_path / "t.csv", rows)
    options = {"samples": "columns", "probe_id": "symbol", "annotations": ["id"]}

    found = load(path, collapse="highest_mean", **options)
    np.testing.assert_array_equal(found.expression, [[5, 3], [9, 4]])
    assert list(found.probes["id"]) == ["3_at", "2_at"]
    np.testing.assert_array_equal(load(path, collapse="mean", **options).expression.TP53, [3, 5.5])
    with pytest.raises(UserError, match="collapse is 'max'; expected one of highest_mean, "):
        load(path, collapse="max", **options)


def test_the_test_samples_of_a_given_split_do_not_choose_the_probe(tmp_path):
    rows = [["set", "g", "g"], ["train", "1", "2"], ["train", "1", "2"], ["test", "90", "2"]]
    path = write_rows(tmp_path / "t.csv", rows)
    assert list(load(path, split="set", collapse="highest_mean").expression.g) == [2, 2, 2]


def test_new_samples_are_collapsed_by_a_rule_that_needs_no_cohort():
    NewSamplesDataset(filepath="t.csv", collapse="median")
    with pytest.raises(UserError, match="would choose otherwise for new samples"):
        NewSamplesDataset(filepath="t.csv", collapse="highest_mean")


def test_genes_whose_names_are_like_dates_are_stated(tmp_path):
    path = write_rows(tmp_path / "t.csv", [["id", "Oct-4", "2021-03-01"], ["a", "1", "2"]])
    found = load(path, sample_id="id", names_like_dates=["Oct-4", datetime.date(2021, 3, 1)])
    assert list(found.probes.index) == ["Oct-4", "2021-03-01"]  # YAML makes a date of the last


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_parquet_keeps_its_precision(cohort, tmp_path, dtype):
    """As this project's own ``expression.parquet`` and ``samples.csv``: probes × samples."""
    expression = cohort.expression.astype(dtype).replace(5e10, 6.0)
    expression.T.to_parquet(tmp_path / "expression.parquet")
    cohort.samples.to_csv(tmp_path / "samples.csv")

    options = {"samples": "columns", "probe_id": "probe", "label": "label"}
    sheet = {"filepath": str(tmp_path / "samples.csv")}
    found = load(tmp_path / "expression.parquet", sample_sheet=sheet, **options)

    pd.testing.assert_frame_equal(found.expression, expression, check_exact=True)
    pd.testing.assert_frame_equal(found.samples, cohort.samples)


def test_the_unnamed_index_of_parquet_holds_the_ids(cohort, tmp_path):
    table = cohort.expression.rename_axis(None).rename_axis(None, axis=1)
    table.assign(kind=cohort.labels.to_numpy()).to_parquet(tmp_path / "rows.parquet")
    table.T.to_parquet(tmp_path / "columns.parquet")
    cohort.samples.to_csv(tmp_path / "samples.csv")

    rows = load(tmp_path / "rows.parquet", label="kind")
    sheet = {"filepath": str(tmp_path / "samples.csv")}
    columns = load(
        tmp_path / "columns.parquet", samples="columns", sample_sheet=sheet, label="label"
    )

    for found in (rows, columns):
        pd.testing.assert_frame_equal(found.expression, cohort.expression)
        assert list(found.labels) == list(cohort.labels)


def test_parquet_with_samples_in_rows(cohort, tmp_path):
    table = cohort.expression.reset_index().assign(kind=cohort.labels.to_numpy(), n=[1, 2, 3, 4])
    table.to_parquet(tmp_path / "t.parquet", index=False)

    found = load(tmp_path / "t.parquet", sample_id="sample", label="kind", covariates=["n"])

    samples = cohort.samples.assign(n=[1.0, 2.0, 3.0, 4.0])
    assert_same_cohort(found, replace(cohort, samples=samples))


# No control characters, no line ends, nothing a reader trims; separators and quotes are in.
NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=8
).filter(
    lambda text: (
        text not in ("class", "id", "probe", "samples", "type")
        and not (MANGLED.fullmatch(text) or re.fullmatch(r"\d{5}", text))
    )
)
# Semicolons may stand in the names of probes, as in P1;P2, between commas; not in those of samples.
IDS = NAMES.filter(lambda text: ";" not in text)


@st.composite
def cohorts(draw):
    shapes = npst.array_shapes(min_dims=2, max_dims=2, max_side=4)
    values = draw(npst.arrays(float, shapes, elements=st.floats(allow_infinity=False)))
    n_samples, n_probes = values.shape
    ids = draw(st.lists(IDS, min_size=n_samples, max_size=n_samples, unique=True))
    probes = draw(st.lists(NAMES, min_size=n_probes, max_size=n_probes, unique=True))
    classes = st.sampled_from(["ALL", "AML, M3"])
    labels = draw(st.lists(classes, min_size=n_samples, max_size=n_samples))
    return make_cohort(values, ids, probes, label=labels)


@given(
    cohort=cohorts(),
    in_rows=st.booleans(),
    ending=st.sampled_from(["", ".gz"]),
    separator=st.sampled_from(["\t", ","]),
)
def test_whatever_is_written_out_is_read_back(cohort, in_rows, ending, separator, tmp_path_factory):
    rows = table_rows(cohort)
    path = tmp_path_factory.mktemp("table") / f"t.txt{ending}"
    write_rows(path, rows if in_rows else transposed(rows), separator)

    options = {"sample_id": "id"} if in_rows else {"samples": "columns"}
    assert_same_cohort(load(path, label="class", **options), cohort)


@given(cohort=cohorts())
def test_a_parquet_table_is_read_back(cohort, tmp_path_factory):
    folder = tmp_path_factory.mktemp("table")
    cohort.expression.T.to_parquet(folder / "t.parquet")

    found = load(folder / "t.parquet", samples="columns")

    pd.testing.assert_frame_equal(found.expression, cohort.expression, check_exact=True)


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_a_table_is_never_held_twice(name, tmp_path, monkeypatch):
    monkeypatch.setattr(expression_table, "COLUMNS_AT_A_TIME", 50)
    values = np.random.default_rng(0).normal(8, 2, (2000, 500))
    table = pd.DataFrame(values, [f"g{i}" for i in range(2000)], [f"s{i}" for i in range(500)])
    table = table.rename_axis("probe")
    getattr(table, f"to_{name[2:]}")(tmp_path / name)
    found = load(tmp_path / name, samples="columns")  # imports, caches
    np.testing.assert_array_equal(found.expression, values.T)
    del found

    tracemalloc.start()
    load(tmp_path / name, samples="columns")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert values.nbytes < peak < 1.4 * values.nbytes


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"samples": "row"}, "samples is 'row'; expected 'rows' or 'columns'"),
        ({"sample_sheet": {"file": "x.csv"}}, "expected filepath and, if need be, sample_id"),
        ({"sample_sheet": {"filepath": "x.csv", "skip_rows": -1}}, "skip_rows is -1; expected how"),
        ({"skip_rows": ["a"]}, "skip_rows is ['a']; expected how many lines at the top"),
        ({"separator": "||"}, "separator is '||'; expected one character"),
        ({"separator": '"'}, "expected another character"),
        ({"comment": ""}, "comment is ''; expected what lines to be skipped start with"),
        (
            {"encoding": "utf-9"},
            "encoding is 'utf-9', which is unknown; expected one such as utf-8",
        ),
        ({"encoding": "hex"}, "encoding is 'hex', which is unknown"),
    ],
)
def test_a_wrong_option_is_refused_at_once(options, message):
    with pytest.raises(UserError, match=re.escape(message)):
        ExpressionTableDataset(filepath="t.csv", **options)


@pytest.mark.real_data
def test_the_real_mll_table(mll_file):
    cohort = load(mll_file, label="class")

    assert cohort.expression.shape == (72, 12582)
    assert cohort.labels.value_counts().to_dict() == {"AML": 28, "ALL": 24, "MLL": 20}
    assert list(cohort.samples.index[[0, 71]]) == ["sample_01", "sample_72"]
    values = cohort.expression.to_numpy()
    assert (values.min(), values.max()) == (-15584, 58380)
    table = pd.read_csv(mll_file)
    np.testing.assert_array_equal(values, table.drop(columns="class"))
    assert list(cohort.labels) == list(table["class"])
