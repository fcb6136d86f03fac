"""The resampling plan: scikit-learn's folds, refused where a class is too small."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import RepeatedStratifiedKFold

from leukemia_kedro.errors import UserError
from leukemia_kedro.evaluation.plan import inner_splits, outer_splits, resampling_plan, whole
from leukemia_kedro.parameters import ResamplingParameters


def labels(**sizes):
    values = [name for name, size in sizes.items() for _ in range(size)]
    index = pd.Index([f"patient {i}" for i in range(len(values))], name="sample")
    return pd.Series(values, index=index)


GOLUB_TRAINING = labels(ALL=27, AML=11)


def test_every_sample_is_held_out_once_per_repeat():
    plan = resampling_plan(GOLUB_TRAINING, ResamplingParameters(folds=5, repeats=3), seed=0)
    assert list(plan) == ["repeat", "fold", "sample"]
    for _, repeat in plan.groupby("repeat"):
        assert sorted(repeat["sample"]) == sorted(GOLUB_TRAINING.index)
    assert (plan.groupby(["repeat", "sample"]).size() == 1).all()


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


def test_inner_folds_lie_inside_the_training_part():
    plan = resampling_plan(GOLUB_TRAINING, ResamplingParameters(folds=5, repeats=1), seed=0)
    outer = next(outer_splits(plan, GOLUB_TRAINING.index))
    inner = inner_splits(outer, GOLUB_TRAINING.to_numpy(), inner_folds=4, seed=0)
    for part in inner:
        assert set(part.train) | set(part.held_out) == set(outer.train)
        assert not set(part.train) & set(part.held_out)
    assert sorted(np.concatenate([part.held_out for part in inner])) == list(outer.train)


def test_the_whole_holds_nothing_out():
    split = whole(GOLUB_TRAINING.index)
    assert len(split.train) == 38
    assert len(split.held_out) == 0


@pytest.mark.parametrize(
    ("sizes", "resampling", "message"),
    [
        ({"ALL": 20, "AML": 4}, {"folds": 5}, "'AML' has 4 training samples, fewer than the 5"),
        ({"ALL": 20, "AML": 5}, {"folds": 5, "inner_folds": 5}, "keeps 4 samples inside"),
        ({"ALL": 20}, {}, "at least two classes"),
    ],
)
def test_a_class_too_small_for_the_folds_is_refused(sizes, resampling, message):
    with pytest.raises(UserError, match=message):
        resampling_plan(labels(**sizes), ResamplingParameters(**resampling), seed=0)


def test_a_plan_made_for_other_samples_is_refused():
    plan = resampling_plan(GOLUB_TRAINING, ResamplingParameters(), seed=0)
    with pytest.raises(UserError, match="made for other samples"):
        next(outer_splits(plan, GOLUB_TRAINING.index[1:]))


@pytest.mark.parametrize(
    "wrong", [{"folds": 1}, {"folds": "leave_one_out", "repeats": 2}, {"folds": "many"}]
)
def test_a_plan_that_makes_no_sense_is_refused_with_the_parameters(wrong):
    with pytest.raises(ValueError, match=r"folds|repeats"):
        ResamplingParameters(**wrong)
