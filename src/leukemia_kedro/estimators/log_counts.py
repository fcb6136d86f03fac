"""From counts of reads to log2 counts per million, each sample by itself."""

from numbers import Real

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils.validation import check_is_fitted

from leukemia_kedro.compute.private_names import Interval
from leukemia_kedro.errors import CohortError
from leukemia_kedro.estimators.log_transform import IncompleteExpressionTransformer
from leukemia_kedro.statistics.counts import (
    geometric_mean,
    log_counts_per_million,
    ratios_to_reference,
    reference_sample,
)


class LogCounts(IncompleteExpressionTransformer):
    r"""Normalise libraries by trimmed means of log-ratios, and take log2 counts per million.

    The training samples give the reference sample, the geometric mean :math:`\bar r` of their
    ratios to it, and the mean size :math:`\bar N` of their normalised libraries. A sample with
    :math:`N` reads and the ratio :math:`r` to the reference has a normalised library of
    :math:`N r / \bar r` reads. So training samples have the values that edgeR gives them
    (``calcNormFactors``, then ``cpm(log = TRUE)``), and a new sample has values that do not depend
    on what other new samples there are.

    A library is the sum over the columns of ``X``: those that pass the filter. A missing value of
    a new sample stays missing, and its library is the sum of the others.

    Parameters
    ----------
    prior_count : float, default=2
        Reads that are added to each count, in proportion to the library, so that none is zero.

    Attributes
    ----------
    reference_ : ndarray of shape (n_features_in_,)
        Counts of the reference sample.
    mean_ratio_ : float
        Geometric mean of the training samples' ratios to the reference.
    mean_size_ : float
        Mean normalised library of the training samples, in reads.

    References
    ----------
    M. D. Robinson & A. Oshlack (2010). A scaling normalization method for differential expression
    analysis of RNA-seq data. Genome Biol. 11:R25.
    Y. Chen, A. T. L. Lun & G. K. Smyth (2016). F1000Res. 5:1438.

    Examples
    --------
    >>> from leukemia_kedro.estimators import LogCounts
    >>> to_log = LogCounts().fit([[500, 300, 200], [1000, 600, 400]])
    >>> to_log.transform([[50, 30, 20]]).round(2)
    array([[18.93, 18.2 , 17.62]])
    """

    _parameter_constraints: dict = {  # noqa: RUF012 - scikit-learn's own convention
        "prior_count": [Interval(Real, 0, None, closed="neither")]
    }

    def __init__(self, prior_count=2):
        self.prior_count = prior_count

    def fit(self, X, y=None):
        """Learn reference, mean ratio and mean library from training counts ``X``.

        Shape (n_samples, n_features); a missing count is taken for none.

        Raises
        ------
        CohortError
            A count is negative, or a sample has no read.
        """
        self.fit_sizes(X)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_sizes(self, X):
        """:meth:`fit`, and the :meth:`normalised_sizes` of the training samples at no cost."""
        X = self._validated(X, reset=True)
        check_counts(X)
        X = missing_as_none(X)
        sizes = _library_sizes(X)
        self.reference_ = X[reference_sample(X, sizes)].astype(float)
        ratios = self._ratios(X, sizes)
        self.mean_ratio_ = geometric_mean(ratios)
        normalised = sizes * (ratios / self.mean_ratio_)
        self.mean_size_ = float(normalised.mean())
        return normalised

    def transform(self, X):
        """Log2 counts per million, shape (n_samples, n_features).

        Raises
        ------
        CohortError
            A count is negative, or a sample has no read in these columns.
        """
        check_is_fitted(self)
        X = self._validated(X, reset=False)
        check_counts(X)
        return self.log_counts(X, self._normalised_sizes(X))

    def normalised_sizes(self, X):
        """Normalised library of each sample in reads, shape (n_samples,); ``X`` as to transform."""
        check_is_fitted(self)
        X = self._validated(X, reset=False)
        check_counts(X)
        return self._normalised_sizes(X)

    def log_counts(self, X, sizes):
        """Log2 counts per million of any genes of samples whose :meth:`normalised_sizes` are known.

        Each gene by itself: the columns of ``X``, shape (n_samples, n_genes), need not be those
        that the libraries are made of.
        """
        return log_counts(X, sizes, self.prior_count, self.mean_size_)

    def _normalised_sizes(self, X):
        sizes = _library_sizes(X)
        return sizes * (self._ratios(X, sizes) / self.mean_ratio_)

    def _ratios(self, X, sizes):
        return ratios_to_reference(X, sizes, self.reference_, self.reference_.sum())

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        return tags


def log_counts(
    X: np.ndarray, sizes: np.ndarray, prior_count: float, mean_size: float
) -> np.ndarray:
    """What :meth:`LogCounts.log_counts` gives, in the precision of ``X``, without its checks."""
    return log_counts_per_million(X, sizes, prior_count, mean_size).astype(X.dtype, copy=False)


def missing_as_none(X: np.ndarray) -> np.ndarray:
    """Counts with 0 for a missing one; ``X`` itself where none is missing."""
    return np.nan_to_num(X) if np.isnan(X).any() else X


def check_counts(X: np.ndarray) -> None:
    """Refuse negative counts, with a CohortError."""
    if negative := np.count_nonzero(X < 0):
        raise CohortError(
            f"Negative values in data: {negative} of {X.size} counts are negative; expected counts "
            "of reads as a program such as HTSeq or featureCounts gives them"
        )


def _library_sizes(X):
    sizes = np.nansum(X, axis=1, dtype=float)
    empty = np.flatnonzero(sizes == 0)
    if len(empty):
        raise CohortError(
            f"sample number {empty[0] + 1} of {len(X)} has no read in the {X.shape[1]} genes that "
            f"are kept{f', nor have {len(empty) - 1} others' if len(empty) > 1 else ''}: it cannot "
            "be normalised. Leave it out (cohort.leave_out), or look whether its column holds "
            "counts"
        )
    return sizes
