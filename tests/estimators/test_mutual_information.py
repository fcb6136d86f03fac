"""Mutual information against scikit-learn, and against the estimator written out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import digamma
from sklearn.feature_selection import mutual_info_classif

from leukemia_kedro.estimators import rankings
from leukemia_kedro.estimators.mutual_information import _without_ties, mutual_information
from leukemia_kedro.estimators.rankings import score_genes


def written_out(x, y):
    """Ross 2014, equation 1, sample by sample."""
    terms = []
    sizes = np.bincount(y)
    kept = np.flatnonzero(sizes[y] > 1)
    for i in kept:
        distances = np.abs(x - x[i])
        k = min(3, sizes[y[i]] - 1)
        within = np.sort(distances[(y == y[i]) & (np.arange(len(y)) != i)])
        nearer = (distances[kept] < within[k - 1]).sum()
        terms.append(digamma(len(kept)) + digamma(k) - digamma(sizes[y[i]]) - digamma(nearer))
    return max(0.0, np.mean(terms))


def drawn(n_classes, extra, n_values, seed):
    generator = np.random.default_rng(seed)
    y = np.concatenate([np.arange(n_classes)] * 2 + [generator.integers(0, n_classes, extra)])
    return generator.integers(0, n_values, (len(y), 4)).astype(float), y


@given(
    n_classes=st.integers(2, 4),
    extra=st.integers(0, 20),
    n_values=st.integers(2, 50),
    seed=st.integers(0, 9999),
)
def test_values_are_those_of_the_formula_whatever_the_ties(n_classes, extra, n_values, seed):
    X, y = drawn(n_classes, extra, n_values, seed)
    expected = np.zeros(4)
    varying = np.flatnonzero(np.ptp(X, axis=0) > 0)
    if len(varying):
        noisy = _without_ties(X[:, varying], seed)
        expected[varying] = [written_out(gene, y) for gene in noisy.T]
    # The order of summation differs.
    np.testing.assert_allclose(mutual_information(X, y, seed), expected, atol=1e-12)


@pytest.mark.parametrize("n_classes", [2, 5])
def test_values_are_those_of_scikit_learn(n_classes):
    generator = np.random.default_rng(1)
    y = np.repeat(np.arange(n_classes), 14)
    X = np.clip(generator.normal(8, 2, (len(y), 200)), 6.6, 14) + y[:, None] * 0.3
    expected = mutual_info_classif(X, y, random_state=5)
    np.testing.assert_allclose(mutual_information(X, y, 5), expected, atol=1e-12)
    assert expected.max() > 0.1


def test_ties_of_a_large_matrix_are_broken_as_in_scikit_learn(monkeypatch):
    """Genes at the floor of the scanner: which of the equal values are nearest is drawn at random,
    for all genes at once, however many columns other criteria take at a time."""
    monkeypatch.setattr(rankings, "_BLOCK_VALUES", 1)
    y = np.repeat([0, 1, 2], [24, 20, 28])
    X = np.random.default_rng(1).normal(6, 1, (len(y), 300)).clip(6.6)
    expected = mutual_info_classif(X, y, random_state=5)
    scores = score_genes("mutual_information", X, y, seed=5)
    np.testing.assert_allclose(scores, expected, atol=1e-12)


def test_a_sample_alone_in_its_class_does_not_count():
    X, y = np.random.default_rng(0).normal(size=(11, 3)), np.array([0] * 5 + [1] * 5 + [2])
    noisy = _without_ties(X, 0)
    expected = [written_out(gene, y) for gene in noisy.T]
    np.testing.assert_allclose(mutual_information(X, y, 0), expected, atol=1e-12)
