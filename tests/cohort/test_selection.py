"""Samples left out, and classes merged and renamed."""

import dataclasses

import pandas as pd
import pytest
from helpers.cohort_files import assert_same_cohort, make_cohort
from pydantic import ValidationError

from leukemia_kedro.cohort.findings import examine
from leukemia_kedro.cohort.selection import in_words, select_samples
from leukemia_kedro.cohort.split import class_order
from leukemia_kedro.parameters import CohortParameters

LABELS = ["B-ALL", "T-ALL", "AML", "CLL", "AML", None]
COHORT = make_cohort(
    [[i + 1.0, 9.5 - i] for i in range(6)],
    [f"s{i}" for i in range(6)],
    ["g1", "g2"],
    label=LABELS,
    age=[3.0, 40.0, 7.0, 3.0, 50.0, float("nan")],
    site=["1", "2", "1", "2", "1", ""],
)
MERGED = {"ALL": ["B-ALL", "T-ALL"], "AML": "AML"}


def select(**block):
    return select_samples(COHORT, CohortParameters(scale="log2", **block))


def test_without_parameters_the_cohort_is_the_same():
    found = select()
    assert found.cohort is COHORT
    assert (found.left_out, found.merged, found.faults) == ({}, {}, ())


@pytest.mark.parametrize(
    ("leave_out", "kept"),
    [
        ({"sample": ["s0", "s3"]}, "s1 s2 s4 s5"),
        ({"sample": "s0"}, "s1 s2 s3 s4 s5"),
        ({"label": ["AML"]}, "s0 s1 s3 s5"),
        ({"label": [None, "CLL"]}, "s0 s1 s2 s4"),
        ({"age": [3]}, "s1 s2 s4 s5"),
        ({"age": ["3"]}, "s1 s2 s4 s5"),
        ({"age": [None]}, "s0 s1 s2 s3 s4"),
        ({"site": ["1"], "sample": ["s1"]}, "s3 s5"),
        ({"site": [None]}, "s0 s1 s2 s3 s4"),
    ],
)
def test_samples_are_left_out_by_id_or_by_the_value_of_a_column(leave_out, kept):
    found = select(leave_out=leave_out)
    assert found.faults == ()
    rows = kept.split()
    expected = dataclasses.replace(
        COHORT, expression=COHORT.expression.loc[rows], samples=COHORT.samples.loc[rows]
    )
    assert_same_cohort(found.cohort, expected)


def test_classes_are_merged_after_samples_are_left_out_and_both_are_counted():
    found = select(leave_out={"label": [None, "CLL"], "sample": ["s0"]}, classes=MERGED)
    assert found.cohort.labels.to_dict() == {"s1": "ALL", "s2": "AML", "s4": "AML"}
    assert found.left_out == {"label without a value": 1, "label CLL": 1, "sample s0": 1}
    assert found.merged == {"ALL": {"B-ALL": 0, "T-ALL": 1}}
    assert class_order(found.cohort.labels, {"AML": ["AML"], "ALL": ["B-ALL"]}) == ["AML", "ALL"]
    assert in_words(found.left_out, found.merged) == {
        "Samples left out": "label without a value (1), label CLL (1), sample s0 (1)",
        "Classes merged": "ALL from B-ALL (0), T-ALL (1)",
    }


def test_names_may_be_exchanged():
    found = select(classes={"AML": ["CLL"], "CLL": ["AML"], "ALL": ["B-ALL", "T-ALL"]})
    assert list(found.cohort.labels[:5]) == ["ALL", "ALL", "CLL", "AML", "CLL"]


def obstacles(**block):
    return examine(COHORT, CohortParameters(scale="log2", **block)).obstacles


def test_a_class_that_is_not_named_is_refused_with_the_way_out_and_the_way_out_works():
    (refused,) = obstacles(classes=MERGED, leave_out={"label": [None]})
    assert refused == (
        "cohort.classes lists ALL, AML, but the labels are ALL, AML, CLL; list 'CLL' as well, or "
        "leave out: cohort.leave_out: {label: [CLL]}"
    )
    assert obstacles(classes=MERGED, leave_out={"label": [None, "CLL"]}) == []


def test_all_that_does_not_fit_is_told_at_once():
    found = obstacles(
        classes={"ALL": ["B-ALL", "T-ALLL"], "AML": "AML"},
        leave_out={"sample": ["s9", 4], "site": [1], "sex": ["f"]},
    )
    assert found[:5] == [
        "cohort.leave_out: no sample has 's9' as sample; there are s0, s1, s2, s3, s4, s5",
        'cohort.leave_out: no sample has 4 as sample; put names in quotes, such as "4"',
        'cohort.leave_out: no sample has 1 as site; put names in quotes, such as "1"',
        "cohort.leave_out names 'sex', which is no column of the samples; expected sample or one "
        "of label, age, site",
        "cohort.classes: no sample is labelled 'T-ALLL'; did you mean T-ALL?",
    ]
    assert found[5].startswith("samples without a label: s5; give each a class in the file")
    assert found[6].startswith("cohort.classes lists ALL, AML, but the labels are")
    assert len(found) == 7


def test_a_class_called_na_is_a_class():
    cohort = dataclasses.replace(COHORT, samples=COHORT.samples.assign(label=["NA", "AML"] * 3))
    assert examine(cohort, CohortParameters(scale="log2")).obstacles == []


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([0, 1], '0 is a number, not a name; put it in quotes: "0"'),
        ([1.5, "a"], '1.5 is a number, not a name; put it in quotes: "1.5"'),
        ([False, True], 'no, off and false as the truth value False.* put it in quotes: "no"'),
        ([True, "a"], 'yes, on and true as the truth value True.* put it in quotes: "yes"'),
        ([None, "a"], 'classes null, which is no name; put it in quotes: "null"'),
        (["a", "a"], "classes 'a' twice"),
        (["a", " "], "classes ' '; expected the name of a class"),
        ("ALL", r"found 'ALL'; expected a list such as \[ALL, AML\], or a mapping that merges"),
        ({0: ["a"], 1: ["b"]}, 'put it in quotes: "0"'),
        ({"a": [0], "b": [1]}, 'put it in quotes: "0"'),
        ({"a": 0, "b": 1}, 'put it in quotes: "0"'),
        ({"a": ["x"], "b": ["x"]}, "classes merges 'x' twice"),
        ({"a": [], "b": ["x"]}, "lists nothing under 'a'"),
    ],
)
def test_what_yaml_makes_of_names_is_refused(classes, message):
    with pytest.raises(ValidationError, match=message):
        CohortParameters(scale="log2", classes=classes)


@pytest.mark.parametrize(
    ("leave_out", "message"),
    [
        ({"label": [False]}, 'put it in quotes: "no"'),
        ({2: ["a"]}, 'put it in quotes: "2"'),
        (["a"], "expected values by column, such as"),
        ({"label": []}, "no value is listed under 'label'"),
    ],
)
def test_what_cannot_be_left_out_is_refused(leave_out, message):
    with pytest.raises(ValidationError, match=message):
        CohortParameters(scale="log2", leave_out=leave_out)


def test_a_cohort_read_back_keeps_a_class_called_na(tmp_path):
    from leukemia_kedro.datasets import CSVDataset

    split = pd.DataFrame({"label": ["NA", "None"]}, pd.Index(["s1", "s2"], name="sample"))
    file = CSVDataset(
        filepath=str(tmp_path / "x.csv"), load_args={"index_col": 0}, save_args={"index": True}
    )
    file.save(split)
    assert list(file.load()["label"]) == ["NA", "None"]
