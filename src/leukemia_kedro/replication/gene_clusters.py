"""Supervised clusters of genes ("Wilma"): Dettling & Bühlmann (2002).

Written from the published method. Where its description leaves a choice, the rows take the plainest
reading: a gene may enter its cluster again, adding and removing alternate until neither helps,
arrays are standardised and genes are not, and the divisions are not stratified. "Aggregated trees"
are what the authors' R package supclust documents under this name: for each cluster a tree with two
leaves, and the majority of the trees; they are not bagged. Of equal votes that of the best cluster
counts.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from sklearn.model_selection import ShuffleSplit
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from leukemia_kedro.compute.parallel import run_parallel
from leukemia_kedro.replication.golub import Golub, log2, probe_filter
from leukemia_kedro.replication.table import Row, compare

STUDY = "Dettling & Bühlmann 2002, supervised clusters of genes"
CLASSIFIERS = ("nearest neighbour", "aggregated trees")
PUBLISHED = {
    1: (6.58, 6.58), 2: (4.62, 6.12), 3: (4.21, 3.71), 5: (3.75, 3.54), 10: (3.33, 2.79),
    15: (3.38, 2.71), 20: (3.25, 2.62),
}  # fmt: skip
"""Percent of the test samples wrong with so many clusters and each of the classifiers."""
DIVISIONS, N_TEST = 100, 24
LEAST_GAIN = 1e-9
"""A smaller gain of margin is rounding. The margin is bounded, so every search ends."""


class Cluster(NamedTuple):
    """Genes whose average profile tells two classes apart."""

    genes: np.ndarray
    """Columns; a gene that was taken twice occurs twice."""
    signs: np.ndarray
    """1, or −1 for a gene that is lower in the second class."""

    def average(self, X: np.ndarray) -> np.ndarray:
        """The average profile, shape (n_samples,), of genes ``X``."""
        return (X[:, self.genes] * self.signs).mean(axis=1)


class Quality(NamedTuple):
    """How well one profile tells the classes apart."""

    score: int
    """Pairs of a sample of each class in which the second class is not higher (Wilcoxon)."""
    margin: float
    """Lowest value of the second class minus the highest of the first."""

    def beats(self, other: Quality) -> bool:
        if self.score != other.score:
            return self.score < other.score
        return self.margin > other.margin + LEAST_GAIN


def supervised_clusters(X: np.ndarray, second: np.ndarray, n_clusters: int) -> list[Cluster]:
    """Clusters of genes by greedy search ("Wilma"), best first; no gene is in two of them.

    A gene's sign is turned where more than half of the pairs of samples are in the wrong order. A
    cluster starts with the best gene: that with the smallest score, then the largest margin. The
    gene that makes the average profile best is added as long as the profile becomes better; then
    genes are removed in the same way. Both are repeated until neither helps. The next cluster
    starts from the genes that are left.

    Parameters
    ----------
    X : ndarray, shape (n_samples, n_genes)
        Log expression; genes of equal range count the same.
    second : ndarray of bool, shape (n_samples,)
        Whether a sample is of the second class. Both classes occur.
    n_clusters : int
        Fewer are found where the genes run out.

    References
    ----------
    M. Dettling & P. Bühlmann (2002). Supervised clustering of genes. Genome Biology
    3(12):research0069.
    """
    classes = X[~second], X[second]
    n_pairs = len(classes[0]) * len(classes[1])
    signs = np.where(_scores(*classes) > n_pairs / 2, -1, 1)
    first, other = (of_class * signs for of_class in classes)
    left, found = np.arange(X.shape[1]), list[Cluster]()
    while len(found) < n_clusters and len(left):
        genes = left[_cluster(first[:, left], other[:, left])]
        found.append(Cluster(genes, signs[genes]))
        left = np.setdiff1d(left, genes)
    return found


def _cluster(first: np.ndarray, other: np.ndarray) -> list[int]:
    """Columns of one cluster; the two classes have shape (n_of_class, n_genes)."""
    start, quality = _best(first, other)
    genes, before, classes = [start], None, (first, other)
    while before is None or quality.beats(before):
        before = quality
        while True:
            of_first, of_other = (X[:, genes].sum(axis=1, keepdims=True) + X for X in classes)
            added, larger = _best(of_first, of_other, len(genes) + 1)
            if not larger.beats(quality):
                break
            genes.append(added)
            quality = larger
        while len(genes) > 1:
            own = [X[:, genes] for X in classes]
            of_first, of_other = (X.sum(axis=1, keepdims=True) - X for X in own)
            removed, smaller = _best(of_first, of_other, len(genes) - 1)
            if not smaller.beats(quality):
                break
            del genes[removed]
            quality = smaller
    return genes


def _best(first: np.ndarray, other: np.ndarray, n_genes: int = 1) -> tuple[int, Quality]:
    """The best of several sums over ``n_genes`` genes, each a column, and how good its mean is."""
    margins = (other.min(axis=0) - first.max(axis=0)) / n_genes
    best = int(margins.argmax())
    if margins[best] > 0:
        return best, Quality(0, float(margins[best]))
    # The scores take many times as long, and a margin above 0 is a score of 0.
    scores = _scores(first, other)
    least = np.flatnonzero(scores == scores.min())
    best = int(least[margins[least].argmax()])
    return best, Quality(int(scores[best]), float(margins[best]))


def _scores(first: np.ndarray, other: np.ndarray) -> np.ndarray:
    wrong = np.zeros(first.shape[1], dtype=int)
    for sample in first:
        wrong += np.count_nonzero(other <= sample, axis=0)
    return wrong


def random_divisions(golub: Golub, seed: int, n_jobs: int) -> list[Row]:
    """Errors over random divisions of all 72 by 2 to 1; ``seed`` draws the divisions.

    Probes are filtered on all 72 and each array is standardised, as published. Two means over the
    same number of divisions agree where they differ by at most two standard errors of a difference.
    """
    values = make_pipeline(probe_filter(), log2(standardise_arrays=True)).fit_transform(
        golub.expression
    )
    is_aml = (golub.labels == "AML").to_numpy()
    divisions = ShuffleSplit(DIVISIONS, test_size=N_TEST, random_state=seed)
    tasks = [(values, is_aml, *division) for division in divisions.split(values)]
    errors = np.array(run_parallel(division_errors, tasks, n_jobs, "gene clusters"))
    rows = []
    for (q, published), of_q in zip(PUBLISHED.items(), errors.transpose(1, 2, 0), strict=True):
        for name, figure, percent in zip(CLASSIFIERS, published, of_q, strict=True):
            standard_error = float(percent.std(ddof=1)) / math.sqrt(DIVISIONS)
            quantity = f"all 72, {q} cluster{'' if q == 1 else 's'}, {name}: percent wrong"
            note = (
                f"mean of {DIVISIONS} divisions, standard error {standard_error:.2f}; probes "
                "filtered on all 72"
            )
            tolerance = round(2 * math.sqrt(2) * standard_error, 2)
            rows.append(compare(STUDY, quantity, figure, float(percent.mean()), tolerance, note))
    return rows


def division_errors(
    values: np.ndarray, is_aml: np.ndarray, train: np.ndarray, test: np.ndarray
) -> list[list[float]]:
    """Percent of the test samples wrong, for each published number of clusters and classifier."""
    clusters = supervised_clusters(values[train], is_aml[train], max(PUBLISHED))
    averages = np.column_stack([each.average(values) for each in clusters])
    percent = []
    for q in PUBLISHED:
        learned, new = averages[train, :q], averages[test, :q]
        nearest = KNeighborsClassifier(1).fit(learned, is_aml[train]).predict(new)
        calls = nearest, aggregated_trees(learned, is_aml[train], new)
        percent.append([100 * float((call != is_aml[test]).mean()) for call in calls])
    return percent


def aggregated_trees(learned: np.ndarray, second: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Whether each new sample is of the second class, by the majority of one tree per column.

    Parameters
    ----------
    learned, new : ndarray, shape (n_samples, n_clusters)
        Average profiles of clusters, the best first. Each tree splits one of them once; of equal
        votes the first tree's counts.
    second : ndarray of bool, shape (n_samples,)
        Of the learned samples.
    """
    votes = np.column_stack(
        [
            DecisionTreeClassifier(max_depth=1).fit(column, second).predict(of_new)
            for column, of_new in zip(learned.T[..., None], new.T[..., None], strict=True)
        ]
    )
    share = votes.mean(axis=1)
    return np.where(share == 0.5, votes[:, 0], share > 0.5)
