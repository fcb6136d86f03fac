"""Which out-of-fold predictions were right, and the recalls and residuals that follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from leukemia_kedro.statistics.intervals import design_effect, mean_recall_interval


@dataclass(frozen=True)
class Outcomes:
    """Right and wrong out-of-fold predictions of several models on the same folds.

    Samples are in alphabetical order of their names in every array.
    """

    models: tuple[str, ...]
    """Simplest first."""
    correct: np.ndarray
    """Bool, shape (n_models, n_repeats, n_samples)."""
    folds: np.ndarray
    """Number of the fold that holds each sample, from 0; shape (n_repeats, n_samples)."""
    classes: np.ndarray
    """Number of the class of each sample, from 0; shape (n_samples,)."""
    patients: np.ndarray
    """Number of the patient of each sample, from 0; shape (n_samples,)."""

    @classmethod
    def of(
        cls,
        predictions: pd.DataFrame,
        models: Sequence[str],
        groups: pd.Series | None = None,
    ) -> Outcomes:
        """From the gathered table of predictions.

        Parameters
        ----------
        predictions : DataFrame
            Columns ``model, repeat, fold, sample, label, predicted``.
        models : sequence of str
            The models to take, simplest first.
        groups : Series, index ``sample``, optional
            The patient of each sample, where patients gave several.
        """
        by_model = {str(name): table for name, table in predictions.groupby("model", sort=False)}
        tables = [by_model[name].sort_values(["repeat", "sample"]) for name in models]
        first = tables[0]
        shape = first["repeat"].nunique(), -1
        once = first[first["repeat"] == first["repeat"].iloc[0]]
        patients = once["sample"] if groups is None else groups.loc[once["sample"]]
        return cls(
            tuple(models),
            np.stack([_right(table).reshape(shape) for table in tables]),
            pd.factorize(first["fold"], sort=True)[0].reshape(shape),
            pd.factorize(once["label"], sort=True)[0],
            pd.factorize(patients)[0],
        )

    @property
    def n_folds(self) -> int:
        """Folds of one repeat."""
        return int(self.folds.max()) + 1

    @property
    def n_classes(self) -> int:
        return int(self.classes.max()) + 1

    @property
    def class_sizes(self) -> np.ndarray:
        """Patients of each class, shape (n_classes,)."""
        pairs = np.unique(np.column_stack([self.classes, self.patients]), axis=0)
        return np.bincount(pairs[:, 0])


def _right(table: pd.DataFrame) -> np.ndarray:
    return (table["label"] == table["predicted"]).to_numpy()


def recalls(outcomes: Outcomes, weights: np.ndarray | None = None) -> np.ndarray:
    """Recall of each class by each model, mean over repeats.

    Parameters
    ----------
    weights : ndarray, shape (n_samples, n_weightings), optional
        How often each sample counts, in one column for each weighting; once where not stated.

    Returns
    -------
    ndarray, shape (n_classes, n_models, n_weightings)
        NaN where a weighting lacks the class.
    """
    if weights is None:
        weights = np.ones((len(outcomes.classes), 1))
    mean = outcomes.correct.mean(axis=1)
    of_classes = []
    with np.errstate(invalid="ignore"):
        for number in range(outcomes.n_classes):
            of_class = outcomes.classes == number
            counted = weights[of_class]
            of_classes.append(mean[:, of_class] @ counted / counted.sum(axis=0))
    return np.stack(of_classes)


def fold_residuals(outcomes: Outcomes) -> np.ndarray:
    """How far each fold takes the balanced accuracy from its repeat's value.

    A sample of class c counts (correct − recall of c in the repeat) / (K n_c), with n_c the
    samples of the class and K the number of classes; a fold's residual is the sum over its samples
    times the number of folds. This is the linearised ratio (Cochran 1977, Sampling Techniques,
    chapter 6): how many samples of a class a fold happens to hold does not count as error, so the
    residuals of a perfect classifier are 0.

    Returns
    -------
    ndarray, shape (n_models, n_repeats * n_folds)
        The residuals of a repeat add up to 0.
    """
    member = outcomes.classes == np.arange(outcomes.n_classes)[:, None]
    share = member / member.sum(axis=1, keepdims=True)
    recall = outcomes.correct @ share.T
    weight = share.sum(axis=0) / outcomes.n_classes
    residual = (outcomes.correct - recall[:, :, outcomes.classes]) * weight
    of_fold = [
        [np.bincount(folds, values, outcomes.n_folds) for values in of_models]
        for folds, of_models in zip(outcomes.folds, residual.swapaxes(0, 1), strict=True)
    ]
    found = np.array(of_fold).swapaxes(0, 1) * outcomes.n_folds
    return found.reshape(len(outcomes.models), -1)


def score_interval(outcomes: Outcomes, recall: np.ndarray) -> tuple[float, float]:
    """95 % interval of a cross-validated balanced accuracy, from the recall of each class.

    See :func:`~leukemia_kedro.statistics.intervals.mean_recall_interval`. ``recall`` has the shape
    (n_classes,).
    """
    design = design_effect(len(outcomes.folds), outcomes.n_folds)
    return mean_recall_interval(recall, outcomes.class_sizes, design)
