"""Each study learns, the others are called: nothing of them is learned."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from helpers.small_models import BLOCKS, PARAMETERS, new_patients, small_cohort, small_training_set

from leukemia_kedro.cohort.training_set import TrainingSet
from leukemia_kedro.errors import UserError
from leukemia_kedro.evaluation.fold_rankings import rankings_in_use
from leukemia_kedro.evaluation.studies import (
    plan_studies,
    predict_across_studies,
    score_studies,
    study_of,
)
from leukemia_kedro.model.setting import RankingSetting
from leukemia_kedro.parameters import ResamplingParameters

MODELS = {name: BLOCKS[name] for name in ("weighted_voting", "naive_bayes")}
RESAMPLING = ResamplingParameters(folds=3, repeats=1, inner_folds=2)
SEED = 0


def joined(**parts: TrainingSet) -> tuple[TrainingSet, pd.Series]:
    """Training sets as studies of one."""
    named = {
        study: part.expression.set_axis([f"{study}_{i}" for i in range(len(part.samples))])
        for study, part in parts.items()
    }
    expression = pd.concat(named.values())
    classes = np.concatenate([part.classes for part in parts.values()])
    studies = np.repeat(list(named), [len(table) for table in named.values()])
    labels = pd.Series(classes, expression.index, name="label")
    return TrainingSet(expression, labels), pd.Series(studies, expression.index)


def across(patients: TrainingSet, studies: pd.Series) -> pd.DataFrame:
    plan = plan_studies(patients, studies, RESAMPLING, SEED)
    rankings = tuple(rankings_in_use(MODELS, [], patients.labels))
    shared = RankingSetting(rankings, PARAMETERS["raw"], RESAMPLING.inner_folds, SEED)
    return predict_across_studies(patients, studies, plan, shared, MODELS, 1)


HERE = small_training_set(small_cohort(), PARAMETERS["raw"])
THERE = small_training_set(new_patients(), PARAMETERS["raw"])


def other_disease() -> TrainingSet:
    """The patients of ``THERE``, with genes exchanged: what marks a class here marks none there."""
    genes = THERE.expression.columns
    moved = np.random.default_rng(0).permutation(genes)
    return replace(THERE, expression=THERE.expression.set_axis(moved, axis=1)[genes])


@pytest.fixture(scope="module")
def three():
    patients, studies = joined(a=HERE, b=THERE, c=other_disease())
    return patients, studies, across(patients, studies)


def matrix_of(patients, predictions):
    return score_studies(predictions, patients, ["ALL", "AML"], SEED)


def test_what_is_the_same_disease_crosses_and_what_is_another_does_not(three):
    patients, _, predictions = three
    matrix = matrix_of(patients, predictions)
    champions = matrix[matrix["champion"]].set_index(["learned_from", "called"])
    score = champions["balanced_accuracy"]
    # 20 ALL and 16 AML, shifts of two deviations in a fifth of 300 genes: easy, within a disease.
    assert min(score["a", "a"], score["b", "b"], score["c", "c"]) > 0.9
    assert min(score["a", "b"], score["b", "a"]) > 0.9
    # Half right by chance; three standard errors of 36 patients are .25.
    assert max(score["a", "c"], score["b", "c"], score["c", "a"]) < 0.75
    assert score["a + b", "c"] < 0.75


def test_each_study_alone_and_all_others_of_each_are_learned_from(three):
    _, _, predictions = three
    found = predictions.groupby(["learned_from", "called"], sort=False)["protocol"].unique()
    singles = {(x, y): "other study" for x in "abc" for y in "abc" if x != y}
    within = {(x, x): "cross-validation" for x in ("a", "b", "c", "b + c", "a + c", "a + b")}
    left_out = {("b + c", "a"), ("a + c", "b"), ("a + b", "c")}
    expected = singles | within | dict.fromkeys(left_out, "study left out")
    assert {pair: protocol for pair, (protocol,) in found.items()} == expected


def test_rows_of_the_matrix_count_what_was_predicted(three):
    patients, _, predictions = three
    row = matrix_of(patients, predictions).query(
        "learned_from == 'a' and called == 'b' and model == 'naive_bayes'"
    )
    table = predictions.query("learned_from == 'a' and called == 'b' and model == 'naive_bayes'")
    right = table["label"] == table["predicted"]
    assert row["errors"].item() == (~right).sum()
    by_class = right.groupby(table["label"]).mean()
    assert row["balanced_accuracy"].item() == pytest.approx(by_class.mean())
    assert sorted(table["sample"]) == sorted(s for s in patients.samples if s.startswith("b_"))


def test_a_study_that_is_called_teaches_nothing():
    """Its labels permuted and its values replaced: who learned from the other one says the same."""
    before = across(*joined(a=HERE, b=THERE))
    rng = np.random.default_rng(1)
    permuted = replace(
        THERE, labels=pd.Series(rng.permutation(THERE.classes), THERE.samples, name="label")
    )
    after = across(*joined(a=HERE, b=permuted))
    values = ["model", "sample", "predicted", "probability_AML", "confidence"]
    from_a = before["learned_from"] == "a"
    pd.testing.assert_frame_equal(before.loc[from_a, values], after.loc[from_a, values])
    doubled = replace(THERE, expression=7 * THERE.expression)
    within = before.query("learned_from == 'a' and called == 'a'")
    again = across(*joined(a=HERE, b=doubled)).query("learned_from == 'a' and called == 'a'")
    pd.testing.assert_frame_equal(within, again)


def test_a_study_of_one_class_is_called_and_not_learned_from():
    only = np.flatnonzero(THERE.classes == "ALL")
    few = TrainingSet(THERE.expression.iloc[only], THERE.labels.iloc[only])
    patients, studies = joined(a=HERE, b=few)
    predictions = across(patients, studies)
    matrix = matrix_of(patients, predictions)
    assert set(matrix["learned_from"]) == {"a"}
    elsewhere = matrix.query("called == 'b'")
    assert elsewhere["auc"].isna().all()
    assert (elsewhere["balanced_accuracy"] == elsewhere["accuracy"]).all()


def test_one_study_is_refused():
    patients, studies = joined(a=HERE)
    with pytest.raises(UserError, match="all samples are of one study, a; expected two or more"):
        plan_studies(patients, studies, RESAMPLING, SEED)


def test_studies_none_of_which_can_teach_are_refused():
    of_class = {
        name: TrainingSet(HERE.expression[HERE.classes == name], HERE.labels[HERE.classes == name])
        for name in ("ALL", "AML")
    }
    with pytest.raises(
        UserError, match=r"no study can be learned from\. ALL: it has no sample of AML"
    ):
        plan_studies(*joined(**of_class), RESAMPLING, SEED)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        ({"sex": ["F", "M"]}, "the samples have no column 'study'; there are sex"),
        ({"study": ["a", None]}, "the column 'study' is empty for the samples s2"),
    ],
)
def test_samples_without_a_study_are_refused(samples, message):
    with pytest.raises(UserError, match=message):
        study_of(pd.DataFrame(samples, ["s1", "s2"]))
