"""Each array brought to a common scale, by itself."""

import numpy as np
from scipy.stats import rankdata
from sklearn.base import _fit_context
from sklearn.utils.validation import check_is_fitted

from leukemia_kedro.compute.private_names import StrOptions
from leukemia_kedro.estimators.log_transform import IncompleteExpressionTransformer
from leukemia_kedro.parameters import NORMALISATIONS


class ArrayNormaliser(IncompleteExpressionTransformer):
    r"""Bring each array (row) to a common scale, whatever other arrays there are.

    Another laboratory's scanner, or the software that made one value of a probe's spots, stretches
    and shifts the log2 values of a whole array. A classifier's threshold does not survive that;
    the order of the genes within an array does. Missing values (NaN) stay missing and are passed
    over.

    Parameters
    ----------
    method : {"none", "standardise", "ranks", "quantiles"}, default="standardise"
        ``standardise``: mean 0 and standard deviation 1 (divisor :math:`p - 1`) over the probes of
        the array, as in Dudoit et al.; an array of equal values becomes zeros. ``ranks``: the share
        of the array's probes below, :math:`(r - 1/2) / p`, with the mean rank :math:`r` of equal
        values. ``quantiles``: the value at this share in the mean array of the training samples,
        as in Bolstad et al.; the training samples alone say what it is. ``none`` changes nothing.

    Attributes
    ----------
    target_ : ndarray, shape (n_features_in_,)
        Of ``quantiles``: mean over the training arrays of the lowest value, of the second lowest …

    References
    ----------
    S. Dudoit, J. Fridlyand & T. P. Speed (2002). J. Am. Stat. Assoc. 97:77–87, section 3.2.
    B. M. Bolstad, R. A. Irizarry, M. Åstrand & T. P. Speed (2003). A comparison of normalization
    methods for high density oligonucleotide array data based on variance and bias.
    Bioinformatics 19:185–193.

    Examples
    --------
    >>> from leukemia_kedro.estimators import ArrayNormaliser
    >>> ArrayNormaliser("ranks").fit_transform([[7.0, 3.0, 12.0, 3.0]])
    array([[0.625, 0.25 , 0.875, 0.25 ]])
    """

    _parameter_constraints: dict = {"method": [StrOptions(set(NORMALISATIONS))]}  # noqa: RUF012

    def __init__(self, method="standardise"):
        self.method = method

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Note the columns; ``quantiles`` learn their target."""
        X = self._validated(X, reset=True)
        if self.method == "quantiles":
            self.target_ = quantile_target(X)
        return self

    def transform(self, X):
        """Normalised expression, shape (n_samples, n_features); ``X`` itself for ``none``."""
        check_is_fitted(self)
        X = self._validated(X, reset=False)
        return normalise_arrays(X, self.method, getattr(self, "target_", None))


def quantile_target(X: np.ndarray) -> np.ndarray:
    """What ``quantiles`` learn from log2 expression, (n_samples, n_probes); shape (n_probes,)."""
    shares = _shares(X.shape[1])
    present = (row[~np.isnan(row)] for row in X)
    rows = [np.interp(shares, _shares(len(row)), np.sort(row)) for row in present if len(row)]
    return np.mean(rows, axis=0) if rows else np.zeros(X.shape[1])


def normalise_arrays(X: np.ndarray, method: str, target: np.ndarray | None = None) -> np.ndarray:
    """What :class:`ArrayNormaliser` makes of ``X``, (n_samples, n_probes), without its checks."""
    if method == "none":
        return X
    if method == "standardise":
        return standardise(X, array_standards(X))
    ranks = np.full_like(X, np.nan)
    for row, of_row in zip(X, ranks, strict=True):
        present = ~np.isnan(row)
        of_row[present] = (rankdata(row[present]) - 0.5) / max(present.sum(), 1)
    if method == "ranks":
        return ranks
    assert target is not None  # quantiles have learned it
    return np.interp(ranks, _shares(len(target)), target).astype(X.dtype)


def _shares(n: int) -> np.ndarray:
    """The share of values below each of ``n`` in order, and half of its own."""
    return (np.arange(n) + 0.5) / n


def array_standards(X: np.ndarray) -> np.ndarray:
    """What :func:`standardise` takes off and divides by, shape (3, n_samples), double precision.

    They are the lowest value of each array of ``X``, (n_samples, n_probes), the mean above it, and
    the standard deviation.
    """
    # Measured from its lowest value, an array of equal values is exactly zero.
    lowest = np.fmin.reduce(X, axis=1, keepdims=True)
    X = X - lowest
    measured = ~np.isnan(X)
    n = measured.sum(axis=1, keepdims=True)
    mean = X.sum(axis=1, keepdims=True, dtype=float, where=measured) / np.maximum(n, 1)
    X -= mean.astype(X.dtype)
    squares = np.square(X, out=X).sum(axis=1, keepdims=True, dtype=float, where=measured)
    deviation = np.sqrt(squares / np.maximum(n - 1, 1))
    deviation[deviation == 0] = 1
    return np.stack([lowest[:, 0].astype(float), mean[:, 0], deviation[:, 0]])


def standardise(X: np.ndarray, standards: np.ndarray) -> np.ndarray:
    """Any columns of arrays that are standardised by their :func:`array_standards`."""
    lowest, mean, deviation = standards.astype(X.dtype)[:, :, np.newaxis]
    X = X - lowest
    X -= mean
    X /= deviation
    return X
