"""The models side by side, and the champion: chosen by cross-validation, never by the test set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from leukemia_kedro.evaluation.metrics import score, squared_errors
from leukemia_kedro.evaluation.reject_option import call_summary
from leukemia_kedro.statistics.intervals import bootstrap_interval, clopper_pearson, mcnemar_exact

ONE_STANDARD_ERROR_RULE = (
    "the simplest model whose cross-validated balanced accuracy is within one standard error "
    "of the best model's"
)


def score_calls(
    predictions: pd.DataFrame,
    classes: Sequence[str],
    patients: np.ndarray | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Scores of samples that were not learned from, each once, and what the reject option did.

    Parameters
    ----------
    predictions : DataFrame
        Columns ``label, predicted, probability_<class>…, call``.
    classes : sequence of str
    patients : ndarray, shape (n_samples,), optional
        The patient of each sample; with them the Brier score gets an interval.
    seed : int
        Of the bootstrap over patients.

    Returns
    -------
    dict
        As :func:`~leukemia_kedro.evaluation.metrics.score`; the exact 95 % interval of the
        accuracy, ``accuracy_low, accuracy_high``; that of the Brier score, ``brier_low,
        brier_high`` (None for a single patient); and as
        :func:`~leukemia_kedro.evaluation.reject_option.call_summary`.
    """
    scores = score(predictions, classes)
    exact = clopper_pearson(scores["n"] - scores["errors"], scores["n"])
    scores |= zip(("accuracy_low", "accuracy_high"), exact, strict=True)
    if patients is not None:
        drawn: tuple[float | None, float | None] = None, None
        if len(set(patients)) > 1:
            drawn = bootstrap_interval(squared_errors(predictions, classes), patients, seed)
        scores |= zip(("brier_low", "brier_high"), drawn, strict=True)
    return scores | call_summary(predictions)


def choose_champion(table: pd.DataFrame) -> str:
    """The one-standard-error rule (Breiman et al. 1984) over rows ordered simplest first."""
    return within_one_standard_error(table)["model"].iloc[0]


def within_one_standard_error(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of the models that cross-validation cannot distinguish from the best, which is one."""
    best = table.iloc[table["cv_balanced_accuracy"].argmax()]
    lowest = best["cv_balanced_accuracy"] - best["cv_balanced_accuracy_se"]
    return table[table["cv_balanced_accuracy"] >= lowest]


def mcnemar_p(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Exact two-sided p-value of McNemar's test between the scores of two models."""
    return mcnemar_exact(np.array(one["correct"]), np.array(other["correct"]))


COLUMNS = [
    "model", "n_genes", "cv_balanced_accuracy", "cv_accuracy", "cv_macro_f1", "cv_auc",
    "cv_log_loss", "cv_brier", "train_accuracy", "test_n", "test_errors", "test_accuracy",
    "test_accuracy_low", "test_accuracy_high", "test_balanced_accuracy", "test_macro_f1",
    "test_auc", "overfit_gap", "champion", "cv_balanced_accuracy_se", "cv_balanced_accuracy_low",
    "cv_balanced_accuracy_high", "test_log_loss", "test_brier", "test_calls",
    "test_errors_among_calls", "mcnemar_p", "test_brier_low", "test_brier_high",
    "cv_calibration_slope", "cv_calibration_slope_low", "cv_calibration_slope_high",
    "cv_calibration_intercept", "cv_calibration_intercept_low", "cv_calibration_intercept_high",
    "test_calibration_slope", "test_calibration_slope_low", "test_calibration_slope_high",
    "test_calibration_intercept", "test_calibration_intercept_low",
    "test_calibration_intercept_high",
]  # fmt: skip


def comparison_row(name: str, score: dict[str, Any]) -> dict[str, Any]:
    """A model's row of the comparison, without what compares it with others."""
    cv, train, test = score["cv"], score["train"], score["test"] or {}
    return {
        "model": name,
        "n_genes": score["n_genes"],
        **{f"cv_{key}": value for key, value in cv.items()},
        "train_accuracy": train["accuracy"],
        **{
            column: test.get(column.removeprefix("test_"))
            for column in COLUMNS
            if column.startswith("test_")
        },
        "overfit_gap": train["accuracy"] - cv["accuracy"],
    }
