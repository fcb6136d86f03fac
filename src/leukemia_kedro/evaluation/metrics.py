"""Scores of a table of predictions, for two classes or many, and how sure they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from leukemia_kedro.model.predictions import PROBABILITY


def probabilities(predictions: pd.DataFrame, classes: Sequence[str]) -> np.ndarray:
    """Predicted probabilities, shape (n_samples, n_classes), columns in the order of ``classes``.

    A class the model never saw has probability 0.
    """
    wanted = [f"{PROBABILITY}{name}" for name in classes]
    return predictions.reindex(columns=wanted, fill_value=0.0).to_numpy(dtype=float)


def class_members(labels: np.ndarray) -> list[np.ndarray]:
    """Positions of the samples of each class that occurs."""
    return [np.flatnonzero(labels == name) for name in np.unique(labels)]


def mean_recall(correct: np.ndarray, members: Sequence[np.ndarray]) -> float:
    """Balanced accuracy: the mean over classes of the share predicted correctly.

    scikit-learn's ``balanced_accuracy_score`` checks its input at every call, and tuning scores
    thousands of grid points.

    Parameters
    ----------
    correct : ndarray of bool, shape (n_samples,)
    members : sequence of ndarray
        From :func:`class_members`.
    """
    return float(np.mean([correct[of_class].mean() for of_class in members]))


def score(predictions: pd.DataFrame, classes: Sequence[str]) -> dict[str, Any]:
    """Scores of one set of predictions, each sample once.

    Parameters
    ----------
    predictions : DataFrame
        Columns ``label, predicted, probability_<class>…``.
    classes : sequence of str
        All classes of the cohort; a class may be missing from ``predictions``.

    Returns
    -------
    dict
        ``n, errors, accuracy, balanced_accuracy, macro_f1, auc, log_loss, brier`` and
        ``per_class`` with precision, recall, F1 and number of samples. Balanced accuracy and
        macro F1 are means over the classes present; AUC is the mean one-versus-rest area over
        the classes present, None where only one is. The Brier score is the mean of
        :func:`squared_errors`.
    """
    from sklearn.metrics import precision_recall_fscore_support

    labels = predictions["label"].to_numpy(dtype=str)
    predicted = predictions["predicted"].to_numpy(dtype=str)
    probability = probabilities(predictions, classes)
    precision, recall, f1, support = precision_recall_fscore_support(
        labels, predicted, labels=list(classes), zero_division=0
    )
    present = support > 0
    return {
        "n": len(labels),
        "errors": int((labels != predicted).sum()),
        "accuracy": float((labels == predicted).mean()),
        "balanced_accuracy": float(recall[present].mean()),
        "macro_f1": float(f1[present].mean()),
        "auc": one_versus_rest_auc(labels, probability, classes),
        "log_loss": _log_loss(labels, probability, classes),
        "brier": float(squared_errors(predictions, classes).mean()),
        "per_class": {
            name: {
                "precision": float(precision[i]),
                "recall": float(recall[i]) if present[i] else None,
                "f1": float(f1[i]) if present[i] else None,
                "n": int(support[i]),
            }
            for i, name in enumerate(classes)
        },
    }


def squared_errors(predictions: pd.DataFrame, classes: Sequence[str]) -> np.ndarray:
    """What each sample adds to the Brier score, shape (n_samples,).

    The squared distance of the predicted probabilities from 1 for the sample's own class and 0
    for the others, halved for two classes, so that the Brier score is the usual one between 0
    and 1 (Brier 1950, Monthly Weather Review 78:1).
    """
    truth = predictions["label"].to_numpy(dtype=str)[:, None] == np.asarray(classes)[None, :]
    squared = ((probabilities(predictions, classes) - truth) ** 2).sum(axis=1)
    return squared / 2 if len(classes) == 2 else squared


def score_repeats(
    predictions: pd.DataFrame, classes: Sequence[str], groups: pd.Series | None = None
) -> dict[str, Any]:
    """Cross-validated scores: each repeat is scored as a whole, then averaged over repeats.

    A repeat holds every sample once, so no score depends on how small a fold is; leave-one-out
    is scored the same way. The standard error of the balanced accuracy is that of the corrected
    resampled t-test (Nadeau & Bengio 2003, Machine Learning 52:239) on the folds' residuals
    (:func:`~.outcomes.fold_residuals`): training sets overlap, so the plain standard error over
    folds and repeats would shrink with every repeat although no patient is added. The interval is
    that of :func:`~leukemia_kedro.statistics.intervals.mean_recall_interval`.

    Parameters
    ----------
    predictions : DataFrame
        Columns ``repeat, fold, sample, label, predicted, probability_<class>…``.
    classes : sequence of str
    groups : Series, index ``sample``, optional
        The patient of each sample, where patients gave several.

    Returns
    -------
    dict
        As :func:`score`, without ``errors``, and
        ``balanced_accuracy_se, balanced_accuracy_low, balanced_accuracy_high`` (95 %).
    """
    from leukemia_kedro.evaluation.outcomes import (
        Outcomes,
        fold_residuals,
        recalls,
        score_interval,
    )
    from leukemia_kedro.statistics.intervals import corrected_resampled_error

    repeats = [score(repeat, classes) for _, repeat in predictions.groupby("repeat", sort=True)]
    scores = pd.DataFrame(repeats)
    averaged = {
        name: _mean_or_none(scores[name])
        for name in ("accuracy", "balanced_accuracy", "macro_f1", "auc", "log_loss", "brier")
    }
    outcomes = Outcomes.of(predictions.assign(model=""), [""], groups)
    [error] = corrected_resampled_error(fold_residuals(outcomes), outcomes.n_folds)
    low, high = score_interval(outcomes, recalls(outcomes)[:, 0, 0])
    return {
        "n": int(scores["n"].iloc[0]),
        **averaged,
        "balanced_accuracy_se": float(error),
        "balanced_accuracy_low": low,
        "balanced_accuracy_high": high,
        "per_class": {
            name: pd.DataFrame(repeat["per_class"][name] for repeat in repeats).mean().to_dict()
            | {"n": repeats[0]["per_class"][name]["n"]}
            for name in classes
        },
    }


def one_versus_rest_auc(
    labels: np.ndarray, probability: np.ndarray, classes: Sequence[str]
) -> float | None:
    """The mean one-versus-rest area under the curve, over the classes present.

    ``labels`` has shape (n_samples,), ``probability`` (n_samples, n_classes). None where fewer than
    two classes are present.
    """
    from sklearn.metrics import roc_auc_score

    present = [i for i, name in enumerate(classes) if (labels == name).any()]
    if len(present) < 2:
        return None
    if len(classes) == 2:
        return float(roc_auc_score(labels == classes[1], probability[:, 1]))
    return float(np.mean([roc_auc_score(labels == classes[i], probability[:, i]) for i in present]))


def _log_loss(labels: np.ndarray, probability: np.ndarray, classes: Sequence[str]) -> float:
    own = probability[np.arange(len(labels)), [list(classes).index(label) for label in labels]]
    # A model that is sure and wrong would score infinity and hide every other patient.
    return float(-np.log(np.clip(own, np.finfo(float).eps, 1)).mean())


def _mean_or_none(values: pd.Series) -> float | None:
    return None if values.isna().any() else float(values.mean())
