"""Classifiers that cross-validate within themselves, and the folds they do it in."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin, clone

from leukemia_kedro.evaluation.plan import Split, class_folds, units_per_class


def in_groups(
    estimator: ClassifierMixin, classes: np.ndarray, split: Split, seed: int
) -> ClassifierMixin:
    """A classifier that cross-validates within itself keeps groups together there, too.

    Not where a class has one group to learn from: its samples are then divided. That may choose a
    poorer setting, but shows the classifier no sample that it is judged by.
    """
    if split.groups is None:
        return estimator
    own = estimator.get_params(deep=False).get("cv")
    if not isinstance(own, int):
        return estimator
    labels, groups = classes[split.train], split.train_groups
    n_folds = min(own, int(units_per_class(pd.Series(labels), groups).iloc[-1]))
    if n_folds < 2:
        return estimator
    folds = list(class_folds(labels, n_folds, seed, groups))
    return clone(estimator).set_params(cv=folds)
