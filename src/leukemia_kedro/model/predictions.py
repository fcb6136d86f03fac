"""Tables of predictions: their columns, how sure they are, and what is no call."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.selection import NO_CALL

PROBABILITY = "probability_"
"""Start of the name of the column that holds the probability of a class."""
UNSURE = "confidence below the threshold"
"""Why there is no call for a sample that is no blank array."""
ROUNDING = 1e-9
"""Smaller differences are none. Predictions of the folds were read from a file, to 12 digits."""


def prediction_table(
    samples: pd.Index,
    predicted: np.ndarray,
    probabilities: np.ndarray,
    classes: Sequence[str] | np.ndarray,
) -> pd.DataFrame:
    """Columns ``sample, predicted, probability_<class>…``.

    Parameters
    ----------
    samples : Index
    predicted : ndarray of str, shape (n_samples,)
        The class that the classifier decides for; another one may be more probable.
    probabilities : ndarray, shape (n_samples, n_classes)
        NaN for a class that the model of a sample did not know.
    classes : sequence of str
        In the order of the columns.
    """
    return pd.DataFrame(
        {"sample": samples, "predicted": predicted}
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


def patient_weights(patients: np.ndarray) -> np.ndarray:
    """Weights of predictions that add to 1 for each patient, shape (n_predictions,).

    ``patients`` names the patient of each prediction. Five repeats do not make five patients of
    one, nor do several samples.
    """
    _, patient, counts = np.unique(patients, return_inverse=True, return_counts=True)
    return 1 / counts[patient]


def with_calls(predictions: pd.DataFrame, confidence: np.ndarray, threshold: float) -> pd.DataFrame:
    """Add the columns ``confidence`` and ``call`` (the predicted class, or "no call")."""
    call = np.where(confidence >= threshold - ROUNDING, predictions["predicted"], NO_CALL)
    return predictions.assign(confidence=confidence, call=call)


def with_reasons(calls: pd.DataFrame, faults: Sequence[str]) -> pd.DataFrame:
    """Take back the calls of samples with a fault, and add ``no_call_reason``, empty for a call.

    ``faults`` says for each sample what speaks against any call, or nothing.
    """
    unsure = np.where(calls["call"] == NO_CALL, UNSURE, "")
    reason = [fault or other for fault, other in zip(faults, unsure, strict=True)]
    call = np.where([bool(fault) for fault in faults], NO_CALL, calls["call"])
    return calls.assign(call=call, no_call_reason=reason)
