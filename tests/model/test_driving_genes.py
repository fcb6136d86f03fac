"""Contributions of genes add up to what the model decides by, and equal a slow occlusion."""

from collections import defaultdict
from copy import deepcopy

import numpy as np
import pytest
from helpers.small_models import new_patients, small_model

from leukemia_kedro.model.driving_genes import (
    MOST_REPLACED,
    class_weights,
    driving_genes,
    gene_shares,
    name_top_genes,
)
from leukemia_kedro.model.rules import rules_of


def given_and_scores(model, n_classes=2):
    given = model.pipeline[:-1].transform(new_patients(n_classes).expression)
    return given, model.pipeline["classify"].class_scores(given)


def called_and_runner_up(scores):
    order = np.argsort(scores, axis=1, kind="stable")
    return order[:, -1], order[:, -2]


def one_by_class(scores):
    """Scores of two classes where a classifier gives their difference only."""
    return np.column_stack([np.zeros_like(scores), scores]) if scores.ndim == 1 else scores


def sums_of_pairs(classifier, X):
    """Pairwise decision values of a support vector machine, summed for each class."""
    pairs = deepcopy(classifier).set_params(decision_function_shape="ovo").decision_function(X)
    scores = np.zeros((len(X), len(classifier.classes_)))
    for column, (first, second) in enumerate(zip(*np.triu_indices(3, 1), strict=True)):
        scores[:, first] += pairs[:, column]
        scores[:, second] -= pairs[:, column]
    return scores


SCORES = {
    "logistic_regression": lambda classifier, X: classifier.decision_function(X),
    "elastic_net": lambda classifier, X: classifier.decision_function(X),
    "shrunken_centroids": lambda classifier, X: classifier.decision_function(X),
    "naive_bayes": lambda classifier, X: classifier.predict_joint_log_proba(X),
    "svm_linear": lambda classifier, X: classifier.decision_function(X),
}


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("name", SCORES)
def test_effects_add_up_to_the_preference_over_a_typical_runner_up(name, n_classes):
    """With all genes at the runner-up's means, the sample is the runner-up's centroid."""
    model = small_model(name, n_classes)
    given, scores_now = given_and_scores(model, n_classes)
    called, runner_up = called_and_runner_up(scores_now)
    shares = gene_shares(model.pipeline, model.reference, given, called)
    score = sums_of_pairs if (name, n_classes) == ("svm_linear", 3) else SCORES[name]
    samples = np.arange(len(given))
    preference = []
    for X in (given, model.reference.centroids[runner_up]):
        scores = one_by_class(score(model.classifier, X))
        preference.append(scores[samples, called] - scores[samples, runner_up])
    fall = preference[0] - preference[1]
    np.testing.assert_allclose(np.abs(shares).sum(axis=1), 1)
    # A share is an effect over the sum of sizes: their quotient is that sum, positive for all.
    sizes = fall / shares.sum(axis=1)
    assert (sizes > 0).all()
    for gene in range(0, shares.shape[1], 7):
        replaced = given.copy()
        replaced[:, gene] = model.reference.centroids[runner_up, gene]
        scores = one_by_class(score(model.classifier, replaced))
        without = scores[samples, called] - scores[samples, runner_up]
        np.testing.assert_allclose(
            shares[:, gene] * sizes, preference[0] - without, rtol=1e-6, atol=1e-8 * sizes.max()
        )


def test_shares_of_votes_add_up_to_the_prediction_strength():
    model = small_model("weighted_voting")
    given, scores_now = given_and_scores(model)
    called, _ = called_and_runner_up(scores_now)
    shares = gene_shares(model.pipeline, model.reference, given, called)
    towards_second = np.where(called == 1, 1, -1)
    np.testing.assert_allclose(
        shares.sum(axis=1), towards_second * model.classifier.decision_function(given), atol=1e-12
    )


@pytest.mark.parametrize(
    ("name", "n_classes"),
    [("svm_rbf", 2), ("random_forest", 3), ("xgboost", 2), ("decision_tree", 3)],
)
def test_other_models_are_asked_gene_by_gene(name, n_classes):
    model = small_model(name, n_classes)
    given, scores_now = given_and_scores(model, n_classes)
    called, runner_up = called_and_runner_up(scores_now)
    effects = np.zeros(given.shape)
    for i in range(0, len(given), 24):
        for j in range(given.shape[1]):
            replaced = given[[i]].copy()
            replaced[0, j] = model.reference.centroids[runner_up[i], j]
            [new] = model.pipeline["classify"].class_scores(replaced)
            fall = scores_now[i] - new
            effects[i, j] = fall[called[i]] - fall[runner_up[i]]
    sizes = np.abs(effects).sum(axis=1, keepdims=True)
    shares = gene_shares(model.pipeline, model.reference, given, called)[::24]
    # Single precision inside XGBoost; a probability of 1 less one of 1 − 1e-16 in the others.
    np.testing.assert_allclose(shares * sizes[::24], effects[::24], atol=1e-6)
    assert (sizes[::24] > 0).any()


def test_nearest_neighbours_go_by_nearness_to_the_class_means():
    model = small_model("knn")
    given, scores_now = given_and_scores(model)
    called, runner_up = called_and_runner_up(scores_now)
    own, other = model.reference.centroids[called], model.reference.centroids[runner_up]
    nearer = np.abs(given - other) > np.abs(given - own)
    shares = gene_shares(model.pipeline, model.reference, given, called)
    np.testing.assert_array_equal(shares > 0, nearer)


def test_the_shares_speak_for_the_class_that_is_called_whatever_the_scores():
    model = small_model("logistic_regression")
    for first, second in [(0, 1), (1, 0)]:
        own, other = model.reference.centroids[[first, second]]
        weights = class_weights(model.classifier)
        expected = (weights[first] - weights[second]) * (own - other)
        called = np.array([first])
        [found] = gene_shares(model.pipeline, model.reference, own[None], called)
        np.testing.assert_allclose(found, expected / np.abs(expected).sum())


def test_of_many_genes_the_best_ranked_are_replaced(monkeypatch):
    from leukemia_kedro.model import driving_genes

    model = small_model("random_forest")
    given, scores_now = given_and_scores(model)
    assert given.shape[1] == MOST_REPLACED
    monkeypatch.setattr(driving_genes, "MOST_REPLACED", 3)
    names = model.pipeline[:-1].get_feature_names_out()
    after_filter = model.pipeline[:-2][:2].get_feature_names_out()
    best = after_filter[model.pipeline["select"].ranking_[:3]]
    shares = gene_shares(
        model.pipeline, model.reference, given, called_and_runner_up(scores_now)[0]
    )
    moved = names[(shares != 0).any(axis=0)]
    assert len(moved)
    assert set(moved) <= set(best)


def test_the_weights_of_three_classes_decide_as_the_machine_does():
    model = small_model("svm_linear", 3)
    given, _ = given_and_scores(model, 3)
    machine = model.classifier
    intercepts = np.zeros(3)
    for (first, second), value in zip([(0, 1), (0, 2), (1, 2)], machine.intercept_, strict=True):
        intercepts[first] += value
        intercepts[second] -= value
    np.testing.assert_allclose(
        given @ class_weights(machine).T + intercepts, sums_of_pairs(machine, given), atol=1e-10
    )


def test_the_genes_with_the_largest_shares_are_named_first():
    shares = np.array([[0.1, -0.4, 0.0, 0.3, 0.05, 0.15], [0, 0, 0, 1, 0, 0], [0] * 6])
    named = name_top_genes(shares, np.array(list("abcdef")))
    assert named == ["b -0.400; d +0.300; f +0.150; a +0.100; e +0.050", "d +1.000", ""]


@pytest.mark.parametrize("n_classes", [2, 3])
def test_of_top_scoring_pairs_the_pairs_are_named_as_they_stand_in_the_sample(n_classes):
    model = small_model("top_scoring_pairs", n_classes)
    given, scores = given_and_scores(model, n_classes)
    called = scores.argmax(axis=1)
    others = np.where(np.arange(scores.shape[1]) == called[:, None], -np.inf, scores)
    runner_up = others.argmax(axis=1)  # the first in a tie
    named = driving_genes(model.pipeline, model.reference, given, called)
    rules = rules_of(model.pipeline)
    column = {gene: k for k, gene in enumerate(model.pipeline[:-1].get_feature_names_out())}
    classes = model.classifier.classes_
    for values, text, own, other in zip(given, named, called, runner_up, strict=True):
        effects = defaultdict(int)
        for rule in rules:
            higher, lower = rule["higher"], rule["lower"]
            above = values[column[higher]] > values[column[lower]]
            stands = f"{higher} > {lower}" if above else f"{lower} >= {higher}"
            vote = rule["then"] if above else rule["otherwise"]
            effects[stands] += {classes[own]: 1, classes[other]: -1}.get(vote, 0)
        size = sum(map(abs, effects.values()))
        told = dict(pair.rsplit(" ", 1) for pair in text.split("; ")) if text else {}
        assert len(told) == min(5, sum(effect != 0 for effect in effects.values()))
        for stands, share in told.items():
            assert float(share) == pytest.approx(effects[stands] / size, abs=5e-4)


def test_other_models_have_no_rules():
    assert rules_of(small_model("weighted_voting").pipeline) is None
