"""GEO series matrix files: values, what is known of the samples, and the label from it."""

import gzip

import numpy as np
import pandas as pd
import pytest
from helpers.cohort_files import make_cohort, series_matrix_lines
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from kedro.io import DatasetError

from leukemia_kedro.datasets import GEOSeriesMatrixDataset
from leukemia_kedro.errors import UserError

VALUES = [[7.1, 8.2, np.nan], [6.5, 3.25, 1.0], [1e-5, 2.0, 3.0]]
COHORT = make_cohort(VALUES, ["GSM3", "GSM1", "GSM2"], ["1007_s_at", "AFFX-x_at", "b_at"])
# GEO leaves out a characteristic of one sample by moving the next ones up a line.
CHARACTERISTICS = [
    ["Disease state: AML (M3)", "Disease state: c-ALL", "Disease state: T-ALL"],
    ["age: 41", "Sex: female", "age: 7"],
    ["Sex: male", "", "Sex: female"],
]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "GSE1_series_matrix.txt.gz"
    text = "\n".join(series_matrix_lines(COHORT, CHARACTERISTICS))
    path.write_bytes(gzip.compress(text.encode()))
    return path


def load(path, **options):
    return GEOSeriesMatrixDataset(filepath=str(path), **options).load()


def test_values_and_characteristics_are_read(path):
    cohort = load(path)

    pd.testing.assert_frame_equal(cohort.expression, COHORT.expression, check_exact=True)
    pd.testing.assert_frame_equal(cohort.probes, COHORT.probes)
    expected = pd.DataFrame(
        {
            "title": ["patient GSM3", "patient GSM1", "patient GSM2"],
            "disease_state": ["AML (M3)", "c-ALL", "T-ALL"],
            "age": [41.0, np.nan, 7.0],
            "sex": ["male", "female", "female"],
        },
        index=COHORT.samples.index,
    )
    pd.testing.assert_frame_equal(cohort.samples, expected)
    assert cohort.origin == 'GEO GSE1: Acute "leukemias" and normal marrow'


def test_a_channel_that_no_array_has_is_passed_over(path):
    """Its number may have more digits than Python makes a number of."""
    plain = load(path)
    with gzip.open(path, "rt") as file:
        text = file.read()
    line = f'!Sample_characteristics_ch{"9" * 5000}\t"x: 1"\t"x: 2"\t"x: 3"\n'
    with gzip.open(path, "wt") as file:
        file.write(text.replace("!series_matrix_table_begin", f"{line}!series_matrix_table_begin"))
    pd.testing.assert_frame_equal(load(path).samples, plain.samples)


def test_the_values_of_a_characteristic_are_the_labels(path):
    assert list(load(path, label="Disease state").labels) == ["AML (M3)", "c-ALL", "T-ALL"]
    assert list(load(path, label="disease_state").labels) == ["AML (M3)", "c-ALL", "T-ALL"]


def test_classes_by_value_and_by_regular_expression(path):
    classes = {"AML": "AML (M3)", "ALL": "(c|T)-ALL"}
    assert list(load(path, label="Disease state", classes=classes).labels) == ["AML", "ALL", "ALL"]


@pytest.mark.parametrize(
    ("label", "classes", "message"),
    [
        ("diagnosis", None, r"has no characteristic 'diagnosis'; it has title, disease_state, age"),
        ("disease state", {"AML": "AML.*", "T": "T-ALL"}, r"GSM1: .* is 'c-ALL', .* none of"),
        ("disease state", {"a": ".*", "b": ".*ALL"}, r"GSM1: .* fits a and b of the classes a, b"),
        ("sex", {"f": "fem", "m": "male"}, r"GSM1: 'sex' is 'female', which fits none"),
    ],
)
def test_a_sample_without_one_class_is_named(path, label, classes, message):
    with pytest.raises(DatasetError, match=message):
        load(path, label=label, classes=classes)


def test_a_broken_regular_expression_is_refused_at_once():
    with pytest.raises(UserError, match=r"classes: 'AML \(' .* is no regular expression"):
        GEOSeriesMatrixDataset(filepath="x.txt", label="type", classes={"AML": "AML ("})


@pytest.mark.parametrize("classes", [{0: "x"}, {"x": 0}, {"x": False}, {True: "x"}])
def test_a_class_that_yaml_has_made_a_number_is_refused_at_once(classes):
    with pytest.raises(UserError, match=r"classes in the catalog: .*; put it in quotes"):
        GEOSeriesMatrixDataset(filepath="x.txt", label="type", classes=classes)


def test_a_sample_without_a_value_has_no_label(path):
    assert load(path, label="age").labels.isna()["GSM1"]


@given(
    values=npst.arrays(
        float,
        npst.array_shapes(min_dims=2, max_dims=2, max_side=4),
        elements=st.floats(allow_infinity=False),
    ),
    data=st.data(),
    ending=st.sampled_from(["", ".gz"]),
)
def test_whatever_is_written_out_is_read_back(tmp_path_factory, values, data, ending):
    n_samples, n_probes = values.shape
    classes = st.sampled_from(["ALL", 'AML, "M3"', "MLL: t(4;11)"])
    labels = data.draw(st.lists(classes, min_size=n_samples, max_size=n_samples))
    cohort = make_cohort(
        values, [f"GSM{i}" for i in range(n_samples)], [f"{i}_at" for i in range(n_probes)]
    )
    text = "\n".join(series_matrix_lines(cohort, [[f"type: {label}" for label in labels]]))
    path = tmp_path_factory.mktemp("geo") / f"series_matrix.txt{ending}"
    path.write_bytes(gzip.compress(text.encode()) if ending else text.encode())

    found = load(path, label="type")

    pd.testing.assert_frame_equal(found.expression, cohort.expression, check_exact=True)
    pd.testing.assert_frame_equal(found.probes, cohort.probes)
    assert list(found.labels) == labels


def load_lines(tmp_path, characteristics, change=lambda lines: lines, **options):
    """The cohort of a file with these characteristics, and its columns of them."""
    path = tmp_path / "t.txt"
    lines = change(series_matrix_lines(COHORT, characteristics))
    path.write_bytes("\n".join(lines).encode("utf-8", "surrogateescape"))
    cohort = load(path, **options)
    return cohort, cohort.samples.drop(columns=["title", "label"], errors="ignore")


def test_characteristics_of_like_names_stay_apart(tmp_path):
    cells = [["CD34+: 5", "CD34+: 6", "CD34+: 7"], ["CD34-: 1", "CD34-: 2", "CD34-: 3"]]
    stages = [["Stage: 2", "Stage: 3", ""], ["stage: II", "stage: III", "stage: IV"]]
    cohort, found = load_lines(tmp_path, [*cells, *stages])

    assert found.to_dict("list") == {
        "cd34_1": [5.0, 6.0, 7.0],
        "cd34_2": [1.0, 2.0, 3.0],
        "stage_1": [2.0, 3.0, pytest.approx(np.nan, nan_ok=True)],
        "stage_2": ["II", "III", "IV"],
    }
    assert "the characteristic 'CD34-' is the column 'cd34_2'" in cohort.remarks
    assert list(load_lines(tmp_path, stages, label="stage_2")[0].labels) == ["II", "III", "IV"]


def test_a_name_in_two_cases_is_one_characteristic_where_no_sample_has_both(tmp_path):
    cohort, found = load_lines(tmp_path, [["Sex: f", "", "Sex: m"], ["", "sex: m", ""]])
    assert found.to_dict("list") == {"sex": ["f", "m", "m"]}
    assert cohort.remarks == ("the characteristics 'Sex' and 'sex' are read as one",)


def test_values_of_one_characteristic_that_stands_twice_are_joined_and_told(tmp_path):
    twice = [["type: ALL", "type: AML", "type: ALL"], ["type: T-ALL", "", "type: B-ALL"]]
    cohort, _ = load_lines(tmp_path, twice, label="type")
    assert list(cohort.labels) == ["ALL; T-ALL", "AML", "ALL; B-ALL"]
    assert cohort.remarks == (
        "samples have the characteristic 'type' more than once; its values are joined, such as "
        "'ALL; T-ALL'",
    )


def test_the_channels_of_two_colour_arrays_stay_apart(tmp_path):
    def two_channels(lines):
        lines[8:8] = [
            '!Sample_source_name_ch2\t"pool"\t"pool"\t"pool"',
            '!Sample_characteristics_ch2\t"tissue: reference"\t"tissue: reference"\t"tissue: x"',
            '!Sample_characteristics_ch2\t"dye: red"\t"dye: red"\t"dye: red"',
        ]
        return lines

    cells = [["tissue: marrow", "tissue: blood", "tissue: blood"], ["age: 1", "age: 2", "age: 3"]]
    cohort, found = load_lines(tmp_path, cells, two_channels, label="tissue_ch1")

    assert list(cohort.labels) == ["marrow", "blood", "blood"]
    assert found.to_dict("list") == {
        "source_name_ch2": ["pool"] * 3,
        "tissue_ch1": ["marrow", "blood", "blood"],
        "tissue_ch2": ["reference", "reference", "x"],
        "dye_ch2": ["red"] * 3,
        "age": [1.0, 2.0, 3.0],
    }
    assert "two-colour arrays: columns of their second channel end in _ch2" in cohort.remarks


def test_line_breaks_within_cells_of_the_head(tmp_path):
    def broken(lines):
        return [line.replace("c-ALL", "c-ALL\n, relapse") for line in lines]

    cells = [["type: a", "type: c-ALL", "type: c-ALL"]]
    cohort, found = load_lines(tmp_path, cells, lambda lines: broken(lines[:9]) + lines[9:])
    assert list(found["type"]) == ["a", "c-ALL , relapse", "c-ALL , relapse"]
    assert "line breaks within cells are read as blanks" in cohort.remarks[0]


def test_bytes_of_another_encoding_matter_only_where_they_are_used(tmp_path):
    def with_bytes(where):
        return lambda lines: [line.replace(where, f"{where} \udcfc") for line in lines]

    cells = [["type: a", "type: b", "type: b"]]
    cohort, _ = load_lines(tmp_path, cells, with_bytes("not kept"))
    assert cohort.remarks[0].endswith("not text in the file's encoding; the line is not used")
    with pytest.raises(DatasetError, match=r"line 8: there are bytes .* encoding: latin-1"):
        load_lines(tmp_path, cells, with_bytes("type: a"))
    cohort, found = load_lines(tmp_path, cells, with_bytes("type: a"), encoding="latin-1")
    assert list(found["type"]) == ["a ü", "b", "b"]
