"""Missing values imputed from the nearest training samples."""

from numbers import Integral

import numpy as np
from sklearn.base import _fit_context
from sklearn.metrics.pairwise import nan_euclidean_distances
from sklearn.utils.validation import check_is_fitted

from leukemia_kedro.compute.private_names import Interval
from leukemia_kedro.estimators.log_transform import IncompleteExpressionTransformer


class NeighbourImputer(IncompleteExpressionTransformer):
    r"""k-nearest-neighbour imputation, a sample at a time.

    A missing value is the mean over the ``n_neighbors`` nearest training samples that have one in
    that probe. Distances are Euclidean over the probes that both samples have, scaled up for the
    others. Values are those of scikit-learn's ``KNNImputer(keep_empty_features=True)``, which goes
    through the probes one by one and takes 10 to 35 times as long on cohorts of up to a hundred
    samples: minutes in a run, which imputes inside every fold (``benchmarks/rankings.py``).

    Attributes
    ----------
    training_ : ndarray of shape (n_samples, n_features)
    empty_ : ndarray of bool, shape (n_features,)
        Probes without any value in the training samples; all their values become zero.

    References
    ----------
    O. Troyanskaya et al. (2001). Bioinformatics 17:520–525. Their neighbours are genes, here they
    are samples, so that a new patient is imputed from the training samples alone.

    Examples
    --------
    >>> import numpy as np
    >>> from leukemia_kedro.estimators.neighbour_imputer import NeighbourImputer
    >>> imputer = NeighbourImputer(n_neighbors=1).fit([[1.0, 10.0], [2.0, 20.0], [9.0, np.nan]])
    >>> imputer.transform([[1.9, np.nan]])
    array([[ 1.9, 20. ]])
    """

    _parameter_constraints: dict = {  # noqa: RUF012 - scikit-learn's own convention
        "n_neighbors": [Interval(Integral, 1, None, closed="left")]
    }

    def __init__(self, n_neighbors=5):
        self.n_neighbors = n_neighbors

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Keep the training samples ``X``, shape (n_samples, n_features), NaN where missing."""
        self.training_ = self._validated(X, reset=True)
        self.empty_ = np.isnan(self.training_).all(axis=0)
        return self

    def transform(self, X):
        """The samples ``X`` without missing values; ``X`` itself where nothing is missing."""
        check_is_fitted(self)
        X = self._validated(X, reset=False)
        missing = np.isnan(X) & ~self.empty_
        receivers = np.flatnonzero(missing.any(axis=1))
        completed = np.where(self.empty_, X.dtype.type(0), X) if self.empty_.any() else X
        if not len(receivers):
            return completed
        distances = nan_euclidean_distances(X[receivers], self.training_)
        completed = completed.copy()
        for receiver, distance in zip(receivers, distances, strict=True):
            probes = np.flatnonzero(missing[receiver])
            # Samples without a probe in common have distance NaN and come last.
            nearest_first = np.argsort(distance, kind="stable")
            donors = self.training_[np.ix_(nearest_first, probes)]
            known = ~np.isnan(donors)
            chosen = known & (known.cumsum(axis=0) <= self.n_neighbors)
            completed[receiver, probes] = donors.mean(axis=0, where=chosen)
        return completed
