"""The split: given, drawn or none; never a label by position."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leukemia_kedro.cohort.split import (
    assign_sides,
    class_order,
    held_out_samples,
    training_samples,
)  # fmt: skip
from leukemia_kedro.cohort.training_set import check_same_split, training_set
from leukemia_kedro.errors import CohortError, UserError
from leukemia_kedro.parameters import CohortParameters, SplitParameters


def samples(**columns):
    index = pd.Index([f"patient {i}" for i in range(len(columns["label"]))], name="sample")
    return pd.DataFrame(columns, index=index)


PATIENTS = samples(
    label=["ALL"] * 20 + ["AML"] * 10,
    split=["train"] * 12 + ["test"] * 8 + ["train"] * 6 + ["test"] * 4,
)


def held_out_classes(split):
    return split.loc[split["split"] == "test", "label"].value_counts().to_dict()


def test_a_given_split_is_kept():
    split = assign_sides(PATIENTS, SplitParameters(method="given"), seed=0)
    assert split["split"].tolist() == PATIENTS["split"].tolist()
    assert split["label"].tolist() == PATIENTS["label"].tolist()


def test_a_drawn_split_keeps_the_classes_shares_and_follows_the_seed():
    drawn = SplitParameters(method="stratified", test_share=0.3)
    split = assign_sides(PATIENTS, drawn, seed=0)
    assert held_out_classes(split) == {"ALL": 6, "AML": 3}
    pd.testing.assert_frame_equal(split, assign_sides(PATIENTS, drawn, seed=0))
    assert not split.equals(assign_sides(PATIENTS, drawn, seed=1))


def test_without_a_test_set_every_sample_is_learned_from():
    split = assign_sides(PATIENTS, SplitParameters(method="none"), seed=0)
    assert len(training_samples(split)[0]) == 30


def test_a_split_that_the_cohort_does_not_give_is_refused():
    with pytest.raises(UserError, match="this cohort gives no split"):
        assign_sides(PATIENTS.drop(columns="split"), SplitParameters(method="given"), seed=0)


@pytest.mark.parametrize(
    ("labels", "share", "message"),
    [(["ALL"] * 9 + ["AML"], 0.3, "'AML' has 1 sample"), (["ALL", "AML"] * 3, 0.05, "test_share")],
)
def test_a_split_that_cannot_be_drawn_is_refused(labels, share, message):
    drawn = SplitParameters(method="stratified", test_share=share)
    with pytest.raises(UserError, match=message):
        assign_sides(samples(label=labels), drawn, seed=0)


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
    split = assign_sides(table, GROUPED, seed)
    assert list(split) == ["label", "split", "group"]
    of_side = {side: set(rows["group"]) for side, rows in split.groupby("split")}
    assert not of_side["train"] & of_side["test"]
    assert set(split["split"]) == {"train", "test"}
    assert set(training_samples(split)[0]) == {"ALL", "AML"}


def test_a_grouped_split_keeps_the_classes_shares_as_well_as_patients_allow():
    pairs = [number // 2 for number in range(60)]
    table = samples(label=["ALL"] * 40 + ["AML"] * 20, patient=pairs)
    split = assign_sides(table, GROUPED, seed=0)
    assert held_out_classes(split) == {"ALL": 12, "AML": 6}
    pd.testing.assert_frame_equal(split, assign_sides(table, GROUPED, seed=0))


BY_PATIENT = {"method": "none", "group": "patient"}


@pytest.mark.parametrize(
    ("columns", "split", "message"),
    [
        ({"label": ["ALL", "AML"] * 4, "split": ["train", "test"] * 4}, {"method": "given"},
            "classes without a training sample: AML"),
        ({"label": ["ALL", "AML"] * 2, "patient": [1] * 4}, BY_PATIENT | {"method": "grouped"},
            "1 groups cannot be divided"),
        ({"label": ["ALL", "AML"] * 2, "split": ["train", "train", "test", "test"],
            "patient": ["a", "b", "a", "c"]}, BY_PATIENT | {"method": "given"},
            "samples of one patient on both sides: a"),
        ({"label": ["ALL", "AML"], "patient": ["a", None]}, BY_PATIENT,
            "samples without a value of 'patient', their group: patient 1"),
        ({"label": ["ALL", "AML"]}, BY_PATIENT | {"group": "donor"},
            "'donor', which is no column of the samples; they have label"),
    ],
)  # fmt: skip
def test_a_split_that_would_mislead_is_refused(columns, split, message):
    with pytest.raises(UserError, match=message):
        assign_sides(samples(**columns), SplitParameters(**split), seed=0)


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


def test_the_training_set_joins_labels_and_groups_to_expression_by_name():
    table = samples(label=["ALL", "AML", "MLL", "ALL"], patient=["x", "y", "y", "z"])
    split = assign_sides(table, SplitParameters(method="none", group="patient"), seed=0)
    split.loc[split.index[3], "split"] = "test"
    shuffled = split.index[[2, 3, 0, 1]]
    expression = pd.DataFrame([[3.0, 4.0, 1.0, 2.0]] * 2, ["a", "c"], shuffled)
    probes = pd.DataFrame({"is_control": [False, True]}, index=expression.index)
    parameters = CohortParameters(scale="log2", filter={"drop_controls": True})
    found = training_set(expression, split, probes, parameters)
    assert list(found.samples) == list(split.index[[2, 0, 1]])
    assert list(found.labels) == ["MLL", "ALL", "AML"]
    assert list(found.groups) == ["y", "x", "y"]
    assert found.matrix[:, 0].tolist() == [3.0, 1.0, 2.0]
    assert found.excluded.tolist() == [1]
    assert training_set(expression, split.drop(columns="group"), probes, parameters).groups is None


def test_a_table_of_other_samples_is_refused():
    split = assign_sides(PATIENTS, SplitParameters(method="given"), seed=0)
    held_out = split.index[split["split"] == "test"]
    assert list(held_out_samples(split, held_out[::-1]).index) == list(held_out[::-1])
    edited = split.assign(split=split["split"].where(split.index != held_out[0], "train"))
    with pytest.raises(
        UserError, match=rf"differ in the held-out samples {held_out[0]}: .* edited"
    ):
        held_out_samples(edited, held_out)


def test_classes_are_in_the_order_stated_or_else_sorted_and_fit_the_labels():
    labels = pd.Series(["MLL", "ALL", "AML"])
    assert class_order(labels, ["ALL", "MLL", "AML"]) == ["ALL", "MLL", "AML"]
    assert class_order(labels, None) == ["ALL", "AML", "MLL"]
    with pytest.raises(CohortError, match="lists ALL, CLL, but the labels are ALL, AML"):
        class_order(pd.Series(["ALL", "AML"]), ["ALL", "CLL"])
    with pytest.raises(CohortError, match="every sample is labelled 'ALL'"):
        class_order(pd.Series(["ALL", "ALL"]), None)


@pytest.mark.parametrize(
    ("column", "value"), [("split", "test"), ("label", "MLL"), ("group", "another")]
)
def test_a_split_that_was_edited_after_the_training_set_is_refused(column, value):
    table = samples(label=["ALL", "AML", "ALL"], patient=["x", "y", "z"])
    split = assign_sides(table, SplitParameters(method="none", group="patient"), seed=0)
    expression = pd.DataFrame([[1.0, 2.0, 3.0]], ["a"], split.index)
    probes = pd.DataFrame({"is_control": [False]}, index=["a"])
    made = training_set(expression, split, probes, CohortParameters(scale="log2"))
    check_same_split(made, split.iloc[::-1])
    alone = split.drop(columns="group")
    check_same_split(training_set(expression, alone, probes, CohortParameters(scale="log2")), alone)
    edited = split.copy()
    edited.loc["patient 1", column] = value
    with pytest.raises(UserError, match=r"differ in the training samples patient 1: .* edited"):
        check_same_split(made, edited)
