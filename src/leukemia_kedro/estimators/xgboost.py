"""XGBoost as a scikit-learn classifier that takes class names."""

import json
from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from leukemia_kedro.compute.private_names import Interval


class XGBoostClassifier(ClassifierMixin, BaseEstimator):
    """Gradient-boosted trees (Chen & Guestrin 2016) for labels that are text.

    ``xgboost.XGBClassifier`` takes classes 0 … K−1 only and does not check its parameters before
    it fits. Parameters are the same. One thread and exact split finding: the tables are small, the
    cores are busy with folds, and the result does not depend on their number.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    trees_ : bytes
        The fitted trees as XGBoost writes them in JSON. XGBoost's own object is made from them for
        each prediction: it lies outside Python, so a model file could not be checked before it is
        rebuilt.
    """

    _parameter_constraints: dict = {  # noqa: RUF012 - scikit-learn's own convention
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "max_depth": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "random_state": [Interval(Integral, 0, None, closed="left"), None],
    }

    def __init__(self, n_estimators=100, max_depth=3, learning_rate=0.3, random_state=None):
        self.n_estimators = n_estimators
        self.max_depth = max_depth
        self.learning_rate = learning_rate
        self.random_state = random_state

    def fit(self, X, y):
        """Fit to ``X`` of shape (n_samples, n_features) and class names ``y``."""
        from xgboost import XGBClassifier

        self._validate_params()
        X, y = validate_data(self, X, y)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y has 1 class, {self.classes_[0]}; expected at least 2 classes")
        fitted = XGBClassifier(**self.get_params(), tree_method="exact", n_jobs=1).fit(X, codes)
        content = json.loads(fitted.get_booster().save_raw("json"))
        self.trees_ = json.dumps(content, separators=(",", ":")).encode()
        return self

    def predict_proba(self, X):
        """Class probabilities, shape (n_samples, n_classes)."""
        from xgboost import Booster

        check_is_fitted(self)
        X = validate_data(self, X, reset=False)
        booster = Booster({"nthread": 1})
        booster.load_model(bytearray(self.trees_))
        found = booster.inplace_predict(X)
        return found if found.ndim == 2 else np.column_stack([1 - found, found])

    def predict(self, X):
        """Class names, shape (n_samples,)."""
        likeliest = self.predict_proba(X).argmax(axis=1)
        return self.classes_[likeliest]
