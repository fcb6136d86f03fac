"""Tables of predictions: their columns, how sure they are, and what is no call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

PROBABILITY = "probability_"
"""Start of the name of the column that holds the probability of a class."""
NO_CALL = "no call"


def uncalibrated(classifier: Any) -> Any:
    """The model's own classifier, without the calibration that may be around it."""
    if hasattr(classifier, "calibrated_classifiers_"):
        return classifier.calibrated_classifiers_[0].estimator
    return classifier


def prediction_table(
    samples: pd.Index, probabilities: np.ndarray, classes: Sequence[str] | np.ndarray
) -> pd.DataFrame:
    """Columns ``sample, predicted, probability_<class>…``; the most probable class is predicted.

    Parameters
    ----------
    samples : Index
    probabilities : ndarray, shape (n_samples, n_classes)
        NaN for a class that the model of a sample did not know.
    classes : sequence of str
        In the order of the columns.
    """
    return pd.DataFrame(
        {"sample": samples, "predicted": np.asarray(classes)[np.nanargmax(probabilities, axis=1)]}
        | {f"{PROBABILITY}{name}": probabilities[:, i] for i, name in enumerate(classes)}
    )


def share_wrong(predictions: pd.DataFrame) -> pd.Series:
    """Share of wrong predictions, 0 to 1, of each sample by each model.

    Parameters
    ----------
    predictions : DataFrame
        Of any number of models and repeats: ``sample``, ``model``, ``label``, ``predicted``.

    Returns
    -------
    Series, index ``(sample, model)`` in the order of the table
    """
    wrong = (predictions["label"] != predictions["predicted"]).astype(float)
    return wrong.groupby([predictions["sample"], predictions["model"]], sort=False).mean()


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
    own = uncalibrated(classifier)
    if hasattr(own, "prediction_strength"):
        return own.prediction_strength(X)
    return probabilities.max(axis=1)


def with_calls(predictions: pd.DataFrame, confidence: np.ndarray, threshold: float) -> pd.DataFrame:
    """Add the columns ``confidence`` and ``call`` (the predicted class, or "no call")."""
    call = np.where(confidence >= threshold, predictions["predicted"], NO_CALL)
    return predictions.assign(confidence=confidence, call=call)
