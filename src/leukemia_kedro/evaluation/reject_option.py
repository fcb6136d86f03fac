"""The reject option: a model that is not sure says "no call"."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

NO_CALL = "no call"


def confidence(classifier: Any, X: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """How sure a fitted classifier is of each sample, 0 to 1, shape (n_samples,).

    Weighted voting has a measure of its own, the prediction strength (Golub et al. 1999); for
    every other model it is the probability of the likeliest class.

    Parameters
    ----------
    classifier : fitted classifier
        May be a ``CalibratedClassifierCV`` around the model's own.
    X : ndarray, shape (n_samples, n_genes)
        What the classifier takes.
    probabilities : ndarray, shape (n_samples, n_classes)
        What it predicts for ``X``.
    """
    if hasattr(classifier, "calibrated_classifiers_"):
        classifier = classifier.calibrated_classifiers_[0].estimator
    if hasattr(classifier, "prediction_strength"):
        return classifier.prediction_strength(X)
    return probabilities.max(axis=1)


def choose_threshold(correct: np.ndarray, confidence: np.ndarray, max_error: float) -> float:
    """The smallest confidence at which calls made on training folds are wrong seldom enough.

    Parameters
    ----------
    correct : ndarray of bool, shape (n_predictions,)
        Whether each out-of-fold prediction was right.
    confidence : ndarray, shape (n_predictions,)
    max_error : float
        Largest share of wrong calls among the calls.

    Returns
    -------
    float
        A sample is called where its confidence reaches this. Above 1, so that nothing is
        called, where no threshold keeps the aim.
    """
    order = np.argsort(-confidence, kind="stable")
    error = np.cumsum(~correct[order]) / np.arange(1, len(order) + 1)
    sorted_confidence = confidence[order]
    # A threshold calls all samples that share its confidence: look at the last of each tie.
    last_of_tie = np.append(sorted_confidence[:-1] != sorted_confidence[1:], True)
    allowed = np.flatnonzero((error <= max_error) & last_of_tie)
    return float(sorted_confidence[allowed[-1]]) if len(allowed) else float(np.nextafter(1, 2))


def with_calls(predictions: pd.DataFrame, confidence: np.ndarray, threshold: float) -> pd.DataFrame:
    """Add the columns ``confidence`` and ``call`` (the predicted class, or "no call")."""
    call = np.where(confidence >= threshold, predictions["predicted"], NO_CALL)
    return predictions.assign(confidence=confidence, call=call)


def risk_coverage(correct: np.ndarray, confidence: np.ndarray) -> pd.DataFrame:
    """Error among the calls as the threshold falls (El-Yaniv & Wiener 2010).

    Returns
    -------
    DataFrame, columns ``threshold, coverage, risk``
        One row per distinct confidence, highest first.
    """
    order = np.argsort(-confidence, kind="stable")
    table = pd.DataFrame(
        {
            "threshold": confidence[order],
            "coverage": np.arange(1, len(order) + 1) / len(order),
            "risk": np.cumsum(~correct[order]) / np.arange(1, len(order) + 1),
        }
    )
    return table.drop_duplicates("threshold", keep="last", ignore_index=True)


def call_summary(predictions: pd.DataFrame) -> dict[str, float | int | None]:
    """Calls, wrong calls and coverage of a table with the column ``call``."""
    called = predictions[predictions["call"] != NO_CALL]
    return {
        "calls": len(called),
        "errors_among_calls": int((called["call"] != called["label"]).sum()),
        "coverage": len(called) / len(predictions) if len(predictions) else None,
    }
