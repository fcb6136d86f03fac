"""What a classifier would refuse in the middle of a run is refused before it."""

import numpy as np
import pandas as pd
import pytest
from helpers.small_models import BLOCKS

from leukemia_kedro.cohort.training_set import TrainingSet
from leukemia_kedro.errors import UserError
from leukemia_kedro.parameters import CohortParameters, ResamplingParameters
from leukemia_kedro.run import rehearsal
from leukemia_kedro.run.rehearsal import rehearse_filter, rehearse_models

HALVES = ResamplingParameters(folds=2, repeats=1, inner_folds=2)
ALONE = ResamplingParameters(folds="leave_one_out", repeats=1, inner_folds=2)


def cohort(**sizes):
    values = [name for name, size in sizes.items() for _ in range(size)]
    return pd.Series(values, index=[f"patient {i}" for i in range(len(values))])


def model(name, **changes):
    return {name: BLOCKS[name] | changes}


def message(models, labels, resampling=HALVES, groups=None):
    with pytest.raises(UserError) as refused:
        rehearse_models(models, labels, resampling, 0, groups)
    return str(refused.value)


@pytest.mark.parametrize("sizes", [{"ALL": 27, "AML": 11}, {"ALL": 12, "AML": 14, "MLL": 11}])
def test_every_model_that_ships_passes_where_it_can_be_fitted(sizes, recwarn):
    rehearse_models(BLOCKS, cohort(**sizes), ResamplingParameters(folds=3, inner_folds=2), 0)
    assert not recwarn.list


def test_the_message_about_neighbours_names_those_that_can_be_kept():
    refusal = message(model("knn"), cohort(ALL=13, AML=13))
    assert refusal == (
        "models.knn: KNeighborsClassifier with algorithm brute, n_neighbors 7 fails on the "
        "smallest training set of the run, 6 samples (ALL 3, AML 3): Expected n_neighbors <= "
        "n_samples_fit, but n_neighbors = 7, n_samples_fit = 6, n_samples = 6\n"
        "Of models.knn.search.n_neighbors keep 5 or 3, or set models.knn.enabled to false"
    )


def test_inner_folds_count_also_where_there_is_nothing_to_tune():
    """Calibration takes them: half of 13 samples."""

    def neighbours(number):
        block = {"search": {}, "genes": {"n_genes": [50]}}
        return model("knn", arguments={"n_neighbors": number}, **block)

    rehearse_models(neighbours(6), cohort(ALL=13, AML=13), HALVES, 0)
    refusal = message(neighbours(7), cohort(ALL=13, AML=13))
    assert "n_neighbors 7 fails on the smallest training set of the run, 6" in refusal
    assert refusal.endswith("Change models.knn.arguments, or set models.knn.enabled to false")


HISTOGRAMS = {"estimator": "sklearn.ensemble.HistGradientBoostingClassifier", "search": {}}
BY_30_FOLDS = {
    "estimator": "sklearn.linear_model.LogisticRegressionCV",
    "search": {},
    "arguments": {"cv": 30},
}


@pytest.mark.parametrize(
    ("name", "changes", "found"),
    [
        ("logistic_regression", {"arguments": {"solver": "lbfgs", "l1_ratio": 1}}, "lbfgs"),
        ("svm_linear", {"arguments": {"kernel": "precomputed"}}, "square matrix"),
        ("naive_bayes", {"arguments": {"priors": [0.5, 0.2]}}, "sum of the priors"),
        ("decision_tree", {"arguments": {"class_weight": {"CLL": 2}}}, "not in class_weight"),
        ("decision_tree", BY_30_FOLDS, "n_splits=30"),
        ("decision_tree", HISTOGRAMS, "may not hold it: the type sklearn.ensemble._hist"),
        # Its file would hold a search tree.
        (
            "knn",
            {"arguments": {"algorithm": "kd_tree"}},
            "_fit_method is 'kd_tree', expected 'brute'",
        ),
    ],
)
def test_arguments_that_do_not_go_together_are_refused(name, changes, found):
    refusal = message(model(name, **changes), cohort(ALL=20, AML=20))
    assert refusal.startswith(f"models.{name}: ")
    assert found in refusal
    assert f"Change models.{name}.arguments" in refusal


def test_all_models_are_refused_at_once():
    refusal = message(model("shrunken_centroids") | model("knn"), cohort(ALL=3, AML=3), ALONE)
    assert "models.shrunken_centroids: ShrunkenCentroidsCV with cv 5 fails on" in refusal
    assert "models.knn: KNeighborsClassifier with algorithm brute, n_neighbors 7 fail" in refusal


def test_a_model_that_is_left_out_is_not_tried():
    for left_out in ({"enabled": False}, {"max_samples": 39}):
        block = model("knn", search={"n_neighbors": [500]}, **left_out)
        rehearse_models(block, cohort(ALL=20, AML=20), HALVES, 0)


def test_in_a_large_cohort_a_model_is_tried_on_few_samples_first(monkeypatch):
    sizes, fit = [], rehearsal.classifier

    def spy(block, seed):
        built = fit(block, seed)

        class Spy(type(built)):
            def fit(self, X, y):
                sizes.append(len(X))
                return super().fit(X, y)

        return Spy(**built.get_params())

    monkeypatch.setattr(rehearsal, "classifier", spy)
    monkeypatch.setattr(rehearsal, "_refusal_of_content", lambda estimator, classes: None)
    labels = cohort(ALL=400, AML=400)
    rehearse_models(model("knn"), labels, HALVES, 0)
    assert max(sizes) == rehearsal.QUICK
    rehearse_models(model("knn", search={"n_neighbors": [150]}), labels, HALVES, 0)
    assert max(sizes) == 400
    message(model("knn", search={"n_neighbors": [250]}), labels)


def test_groups_stay_together_in_the_smallest_set():
    """Two samples of each of 12 patients: an inner training set has three patients at least."""
    labels = cohort(ALL=12, AML=12)
    groups = np.repeat([f"p{i}" for i in range(12)], 2)
    rehearse_models(model("svm_linear"), labels, HALVES, 0, groups)
    refusal = message(model("knn", search={"n_neighbors": [9]}), labels, groups=groups)
    assert "n_neighbors 9 fails" in refusal


def test_counts_of_which_no_gene_passes_in_some_fold_are_refused_before_the_run():
    """The one gene with reads has 4000 over all samples, and 2000 over each half of them."""
    labels = cohort(ALL=4, AML=4)
    counts = pd.DataFrame(0.0, labels.index, [f"gene {i}" for i in range(50)])
    counts["gene 0"] = 500.0
    patients, parameters = TrainingSet(counts, labels), CohortParameters(scale="counts")
    enough = parameters.filter.model_copy(update={"min_total_count": 3000})
    strict = parameters.model_copy(update={"filter": enough})
    rehearse_filter(patients, parameters, HALVES, 0)
    with pytest.raises(
        UserError,
        match=r"no gene passes the filter over the 4 training .*"
        r"over all 8 training samples 1 of 50 do.*filter\.min_count or min_total",
    ):
        rehearse_filter(patients, strict, HALVES, 0)
