"""A support vector machine that is called by the sign of its decision value."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, softmax
from sklearn.svm import SVC


class UncalibratedSVC(SVC):
    """``SVC`` with probabilities that are no more than its decision values in another form.

    For two classes the logistic function of the decision value, so that the likeliest class is
    the one ``SVC`` predicts; for more the softmax of the one-versus-rest decision values. For
    reproducing results of a plain ``SVC``; where probabilities should mean something, take
    ``SVC`` and let the model's parameter ``calibrate`` be true.

    Parameters
    ----------
    As ``sklearn.svm.SVC``.

    Examples
    --------
    >>> from leukemia_kedro.estimators.uncalibrated_svc import UncalibratedSVC
    >>> svc = UncalibratedSVC(kernel="linear").fit([[0.0], [2.0]], ["ALL", "AML"])
    >>> svc.predict_proba([[1.0]])
    array([[0.5, 0.5]])
    """

    def predict_proba(self, X):
        """Decision values brought between 0 and 1, shape (n_samples, n_classes)."""
        decision = self.decision_function(X)
        if decision.ndim == 2:
            return softmax(decision, axis=1)
        second = expit(decision)
        return np.column_stack([1 - second, second])
