"""XGBoost behaves as a scikit-learn classifier and equals xgboost itself."""

import numpy as np
from sklearn.datasets import make_classification
from sklearn.utils.estimator_checks import check_estimator

from leukemia_kedro.estimators.xgboost import XGBoostClassifier


def test_scikit_learn_contract():
    check_estimator(XGBoostClassifier(n_estimators=5), on_skip=None)


def test_xgboost_takes_class_names_and_equals_xgboost_on_numbers():
    from xgboost import XGBClassifier

    X, codes = make_classification(120, 10, n_informative=6, n_classes=3, random_state=0)
    y = np.array(["PB", "AML", "Bone_Marrow"])[codes]
    ours = XGBoostClassifier(n_estimators=10, random_state=0).fit(X, y)
    encoded = np.searchsorted(ours.classes_, y)
    theirs = XGBClassifier(n_estimators=10, max_depth=3, learning_rate=0.3, tree_method="exact")
    theirs.fit(X, encoded)
    np.testing.assert_array_equal(ours.predict_proba(X), theirs.predict_proba(X))
    assert set(ours.predict(X)) <= set(y)
