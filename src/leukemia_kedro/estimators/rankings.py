"""Criteria that score genes by how well they tell the classes apart, and the order that follows.

Every criterion is a function ``score(X, y, seed)``: ``X`` holds log2 expression, shape
(n_samples, n_genes), in double precision; ``y`` the classes as integers 0 … K−1. It returns one
finite score per gene, larger is better, 0 for a gene without information, such as a constant one;
and never warns. Only the signal-to-noise ratio of two classes is signed: its two ends are equally
good, and :func:`rank_genes` takes from both in turn. A gene without scatter within the classes
would score infinity; it gets the largest finite number.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils.validation import check_array

from leukemia_kedro.errors import CohortError, UserError
from leukemia_kedro.estimators.mutual_information import mutual_information
from leukemia_kedro.statistics.ranks import mean_ranks

# Values taken at a time, so that copies made on the way stay small and near the processor. A
# multiple of so many columns, which a matrix product then sums as it does those of one block.
_BLOCK_VALUES = 250_000
_COLUMNS = 128


@dataclass(frozen=True)
class Criterion:
    """A way to score genes.

    ``score`` is described in :mod:`leukemia_kedro.estimators.rankings`, ``description`` its name in
    a sentence of the report. ``gene_by_gene``: a gene's score depends on that gene alone, and not
    on what is drawn at random for its column, so that large matrices can be scored in blocks of
    genes.
    """

    score: Callable[[np.ndarray, np.ndarray, int], np.ndarray]
    description: str
    gene_by_gene: bool


CRITERIA: dict[str, Criterion] = {}
"""The criteria by name; the decorator :func:`add_criterion` adds to them."""


def add_criterion(description: str, *, gene_by_gene: bool) -> Callable:
    """Decorator that adds a function to :data:`CRITERIA` under its own name; see
    :class:`Criterion`."""

    def add(score: Callable) -> Callable:
        CRITERIA[score.__name__] = Criterion(score, description, gene_by_gene)
        return score

    return add


def check_criteria(names: Iterable[str]) -> None:
    """Raise a UserError for a name that is not in :data:`CRITERIA`."""
    for name in names:
        if name not in CRITERIA:
            raise UserError(f"unknown criterion {name!r}; expected one of {', '.join(CRITERIA)}")


def score_genes(criterion: str, X, y, seed: int = 0) -> np.ndarray:
    """Score every gene by one criterion.

    Parameters
    ----------
    criterion : str
        A name in :data:`CRITERIA`.
    X : array-like of shape (n_samples, n_genes)
        Log2 expression, without missing values.
    y : array-like of shape (n_samples,)
    seed : int
        Of criteria that draw at random.

    Returns
    -------
    ndarray of shape (n_genes,)
        Finite; larger is better. For two classes ``signal_to_noise`` is signed: positive where the
        first class, in sorted order, is higher.

    Raises
    ------
    UserError, CohortError, ValueError
        The criterion is unknown; there is one class only; ``X`` holds missing or infinite values,
        or the lengths differ.
    """
    check_criteria([criterion])
    X = check_array(X, dtype=[np.float64, np.float32])
    classes, codes = np.unique(np.asarray(y), return_inverse=True)
    if len(codes) != len(X):
        raise ValueError(f"X has {len(X)} samples, y has {len(codes)}")
    if len(classes) < 2:
        raise CohortError(f"genes cannot be ranked with 1 class, {classes[0]}; expected 2 or more")
    chosen = CRITERIA[criterion]
    if not chosen.gene_by_gene:
        return chosen.score(X.astype(float), codes, seed)
    return np.concatenate(
        [chosen.score(X[:, block].astype(float), codes, seed) for block in column_blocks(X)]
    )


def rank_genes(scores) -> np.ndarray:
    """Columns of the genes, best first, from their ``scores``, shape (n_genes,).

    The order takes the best gene with a positive and the best with a negative score (the stronger
    of the two first), then the second best of each, and so on while both last. So every even number
    of top genes is "half from each end" (Golub et al. 1999). Scores without negative values are
    simply sorted. Ties keep the column order; genes that score 0 come last.
    """
    scores = np.asarray(scores, dtype=float)
    order = np.argsort(-np.abs(scores), kind="stable")
    sign = np.sign(scores[order])
    place = np.full(len(order), len(order))
    for end in (1, -1):
        place[sign == end] = np.arange(np.count_nonzero(sign == end))
    return order[np.argsort(place, kind="stable")]


@add_criterion("the F statistic of an analysis of variance", gene_by_gene=True)
def anova_f(X, y, seed=None):
    """One-way analysis of variance: mean square between classes over mean square within."""
    # scikit-learn's f_classif subtracts sums of squares about zero: it loses digits, and a constant
    # gene does not score exactly 0.
    sizes, means, squares = class_moments(X, y)
    n, k = sizes.sum(), len(sizes)
    # Measured from the first class, the means of a constant gene are exactly zero.
    means = means - means[0]
    between = sizes @ (means - sizes @ means / n) ** 2 / (k - 1)
    within = squares.sum(axis=0) / max(n - k, 1)
    return _finite_ratio(between, within)


@add_criterion("Golub's signal-to-noise ratio", gene_by_gene=True)
def signal_to_noise(X, y, seed=None):
    """Golub's P(g) = (μ₁ − μ₂) / (σ₁ + σ₂) of linear intensities 2**X, standard deviations with
    divisor n (Golub et al. 1999, Science 286:531, note 16).

    Signed for two classes; for more, the largest absolute value over each class against the rest.
    On linear intensities, as the published 50 genes: 48 are recovered, about 28 on the log scale.
    """
    # P does not depend on the unit, so 1 may stand for the largest value: no power overflows.
    return _each_against_rest(_signal_to_noise, class_moments(np.exp2(X - X.max(axis=0)), y))


@add_criterion("Welch's t", gene_by_gene=True)
def welch_t(X, y, seed=None):
    """Absolute value of Welch's t; for more than two classes the largest over each class against
    the rest. A class of one sample has no variance and adds none to the standard error."""
    # SciPy's ttest_ind gives NaN for a gene that is constant within the classes, and for a class of
    # one sample.
    return _each_against_rest(_welch_t, class_moments(X, y))


@add_criterion("the Mann–Whitney statistic", gene_by_gene=True)
def mann_whitney(X, y, seed=None):
    """Absolute standardised Mann–Whitney U, corrected for ties; for more than two classes the
    largest over each class against the rest."""
    # SciPy's mannwhitneyu takes twice as long for two classes, and ranks again for each class.
    n, sizes = len(y), np.bincount(y)
    centred = mean_ranks(X.T) - (n + 1) / 2
    # All sums of half ranks are exact, in whatever order.
    sums = (centred @ (y[:, np.newaxis] == np.arange(len(sizes))).astype(float)).T
    # The variance of a sum drawn without replacement; ties lower that of the ranks themselves.
    shares = sizes * (n - sizes) / (n * (n - 1))
    variances = np.outer(shares, np.einsum("ij,ij->i", centred, centred))
    return _finite_ratio(np.abs(sums), np.sqrt(variances)).max(axis=0)


# The noise that breaks its ties is drawn for all genes at once, as in scikit-learn.
add_criterion("mutual information", gene_by_gene=False)(mutual_information)


@add_criterion("L1-penalised logistic regression", gene_by_gene=False)
def l1_logistic(X, y, seed):
    """L1-penalised logistic regression (C = 1) on standardised genes.

    A gene in the model scores 1 + |coefficient|. The lasso keeps fewer genes than there are
    samples, so a top 50 needs an order of the rest too: a gene outside scores how near it is to
    entering, the gradient of its coefficient as a share (0 to 1) of the penalty that holds it at
    zero. For more than two classes the largest over each class against the rest.
    """
    Z, n_classes = _standardise_genes(X), y.max() + 1
    against = range(1 if n_classes == 2 else n_classes)
    return np.max([_l1_logistic(Z, y == k, seed) for k in against], axis=0)


@add_criterion("recursive elimination with a linear SVM", gene_by_gene=False)
def svm_rfe(X, y, seed=None):
    """Recursive feature elimination with a linear support vector machine (Guyon et al. 2002,
    Machine Learning 46:389): C = 1 on standardised genes, a tenth of the remaining genes removed
    at a time, the smallest squared weights first. The score is the number of genes that were
    removed earlier, 0 for constant genes. For more than two classes squared weights are summed
    over the pairwise machines.
    """
    Z = _standardise_genes(X)
    scores = np.zeros(X.shape[1])
    left = np.flatnonzero(Z.any(axis=0))
    removed = X.shape[1] - len(left)
    while len(left):
        machine = SVC(kernel="linear").fit(Z[:, left], y)
        weights = np.square(machine.coef_).sum(axis=0)
        # Of two equal weights the later column goes first, as ties keep the column order.
        from_smallest = np.argsort(-weights, kind="stable")[::-1]
        n_removed = max(1, int(0.1 * len(left)))
        scores[left[from_smallest[:n_removed]]] = removed + np.arange(n_removed)
        removed += n_removed
        left = np.sort(left[from_smallest[n_removed:]])
    return scores


@add_criterion("random-forest importance", gene_by_gene=False)
def random_forest(X, y, seed):
    """Mean decrease in Gini impurity over a forest of 500 trees (Breiman 2001)."""
    return RandomForestClassifier(500, random_state=seed).fit(X, y).feature_importances_


def class_moments(X, y):
    """Size (K,), means (K, n_genes) and sums of squared deviations (K, n_genes) of each class.

    ``X``, shape (n_samples, n_genes), has no missing values; ``y`` holds classes 0 … K−1, none of
    them empty. The squares are exactly 0 where a gene is constant in a class.
    """
    sizes = np.bincount(y)
    means = np.empty((len(sizes), X.shape[1]))
    squares = np.empty_like(means)
    for k in range(len(sizes)):
        members = X[y == k].astype(float, copy=False)
        # Sums of equal numbers round; sums of zeros do not.
        base = members[0].copy()
        members -= base
        mean = members.mean(axis=0)
        members -= mean
        means[k] = base + mean
        squares[k] = np.einsum("ij,ij->j", members, members)
    return sizes, means, squares


def column_blocks(X) -> Iterator[slice]:
    """Slices that cover the columns of ``X``, each small enough to be copied freely."""
    width = max(1, _BLOCK_VALUES // len(X) // _COLUMNS) * _COLUMNS
    return (slice(start, start + width) for start in range(0, X.shape[1], width))


def _each_against_rest(score, moments):
    """``score`` of class 0 against 1, or the largest absolute value of each against the rest."""
    n_classes = len(moments[0])
    if n_classes == 2:
        return score(*moments)
    return np.max([np.abs(score(*_against_rest(k, *moments))) for k in range(n_classes)], axis=0)


def _against_rest(k, sizes, means, squares):
    """Moments of class ``k`` and of all other samples together."""
    rest = np.arange(len(sizes)) != k
    n = sizes[rest].sum()
    # Measured from one of them, the means of a gene that is constant over the rest do not differ.
    base = means[rest][0]
    from_base = means[rest] - base
    mean = sizes[rest] @ from_base / n
    within = squares[rest].sum(axis=0) + sizes[rest] @ (from_base - mean) ** 2
    both_means = np.stack([means[k], base + mean])
    return np.array([sizes[k], n]), both_means, np.stack([squares[k], within])


def _signal_to_noise(sizes, means, squares):
    deviations = np.sqrt(squares / sizes[:, np.newaxis])
    return _finite_ratio(means[0] - means[1], deviations[0] + deviations[1])


def _welch_t(sizes, means, squares):
    squared_errors = squares / (sizes * np.maximum(sizes - 1, 1))[:, np.newaxis]
    error = np.sqrt(squared_errors[0] + squared_errors[1])
    return _finite_ratio(np.abs(means[0] - means[1]), error)


def _l1_logistic(Z, first, seed):
    model = LogisticRegression(l1_ratio=1, solver="liblinear", max_iter=1000, random_state=seed)
    with warnings.catch_warnings():
        # The order of the genes is settled long before the last digit of the coefficients.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(Z, first)
    gradient = Z.T @ (model.predict_proba(Z)[:, 1] - first)
    coefficient = np.abs(model.coef_[0])
    return np.where(coefficient > 0, 1 + coefficient, np.minimum(model.C * np.abs(gradient), 1))


def _standardise_genes(X):
    # Measured from the first sample, a constant gene is exactly zero.
    return StandardScaler().fit_transform(X - X[0])


def _finite_ratio(numerator, denominator):
    """The quotient, with 0 / 0 = 0 and x / 0 = ± the largest finite number."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.nan_to_num(numerator / denominator)
