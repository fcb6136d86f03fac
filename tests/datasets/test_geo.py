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
