"""Classifiers that cross-validate within themselves, and the folds they do it in."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV

from leukemia_kedro.evaluation.plan import Split, class_folds, units_per_class

CALIBRATION_FOLDS = 3


def calibrated(
    estimator: ClassifierMixin, labels: np.ndarray, seed: int, groups: np.ndarray | None = None
) -> CalibratedClassifierCV:
    """``estimator`` with probabilities from Platt's sigmoid on out-of-fold decision values.

    Parameters
    ----------
    labels : ndarray of str, shape (n_samples,)
        Of the samples it will be fitted on. There are three folds, or as many as the smallest
        class has samples (groups).
    groups : ndarray, shape (n_samples,), optional
        Samples of one group are out of fold together.
    """
    return CalibratedClassifierCV(
        estimator,
        method="sigmoid",
        cv=_own_folds(labels, CALIBRATION_FOLDS, seed, groups),
        ensemble=False,
    )


def final_classifier(
    estimator: ClassifierMixin, classes: np.ndarray, split: Split, calibrate: bool, seed: int
) -> ClassifierMixin:
    """The tuned classifier as it is fitted on ``split.train``."""
    estimator = in_groups(estimator, classes, split, seed)
    if not calibrate:
        return estimator
    return calibrated(estimator, classes[split.train], seed, split.train_groups)


def in_groups(
    estimator: ClassifierMixin, classes: np.ndarray, split: Split, seed: int
) -> ClassifierMixin:
    """A classifier that cross-validates within itself keeps groups together there, too."""
    if split.groups is None:
        return estimator
    own = estimator.get_params(deep=False).get("cv")
    if not isinstance(own, int):
        return estimator
    folds = _own_folds(classes[split.train], own, seed, split.train_groups)
    return clone(estimator).set_params(cv=folds)


def _own_folds(
    labels: np.ndarray, most: int, seed: int, groups: np.ndarray | None
) -> list[tuple[np.ndarray, np.ndarray]]:
    """``most`` folds, or as many as the smallest class has samples or groups."""
    smallest = int(units_per_class(pd.Series(labels), groups).iloc[-1])
    return list(class_folds(labels, min(most, smallest), seed, groups))
