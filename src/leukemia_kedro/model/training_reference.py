"""What a model file remembers of its training samples, to judge new ones by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from leukemia_kedro.cohort.training_set import TrainingSet

FALSE_ALARMS = 0.05
"""Share of samples like the training samples that may be flagged as far from them."""


@dataclass(frozen=True)
class TrainingReference:
    r"""Averages of the training samples, and how far from them a sample of their kind lies.

    The distance of a sample is taken in the genes that the classifier is given, as the classifier
    is given them: to the centroid of the nearest class,

    .. math:: d(x) = \min_k \sqrt{\frac{1}{p} \sum_{j=1}^{p}
       \left(\frac{x_j - \bar x_{kj}}{s_j + s_0}\right)^2}

    with :math:`s_j` the pooled within-class standard deviation of gene :math:`j` (divisor
    :math:`n - K`) and :math:`s_0` the median of the :math:`s_j`, which keeps genes that hardly
    vary from deciding alone (Tibshirani et al. 2002 divide by the same). The
    distance does not depend on a sample's label.

    Each training sample's own distance is measured with centroids and deviations of the others.
    A new sample is out of distribution beyond the
    :math:`\lceil (n + 1)(1 - \alpha) \rceil`-th smallest of these, the limit that samples
    exchangeable with the training samples exceed with probability :math:`\alpha` = 0.05 (conformal
    anomaly detection, Laxhammar & Falkman 2010), or beyond the largest where n < 19. Genes chosen
    on the same training samples make the limit a little strict.

    Attributes
    ----------
    fill : ndarray, shape (n_probes,)
        Stands in for a missing probe: the value, on the scale as measured, whose log2 expression
        is the training mean of the probe's log2 expression.
    centroids : ndarray, shape (n_classes, n_genes)
        Training means of the genes that the classifier is given, in the order of its classes.
    spread : ndarray, shape (n_genes,)
        :math:`s_j + s_0`; 1 where that is 0.
    limit : float
        Distance beyond which a sample is out of distribution.

    References
    ----------
    R. Laxhammar & G. Falkman (2010). Conformal prediction for distribution-independent anomaly
    detection in streaming vessel data. StreamKDD 2010, 47–55.
    """

    fill: np.ndarray
    centroids: np.ndarray
    spread: np.ndarray
    limit: float

    def distance(self, given: np.ndarray) -> np.ndarray:
        """Distance of each sample to the nearest class, shape (n_samples,).

        Parameters
        ----------
        given : ndarray, shape (n_samples, n_genes)
            What the classifier is given.
        """
        return _distance(given, self.centroids, self.spread)


def remember_training(pipeline: Pipeline, training_set: TrainingSet) -> TrainingReference:
    """The reference of a model's pipeline that was fitted on these samples."""
    given = pipeline[:-1].transform(training_set.expression)
    _, codes = np.unique(training_set.classes, return_inverse=True)
    centroids, squares, sizes = _class_moments(given, codes)
    alone = np.sort(leave_one_out_distances(given, codes))
    rank = int(np.ceil((len(alone) + 1) * (1 - FALSE_ALARMS)))
    return TrainingReference(
        fill=_fill(pipeline, training_set.matrix),
        centroids=centroids,
        spread=_spread(squares, len(given) - len(sizes)),
        limit=float(alone[min(rank, len(alone)) - 1]),
    )


def leave_one_out_distances(given: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Distance of each training sample from the others, shape (n_samples,).

    Taking sample i out of its class of size n moves the centroid to
    (n x̄ − x_i) / (n − 1) and lowers the sum of squares by n (x_i − x̄)² / (n − 1).
    """
    centroids, squares, sizes = _class_moments(given, codes)
    degrees = len(given) - len(sizes)
    distances = np.empty(len(given))
    for i, (sample, k) in enumerate(zip(given, codes, strict=True)):
        n = sizes[k]
        if n == 1:  # its class leaves with it
            others, left, df = np.delete(centroids, k, axis=0), squares, degrees
        else:
            others = centroids.copy()
            others[k] = (n * centroids[k] - sample) / (n - 1)
            left = np.maximum(squares - n * (sample - centroids[k]) ** 2 / (n - 1), 0)
            df = degrees - 1
        distances[i] = _distance(sample[None], others, _spread(left, df))[0]
    return distances


def _class_moments(given: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, ...]:
    sizes = np.bincount(codes)
    centroids = np.array([given[codes == k].mean(axis=0) for k in range(len(sizes))])
    squares = sum(((given[codes == k] - centroids[k]) ** 2).sum(axis=0) for k in range(len(sizes)))
    return centroids, squares, sizes


def _spread(squares: np.ndarray, degrees_of_freedom: int) -> np.ndarray:
    deviation = np.sqrt(squares / max(degrees_of_freedom, 1))
    spread = deviation + np.median(deviation)
    return np.where(spread > 0, spread, 1.0)


def _distance(given: np.ndarray, centroids: np.ndarray, spread: np.ndarray) -> np.ndarray:
    squares = [np.square((given - centroid) / spread).mean(axis=1) for centroid in centroids]
    return np.sqrt(np.min(squares, axis=0))


def _fill(pipeline: Pipeline, values: np.ndarray) -> np.ndarray:
    from sklearn.base import clone

    log2 = clone(pipeline["log2"]).set_params(standardise_arrays=False)
    mean = pd.DataFrame(log2.fit_transform(values)).mean().to_numpy()  # of what is not missing
    return np.exp2(mean) if log2.scale == "raw" else mean
