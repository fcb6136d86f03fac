"""Train-versus-test shift and hard samples, where the answer is known."""

import numpy as np
import pandas as pd
import pytest

from leukemia_kedro.datasets import simulate_cohort
from leukemia_kedro.evaluation.shift import train_versus_test
from leukemia_kedro.parameters import ComputeParameters
from leukemia_kedro.pipelines.modelling.nodes import list_hard_samples, measure_shift


def shifted(batch_shift):
    cohort = simulate_cohort(
        n_samples={"ALL": 40, "AML": 30},
        n_probes=240,
        batch_shift=batch_shift,
        test_share=0.4,
        scale="log2",
        seed=4,
    )
    return cohort.expression.T, cohort.samples[["label", "split"]]


def test_a_shift_between_laboratories_is_found():
    # Three of four test samples, and one of four training samples, come from the second
    # laboratory: telling the laboratories apart without fail is an AUC of .75.
    found = train_versus_test(*shifted(1.0), seed=0, n_jobs=1)
    assert found["auc"] == pytest.approx(0.75, abs=0.1)
    assert found["p_value"] < 0.02


def test_no_shift_is_not_found():
    found = train_versus_test(*shifted(0.0), seed=0, n_jobs=1)
    assert 0.3 < found["auc"] < 0.7
    assert found["p_value"] > 0.05


def test_without_a_test_set_there_is_no_shift_to_measure():
    log_expression, split = shifted(0.0)
    found = train_versus_test(log_expression, split.assign(split="train"), seed=0, n_jobs=1)
    assert found["auc"] is None
    assert found["p_value"] is None


def test_patients_who_gave_many_samples_are_no_shift():
    """Each patient's samples are alike, so that who is in which set can be learned by heart."""
    generator = np.random.default_rng(0)
    patients = np.repeat(np.arange(20), 5)
    values = generator.normal(8, 1, (100, 20))[:, patients] + generator.normal(0, 0.1, (100, 100))
    samples = pd.Index([f"s{i}" for i in range(100)], name="sample")
    split = pd.DataFrame(
        {"label": "ALL", "split": np.where(patients % 2, "test", "train")}, index=samples
    )
    table = pd.DataFrame(values, columns=samples)
    assert train_versus_test(table, split, seed=0, n_jobs=1)["auc"] > 0.95
    told = train_versus_test(table, split.assign(group=patients.astype(str)), seed=0, n_jobs=1)
    assert told["auc"] < 0.8
    assert told["p_value"] > 0.05


def test_a_few_patients_on_one_side_are_too_few_to_measure_a_shift():
    log_expression, split = shifted(0.0)
    few = split.assign(group=np.where(split["split"] == "test", "one patient", split.index))
    assert train_versus_test(log_expression, few, seed=0, n_jobs=1)["auc"] is None


def test_missing_values_do_not_hide_a_shift():
    log_expression, split = shifted(1.0)
    gaps = np.random.default_rng(0).random(log_expression.shape) < 0.05
    found = train_versus_test(log_expression.mask(gaps), split, seed=0, n_jobs=1)
    assert found["auc"] == pytest.approx(0.75, abs=0.1)
    passing = pd.DataFrame({"passes": True}, index=log_expression.index)
    compute = ComputeParameters(n_jobs=1)
    record = measure_shift(log_expression.mask(gaps), passing, split, [], 0, compute)
    assert np.isfinite(list(record["median_log2_per_sample"].values())).all()


def test_hard_samples_are_those_that_most_models_miss():
    split = pd.DataFrame(
        {"label": ["ALL", "AML", "AML"], "split": ["train", "train", "test"]},
        index=pd.Index(["1", "2", "66"], name="sample"),
    )

    def in_folds(*wrong_share_of_2):
        return pd.DataFrame(
            {
                "sample": ["1", "2"] * len(wrong_share_of_2),
                "label": ["ALL", "AML"] * len(wrong_share_of_2),
                "predicted": [p for w in wrong_share_of_2 for p in ("ALL", "ALL" if w else "AML")],
            }
        )

    def of_models(**tables):
        return pd.concat([table.assign(model=name) for name, table in tables.items()])

    def held_out(predicted):
        return pd.DataFrame({"sample": ["66"], "label": ["AML"], "predicted": [predicted]})

    cv = of_models(a=in_folds(1, 1), b=in_folds(1, 0), c=in_folds(0, 0))
    test = of_models(a=held_out("ALL"), b=held_out("ALL"), c=held_out("AML"))
    assert list_hard_samples(split, cv, test) == [
        {"sample": "66", "label": "AML", "split": "test", "n_models_wrong": 2, "n_models": 3}
    ]
