"""The leak alarm: labels that mean nothing must score chance, unless genes are chosen outside."""

import numpy as np
import pytest
from helpers.small_models import small_training_set

from leukemia_kedro.datasets import simulate_cohort
from leukemia_kedro.evaluation.permutation import score_labelling
from leukemia_kedro.model.fitted import FittedModel
from leukemia_kedro.model.setting import Setting
from leukemia_kedro.parameters import (
    CohortParameters,
    ComputeParameters,
    ModellingParameters,
    ModelParameters,
    ResamplingParameters,
)
from leukemia_kedro.pipelines.modelling.nodes import permutation_test, selection_bias

COHORT = CohortParameters(
    scale="raw", floor=100, ceiling=16000, filter={"min_ratio": 2}, split={"method": "none"}
)
ONCE = ResamplingParameters(folds=5, repeats=1, inner_folds=3)
MODEL = ModelParameters(
    estimator="sklearn.linear_model.LogisticRegression",
    search={"C": [0.1, 1.0]},
    genes={"criterion": "anova_f", "n_genes": [10, 50]},
)
NOTHING_EXCLUDED = np.array([], dtype=int)


@pytest.fixture(scope="module")
def cohort():
    return simulate_cohort(
        n_samples={"ALL": 27, "AML": 18}, n_probes=1200, effect_size=1.5, seed=11
    )


@pytest.mark.slow
def test_with_permuted_labels_the_whole_pipeline_scores_chance(cohort):
    setting = Setting(MODEL, COHORT, ONCE, seed=0)
    values, labels = cohort.expression.to_numpy(), cohort.labels.to_numpy(dtype=str)
    generator = np.random.default_rng(0)
    honest, leaky = [], []
    for _ in range(40):
        permuted = generator.permutation(labels)
        honest.append(score_labelling(values, permuted, NOTHING_EXCLUDED, setting))
        leaky.append(score_labelling(values, permuted, NOTHING_EXCLUDED, setting, True))
    # 40 repeats of 45 samples: the mean's standard error is about .015.
    assert np.mean(honest) == pytest.approx(0.5, abs=0.05)
    assert np.mean(leaky) > 0.7


def test_true_labels_are_told_from_permuted_ones(cohort):
    parameters = {"model": MODEL, "cohort": COHORT, "resampling": ONCE}
    card = {name: block.model_dump() for name, block in parameters.items()}
    champion = FittedModel(None, card | {"seed": 0, "name": "logistic_regression"})
    patients, compute = small_training_set(cohort, COHORT), ComputeParameters(n_jobs=1)
    result = permutation_test(champion, patients, ModellingParameters(permutations=19), compute)
    assert result["p_value"] == 1 / 20
    assert len(result["permuted_scores"]) == 19
    bias = selection_bias(champion, result, patients, compute)
    assert bias["true_labels"]["genes_inside_folds"] == result["score"]
    permuted = bias["permuted_labels"]
    assert permuted["genes_outside_folds"] > permuted["genes_inside_folds"] + 0.1
