"""Patients who gave several samples: how predictions of samples become counts of people."""

from __future__ import annotations

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.selection import NO_CALL

PATIENT_COUNTS = ("patients", "patients_wrong", "patients_called", "patients_called_wrongly")


def correct_patients(correct: pd.Series, patients: np.ndarray) -> pd.Series:
    """Whether all samples of each patient are classified correctly, index: the patients, sorted.

    The one rule by which the project counts errors of people: a patient with a misclassified sample
    is misclassified. It never shows fewer patients than a reader would find in the table of
    samples, and it needs no rule for ties.

    Parameters
    ----------
    correct : Series of bool, shape (n_samples,)
    patients : ndarray, shape (n_samples,)
        The patient of each sample.
    """
    return correct.groupby(patients).all()


def count_patients(predictions: pd.DataFrame, patients: np.ndarray) -> dict[str, int]:
    """Counts of patients; none where each of them gave one sample, so that samples are patients.

    Parameters
    ----------
    predictions : DataFrame
        Each sample once: columns ``label, predicted`` and perhaps ``call``.
    patients : ndarray, shape (n_samples,)
        The patient of each sample.

    Returns
    -------
    dict
        ``patients``, and ``patients_wrong`` by :func:`correct_patients`. With the column ``call``
        also ``patients_called``, with at least one sample called, and of these
        ``patients_called_wrongly``, with at least one wrong call.
    """
    names = pd.Series(patients, predictions.index)
    if names.is_unique:
        return {}
    correct = correct_patients(predictions["label"] == predictions["predicted"], patients)
    counts = {"patients": len(correct), "patients_wrong": int((~correct).sum())}
    if "call" not in predictions:
        return counts
    called = predictions["call"] != NO_CALL
    wrong = called & (predictions["call"] != predictions["label"])
    return counts | {
        "patients_called": names[called].nunique(),
        "patients_called_wrongly": names[wrong].nunique(),
    }
