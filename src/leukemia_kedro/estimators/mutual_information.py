"""Mutual information between the expression of each gene and the class."""

import numpy as np
from scipy.special import digamma
from sklearn.preprocessing import scale

N_NEIGHBOURS = 3
NOISE = 1e-10


def mutual_information(X, y, seed):
    r"""Mutual information in nats, estimated by nearest neighbours (Ross 2014).

    For sample i of class k let :math:`d_i` be the distance to its third nearest neighbour (fewer
    in smaller classes) within the class, and :math:`m_i` the number of samples, itself included,
    that are nearer than :math:`d_i`. Then

    .. math:: I = \psi(n) + \overline{\psi(3)} - \overline{\psi(n_k)} - \overline{\psi(m_i)}

    and 0 where that is negative. Samples alone in their class do not count. Ties are broken by
    noise of 1e-10 deviations.

    Values are those of scikit-learn's ``mutual_info_classif`` with the same seed, except for
    classes of fewer than eight samples: there it takes distances from squares, whose rounding
    decides whether the third neighbour itself counts as nearer. It takes 60 times as long on
    Golub's training samples (``benchmarks/rankings.py``): here sorting finds the neighbours.

    ``X``, shape (n_samples, n_genes), is in double precision without missing values; ``y``, shape
    (n_samples,), holds integers. The result, shape (n_genes,), is 0 for a constant gene.

    References
    ----------
    B. C. Ross (2014). Mutual information between discrete and continuous data sets.
    PLOS ONE 9:e87357.
    """
    varying = np.ptp(X, axis=0) > 0
    information = np.zeros(X.shape[1])
    if varying.any():
        information[varying] = _of_varying(_without_ties(X[:, varying], seed), y)
    return information


def _of_varying(X, y):
    sizes = np.bincount(y)[y]
    X, y, sizes = X[sizes > 1], y[sizes > 1], sizes[sizes > 1]
    radius = np.empty_like(X)
    for k in np.unique(y):
        radius[y == k] = _distance_to_neighbour(X[y == k])
    nearer = np.column_stack([_count_nearer(*gene) for gene in zip(X.T, radius.T, strict=True)])
    neighbours = digamma(np.minimum(N_NEIGHBOURS, sizes - 1)).mean()
    of_classes = digamma(len(X)) + neighbours - digamma(sizes).mean()
    return np.maximum(of_classes - digamma(nearer).mean(axis=0), 0)


def _without_ties(X, seed):
    X = scale(X, with_mean=False)
    size = np.maximum(1, np.abs(X).mean(axis=0))
    return X + NOISE * size * np.random.RandomState(seed).standard_normal(X.shape)


def _distance_to_neighbour(X):
    """Distance of each value to the third nearest (at most) in its column."""
    k = min(N_NEIGHBOURS, len(X) - 1)
    order = np.argsort(X, axis=0)
    ordered = np.take_along_axis(X, order, axis=0)
    edged = np.pad(ordered, ((k, k), (0, 0)), constant_values=((-np.inf, np.inf), (0, 0)))
    distance = np.full_like(X, np.inf)
    for below in range(k + 1):  # of the k nearest neighbours
        lowest = edged[k - below : k - below + len(X)]
        highest = edged[2 * k - below : 2 * k - below + len(X)]
        distance = np.minimum(distance, np.maximum(ordered - lowest, highest - ordered))
    unordered = np.empty_like(X)
    np.put_along_axis(unordered, order, distance, axis=0)
    return unordered


def _count_nearer(values, radius):
    """How many values are nearer to each value than its radius, itself included."""
    ordered = np.sort(values)
    first = np.searchsorted(ordered, values - radius, side="right")
    after = np.searchsorted(ordered, values + radius, side="left")
    # The bounds are rounded, the differences decide.
    edged = np.concatenate([[-np.inf], ordered, [np.inf]])
    first -= values - edged[first] < radius
    first += values - edged[first + 1] >= radius
    after -= edged[after] - values >= radius
    after += edged[after + 1] - values < radius
    return after - first
