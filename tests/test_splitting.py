"""The split: given, drawn or none; never a label by position."""

import pandas as pd
import pytest

from leukemia_kedro.errors import CohortError, UserError
from leukemia_kedro.parameters import SplitParameters
from leukemia_kedro.splitting import class_order, labels_of, split_samples, training_labels


def samples(**columns):
    index = pd.Index([f"patient {i}" for i in range(len(columns["label"]))], name="sample")
    return pd.DataFrame(columns, index=index)


PATIENTS = samples(label=["ALL"] * 20 + ["AML"] * 10, split=["train"] * 18 + ["test"] * 12)


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


def test_classes_are_in_the_order_stated_or_else_sorted():
    labels = pd.Series(["MLL", "ALL", "AML"])
    assert class_order(labels, ["ALL", "MLL", "AML"]) == ["ALL", "MLL", "AML"]
    assert class_order(labels, None) == ["ALL", "AML", "MLL"]


def test_classes_that_do_not_fit_the_labels_are_refused():
    with pytest.raises(CohortError, match="lists ALL, CLL, but the labels are ALL, AML"):
        class_order(pd.Series(["ALL", "AML"]), ["ALL", "CLL"])
    with pytest.raises(CohortError, match="every sample is labelled 'ALL'"):
        class_order(pd.Series(["ALL", "ALL"]), None)
