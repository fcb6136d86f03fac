"""How far whole expression profiles lie from the training samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MAX_COMPONENTS = 50  # 2.4 MB in a model file for 12,500 probes
MAX_SAMPLES = 500  # learning the space and the limit then takes two seconds for 12,700 probes
MAX_FOLDS = 100
FEWER_FOLDS = 10
TOP_SHARE = 0.01
"""Share of the probes that the distance looks at, the most deviating ones.

Chosen on Chiaretti's subtypes of ALL hidden one at a time, on simulated cohorts, and on Armstrong's
and Golub's classes, but not on MLL or T-cell ALL as the class hidden from the models of Armstrong's
and Golub's other classes. A half and two percent did nearly the same.
"""
FEWEST_PROBES = 10


@dataclass(frozen=True)
class ProfileSpace:
    r"""Class centroids of whole log2 profiles, and how samples of a class vary around them.

    The deviation of a profile :math:`x` from the centroid of class :math:`k` is whitened,

    .. math:: w_k = \Sigma^{-1/2} (x - \bar x_k)

    with :math:`\Sigma` the covariance within classes, shrunk by Ledoit & Wolf (2004). It takes the
    directions in which samples of a class often differ, such as the brightness of the array, for
    less than new directions. Only the first 50 components are kept; the others count with their
    mean variance. Of the :math:`p` whitened deviations, the distance is the root mean square of
    the largest one percent (at least 10), at the nearest class:

    .. math:: d(x)^2 = \min_k \frac{1}{m} \sum_{j \le m} w_{k(j)}^2, \qquad
       |w_{k(1)}| \ge |w_{k(2)}| \ge \ldots, \qquad m = \max(10, p / 100)

    With :math:`m = p` it would be the Mahalanobis distance, divided by the root of :math:`p`. That
    adds up thousands of small deviations, which an array of poor quality has, while a subtype
    moves some hundred genes far. The arrays of all probes are in single precision.

    Attributes
    ----------
    centroids : ndarray, shape (n_classes, n_probes)
    components : ndarray, shape (n_components, n_probes)
        Orthonormal leading directions of the deviations within classes.
    damping : ndarray, shape (n_components,)
        Share of the deviation along each component that does not count, 1 - (noise / variance)^½.
    noise : float
        Variance in every other direction.

    References
    ----------
    O. Ledoit & M. Wolf (2004). A well-conditioned estimator for large-dimensional covariance
    matrices. J. Multivariate Anal. 88:365–411.
    """

    centroids: np.ndarray
    components: np.ndarray
    damping: np.ndarray
    noise: float

    def distance(self, profiles: np.ndarray) -> np.ndarray:
        """Distance of each log2 profile to the nearest class, shape (n_samples,)."""
        p = profiles.shape[1]
        rest = max(p - max(round(TOP_SHARE * p), FEWEST_PROBES), 0)
        squares = []
        for centroid in self.centroids:
            deviation = profiles - centroid
            deviation -= (deviation @ self.components.T * self.damping) @ self.components
            largest = np.partition(deviation**2, rest, axis=1)[:, rest:]
            squares.append(largest.mean(axis=1) / self.noise)
        return np.sqrt(np.min(squares, axis=0))


def learn_space(profiles: np.ndarray, classes: np.ndarray) -> ProfileSpace:
    """The space of these samples.

    Parameters
    ----------
    profiles : ndarray, shape (n_samples, n_probes)
        Log2 expression without missing values.
    classes : ndarray, shape (n_samples,)
    """
    n, p = profiles.shape
    names, codes = np.unique(classes, return_inverse=True)
    centroids = np.array([profiles[codes == k].mean(axis=0) for k in range(len(names))])
    residuals = profiles - centroids[codes]
    gram = residuals @ residuals.T  # as n is much smaller than p, all the rest follows from it
    squares, vectors = np.linalg.eigh(gram)
    squares, vectors = np.maximum(squares[::-1], 0), vectors[:, ::-1]
    mean = squares.sum() / n / p
    shrinkage = _shrinkage(gram, mean, p)
    rank = np.count_nonzero(squares > 1e-10 * squares[0])
    kept = min(rank, p - 1, MAX_COMPONENTS)
    left = squares[kept:rank].sum() / n / (p - kept) if kept else 0.0
    noise = shrinkage * mean + (1 - shrinkage) * left
    variances = shrinkage * mean + (1 - shrinkage) * squares[:kept] / n
    components = (vectors[:, :kept] / np.sqrt(squares[:kept])).T @ residuals
    return ProfileSpace(
        centroids.astype(np.float32),
        components.astype(np.float32),
        1 - np.sqrt(noise / variances),
        float(noise) or 1.0,
    )


def left_out_distances(profiles: np.ndarray, classes: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Distance of each sample in a space learned without its unit, shape (n_samples,).

    Parameters
    ----------
    profiles, classes
        See :func:`learn_space`.
    units : ndarray, shape (n_samples,)
        What is left out together, such as the samples of one patient. Up to 100 units are left out
        one by one, more in ten random folds.
    """
    names, folds = np.unique(units, return_inverse=True)
    if len(names) > MAX_FOLDS:
        folds = np.random.default_rng(0).permutation(len(names))[folds] % FEWER_FOLDS
    distances = np.empty(len(profiles))
    for fold in range(folds.max() + 1):
        out = folds == fold
        distances[out] = learn_space(profiles[~out], classes[~out]).distance(profiles[out])
    return distances


def representative(classes: np.ndarray) -> np.ndarray:
    """Positions of at most 500 samples, spread evenly over the classes and over the file."""
    order = np.argsort(classes, kind="stable")
    if len(order) <= MAX_SAMPLES:
        return np.arange(len(order))
    return np.sort(order[np.linspace(0, len(order) - 1, MAX_SAMPLES).round().astype(int)])


def _shrinkage(gram: np.ndarray, mean: float, p: int) -> float:
    """Ledoit & Wolf's weight of the mean variance, from the products of the residuals.

    scikit-learn computes the same from p × p products, which takes p / n times as long.
    """
    n = len(gram)
    size = np.square(gram).sum() / n**2
    spread = size / p - mean**2
    error = (np.square(np.diag(gram)).sum() / n - size) / n / p
    return min(error / spread, 1.0) if spread > 0 else 1.0
