"""Nearest shrunken centroids (Tibshirani, Hastie, Narasimhan & Chu 2002), known as PAM."""

from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin, _fit_context
from sklearn.model_selection import StratifiedKFold, check_cv
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from leukemia_kedro.compute.private_names import Interval
from leukemia_kedro.estimators.rankings import class_moments, column_blocks


class ShrunkenCentroids(ClassifierMixin, BaseEstimator):
    r"""Nearest class centroid, after shrinking the centroids towards the overall one.

    Let :math:`\bar x_{kj}` be the mean of gene :math:`j` in class :math:`k` with :math:`n_k` of
    the :math:`n` training samples, :math:`\bar x_j` its mean over all, :math:`s_j` its pooled
    within-class standard deviation (divisor :math:`n - K`), and :math:`s_0` the median of the
    :math:`s_j`. Each centroid's distance from the overall one, in standard errors,

    .. math::

        d_{kj} = \frac{\bar x_{kj} - \bar x_j}{m_k (s_j + s_0)},
        \qquad m_k = \sqrt{1 / n_k - 1 / n},

    is shrunk by the threshold :math:`\Delta` and not past zero,

    .. math:: d'_{kj} = \operatorname{sign}(d_{kj}) \, \max(|d_{kj}| - \Delta, 0),
       \qquad \bar x'_{kj} = \bar x_j + m_k (s_j + s_0) d'_{kj}.

    A gene whose :math:`d'_{kj}` is zero in every class plays no part. A sample goes to the class
    with the smallest

    .. math:: \delta_k(x) = \sum_j \frac{(x_j - \bar x'_{kj})^2}{(s_j + s_0)^2} - 2 \log \pi_k,

    where :math:`\pi_k = n_k / n`, with probabilities :math:`\propto \exp(-\delta_k / 2)`.

    The paper prints :math:`m_k` with a plus sign; the minus is that of the authors' R package pamr,
    which this class reproduces. scikit-learn's ``NearestCentroid(shrink_threshold=...)`` leaves
    :math:`s_0` out of the discriminant.

    Parameters
    ----------
    threshold : float, default=0
        :math:`\Delta`.

    Attributes
    ----------
    classes_, class_prior_ : ndarray of shape (n_classes,)
        Class names and :math:`\pi_k`.
    overall_centroid_, spread_ : ndarray of shape (n_features_in_,)
        :math:`\bar x_j`, and :math:`s_j + s_0` (1 where that is 0).
    deviations_, centroids_ : ndarray of shape (n_classes, n_features_in_)
        :math:`d_{kj}` before shrinking, and :math:`\bar x'_{kj}` after.
    surviving_ : ndarray of bool, shape (n_features_in_,)
        Genes that play a part.

    References
    ----------
    R. Tibshirani, T. Hastie, B. Narasimhan & G. Chu (2002). Diagnosis of multiple cancer types by
    shrunken centroids of gene expression. PNAS 99:6567–6572, equations 1 to 8.

    Examples
    --------
    >>> from leukemia_kedro.estimators import ShrunkenCentroids
    >>> X = [[9.0, 5.0, 3.2], [9.4, 4.8, 2.8], [7.0, 5.1, 3.0], [6.6, 5.0, 3.1]]
    >>> model = ShrunkenCentroids(threshold=2).fit(X, ["ALL", "ALL", "AML", "AML"])
    >>> model.surviving_
    array([ True, False, False])
    >>> model.predict([[8.8, 5.0, 3.0]])
    array(['ALL'], dtype='<U3')
    """

    _parameter_constraints: dict = {  # noqa: RUF012 - scikit-learn's own convention
        "threshold": [Interval(Real, 0, None, closed="left")]
    }

    def __init__(self, threshold=0.0):
        self.threshold = threshold

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y):
        """Learn and shrink the centroids of log2 expression ``X``, shape (n_samples, n_features).

        Raises
        ------
        ValueError
            ``y``, shape (n_samples,), has fewer than two classes, or no more samples than classes.
        """
        X, codes = self._validated(X, y)
        self._adopt(_learn(X, codes, len(self.classes_)), self.threshold)
        return self

    def decision_function(self, X):
        """Discriminant scores: log posterior probabilities up to a number common to all classes.

        Shape (n_samples, n_classes); for two classes the second score minus the first, shape
        (n_samples,).
        """
        scores = self._scores(X)
        return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores

    def predict_joint_log_proba(self, X):
        """Discriminant scores of each class, shape (n_samples, n_classes)."""
        return self._scores(X)

    def predict(self, X):
        """Class with the smallest discriminant, shape (n_samples,); the first one in a tie."""
        scores = self._scores(X)  # before classes_, which an unfitted estimator lacks
        return self.classes_[scores.argmax(axis=1)]

    def predict_proba(self, X):
        """Class probabilities by the paper's equation 8, shape (n_samples, n_classes).

        They treat the genes as independent, so with many genes they lie too near 0 and 1.
        """
        return softmax(self._scores(X), axis=1)

    def _validated(self, X, y):
        X, y = validate_data(self, X, y, dtype=[np.float64, np.float32], ensure_min_samples=2)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y has 1 class, {self.classes_[0]}; expected at least 2 classes")
        return X, codes

    def _adopt(self, learned, threshold):
        self.class_prior_ = learned.prior
        self.overall_centroid_ = learned.overall
        self.spread_ = learned.spread
        self.deviations_ = learned.deviations
        self.centroids_ = learned.centroids(threshold)
        self.surviving_ = learned.surviving(threshold)

    def _scores(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        contrasts = (self.centroids_ - self.overall_centroid_) / self.spread_
        genes = np.flatnonzero(contrasts.any(axis=0))
        Z = (X[:, genes] - self.overall_centroid_[genes]) / self.spread_[genes]
        return _discriminant_scores(Z, contrasts[:, genes], self.class_prior_)


class ShrunkenCentroidsCV(ShrunkenCentroids):
    """Nearest shrunken centroids with the threshold chosen by cross-validation.

    The path runs in equal steps from 0, where every gene takes part, to the largest deviation,
    where none does and every sample goes to the largest class. The centroids are learned in each
    training fold. The threshold with the fewest errors is chosen; of equally good ones the largest,
    which keeps the fewest genes, as in the paper.

    Parameters
    ----------
    n_thresholds : int, default=30
    cv : int, cross-validation generator or iterable, default=10
        A number means that many stratified folds, without shuffling, but never more than the
        smallest class has samples.

    Attributes
    ----------
    threshold_ : float
        The threshold chosen. The attributes of :class:`ShrunkenCentroids` follow from it.
    thresholds_ : ndarray of shape (n_thresholds,)
        The path.
    n_surviving_, cv_errors_ : ndarray of int, shape (n_thresholds,)
        Genes left on all samples, and samples classified wrongly over all test folds.
    """

    _parameter_constraints: dict = {  # noqa: RUF012 - scikit-learn's own convention
        "n_thresholds": [Interval(Integral, 2, None, closed="left")],
        "cv": ["cv_object"],
    }

    def __init__(self, n_thresholds=30, cv=10):
        self.n_thresholds = n_thresholds
        self.cv = cv

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y):
        """Choose the threshold, then fit as :meth:`ShrunkenCentroids.fit`.

        Raises
        ------
        ValueError
            Also for a class of one sample, or a training fold with no more samples than classes.
        """
        X, codes = self._validated(X, y)
        n_classes = len(self.classes_)
        learned = _learn(X, codes, n_classes)
        largest = learned.largest()
        self.thresholds_ = np.linspace(0, largest.max(), self.n_thresholds)
        self.n_surviving_ = np.array([np.count_nonzero(largest > t) for t in self.thresholds_])
        self.cv_errors_ = np.zeros(self.n_thresholds, dtype=int)
        for train, held_out in self._folds(codes).split(X, codes):
            fold = _learn(X[train], codes[train], n_classes)
            path = _path(fold, X[held_out], self.thresholds_)
            for i, scores in enumerate(path):
                self.cv_errors_[i] += np.count_nonzero(scores.argmax(axis=1) != codes[held_out])
        fewest = np.flatnonzero(self.cv_errors_ == self.cv_errors_.min())
        self.threshold_ = float(self.thresholds_[fewest[-1]])
        self._adopt(learned, self.threshold_)
        return self

    def _folds(self, codes):
        if not isinstance(self.cv, Integral):
            return check_cv(self.cv, codes, classifier=True)
        smallest = np.bincount(codes).min()
        if smallest < 2:
            advice = "set a threshold with ShrunkenCentroids instead"
            raise ValueError(
                f"a class has 1 sample, and cross-validation needs 2 of each; {advice}"
            )
        return StratifiedKFold(min(self.cv, smallest))


@dataclass(frozen=True)
class _Learned:
    """What the training samples give before a threshold is chosen."""

    prior: np.ndarray
    overall: np.ndarray
    spread: np.ndarray
    standard_errors: np.ndarray
    deviations: np.ndarray

    def centroids(self, threshold):
        return self.overall + self.standard_errors * _shrunken(self.deviations, threshold)

    def largest(self):
        """Largest deviation of each gene from the overall centroid, over the classes."""
        return np.abs(self.deviations).max(axis=0)

    def surviving(self, threshold):
        return self.largest() > threshold


def _learn(X, codes, n_classes):
    n, sizes = len(codes), np.bincount(codes, minlength=n_classes)
    if n <= n_classes or sizes.min() == 0:
        raise ValueError(
            f"n_samples={n} in {n_classes} classes, the smallest of {sizes.min()}; "
            "expected samples of every class and more samples than classes"
        )
    means, squares = np.empty((2, n_classes, X.shape[1]))
    for block in column_blocks(X):
        _, means[:, block], squares[:, block] = class_moments(X[:, block], codes)
    # Measured from one of them, the means of a constant gene do not differ by rounding.
    from_first = means - means[0]
    overall = sizes @ from_first / n
    within = np.sqrt(squares.sum(axis=0) / (n - n_classes))
    spread = within + np.median(within)
    spread[spread == 0] = 1.0
    errors = np.sqrt(1 / sizes - 1 / n)[:, np.newaxis] * spread
    deviations = (from_first - overall) / errors
    return _Learned(sizes / n, means[0] + overall, spread, errors, deviations)


def _shrunken(deviations, threshold):
    return np.sign(deviations) * np.maximum(np.abs(deviations) - threshold, 0)


def _path(learned, X, thresholds):
    """The discriminant scores of the samples ``X`` at each threshold, from the genes that survive.

    From the largest deviation to the smallest, those are the first genes at every threshold.
    """
    largest = learned.largest()
    order = np.argsort(-largest)
    n_surviving = np.searchsorted(-largest[order], -thresholds)
    order = order[: n_surviving.max()]
    Z = (X.take(order, axis=1) - learned.overall[order]) / learned.spread[order]
    deviations = learned.deviations[:, order]
    errors = learned.standard_errors[:, order] / learned.spread[order]
    for threshold, n in zip(thresholds, n_surviving, strict=True):
        contrasts = errors[:, :n] * _shrunken(deviations[:, :n], threshold)
        yield _discriminant_scores(Z[:, :n], contrasts, learned.prior)


def _discriminant_scores(Z, contrasts, prior):
    """``-δ_k / 2`` without the square of x, which is common to all classes."""
    return Z @ contrasts.T - np.square(contrasts).sum(axis=1) / 2 + np.log(prior)
