"""Imputation sample by sample, against scikit-learn's, which goes probe by probe."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sklearn.impute import KNNImputer
from sklearn.utils.estimator_checks import check_estimator

from leukemia_kedro.estimators import NeighbourImputer


def test_scikit_learns_own_checks_pass():
    check_estimator(NeighbourImputer(), on_skip=None)


def with_gaps(n_samples, n_probes, share, seed, dtype=float):
    generator = np.random.default_rng(seed)
    X = generator.normal(8, 2, (n_samples, n_probes)).astype(dtype)
    X[generator.random(X.shape) < share] = np.nan
    # Every two samples have a probe in common, and no two are at the same distance.
    X[:, 0] = generator.normal(8, 2, n_samples)
    return X


@given(
    n_samples=st.integers(2, 12),
    n_probes=st.integers(2, 30),
    share=st.floats(0, 0.6),
    n_neighbors=st.integers(1, 15),
    seed=st.integers(0, 9999),
)
@example(n_samples=2, n_probes=7, share=0.5, n_neighbors=1, seed=0)  # a probe without any value
def test_values_are_those_of_scikit_learn(n_samples, n_probes, share, n_neighbors, seed):
    train = with_gaps(n_samples, n_probes, share, seed)
    new = with_gaps(5, n_probes, share, seed + 1)
    ours = NeighbourImputer(n_neighbors=n_neighbors).fit(train)
    theirs = KNNImputer(n_neighbors=n_neighbors, keep_empty_features=True).fit(train)
    for X in (train, new):
        # The order of summation may differ.
        np.testing.assert_allclose(ours.transform(X), theirs.transform(X), rtol=1e-12)


def test_a_probe_without_any_training_value_tells_nothing():
    imputer = NeighbourImputer().fit([[1.0, np.nan], [2.0, np.nan]])
    assert imputer.transform([[1.5, 7.0], [1.5, np.nan]]).tolist() == [[1.5, 0.0], [1.5, 0.0]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_given_is_left_alone(dtype):
    X = with_gaps(8, 20, 0.2, seed=3, dtype=dtype)
    before = X.copy()
    completed = NeighbourImputer().fit_transform(X)
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(completed[~np.isnan(X)], X[~np.isnan(X)])
    assert completed.dtype == dtype
    assert not np.isnan(completed).any()


def test_complete_samples_come_back_as_they_are():
    imputer = NeighbourImputer().fit(with_gaps(8, 20, 0.2, seed=3))
    complete = with_gaps(4, 20, 0.0, seed=4)
    assert imputer.transform(complete) is complete
