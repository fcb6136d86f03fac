"""The leak alarm: labels that mean nothing must score chance, unless genes are chosen outside."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.small_models import small_training_set
from scipy import stats
from sklearn.metrics import balanced_accuracy_score

from leukemia_kedro.datasets import simulate_cohort, simulate_counts
from leukemia_kedro.evaluation.permutation import permuted_labels, score_labelling
from leukemia_kedro.evaluation.plan import outer_splits, resampling_plan
from leukemia_kedro.evaluation.whole_procedure import classify_splits
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
        given = values, permuted, NOTHING_EXCLUDED, {"logistic_regression": setting}
        honest.append(score_labelling(*given)[1])
        leaky.append(score_labelling(*given, True)[1])
    # 40 repeats of 45 samples: the mean's standard error is about .015.
    assert np.mean(honest) == pytest.approx(0.5, abs=0.05)
    assert np.mean(leaky) > 0.7


def test_true_labels_are_told_from_permuted_ones(cohort):
    parameters = {"model": MODEL, "cohort": COHORT, "resampling": ONCE}
    card = {name: block.model_dump() for name, block in parameters.items()}
    champion = FittedModel(None, card | {"seed": 0, "name": "logistic_regression"})
    patients, compute = small_training_set(cohort, COHORT), ComputeParameters(n_jobs=1)
    modelling = ModellingParameters(permutations=19)
    setting = Setting.of_card(champion.card)
    result = permutation_test(patients, modelling, compute, logistic_regression=setting)
    assert result["p_value"] == 1 / 20
    assert len(result["permuted_scores"]) == 19
    bias = selection_bias(champion, patients, modelling, compute)
    assert bias["true_labels"]["genes_inside_folds"] == result["score"]
    inside = bias["permuted_labels"]["genes_inside_folds"]
    assert inside == pytest.approx(np.mean(result["permuted_scores"]))
    permuted = bias["permuted_labels"]
    assert permuted["genes_outside_folds"] > permuted["genes_inside_folds"] + 0.1


def settings_of(resampling, **estimators):
    shared = {"genes": {"criterion": "anova_f", "n_genes": [5]}, "normalise_arrays": "none"}
    return {
        name: Setting(ModelParameters(estimator=path, **shared), LOG2, resampling, seed=0)
        for name, path in estimators.items()
    }


LOG2 = CohortParameters(scale="log2")
QUICK = {
    "naive_bayes": "sklearn.naive_bayes.GaussianNB",
    "centroid": "sklearn.discriminant_analysis.LinearDiscriminantAnalysis",
    "stump": "sklearn.tree.DecisionTreeClassifier",
}


def test_the_models_to_choose_among_are_those_named_or_all_of_the_run():
    patients = small_training_set(no_signal(0, n_probes=20), LOG2)
    settings = settings_of(ONCE, **QUICK)
    settings["left_out"] = replace(settings["stump"], left_out="switched off")
    tested = {}
    for named in (["stump", "left_out"], None, ["left_out"]):
        modelling = ModellingParameters(permutations=4, permuted_models=named)
        tested[str(named)] = permutation_test(patients, modelling, ComputeParameters(), **settings)
    only, every, none = (result["models"] for result in tested.values())
    assert only == ["stump"]
    assert every == none == list(QUICK)
    result = tested["None"]
    assert result["model"] in QUICK
    assert len(result["permuted_models"]) == len(result["permuted_scores"]) == 4


@pytest.mark.slow
def test_with_permuted_labels_counts_score_chance():
    """Filter and normalisation see the labels' classes; neither tells what a class is."""
    counts = simulate_counts(n_samples={"ALL": 24, "AML": 16}, n_probes=400, seed=12)
    model = ModelParameters(
        estimator=QUICK["naive_bayes"], genes={"criterion": "anova_f", "n_genes": [10]}
    )
    setting = Setting(model, CohortParameters(scale="counts"), ONCE, seed=0)
    patients = small_training_set(counts, setting.cohort)
    found = [
        score_labelling(patients.matrix, labels, NOTHING_EXCLUDED, {"naive_bayes": setting})[1]
        for labels in permuted_labels(patients, 30, seed=0)
    ]
    # 30 repeats of 40 samples: the mean's standard error is about .015.
    assert np.mean(found) == pytest.approx(0.5, abs=0.05)
    given = patients.matrix, patients.classes, NOTHING_EXCLUDED, {"naive_bayes": setting}
    assert score_labelling(*given)[1] > 0.8


def test_the_score_beside_the_p_value_is_that_of_the_first_repeat_and_not_the_mean():
    cohort, three = no_signal(0), ONCE.model_copy(update={"repeats": 3})
    patients = small_training_set(cohort, LOG2)
    settings = settings_of(three, centroid=QUICK["centroid"])
    modelling = ModellingParameters(permutations=1)
    result = permutation_test(patients, modelling, ComputeParameters(n_jobs=1), **settings)
    labels = patients.labels
    scores = []
    for _, folds in resampling_plan(labels, three, seed=0).groupby("repeat"):
        splits = list(outer_splits(folds, labels.index))
        values, classes = patients.matrix, patients.classes
        [calls] = classify_splits(values, classes, splits, NOTHING_EXCLUDED, [settings["centroid"]])
        predicted = np.empty_like(classes)
        for split, called in zip(splits, calls, strict=True):
            predicted[split.held_out] = called
        scores.append(balanced_accuracy_score(classes, predicted))
    assert result["score"] == pytest.approx(scores[0])
    assert len(set(scores)) == 3


def test_the_choice_is_that_of_the_rule_among_the_models_alone():
    """The score with a choice is the chosen model's own score under the same labels."""
    patients = small_training_set(no_signal(1), LOG2)
    settings, values = settings_of(ONCE, **QUICK), patients.matrix
    for labels in permuted_labels(patients, 5, seed=3):
        name, score = score_labelling(values, labels, NOTHING_EXCLUDED, settings)
        alone = {name: settings[name]}
        assert score_labelling(values, labels, NOTHING_EXCLUDED, alone) == (name, score)


def no_signal(seed, n_probes=60):
    sizes = {"ALL": 16, "AML": 10}
    return simulate_cohort(
        n_samples=sizes, n_probes=n_probes, differential_share=0, scale="log2", seed=seed
    )


@pytest.mark.slow
def test_without_signal_the_p_value_with_the_choice_is_uniform_and_that_of_the_champion_is_not():
    """The champion was chosen for its score, so its own p-value is too small."""
    with_choice, champions_own = [], []
    settings = settings_of(ONCE, **QUICK)
    modelling, compute = ModellingParameters(permutations=19), ComputeParameters(n_jobs=1)
    for seed in range(60):
        patients = small_training_set(no_signal(seed), LOG2)
        result = permutation_test(patients, modelling, compute, **settings)
        with_choice.append(result["p_value"])
        alone = {result["model"]: settings[result["model"]]}
        champions_own.append(permutation_test(patients, modelling, compute, **alone)["p_value"])
    # Uniform on 1/20 … 1 it is .525 on average, with a standard error of .037 over 60 cohorts.
    assert np.mean(with_choice) == pytest.approx(0.525, abs=0.1)
    assert stats.kstest(with_choice, "uniform").pvalue > 0.01
    assert stats.ttest_rel(champions_own, with_choice, alternative="less").pvalue < 1e-3
