"""Weighted voting by its definition."""

import numpy as np
import pytest
from sklearn.utils.estimator_checks import check_estimator

from leukemia_kedro.estimators import WeightedVoting

Y = np.repeat(["ALL", "AML"], [9, 6])
X = np.random.default_rng(11).normal(9, 1, size=(15, 8))
X[Y == "AML", :4] += 1.5
NEW = np.random.default_rng(12).normal(9, 1.5, size=(30, 8))


def test_is_a_scikit_learn_estimator():
    check_estimator(WeightedVoting(), on_skip=None)


def totals_by_the_paper(X, y, sample):
    """Slow: the paper's notes 16 to 20 word by word, gene by gene, on log10."""
    first, second = 0.0, 0.0
    for g in range(X.shape[1]):
        linear = 2 ** X[:, g]
        linear_1, linear_2 = linear[y == "ALL"], linear[y == "AML"]
        weight = (linear_1.mean() - linear_2.mean()) / (linear_1.std() + linear_2.std())
        log10 = np.log10(linear)
        standardised = (log10 - log10.mean()) / log10.std()
        x = (np.log10(2 ** sample[g]) - log10.mean()) / log10.std()
        boundary = (standardised[y == "ALL"].mean() + standardised[y == "AML"].mean()) / 2
        vote = weight * (x - boundary)
        first, second = first + max(vote, 0), second + max(-vote, 0)
    return first, second


def test_votes_strength_and_call_are_those_of_the_paper():
    model = WeightedVoting().fit(X, Y)
    totals = np.array([totals_by_the_paper(X, Y, sample) for sample in NEW])
    shares = totals / totals.sum(axis=1, keepdims=True)
    strength = np.diff(shares)[:, 0]
    np.testing.assert_allclose(model.prediction_strength(NEW), np.abs(strength), rtol=1e-10)
    np.testing.assert_array_equal(model.predict(NEW), np.where(strength > 0, "AML", "ALL"))
    np.testing.assert_allclose(model.predict_proba(NEW), shares, rtol=1e-10)
    np.testing.assert_allclose(model.decision_function(NEW), strength, rtol=1e-10)
    assert (model.weights_[:4] < 0).all(), "these genes are higher in AML"


def test_a_constant_gene_has_no_vote():
    with_constant = np.column_stack([X, np.full(15, np.log2(100))])
    model = WeightedVoting().fit(with_constant, Y)
    assert model.weights_[8] == 0
    strength = model.prediction_strength(np.column_stack([NEW, NEW[:, 0]]))
    without = WeightedVoting().fit(X, Y).prediction_strength(NEW)
    np.testing.assert_array_equal(strength, without)


def test_without_a_vote_the_strength_is_0():
    model = WeightedVoting().fit(np.ones((6, 2)), list("AAABBB"))
    np.testing.assert_array_equal(model.prediction_strength([[3.0, 4.0]]), [0])
    np.testing.assert_array_equal(model.predict_proba([[3.0, 4.0]]), [[0.5, 0.5]])
    assert model.predict([[3.0, 4.0]]) == "A"


def test_one_sample_of_each_class_gives_finite_strengths():
    model = WeightedVoting().fit([[8.0, 5.0], [6.0, 9.0]], ["ALL", "AML"])
    strength = model.prediction_strength([[7.5, 5.0], [6.0, 5.0]])
    assert np.isfinite(strength).all()


def test_many_classes_are_refused():
    with pytest.raises(ValueError, match=r"Only binary .* with 3 classes"):
        WeightedVoting().fit(X, np.repeat(["ALL", "AML", "MLL"], 5))
