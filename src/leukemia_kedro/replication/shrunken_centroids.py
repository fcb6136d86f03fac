"""Nearest shrunken centroids: Tibshirani et al. (2002)."""

from __future__ import annotations

import pandas as pd
from sklearn.model_selection import RepeatedStratifiedKFold

from leukemia_kedro.estimators import ShrunkenCentroids, ShrunkenCentroidsCV
from leukemia_kedro.replication.golub import Golub, log2
from leukemia_kedro.replication.table import Row, compare

STUDY = "Tibshirani et al. 2002, nearest shrunken centroids"
PUBLISHED = {"n_genes": 21, "cv_errors": 2, "test_errors": 2}
FOLDS, DRAWS, THRESHOLDS = 10, 20, 50
ONE_PATIENT = 1.0


def threshold_path(golub: Golub, seed: int) -> pd.DataFrame:
    """Genes and errors at each threshold, on all probes.

    ``seed`` draws the folds, 20 times.

    Returns
    -------
    DataFrame, columns ``threshold, n_genes, cv_errors, test_errors, chosen``
        ``cv_errors`` is the mean number of errors among the 38 in ten-fold cross-validation, over
        the draws; ``test_errors`` counts errors of 34; ``chosen`` is true at the threshold that
        cross-validation chooses.
    """
    train, test = log2().fit_transform(golub.train), log2().fit_transform(golub.test)
    folds = RepeatedStratifiedKFold(n_splits=FOLDS, n_repeats=DRAWS, random_state=seed)
    chosen = ShrunkenCentroidsCV(THRESHOLDS, cv=folds).fit(train, golub.train_labels)
    models = (
        ShrunkenCentroids(threshold=float(threshold)).fit(train, golub.train_labels)
        for threshold in chosen.thresholds_
    )
    return pd.DataFrame(
        {
            "threshold": chosen.thresholds_,
            "n_genes": chosen.n_surviving_,
            "cv_errors": chosen.cv_errors_ / DRAWS,
            "test_errors": [len(golub.wrong(model.predict(test))) for model in models],
            "chosen": chosen.thresholds_ == chosen.threshold_,
        }
    )


def rows_of_path(path: pd.DataFrame) -> list[Row]:
    """The path where it has 21 genes, and at the threshold that cross-validation chooses."""
    nearest = path.iloc[(path["n_genes"] - PUBLISHED["n_genes"]).abs().argmin()]
    by_cv = path[path["chosen"]].iloc[0]
    flat = path.loc[path["cv_errors"] <= by_cv["cv_errors"] + 1, "n_genes"]
    at_nearest = f"threshold {nearest['threshold']:.2f}, all probes floored and logged"
    errors_note = (
        f"mean of {DRAWS} draws of the {FOLDS} folds; a single draw, as published, moves by about "
        "one patient"
    )
    at_chosen = (
        f"threshold {by_cv['threshold']:.2f}; the choice is not stable: from {flat.max()} to "
        f"{flat.min()} genes the mean error is within 1 patient of the lowest"
    )
    return [
        *_rows_of_point("path, nearest to 21 genes", nearest, at_nearest, errors_note),
        *_rows_of_point("threshold chosen by cross-validation on the 38", by_cv, at_chosen),
    ]


def _rows_of_point(
    setting: str, point: pd.Series, genes_note: str, errors_note: str = ""
) -> list[Row]:
    quantities = (
        ("genes left", "n_genes", 0.0, genes_note),
        ("cross-validated errors of 38", "cv_errors", ONE_PATIENT, errors_note),
        ("errors of 34", "test_errors", 0.0, ""),
    )
    return [
        compare(STUDY, f"{setting}: {name}", PUBLISHED[key], float(point[key]), tolerance, note)
        for name, key, tolerance, note in quantities
    ]
