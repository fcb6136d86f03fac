"""A support vector machine whose probabilities follow its decision values."""

import numpy as np
from scipy.special import expit, softmax
from sklearn.svm import SVC


class UncalibratedSVC(SVC):
    """``SVC`` with uncalibrated probabilities, to reproduce results of a plain ``SVC``.

    The probabilities are the logistic function of the decision value (two classes), or the softmax
    of the one-versus-rest decision values. For calibrated ones take ``SVC`` with the model's
    parameter ``calibrate``.

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
