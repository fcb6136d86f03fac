"""Supervised clusters of genes, by their definition and on genes of known truth."""

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from leukemia_kedro.replication.gene_clusters import (
    PUBLISHED,
    aggregated_trees,
    supervised_clusters,
)


def draw(n, n_genes, n_differential, effect, seed):
    """``n`` samples of each class; the first genes are higher in one class, every second lower."""
    rng = np.random.default_rng(seed)
    second = np.repeat([False, True], n)
    X = rng.normal(size=(2 * n, n_genes))
    direction = np.where(np.arange(n_differential) % 2, -1, 1)
    X[second, :n_differential] += effect * direction
    return X, second


def rank_of(profile, second):
    """Wrong pairs, and minus the margin: the smallest is best."""
    low, high = profile[~second], profile[second]
    wrong = sum(b <= a for a in low for b in high)
    return int(wrong), -round(float(min(high) - max(low)), 9)


def slow_clusters(X, second, n_clusters):
    """Greedy search over plain lists, as the docstring states it."""
    n_pairs = second.sum() * (~second).sum()
    sign = {g: -1 if rank_of(X[:, g], second)[0] > n_pairs / 2 else 1 for g in range(X.shape[1])}

    def rank(genes):
        return rank_of(sum(sign[g] * X[:, g] for g in genes) / len(genes), second)

    left, found = list(sign), []
    for _ in range(n_clusters):
        genes = [min(left, key=lambda g: rank([g]))]
        moved = True
        while moved:
            moved = False
            while rank(larger := min(([*genes, g] for g in left), key=rank)) < rank(genes):
                genes, moved = larger, True
            while len(genes) > 1:
                smaller = min((genes[:k] + genes[k + 1 :] for k in range(len(genes))), key=rank)
                if rank(smaller) >= rank(genes):
                    break
                genes, moved = smaller, True
        found.append([(g, sign[g]) for g in genes])
        left = [g for g in left if g not in genes]
    return found


@pytest.mark.parametrize("effect", [0.4, 2.0], ids=["classes overlap", "classes apart"])
def test_clusters_are_those_of_a_search_over_all_pairs_of_samples(effect):
    for seed in range(3):
        X, second = draw(7, 12, 6, effect, seed)
        found = supervised_clusters(X, second, 3)
        pairs = [list(zip(each.genes, each.signs, strict=True)) for each in found]
        assert pairs == slow_clusters(X, second, 3)


def test_the_average_of_a_cluster_tells_new_samples_apart_better_than_its_best_gene():
    """Expected of one gene of effect 1.5: 77 % of new samples on their side of the middle."""
    X, second = draw(25, 300, 20, 1.5, seed=0)
    new, of_second = draw(2000, 300, 20, 1.5, seed=1)
    clusters = supervised_clusters(X, second, 3)
    for each in clusters:
        assert np.mean(each.genes < 20) > 0.6  # 20 of 300 genes differ
        assert (each.signs[each.genes < 20] == (-1.0) ** each.genes[each.genes < 20]).all()
        average = each.average(new)
        middle = (average[of_second].mean() + average[~of_second].mean()) / 2
        assert np.mean((average > middle) == of_second) > 0.85
    used = [set(each.genes) for each in clusters]
    assert not used[0] & used[1] | used[0] & used[2] | used[1] & used[2]


def test_the_search_ends_when_no_gene_is_left():
    X, second = draw(5, 4, 4, 2.0, seed=0)
    used = np.concatenate([each.genes for each in supervised_clusters(X, second, 10)])
    assert set(used) == {0, 1, 2, 3}


def profiles(n_clusters, seed):
    """Average profiles of 30 samples whose classes are apart, and of 60 of neither class."""
    rng = np.random.default_rng(seed)
    second = np.repeat([False, True], 15)
    learned = rng.normal(size=(30, n_clusters)) + 8 * second[:, None]
    return learned, second, rng.normal(4, 2, size=(60, n_clusters))


@pytest.mark.parametrize("n_clusters", [1, 2, 3, 4])
def test_one_tree_per_cluster_votes_and_the_best_cluster_decides_a_draw(n_clusters):
    draws = 0
    for seed in range(10):
        learned, second, new = profiles(n_clusters, seed)
        cuts = (learned[~second].max(axis=0) + learned[second].min(axis=0)) / 2
        for sample, called in zip(new, aggregated_trees(learned, second, new), strict=True):
            votes = list(sample > cuts)
            draws += 2 * sum(votes) == n_clusters
            assert called == (votes[0] if 2 * sum(votes) == n_clusters else np.median(votes))
    assert (draws > 0) == (n_clusters % 2 == 0)


def test_one_tree_on_classes_apart_is_the_nearest_neighbour():
    """Both cut in the middle of the gap, and with one cluster the published errors are the same."""
    for seed in range(10):
        learned, second, new = profiles(1, seed)
        nearest = KNeighborsClassifier(1).fit(learned, second).predict(new)
        np.testing.assert_array_equal(aggregated_trees(learned, second, new), nearest)
    assert PUBLISHED[1][0] == PUBLISHED[1][1]
