"""The shortcut that shares work between models predicts what plain scikit-learn predicts."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers.small_models import rankings_of
from scipy.special import softmax
from sklearn.base import clone
from sklearn.model_selection import (
    GridSearchCV,
    RepeatedStratifiedKFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    cross_validate,
)
from sklearn.preprocessing import StandardScaler
from yaml import safe_load

from leukemia_kedro.cohort.training_set import TrainingSet
from leukemia_kedro.datasets import ExpressionTableDataset, simulate_cohort, simulate_counts
from leukemia_kedro.estimators.calibrated import class_scores, fit_calibration
from leukemia_kedro.estimators.model_pipeline import model_pipeline
from leukemia_kedro.estimators.shrunken_centroids import ShrunkenCentroidsCV
from leukemia_kedro.evaluation.fold_rankings import orders_by_split, rank_folds
from leukemia_kedro.evaluation.metrics import probabilities, score_repeats
from leukemia_kedro.evaluation.nested_cv import (
    fit_model,
    mean_and_deviation,
    nested_cross_validation,
)
from leukemia_kedro.evaluation.own_folds import in_groups
from leukemia_kedro.evaluation.plan import resampling_plan, whole
from leukemia_kedro.model.registry import model_names
from leukemia_kedro.model.setting import RankingSetting, Setting
from leukemia_kedro.parameters import (
    CohortParameters,
    MissingParameters,
    ModelParameters,
    ResamplingParameters,
)

SEED = 7
COUNTS = CohortParameters(scale="counts")
COHORT = CohortParameters(
    scale="raw", floor=100, ceiling=16000, filter={"min_ratio": 2, "min_range": 100}
)
RESAMPLING = ResamplingParameters(folds=3, repeats=2, inner_folds=2)


CONF = Path(__file__).resolve().parents[2] / "conf" / "base"
BLOCKS = {
    name: ModelParameters(**block)
    for name, block in safe_load((CONF / "parameters_models.yml").read_text())["models"].items()
}
SIZES = {"ALL": 14, "AML": 10, "MLL": 9}


IMPUTED = COHORT.model_copy(
    update={"missing": MissingParameters(policy="impute", max_share=0.5, neighbours=3)}
)


@cache
def cohort(n_classes, missing_share=0.0):
    return simulate_cohort(
        n_samples=dict(list(SIZES.items())[:n_classes]),
        n_probes=300,
        differential_share=0.1,
        effect_size=1.0,
        missing_share=missing_share,
        seed=SEED,
    )


@cache
def counts_of_reads():
    """Shallow libraries, ten-fold apart: which genes pass the filter depends on the fold."""
    return simulate_counts(
        n_samples=dict(list(SIZES.items())[:2]),
        n_probes=400,
        differential_share=0.1,
        effect_size=1.0,
        seed=SEED,
    )


def predicted_by_the_project(cohort, model, parameters=COHORT):
    patients = TrainingSet(cohort.expression, cohort.labels)
    plan = resampling_plan(cohort.labels, RESAMPLING, SEED)
    setting = Setting(model, parameters, RESAMPLING, SEED)
    orders = orders_by_split(rankings_of(patients, plan, setting))
    predictions, tuning = nested_cross_validation(patients, plan, orders, setting, n_jobs=1)
    return predictions, tuning, fit_model(patients, orders, setting, n_jobs=1)


def plain_search(model, parameters=COHORT):
    """The same thing in scikit-learn's own words, the whole pipeline inside the search."""
    grid = {f"classify__{name}": values for name, values in model.search.items()}
    return GridSearchCV(
        model_pipeline(model, parameters, SEED),
        grid | {"normalise__method": model.normalise_arrays, "select__k": model.genes.n_genes},
        scoring="balanced_accuracy",
        cv=StratifiedKFold(RESAMPLING.inner_folds, shuffle=True, random_state=SEED),
        error_score="raise",
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "n_classes"),
    [(name, 2) for name in model_names()]
    + [(name, 3) for name in model_names() if not BLOCKS[name].two_classes_only],
)
def test_every_shipped_model_predicts_as_cross_validate_over_grid_search(name, n_classes):
    check_equality(BLOCKS[name], cohort(n_classes), COHORT)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["svm_linear", "knn", "shrunken_centroids"])
def test_missing_values_are_imputed_inside_the_folds_as_in_a_plain_pipeline(name):
    patients = cohort(3, missing_share=0.05)
    assert patients.expression.isna().to_numpy().mean() > 0.04
    steps = [step for step, _ in model_pipeline(BLOCKS[name], IMPUTED, SEED).steps]
    assert steps[:5] == ["filter", "log2", "normalise", "impute", "select"]
    check_equality(BLOCKS[name], patients, IMPUTED)


@pytest.mark.parametrize("missing", [False, True])
def test_the_normalisation_is_chosen_inside_the_folds_as_in_a_plain_search(missing):
    """Arrays of three laboratories: some folds choose one way, some another."""
    model = ModelParameters(
        estimator="sklearn.naive_bayes.GaussianNB",
        normalise_arrays=["none", "quantiles", "ranks", "standardise"],
        genes={"n_genes": [5, 40]},
    )
    patients = cohort(2, missing_share=0.05 if missing else 0.0)
    brightness = np.array([1.0, 3.0, 8.0])[np.arange(len(patients.labels)) % 3]
    patients = replace(patients, expression=patients.expression.mul(brightness, axis=0))
    chosen = check_equality(model, patients, IMPUTED if missing else COHORT)
    assert len(set(chosen["normalise__method"])) > 1


@pytest.mark.parametrize(
    ("name", "normalise"),
    [
        ("naive_bayes", ["none"]),
        pytest.param("svm_linear", ["none", "standardise"], marks=pytest.mark.slow),
        pytest.param("top_scoring_pairs", ["none"], marks=pytest.mark.slow),
        pytest.param("shrunken_centroids", ["quantiles"], marks=pytest.mark.slow),
    ],
)
def test_counts_are_filtered_and_normalised_inside_the_folds_as_in_a_plain_pipeline(
    name, normalise
):
    """Filter, reference sample, factors and prior are learned from each training fold alone."""
    model = BLOCKS[name].model_copy(update={"normalise_arrays": normalise})
    kinds = [type(step).__name__ for _, step in model_pipeline(model, COUNTS, SEED).steps[:2]]
    assert kinds == ["CountFilter", "LogCounts"]
    check_equality(model, counts_of_reads(), COUNTS)


def test_complete_cohorts_do_not_pay_for_imputing():
    assert "impute" not in model_pipeline(BLOCKS["knn"], COHORT, SEED).named_steps


def check_equality(model, patients, parameters):
    predictions, tuning, fitted = predicted_by_the_project(patients, model, parameters)
    X, y = patients.expression, patients.labels.to_numpy(dtype=str)
    folds = RepeatedStratifiedKFold(
        n_splits=RESAMPLING.folds, n_repeats=RESAMPLING.repeats, random_state=SEED
    )
    plain = cross_validate(
        plain_search(model, parameters), X, y, cv=folds, return_estimator=True, error_score="raise"
    )
    for number, (train, held_out) in enumerate(folds.split(X, y)):
        search = plain["estimator"][number]
        ours = predictions[
            (predictions["repeat"] == number // RESAMPLING.folds + 1)
            & (predictions["fold"] == number % RESAMPLING.folds + 1)
        ]
        assert list(ours["sample"]) == list(X.index[held_out])
        best = search.best_estimator_
        assert list(ours["predicted"]) == list(best.predict(X.iloc[held_out]))
        inside = list(search.cv.split(X.iloc[train], y[train]))
        expected = calibrated_from_the_filter_on(best, X.iloc[train], y[train], inside)
        # The order of summation differs between a slice of columns and a copy of them.
        np.testing.assert_allclose(
            probabilities(ours, best.classes_), expected(X.iloc[held_out]), rtol=1e-4, atol=1e-6
        )
        chosen = tuning.drop(columns=["repeat", "fold"]).to_dict("records")[number]
        assert chosen == search.best_params_
    final = clone(plain_search(model, parameters)).fit(X, y)
    assert final.best_params_["select__k"] == fitted["select"].k
    assert final.best_params_["normalise__method"] == fitted["normalise"].method
    return tuning


def calibrated_from_the_filter_on(best, X, y, folds):
    """Calibration of the whole pipeline: each fold chooses its genes anew."""
    scores = np.empty((len(y), len(best.classes_)))
    for train, out in folds:
        part = clone(best).fit(X.iloc[train], y[train])
        scores[out] = class_scores(part["classify"], part[:-1].transform(X.iloc[out]))
    slope, intercepts = fit_calibration(scores, y)

    def predict_proba(new):
        final = class_scores(best["classify"], best[:-1].transform(new))
        return softmax(slope * final + intercepts, axis=1)

    return predict_proba


@pytest.mark.parametrize("name", ["svm_linear", "shrunken_centroids"])
def test_patients_stay_together_in_every_fold_inside_a_fold(name):
    """Two samples per patient: scikit-learn, given the patients, predicts the same."""
    model, patients = BLOCKS[name], cohort(2)
    X, y = patients.expression, patients.labels.to_numpy(dtype=str)
    groups = np.array([f"patient {number // 2}" for number in range(len(y))])
    grouped = TrainingSet(X, patients.labels, groups)
    resampling = RESAMPLING.model_copy(update={"inner_folds": 3})
    plan = resampling_plan(patients.labels, resampling, SEED, groups)
    setting = Setting(model, COHORT, resampling, SEED)
    orders = orders_by_split(rankings_of(grouped, plan, setting))
    predictions, tuning = nested_cross_validation(grouped, plan, orders, setting, n_jobs=1)
    first = plan[(plan["repeat"] == 1) & (plan["fold"] == 1)]["sample"]
    held_out = X.index.get_indexer(X.index[X.index.isin(first)])
    train = np.setdiff1d(np.arange(len(y)), held_out)
    assert not set(groups[train]) & set(groups[held_out])

    def folds_of_patients(n):
        inside = StratifiedGroupKFold(n, shuffle=True, random_state=SEED)
        return list(inside.split(y[train], y[train], groups[train]))

    search = plain_search(model).set_params(cv=folds_of_patients(resampling.inner_folds))
    inside = list(search.cv)
    if "cv" in model.arguments:  # it cross-validates within itself as well
        patients_of = [set(groups[train][y[train] == name]) for name in ("ALL", "AML")]
        n_folds = min(model.arguments["cv"], *map(len, patients_of))
        best = model_pipeline(model, COHORT, SEED).set_params(
            select__k="all", classify__cv=folds_of_patients(n_folds)
        )
        best.fit(X.iloc[train], y[train])
        ours = predictions[(predictions["repeat"] == 1) & (predictions["fold"] == 1)]
        assert list(ours["predicted"]) == list(best.predict(X.iloc[held_out]))
        return
    best = search.fit(X.iloc[train], y[train]).best_estimator_
    assert search.best_params_ == tuning.drop(columns=["repeat", "fold"]).iloc[0].to_dict()
    expected = calibrated_from_the_filter_on(best, X.iloc[train], y[train], inside)
    ours = predictions[(predictions["repeat"] == 1) & (predictions["fold"] == 1)]
    np.testing.assert_allclose(
        probabilities(ours, best.classes_), expected(X.iloc[held_out]), rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scaling_is_that_of_standard_scaler_for_constant_probes_too(dtype):
    train = np.random.default_rng(0).normal(10, 3, size=(38, 6)).astype(dtype)
    train[:, 1] = 6.643856  # log2 of the floor
    train[:, 2] = 0
    train[:, 3] = 1e6 + train[:, 3] * np.finfo(dtype).eps  # rounding alone
    scaler = StandardScaler().fit(train)
    mean, deviation = mean_and_deviation(train)
    np.testing.assert_allclose(mean, scaler.mean_, rtol=1e-14)
    np.testing.assert_allclose(deviation, scaler.scale_, rtol=1e-12)


def test_a_gene_that_tells_only_the_held_out_fold_is_not_chosen_for_it():
    """A probe that follows the labels of fold 1's samples alone must not help to predict them."""
    n, n_genes = 60, 20
    noise = np.random.default_rng(0).normal(8, 1, size=(n, n_genes + 1))
    samples = pd.Index([f"patient {i}" for i in range(n)])
    genes = [f"gene {i}" for i in range(n_genes)]
    values = pd.DataFrame(noise, index=samples, columns=[*genes, "leak"])
    labels = pd.Series(["ALL", "AML"] * (n // 2), index=samples)
    plan = resampling_plan(labels, ResamplingParameters(folds=3, repeats=1, inner_folds=2), SEED)
    held_out = plan.loc[plan["fold"] == 1, "sample"]
    values.loc[held_out, "leak"] += np.where(labels[held_out] == "AML", 4.0, -4.0)

    log2 = CohortParameters(scale="log2")
    ranking = RankingSetting((("anova_f", "none"),), log2, 2, SEED)
    rankings = rank_folds(TrainingSet(values, labels), plan, ranking, n_jobs=1)
    best = {
        key: values.columns[ranked.order[0]] for key, ranked in orders_by_split(rankings).items()
    }

    assert best[1, 1, 0, "anova_f", "none"] != "leak"
    assert best[1, 2, 0, "anova_f", "none"] == "leak"
    assert best[1, 3, 0, "anova_f", "none"] == "leak"


def test_a_class_of_one_patient_is_divided_by_samples_in_the_classifiers_own_folds():
    classes = np.repeat(["ALL", "AML"], [6, 3])
    groups = np.array([f"patient {i // 3}" for i in range(9)])
    split = whole(pd.RangeIndex(9), groups)
    assert in_groups(ShrunkenCentroidsCV(cv=5), classes, split, SEED).cv == 5


@pytest.mark.slow
@pytest.mark.real_data
def test_chiarettis_b_and_t_lineage_are_told_apart(chiaretti_files):
    """B and T cells differ in thousands of genes, so that two quick models err once at most."""
    patients = ExpressionTableDataset(
        filepath=str(chiaretti_files / "expression.csv.gz"),
        samples="columns",
        sample_sheet={"filepath": str(chiaretti_files / "samples.csv")},
        label="lineage",
    ).load()
    known = TrainingSet(patients.expression, patients.labels)
    log2 = CohortParameters(scale="log2", filter={"min_ratio": 2, "min_range": 100})
    five = ResamplingParameters(folds=5, repeats=1, inner_folds=4)
    plan = resampling_plan(known.labels, five, SEED)
    for name in ("weighted_voting", "naive_bayes"):
        setting = Setting(BLOCKS[name], log2, five, SEED)
        orders = orders_by_split(rankings_of(known, plan, setting))
        predictions, _ = nested_cross_validation(known, plan, orders, setting, 1)
        scores = score_repeats(predictions, ["B-ALL", "T-ALL"])
        assert scores["balanced_accuracy"] >= 0.99, name
