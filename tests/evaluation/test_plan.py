"""The resampling plan: scikit-learn's folds, refused where a class is too small."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import LeaveOneGroupOut, RepeatedStratifiedKFold

from leukemia_kedro.errors import UserError
from leukemia_kedro.evaluation.plan import (
    check_folds,
    inner_splits,
    outer_splits,
    permute_labels,
    resampling_plan,
    units_per_class,
)
from leukemia_kedro.parameters import ResamplingParameters


def labels(**sizes):
    values = [name for name, size in sizes.items() for _ in range(size)]
    index = pd.Index([f"patient {i}" for i in range(len(values))], name="sample")
    return pd.Series(values, index=index)


GOLUB_TRAINING = labels(ALL=27, AML=11)


def test_folds_are_those_of_scikit_learn():
    plan = resampling_plan(GOLUB_TRAINING, ResamplingParameters(folds=5, repeats=2), seed=3)
    theirs = RepeatedStratifiedKFold(n_splits=5, n_repeats=2, random_state=3)
    expected = [set(held) for _, held in theirs.split(np.zeros(38), GOLUB_TRAINING)]
    ours = [set(split.held_out) for split in outer_splits(plan, GOLUB_TRAINING.index)]
    assert ours == expected


def test_leave_one_out_holds_each_sample_out_alone():
    resampling = ResamplingParameters(folds="leave_one_out", repeats=1)
    plan = resampling_plan(GOLUB_TRAINING, resampling, seed=0)
    splits = list(outer_splits(plan, GOLUB_TRAINING.index))
    assert [list(split.held_out) for split in splits] == [[i] for i in range(38)]
    assert all(len(split.train) == 37 for split in splits)


@pytest.mark.parametrize(
    ("sizes", "resampling", "message"),
    [
        (
            {"ALL": 20, "AML": 4},
            {"folds": 5, "inner_folds": 4},
            r"class 'AML' has 4 training samples, too few for resampling\.folds 5 and inner_folds "
            r"4; set resampling\.folds to 4 and set resampling\.inner_folds to 3$",
        ),
        (
            {"ALL": 20, "AML": 5},
            {"folds": 5, "inner_folds": 5},
            r"folds 5 and inner_folds 5; set resampling\.inner_folds to 4$",
        ),
        (
            {"ALL": 20, "MLL": 9, "AML": 2, "CLL": 1},
            {"folds": 2, "inner_folds": 2},
            r"^too few training samples: class 'AML' has 2, 'CLL' has 1\. Nested cross-validation "
            r"needs at least 3 .* \(cohort\.leave_out: \{label: \[AML, CLL\]\}\)",
        ),
        (
            {"ALL": 20, "AML": 2, "CLL": 1},
            {},
            r"Bring more samples: without these, fewer than two classes are left$",
        ),
        ({"ALL": 20}, {}, "at least two classes"),
    ],
)
def test_a_class_too_small_for_the_folds_is_refused(sizes, resampling, message):
    with pytest.raises(UserError, match=message):
        resampling_plan(labels(**sizes), ResamplingParameters(**resampling), seed=0)


def test_a_plan_made_for_other_samples_is_refused():
    plan = resampling_plan(GOLUB_TRAINING, ResamplingParameters(), seed=0)
    with pytest.raises(UserError, match=r"patient 0\. .* made for other samples"):
        next(outer_splits(plan, GOLUB_TRAINING.index[1:]))


def test_a_plan_that_was_edited_is_refused():
    plan = resampling_plan(GOLUB_TRAINING, ResamplingParameters(), seed=0)
    second = plan.index[plan["repeat"] == 2]
    plan.loc[second[0], "sample"] = plan.loc[second[1], "sample"]
    with pytest.raises(UserError, match="repeat 2 does not hold out each training sample once"):
        list(outer_splits(plan, GOLUB_TRAINING.index))


PAIRS = np.array([f"donor {number // 2}" for number in range(38)])


@pytest.mark.parametrize("folds", [3, "leave_one_out"])
def test_patients_are_held_out_whole_in_outer_and_inner_folds(folds):
    resampling = ResamplingParameters(
        folds=folds, repeats=1 if folds == "leave_one_out" else 3, inner_folds=2
    )
    plan = resampling_plan(GOLUB_TRAINING, resampling, seed=0, groups=PAIRS)
    assert (plan.groupby(["repeat", "sample"]).size() == 1).all()
    classes = GOLUB_TRAINING.to_numpy()
    for outer in outer_splits(plan, GOLUB_TRAINING.index, PAIRS):
        inner = inner_splits(outer, classes, 2, seed=0)
        for part in [outer, *inner]:
            assert not set(PAIRS[part.train]) & set(PAIRS[part.held_out])
            assert set(classes[part.train]) == {"ALL", "AML"}
        for part in inner:
            assert sorted([*part.train, *part.held_out]) == list(outer.train)
        assert sorted(np.concatenate([part.held_out for part in inner])) == list(outer.train)


def test_one_patient_at_a_time_is_left_out_as_by_scikit_learn():
    alone = ResamplingParameters(folds="leave_one_out", repeats=1)
    plan = resampling_plan(GOLUB_TRAINING, alone, seed=0, groups=PAIRS)
    theirs = [list(held) for _, held in LeaveOneGroupOut().split(PAIRS, groups=PAIRS)]
    assert [list(s.held_out) for s in outer_splits(plan, GOLUB_TRAINING.index)] == theirs


def test_repeats_divide_the_patients_differently_and_follow_the_seed():
    few = ResamplingParameters(inner_folds=2)
    plan = resampling_plan(GOLUB_TRAINING, few, 0, PAIRS)
    folds = [tuple(rows["fold"]) for _, rows in plan.sort_values("sample").groupby("repeat")]
    assert len(set(folds)) == 5
    assert plan.equals(resampling_plan(GOLUB_TRAINING, few, 0, PAIRS))
    assert not plan.equals(resampling_plan(GOLUB_TRAINING, few, 1, PAIRS))


def test_patients_are_counted_where_samples_are_not_enough():
    three = np.array(["a"] * 9 + ["b"] * 9 + ["c"] * 9 + ["d"] * 6 + ["e"] * 5)
    assert units_per_class(GOLUB_TRAINING, three).to_dict() == {"ALL": 3, "AML": 2}
    with pytest.raises(UserError, match=r"too few training groups: class 'AML' has 2\. "):
        resampling_plan(GOLUB_TRAINING, ResamplingParameters(), 0, three)


@pytest.mark.parametrize("size", range(3, 12))
@pytest.mark.parametrize("folds", [2, 3, 5, 10, "leave_one_out"])
@pytest.mark.parametrize("inner_folds", [2, 4, 9])
def test_what_a_refusal_advises_can_be_run(size, folds, inner_folds):
    """The advice is followed once, and then there are folds with every class in each."""
    classes = labels(ALL=20, AML=size)
    asked = {"folds": folds, "inner_folds": inner_folds, "repeats": 1}
    try:
        check_folds(classes, ResamplingParameters(**asked))
    except UserError as refusal:
        advised = dict(re.findall(r"set resampling\.(\w+) to (\d+)", str(refusal)))
        assert advised
        assert all(2 <= int(number) < asked[name] or size == 3 for name, number in advised.items())
        asked |= {name: int(number) for name, number in advised.items()}
    parameters = ResamplingParameters(**asked)
    plan = resampling_plan(classes, parameters, seed=0)
    of_class = classes.to_numpy()
    for outer in outer_splits(plan, classes.index):
        for inner in inner_splits(outer, of_class, parameters.inner_folds, seed=0):
            assert set(of_class[inner.train]) == {"ALL", "AML"}


def test_without_groups_samples_are_permuted():
    labels = GOLUB_TRAINING.to_numpy(dtype=str)
    ours = permute_labels(labels, np.random.default_rng(3))
    assert list(ours) == list(np.random.default_rng(3).permutation(labels))


@given(sizes=st.lists(st.integers(1, 4), min_size=2, max_size=9), seed=st.integers(0, 999))
def test_a_patient_of_one_class_is_permuted_as_one(sizes, seed):
    classes = np.array(["ALL", "AML", "MLL"])[np.arange(len(sizes)) % 3]
    groups = np.repeat([f"p{i}" for i in range(len(sizes))], sizes)
    permuted = permute_labels(np.repeat(classes, sizes), np.random.default_rng(seed), groups)
    of_patient = pd.Series(permuted).groupby(groups).agg(["first", "nunique"])
    assert (of_patient["nunique"] == 1).all()
    assert sorted(of_patient["first"]) == sorted(classes)


@given(seed=st.integers(0, 999))
def test_labels_of_paired_samples_are_permuted_within_the_pair(seed):
    labels, pairs = np.array(["tumour", "normal"] * 6), np.arange(12) // 2
    permuted = permute_labels(labels, np.random.default_rng(seed), pairs)
    assert all(set(permuted[pairs == pair]) == {"tumour", "normal"} for pair in range(6))


@pytest.mark.parametrize(
    "wrong", [{"folds": 1}, {"folds": "leave_one_out", "repeats": 2}, {"folds": "many"}]
)
def test_a_plan_that_makes_no_sense_is_refused_with_the_parameters(wrong):
    with pytest.raises(ValueError, match=r"folds|repeats"):
        ResamplingParameters(**wrong)
