"""k top-scoring pairs (Geman et al. 2004; Tan et al. 2005)."""

from collections.abc import Iterator
from itertools import combinations
from numbers import Integral
from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata
from sklearn.base import BaseEstimator, ClassifierMixin, _fit_context
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from leukemia_kedro.compute.private_names import Interval

# Pairs scored at a time: the counts and scores of a block take about 20 MB.
_BLOCK_PAIRS = 1_000_000


class TopPairs(NamedTuple):
    """Disjoint pairs of genes, best first; each array has the shape (n_pairs,)."""

    lower: np.ndarray
    """Column of gene i."""
    higher: np.ndarray
    """Column of gene j."""
    for_first: np.ndarray
    """Whether R_i < R_j is more frequent in the first class."""
    scores: np.ndarray
    """Δ, from 0 to 1."""
    rank_scores: np.ndarray
    """Γ, in ranks."""


def top_disjoint_pairs(ranks: np.ndarray, second: np.ndarray, n_pairs: int) -> TopPairs:
    """The disjoint pairs with the largest Δ, then Γ, then the first columns.

    Every ordered pair of two different genes is scored, because with equal values i < j and j < i
    are two rules. The memory does not grow with the number of pairs: a block of genes is scored at
    a time, and of each gene only its best partner is kept. A gene is scored again when this partner
    is taken.

    Parameters
    ----------
    ranks : ndarray, shape (n_samples, n_genes)
        Rank of each gene within its array, equal values at their mean rank.
    second : ndarray of bool, shape (n_samples,)
        Whether a sample is of the second class. Both classes occur.
    n_pairs : int
        No more than half of the genes.
    """
    scoring = _Scoring.of(ranks, second)
    n_genes = ranks.shape[1]
    best, partner = np.empty(n_genes), np.empty(n_genes, dtype=int)
    for block in _blocks(n_genes):
        keys = scoring.keys(block)
        partner[block] = keys.argmax(axis=1)
        best[block] = keys.max(axis=1)
    free, lower = np.ones(n_genes, dtype=bool), list[int]()
    while len(lower) < n_pairs:
        gene = int(best.argmax())
        if free[partner[gene]]:
            lower.append(gene)
            free[[gene, partner[gene]]] = False
            best[[gene, partner[gene]]] = -np.inf
        else:
            # Fewer partners only lower a gene's best score, so the old one was an upper bound.
            keys = np.where(free, scoring.keys(np.array([gene]))[0], -np.inf)
            partner[gene], best[gene] = keys.argmax(), keys.max()
    return scoring.pairs(np.array(lower), partner[lower])


def pairs_above(
    ranks: np.ndarray, second: np.ndarray, score: float
) -> tuple[np.ndarray, np.ndarray]:
    """Columns i and j of every ordered pair with Δ of at least ``score``, above 0.

    ``ranks`` and ``second``: see :func:`top_disjoint_pairs`. In the order of the columns.
    """
    scoring, found = _Scoring.of(ranks, second), []
    for block in _blocks(ranks.shape[1]):
        in_first, in_second = scoring.counts(block)
        shares = in_first / len(scoring.classes[0]), in_second / len(scoring.classes[1])
        lower, higher = np.nonzero(np.abs(shares[0] - shares[1]) >= score - 1e-12)
        found.append((block[lower], higher))
    lower, higher = map(np.concatenate, zip(*found, strict=True))
    return lower, higher


def _blocks(n_genes: int) -> Iterator[np.ndarray]:
    width = max(1, _BLOCK_PAIRS // n_genes)
    return (np.arange(start, min(start + width, n_genes)) for start in range(0, n_genes, width))


class _Scoring(NamedTuple):
    """Scores of pairs in whole numbers, so that equal scores are equal."""

    classes: tuple[np.ndarray, np.ndarray]
    """Twice the ranks of each class, shape (n_samples, n_genes)."""
    shift: np.ndarray
    """Mean rank in the first class less that in the second, times 2 n₁ n₂, shape (n_genes,)."""

    @classmethod
    def of(cls, ranks, second):
        twice = np.rint(2 * ranks).astype(np.int16 if ranks.max() < 2**14 else np.int32)
        first, other = twice[~second], twice[second]
        sums = first.sum(axis=0, dtype=float), other.sum(axis=0, dtype=float)
        return cls((first, other), len(other) * sums[0] - len(first) * sums[1])

    def counts(self, genes):
        """How many samples of each class have R_i < R_j, i of ``genes``, j any: float arrays."""
        if len(genes) == 1:
            return [
                np.count_nonzero(ranks[:, genes] < ranks, axis=0, keepdims=True).astype(float)
                for ranks in self.classes
            ]
        found = []
        for ranks in self.classes:
            # Added up array by array in the smallest type, the fastest way that NumPy has.
            number = np.zeros((len(genes), ranks.shape[1]), np.min_scalar_type(len(ranks)))
            for array in ranks:
                number += array[genes, np.newaxis] < array
            found.append(number.astype(float))
        return found

    def keys(self, genes):
        """One number that orders pairs by Δ, then Γ, shape (len(genes), n_genes)."""
        in_first, in_second = self.counts(genes)
        n_first, n_second = map(len, self.classes)
        keys = np.abs(in_first * n_second - in_second * n_first)
        keys *= 1 + np.ptp(self.shift)
        keys += np.abs(self.shift[genes, np.newaxis] - self.shift)
        keys[np.arange(len(genes)), genes] = -np.inf
        return keys

    def pairs(self, lower, higher):
        shares = [
            np.mean(ranks[:, lower] < ranks[:, higher], axis=0, dtype=float)
            for ranks in self.classes
        ]
        n_first, n_second = map(len, self.classes)
        rank_scores = np.abs(self.shift[lower] - self.shift[higher]) / (2 * n_first * n_second)
        for_first = shares[0] > shares[1]
        return TopPairs(lower, higher, for_first, np.abs(shares[0] - shares[1]), rank_scores)


class TopScoringPairs(ClassifierMixin, BaseEstimator):
    r"""Pairs of genes vote: which of the two is higher in the sample's own array.

    With :math:`R_i` the rank of gene :math:`i` within an array, the score of a pair is how much
    more often its genes are in this order in one class than in the other,

    .. math:: \Delta_{ij} = |P(R_i < R_j \mid 1) - P(R_i < R_j \mid 2)|,

    with frequencies of the training samples as probabilities. Pairs of equal :math:`\Delta` are
    ordered by the rank score, the difference between the classes' mean rank differences,

    .. math:: \Gamma_{ij} = |\gamma_{ij}(1) - \gamma_{ij}(2)|, \qquad
       \gamma_{ij}(m) = \frac{1}{n_m} \sum_{n \in m} (R_{i,n} - R_{j,n}).

    The best pair is taken, then the best without its genes, and so on. Each pair votes for the
    class in which the order that the sample shows is more frequent. Every vote counts the same.

    A model depends on each array's order alone: any strictly increasing change of an array, such
    as another scanner or normalisation may bring, leaves it as it is.

    Equal values: :math:`R_i < R_j` is strict, as published, so that equal values count as "not
    less" in training and in votes. The rule with :math:`i` and :math:`j` exchanged is then another
    rule, and takes part, too. Equal values share their mean rank. Pairs of equal :math:`\Delta` and
    :math:`\Gamma` are taken in the order of the columns.

    More than two classes: each two have pairs of their own, learned from their samples alone, and
    all these pairs vote together. Tan et al. also order the classes into a tree; one against one
    has no such order to choose, and every rule names the two classes that it tells apart. The
    first class wins a tie.

    Parameters
    ----------
    n_pairs : int, default=9
        Pairs for each two classes. The number is odd, so that two classes have no tie. Where the
        genes do not suffice, it is the largest odd number of pairs that there are.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    pairs_ : ndarray of int, shape (n_rules, 2)
        Columns of two genes, best first within each two classes.
    votes_ : ndarray of int, shape (n_rules, 2)
        Number of the class that gets the vote where the first gene is higher than the second, and
        where it is not.
    scores_, rank_scores_ : ndarray of shape (n_rules,)
        :math:`\Delta`, and :math:`\Gamma` in ranks among the genes given.
    surviving_ : ndarray of bool, shape (n_features_in_,)
        Genes in a pair.

    References
    ----------
    D. Geman, C. d'Avignon, D. Q. Naiman & R. L. Winslow (2004). Classifying gene expression
    profiles from pairwise mRNA comparisons. Statistical Applications in Genetics and Molecular
    Biology 3:19.
    A. C. Tan, D. Q. Naiman, L. Xu, R. L. Winslow & D. Geman (2005). Simple decision rules for
    classifying human cancers from gene expression profiles. Bioinformatics 21:3896–3904.

    Examples
    --------
    >>> from leukemia_kedro.estimators import TopScoringPairs
    >>> X = [[9.0, 6.0, 7.0], [8.0, 5.0, 7.0], [6.0, 9.0, 7.0], [7.0, 8.0, 6.0]]
    >>> model = TopScoringPairs(n_pairs=1).fit(X, ["ALL", "ALL", "AML", "AML"])
    >>> model.pairs_, model.classes_[model.votes_]
    (array([[1, 0]]), array([['AML', 'ALL']], dtype='<U3'))
    >>> model.predict([[400.0, 900.0, 20.0]])
    array(['AML'], dtype='<U3')
    """

    _parameter_constraints: dict = {  # noqa: RUF012 - scikit-learn's own convention
        "n_pairs": [Interval(Integral, 1, None, closed="left")]
    }

    def __init__(self, n_pairs=9):
        self.n_pairs = n_pairs

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y):
        """Choose the pairs from expression ``X``, shape (n_samples, n_features), on any scale.

        Raises
        ------
        ValueError
            ``n_pairs`` is even, ``X`` has one gene, or ``y``, shape (n_samples,), one class.
        """
        if self.n_pairs % 2 == 0:
            raise ValueError(f"n_pairs is {self.n_pairs}; expected an odd number")
        X, y = validate_data(
            self, X, y, dtype=[np.float64, np.float32], ensure_min_samples=2, ensure_min_features=2
        )
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y has 1 class, {self.classes_[0]}; expected at least 2 classes")
        possible = min(self.n_pairs, X.shape[1] // 2)
        n_pairs, ranks = possible - 1 + possible % 2, rankdata(X, axis=1)
        chosen, votes = [], []
        for first, second in combinations(range(len(self.classes_)), 2):
            either = (codes == first) | (codes == second)
            found = top_disjoint_pairs(ranks[either], codes[either] == second, n_pairs)
            chosen.append(found)
            votes.append(np.where(found.for_first[:, None], [first, second], [second, first]))
        lower, higher, _, self.scores_, self.rank_scores_ = map(
            np.concatenate, zip(*chosen, strict=True)
        )
        self.pairs_, self.votes_ = np.column_stack([higher, lower]), np.concatenate(votes)
        self.surviving_ = np.isin(np.arange(X.shape[1]), self.pairs_)
        return self

    def rule_votes(self, X):
        """Number of the class that each rule votes for, shape (n_samples, n_rules)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        first, second = self.pairs_.T
        return np.where(X[:, first] > X[:, second], *self.votes_.T)

    def predict_proba(self, X):
        """Each class's share of the votes, shape (n_samples, n_classes); not calibrated."""
        votes = self.rule_votes(X)
        return np.column_stack([(votes == k).mean(axis=1) for k in range(len(self.classes_))])

    def decision_function(self, X):
        """Shares of the votes, shape (n_samples, n_classes).

        For two classes the second share minus the first, shape (n_samples,).
        """
        shares = self.predict_proba(X)
        return shares[:, 1] - shares[:, 0] if len(self.classes_) == 2 else shares

    def predict(self, X):
        """Class with the most votes, shape (n_samples,); the first one in a tie."""
        shares = self.predict_proba(X)  # before classes_, which an unfitted estimator lacks
        return self.classes_[shares.argmax(axis=1)]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        # scikit-learn tries two features and three classes: one pair, which tells two classes.
        tags.classifier_tags.poor_score = True
        return tags
