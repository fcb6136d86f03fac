"""Short cuts past other libraries change no result and are gone afterwards."""

import pickle

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.ensemble import AdaBoostClassifier, GradientBoostingClassifier, RandomForestClassifier
from sklearn.ensemble import _forest as forest
from sklearn.tree import DecisionTreeClassifier

from leukemia_kedro.compute.private_names import quick_fits

CLASSES = np.repeat(["ALL", "AML", "MLL"], [20, 11, 8])
VALUES = np.random.default_rng(0).normal(size=(39, 12)) + (CLASSES == "AML")[:, np.newaxis]


@pytest.mark.parametrize(
    "classifier",
    [
        RandomForestClassifier(20, random_state=0),
        RandomForestClassifier(20, class_weight="balanced_subsample", random_state=0),
        GradientBoostingClassifier(n_estimators=10, subsample=0.8, random_state=0),
        AdaBoostClassifier(n_estimators=10, random_state=0),
        DecisionTreeClassifier(class_weight="balanced", random_state=0),
    ],
    ids=str,
)
def test_what_is_fitted_quickly_is_the_same_to_the_last_bit(classifier):
    expected = classifier.fit(VALUES, CLASSES).predict_proba(VALUES)
    trees = _trees(classifier)
    with quick_fits():
        found = classifier.fit(VALUES, CLASSES).predict_proba(VALUES)
    np.testing.assert_array_equal(found, expected)
    assert _trees(classifier) == trees


def _trees(classifier):
    """The state of each tree, without the gaps between fields, which hold anything."""
    trees = np.ravel(getattr(classifier, "estimators_", [classifier]))
    return [
        [[pickle.dumps(state[name]) for name in ("node_count", "values")] + state["nodes"].tolist()]
        for state in (each.tree_.__getstate__() for each in trees)
    ]


def test_scikit_learn_is_its_own_again_afterwards_where_a_fit_fails_too():
    before = forest.Parallel, forest.delayed, vars(BaseEstimator)["_get_param_names"]

    def fit_too_few():
        with quick_fits():
            assert forest.Parallel is not before[0]
            RandomForestClassifier().fit(VALUES[:0], CLASSES[:0])

    with pytest.raises(ValueError, match="0 sample"):
        fit_too_few()
    assert (forest.Parallel, forest.delayed, vars(BaseEstimator)["_get_param_names"]) == before


def test_threads_that_fit_at_the_same_time_restore_it_together():
    before = forest.Parallel
    first, second = quick_fits(), quick_fits()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert forest.Parallel is not before
    second.__exit__(None, None, None)
    assert forest.Parallel is before
