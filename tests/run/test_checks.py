"""Parameters of models that would end a run are refused before it."""

import copy

import pytest
from helpers.small_models import BLOCKS

from leukemia_kedro.errors import UserError
from leukemia_kedro.model.registry import model_names
from leukemia_kedro.run.checks import (
    LARGEST_SEED,
    check_models,
    check_seed,
    check_some_run,
)


@pytest.mark.parametrize("seed", [-1, LARGEST_SEED + 1, 1.5, "1999", None, True])
def test_a_seed_that_scikit_learn_does_not_take_is_refused(seed):
    with pytest.raises(UserError, match=r"^seed is .*; expected a whole number from 0 to 4294"):
        check_seed(seed)


def test_the_smallest_and_the_largest_seed_will_do():
    check_seed(0)
    check_seed(LARGEST_SEED)


def changed(name, **changes):
    return {name: copy.deepcopy(BLOCKS[name]) | changes}


def test_the_models_that_ship_are_sound():
    assert tuple(BLOCKS) == model_names()
    check_models(BLOCKS)


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        ("knn", {"search": {"n_neighbors": [3, 0]}}, r"search\.n_neighbors: .* \[1, inf\).* Got 0"),
        ("knn", {"search": {"n_neighbors": ["seven"]}}, r"search\.n_neighbors: .* Got 'seven'"),
        ("knn", {"search": {"weights": ["near"]}}, r"search\.weights: .*'uniform'"),
        ("knn", {"search": {"k": [3]}}, "search: .* no argument 'k'"),
        ("knn", {"arguments": {"k": 3}}, "arguments of .* unexpected keyword argument 'k'"),
        ("logistic_regression", {"search": {"C": [-1]}}, r"search\.C: .* \(0\.0, inf\]. Got -1"),
        ("decision_tree", {"search": {"random_state": [-4]}}, r"search\.random_state: .* Got -4"),
        ("gradient_boosting", {"arguments": {"subsample": 0.0}}, r"arguments: .* Got 0\.0"),
        ("xgboost", {"search": {"learning_rate": [-1]}}, r"search\.learning_rate: .* Got -1"),
        ("shrunken_centroids", {"arguments": {"cv": 1}}, r"arguments: .* \[2, inf\).* Got 1"),
        ("svm_linear", {"calibrate": False}, "no predict_proba: set calibrate to true"),
        (
            "svm_linear",
            {"estimator": "sklearn.linear_model.LinearRegression", "arguments": {}},
            "LinearRegression is no classifier; expected the path of one",
        ),
        ("knn", {"genes": {"criterion": "chi2", "n_genes": [5]}}, "unknown criterion 'chi2'"),
        ("svm_linear", {"estimator": "sklearn.Nothing"}, "cannot import 'sklearn.Nothing'"),
        ("weighted_voting", {"two_classes_only": False}, "set two_classes_only to true"),
    ],
)
def test_what_a_classifier_does_not_take_is_refused_with_its_place(name, changes, expected):
    with pytest.raises(UserError, match=rf"^models\.{name}: .*{expected}"):
        check_models(changed(name, **changes))


def test_a_model_that_is_switched_off_may_be_anything():
    check_models(changed("knn", enabled=False, search={"n_neighbors": [0]}))


def test_a_run_that_leaves_out_every_model_is_refused():
    models = (
        changed("weighted_voting")
        | changed("naive_bayes", enabled=False)
        | changed("knn", enabled=False)
        | changed("svm_linear", max_samples=30)
    )
    check_some_run(models, n_samples=40, n_classes=2)
    with pytest.raises(UserError) as refused:
        check_some_run(models, n_samples=40, n_classes=3)
    assert str(refused.value) == (
        "every model would be left out of this run: "
        "weighted_voting (defined for two classes only, the cohort has 3); "
        "naive_bayes, knn (switched off by its parameter enabled); "
        "svm_linear (40 training samples, more than its max_samples 30, beyond which it takes too "
        "long).\nUnder models set enabled to true for one that fits, or a larger max_samples"
    )
