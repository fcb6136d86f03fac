"""The models side by side, and beside them what needs no expression: the larger class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from leukemia_kedro.evaluation.choice import behind_best, differences
from leukemia_kedro.evaluation.metrics import score, score_repeats, squared_errors
from leukemia_kedro.evaluation.outcomes import Outcomes
from leukemia_kedro.evaluation.patients import PATIENT_COUNTS, count_patients
from leukemia_kedro.evaluation.reject_option import call_summary
from leukemia_kedro.model.predictions import PROBABILITY
from leukemia_kedro.statistics.intervals import (
    bootstrap_interval,
    clopper_pearson,
    mcnemar_exact,
    mean_recall_interval,
)
from leukemia_kedro.statistics.multiple_testing import holm

BASELINE = "larger_class"
"""The row that assigns every sample to the largest class of the training samples."""


def score_held_out(
    predictions: pd.DataFrame,
    classes: Sequence[str],
    patients: np.ndarray | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Scores of samples that were not learned from, each once.

    Parameters
    ----------
    predictions : DataFrame
        Columns ``label, predicted, probability_<class>…``.
    classes : sequence of str
    patients : ndarray, shape (n_samples,), optional
        The patient of each sample; with them the Brier score gets an interval. Where patients gave
        several samples, intervals are as wide as the number of patients asks for, as if the samples
        of one patient were always right or wrong together.
    seed : int
        Of the bootstrap over patients.

    Returns
    -------
    dict
        As :func:`~leukemia_kedro.evaluation.metrics.score`; the exact 95 % interval of the
        accuracy, ``accuracy_low, accuracy_high``; that of the balanced accuracy,
        ``balanced_accuracy_low, balanced_accuracy_high``, see
        :func:`~leukemia_kedro.statistics.intervals.mean_recall_interval`; and that of the Brier
        score, ``brier_low, brier_high`` (None for a single patient); and the counts of
        :func:`~.patients.count_patients`.
    """
    scores = score(predictions, classes)
    people = pd.Series(range(len(predictions)) if patients is None else patients)
    share = people.nunique() / len(people)
    exact = clopper_pearson((scores["n"] - scores["errors"]) * share, scores["n"] * share)
    scores |= zip(("accuracy_low", "accuracy_high"), exact, strict=True)
    sizes = people.groupby(predictions["label"].to_numpy()).nunique()
    present = {name: of["recall"] for name, of in scores["per_class"].items() if of["n"]}
    ends = mean_recall_interval(np.array(list(present.values())), sizes[list(present)].to_numpy())
    scores |= zip(("balanced_accuracy_low", "balanced_accuracy_high"), ends, strict=True)
    if patients is not None:
        scores |= count_patients(predictions, patients)
        drawn: tuple[float | None, float | None] = None, None
        if len(set(patients)) > 1:
            drawn = bootstrap_interval(squared_errors(predictions, classes), patients, seed)
        scores |= zip(("brier_low", "brier_high"), drawn, strict=True)
    return scores


def score_calls(
    predictions: pd.DataFrame,
    classes: Sequence[str],
    patients: np.ndarray | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """:func:`score_held_out`, and what the reject option did (column ``call``).

    Returns
    -------
    dict
        As both :func:`score_held_out` and
        :func:`~leukemia_kedro.evaluation.reject_option.call_summary`.
    """
    return score_held_out(predictions, classes, patients, seed) | call_summary(predictions)


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
    "baseline", "test_balanced_accuracy_low", "test_balanced_accuracy_high", "behind_best",
    "behind_best_se", "difference", "difference_low", "difference_high",
    "mcnemar_p_holm", "cv_calls", "own_calls",
]  # fmt: skip


PATIENT_COLUMNS = [f"test_{name}" for name in PATIENT_COUNTS]
"""Further last columns, where patients gave several test samples."""


def models_of(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of the models, without the baseline."""
    return table[~table["baseline"].astype(bool)]


def meet_the_rule(table: pd.DataFrame) -> pd.DataFrame:
    """Rows at most one standard error of the difference behind the best: the first is champion."""
    return table[table["behind_best"] <= table["behind_best_se"] + 1e-12]


def call_nobody(table: pd.DataFrame) -> list[str]:
    """Models whose threshold is out of reach: they call no training patient out of fold, or the
    fitted model calls none of its own training samples."""
    return list(table.loc[(table[["cv_calls", "own_calls"]] == 0).any(axis=1), "model"])


def against_the_best(outcomes: Outcomes) -> pd.DataFrame:
    """Columns ``behind_best, behind_best_se`` of the models, in their order."""
    columns = ["behind_best", "behind_best_se"]
    return pd.DataFrame(np.column_stack(behind_best(outcomes)), columns=columns)


def against_the_champion(
    outcomes: Outcomes, scores: Mapping[str, dict[str, Any]], champion: str
) -> pd.DataFrame:
    """Index ``model``, every model but the champion: differences, and McNemar's p-values."""
    columns = ["difference", "difference_low", "difference_high"]
    found = pd.DataFrame.from_dict(differences(outcomes, champion), "index", columns=columns)
    p = np.array([mcnemar_p(scores[champion], scores[name]) for name in found.index])
    return found.assign(mcnemar_p=p, mcnemar_p_holm=holm(p))


def baseline_scores(
    predictions: pd.DataFrame,
    held_out: pd.DataFrame,
    classes: Sequence[str],
    groups: pd.Series | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Scores of assigning every sample to the largest class of the training samples.

    Its probabilities are the shares of the classes among them. No expression is used.

    Parameters
    ----------
    predictions : DataFrame
        Out-of-fold predictions of any model: columns ``repeat, fold, sample, label``.
    held_out : DataFrame
        Columns ``sample, label``; no row without a test set.
    classes : sequence of str
    groups : Series, index ``sample``, optional
        The patient of each sample, where patients gave several.
    seed : int
        Of the bootstrap behind the interval of the Brier score.

    Returns
    -------
    dict
        ``n_genes`` (0), ``cv``, ``train`` and ``test``, as the scores of a model.
    """
    once = predictions[predictions["repeat"] == predictions["repeat"].min()]
    shares = once["label"].value_counts(normalize=True).reindex(classes)
    constant = {f"{PROBABILITY}{name}": share for name, share in shares.items()}

    def assigned(table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(predicted=shares.idxmax(), **constant)

    test = None
    if len(held_out):
        patients = held_out["sample"].to_numpy()
        if groups is not None:
            patients = groups.loc[patients].to_numpy()
        test = score_held_out(assigned(held_out), classes, patients, seed)
    columns = ["repeat", "fold", "sample", "label"]
    return {
        "n_genes": 0,
        "cv": score_repeats(assigned(predictions[columns]), classes, groups),
        "train": score(assigned(once[columns]), classes),
        "test": test,
    }


def comparison_row(name: str, score: dict[str, Any]) -> dict[str, Any]:
    """A model's row of the comparison, without what compares it with others."""
    cv, train, test = score["cv"], score["train"], score["test"] or {}
    option = score.get("reject_option", {})
    return {
        "model": name,
        "n_genes": score["n_genes"],
        **{f"cv_{key}": value for key, value in cv.items()},
        "train_accuracy": train["accuracy"],
        **{
            column: test.get(column.removeprefix("test_"))
            for column in (*COLUMNS, *(PATIENT_COLUMNS if "patients" in test else ()))
            if column.startswith("test_")
        },
        "overfit_gap": train["accuracy"] - cv["accuracy"],
        "cv_calls": option.get("calls"),
        "own_calls": option.get("own_calls"),
    }
