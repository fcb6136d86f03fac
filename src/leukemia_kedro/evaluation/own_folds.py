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

    Raises
    ------
    ValueError
        A class has one group to learn from.
    """
    if split.groups is None:
        return estimator
    own = estimator.get_params(deep=False).get("cv")
    if not isinstance(own, int):
        return estimator
    labels, groups = classes[split.train], split.train_groups
    # No more folds than the smallest class has groups.
    smallest = int(units_per_class(pd.Series(labels), groups).iloc[-1])
    if smallest < 2:
        raise ValueError(
            "a class has 1 group, and the cross-validation within the classifier needs 2 of each"
        )
    folds = list(class_folds(labels, min(own, smallest), seed, groups))
    return clone(estimator).set_params(cv=folds)
