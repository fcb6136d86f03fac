"""Which genes drove a call, and how much each of them did."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from leukemia_kedro.model.training_reference import TrainingReference

TOP = 5
MOST_REPLACED = 200
"""Genes that are replaced one by one; of a model that is given more, its highest ranked ones."""
CELLS_AT_A_TIME = 2_000_000


def driving_genes(
    pipeline: Pipeline,
    reference: TrainingReference,
    given: np.ndarray,
    called: np.ndarray,
) -> list[str]:
    """The genes with the largest shares of each sample, as ``"X95735_at +0.080; …"``.

    Of k top-scoring pairs, the pairs, as they stand in the sample: ``"X95735_at > M27891_at
    +0.111; …"``. A pair that votes for the predicted class has a positive share, one that votes for
    the runner-up a negative one, all of the same size; the best pairs are named.

    Parameters and scales: see :func:`gene_shares`.
    """
    genes, classifier = pipeline[:-1].get_feature_names_out(), pipeline["classify"].estimator_
    if not hasattr(classifier, "pairs_"):
        return name_top_genes(gene_shares(pipeline, reference, given, called), genes)
    runner_up, votes = _runner_up(pipeline, given, called), classifier.rule_votes(given)
    effects = (votes == called[:, None]) * 1.0 - (votes == runner_up[:, None])
    first, second = classifier.pairs_.T
    above = [f"{genes[i]} > {genes[j]}" for i, j in classifier.pairs_]
    not_above = [f"{genes[j]} >= {genes[i]}" for i, j in classifier.pairs_]
    shown = np.where(given[:, first] > given[:, second], above, not_above)
    named = []
    for row, names in zip(effects, shown, strict=True):
        # One pair may tell several classes apart.
        each, places = np.unique(names, return_inverse=True)
        votes_of_pair = np.bincount(places, weights=row)
        order = np.argsort(np.unique(places, return_index=True)[1])  # the best pairs first
        shares = votes_of_pair[order] / max(np.abs(votes_of_pair).sum(), 1)
        named += name_top_genes(shares[None], each[order])
    return named


def gene_shares(
    pipeline: Pipeline,
    reference: TrainingReference,
    given: np.ndarray,
    called: np.ndarray,
) -> np.ndarray:
    r"""Each gene's share of what made a sample one class rather than the next likely one.

    The effect of gene :math:`j` on a sample :math:`x` of predicted class :math:`c`, with runner-up
    :math:`r`, is how much the model's preference for :math:`c` falls when the gene is put at its
    training mean in class :math:`r`, :math:`\bar x_{rj}`, and the others stay. Effects are divided
    by the sum of their sizes, so that these add up to 1 for each sample; positive speaks for the
    predicted class.

    Where the preference is a sum over genes, an effect is exact and free of the other genes:

    - linear models, with weights :math:`w_k` of each class (the pairwise weights of a support
      vector machine summed): :math:`(w_{cj} - w_{rj}) (x_j - \bar x_{rj})`;
    - shrunken centroids and naive Bayes: the fall of the gene's part of the difference of
      discriminants, or of log likelihoods;
    - weighted voting: the gene's vote, which has a zero of its own, half-way between the classes.

    Nearest neighbours do not add up genes, and no single gene changes who the neighbours of a
    sample well inside its class are. There the effect is how much nearer the gene lies to its mean
    in class :math:`c` than in class :math:`r`, in squared distance.

    For every other model the preference is the difference of the two classes' scores (decision
    values, or the classifier's own probabilities), computed again for each gene (occlusion); of
    more than 200 genes, for the 200 that ranked highest in training.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted, see :func:`~leukemia_kedro.estimators.model_pipeline.model_pipeline`.
    reference : TrainingReference
    given : ndarray, shape (n_samples, n_genes)
        What its classifier is given.
    called : ndarray of int, shape (n_samples,)
        The predicted class, by its number among the classifier's ``classes_``.

    Returns
    -------
    ndarray, shape (n_samples, n_genes)
        All 0 where no single gene moves the prediction.
    """
    runner_up = _runner_up(pipeline, given, called)
    centroids, classifier = reference.centroids, pipeline["classify"].estimator_
    typical = centroids[runner_up]
    if hasattr(classifier, "boundaries_"):
        votes = classifier.weights_ / classifier.scale_ * (given - classifier.boundaries_)
        effects = np.where(called == 0, 1, -1)[:, None] * votes
    elif hasattr(classifier, "n_neighbors"):
        effects = (given - typical) ** 2 - (given - centroids[called]) ** 2
    elif (terms := _terms(classifier, given)) is not None:
        effects = _difference(terms - _terms(classifier, typical), called, runner_up)
    else:
        effects = _occlusion(pipeline, given, typical, called, runner_up)
    total = np.abs(effects).sum(axis=1, keepdims=True)
    return np.divide(effects, total, out=np.zeros_like(effects), where=total > 0)


def name_top_genes(shares: np.ndarray, genes: np.ndarray) -> list[str]:
    """The genes with the largest shares of each sample, as ``"X95735_at +0.08; …"``."""
    top = np.argsort(-np.abs(shares), axis=1, kind="stable")[:, :TOP]
    return [
        "; ".join(f"{genes[j]} {row[j]:+.3f}" for j in best if row[j] != 0)
        for row, best in zip(shares, top, strict=True)
    ]


def _runner_up(pipeline: Pipeline, given: np.ndarray, called: np.ndarray) -> np.ndarray:
    """The next likely class of each sample, by its number."""
    others = pipeline["classify"].class_scores(given)
    others[np.arange(len(called)), called] = -np.inf
    return others.argmax(axis=1)


def class_weights(classifier: Any) -> np.ndarray:
    """Weights of a linear classifier, shape (n_classes, n_genes)."""
    weights, n_classes = np.asarray(classifier.coef_), len(classifier.classes_)
    if n_classes == 2:
        return np.array([np.zeros_like(weights[0]), weights[0]])
    if not hasattr(classifier, "support_vectors_"):
        return weights
    summed = np.zeros((n_classes, weights.shape[1]))
    pairs = zip(*np.triu_indices(n_classes, 1), strict=True)
    for (first, second), row in zip(pairs, weights, strict=True):
        summed[first] += row
        summed[second] -= row
    return summed


def _terms(classifier: Any, X: np.ndarray) -> np.ndarray | None:
    """What each gene adds to the score of each class, shape (n_classes, n_samples, n_genes).

    None where the score is not a sum over genes.
    """
    if hasattr(classifier, "surviving_"):  # shrunken centroids
        return np.array(
            [-(((X - centre) / classifier.spread_) ** 2) / 2 for centre in classifier.centroids_]
        )
    if hasattr(classifier, "theta_"):  # Gaussian naive Bayes
        parts = zip(classifier.theta_, classifier.var_, strict=True)
        return np.array([-((X - centre) ** 2) / (2 * variance) for centre, variance in parts])
    if hasattr(classifier, "coef_"):
        return class_weights(classifier)[:, None, :] * X
    return None


def _difference(terms: np.ndarray, called: np.ndarray, runner_up: np.ndarray) -> np.ndarray:
    samples = np.arange(len(called))
    return terms[called, samples] - terms[runner_up, samples]


def _occlusion(
    pipeline: Pipeline,
    given: np.ndarray,
    typical: np.ndarray,
    called: np.ndarray,
    runner_up: np.ndarray,
) -> np.ndarray:
    samples = np.arange(len(given))

    def preference(values: np.ndarray) -> np.ndarray:
        scores = pipeline["classify"].class_scores(values.reshape(-1, given.shape[1]))
        scores = scores.reshape(-1, len(given), scores.shape[1])
        return scores[:, samples, called] - scores[:, samples, runner_up]

    effects, now = np.zeros(given.shape), preference(given)
    best = _best_genes(pipeline)
    step = max(1, CELLS_AT_A_TIME // given.size)
    for genes in (best[start : start + step] for start in range(0, len(best), step)):
        replaced = np.tile(given, (len(genes), 1, 1))
        replaced[np.arange(len(genes)), :, genes] = typical[:, genes].T
        effects[:, genes] = (now - preference(replaced)).T
    return effects


def _best_genes(pipeline: Pipeline) -> np.ndarray:
    """Columns of what the classifier is given, ranked best first."""
    select = pipeline["select"]
    kept = np.flatnonzero(select.get_support())
    return np.searchsorted(kept, select.ranking_[: len(kept)][:MOST_REPLACED])
