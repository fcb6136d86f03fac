"""Nearest shrunken centroids: Tibshirani et al. (2002)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.model_selection import RepeatedStratifiedKFold

from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.estimators import ShrunkenCentroids, ShrunkenCentroidsCV
from leukemia_kedro.replication.golub import log2, original_split
from leukemia_kedro.replication.table import Row, compare

STUDY = "Tibshirani et al. 2002, nearest shrunken centroids"
PUBLISHED = {"n_genes": 21, "cv_errors": 2, "test_errors": 2}
FOLDS, DRAWS, THRESHOLDS = 10, 20, 50
ONE_PATIENT = 1.0


def replicate(cohort: Cohort, seed: int) -> tuple[list[Row], pd.DataFrame]:
    """The threshold path on all probes: where it has 21 genes, and where cross-validation points.

    Parameters
    ----------
    cohort : Cohort
    seed : int
        Of the folds, which are drawn 20 times.

    Returns
    -------
    rows : list of Row
    path : DataFrame, columns ``threshold, n_genes, cv_errors, test_errors, chosen``
        ``cv_errors`` is the mean number of the 38 called wrongly in ten-fold cross-validation,
        over the draws; ``test_errors`` counts among the 34; ``chosen`` is true where
        cross-validation points.

    Raises
    ------
    UserError
        The cohort is not Golub's.
    """
    golub = original_split(cohort)
    train, test = log2().fit_transform(golub.train), log2().fit_transform(golub.test)
    folds = RepeatedStratifiedKFold(n_splits=FOLDS, n_repeats=DRAWS, random_state=seed)
    chosen = ShrunkenCentroidsCV(THRESHOLDS, cv=folds).fit(train, golub.train_labels)
    path = pd.DataFrame(
        {
            "threshold": chosen.thresholds_,
            "n_genes": chosen.n_surviving_,
            "cv_errors": chosen.cv_errors_ / DRAWS,
            "test_errors": [
                len(golub.wrong(_fitted(threshold, train, golub.train_labels).predict(test)))
                for threshold in chosen.thresholds_
            ],
            "chosen": chosen.thresholds_ == chosen.threshold_,
        }
    )
    nearest = path.loc[(path["n_genes"] - PUBLISHED["n_genes"]).abs().idxmin()]
    by_cv = path[path["chosen"]].iloc[0]
    flat = path[path["cv_errors"] <= by_cv["cv_errors"] + 1]
    return [
        compare(
            STUDY,
            "path, nearest to 21 genes: genes left",
            PUBLISHED["n_genes"],
            int(nearest["n_genes"]),
            note=f"threshold {nearest['threshold']:.2f}, all probes floored and logged",
        ),
        compare(
            STUDY,
            "path, nearest to 21 genes: cross-validated errors of 38",
            PUBLISHED["cv_errors"],
            float(nearest["cv_errors"]),
            tolerance=ONE_PATIENT,
            note=f"mean of {DRAWS} draws of the {FOLDS} folds; a single draw, as published, moves "
            "by about one patient",
        ),
        compare(
            STUDY,
            "path, nearest to 21 genes: errors of 34",
            PUBLISHED["test_errors"],
            int(nearest["test_errors"]),
        ),
        compare(
            STUDY,
            "threshold chosen by cross-validation on the 38: genes left",
            PUBLISHED["n_genes"],
            int(by_cv["n_genes"]),
            note=f"threshold {by_cv['threshold']:.2f}; the choice is not stable: from "
            f"{flat['n_genes'].max()} to {flat['n_genes'].min()} genes the mean error is within "
            "1 patient of the lowest",
        ),
        compare(
            STUDY,
            "threshold chosen by cross-validation on the 38: cross-validated errors of 38",
            PUBLISHED["cv_errors"],
            float(by_cv["cv_errors"]),
            tolerance=ONE_PATIENT,
        ),
        compare(
            STUDY,
            "threshold chosen by cross-validation on the 38: errors of 34",
            PUBLISHED["test_errors"],
            int(by_cv["test_errors"]),
        ),
    ], path


def _fitted(threshold: float, train: np.ndarray, labels: np.ndarray) -> ShrunkenCentroids:
    return ShrunkenCentroids(threshold=float(threshold)).fit(train, labels)
