"""A classifier that keeps its own decision and states calibrated probabilities beside it."""

from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import check_is_fitted


def class_scores(classifier: Any, X: np.ndarray) -> np.ndarray:
    """What a fitted classifier decides by, shape (n_samples, n_classes); larger is likelier.

    Its log likelihoods (asinh of them, from their mean); where it has none, its decision values;
    where it has neither, its probabilities. A single decision value is that of the second class;
    the first has 0.
    """
    if hasattr(classifier, "predict_joint_log_proba"):
        # Likelihoods of many genes differ by hundreds in the logarithm: as probabilities they
        # round to 0 and 1, as they are a few samples decide the slope of a calibration.
        joint = classifier.predict_joint_log_proba(X)
        return np.arcsinh(joint - joint.mean(axis=1, keepdims=True))
    if hasattr(classifier, "decision_function"):
        scores = classifier.decision_function(X)
        return np.column_stack([np.zeros_like(scores), scores]) if scores.ndim == 1 else scores
    return classifier.predict_proba(X)


def fit_calibration(scores: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    r"""Slope and intercepts that turn scores of samples not learned from into probabilities.

    .. math:: P(k \mid s) \propto \exp(a s_k + b_k), \qquad a \ge 0.

    For two classes this is the sigmoid of Platt (1999), for more its extension by Alexandari,
    Kundaje & Shrikumar (2020, "bias-corrected temperature scaling"). The parameters have the
    largest likelihood times Jeffreys' prior (Firth 1993), the square root of the determinant of
    the information. It keeps the slope finite where the scores separate the classes (Heinze &
    Schemper 2002), as a few dozen patients often do, and costs less than Platt's softened labels,
    with which no probability comes above (n + 1) / (n + 2) of a class of n samples.

    A negative slope would call scores for a class evidence against it. It occurs where scores
    mean nothing, and there a slope of 0 gives every sample the shares of the classes.

    Parameters
    ----------
    scores : ndarray, shape (n_samples, n_classes)
        From :func:`class_scores`, of classifiers that did not learn from the sample, neither its
        genes nor their scaling.
    labels : ndarray, shape (n_samples,)
        All classes occur, in the sorted order of the columns of ``scores``.

    Returns
    -------
    slope : float
    intercepts : ndarray, shape (n_classes,)
        The first is 0.

    References
    ----------
    J. Platt (1999). Probabilistic outputs for support vector machines. Advances in Large Margin
    Classifiers, 61–74.
    D. Firth (1993). Bias reduction of maximum likelihood estimates. Biometrika 80:27–38.
    G. Heinze & M. Schemper (2002). A solution to the problem of separation in logistic regression.
    Statistics in Medicine 21:2409–2419.
    A. Alexandari, A. Kundaje & A. Shrikumar (2020). Maximum likelihood with bias-corrected
    calibration is hard-to-beat at label shift adaptation. ICML, PMLR 119:222–232.
    """
    names, codes, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    truth = np.eye(len(names))[codes]
    centred = scores - scores.mean(axis=1, keepdims=True)
    without_slope = np.log((sizes + 0.5) / (sizes[0] + 0.5))
    spread = centred.std()
    if np.ptp(centred, axis=0).max() <= 1e-12 * spread or spread == 0:
        return 0.0, without_slope
    start = np.append(0.0, without_slope[1:])
    found = minimize(
        _penalised_loss,
        start,
        (centred / spread, truth),
        jac=True,
        bounds=[(0.0, None)] + [(None, None)] * (len(names) - 1),
        method="L-BFGS-B",
        options={"ftol": 1e-14, "gtol": 1e-8, "maxiter": 1000},
    ).x
    return float(found[0] / spread), np.append(0.0, found[1:])


def _penalised_loss(
    parameters: np.ndarray, u: np.ndarray, truth: np.ndarray
) -> tuple[float, np.ndarray]:
    """Minus log likelihood and half the log determinant of the information, and the gradient."""
    logits = parameters[0] * u + np.append(0.0, parameters[1:])
    p = softmax(logits, axis=1)
    mean = (p * u).sum(axis=1, keepdims=True)
    of_slope = p * (u - mean)
    information = np.diag(np.append((of_slope * u).sum(), p.sum(axis=0)[1:]))
    information[1:, 1:] -= p[:, 1:].T @ p[:, 1:]
    information[0, 1:] = information[1:, 0] = of_slope.sum(axis=0)[1:]
    _, log_determinant = np.linalg.slogdet(information)
    loss = -(truth * log_softmax(logits, axis=1)).sum() - log_determinant / 2

    # With G = J I⁻¹ Jᵀ of a sample, whose logits have the derivatives J, the derivative of
    # log det I by logit k is p_k (h_k − Σ p h), where h = diag(G) − 2 G p.
    inverse = np.linalg.pinv(information)
    a, b = inverse[0, 0], np.append(0.0, inverse[0, 1:])
    c = np.pad(inverse[1:, 1:], ((1, 0), (1, 0)))
    diagonal = a * u**2 + 2 * u * b + np.diag(c)
    product = u * (a * mean + p @ b[:, None]) + b * mean + p @ c
    h = diagonal - 2 * product
    beyond = p - truth - p * (h - (p * h).sum(axis=1, keepdims=True)) / 2
    return float(loss), np.append((beyond * u).sum(), beyond.sum(axis=0)[1:])


class Decision(NamedTuple):
    """What a classifier makes of some samples."""

    predicted: np.ndarray
    """Column of the class that the classifier decides for, shape (n_samples,)."""
    probabilities: np.ndarray
    """Calibrated, shape (n_samples, n_classes)."""
    confidence: np.ndarray
    """How sure the decision is, 0 to 1, shape (n_samples,)."""


class CalibratedClassifier(ClassifierMixin, BaseEstimator):
    """The class is the classifier's own decision; the probabilities are calibrated.

    The two may differ: where classes are of unequal size, a sample at a classifier's boundary is
    more probably of the larger class. The decision is what tuning and balanced accuracy judge; the
    probability is for everything that treats a number as one (Brier score, log loss, "no call").

    Parameters
    ----------
    estimator : classifier
        With ``decision_function``, ``predict_joint_log_proba`` or ``predict_proba``.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    estimator_ : classifier
        Fitted on all samples.
    slope_ : float
    intercepts_ : ndarray of shape (n_classes,)
        See :func:`fit_calibration`.
    """

    def __init__(self, estimator):
        self.estimator = estimator

    def fit(self, X, y, out_of_fold):
        """Fit the classifier to ``X``, shape (n_samples, n_features), and calibrate it.

        ``out_of_fold``, shape (n_samples, n_classes), holds the scores that the same samples got
        from classifiers of folds without them, see :func:`class_scores`.
        """
        self.estimator_ = clone(self.estimator).fit(X, y)
        self.classes_ = self.estimator_.classes_
        self.slope_, self.intercepts_ = fit_calibration(out_of_fold, y)
        return self

    def predict(self, X):
        """The classifier's own decision, shape (n_samples,)."""
        check_is_fitted(self)
        return self.estimator_.predict(X)

    def predict_proba(self, X):
        """Calibrated probabilities, shape (n_samples, n_classes)."""
        return softmax(self.slope_ * self.class_scores(X) + self.intercepts_, axis=1)

    def class_scores(self, X):
        """What the classifier decides by, see :func:`class_scores`."""
        check_is_fitted(self)
        return class_scores(self.estimator_, X)

    def decide(self, X):
        """The decision, the probabilities and the confidence, a :class:`Decision`.

        The confidence is the calibrated probability that the decision is right. Weighted voting
        has a measure of its own, the prediction strength (Golub et al. 1999).
        """
        predicted = np.searchsorted(self.classes_, self.predict(X))
        probabilities = self.predict_proba(X)
        if hasattr(self.estimator_, "prediction_strength"):
            confidence = self.estimator_.prediction_strength(X)
        else:
            confidence = probabilities[np.arange(len(predicted)), predicted]
        return Decision(predicted, probabilities, confidence)
