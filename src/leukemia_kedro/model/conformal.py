"""Conformal sets: the classes that a sample cannot be told from, with a stated error per class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.selection import JOINT, NO_CLASS
from leukemia_kedro.model.predictions import PROBABILITY, ROUNDING, patient_weights
from leukemia_kedro.statistics.intervals import clopper_pearson

P_VALUE = "conformal_p_"
"""Start of the name of the column that holds the conformal p-value of a class."""
SET = "conformal_set"
"""Column with the classes of a sample's set, joined by ``JOINT``, or ``NO_CLASS``."""


@dataclass(frozen=True)
class ConformalSets:
    r"""Calibration scores of the training patients, by class, for sets of new samples.

    The score of a patient is 1 − the probability that a model gave to the patient's own class out
    of fold. A new sample has for class c the p-value

    .. math:: p_c = \frac{1 + \#\{\text{patients of class } c \text{ with a score of at least }
       1 - \hat\pi_c\}}{n_c + 1}

    and its set holds the classes with :math:`p_c > \alpha` (Mondrian conformal prediction, Vovk et
    al. 2005, by class). For new patients exchangeable with the training patients, the share of
    class c whose set lacks c, the false-negative rate of c, is at most α on average over training
    sets. Conformal risk control (Angelopoulos et al. 2024) of that rate gives the same sets,
    because a class is missed or not: the loss is 0 or 1.

    With :math:`n_c` patients no p-value is below :math:`1 / (n_c + 1)`: at a smaller α every set
    holds class c.

    The guarantee is exact where model and calibration patients are independent. Here the scores
    come from models of the training folds, and the new sample's from the model of all training
    patients, so that no patient is lost for training (cross-conformal prediction, Vovk 2015, would
    keep the models of all folds). Then it holds approximately; ``tests/model/test_conformal.py``
    measures it. Predictions of one patient in several repeats share one count. Their mean would be
    surer than the one model that scores new samples, and the sets of a decision tree too small.

    Attributes
    ----------
    alpha : float
        Largest false-negative rate of each class.
    scores, weights : dict
        For each class, arrays of shape (n_predictions,): scores (0 to 1), ascending, and the share
        of a patient that each stands for.

    References
    ----------
    V. Vovk, A. Gammerman & G. Shafer (2005). Algorithmic Learning in a Random World. Springer.
    V. Vovk (2015). Cross-conformal predictors. Ann. Math. Artif. Intell. 74:9–28.
    A. N. Angelopoulos, S. Bates, A. Fisch, L. Lei & T. Schuster (2024). Conformal risk control.
    ICLR (arXiv:2208.02814, 2022).
    """

    alpha: float
    scores: Mapping[str, np.ndarray]
    weights: Mapping[str, np.ndarray]

    @property
    def patients(self) -> dict[str, int]:
        """Calibration patients of each class."""
        return {name: round(weight.sum()) for name, weight in self.weights.items()}

    def p_values(self, probabilities: np.ndarray, classes: Sequence[str]) -> np.ndarray:
        """p-value of each sample for each class, shape (n_samples, n_classes).

        Parameters
        ----------
        probabilities : ndarray, shape (n_samples, n_classes)
            Of the fitted model, columns in the order of ``classes``.
        """
        # crepes gives the same p-values, but counts every score as one patient.
        scores = 1 - probabilities
        p_values = np.empty_like(scores)
        for k, name in enumerate(classes):
            smaller = np.searchsorted(self.scores[name], scores[:, k] - ROUNDING)
            summed = np.append(0, np.cumsum(self.weights[name]))
            p_values[:, k] = (1 + summed[-1] - summed[smaller]) / (1 + summed[-1])
        return p_values

    def columns(
        self, probabilities: np.ndarray, classes: Sequence[str]
    ) -> dict[str, np.ndarray | list[str]]:
        """Columns ``conformal_p_<class>…, conformal_set`` of a table of predictions."""
        p_values = self.p_values(probabilities, classes)
        names = np.asarray(classes, dtype=object)
        held_in = p_values > self.alpha + ROUNDING
        sets = [JOINT.join(names[held]) or NO_CLASS for held in held_in]
        by_class = {f"{P_VALUE}{name}": p_values[:, k] for k, name in enumerate(classes)}
        return {**by_class, SET: sets}


def calibrate_sets(predictions: pd.DataFrame, patients: np.ndarray, alpha: float) -> ConformalSets:
    """Calibration scores from out-of-fold predictions.

    Parameters
    ----------
    predictions : DataFrame
        Columns ``label, probability_<class>…``, empty for a class that a fold did not know.
    patients : ndarray, shape (n_predictions,)
        The patient of each prediction.
    alpha : float
        Largest false-negative rate of each class.
    """
    scores, weights = {}, {}
    for name in sorted(predictions["label"].unique()):
        of_class = (predictions["label"] == name).to_numpy()
        score = 1 - predictions.loc[of_class, f"{PROBABILITY}{name}"].fillna(0.0).to_numpy()
        order = np.argsort(score, kind="stable")
        scores[name] = score[order]
        weights[name] = patient_weights(patients[of_class])[order]
    return ConformalSets(alpha, scores, weights)


def describe_sets(
    predictions: pd.DataFrame, classes: Sequence[str], patients: np.ndarray | None = None
) -> dict[str, Any]:
    """How many sets hold one class, several or none; with labels, how often the own is missing.

    Parameters
    ----------
    predictions : DataFrame
        Column ``conformal_set`` and perhaps ``label``.
    classes : sequence of str
    patients : ndarray, shape (n_samples,), optional
        The patient of each sample, where patients gave several.

    Returns
    -------
    dict
        ``one``, ``several``, ``none``; ``per_class``, empty without labels: for each class that
        occurs the samples ``n``, how many sets have ``missed`` it, and the exact 95 % interval of
        this share, ``low`` and ``high``. Where patients gave several of the samples, the class's
        ``patients``, for whom the interval is.
    """
    sets = predictions[SET]
    none, one = int((sets == NO_CLASS).sum()), int(sets.isin(classes).sum())
    found: dict[str, Any] = {
        "one": one,
        "several": len(sets) - one - none,
        "none": none,
        "per_class": {},
    }
    if "label" not in predictions:
        return found
    people = pd.Series(range(len(sets)) if patients is None else patients, sets.index)
    for name in classes:
        is_of_class = predictions["label"] == name
        of_class = sets[is_of_class]
        # A joint on both sides, so that no class is found within the name of another.
        held = [f"{JOINT}{name}{JOINT}" in f"{JOINT}{text}{JOINT}" for text in of_class]
        n, missed = len(held), len(held) - sum(held)
        if n:
            n_people = people[is_of_class].nunique()
            low, high = clopper_pearson(missed * n_people / n, n_people)
            found["per_class"][name] = {"n": n, "missed": missed, "low": low, "high": high}
            if not people.is_unique:
                found["per_class"][name]["patients"] = n_people
    return found
