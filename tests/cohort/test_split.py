"""The split: given, drawn or none; never a label by position."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leukemia_kedro.cohort.split import (
    class_order,
    labels_of,
    split_samples,
    training_labels,
    training_samples,
)
from leukemia_kedro.errors import CohortError, UserError
from leukemia_kedro.parameters import SplitParameters


def samples(**columns):
    index = pd.Index([f"patient {i}" for i in range(len(columns["label"]))], name="sample")
    return pd.DataFrame(columns, index=index)


PATIENTS = samples(
    label=["ALL"] * 20 + ["AML"] * 10,
    split=["train"] * 12 + ["test"] * 8 + ["train"] * 6 + ["test"] * 4,
)


def test_a_given_split_is_kept():
    split = split_samples(PATIENTS, SplitParameters(method="given"), seed=0)
    assert split["split"].tolist() == PATIENTS["split"].tolist()
    assert split["label"].tolist() == PATIENTS["label"].tolist()


def test_a_drawn_split_keeps_the_classes_shares_and_follows_the_seed():
    drawn = SplitParameters(method="stratified", test_share=0.3)
    split = split_samples(PATIENTS, drawn, seed=0)
    assert labels_of(split, "test").value_counts().to_dict() == {"ALL": 6, "AML": 3}
    pd.testing.assert_frame_equal(split, split_samples(PATIENTS, drawn, seed=0))
    assert not split.equals(split_samples(PATIENTS, drawn, seed=1))


def test_without_a_test_set_every_sample_is_learned_from():
    split = split_samples(PATIENTS, SplitParameters(method="none"), seed=0)
    assert len(training_labels(split)) == 30


def test_a_split_that_the_cohort_does_not_give_is_refused():
    with pytest.raises(UserError, match="this cohort gives no split"):
        split_samples(PATIENTS.drop(columns="split"), SplitParameters(method="given"), seed=0)


@pytest.mark.parametrize(
    ("labels", "share", "message"),
    [(["ALL"] * 9 + ["AML"], 0.3, "'AML' has 1 sample"), (["ALL", "AML"] * 3, 0.05, "test_share")],
)
def test_a_split_that_cannot_be_drawn_is_refused(labels, share, message):
    drawn = SplitParameters(method="stratified", test_share=share)
    with pytest.raises(UserError, match=message):
        split_samples(samples(label=labels), drawn, seed=0)


GROUPED = SplitParameters(method="grouped", test_share=0.3, group="patient")


@given(
    sizes=st.lists(st.tuples(st.sampled_from(["ALL", "AML"]), st.integers(1, 4)), min_size=12),
    seed=st.integers(0, 99),
)
def test_no_patient_is_on_both_sides_of_a_grouped_split(sizes, seed):
    sizes = [*sizes, ("ALL", 1), ("AML", 1), ("ALL", 2), ("AML", 2)]
    labels = [label for label, size in sizes for _ in range(size)]
    patients = [number for number, (_, size) in enumerate(sizes) for _ in range(size)]
    table = samples(label=labels, patient=patients)
    split = split_samples(table, GROUPED, seed)
    assert list(split) == ["label", "split", "group"]
    of_side = {side: set(rows["group"]) for side, rows in split.groupby("split")}
    assert not of_side["train"] & of_side["test"]
    assert set(split["split"]) == {"train", "test"}
    assert set(training_labels(split)) == {"ALL", "AML"}


def test_a_grouped_split_keeps_the_classes_shares_as_well_as_patients_allow():
    pairs = [number // 2 for number in range(60)]
    table = samples(label=["ALL"] * 40 + ["AML"] * 20, patient=pairs)
    split = split_samples(table, GROUPED, seed=0)
    assert labels_of(split, "test").value_counts().to_dict() == {"ALL": 12, "AML": 6}
    pd.testing.assert_frame_equal(split, split_samples(table, GROUPED, seed=0))


@pytest.mark.parametrize(
    ("columns", "split", "message"),
    [
        (
            {"label": ["ALL", "AML"] * 4, "split": ["train", "test"] * 4},
            {"method": "given"},
            "classes without a training sample: AML",
        ),
        (
            {"label": ["ALL", "AML"] * 2, "patient": [1, 1, 1, 1]},
            {"method": "grouped", "group": "patient"},
            "1 groups cannot be divided",
        ),
        (
            {
                "label": ["ALL", "AML"] * 2,
                "split": ["train", "train", "test", "test"],
                "patient": ["a", "b", "a", "c"],
            },
            {"method": "given", "group": "patient"},
            "samples of one patient on both sides: a",
        ),
        (
            {"label": ["ALL", "AML"], "patient": ["a", None]},
            {"method": "none", "group": "patient"},
            "samples without a value of 'patient', their group: patient 1",
        ),
        (
            {"label": ["ALL", "AML"]},
            {"method": "none", "group": "donor"},
            "'donor', which is no column of the samples; they have label",
        ),
    ],
)
def test_a_split_that_would_mislead_is_refused(columns, split, message):
    with pytest.raises(UserError, match=message):
        split_samples(samples(**columns), SplitParameters(**split), seed=0)


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ({"method": "grouped"}, "needs group, the column that names the patient"),
        ({"method": "stratified", "group": "patient"}, "one patient on both sides; .*'grouped'"),
    ],
)
def test_parameters_that_contradict_themselves_are_refused(split, message):
    with pytest.raises(ValueError, match=message):
        SplitParameters(**split)


def test_labels_follow_the_samples_whatever_the_order_of_the_table():
    table = samples(label=["ALL", "AML", "MLL"], patient=["x", "y", "y"])
    split = split_samples(table, SplitParameters(method="none", group="patient"), seed=0)
    shuffled = split.index[[2, 0, 1]]
    labels, groups = training_samples(split, shuffled)
    assert labels.to_dict() == split["label"].to_dict()
    assert list(labels.index) == list(shuffled)
    assert list(groups) == ["y", "x", "y"]
    labels, groups = training_samples(split.drop(columns="group"))
    assert groups is None
    np.testing.assert_array_equal(labels, ["ALL", "AML", "MLL"])


def test_a_table_of_other_samples_is_refused():
    split = split_samples(PATIENTS, SplitParameters(method="given"), seed=0)
    edited = split.assign(split=split["split"].where(split.index != "patient 3", "test"))
    expression = training_labels(split).index
    with pytest.raises(UserError, match=r"differ in the training samples patient 3: .* edited"):
        training_samples(edited, expression)


def test_classes_are_in_the_order_stated_or_else_sorted():
    labels = pd.Series(["MLL", "ALL", "AML"])
    assert class_order(labels, ["ALL", "MLL", "AML"]) == ["ALL", "MLL", "AML"]
    assert class_order(labels, None) == ["ALL", "AML", "MLL"]


def test_classes_that_do_not_fit_the_labels_are_refused():
    with pytest.raises(CohortError, match="lists ALL, CLL, but the labels are ALL, AML"):
        class_order(pd.Series(["ALL", "AML"]), ["ALL", "CLL"])
    with pytest.raises(CohortError, match="every sample is labelled 'ALL'"):
        class_order(pd.Series(["ALL", "ALL"]), None)
